"""What a chapter gives: plain data that a terminal and a report can both show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .text import Language, Text

Cell = Text | str | int | float


@dataclass(frozen=True)
class Sentence:
    """A paragraph."""

    text: Text


@dataclass(frozen=True)
class DataTable:
    """Rows of cells under column heads; rows in ``marked`` stand out."""

    title: Text
    columns: list[Text]
    rows: list[list[Cell]]
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class KeyNumbers:
    """A few large numbers with what they count."""

    items: list[tuple[Cell, Text]]


@dataclass(frozen=True)
class Figure:
    """A drawing: an ``<svg>`` element as text; ``french`` where it has words of its own in it."""

    svg: str
    caption: Text
    french: str = ""

    def drawing(self, language: Language) -> str:
        """The ``<svg>`` element for readers of one language."""
        if language == "en":
            return self.svg
        # Numbers on axes stand alone in their <text>, with a point.
        return re.sub(r">(\s*[-−]?\d+)\.(\d+\s*)<", r">\1,\2<", self.french or self.svg)


@dataclass(frozen=True)
class Picture:
    """One small picture of a gallery: PNG bytes, what stands under it, and whether it is marked."""

    png: bytes
    label: Text
    marked: bool = False


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side."""

    pictures: list[Picture]
    caption: Text


@dataclass(frozen=True)
class Film:
    """A moving picture: the bytes of an animated GIF."""

    gif: bytes
    caption: Text


@dataclass(frozen=True)
class Command:
    """What to type to go on: a line for a shell, run from the project's folder, and what it is for."""

    purpose: Text
    line: str


def introduced(command: Command, language: Language) -> str:
    """What stands before the line of a command, up to the colon as each language sets it."""
    return command.purpose.to(language) + ("\u202f:" if language == "fr" else ":")


def open_circuit(circuit: str, hint: Text | None = None) -> Command:
    """The line that opens a circuit in the viewer: its name, with options if need be; `hint`: what to do there.

    Examples
    --------
    >>> open_circuit("adders.full_adder --nand").line
    'gatesim view adders.full_adder --nand'
    """
    purpose = Text("Open this circuit", "Ouvrir ce circuit")
    if hint is not None:
        purpose = Text(f"{purpose.en} ({hint.en})", f"{purpose.fr} ({hint.fr})")
    return Command(purpose, f"gatesim view {circuit}")


Block = Sentence | DataTable | KeyNumbers | Figure | Gallery | Film | Command


@dataclass(frozen=True)
class Page:
    """One chapter's result. ``facts`` is what ``--json`` prints: plain values."""

    key: str
    title: Text
    blocks: list[Block]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a chapter is told: whether to hurry, and whom to tell what it is doing."""

    quick: bool = False
    step: Callable[[Text], None] = lambda text: None
