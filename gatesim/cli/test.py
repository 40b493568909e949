"""``gatesim test``: other people's tests, as a table; exit status 1 when one does not pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ..errors import GatesimError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress

if TYPE_CHECKING:
    from ..netlist import Netlist
    from ..testing import Outcome

_STYLES = {"passed": "green", "failed": "bold red", "refused": "yellow"}
_SUFFIXES = (".tst", ".dig")


def test_command(
    files: Annotated[
        list[Path], typer.Argument(help="nand2tetris scripts (.tst), Digital drawings with test cases (.dig), folders.")
    ],
    chip: Annotated[
        str | None,
        typer.Option(help="What scripts test: module:function such as circuits.hack:alu, a file, or builtin."),
    ] = None,
    key: Annotated[list[int] | None, typer.Option(help="Key to press when a script waits for one; repeat it.")] = None,
    library: Annotated[list[Path] | None, typer.Option(help="Folder with sub-circuits of drawings; repeat it.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the outcomes as JUnit XML too.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one test case of a drawing may take.", min=0.1)] = 60.0,
) -> None:
    """Run test scripts and test cases, and say what passed."""
    from ..formats.files import save
    from ..testing import junit as as_junit
    from ..testing.case import run_cases
    from ..testing.script import BUILTIN, run_script

    paths = _all_files(files)
    announce_compilation()
    tested: Netlist | str | None = BUILTIN if chip == BUILTIN else load_circuit(chip) if chip else None
    outcomes: list[Outcome] = []
    with progress.status("testing") as status:
        for path in paths:
            status.update(f"{path} ({len(outcomes)} tests so far)")
            if path.suffix == ".tst":
                outcomes.append(run_script(path, tested, key or ()))
            else:
                outcomes += run_cases(path, library or (), timeout)
    if junit is not None:
        save(as_junit(outcomes), junit)
    _show(outcomes)
    if any(o.status != "passed" for o in outcomes):
        raise typer.Exit(1)


def _all_files(given: list[Path]) -> list[Path]:
    """The files themselves; of a folder all scripts, and all drawings that hold a test case."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
            found += [p for p in inside if p.suffix == ".tst" or b"<elementName>Testcase<" in p.read_bytes()]
        elif path.suffix not in _SUFFIXES:
            raise GatesimError(
                f"{path} is no test: .tst scripts and .dig drawings are (a .hdl file is tested by its .tst)"
            )
        elif not path.exists():
            raise GatesimError(f"{path}: no such file")
        else:
            found.append(path)
    if not found:
        raise GatesimError(f"there is no test in {', '.join(map(str, given))}")
    return found


def _show(outcomes: list[Outcome]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("file", overflow="fold")
    table.add_column("test", overflow="fold")
    table.add_column("outcome")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    for o in outcomes:
        outcome = Text(o.status, style=_STYLES[o.status])
        table.add_row(Text(o.file), Text(o.name), outcome, f"{o.rows:,}", f"{o.seconds:.2f}")
    console.print(table)
    for o in outcomes:
        if o.status != "passed":
            console.rule(Text(f"{o.status}: {o.name}", style=_STYLES[o.status]), style="dim")
            console.print(Text(o.message), soft_wrap=True)
    counts = {status: sum(o.status == status for o in outcomes) for status in _STYLES}
    said = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    worst = "passed" if counts["passed"] == len(outcomes) else "failed" if counts["failed"] else "refused"
    console.rule(
        Text(f"{said} in {sum(o.seconds for o in outcomes):.2f} s", style=_STYLES[worst]), style=_STYLES[worst]
    )
