"""``$mem_v2`` cells of Yosys as memories."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..gates import READ, gate
from ..memory import MAX_MEMORY_WIDTH, Memory, ReadPort, WritePort
from .json_syntax import Place
from .numbered import NumberedCells

MAX_WORDS = 1 << 24
MAX_WIDTH = 1 << 12
MAX_PORTS = 256


def placed_memory(
    cells: NumberedCells, name: str, cell: Place, connections: Place, nets: Callable[..., list[int]]
) -> tuple[list[Memory], list[tuple[int, bool]]]:
    """The memories of a ``$mem_v2`` cell, and the (net, rising) of the clocks of its write ports.

    A word of more than 64 bits becomes memories side by side. Enables for single bits are read for one
    write port: the bits that are not enabled keep what is stored.
    """
    parameters = cell.need("parameters")

    def count(key: str, most: int, least: int = 0) -> int:
        value = _digits(parameters.need(key))
        n = int(value, 2)
        if not least <= n <= most:
            raise cell.fail(f"{key} is {n}; {least} to {most:,} are possible")
        return n

    size, width, address_bits = count("SIZE", MAX_WORDS, 1), count("WIDTH", MAX_WIDTH, 1), count("ABITS", 40, 0)
    n_reads, n_writes = count("RD_PORTS", MAX_PORTS), count("WR_PORTS", MAX_PORTS)
    if count("OFFSET", 1 << 40):
        raise cell.fail("a memory whose addresses do not begin at 0 is not read")
    for key in ("RD_CLK_ENABLE", "RD_WIDE_CONTINUATION", "WR_WIDE_CONTINUATION"):
        if "1" in _digits(parameters.need(key)):
            hint = "clocked read ports (Yosys: memory -nordff)" if key == "RD_CLK_ENABLE" else "ports of several widths"
            raise cell.fail(f"{key} is set: memories with {hint} are not read")
    if n_writes and "0" in _digits(parameters.need("WR_CLK_ENABLE")).rjust(n_writes, "0")[-n_writes:]:
        raise cell.fail("a memory written without a clock is not read")

    def ports(key: str, n: int, each: int, driven: bool = False) -> list[list[int]]:
        if not n:
            return []
        found = nets(connections.need(key), driven=driven)
        if len(found) != n * each:
            raise cell.fail(f"{key} has {len(found)} bits; {n} ports of {each} need {n * each}")
        return [found[i * each : (i + 1) * each] for i in range(n)]

    read_at, read_data = ports("RD_ADDR", n_reads, address_bits), ports("RD_DATA", n_reads, width, True)
    write_at, write_data = ports("WR_ADDR", n_writes, address_bits), ports("WR_DATA", n_writes, width)
    enables = ports("WR_EN", n_writes, width)
    clocks = ports("WR_CLK", n_writes, 1)
    polarity = _digits(parameters.need("WR_CLK_POLARITY")).rjust(n_writes, "0")[::-1]
    contents = _contents(parameters, size, width)
    made = []
    for low in range(0, width, MAX_MEMORY_WIDTH):
        part = slice(low, min(low + MAX_MEMORY_WIDTH, width))
        label = name if width <= MAX_MEMORY_WIDTH else f"{name}[{low}]"
        reads = [(address, data[part]) for address, data in zip(read_at, read_data, strict=True)]
        writes = [(a, d[part], e[part]) for a, d, e in zip(write_at, write_data, enables, strict=True)]
        made.append(_one(cells, cell, label, size, contents[:, part], reads, writes))
    return made, [(net[0], polarity[i] == "1") for i, net in enumerate(clocks)]


def _digits(value: Place) -> str:
    """The binary digits of a parameter."""
    found = value.value
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 64:
        return f"{found:b}"
    if isinstance(found, str) and found and not set(found) - set("01xz"):
        return found.replace("x", "0").replace("z", "0")
    raise value.fail(f"expected a number in binary digits, found {str(found)[:40]!r}")


def _contents(parameters: Place, size: int, width: int) -> np.ndarray:
    """(size, width) uint8 bits at power-up, unknown ones 0."""
    found = parameters.get("INIT")
    digits = _digits(found) if found is not None else "0"
    if len(digits) > size * width:
        raise parameters.fail(f"INIT has {len(digits)} bits for {size} words of {width}")
    bits = np.zeros(size * width, np.uint8)
    given = np.frombuffer(digits.encode(), np.uint8)[::-1] - ord("0")
    bits[: len(given)] = given
    return bits.reshape(size, width)


def _one(cells: NumberedCells, cell: Place, name: str, size: int, bits: np.ndarray, reads, writes) -> Memory:
    line = 0
    weights = np.uint64(1) << np.arange(bits.shape[1], dtype=np.uint64)
    contents = (bits.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    contents.flags.writeable = False
    read_ports = []
    for address, data in reads:
        for net in data:
            cells.cell(READ, net, address, line)
        read_ports.append(ReadPort(tuple(address), tuple(data)))
    write_ports = []
    for address, data, enable in writes:
        stored, active = data, enable[0]
        if len(set(enable)) > 1:
            if len(writes) > 1:
                raise cell.fail("enables for single bits are read for memories with one write port only")
            old = [cells.inner() for _ in data]
            for net in old:
                cells.cell(READ, net, address, line)
            read_ports.append(ReadPort(tuple(address), tuple(old)))
            stored = []
            for e, kept, new in zip(enable, old, data, strict=True):
                stored.append(cells.inner())
                cells.cell(gate("MUX").op, stored[-1], (e, kept, new), line)
            active = enable[0]
            for e in enable[1:]:
                either = cells.inner()
                cells.cell(gate("OR").op, either, (active, e), line)
                active = either
        write_ports.append(WritePort(tuple(address), tuple(stored), active))
    return Memory(name, size, bits.shape[1], contents, tuple(read_ports), tuple(write_ports))
