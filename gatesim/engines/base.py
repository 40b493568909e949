"""The contract that every engine keeps, and the bookkeeping that they share.

``engine(schedule).run(stimulus, watch=..., record=...)``: in each cycle the inputs are applied, the
logic settles, outputs and watched nets are recorded, and then the clock edge moves every register and
memory at once. State is named, can be read and set, and continues from one run to the next until
``reset()``. Lanes never influence each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Literal

import numpy as np

from .. import bits
from ..errors import GatesimError, ValueFitError
from ..gates import DFF1
from ..netlist import Netlist
from ..results import Result, State
from ..schedule import Schedule
from ..stimulus import Stimulus

Record = Literal["all", "last"]


class Engine:
    """Base of the engines; a subclass gives ``name`` and :meth:`_simulate`."""

    name = "?"

    def __init__(self, schedule: Schedule, *, threads: int | None = None) -> None:
        """Take a compiled netlist.

        ``threads`` is how many cores may share a run (None: all, when the work is large enough); the
        result never depends on it, and an engine may use fewer.
        """
        if threads is not None and threads < 1:
            raise ValueFitError(f"threads must be at least 1, not {threads}")
        self.schedule = schedule
        self.threads = threads
        self._state: State | None = None

    @property
    def netlist(self) -> Netlist:
        """The netlist as written."""
        return self.schedule.netlist

    # -- state -------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to power-up: registers to their initial values, memories to their contents."""
        self._state = None

    @property
    def state(self) -> State | None:
        """A copy of the state after the last run; None at power-up."""
        return None if self._state is None else self._state.copy()

    @state.setter
    def state(self, state: State | None) -> None:
        if state is not None:
            power_up = initial_state(self.netlist, state.n_patterns)
            same = state.registers.shape == power_up.registers.shape and [m.shape for m in state.memories] == [
                m.shape for m in power_up.memories
            ]
            if not same:
                raise ValueFitError(f"this state does not belong to {self.netlist.name!r}: other registers or memories")
            state = state.copy()
        self._state = state

    # -- running -----------------------------------------------------------------------------

    def run(self, stimulus: Stimulus, *, watch: Sequence[str | int] = (), record: Record = "all") -> Result:
        """Simulate ``stimulus.n_cycles`` cycles of ``stimulus.n_patterns`` instances.

        Parameters
        ----------
        stimulus : Stimulus
        watch : sequence of net names or ids
            Inner nets to record besides the output ports.
        record : {"all", "last"}
            Every cycle, or only the last one.

        Raises
        ------
        ValueFitError
            The stimulus has the wrong number of input bits, or another number of patterns than the
            state of an earlier run.
        UnknownNameError
            A watched name that does not exist.
        """
        net = self.netlist
        n_bits = sum(p.width for p in net.inputs)
        if stimulus.words.shape[1] != n_bits:
            raise ValueFitError(f"stimulus drives {stimulus.words.shape[1]} bits; {net.name!r} has {n_bits} input bits")
        if record not in ("all", "last"):
            raise ValueFitError(f"record must be 'all' or 'last', not {record!r}")
        state = self._state if self._state is not None else initial_state(net, stimulus.n_patterns)
        if state.n_patterns != stimulus.n_patterns:
            if not net.is_combinational:
                raise ValueFitError(
                    f"the state holds {state.n_patterns} instances, the stimulus {stimulus.n_patterns}: reset() first"
                )
            state = initial_state(net, stimulus.n_patterns)
        fields, nets = observed(net, watch)
        state = state.copy()
        started = perf_counter()
        words, extra = self._simulate(stimulus, state, nets, record)
        seconds = perf_counter() - started
        self._state = state
        work = net.n_gates * stimulus.n_patterns * stimulus.n_cycles
        return Result(
            words,
            fields,
            stimulus.n_patterns,
            (len(words), stimulus.n_patterns),
            self.name,
            {"seconds": seconds, "gate_evaluations": work, **extra},
        )

    def stepper(self, stimulus: Stimulus, ports: Sequence[str]) -> Stepper:
        """Run cycle after cycle on planes that the caller changes in between; see :class:`Stepper`."""
        return Stepper(self, stimulus, ports)

    def _simulate(
        self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record
    ) -> tuple[np.ndarray, dict[str, object]]:
        """Run, update `state` in place, return (n_recorded, len(nets), n_words) and metadata."""
        raise GatesimError(f"engine {self.name!r} gives no _simulate()")


class Stepper:
    """One clock cycle at a time, from the engine's present state (or power-up).

    Before each :meth:`step` the caller may change ``stimulus.words`` (one held plane set) in place and
    read :attr:`registers`; afterwards the given output ports. The engine's own state may change with
    every step: set it from :meth:`state` when done.
    """

    def __init__(self, engine: Engine, stimulus: Stimulus, ports: Sequence[str]) -> None:
        self._engine, self._stimulus, self._ports = engine, stimulus, tuple(ports)
        given = engine.state
        self._state = given if given is not None else initial_state(engine.netlist, stimulus.n_patterns)
        self._last: Result | None = None

    @property
    def registers(self) -> np.ndarray:
        """(n_registers, n_words) uint64: the flip-flops now, in the order of ``Netlist.registers``."""
        return self._state.registers

    def step(self) -> None:
        """Apply the planes, settle, and move every register and memory at the clock edge."""
        self._engine.state = self._state
        self._last = self._engine.run(self._stimulus)
        self._state = self._engine.state or self._state

    def outputs(self) -> dict[str, np.ndarray]:
        """(bits, n_words) planes of the output ports in the last step."""
        if self._last is None:
            raise GatesimError("no step was made yet")
        return {name: self._last.planes(name)[0] for name in self._ports}

    def state(self) -> State:
        """The state after the last step."""
        return self._state.copy()


def observed(net: Netlist, watch: Sequence[str | int]) -> tuple[dict[str, slice], np.ndarray]:
    """Fields and nets of a result: the output ports, then the watched nets."""
    fields: dict[str, slice] = {}
    nets: list[int] = []
    for p in net.outputs:
        fields[p.name] = slice(len(nets), len(nets) + p.width)
        nets.extend(p.nets)
    for item in watch:
        number = net.net(item) if isinstance(item, str) else int(item)
        if not 0 <= number < net.n_nets:
            raise ValueFitError(f"net {number} does not exist in {net.name!r} (nets are 0 to {net.n_nets - 1})")
        name = item if isinstance(item, str) else net.net_name(number)
        if name not in fields:
            fields[name] = slice(len(nets), len(nets) + 1)
            nets.append(number)
    return fields, np.array(nets, dtype=np.int32)


def initial_state(net: Netlist, n_patterns: int) -> State:
    """The state at power-up, the same in every lane."""
    ones = (net.op[net.registers] == DFF1)[:, None]
    registers = np.where(ones, bits.lane_mask(n_patterns)[None, :], np.uint64(0)).astype(np.uint64)
    memories = tuple(
        np.empty((0, m.depth), np.uint64) if m.is_rom else np.tile(m.contents, (n_patterns, 1)) for m in net.memories
    )
    return State(registers.reshape(len(net.registers), bits.n_words(n_patterns)), memories, n_patterns)
