"""DIMACS CNF against python-sat's own reading of the same files."""

from __future__ import annotations

import numpy as np
import pytest

from gatesim import Stimulus, compile, engine
from gatesim.errors import ParseError, UnsupportedError
from gatesim.formats import dumps, read


def satisfied(net) -> np.ndarray:
    result = engine("logic2")(compile(net)).run(Stimulus.exhaustive(net))
    return np.asarray(result["satisfied"]).reshape(-1)


def random_cnf(rng: np.random.Generator, n: int, m: int) -> str:
    clauses = []
    for _ in range(m):
        variables = 1 + rng.choice(n, rng.integers(1, min(5, n) + 1), replace=False)
        clauses.append(" ".join(map(str, variables * rng.choice([-1, 1], len(variables)))))
    return f"c random\np cnf {n} {m}\n" + "".join(f"{c} 0\n" for c in clauses)


@pytest.mark.parametrize("seed", range(8))
def test_every_assignment_agrees_with_python_sat(seed):
    formula = pytest.importorskip("pysat.formula")
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 11))
    text = random_cnf(rng, n, int(rng.integers(1, 30)))
    clauses = formula.CNF(from_string=text).clauses
    bit = np.arange(1 << n)[:, None] >> np.arange(n) & 1  # variable i + 1 is bit i
    want = np.ones(1 << n, bool)
    for clause in clauses:
        want &= np.any([bit[:, abs(k) - 1] == (k > 0) for k in clause], axis=0)
    assert (satisfied(read(text, "dimacs")) == want).all()


def test_clauses_span_lines_and_satlib_ends_with_a_percent_sign():
    net = read("c a\n\np cnf 3 3\n1\n-2 0 2 3 0\nc between\n -1 0\n%\n0\n", "dimacs")
    assert np.flatnonzero(satisfied(net)).tolist() == [4]  # only variable 3
    assert net.inputs[0].name == "x" and net.inputs[0].width == 3
    assert satisfied(read("p cnf 2 1\n0\n", "dimacs")).tolist() == [0] * 4  # the empty clause
    assert satisfied(read("p cnf 2 0\n", "dimacs")).tolist() == [1] * 4
    assert satisfied(read("p cnf 2 1\n1 1 -1 0\n", "dimacs")).tolist() == [1] * 4


@pytest.mark.parametrize(
    "text, message",
    [
        ("p cnf 2 1\n1 x 0\n", "<text>:2: expected an integer, found 'x'"),
        ("p cnf 2 1\n1 -3 0\n", "<text>:2: variable 3: the header promises 2"),
        ("c\n1 0\np cnf 2 1\n", "<text>:2: a clause before the line 'p cnf VARIABLES CLAUSES'"),
        ("p cnf 2 1\np cnf 2 1\n", "<text>:2: a second 'p cnf' line"),
        ("p cnf 2\n1 0\n", "<text>:1: expected 'p cnf VARIABLES CLAUSES', found 'p cnf 2'"),
        ("p cnf -1 0\n", "<text>:1: -1 variables and 0 clauses"),
        ("p cnf 2 1\n1 2\n", "<text>:2: the last clause has no 0 at its end"),
        ("p cnf 2 2\n1 2 0\n", "<text>: the header promises 2 clauses; the file has 1"),
        ("c nothing\n", "<text>: no line 'p cnf VARIABLES CLAUSES'"),
        ("p cnf 2 1\n1 99999999999999 0\n", "<text>:2: expected an integer"),
        ("p cnf 99999999 1\n1 0\n", "1,048,576 variables can be read"),
    ],
)
def test_a_broken_file_is_told_with_its_line(text, message):
    with pytest.raises(ParseError) as caught:
        read(text, "dimacs")
    assert message in str(caught.value)


def test_cnf_is_read_only():
    with pytest.raises(UnsupportedError, match="can be read only"):
        dumps(read("p cnf 1 1\n1 0\n", "dimacs"), "dimacs")
