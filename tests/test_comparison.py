"""The comparison of machines: figures against independent counts, prices against literature, the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from circuits.comparison import (
    NotSimulatedError,
    designs,
    host_times,
    machine_rows,
    operands,
    prices,
    readings,
    sram,
    systolic_row,
)
from circuits.comparison import host as host_module
from circuits.comparison.logic import Logic, one_lane
from circuits.comparison.machine_rows import scalar_row, simt_row
from circuits.comparison.network_rows import _through
from circuits.computers import riscv_int8
from circuits.computers.riscv import riscv_machine
from circuits.computers.simt_gates import simt_machine
from circuits.computers.simt_matmul import matmul_cycles, shape_for
from circuits.systolic import SystolicArray
from circuits.systolic.network import array_logits
from circuits.systolic.output_stage import stage_for
from circuits.systolic.plan import feeds
from circuits.tensor import mac
from demos import digits, tensor_pictures
from gatesim import Stimulus, build
from gatesim.bits import as_signed
from gatesim.errors import ValueFitError
from gatesim.gates import IS_LOGIC, IS_REGISTER
from gatesim.tiling import Tile
from gatesim.timing import count_switching, event_energy_fj, load_technology, prepare, static_timing

NANGATE = load_technology("nangate45")


def flat_activity(array, technology, a, b):
    """The same array as one netlist, and what its nets did: no tile, no lanes."""
    plan = array.plan(len(a), *b.shape)
    cell = prepare(array.cell, technology)
    flat = Tile(cell, array.rows, array.columns, array.tile.links).flatten()
    streams = feeds(plan, a, b)
    values = {p.name: np.zeros((plan.n_cycles, 1), np.int64) for p in flat.inputs}
    for name, stream in streams.items():
        for port in values:
            stem, *place = port.split(name)
            if not stem and place and place[0].startswith("_"):
                column = int(place[0][1:].split("_")[0])
                values[port] = (stream[:, column] if stream.ndim == 2 else stream)[:, None]
    stimulus = Stimulus.from_values(flat, values, n_patterns=1, n_cycles=plan.n_cycles)
    return flat, count_switching(flat, stimulus)


@pytest.mark.parametrize("dataflow", ["weight", "output"])
@pytest.mark.parametrize("tech", ["nangate45", "relays"])
def test_toggles_and_energy_are_those_of_the_flat_netlist(dataflow, tech):
    technology = load_technology(tech)
    array = SystolicArray(2, 3, dataflow)
    a, b = operands(5, 2, 3, rng=4)
    row = systolic_row(array, a, b, technology)
    technology = replace(technology, output_ff=0.0)  # nothing hangs on what leaves the array
    flat, done = flat_activity(array, technology, a, b)
    driven = IS_LOGIC[flat.op] | IS_REGISTER[flat.op]
    assert row.toggles == done.toggles[driven].sum()
    assert row.bit_exact and row.cycles == array.plan(5, 2, 3).cycles
    done.toggles[:2] = 0
    spent = float((done.toggles * event_energy_fj(flat, technology)).sum())
    standing = float(technology.column("leakage_nw")[flat.op].sum()) * row.cycles * row.path_ps * 1e-6
    assert row.logic_fj == pytest.approx(spent + standing, rel=1e-9)
    assert row.path_ps == pytest.approx(static_timing(flat, technology).worst_ps, rel=0.02)


def test_a_row_counts_logic_clock_and_bytes():
    array = SystolicArray(4, 4)
    a, b = operands(6, 9, 5)
    row = systolic_row(array, a, b, NANGATE)
    cell, adder = Logic(array.cell, NANGATE), Logic(array.accumulator, NANGATE)
    assert row.nands == 16 * cell.nands + 4 * adder.nands and row.flip_flops == 16 * 50
    assert row.area == pytest.approx(16 * cell.area + 4 * adder.area)
    folds = 3 * 2
    assert row.cycles == folds * (2 * 4 + 4 + 6 - 2) and row.macs == 6 * 9 * 5
    # A is read for each of two column blocks, B once; sums are written three times and read back twice.
    assert row.bytes_moved == 6 * 9 * 2 + 9 * 5 + 4 * 6 * 5 * (3 + 2)
    assert row.sram_bits == 8 * (54 + 45 + 120)
    assert row.time_ps == row.cycles * row.path_ps and row.fmax_hz == 1e12 / row.path_ps
    assert row.utilisation == pytest.approx(270 / (16 * row.cycles))
    assert row.roof == min(16, row.operations_per_byte / 2 * row.port_bytes)
    assert row.sram_fj == row.bytes_moved * 1250  # 10 pJ for 8 bytes of 8 KB
    assert row.glitch_factor is not None and 1 < row.glitch_factor < 4
    document = row.as_dict(NANGATE)
    assert document["pj_per_mac"] == pytest.approx((row.logic_fj + row.sram_fj) / 270_000)
    assert json.loads(json.dumps(document))["bit_exact"] is True


def test_output_stationary_bytes():
    row = systolic_row(SystolicArray(4, 4, "output"), *operands(6, 9, 5), NANGATE)
    assert row.bytes_moved == 6 * 9 * 2 + 9 * 5 * 2 + 4 * 6 * 5
    assert row.cycles == 2 * 2 * (4 + 4 + 9 - 2)


def test_long_runs_are_counted_in_a_part(monkeypatch):
    from circuits.comparison import systolic_rows

    array = SystolicArray(4, 4)
    a, b = operands(400, 4, 4)
    whole = systolic_row(array, a, b, NANGATE)
    monkeypatch.setattr(systolic_rows, "COUNTED_WORDS", 200 * array.cell.n_nets)
    part = systolic_row(array, a, b, NANGATE)
    assert whole.window is None and part.window == 200
    assert part.toggles == pytest.approx(whole.toggles, rel=0.1)
    assert part.logic_fj == pytest.approx(whole.logic_fj, rel=0.1)


def test_every_technology_that_remembers_gives_rows():
    for tech in ("ttl7400", "rsfq", "fhe", "asap7"):
        row = systolic_row(SystolicArray(2, 2), *operands(2, 2, 2), load_technology(tech))
        assert row.bit_exact and row.logic_fj > 0 and row.path_ps > 0
        assert row.sram_fj is None
        assert (row.glitch_factor is None) == (load_technology(tech).pays_for != "toggle")


def test_prices_are_near_literature():
    """Horowitz 2014, 45 nm: 0.3 pJ an int8 MAC, 4.6 pJ an fp32 multiply and add, a ratio of 15."""
    integer, separate, fused = prices(NANGATE)
    assert 0.3 / 4 < integer.energy_fj / 1000 < 0.3 * 4
    for p in (separate, fused):
        assert 4.6 / 4 < p.energy_fj / 1000 < 4.6 * 4
        assert 7 < p.energy_fj / integer.energy_fj < 30
        assert 5.2 < p.nands / integer.nands < 14
        assert p.glitchy_fj is not None and p.glitchy_fj > p.energy_fj
    assert integer.nands == Logic(build(mac, a=8, b=8, acc=32), NANGATE).nands


def test_a_memory_costs_what_was_published():
    assert sram(8192, NANGATE).fj_per_byte == 1250 and sram(8193, NANGATE).fj_per_byte == 2500
    assert sram(1 << 30, NANGATE).fj_per_byte == 12_500
    assert sram(1, load_technology("asap7")).fj_per_byte is None


def test_one_lane_of_a_stimulus():
    array = SystolicArray(3, 40)
    seen = array.cell_stimulus(*operands(4, 3, 40))
    values = seen.values(array.cell)["a_in"]
    for lane in (0, 63, 64, 119):
        assert np.array_equal(one_lane(seen, lane).values(array.cell)["a_in"][:, 0], values[:, lane])


def test_the_host_is_checked_and_says_what_is_absent(monkeypatch):
    monkeypatch.setattr(host_module, "LEAST_SECONDS", 1e-5)
    a, b = operands(24, 32, 16)
    found = {t.name: t for t in host_times(a, b)}
    for name in ("NumPy float32 (BLAS)", "NumPy int8, exact, by float32 BLAS", "NumPy int32 @ (no BLAS)"):
        assert found[name].exact is True and (found[name].seconds or 0) > 0
        assert (found[name].gops(24 * 32 * 16) or 0) > 0
    monkeypatch.setattr(host_module, "find_spec", lambda name: None)
    found = {t.name: t for t in host_times(a, b)}
    assert found["ONNX Runtime MatMulInteger u8s8"].why == "onnx and onnxruntime not installed"
    assert found["PyTorch _int_mm"].seconds is None and found["PyTorch _int_mm"].gops(1) is None


def test_long_sums_go_through_float64():
    a, b = np.full((1, 1025), -128, np.int8), np.full((1025, 1), -128, np.int8)
    names = [way.name for way in host_module._numpy(a, b)]
    assert "NumPy int8, exact, by float64 BLAS" in names


def test_onnx_runtime_is_exact(monkeypatch):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    a, b = operands(17, 40, 24)
    (way,) = host_module._onnx(a, b)
    assert isinstance(way, host_module.Way)
    assert np.array_equal(way.value(way.run()), a.astype(np.int64) @ b.astype(np.int64))


def test_torch_is_exact():
    pytest.importorskip("torch")
    a, b = operands(32, 32, 32)
    for way in host_module._torch_on("cpu", a, b):
        assert isinstance(way, host_module.Way)
        if "bf16" not in way.name:
            assert np.array_equal(way.value(way.run()), a.astype(np.int64) @ b.astype(np.int64))


def test_designs_refuse_what_cannot_be_multiplied():
    with pytest.raises(ValueFitError, match="n is 0: a product needs"):
        operands(1, 1, 0)
    with pytest.raises(ValueFitError, match=r"b\[0, 0\] is 300, outside int8"):
        next(designs([[1]], [[300]], NANGATE))


# -- computers --------------------------------------------------------------------------------


def test_rows_of_computers():
    a, b = operands(4, 4, 4)
    fast, slow = (scalar_row(a, b, NANGATE, multiply) for multiply in (True, False))
    assert fast.bit_exact and slow.bit_exact
    assert fast.cycles == riscv_int8.matmul_cycles(4, 4, 4) < slow.cycles
    assert fast.nands > slow.nands > 5000 and fast.flip_flops > 1000
    assert fast.bytes_moved == 4 * fast.cycles + 2 * 64 + 4 * 16
    narrow, floats = (simt_row(a, b, NANGATE, 2, kind) for kind in ("int8", "fp32"))
    assert narrow.bit_exact and floats.bit_exact
    integer, separate, _ = prices(NANGATE)  # lanes of the two kinds differ by their multiply-add alone, nearly
    assert floats.nands - narrow.nands == pytest.approx(2 * (separate.nands - integer.nands), rel=0.1)
    for row in (fast, narrow):
        assert 1 < row.fj_per_mac / 1000 < 2000  # literature: some 70 pJ of overhead an instruction


def test_switching_of_a_machine_is_that_of_its_trace():
    """Toggles of the program counter in the technology's gates, and as a session of the machine itself saw it."""
    a, b = operands(2, 2, 2)
    program = riscv_int8.matmul_program(a, b)
    logic = Logic(program.machine.netlist, NANGATE)
    done = machine_rows._switching(program.start, logic, 20, 60)
    own, mapped = program.machine.netlist, logic.ready
    assert [own.names.get(q) for q in own.registers] == [mapped.names.get(q) for q in mapped.registers]
    assert [m.name for m in own.memories] == [m.name for m in mapped.memories]
    session = program.start()
    session.run(20)
    pc = session.trace(60, ["pc"])["pc"][:60, 0].astype(np.int64)
    flips = sum(int(x).bit_count() for x in pc[1:] ^ pc[:-1])
    counter = [q for q, name in logic.ready.names.items() if name.startswith("pc[")]
    assert done.toggles[counter].sum() == flips > 50


@pytest.mark.parametrize("kind", ["int8", "fp32"])
def test_long_products_are_simulated_in_their_first_rows(kind, monkeypatch):
    a, b = operands(11, 3, 5, rng=2)
    whole = simt_row(a, b, NANGATE, 2, kind)
    assert whole.simulated_rows is None and whole.bit_exact
    gates = simt_machine(shape_for(11, 3, 5, 2, kind, panels=kind == "int8")).netlist.n_gates
    monkeypatch.setattr(machine_rows, "MOST_WORK", gates * matmul_cycles(7, 3, 5, 2, kind, kind == "int8"))
    part = simt_row(a, b, NANGATE, 2, kind)
    assert part.simulated_rows == (8 if kind == "int8" else 7)  # seven rows fill two panels of four
    assert (part.cycles, part.bytes_moved, part.nands) == (whole.cycles, whole.bytes_moved, whole.nands)
    assert part.bit_exact and part.toggles == pytest.approx(whole.toggles, rel=0.2)
    monkeypatch.setattr(machine_rows, "MOST_WORK", gates)
    with pytest.raises(NotSimulatedError, match=r"not simulated: .* cycles, .* of them for its first"):
        simt_row(a, b, NANGATE, 2, kind)
    assert simt_row(a, b, NANGATE, 2, kind, whole=True).simulated_rows is None


def test_a_processor_is_simulated_in_its_first_rows(monkeypatch):
    a, b = operands(5, 2, 3, rng=1)
    b[0, 0], b[1, 2] = 0, -128
    for multiply in (True, False):
        with monkeypatch.context() as patch:
            whole = scalar_row(a, b, NANGATE, multiply)
            gates = riscv_machine(riscv_int8.matmul_layout(5, 2, 3, multiply=multiply)).netlist.n_gates
            patch.setattr(machine_rows, "MOST_WORK", whole.cycles // 2 * gates)
            part = scalar_row(a, b, NANGATE, multiply)
        assert whole.simulated_rows is None and part.simulated_rows is not None
        assert (part.cycles, part.bytes_moved) == (whole.cycles, whole.bytes_moved)
        assert whole.cycles == riscv_int8.matmul(a, b, multiply=multiply).cycles and whole.bit_exact
    with pytest.raises(NotSimulatedError, match="2048 x 1 x 1: this program takes sizes up to 2,047"):
        scalar_row(np.ones((2048, 1), np.int8), np.ones((1, 1), np.int8), NANGATE, True)


@pytest.fixture(scope="module")
def read_digits():
    data = digits.load()
    shown = readings(data.layers, data.images[data.test][:3], NANGATE, SystolicArray(8, 8), lanes=4)
    return {name: read() for name, read in shown}


def test_digits_on_each_machine(read_digits, monkeypatch):
    data, found = digits.load(), read_digits
    images = data.images[data.test][:3]
    assert [r.row.bit_exact for r in found.values()] == [True] * 4
    slow, fast, simt, array = found.values()
    assert slow.cycles > 3 * fast.cycles > 3 * simt.cycles > 3 * array.cycles
    assert fast.cycles == pytest.approx(riscv_int8.scores(data.layers, images).cycles.mean())
    assert all(r.row.macs == 3 * (64 * 32 + 32 * 10) for r in found.values())
    assert slow.logic_fj > fast.logic_fj > simt.logic_fj > array.logic_fj > 0
    # Weights and activations are bytes, biases and logits words; the multipliers of the hidden layer words too.
    data_bytes = 2 * (64 * 32 + 32 * 10) + 32 * (4 + 4 + 1) + 10 * (4 + 4)
    assert fast.row.bytes_moved == 4 * fast.row.cycles + 3 * data_bytes
    document = array.as_dict()
    assert document["images"] == 3 and document["cycles_per_image"] == array.row.cycles / 3
    monkeypatch.setattr("circuits.comparison.network_rows.integer_scores", lambda *_: np.zeros((3, 10)))
    _, simt_again = list(readings(data.layers, images, NANGATE, SystolicArray(8, 8), lanes=4))[2]
    assert simt_again().row.bit_exact is False


def test_what_the_output_stages_see():
    sums = np.arange(12).reshape(2, 6) - 3
    factors = np.arange(6) + 1
    stage = Logic(stage_for(factors), NANGATE, 4)
    values = _through(stage, sums, factors).values(stage.ready)
    assert values["multiplier"].tolist() == [[1, 2, 3, 4]] * 2 + [[5, 6, 0, 0]] * 2
    assert as_signed(values["sum"], 32).tolist() == [[-3, -2, -1, 0], [3, 4, 5, 6], [1, 2, 0, 0], [7, 8, 0, 0]]


def test_digits_on_the_array():
    data = digits.load()
    images = data.images[data.test][:60]
    read = array_logits(data.layers, images, SystolicArray(16, 16))
    assert np.array_equal(read.logits, digits.integer_logits(data, images))
    assert read.cycles == 4 * 2 * (32 + 16 + 60 - 2) + 2 * (32 + 16 + 60 - 2)
    with pytest.raises(ValueFitError, match="the first requantised, the second not"):
        array_logits(data.layers[:1], images, SystolicArray(2, 2))


# -- the command line --------------------------------------------------------------------------


def test_the_table(gatesim, monkeypatch, tmp_path):
    monkeypatch.setattr("gatesim.cli.output.console.width", 100)  # COLUMNS is read once, when the console is made
    status, out, err = gatesim(
        "tensor", "--m", "5", "--k", "6", "--n", "7", "--rows", "4", "--columns", "4", "--no-host", "--plot", "t.png"
    )
    assert status == 0, err
    for words in (
        "C[5, 7] = A[5, 6] × B[6, 7]",
        "systolic WS 4×4",
        "systolic OS 4×4",
        "RV32IM",
        "SIMT fp32",
        "F(2R+C+T-2)",
        "Horowitz",
    ):
        assert words in out
    assert max(map(len, out.splitlines())) <= 100
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


def test_the_document_and_matrices_from_files(gatesim, tmp_path):
    a, b = operands(3, 5, 4)
    np.save(tmp_path / "a.npy", a)
    np.savetxt(tmp_path / "b.csv", b, fmt="%d", delimiter=",")
    status, out, err = gatesim(
        "tensor", "--a", "a.npy", "--b", "b.csv", "--rows", "3", "--columns", "2", "--no-host", "--json"
    )
    assert status == 0, err
    document = json.loads(out)
    assert {d["simulated_rows"] for d in document["designs"]} == {None}
    assert (document["m"], document["k"], document["n"]) == (3, 5, 4)
    systolic = {d["design"]: d for d in document["designs"]}["systolic WS 3×2"]
    assert systolic["bit_exact"] is True and systolic["cycles"] == 4 * (2 * 3 + 2 + 3 - 2)
    assert document["prices"][1]["nands_ratio"] > 5.2 and document["host"] == []


def test_digits_on_the_command_line(gatesim, read_digits, monkeypatch):
    def prepared(layers, images, technology, array, *, lanes):
        assert len(images) == 3 and technology.name == "nangate45" and (array.rows, array.columns) == (8, 8)
        return [(name, lambda r=r: r) for name, r in read_digits.items()]

    monkeypatch.setattr("circuits.comparison.readings", prepared)
    monkeypatch.setattr("gatesim.cli.output.console.width", 110)
    options = ("tensor", "--digits", "--images", "3", "--rows", "8", "--columns", "8")
    status, out, err = gatesim(*options)
    assert status == 0, err
    lines = [line for line in out.splitlines() if line.rstrip().endswith(" yes")]
    assert [line.split("  ")[0].strip() for line in lines][1:] == [
        "CPU RV32IM",
        "SIMT int8 4 lanes",
        "systolic WS 8×8",
    ]
    status, out, err = gatesim(*options, "--json")
    document = json.loads(out)
    assert status == 0 and document["technology"] == "nangate45" and document["images"] == 3
    assert [d["logits_equal"] for d in document["designs"]] == [True] * 4


def test_marks_that_touch_stand_side_by_side():
    shifts = tensor_pictures._side_by_side(np.array([[0.0, 0.0], [3.0, 2.0], [100.0, 0.0]]))
    assert shifts[2] == 0 and 3 + shifts[1] - shifts[0] == pytest.approx(tensor_pictures._MARK_POINTS)
    heights = tensor_pictures._spread(np.array([0.5, 0.99, 0.5, 1.0]), 0.1)
    assert sorted(heights.tolist()) == pytest.approx([0.5, 0.6, 0.9, 1.0]) and heights[1] < heights[3]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--digits", "--images", "451"], "--images 451: there are 1 to 450 images that training did not see"),
        (["--digits", "--plot", "x.png"], "--digits shows a network to the machines: leave out --a, --b and --plot"),
        (["--m", "0"], "m is 0: a product needs at least one row, column and step"),
        (["--k", "-3"], "k is -3: a product needs"),
        (["--rows", "0"], "a tile needs at least one row and one column, not 0 x 16"),
        (["--tech", "nangate54"], "unknown technology 'nangate54'"),
        (["--tech", "siphon"], "technology 'siphon' has no DFF: it cannot remember"),
        (["--a", "a.npy"], "give both matrices, --a FILE and --b FILE, or neither"),
        (
            ["--a", "a.npy", "--b", "c.npy"],
            "a has shape (2, 3) and b (2, 2): a must have as many columns as b has rows",
        ),
        (["--a", "a.npy", "--b", "wide.npy"], "b[0, 1] is 200, outside int8 (-128 to 127)"),
        (["--a", "a.npy", "--b", "real.npy"], "b holds float64 values; integers are needed"),
        (["--a", "a.npy", "--b", "none.npy"], "cannot read none.npy: No such file"),
        (["--a", "a.npy", "--b", "words.csv"], "words.csv holds no matrix of integers"),
        (["--a", "a.npy", "--b", "b.txt"], "b.txt: matrices are read from .npy or .csv files"),
        (["--plot", "x.bmp"], "the name must end in .png"),
    ],
)
def test_bad_input_is_one_line(gatesim, tmp_path, arguments, message):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.int8))
    np.save(tmp_path / "c.npy", np.zeros((2, 2), np.int8))
    np.save(tmp_path / "wide.npy", np.array([[1, 200]] * 3))
    np.save(tmp_path / "real.npy", np.ones((3, 2)))
    (tmp_path / "words.csv").write_text("a,b\n", encoding="utf-8")
    status, out, err = gatesim("tensor", *arguments, "--no-host")
    assert status == 2 and out == ""
    assert message in " ".join(err.split()) and len(err.strip().splitlines()) == 1
