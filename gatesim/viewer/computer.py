"""A computer, described for the panels: the viewer knows no instruction set, whoever opens it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..results import State


@dataclass(frozen=True, slots=True)
class Service:
    """What the world around the circuit does: every ``period`` cycles it may change the state.

    ``serve(state)`` returns the state to go on with and what was printed; it must depend on nothing else, so
    that replays are the same. It changes a copy, never its argument.
    """

    period: int
    serve: Callable[[State], tuple[State, bytes]]


@dataclass(frozen=True)
class Screen:
    """A memory that is a picture: ``pixels(words)`` gives (height, width) booleans, True for ink."""

    memory: str
    first: int
    words: int
    pixels: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Keyboard:
    """An input port that holds the code of the key that is down, 0 for none."""

    port: str
    code: Callable[[str], int]


@dataclass(frozen=True)
class Computer:
    """What the panels of a computer show.

    Attributes
    ----------
    registers : sequence of (str, tuple of int)
        Name and nets, least significant first.
    memories : sequence of str
        Names of memories to look into.
    program_counter : str
        Name of the register or bus that holds the address of the instruction.
    code : str
        Name of the memory that holds instructions.
    unit : int
        How far the program counter moves from one word of the code to the next.
    base : int
        Value of the program counter at the first word of the code.
    disassemble : callable
        Text of the instruction ``word`` at ``address``.
    screen, keyboard, service : optional
    """

    registers: Sequence[tuple[str, tuple[int, ...]]]
    memories: Sequence[str]
    program_counter: str
    code: str
    unit: int
    disassemble: Callable[[int, int], str]
    base: int = 0
    screen: Screen | None = None
    keyboard: Keyboard | None = None
    service: Service | None = None
    labels: dict[int, str] = field(default_factory=dict)
