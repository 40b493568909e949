"""``gatesim time``: a circuit in one technology, or in all: path, clock, energy."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from ..errors import GatesimError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, two_columns

if TYPE_CHECKING:
    from ..netlist import Netlist
    from ..stimulus import Stimulus
    from ..timing import Outcome, Technology


def time_command(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args] such as adders.ripple_carry[4].")],
    tech: Annotated[
        str, typer.Option(help="A technology by name, a .toml file, a folder of them, or all.")
    ] = "ttl7400",
    vectors: Annotated[int, typer.Option(help="Random vectors (cycles with a clock) to weigh.", min=2)] = 1000,
    paths: Annotated[int, typer.Option(help="Worst paths to show.", min=1)] = 1,
    clock: Annotated[str | None, typer.Option(help='Clock period to hold the paths against: "20 ns".')] = None,
    hot: Annotated[int, typer.Option(help="Nets that spend most energy to list.", min=0)] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the vectors.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="With several technologies: plot to write (.svg, .png).")] = None,
    vcd: Annotated[
        Path | None, typer.Option(help="Simulate the vectors and write every change (GTKWave, Surfer).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Time a circuit in any technology, from DNA strands to superconductors, and weigh its energy."""
    from ..stimulus import Stimulus

    announce_compilation()
    chosen = _technologies(tech)
    if plot is not None:
        _check_plot(plot, chosen, tech)
    if vcd is not None and len(chosen) > 1:
        raise GatesimError(f"--vcd shows one technology: choose it with --tech NAME, not --tech {tech}")
    net = load_circuit(circuit)
    cycles = 1 if net.is_combinational else vectors
    stimulus = Stimulus.random(net, vectors if cycles == 1 else 1, n_cycles=cycles, rng=seed)
    if len(chosen) == 1:
        _one(net, chosen[0], stimulus, _clock_ps(clock), paths, hot, vcd, as_json)
    else:
        _all(net, chosen, stimulus, plot, as_json)


def _technologies(text: str) -> list[Technology]:
    from ..timing import load_technology, read_folder, technologies

    if text == "all":
        return list(technologies().values())
    if text not in technologies() and Path(text).is_dir():
        return list(read_folder(text).values())
    return [load_technology(text)]


def _clock_ps(text: str | None) -> int | None:
    from ..timing.quantities import parse_quantity

    return None if text is None else round(parse_quantity(text, "time"))


def _check_plot(path: Path, chosen: list[Technology], tech: str) -> None:
    if len(chosen) < 2:
        raise GatesimError(f"--plot compares technologies: use it with --tech all or a folder, not --tech {tech}")
    if path.suffix not in (".svg", ".png"):
        raise GatesimError(f"{path}: a plot is written as .svg or .png, not {path.suffix or 'without a suffix'}")


# -- one technology ---------------------------------------------------------------------------------


def _one(
    net: Netlist,
    technology: Technology,
    stimulus: Stimulus,
    clock_ps: int | None,
    paths: int,
    hot: int,
    vcd: Path | None,
    as_json: bool,
) -> None:
    from ..timing import outcome

    found = outcome(net, technology, stimulus, clock_ps=clock_ps, glitches=True)
    if vcd is not None:
        _write_vcd(found, stimulus, clock_ps, vcd)
    if as_json:
        worst = [] if found.timing is None else found.timing.paths(paths)
        typer.echo(
            json.dumps(_document(net, found, stimulus) | {"paths": [_path(p) for p in worst], "hot": _hot(found, hot)})
        )
        return
    console.print(_card(technology))
    console.print(_figures(found))
    console.print(two_columns(net.name, _result(net, found, stimulus)))
    _show_paths(found, paths)
    _show_hot(found, hot)
    if vcd is not None:
        console.print(f"written: {vcd}")


def _write_vcd(o: Outcome, stimulus: Stimulus, clock_ps: int | None, path: Path) -> None:
    """The vectors one after the other, one a clock period or a longest path, as the event engine sees them."""
    from ..engines.timed import TimedEngine
    from ..formats import vcd
    from ..timing import delays

    net, timing = o.netlist, o.timing
    if net is None or timing is None:
        raise GatesimError(o.problem)
    period = max(1, clock_ps or timing.worst_ps)
    trace = TimedEngine(net, delays(net, o.technology)).run(stimulus, period_ps=period, watch=None)
    text = vcd.dump(trace, clock=None if net.is_combinational else _clock_name(net))
    path.write_text(text, encoding="utf-8")


def _clock_name(net: Netlist) -> str:
    """A name for the clock that no port has."""
    taken = {p.name for p in net.ports}
    return next(name for k in count() if (name := "clock" + "_" * k) not in taken)


def _card(t: Technology) -> Table:
    from ..timing.quantities import shown

    pays = {
        "toggle": "each change of an output",
        "one": "each 1: every operation begins at 0",
        "evaluation": "each gate, in every operation",
        "time": "time: gates draw their power whether they switch or not",
    }
    limit = "no limit that matters" if t.fan_out is None else f"{t.fan_out} pins"
    rows = [
        ("gates", ", ".join(t.gates)),
        ("inversion", t.inversion),
        ("fan-out", limit),
        ("restores signals", "yes" if t.restoring else "no"),
        ("to be reset", f"yes, {shown(t.reset_ps, 'time')}" if t.reset_ps else "no"),
        ("energy is paid for", pays[t.pays_for]),
    ]
    if t.wire_ps:
        rows.append(("wire", shown(t.wire_ps, "time")))
    rows += [("", note) for note in t.notes]
    rows += [(f"source: {key}", source) for key, source in t.sources.items()]
    return two_columns(f"{t.name}: {t.title} ({t.year})", [(k, escape(v)) for k, v in rows])


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)


def _figures(o: Outcome) -> Table:
    """The figures of the gates that the circuit uses, and where they come from."""
    from ..timing.quantities import shown

    t = o.technology
    table = _table("gates used")
    for column in ("gate", "rise", "fall", "energy", f"area, {t.area_unit}"):
        table.add_column(column, justify="left" if column == "gate" else "right")
    table.add_column("source", overflow="fold")
    used = o.netlist.counts() if o.netlist else {}
    for name, cell in t.gates.items():
        if name not in used and not (name == "DFF" and "DFF1" in used):
            continue
        slope = " + load" if cell.rise_ps_per_ff or cell.fall_ps_per_ff else ""
        sources = "; ".join(dict.fromkeys(cell.sources.values()))
        table.add_row(
            name,
            shown(cell.rise_ps, "time") + slope,
            shown(cell.fall_ps, "time") + slope,
            shown(cell.energy_fj, "energy"),
            f"{cell.area:g}",
            escape(sources),
        )
    return table


def _result(net: Netlist, o: Outcome, stimulus: Stimulus) -> list[tuple[str, str]]:
    from ..analysis import depth
    from ..timing.quantities import shown

    ready, timing, spent, t = o.netlist, o.timing, o.energy, o.technology
    if ready is None or timing is None or spent is None:
        raise GatesimError(o.problem)
    buffers = ready.counts().get("BUF", 0) - net.counts().get("BUF", 0)
    added = f", {buffers:,} buffers added for fan-out" if buffers > 0 else ""
    changed = "as it was written" if ready is net else f"prepared: {ready.n_gates:,} gates, depth {depth(ready)}{added}"
    rows = [
        ("circuit", f"{net.n_gates:,} gates, depth {depth(net)}; {changed}"),
        ("size", f"{o.area:,.4g} {t.area_unit}"),
    ]
    if timing.fmax_hz is None:
        rows.append(("time per operation", shown(timing.worst_ps, "time")))
    else:
        rows.append(
            ("clock", f"{shown(timing.fmax_hz, 'frequency')} at most (period {shown(timing.worst_ps, 'time')})")
        )
    if timing.clock_ps != timing.worst_ps:
        verdict = "met" if timing.worst_slack_ps >= 0 else "NOT met"
        rows.append(("slack", f"{_signed(timing.worst_slack_ps)} at {shown(timing.clock_ps, 'time')}: {verdict}"))
    if t.reset_ps:
        rows.append(("then to be reset", shown(t.reset_ps, "time")))
    what = "vectors" if net.is_combinational else "cycles"
    many = stimulus.n_patterns * stimulus.n_cycles
    rows.append(("energy per operation", f"{shown(spent.total_fj, 'energy')} without glitches"))
    if o.glitchy is not None:
        more = o.glitchy.events.sum() / max(spent.events.sum(), 1e-300)
        rows.append(("with glitches", f"{shown(o.glitchy.total_fj, 'energy')} ({more:.2f} times as many transitions)"))
    elif t.pays_for == "toggle":
        rows.append(("with glitches", "not simulated: the timed engines take no memories"))
    rows.append(("", f"mean of {many:,} random {what}"))
    if t.pays_for != "time" and spent.standing_fj:
        rows.append(("of it standing", shown(spent.standing_fj, "energy")))
    return rows


def _signed(ps: int) -> str:
    from ..timing.quantities import shown

    return f"{'−' if ps < 0 else ''}{shown(abs(ps), 'time')}"


def _show_paths(o: Outcome, k: int) -> None:
    from ..timing.quantities import shown

    found = o.timing.paths(k) if o.timing else []
    for number, path in enumerate(found, 1):
        title = "critical path" if number == 1 else f"path {number}"
        table = _table(f"{title}, to {escape(path.end)}: slack {_signed(path.slack_ps)}")
        table.add_column("net", overflow="fold")
        table.add_column("gate")
        table.add_column("edge")
        for column in ("fan-out", "delay", "arrival"):
            table.add_column(column, justify="right")
        for s in path.steps:
            arrow = "↑ rise" if s.edge == "rise" else "↓ fall"
            delay = shown(s.delay_ps, "time") if s.delay_ps else "–"
            table.add_row(escape(_short(s.name)), s.gate, arrow, str(s.fan_out), delay, shown(s.arrival_ps, "time"))
        if path.margin_ps:
            table.add_row("set-up time", "", "", "", shown(path.margin_ps, "time"), shown(path.total_ps, "time"))
        console.print(table)


def _short(name: str) -> str:
    """The last two steps of a net's place in the hierarchy."""
    parts = name.split("/")
    return name if len(parts) < 4 else "…/" + "/".join(parts[-2:])


def _show_hot(o: Outcome, k: int) -> None:
    from ..timing.quantities import shown

    spent = o.glitchy or o.energy
    nets = spent.hot(k) if spent and k else []
    if not nets:
        return
    what = {"one": "ones", "evaluation": "evaluations"}.get(o.technology.pays_for, "toggles")
    table = _table("hot nets")
    table.add_column("net", overflow="fold")
    table.add_column("gate")
    for column in (f"{what} per operation", "energy", "share"):
        table.add_column(column, justify="right")
    for n in nets:
        table.add_row(escape(n.name), n.gate, f"{n.events:.3g}", shown(n.energy_fj, "energy"), f"{100 * n.share:.1f}%")
    console.print(table)


# -- many technologies ------------------------------------------------------------------------------


def _all(net: Netlist, chosen: list[Technology], stimulus: Stimulus, plot: Path | None, as_json: bool) -> None:
    from ..timing import compare

    outcomes = compare(net, chosen, stimulus)
    if plot is not None:
        _write_plot(net, outcomes, plot)
    if as_json:
        typer.echo(json.dumps([_document(net, o, stimulus) for o in outcomes]))
        return
    console.print(_comparison(net, outcomes))
    for o in outcomes:
        if o.problem:
            console.print(f"{o.technology.name}: {escape(o.problem)}", style="dim")
    if plot is not None:
        console.print(f"written: {plot}")


def _comparison(net: Netlist, outcomes: list[Outcome]) -> Table:
    from ..timing.quantities import shown

    clocked = not net.is_combinational
    table = _table(f"{net.name}: {net.n_gates:,} gates, slowest technology first")
    table.add_column("technology", no_wrap=True)
    table.add_column("name", no_wrap=True)
    for column in ("gates", "size", "clock" if clocked else "time", "energy"):
        table.add_column(column, justify="right")
    for o in outcomes:
        t = o.technology
        if o.netlist is None or o.timing is None or o.energy is None:
            table.add_row(t.title, t.name, "–", "–", "–", "–", style="dim")
            continue
        speed = shown(o.timing.fmax_hz, "frequency") if o.timing.fmax_hz else shown(o.timing.worst_ps, "time")
        table.add_row(
            t.title,
            t.name,
            f"{o.netlist.n_gates:,}",
            f"{o.area:,.4g} {t.area_unit}",
            speed,
            shown(o.energy.total_fj, "energy"),
        )
    return table


def _write_plot(net: Netlist, outcomes: list[Outcome], path: Path) -> None:
    from demos.processes import Series, plot
    from demos.text import same

    if not any(o.timing and o.timing.worst_ps for o in outcomes):
        raise GatesimError(f"nothing to plot: {net.name!r} takes no time in any of these technologies")
    figure = plot([Series(same(net.name), outcomes)], "en")
    picture = BytesIO()  # drawn whole before the file is touched
    figure.savefig(picture, format=path.suffix[1:], dpi=150, bbox_inches="tight")
    path.write_bytes(picture.getvalue())


# -- documents ---------------------------------------------------------------------------------------


def _document(net: Netlist, o: Outcome, stimulus: Stimulus) -> dict[str, Any]:
    t = o.technology
    found: dict[str, Any] = {"circuit": net.name, "technology": t.name, "title": t.title, "year": t.year}
    if o.netlist is None or o.timing is None or o.energy is None:
        return found | {"problem": o.problem}
    return found | {
        "gates": o.netlist.n_gates,
        "cells": o.netlist.counts(),
        "area": o.area,
        "area_unit": t.area_unit,
        "time_ps": o.timing.worst_ps,
        "clock_ps": o.timing.clock_ps,
        "slack_ps": o.timing.worst_slack_ps if o.timing.critical_path else None,
        "fmax_hz": o.timing.fmax_hz,
        "reset_ps": t.reset_ps,
        "vectors": stimulus.n_patterns * stimulus.n_cycles,
        "energy_fj": o.energy.total_fj,
        "energy_with_glitches_fj": o.glitchy.total_fj if o.glitchy else None,
        "switching_fj": o.energy.switching_fj,
        "standing_fj": o.energy.standing_fj,
    }


def _path(path: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "end": path.end,
        "slack_ps": path.slack_ps,
        "total_ps": path.total_ps,
        "steps": [asdict(s) for s in path.steps],
    }


def _hot(o: Outcome, k: int) -> list[dict[str, Any]]:
    from dataclasses import asdict

    spent = o.glitchy or o.energy
    return [asdict(n) for n in spent.hot(k)] if spent else []
