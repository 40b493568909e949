from __future__ import annotations

import json

import pytest

MARBLES = """\
name = "marbles"
title = "Marbles"
title_fr = "Billes"
year = 2018
area_unit = "marbles"
restoring = true
pays_for = "one"
inversion = "none"

[[gate]]
names = ["AND", "XOR"]
rise = "2 s"
fall = "2 s"
energy = "10 mJ"
area = 1
source = "measured on a kitchen table"
"""


def test_one_technology(gatesim):
    status, out, _ = gatesim("time", "adders.ripple_carry[4]", "--tech", "ttl7400")
    assert status == 0
    for words in ("TTL 7400 (1966)", "data-sheet", "critical path, to output carry", "17.5 ns", "100 ns", "hot nets"):
        assert words in out
    status, out, _ = gatesim("time", "adders.ripple_carry[4]", "--tech", "siphon", "--paths", "2", "--json")
    document = json.loads(out)
    assert status == 0 and document["cells"]["BUF"] == 3 and document["area"] == 8.5
    assert document["time_ps"] == document["paths"][0]["total_ps"] == document["paths"][0]["steps"][-1]["arrival_ps"]
    assert len(document["paths"]) == 2 and document["energy_fj"] == pytest.approx(2e15, rel=0.1)
    assert sum(h["share"] for h in document["hot"]) < 1


def test_a_clock(gatesim):
    status, out, _ = gatesim("time", "sequential.counter[8]", "--tech", "nangate45", "--clock", "100 ps")
    assert status == 0 and "NOT met" in out and "set-up time" in out and "GHz at most" in out
    status, out, _ = gatesim("time", "sequential.counter[8]", "--tech", "nangate45", "--clock", "1 ns", "--json")
    document = json.loads(out)
    assert document["slack_ps"] == 1000 - document["time_ps"]
    assert document["fmax_hz"] == pytest.approx(1e12 / document["time_ps"])


def test_all_technologies_and_a_plot(gatesim, tmp_path):
    status, out, _ = gatesim("time", "adders.ripple_carry[4]", "--tech", "all", "--vectors", "50", "--plot", "p.svg")
    assert status == 0 and "written: p.svg" in out
    assert out.index("DNA strands") < out.index("TTL 7400") < out.index("RSFQ")
    assert "<svg" in (tmp_path / "p.svg").read_text()
    _, out, _ = gatesim("time", "sequential.counter[4]", "--tech", "all", "--vectors", "20", "--json")
    found = json.loads(out)
    assert len(found) >= 15
    assert {o["technology"] for o in found if "problem" in o} == {"dna", "siphon", "dominoes"}
    times = [o["time_ps"] for o in found if "time_ps" in o]
    assert times == sorted(times, reverse=True)


def test_technologies_of_the_users_own(gatesim, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "marbles.toml").write_text(MARBLES)
    (tmp_path / "mine" / "fast.toml").write_text(MARBLES.replace("2 s", "1 s").replace('"marbles"', '"fast"', 1))
    status, out, _ = gatesim("time", "adders.ripple_carry[2]", "--tech", "mine/marbles.toml")
    assert status == 0 and "kitchen table" in out and "Marbles" in out
    status, out, _ = gatesim("time", "adders.ripple_carry[2]", "--tech", "mine", "--json")
    assert [o["technology"] for o in json.loads(out)] == ["marbles", "fast"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tech", "tll7400"], "unknown technology 'tll7400'; did you mean 'ttl7400'?"),
        (["--tech", "no.toml"], "no.toml: No such file"),
        (["--plot", "p.svg"], "--plot compares technologies: use it with --tech all"),
        (["--tech", "all", "--plot", "p.gif"], "p.gif: a plot is written as .svg or .png, not .gif"),
        (["--clock", "5"], "'5' is no time: write a number and a unit"),
        (["--clock", "-5 ns"], "a clock period must be positive, not -5000 ps"),
        (["--vectors", "1"], "--vectors"),
    ],
)
def test_mistakes_are_one_line_and_status_2(gatesim, tmp_path, arguments, message):
    status, _, err = gatesim("time", "adders.ripple_carry[2]", *arguments)
    assert status == 2 and message in err and "Traceback" not in err
    assert not list(tmp_path.glob("p.*"))


def test_a_mistake_in_a_file_has_its_line(gatesim, tmp_path):
    (tmp_path / "bad.toml").write_text(MARBLES.replace('rise = "2 s"', 'rise = "0 s"'))
    status, _, err = gatesim("time", "adders.ripple_carry[2]", "--tech", "bad.toml")
    assert status == 2 and "bad.toml:12: rise in [[gate]] 1: is 0; it must be greater than 0" in err


def test_a_plot_of_nothing(gatesim, tmp_path):
    (tmp_path / "nothing.py").write_text("from gatesim import Bit\ndef one(a: Bit) -> Bit:\n    return a.builder.one\n")
    status, _, err = gatesim("time", "nothing:one", "--tech", "all", "--plot", "p.svg")
    assert status == 2 and "nothing to plot: 'one' takes no time" in err and not (tmp_path / "p.svg").exists()


def test_memories_have_no_glitches(gatesim, tmp_path):
    (tmp_path / "rom.py").write_text(
        "from gatesim import Bus\ndef table(a: Bus) -> Bus:\n"
        "    return a.builder.memory('m', depth=8, width=4, read=[a], contents=range(8))[0]\n"
    )
    status, out, _ = gatesim("time", "rom:table[a=3]", "--tech", "nangate45")
    assert status == 0 and "261 ps" in out and "take no memories" in out


@pytest.mark.parametrize(("circuit", "clock"), [("adders.ripple_carry[2]", False), ("sequential.counter[4]", True)])
def test_waveforms_for_a_viewer(gatesim, tmp_path, circuit, clock):
    status, out, _ = gatesim("time", circuit, "--tech", "ttl7400", "--vectors", "20", "--vcd", "w.vcd")
    assert status == 0 and "written: w.vcd" in out
    text = (tmp_path / "w.vcd").read_text()
    assert "$timescale 1ps $end" in text and (" clock $end" in text) is clock
    status, _, err = gatesim("time", circuit, "--tech", "all", "--vcd", "x.vcd")
    assert status == 2 and "--vcd shows one technology" in err and not (tmp_path / "x.vcd").exists()
