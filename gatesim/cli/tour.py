"""``gatesim tour``: the main job."""

from __future__ import annotations

import json
import platform
import webbrowser
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from .first_run import tell_compilation
from .output import console, progress


class Tongue(StrEnum):
    """Languages of the tour."""

    en = "en"
    fr = "fr"


def tour(
    lang: Annotated[Tongue, typer.Option(help="Language: en or fr.")] = Tongue.en,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("tour-report"),
    only: Annotated[list[str] | None, typer.Option(help="Chapter to run; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer widths and patterns.")] = False,
    processes: Annotated[
        int | None, typer.Option(help="Chapters that run at once (2 where there are two cores).", min=1, max=16)
    ] = None,
    open_report: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the facts, as one JSON object.")] = False,
) -> None:
    """From universal gates to reading digits: run it all, show it, write a report."""
    from demos.page import Page
    from demos.report import write_report
    from demos.terminal import show
    from demos.text import Language, Text
    from demos.tour import run_tour
    from demos.workers import default_workers

    if processes is None:
        processes = default_workers()
    language: Language = "fr" if lang is Tongue.fr else "en"
    wrote = Text("report", "rapport")
    began = perf_counter()
    with progress.status("") as status:

        def started(number: int, total: int, title: Text) -> None:
            status.update(f"{number}/{total} {title.to(language)}")

        def noted(line: str) -> None:
            progress.print(line, style="dim")

        def step(text: Text) -> None:
            status.update(text.to(language))

        def finished(page: Page, seconds: float) -> None:
            if as_json:
                progress.print(f"{page.title.to(language)}: {seconds:.1f} s")
            else:
                show(page, language, console)
                console.print(f"[dim]{seconds:.1f} s[/]")

        pages = run_tour(
            only or (), quick=quick, workers=processes, setup=tell_compilation, noted=noted,
            started=started, step=step, finished=finished,
        )  # fmt: skip
        path = write_report(pages, language, out / f"tour-{language}.html", _machine())
    if as_json:
        facts = pages[0].facts if len(pages) == 1 else {page.key: page.facts for page in pages}
        typer.echo(json.dumps(facts))
        progress.print(f"{wrote.to(language)}: {path}")
    else:
        console.print(f"\n[bold]{wrote.to(language)}:[/] {path} ({perf_counter() - began:.0f} s)")
    if open_report:
        webbrowser.open(path.resolve().as_uri())


def _machine() -> list[tuple[str, str]]:
    from datetime import UTC, datetime

    from .. import __version__
    from .inspect import machine_facts

    facts = machine_facts()
    shown = ("processor", "cores", "numpy", "numba")
    return [
        ("gatesim", __version__),
        ("Python", platform.python_version()),
        *((k, str(facts[k])) for k in shown),
        ("", datetime.now(UTC).strftime("%Y-%m-%d")),
    ]
