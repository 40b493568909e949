from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest

from demos import report, terminal
from demos.chapters import CHAPTERS, chapter
from demos.page import Command, DataTable, Figure, Film, Gallery, KeyNumbers, introduced
from demos.text import LANGUAGES, Text, number
from demos.tour import run_tour
from gatesim.errors import GatesimError, UnknownNameError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages():
    return run_tour(quick=True)


def test_every_chapter_gives_a_page(pages):
    assert [p.key for p in pages] == list(CHAPTERS)
    for page in pages:
        assert page.facts and any(isinstance(b, KeyNumbers) for b in page.blocks)
    assert {type(b) for p in pages for b in p.blocks} >= {DataTable, Figure, Film, Gallery, KeyNumbers}


def test_what_the_chapters_claim(pages):
    facts = {p.key: p.facts for p in pages}
    assert sorted(facts["universal"]["universal"]) == ["NAND", "NOR"]
    assert facts["universal"]["full_adder_nands"] == 9
    assert facts["universal"]["smallest_nand"]["XOR"] == 4 and facts["universal"]["smallest_nor"]["XOR"] == 5
    assert len(facts["adding"]["adders"]) == 7
    assert facts["alu"]["exact"] and facts["alu"]["last_result"] == 233
    water = facts["water"]
    assert water["wrong"] == 0 and water["sums"] == 256 and water["film_bytes"] < 400_000
    assert all(water["breaks"][how] > 0 for how in ("splitter", "skew", "spread"))
    assert water["functions_right"] == 16 and water["imbalance"] < 1e-9
    qubits = facts["qubits"]
    assert (qubits["t_count"], qubits["qubits"], qubits["states"]) == (32, 25, 1 << 16)
    assert qubits["sums"] == [(a, a + 1) for a in range(4)] and all(qubits["universal"].values())
    assert qubits["carry_tables"] and set(qubits["carry_tables"].values()) == {0b11101000}
    assert all(right is not False for right in qubits["right"].values())
    assert qubits["t_by_error"]["gridsynth 0.01"] * 20 < qubits["t_by_error"]["solovay-kitaev 0.01"]
    nature = facts["nature"]
    assert 0 < nature["trotter_error"] < 0.3 and nature["thousand_spins"]["gates"] == 100_950
    assert nature["bond_grid"] > 20 * nature["bond_chain"] and nature["two_qubit_depth"] == [20]
    digits = facts["digits"]
    assert digits["bit_exact"] is True and digits["accuracy"] >= 0.95 and digits["images"] == 450
    computer = facts["computer"]
    greeting, numbers, primes = computer["printed"]
    assert greeting == "Hello from NAND gates!" and computer["exit_code"] == 0
    assert [*map(int, numbers.split())] == sorted([31, 415, 92, 653, 58, 979, 3, 238, 46, 264, 338, 7])
    assert [*map(int, primes.split())] == [p for p in range(2, 100) if all(p % d for d in range(2, p))]
    assert computer["cycles"] == computer["instructions"] > 1000
    assert computer["triangle_exact"] is True and computer["black_pixels"] == 2 * 3**8
    process = facts["process"]
    assert process["exact"] is True and process["technologies"] >= 15
    times = process["digit_ps"]
    assert max(times, key=times.get) == "dna" and min(times, key=times.get) == "rsfq"
    assert times["dna"] > 1e14 * times["rsfq"]
    assert process["adder_ps"]["ttl7400"] == 100_000
    assert 2 < process["machine_hz"]["relays"] < 10  # the Z3 ran at 5.3 Hz
    spends = sorted((fj, name) for name, fj in process["adder_fj"].items() if fj)
    assert [name for _, name in spends[:2]] == ["dna", "rsfq"]  # as the text says
    assert all(v > process["landauer_fj"] for k, v in process["adder_fj"].items() if k != "redstone")


class Checker(HTMLParser):
    """Collects what a page loads, and that its tags close."""

    VOID = frozenset({"meta", "img", "br", "path", "circle", "rect", "use", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loads += [given[k] or "" for k in ("src", "data") if k in given]
        if tag in ("link", "script", "iframe", "object"):
            self.loads.append(tag)
        if tag == "img":
            assert given.get("alt")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_one_self_contained_file(pages, language, tmp_path):
    path = report.write_report(pages, language, tmp_path / "deep" / "r.html", [("gatesim", "0")])
    text = path.read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(text)
    assert not checker.open
    assert checker.loads and all(
        src.startswith(("data:image/png;base64,", "data:image/gif;base64,")) for src in checker.loads
    )
    assert not re.search(r"url\(\s*['\"]?http", text) and "@import" not in text
    assert text.count("<svg") >= 5 and f'<html lang="{language}">' in text
    for page in pages:
        assert f'id="{page.key}"' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_shows_every_page(pages, language):
    from rich.console import Console

    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        for page in pages:
            terminal.show(page, language, console)
    text = console.export_text()
    assert all(page.title.to(language) in text for page in pages)
    assert "{" not in text


def test_texts_must_have_both_languages_and_the_same_placeholders():
    with pytest.raises(GatesimError, match="lacks a language"):
        Text("hello", " ")
    with pytest.raises(GatesimError, match="placeholders of a text differ"):
        Text("{n} gates", "{m} portes")
    assert Text("{n} gates", "{n} portes").to("fr", n=1797) == "1\u202f797 portes"
    assert number(3.14159, "fr") == "3,14" and number(True, "en") == "True"


def _texts(value):
    """Every Text in a page."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _texts(v)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name))


def test_no_chapter_is_left_in_one_language(pages):
    found = [t for p in pages for t in _texts(p)]
    assert len(found) > 80
    sentences = [t for t in found if len(t.en.split()) > 4]
    assert sentences and all(t.en != t.fr for t in sentences)


def test_every_chapter_with_a_circuit_ends_with_how_to_open_it(pages):
    ends = {p.key: p.blocks[-1] for p in pages if p.key != "nature"}
    for key, end in ends.items():
        assert isinstance(end, Command) and end.line.startswith("gatesim view "), key
        assert introduced(end, "en").startswith("Open this circuit") and introduced(end, "en").endswith(":")
        assert introduced(end, "fr").startswith("Ouvrir ce circuit") and introduced(end, "fr").endswith("\u202f:")


def test_every_command_on_a_page_works(pages, gatesim, monkeypatch, tmp_path):
    for text in (t for p in pages for t in _texts(p)):
        assert not re.search(r"gatesim [a-z]+ ", text.en + text.fr), f"not tried, since no Command: {text}"
    monkeypatch.chdir(ROOT)  # where the lines are meant to be typed
    script = tmp_path / "look.txt"
    script.write_text('frames 1\nexpect text "output "\n')
    for page in pages:
        for line in (b.line for b in page.blocks if isinstance(b, Command)):
            program, *arguments = shlex.split(line)
            if arguments[0] == "view":
                arguments += ["--headless", "--script", str(script)]
            status, _, err = gatesim(*arguments)
            assert (program, status) == ("gatesim", 0), (line, err)


def test_unknown_chapters_are_named():
    with pytest.raises(UnknownNameError, match="unknown chapter 'dgits'; did you mean 'digits'"):
        chapter("dgits")
    assert [p.key for p in run_tour(["universal"], quick=True)] == ["universal"]
