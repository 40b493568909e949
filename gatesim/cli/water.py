"""``gatesim water``: a computer of vessels that fill, siphon and dribble."""

from __future__ import annotations

import io
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..errors import GatesimError, ValueFitError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console
from .sim import parsed_values

if TYPE_CHECKING:
    import numpy as np

    from ..timing.water import Design, Machine, Poured

water = typer.Typer(
    no_args_is_help=True, help="A computer of water: siphon vessels that add, slowly, and sometimes get it wrong."
)

PLOT_TYPES = (".png", ".svg", ".pdf")
EVERY = 5
"""Steps between two samples for the view, the plot and the film; more where the run is long."""
MOST_SAMPLES = 20_000
PUBLISHED_S = 120.0
"""How long the plain four-bit adder is watched: its slowest sum takes 104 s."""
MACHINES = 10
"""Machines built for ``--break spread``."""
TOLERANCES = (0.0, 0.02, 0.05, 0.10, 0.15, 0.20)
LONGEST_WORK = 3e10
"""Vessel steps that a command does at most: some ten minutes."""


class Break(StrEnum):
    """Ways to break the adder."""

    splitter = "splitter"
    skew = "skew"
    spread = "spread"


@water.command("add")
def add(
    a: Annotated[int | None, typer.Argument(help="First number.", show_default=False)] = None,
    b: Annotated[int | None, typer.Argument(help="Second number.", show_default=False)] = None,
    bits: Annotated[int, typer.Option(help="Width of the adder.")] = 4,
    every_sum: Annotated[bool, typer.Option("--all", help="Pour every pair of numbers.")] = False,
    how: Annotated[
        Break | None, typer.Option("--break", help="Leave out the splitters, pour too late, build badly.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the levels over time (.png, .svg, .pdf).")] = None,
    gif: Annotated[Path | None, typer.Option(help="Film the vessels (.gif).")] = None,
    yield_plot: Annotated[
        Path | None, typer.Option("--yield", help="Draw the yield against build tolerance (.png, .svg, .pdf).")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to wait for the water, in its own time.")] = None,
    step_ms: Annotated[float, typer.Option("--step", help="Time step in milliseconds.")] = 10.0,
    speed: Annotated[float, typer.Option(help="Seconds of water in a second of the live view.")] = 8.0,
    live: Annotated[bool, typer.Option("--live/--still", help="Show the vessels filling, or only the end.")] = True,
    sticky: Annotated[bool, typer.Option("--sticky", help="Surface tension holds water back in small leaks.")] = False,
    priming: Annotated[
        float | None, typer.Option(help="Slow water only dribbles over the crest: 0.5 to 1 of the tube's own speed.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which machines a bad workshop builds.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Add two numbers with water: pour, wait, read the buckets."""
    from ..timing.water import Design, Vessel, adder, yield_of

    _check(a, b, bits, every_sum, plot, gif, yield_plot, speed)
    announce_compilation()
    design = Design(vessel=Vessel(sticky=sticky, priming=priming))
    machine, tables, about = _machine(how, bits, design, seed)
    if seconds is None:
        seconds = PUBLISHED_S if bits <= 4 else machine.seconds
    _check_work(machine, seconds, step_ms, 1 << (2 * bits) if every_sum or how else 1)
    found: dict[str, Any] = {"machine": machine.name, "vessels": machine.n_vessels, "seconds": seconds, **about}
    files: list[tuple[Path, bytes]] = []
    if a is not None and b is not None:
        poured = _pour_one(machine, {"a": a, "b": b, "cin": 0}, seconds, step_ms, tables)
        found |= _sum(poured, a, b)
        if plot:
            files.append((plot, _plotted(poured, plot)))
        if gif:
            from ..timing.water import pictures

            files.append((gif, pictures.film(poured, title=f"{a} + {b}")))
        if not as_json:
            _show_sum(poured, found, speed if live else None)
    if every_sum or how:
        found |= _all(machine, tables, seconds, step_ms / 1e3)
        if not as_json:
            _show_all(found)
    if yield_plot:
        from ..timing.water import pictures

        if not as_json:
            console.print(f"building {20 * len(TOLERANCES)} adders ...", style="dim")
        curve = yield_of(adder(bits, design), TOLERANCES, 20, rng=seed, seconds=seconds)
        found["yield"] = {f"{t:g}": float(p) for t, p in zip(curve.tolerances, curve.perfect, strict=True)}
        files.append((yield_plot, _image(pictures.yield_figure(curve), yield_plot)))
        if not as_json:
            _show_yield(curve)
    for path, content in files:
        path.write_bytes(content)
        if not as_json:
            console.print(f"written: {path}")
    if as_json:
        typer.echo(json.dumps(found))


@water.command("run")
def run(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args] such as full_adder.")],
    inputs: Annotated[str | None, typer.Option("--in", help="Values: a=3,b=0x1f.")] = None,
    exhaustive: Annotated[bool, typer.Option("--exhaustive", help="Pour every combination of inputs.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Without restoring cups, as the adder is built.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the levels over time (.png, .svg, .pdf).")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to wait for the water, in its own time.")] = None,
    step_ms: Annotated[float, typer.Option("--step", help="Time step in milliseconds.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Build any combinational circuit from vessels, pour, and compare with what the gates say."""
    import numpy as np

    from ..simulation import simulate
    from ..timing.water import Design, plumb, pour, to_half_adders
    from ..timing.water.comparison import times_slower

    if plot:
        _check_type(plot, PLOT_TYPES)
    if bool(inputs) == exhaustive:
        raise GatesimError("say what to pour: --in name=value,... or --exhaustive")
    if plot and exhaustive:
        raise GatesimError("--plot draws one experiment: use it with --in")
    announce_compilation()
    net = load_circuit(circuit)
    machine = plumb(to_half_adders(net), Design() if plain else Design.with_cups())
    if exhaustive:
        from ..stimulus import Stimulus

        n_bits = sum(p.width for p in net.inputs)
        _check_work(machine, seconds, step_ms, 1 << n_bits)
        values: dict[str, Any] = {k: v.ravel() for k, v in Stimulus.exhaustive(net).values(net).items()}
    else:
        values = parsed_values(inputs or "")
        _check_work(machine, seconds, step_ms, 1)
    every = _every(seconds or machine.seconds, step_ms) if plot else 0
    poured = pour(machine, values, seconds=seconds, dt_s=step_ms / 1e3, every=every)
    content = _plotted(poured, plot) if plot else b""
    wanted = simulate(net, **values)
    got = poured.values()
    n = len(poured.poured_m3)
    right = np.ones(n, np.bool_)
    for name, value in got.items():
        right &= np.asarray(value == np.broadcast_to(np.asarray(wanted[name]).astype(object), n), np.bool_)
    found: dict[str, Any] = {
        "circuit": net.name,
        "vessels": machine.n_vessels,
        "widest": max((v.width for v in machine.vessels), default=0.0),
        "litres": float(poured.poured_m3.max() * 1e3),
        "seconds": poured.seconds,
        "answer_s": float(poured.answer_s.max()),
        "imbalance": poured.imbalance(),
        "experiments": n,
        "wrong": int((~right).sum()),
        "outputs": {name: [int(x) for x in value] for name, value in got.items()},
        "slower": times_slower(net, float(poured.answer_s.max()) or poured.seconds),
    }
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show_run(found, poured)
    if plot:
        plot.write_bytes(content)
        if not as_json:
            console.print(f"written: {plot}")


# -- work ------------------------------------------------------------------------------------


def _check(a, b, bits, every_sum, plot, gif, yield_plot, speed) -> None:
    for path, kinds in ((plot, PLOT_TYPES), (gif, (".gif",)), (yield_plot, PLOT_TYPES)):
        if path:
            _check_type(path, kinds)
    if (a is None) != (b is None):
        raise GatesimError("give two numbers, for example: gatesim water add 9 7")
    if a is None and not every_sum and not yield_plot:
        raise GatesimError("say what to pour: two numbers, --all for every pair, or --yield FILE")
    if a is None and (plot or gif):
        raise GatesimError("--plot and --gif show one sum: give two numbers")
    for number in (a, b):
        if number is not None and not 0 <= number < 1 << max(bits, 0):
            raise ValueFitError(f"{number} does not fit into {bits} bits (0 to {(1 << max(bits, 0)) - 1}): see --bits")
    if not speed > 0:
        raise ValueFitError(f"--speed is {speed:g}: it must be positive")


def _check_type(path: Path, kinds: tuple[str, ...]) -> None:
    if path.suffix.lower() not in kinds:
        raise GatesimError(f"cannot write {path}: the name must end in {' or '.join(kinds)}")


def _check_work(machine: Machine, seconds: float | None, step_ms: float, experiments: int) -> None:
    if not step_ms > 0:
        return  # refused with its limit by who pours
    work = (seconds or machine.seconds) / step_ms * 1e3 * machine.n_vessels * experiments
    if work > LONGEST_WORK:
        many = f"{experiments:,} experiment{'s' * (experiments > 1)} on {machine.n_vessels} vessels"
        raise GatesimError(
            f"{many} for {seconds or machine.seconds:,.0f} s of water are {work / 5e7 / 60:,.0f} minutes of work: "
            "pour fewer inputs, wait for less (--seconds), or take a smaller circuit"
        )


def _every(seconds: float, step_ms: float) -> int:
    """Steps between two samples: at least one sample, at most ``MOST_SAMPLES``."""
    steps = int(seconds * 1e3 / step_ms) if step_ms > 0 and seconds > 0 else 1
    return max(1, min(EVERY, steps), -(-steps // MOST_SAMPLES))


def _machine(
    how: Break | None, bits: int, design: Design, seed: int
) -> tuple[Machine, np.ndarray | None, dict[str, Any]]:
    """The adder, broken as wished: of several badly built ones the worst."""
    from ..timing.water import BREAKS, adder, all_sums, broken_adder, wrong_sums
    from ..timing.water.adder import SLOPPY

    if how is None:
        return adder(bits, design), None, {}
    about: dict[str, Any] = {"broken": how.value, "why": BREAKS[how.value]}
    if how is not Break.spread:
        return broken_adder(how.value, bits, design).machine, None, about
    machine = adder(bits, design)
    built = machine.built(MACHINES, SLOPPY, rng=seed)
    wrong = wrong_sums(all_sums(machine, tables=built)).sum(axis=1)
    about["wrong_by_machine"] = [int(w) for w in wrong]
    worst = int(wrong.argmax())
    return machine, built[worst : worst + 1], about


def _pour_one(machine: Machine, values: dict, seconds: float, step_ms: float, tables) -> Poured:
    from ..timing.water import pour

    return pour(machine, values, seconds=seconds, dt_s=step_ms / 1e3, every=_every(seconds, step_ms), tables=tables)


def _sum(poured: Poured, a: int, b: int) -> dict[str, Any]:
    from circuits.adders import ripple_carry

    from ..generators import build
    from ..timing.water.comparison import times_slower

    bits = dict(poured.machine.inputs)["a"]
    values = {k: int(v[0]) for k, v in poured.values().items()}
    total = values["sum"] + (values["carry"] << bits)
    answer = float(poured.answer_s[0])
    net = build(ripple_carry, a=bits, b=bits)
    return {
        "a": a,
        "b": b,
        "sum": total,
        "right": total == a + b,
        "answer_s": answer,
        "units": {n: float(u) for n, u in zip(poured.machine.bucket_names, poured.units[0], strict=True)},
        "line_units": poured.machine.line_units,
        "imbalance": poured.imbalance(),
        "slower": times_slower(net, answer or poured.seconds),
    }


def _all(machine: Machine, tables, seconds: float, dt_s: float) -> dict[str, Any]:
    from ..timing.water import all_sums, wrong_sums

    poured = all_sums(machine, tables=tables, seconds=seconds, dt_s=dt_s)
    bits = dict(machine.inputs)["a"]
    wrong = wrong_sums(poured)
    return {
        "sums": int(wrong.size),
        "wrong": int(wrong.sum()),
        "slowest_s": float(poured.answer_s.max()),
        "all_imbalance": poured.imbalance(),
        "first_wrong": [
            [int(p) >> bits, int(p) & ((1 << bits) - 1)] for p in wrong[0].nonzero()[0][:8]
        ],
    }  # fmt: skip


def _plotted(poured: Poured, path: Path) -> bytes:
    from ..timing.water import pictures

    return _image(pictures.levels_figure(poured), path)


def _image(figure: Any, path: Path) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=150)
    return buffer.getvalue()


# -- showing ---------------------------------------------------------------------------------


def _show_sum(poured: Poured, found: dict[str, Any], speed: float | None) -> None:
    from .water_view import picture, play

    if "why" in found:
        console.print(f"broken: {found['why']}", style="yellow")
    if speed is not None and console.is_terminal:
        play(poured, console, speed)
    console.print(picture(poured, len(poured.samples.time_s) - 1, width=console.width))
    total = found["sum"]
    verdict = "[bold green]right[/]" if found["right"] else f"[bold red]wrong[/], it is {found['a'] + found['b']}"
    console.print(f"{found['a']} + {found['b']} = [bold]{total}[/], which is {verdict}")
    if found["answer_s"]:
        console.print(f"the last 1 was in its bucket after {found['answer_s']:.1f} s; watched for {poured.seconds:g} s")
    else:
        console.print(f"no bucket reached its line in {poured.seconds:g} s")
    _show_slower(found["slower"])
    if not found["right"] or "why" in found:
        units = ", ".join(f"{k} {v:.2f}" for k, v in found["units"].items())
        console.print(f"units in the buckets (read at {found['line_units']:g}): {units}", style="dim")


def _show_slower(slower: dict[str, float]) -> None:
    for name, ratio in slower.items():
        console.print(f"{float(f'{ratio:.2g}'):,.0f} times slower than {name}")


def _show_all(found: dict[str, Any]) -> None:
    if "wrong_by_machine" in found:
        wrong = found["wrong_by_machine"]
        console.print(
            f"{len(wrong)} machines built with a tolerance of 10 %, wrong sums of each: {', '.join(map(str, wrong))}; "
            "this is the worst"
        )
    style = "bold green" if not found["wrong"] else "bold red"
    console.print(f"[{style}]{found['wrong']:,} of {found['sums']:,}[/] sums are wrong", end="")
    console.print("" if found["wrong"] else f"; the slowest was there after {found['slowest_s']:.1f} s")
    if found["first_wrong"]:
        console.print("for example " + ", ".join(f"{a} + {b}" for a, b in found["first_wrong"][:4]), style="dim")


def _show_yield(curve: Any) -> None:
    table = Table("tolerance", "machines that add everything", "wrong sums, worst machine")
    for t, p, w in zip(curve.tolerances, curve.perfect, curve.wrong, strict=True):
        table.add_row(f"{t:.0%}", f"{p:.0%}", f"{int(w.max())} of {curve.n_sums}")
    console.print(table)


def _show_run(found: dict[str, Any], poured: Poured) -> None:
    console.print(
        f"{found['circuit']}: {found['vessels']} vessels, the widest {found['widest']:.1f} times the usual; "
        f"{found['litres']:.2f} litres poured at most"
    )
    if found["experiments"] == 1:
        table = Table("output", "bucket", "units", "reads")
        for name, units, bit in zip(poured.machine.bucket_names, poured.units[0], poured.bits[0], strict=True):
            table.add_row(name.split("[")[0], name, f"{units:.2f}", str(int(bit)))
        console.print(table)
        console.print(", ".join(f"{k} = {v[0]}" for k, v in found["outputs"].items()), style="bold")
    style = "bold green" if not found["wrong"] else "bold red"
    console.print(f"[{style}]{found['wrong']} of {found['experiments']}[/] differ from what the gates say")
    console.print(
        f"the last 1 was in its bucket after {found['answer_s']:,.1f} s; watched for {found['seconds']:,.0f} s"
    )
    _show_slower(found["slower"])
