"""Pages in the terminal, with rich."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from .page import Block, Cell, Command, DataTable, KeyNumbers, Page, Sentence, introduced
from .text import Language, Text, number


def show(page: Page, language: Language, console: Console) -> None:
    """Print a page; drawings are left to the report."""
    console.print()
    console.rule(f"[bold]{escape(page.title.to(language))}", align="left")
    for block in page.blocks:
        _show(block, language, console)


def _show(block: Block, language: Language, console: Console) -> None:
    if isinstance(block, Sentence):
        console.print(escape(block.text.to(language)))
    elif isinstance(block, Command):
        console.print(f"{escape(introduced(block, language))} [bold]{escape(block.line)}[/]", soft_wrap=True)
    elif isinstance(block, KeyNumbers):
        parts = [
            f"[bold green]{escape(_cell(value, language))}[/] {escape(what.to(language))}"
            for value, what in block.items
        ]
        console.print(Panel("\n".join(parts), expand=False))
    elif isinstance(block, DataTable):
        table = Table(
            title=escape(block.title.to(language)),
            title_justify="left",
            title_style="bold",
            box=SIMPLE_HEAD,
            collapse_padding=True,
            pad_edge=False,
        )
        for i, column in enumerate(block.columns):
            numeric = bool(block.rows) and all(isinstance(row[i], (int, float)) for row in block.rows)
            table.add_column(
                escape(column.to(language)), justify="right" if numeric else "left", overflow="fold", no_wrap=not i
            )
        for i, row in enumerate(block.rows):
            table.add_row(*(escape(_cell(c, language)) for c in row), style="bold green" if i in block.marked else None)
        console.print(table)


def _cell(value: Cell, language: Language) -> str:
    return value.to(language) if isinstance(value, Text) else number(value, language)
