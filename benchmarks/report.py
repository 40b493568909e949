"""``python -m benchmarks.report``: the tables and plots of docs/performance.md from benchmarks/results/*.json.

The text of the page is written by hand; what stands between ``<!-- NAME -->`` and ``<!-- end -->`` is
replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .harness import LOWER_IS_BETTER, load

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

Rows = list[dict]
PEERS = {
    "ABC": "ABC &sim / sim",
    "KyuPy": "KyuPy",
    "Verilator": "Verilator, 64 bits a net",
    "PyRTL": "PyRTL compiled",
    "Icarus": "Icarus",
    "gcc": "gcc -O1, straight line",
}


def main() -> None:
    """Rewrite the page's tables and its pictures."""
    found = {path.stem: load(path) for path in sorted(RESULTS.glob("*.json"))}
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(text, found), encoding="utf-8")
    if "growth" in found:
        from .plots import draw

        draw(found["growth"], PAGE.parent)


def filled(text: str, found: dict[str, Rows]) -> str:
    """`text` with every marked table made anew; one whose results are absent stays as it is."""

    def replace(match: re.Match[str]) -> str:
        table = _table(match[1], found)
        return match[0] if table is None else f"<!-- {match[1]} -->\n{table}\n<!-- end -->"

    return re.sub(r"<!-- (?!end)([\w ]+) -->\n.*?<!-- end -->", replace, text, flags=re.DOTALL)


def _table(name: str, found: dict[str, Rows]) -> str | None:
    pivots: dict[str, Callable[[Rows], str]] = {
        "interpreting": lambda rows: tier_table(rows, "interpreting tier"),
        "compiled": lambda rows: tier_table(rows, "compiled tier"),
        "threads": lambda rows: plain_table(
            [r for r in rows if "thread" in r["name"] or r["name"].endswith("in the block")]
        ),
        "first pass": first_pass_table,
        "machine code": lambda rows: plain_table(
            [r for r in rows if r["name"].startswith("compiling to machine code")]
        ),
    }
    if name == "shares":
        return (
            shares_table(found["combinational"], found["limits"]) if {"combinational", "limits"} <= set(found) else None
        )
    if name == "environment":
        return environment_table(found)
    if name in pivots:
        return pivots[name](found["combinational"]) if "combinational" in found else None
    return plain_table(found[name]) if name in found else None


# -- tables ----------------------------------------------------------------------------------


def figure(value: float | None) -> str:
    """Three digits, or all of them before the point."""
    if value is None:
        return ""
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def plain_table(rows: Rows) -> str:
    """A row a record."""
    lines = ["| what | circuit | value | goal | peer | ratio | met |", "|---|---|---|---|---|---|---|"]
    for r in rows:
        sign = "≤" if r["unit"] in LOWER_IS_BETTER else "≥"
        goal = "" if r["goal"] is None else f"{sign} {figure(r['goal'])}"
        if r["ratio_goal"] is not None and r["peer"] is not None:
            goal += f"{', ' if goal else ''}≥ {r['ratio_goal']:g}×"
        peer = "" if r["peer"] is None else f"{r['peer']}: {figure(r['peer_value'])}"
        ratio = "" if r["ratio"] is None else f"{figure(r['ratio'])}×"
        value = f"{figure(r['value'])} {r['unit']}"
        if r["low"] is not None and r["high"] is not None:
            value += f" ({figure(r['low'])} – {figure(r['high'])})"
        lines.append(f"| {r['name']} | {r['circuit']} | {value} | {goal} | {peer} | {ratio} | {_met(r['met'])} |")
    return "\n".join(lines)


def _met(met: bool | None) -> str:
    return "" if met is None else ("yes" if met else "**no**")


def tier_table(rows: Rows, name: str) -> str:
    """A row a circuit, a column a peer: its rate and how many times ours is higher."""
    mine = [r for r in rows if r["name"] == name]
    kinds = [k for k in PEERS if any((r["peer"] or "").startswith(k) for r in mine)]
    lines = [
        "| circuit | gatesim | goal | " + " | ".join(PEERS[k] for k in kinds) + " |",
        "|---|---|---|" + "---|" * len(kinds),
    ]
    for circuit in dict.fromkeys(r["circuit"] for r in mine):
        own = [r for r in mine if r["circuit"] == circuit]
        first = own[0]
        cells = []
        for kind in kinds:
            best = max(
                (r for r in own if (r["peer"] or "").startswith(kind)), key=lambda r: r["peer_value"], default=None
            )
            if best is None:
                cells.append("")
                continue
            missed = best["ratio_goal"] is not None and best["ratio"] < best["ratio_goal"]
            wanted = f", goal {best['ratio_goal']:g}×: **missed**" if missed else ""
            cells.append(f"{figure(best['peer_value'])} ({figure(best['ratio'])}×{wanted})")
        goal = f"{figure(first['goal'])}{'' if first['value'] >= first['goal'] else ': **missed**'}"
        value = f"**{figure(first['value'])}** ({figure(first['low'])} – {figure(first['high'])})"
        lines.append(f"| {circuit.rsplit(',', 1)[0]} | {value} | {goal} | {' | '.join(cells)} |")
    return "\n".join(lines)


def first_pass_table(rows: Rows) -> str:
    """Seconds from the netlist to the end of the first pass."""
    mine = [r for r in rows if r["name"] == "before the first pass is done"]
    kinds = [k for k in PEERS if any(r["peer"].startswith(k) for r in mine)]
    lines = ["| circuit | gatesim | " + " | ".join(PEERS[k] for k in kinds) + " |", "|---|---|" + "---|" * len(kinds)]
    for circuit in dict.fromkeys(r["circuit"] for r in mine):
        own = [r for r in mine if r["circuit"] == circuit]
        cells = [
            figure(min((r["peer_value"] for r in own if r["peer"].startswith(kind)), default=None)) for kind in kinds
        ]
        lines.append(f"| {circuit.rsplit(',', 1)[0]} | {figure(own[0]['value'])} s | {' | '.join(cells)} |")
    return "\n".join(lines)


def shares_table(rows: Rows, limits: Rows) -> str:
    """What a block of 512 patterns costs, and how far that is from what the core can do."""
    copying = next(r["value"] for r in limits if r["name"] == "copying in memory")
    logic = next((r["value"] for r in limits if r["unit"] == "G/s" and "registers" in r["name"]), None)
    random_rows = max((r["value"] for r in limits if r["name"].startswith("rows:")), default=None)
    lines = [
        "| circuit | rows | interpreting: ns a row | of random rows in cache | compiled: rows a ns "
        "| of vector functions in registers | compiled: GB/s of planes in and out | of copying |",
        "|---|---|---|---|---|---|---|---|",
    ]
    share = lambda value, limit: "" if not limit else f"{100 * value / limit:.0f} %"  # noqa: E731
    first: dict[tuple[str, str], dict] = {}
    for r in rows:
        first.setdefault((r["name"], r["circuit"]), r)
    for (name, circuit), r in first.items():
        if name != "interpreting tier":
            continue
        n_rows, planes = (int(x) for x in re.findall(r"\d+", r["note"])[:2])
        ands = int(re.search(r"([\d,]+) ANDs", circuit)[1].replace(",", ""))  # type: ignore[index]
        block = lambda rate, ands=ands: ands * 512 / rate  # noqa: E731  ns
        slow, fast = block(r["value"]), block(first["compiled tier", circuit]["value"])
        bandwidth = planes * 64 / fast
        lines.append(
            f"| {circuit.split(',')[0]} | {n_rows:,} | {slow / n_rows:.2f} | {share(n_rows / slow, random_rows)} "
            f"| {n_rows / fast:.2f} | {share(n_rows / fast, logic)} | {bandwidth:.1f} | {share(bandwidth, copying)} |"
        )
    return "\n".join(lines)


def environment_table(found: dict[str, Rows]) -> str:
    """Where and when each file of results was measured."""
    lines = ["| results | processor | load before | Python | versions | commit |", "|---|---|---|---|---|---|"]
    for name, rows in found.items():
        if not rows:
            continue
        e = rows[0]["environment"]
        processor = f"{e['cores']} cores of {e['cpu']}{', AVX-512' if e['avx512'] else ''}"
        versions = ", ".join(f"{k} {v}" for k, v in e["packages"].items() if k in ("numpy", "numba", "llvmlite"))
        lines.append(
            f"| {name} | {processor} | {(e['load_before'] or [0])[0]:g} | {e['python']} | {versions} | {e['commit']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
