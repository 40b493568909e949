"""Showing values and tables in the terminal."""

from __future__ import annotations

from enum import StrEnum

from rich.console import Console
from rich.table import Table

console = Console(highlight=False)
progress = Console(stderr=True, highlight=False)


class Radix(StrEnum):
    """How integers are written."""

    dec = "dec"
    hex = "hex"
    bin = "bin"
    signed = "signed"


def formatted(value: int, width: int, radix: Radix) -> str:
    """`value` of `width` bits in a radix.

    Examples
    --------
    >>> [formatted(10, 4, r) for r in Radix]
    ['10', 'a', '1010', '-6']
    """
    if radix is Radix.hex:
        return f"{value:0{(width + 3) // 4}x}"
    if radix is Radix.bin:
        return f"{value:0{width}b}"
    if radix is Radix.signed:
        import numpy as np

        from ..bits import as_signed  # Numba: only who asks for it pays for loading it

        return str(int(as_signed(np.array([value], dtype=object if width > 64 else np.uint64), width)[0]))
    return str(value)


def two_columns(title: str, rows: list[tuple[str, str]]) -> Table:
    """A table of names and values."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return table
