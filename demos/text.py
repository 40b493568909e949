"""Every sentence in English and in French, and numbers as each language writes them."""

from __future__ import annotations

import math
import re
import string
from dataclasses import dataclass
from typing import Literal

from gatesim.errors import GatesimError

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

_THIN = "\u202f"  # narrow no-break space: French groups digits with it
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def placeholders(template: str) -> set[str]:
    """Names in braces of a format string."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages, with the same ``{placeholders}``.

    Raises
    ------
    GatesimError
        One of them is missing, or the placeholders differ.
    """

    en: str
    fr: str

    def __post_init__(self) -> None:
        if not self.en.strip() or not self.fr.strip():
            raise GatesimError(f"a text lacks a language: {self.en!r} / {self.fr!r}")
        if placeholders(self.en) != placeholders(self.fr):
            raise GatesimError(f"the placeholders of a text differ: {self.en!r} / {self.fr!r}")

    def to(self, language: Language, **values: object) -> str:
        """The sentence in one language, its placeholders filled; numbers written as the language does."""
        template = self.fr if language == "fr" else self.en
        filled = template.format(**{k: number(v, language) for k, v in values.items()})
        return _bound(filled) if language == "fr" else filled

    def with_values(self, **values: object) -> Text:
        """Both sentences with their placeholders filled."""
        return Text(self.to("en", **values), self.to("fr", **values))


def _bound(french: str) -> str:
    """French punctuation tied to its word, so that no line begins with a semicolon."""
    return re.sub(r" (?=[;:!?»])|(?<=«) ", _THIN, french)


def power(base: int, exponent: int) -> str:
    """A power, its exponent raised."""
    return f"{base}{str(exponent).translate(_RAISED)}"


def small_power(value: float) -> str:
    """The power of ten nearest to a value, as both languages write it.

    Examples
    --------
    >>> small_power(1e-6)
    '10⁻⁶'
    """
    return power(10, round(math.log10(value)))


def power_of_ten(ratio: float) -> Text:
    r"""Two digits and a power of ten, as each language writes them.

    Examples
    --------
    >>> power_of_ten(6.64e11).to("fr")
    '6,6\u202f×\u202f10¹¹'
    """
    mantissa, exponent = f"{ratio:.1e}".split("e")
    times = f"{_THIN}×{_THIN}{power(10, int(exponent))}"
    return Text(mantissa + times, mantissa.replace(".", ",") + times)


def number(value: object, language: Language) -> str:
    """Integers with grouped digits, floats with up to three significant decimals; text as it is.

    Examples
    --------
    >>> number(1797, "en"), number(97.25, "fr")
    ('1,797', '97,2')
    """
    if isinstance(value, Text):
        return value.to(language)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
    return shown if language == "en" else shown.replace(",", _THIN).replace(".", ",")


def same(text: str) -> Text:
    """A text that is the same in both languages (names, symbols)."""
    return Text(text, text)
