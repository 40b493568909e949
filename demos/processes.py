"""The same circuits in many technologies, on one plot: time and energy from DNA to superconductors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from gatesim.timing import LANDAUER_FJ, Outcome
from gatesim.timing.quantities import shown

from .figures import new_figure
from .text import Language, Text

_FRENCH = {"days": "jours", "years": "ans"}


@dataclass(frozen=True)
class Series:
    """One circuit in every technology."""

    label: Text
    outcomes: Sequence[Outcome]


def quantity(value: float, dimension: str) -> Text:
    """`value` (ps, fJ, nW or Hz) with a unit, as each language writes it.

    Examples
    --------
    >>> quantity(2_250_000, "time").to("fr"), quantity(1.728e17, "time").to("fr")
    ('2,25 µs', '2 jours')
    """
    english = shown(value, dimension)
    french = english.replace(",", "\u202f").replace(".", ",")
    for word, translated in _FRENCH.items():
        french = french.replace(word, translated)
    return Text(english, french)


_STYLES = (("o", "#0b6b3a", 9.0), ("s", "#1f5fa8", 8.0), ("D", "#b5471b", 8.0))


def plot(series: Sequence[Series], language: Language) -> Any:
    """A matplotlib figure: time per operation on the left, energy on the right with Landauer's limit.

    One line a technology, the slowest on top; a circuit without energies has no mark on the right.
    """
    figure, axes = new_figure(12.5, 1.6 + 0.42 * len(series[0].outcomes))
    figure.clear()
    axes, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
    ranked = [o.technology for o in series[0].outcomes if o.timing]
    row = {t.name: len(ranked) - 1 - i for i, t in enumerate(ranked)}
    for (marker, colour, size), s in zip(_STYLES, series, strict=False):
        drawn = [o for o in s.outcomes if o.timing and o.technology.name in row]
        style: dict[str, Any] = {"marker": marker, "color": colour, "markersize": size, "linestyle": "none"}
        times = [o.timing.worst_ps * 1e-12 for o in drawn if o.timing]
        axes.plot(times, [row[o.technology.name] for o in drawn], label=s.label.to(language), **style)
        spent = [(o.energy.total_fj * 1e-15, row[o.technology.name]) for o in drawn if o.energy]
        spent = [(joules, y) for joules, y in spent if joules > 0]
        if spent:
            right.plot([p[0] for p in spent], [p[1] for p in spent], **style)
    for side in (axes, right):
        side.set_xscale("log")
        side.set_ylim(-0.7, len(ranked) - 0.3)
        side.spines[["top", "right"]].set_visible(False)
        side.grid(True, axis="both", alpha=0.25)
        side.minorticks_off()
    axes.set_yticks(list(row.values()), [t.title_fr if language == "fr" else t.title for t in ranked])
    _time_ticks(axes, language)
    _energy_ticks(right)
    _landauer(right, language)
    for o in series[0].outcomes:
        if o.energy and not o.energy.total_fj:
            nothing = (LANDAUER_FJ * 1e-15, row[o.technology.name])
            right.annotate("0 J", nothing, xytext=(7, 0), textcoords="offset points", va="center", color="#5a6672")
    axes.set_xlabel(Text("time of one operation", "durée d’une opération").to(language))
    right.set_xlabel(Text("energy of one operation", "énergie d’une opération").to(language))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2, ncols=len(series), frameon=False,
                columnspacing=1.0, handletextpad=0.1)  # fmt: skip
    return figure


def _time_ticks(axes: Any, language: Language) -> None:
    low, high = axes.get_xlim()
    year = Text("year", "an").to(language)
    day = Text("day", "jour").to(language)
    ticks = [(1e-12, "ps"), (1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h")]
    ticks += [(86400.0, day), (86400.0 * 365.25, year)]
    chosen: list[tuple[float, str]] = []
    for seconds, unit in ticks:
        if low <= seconds <= high and (not chosen or seconds / chosen[-1][0] > (high / low) ** 0.1):
            chosen.append((seconds, f"1 {unit}"))
    if len(chosen) < 3:  # all lie close together: powers of ten say more
        powers = range(floor(log10(low)), ceil(log10(high)) + 1)
        chosen = [(10.0**k, quantity(10.0 ** (k + 12), "time").to(language)) for k in powers]
        axes.set_xlim(chosen[0][0], chosen[-1][0])
    axes.set_xticks([t for t, _ in chosen], [label for _, label in chosen])


def _energy_ticks(axes: Any) -> None:
    low, high = axes.get_xlim()
    units = ("zJ", "aJ", "fJ", "pJ", "nJ", "µJ", "mJ", "J", "kJ", "MJ")
    low = min(low, LANDAUER_FJ * 1e-15 / 3)
    high *= 3
    axes.set_xlim(low, high)
    ticks = [(10.0 ** (3 * i - 21), f"1 {unit}") for i, unit in enumerate(units)]
    ticks = [t for t in ticks if low <= t[0] <= high]
    step = 2 if len(ticks) > 6 else 1
    axes.set_xticks([t for t, _ in ticks[::step]], [label for _, label in ticks[::step]])


def _landauer(axes: Any, language: Language) -> None:
    joules = LANDAUER_FJ * 1e-15
    axes.axvline(joules, color="#a3231b", linestyle="--", linewidth=1.8)
    words = Text("Landauer: kT ln 2 a bit (300 K)", "Landauer : kT ln 2 par bit (300 K)").to(language)
    axes.annotate(
        words,
        (joules, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 6),
        textcoords="offset points",
        color="#a3231b",
    )
