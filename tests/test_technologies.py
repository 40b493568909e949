"""The shipped technologies against figures from elsewhere; strict reading; preparing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circuits.adders import ripple_carry
from circuits.alu import Op, Step, accumulator_machine, alu_74181
from circuits.sequential import counter
from gatesim import Builder, build, simulate
from gatesim.analysis import fanout
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent
from gatesim.errors import LoopError, ParseError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import GATES
from gatesim.timing import (
    LANDAUER_FJ,
    CellFigures,
    Technology,
    delays,
    load_technology,
    parse,
    prepare,
    read_folder,
    static_timing,
    technologies,
)
from gatesim.timing.quantities import parse_quantity, shown
from gatesim.timing.technology import loads_ff

ALL = list(technologies())


def fan_out_of_4(technology, gate):
    """Mean of rise and fall with a load of four own input pins, in ps: how libraries are compared."""
    cell = technology.figures(gate)
    load = 4 * cell.pin_ff
    return (cell.rise_ps + cell.fall_ps + load * (cell.rise_ps_per_ff + cell.fall_ps_per_ff)) / 2


# Read from the Liberty files by others, with a mid slew and a load of four own pins.
FO4 = {
    ("nangate45", "NOT"): (24.7, 0.532, 0.97), ("nangate45", "NAND"): (30.3, 0.798, 1.37),
    ("nangate45", "NOR"): (38.5, 0.798, 1.37), ("nangate45", "XOR"): (67, 1.596, 3.0),
    ("nangate45", "DFF"): (87, 4.522, 4.2), ("sky130", "NAND"): (90.8, 3.754, 3.87),
    ("sky130", "NOR"): (118, 3.754, 4.3), ("sky130", "XOR"): (250, 8.758, 8.1), ("sky130", "DFF"): (321, 20.02, 19.7),
    ("asap7", "NAND"): (19.1, 0.0583, 0.058), ("asap7", "XOR"): (33, 0.175, 0.25), ("asap7", "DFF"): (57, 0.292, 0.55),
}  # fmt: skip


@pytest.mark.parametrize(("name", "gate"), FO4)
def test_standard_cells_are_those_of_their_libraries(name, gate):
    technology = load_technology(name)
    ps, area, fj = FO4[name, gate]
    assert fan_out_of_4(technology, gate) == pytest.approx(ps, rel=0.03)
    assert technology.figures(gate).area == pytest.approx(area, rel=0.005)
    assert technology.figures(gate).energy_fj == pytest.approx(fj, rel=0.03)


def test_half_cv_squared_of_a_fan_out_of_4():
    for name, fj in (("nangate45", 4.0), ("sky130", 15.0), ("asap7", 0.51)):
        t = load_technology(name)
        assert 0.5 * 4 * t.figures("NAND").pin_ff * t.volts**2 == pytest.approx(fj, rel=0.03)


# Delay and energy of one gate, order of magnitude: (technology, gate, seconds, joules).
KNOWN = [
    ("dna", "AND", 3600, 1e-19), ("siphon", "XOR", 16, 0.24), ("siphon", "AND", 3.41, 0.24), ("relays", "AND", 10e-3, 10e-3),
    ("redstone", "NOT", 0.1, 0), ("fluidic", "NOR", 5e-3, 1e-3), ("tubes", "NAND", 2e-6, 10e-6),
    ("transistors", "NAND", 150e-9, 3e-9), ("ttl7400", "NAND", 10e-9, 100e-12), ("ttl74ls", "NAND", 10e-9, 20e-12),
    ("ecl100k", "NOR", 0.75e-9, 30e-12), ("rsfq", "XOR", 4e-12, 0.8e-18), ("fhe", "NAND", 13e-3, 0.13),
    ("dominoes", "AND", 0.6, 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "gate", "seconds", "joules"), KNOWN)
def test_gates_have_the_published_order_of_magnitude(name, gate, seconds, joules):
    cell = load_technology(name).figures(gate)
    assert (cell.rise_ps + cell.fall_ps) / 2 == pytest.approx(seconds * 1e12, rel=0.26)
    assert cell.energy_fj == pytest.approx(joules * 1e15, rel=0.05)


def test_74hc_grows_with_its_load():
    cell = load_technology("cmos74hc").figures("NAND")
    assert cell.rise_ps + 15_000 * cell.rise_ps_per_ff == pytest.approx(7_000, rel=0.01)
    assert cell.rise_ps + 50_000 * cell.rise_ps_per_ff == pytest.approx(9_000, rel=0.01)
    assert cell.energy_fj + 0.5 * 50_000 * 5**2 == pytest.approx(1e6, rel=0.15)  # about 1 nJ at 50 pF
    one, two = Builder("one"), Builder("two")
    for b, n in ((one, 1), (two, 2)):
        z = b.gate("NAND", b.input("x"), b.input("y"))
        for k in range(n):
            b.output(f"z{k}", ~z)
    t = load_technology("cmos74hc")
    slow, fast = (delays(b.freeze(), t).rise_ps[4] for b in (two, one))
    assert abs(slow - fast - (3_500 + 10_000) * cell.rise_ps_per_ff) <= 1


def test_there_are_fifteen_and_every_figure_has_a_source():
    assert len(ALL) >= 15
    wanted = "dna siphon dominoes relays fluidic redstone tubes transistors ttl7400 ttl74ls cmos74hc ecl100k "
    assert set((wanted + "nangate45 sky130 asap7 rsfq fhe").split()) <= set(ALL)
    for t in technologies().values():
        assert t.title and t.title_fr and t.inversion
        for cell in t.gates.values():
            assert {"rise", "fall", "energy", "area"} <= set(cell.sources)
            assert all(len(s) > 5 for s in cell.sources.values())


def test_landauer():
    assert pytest.approx(2.87e-6, rel=1e-3) == LANDAUER_FJ  # 2.87e-21 J


# -- preparing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_every_technology_builds_the_same_functions(name):
    technology = load_technology(name)
    limits = {g: c.fan_out or technology.fan_out for g, c in technology.gates.items()}
    nets = [build(ripple_carry, a=4, b=4), build(alu_74181, a=4, b=4, s=4), random_netlist(5, n_cells=60)]
    for net in nets:
        ready = prepare(net, technology)
        assert set(ready.counts()) <= {"INPUT", *technology.gates}
        assert_equivalent(net, ready)
        readers = fanout(ready)
        for cell in range(2, ready.n_nets):
            limit = limits.get(GATES[ready.op[cell]].name, technology.fan_out)
            assert limit is None or readers[cell] <= limit
        assert prepare(ready, technology) is ready
        assert static_timing(ready, technology).worst_ps > 0


@pytest.mark.parametrize("name", ["ttl7400", "fluidic", "rsfq", "nangate45"])
def test_registers_survive(name):
    net = build(counter, width=6)
    ready = prepare(net, load_technology(name))
    given = {"enable": np.random.default_rng(0).integers(0, 2, 200), "reset": np.zeros(200, int)}
    given["reset"][[70, 71]] = 1
    got, wanted = (simulate(n, given, cycles=200) for n in (ready, net))
    assert all((got[k] == wanted[k]).all() for k in wanted)


def test_a_machine_with_a_program_memory():
    program = [Step(Op.PASS, 13), Step(Op.SHL), Step(Op.ADD, 13), Step(Op.SHL), Step(Op.ADD, 13)]
    net = build(accumulator_machine, program=program, width=8)
    wanted = simulate(net, cycles=40)
    for name in ("ttl7400", "nangate45", "relays", "transistors"):
        technology = load_technology(name)
        ready = prepare(net, technology)
        got = simulate(ready, cycles=40)
        assert all((got[k] == wanted[k]).all() for k in wanted)
        # A read port loads each of its address bits once, however wide the word.
        reads = [r for m in ready.memories for r in m.reads]
        loads = [loads_ff(ready, technology)[list(r.address)] for r in reads]
        pin = technology.figures("READ").pin_ff
        assert all((x >= pin).all() and (x < 4 * pin + 60).all() for x in loads)
        assert static_timing(ready, technology).fmax_hz > 1
    with pytest.raises(UnsupportedError, match="'dominoes' has no DFF: it cannot remember"):
        prepare(net, load_technology("dominoes"))
    with pytest.raises(UnsupportedError, match="'rsfq' has no READ: it gives no access time for memories"):
        prepare(net, load_technology("rsfq"))


def test_urgent_readers_stay_near_the_driver():
    b = Builder("spread")
    x, y = b.input("x"), b.input("y")
    for k in range(6):
        b.output(f"o{k}", x ^ y)
    late = x ^ y
    for _ in range(5):
        late = late & y
    b.output("late", late)
    ready = prepare(b.freeze(), load_technology("rsfq"))
    t = static_timing(ready, load_technology("rsfq"))
    depth = {s.net for s in t.critical_path.steps if s.gate == "BUF"}
    assert len(depth) < ready.counts()["BUF"]
    assert t.worst_ps <= 4 + 5 * 5 + 3 * 10


def test_what_cannot_be_prepared():
    water = load_technology("siphon")
    with pytest.raises(UnsupportedError, match="'siphon' has no DFF: it cannot remember"):
        prepare(build(counter, width=2), water)
    dry = replace(water, constant_one=False)
    with pytest.raises(UnsupportedError, match=r"cannot build OR from its gates .*: no gate of it inverts"):
        prepare(build(ripple_carry, a=2, b=2), dry)
    b = Builder("star")
    x = b.input("x")
    for k in range(30):
        b.output(f"o{k}", b.gate("NAND", x, x))
    few = load_technology("ttl7400")
    few = replace(few, gates={"NAND": few.figures("NAND")})
    with pytest.raises(UnsupportedError, match="net 'x' of 'star' drives 60 pins; 'ttl7400' allows 10 and has no BUF"):
        prepare(b.freeze(), few)
    latch = Builder("latch")
    q = latch.wire()
    latch.drive(q, latch.input("set") | q)
    latch.output("q", q)
    with pytest.raises(LoopError, match="combinational loop"):
        prepare(latch.freeze(), load_technology("siphon"))
    net = latch.freeze()
    assert prepare(net, load_technology("relays")) is net  # fits as it is: the loop is nobody's business


# -- reading ---------------------------------------------------------------------------------------

MINE = """\
name = "marbles"
title = "Marbles"
title_fr = "Billes"
year = 2018
area_unit = "marbles"
restoring = true
pays_for = "one"
inversion = "none"

[[gate]]
names = ["AND"]
rise = "2 s"
fall = "2 s"
energy = "10 mJ"
area = 1
source = "measured on a kitchen table"

[[gate]]
names = ["XOR"]
rise = "3 s"
fall = "3 s"
energy = "10 mJ"
area = 1
source = "measured on a kitchen table"
"""


def test_a_technology_of_the_users_own(tmp_path):
    path = tmp_path / "marbles.toml"
    path.write_text(MINE)
    mine = load_technology(path)
    assert mine.figures("XOR").rise_ps == 3e12 and mine.file == str(path)
    assert list(read_folder(tmp_path)) == ["marbles"]
    net = prepare(build(ripple_carry, a=2, b=2), mine)
    assert set(net.counts()) == {"INPUT", "AND", "XOR"}
    (tmp_path / "again.toml").write_text(MINE)
    with pytest.raises(ParseError, match=r"marbles.toml: technology 'marbles' was read from .*again.toml before"):
        read_folder(tmp_path)
    with pytest.raises(ParseError, match="holds no technology"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="unknown technology 'ttl740'; did you mean 'ttl7400'"):
        load_technology("ttl740")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rise = "2 s"', 'rize = "2 s"', r"m.toml:12: rize in \[\[gate\]\] 1: unknown key 'rize'; did you mean 'rise'"),
        ('names = ["XOR"]', 'names = ["XORR"]', r"m.toml:19: names in .* 2: unknown gate 'XORR'; did you mean 'XOR'"),
        ('names = ["XOR"]', 'names = ["AND"]', r"m.toml:19: .*gate 'AND' was given before"),
        ('names = ["XOR"]', "names = []", r"m.toml:19: .*must be a list of gates"),
        ('rise = "3 s"', 'rise = "-3 s"', r"m.toml:20: rise in \[\[gate\]\] 2: is -3e\+12; it must be greater than 0"),
        ('rise = "3 s"', 'rise = "0 ps"', r"m.toml:20: rise .*: is 0; it must be greater than 0"),
        ('rise = "3 s"', 'rise = "0.2 ps"', r"m.toml:20: rise .*: is 0.2 ps; delays go from 1 ps"),
        ('rise = "3 s"', "rise = 3", r"m.toml:20: rise .*: 3 is no time: write a number and a unit"),
        ('rise = "3 s"', 'rise = "3 nsec"', r"m.toml:20: rise .*: unknown unit of time 'nsec'; did you mean 'ns'"),
        ('energy = "10 mJ"', 'energy = "-1 mJ"', r"m.toml:14: energy .*: is -1e\+12; it must not be negative"),
        ("area = 1", 'area = "1"', r"m.toml:15: area .*: must be a number, not '1'"),
        ('source = "measured on a kitchen table"', "", r"rise .*: has no source: add source"),
        ("year = 2018", "", "m.toml: year: is missing"),
        ("year = 2018", 'year = "2018"', "m.toml:4: year: must be a whole number, not '2018'"),
        ("year = 2018", "yaer = 2018", "m.toml:4: yaer: unknown key 'yaer'; did you mean 'year'"),
        ('pays_for = "one"', 'pays_for = "once"', "m.toml:7: pays_for: unknown 'once'; did you mean 'one'"),
        ('fall = "2 s"', "", r"m.toml:10: fall in \[\[gate\]\] 1: is missing"),
        ("year = 2018", "year = = 2018", r"m.toml:4:8: not TOML: Invalid value"),
    ],
)
def test_mistakes_are_found_with_line_and_key(old, new, message):
    assert old in MINE
    with pytest.raises(ParseError, match=message):
        parse(MINE.replace(old, new, 1), source="m.toml")


def test_technologies_written_in_python_are_checked_too():
    with pytest.raises(ValueFitError, match="fall_ps is 0; it must be greater than 0"):
        CellFigures(10, 0, 1)
    with pytest.raises(ValueFitError, match="energy_fj is nan"):
        CellFigures(10, 10, 1, energy_fj=float("nan"))
    good = CellFigures(10, 10, 1)
    with pytest.raises(UnknownNameError, match="unknown gate 'NADN'; did you mean 'NAND'"):
        Technology("t", "t", "t", 2000, {"NADN": good}, "gates")
    with pytest.raises(ValueFitError, match="technology 't': wire_ps is -1"):
        Technology("t", "t", "t", 2000, {"NAND": good}, "gates", wire_ps=-1)
    with pytest.raises(UnsupportedError, match="technology 't' has no gate OR; it has NAND"):
        Technology("t", "t", "t", 2000, {"NAND": good}, "gates").figures("OR")


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [("1 h", "time", 3.6e15), ("2.5 ps", "time", 2.5), ("1 zJ", "energy", 1e-6), ("1e3 ns/pF", "slope", 1e3)],
)
def test_quantities(text, dimension, value):
    assert parse_quantity(text, dimension) == value


def test_quantities_are_shown_for_people():
    assert [shown(v, "time") for v in (999.6, 1e6, 1.5e13, 8.64e17)] == ["1 ns", "1 µs", "15 s", "10 days"]
    assert shown(2.87e-6, "energy") == "2.87 zJ" and shown(5e15, "energy") == "5 J"
    assert not re.search(r"\.0\b", shown(20e3, "time"))


def test_the_documented_file_is_read():
    text = (Path(__file__).parents[1] / "docs" / "technologies.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    marbles = parse(example[1])
    assert (marbles.reset_ps, marbles.fan_out, marbles.figures("BUF").fan_out) == (5e12, 2, 2)
    assert all(f"`{name}`" in text for name in ALL)
