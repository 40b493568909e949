"""Ports from the one-bit names that files give, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..netlist import Direction, Netlist, Port

_INDEXED = re.compile(r"(.+)\[(\d{1,9})\]", re.DOTALL)

MAX_PORT_BITS = 1 << 20
"""Input and output bits that a reader accepts."""


def made_ports(
    inputs: Sequence[tuple[str, int]], outputs: Sequence[tuple[str, int]], *, group: bool = True
) -> tuple[Port, ...]:
    """Ports of (name, net) bits, inputs first.

    Consecutive bits ``name[0], name[1], ...`` are joined into a bus where that makes no name twice; an
    output called like another port gets ``_out`` (and a number) after its name.
    """
    made = [*_joined("input", inputs, group), *_joined("output", outputs, group)]
    if group and len({p.name for p in made}) < len(made):
        return made_ports(inputs, outputs, group=False)
    fresh = FreshNames()
    return tuple(Port(fresh(p.name, "_out"), p.direction, p.nets) for p in made)


def known_ports(
    inputs: Sequence[tuple[str, int]], outputs: Sequence[tuple[str, int]], ports: Sequence[tuple[str, Direction, int]]
) -> tuple[Port, ...]:
    """Ports of known (name, direction, width), whose bits stand in this order, LSB first."""
    nets = {"input": iter(inputs), "output": iter(outputs)}
    return tuple(
        Port(name, direction, tuple(next(nets[direction])[1] for _ in range(width))) for name, direction, width in ports
    )


def _joined(direction: Direction, bits: Sequence[tuple[str, int]], group: bool) -> Iterable[Port]:
    at = 0
    while at < len(bits):
        name, net = bits[at]
        nets = [net]
        match = _INDEXED.fullmatch(name) if group else None
        if match and match[2] == "0":
            while at + len(nets) < len(bits) and bits[at + len(nets)][0] == f"{match[1]}[{len(nets)}]":
                nets.append(bits[at + len(nets)][1])
        yield Port(match[1] if match and len(nets) > 1 else name, direction, tuple(nets))
        at += len(nets)


class FreshNames:
    """Names that were not given out before, numbered where they repeat."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def __call__(self, name: str, mark: str = "") -> str:
        """`name`, or `name` with `mark` and a number after it."""
        candidate = name
        if candidate in self._taken:
            stem = name + mark
            number = self._next.get(stem, 0 if mark else 1)
            candidate = stem if mark and not number else f"{stem}_{number}"
            while candidate in self._taken:
                number += 1
                candidate = f"{stem}_{number}"
            self._next[stem] = number + 1
        self._taken.add(candidate)
        return candidate


def port_bits(net: Netlist, direction: str) -> list[tuple[str, int]]:
    """(name, net) of every port bit of one direction: ``name``, or ``name[i]`` in a bus."""
    return [
        (p.name if p.width == 1 else f"{p.name}[{i}]", k)
        for p in net.ports
        if p.direction == direction
        for i, k in enumerate(p.nets)
    ]


def title(source: str, default: str) -> str:
    """A name for a netlist from the name of its file."""
    name = re.sub(r"\.gz$", "", source.replace("\\", "/").rsplit("/", 1)[-1])
    return name.rsplit(".", 1)[0] if not name.startswith("<") and name.rsplit(".", 1)[0] else default
