"""``gatesim water``: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image
from rich.console import Console

from gatesim.timing.water import adder, pour


def test_adding_two_numbers(gatesim):
    status, out, _ = gatesim("water", "add", "9", "7")
    assert status == 0 and "9 + 7 = 16, which is right" in out
    assert "the last 1 was in its bucket after 17.7 s" in out
    assert "times slower than TTL 7400" in out and "times slower than CMOS 7 nm" in out
    assert "sum[0]" in out and "███" in out  # the vessels, still, where nobody watches
    status, out, _ = gatesim("water", "add", "3", "4", "--json")
    facts = json.loads(out)
    assert facts["sum"] == 7 and facts["right"] and facts["imbalance"] < 1e-9
    assert 1e8 < facts["slower"]["TTL 7400"] < 1e10 < facts["slower"]["CMOS 7 nm"] < 1e13
    assert json.loads(gatesim("water", "add", "200", "100", "--bits", "8", "--json")[1])["sum"] == 300


def test_all_sums_and_how_they_break(gatesim):
    facts = json.loads(gatesim("water", "add", "--all", "--json")[1])
    assert facts["sums"] == 256 and facts["wrong"] == 0 and facts["all_imbalance"] < 1e-9
    assert "0 of 256 sums are wrong; the slowest was there after 103.7 s" in gatesim("water", "add", "--all")[1]
    status, out, _ = gatesim("water", "add", "9", "7", "--break", "splitter")
    assert status == 0 and "broken: no splitters" in out and "which is wrong, it is 16" in out
    assert "148 of 256 sums are wrong" in out
    facts = json.loads(gatesim("water", "add", "9", "7", "--break", "skew", "--json")[1])
    assert facts["wrong"] > 100 and not facts["right"]
    facts = json.loads(gatesim("water", "add", "2", "15", "--break", "spread", "--json")[1])
    assert len(facts["wrong_by_machine"]) == 10 and facts["wrong"] == max(facts["wrong_by_machine"]) > 0


def test_surface_tension_and_priming_break_it_too(gatesim):
    assert json.loads(gatesim("water", "add", "--all", "--sticky", "--json")[1])["wrong"] > 200
    assert 50 < json.loads(gatesim("water", "add", "--all", "--priming", "1", "--json")[1])["wrong"] < 150


def test_short_and_long_runs(gatesim):
    status, out, _ = gatesim("water", "add", "9", "7", "--seconds", "0.02")
    assert status == 0 and "no bucket reached its line in 0.02 s" in out
    assert json.loads(gatesim("water", "add", "9", "7", "--seconds", "3000", "--json")[1])["sum"] == 16


def test_pictures_and_film(gatesim, tmp_path):
    status, out, _ = gatesim("water", "add", "3", "1", "--bits", "2", "--plot", "levels.png", "--gif", "film.gif")
    assert status == 0 and "written: levels.png" in out and "written: film.gif" in out
    assert Image.open(io.BytesIO((tmp_path / "levels.png").read_bytes())).size[0] > 800
    film = Image.open(io.BytesIO((tmp_path / "film.gif").read_bytes()))
    assert film.n_frames > 60 and (tmp_path / "film.gif").stat().st_size < 400_000
    status, out, _ = gatesim("water", "add", "--bits", "1", "--yield", "yield.svg")
    assert status == 0 and "machines that add everything" in out
    assert (tmp_path / "yield.svg").read_text().count("<svg") == 1


def test_any_circuit(gatesim, tmp_path):
    facts = json.loads(gatesim("water", "run", "full_adder", "--exhaustive", "--json")[1])
    assert facts["experiments"] == 8 and facts["wrong"] == 0 and facts["imbalance"] < 1e-9
    status, out, _ = gatesim("water", "run", "full_adder", "--in", "a=1,b=1,cin=1", "--plot", "l.svg")
    assert status == 0 and "sum = 1, carry = 1" in out and "0 of 1 differ" in out and (tmp_path / "l.svg").exists()
    status, out, _ = gatesim("water", "run", "kogge_stone[3]", "--in", "a=5,b=6", "--plain")
    assert status == 0 and "sum = 3, carry = 1" in out


def test_the_live_view():
    from gatesim.cli.water_view import picture, play

    found = pour(adder(4), {"a": 9, "b": 7, "cin": 0}, every=5, seconds=20)
    text = picture(found, 24).plain
    lines = text.splitlines()
    assert lines[0].strip() == "1.2 s" and max(map(len, lines)) <= 80 and len(lines) < 24
    assert text.count("▼") == 1 and "a0+b0" in text and "carry   0" in text  # the lowest vessel siphons
    assert "carry   1" in picture(found, len(found.samples.time_s) - 1).plain
    narrow = picture(found, 24, width=40).plain
    assert max(map(len, narrow.splitlines())) <= 40 and narrow.count("sum[") == 4
    screen = io.StringIO()
    play(found, Console(file=screen, force_terminal=True, width=80), speed=1000.0)
    assert "a0+b0" in screen.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add"], "say what to pour: two numbers, --all for every pair, or --yield FILE"),
        (["add", "9"], "give two numbers, for example: gatesim water add 9 7"),
        (["add", "9", "17"], "17 does not fit into 4 bits (0 to 15): see --bits"),
        (["add", "9", "7", "--step", "50"], "a time step of 50 ms is too coarse for 'water adder of 4 bits'"),
        (["add", "--all", "--step", "50"], "a time step of 50 ms is too coarse"),
        (["add", "9", "7", "--step", "0"], "the time step is 0 s: it must be positive"),
        (["add", "9", "7", "--seconds", "-3"], "cannot simulate -3 s of water"),
        (["add", "9", "7", "--plot", "levels.txt"], "cannot write levels.txt: the name must end in .png or .svg or .pdf"),
        (["add", "9", "7", "--gif", "film.mp4"], "the name must end in .gif"),
        (["add", "9", "7", "--seconds", "1e12"], "minutes of work: pour fewer inputs, wait for less (--seconds)"),
        (["add", "9", "7", "--seconds", "inf"], "inf s of water"),
        (["add", "9", "7", "--priming", "-1"], "priming is -1: it must not be negative"),
        (["add", "9", "7", "--speed", "0"], "--speed is 0: it must be positive"),
        (["add", "--all", "--gif", "film.gif"], "--plot and --gif show one sum: give two numbers"),
        (["add", "--all", "--bits", "7"], "all pairs of 7-bit numbers are too many"),
        (["add", "9", "7", "--bits", "99"], "a water adder has 1 to 32 bits, not 99"),
        (["add", "9", "7", "--break", "splater"], "Invalid value for '--break'"),
        (["run", "full_adder"], "say what to pour: --in name=value,... or --exhaustive"),
        (["run", "full_adder", "--in", "a=1,b=1"], "no value for input 'cin'"),
        (["run", "full_adder", "--in", "a=1,b=2,cin=0"], "value 2 does not fit into input 'b' of 1 bit"),
        (["run", "full_adder", "--exhaustive", "--plot", "l.png"], "--plot draws one experiment: use it with --in"),
        (["run", "sequential.counter[2]", "--in", "enable=1,reset=0"], "has state: a machine of vessels runs once"),
        (["run", "kogge_stone[8]", "--exhaustive"], "minutes of work: pour fewer inputs"),
        (["run", "nowhere.bench", "--exhaustive"], "nowhere.bench"),
    ],
)  # fmt: skip
def test_what_is_refused(gatesim, tmp_path, arguments, message):
    status, _out, err = gatesim("water", *arguments)
    assert status == 2 and message in " ".join(err.split()) and "Traceback" not in err
    assert not list(tmp_path.iterdir())
