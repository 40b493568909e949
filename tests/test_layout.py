"""Layout: what must hold for every drawing, on circuits of ours, outside circuits and random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_checks import check_sheet

from circuits.adders import full_adder, kogge_stone, ripple_carry
from circuits.hack import cpu
from circuits.multipliers import array_multiplier
from gatesim import Builder, build, read
from gatesim.viewer.draw import draw
from gatesim.viewer.grouping import hierarchy
from gatesim.viewer.layout import lay_out
from gatesim.viewer.picture import LETTER
from gatesim.viewer.scene import OPENABLE, Kind, Sheet
from gatesim.viewer.shapes import Style


def all_sheets(net):
    waiting, seen = [0], set()
    while waiting:
        sheet = lay_out(net, waiting.pop())
        if sheet.scope in seen:
            continue
        seen.add(sheet.scope)
        yield sheet
        waiting += [b.item for b in map(sheet.box, range(sheet.n_boxes)) if b.kind in OPENABLE]


@pytest.mark.parametrize(
    "net",
    [
        build(full_adder),
        build(ripple_carry, a=4, b=4),
        build(kogge_stone, a=8, b=8),
        build(cpu, inM=16, instruction=16),
    ],
    ids=lambda n: n.name,
)
def test_every_sheet_of_ours(net):
    for sheet in all_sheets(net):
        check_sheet(sheet)


def test_every_cell_stands_on_one_sheet():
    net = build(cpu, inM=16, instruction=16)
    shown: list[int] = []
    for sheet in all_sheets(net):
        boxes = map(sheet.box, range(sheet.n_boxes))
        shown += [b.item for b in boxes if b.kind in (Kind.GATE, Kind.REGISTER)]
    assert sorted(shown) == [i for i in range(2, net.n_nets) if i not in {n for p in net.inputs for n in p.nets}]


@pytest.mark.parametrize("name", ["c17", "c432", "c1355"])
def test_outside_circuits(shared_data, name):
    check_sheet(lay_out(read(shared_data / "iscas85" / f"{name}.bench")))


@pytest.mark.parametrize("style", list(Style))
def test_words_do_not_overlap_and_are_not_cut(style):
    for net in (build(kogge_stone, a=4, b=4), build(cpu, inM=16, instruction=16)):
        for sheet in all_sheets(net):
            drawn = draw(net, sheet.scope, style=style)
            start = {"start": 0.0, "middle": 0.5, "end": 1.0}
            wide = np.array([LETTER * t.size * len(t.text) for t in drawn.texts])
            left = np.array([t.x for t in drawn.texts]) - wide * [start[t.anchor] for t in drawn.texts]
            top = np.array([t.y - 0.4 * t.size for t in drawn.texts])
            low = np.array([t.y + 0.4 * t.size for t in drawn.texts])
            assert (left >= 0).all() and (left + wide <= drawn.width).all()
            for i, text in enumerate(drawn.texts):
                hit = (left < left[i] + wide[i]) & (left[i] < left + wide) & (top < low[i]) & (top[i] < low)
                hit[i] = False
                assert not hit.any(), f"{text} lies on {drawn.texts[int(np.flatnonzero(hit)[0])]}"


def test_unknown_scope_names_the_nearest():
    from gatesim.errors import UnknownNameError

    net = build(ripple_carry, a=4, b=4)
    with pytest.raises(UnknownNameError, match="scope of 'ripple_carry' 'full_ader'; did you mean 'full_adder'"):
        lay_out(net, "full_ader")
    assert lay_out(net, "full_adder_2").path[-1][1] == "full_adder_2"
    assert hierarchy(net).node("") == 0


@st.composite
def circuits(draw):
    """A random netlist with scopes, registers, feedback and constants."""
    b = Builder("random")
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 40))
    bits = list(b.input_bus("a", draw(st.integers(1, 5)))) + [b.zero, b.one]
    wires = list(b.wires(draw(st.integers(0, 4))))
    bits += wires
    depth = 0
    scopes = []
    for _ in range(n):
        roll = rng.random()
        if roll < 0.15 and depth < 3:
            scope = b.scope(f"s{rng.integers(3)}")
            scope.__enter__()
            scopes.append(scope)
            depth += 1
        elif roll < 0.3 and scopes:
            scopes.pop().__exit__(None, None, None)
            depth -= 1
        pick = lambda: bits[int(rng.integers(len(bits)))]  # noqa: E731
        kind = rng.integers(5)
        if kind == 0:
            bits.append(b.flip_flop(pick(), enable=pick() if rng.random() < 0.5 else None))
        elif kind == 1:
            bits.append(~pick())
        elif kind == 2:
            bits.append(b.gate("MUX", pick(), pick(), pick()))
        elif kind == 3:
            bits.append(b.nand(pick(), pick(), pick(), pick()))
        else:
            bits.append(pick() ^ pick())
    for w in wires:
        b.drive(w, b.flip_flop(bits[int(rng.integers(len(bits)))]))
    while scopes:
        scopes.pop().__exit__(None, None, None)
    b.output("y", [bits[int(rng.integers(len(bits)))] for _ in range(draw(st.integers(1, 4)))])
    return b.freeze()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 2))
def test_random_netlists(net, depth):
    for sheet in all_sheets(net):
        check_sheet(sheet)
    check_sheet(lay_out(net, depth=depth))


def same(a: Sheet, b: Sheet) -> bool:
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in a.__dataclass_fields__)


def test_same_input_same_drawing(shared_data):
    path = shared_data / "iscas85" / "c432.bench"
    assert same(lay_out(read(path)), lay_out(read(path)))


@pytest.mark.parametrize("name", ["c7552", "c6288"])
def test_a_large_netlist_opens_grouped(shared_data, name):
    net = read(shared_data / "iscas85" / f"{name}.bench")
    tree = hierarchy(net)
    shown: list[int] = []
    for sheet in all_sheets(net):
        check_sheet(sheet)
        boxes = list(map(sheet.box, range(sheet.n_boxes)))
        assert sum(b.kind < Kind.INPUT for b in boxes) <= 600
        shown += [b.item for b in boxes if b.kind == Kind.GATE]
        for b in boxes:
            if b.kind == Kind.GROUP and b.label.startswith("group"):
                assert 50 <= tree.size[b.item] <= 200
    assert len(shown) == len(set(shown)) == net.n_gates


def test_equal_structures_are_arranged_once(monkeypatch):
    from gatesim.viewer import layout

    arranged = []
    monkeypatch.setattr(layout, "arrange", lambda inside, real=layout.arrange: arranged.append(inside) or real(inside))
    net = build(array_multiplier, a=8, b=8)
    sheets = list(all_sheets(net))
    assert len(sheets) == 64 and len(arranged) < 32
    one, two = (lay_out(net, f"ripple_carry_{k}/full_adder_3") for k in (2, 3))
    assert np.array_equal(one.box_rect[one.box_kind < Kind.INPUT], two.box_rect[two.box_kind < Kind.INPUT])
    assert not np.array_equal(one.box_item, two.box_item)
    for sheet in sheets:
        check_sheet(sheet)


def test_pins_change_places_but_a_bus_keeps_its_order():
    b = Builder("swapped")
    x, y, z = b.input("x"), b.input("y"), b.input("z")
    low, high = x & y, z | y
    with b.scope("inner"):
        inverted = [~high, ~low, high ^ low]
    b.output("p", inverted)
    b.output("q", b.gate("ANDNOT", high, low))
    net = b.freeze()
    sheet = lay_out(net)
    check_sheet(sheet)
    for i in range(sheet.n_boxes):
        if sheet.box(i).kind == Kind.GATE:
            ins = [p for p in np.flatnonzero(sheet.pin_box == i) if not sheet.pin_is_output[p]]
            for p in ins:  # whatever its place, a pin still says which of the gate's pins it is
                assert sheet.pin(int(p)).nets == (int(net.fanin_of(sheet.box(i).item)[sheet.pin_slot[p]]),)
    inner = sheet.pins_of([sheet.box(i).label for i in range(sheet.n_boxes)].index("inner"))
    assert [p.label for p in inner if p.is_output] == sorted(p.label for p in inner if p.is_output)


def test_a_tall_layer_is_cut_into_columns():
    b = Builder("registers")
    d, on = b.input("d"), b.input("on")
    bits = [b.flip_flop(d, enable=on) for _ in range(48)]
    while len(bits) > 1:
        bits = [*(x ^ y for x, y in zip(bits[::2], bits[1::2], strict=False)), *bits[len(bits) & ~1 :]]
    b.output("parity", bits[0])
    sheet = lay_out(b.freeze())
    check_sheet(sheet)
    registers = sheet.box_rect[sheet.box_kind == Kind.REGISTER]
    assert len(np.unique(registers[:, 0])) > 1
    assert sheet.height < 1.5 * sheet.width
