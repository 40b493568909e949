"""A line that somebody types, with what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Prompt:
    """A line that is being typed.

    ``submit`` gets the text; ``choices`` gives what to offer for it, of which ``picked`` is marked.
    """

    title: str
    submit: Callable[[str], None]
    text: str = ""
    choices: Callable[[str], list[str]] = field(default=lambda _: [])
    picked: int = 0

    @property
    def offered(self) -> list[str]:
        """What there is to choose from."""
        return self.choices(self.text)
