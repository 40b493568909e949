"""Errors of approximate arithmetic: against the EvoApproxLib's own figures, and NumPy."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from circuits.multipliers import array_multiplier
from gatesim import Builder, Bus, build, read, write
from gatesim.approximation import arithmetic_error
from gatesim.errors import ParseError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.expression import Expression


def truncated_multiplier(b: Builder, A: Bus, B: Bus) -> dict:
    product = array_multiplier(A, B)
    product = product["out"] if isinstance(product, dict) else product
    return {"O": Bus([b.zero] * 3 + list(product)[3:])}


def test_evoapprox_headers(shared_data):
    """Every figure of every header, to the digits printed there (some are cut, some rounded)."""
    files = sorted(shared_data.glob("evoapprox/*/*.v"))
    assert len(files) >= 30
    for path in files:
        stated = dict(re.findall(r"// (\S+) = ([\d.]+(?:e\d+)?)", path.read_text(encoding="utf-8")))
        net = read(path)
        report = arithmetic_error(net, "A * B" if path.name.startswith("mul") else "A + B")
        got = {
            "MAE": report.mae, "WCE": report.wce, "WCE%": report.wce_percent, "EP%": 100 * report.ep,
            "MRE%": 100 * report.mre, "WCRE%": 100 * report.wcre, "MSE": report.mse,
        }  # fmt: skip
        for name, value in got.items():
            mantissa, _, exponent = stated[name].partition("e")
            last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
            assert abs(value - float(stated[name])) <= last_digit * (1 + 1e-9), (path.name, name)
        # Where it differs, their MAE% was computed from the MAE rounded to one decimal.
        last_digit = 10.0 ** -len(stated["MAE%"].partition(".")[2])
        largest = 1 << net.port("O").width
        percents = (report.mae_percent, 100 * round(report.mae, 1) / largest)
        assert any(abs(p - float(stated["MAE%"])) <= last_digit * (1 + 1e-9) for p in percents), path.name


@pytest.mark.parametrize("signed", [False, True])
def test_against_numpy(signed):
    net = build(truncated_multiplier, A=6, B=5)
    report = arithmetic_error(net, "A*B - 7", signed=signed, threads=2)
    a, b = np.meshgrid(np.arange(64), np.arange(32), indexing="ij")
    out = a * b & ~7
    if signed:
        a, b, out = (np.where(v >= 1 << w - 1, v - (1 << w), v) for v, w in ((a, 6), (b, 5), (out, 11)))
    wanted = a * b - 7
    e = np.abs(out - wanted)
    nonzero = wanted != 0
    relative = e[nonzero] / np.abs(wanted[nonzero])
    assert (report.n_patterns, report.wce) == (2048, e.max())
    assert report.mae == e.mean()
    assert report.ep == (e > 0).mean()
    assert report.mse == pytest.approx((e.astype(float) ** 2).mean(), rel=1e-12)
    assert report.mre == pytest.approx(relative.mean(), rel=1e-12)
    assert report.wcre == pytest.approx(relative.max(), rel=1e-12)
    sizes = [0, *(1 << np.arange(20)), 1 << 40]
    assert report.histogram[:21].tolist() == np.histogram(e, bins=sizes)[0].tolist()
    order = np.argsort(a[:, 0])
    mean = e[order][:, np.argsort(b[0])].reshape(32, 2, 32, 1).mean(axis=(1, 3))
    assert np.allclose(report.heat, mean)


def test_no_result_depends_on_the_pieces(monkeypatch):
    net = build(truncated_multiplier, A=6, B=6)
    whole = arithmetic_error(net, "A*B", threads=1)
    monkeypatch.setattr("gatesim.approximation.CHUNK_PATTERNS", 256)
    cut = arithmetic_error(net, "A*B", threads=3)
    assert (whole.mae, whole.mse, whole.ep) == (cut.mae, cut.mse, cut.ep)
    assert whole.mre == pytest.approx(cut.mre, rel=1e-12)
    sample = arithmetic_error(net, "A*B", random=1000, rng=1)
    assert not sample.exhaustive
    assert sample.n_patterns == 1000
    assert sample.mae == pytest.approx(whole.mae, rel=0.2)


@pytest.mark.parametrize("text", ["A*B", "A - 3*B", "(A + B) // 3", "A % (B + 1)", "A & ~B | 5 ^ A", "A << 2 >> 1",
                                  "abs(A - B)", "max(A, B) - min(A, 4)", "-A"])  # fmt: skip
@pytest.mark.parametrize("signed", [False, True])
def test_expressions_are_those_of_python(text, signed):
    if signed and "B + 1" in text:
        text = "A % (B * B + 1)"
    expression = Expression(text, {"A": 4, "B": 3}, signed=signed)
    for a in range(16):
        for b in range(8):
            given = (a - 16 * (a >> 3), b - 8 * (b >> 2)) if signed else (a, b)
            wanted = eval(text, {"A": given[0], "B": given[1]})
            got = int(expression({"A": np.array([a], np.uint64), "B": np.array([b], np.uint64)})[0])
            assert got == wanted, (text, given)
            assert expression.range.low <= wanted <= expression.range.high


def test_expressions_that_are_refused():
    widths = {"A": 8, "B": 8}
    for text, error, message in (
        ("A *", ParseError, r"expression:1(:\d+)?: cannot read"),
        ("A * C", UnknownNameError, "unknown input in the expression 'C'"),
        ("A ** B", ParseError, r"expression:1:1: 'A \*\* B' is not allowed here"),
        ("A.real", ParseError, "is not allowed here"),
        ("__import__('os')", ParseError, "is not allowed here"),
        ("1.5 * A", ParseError, "'1.5' is not allowed here"),
        ("True + A", ParseError, "'True' is not allowed here"),
        ("A << B", ValueFitError, "can need more than 62 bits"),
        ("A << (0 - B)", ParseError, "can shift by a negative number"),
        ("A * 99999999999999999999", ValueFitError, "can need more than 62 bits"),
        ("max(A)", ParseError, "another number of arguments"),
        ("A" + "+A" * 600, ParseError, "longer than 1000 characters"),
        ("(" * 400, ParseError, "cannot read"),
    ):
        with pytest.raises(error, match=message):
            Expression(text, widths)
    with pytest.raises(ValueFitError, match="divides by zero"):
        Expression("A // B", widths)({"A": np.array([1]), "B": np.array([0])})


def test_circuits_that_are_refused():
    net = build(array_multiplier, a=20, b=20)
    with pytest.raises(ValueFitError, match=r"40 input bits: all 2\^40 inputs are too many"):
        arithmetic_error(net, "a*b")
    b = Builder("two outputs")
    x = b.input_bus("x", 3)
    b.output("y", x)
    b.output("z", x)
    with pytest.raises(ValueFitError, match="has outputs y, z: say which"):
        arithmetic_error(b.freeze(), "x")
    b = Builder("state")
    b.output("q", b.register(b.input_bus("d", 2)))
    with pytest.raises(UnsupportedError, match="has state"):
        arithmetic_error(b.freeze(), "d")


def test_command_line(gatesim, tmp_path):
    path, picture = tmp_path / "truncated.v", tmp_path / "errors.png"
    write(build(truncated_multiplier, A=4, B=4), path)
    status, out, _ = gatesim("error", str(path), "--exact", "A*B", "--json", "--plot", str(picture))
    found = json.loads(out)
    assert status == 0
    assert (found["wce"], found["exhaustive"], found["n_patterns"]) == (7, True, 256)
    assert picture.read_bytes().startswith(b"\x89PNG")
    status, out, _ = gatesim("error", str(path), "--exact", "A*B")
    assert status == 0
    assert "WCE, worst-case error" in out
    for bad in (["--exact", "A*C"], ["--exact", "A*B", "--plot", "x.bmp"], ["--exact", "A*B", "--output", "P"]):
        status, _, errors = gatesim("error", str(path), *bad)
        assert status == 2
        assert errors.count("\n") == 1
