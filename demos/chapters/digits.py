"""Chapter: an int8 neural network as NAND gates reads handwritten digits."""

from __future__ import annotations

import numpy as np

from gatesim import map_to, simulate, statistics
from gatesim.bits import as_signed

from .. import digits as bundled
from ..figures import png_of
from ..page import Context, DataTable, Gallery, KeyNumbers, Page, Picture, Sentence, open_circuit
from ..text import Text, same

TITLE = Text("Reading digits", "Lire des chiffres")


def run(context: Context) -> Page:
    """Compile the network into NANDs, show it every image, compare every logit with integers."""
    data = bundled.load()
    context.step(Text("compiling the network into gates", "compilation du réseau en portes"))
    net = bundled.network(data)
    context.step(Text("mapping it to NAND gates", "passage en portes NAND"))
    nand = map_to(net, "nand")
    shown = np.flatnonzero(data.test) if context.quick else np.arange(len(data.images))
    images, labels = data.images[shown], data.labels[shown]
    context.step(Text("showing it {n} images", "présentation de {n} images").with_values(n=len(images)))
    ports = bundled.port_values(images)
    simulate(nand, {k: v[:64] for k, v in ports.items()})  # compile the kernels before timing
    result = simulate(nand, ports)
    logits = np.stack([as_signed(result[f"logit{k}"], nand.port(f"logit{k}").width) for k in range(10)], axis=1)
    wanted = bundled.integer_logits(data, images)
    exact = bool(np.array_equal(logits, wanted))
    said = np.asarray(result["digit"]).astype(np.int64)
    right = said == labels
    held_out = data.test[shown]
    seconds = float(str(result.metadata["seconds"]))
    size = statistics(nand)
    rate = size.gates * len(images) / seconds
    confusion = np.zeros((10, 10), np.int64)
    np.add.at(confusion, (labels.astype(np.int64), said), 1)
    facts = {
        "images": len(images),
        "bit_exact": exact,
        "logits_compared": int(logits.size),
        "accuracy": float(right[held_out].mean()),
        "accuracy_all_images": float(right.mean()),
        "held_out_images": int(held_out.sum()),
        "nand_gates": size.gates,
        "depth": size.depth,
        "gates_before_mapping": statistics(net).gates,
        "seconds": seconds,
        "gate_evaluations_per_second": rate,
        "images_per_second": len(images) / seconds,
    }
    blocks = [
        Sentence(
            Text(
                "A neural network with 64 inputs, 32 hidden neurons and 10 outputs, in 8-bit integers, was "
                "trained on 1,347 handwritten digits (UCI, 8 × 8 pixels). Its multiplications, additions, "
                "rounding and comparisons become one circuit, and that circuit becomes NAND gates, nothing "
                "else. Real pixels go in, real digits come out.",
                "Un réseau de neurones à 64 entrées, 32 neurones cachés et 10 sorties, en entiers de 8 bits, a "
                "été entraîné sur 1\u202f347 chiffres manuscrits (UCI, 8 × 8 pixels). Ses multiplications, "
                "additions, arrondis et comparaisons deviennent un circuit, et ce circuit devient des portes "
                "NAND, rien d’autre. De vrais pixels entrent, de vrais chiffres sortent.",
            )
        ),
        KeyNumbers(
            [
                (size.gates, Text("NAND gates", "portes NAND")),
                (size.depth, Text("gates deep", "portes de profondeur")),
                (
                    Text("{p}%", "{p}\u202f%").with_values(p=round(100 * facts["accuracy"], 1)),
                    Text(
                        "right on the {n} held-out images", "de bonnes réponses sur les {n} images gardées à part"
                    ).with_values(n=facts["held_out_images"]),
                ),
                (
                    round(facts["images_per_second"]),
                    Text("images a second, once compiled", "images par seconde, une fois compilé"),
                ),
                (
                    round(rate / 1e9, 1),
                    Text("billion gate evaluations a second", "milliards d’évaluations de portes par seconde"),
                ),
            ]
        ),
        Sentence(
            Text(
                "Every one of the {logits} scores is equal, bit for bit, to integer arithmetic.",
                "Chacun des {logits} scores est égal, bit pour bit, au calcul en entiers.",
            ).with_values(logits=facts["logits_compared"])
            if exact
            else Text("Scores differ from integer arithmetic!", "Des scores diffèrent du calcul en entiers !")
        ),
        Gallery(
            _pictures(data.images[shown], labels, said, held_out),
            Text(
                "Held-out digits and what the gates said; every mistake is framed.",
                "Chiffres gardés à part et réponses des portes ; chaque erreur est encadrée.",
            ),
        ),
        DataTable(
            Text("What was written (rows), what was read (columns)", "Chiffre écrit (lignes), chiffre lu (colonnes)"),
            [same(" / "), *(same(str(k)) for k in range(10))],
            [[str(k), *(int(v) for v in confusion[k])] for k in range(10)],
        ),
        open_circuit("demos.digits:network"),
    ]
    return Page("digits", TITLE, blocks, facts)


def _pictures(images: np.ndarray, labels: np.ndarray, said: np.ndarray, held_out: np.ndarray) -> list[Picture]:
    """All held-out mistakes, then right ones, three of each digit."""
    wrong = np.flatnonzero(held_out & (said != labels))
    right = [k for d in range(10) for k in np.flatnonzero(held_out & (said == labels) & (labels == d))[:3]]
    pictures = []
    for k in [*wrong, *right]:
        mistake = said[k] != labels[k]
        label = (
            Text("{said}, not {label}", "{said}, pas {label}").with_values(said=int(said[k]), label=int(labels[k]))
            if mistake
            else same(str(int(said[k])))
        )
        pictures.append(Picture(png_of(images[k].reshape(8, 8), bundled.LARGEST_PIXEL), label, bool(mistake)))
    return pictures
