"""Chapter: the same adder in qubits, and which gates are universal there."""

from __future__ import annotations

from typing import Any

from circuits.adders import full_adder, ripple_carry
from gatesim import build, map_to
from quantum import assert_verified, reversible
from quantum.comparison import compare
from quantum.gate_sets import REVERSIBLE, in_reversible_gates, judge, table_of
from quantum.pictures import circuit_figure
from quantum.superposition import outcomes
from quantum.words import errors_figure, words_by_error

from ..figures import svg_of, use_style
from ..page import Block, Command, Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..text import Text, same, small_power

TITLE = Text("The same adder in qubits", "Le même additionneur en qubits")

WIDTH, DRAWN, RUN = 8, 3, 2
EFFORT = None
"""A full adder is one AND as it is read: there is nothing to minimise, and no kernel to compile for it."""
ANGLE = 0.3
COSTS = "gatesim quantum costs adders.kogge_stone[8]"
FRENCH_PICTURE = {"and": "ET : quatre portes T", "unand": "effacé par mesure : aucune porte T"}
FRENCH_WORDS = {
    "error": "erreur permise",
    "t": "portes T",
    "gridsynth": "Ross et Selinger",
    "solovay-kitaev": "Solovay et Kitaev",
}
FORMULAS: dict[str, str] = {
    "bennett": "4n T",
    "bennett, Toffoli": "14n T",
    "inplace": "4n T (Gidney 2018)",
    "c04": "14n T (Cuccaro 2004)",
    "v95": "28 (n − 1) T (Vedral 1996)",
    "d00": "n² (Draper 2000)",
    "r25": "n log n (Remaud 2025)",
}


def run(context: Context) -> Page:
    """The tour's adder as a reversible circuit: verified, drawn, on a simulator, priced; then universality."""
    use_style()
    context.step(Text("compiling the adder to qubits", "on compile l’additionneur en qubits"))
    net = build(ripple_carry, a=WIDTH, b=WIDTH)
    found = assert_verified(reversible(net, "inplace", effort=EFFORT), net)
    drawn = reversible(build(ripple_carry, a=DRAWN, b=DRAWN), "inplace", effort=EFFORT)
    context.step(Text("all sums at once on Qiskit’s simulator", "toutes les sommes à la fois, simulateur de Qiskit"))
    sums = outcomes(reversible(build(ripple_carry, a=RUN, b=RUN), "inplace", effort=EFFORT), everything="a", b=1)
    context.step(Text("comparing with Qiskit’s adders", "comparaison avec les additionneurs de Qiskit"))
    rows = compare(net, states=1 << 12, budgets=[], effort=EFFORT).rows
    context.step(Text("rotations from T gates", "des rotations en portes T"))
    verdicts = [judge(name) for name in REVERSIBLE]
    adder_bit = map_to(build(full_adder), "nand")
    gates_used = {name: in_reversible_gates(adder_bit, name) for name in REVERSIBLE}
    tables = {
        name: table_of(circuit, ports, [p.name for p in adder_bit.inputs], "carry")
        for name, (circuit, ports) in gates_used.items()
        if circuit.num_qubits <= 20
    }
    words = words_by_error(ANGLE)
    inplace = next(r for r in rows if r.name == "inplace")
    blocks: list[Block] = [
        Sentence(
            Text(
                "A quantum gate can be undone, so an AND must keep its inputs. The tour’s adder of {n} bits becomes "
                "a circuit that turns a, b into a, a + b: every AND writes on a helper qubit (four T gates, the "
                "expensive ones), and every helper is cleaned again by a measurement, for nothing. It was run on all "
                "{states} pairs, bit-parallel: sums right, a restored, helpers clean.",
                "Une porte quantique se défait, donc un ET doit garder ses entrées. L’additionneur de {n} bits de la "
                "visite devient un circuit qui change a, b en a, a + b : chaque ET écrit sur un qubit auxiliaire "
                "(quatre portes T, les plus chères), que l’on nettoie ensuite par une mesure, pour rien. Il a tourné "
                "sur les {states} paires, en parallèle sur les bits : sommes justes, a intact, auxiliaires propres.",
            ).with_values(n=WIDTH, states=found.states)
        ),
        KeyNumbers(
            [
                (inplace.costs.qubits, Text("qubits", "qubits")),
                (inplace.costs.t_count, Text("T gates, four a bit", "portes T, quatre par bit")),
                (found.states, Text("inputs verified: all of them", "entrées vérifiées : toutes")),
                (len(sums), Text("sums at once, on a simulator", "sommes à la fois, sur un simulateur")),
            ]
        ),
        Figure(
            svg_of(circuit_figure(drawn)),
            Text("The adder of {n} bits, in place.", "L’additionneur de {n} bits, sur place.").with_values(n=DRAWN),
            svg_of(circuit_figure(drawn, FRENCH_PICTURE)),
        ),
        Sentence(
            Text(
                "On Qiskit’s simulator, with {n} bits: a in all its values at once, b = 1. What is measured is a and "
                "a + 1, never anything else: {sums}, each one time in {count}.",
                "Sur le simulateur de Qiskit, avec {n} bits : a dans toutes ses valeurs à la fois, b = 1. On mesure a "
                "et a + 1, jamais rien d’autre : {sums}, chacun une fois sur {count}.",
            ).with_values(n=RUN, count=len(sums), sums=", ".join(f"{a} + 1 = {s}" for a, s in sums))
        ),
        DataTable(
            Text(
                "The adder of {n} bits beside Qiskit’s own", "L’additionneur de {n} bits et ceux de Qiskit"
            ).with_values(n=WIDTH),
            [
                Text("circuit", "circuit"),
                same("qubits"),
                same("T"),
                Text("T-depth", "prof. T"),
                same("rotations"),
                same("CX"),
                Text("formula, n bits", "formule, n bits"),
                Text("right", "juste"),
            ],
            [
                [
                    r.name.split("(")[0],
                    r.costs.qubits,
                    r.costs.t_count,
                    r.costs.t_depth,
                    r.rotations,
                    r.costs.clifford_cx,
                    _formula(r.name),
                    {True: Text("yes", "oui"), False: Text("no", "non")}[bool(r.right)],
                ]
                for r in rows
            ],
            frozenset(i for i, r in enumerate(rows) if r.name == "inplace"),
        ),
        Sentence(
            Text(
                "Universal gates, continued. Toffoli’s and Fredkin’s gates compute everything once constants are "
                "given: a Toffoli gate on a 1 is a NAND, and the full adder of {nands} NANDs runs on {toffolis} "
                "Toffoli gates. For everything quantum, one gate more is enough: H beside Toffoli, or H, CX and T. A "
                "rotation is then a word of such gates, as close as one likes.",
                "Les portes universelles, suite. Les portes de Toffoli et de Fredkin calculent tout si l’on donne "
                "des constantes : une porte de Toffoli sur un 1 est un NAND, et l’additionneur de {nands} NAND tourne "
                "sur {toffolis} portes de Toffoli. Pour tout le quantique, une porte de plus suffit : H avec Toffoli, "
                "ou H, CX et T. Une rotation est alors un mot de ces portes, aussi proche que l’on veut.",
            ).with_values(nands=adder_bit.n_gates, toffolis=gates_used["toffoli"][0].count_ops()["ccx"])
        ),
        Figure(
            svg_of(errors_figure(words)),
            Text(
                "T gates of a rotation by {angle}: ten times the precision costs about ten more.",
                "Portes T d’une rotation de {angle} : dix fois plus de précision en coûte une dizaine.",
            ).with_values(angle=ANGLE),
            svg_of(errors_figure(words, FRENCH_WORDS)),
        ),
        DataTable(
            Text("A rotation from T gates", "Une rotation en portes T"),
            [Text("method", "méthode"), Text("error allowed", "erreur permise"), same("T"), Text("gates", "portes")],
            [[w.method, small_power(error), w.t_count, w.gates] for error, w in words],
        ),
        Command(Text("What another circuit costs in qubits", "Ce que coûte un autre circuit en qubits"), COSTS),
        open_circuit("adders.ripple_carry[8]"),
    ]
    facts: dict[str, Any] = {
        "t_count": inplace.costs.t_count,
        "qubits": inplace.costs.qubits,
        "states": found.states,
        "sums": sums,
        "universal": {v.name: v.universal for v in verdicts},
        "carry_tables": tables,
        "right": {r.name: r.right for r in rows},
        "t_by_error": {f"{w.method} {error:g}": w.t_count for error, w in words},
    }
    return Page("qubits", TITLE, blocks, facts)


def _formula(name: str) -> str:
    for key, formula in FORMULAS.items():
        if name == key or f"_{key}(" in name:
            return formula
    return ""
