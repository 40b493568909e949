"""The XML of Digital's ``.dig`` files: elements with attributes and positions, and wires."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ..errors import ParseError

MAX_ELEMENTS = 200_000
"""Elements and wires of one drawing, at most."""

MAX_BITS = 64
"""Bits of the widest bus of a drawing (Digital's own limit)."""

MAX_WORDS = 1 << 24
"""Words of the largest memory of a drawing (Digital's own limit)."""

MAX_FILE = 1 << 26
"""Bytes of one drawing, or of the contents of a memory, at most."""

Point = tuple[int, int]


@dataclass(slots=True)
class Element:
    """One element of a drawing.

    Attributes
    ----------
    kind : str
        Digital's element name; that of a sub-circuit is its file name.
    attributes : dict
        By Digital's key: str, int, bool, list of str (inverted pins), ``{"pins": ...}`` for a shape.
    x, y : int
        Position of its anchor; rotation and mirroring are attributes.
    source : str
        The file it stands in.
    """

    kind: str
    attributes: dict[str, object]
    x: int
    y: int
    source: str

    @property
    def label(self) -> str:
        """Its label, without blanks around it."""
        return str(self.attributes.get("Label", "")).strip()

    def fail(self, message: str) -> ParseError:
        """The error to raise about this element: says which it is and where it stands."""
        name = f" {self.label!r}" if self.label else ""
        return ParseError(f"{self.kind}{name} at ({self.x}, {self.y}): {message}", source=self.source)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """An integer attribute within bounds."""
        value = self.attributes.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(f"attribute {key!r} is {str(value)[:40]!r}; a number from {low} to {high} is expected")
        if not low <= value <= high:
            shown = str(value) if abs(value) < 10**18 else "a huge number"
            raise self.fail(f"attribute {key!r} is {shown}; {low} to {high} are possible")
        return value

    def bits(self, key: str = "Bits", default: int = 1) -> int:
        """A width in bits."""
        return self.number(key, default, 1, MAX_BITS)

    def flag(self, key: str, default: bool = False) -> bool:
        """A true-or-false attribute."""
        return self.attributes.get(key, default) in (True, "true")

    def text(self, key: str, default: str = "") -> str:
        """A text attribute."""
        return str(self.attributes.get(key, default))

    def inverted(self) -> frozenset[str]:
        """Names of the input pins that carry an inverter."""
        value = self.attributes.get("inverterConfig", ())
        return frozenset(map(str, value)) if isinstance(value, (list, tuple)) else frozenset()


@dataclass(slots=True)
class Drawing:
    """A whole file: attributes of its own, elements, wires."""

    source: str
    attributes: dict[str, object] = field(default_factory=dict)
    elements: list[Element] = field(default_factory=list)
    wires: list[tuple[Point, Point]] = field(default_factory=list)


def parse_xml(text: str, source: str) -> Drawing:
    """Read the XML of a drawing.

    Raises
    ------
    ParseError
        Not XML, not a drawing of Digital's, or one that is too large; document types and entities are
        refused, since they can make a small file swell without bound.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ParseError("a drawing has no document type and no entities: this file is not read", source=source)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as exc:
        line, column = exc.position
        raise ParseError(f"this is no XML: {exc.msg}", source=source, line=line, column=column + 1) from None
    except (ValueError, RecursionError) as exc:
        raise ParseError(f"this is no XML: {exc}", source=source) from None
    if root.tag != "circuit":
        raise ParseError(
            f"the outermost element is <{root.tag[:40]}>; a drawing of Digital has <circuit>", source=source
        )
    reader = _Reader(root, source)
    return reader.drawing()


class _Reader:
    def __init__(self, root: ElementTree.Element, source: str) -> None:
        self.root, self.source = root, source
        self._parent: dict[ElementTree.Element, ElementTree.Element] | None = None

    def drawing(self) -> Drawing:
        found = Drawing(self.source)
        attributes = self.root.find("attributes")
        if attributes is not None:
            found.attributes = self._attributes(attributes)
        for node in self._limited(self.root.iterfind("visualElements/visualElement"), "elements"):
            found.elements.append(self._element(node))
        for node in self._limited(self.root.iterfind("wires/wire"), "wires"):
            found.wires.append((self._point(node, "p1"), self._point(node, "p2")))
        return found

    def _limited(self, nodes: Iterator[ElementTree.Element], what: str) -> Iterator[ElementTree.Element]:
        for count, node in enumerate(nodes):
            if count >= MAX_ELEMENTS:
                raise ParseError(f"the drawing has more than {MAX_ELEMENTS} {what}", source=self.source)
            yield node

    def _element(self, node: ElementTree.Element) -> Element:
        kind = (node.findtext("elementName") or "").strip()
        if not kind:
            raise ParseError("a <visualElement> has no <elementName>", source=self.source)
        x, y = self._point(node, "pos")
        attributes = node.find("elementAttributes")
        return Element(kind, self._attributes(attributes) if attributes is not None else {}, x, y, self.source)

    def _point(self, node: ElementTree.Element, tag: str) -> Point:
        found = self._resolved(node.find(tag))
        if found is None:
            raise ParseError(f"a <{node.tag}> has no <{tag}>", source=self.source)
        return self._integer(found.get("x"), tag), self._integer(found.get("y"), tag)

    def _integer(self, text: str | None, what: str) -> int:
        text = (text or "").strip()
        if not re.fullmatch(r"-?\d{1,20}", text):
            raise ParseError(f"<{what}> holds {text[:40]!r} where a number is expected", source=self.source)
        return int(text)

    def _attributes(self, node: ElementTree.Element) -> dict[str, object]:
        found: dict[str, object] = {}
        for entry in node.iterfind("entry"):
            children = list(entry)
            if len(children) == 2 and children[0].tag == "string":
                found[children[0].text or ""] = self._value(children[1])
        return found

    def _resolved(self, node: ElementTree.Element | None) -> ElementTree.Element | None:
        """The element that `node` is, or that it refers to by a path (as XStream writes repeats)."""
        for _ in range(8):
            path = None if node is None else node.get("reference")
            if node is None or path is None:
                return node
            node = self._follow(node, path)
        raise ParseError("a reference leads to a reference, again and again", source=self.source)

    def _follow(self, node: ElementTree.Element, path: str) -> ElementTree.Element | None:
        if self._parent is None:
            self._parent = {child: parent for parent in self.root.iter() for child in parent}
        at: ElementTree.Element | None = node
        for step in path.split("/"):
            if at is None:
                return None
            if step == "..":
                at = self._parent.get(at)
                continue
            match = re.fullmatch(r"([\w.$-]+)(?:\[(\d{1,9})\])?", step)
            if match is None:
                raise ParseError(f"cannot follow the reference {path[:60]!r}", source=self.source)
            same = [child for child in at if child.tag == match[1]]
            index = int(match[2] or 1) - 1
            at = same[index] if 0 <= index < len(same) else None
        return at

    def _value(self, given: ElementTree.Element) -> object:
        node = self._resolved(given)
        if node is None:
            raise ParseError(f"the reference {given.get('reference', '')[:60]!r} leads nowhere", source=self.source)
        text = node.text or ""
        match node.tag:
            case "int" | "long" | "short" | "byte":
                return self._integer(text, node.tag)
            case "boolean":
                return text.strip() == "true"
            case "rotation":
                return self._integer(node.get("rotation"), "rotation")
            case "inverterConfig":
                return [child.text or "" for child in node.iter("string")]
            case "testData":
                return node.findtext("dataString") or ""
            case "value":
                if node.get("z") == "true":
                    return "Z"
                return self._integer(node.get("v"), "value")
            case "shape":
                return {"pins": self._shape_pins(node)}
            case "data":
                return (
                    text
                    if not len(node)
                    else ",".join(f"{self._integer(c.text, 'data') & ~0:x}" for c in list(node)[1:])
                )
            case "storedRoms":
                return {"roms": self._roms(node, "data")}
            case "romList":
                return {"files": self._roms(node, "romFile/romFile")}
        return text

    def _shape_pins(self, node: ElementTree.Element) -> dict[str, Point]:
        pins: dict[str, Point] = {}
        for entry in node.iterfind("pins/entry"):
            name, pin = entry.findtext("string"), entry.find("pin")
            if name is not None and pin is not None:
                pins[name] = self._point(pin, "pos")
        return pins

    def _roms(self, node: ElementTree.Element, tag: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in node.iter("entry"):
            name, data = entry.findtext("string"), entry.find(tag)
            if name is not None and data is not None:
                found[name] = data.text or ""
        return found


def words_of(element: Element, data: object, depth: int, width: int) -> list[int]:
    """Memory contents from Digital's text: hexadecimal words, ``3*ff`` for repeats; or from a list."""
    mask, words = (1 << width) - 1, []
    if isinstance(data, list):
        return [v & mask for v in data[:depth] if isinstance(v, int)]
    for part in map(str.strip, str(data).split(",")):
        if not part:
            continue
        match = re.fullmatch(r"(?:(\d{1,9})\*)?(-?[0-9a-fA-F]{1,16})", part)
        if match is None:
            raise element.fail(
                f"cannot read {part[:30]!r} in its data: hexadecimal words separated by commas are expected"
            )
        repeat = int(match[1] or 1)
        if len(words) + repeat > max(depth, 1) and len(words) >= depth:
            break
        words.extend([int(match[2], 16) & mask] * min(repeat, depth - len(words)))
    return words[:depth]
