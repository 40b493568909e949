"""Chapter: nature is quantum; what that costs a classical computer, and what a quantum one."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatesim.errors import UnsupportedError
from quantum.gate_sets import rotation_word
from quantum.nature import FreeFermions, chain, exact, ising, measured, start_named, trotter, trotterised
from quantum.nature.pictures import ENGLISH, wall_figure, waves_figure
from quantum.nature.wall import ROTATION_ERROR, bonds_over_time, measure, memory_bytes, qubits_in

from ..figures import svg_of, use_style
from ..page import Block, Command, Context, DataTable, Figure, KeyNumbers, Page, Sentence
from ..text import Text, power, small_power

TITLE = Text("Nature is quantum", "La nature est quantique")

SPINS, TIME, STEPS = 11, 4.0, 12
LONG = 1000
CHIP = "FakeManilaV2"
FRENCH: dict[str, str] = {
    "exact": "exact",
    "trotter": "circuit (Trotter)",
    "noisy": "circuit avec bruit",
    "spin": "spin",
    "shell": "liens depuis le centre",
    "time": "temps",
    "magnetisation": "<Z>",
    "centre": "le spin du centre",
    "far": "tous les spins (moyenne)",
    "spins": "spins",
    "seconds": "secondes sur un cœur",
    "gates": "portes",
    "classical": "classique : {growth} fois plus long par spin",
    "point": ",",
    "of": "de",
    "quantum": "quantique : portes du même circuit",
    "here": "mémoire de cette machine : {n}",
    "largest": "10 Po, les plus grands\nsupercalculateurs : {n}",
    "bond": "dimension de lien",
    "entangled": "ce qu’un produit de matrices doit garder",
    "most": "le plus possible : {n}",
    "chain": "chaîne",
    "grid": "grille",
}


def run(context: Context) -> Page:
    """Spin waves exact, as a circuit and with noise; a thousand spins for free; the wall."""
    use_style()
    context.step(Text("releasing spins", "on lâche les spins"))
    h = ising(chain(SPINS), field=1.0, tilt=0.5)
    start = start_named("flip", h.graph)
    truth = exact(h, start, np.linspace(0.0, TIME, 41))
    shown = [("exact", truth), ("trotter", trotterised(h, start, TIME, STEPS))]
    trotter_error = float(np.abs(shown[1][1].z[-1] - truth.z[-1]).max())
    noise: dict[str, Any] = {}
    if not context.quick:
        context.step(Text("measuring with a chip’s noise", "mesures avec le bruit d’une puce"))
        try:
            small = ising(chain(5), field=1.0, tilt=0.5)
            seen = measured(small, start_named("flip", small.graph), 1.5, 4, backend=CHIP, shots=400, points=2)
            ideal = trotterised(small, start_named("flip", small.graph), 1.5, 4)
            noise = {"chip": CHIP, "error_z": float(np.abs(seen.z[-1] - ideal.z[-1]).max())}
        except UnsupportedError as exc:
            noise = {"missing": str(exc)}
    context.step(Text("a thousand spins", "mille spins"))
    free = ising(chain(LONG), field=0.7)
    circuit = trotter(free, 2.5, 50)
    by_gates = FreeFermions(LONG, "+" * LONG).run(circuit).x()
    context.step(Text("measuring the wall", "on mesure le mur"))
    walls = [measure("chain", range(16, 20 if context.quick else 21)), measure("grid", (16, 18, 20))]
    bonds = bonds_over_time(n_columns=4)
    on_chain, on_grid = (values[-1] for _, values in bonds.values())
    here, growth = memory_bytes(), walls[0].fit.growth
    word = rotation_word(0.3, ROTATION_ERROR)
    figures = [(waves_figure(h.graph, shown, w), wall_figure(walls, here, bonds, 1 << 8, w)) for w in (ENGLISH, FRENCH)]
    (waves, wall), (waves_fr, wall_fr) = ((svg_of(a), svg_of(b)) for a, b in figures)
    blocks: list[Block] = [
        Sentence(
            Text(
                "“Nature isn’t classical, dammit, and if you want to make a simulation of nature, you’d better make "
                "it quantum mechanical” (Richard Feynman, 1981). Here are {n} tiny magnets that align with their "
                "neighbours in a tilted field. One is turned over. What happens next has to be followed in {numbers} "
                "numbers at once; a quantum computer needs {n} qubits.",
                "« La nature n’est pas classique, bon sang, et pour la simuler il vaut mieux le faire de façon "
                "quantique » (Richard Feynman, 1981). Voici {n} petits aimants qui s’alignent sur leurs voisins dans "
                "un champ incliné. On en retourne un. La suite se joue dans {numbers} nombres à la fois ; un "
                "ordinateur quantique a besoin de {n} qubits.",
            ).with_values(n=SPINS, numbers=power(2, SPINS))
        ),
        KeyNumbers(
            [
                (
                    Text("{n} ×", "{n} ×").with_values(n=growth),
                    Text("longer for each spin more", "plus long par spin de plus"),
                ),
                (qubits_in(here), Text("spins fill this machine’s memory", "spins remplissent la mémoire d’ici")),
                (qubits_in(1e16), Text("fill the largest supercomputers", "remplissent les plus grands calculateurs")),
                (circuit.n_gates, Text("gates on 1,000 spins, exactly", "portes sur 1 000 spins, exactement")),
            ]
        ),
        Figure(
            waves,
            Text(
                "The turned spin spreads, over space and time: the true evolution beside a circuit of {steps} steps. "
                "Its largest error in <Z> at the end: {error}.",
                "Le spin retourné se propage, dans l’espace et le temps : l’évolution vraie à côté d’un circuit de "
                "{steps} pas. Sa plus grande erreur sur <Z> à la fin : {error}.",
            ).with_values(steps=STEPS, error=trotter_error),
            waves_fr,
        ),
        *_noise(noise),
        Sentence(
            Text(
                "Not everything quantum is hard. Without the tilt, a chain is a gas of free particles in disguise: "
                "1,000 spins and {gates} gates were followed exactly, gate by gate (mean <X> {x}). The wall needs "
                "two dimensions and the tilt.",
                "Tout ce qui est quantique n’est pas difficile. Sans l’inclinaison, une chaîne est un gaz de "
                "particules libres déguisé : 1 000 spins et {gates} portes ont été suivis exactement, porte après "
                "porte (<X> moyen {x}). Pour le mur, il faut deux dimensions et l’inclinaison.",
            ).with_values(gates=circuit.n_gates, x=float(by_gates.mean()))
        ),
        Figure(
            wall,
            Text(
                "The wall. Left: measured (dots), fitted (dashes), and where memory ends. Middle: gates for a quantum "
                "computer grow in proportion. Right: clever compression keeps {chain} numbers a cut on a chain of 16 "
                "spins, {grid} of 256 on a grid.",
                "Le mur. À gauche : mesuré (points), ajusté (tirets), et la fin de la mémoire. Au milieu : les portes "
                "d’un ordinateur quantique, en proportion. À droite : une compression habile garde {chain} nombres "
                "par coupe sur une chaîne de 16 spins, {grid} sur 256 sur une grille.",
            ).with_values(chain=on_chain, grid=on_grid),
            wall_fr,
        ),
        DataTable(
            Text("The same circuit on a quantum computer", "Le même circuit sur un ordinateur quantique"),
            [
                Text("spins", "spins"),
                Text("gates", "portes"),
                Text("two-qubit depth", "profondeur à deux qubits"),
                Text("T gates at {error}", "portes T à {error}").with_values(error=small_power(ROTATION_ERROR)),
            ],
            [[n, gates, depth, gates * word.t_count] for n, gates, depth in walls[1].gates],
        ),
        Sentence(
            Text(
                "Honestly: in 2023 IBM ran such a model on 127 qubits, beyond exact simulation (Kim et al., Nature "
                "618, 500). Within months approximate classical methods were faster and more accurate (Begušić, Gray "
                "and Chan; Tindall et al.). The wall stands for exact simulation; approximate methods keep up so far.",
                "Honnêtement : en 2023, IBM a fait tourner un tel modèle sur 127 qubits, hors de portée d’une "
                "simulation exacte (Kim et al., Nature 618, 500). En quelques mois, des méthodes classiques "
                "approchées ont été plus rapides et plus précises (Begušić, Gray et Chan ; Tindall et al.). Le mur "
                "vaut pour la simulation exacte ; les méthodes approchées suivent encore.",
            )
        ),
    ]
    facts: dict[str, Any] = {
        "spins": SPINS,
        "trotter_error": trotter_error,
        "noise": noise,
        "thousand_spins": {"gates": circuit.n_gates, "mean_x": float(by_gates.mean())},
        "growth": {w.name: w.fit.growth for w in walls},
        "memory_bytes": here,
        "bond_chain": on_chain,
        "bond_grid": on_grid,
        "two_qubit_depth": sorted({depth for _, _, depth in walls[1].gates}),
        "t_per_rotation": word.t_count,
    }
    return Page("nature", TITLE, blocks, facts)


def _noise(noise: dict[str, Any]) -> list[Block]:
    again = Command(
        Text("With the errors of a real chip", "Avec les erreurs d’une vraie puce"),
        f"gatesim quantum ising --spins 5 --time 1.5 --steps 4 --noise {CHIP}",
    )
    if "error_z" in noise:
        seen = Sentence(
            Text(
                "With the errors of a real chip ({chip}, from its calibration), five spins and four steps are already "
                "off by {error} in <Z>.",
                "Avec les erreurs d’une vraie puce ({chip}, d’après son étalonnage), cinq spins et quatre pas "
                "s’écartent déjà de {error} sur <Z>.",
            ).with_values(chip=noise["chip"], error=noise["error_z"])
        )
        return [seen, again]
    if "missing" in noise:
        absent = Text(
            "Real chips have errors; their noise needs Qiskit: pip install 'gatesim[quantum]'.",
            "De vraies puces font des erreurs ; leur bruit demande Qiskit : pip install 'gatesim[quantum]'.",
        )
        return [Sentence(absent), again]
    return [again]
