"""Drawings of Digital's, made in tests."""

from __future__ import annotations

from xml.sax.saxutils import escape

from gatesim.formats.dig_pins import PINS, placed
from gatesim.formats.dig_xml import Element


def value_xml(value: object) -> str:
    if isinstance(value, bool):
        return f"<boolean>{str(value).lower()}</boolean>"
    if isinstance(value, int):
        return f"<int>{value}</int>"
    if isinstance(value, list):
        return "<inverterConfig>" + "".join(f"<string>{v}</string>" for v in value) + "</inverterConfig>"
    return f"<string>{escape(str(value))}</string>"


def element_xml(kind: str, x: int, y: int, **attributes: object) -> str:
    entries = []
    for key, value in attributes.items():
        name = key.replace("_", " ")
        if name == "rotation":
            body = f'<rotation rotation="{value}"/>'
        elif name == "Testdata":
            body = f"<testData><dataString>{escape(str(value))}</dataString></testData>"
        elif name == "Data":
            body = f"<data>{value}</data>"
        else:
            body = value_xml(value)
        entries.append(f"<entry><string>{name}</string>{body}</entry>")
    return (
        f"<visualElement><elementName>{kind}</elementName><elementAttributes>{''.join(entries)}</elementAttributes>"
        f'<pos x="{x}" y="{y}"/></visualElement>'
    )


def drawing(*elements: str, wires: str = "", attributes: str = "") -> str:
    return (
        f"<?xml version='1.0'?><circuit><version>1</version><attributes>{attributes}</attributes>"
        f"<visualElements>{''.join(elements)}</visualElements><wires>{wires}</wires></circuit>"
    )


def wire(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<wire><p1 x="{x1}" y="{y1}"/><p2 x="{x2}" y="{y2}"/></wire>'


def around(kind: str, *, test: str = "", **attributes: object) -> str:
    """A drawing of one element, an input or output on each of its pins, named like the pin."""
    e = Element(kind, {k.replace("_", " "): v for k, v in attributes.items()}, 400, 400, "test")
    parts = [element_xml(kind, 400, 400, **attributes)]
    for pin in PINS[kind](e):
        x, y = placed(e, pin.at)
        parts.append(element_xml("Out" if pin.drives else "In", x, y, Label=pin.name, Bits=pin.width))
    if test:
        parts.append(element_xml("Testcase", 0, 0, Label="case", Testdata=test))
    return drawing(*parts)


def case(text: str, kind: str = "Add", **attributes: object) -> str:
    return around(kind, test=text, **(attributes or {"Bits": 4}))
