"""Chapter: a small ALU runs a program of operations, one a clock cycle, from NAND gates."""

from __future__ import annotations

import numpy as np

from circuits.alu import Op, Step, accumulator_machine, alu_model
from gatesim import Netlist, build, map_to, simulate, statistics

from ..page import Cell, Context, DataTable, KeyNumbers, Page, Sentence, open_circuit
from ..text import Text, same

TITLE = Text("A small ALU runs a program", "Une petite UAL exécute un programme")

WIDTH = 8

PROGRAM: tuple[tuple[Step, Text], ...] = (
    (Step(Op.PASS, 13), Text("13 × 11 by shifting and adding", "13 × 11 par décalages et additions")),
    (Step(Op.SHL), Text("× 2 (11 is 1011 in binary)", "× 2 (11 s’écrit 1011 en binaire)")),
    (Step(Op.SHL), Text("× 2", "× 2")),
    (Step(Op.ADD, 13), Text("+ 13", "+ 13")),
    (Step(Op.SHL), Text("× 2", "× 2")),
    (Step(Op.ADD, 13), Text("+ 13: the product, 143", "+ 13 : le produit, 143")),
    (Step(Op.SUB, 200), Text("143 − 200 is negative", "143 − 200 est négatif")),
    (Step(Op.NOT), Text("its one’s complement", "son complément à un")),
    (Step(Op.INC), Text("plus one: 57, the distance", "plus un : 57, la distance")),
    (Step(Op.PASS, 127), Text("the greatest signed number", "le plus grand nombre signé")),
    (Step(Op.INC), Text("plus one overflows", "plus un déborde")),
    (Step(Op.PASS, 0), Text("Fibonacci begins with 0", "Fibonacci commence par 0")),
    (Step(Op.PASS, 1, keep=True), Text("1, and X takes the old 0", "1, et X prend l’ancien 0")),
    *[(Step(Op.ADD, None, keep=True), Text("sum of the last two", "somme des deux derniers"))] * 12,
)


def machine() -> Netlist:
    """The machine with the program in its memory."""
    return build(accumulator_machine, program=[step for step, _ in PROGRAM], width=WIDTH)


def run(context: Context) -> Page:
    """Run the program on the gates, cycle by cycle, and hold every result against the integer model."""
    program = [step for step, _ in PROGRAM]
    context.step(Text("building the machine from NAND gates", "construction de la machine en portes NAND"))
    net = map_to(machine(), "nand")
    size = statistics(net)
    context.step(Text("running the program", "exécution du programme"))
    n = len(program)
    got = simulate(net, cycles=n)
    wanted = model(program)
    exact = all(np.array_equal(got[name], values) for name, values in wanted.items())
    rows: list[list[Cell]] = []
    for k, (step, what) in enumerate(PROGRAM):
        operand = "X" if step.operand is None else str(step.operand)
        flags = "".join(letter if got[flag][k] else "·" for letter, flag in zip("CZNV", FLAGS, strict=True))
        rows.append(
            [
                k,
                step.op.name,
                _operand(step, operand),
                int(got["result"][k]),
                f"{int(got['result'][k]):08b}",
                flags,
                what,
            ]
        )
    repeats = 20_000 if context.quick else 200_000
    long_run = simulate(net, cycles=repeats, record="last")
    rate = repeats / float(str(long_run.metadata["seconds"]))
    facts = {
        "steps": n,
        "exact": exact,
        "nand_gates": size.gates,
        "registers": size.registers,
        "depth": size.depth,
        "last_result": int(got["result"][-1]),
        "cycles_per_second": rate,
    }
    blocks = [
        Sentence(
            Text(
                "An arithmetic-logic unit does one operation at a time: add, subtract, compare bits, shift. "
                "With an accumulator, a register X, a carry and a memory that holds the program, it is already "
                "a machine. Everything that computes below is a NAND gate; only flip-flops and the program "
                "memory are not.",
                "Une unité arithmétique et logique fait une opération à la fois : additionner, soustraire, "
                "combiner des bits, décaler. Avec un accumulateur, un registre X, une retenue et une mémoire "
                "qui contient le programme, c’est déjà une machine. Tout ce qui calcule ci-dessous est une "
                "porte NAND ; seules les bascules et la mémoire du programme n’en sont pas.",
            )
        ),
        KeyNumbers(
            [
                (size.gates, Text("NAND gates", "portes NAND")),
                (size.registers, Text("flip-flops", "bascules")),
                (round(rate), Text("instructions a second, gate by gate", "instructions par seconde, porte par porte")),
            ]
        ),
        DataTable(
            Text(
                "The program, as the gates ran it (flags: C carry, Z zero, N negative, V overflow)",
                "Le programme, tel que les portes l’ont exécuté (indicateurs : C retenue, Z zéro, N négatif, "
                "V débordement)",
            ),
            [
                Text("step", "pas"),
                Text("operation", "opération"),
                Text("operand", "opérande"),
                Text("result", "résultat"),
                Text("binary", "binaire"),
                Text("flags", "indic."),
                Text("meaning", "sens"),
            ],
            rows,
            frozenset({5, n - 1}),
        ),
        Sentence(
            Text(
                "All {n} results and flags equal the integer model.",
                "Les {n} résultats et indicateurs sont égaux au modèle en entiers.",
            ).with_values(n=n)
            if exact
            else Text("Results differ from the integer model!", "Des résultats diffèrent du modèle en entiers !")
        ),
        open_circuit("demos.chapters.alu:machine --nand"),
    ]
    return Page("alu", TITLE, blocks, facts)


FLAGS = ("carry", "zero", "negative", "overflow")
_UNARY = (Op.INC, Op.DEC, Op.NOT, Op.SHL, Op.SHR, Op.ASR, Op.ROL, Op.ROR)


def _operand(step: Step, text: str) -> Cell:
    return same("–") if step.op in _UNARY else text


def model(program: list[Step]) -> dict[str, list[int]]:
    """Results and flags of every step by the ALU's integer model."""
    seen: dict[str, list[int]] = {name: [] for name in ("result", *FLAGS)}
    acc = x = carry = 0
    for step in program:
        b = x if step.operand is None else step.operand
        out = alu_model({"a": acc, "b": b, "op": int(step.op), "cin": carry}, {"a": WIDTH})
        seen["result"].append(out["out"])
        for flag in FLAGS:
            seen[flag].append(out[flag])
        if step.keep:
            x = acc
        acc, carry = out["out"], out["carry"]
    return seen
