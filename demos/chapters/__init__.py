"""The tour's chapters, in order. A chapter is a module with ``TITLE`` and ``run(context) -> Page``."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from gatesim.errors import unknown_name

CHAPTERS: tuple[str, ...] = (
    "universal",
    "adding",
    "alu",
    "water",
    "qubits",
    "nature",
    "digits",
    "computer",
    "tensor",
    "process",
)

STARTING = ("universal", "nature", "adding", "qubits", "water", "tensor", "process")
"""Which begin first where several run at once: long ones, side by side with one that compiles other kernels."""


def chapter(key: str) -> ModuleType:
    """The module of a chapter; UnknownNameError (with the nearest name) if there is none."""
    if key not in CHAPTERS:
        raise unknown_name("chapter", key, CHAPTERS)
    return import_module(f".{key}", __name__)
