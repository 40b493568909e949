"""A chip under the two-phase clock of the nand2tetris course, and its inner words by name."""

from __future__ import annotations

import numpy as np

from ..engines import engine
from ..engines.base import initial_state
from ..errors import ValueFitError, unknown_name
from ..netlist import Netlist
from ..results import State
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus
from .script_syntax import Target


class ClockedChip:
    """A netlist under a two-phase clock, one instance, with its inner words by name."""

    def __init__(self, net: Netlist) -> None:
        self.net = net
        self._engine = engine("logic2")(compile_netlist(net))
        self.values = {p.name: 0 for p in net.inputs}
        self._widths = {p.name: p.width for p in net.ports}
        self._register_at = {int(q): i for i, q in enumerate(net.registers)}
        self._memory_at = {m.name: i for i, m in enumerate(net.memories)}
        self._state = initial_state(net, 1)
        self._taken: State | None = None
        self._next = self._state
        self._outputs: dict[str, int] = {}
        self.cycle = 0
        self.settle()

    @property
    def time(self) -> str:
        """The clock as scripts print it: ``3``, and ``3+`` between tick and tock."""
        return f"{self.cycle}{'' if self._taken is None else '+'}"

    def settle(self) -> None:
        """Compute all outputs from the inputs and the state."""
        self._engine.state = self._state
        result = self._engine.run(Stimulus.from_values(self.net, self.values))
        self._next = self._engine.state or self._state
        self._outputs = {name: int(result[name][0, 0]) for name in result}

    def tick(self) -> None:
        """First phase: the state is taken; outputs keep showing the old one."""
        self.settle()
        self._taken = self._next

    def tock(self) -> None:
        """Second phase: outputs show the state taken at tick."""
        if self._taken is None:
            self.tick()
        assert self._taken is not None
        self._state, self._taken = self._taken, None
        self.cycle += 1
        self.settle()

    def fingerprint(self) -> tuple:
        """Everything that later behaviour depends on."""
        states = (self._state, self._taken or self._state)
        return tuple(
            (s.registers.tobytes(), *(hash(m.tobytes()) for m in s.memories)) for s in states
        ), tuple(self.values.values()), self._taken is None  # fmt: skip

    def width(self, target: Target) -> int:
        """Bits of a pin or an inner word."""
        if target.index is None:
            return self._widths.get(target.name, 16)
        return 16

    def word(self, target: Target) -> tuple[int, int] | list[int]:
        """(memory, address), or the register cells, that a target with brackets names."""
        name, address = target.name, max(target.index or 0, 0)
        if name in self._memory_at:
            which = self._memory_at[name]
            depth = self.net.memories[which].depth
            if address >= depth:
                raise ValueFitError(f"{name}[{address}] does not exist: {name} has {depth} words")
            if self.net.memories[which].is_rom:
                raise ValueFitError(f"{name} is a ROM with fixed contents: its words are no state")
            return which, address
        cells = [k for k, label in self.net.names.items() if label.partition("[")[0] == name and k in self._register_at]
        if not cells:
            labels = {label.partition("[")[0] for k, label in self.net.names.items() if k in self._register_at}
            raise unknown_name(f"part of {self.net.name!r} to look into", name, [*self._memory_at, *sorted(labels)])
        return sorted(cells, key=lambda k: int(self.net.names[k].partition("[")[2].rstrip("]") or 0))

    def read(self, target: Target) -> int:
        """The value of a pin or of an inner word, unsigned."""
        if target.index is None:
            for table in (self.values, self._outputs):
                if target.name in table:
                    return table[target.name]
            raise unknown_name(f"pin of {self.net.name!r}", target.name, self._widths)
        where, state = self.word(target), self._taken or self._state
        if isinstance(where, tuple):
            return int(state.memories[where[0]][0, where[1]])
        return sum(int(state.registers[self._register_at[k], 0] & np.uint64(1)) << i for i, k in enumerate(where))

    def write(self, target: Target, value: int) -> None:
        """Set an input pin, or an inner word."""
        width = self.width(target)
        if not -(1 << (width - 1)) <= value < 1 << width:
            raise ValueFitError(f"{value} does not fit into the {width} bits of {target.name!r}")
        value &= (1 << width) - 1
        if target.index is None:
            if target.name not in self.values:
                raise unknown_name(f"input of {self.net.name!r}", target.name, self.values)
            self.values[target.name] = value
            return
        where = self.word(target)
        for state in (self._state, *([self._taken] if self._taken is not None else [])):
            if isinstance(where, tuple):
                state.memories[where[0]][0, where[1]] = value
            else:
                for i, k in enumerate(where):
                    state.registers[self._register_at[k], 0] = value >> i & 1
        self.settle()

    def load_words(self, name: str, words: list[int]) -> None:
        """Put `words` into a memory, from address 0."""
        where = self.word(Target(name, max(len(words) - 1, 0)))
        assert isinstance(where, tuple)
        self._state.memories[where[0]][0, : len(words)] = words
        self.settle()
