"""An element of a drawing while it becomes gates: its pins by name, its delay, its clock.

Two ways to read a drawing. *Cycles*: the netlist as one would write it, all flip-flops on one clock that
is no net. *Steps*: a cycle of the netlist is one gate delay. Every element's output is then a flip-flop
behind its function, which is how Digital itself counts time; clocks are nets like others, and edges are
found by comparing with the step before. Loops, gated and several clocks, latches need steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..builder import Builder
from ..signals import Bit, Bus, as_bus
from .dig_flat import Instance
from .dig_generic import load_hex
from .dig_xml import Element, words_of

MAX_MEMORY_WORDS = 1 << 25
"""Words of all memories of a drawing together, at most."""


class NeedsSteps(Exception):
    """The drawing cannot be told in cycles of one clock; the message says why."""


class Board:
    """What all elements of one drawing share."""

    def __init__(self, b: Builder, steps: bool, presets: Mapping[str, int], program: Sequence[int] | None) -> None:
        self.b, self.steps = b, steps
        self.presets, self.program = presets, program
        self.presets_used: set[str] = set()
        self.words: Mapping[tuple[str, int], int] = {}
        self.roms: Mapping[str, str] = {}
        self.rom_files: Mapping[str, str] = {}
        self.pulls: Mapping[int, set[str]] = {}
        self.memory_words = 0
        self.probes: dict[str, Bus] = {}
        self.clocks: dict[tuple[int, bool], Bit] = {}
        self.delays: list[Bit] = []
        self.reset: Bit | None = None

    def preset(self, label: str, default: int) -> int:
        """What a register or an input of that label powers up to."""
        if label in self.presets:
            self.presets_used.add(label)
            return self.presets[label]
        return default

    @property
    def unknown(self) -> Bit:
        """A bit that is always X: two drivers that never agree."""
        return self.b.gate("RESOLVE", self.b.zero, self.b.one)

    @property
    def floating(self) -> Bit:
        """A bit that is always Z."""
        return self.b.gate("TRI", self.b.zero, self.b.zero)


class Cell:
    """One element: reads its pins, drives its pins."""

    def __init__(
        self,
        board: Board,
        instance: Instance,
        read: Mapping[str, Bus],
        write: Mapping[str, Bus],
        nets: Mapping[str, int],
    ) -> None:
        self.board, self.b, self.element, self.path = board, board.b, instance.element, instance.path
        self._read, self._write, self._nets = read, write, nets
        self._inverted = instance.element.inverted()

    @property
    def e(self) -> Element:
        """The element as drawn."""
        return self.element

    @property
    def steps(self) -> bool:
        """Whether a cycle is one gate delay."""
        return self.board.steps

    @property
    def full_name(self) -> str:
        """Its label, in which a star stands for the labels of all that it stands in."""
        return self.element.label.replace("*", "-".join(name for name in self.path if name))

    def bus(self, pin: str) -> Bus:
        """What an input pin reads, through its inverter if it has one."""
        value = self._read[pin]
        return ~value if pin in self._inverted else value

    def bit(self, pin: str) -> Bit:
        """The same of a pin of one bit."""
        return self.bus(pin)[0]

    def rising(self, pin: str = "C") -> Bit:
        """1 in the step in which the clock at `pin` has risen (in cycles: always)."""
        key = (self._nets[pin], pin in self._inverted)
        known = self.board.clocks.get(key)
        if known is None:
            if self.steps:
                clock = self.bit(pin)
                known = self.b.gate("ANDNOT", clock, self.b.flip_flop(clock))
            else:
                known = self.b.one
            self.board.clocks[key] = known
        return known

    def pulled(self, pin: str) -> set[str]:
        """Which resistors hang on the net of a pin."""
        return self.board.pulls.get(self._nets[pin], set())

    def need_steps(self, why: str) -> None:
        """Refuse to be told in cycles."""
        if not self.steps:
            raise NeedsSteps(f"{self.element.kind} {why}")

    def later(self, signal: Bit | Sequence[Bit], init: int = 0) -> Bus:
        """`signal` one gate delay later (in cycles: at once)."""
        bus = as_bus(signal)
        if not self.steps:
            return bus
        delayed = self.b.register(bus, init=init & ((1 << len(bus)) - 1))
        self.board.delays.extend(delayed)
        return delayed

    def wire(self, pin: str, signal: Bit | Sequence[Bit], enable: Bit | None = None) -> None:
        """Drive a pin at once; where `enable` is 0 it drives nothing (Z)."""
        bus = as_bus(signal)
        if enable is not None:
            bus = Bus([self.b.gate("TRI", x, enable) for x in bus])
        if pin in self._write:
            self.b.drive(self._write[pin], bus)

    def out(self, pin: str, signal: Bit | Sequence[Bit], enable: Bit | None = None, init: int = 0) -> None:
        """Drive a pin one gate delay later."""
        self.wire(pin, self.later(signal, init), None if enable is None else self.later(enable)[0])

    def state(self, following: Bus, enable: Bit | None = None, init: int = 0) -> Bus:
        """A register; at a label that a test presets it powers up to that."""
        width = len(following)
        init = self.board.preset(self.full_name, init) & ((1 << width) - 1)
        held = self.b.register(following, enable=enable, init=init)
        if self.element.label:
            held.named("-".join([*self.path, self.element.label]))
            if self.element.flag("valueIsProbe") and self.full_name:
                self.board.probes.setdefault(self.full_name, held)
        return held

    def memory(
        self,
        depth: int,
        width: int,
        read: Sequence[Bus],
        write: Sequence[tuple[Bus, Bus, Bit]] = (),
        contents: Sequence[int] = (),
    ) -> tuple[Bus, ...]:
        """A memory; a program or words that a test gives replace its contents."""
        self.board.memory_words += depth
        if self.board.memory_words > MAX_MEMORY_WORDS:
            raise self.element.fail(f"the memories of the drawing have more than {MAX_MEMORY_WORDS} words together")
        words = list(contents)
        if self.element.flag("isProgramMemory") and self.board.program is not None:
            words = [w & ((1 << width) - 1) for w in self.board.program[:depth]]
        for (label, address), value in self.board.words.items():
            if label == self.full_name and 0 <= address < depth:
                words += [0] * (address + 1 - len(words))
                words[address] = value & ((1 << width) - 1)
        name = self.b.fresh_memory(self.full_name or self.element.kind)
        return self.b.memory(name, depth=depth, width=width, read=read, write=write, contents=words)

    def data(self, depth: int, width: int) -> list[int]:
        """The words that the element holds in the drawing, or the drawing holds for it."""
        if self.full_name in self.board.rom_files:
            words: object = load_hex(self.element, self.board.rom_files[self.full_name])
        else:
            words = self.board.roms.get(self.full_name, self.element.attributes.get("Data", ""))
        return words_of(self.element, words, depth, width)
