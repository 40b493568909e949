"""``gatesim quantum ising``: spins released from a simple state, as a quantum circuit would evolve them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..errors import ValueFitError
from .first_run import announce_compilation
from .output import console, progress
from .pictures import check_picture_path

if TYPE_CHECKING:
    from quantum.nature import Dynamics, Hamiltonian

SAMPLES = 61
"""Times at which the exact evolution is drawn."""
FEWER = 13
"""The same where every one of them is seconds of work."""
LARGE = 14
"""Spins from which that is so."""
MOST_STEPS = 10_000


def ising(
    spins: Annotated[int, typer.Option(help="How many.", min=1)] = 12,
    model: Annotated[str, typer.Option(help="transverse, mixed or heisenberg.")] = "mixed",
    graph: Annotated[str, typer.Option(help="chain, ring, grid:4x5, heavy-hex or heavy-hex:FakeFez.")] = "chain",
    start: Annotated[str, typer.Option(help="up, right, flip (one spin turned), neel or wall.")] = "flip",
    time: Annotated[float, typer.Option(help="How long, in units of 1 / coupling.")] = 4.0,
    steps: Annotated[int, typer.Option(help="Trotter steps.", min=1, max=MOST_STEPS)] = 16,
    order: Annotated[int, typer.Option(help="Order of the product formula: 1, 2 or 4.")] = 2,
    coupling: Annotated[float, typer.Option(help="Of neighbours; positive aligns them (Ising).")] = 1.0,
    field: Annotated[float | None, typer.Option(help="Along X; 1 when left out.", show_default=False)] = None,
    tilt: Annotated[
        float | None, typer.Option(help="Along Z; 0.5 in the mixed model when left out.", show_default=False)
    ] = None,
    noise: Annotated[
        str | None, typer.Option(help="Run it with the noise of a real chip too, such as FakeTorino.")
    ] = None,
    shots: Annotated[int, typer.Option(help="Measurements of each circuit with noise.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="Of noise and measurements: same seed, same counts.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw spins over time and space (.png, .svg, .pdf).")] = None,
    wall: Annotated[
        Path | None, typer.Option(help="Measure and draw the wall of classical simulation (.png, .svg, .pdf).")
    ] = None,
    wall_spins: Annotated[int, typer.Option(help="Largest size measured for --wall.", min=18, max=34)] = 22,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Release spins and watch: exactly, as a Trotter circuit, and as a noisy chip would measure them."""
    check_picture_path(plot)
    check_picture_path(wall)
    from quantum.nature import exact, graph_named, measured, model_named, start_named, trotter, trotterised
    from quantum.nature.chips import chip_named

    spun = graph_named(graph, spins)
    h = model_named(model, spun, coupling=coupling, field=field, tilt=tilt)
    letters = start_named(start, spun)
    circuit = trotter(h, time, steps, order)
    chip = chip_named(noise) if noise else None
    if chip is not None and spins > chip.num_qubits:
        raise ValueFitError(f"{noise} has {chip.num_qubits} qubits: {spins} are too many")
    announce_compilation()
    import numpy as np

    with progress.status("evolving exactly ..."):
        samples = max(2, steps + 1 if spins > LARGE else SAMPLES)
        truth = exact(h, letters, np.linspace(0.0, time, min(samples, FEWER) if spins > LARGE else samples))
    shown = [("exact", truth)]
    with progress.status("running the circuit ..."):
        shown.append(("trotter", trotterised(h, letters, time, steps, order)))
    if chip is not None:
        with progress.status(f"measuring with the noise of {noise} ..."):
            shown.append(
                ("noisy", measured(h, letters, time, steps, order=order, backend=noise, shots=shots, seed=seed))
            )  # fmt: skip
    found = _facts(h, shown, circuit, letters, time, steps, order, seed)
    pictures = []
    if plot:
        from quantum.nature.pictures import waves_figure

        pictures.append((plot, waves_figure(spun, shown, title=h.name)))
    if wall:
        found["wall"], figure = _wall(wall_spins)
        pictures.append((wall, figure))
    for path, figure in pictures:
        figure.savefig(path, dpi=150)
    if as_json:
        typer.echo(json.dumps(found))
        return
    _show(found)
    for path, _ in pictures:
        console.print(f"written: {path}")


def _facts(
    h: Hamiltonian, shown: list[tuple[str, Dynamics]], circuit: Any, letters: str, time: float, steps: int, order: int,
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    centre = h.graph.centre
    found: dict[str, Any] = {
        "model": h.name,
        "spins": h.n,
        "bonds": len(h.graph.edges),
        "start": letters if h.n <= 64 else f"{letters[:61]}...",
        "time": time,
        "steps": steps,
        "order": order,
        "gates": circuit.counts,
        "two_qubit_depth": circuit.two_qubit_depth,
        "state_bytes": 16 << h.n,
        "free_fermions": h.is_free,
        "runs": {},
    }
    truth = shown[0][1]
    for key, seen in shown:
        entry: dict[str, Any] = {
            "how": seen.how,
            "mean_x": float(seen.x[-1].mean()),
            "mean_z": float(seen.z[-1].mean()),
            "centre_z": float(seen.z[-1, centre]),
            "neighbour_zz": float(seen.zz[-1, h.graph.edges[_bond_of(h, centre)].sum() - centre]) if h.n > 1 else 1.0,
            "error_z": float(abs(seen.z[-1] - truth.z[-1]).max()),
        }
        if seen.shots:
            entry |= {"shots": seen.shots, "seed": seed}
        found["runs"][key] = entry
    return found


def _bond_of(h: Hamiltonian, spin: int) -> int:
    """A bond of a spin, by its place in the list."""
    return int((h.graph.edges == spin).any(axis=1).argmax())


def _wall(largest: int) -> tuple[dict[str, Any], Any]:
    from quantum.nature.pictures import wall_figure
    from quantum.nature.wall import bonds_over_time, measure, memory_bytes, qubits_in

    with progress.status("measuring the wall ...") as status:
        walls = [
            measure(family, sizes, report=lambda n, f=family: status.update(f"measuring: {f} of {n} spins ..."))
            for family, sizes in (("chain", range(16, largest + 1)), ("grid", range(16, largest + 1, 2)))
        ]
        status.update("measuring entanglement ...")
        bonds = bonds_over_time()
    facts = {
        "memory_bytes": memory_bytes(),
        "spins_here": qubits_in(memory_bytes()),
        "families": {
            w.name: {
                "growth": w.fit.growth,
                "seconds": {r.n: r.seconds for r in w.runs},
                "gates": {n: count for n, count, _ in w.gates},
                "two_qubit_depth": {n: depth for n, _, depth in w.gates},
            }
            for w in walls
        },
        "bonds": {name: list(values) for name, (_, values) in bonds.items()},
    }
    return facts, wall_figure(walls, memory_bytes(), bonds, 1 << 10)


def _show(found: dict[str, Any]) -> None:
    gates = ", ".join(f"{count:,} {name}" for name, count in found["gates"].items())
    console.print(f"[bold]{found['model']}[/], from {found['start']} for a time of {found['time']:g}", soft_wrap=True)
    console.print(
        f"circuit of order {found['order']}, {found['steps']} steps: {gates or 'no gates'}; two-qubit depth "
        f"{found['two_qubit_depth']:,}",
        soft_wrap=True,
    )
    table = Table("", "how", "mean <X>", "mean <Z>", "<Z> centre", "<ZZ> beside it", "largest error of <Z>")
    for key, run in found["runs"].items():
        how = run["how"] + (f", {run['shots']:,} shots" if "shots" in run else "")
        values = (f"{run[k]:+.4f}" for k in ("mean_x", "mean_z", "centre_z", "neighbour_zz"))
        table.add_row(key, how, *values, "" if key == "exact" else f"{run['error_z']:.1e}")
    console.print(table)
    if found["free_fermions"]:
        console.print("this chain is easy classically: free fermions, whatever its length", style="dim")
    else:
        console.print(f"a state vector of it has {found['state_bytes']:,} bytes; no shortcut is known", style="dim")
    if "wall" in found:
        for name, family in found["wall"]["families"].items():
            largest = max(family["seconds"])
            console.print(
                f"{name}: {largest} spins took {family['seconds'][largest]:.2g} s, and every spin more "
                f"{family['growth']:.2f} times longer; {family['gates'][100]:,} gates, two-qubit depth "
                f"{family['two_qubit_depth'][100]}, would do for 100 spins on a quantum computer",
                soft_wrap=True,
            )
        console.print(
            f"this machine's memory of {found['wall']['memory_bytes']:,} bytes ends at {found['wall']['spins_here']} "
            "spins, the largest supercomputers (10 PB) at 49",
            soft_wrap=True,
        )
