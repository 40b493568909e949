"""ANDs left by ``minimise_ands()``, beside the best published counts: a goal is 10 % above one.

Published: the networks of Testa, Soeken, Riener, Amaru and De Micheli ("A logic synthesis toolbox for reducing
the multiplicative complexity in logic networks", DATE 2020) and the tables of mockturtle's experiments, for the
same EPFL files. ``python -m benchmarks.multiplicative`` measures all and rewrites the table of
docs/multiplicative_complexity.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time

import numpy as np

from circuits.karatsuba import karatsuba, karatsuba_square
from gatesim import Netlist, Stimulus, build, compile, engine, minimise_ands, read

from .circuits import DATA
from .harness import Record, skip

PUBLISHED = {
    "adder": 128, "bar": 832, "max": 872, "sin": 1959, "multiplier": 7585, "arbiter": 1174, "cavlc": 394,
    "priority": 323, "router": 93, "voter": 4257, "square": 4596, "mem_ctrl": 4695, "div": 5132, "sqrt": 5217,
    "log2": 8773, "int2float": 85, "ctrl": 45, "dec": 328, "i2c": 557,
}  # fmt: skip
"""The lowest count found in either source, by EPFL circuit."""

ARCHITECTURES = {
    "Karatsuba 16x16": (karatsuba, {"a": 16, "b": 16}, None),
    "Karatsuba 32x32": (karatsuba, {"a": 32, "b": 32}, 1608),
    "Karatsuba 64x64": (karatsuba, {"a": 64, "b": 64}, 5229),
    "Karatsuba square of 64 bits": (karatsuba_square, {"a": 64}, 3821),
}
"""Generators of another architecture: the goal is a count found before with the same idea."""

PATTERNS = 1 << 17
PAGE = Path(__file__).parents[1] / "docs" / "multiplicative_complexity.md"


def run(quick: bool) -> list[Record]:
    records: list[Record] = []
    for name, published in PUBLISHED.items():
        paths = sorted(DATA.glob(f"epfl/*/{name}.aig"))
        if not paths:
            skip(name, "its EPFL file is absent")
        elif not quick or name in ("adder", "router"):
            net = read(paths[0])
            for effort in ("normal",) if quick else ("normal", "high"):
                exact = name == "adder"
                goal = published if exact else int(1.1 * published)
                records.append(_measure(name, net, effort, goal, published))
    for name, (generator, sizes, goal) in ARCHITECTURES.items():
        if not quick or "16" in name:
            records.append(_measure(name, build(generator, **sizes), "normal", goal, None))
    return records


def _measure(name: str, net: Netlist, effort, goal: int | None, published: int | None) -> Record:
    began = process_time()
    small = minimise_ands(net, effort)
    seconds = process_time() - began
    _compare(net, small)
    counts = small.counts()
    note = f"{counts.get('XOR', 0):,} XORs, {seconds:.1f} s"
    value = counts.get("AND", 0)
    peer = ("published", published) if published else (None, None)
    return Record("multiplicative complexity", f"{name}, {effort}", value, "ANDs", goal, *peer, note=note)


def _compare(net: Netlist, small: Netlist) -> None:
    """Equal outputs on random patterns, by the simulation engine (which shares nothing with the pass)."""
    given, found = (engine("logic2")(compile(n)).run(Stimulus.random(n, PATTERNS, rng=7)) for n in (net, small))
    for port in net.outputs:
        if not np.array_equal(given.planes(port.name), found.planes(port.name)):
            raise AssertionError(f"{net.name}: output {port.name} differs")


def table(records: list[Record]) -> str:
    """The records as a Markdown table: a row a circuit."""
    rows = ["| circuit | published | normal | high | gap of the better |", "|---|---:|---:|---:|---:|"]
    by_name: dict[str, dict[str, Record]] = {}
    for r in records:
        name, effort = r.circuit.rsplit(", ", 1)
        by_name.setdefault(name, {})[effort] = r
    for name, found in by_name.items():
        published = next(iter(found.values())).peer_value
        cells = []
        for effort in ("normal", "high"):
            r = found.get(effort)
            cells.append("" if r is None else f"{r.value:,.0f} ({(r.note or '').split(', ')[-1]})")
        best = min(r.value for r in found.values())
        gap = f"{100 * (best / published - 1):+.1f} %" if published else ""
        rows.append(f"| {name} | {f'{published:,.0f}' if published else ''} | {' | '.join(cells)} | {gap} |")
    return "\n".join(rows)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    filled = f"<!-- counts -->\n{table(run(quick=False))}\n<!-- end -->"
    PAGE.write_text(re.sub(r"<!-- counts -->.*<!-- end -->", lambda _: filled, text, flags=re.DOTALL), encoding="utf-8")
