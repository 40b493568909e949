"""Showing values and tables in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..viewer.numbers import Radix, shown

console = Console(highlight=False)
progress = Console(stderr=True, highlight=False)


def formatted(value: int, width: int, radix: Radix) -> str:
    """`value` of `width` bits in a radix, without a prefix.

    Examples
    --------
    >>> [formatted(10, 4, r) for r in Radix]
    ['a', '10', '-6', '1010']
    """
    return shown(value, width, radix).removeprefix("0x")


def two_columns(title: str, rows: list[tuple[str, str]]) -> Table:
    """A table of names and values."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return table
