"""Colours, widths and dashes. A value is never told by colour alone: width and dash say it too."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import unknown_name


@dataclass(frozen=True, slots=True)
class Ink:
    """How a wire is drawn: colour, width in pixels, and lengths of dashes and gaps (none: solid)."""

    colour: str
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """A set of colours.

    Attributes
    ----------
    name : str
    background, ink, text, faint : str
        The sheet, outlines and words, and what should stay behind them.
    body, flag, box, box_head : str
        Fills of gates, of ports, of scopes.
    wire : Ink
        A wire whose value nobody gave.
    zero, one, unknown, floating, mixed : Ink
        By value; ``mixed`` is a bus with ones and zeros.
    accent : str
        What is chosen or pointed at.
    outline : float
        Width of outlines.
    text_scale : float
    """

    name: str
    background: str
    ink: str
    text: str
    faint: str
    body: str
    flag: str
    box: str
    box_head: str
    wire: Ink
    zero: Ink
    one: Ink
    unknown: Ink
    floating: Ink
    mixed: Ink
    accent: str
    outline: float = 1.4
    text_scale: float = 1.0

    def value_ink(self, value: int) -> Ink:
        """The ink of a value: 0, 1, 2 (X) or 3 (Z)."""
        return (self.zero, self.one, self.unknown, self.floating)[value]


_X, _Z = (5.0, 2.5), (1.5, 3.0)

LIGHT = Theme(
    "light", "#ffffff", "#1d2733", "#1d2733", "#66737f", "#f3f6f9", "#e8f0f8", "#fbf7ec", "#f0e6c8",
    Ink("#3c4a59", 1.4), Ink("#7b8a99", 1.2), Ink("#0a7d33", 2.4), Ink("#c2185b", 1.8, _X),
    Ink("#6d7782", 1.6, _Z), Ink("#22577a", 1.6), "#d9480f",
)  # fmt: skip
DARK = Theme(
    "dark", "#14181d", "#cdd6df", "#e6ebf0", "#8f9ca8", "#222a33", "#1f3040", "#2b2a22", "#403d2c",
    Ink("#aab6c2", 1.4), Ink("#66778a", 1.2), Ink("#5ad67d", 2.4), Ink("#ff6fa5", 1.8, _X),
    Ink("#8b98a5", 1.6, _Z), Ink("#7cc4e8", 1.6), "#ffb454",
)  # fmt: skip
PROJECTOR = Theme(
    "projector", "#ffffff", "#000000", "#000000", "#595959", "#ffffff", "#ffffff", "#ffffff", "#e0e0e0",
    Ink("#000000", 1.8), Ink("#4d4d4d", 1.4), Ink("#0038a8", 3.4), Ink("#b00000", 2.4, _X),
    Ink("#595959", 2.0, _Z), Ink("#000000", 2.0), "#b00000", 2.0, 1.1,
)  # fmt: skip
COLOUR_BLIND = Theme(
    # Okabe and Ito's palette, which stays apart under every kind of colour blindness.
    "colour-blind", "#ffffff", "#202020", "#202020", "#6a6a6a", "#f6f6f6", "#eef5fa", "#fdf6e3", "#f3e7c0",
    Ink("#404040", 1.4), Ink("#56b4e9", 1.3), Ink("#e69f00", 3.0), Ink("#cc79a7", 2.0, _X),
    Ink("#808080", 1.6, _Z), Ink("#0072b2", 1.8), "#d55e00",
)  # fmt: skip

THEMES: tuple[Theme, ...] = (LIGHT, DARK, PROJECTOR, COLOUR_BLIND)


def theme(name: str) -> Theme:
    """The theme called `name`.

    Raises
    ------
    UnknownNameError
        No such theme; the message has the nearest name.

    Examples
    --------
    >>> theme("dark").background
    '#14181d'
    """
    for known in THEMES:
        if known.name == name.replace("_", "-"):
            return known
    raise unknown_name("theme", name, (t.name for t in THEMES))
