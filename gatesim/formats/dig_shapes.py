"""Where the pins of a sub-circuit lie: the box, the chip, the layout, the small copy, or a shape of its own."""

from __future__ import annotations

from .dig_pins import GRID, Pin, driver, reader
from .dig_pins import box as box_pins
from .dig_xml import Drawing, Element


def shape_of(element: Element, inner: Drawing) -> list[Pin]:
    """The pins of a sub-circuit's box: each input and output of its drawing, by label."""
    inputs = [e for e in inner.elements if e.kind in ("In", "Clock")]
    outputs = [e for e in inner.elements if e.kind == "Out"]
    own = str(inner.attributes.get("shapeType", "DEFAULT"))
    chosen = element.text("shapeType", "DEFAULT")
    kind = chosen if chosen != "DEFAULT" else own
    width = _size(element, inner, "Width")
    if kind == "DIL":
        return _dual_in_line(element, inner, [*inputs, *outputs], width + 1)
    if kind == "LAYOUT":
        return _layout(element, inner, inputs, outputs, width)
    if kind == "MINIMIZED":
        return _minimized(inputs, outputs)
    if kind == "CUSTOM":
        shape = inner.attributes.get("customShape")
        pins = shape.get("pins") if isinstance(shape, dict) else None
        if isinstance(pins, dict) and pins:
            return [
                Pin(e.label, pins[e.label], e.kind != "Out", e.kind == "Out", 0)
                for e in [*inputs, *outputs] if e.label in pins
            ]  # fmt: skip
    return box_pins([(e.label, 0) for e in inputs], [(e.label, 0) for e in outputs], width=width)


def _size(element: Element, inner: Drawing, key: str) -> int:
    value = inner.attributes.get(key, 3)
    if not isinstance(value, int) or not 1 <= value <= 10_000:
        raise element.fail(f"its drawing has the {key.lower()} {str(value)[:20]!r}")
    return value


def _dual_in_line(element: Element, inner: Drawing, ends: list[Element], width: int) -> list[Pin]:
    count = inner.attributes.get("pinCount", 0)
    count = count if isinstance(count, int) and 0 <= count <= 10_000 else 0
    number_of: dict[int, Element] = {}
    rest = []
    for e in ends:
        text = e.text("pinNumber").strip()
        number = int(text) if text.isdigit() and len(text) < 5 else 0
        if number == 0 or number in number_of:
            rest.append(e)
        else:
            number_of[number] = e
            count = max(count, number)
    number = 1
    for e in rest:
        while number in number_of:
            number += 1
        number_of[number] = e
    count = max(count, number if rest else 0)
    count += count & 1
    found = []
    for number, e in number_of.items():
        left = number <= count // 2
        x, y = (0, 2 * (number - 1)) if left else (width, 2 * (count - number))
        found.append((reader if e.kind != "Out" else driver)(e.label, x, y, 0))
    return found


def _layout(element: Element, inner: Drawing, inputs: list[Element], outputs: list[Element], width: int) -> list[Pin]:
    """Pins on the side that each input's and output's direction in the drawing shows, in their order there."""
    sides: dict[str, list[Element]] = {"left": [], "right": [], "top": [], "bottom": []}
    for e in inputs:
        sides[("left", "bottom", "right", "top")[e.number("rotation", 0, 0, 3)]].append(e)
    for e in outputs:
        sides[("right", "top", "left", "bottom")[e.number("rotation", 0, 0, 3)]].append(e)
    height = max(_size(element, inner, "Height"), len(sides["left"]) + 1, len(sides["right"]) + 1)
    width = max(width, len(sides["top"]) + 1, len(sides["bottom"]) + 1)
    found = []
    for side, members in sides.items():
        across = side in ("top", "bottom")
        length = width if across else height
        step = (length + 2) // (len(members) + 1) if members else 0
        start = (length - step * (len(members) - 1)) // 2
        for i, e in enumerate(sorted(members, key=lambda m: m.x if across else m.y)):
            along = start + i * step
            x, y = {"left": (0, along), "right": (width, along), "top": (along, 0), "bottom": (along, height)}[side]
            found.append((reader if e.kind != "Out" else driver)(e.label, x, y, 0))
    return found


def _minimized(inputs: list[Element], outputs: list[Element]) -> list[Pin]:
    ends = [*inputs, *outputs]
    left, top = min((e.x for e in ends), default=0), min((e.y for e in ends), default=0)

    def grid(distance: int) -> int:
        return int(distance / 2 / GRID + 0.5)

    return [
        (reader if e.kind != "Out" else driver)(e.label, grid(e.x - left), grid(e.y - top), 0) for e in ends
    ]  # fmt: skip
