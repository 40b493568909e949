"""Chapter: two computers made of NAND gates run programs: one prints, sorts and finds primes, one draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from circuits.computers.hack_assembler import read_program
from circuits.computers.hack_computer import HackMachine, hack_netlist
from circuits.computers.hack_screen import pixels_of
from circuits.computers.riscv import SIGNALS
from circuits.computers.riscv_running import RiscvProgram
from circuits.computers.running import Choices, load_program
from gatesim import statistics

from ..figures import circuit_svg, new_figure, svg_of
from ..page import Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..text import Text, same

TITLE = Text("A computer from NANDs", "Un ordinateur en NAND")
PROGRAMS = Path(__file__).parents[1] / "programs"
SHOWN = 10
"""Instructions shown one by one."""


def run(context: Context) -> Page:
    """Run a program on RV32I and one on Hack, both of NAND gates only, and look at what they did."""
    context.step(Text("building a processor of NAND gates", "construction d’un processeur en portes NAND"))
    loaded = load_program(PROGRAMS / "computer.s", Choices(basis="nand", memory=1 << 12))
    assert isinstance(loaded, RiscvProgram)
    size = statistics(loaded.machine.netlist)
    context.step(Text("running a program on it", "exécution d’un programme"))
    session = loaded.start(tier="interpreting")
    first = loaded.trace(session, SHOWN)
    done = session.run(1_000_000)
    ending = loaded.ending(session)
    printed = done.console[0].decode().splitlines()
    context.step(Text("drawing on the screen of Hack", "dessin sur l’écran de Hack"))
    hack = HackMachine(read_program(PROGRAMS / "triangle.asm"), nand=True)
    hack_cycles = hack.run(1_000_000)
    pixels = pixels_of(hack.screen)
    hack_size = statistics(hack.netlist)
    facts = {
        "nand_gates": size.gates,
        "flip_flops": size.registers,
        "depth": size.depth,
        "printed": printed,
        "exit_code": ending.exit_code,
        "instructions": int(done.instructions[0]),
        "cycles": int(done.cycles[0]),
        "signals_traced": len(SIGNALS),
        "hack_nand_gates": hack_size.gates,
        "hack_cycles": hack_cycles,
        "black_pixels": int(pixels.sum()),
        "triangle_exact": bool(np.array_equal(pixels, _triangle())),
    }
    blocks = [
        Sentence(
            Text(
                "The same NAND gates that add can also obey. This processor understands RV32I, the instruction set of "
                "real RISC-V chips: {gates} NAND gates decode an instruction, read two registers, compute, reach into "
                "memory and choose the next address, all in one tick of the clock. Compilers for C know it.",
                "Les portes NAND qui additionnent savent aussi obéir. Ce processeur comprend RV32I, le jeu "
                "d’instructions de vraies puces RISC-V : {gates} portes NAND décodent une instruction, lisent deux "
                "registres, calculent, accèdent à la mémoire et choisissent l’adresse suivante, le tout en un seul "
                "battement d’horloge. Les compilateurs C le connaissent.",
            ).with_values(gates=size.gates)
        ),
        KeyNumbers(
            [
                (size.gates, Text("NAND gates", "portes NAND")),
                (size.registers, Text("flip-flops", "bascules")),
                (size.depth, Text("gates deep", "portes de profondeur")),
                (facts["instructions"], Text("instructions executed", "instructions exécutées")),
            ]
        ),
        DataTable(
            Text("The first instructions", "Les premières instructions"),
            [
                same("cycle"),
                Text("address", "adresse"),
                Text("word", "mot"),
                Text("as assembly", "en assembleur"),
                Text("what it changed", "ce qu’elle a changé"),
            ],
            [_cells(line) for line in first],
        ),
        DataTable(
            Text("What it printed", "Ce qu’il a affiché"),
            [Text("part", "partie"), Text("on the console", "sur la console")],
            [
                [Text("greeting", "salutation"), printed[0]],
                [Text("sorted numbers", "nombres triés"), printed[1]],
                [Text("primes below 100", "premiers sous 100"), printed[2]],
            ],
        ),
        Sentence(
            Text(
                "The Hack computer of the course nand2tetris is smaller: {gates} NAND gates and 16 bits. In {cycles} "
                "cycles it draws the Sierpinski triangle twice: a pixel is black where its column and its row have no "
                "1 in the same binary place. What you see is its screen memory.",
                "L’ordinateur Hack du cours nand2tetris est plus petit : {gates} portes NAND et 16 bits. En {cycles} "
                "cycles, il dessine deux fois le triangle de Sierpiński : un pixel est noir là où sa colonne et sa "
                "ligne n’ont aucun 1 à la même place binaire. Voici le contenu de sa mémoire d’écran.",
            ).with_values(gates=hack_size.gates, cycles=hack_cycles)
        ),
        Figure(
            circuit_svg(hack_netlist(nand=False)),
            Text(
                "The Hack computer: a program memory, a processor, a data memory; boxes open, down to single NANDs.",
                "L’ordinateur Hack : une mémoire de programme, un processeur, une mémoire de données ; chaque boîte "
                "s’ouvre, jusqu’aux portes NAND.",
            ),
        ),
        Figure(
            _screen(pixels),
            Text(
                "The screen of the Hack computer, drawn by its gates.",
                "L’écran de l’ordinateur Hack, tracé par ses portes.",
            ),
        ),
        open_circuit("rv32i --program demos/programs/computer.s --nand"),
        open_circuit("hack --program demos/programs/triangle.asm --nand"),
    ]
    return Page("computer", TITLE, blocks, facts)


def _cells(line: str) -> list[Text | str | int | float]:
    """Cells of a line of the trace: cycle, address, word, instruction, effect (in signs, for both languages)."""
    cycle, address, word, rest = line.split(None, 3)
    return [int(cycle), address, word, rest[:28].strip(), rest[28:].strip().replace("  from ", " = ")]


def _triangle() -> np.ndarray:
    """(256, 512) bool: what the screen should show."""
    y, x = np.mgrid[:256, :512]
    return (x & y) == 0


def _screen(pixels: np.ndarray) -> str:
    figure, axes = new_figure(8.5, 4.4)
    axes.imshow(pixels, cmap="gray_r", interpolation="nearest", aspect="equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)
    return svg_of(figure)
