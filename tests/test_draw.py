"""Pictures: shapes, themes, SVG, PNG, the command line."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest

from circuits.adders import full_adder, ripple_carry
from gatesim import GATES, Builder, build, simulate
from gatesim.errors import GatesimError, UnknownNameError, ValueFitError
from gatesim.viewer.draw import draw, net_values, save
from gatesim.viewer.layout import lay_out
from gatesim.viewer.picture import picture, value_text
from gatesim.viewer.shapes import OUTPUT_PIN, Style, flattened, gate_shape
from gatesim.viewer.svg import svg
from gatesim.viewer.themes import DARK, LIGHT, THEMES, theme

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("gate", [g for g in GATES if g.kind in ("logic", "tristate")], ids=lambda g: g.name)
def test_shape_stays_in_its_box_and_leads_reach_the_pins(gate, style):
    height = 8 * max(4, 2 * len(gate.pins))
    rows = tuple(height // 2 + 16 * k - 8 * (len(gate.pins) - 1) for k in range(len(gate.pins)))
    shape = gate_shape(gate.op, style, 48, height, rows)
    points = np.array([p for s in shape.strokes for line in flattened(s.path) for p in line])
    assert (points >= -0.01).all() and (points <= [48.01, height + 0.01]).all()
    leads = {s.pin: flattened(s.path)[0] for s in shape.strokes if s.pin >= OUTPUT_PIN}
    assert leads[OUTPUT_PIN][-1] == (48, height / 2)
    assert {k: v[0] for k, v in leads.items() if k >= 0} == {k: (0, y) for k, y in enumerate(rows)}
    assert any(s.is_body for s in shape.strokes)


def test_no_two_gates_of_one_arity_look_alike():
    for style in Style:
        seen: dict[object, str] = {}
        for gate in [g for g in GATES if g.kind == "logic"]:
            rows = tuple(8 + 16 * k for k in range(len(gate.pins)))
            shape = gate_shape(gate.op, style, 48, 64, rows)
            assert shape not in seen, f"{gate.name} looks like {seen[shape]}"
            seen[shape] = gate.name


@pytest.mark.parametrize("look", THEMES, ids=lambda t: t.name)
def test_values_differ_in_more_than_colour(look):
    inks = [look.value_ink(v) for v in range(4)]
    for a, b in combinations(inks, 2):
        assert a.dash != b.dash or abs(a.width - b.width) >= 0.9, (a, b)


@pytest.mark.parametrize("look", THEMES, ids=lambda t: t.name)
def test_text_has_contrast(look):
    """At least 4.5 : 1 (WCAG 2.1, 1.4.3) on everything that words stand on; wires 3 : 1 unless pale by design."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(a: str, b: str) -> float:
        low, high = sorted((luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)

    for ground in (look.background, look.body, look.flag, look.box, look.box_head):
        assert contrast(look.text, ground) >= 4.5, ground


def test_unknown_theme():
    assert theme("colour_blind").name == "colour-blind"
    with pytest.raises(UnknownNameError, match="unknown theme 'drak'; did you mean 'dark'"):
        theme("drak")


def test_svg_is_well_formed_and_names_everything():
    net = build(ripple_carry, a=4, b=4)
    text = svg(draw(net, values={"a": 3, "b": 5}))
    root = ET.fromstring(text)
    words = [t.text for t in root.iter(f"{SVG}text")]
    assert root.find(f"{SVG}title").text == "ripple_carry"  # type: ignore[union-attr]
    assert {"full_adder", "full_adder_3", "a[0]", "sum[3]", "carry"} <= set(words)
    assert text == svg(draw(build(ripple_carry, a=4, b=4), values={"a": 3, "b": 5}))


def test_svg_escapes_names():
    b = Builder("<&>")
    b.output('"y"<', ~b.input("a&b"))
    root = ET.fromstring(svg(draw(b.freeze())))
    assert {'"y"<', "a&b"} <= {t.text for t in root.iter(f"{SVG}text")}


def test_wires_show_the_values_of_the_simulation():
    """Every drawn wire of a full adder, all eight rows, against the sums of integers."""
    net = build(full_adder, cin=1)
    sheet = lay_out(net)
    for row in range(8):
        given = {"a": row & 1, "b": row >> 1 & 1, "cin": row >> 2}
        drawn = picture(net, sheet, LIGHT, Style.ansi, net_values(net, given))
        words = {round(t.y): t.text for t in drawn.texts if t.text in "01"}
        total = sum(given.values())
        for i in range(sheet.n_boxes):
            box = sheet.box(i)
            wanted = {"sum": total & 1, "carry": total >> 1, **given}.get(box.label)
            if wanted is not None:
                assert words[box.y + box.height // 2] == str(wanted)
                wire = int(sheet.pin_wire[sheet.pin_box == i][0])
                assert drawn.marks[wire].stroke == LIGHT.value_ink(wanted).colour


def test_values_of_a_counter_by_cycle():
    b = Builder("counter")
    following = b.wires(3)
    count = b.register(following)
    carry = b.one
    total = []
    for bit in count:
        total.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, total)
    b.output("count", count)
    net = b.freeze()
    for cycle in (1, 4, 8, 9):
        codes = net_values(net, {}, cycle)
        assert sum(int(codes[n]) << i for i, n in enumerate(net.port("count").nets)) == (cycle - 1) % 8
    with pytest.raises(ValueFitError, match="counted from 1"):
        net_values(net, {}, 0)


def test_floating_and_unknown_values():
    b = Builder("bus")
    a, en = b.input("a"), b.input("en")
    b.output("y", b.gate("RESOLVE", b.gate("TRI", a, en), b.gate("TRI", ~a, b.one)))
    net = b.freeze()
    y = net.port("y").nets[0]
    assert net_values(net, {"a": 0, "en": 0})[y] == 1
    assert net_values(net, {"a": 0, "en": 1})[y] == 2
    assert 3 in net_values(net, {"a": 0, "en": 0})
    assert value_text(np.array([2, 3, 1], np.uint8)) == "1ZX"


@pytest.mark.parametrize("look", THEMES, ids=lambda t: t.name)
def test_png_has_ink_where_the_boxes_are(tmp_path, look):
    from matplotlib.image import imread

    drawn = draw(build(full_adder), theme=look, values={"a": 1, "b": 0, "cin": 1})
    save(drawn, tmp_path / "a.png", scale=1)
    save(drawn, tmp_path / "b.png", scale=1)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    pixels = imread(tmp_path / "a.png")[:, :, :3]
    assert pixels.shape == (drawn.height, drawn.width, 3)
    ground = np.array([int(look.background[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    inked = (abs(pixels - ground) > 0.1).any(axis=2)
    sheet = lay_out(build(full_adder))
    for x, y, w, h in sheet.box_rect.tolist():
        assert inked[y : y + h, x : x + w].any()
    assert not inked[:4].any() and not inked[:, :4].any()


def test_pdf_and_refusals(tmp_path):
    drawn = draw(build(full_adder))
    save(drawn, tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(GatesimError, match=r"must end in \.svg, \.png, \.pdf"):
        save(drawn, tmp_path / "a.gif")
    with pytest.raises(GatesimError, match="does not exist"):
        save(drawn, tmp_path / "no" / "a.svg")


def test_command_line(gatesim, tmp_path):
    status, out, _ = gatesim("draw", "adders.ripple_carry[4]", "--values", "a=3,b=5", "-o", "r.svg", "--theme", "dark")
    assert status == 0 and "17 boxes" in out
    assert ET.parse(tmp_path / "r.svg").getroot().find(f"{SVG}rect").get("fill") == DARK.background  # type: ignore[union-attr]
    status, out, _ = gatesim("draw", "adders.ripple_carry[4]", "--scope", "full_adder_1", "--text")
    assert status == 0 and out.count("gate ") == 5
    status, out, _ = gatesim("draw", "adders.ripple_carry[4]", "--flat", "--style", "iec")
    assert status == 0 and (tmp_path / "ripple_carry.svg").exists() and "30 boxes" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scope", "full_ader"], "unknown scope of 'ripple_carry' 'full_ader'; did you mean 'full_adder'?"),
        (["-o", "x.gif"], "cannot write 'x.gif': the name must end in .svg, .png, .pdf"),
        (["-o", "none/x.svg"], "cannot write 'none/x.svg': the folder 'none' does not exist"),
        (["--theme", "drak"], "unknown theme 'drak'; did you mean 'dark'?"),
        (["--style", "ans"], "unknown style 'ans'; did you mean 'ansi'?"),
        (["--values", "a=1"], "no value for input 'b' of 'ripple_carry'"),
        (["--flat", "--depth", "1"], "--flat and --depth exclude each other: choose one"),
    ],
)
def test_bad_input_is_one_line(gatesim, tmp_path, arguments, message):
    status, _, err = gatesim("draw", "adders.ripple_carry[4]", *arguments)
    assert (status, err) == (2, f"gatesim: error: {message}\n")
    assert not list(tmp_path.iterdir())


def test_drawn_values_equal_simulate():
    net = build(ripple_carry, a=4, b=4)
    for a, b in ((3, 5), (15, 1), (9, 9)):
        codes = net_values(net, {"a": a, "b": b})
        seen = sum(int(codes[n]) << i for i, n in enumerate(net.port("sum").nets))
        assert seen == int(simulate(net, a=a, b=b)["sum"])


def test_a_notebook_shows_netlists_and_waveforms():
    from gatesim.engines.timed import TimedEngine
    from gatesim.engines.waves import WaveEngine

    b = Builder("ring")
    run, q = b.input("run"), b.wire("q")
    b.drive(q, b.nand(run, ~~q).named("q"))
    b.output("out", q)
    trace = TimedEngine(b.freeze(), (10, 12)).run({"run": [0, 1]}, period_ps=100, watch=["q"])
    b = Builder("hazard")
    x = b.input("x")
    b.output("z", x & ~x)
    waves = WaveEngine(b.freeze(), (20, 30)).run({"x": [1]}, watch=["z"])
    for thing, name, edges in (
        (trace, "q", len(trace.transitions("q")[0])),
        (waves, "z", len(waves.transitions("z", 0)[0])),
    ):
        root = ET.fromstring(thing._repr_svg_())
        assert name in [t.text for t in root.iter(f"{SVG}text")]
        levels = [p for p in root.iter(f"{SVG}path") if (p.findtext(f"{SVG}title") or "") == name]
        assert edges > 0 and len(levels) == edges + 1
    assert ET.fromstring(build(full_adder)._repr_svg_()).findtext(f"{SVG}title") == "full_adder"
