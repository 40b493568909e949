"""The harness of the benchmarks: records, JSON, timing in turn, lines about what is skipped."""

import json

import numpy as np
import pytest
from rich.text import Text
from typer.testing import CliRunner

from benchmarks import harness, layout
from benchmarks.__main__ import lines, names, number
from benchmarks.circuits import array_multiplier
from benchmarks.harness import Record, Times, in_turn, load, save, skip
from benchmarks.peers import berkeley_abc, check, pyrtl_sim, straight_c, verilog
from benchmarks.peers.source import assignments
from gatesim import GATES, Builder, Stimulus, compile, engine, map_to, strash


def test_more_is_better_except_for_seconds_and_bytes():
    fast = Record("rate", "c", 300.0, "G AND-ge/s", goal=250, peer="other", peer_value=100.0, ratio_goal=4)
    assert fast.ratio == 3.0
    assert fast.met is False, "its own goal is met, that of the ratio is not"
    assert Record("time", "c", 0.5, "s", goal=1.0, peer="other", peer_value=2.0).ratio == 4.0
    assert Record("time", "c", 0.5, "s", goal=1.0).met is True
    assert Record("time", "c", 1.5, "s", goal=1.0).met is False
    assert Record("size", "c", 70.0, "bytes/gate", goal=60).met is False
    assert Record("rate", "c", 300.0, "G", goal=250).met is True


def test_without_a_goal_nothing_is_met_or_missed():
    alone = Record("rate", "c", 1.0, "G")
    assert alone.met is None and alone.ratio is None
    assert Record("rate", "c", 1.0, "G", ratio_goal=2).met is None, "no peer was there to compare with"


def test_json_is_a_list_of_records_with_their_environment(tmp_path):
    file = tmp_path / "results" / "x.json"
    records = [Record("a", "c", 2.0, "s", goal=3.0), Record("b", "c", 4.0, "G", peer="p", peer_value=1.0)]
    save(records, file)
    found = json.loads(file.read_text())
    assert found == load(file)
    assert [r["name"] for r in found] == ["a", "b"]
    for record in found:
        assert {"name", "circuit", "value", "unit", "peer", "peer_value", "ratio", "goal", "met"} <= set(record)
        assert {"commit", "cpu", "cores", "avx512", "load_before", "packages", "tools"} <= set(record["environment"])
    assert found[0]["met"] is True and found[1]["ratio"] == 4.0


def test_contenders_are_timed_in_turn_and_may_time_themselves():
    order = []

    def own():
        order.append("own")
        return 0.25

    times = in_turn({"own": own, "wall": lambda: order.append("wall")}, rounds=2)
    assert order == ["own", "wall"] * 3
    assert times["own"] == Times((0.25, 0.25))
    assert len(times["wall"].seconds) == 2 and times["wall"].median < 0.1
    assert Times((1.0, 2.0, 4.0)).rates(8) == {"value": 4.0, "low": 2.0, "high": 8.0}


def test_what_is_absent_is_skipped_with_one_line(capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert not harness.has("verilator")
    assert not harness.has_package("no-such-package-here")
    skip("arbiter", "the file is absent")
    assert capsys.readouterr().err.splitlines() == [
        "skipped: verilator: not installed",
        "skipped: no-such-package-here: not installed (pip install no-such-package-here)",
        "skipped: arbiter: the file is absent",
    ]


def test_every_module_with_a_run_is_a_benchmark():
    assert {"build", "combinational", "tile"} <= set(names())
    assert not {"harness", "circuits", "__main__"} & set(names())


def test_an_unknown_name_is_refused_with_the_known_ones():
    import typer

    from benchmarks.__main__ import main

    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["buil"])
    assert result.exit_code == 2
    assert "'buil' is no benchmark" in result.output


@pytest.mark.parametrize(("value", "shown"), [(0.0123456, "0.0123"), (12.345, "12.3"), (1304118.2, "1,304,118")])
def test_numbers_are_shown_without_exponents(value, shown):
    assert number(value) == shown


def test_each_figure_stands_beside_its_goal_and_its_peers():
    shown = lines(
        [
            Record("t", "c", 2.0, "s", goal=1.0),
            Record("r", "d", 5.0, "G", goal=4.0, peer="p [1]", peer_value=2.0, ratio_goal=3),
            Record("r", "d", 5.0, "G", goal=4.0, peer="q", peer_value=1.0),
        ]
    )
    assert [Text.from_markup(line).plain for line in shown] == [
        "t: c",
        "    2 s, goal <= 1: NOT MET",
        "r: d",
        "    5 G, goal >= 4: met",
        "    2.5x p [1] (2), wanted 3x: NOT MET",
        "    5x q (1)",
    ]


@pytest.fixture(scope="module")
def small():
    net = strash(map_to(array_multiplier(4), "aig"))
    stimulus = Stimulus.random(net, 4096, rng=3)
    return net, stimulus.words[0], engine("python")(compile(net)).run(stimulus).words[0]


def _abc(net, words):
    found = berkeley_abc.prepare(net, words, 4096, enough=0)
    return found[0] if found else None


PEERS = {
    "gcc": straight_c.prepare,
    "berkeley-abc": _abc,
    "iverilog": verilog.icarus,
    "pyrtl": pyrtl_sim.prepare,
}


@pytest.mark.parametrize("name", PEERS)
def test_peers_compute_the_same_and_a_wrong_bit_is_found(name, small):
    net, words, wanted = small
    peer = PEERS[name](net, words)
    if peer is None:
        pytest.skip(f"{name} is not installed")
    assert peer.run() >= 0 and peer.prepare_seconds > 0
    check(peer, wanted)
    wrong = wanted.copy()
    wrong[5, 0] ^= np.uint64(1 << 17)
    with pytest.raises(AssertionError, match=r"computes other values on outputs \[5\]"):
        check(peer, wrong)


@pytest.mark.parametrize("prepare", [straight_c.prepare, verilog.icarus, verilog.verilator, pyrtl_sim.prepare, _abc])
def test_absent_peers_are_left_out(prepare, small, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    net, words, _ = small
    assert prepare(net, words) is None
    assert "not installed" in capsys.readouterr().err


def test_expressions_are_those_of_the_gates():
    b = Builder("all")
    pins = [b.input(f"x{k}") for k in range(4)]
    for gate in GATES:
        if gate.name in ("BUF", "NOT", "AND", "ANDNOT", "NOTAND", "NAND3", "OR4", "NOR", "XOR3", "XNOR4"):
            b.output(gate.name, b.gate(gate.name, *pins[: gate.arity]))
    net = b.freeze()
    lines, outputs = assignments(net, "zero")
    stimulus = Stimulus.exhaustive(net)
    result = engine("python")(compile(net)).run(stimulus)
    mask = (1 << 16) - 1
    for name, output in zip(result, outputs, strict=True):
        values = {"zero": 0, **{f"i{k}": int(w[0]) for k, w in enumerate(stimulus.words[0])}}
        for net_name, expression in lines:
            values[net_name] = eval(expression, {}, values)
        assert values[output] & mask == int(result.planes(name)[0, 0, 0])


def test_the_page_gets_tables_where_results_are_and_keeps_the_rest():
    from benchmarks.report import filled

    def row(name, peer=None, peer_value=None, **more):
        record = Record(
            name, "c17, 6 ANDs, 2^20 patterns", 300.0, "G AND-ge/s", peer=peer, peer_value=peer_value, **more
        )
        return record.as_dict() | {"environment": {}}

    tier = [
        row("interpreting tier", "ABC &sim", 100.0, goal=400, ratio_goal=4, low=290.0, high=310.0),
        row("interpreting tier", "KyuPy LogicSim", 5.0, goal=400, ratio_goal=30, low=290.0, high=310.0),
    ]
    page = "# T\n<!-- interpreting -->\nold\n<!-- end -->\nprose\n<!-- gpu -->\nkept\n<!-- end -->\n"
    shown = filled(page, {"combinational": tier, "tile": [row("tile", goal=100)]})
    assert "old" not in shown and "prose" in shown and "kept" in shown
    cells = [cell.strip() for cell in shown.splitlines()[4].strip("|").split("|")]
    assert cells == [
        "c17, 6 ANDs",
        "**300** (290 – 310)",
        "400: **missed**",
        "100 (3×, goal 4×: **missed**)",
        "5 (60×)",
    ]
    again = filled(shown, {"combinational": tier})
    assert again == shown
    tile = filled("<!-- tile -->\n<!-- end -->\n", {"tile": [row("tile", "NumPy", 600.0, goal=100)]})
    assert "| tile | c17, 6 ANDs, 2^20 patterns | 300 G AND-ge/s | ≥ 100 | NumPy: 600 | 0.5× | yes |" in tile


def test_crossings_of_a_drawing_are_counted_by_geometry():
    pieces = np.array([[0, 0, 9, 9], [0, 9, 9, 0], [9, 1, 0, 1], [4, 0, 4, 1], [20, 0, 20, 9], [18, 2, 22, 3]], float)
    nets = np.array([0, 1, 2, 3, 4, 5])
    # The cross, the line below it through both its arms, and the pair on the right; an end on a line is no crossing.
    assert layout.crossings((pieces, nets)) == 4
    assert layout.crossings((pieces[::-1].copy(), nets[::-1].copy())) == 4
    assert layout.crossings((pieces, np.array([0, 0, 0, 3, 4, 4]))) == 0
