from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gatesim import Builder, Stimulus, build, check_engine, compile, engine
from gatesim.conformance import random_netlist
from gatesim.engines import cuda as cuda_engine
from gatesim.engines.cuda_grid import CudaGrid
from gatesim.engines.ptx import straight_line
from gatesim.errors import GatesimError, UnsupportedError
from gatesim.tiling import Tile

HERE = Path(__file__).parent
SIMULATOR = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}


def has_numba_cuda():
    pytest.importorskip("numba_cuda", reason="numba-cuda is not installed: pip install 'gatesim[gpu]'")


@pytest.mark.parametrize(
    "way, checks", [("interpreting", 2000), ("sliced", 2000), ("compiled", 4000), ("sums", 12), ("tile", 24)]
)
def test_conforms_without_a_device(way, checks):
    has_numba_cuda()
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "cuda_checks.py"), way, "0"],
        env={**SIMULATOR, "PYTHONPATH": str(HERE.parent)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= checks


def test_command_line_in_the_simulator():
    has_numba_cuda()
    command = [sys.executable, "-m", "gatesim", "sim", "kogge_stone[4]", "--in", "a=9,b=5", "--engine", "cuda"]
    done = subprocess.run([*command, "--json"], env=SIMULATOR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"engine": "cuda"' in done.stdout
    assert '"sum": [14]' in done.stdout


def test_what_is_missing_is_said(monkeypatch):
    schedule = compile(random_netlist(1))
    monkeypatch.setattr(cuda_engine, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match=r"engine 'cuda' cannot run here: .* pip install 'gatesim\[gpu\]'"):
        engine("cuda")(schedule)
    monkeypatch.undo()
    has_numba_cuda()
    if cuda_engine.missing():
        with pytest.raises(UnsupportedError, match=r"no CUDA device was found: .* choose engine 'logic2'"):
            engine("cuda")(schedule)
        done = subprocess.run(
            [sys.executable, "-m", "gatesim", "sim", "kogge_stone[4]", "--random", "3", "--engine", "cuda"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "no CUDA device was found" in done.stderr and "Traceback" not in done.stderr


def test_naming_the_engine_loads_no_gpu_code():
    code = "import sys, gatesim.engines; gatesim.engines.engine_names(); assert not {'numba.cuda', 'cuda'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_the_driver_is_asked(monkeypatch):
    """The calls of the driver's interface, in the forms of its manual; what it refuses is said."""
    calls, status = [], SimpleNamespace(name="CUDA_SUCCESS")

    def answer(name, *values):
        def call(*given):
            if name == "cuModuleLoadData":
                given = (ctypes.string_at(given[0]),)
            calls.append((name, *given))
            return (status, *values)

        return call

    driver = SimpleNamespace(
        CUresult=SimpleNamespace(CUDA_SUCCESS=status),
        cuModuleLoadData=answer("cuModuleLoadData", "module"),
        cuModuleGetFunction=answer("cuModuleGetFunction", "function"),
        cuLaunchKernel=answer("cuLaunchKernel"),
    )
    monkeypatch.setattr(cuda_engine, "import_module", lambda name: driver)
    device = SimpleNamespace(current_context=lambda: calls.append(("context",)))
    kernel = SimpleNamespace(SIMULATED=False, device=device)
    kinds = (ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
    launch = cuda_engine.load_ptx(kernel, "text", kinds)
    array = SimpleNamespace(__cuda_array_interface__={"data": (1 << 40, False)})
    launch(7, 128, array, (array, 24), 5)
    assert calls == [
        ("context",),
        ("cuModuleLoadData", b"text"),
        ("cuModuleGetFunction", "module", b"simulate"),
        ("cuLaunchKernel", "function", 7, 1, 1, 128, 1, 1, 0, 0, ((1 << 40, (1 << 40) + 24, 5), kinds), 0),
    ]
    driver.CUresult.CUDA_SUCCESS = None
    status.name = "CUDA_ERROR_INVALID_PTX"
    with pytest.raises(GatesimError, match="the CUDA driver refused the compiled netlist: CUDA_ERROR_INVALID_PTX"):
        cuda_engine.load_ptx(kernel, "text", kinds)


def test_the_simulator_runs_no_ptx():
    has_numba_cuda()
    code = """
from gatesim import Stimulus, compile, engine
from gatesim.conformance import random_netlist
net = random_netlist(1)
engine("cuda")(compile(net), tier="compiled").run(Stimulus.random(net, 5))
"""
    done = subprocess.run([sys.executable, "-c", code], env=SIMULATOR, capture_output=True, text=True, check=False)
    assert "UnsupportedError: the compiled tier of engine 'cuda' needs a device" in done.stderr


# -- the machine code, where NVIDIA's tools are installed ---------------------------------------------


def ptxas():
    """The assembler of the CUDA toolkit, from the path or from a wheel."""
    found = shutil.which("ptxas")
    if not found:
        import importlib.util

        places = importlib.util.find_spec("nvidia")
        wheels = [
            p for place in (places.submodule_search_locations if places else []) for p in Path(place).rglob("ptxas")
        ]
        if not wheels:
            pytest.skip("ptxas is not installed: pip install nvidia-cuda-nvcc")
        found = str(wheels[0])
    return found


def assembled(text, tmp_path, arch="sm_90"):
    """(registers, bytes spilled) of a kernel."""
    source = tmp_path / "kernel.ptx"
    source.write_text(text)
    done = subprocess.run(
        [ptxas(), f"-arch={arch}", "-v", str(source), "-o", str(tmp_path / "kernel.cubin")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    registers = int(re.findall(r"Used (\d+) registers", done.stderr)[-1])
    return registers, int(re.findall(r"(\d+) bytes spill stores", done.stderr)[-1])


@pytest.mark.parametrize("registers, memories", [(0, 0), (5, 3), (60, 1)])
def test_compiled_netlists_assemble(registers, memories, tmp_path):
    net = random_netlist(3, n_cells=200, n_registers=registers, n_memories=memories)
    text = straight_line(compile(net), [k for p in net.outputs for k in p.nets])
    for arch in ("sm_80", "sm_90"):
        assert assembled(text, tmp_path, arch)[0] <= 255


def test_the_clock_edge_of_a_grid_assembles(tmp_path):
    from benchmarks.tile import LINKS, cell

    texts = []

    class Recorder(CudaGrid):
        def __init__(self, grid):
            device = SimpleNamespace(to_device=lambda array: array)
            kernel = SimpleNamespace(device=device, BLOCK=32, Entering=lambda *fields: fields)
            super().__init__(kernel, compile(cell()), grid, lambda _, text, kinds: texts.append(text))

    tile = Tile(cell(), 256, 256, LINKS)
    grid, _ = tile._prepared(2, {"a_in": np.zeros((2, 256), int), "load": 1})
    Recorder(grid)
    _, spilled = assembled(texts[0], tmp_path)
    assert texts[0].count("lop3") == len(compile(cell()).rows)
    assert spilled == 0


def test_a_row_is_one_instruction_and_stays_in_registers(tmp_path):
    from benchmarks.circuits import array_multiplier

    net = array_multiplier(16)
    schedule = compile(net)
    text = straight_line(schedule, [k for p in net.outputs for k in p.nets])
    assert text.count("lop3.b32") == len(schedule.rows) < net.n_gates / 2
    used, spilled = assembled(text, tmp_path)
    assert used <= 128 and spilled == 0


def has_compiler():
    from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib

    for name in ("nvrtc", "nvvm"):
        try:
            load_nvidia_dynamic_lib(name)
        except DynamicLibNotFoundError:
            pytest.skip(f"NVIDIA's {name} is not installed: it comes with the CUDA toolkit")


@pytest.mark.parametrize("cc", [(8, 0), (9, 0)])
def test_the_kernels_compile_for_a_device(cc, monkeypatch):
    has_numba_cuda()
    has_compiler()
    from numba import cuda, types
    from numba.cuda import dispatcher

    from gatesim.kernels import cuda as kernel

    # Device functions ask the present device for its architecture; here there is none.
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=cc), raising=True)
    u32, u64, i64 = types.uint32, types.uint64, types.int64

    def array(kind, axes):
        return types.Array(kind, axes, "C")

    two, one, table = array(u32, 2), array(u32, 1), array(i64, 2)
    program = types.NamedTuple([two, two, two, array(u64, 1), one, one, two, one, one], kernel.Program)
    ports = types.NamedTuple([one] * 9, kernel.Ports)
    numbers = array(i64, 1)
    links = types.NamedTuple([table, two, table, table], kernel.Links)
    entering = types.NamedTuple([table, numbers, numbers, numbers], kernel.Entering)
    planes, contents = array(u32, 3), (table, array(u64, 1))
    run = (program, i64, i64, i64, i64, planes, planes, i64, two, *contents, ports, ports, one, u64)
    texts = {
        name: _ptx(cuda, getattr(kernel, name).py_func, signature, cc)
        for name, signature in (
            ("simulate_shared", run),
            ("simulate_global", run),
            ("clock_edge", (program, ports, *contents, links, i64, i64, planes, planes, planes, two)),
            ("enter", (entering, two, i64, planes)),
            ("leave", (planes, i64, i64, i64, table, numbers, two)),
            ("generate", (planes, i64, u64, i64, i64)),
            ("add_up", (planes, i64, i64, i64, numbers, array(u64, 1))),
        )
        if cc == (9, 0) or name == "simulate_shared"
    }
    for name, text in texts.items():
        in_shared = bool(re.search(r"ld\.shared\.[ub]32", text)) and bool(re.search(r"st\.shared\.[ub]32", text))
        assert in_shared == (name in ("simulate_shared", "clock_edge")), name
    assert cc != (9, 0) or ("atom" in texts["add_up"] and "popc" in texts["add_up"])


def _ptx(cuda, function, signature, cc):
    try:
        return cuda.compile_ptx(function, signature, cc=cc)[0]
    except Exception as error:
        if "nvvm" not in str(error).lower():
            raise
        pytest.skip("NVVM is not installed: pip install 'gatesim[gpu]'")


# -- a real device -------------------------------------------------------------------------------------


@pytest.fixture
def device():
    lacking = cuda_engine.missing()
    if lacking:
        pytest.skip(f"engine 'cuda': {lacking}")


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_conforms_on_a_device(device, tier):
    assert check_engine(lambda s: engine("cuda")(s, tier=tier), rng=1, rounds=4) > 1000


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_a_large_run_on_a_device_equals_logic2(device, tier):
    from circuits.multipliers import array_multiplier

    net = build(array_multiplier, a=16, b=16)
    stimulus = Stimulus.random(net, 1_000_003, rng=5)
    wanted = engine("logic2")(compile(net)).run(stimulus)
    got = engine("cuda")(compile(net), tier=tier).run(stimulus)
    assert np.array_equal(got.words, wanted.words) and got.metadata["tier"] == tier


def test_many_slots_on_a_device(device):
    """More slots than shared memory holds."""
    b = Builder("wide")
    x = b.input_bus("x", 800)
    b.output("y", [p ^ q for p, q in zip(x, reversed(x), strict=True)])
    net = b.freeze()
    stimulus = Stimulus.random(net, 5000, rng=6)
    got = engine("cuda")(compile(net), tier="interpreting").run(stimulus)
    assert got.metadata["slots"] == "global memory"
    assert np.array_equal(got.words, engine("logic2")(compile(net)).run(stimulus).words)


def test_a_grid_on_a_device(device):
    """A systolic product, against NumPy."""
    from benchmarks.tile import LINKS, cell, product, stimulus

    g = np.random.default_rng(7)
    a, w = g.integers(-128, 128, (2, 48, 48))
    tile = Tile(cell(), 48, 48, LINKS)
    run = tile.run(191, stimulus(a, w), engine=engine("cuda")(compile(tile.cell)))
    assert np.array_equal(product(run.drained["sum_out"]), a @ w)


def test_sums_on_a_device(device):
    net = random_netlist(2, n_inputs=20)
    for stimulus in (Stimulus.exhaustive(net), Stimulus.random(net, 1_000_001, rng=3)):
        got, wanted = (
            engine(name)(compile(net)).summarize(stimulus, measure=["ones", "signature"]) for name in ("cuda", "logic2")
        )
        assert np.array_equal(got.ones, wanted.ones) and np.array_equal(got.signature, wanted.signature)
