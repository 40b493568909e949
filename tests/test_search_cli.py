from __future__ import annotations

import doctest
import importlib
import json

import pytest


def test_command_line(gatesim, tmp_path):
    status, out, _ = gatesim("quantum", "grover", "--factor", "35", "--json", "--plot", "p.png")
    found = json.loads(out)
    assert status == 0 and found["meaning"] in ("35 = 5 x 7", "35 = 7 x 5") and found["error"] < 1e-9
    assert len(found["probabilities"]) == found["iterations"] + 1 == 3 and found["n_qubits"] == 16
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "f.cnf").write_text("p cnf 3 3\n1 2 0\n-1 3 0\n-2 0\n")
    status, out, _ = gatesim("quantum", "grover", "f.cnf", "--level", "oracle")
    assert status == 0 and "v 1 -2 3 0" in out and "fewer queries" in out
    status, out, _ = gatesim("quantum", "grover", "multipliers.array_multiplier[3]", "--value", "0x23", "--unknown")
    assert status == 0 and "a = " in out and "last round" in out


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "give either a circuit or --factor N"),
        (("--factor", "37"), "no solution exists: none of the 16 inputs"),
        (("--factor", "35", "--bits", "3"), "two numbers with an x between them"),
        (("adders.ripple_carry[4]", "--bits", "3x3"), "belong to --factor"),
        (("--factor", "35", "--against", "adders.ripple_carry[4]"), "--against belongs to a circuit"),
        (("adders.ripple_carry[4]",), "does not have one output but 2"),
        (("adders.ripple_carry[4]", "--output", "sum", "--value", "x"), "is no integer"),
        (("adders.ripple_carry[40]", "--output", "carry"), "has 80 input bits"),
        (("sequential.counter",), "has registers"),
        (("bad.cnf",), "bad.cnf:2: expected an integer, found 'x'"),
        (("--factor", "35", "--plot", "p.txt"), "must end in .png"),
        (("--factor", "35", "--effort", "all"), "unknown effort 'all'"),
    ],
)
def test_command_line_faults_are_one_line(gatesim, tmp_path, arguments, message):
    (tmp_path / "bad.cnf").write_text("p cnf 2 1\n1 x 0\n")
    status, out, err = gatesim("quantum", "grover", *arguments)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1, err


@pytest.mark.parametrize(
    "name", [f"quantum.search.{m}" for m in ("formula", "predicate", "problems", "grover", "real")]
    + ["circuits.hashing", "gatesim.formats.dimacs"]
)  # fmt: skip
def test_doctests(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted and not found.failed
