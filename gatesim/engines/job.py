"""One run of logic2: the arrays that the kernel works on, and the call on a part of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .. import bits
from ..kernels import logic2 as kernel
from ..reductions import Difference, Request
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .straight import Code

_SOURCES = {"planes": kernel.PLANES, "exhaustive": kernel.EXHAUSTIVE, "random": kernel.RANDOM}
SPREAD_WORDS = 256
"""Words of a memory from which on the lanes' copies are kept apart from the same places of the cache."""

_NONE = 2  # "no bit yet" in the kernel's accumulators


@dataclass(frozen=True, eq=False)
class Program:
    """A schedule as the kernel takes it, interpreted or compiled, for slots of ``width`` words."""

    schedule: Schedule
    width: int
    arrays: kernel.Program


class Job:
    """One run's arrays, and the kernel call on a part of them."""

    def __init__(
        self,
        schedule: Schedule,
        stimulus: Stimulus,
        state: State,
        nets: np.ndarray,
        n_recorded: int,
        request: Request | None = None,
    ) -> None:
        schedule.literals(nets)  # refuses a net that was not kept
        self.schedule, self.stimulus, self.state, self.nets, self.request = schedule, stimulus, state, nets, request
        self._parts: list[kernel.Sums] = []
        given = stimulus.words if stimulus.kind == "planes" else np.zeros((1, 0, 0), np.uint64)
        self._source = kernel.Source(
            _SOURCES[stimulus.kind], np.ascontiguousarray(given), np.uint64(stimulus.seed), stimulus.first_word
        )
        n_words = stimulus.n_words
        self.out = bits.empty_planes((n_recorded, len(nets), n_words), "the record of this run")
        by_cycle = request is not None and "toggles" in request.measure and stimulus.n_cycles > 1
        self._before = bits.empty_planes((len(nets) if by_cycle else 0, n_words), "counting toggles by cycle")
        self._memory = _memory_arrays(schedule, state)

    @property
    def memory(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) int64 rows (first word, distance from lane to lane, depth), and all words in one array."""
        return self._memory

    # -- running -----------------------------------------------------------------------------

    def program(self, code: Code | None, width: int) -> Program:
        """The schedule (in compiled form, if there is one) with what this job observes."""
        schedule = self.schedule if code is None else code.schedule
        arrays = kernel.Program(
            schedule.runs, schedule.rows, np.zeros(0, np.int64) if code is None else code.addresses,
            schedule.input_slot, schedule.register_slot, schedule.next_literal, schedule.literals(self.nets),
        )  # fmt: skip
        return Program(schedule, width if code is None else code.width, arrays)

    def block_cost(self, lanes: int) -> int:
        """A cycle of one block in row evaluations, about: copies count as rows, and so does a lane of a memory port."""
        s = self.schedule
        copies = len(s.input_slot) + len(self.nets) + 3 * len(s.register_slot)
        ports = len(s.reads.memory) + len(s.writes.memory)
        return max(1, len(s.rows) + copies + ports * (lanes + 50))

    def run(
        self,
        program: Program,
        scratch: np.ndarray,
        words: tuple[int, int],
        cycles: tuple[int, int],
        sums: kernel.Sums,
    ) -> None:
        """Simulate the given words of every plane for the given cycles."""
        reads, writes = program.schedule.reads, program.schedule.writes
        memories = kernel.Memories(
            *self._memory, reads.memory, reads.address_ptr, reads.address, reads.data_ptr, reads.data,
            writes.memory, writes.address_ptr, writes.address, writes.data_ptr, writes.data, writes.enable,
        )  # fmt: skip
        n_cycles = self.stimulus.n_cycles
        out_first = n_cycles - len(self.out) if len(self.out) else n_cycles
        kernel.simulate(
            *words, self.stimulus.n_patterns, *cycles, scratch, self._source, program.arrays, self.state.registers,
            memories, self.out, out_first, n_cycles > 1, sums,
        )  # fmt: skip

    def finish(self) -> None:
        """Clear the unused lanes and put the memories back into the state."""
        last = bits.last_word_mask(self.stimulus.n_patterns)
        self.out[..., -1:] &= last
        self.state.registers[:, -1:] &= last
        table, words = self._memory
        for i, (m, stored) in enumerate(zip(self.schedule.netlist.memories, self.state.memories, strict=True)):
            if not m.is_rom:
                base, distance, depth = table[i]
                lanes = words[base : base + distance * len(stored)].reshape(len(stored), distance)
                stored[:] = lanes[:, :depth]

    # -- sums --------------------------------------------------------------------------------

    def new_sums(self) -> kernel.Sums:
        """Accumulators for one thread's words; threads ask in the order of their words."""
        request = self.request
        n = len(self.nets)

        def wanted(measure: str) -> int:
            return n if request is not None and measure in request.measure else 0

        extremes, toggles = wanted("extremes"), wanted("toggles")
        fields = [] if request is None or not extremes else list(request.fields.values())
        pair = None if request is None or request.pair is None else [request.fields[k] for k in request.pair]
        width = 0 if pair is None else pair[0].stop - pair[0].start
        sums = kernel.Sums(
            ones=np.zeros(wanted("ones"), np.int64),
            toggles=np.zeros(toggles, np.int64),
            signature=np.zeros(wanted("signature"), np.uint64),
            first=np.full(toggles, _NONE, np.uint8),
            last=np.full(toggles, _NONE, np.uint8),
            before=self._before,
            ports=np.array([(f.start, f.stop) for f in fields], np.int64).reshape(-1, 2),
            largest=np.full(extremes, _NONE, np.uint8),
            smallest=np.full(extremes, _NONE, np.uint8),
            pair=np.array([] if pair is None else [width, pair[0].start, pair[1].start], np.int64),
            wrong=np.zeros(1, np.int64),
            magnitude=np.zeros(width, np.int64),
            square=np.zeros((width, width), np.int64),
            worst=np.full(width, _NONE, np.uint8),
        )
        self._parts.append(sums)
        return sums

    def sums(self) -> dict[str, object]:
        """Every sum of the request, over all threads."""
        assert self.request is not None
        request, parts = self.request, self._parts
        found: dict[str, object] = {}
        if "ones" in request.measure:
            found["ones"] = np.sum([p.ones for p in parts], axis=0)
        if "toggles" in request.measure:
            toggles = np.sum([p.toggles for p in parts], axis=0)
            for one, following in pairwise(p for p in parts if len(p.last) and p.last[0] != _NONE):
                toggles += one.last != following.first
            found["toggles"] = toggles
        if "signature" in request.measure:
            found["signature"] = np.sum([p.signature for p in parts], axis=0, dtype=np.uint64)
        if "extremes" in request.measure:
            found["largest"], found["smallest"] = {}, {}
            for name, f in request.fields.items():
                found["largest"][name] = max(_number(p.largest[f]) for p in parts)
                found["smallest"][name] = min(k for p in parts if (k := _number(p.smallest[f])) >= 0)
        if request.pair is not None:
            n = self.stimulus.n_patterns * self.stimulus.n_cycles
            magnitude = np.sum([p.magnitude for p in parts], axis=0).tolist()
            square = np.sum([p.square for p in parts], axis=0).tolist()
            found["difference"] = Difference(
                n,
                sum(int(p.wrong[0]) for p in parts),
                sum(k << i for i, k in enumerate(magnitude)),
                sum(k << (i + j + (i != j)) for i, row in enumerate(square) for j, k in enumerate(row)),
                max(_number(p.worst) for p in parts),
            )
        return found


def _number(found: np.ndarray) -> int:
    """The number with these bits (LSB first); -1 where there is none yet."""
    return -1 if not len(found) or found[0] == _NONE else sum(int(b) << i for i, b in enumerate(found))


def _memory_arrays(schedule: Schedule, state: State) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) int64 rows (base, distance from lane to lane, depth) and all words in one array."""
    memories = schedule.netlist.memories
    table = np.zeros((len(memories), 3), np.int64)
    parts, base = [np.zeros(0, np.uint64)], 0
    for i, (m, stored) in enumerate(zip(memories, state.memories, strict=True)):
        if m.is_rom:
            content, table[i] = m.contents, (base, 0, m.depth)
        else:
            distance = _distance(*stored.shape)
            lanes = np.zeros((len(stored), distance), np.uint64)
            lanes[:, : m.depth] = stored
            content, table[i] = lanes.reshape(-1), (base, distance, m.depth)
        parts.append(content)
        base += len(content)
    return table, np.concatenate(parts)


def _distance(lanes: int, depth: int) -> int:
    """Words from one lane's memory to the next.

    Lanes that run the same program read the same address at about the same time. A power of two of words
    apart, all these words would want the same few places of a cache; an odd number of cache lines apart
    they spread over all of them.
    """
    return depth if lanes == 1 or depth < SPREAD_WORDS else 8 * (-(-depth // 8) | 1)
