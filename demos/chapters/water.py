"""Chapter: a computer of water, which works, and is extremely slow."""

from __future__ import annotations

from typing import Any

import numpy as np

from circuits.adders import ripple_carry
from gatesim import build
from gatesim.timing.water import (
    Design,
    Poured,
    Vessel,
    Yield,
    adder,
    all_sums,
    broken_adder,
    normal_form,
    pictures,
    plumb,
    pour,
    wrong_sums,
    yield_of,
)  # fmt: skip
from gatesim.timing.water.adder import SLOPPY
from gatesim.timing.water.comparison import times_slower

from ..figures import svg_of, use_style
from ..page import Block, Command, Context, DataTable, Figure, Film, KeyNumbers, Page, Sentence, open_circuit
from ..text import Text, power_of_ten, same

TITLE = Text("The water computer", "L’ordinateur à eau")

WATCHED_S = 120.0
A, B = 9, 7

_BREAKS = {
    "splitter": Text("no splitters: a carry is 1.7 units", "sans partiteurs : une retenue fait 1,7 unité"),
    "skew": Text("the second number comes 5 s late", "le second nombre arrive 5 s trop tard"),
    "spread": Text("built 10 % off, worst machine", "construit à 10 % près, la pire machine"),
    "priming": Text("siphons that slow water does not start", "des siphons qu’une eau lente n’amorce pas"),
    "sticky": Text("water that sticks in small leaks", "l’eau qui reste collée aux petites fuites"),
}


def run(context: Context) -> Page:
    """One vessel, the four-bit adder on all pairs and on film, what breaks it, and every function of two inputs."""
    use_style()
    context.step(Text("pouring 256 additions", "on verse 256 additions"))
    machine = adder(4)
    sums = all_sums(machine, seconds=WATCHED_S)
    wrong = wrong_sums(sums)
    ones = np.array([[(a + b) >> k & 1 for k in range(5)] for a in range(16) for b in range(16)], bool)
    one = pour(machine, {"a": A, "b": B, "cin": 0}, seconds=WATCHED_S, every=5)
    film = pictures.film(one, title=f"{A} + {B}")
    context.step(Text("breaking it", "on la casse"))
    curve = yield_of(machine, (0.02, 0.1, 0.2) if context.quick else (0.02, 0.05, 0.1, 0.15, 0.2),
                     6 if context.quick else 10, rng=0, seconds=WATCHED_S)  # fmt: skip
    breaks = _broken(curve)
    context.step(Text("every gate of two inputs", "toutes les portes à deux entrées"))
    right, tapped = _functions()
    slowest = float(sums.answer_s.max())
    silicon = times_slower(build(ripple_carry, a=4, b=4), slowest)
    blocks: list[Block] = [
        Sentence(
            Text(
                "In 2021 Steve Mould built an adder from water. Its gate is one vessel: a slow leak and a "
                "siphon. One unit of water stays under the crest of the siphon and leaves through the leak: "
                "XOR. Two units pass the crest, the siphon starts and empties the vessel: AND. These vessels "
                "are solved as differential equations; every drop is accounted for.",
                "En 2021, Steve Mould a construit un additionneur à eau. Sa porte est un récipient : une fuite "
                "lente et un siphon. Une unité d’eau reste sous la crête du siphon et s’en va par la fuite : "
                "XOR. Deux unités passent la crête, le siphon s’amorce et vide le récipient : ET. On résout ici "
                "les équations différentielles de ces récipients ; chaque goutte est comptée.",
            )
        ),
        KeyNumbers(
            [
                (f"{wrong.size - int(wrong.sum())}/{wrong.size}", Text("sums right", "sommes justes")),
                (
                    f"{slowest:.0f} s",
                    Text("until the slowest answer is in its buckets", "avant que la réponse la plus lente soit là"),
                ),
                *(
                    (
                        power_of_ten(ratio),
                        Text("times slower than {name}", "fois plus lent que {name}").with_values(name=n),
                    )
                    for n, ratio in silicon.items()
                ),
            ]
        ),
        _truth_table(),
        Film(
            film,
            Text(
                "{a} + {b} in water: siphons on the left of each vessel carry, leaks on the right add. A bucket "
                "reads 1 above the red line.",
                "{a} + {b} avec de l’eau : les siphons, à gauche, font la retenue, les fuites, à droite, la "
                "somme. Un seau vaut 1 au-dessus du trait rouge.",
            ).with_values(a=A, b=B),
        ),
        Figure(
            svg_of(pictures.levels_figure(one, time="time (s)", level="level\n(mm)", unit="units")),
            Text(
                "The levels: above the first vessels, then those that add the carry, then the buckets. Dotted: "
                "the crest, and the line where buckets are read. Zeros are not dry: {zero} units at most, ones "
                "hold at least {one}.",
                "Les niveaux : d’abord les premiers récipients, puis ceux qui ajoutent la retenue, puis les "
                "seaux. En pointillé : la crête, et le trait de lecture. Un zéro n’est pas sec : jusqu’à {zero} "
                "unité ; un 1 contient au moins {one}.",
            ).with_values(zero=float(sums.units[~ones].max()), one=float(sums.units[ones].min())),
            svg_of(pictures.levels_figure(one, time="temps (s)", level="niveau\n(mm)", unit="unités")),
        ),
        DataTable(
            Text("What breaks it: wrong sums of 256", "Ce qui la casse : sommes fausses sur 256"),
            [Text("change", "changement"), Text("wrong", "fausses")],
            [
                [Text("as it should be", "comme il faut"), int(wrong.sum())],
                *([_BREAKS[k], n] for k, n in breaks.items()),
            ],
            frozenset({0}),
        ),
        Figure(
            svg_of(pictures.yield_figure(curve, tolerance="tolerance (%)", share="perfect (%)", wrong="wrong (%)")),
            Text(
                "Yield: {n} machines built at each tolerance, each adds all pairs. Above, machines that make no "
                "mistake; below, how many sums each gets wrong.",
                "Rendement : {n} machines construites pour chaque tolérance, chacune fait toutes les additions. "
                "En haut, les machines sans faute ; en bas, la part de sommes fausses de chacune.",
            ).with_values(n=curve.wrong.shape[1]),
            svg_of(pictures.yield_figure(curve, tolerance="tolérance (%)", share="parfaites (%)", wrong="fausses (%)")),
        ),
        Sentence(
            Text(
                "AND and XOR alone keep 0: where nothing is poured, nothing comes out. With one tap that always "
                "runs, NOT x is x XOR 1, and water computes everything: all {right} gates of two inputs were "
                "built from vessels and poured, {tapped} of them need the tap.",
                "ET et XOR seules conservent 0 : sans eau versée, rien ne sort. Avec un robinet toujours ouvert, "
                "NON x est x XOR 1, et l’eau calcule tout : les {right} portes à deux entrées ont été "
                "construites en récipients et essayées ; {tapped} d’entre elles ont besoin du robinet.",
            ).with_values(right=right, tapped=tapped)
        ),
        Command(Text("Other sums in water", "D’autres sommes avec de l’eau"), "gatesim water add 11 6"),
        open_circuit(
            "adders.ripple_carry[4] --tech siphon",
            Text("press a: vessels fill", "taper a : les récipients s’emplissent"),
        ),
    ]
    facts: dict[str, Any] = {
        "sums": int(wrong.size),
        "wrong": int(wrong.sum()),
        "slowest_s": slowest,
        "slower_than": silicon,
        "breaks": breaks,
        "yield": {f"{t:g}": float(p) for t, p in zip(curve.tolerances, curve.perfect, strict=True)},
        "functions_right": right,
        "functions_with_tap": tapped,
        "imbalance": max(sums.imbalance(), one.imbalance()),
        "film_bytes": len(film),
    }
    return Page("water", TITLE, blocks, facts)


def _broken(curve: Yield) -> dict[str, int]:
    found = {}
    for how in ("splitter", "skew"):
        found[how] = int(wrong_sums(all_sums(broken_adder(how).machine, seconds=WATCHED_S)).sum())
    for how, vessel in (("priming", Vessel(priming=1.0)), ("sticky", Vessel(sticky=True))):
        found[how] = int(wrong_sums(all_sums(adder(4, Design(vessel=vessel)), seconds=WATCHED_S)).sum())
    found["spread"] = int(curve.wrong[list(curve.tolerances).index(SLOPPY)].max())
    return found


def _functions() -> tuple[int, int]:
    """How many of the 16 functions of two inputs water computes, and how many of them need the tap."""
    patterns = np.arange(4)
    right = tapped = 0
    for table in range(16):
        machine = plumb(normal_form(table, 2))
        poured = pour(machine, {"x0": patterns & 1, "x1": patterns >> 1})
        right += [int(v) for v in poured.values()["y"]] == [table >> p & 1 for p in range(4)]
        tapped += any(q.bit < 0 for q in machine.pours)
    return right, tapped


def _truth_table() -> DataTable:
    machine = adder(1).with_vessel(0, Vessel())
    poured: Poured = pour(machine, {"a": [0, 1, 0, 1], "b": [0, 0, 1, 1], "cin": 0}, seconds=WATCHED_S)
    millilitres = poured.outlet_m3[:, 0] * 1e6
    rows: list[list[Any]] = [
        [k & 1, k >> 1, float(millilitres[k, 0]), float(millilitres[k, 1]), (k & 1) ^ (k >> 1), (k & 1) & (k >> 1)]
        for k in range(4)
    ]
    return DataTable(
        Text("One vessel, 80 mL a unit: what leaves it", "Un récipient, 80 mL par unité : ce qui en sort"),
        [
            same("a"), same("b"), Text("leak (mL)", "fuite (mL)"), Text("siphon (mL)", "siphon (mL)"),
            same("XOR"), Text("AND", "ET"),
        ],
        rows,
    )  # fmt: skip
