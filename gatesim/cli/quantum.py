"""``gatesim quantum``: netlists as quantum circuits."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ..errors import GatesimError, unknown_name
from .circuit_argument import load_circuit
from .equiv import pairs_of
from .first_run import announce_compilation
from .output import console
from .quantum_costs import costs_command
from .quantum_grover import grover
from .quantum_ising import ising

if TYPE_CHECKING:
    from quantum.costs import Costs

quantum = typer.Typer(no_args_is_help=True, help="Netlists as reversible circuits, and nature simulated.")
quantum.command("ising")(ising)
quantum.command("costs")(costs_command)
quantum.command("grover")(grover)

IMPORTERS = ("gatesim", "qiskit")


@quantum.command("compile")
def compile_command(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    strategy: Annotated[str, typer.Option(help="How: bennett, inplace or pebble.")] = "bennett",
    ancillas: Annotated[
        int | None, typer.Option(help="Budget of pebble; left out: the fewest found.", show_default=False)
    ] = None,
    effort: Annotated[str, typer.Option(help="What is spent on few ANDs: quick, normal, high.")] = "quick",
    phase: Annotated[bool, typer.Option("--phase", help="Show the only output bit as a sign.")] = False,
    toffoli: Annotated[bool, typer.Option("--toffoli", help="Toffoli gates, no measurement.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="OpenQASM 3 or picture (.qasm, .png).")] = None,
    states: Annotated[int, typer.Option(help="Basis states to verify it on.", min=1)] = 1 << 16,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compile a netlist (or one clock cycle of a clocked one), verify it, and say what it costs."""
    if output is not None and output.suffix not in (".qasm", ".png"):
        raise GatesimError(f"cannot write {str(output)!r}: the name must end in .qasm or .png")
    announce_compilation()
    from quantum import assert_verified, reversible
    from quantum.costs import costs, physical

    from ..passes import clock_cycle

    net = clock_cycle(load_circuit(circuit))
    made = reversible(net, strategy, phase=phase, ancillas=ancillas, effort=effort)  # pyright: ignore[reportArgumentType]
    if toffoli:
        made = made.with_toffolis()
    found = assert_verified(made, net, states=states)
    if output is not None:
        _write(made, output)
    counted = costs(made)
    estimate = physical(counted)
    if as_json:
        typer.echo(json.dumps(asdict(counted) | {"states": found.states, "physical": asdict(estimate)}))
        return
    console.print(_table(made.name, counted))
    console.print(
        f"surface code, error 10^-3, one round a microsecond: distance {estimate.distance}, "
        f"{estimate.qubits:,} physical qubits, {estimate.seconds:.3g} s (an order of magnitude)"
    )
    console.print(str(found))
    if output is not None:
        console.print(f"written: {output}")


@quantum.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(help="OpenQASM 2 or 3; registers are named after the ports.")],
    against: Annotated[str, typer.Option(help="The netlist: a file, or module:function[args].")],
    renamed: Annotated[
        str, typer.Option("--map", help='Ports on registers of other names, in place too: "sum=b,carry=cout".')
    ] = "",
    states: Annotated[int, typer.Option(help="Basis states.", min=1)] = 1 << 20,
    seed: Annotated[int, typer.Option(help="Seed of the random states.", min=0)] = 0,
    proof: Annotated[bool, typer.Option("--prove", help="Then prove it for every basis state.")] = False,
    seconds: Annotated[float, typer.Option(help="Time after which a proof gives up.", min=0.0)] = 60.0,
    importer: Annotated[
        str, typer.Option(help="gatesim (classical circuits, fast) or qiskit (all of OpenQASM, slow).")
    ] = "gatesim",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run basis states through a circuit: outputs right, inputs restored, ancillas clean?

    Exit status 0: yes; 1: no; 3: a proof was wanted, and not found in the time given.
    """
    given = pairs_of(renamed, "port=register")
    if importer not in IMPORTERS:
        raise unknown_name("importer", importer, IMPORTERS)
    announce_compilation()
    from quantum import from_qiskit, prove, verify
    from quantum.qasm import loads, register_name
    from quantum.qasm_reader import ports, read

    from ..formats.files import as_text, load
    from ..passes import clock_cycle

    net = clock_cycle(load_circuit(against))
    for name in given:
        net.port(name)
    text = as_text(load(file)[0], str(file))
    noted_inputs, noted_outputs, sign = ports(text) or ({}, {}, None)
    noted = noted_inputs | noted_outputs
    register = lambda name: given.get(name) or noted.get(name) or register_name(name)  # noqa: E731
    inputs = {p.name: register(p.name) for p in net.inputs}
    outputs = {p.name: register(p.name) for p in net.outputs if p.name != sign}
    if importer == "gatesim":
        made = read(text, str(file), inputs=inputs, outputs=outputs, sign=sign)
    else:
        made = from_qiskit(loads(text, str(file)), inputs=inputs, outputs=outputs, sign=sign)
    found = verify(made, net, states=states, rng=seed)
    proven = prove(made, net, seconds=seconds) if proof and found else None
    if as_json:
        typer.echo(json.dumps(asdict(found) | ({} if proven is None else {"proof": asdict(proven)})))
    else:
        console.print(f"{made.n_qubits:,} qubits, {made.n_gates:,} gates, {found.seconds:.2f} s", highlight=False)
        console.print(str(found), soft_wrap=True)
        if proven is not None:
            console.print(str(proven), soft_wrap=True)
    status = proven.status if proven is not None else "right" if found else "wrong"
    raise typer.Exit({"right": 0, "wrong": 1, "undecided": 3}[status])


def _table(name: str, counted: Costs) -> Table:
    table = Table(title=name, title_justify="left")
    for heading in ("qubits", "ancillas", "ANDs", "Toffoli", "T", "T-depth", "CX", "measured", "depth"):
        table.add_column(heading, justify="right")
    c = counted
    figures = (c.qubits, c.ancillas, c.ands, c.toffolis, c.t_count, c.t_depth, c.cx, c.measurements, c.depth)
    table.add_row(*(f"{n:,}" for n in figures))
    return table


def _write(made, output: Path) -> None:
    from ..formats.files import save

    if output.suffix == ".qasm":
        from quantum.qasm import dumps

        save(dumps(made), output)
        return
    from quantum.pictures import circuit_figure

    circuit_figure(made).savefig(output, dpi=150)
