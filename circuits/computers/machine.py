"""A computer as a clocked netlist: programs go into its memories, it runs until it halts, its state is read by name.

A :class:`Machine` says what the netlist is and how it stops and speaks; a
:class:`~circuits.computers.session.Session` is one run of it. Nothing here knows an instruction set.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gatesim import Netlist, Schedule, map_to
from gatesim import compile as compile_netlist
from gatesim.engines.base import Engine
from gatesim.errors import ValueFitError, unknown_name

from .session import Outcome, Session, Tier, Trace, Words


@dataclass(frozen=True, slots=True)
class Console:
    """A port that prints: the machine puts characters into a memory and counts them; it waits while that is full.

    The memory's read data must reach an output, or mapping sweeps it away. `waiting` is an output bit that is
    1 in a cycle in which the machine stands still because the memory is full: such cycles do not count, so
    that nothing depends on when the characters are taken out.
    """

    memory: str
    count: str
    waiting: str


@dataclass(frozen=True, eq=False)
class Machine:
    """A computer.

    Attributes
    ----------
    netlist : Netlist
        Registers are known by the names of their flip-flops (``pc[0]``, ``pc[1]``, ...), memories by theirs.
        What a program is loaded into must be a RAM (a write port that is never enabled will do).
    halted : str or None
        Output bit that is 1 once the machine has stopped for good; from then on nothing changes. None: it
        never stops by itself.
    retired : str or None
        Output bit that is 1 in a cycle that completes an instruction; None: every cycle does.
    console : Console or None
    """

    netlist: Netlist
    halted: str | None = None
    retired: str | None = None
    console: Console | None = None

    def __post_init__(self) -> None:
        for name in self.flags:
            if self.netlist.port(name).width != 1:
                raise ValueFitError(f"output {name!r} of {self.netlist.name!r} must be one bit")

    @property
    def flags(self) -> list[str]:
        """The output bits that a session counts."""
        names = (self.halted, self.retired, self.console.waiting if self.console is not None else None)
        return [name for name in names if name is not None]

    def mapped(self, basis: str = "nand") -> Machine:
        """The same machine made of other gates, NANDs unless said otherwise; memories stay macros."""
        return replace(self, netlist=map_to(self.netlist, basis))

    @cached_property
    def schedule(self) -> Schedule:
        """The netlist compiled, made once."""
        return compile_netlist(self.netlist)

    @cached_property
    def engines(self) -> dict[Hashable, Engine]:
        """Engines that sessions made; what they compiled serves the sessions that follow."""
        return {}

    @cached_property
    def registers(self) -> dict[str, np.ndarray]:
        """By name of a register: the numbers of its flip-flops in ``Netlist.registers``, LSB first."""
        place = {int(q): i for i, q in enumerate(self.netlist.registers)}
        found: dict[str, dict[int, int]] = {}
        for net, label in self.netlist.names.items():
            if net in place:
                name, _, index = label.partition("[")
                found.setdefault(name, {})[int(index.rstrip("]") or 0)] = place[net]
        return {name: np.array([bits[k] for k in sorted(bits)]) for name, bits in found.items()}

    def memory_number(self, name: str) -> int:
        """Which of ``netlist.memories`` is called `name`; UnknownNameError if none is."""
        names = [m.name for m in self.netlist.memories]
        if name not in names:
            raise unknown_name(f"memory of {self.netlist.name!r}", name, names)
        return names.index(name)

    def nets_named(self, name: str) -> list[int]:
        """The nets of a port, of a named bus or of a named bit, LSB first; UnknownNameError if there is none."""
        for port in self.netlist.ports:
            if port.name == name:
                return list(port.nets)
        if name not in self._buses:
            raise unknown_name(f"signal of {self.netlist.name!r}", name, self._buses)
        return self._buses[name]

    @cached_property
    def _buses(self) -> dict[str, list[int]]:
        found: dict[str, dict[int, int]] = {}
        for net, label in self.netlist.names.items():
            name, _, index = label.partition("[")
            found.setdefault(name, {})[int(index.rstrip("]") or 0)] = net
        return {name: [bits[k] for k in sorted(bits)] for name, bits in found.items()}

    def start(
        self,
        memories: Mapping[str, Words] | None = None,
        registers: Mapping[str, Words | int] | None = None,
        *,
        instances: int = 1,
        inputs: Mapping[str, Words | int] | None = None,
        engine: str = "logic2",
        tier: Tier = "auto",
        threads: int | None = 1,
    ) -> Session:
        """A session of `instances` machines at power-up.

        Parameters
        ----------
        memories : mapping of name to words, optional
            What memories hold from address 0 on: (words,) for all instances, or (instances, words).
        registers : mapping of name to int, optional
            What registers hold: one value, or one an instance.
        inputs : mapping of name to int, optional
            Values of the input ports (0 where left out): one value, or one an instance.
        engine, tier, threads
            As for :func:`gatesim.engine`; ``tier`` is for engine "logic2".

        Raises
        ------
        UnknownNameError
            A memory, register, input or engine that does not exist.
        ValueFitError
            Words or values that do not fit.

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("counts down"); n = b.wires(4); count = b.register(n, init=3).named("count")
        >>> busy = count[0] | count[1]
        >>> b.drive(n, [count[0] ^ busy, count[1] ^ (busy & ~count[0]), b.zero, b.zero])
        >>> b.output("halted", ~busy)
        >>> session = Machine(b.freeze(), halted="halted").start()
        >>> done = session.run(100)
        >>> int(done.cycles[0]), session.register("count").tolist()
        (3, [0])
        """
        return Session(self, instances, memories or {}, registers or {}, inputs or {}, engine, tier, threads)


__all__ = ["Console", "Machine", "Outcome", "Session", "Tier", "Trace"]
