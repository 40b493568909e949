"""Finding a technology: the shipped ones by name, a user's own by path."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from ..errors import ParseError, unknown_name
from .reading import parse, read_technology
from .technology import Technology


@cache
def technologies() -> dict[str, Technology]:
    """The shipped technologies by name, slowest first."""
    found = []
    for entry in files("gatesim.timing").joinpath("technologies").iterdir():
        if entry.name.endswith(".toml"):
            found.append(parse(entry.read_text(encoding="utf-8"), source=entry.name))
    found.sort(key=lambda t: (-_typical_ps(t), t.name))
    return {t.name: t for t in found}


def _typical_ps(technology: Technology) -> float:
    cells = [c for name, c in technology.gates.items() if name not in ("DFF", "READ", "BUF")]
    return sum(c.rise_ps + c.fall_ps for c in cells) / (2 * len(cells))


def load_technology(name: str | Path) -> Technology:
    """The technology called `name`, or read from the TOML file `name`.

    Raises
    ------
    UnknownNameError
        No such technology; the nearest name is suggested.
    ParseError
        A file with a mistake.

    Examples
    --------
    >>> load_technology("ttl7400").title
    'TTL 7400'
    """
    shipped = technologies()
    if str(name) in shipped:
        return shipped[str(name)]
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return read_technology(path)
    raise unknown_name("technology", name, shipped)


def read_folder(folder: str | Path) -> dict[str, Technology]:
    """Every ``*.toml`` of a folder, by name, in order of file names.

    Raises
    ------
    ParseError
        A file with a mistake, two technologies of one name, or no file at all.
    """
    found: dict[str, Technology] = {}
    for path in sorted(Path(folder).glob("*.toml")):
        t = read_technology(path)
        if t.name in found:
            raise ParseError(f"technology {t.name!r} was read from {found[t.name].file} before", source=str(path))
        found[t.name] = t
    if not found:
        raise ParseError("holds no technology (*.toml)", source=str(folder))
    return found
