"""Chapter: the same adder, the same ALU and the same network in every technology, from DNA to RSFQ."""

from __future__ import annotations

from typing import Any

import numpy as np

from circuits.adders import ripple_carry
from circuits.alu import accumulator_machine, alu, alu_model
from gatesim import Netlist, Stimulus, build, simulate
from gatesim.timing import LANDAUER_FJ, Outcome, compare, technologies

from .. import digits as bundled
from ..figures import svg_of
from ..page import Cell, Command, Context, DataTable, Figure, KeyNumbers, Page, Sentence, open_circuit
from ..processes import Series, plot, quantity
from ..text import Text, power_of_ten, same
from .alu import PROGRAM

TITLE = Text("Any process", "N’importe quel procédé")

ADDER_BITS, ALU_BITS = 4, 8


def run(context: Context) -> Page:
    """Prepare each circuit for each technology, check it, time it, and weigh what it spends."""
    known = list(technologies().values())
    n = 256 if context.quick else 4096
    adder, unit = build(ripple_carry, a=ADDER_BITS, b=ADDER_BITS), build(alu, a=ALU_BITS, b=ALU_BITS, op=4)
    context.step(Text("an adder and an ALU in every technology", "un additionneur et une UAL dans chaque technologie"))
    added = compare(adder, known, Stimulus.random(adder, n))
    computed = compare(unit, known, Stimulus.random(unit, n))
    exact = all(_adds(o) for o in added) and all(_computes(o, n) for o in computed)
    context.step(Text("reading a digit in every technology", "lire un chiffre dans chaque technologie"))
    read = compare(bundled.network(bundled.load()), known)

    machine = build(accumulator_machine, program=[step for step, _ in PROGRAM], width=ALU_BITS)
    clocks = {o.technology.name: o.timing.fmax_hz for o in compare(machine, known) if o.timing and o.timing.fmax_hz}

    slowest, fastest = read[0], read[-1]
    smallest = min(added, key=lambda o: _energy(o) or np.inf)
    silicon = next(o for o in added if o.technology.name == "asap7")
    series = [
        Series(Text("{n}-bit adder", "additionneur {n} bits").with_values(n=ADDER_BITS), added),
        Series(Text("{n}-bit ALU", "UAL {n} bits").with_values(n=ALU_BITS), computed),
        Series(Text("reading a digit", "lire un chiffre"), read),
    ]
    facts = {
        "technologies": len(known),
        "exact": exact,
        "patterns": n,
        "adder_ps": {o.technology.name: _time(o) for o in added},
        "adder_fj": {o.technology.name: _energy(o) for o in added},
        "alu_ps": {o.technology.name: _time(o) for o in computed},
        "alu_fj": {o.technology.name: _energy(o) for o in computed},
        "digit_ps": {o.technology.name: _time(o) for o in read},
        "machine_hz": clocks,
        "landauer_fj": LANDAUER_FJ,
    }
    blocks = [
        Sentence(
            Text(
                "A technology is a set of gates with their delays and energies. Here the same three circuits are "
                "built from the gates of {n} technologies, one after the other, and timed along their slowest "
                "path: strands of DNA, water, dominoes, relays, tubes, chips, and a computer that cannot read its "
                "own data. Only time, energy and size change.",
                "Une technologie est un jeu de portes, avec leurs délais et leurs énergies. Voici les trois mêmes "
                "circuits construits avec les portes de {n} technologies, l’une après l’autre, et chronométrés sur "
                "leur chemin le plus lent : brins d’ADN, eau, dominos, relais, tubes, puces, et un ordinateur qui ne "
                "peut pas lire ses propres données. Seuls changent le temps, l’énergie et la taille.",
            ).with_values(n=len(known))
        ),
        KeyNumbers(
            [
                (
                    quantity(_time(slowest), "time"),
                    Text("to read a digit with {name}", "pour lire un chiffre avec : {name}").with_values(
                        name=_title(slowest)
                    ),
                ),
                (
                    quantity(_time(fastest), "time"),
                    Text("to read it with {name}", "pour le lire avec : {name}").with_values(name=_title(fastest)),
                ),
                (
                    power_of_ten(_time(slowest) / _time(fastest)),
                    Text("times between the two", "fois plus long, de l’un à l’autre"),
                ),
                (
                    power_of_ten(_energy(silicon) / LANDAUER_FJ),
                    Text(
                        "times Landauer’s limit for one bit: a {bits}-bit addition in 7 nm silicon",
                        "fois la limite de Landauer pour un bit : une addition de {bits} bits en silicium 7 nm",
                    ).with_values(bits=ADDER_BITS),
                ),
            ]
        ),
        _figure(series),
        DataTable(
            Text(
                "Time and energy of one operation, slowest first",
                "Durée et énergie d’une opération, la plus lente d’abord",
            ),
            [
                Text("technology", "technologie"),
                Text("adder", "addit."),
                Text("energy", "énergie"),
                Text("ALU", "UAL"),
                Text("energy", "énergie"),
                Text("a digit", "un chiffre"),
            ],
            _rows(added, computed, read),
        ),
        Sentence(
            Text(
                "Every adder was checked on all {sums} sums and every ALU on {n} random operations.",
                "Chaque additionneur a été vérifié sur les {sums} sommes, chaque UAL sur {n} opérations au hasard.",
            ).with_values(sums=1 << 2 * ADDER_BITS, n=n)
            if exact
            else Text("A circuit computes wrongly!", "Un circuit calcule faux !")
        ),
        Sentence(
            Text(
                "The ALU machine of the chapter on ALUs, with its program memory, would run at {relays} of relays "
                "(Zuse’s Z3 ran at 5.3), {tubes} of tubes, {ttl} of TTL packages, and {cmos} in 45 nm silicon.",
                "La machine du chapitre sur l’UAL, avec la mémoire de son programme, tournerait à {relays} en relais "
                "(le Z3 de Zuse : 5,3), {tubes} en tubes, {ttl} en boîtiers TTL et {cmos} en silicium 45 nm.",
            ).with_values(
                relays=quantity(clocks["relays"], "frequency"),
                tubes=quantity(clocks["tubes"], "frequency"),
                ttl=quantity(clocks["ttl7400"], "frequency"),
                cmos=quantity(clocks["nangate45"], "frequency"),
            )
        ),
        Sentence(
            Text(
                "The red line is the least heat for erasing one bit at room temperature, kT ln 2 = 2.87 zJ (Rolf "
                "Landauer, 1961). The closest is {name}: DNA counts one strand only, and a test tube runs some 10¹² "
                "copies of the circuit at once; superconductors come second, but their refrigerator multiplies the "
                "energy by 500 to 1000. Energies are without glitches, chips without wires; many figures are "
                "orders of magnitude.",
                "La ligne rouge est la chaleur minimale pour effacer un bit à température ambiante, kT ln 2 = 2,87 zJ "
                "(Rolf Landauer, 1961). Le plus proche : {name}. L’ADN compte pour un seul brin, et un tube à essai "
                "fait tourner quelque 10¹² copies du circuit à la fois ; les supraconducteurs viennent ensuite, mais "
                "leur réfrigérateur multiplie l’énergie par 500 à 1000. Les énergies sont sans aléas, les puces sans "
                "fils ; bien des chiffres sont des ordres de grandeur.",
            ).with_values(name=_title(smallest))
        ),
        Command(
            Text("Where a technology’s figures come from", "D’où viennent les chiffres d’une technologie"),
            "gatesim time adders.ripple_carry[4] --tech dna",
        ),
        open_circuit("alu.alu[8] --tech relays", Text("press s: slow motion", "taper s : au ralenti")),
    ]
    return Page("process", TITLE, blocks, facts)


def _time(o: Outcome) -> int:
    if o.timing is None:
        raise AssertionError(f"{o.technology.name} cannot build it: {o.problem}")
    return o.timing.worst_ps


def _energy(o: Outcome) -> float:
    if o.energy is None:
        raise AssertionError(f"the energy of {o.technology.name} was not asked for")
    return o.energy.total_fj


def _title(o: Outcome) -> Text:
    return Text(o.technology.title, o.technology.title_fr)


def _net(o: Outcome) -> Netlist:
    if o.netlist is None:
        raise AssertionError(f"{o.technology.name} cannot build it: {o.problem}")
    return o.netlist


def _adds(o: Outcome) -> bool:
    """Whether the adder of `o` is right on every pair of operands."""
    a, b = (x.ravel() for x in np.meshgrid(*[np.arange(1 << ADDER_BITS)] * 2))
    got = simulate(_net(o), a=a, b=b)
    return bool((got["sum"] + (got["carry"] << np.uint64(ADDER_BITS)) == a + b).all())


def _computes(o: Outcome, n: int) -> bool:
    """Whether the ALU of `o` equals the integer model on `n` random operations."""
    rng = np.random.default_rng(1)
    given: dict[str, Any] = {p.name: rng.integers(0, 1 << p.width, n) for p in _net(o).inputs}
    got, wanted = simulate(_net(o), given), alu_model(given, {"a": ALU_BITS})
    return all(np.array_equal(got[name], values) for name, values in wanted.items())


def _rows(added: list[Outcome], computed: list[Outcome], read: list[Outcome]) -> list[list[Cell]]:
    alus, digits = ({o.technology.name: o for o in found} for found in (computed, read))
    rows: list[list[Cell]] = []
    for o in added:
        name = o.technology.name
        rows.append(
            [
                _title(o),
                quantity(_time(o), "time"),
                _spent(o),
                quantity(_time(alus[name]), "time"),
                _spent(alus[name]),
                quantity(_time(digits[name]), "time"),
            ]
        )
    return rows


def _spent(o: Outcome) -> Text:
    return quantity(_energy(o), "energy") if _energy(o) else same("–")


def _figure(series: list[Series]) -> Figure:
    return Figure(
        svg_of(plot(series, "en")),
        Text(
            "Time and energy of one operation in every technology, on logarithmic scales; Landauer’s limit in red.",
            "Durée et énergie d’une opération dans chaque technologie, échelles logarithmiques ; la limite de "
            "Landauer en rouge.",
        ),
        svg_of(plot(series, "fr")),
    )
