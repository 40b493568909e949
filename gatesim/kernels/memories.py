# pyright: reportCallIssue=false
"""Read and write ports of memories, in all lanes of a block: planes become numbers and back 64 at a time."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .transpose import transpose64


@kernel
def _numbers(slots, literals, lo, hi, word, numbers):
    """The integers on `literals[lo:hi]`, one a lane of a word, into ``numbers`` (64,)."""
    for k in range(64):
        if k < hi - lo:
            literal = literals[lo + k]
            numbers[k] = slots[literal >> 1, word] ^ (np.uint64(0) - np.uint64(literal & 1))
        else:
            numbers[k] = 0
    transpose64(numbers)


@kernel
def read_port(port, slots, lanes, first_lane, mem, port_mem, addr_ptr, addr_lit, data_ptr, data_slot, words):
    """Put what a port reads, 0 past the depth, into its data slots."""
    m = port_mem[port]
    base, stride, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    lo, hi = data_ptr[port], data_ptr[port + 1]
    numbers = np.empty(64, np.uint64)
    for w in range((lanes + 63) >> 6):
        _numbers(slots, addr_lit, addr_ptr[port], addr_ptr[port + 1], w, numbers)
        for i in range(64):
            lane = 64 * w + i
            address = numbers[i]
            inside = lane < lanes and address < depth
            numbers[i] = words[base + stride * (first_lane + lane) + np.int64(address)] if inside else np.uint64(0)
        transpose64(numbers)
        for k in range(lo, hi):
            slots[data_slot[k], w] = numbers[k - lo]


@kernel
def write_port(port, slots, lanes, first_lane, mem, port_mem, addr_ptr, addr_lit, data_ptr, data_lit, enable, words):
    """Write the words of the lanes whose enable is 1."""
    m = port_mem[port]
    base, stride, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    addresses, values = np.empty(64, np.uint64), np.empty(64, np.uint64)
    for w in range((lanes + 63) >> 6):
        enabled = slots[enable[port] >> 1, w] ^ (np.uint64(0) - np.uint64(enable[port] & 1))
        if enabled == 0:
            continue
        _numbers(slots, addr_lit, addr_ptr[port], addr_ptr[port + 1], w, addresses)
        _numbers(slots, data_lit, data_ptr[port], data_ptr[port + 1], w, values)
        for i in range(min(64, lanes - 64 * w)):
            if (enabled >> np.uint64(i)) & np.uint64(1) and addresses[i] < depth:
                words[base + stride * (first_lane + 64 * w + i) + np.int64(addresses[i])] = values[i]
