"""Digital's ``.dig`` drawings (H. Neemann's logic simulator): connections are geometric.

A drawing whose flip-flops share one clock becomes an ordinary netlist with that clock left out. One with
loops, latches, several or gated clocks becomes a netlist whose cycle is one gate delay; see
:mod:`gatesim.formats.dig_cell`. Elements that are not digital (transistors, relays) are refused by name.
Files are read, not written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..analysis import levels
from ..builder import Builder
from ..errors import LoopError, ParseError
from ..netlist import Netlist
from ..signals import Bus
from .dig_cell import Board, Cell, NeedsSteps
from .dig_elements import ELEMENTS
from .dig_flat import Flat, Instance, Library, flatten
from .dig_generic import initial_arguments, is_generic
from .dig_memories import MEMORIES
from .dig_pins import Pin
from .dig_xml import Drawing, Element, parse_xml

SUFFIXES = (".dig",)

RESET = "reset of all reset elements"
"""Input port that the elements called Reset read: 1 while the machine starts."""

_INPUTS = ("In", "Clock", "Button", "DipSwitch")
_PULLS = {"PullUp": "PULLUP", "PullDown": "PULLDOWN"}


@dataclass(frozen=True)
class Machine:
    """A drawing as a netlist that can be stepped.

    Attributes
    ----------
    netlist : Netlist
    steps : bool
        Whether a cycle is one gate delay (else one clock cycle).
    delays : tuple of int
        The flip-flops that stand for gate delays: their values at power-up mean nothing.
    initial : dict
        Input values at power-up: a number, or ``"Z"``.
    pin_numbers : dict
        Port by the pin number drawn beside it.
    clocks : frozenset of str
        Input ports that are clocks.
    """

    netlist: Netlist
    steps: bool
    delays: tuple[int, ...]
    initial: Mapping[str, int | str]
    pin_numbers: Mapping[str, str]
    clocks: frozenset[str]


def parse(text: str, source: str = "<text>", folders: Sequence[str | os.PathLike[str]] = ()) -> Netlist:
    """The netlist of a drawing; sub-circuits are read from the folder of `source` and below, then from `folders`.

    Raises
    ------
    ParseError
        Says file, element, position: what cannot be read, is not connected, has two widths, is no
        digital element, contains itself or grows out of bounds.
    """
    drawing = parse_xml(text, source)
    args = initial_arguments(drawing) if is_generic(drawing) else None
    return machine(drawing, args=args, library=folders).netlist


def machine(
    drawing: Drawing,
    *,
    args: dict[str, object] | None = None,
    steps: bool | None = None,
    library: Sequence[str | os.PathLike[str]] = (),
    presets: Mapping[str, int] | None = None,
    program: Sequence[int] | None = None,
    words: Mapping[tuple[str, int], int] | None = None,
) -> Machine:
    """A drawing as a netlist.

    Parameters
    ----------
    drawing : Drawing
    args : dict, optional
        Arguments of a generic drawing.
    steps : bool, optional
        Whether a cycle is one gate delay; by default only where the drawing needs it.
    library : sequence of folders
        Where to look for sub-circuits besides the drawing's own folder.
    presets : mapping of label to int
        Values at power-up of registers and inputs.
    program : sequence of int, optional
        Contents of the program memory.
    words : mapping of (label, address) to int
        Contents of single words of memories.

    Raises
    ------
    ParseError
        As :func:`parse`.
    """
    flat = flatten(drawing, Library(drawing.source, library), args)
    _check_widths(flat)
    given = dict(presets or {})
    if steps is not True:
        try:
            made = _Maker(flat, False, given, program, words or {}).machine()
            levels(made.netlist)
            return made
        except (NeedsSteps, LoopError) as exc:
            if steps is False:
                raise ParseError(
                    f"the drawing cannot be told in cycles of one clock: {exc}", source=drawing.source
                ) from None
    return _Maker(flat, True, given, program, words or {}).machine()


def _check_widths(flat: Flat) -> None:
    seen: dict[int, tuple[Element, Pin]] = {}
    for element, pin, net in flat.checks:
        root = flat.root(net)
        first, other = seen.setdefault(root, (element, pin))
        if other.width != pin.width:
            raise element.fail(
                f"pin {pin.name!r} has {pin.width} bits, but it is connected to {first.kind} {first.label!r} at "
                f"({first.x}, {first.y}), pin {other.name!r}, which has {other.width}"
            )


class _Maker:
    """Builds the netlist of a flat drawing."""

    def __init__(
        self, flat: Flat, steps: bool, presets: dict[str, int], program: Sequence[int] | None,
        words: Mapping[tuple[str, int], int],
    ) -> None:  # fmt: skip
        name = os.path.basename(flat.drawing.source).removesuffix(".gz").removesuffix(".dig") or "drawing"
        self.flat, self.b = flat, Builder(name)
        self.board = Board(self.b, steps, presets, program)
        self.board.words = words
        roms = flat.drawing.attributes.get("romContent")
        found = roms.get("roms") if isinstance(roms, dict) else None
        self.board.roms = found if isinstance(found, dict) else {}
        files = roms.get("files") if isinstance(roms, dict) else None
        self.board.rom_files = files if isinstance(files, dict) else {}
        self.width = {flat.root(net): pin.width for _, pin, net in flat.checks}
        self.drivers: dict[int, list[Bus]] = {}
        self.pulls: dict[int, set[str]] = {}
        self.board.pulls = self.pulls
        self.driven: dict[int, Bus] = {}
        self.writes: dict[int, dict[str, Bus]] = {}  # wires that each instance drives, by pin
        self.initial: dict[str, int | str] = {}
        self.pin_numbers: dict[str, str] = {}
        self.clocks: set[str] = set()
        self._clock_nets: set[tuple[int, bool]] = set()

    def machine(self) -> Machine:
        """Inputs, elements, outputs, in this order."""
        self._declare()
        for instance in self.flat.instances:
            self._element(instance)
        self._check_clocks()
        self._outputs()
        lost = sorted(set(self.board.presets) - self.board.presets_used)
        if lost:
            raise ParseError(f"no register or input {lost[0]!r} to preset", source=self.flat.drawing.source)
        # Freezing drops the wires: the place of each delay in the netlist is found by its name.
        for i, bit in enumerate(self.board.delays):
            if bit.id not in self.b._names:
                bit.named(f"\0{i}")
        net = self.b.freeze()
        names = {k: v for k, v in net.names.items() if not v.startswith("\0")}
        delays = tuple(k for k, v in net.names.items() if v.startswith("\0"))
        named = Netlist(
            net.name, net.op, net.fanin_ptr, net.fanin, net.ports, names, net.scopes, net.scope_of, net.memories
        )
        return Machine(named, self.board.steps, delays, self.initial, self.pin_numbers, frozenset(self.clocks))

    # -- nets --------------------------------------------------------------------------------

    def _declare(self) -> None:
        """A bus of wires for every driving pin; input ports; then what every net carries."""
        ports: set[str] = set()
        for instance in self.flat.instances:
            element = instance.element
            mine: dict[str, Bus] = {}
            for pin, net in instance.pins:
                root = self.flat.root(net)
                if not pin.drives:
                    continue
                if element.kind in _PULLS:
                    self.pulls.setdefault(root, set()).add(_PULLS[element.kind])
                elif element.kind == "NotConnected":
                    self.drivers.setdefault(root, []).append(self.board.floating.repeat(pin.width))
                elif element.kind in _INPUTS and not instance.path:
                    self.drivers.setdefault(root, []).append(self._input(element, pin, root, ports))
                else:
                    bus = mine[pin.name] = self.b.wires(pin.width)
                    self.drivers.setdefault(root, []).append(bus)
            self.writes[id(instance)] = mine
        self.driven = {root: self._joined(root) for root in {*self.drivers, *self.pulls}}

    def _input(self, element: Element, pin: Pin, root: int, ports: set[str]) -> Bus:
        name = element.label or f"{element.kind} at ({element.x}, {element.y})"
        if name in ports:
            raise element.fail("a second input has that label")
        ports.add(name)
        default: object = element.attributes.get("InDefault", 0)
        if element.kind == "Button":
            default = int(element.flag("activeLow"))
        elif element.kind == "DipSwitch":
            default = int(element.flag("dipDefault"))
        if default == "Z" and element.label not in self.board.presets:
            self.initial[name] = "Z"
        else:
            idle = default if isinstance(default, int) else 0
            self.initial[name] = self.board.preset(element.label, idle) % (1 << pin.width)
        number = element.text("pinNumber").strip()
        if number:
            self.pin_numbers[number] = name
        if element.kind == "Clock":
            self.clocks.add(name)
        self._clock_nets.add((root, False))
        return self.b.input_bus(name, pin.width)

    def _joined(self, root: int) -> Bus:
        drivers = self.drivers.get(root, [])
        pulls = self.pulls.get(root, set())
        if len(pulls) > 1:
            raise ParseError("a net is pulled up and down at once", source=self.flat.drawing.source)
        if not drivers:
            high = pulls == {"PULLUP"}
            return (self.b.one if high else self.b.zero).repeat(self.width[root])
        value = drivers[0]
        for bus in drivers[1:]:
            value = Bus([self.b.gate("RESOLVE", x, y) for x, y in zip(value, bus, strict=True)])
        for pull in pulls:
            value = Bus([self.b.gate(pull, x) for x in value])
        return value

    def _value(self, element: Element, pin: Pin, net: int) -> Bus:
        value = self.driven.get(self.flat.root(net))
        if value is None:
            raise element.fail(f"pin {pin.name!r} is not connected to anything that drives it")
        return value

    # -- elements ----------------------------------------------------------------------------

    def _element(self, instance: Instance) -> None:
        element = instance.element
        kind = element.kind
        if kind in _PULLS or kind in ("NotConnected", "Out", "LED", "Probe") or (kind in _INPUTS and not instance.path):
            return
        write = self.writes[id(instance)]
        if kind == "Reset":
            if self.board.reset is None:
                self.board.reset = self.b.input(RESET)
                self.initial[RESET] = 1
            low_active = element.flag("invertOutput", True)
            self.b.drive(write["Reset"], Bus((~self.board.reset if low_active else self.board.reset,)))
            return
        if kind in _INPUTS:  # a button inside a sub-circuit: nobody presses it
            self.b.drive(write[instance.pins[0][0].name], self.b.constant(int(element.flag("activeLow")), 1))
            return
        read: dict[str, Bus] = {}
        for pin, net in instance.pins:
            if pin.reads:
                read[pin.name] = self._value(element, pin, net)
        nets = {pin.name: self.flat.root(net) for pin, net in instance.pins}
        function = ELEMENTS.get(kind) or MEMORIES[kind]
        with self.b.scope(element.label or kind):
            function(Cell(self.board, instance, read, write, nets))

    def _check_clocks(self) -> None:
        """In cycles all clocks must be one input, never inverted, that nothing else reads."""
        if self.board.steps or not self.board.clocks:
            return
        keys = set(self.board.clocks)
        if len(keys) > 1:
            raise NeedsSteps("there are several clocks")
        if not keys <= self._clock_nets:
            raise NeedsSteps("the clock comes from a gate")
        ((root, _),) = keys
        for instance in self.flat.instances:
            for pin, net in instance.pins:
                is_clock = pin.name == "C" and instance.element.kind in {*ELEMENTS, *MEMORIES}
                if pin.reads and self.flat.root(net) == root and not is_clock:
                    raise NeedsSteps("the clock is read as a signal")

    def _outputs(self) -> None:
        taken = {p.name for p in self.b._ports}
        for instance in self.flat.instances:
            element = instance.element
            if element.kind not in ("Out", "LED", "Probe"):
                self._both_ways(instance, taken)
                continue
            label = element.label.replace("*", "-".join(n for n in instance.path if n))
            name = label or (f"Out at ({element.x}, {element.y})" if element.kind == "Out" else "")
            if not name or (element.kind != "Out" and (name in taken or name in self.board.probes)):
                continue
            if name in taken:
                raise element.fail("a second input or output has that label")
            pin, net = instance.pins[0]
            if element.kind == "Out" or self.flat.root(net) in self.driven:
                taken.add(name)
                self.b.output(name, self._value(element, pin, net))
                number = element.text("pinNumber").strip()
                if number:
                    self.pin_numbers.setdefault(number, name)
        for name, bus in self.board.probes.items():
            if name not in taken:
                self.b.output(name, bus)

    def _both_ways(self, instance: Instance, taken: set[str]) -> None:
        """An input that others may drive is also an output, called ``label_out``."""
        element = instance.element
        if element.kind == "In" and not instance.path and instance.pins[0][0].reads:
            name = f"{element.label}_out"
            if name not in taken:
                taken.add(name)
                self.b.output(name, self._value(element, *instance.pins[0]))


__all__ = ["RESET", "SUFFIXES", "Machine", "machine", "parse"]
