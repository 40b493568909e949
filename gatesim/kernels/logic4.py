"""Four-valued simulation on two planes: value and unknown; 0 = (0, 0), 1 = (1, 0), X = (0, 1), Z = (1, 1).

A logic cell is given by its truth table, or (of four pins) by two covers of it, of the ones and of the
zeros: it can be 1 where all literals of a cube of the first *can* be true, and 0 likewise; where it can be
both it is X. A tri-state cell is given by the 16 entries of its table over the planes of its two pins.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def _can(cover_ptr, care, literal, kind, pins, first, n_pins, value, unknown, n_words, term, out):
    """OR of the cubes of one cover: where can each be true?"""
    for w in range(n_words):
        out[w] = 0
    for cube in range(cover_ptr[kind], cover_ptr[kind + 1]):
        for w in range(n_words):
            term[w] = ALL
        for k in range(n_pins):
            if care[cube] >> k & 1:
                net = pins[first + k]
                flip = np.uint64(0) if literal[cube] >> k & 1 else ALL
                for w in range(n_words):
                    term[w] &= (value[net, w] ^ flip) | unknown[net, w]
        for w in range(n_words):
            out[w] |= term[w]


@kernel
def _small(masks, a, b, c, value, unknown, n_words, can1, can0):
    """Where a function of up to three pins can be 1 and can be 0, in one pass; ``masks[i]`` is all ones where
    entry ``i`` of its truth table is. A pin that is not there reads constant 0.
    """
    m0, m1, m2, m3 = masks[0], masks[1], masks[2], masks[3]
    m4, m5, m6, m7 = masks[4], masks[5], masks[6], masks[7]
    for w in range(n_words):
        a1 = value[a, w] | unknown[a, w]
        a0 = ~value[a, w] | unknown[a, w]
        b1 = value[b, w] | unknown[b, w]
        b0 = ~value[b, w] | unknown[b, w]
        p0 = a0 & b0
        p1 = a1 & b0
        p2 = a0 & b1
        p3 = a1 & b1
        one = (m0 & p0) | (m1 & p1) | (m2 & p2) | (m3 & p3)
        zero = (~m0 & p0) | (~m1 & p1) | (~m2 & p2) | (~m3 & p3)
        if c:
            c1 = value[c, w] | unknown[c, w]
            c0 = ~value[c, w] | unknown[c, w]
            one = (c0 & one) | (c1 & ((m4 & p0) | (m5 & p1) | (m6 & p2) | (m7 & p3)))
            zero = (c0 & zero) | (c1 & ((~m4 & p0) | (~m5 & p1) | (~m6 & p2) | (~m7 & p3)))
        can1[w] = one
        can0[w] = zero


@kernel
def _wired(table, pins, first, n_pins, value, unknown, n_words, out_value, out_unknown):
    """A tri-state cell: bits 0 to 15 of `table` are the value plane, 16 to 31 the unknown plane."""
    a = pins[first]
    b = pins[first + n_pins - 1]
    for w in range(n_words):
        v = np.uint64(0)
        u = np.uint64(0)
        for index in range(4**n_pins):
            if not (table >> index & 1 or table >> (index + 16) & 1):
                continue
            here = (value[a, w] if index & 1 else ~value[a, w]) & (unknown[a, w] if index & 2 else ~unknown[a, w])
            if n_pins == 2:
                here &= value[b, w] if index & 4 else ~value[b, w]
                here &= unknown[b, w] if index & 8 else ~unknown[b, w]
            if table >> index & 1:
                v |= here
            if table >> (index + 16) & 1:
                u |= here
        out_value[w] = v
        out_unknown[w] = u


@kernel
def _gather(nets, start, stop, value, unknown, word, bit):
    """The number on a bus in one lane: value bits (0 where unknown) and unknown bits."""
    known = np.uint64(0)
    open_bits = np.uint64(0)
    for k in range(start, stop):
        place = np.uint64(k - start)
        u = (unknown[nets[k], word] >> bit) & np.uint64(1)
        open_bits |= u << place
        known |= (((value[nets[k], word] >> bit) & np.uint64(1)) & ~u) << place
    return known, open_bits


@kernel
def _possible(address, known, open_bits):
    return (np.uint64(address) & ~open_bits) == known


@kernel
def _read(port, r_memory, r_ptr, r_address, d_ptr, d_data, table, words, words_unknown,
          value, unknown, n_words, n_patterns, first_word):  # fmt: skip
    """One read port in every lane; what all words that the address may name agree on, else X."""
    base, stride, depth = table[r_memory[port], 0], table[r_memory[port], 1], table[r_memory[port], 2]
    bits = r_ptr[port + 1] - r_ptr[port]
    for w in range(n_words):
        for k in range(d_ptr[port], d_ptr[port + 1]):
            value[d_data[k], w] = 0
            unknown[d_data[k], w] = 0
        for lane in range(min(64, n_patterns - 64 * (first_word + w))):
            bit = np.uint64(lane)
            known, open_bits = _gather(r_address, r_ptr[port], r_ptr[port + 1], value, unknown, w, bit)
            at = base + stride * (64 * (first_word + w) + lane)
            word = np.uint64(0)
            doubt = np.uint64(0)
            if open_bits == 0:
                if known < np.uint64(depth):
                    word = words[at + np.int64(known)]
                    doubt = words_unknown[at + np.int64(known)]
            else:
                seen = False
                for address in range(depth):
                    if _possible(address, known, open_bits):
                        if not seen:
                            word = words[at + address]
                            doubt = words_unknown[at + address]
                            seen = True
                        else:
                            doubt |= (word ^ words[at + address]) | words_unknown[at + address]
                # An address past the depth reads 0; may it be one?
                if bits >= 63 or (known | open_bits) >= np.uint64(depth):
                    doubt |= word
                word &= ~doubt
            for k in range(d_ptr[port], d_ptr[port + 1]):
                place = np.uint64(k - d_ptr[port])
                value[d_data[k], w] |= ((word >> place) & np.uint64(1)) << bit
                unknown[d_data[k], w] |= ((doubt >> place) & np.uint64(1)) << bit


@kernel
def _write(port, w_memory, w_ptr, w_address, d_ptr, d_data, enable, table, words, words_unknown,
           value, unknown, n_words, n_patterns, first_word):  # fmt: skip
    """One write port in every lane; a word that may be written or not keeps only what agrees.

    Returns whether any word is another one now.
    """
    changed = False
    base, stride, depth = table[w_memory[port], 0], table[w_memory[port], 1], table[w_memory[port], 2]
    for w in range(n_words):
        for lane in range(min(64, n_patterns - 64 * (first_word + w))):
            bit = np.uint64(lane)
            maybe = (unknown[enable[port], w] >> bit) & np.uint64(1)
            if not maybe and not (value[enable[port], w] >> bit) & np.uint64(1):
                continue
            known, open_bits = _gather(w_address, w_ptr[port], w_ptr[port + 1], value, unknown, w, bit)
            data, doubt = _gather(d_data, d_ptr[port], d_ptr[port + 1], value, unknown, w, bit)
            at = base + stride * (64 * (first_word + w) + lane)
            if open_bits == 0 and not maybe:
                if known < np.uint64(depth):
                    here = at + np.int64(known)
                    changed |= words[here] != data or words_unknown[here] != doubt
                    words[here] = data
                    words_unknown[here] = doubt
                continue
            for address in range(depth):
                if _possible(address, known, open_bits):
                    lost = (words[at + address] ^ data) | words_unknown[at + address] | doubt
                    changed |= lost != words_unknown[at + address]
                    words_unknown[at + address] = lost
                    words[at + address] &= ~lost
    return changed


@kernel
def simulate(
    first_word, n_words, n_patterns, start, end, value, unknown,
    planes, planes_unknown, inputs,
    cells, kind, ptr, pins,
    ones_ptr, ones_care, ones_literal, zeros_ptr, zeros_care, zeros_literal, masks, wired,
    observe, out, out_unknown, skip,
    registers, register_kind, register_pins, state, state_unknown,
    table, words, words_unknown,
    r_memory, r_ptr, r_address, rd_ptr, rd_data,
    w_memory, w_ptr, w_address, wd_ptr, wd_data, w_enable, until_stable, dirty,
):  # fmt: skip
    """Cycles `start` to `end` of one block of words; `value` and `unknown` are (n_nets, n_words) scratch.

    ``kind[i]`` of the i-th cell in order: 0 and up a logic function, -1 - port a memory read, and from
    -2**30 down a tri-state cell whose table is ``wired[kind + 2**31]``. With `until_stable` it ends at the
    first cycle that changes no register and no memory, and records the last cycle only. Returns the
    number of cycles that were run.

    A cell is computed again only where one of its pins has changed: ``dirty[net]`` says so, and comes in as
    all 1 with fresh scratch, or as the last call left it.
    """
    memory_moved = True
    done = 0
    term = np.empty(n_words, np.uint64)
    can1 = np.empty(n_words, np.uint64)
    can0 = np.empty(n_words, np.uint64)
    following = np.empty((len(registers), n_words), np.uint64)
    following_unknown = np.empty((len(registers), n_words), np.uint64)
    for w in range(n_words):
        value[0, w] = 0
        value[1, w] = ALL
        unknown[0, w] = 0
        unknown[1, w] = 0
    for i in range(len(registers)):
        for w in range(n_words):
            changed = value[registers[i], w] != state[i, first_word + w]
            if changed or unknown[registers[i], w] != state_unknown[i, first_word + w]:
                dirty[registers[i]] = 1
            value[registers[i], w] = state[i, first_word + w]
            unknown[registers[i], w] = state_unknown[i, first_word + w]
    for cycle in range(start, end):
        at = cycle if len(planes) > 1 else 0
        for i in range(len(inputs)):
            for w in range(n_words):
                if value[inputs[i], w] != planes[at, i, first_word + w]:
                    dirty[inputs[i]] = 1
                if unknown[inputs[i], w] != planes_unknown[at, i, first_word + w]:
                    dirty[inputs[i]] = 1
                value[inputs[i], w] = planes[at, i, first_word + w]
                unknown[inputs[i], w] = planes_unknown[at, i, first_word + w]
        for i in range(len(cells)):
            net = cells[i]
            again = dirty[net] == 2
            for k in range(ptr[i], ptr[i + 1]):
                again |= dirty[pins[k]] != 0
            is_read = kind[i] < 0 and kind[i] >= -(1 << 30)
            if not again and not (is_read and memory_moved):
                dirty[net] = 0
                continue
            dirty[net] = 0
            if kind[i] >= 0:
                n_pins = ptr[i + 1] - ptr[i]
                if n_pins <= 3:
                    b = pins[ptr[i] + 1] if n_pins > 1 else 0
                    c = pins[ptr[i] + 2] if n_pins > 2 else 0
                    _small(masks[kind[i]], pins[ptr[i]], b, c, value, unknown, n_words, can1, can0)
                else:
                    _can(ones_ptr, ones_care, ones_literal, kind[i], pins, ptr[i], n_pins,
                         value, unknown, n_words, term, can1)  # fmt: skip
                    _can(zeros_ptr, zeros_care, zeros_literal, kind[i], pins, ptr[i], n_pins,
                         value, unknown, n_words, term, can0)  # fmt: skip
                moved = np.uint64(0)
                for w in range(n_words):
                    v = can1[w] & ~can0[w]
                    u = can1[w] & can0[w]
                    moved |= (v ^ value[net, w]) | (u ^ unknown[net, w])
                    value[net, w] = v
                    unknown[net, w] = u
                if moved:
                    dirty[net] = 1
            elif kind[i] < -(1 << 30):
                _wired(wired[kind[i] + (1 << 31)], pins, ptr[i], ptr[i + 1] - ptr[i],
                       value, unknown, n_words, can1, can0)  # fmt: skip
                for w in range(n_words):
                    if can1[w] != value[net, w] or can0[w] != unknown[net, w]:
                        dirty[net] = 1
                    value[net, w] = can1[w]
                    unknown[net, w] = can0[w]
            else:
                port = -1 - kind[i]
                for k in range(rd_ptr[port], rd_ptr[port + 1]):
                    dirty[rd_data[k]] = 1
                _read(-1 - kind[i], r_memory, r_ptr, r_address, rd_ptr, rd_data, table, words, words_unknown,
                      value, unknown, n_words, n_patterns, first_word)  # fmt: skip
        if cycle >= skip or until_stable:
            row = 0 if until_stable else cycle - skip
            for i in range(len(observe)):
                for w in range(n_words):
                    out[row, i, first_word + w] = value[observe[i], w]
                    out_unknown[row, i, first_word + w] = unknown[observe[i], w]
        for i in range(len(registers)):
            again = False
            for k in range(4 * i, 4 * i + 4):
                again |= dirty[register_pins[k]] != 0
            if not again:
                for w in range(n_words):
                    following[i, w] = value[registers[i], w]
                    following_unknown[i, w] = unknown[registers[i], w]
                continue
            _can(ones_ptr, ones_care, ones_literal, register_kind[i], register_pins, 4 * i, 4,
                 value, unknown, n_words, term, can1)  # fmt: skip
            _can(zeros_ptr, zeros_care, zeros_literal, register_kind[i], register_pins, 4 * i, 4,
                 value, unknown, n_words, term, can0)  # fmt: skip
            for w in range(n_words):
                following[i, w] = can1[w] & ~can0[w]
                following_unknown[i, w] = can1[w] & can0[w]
        changed = False
        for port in range(len(w_memory)):
            changed |= _write(port, w_memory, w_ptr, w_address, wd_ptr, wd_data, w_enable, table, words, words_unknown,
                   value, unknown, n_words, n_patterns, first_word)  # fmt: skip
        memory_moved = changed
        for i in range(len(inputs)):
            dirty[inputs[i]] = 0
        dirty[0] = 0
        dirty[1] = 0
        for i in range(len(registers)):
            dirty[registers[i]] = 0
            for w in range(n_words):
                change = value[registers[i], w] ^ following[i, w]
                change |= unknown[registers[i], w] ^ following_unknown[i, w]
                if change:
                    dirty[registers[i]] = 1
                    # What the unused lanes of the last word do matters to nobody.
                    left = n_patterns - 64 * (first_word + w)
                    changed |= (change << np.uint64(64 - left)) != 0 if left < 64 else True
                value[registers[i], w] = following[i, w]
                unknown[registers[i], w] = following_unknown[i, w]
        done += 1
        if until_stable and not changed:
            break
    for i in range(len(registers)):
        for w in range(n_words):
            state[i, first_word + w] = value[registers[i], w]
            state_unknown[i, first_word + w] = unknown[registers[i], w]
    return done
