"""Programs for any computer of the project: which file belongs to which, and what a run of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from gatesim.errors import UnsupportedError

from .machine import Machine, Session, Tier


@dataclass(frozen=True)
class Choices:
    """What the caller wants of the computer; each computer takes what it knows and refuses the rest.

    Attributes
    ----------
    basis : str or None
        Gates that it is made of ("nand"); None: as its author wrote it.
    memory, base : int or None
        Bytes of memory, and its first address; None: the computer's usual ones.
    multiply : bool
        A multiplier, where it is an option.
    lanes : int or None
        Lanes, where there are any; None: the usual number.
    """

    basis: str | None = None
    memory: int | None = None
    base: int | None = None
    multiply: bool = False
    lanes: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a program ended, in one line; a fault is something that the program did wrong."""

    text: str
    exit_code: int = 0
    fault: bool = False


class Running(Protocol):
    """A program on its computer."""

    @property
    def name(self) -> str:
        """The program's name."""
        ...

    @property
    def machine(self) -> Machine:
        """The computer that it runs on."""
        ...

    def start(self, instances: int = 1, tier: Tier = "auto", threads: int | None = 1) -> Session:
        """A session with the program loaded."""
        ...

    def ending(self, session: Session, instance: int = 0) -> Ending:
        """How a halted instance ended."""
        ...

    def where(self, session: Session, instance: int = 0) -> str:
        """Where an instance is, for somebody who wonders why it does not end."""
        ...

    def trace(self, session: Session, cycles: int) -> list[str]:
        """Go on for at most so many cycles (one instance): a line an instruction."""
        ...

    def shown(self, session: Session, columns: int) -> str:
        """What instance 0 leaves to be looked at (a screen, registers), as text of so many columns; often nothing."""
        ...


LOADERS = {
    ".elf": "riscv_running",
    ".hex": "riscv_running",
    ".s": "riscv_running",
    ".S": "riscv_running",
    ".hack": "hack_running",
    ".asm": "hack_running",
    ".simt": "simt_running",
}
"""By suffix: the module of this package whose ``load(path, choices)`` makes a :class:`Running` of such a file."""


def load_program(path: str | Path, choices: Choices = Choices()) -> Running:
    """A program file with the computer that its suffix belongs to.

    Raises
    ------
    UnsupportedError
        A suffix that belongs to no computer.
    GatesimError
        What the computer's reader complains about.
    """
    suffix = Path(path).suffix
    if suffix not in LOADERS:
        kind = f"{suffix!r} files" if suffix else "files without a suffix"
        raise UnsupportedError(f"{path}: no computer runs {kind}; known: {', '.join(LOADERS)}")
    load: Callable[[str | Path, Choices], Running] = import_module(f".{LOADERS[suffix]}", __package__).load
    return load(path, choices)
