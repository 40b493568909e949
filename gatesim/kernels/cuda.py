# pyright: reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false
"""The interpreting kernel for GPUs: a thread has 32 patterns to itself, its slots lie in shared memory.

Threads never talk to each other, so nothing is synchronised. Neighbouring threads hold neighbouring
words: every access of a warp is one line of shared or global memory, free of bank conflicts. A row is
evaluated from the eight bits of its truth table, spread to masks once a run: seven three-input
operations, which take no longer than the row's shared-memory traffic, and no branch on the function.
Rows of a run are independent: two are loaded before either is stored.

Slot numbers come multiplied by BLOCK, and indices are unsigned, so that an address is one addition.

The kernels are ordinary Python to Numba's CUDA simulator (``NUMBA_ENABLE_CUDASIM=1``).
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numba import config, cuda, uint32

BLOCK = 32
"""Threads a block, one warp: the fewer, the more slots a thread can have in shared memory."""

LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

SIMULATED = bool(config.ENABLE_CUDASIM)
"""Whether Numba's CUDA simulator stands in for a device."""

if SIMULATED:  # NumPy's scalars warn where arithmetic on uint64 wraps, as it should here.
    warnings.filterwarnings("ignore", "overflow encountered in scalar", RuntimeWarning)

DEFAULT_SHARED_BYTES = 48 * 1024
"""Shared memory that every block gets on every device (CUDA C++ Programming Guide, technical
specifications per compute capability)."""

device = cuda
"""Numba's CUDA module: arrays on the device, synchronisation, properties."""


class Program(NamedTuple):
    """A schedule as the kernel reads it, all uint32; a flip is all ones where the slot is read inverted.

    ``inputs`` (n, 2) (plane, slot). ``rows`` (2 * n) are pairs of uint64, (in0, in1) and (in2, out), low
    half first: an even number of rows a run, the last one twice if need be, except for memory reads,
    where in0 is the port. ``runs`` (n, 3) (0 for memory reads, where its rows start, where they stop);
    ``masks`` (n_runs, 8), see :func:`_lookup`; ``moves`` (n, 2) (from slot, to slot) at the clock edge.
    """

    inputs: np.ndarray
    runs: np.ndarray
    masks: np.ndarray
    rows: np.ndarray
    observe: np.ndarray
    observe_flip: np.ndarray
    moves: np.ndarray
    moves_flip: np.ndarray
    register_slot: np.ndarray


class Ports(NamedTuple):
    """Memory ports: CSR lists of address and data slots with their flips; read ports have no enables."""

    memory: np.ndarray
    address_ptr: np.ndarray
    address: np.ndarray
    address_flip: np.ndarray
    data_ptr: np.ndarray
    data: np.ndarray
    data_flip: np.ndarray
    enable: np.ndarray
    enable_flip: np.ndarray


@cuda.jit(device=True)
def _number(slots, at, literals, flips, lo, hi, lane):
    """The integer on ``literals[lo:hi]`` in one lane."""
    total = np.uint64(0)
    for k in range(lo, hi):
        word = slots[literals[k] + at] ^ flips[k]
        total |= np.uint64((word >> np.uint32(lane)) & np.uint32(1)) << np.uint64(k - lo)
    return total


@cuda.jit(device=True)
def _read(port, slots, at, lane, lanes, memories, words, reads):
    m = reads.memory[port]
    base, step, depth = memories[m, 0], memories[m, 1], memories[m, 2]
    first, last = reads.address_ptr[port], reads.address_ptr[port + 1]
    lo, hi = reads.data_ptr[port], reads.data_ptr[port + 1]
    for k in range(lo, hi):
        slots[reads.data[k] + at] = np.uint32(0)
    for i in range(lanes):
        address = _number(slots, at, reads.address, reads.address_flip, first, last, i)
        if address < np.uint64(depth):
            value = words[base + step * (lane + i) + np.int64(address)]
            for k in range(lo, hi):
                bit = np.uint32((value >> np.uint64(k - lo)) & np.uint64(1))
                slots[reads.data[k] + at] |= bit << np.uint32(i)


@cuda.jit(device=True)
def _write(port, slots, at, lane, lanes, memories, words, writes):
    m = writes.memory[port]
    base, step, depth = memories[m, 0], memories[m, 1], memories[m, 2]
    first, last = writes.address_ptr[port], writes.address_ptr[port + 1]
    lo, hi = writes.data_ptr[port], writes.data_ptr[port + 1]
    enabled = slots[writes.enable[port] + at] ^ writes.enable_flip[port]
    for i in range(lanes):
        if (enabled >> np.uint32(i)) & np.uint32(1):
            address = _number(slots, at, writes.address, writes.address_flip, first, last, i)
            if address < np.uint64(depth):
                value = _number(slots, at, writes.data, writes.data_flip, lo, hi, i)
                words[base + step * (lane + i) + np.int64(address)] = value


@cuda.jit(device=True)
def _lookup(m0, m1, m2, m3, m4, m5, m6, m7, a, b, c):
    """Table look-up bit by bit: m0, m2, m4, m6 are f at a = 0; the others what a = 1 changes."""
    p, q = m0 ^ (a & m1), m2 ^ (a & m3)
    r, s = m4 ^ (a & m5), m6 ^ (a & m7)
    low, high = p ^ (b & (p ^ q)), r ^ (b & (r ^ s))
    return low ^ (c & (low ^ high))


@cuda.jit(device=True)
def _run(slots, at, rows, start, stop, masks, k):
    m0, m1, m2, m3 = masks[k, 0], masks[k, 1], masks[k, 2], masks[k, 3]
    m4, m5, m6, m7 = masks[k, 4], masks[k, 5], masks[k, 6], masks[k, 7]
    r = start
    while r < stop:
        u, v, w, x = rows[r], rows[r + 1], rows[r + 2], rows[r + 3]
        a, b, c = slots[(u & LOW) + at], slots[(u >> HALF) + at], slots[(v & LOW) + at]
        d, e, f = slots[(w & LOW) + at], slots[(w >> HALF) + at], slots[(x & LOW) + at]
        slots[(v >> HALF) + at] = _lookup(m0, m1, m2, m3, m4, m5, m6, m7, a, b, c)
        slots[(x >> HALF) + at] = _lookup(m0, m1, m2, m3, m4, m5, m6, m7, d, e, f)
        r += 4


@cuda.jit(device=True)
def settle(slots, at, lane, lanes, program, memories, words, reads):
    """Evaluate every row of one thread."""
    for k in range(len(program.runs)):
        start, stop = program.runs[k, 1], program.runs[k, 2]
        if program.runs[k, 0]:
            _run(slots, at, program.rows, start, stop, program.masks, k)
        else:
            for r in range(start, stop, 2):
                _read(np.uint32(program.rows[r] & LOW), slots, at, lane, lanes, memories, words, reads)


@cuda.jit(device=True)
def _thread(
    i, slots, at, program, n_patterns, first, last, planes, out, out_first, registers,
    memories, words, reads, writes,
):  # fmt: skip
    """All cycles of word `i`; slot ``s`` of this thread is ``slots[s + at]``."""
    lane = 32 * i
    lanes = min(32, n_patterns - lane)
    slots[at] = np.uint32(0)
    for k in range(len(program.register_slot)):
        slots[program.register_slot[k] + at] = registers[k, i]
    for cycle in range(first, last):
        plane = min(cycle - first, len(planes) - 1)
        for k in range(len(program.inputs)):
            slots[program.inputs[k, 1] + at] = planes[plane, program.inputs[k, 0], i]
        settle(slots, at, lane, lanes, program, memories, words, reads)
        if cycle >= out_first:
            for k in range(len(program.observe)):
                out[cycle - out_first, k, i] = slots[program.observe[k] + at] ^ program.observe_flip[k]
        for port in range(len(writes.memory)):
            _write(port, slots, at, lane, lanes, memories, words, writes)
        for k in range(len(program.moves)):
            slots[program.moves[k, 1] + at] = slots[program.moves[k, 0] + at] ^ program.moves_flip[k]
    for k in range(len(program.register_slot)):
        registers[k, i] = slots[program.register_slot[k] + at]


@cuda.jit
def simulate_shared(
    program, n_words, n_patterns, first, last, planes, out, out_first, registers, memories, words,
    reads, writes, scratch, n_slots,
):  # fmt: skip
    """Cycles ``first .. last`` for 32 patterns a thread; slots in shared memory (`scratch` is not used).

    ``planes`` (cycles or 1, input bits, words) and ``out`` (cycles, nets, words) begin at cycle `first`
    and `out_first`; ``registers`` (n, words) and ``words`` (memory contents, laid out by ``memories``
    rows (base, stride a lane, depth)) are updated in place. All planes are uint32.
    """
    slots = cuda.shared.array(0, uint32)
    i = cuda.grid(1)
    if i < n_words:
        _thread(
            i, slots, np.uint32(cuda.threadIdx.x), program, n_patterns, first, last, planes,
            out, out_first, registers, memories, words, reads, writes,
        )  # fmt: skip


@cuda.jit
def simulate_global(
    program, n_words, n_patterns, first, last, planes, out, out_first, registers, memories, words,
    reads, writes, scratch, n_slots,
):  # fmt: skip
    """The same with slots in global memory, `scratch`: ``n_slots`` (a uint64, times BLOCK) for every block."""
    i = cuda.grid(1)
    if i < n_words:
        _thread(
            i, scratch, np.uint64(cuda.blockIdx.x) * n_slots + np.uint64(cuda.threadIdx.x), program,
            n_patterns, first, last, planes, out, out_first, registers, memories, words, reads, writes,
        )  # fmt: skip


# -- stimulus made on the device, and sums ---------------------------------------------------------

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _ZERO = np.uint64(1), np.uint64(0)


@cuda.jit(device=True)
def _mix(z):
    """The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))


@cuda.jit
def generate(planes, is_random, seed, first_cycle, first_word):
    """Fill ``planes`` (cycles, bits, 2 * words) with what ``Stimulus`` defines, a thread a uint64 word."""
    words = planes.shape[2] // 2
    n_bits = planes.shape[1]
    i = cuda.grid(1)
    if i < planes.shape[0] * n_bits * words:
        plane, word = i // words, np.uint64(first_word + i % words)
        cycle, bit = plane // n_bits, plane % n_bits
        if is_random:
            key = _mix(seed + GOLDEN * np.uint64((first_cycle + cycle) * n_bits + bit + 1))
            value = _mix(key + GOLDEN * (word + _ONE))
        elif bit < 6:
            value = _ZERO
            for p in range(64):
                value |= np.uint64((p >> bit) & 1) << np.uint64(p)
        else:
            value = _ZERO - ((word >> np.uint64(bit - 6)) & _ONE)
        planes[cycle, bit, 2 * (i % words)] = np.uint32(value & LOW)
        planes[cycle, bit, 2 * (i % words) + 1] = np.uint32(value >> HALF)


@cuda.jit
def add_up(planes, n_patterns, place, words_apart, ones, signature):
    """Add the ones and the signature of ``planes`` (cycles, bits, 2 * words) to those of each bit.

    ``n_patterns`` lanes of the planes count. ``place`` is the number of the first word among those of the
    whole run, ``words_apart`` how much later the same word comes in the next cycle; see
    ``gatesim.reductions``. Blocks along x share the words, blocks along y the bits.
    """
    words = planes.shape[2] // 2
    for bit in range(cuda.blockIdx.y, planes.shape[1], cuda.gridDim.y):
        count, total = np.int64(0), _ZERO
        for cycle in range(planes.shape[0]):
            for w in range(cuda.grid(2)[0], words, cuda.gridsize(2)[0]):
                value = np.uint64(planes[cycle, bit, 2 * w]) | np.uint64(planes[cycle, bit, 2 * w + 1]) << HALF
                left = n_patterns - 64 * w
                if left < 64:
                    value &= (_ONE << np.uint64(left)) - _ONE
                count += np.int64(cuda.popc(value))
                h = value + GOLDEN * np.uint64(place + cycle * words_apart + w + 1)
                h = (h ^ (h >> np.uint64(32))) * _M1
                total += h ^ (h >> np.uint64(29))
        cuda.atomic.add(ones, bit, count)
        cuda.atomic.add(signature, bit, total)


# -- grids -------------------------------------------------------------------------------------------


class Links(NamedTuple):
    """How the cells of a grid see each other; words are of 32 lanes.

    ``linked`` (n, 6) int64: slot, register, whole words and bits of the shift, move, fed plane or -1.
    ``keep`` (moves, words) uint32: lanes that see another cell. ``free`` and ``uniform`` (n, 2) int64: slot
    and plane of inputs that differ between cells, and of those that do not.
    """

    linked: np.ndarray
    keep: np.ndarray
    free: np.ndarray
    uniform: np.ndarray


class Entering(NamedTuple):
    """What enters at the edges: lanes ``ptr[k, w] .. ptr[k, w + 1]`` of fed plane ``k`` lie in its word ``w``.

    Such a lane is bit ``bit`` of the word, and its value is bit ``number & 31`` of packed word
    ``first[k] + (number >> 5)``.
    """

    ptr: np.ndarray
    bit: np.ndarray
    number: np.ndarray
    first: np.ndarray


@cuda.jit
def enter(entering, feeds, first, fed):
    """Make the planes ``fed`` (cycles, fed bits, words) of what enters from cycle `first` on, a thread a word."""
    i = cuda.grid(1)
    n_planes, n_words = fed.shape[1], fed.shape[2]
    if i < fed.shape[0] * n_planes * n_words and first + i // (n_planes * n_words) < len(feeds):
        cycle, plane, w = i // (n_planes * n_words), i // n_words % n_planes, i % n_words
        word = np.uint32(0)
        for e in range(entering.ptr[plane, w], entering.ptr[plane, w + 1]):
            number = entering.number[e]
            packed = feeds[first + cycle, entering.first[plane] + (number >> 5)]
            word |= ((packed >> np.uint32(number & 31)) & np.uint32(1)) << np.uint32(entering.bit[e])
        fed[cycle, plane, w] = word


@cuda.jit
def leave(planes, pad, first, last, drained, lanes, drains):
    """Collect what leaves in the cycles ``first .. last``, a thread a packed word.

    Cycle ``c`` finds its registers in ``planes[c % len(planes)]``. ``drained`` (packed words, 3) int64:
    register, first of `lanes` and how many.
    """
    i = cuda.grid(1)
    if i < (last - first) * len(drained):
        cycle, k = first + i // len(drained), i % len(drained)
        word = np.uint32(0)
        for e in range(drained[k, 2]):
            lane = lanes[drained[k, 1] + e]
            value = planes[cycle % len(planes), drained[k, 0], pad + (lane >> 5)]
            word |= ((value >> np.uint32(lane & 31)) & np.uint32(1)) << np.uint32(e)
        drains[cycle, k] = word


@cuda.jit
def clock_edge(program, reads, memories, words, links, cycle, pad, planes, fed, frees, uniforms):
    """One clock edge of a grid, 32 cells a thread; slots are in shared memory.

    ``planes`` (any number, registers, words) uint32, with the cells from word `pad` on and zeros outside of
    them: ``planes[cycle % len(planes)]`` before the edge, the next one after it. ``program.observe`` are the
    registers' next values. ``fed`` are the planes of what enters in cycle ``c`` at ``fed[c % len(fed)]``, ``frees``
    (1 or cycles, bits, words), ``uniforms`` (1 or cycles, bits).
    """
    slots = cuda.shared.array(0, uint32)
    i = cuda.grid(1)
    at = np.uint32(cuda.threadIdx.x)
    if i < links.keep.shape[1]:
        now, following = cycle % len(planes), (cycle + 1) % len(planes)
        slots[at] = np.uint32(0)
        for k in range(len(program.register_slot)):
            slots[program.register_slot[k] + at] = planes[now, k, pad + i]
        for k in range(len(links.linked)):
            register, w, bits = links.linked[k, 1], pad + i - links.linked[k, 2], links.linked[k, 3]
            value = planes[now, register, w] << np.uint32(bits)
            if bits:
                value |= planes[now, register, w - 1] >> np.uint32(32 - bits)
            value &= links.keep[links.linked[k, 4], i]
            if links.linked[k, 5] >= 0:
                value |= fed[cycle % len(fed), links.linked[k, 5], i]
            slots[links.linked[k, 0] + at] = value
        for k in range(len(links.free)):
            slots[links.free[k, 0] + at] = frees[min(cycle, len(frees) - 1), links.free[k, 1], i]
        for k in range(len(links.uniform)):
            slots[links.uniform[k, 0] + at] = uniforms[min(cycle, len(uniforms) - 1), links.uniform[k, 1]]
        settle(slots, at, 0, 0, program, memories, words, reads)
        for k in range(len(program.observe)):
            planes[following, k, pad + i] = slots[program.observe[k] + at] ^ program.observe_flip[k]
