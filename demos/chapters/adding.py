"""Chapter: seven ways to add, and what speed costs."""

from __future__ import annotations

import numpy as np

from circuits.adders import ADDERS, ripple_carry
from gatesim import build, map_to, simulate, statistics

from ..figures import circuit_svg, new_figure, svg_of
from ..page import Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..text import Language, Text

TITLE = Text("Adding", "Additionner")

A, B = 9, 7


def run(context: Context) -> Page:
    """Every adder at several widths from NAND gates, checked against integers; gates against depth."""
    widths = (8, 32) if context.quick else (8, 32, 64)
    n = 1000 if context.quick else 100_000
    sizes: dict[str, dict[int, tuple[int, int]]] = {}
    checked = 0
    rng = np.random.default_rng(0)
    for name, adder in ADDERS.items():
        sizes[name] = {}
        for width in widths:
            context.step(Text("{name}, {width} bits", "{name}, {width} bits").with_values(name=name, width=width))
            net = map_to(build(adder, a=width, b=width), "nand")
            a, b = rng.integers(0, 1 << width, (2, n), dtype=np.uint64)
            got = simulate(net, a=a, b=b)
            total = a + b  # modulo 2**64: a carry out of bit 63 shows as a sum below an operand
            mask = np.uint64((1 << width) - 1)
            carry = (total < a) if width == 64 else (total >> np.uint64(width)).astype(bool)
            if not (np.array_equal(got["sum"], total & mask) and np.array_equal(got["carry"], carry)):
                raise AssertionError(f"{name} of {width} bits adds wrongly")
            checked += n
            s = statistics(net)
            sizes[name][width] = s.gates, s.depth
    widest = widths[-1]
    fastest = min(sizes, key=lambda k: sizes[k][widest][1])
    smallest = min(sizes, key=lambda k: sizes[k][widest][0])
    blocks = [
        Sentence(
            Text(
                "A full adder adds three bits. Chain {width} of them and numbers add, but the carry must walk "
                "through them all. Computers add faster by spending gates: here are seven ways, each built "
                "from NAND gates only and checked on {checked} additions.",
                "Un additionneur complet additionne trois bits. On en chaîne {width} et les nombres "
                "s’additionnent, mais la retenue doit tous les traverser. Les ordinateurs vont plus vite en "
                "dépensant des portes : voici sept manières, chacune en NAND seulement et vérifiée sur "
                "{checked} additions.",
            ).with_values(width=widest, checked=checked)
        ),
        KeyNumbers(
            [
                (
                    sizes[smallest][widest][0],
                    Text("NANDs in the smallest, {name}", "NAND dans le plus petit, {name}").with_values(name=smallest),
                ),
                (
                    sizes[fastest][widest][1],
                    Text("gates deep, the fastest, {name}", "portes de profondeur, le plus rapide, {name}").with_values(
                        name=fastest
                    ),
                ),
            ]
        ),
        Figure(
            circuit_svg(build(ripple_carry, a=4, b=4), {"a": A, "b": B}),
            Text(
                "{a} + {b}: four full adders in a chain; thick wires carry a 1. The carry walks from box to box.",
                "{a} + {b} : quatre additionneurs complets à la chaîne ; les fils épais portent un 1. La retenue "
                "passe de boîte en boîte.",
            ).with_values(a=A, b=B),
        ),
        Figure(
            _plot(sizes, widest, "en"),
            Text(
                "{width}-bit adders from NAND gates: fewer gates (left) or a shorter path (below), not both.",
                "Additionneurs de {width} bits en NAND : moins de portes (à gauche) ou un chemin plus court "
                "(en bas), pas les deux.",
            ).with_values(width=widest),
            _plot(sizes, widest, "fr"),
        ),
        DataTable(
            Text("NAND gates and depth, by width", "Portes NAND et profondeur, selon la largeur"),
            [
                Text("adder", "additionneur"),
                *(
                    part
                    for w in widths
                    for part in (Text(f"{w}: NAND", f"{w} : NAND"), Text(f"{w}: depth", f"{w} : prof."))
                ),
            ],
            [[name, *(v for w in widths for v in by_width[w])] for name, by_width in sizes.items()],
        ),
        open_circuit("adders.ripple_carry[4]"),
        open_circuit("adders.kogge_stone[8] --nand"),
    ]
    facts = {
        "checked": checked,
        "adders": {k: {str(w): {"nand_gates": g, "depth": d} for w, (g, d) in v.items()} for k, v in sizes.items()},
    }
    return Page("adding", TITLE, blocks, facts)


def _plot(sizes: dict[str, dict[int, tuple[int, int]]], width: int, language: Language) -> str:
    figure, axes = new_figure()
    points = sorted(((*v[width], name) for name, v in sizes.items()))
    axes.set_xlabel("NAND")
    axes.set_ylabel(Text("depth", "profondeur").to(language))
    axes.set_yscale("log")
    axes.plot([p[0] for p in points], [p[1] for p in points], "o", color="#0b6b3a", markersize=9)
    for k, (gates, depth, name) in enumerate(points):
        # A label goes to the left where the next point would stand in its way.
        crowded = any(0 <= g - gates < 400 and abs(d / depth - 1) < 0.15 for g, d, _ in points[k + 1 :])
        side, shift = ("right", (-9, -5)) if crowded else ("left", (9, 7))
        axes.annotate(name, (gates, depth), xytext=shift, textcoords="offset points", ha=side)
    axes.set_yticks([20, 30, 50, 100, 200], ["20", "30", "50", "100", "200"])
    axes.minorticks_off()
    axes.set_xlim(0, points[-1][0] * 1.25)
    axes.grid(True, alpha=0.25)
    return svg_of(figure)
