"""Post's classes against their definitions, closures against Post, smallest netlists against a plain search."""

from __future__ import annotations

import contextlib
import doctest
import io
from functools import cache
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import simulate
from gatesim.analysis import depth
from gatesim.errors import UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import LOGIC_GATES, gate
from gatesim.universality import (
    POST_CLASSES,
    TWO_INPUT_FUNCTIONS,
    closure,
    explain,
    gate_table,
    is_complete,
    is_universal,
    post,
    post_classes,
    search,
    smallest_netlists,
    table,
    trapping_classes,
)

PAGE = Path(__file__).parents[1] / "docs" / "universality.md"


# -- Post's classes, from their definitions ------------------------------------------------------


def classes_by_definition(f: int, n: int) -> set[str]:
    rows: list[tuple[int, ...]] = list(product((0, 1), repeat=n))
    value = {r: f >> sum(x << k for k, x in enumerate(r)) & 1 for r in rows}
    found = set()
    if value[(0,) * n] == 0:
        found.add("preserves 0")
    if value[(1,) * n] == 1:
        found.add("preserves 1")
    if all(value[r] <= value[s] for r in rows for s in rows if all(x <= y for x, y in zip(r, s, strict=True))):
        found.add("monotone")
    parities = (lambda r, c=c: (c[0] + sum(x & y for x, y in zip(r, c[1:], strict=True))) % 2
                for c in product((0, 1), repeat=n + 1))  # fmt: skip
    if any(all(value[r] == p(r) for r in rows) for p in parities):
        found.add("affine")
    if all(value[r] != value[tuple(1 - x for x in r)] for r in rows):
        found.add("self-dual")
    return found


@pytest.mark.parametrize("arity", [0, 1, 2, 3])
def test_classes_are_what_they_say(arity):
    for f in range(1 << (1 << arity)):
        assert set(post_classes(f, arity)) == classes_by_definition(f, arity), f"{f:b}"


@given(st.integers(0, (1 << 16) - 1))
def test_classes_of_four_inputs(f):
    assert set(post_classes(f, 4)) == classes_by_definition(f, 4)


def test_sizes_of_the_classes():
    # n inputs: 2**(2**n - 1) keep 0 (and keep 1), Dedekind numbers 3, 6, 20, 168, 2**(n+1) affine, 2**2**(n-1) dual.
    for n, monotone in ((1, 3), (2, 6), (3, 20), (4, 168)):
        all_classes = [post_classes(f, n) for f in range(1 << (1 << n))]
        sizes = [sum(c in classes for classes in all_classes) for c in POST_CLASSES]
        half = 1 << ((1 << n) - 1)
        assert sizes == [half, half, monotone, 1 << (n + 1), 1 << (1 << (n - 1))]
        # Sheffer functions: 1-input none, then 2, 56, 16256 = 2**(2**n - 2) - 2**(2**(n-1) - 1).
        universal = sum(not c for c in all_classes)
        assert universal == (1 << ((1 << n) - 2)) - (1 << ((1 << (n - 1)) - 1))


def test_exactly_nand_and_nor_are_universal():
    assert [f.name for f in TWO_INPUT_FUNCTIONS if is_universal(f.table)] == ["NOR", "NAND"]
    with_constants = [f.name for f in TWO_INPUT_FUNCTIONS if is_universal(f.table, constants=True)]
    assert with_constants == ["NOR", "ANDNOT", "NOTAND", "NAND", "ORNOT", "NOTOR"]


def test_names_and_formulas_agree_with_the_gate_table():
    assert [f.table for f in TWO_INPUT_FUNCTIONS] == list(range(16))
    for f in TWO_INPUT_FUNCTIONS:
        for i in range(4):
            a, b = i & 1, i >> 1
            formula = f.formula.split(" (b implies")[0].split(" (a implies")[0]
            formula = formula.replace("differs from", "!=").replace("equals", "==")
            assert int(eval(formula, {"a": a, "b": b})) == f.table >> i & 1, f.name
    for g in LOGIC_GATES:
        if g.arity == 2:
            assert TWO_INPUT_FUNCTIONS[g.table].name == g.name


@pytest.mark.parametrize(
    ("gates", "alone", "with_constants"),
    [
        (["AND", "NOT"], True, True),
        (["OR", "NOT"], True, True),
        (["XOR", "AND", "CONST1"], True, True),
        (["XOR", "AND"], False, True),
        (["XNOR", "OR", "CONST0"], True, True),
        (["NOTOR", "CONST0"], True, True),
        (["ANDNOT", "CONST1"], True, True),
        (["ANDNOT", "NOT"], True, True),
        (["AND", "OR"], False, False),
        (["AND", "OR", "CONST0", "CONST1"], False, False),
        (["XOR", "NOT", "CONST1"], False, False),
        (["MAJ", "NOT"], False, True),
        (["MUX"], False, True),
        (["MUX", "CONST0", "CONST1"], True, True),
        (["CONST0", "CONST1"], False, False),
        ([], False, False),
    ],
)
def test_complete_sets(gates, alone, with_constants):
    assert is_complete(gates) is alone
    assert is_complete(gates, constants=True) is with_constants


# -- closures by brute force agree with Post -----------------------------------------------------


@pytest.mark.parametrize("inputs", [2, 3])
@pytest.mark.parametrize("constants", [False, True])
def test_closure_agrees_with_post(inputs, constants):
    everything = 1 << (1 << inputs)
    gates = [(f.table, 2) for f in TWO_INPUT_FUNCTIONS] + [(g.table, g.arity) for g in LOGIC_GATES]
    for g in gates:
        full = len(closure(g, inputs=inputs, constants=constants)) == everything
        assert full == is_universal(g, constants=constants)


def test_closure_of_pairs_agrees_with_post():
    for f, g in combinations(range(16), 2):
        for constants in (False, True):
            assert (len(closure(f, g, constants=constants)) == 16) == is_complete([f, g], constants=constants)


def test_closure_of_every_three_input_gate_agrees_with_post():
    for f in range(256):
        assert (len(closure((f, 3))) == 16) == is_universal(f, 3)


@given(st.integers(0, (1 << 16) - 1))
@settings(max_examples=50)
def test_closure_stays_in_the_classes(f):
    reached = closure((f, 4))
    for c in post_classes(f, 4):
        assert all(c in post_classes(g) for g in reached)


def test_closures_of_known_size():
    assert len(closure("AND", "OR", inputs=3)) == 18  # free distributive lattice on three generators
    assert len(closure("AND", "OR", inputs=3, constants=True)) == 20  # Dedekind's number
    assert len(closure("XOR", inputs=3, constants=True)) == 16  # all parities and their inverses
    assert len(closure("MUX", inputs=3)) == 64  # everything that keeps 0 and 1
    assert len(closure("MAJ", inputs=3)) == 4  # three wires and the majority
    assert len(closure("MAJ", "NOT", inputs=3)) == 16  # every self-dual function
    assert closure("CONST1", inputs=1) == {0b10, 0b11}
    assert closure(inputs=1) == {0b10}


# -- the summary ---------------------------------------------------------------------------------


def test_summary_rows():
    rows = {r.name: r for r in table()}
    assert len(rows) == 16
    assert [r.table for r in table()] == list(range(16))
    assert rows["AND"].classes == ("preserves 0", "preserves 1", "monotone")
    assert rows["XOR"].classes == ("preserves 0", "affine")
    assert rows["NOT_A"].classes == ("affine", "self-dual")
    assert rows["BUF_A"].classes == tuple(POST_CLASSES)
    for r in table() + gate_table():
        assert r.universal == (r.reachable == 16) == (not r.classes)
        assert r.universal_with_constants == (r.reachable_with_constants == 16)
    universal = {r.name for r in gate_table() if r.universal}
    nands = {f"{base}{n}" for base in ("NAND", "NOR") for n in ("", 3, 4)}
    assert universal == nands | {"AOI21", "OAI21", "AOI22", "OAI22", "AOI211", "OAI211"}
    assert len(gate_table()) == len(LOGIC_GATES)


def test_explanations():
    assert explain("nor") == "universal: it is in none of Post's five classes"
    assert explain("mux", constants=True) == "universal: it is neither monotone nor affine"
    assert explain("or").startswith("not universal: preserves 0 (when every input is 0 it gives 0,")
    for f in TWO_INPUT_FUNCTIONS:
        for constants in (False, True):
            text = explain(f.table, constants=constants)
            assert all(c in text for c in trapping_classes([f.table], constants=constants))


# -- smallest netlists ---------------------------------------------------------------------------


@cache
def plain_search(f: int, most: int, constants: bool = False) -> dict[int, tuple[int, int]]:
    """(gates, depth) of each function: every chain of up to `most` two-input gates, repeats and all."""
    best: dict[int, tuple[int, int]] = {}

    def chain(values: tuple[int, ...], depths: tuple[int, ...], n: int) -> None:
        for v, d in zip(values, depths, strict=True):
            best[v] = min(best.get(v, (99, 99)), (n if d else 0, d))
        if n == most:
            return
        for i, j in product(range(len(values)), repeat=2):
            v = sum((f >> ((values[i] >> k & 1) | (values[j] >> k & 1) << 1) & 1) << k for k in range(4))
            chain((*values, v), (*depths, max(depths[i], depths[j]) + 1), n + 1)

    sources = (0b1010, 0b1100, 0b0000, 0b1111) if constants else (0b1010, 0b1100)
    chain(sources, (0,) * len(sources), 0)
    return best


@pytest.mark.parametrize("name", ["nand", "nor"])
def test_smallest_from_a_universal_gate(name):
    found = smallest_netlists(name)
    assert list(found) == [f.name for f in TWO_INPUT_FUNCTIONS]
    # Every chain of at most 4 gates: what it finds is least, what it misses needs 5 or more.
    plain = plain_search(gate(name).table, 4)
    for s in found.values():
        if s.gates <= 4:
            assert (s.gates, s.depth) == plain[s.table], s.name
        else:
            assert s.gates == 5
            assert s.table not in plain
    assert {s.table for s in found.values()} - plain.keys() == {gate("XNOR" if name == "nand" else "XOR").table}


def test_known_sizes():
    nand = {k: (s.gates, s.depth) for k, s in smallest_netlists("nand").items()}
    assert nand == {
        "CONST0": (3, 3), "NOR": (4, 3), "ANDNOT": (3, 3), "NOT_B": (1, 1), "NOTAND": (3, 3), "NOT_A": (1, 1),
        "XOR": (4, 3), "NAND": (1, 1), "AND": (2, 2), "XNOR": (5, 3), "BUF_A": (0, 0), "ORNOT": (2, 2),
        "BUF_B": (0, 0), "NOTOR": (2, 2), "OR": (3, 2), "CONST1": (2, 2),
    }  # fmt: skip


def test_nor_is_the_dual_of_nand():
    nand, nor = smallest_netlists("nand"), smallest_netlists("nor")
    for s in nand.values():
        dual = sum((1 - (s.table >> (3 - i) & 1)) << i for i in range(4))
        other = nor[TWO_INPUT_FUNCTIONS[dual].name]
        assert (other.gates, other.depth, other.ruled_out) == (s.gates, s.depth, s.ruled_out)


@pytest.mark.parametrize("constants", [False, True])
@pytest.mark.parametrize("g", LOGIC_GATES, ids=lambda g: g.name)
def test_netlists_compute_their_function_from_one_gate_only(g, constants):
    found = smallest_netlists(g.name.lower(), constants=constants)
    assert {s.table for s in found.values()} == closure(g.name, constants=constants)
    a, b = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    for s in found.values():
        counts = s.netlist.counts()
        assert counts.pop("INPUT") == 2
        assert counts == ({g.name: s.gates} if s.gates else {})
        assert depth(s.netlist) == s.depth
        out = np.broadcast_to(simulate(s.netlist, a=a, b=b, engine="python")["out"], 4)
        assert out.tolist() == [s.table >> i & 1 for i in range(4)], s.name
        reads_constant = bool(np.isin(s.netlist.fanin, (0, 1)).any() or set(s.netlist.outputs[0].nets) & {0, 1})
        assert constants or not reads_constant


@pytest.mark.parametrize("name", ["ANDNOT", "ORNOT", "XOR", "AND", "NOR"])
@pytest.mark.parametrize("constants", [False, True])
def test_smallest_from_other_gates(name, constants):
    plain = plain_search(gate(name).table, 3, constants)
    for s in smallest_netlists(name, constants=constants).values():
        if s.gates <= 3:
            assert (s.gates, s.depth) == plain[s.table]
        else:
            assert s.table not in plain


def test_what_was_ruled_out():
    found = smallest_netlists("nand")
    # No gate: one set. One gate: not a, not b, a nand b. So AND (2 gates) comes after 1 + 3 sets.
    assert [found[k].ruled_out for k in ("BUF_A", "NAND", "AND")] == [0, 1, 4]


# -- bad input -----------------------------------------------------------------------------------


def test_bad_input():
    with pytest.raises(UnknownNameError, match="unknown gate 'NADN'; did you mean 'NAND'"):
        post_classes("NADN")
    with pytest.raises(UnsupportedError, match="DFF has no truth table"):
        is_universal("dff")
    with pytest.raises(ValueFitError, match="truth table 16 does not fit a gate of 2 inputs: it has 4 bits"):
        post_classes(16)
    with pytest.raises(ValueFitError, match="a gate of 5 inputs: universality is computed for 0 to 4"):
        is_universal(0, 5)
    with pytest.raises(ValueFitError, match="closure over 4 inputs: it is computed for 1 to 3"):
        closure("NAND", inputs=4)
    with pytest.raises(UnknownNameError, match="unknown gate 'nandy'"):
        smallest_netlists("nandy")
    with pytest.raises(UnsupportedError, match="NOT_A is a function, not a logic gate"):
        smallest_netlists("not_a")


# -- the page for teachers -----------------------------------------------------------------------


def test_the_page_shows_what_its_script_prints():
    text = PAGE.read_text(encoding="utf-8")
    script = text.split("```python\n")[1].split("```")[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script, str(PAGE), "exec"), {})
    tables = printed.getvalue().strip().split("\n\n")
    assert len(tables) == 3
    for one in tables:
        assert one in text, f"docs/universality.md is out of date: its script now prints\n{one}"


def test_examples_run():
    assert doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8").failed == 0
    for module in (post, search):
        result = doctest.testmod(module)
        assert result.failed == 0
        assert result.attempted > 0
