"""Static timing: when each net has settled at the latest, on which path, and how fast the clock may be.

Every path counts, whether or not some input pattern can send an edge along it; which edge causes which
comes from the truth tables. Inputs change at time 0, registers give Q one clock-to-Q after it, and
everything must be there one set-up time before the next edge.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count, pairwise

import numpy as np

from ..analysis import depth, levels
from ..errors import ValueFitError
from ..gates import ARITY, CONST1, GATES, INPUT, IS_REGISTER, LOGIC_GATES, Gate
from ..kernels import timing as kernel
from ..netlist import Netlist
from .technology import Delays, Technology, delays

NEVER = kernel.NEVER
ALWAYS = kernel.ALWAYS
EDGES = ("rise", "fall")
_OUTPUT = -1
_LIMIT_PS = 2.0**61


@dataclass(frozen=True, slots=True)
class Step:
    """A net on a path: the cell that drives it, its edge, its delay, and when it has arrived."""

    net: int
    name: str
    gate: str
    edge: str
    delay_ps: int
    arrival_ps: int
    fan_out: int


@dataclass(frozen=True, slots=True)
class Path:
    """From an input or a register to an endpoint. ``margin_ps`` is the set-up time of the endpoint."""

    steps: tuple[Step, ...]
    end: str
    margin_ps: int
    slack_ps: int

    @property
    def arrival_ps(self) -> int:
        """When the last net has arrived."""
        return self.steps[-1].arrival_ps

    @property
    def total_ps(self) -> int:
        """Arrival and set-up."""
        return self.arrival_ps + self.margin_ps


@dataclass(frozen=True, eq=False)
class StaticTiming:
    """Arrival, required time and slack of every net, in picoseconds; column 0 rise, column 1 fall.

    Attributes
    ----------
    netlist : Netlist
    delay_ps : (n, 2) int64
    arrival_ps : (n, 2) int64
        Latest arrival; ``NEVER`` for an edge that cannot happen.
    required_ps : (n, 2) int64
        Latest time at which the edge may arrive; ``ALWAYS`` where nobody waits for it.
    end_net, end_margin_ps, end_owner : (e,) int64
        Endpoints: bits of output ports (owner -1), pins of registers (the register's cell) and of
        memory write ports (-2 - number of the memory).
    worst_ps : int
        Arrival and set-up of the worst endpoint: time per operation, or least clock period.
    clock_ps : int
        Period that slacks refer to: the one given, else ``worst_ps``.
    """

    netlist: Netlist
    delay_ps: np.ndarray
    arrival_ps: np.ndarray
    required_ps: np.ndarray
    end_net: np.ndarray
    end_margin_ps: np.ndarray
    end_owner: np.ndarray
    worst_ps: int
    clock_ps: int

    @cached_property
    def slack_ps(self) -> np.ndarray:
        """(n, 2) int64: required minus arrival; ``ALWAYS`` where the edge never happens or nobody waits."""
        idle = (self.arrival_ps == NEVER) | (self.required_ps == ALWAYS)
        return np.where(idle, ALWAYS, self.required_ps - np.where(idle, 0, self.arrival_ps))

    @property
    def worst_slack_ps(self) -> int:
        """The least slack of all nets."""
        return int(self.slack_ps.min())

    @property
    def fmax_hz(self) -> float | None:
        """Highest clock frequency; None for a circuit without state (or without any path)."""
        return None if self.netlist.is_combinational or not self.worst_ps else 1e12 / self.worst_ps

    @property
    def critical_path(self) -> Path | None:
        """The worst path; None where nothing ever changes."""
        found = self.paths(1)
        return found[0] if found else None

    def end_name(self, end: int) -> str:
        """What endpoint number `end` is called."""
        net, owner = int(self.end_net[end]), int(self.end_owner[end])
        if owner == _OUTPUT:
            return f"output {self._output_names[end]}"
        if owner < _OUTPUT:
            return f"write port of memory {self.netlist.memories[-2 - owner].name!r}"
        pin = self.netlist.fanin_of(owner).tolist().index(net)
        return f"{GATES[self.netlist.op[owner]].pins[pin]} of register {self.netlist.net_name(owner)}"

    @cached_property
    def _output_names(self) -> list[str]:
        return [p.name if p.width == 1 else f"{p.name}[{i}]" for p in self.netlist.outputs for i in range(p.width)]

    def paths(self, k: int) -> list[Path]:
        """The `k` worst paths, worst first: each another sequence of nets, with its worst edges.

        Best first over path ends: a path's end, extended by the latest arrival at its head, is exact, so
        that complete paths come out in order (A* with the arrivals as perfect heuristic).
        """
        return [self._finish(*found) for found in _worst_paths(self, k)]

    def _finish(self, chain: tuple[int, ...], end: int) -> Path:
        """The path along the nets of `chain`, its edges chosen for the latest arrival."""
        net = self.netlist
        at = [tuple(self.arrival_ps[chain[0]].tolist())]
        cause: list[tuple[int, int]] = [(0, 0)]
        for source, cell in pairwise(chain):
            way = pin_sense(net, cell, source)
            times, causes = [], []
            for edge in range(2):
                options = [
                    (at[-1][before], before)
                    for before in range(2)
                    if at[-1][before] > NEVER and way & (1 if before == edge else 2)
                ]
                time, before = max(options, default=(NEVER, 0), key=lambda option: option[0])
                times.append(time + int(self.delay_ps[cell, edge]) if time > NEVER else NEVER)
                causes.append(before)
            at.append(tuple(times))
            cause.append(tuple(causes))
        edge = int(at[-1][1] > at[-1][0])
        edges = [edge]
        for causes in reversed(cause[1:]):
            edges.append(causes[edges[-1]])
        edges.reverse()
        fan_out = self._fan_out
        steps = tuple(
            Step(
                cell,
                net.net_name(cell),
                GATES[net.op[cell]].name,
                EDGES[e],
                int(self.delay_ps[cell, e]),
                int(times[e]),
                int(fan_out[cell]),
            )
            for cell, e, times in zip(chain, edges, at, strict=True)
        )
        margin = int(self.end_margin_ps[end])
        return Path(steps, self.end_name(end), margin, self.clock_ps - margin - steps[-1].arrival_ps)

    @cached_property
    def _fan_out(self) -> np.ndarray:
        from ..analysis import fanout

        return fanout(self.netlist)

    def __repr__(self) -> str:
        return f"<StaticTiming of {self.netlist.name!r}: {self.worst_ps:,} ps>"


def static_timing(net: Netlist, by: Technology | Delays, *, clock_ps: int | None = None) -> StaticTiming:
    """Time every path of `net` at once.

    Parameters
    ----------
    net : Netlist
        Without combinational loops, of gates that the technology has (see ``prepare``).
    by : Technology or Delays
        With bare delays, set-up times are 0.
    clock_ps : int, optional
        Period to hold the paths against; the least possible one by default, so that the worst slack is 0.

    Raises
    ------
    LoopError
        A combinational loop.
    UnsupportedError
        A gate that the technology lacks.
    ValueFitError
        A path so long that it does not fit into int64 picoseconds (about 146 years), or a clock
        period that is not positive.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("two"); x, y = b.input("x"), b.input("y")
    >>> b.output("z", b.gate("NAND", b.gate("NAND", x, y), y))
    >>> t = static_timing(b.freeze(), load_technology("ttl7400"))
    >>> t.worst_ps, [s.edge for s in t.critical_path.steps]
    (18000, ['rise', 'fall', 'rise'])
    """
    if clock_ps is not None and clock_ps <= 0:
        raise ValueFitError(f"a clock period must be positive, not {clock_ps} ps")
    starts = _starts(net)
    order = _order(net, starts)
    found = delays(net, by) if isinstance(by, Technology) else by
    delay = np.stack((found.rise_ps, found.fall_ps), axis=1).astype(np.int64, copy=False)
    if delay.shape != (net.n_nets, 2):
        raise ValueFitError(f"{net.name!r} has {net.n_nets} nets; delays were given for {len(delay)}")
    if delay.min() < 0:
        cell = int(np.argmin(delay.min(axis=1)))
        raise ValueFitError(
            f"net {net.net_name(cell)!r} has a delay of {delay[cell].min()} ps: it must not be negative"
        )
    longest = float(delay.max())
    if net.n_nets * longest >= _LIMIT_PS and (depth(net) + 2) * longest >= _LIMIT_PS:
        raise ValueFitError(
            f"{net.name!r} is {depth(net)} levels deep: with delays of up to {delay.max():,} ps its paths "
            "do not fit into 63 bits of picoseconds"
        )
    setup = by.figures("DFF").setup_ps if isinstance(by, Technology) and "DFF" in by.gates else 0.0
    end_net, end_margin, end_owner = _endpoints(net, int(np.rint(setup)))

    arrival = np.full((net.n_nets, 2), NEVER, np.int64)
    changing = starts & (np.arange(net.n_nets) > CONST1)
    arrival[changing] = delay[changing]
    arrival[net.op == INPUT] = 0
    kernel.arrivals(order, starts, net.op, net.fanin_ptr, net.fanin, sense_table(), delay, arrival)

    ends = arrival[end_net].max(axis=1, initial=NEVER) if len(end_net) else np.zeros(0, np.int64)
    worst = int(np.where(ends > NEVER, ends + end_margin, 0).max(initial=0))
    clock = worst if clock_ps is None else int(clock_ps)
    needed = np.full((net.n_nets, 2), ALWAYS, np.int64)
    for edge in range(2):
        np.minimum.at(needed[:, edge], end_net, clock - end_margin)
    kernel.required(order, starts, net.op, net.fanin_ptr, net.fanin, sense_table(), delay, needed)
    for array in (delay, arrival, needed):
        array.flags.writeable = False
    return StaticTiming(net, delay, arrival, needed, end_net, end_margin, end_owner, worst, clock)


def _order(net: Netlist, starts: np.ndarray) -> np.ndarray:
    """(n,) int32: drivers first: by number where that does (memory is then read in order), else by level."""
    if not kernel.drivers_first(starts, net.fanin_ptr, net.fanin):
        return levels(net).order
    order = np.arange(net.n_nets, dtype=np.int32)
    order.flags.writeable = False
    return order


def _starts(net: Netlist) -> np.ndarray:
    """(n,) bool: cells that no pin makes wait: constants, inputs, registers, a RAM read at a fixed address."""
    starts = (np.diff(net.fanin_ptr) == 0) | IS_REGISTER[net.op]
    for m in net.memories:
        for r in m.reads:
            if not m.is_rom and max(r.address) <= CONST1:
                starts[list(r.data)] = True
    return starts


def _endpoints(net: Netlist, setup_ps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net, margin and owner of every place where a signal must be in time."""
    nets: list[np.ndarray] = [np.array([k for p in net.outputs for k in p.nets], np.int64)]
    owners = [np.full(len(nets[0]), _OUTPUT, np.int64)]
    margins = [np.zeros(len(nets[0]), np.int64)]
    registers = net.registers.astype(np.int64)
    if len(registers):
        pins = net.fanin[net.fanin_ptr[registers][:, None] + np.arange(3)].astype(np.int64)
        nets.append(pins.reshape(-1))
        owners.append(np.repeat(registers, 3))
        margins.append(np.full(pins.size, setup_ps, np.int64))
    for number, m in enumerate(net.memories):
        written = [k for w in m.writes for k in (*w.address, *w.data, w.enable)]
        nets.append(np.array(written, np.int64))
        owners.append(np.full(len(written), -2 - number, np.int64))
        margins.append(np.full(len(written), setup_ps, np.int64))
    found = np.concatenate(nets), np.concatenate(margins), np.concatenate(owners)
    changing = found[0] > CONST1
    if not changing.all():  # a constant pin (an enable that is always on) is never waited for
        keep = changing | (found[2] == _OUTPUT)
        found = found[0][keep], found[1][keep], found[2][keep]
    return found


@cache
def sense_table() -> np.ndarray:
    """(n_ops, 4) uint8: whether a rise of each pin can make the output rise (1), fall (2), both (3).

    Examples
    --------
    >>> from gatesim.gates import gate
    >>> sense_table()[[gate(g).op for g in ("AND", "NAND", "XOR", "MUX")]].tolist()
    [[1, 1, 0, 0], [2, 2, 0, 0], [3, 3, 0, 0], [3, 1, 1, 0]]
    """
    table = np.zeros((len(GATES), 4), np.uint8)
    for g in LOGIC_GATES:
        table[g.op, : g.arity] = [_sense(g, pin) for pin in range(g.arity)]
    table[[g.op for g in GATES if g.kind == "memory"]] = 3
    table.flags.writeable = False
    return table


def _sense(g: Gate, pin: int) -> int:
    way = 0
    for index in range(1 << g.arity):
        if not index >> pin & 1:
            low, high = g.table >> index & 1, g.table >> (index | 1 << pin) & 1
            way |= 1 if high > low else 2 if high < low else 0
    return way


def pin_sense(net: Netlist, cell: int, source: int) -> int:
    """Sense of `cell` towards the net `source`, over all pins that read it."""
    way, op = 0, int(net.op[cell])
    for pin, driver in enumerate(net.fanin_of(cell).tolist()):
        if driver == source:
            way |= int(sense_table()[op, min(pin, 3)])
    return way if ARITY[op] else 0


def _worst_paths(timing: StaticTiming, k: int) -> list[tuple[tuple[int, ...], int]]:
    """(nets from start to end, endpoint) of the `k` worst paths."""
    net, arrival, starts = timing.netlist, timing.arrival_ps, _starts(timing.netlist)
    order = count(0, -1)  # among equals the newest first: a path is completed before others are begun
    heap: list[tuple[int, int, int, int, int, tuple, int]] = []

    def push(head: int, after_rise: int, after_fall: int, chain: tuple, end: int) -> None:
        totals = [
            int(arrival[head, edge]) + after
            for edge, after in enumerate((after_rise, after_fall))
            if arrival[head, edge] > NEVER and after > NEVER
        ]
        if totals:
            heapq.heappush(heap, (-max(totals), next(order), head, after_rise, after_fall, chain, end))

    for end, (head, margin) in enumerate(zip(timing.end_net.tolist(), timing.end_margin_ps.tolist(), strict=True)):
        push(head, margin, margin, (head, None), end)
    found = []
    while heap and len(found) < k:
        _, _, head, after_rise, after_fall, chain, end = heapq.heappop(heap)
        if starts[head]:
            found.append((_unrolled(chain), end))
            continue
        rise = after_rise + int(timing.delay_ps[head, 0]) if after_rise > NEVER else NEVER
        fall = after_fall + int(timing.delay_ps[head, 1]) if after_fall > NEVER else NEVER
        for source in dict.fromkeys(net.fanin_of(head).tolist()):
            way = pin_sense(net, head, source)
            before_rise = max(rise if way & 1 else NEVER, fall if way & 2 else NEVER)
            before_fall = max(fall if way & 1 else NEVER, rise if way & 2 else NEVER)
            push(source, before_rise, before_fall, (source, chain), end)
    return found


def _unrolled(chain: tuple | None) -> tuple[int, ...]:
    nets = []
    while chain is not None:
        nets.append(chain[0])
        chain = chain[1]
    return tuple(nets)
