"""``gatesim info``, ``gatesim list``, ``gatesim doctor``."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from rich.table import Table

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, two_columns

JSON_HELP = "Print one JSON object."


def info(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Size, depth, ports and gates of a circuit."""
    from ..analysis import statistics

    announce_compilation()
    net = load_circuit(circuit)
    s = statistics(net)
    if as_json:
        ports = [{"name": p.name, "direction": p.direction, "width": p.width} for p in net.ports]
        typer.echo(json.dumps({**asdict(s), "ports": ports, "fingerprint": net.fingerprint}))
        return
    rows = [
        ("gates", f"{s.gates:,}"),
        ("depth", f"{s.depth:,} gates"),
        ("registers", f"{s.registers:,}"),
        ("memory", f"{s.memory_bits:,} bits"),
        ("fanout", f"{s.mean_fanout:.2f} on average, {s.max_fanout:,} at most"),
    ]
    rows += [(g, f"{n:,}") for g, n in s.cells.items()]
    console.print(two_columns(net.name, rows))
    ports = Table("port", "direction", "bits", title="ports", title_justify="left")
    for p in net.ports[:64]:
        ports.add_row(p.name, p.direction, str(p.width))
    console.print(ports)
    if len(net.ports) > 64:
        console.print(f"... {len(net.ports) - 64:,} more ports")


def list_circuits(
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """The circuit library."""
    from circuits.catalog import catalog

    circuits = catalog()
    if as_json:
        rows = [{"name": c.name, "help": c.help, "clocked": c.clocked, "widths": c.widths()} for c in circuits.values()]
        typer.echo(json.dumps(rows))
        return
    table = Table("circuit", "what it is", title=f"{len(circuits)} circuits", title_justify="left")
    module = ""
    for c in circuits.values():
        if c.module != module:
            table.add_section()
            module = c.module
        table.add_row(c.name, c.help)
    console.print(table)
    console.print("use one as, for example: gatesim sim adders.kogge_stone[8] --in a=3,b=5")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Versions, caches, processor and GPU, for a report or a question."""
    facts = machine_facts()
    if as_json:
        typer.echo(json.dumps(facts))
        return
    console.print(two_columns("gatesim doctor", [(k, str(v)) for k, v in facts.items()]))


def machine_facts() -> dict[str, Any]:
    """What a speed or a fault may depend on."""
    import llvmlite.binding as llvm
    from numba.core import config

    from .. import __version__
    from ..engines.machine_code import cache_folder

    features = llvm.get_host_cpu_features()
    vector = next((bits for name, bits in (("avx512f", 512), ("avx2", 256)) if features.get(name)), 128)
    facts: dict[str, Any] = {
        "gatesim": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "processor": f"{llvm.get_host_cpu_name()}, {vector}-bit vectors",
        "cores": os.cpu_count(),
        "memory": _memory(),
    }
    for package in ("numpy", "numba", "llvmlite", "networkx", "matplotlib", "rich", "typer", "pygame", "qiskit"):
        facts[package] = _version(package)
    facts["kernel cache"] = (
        getattr(config, "CACHE_DIR", "") or "beside the kernels (__pycache__), or in the user's cache folder"
    )
    facts["machine-code cache"] = str(cache_folder())
    facts["GPU"] = _gpu()
    return facts


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return f"{size / 2**30:.1f} GiB"


def _gpu() -> str:
    try:
        from numba import cuda

        if not cuda.is_available():
            return "none seen"
        return ", ".join(str(d.name) for d in cuda.gpus)
    except Exception as exc:  # a broken driver must not break the report about it
        return f"cannot be asked: {type(exc).__name__}: {exc}"
