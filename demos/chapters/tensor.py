"""Chapter: the same matrix product on a CPU, a GPU and a TPU made of gates."""

from __future__ import annotations

from circuits.comparison import Reading, Row, designs, operands, prices, readings
from circuits.comparison.prices import LITERATURE_RATIO
from circuits.systolic import SystolicArray
from gatesim.timing import load_technology

from .. import digits as bundled
from ..figures import svg_of
from ..page import Cell, Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..processes import quantity
from ..tensor_pictures import cell_toggles, roofline, sweep
from ..text import Text, same

TITLE = Text("CPU, GPU, TPU", "CPU, GPU, TPU")

SIZE = 8
QUICK_SIZE = 4
IMAGES = 16
QUICK_IMAGES = 4
TECHNOLOGY = "nangate45"


def run(context: Context) -> Page:
    """Weigh every design on one product, price int8 against fp32, watch activity sweep through an array."""
    technology = load_technology(TECHNOLOGY)
    size = QUICK_SIZE if context.quick else SIZE
    a, b = operands(size, size, size)
    rows: list[Row] = []
    for name, weigh in designs(a, b, technology, rows=size, columns=size):
        context.step(Text("multiplying on {name}", "multiplication sur {name}").with_values(name=name))
        rows.append(weigh())
    context.step(Text("int8 against fp32", "int8 contre fp32"))
    priced = prices(technology)
    array = SystolicArray(size, size)
    toggles = cell_toggles(array, *operands(2 * size, size, size))
    data = bundled.load()
    images = data.images[data.test][: QUICK_IMAGES if context.quick else IMAGES]
    read: list[Reading] = []
    for name, weigh in list(readings(data.layers, images, technology, array, lanes=size))[
        1:
    ]:  # no CPU without multiplier
        context.step(Text("reading digits on {name}", "lecture de chiffres sur {name}").with_values(name=name))
        read.append(weigh())
    exact = all(r.row.bit_exact for r in read)
    scalar = next(r for r in rows if r.design == "CPU RV32IM")
    rival = next(r for r in rows if r.iso_area == scalar.iso_area and r is not scalar)
    ratio = priced[1].energy_fj / priced[0].energy_fj
    facts = {
        "size": size,
        "technology": TECHNOLOGY,
        "bit_exact": all(r.bit_exact for r in rows),
        "designs": [r.as_dict(technology) for r in rows],
        "nands_ratio": priced[1].nands / priced[0].nands,
        "energy_ratio": ratio,
        "digits_images": len(images),
        "digits_bit_exact": exact,
        "digits": [r.as_dict() for r in read],
    }
    blocks = [
        Sentence(
            Text(
                "A CPU computes fast, but one operation at a time. A GPU computes more slowly, but many small "
                "operations at once. A TPU is like a GPU with 8-bit values: numbers flow through an array of "
                "small cells, and nobody fetches an instruction. All three are gates here, and multiply the same "
                "{n} × {n} matrices.",
                "Un CPU calcule vite, mais une opération à la fois. Un GPU calcule moins vite, mais beaucoup de "
                "petites opérations en même temps. Un TPU est comme un GPU sur des valeurs de 8 bits : les nombres "
                "traversent un réseau de petites cellules, et personne ne lit d’instruction. Tous trois sont ici "
                "faits de portes et multiplient les mêmes matrices {n} × {n}.",
            ).with_values(n=size)
        ),
        KeyNumbers(
            [
                (
                    round(scalar.time_ps / rival.time_ps),
                    Text(
                        "times faster than a CPU of the same area: {d}",
                        "fois plus rapide qu’un CPU de même surface : {d}",
                    ).with_values(d=rival.design),
                ),
                (
                    round(scalar.fj_per_mac / rival.fj_per_mac),
                    Text("times less energy a multiplication", "fois moins d’énergie par multiplication"),
                ),
                (
                    round(ratio, 1),
                    Text(
                        "times the energy: fp32 instead of int8 (literature: {k})",
                        "fois l’énergie : fp32 au lieu d’int8 (littérature : {k})",
                    ).with_values(k=LITERATURE_RATIO),
                ),
            ]
        ),
        _table(rows),
        Sentence(
            Text(
                "All {n} results equal NumPy’s, number by number. Rows with the same mark (* or †) have about the "
                "same area: only these are rivals.",
                "Les {n} résultats sont égaux à ceux de NumPy, nombre par nombre. Les lignes de même marque (* ou "
                "†) ont à peu près la même surface : elles seules sont rivales.",
            ).with_values(n=len(rows))
            if facts["bit_exact"]
            else Text("Results differ from NumPy’s!", "Des résultats diffèrent de ceux de NumPy !")
        ),
        Figure(
            svg_of(roofline(rows, "en")),
            Text(
                "Roofline: how much work a byte allows (slope), and how much the cells can do (flat); marks: reached.",
                "Toit : ce que permet un octet (pente) et ce que peuvent les cellules (plat) ; marques : atteint.",
            ),
            svg_of(roofline(rows, "fr")),
        ),
        Figure(
            svg_of(sweep(toggles, "en")),
            Text(
                "Activity sweeps through the systolic array: weights come from above, then a wave of products.",
                "L’activité balaie le réseau systolique : les poids descendent, puis une vague diagonale de produits.",
            ),
            svg_of(sweep(toggles, "fr")),
        ),
        DataTable(
            Text("One multiply-accumulate", "Une multiplication-addition"),
            [
                Text("unit", "opérateur"),
                Text("NANDs", "NAND"),
                same("×"),
                Text("energy", "énergie"),
                same("×"),
            ],
            [
                [
                    p.name,
                    p.nands,
                    p.nands / priced[0].nands,
                    quantity(p.energy_fj, "energy"),
                    p.energy_fj / priced[0].energy_fj,
                ]
                for p in priced
            ],
        ),
        _digits_table(read),
        Sentence(
            Text(
                "The network of the digits ran on all three: {n} images, every score equal to integer arithmetic. "
                "The CPU fetches an instruction for every step; the array takes all images in one batch.",
                "Le réseau de neurones des chiffres est passé sur les trois : {n} images, chaque score égal au "
                "calcul en entiers. Le CPU lit une instruction à chaque pas ; le réseau systolique prend toutes "
                "les images d’un coup.",
            ).with_values(n=len(images))
            if exact
            else Text("Scores differ from integer arithmetic!", "Des scores diffèrent du calcul en entiers !")
        ),
        open_circuit("circuits.systolic.cells:weight_stationary_cell"),
    ]
    return Page("tensor", TITLE, blocks, facts)


def _digits_table(read: list[Reading]) -> DataTable:
    cells: list[list[Cell]] = [
        [
            r.row.design,
            round(r.cycles, 1),
            quantity(r.time_ps, "time"),
            round(r.row.macs_per_cycle, 3),
            round(r.toggles),
            quantity(r.logic_fj, "energy"),
            "–" if r.sram_fj is None else quantity(r.sram_fj, "energy"),
        ]
        for r in read
    ]
    return DataTable(
        Text("Reading one digit on each machine, in 45 nm CMOS", "Lire un chiffre sur chaque machine, en CMOS 45 nm"),
        [
            Text("machine", "machine"),
            Text("cycles", "cycles"),
            Text("time", "temps"),
            Text("MAC a cycle", "MAC par cycle"),
            Text("toggles", "changements"),
            Text("logic", "logique"),
            Text("memory", "mémoire"),
        ],
        cells,
        frozenset({min(range(len(read)), key=lambda k: read[k].time_ps)}),
    )


def _table(rows: list[Row]) -> DataTable:
    cells: list[list[Cell]] = [
        [
            r.design + (f" {r.iso_area}" if r.iso_area else ""),
            r.nands,
            quantity(r.fmax_hz, "frequency"),
            r.cycles,
            quantity(r.time_ps, "time"),
            Text("{p}%", "{p}\u202f%").with_values(p=round(100 * r.utilisation, 1)),
            quantity(r.fj_per_mac, "energy"),
        ]
        for r in rows
    ]
    return DataTable(
        Text("The same product on each machine, in 45 nm CMOS", "Le même produit sur chaque machine, en CMOS 45 nm"),
        [
            Text("machine", "machine"),
            Text("NANDs", "NAND"),
            Text("clock", "horloge"),
            Text("cycles", "cycles"),
            Text("time", "temps"),
            Text("busy", "occupation"),
            Text("energy a MAC", "énergie/MAC"),
        ],
        cells,
        frozenset({min(range(len(rows)), key=lambda k: rows[k].time_ps)}),
    )
