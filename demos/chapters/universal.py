"""Chapter: which gates can build everything, and how."""

from __future__ import annotations

from circuits.adders import full_adder
from circuits.catalog import catalog
from gatesim import build, map_to, statistics
from gatesim.errors import LoopError
from gatesim.universality import smallest_netlists, table

from ..figures import circuit_svg
from ..page import Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..text import Text, same

TITLE = Text("Universal gates", "Les portes universelles")

_CLASSES = {
    "preserves 0": Text("preserves 0", "conserve 0"),
    "preserves 1": Text("preserves 1", "conserve 1"),
    "monotone": Text("monotone", "monotone"),
    "affine": Text("affine", "affine"),
    "self-dual": Text("self-dual", "autoduale"),
}
_YES, _NO = Text("yes", "oui"), Text("no", "non")


def run(context: Context) -> Page:
    """Post's classes of the 16 two-input gates, the smallest netlists, and the library's prices."""
    rows = table()
    universal = [r.name for r in rows if r.universal]
    context.step(Text("searching the smallest netlists", "recherche des plus petits circuits"))
    nand, nor = smallest_netlists("nand"), smallest_netlists("nor")
    adder = build(full_adder)
    adder_nand = map_to(adder, "nand")
    prices = _prices(context)
    blocks = [
        Sentence(
            Text(
                "There are 16 gates with two inputs. Emil Post found in 1921 when a gate can build every "
                "function: exactly when it escapes five families of functions. Only two of the sixteen do.",
                "Il existe 16 portes à deux entrées. Emil Post a trouvé en 1921 quand une porte suffit à tout "
                "construire : exactement quand elle échappe à cinq familles de fonctions. Deux des seize y "
                "parviennent.",
            )
        ),
        KeyNumbers(
            [
                (" + ".join(universal), Text("universal gates of two inputs", "portes universelles à deux entrées")),
                (adder_nand.n_gates, Text("NAND gates add three bits", "portes NAND additionnent trois bits")),
            ]
        ),
        DataTable(
            Text("The 16 gates and Post’s five classes", "Les 16 portes et les cinq classes de Post"),
            [Text("gate", "porte"), *_CLASSES.values(), Text("universal", "suffit"), Text("reaches", "atteint")],
            [
                [
                    r.name,
                    *("●" if c in r.classes else "" for c in _CLASSES),
                    _YES if r.universal else _NO,
                    f"{r.reachable}/16",
                ]
                for r in rows
            ],
            frozenset(i for i, r in enumerate(rows) if r.universal),
        ),
        DataTable(
            Text(
                "The fewest gates for each function (found by trying everything)",
                "Le moins de portes pour chaque fonction (trouvé en essayant tout)",
            ),
            [
                Text("function", "fonction"),
                same("NAND"),
                Text("depth", "prof."),
                same("NOR"),
                Text("depth", "prof."),
            ],
            [[name, nand[name].gates, nand[name].depth, nor[name].gates, nor[name].depth] for name in nand],
        ),
        Figure(
            circuit_svg(nand["XOR"].netlist),
            Text("XOR from four NANDs; three are not enough.", "XOR avec quatre NAND ; trois ne suffisent pas."),
        ),
        Figure(
            circuit_svg(adder),
            Text("A full adder, as the textbook draws it.", "Un additionneur complet, comme dans les manuels."),
        ),
        Figure(
            circuit_svg(adder_nand),
            Text("The same full adder from nine NANDs.", "Le même additionneur avec neuf NAND."),
        ),
        DataTable(
            Text("The price of the library in NAND and in NOR", "Le prix de la bibliothèque en NAND et en NOR"),
            [
                Text("circuit", "circuit"),
                Text("gates", "portes"),
                Text("depth", "prof."),
                same("NAND"),
                Text("depth", "prof."),
                same("NOR"),
                Text("depth", "prof."),
            ],
            prices,
        ),
        open_circuit("adders.full_adder --nand"),
    ]
    facts = {
        "universal": universal,
        "smallest_nand": {name: s.gates for name, s in nand.items()},
        "smallest_nor": {name: s.gates for name, s in nor.items()},
        "full_adder_nands": adder_nand.n_gates,
        "circuits_priced": len(prices),
    }
    return Page("universal", TITLE, blocks, facts)


def _prices(context: Context) -> list[list[Text | str | int | float]]:
    rows: list[list[Text | str | int | float]] = []
    for c in catalog().values():
        arguments = c.sizes(8) or c.sizes(2)
        if arguments is None:
            continue
        context.step(Text("pricing {name}", "prix de {name}").with_values(name=c.name))
        net = c.build(**arguments) if arguments else c.build()
        try:
            sizes = [statistics(n) for n in (net, map_to(net, "nand"), map_to(net, "nor"))]
        except LoopError:
            continue  # latches hold loops: they have no depth
        rows.append([c.name, *(v for s in sizes for v in (s.gates, s.depth))])
    return rows
