# pyright: reportCallIssue=false
"""The bit-parallel kernel: rows of three-input functions over slots of 1, 8 or 32 words.

A row is one vector operation: load up to three slots, combine them bitwise, store one slot. Rows come
in runs of one function, so no branch depends on data. LLVM turns each function into one to three
instructions (ternary logic where the machine has AVX-512) and splits the vectors where registers are
narrower. Inputs are read from planes or made on the spot; what is observed is recorded or reduced.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .functions import CODE_KIND, READ_KIND
from .jit import kernel
from .memories import read_port, write_port
from .vectors import (
    call_code,
    copy8,
    ones1,
    ones8,
    popcount,
    prefetch,
    random1,
    random8,
    run1,
    run8,
    run32,
    sign1,
    sign8,
)

# -- in and out ------------------------------------------------------------------------------


class Program(NamedTuple):
    """A schedule: rows in runs, addresses that runs of CODE_KIND call, and who lives in which slot."""

    runs: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    input_slot: np.ndarray
    register_slot: np.ndarray
    next_literal: np.ndarray
    observe: np.ndarray


class Source(NamedTuple):
    """Where the inputs come from: planes (cycles or 1, bits, words), or made from a seed, from word ``first`` on."""

    kind: int
    planes: np.ndarray
    seed: np.uint64
    first: int


PLANES, EXHAUSTIVE, RANDOM = 0, 1, 2
"""Kinds of a source."""


class Memories(NamedTuple):
    """Contents, and ports as CSR lists of literals (see ``ReadPorts`` and ``WritePorts``)."""

    table: np.ndarray
    words: np.ndarray
    read_memory: np.ndarray
    read_address_ptr: np.ndarray
    read_address: np.ndarray
    read_data_ptr: np.ndarray
    read_data: np.ndarray
    write_memory: np.ndarray
    write_address_ptr: np.ndarray
    write_address: np.ndarray
    write_data_ptr: np.ndarray
    write_data: np.ndarray
    write_enable: np.ndarray


class Sums(NamedTuple):
    """Accumulators over what is observed; one without elements is not wanted.

    ``ones``, ``toggles`` (n,) int64; ``signature`` (n,) uint64; ``first``, ``last`` (n,) uint8: the first
    and the last bit seen so far (2: none), where toggles are counted from pattern to pattern;
    ``before`` (n, words) uint64: values of the cycle before, where they are counted from cycle to cycle.
    ``ports`` (p, 2) int64 are ranges of the observed; ``largest``, ``smallest`` (n,) uint8: bits of the
    largest and the smallest number on each of them (2: none yet). ``pair`` (3,) int64: width of two
    numbers and where they lie in the observed; their difference is summed up in ``wrong`` (1,) int64
    (lanes where it is not 0), ``magnitude`` (width,) int64 (ones of each bit of the absolute
    difference), ``square`` (width, width) int64 (lanes where both bits are 1) and ``worst`` (width,)
    uint8 (bits of the largest).
    """

    ones: np.ndarray
    toggles: np.ndarray
    signature: np.ndarray
    first: np.ndarray
    last: np.ndarray
    before: np.ndarray
    ports: np.ndarray
    largest: np.ndarray
    smallest: np.ndarray
    pair: np.ndarray
    wrong: np.ndarray
    magnitude: np.ndarray
    square: np.ndarray
    worst: np.ndarray


GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _ZERO = np.uint64(1), np.uint64(0)


@kernel
def mix(z):
    """The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))


@kernel
def _make_keys(source, cycle, keys):
    """Where the random words of every input bit start in one cycle."""
    for i in range(len(keys)):
        keys[i] = mix(source.seed + GOLDEN * np.uint64(cycle * len(keys) + i + 1))


@kernel
def _load_random(keys, input_slot, slots, low, n):
    """Random words ``low .. low + n`` of every input bit that is read (whole vectors are written)."""
    width = slots.shape[1]
    start = GOLDEN * np.uint64(low)
    for i in range(len(input_slot)):
        if input_slot[i] < 0:
            continue
        at = np.int64(input_slot[i]) * width
        if width == 1:
            random1(slots, at, keys[i] + start)
        else:
            for k in range((n + 7) >> 3):
                random8(slots, at + 8 * k, keys[i] + start + GOLDEN * np.uint64(8 * k))


@kernel
def _counting_words(bit, low, words):
    """Bit `bit` of the pattern's number, from word `low` on."""
    if bit < 6:
        lanes = _ZERO
        for p in range(64):
            lanes |= np.uint64((p >> bit) & 1) << np.uint64(p)
        for w in range(len(words)):
            words[w] = lanes
    else:
        for w in range(len(words)):
            words[w] = _ZERO - ((np.uint64(low + w) >> np.uint64(bit - 6)) & _ONE)


@kernel
def _move(target, t, t_low, source, s, s_low, n, flip):
    """``target[t, t_low:t_low + n] = source[s, s_low:s_low + n] ^ flip``, C-contiguous arrays."""
    to = t * target.shape[1] + t_low
    at = s * source.shape[1] + s_low
    whole = n & ~7
    for w in range(0, whole, 8):
        copy8(target, to + w, source, at + w, flip)
    for w in range(whole, n):
        target[t, t_low + w] = source[s, s_low + w] ^ flip


@kernel
def _load(source, input_slot, slots, cycle, low, n, keys):
    """Put the words ``low .. low + n`` of every input bit that is read into its slot."""
    n_bits = len(input_slot)
    if source.kind == RANDOM:
        _load_random(keys, input_slot, slots, source.first + low, n)
        return
    if source.kind == EXHAUSTIVE:
        for i in range(n_bits):
            if input_slot[i] >= 0:
                _counting_words(i, source.first + low, slots[input_slot[i], :n])
        return
    planes = source.planes[0 if source.planes.shape[0] == 1 else cycle]
    ahead = planes.shape[1] - low - n
    for i in range(n_bits):
        if input_slot[i] >= 0:
            _move(slots, input_slot[i], 0, planes, i, low, n, _ZERO)
            at = i * planes.shape[1] + low + n
            for w in range(0, min(n, ahead), 8):
                prefetch(planes, at + w)


# -- reductions ------------------------------------------------------------------------------


@kernel
def _extreme(slots, literals, lanes, candidates, flip, best):
    """Raise `best` (bits, LSB first; 2: nothing yet) to the largest number on `literals` in any lane.

    With ``flip`` all ones, lower it to the smallest number: complements are compared. ``lanes`` (n,) are the lanes
    that count, `candidates` is scratch: the lanes that can still be the largest.
    """
    n = len(lanes)
    candidates[:n] = lanes
    above = best[0] == 2
    tied = not above
    for k in range(len(literals) - 1, -1, -1):
        slot = literals[k] >> 1
        inverted = (_ZERO - np.uint64(literals[k] & 1)) ^ flip
        found = _ZERO
        for w in range(n):
            found |= candidates[w] & (slots[slot, w] ^ inverted)
        bit = np.uint8(found != 0)
        if bit:
            for w in range(n):
                candidates[w] &= slots[slot, w] ^ inverted
        value = bit ^ np.uint8(flip & _ONE)
        if tied and value != best[k]:
            tied = False
            if bit == 0:
                return
            above = True
        if above:
            best[k] = value


@kernel
def _differ(slots, observe, sums, lanes, scratch, candidates):
    """Sum up the absolute difference of two observed numbers."""
    width, first, second = sums.pair[0], sums.pair[1], sums.pair[2]
    n = len(lanes)
    borrow, wrong = scratch[width], scratch[width + 1]
    borrow[:n] = _ZERO
    for k in range(width):
        a, b = observe[first + k], observe[second + k]
        a_flip, b_flip = _ZERO - np.uint64(a & 1), _ZERO - np.uint64(b & 1)
        for w in range(n):
            x = (slots[a >> 1, w] ^ a_flip) & lanes[w]
            y = (slots[b >> 1, w] ^ b_flip) & lanes[w]
            scratch[k, w] = x ^ y ^ borrow[w]
            borrow[w] = (~x & (y | borrow[w])) | (y & borrow[w])
    # Negative lanes: complement and add one.
    sign = borrow
    wrong[:n] = _ZERO
    carry = candidates
    carry[:n] = sign[:n]
    for k in range(width):
        ones = np.int64(0)
        for w in range(n):
            flipped = scratch[k, w] ^ sign[w]
            scratch[k, w] = flipped ^ carry[w]
            carry[w] &= flipped
            wrong[w] |= scratch[k, w]
            ones += np.int64(popcount(scratch[k, w]))
        sums.magnitude[k] += ones
    for w in range(n):
        sums.wrong[0] += np.int64(popcount(wrong[w]))
    for j in range(width):
        for k in range(j + 1):
            both = np.int64(0)
            for w in range(n):
                both += np.int64(popcount(scratch[j, w] & scratch[k, w]))
            sums.square[j, k] += both
    literals = 2 * np.arange(width)
    _extreme(scratch, literals, lanes, candidates, _ZERO, sums.worst)


@kernel
def _count(observe, slots, lanes, ones):
    """Add to `ones` how often each observed bit is 1, in the lanes that count."""
    width = slots.shape[1]
    for i in range(len(observe)):
        at, flip = np.int64(observe[i] >> 1) * width, _ZERO - np.uint64(observe[i] & 1)
        if width == 1:
            ones[i] += ones1(slots, at, flip, lanes, 0)
        else:
            for k in range(width >> 3):
                ones[i] += ones8(slots, at + 8 * k, flip, lanes, 8 * k)


@kernel
def _sign(observe, slots, lanes, place, signature):
    """Add to `signature` the hashes of each observed bit's words, which know their place in the run."""
    width = slots.shape[1]
    start = GOLDEN * np.uint64(place)
    for i in range(len(observe)):
        at, flip = np.int64(observe[i] >> 1) * width, _ZERO - np.uint64(observe[i] & 1)
        if width == 1:
            signature[i] += sign1(slots, at, flip, lanes, 0, start)
        else:
            for k in range(width >> 3):
                signature[i] += sign8(slots, at + 8 * k, flip, lanes, 8 * k, start + GOLDEN * np.uint64(8 * k))


@kernel
def _reduce(observe, slots, low, n, lanes, position, along_cycles, sums, value, candidates, scratch):
    """Add the observed values of one block (words ``low .. low + n``) to `sums`.

    ``lanes`` (width,) are the lanes that count; it is 0 from word n on.
    """
    if len(sums.ones):
        _count(observe, slots, lanes, sums.ones)
    if len(sums.signature):
        _sign(observe, slots, lanes, position + low, sums.signature)
    lanes = lanes[:n]
    for i in range(len(sums.toggles)):
        slot, flip = observe[i] >> 1, _ZERO - np.uint64(observe[i] & 1)
        for w in range(n):
            value[w] = (slots[slot, w] ^ flip) & lanes[w]
        changes = np.int64(0)
        if along_cycles:
            if position:
                for w in range(n):
                    changes += np.int64(popcount(value[w] ^ sums.before[i, low + w]))
            for w in range(n):
                sums.before[i, low + w] = value[w]
        else:
            last = np.uint64(sums.last[i])
            if last == 2:
                last = value[0] & _ONE
                sums.first[i] = last
            for w in range(n):
                changes += np.int64(popcount((value[w] ^ ((value[w] << _ONE) | last)) & lanes[w]))
                last = value[w] >> np.uint64(63)
            top = np.int64(popcount(lanes[n - 1])) - 1
            sums.last[i] = (value[n - 1] >> np.uint64(top)) & _ONE
        sums.toggles[i] += changes
    for p in range(len(sums.ports)):
        start, stop = sums.ports[p, 0], sums.ports[p, 1]
        if start < stop:
            _extreme(slots, observe[start:stop], lanes, candidates, _ZERO, sums.largest[start:stop])
            _extreme(slots, observe[start:stop], lanes, candidates, ~_ZERO, sums.smallest[start:stop])
    if len(sums.pair):
        _differ(slots, observe, sums, lanes, scratch, candidates)


# -- the kernel ------------------------------------------------------------------------------


@kernel
def simulate(
    first_word, last_word, n_lanes, first_cycle, last_cycle, slots, source, program, registers, mem,
    out, out_first, along_cycles, sums,
):  # fmt: skip
    """Run cycles ``first_cycle .. last_cycle`` for the words ``first_word .. last_word`` of every plane.

    ``slots`` is (n_slots, width) scratch with slot 0 all 0; `n_lanes` counts the patterns of the whole
    run. Cycle ``c`` is recorded at ``out[c - out_first]`` when that is not negative. ``registers``,
    ``mem.words`` and ``sums`` are updated in place.
    """
    width = slots.shape[1]
    n_regs = len(program.register_slot)
    observe, next_literal = program.observe, program.next_literal
    staged = np.empty((n_regs, width), np.uint64)
    reducing = len(sums.ones) + len(sums.toggles) + len(sums.signature) + len(sums.ports) + len(sums.pair)
    lanes, value, candidates = np.empty(width, np.uint64), np.empty(width, np.uint64), np.empty(width, np.uint64)
    scratch = np.empty((sums.pair[0] + 2 if len(sums.pair) else 0, width), np.uint64)
    n_words = (n_lanes + 63) >> 6
    keys, keys_of = np.empty(len(program.input_slot) if source.kind == RANDOM else 0, np.uint64), -1
    for low in range(first_word, last_word, width):
        n = min(width, last_word - low)
        block_lanes = min(64 * n, n_lanes - 64 * low)
        for w in range(width):
            left = n_lanes - 64 * (low + w) if w < n else 0
            lanes[w] = ~_ZERO if left >= 64 else (_ONE << np.uint64(left)) - _ONE
        for i in range(n_regs):
            _move(slots, program.register_slot[i], 0, registers, i, low, n, _ZERO)
        for cycle in range(first_cycle, last_cycle):
            if cycle != keys_of:
                _make_keys(source, cycle, keys)
                keys_of = cycle
            _load(source, program.input_slot, slots, cycle, low, n, keys)
            for k in range(len(program.runs)):
                kind, start, stop = program.runs[k, 0], program.runs[k, 1], program.runs[k, 2]
                if kind == READ_KIND:
                    for r in range(start, stop):
                        read_port(program.rows[r, 0], slots, block_lanes, 64 * low, mem.table, mem.read_memory,
                              mem.read_address_ptr, mem.read_address, mem.read_data_ptr, mem.read_data,
                              mem.words)  # fmt: skip
                elif kind == CODE_KIND:
                    call_code(program.codes[start], slots, n)
                elif width == 32:
                    run32(kind, program.rows, start, stop, slots)
                elif width == 8:
                    run8(kind, program.rows, start, stop, slots)
                else:
                    run1(kind, program.rows, start, stop, slots)
            if cycle >= out_first:
                for i in range(len(observe)):
                    _move(
                        out[cycle - out_first], i, low, slots, observe[i] >> 1, 0, n, _ZERO - np.uint64(observe[i] & 1)
                    )
            if reducing:
                _reduce(observe, slots, low, n, lanes, cycle * n_words, along_cycles, sums, value, candidates, scratch)
            for port in range(len(mem.write_memory)):
                write_port(port, slots, block_lanes, 64 * low, mem.table, mem.write_memory, mem.write_address_ptr,
                       mem.write_address, mem.write_data_ptr, mem.write_data, mem.write_enable,
                       mem.words)  # fmt: skip
            for i in range(n_regs):
                flip = _ZERO - np.uint64(next_literal[i] & 1)
                _move(staged, i, 0, slots, next_literal[i] >> 1, 0, n, flip)
            if cycle + 1 < last_cycle:
                for i in range(n_regs):
                    _move(slots, program.register_slot[i], 0, staged, i, 0, n, _ZERO)
        if first_cycle < last_cycle:
            for i in range(n_regs):
                _move(registers, i, low, staged, i, 0, n, _ZERO)
