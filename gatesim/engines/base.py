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
from ..errors import GatesimError, UnsupportedError, ValueFitError
from ..gates import DFF1
from ..netlist import Netlist
from ..reductions import Request, Summary, reduce_planes
from ..results import Result, State
from ..schedule import Nets, Schedule
from ..stimulus import Stimulus
from .links import Grid, GridRunner

Record = Literal["all", "last"]


class Engine:
    """Base of the engines; a subclass gives ``name`` and :meth:`_simulate`."""

    name = "?"
    four_valued = False
    """Whether the engine knows X and Z beside 0 and 1."""

    def __init__(self, schedule: Schedule, *, threads: int | None = None) -> None:
        """Take a compiled netlist.

        ``threads`` is how many cores may share a run (None: all, when the work is large enough); the
        result never depends on it, and an engine may use fewer.
        """
        if threads is not None and threads < 1:
            raise ValueFitError(f"threads must be at least 1, not {threads}")
        if not self.four_valued:
            schedule.netlist.require_two_valued(f"engine {self.name!r}")
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
            power_up = self._power_up(state.n_patterns)
            same = state.registers.shape == power_up.registers.shape and [m.shape for m in state.memories] == [
                m.shape for m in power_up.memories
            ]
            if not same:
                raise ValueFitError(f"this state does not belong to {self.netlist.name!r}: other registers or memories")
            state = state.copy()
        self._state = state

    @property
    def own_state(self) -> State | None:
        """The state itself, not a copy: the next run starts from what is changed in it; None at power-up."""
        return self._state

    # -- running -----------------------------------------------------------------------------

    def run(self, stimulus: Stimulus, *, watch: Nets = (), record: Record = "all") -> Result:
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
        if record not in ("all", "last"):
            raise ValueFitError(f"record must be 'all' or 'last', not {record!r}")
        state = self._begin(stimulus)
        fields, nets = observed(self.netlist, watch)
        started = perf_counter()
        words, extra = self._simulate(stimulus, state, nets, record)
        unknown = extra.pop("unknown", None)
        assert unknown is None or isinstance(unknown, np.ndarray)
        metadata = self._end(stimulus, state, started, extra)
        shape = (len(words), stimulus.n_patterns)
        return Result(words, fields, stimulus.n_patterns, shape, self.name, metadata, unknown)

    def summarize(
        self,
        stimulus: Stimulus,
        *,
        measure: Sequence[str] = ("ones", "signature"),
        difference: tuple[str, str] | None = None,
        watch: Nets = (),
    ) -> Summary:
        """Simulate like :meth:`run`, but add up what is observed instead of recording it.

        With a generated stimulus, 2**32 patterns take no more memory than 64.

        Parameters
        ----------
        stimulus : Stimulus
        measure : sequence of {"ones", "toggles", "signature", "extremes"}
        difference : (str, str), optional
            Two observed buses of one width to compare as unsigned numbers.
        watch : sequence of net names or ids
            An array of ids is watched without names: these nets follow the output ports on the axis of
            the sums.

        Raises
        ------
        ValueFitError, UnknownNameError, WidthError
            As :meth:`run`; a measure that does not exist; buses of different widths; no pattern.

        Examples
        --------
        >>> from gatesim import Builder, Stimulus, compile, engine
        >>> b = Builder("and"); b.output("z", b.input("x") & b.input("y")); net = b.freeze()
        >>> engine("logic2")(compile(net)).summarize(Stimulus.exhaustive(net), measure=["ones"]).total("z")
        1
        """
        if stimulus.n_patterns * stimulus.n_cycles == 0:
            raise ValueFitError("a summary needs at least one pattern and one cycle")
        state = self._begin(stimulus)
        fields, nets = observed(self.netlist, watch)
        request = Request.of(measure, fields, difference)
        started = perf_counter()
        sums, extra = self._summarize(stimulus, state, nets, request)
        metadata = self._end(stimulus, state, started, extra)
        everything = dict.fromkeys(("ones", "toggles", "signature", "largest", "smallest", "difference")) | sums
        return Summary(fields, stimulus.n_patterns, stimulus.n_cycles, **everything, metadata=metadata)  # pyright: ignore[reportArgumentType]

    def _begin(self, stimulus: Stimulus) -> State:
        """A copy of the state to start from, after checks."""
        net = self.netlist
        n_bits = sum(p.width for p in net.inputs)
        if stimulus.n_bits != n_bits:
            raise ValueFitError(f"stimulus drives {stimulus.n_bits} bits; {net.name!r} has {n_bits} input bits")
        if stimulus.unknown is not None and not self.four_valued:
            raise UnsupportedError(f"engine {self.name!r} knows 0 and 1 only; X and Z need engine 'logic4'")
        state = self._state if self._state is not None else self._power_up(stimulus.n_patterns)
        if state.n_patterns != stimulus.n_patterns:
            if not net.is_combinational:
                raise ValueFitError(
                    f"the state holds {state.n_patterns} instances, the stimulus {stimulus.n_patterns}: reset() first"
                )
            state = self._power_up(stimulus.n_patterns)
        return state.copy()

    def _end(self, stimulus: Stimulus, state: State, started: float, extra: dict[str, object]) -> dict[str, object]:
        self._state = state
        work = self.netlist.n_gates * stimulus.n_patterns * stimulus.n_cycles
        return {"seconds": perf_counter() - started, "gate_evaluations": work, **extra}

    def prepare(self, n_patterns: int) -> bool:
        """Get ready for many runs of so many instances, in the background; True once that is done."""
        del n_patterns
        return False

    def stepper(self, stimulus: Stimulus, ports: Sequence[str]) -> Stepper:
        """Run cycle after cycle on planes that the caller changes in between; see :class:`Stepper`."""
        return Stepper(self, stimulus, ports)

    def grid(self, grid: Grid) -> GridRunner | None:
        """A way of the engine's own to run a grid of its cells; None: cycle after cycle with a stepper."""
        del grid
        return None

    def _power_up(self, n_patterns: int) -> State:
        """The state that a run starts from when there was none before."""
        return initial_state(self.netlist, n_patterns)

    def _simulate(
        self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record
    ) -> tuple[np.ndarray, dict[str, object]]:
        """Run, update `state` in place, return (n_recorded, len(nets), n_words) and metadata.

        A four-valued engine puts its planes of unknown bits, of the same shape, under ``"unknown"``.
        """
        raise GatesimError(f"engine {self.name!r} gives no _simulate()")

    def _summarize(
        self, stimulus: Stimulus, state: State, nets: np.ndarray, request: Request
    ) -> tuple[dict[str, object], dict[str, object]]:
        """Run, update `state` in place, return the sums of `request` by name and metadata."""
        words, extra = self._simulate(stimulus, state, nets, "all")
        return reduce_planes(request, words, stimulus.n_patterns), extra


class Stepper:
    """One clock cycle at a time, from the engine's present state (or power-up).

    Before each :meth:`step` the caller may change ``stimulus.words`` (one held plane set) in place and
    read :attr:`registers`; afterwards the given output ports. The engine's own state may change with
    every step: set it from :meth:`state` when done.
    """

    def __init__(self, engine: Engine, stimulus: Stimulus, ports: Sequence[str]) -> None:
        self._engine, self._stimulus, self._ports = engine, stimulus, tuple(ports)
        given = engine.state
        self._state = given if given is not None else engine._power_up(stimulus.n_patterns)
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


def nets_of_ports(net: Netlist, names: Sequence[str]) -> tuple[dict[str, slice], list[int]]:
    """The nets of some ports one after another, and which of them are whose."""
    fields: dict[str, slice] = {}
    nets: list[int] = []
    for name in names:
        port = net.port(name)
        fields[name] = slice(len(nets), len(nets) + port.width)
        nets.extend(port.nets)
    return fields, nets


def observed(net: Netlist, watch: Nets) -> tuple[dict[str, slice], np.ndarray]:
    """Fields and nets of a result: the output ports, then the watched nets."""
    fields, nets = nets_of_ports(net, [p.name for p in net.outputs])
    if isinstance(watch, np.ndarray):
        return fields, np.concatenate((np.array(nets, np.int32), watch.astype(np.int32)))
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
    registers = bits.empty_planes((len(net.registers), bits.n_words(n_patterns)), f"the state of {net.name!r}")
    registers[:] = 0
    registers[net.op[net.registers] == DFF1] = ~np.uint64(0)
    registers[:, -1:] &= bits.last_word_mask(n_patterns)
    memories = tuple(
        np.empty((0, m.depth), np.uint64) if m.is_rom else np.tile(m.contents, (n_patterns, 1)) for m in net.memories
    )
    return State(registers, memories, n_patterns)
