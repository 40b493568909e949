"""Yosys' JSON netlists (``write_json``), read and written.

Read: hierarchy (flattened, with scopes), Yosys' gates and flip-flops and every library cell known by name,
``$lut``, and ``$mem_v2`` memories with unclocked read ports. Word-level cells are refused: run ``synth``
first. A wire's ``init`` says what its flip-flop powers up to. The one clock is implicit.

Written: gates that Yosys has under its own names, every other one as a ``$lut``; flip-flops with their
enables and resets; memories.

Source: the Yosys manual, commands ``write_json`` and ``read_json``, and its ``simlib.v``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedError, unknown_name
from ..memory import Memory
from ..netlist import Direction, Netlist, Scope
from .cells import Cell, Library, place, place_recipe
from .clock import Clocks, without_clock
from .expansion import MAX_CELLS, check_expansion
from .flat import Flat, resolved
from .json_syntax import Document, Place
from .numbered import NumberedCells
from .ports import MAX_PORT_BITS
from .recipes import recipe
from .yosys_json_write import dump
from .yosys_memory import placed_memory

__all__ = ["SUFFIXES", "dump", "parse"]

SUFFIXES = (".json",)
MAX_LUT_INPUTS = 10


def parse(text: str, source: str = "<text>", library: Library | None = None, top: str | None = None) -> Netlist:
    """The netlist of a JSON text.

    Parameters
    ----------
    text, source : str
    library : Library, optional
        Cells beside those known by name.
    top : str, optional
        The top module; by default the one that Yosys marked, else the first that no other contains.

    Raises
    ------
    ParseError
        With line, column and the path of what is wrong; or all undriven and doubly driven nets.
    """
    return _Reader(Document(text, source), library or Library()).run(top)


class _Reader:
    """One document being read."""

    def __init__(self, document: Document, library: Library) -> None:
        self.document, self.library = document, library
        modules = document.root.need("modules")
        self.modules = dict(modules.items())
        if not self.modules:
            raise modules.fail("there is no module in this file")
        self.cells = NumberedCells()
        self.names: dict[int, str] = {}
        self.scopes: list[Scope] = [Scope("", -1)]
        self.memories: list[Memory] = []
        self.clocks: Clocks[int] = Clocks()
        self.instances = 0

    def run(self, top_name: str | None) -> Netlist:
        types = {name: self._types(module) for name, module in self.modules.items()}
        name = self._top(top_name, types)
        placed = {key: [t for t in used if t in self.modules] for key, used in types.items()}
        own = {key: len(used) + 1 for key, used in types.items()}
        check_expansion(name, placed, own, lambda key, message: self.modules[key].fail(message))
        unit = _Unit(self, name, "")
        inputs: list[tuple[str, int, int]] = []
        outputs: list[tuple[str, int, int]] = []
        ports: list[tuple[str, Direction, int]] = []
        for port, direction, nets in unit.ports():
            if not nets or len(nets) > MAX_PORT_BITS:
                raise unit.place.fail(f"port {port!r} has {len(nets)} bits; 1 to {MAX_PORT_BITS:,} are read")
            bits = inputs if direction == "input" else outputs
            bits += [(port if len(nets) == 1 else f"{port}[{i}]", net, 0) for i, net in enumerate(nets)]
            ports.append((port, direction, len(nets)))
        unit.elaborate()
        flat = Flat(
            name, self.document.source, self.cells.n_nets, self.cells.arrays(), inputs, outputs,
            tuple(self.scopes), self.cells.places.astype(np.int32), ports, self.memories,
        )  # fmt: skip

        def given(nets: np.ndarray) -> list[str | None]:
            return [self.names.get(net) for net in nets.tolist()]

        def label(net: int) -> str:
            return self.names.get(net, f"constant {net}" if net < 2 else "(a net without a name)")

        net = resolved(flat, label, given)
        clock = self.clocks.root(self.cells.aliases(), label)
        return without_clock(net, {port for port, k, _ in inputs if k == clock})

    def _types(self, module: Place) -> list[str]:
        """Types of the cells of a module."""
        cells = module.get("cells")
        return [c.need("type").texts() for _, c in cells.items()] if cells is not None else []

    def _top(self, wanted: str | None, types: dict[str, list[str]]) -> str:
        if wanted is not None:
            if wanted not in self.modules:
                raise self.document.root.fail(str(unknown_name("module", wanted, self.modules)))
            return wanted
        for name, module in self.modules.items():
            attributes = module.get("attributes")
            mark = attributes.get("top") if attributes else None
            if mark is not None and str(mark.value).strip("0"):
                return name
        used = {t for listed in types.values() for t in listed}
        tops = [name for name in self.modules if name not in used]
        if not tops:
            raise self.document.root.fail("the modules contain each other in a circle: there is no top module")
        return tops[0]

    def count(self, place: Place) -> None:
        """Note one more instance; refuse a file that stands for too much."""
        self.instances += 1
        if self.instances + len(self.cells) > MAX_CELLS:
            raise place.fail(f"the design expands to more than {MAX_CELLS:,} cells and instances")


class _Unit:
    """One instance of a module."""

    def __init__(self, reader: _Reader, name: str, path: str) -> None:
        self.reader, self.place, self.path = reader, reader.modules[name], path
        self.net_of: dict[int, int] = {}
        self.init: dict[int, int] = {}
        self._read_names()

    def nets(self, bits: Place, *, driven: bool = False) -> list[int]:
        """The nets of an array of bits."""
        found = []
        for bit in bits.elements():
            if isinstance(bit, int) and not isinstance(bit, bool):
                net = self.net_of.get(bit)
                if net is None:
                    net = self.net_of[bit] = self.reader.cells.inner()
                found.append(net)
            elif bit in ("0", "1") and not driven:
                found.append(int(bit))
            elif bit in ("x", "z") and not driven:
                raise bits.fail(f"a bit is {bit!r}: two-valued netlists need 0 and 1 (Yosys: setundef -zero)")
            else:
                raise bits.fail(f"expected the number of a net{'' if driven else ', 0 or 1'}, found {str(bit)[:40]!r}")
        return found

    def _read_names(self) -> None:
        listed = self.place.get("netnames")
        if listed is None:
            return
        hidden: list[tuple[str, Place]] = []
        for name, net in listed.items():
            mark = net.get("hide_name")
            if mark is not None and mark.value == 1:
                hidden.append((name, net))
            else:
                self._name(name, net)
        for name, net in hidden:
            self._name(name, net)

    def _name(self, name: str, net: Place) -> None:
        bits = net.need("bits")
        elements = bits.elements()
        attributes = net.get("attributes")
        init = attributes.get("init") if attributes else None
        values = init.texts()[::-1] if init is not None and isinstance(init.value, str) else ""
        for i, bit in enumerate(elements):
            if not isinstance(bit, int) or isinstance(bit, bool):
                continue
            (own,) = self.nets(Place([bit], bits.path, bits.document))
            self.reader.names.setdefault(own, f"{self.path}{name}" + (f"[{i}]" if len(elements) > 1 else ""))
            if i < len(values) and values[i] in "01":
                self.init[own] = int(values[i])

    def ports(self) -> list[tuple[str, Direction, list[int]]]:
        """Name, direction and nets of every port."""
        found: list[tuple[str, Direction, list[int]]] = []
        listed = self.place.get("ports")
        for name, port in listed.items() if listed is not None else ():
            direction = port.need("direction").texts()
            if direction == "inout":
                raise port.fail("inout ports are not supported: split them into an input and an output")
            if direction not in ("input", "output"):
                raise port.fail(f"expected the direction input or output, found {direction!r}")
            nets = self.nets(port.need("bits"), driven=direction == "input")
            found.append((name, "input" if direction == "input" else "output", nets))
        return found

    # -- cells -------------------------------------------------------------------------------

    def elaborate(self) -> None:
        """Add everything that the module holds."""
        listed = self.place.get("cells")
        for name, cell in listed.items() if listed is not None else ():
            self.reader.count(cell)
            kind = cell.need("type").texts()
            connections = cell.need("connections")
            if kind in self.reader.modules:
                self._child(name, kind, cell, connections)
            elif kind == "$lut":
                self._lut(cell, connections)
            elif kind in ("$mem_v2", "$mem"):
                self._memory(name, kind, cell, connections)
            elif kind in ("$scopeinfo", "$specify2", "$specify3", "$specrule"):
                continue  # no logic
            else:
                self._library_cell(kind, cell, connections)

    def _child(self, name: str, kind: str, cell: Place, connections: Place) -> None:
        reader = self.reader
        child = _Unit(reader, kind, f"{self.path}{name}.")
        outer = reader.cells.place
        reader.scopes.append(Scope(name, outer, kind))
        reader.cells.place = len(reader.scopes) - 1
        ports = {port: (direction, nets) for port, direction, nets in child.ports()}
        for port, _ in connections.items():
            if port not in ports:
                raise cell.fail(str(unknown_name(f"port of module {kind}", port, ports)))
        for port, (direction, inside) in ports.items():
            bits = connections.get(port)
            if bits is None or not bits.elements():
                if direction == "input":
                    raise cell.fail(f"input {port!r} of module {kind!r} is not connected")
                continue
            if len(bits.elements()) != len(inside):
                raise bits.fail(
                    f"port {port!r} of {kind!r} has {len(inside)} bits; {len(bits.elements())} are connected"
                )
            outside = self.nets(bits, driven=direction == "output")
            pairs = zip(inside, outside, strict=True) if direction == "input" else zip(outside, inside, strict=True)
            for target, driver in pairs:
                reader.cells.alias(target, driver, 0)
        child.elaborate()
        reader.cells.place = outer

    def _lut(self, cell: Place, connections: Place) -> None:
        parameters = cell.need("parameters")
        inputs = self.nets(connections.need("A"))
        outputs = self.nets(connections.need("Y"), driven=True)
        if len(outputs) != 1 or not 1 <= len(inputs) <= MAX_LUT_INPUTS:
            raise cell.fail(f"a $lut has 1 to {MAX_LUT_INPUTS} inputs and one output")
        table = number(parameters.need("LUT"))
        if table >> (1 << len(inputs)):
            raise cell.fail(f"the table of this $lut is too long for {len(inputs)} inputs")
        place_recipe(self.reader.cells, recipe(table, len(inputs)), outputs[0], inputs, 0)

    def _memory(self, name: str, kind: str, cell: Place, connections: Place) -> None:
        if kind == "$mem":
            raise cell.fail("this memory is of an older Yosys: write the file again with one that has $mem_v2")
        memories, clocks = placed_memory(self.reader.cells, f"{self.path}{name}", cell, connections, self.nets)
        self.reader.memories += memories
        for net, rising in clocks:
            self.reader.clocks.add(net, rising, cell.fail)

    def _library_cell(self, kind: str, cell: Place, connections: Place) -> None:
        reader = self.reader
        try:
            found = reader.library.find(kind)
        except UnsupportedError as exc:
            raise cell.fail(str(exc)) from None
        if found is None:
            if kind.startswith("$"):
                raise cell.fail(f"cell type {kind!r} is not gates: run Yosys' synth (or simplemap) before write_json")
            raise cell.fail(str(unknown_name("module or cell type", kind, reader.modules)))
        if found.outputs:
            self._place(found, cell, connections)

    def _place(self, found: Cell, cell: Place, connections: Place) -> None:
        known = {*found.inputs, *found.outputs}
        pins: dict[str, int] = {}
        driven: dict[str, int] = {}
        for pin, bits in connections.items():
            if pin not in known:
                raise cell.fail(str(unknown_name(f"pin of {found.name}", pin, sorted(known))))
            if not bits.elements():
                continue
            nets = self.nets(bits, driven=pin in found.outputs)
            if len(nets) != 1:
                raise bits.fail(f"pin {pin!r} of {found.name} is one bit wide; {len(nets)} are connected")
            (driven if pin in found.outputs else pins)[pin] = nets[0]
        for pin in found.inputs:
            if pin not in pins:
                raise cell.fail(f"pin {pin!r} of {found.name} is not connected")
        init = None
        if found.clock:
            self.reader.clocks.add(pins[found.clock], found.rising, cell.fail)
            init = next((self.init[k] for k in driven.values() if k in self.init), None)
        place(self.reader.cells, found, pins, driven, 0, init)


def number(value: Place) -> int:
    """A parameter: an integer, or a string of binary digits."""
    found: Any = value.value
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    if isinstance(found, str) and found and not set(found) - set("01xz") and len(found) <= 1 << 26:
        return int(found.replace("x", "0").replace("z", "0"), 2)
    raise value.fail(f"expected a number in binary digits, found {str(found)[:40]!r}")
