"""Generic drawings made concrete: the code of their elements is carried out on arguments."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ..errors import ParseError
from .dig_generic_code import run_code
from .dig_pins import GRID
from .dig_xml import MAX_ELEMENTS, MAX_FILE, MAX_WORDS, Drawing, Element


def load_hex(element: Element, name: str) -> list[int]:
    """Words of a file beside the drawing, in the form ``v2.0 raw``: hexadecimal words, ``3*ff`` for repeats."""
    path = Path(element.source).parent / name.replace("\\", "/").rsplit("/", 1)[-1]
    if element.source.startswith("<") or not path.is_file():
        raise element.fail(f"it loads the file {name[:60]!r}, which is not beside the drawing")
    if path.stat().st_size > MAX_FILE:
        raise element.fail(f"{path.name} is longer than {MAX_FILE} bytes")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != "v2.0 raw":
        raise element.fail(f"{path.name} does not begin with 'v2.0 raw': no other form of contents is read")
    words: list[int] = []
    for number, line in enumerate(lines[1:], 2):
        for part in line.partition("#")[0].split():
            match = re.fullmatch(r"(?:(\d{1,8})\*)?(?:0x)?([0-9a-fA-F]{1,16})", part)
            count = min(int(match[1] or 1), MAX_WORDS) if match else 0
            if match is None or len(words) + count > MAX_WORDS:
                raise element.fail(f"{path.name}:{number}: cannot read {part[:30]!r}, a hexadecimal word is expected")
            words += [int(match[2], 16)] * count
    return words


def is_generic(drawing: Drawing) -> bool:
    """Whether the drawing has parameters."""
    return drawing.attributes.get("isGeneric") is True


def initial_arguments(drawing: Drawing) -> dict[str, object]:
    """Arguments that a generic drawing gives itself (its element GenericInitCode)."""
    inits = [e for e in drawing.elements if e.kind == "GenericInitCode" and e.flag("enabled", True)]
    if len(inits) != 1:
        raise ParseError(
            f"this generic drawing has {len(inits)} enabled GenericInitCode elements; one must give its arguments",
            source=drawing.source,
        )
    return arguments_of(inits[0], inits[0].text("generic"))


def arguments_of(element: Element, code: str) -> dict[str, object]:
    """The variables that a piece of code of `element` declares."""
    return run_code(code, {}, element.fail)


def concrete(drawing: Drawing, args: dict[str, object] | None) -> Drawing:
    """The drawing with the code of its generic elements carried out on `args`."""
    if not is_generic(drawing):
        return drawing
    settings = dict(drawing.attributes)
    made = Drawing(drawing.source, settings, [], list(drawing.wires))
    shared: dict[str, object] = {}
    given = dict(args or {})
    added: list[Element] = []

    def add_wire(x1: int, y1: int, x2: int, y2: int) -> None:
        if len(made.wires) >= MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_ELEMENTS} wires")
        made.wires.append(((x1 * GRID, y1 * GRID), (x2 * GRID, y2 * GRID)))

    def add_component(name: str, x: int, y: int) -> dict[str, object]:
        if len(added) >= MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_ELEMENTS} elements")
        element = Element(str(name), {}, int(x) * GRID, int(y) * GRID, drawing.source)
        added.append(element)
        if not str(name).endswith(".dig"):
            return element.attributes
        handed: dict[str, object] = {"this": element.attributes, "args": given}
        element.attributes[_ARGUMENTS] = handed
        return handed

    for element in sorted(drawing.elements, key=lambda e: e.kind != "GenericCode"):
        copy = replace(element, attributes=dict(element.attributes))
        made.elements.append(copy)
        code = element.text("generic").strip()
        if not code or element.kind in ("GenericInitCode", "Testcase"):
            continue
        names: dict[str, object] = {
            "loadHex": lambda name, *more, element=element: load_hex(element, str(name)),
            "args": given, "global": shared, "settings": settings, "addWire": add_wire, "addComponent": add_component,
        }  # fmt: skip
        if element.kind.endswith(".dig"):
            names["setCircuit"] = lambda name, copy=copy: setattr(copy, "kind", str(name))
            left = run_code(code, names, element.fail)
            copy.attributes[_ARGUMENTS] = {**given, **{k: v for k, v in left.items() if k not in names}}
        else:
            run_code(code, {**names, "this": copy.attributes}, element.fail)
    made.elements += added
    return made


_ARGUMENTS = "\0arguments"  # no file can hold such a key


def handed_down(element: Element) -> dict[str, object]:
    """The arguments that an element gives to the generic sub-circuit that it is."""
    handed = element.attributes.get(_ARGUMENTS)
    if isinstance(handed, dict):
        outer = handed.get("args")
        own = {k: v for k, v in handed.items() if k not in ("this", "args")}
        return {**(outer if isinstance(outer, dict) else {}), **own}
    return arguments_of(element, element.text("generic"))
