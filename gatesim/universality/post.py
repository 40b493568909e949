"""Post's five classes, completeness, and closures by brute force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import UnsupportedError, ValueFitError, unknown_name
from ..gates import GATES, LOGIC_GATES, MAX_ARITY, Gate

GateLike = str | int | Gate | tuple[int, int]
"""A gate: a name, a row of the gate table, a two-input truth table, or a pair ``(table, arity)``."""

POST_CLASSES: dict[str, str] = {
    "preserves 0": "when every input is 0 it gives 0, so no circuit of it can give 1 there",
    "preserves 1": "when every input is 1 it gives 1, so no circuit of it can give 0 there",
    "monotone": "raising an input never lowers the output, so no circuit of it can invert",
    "affine": "it is a XOR of inputs and a constant, so no circuit of it can be AND or OR",
    "self-dual": "inverting every input inverts the output, so no circuit of it can be constant, AND or OR",
}
"""Post's classes in the order used everywhere here, each with why it traps a gate."""

_CLASSES_WITH_CONSTANTS = ("monotone", "affine")
_MAX_INPUTS = 3


@dataclass(frozen=True, slots=True)
class TwoInputFunction:
    """One of the sixteen functions of two inputs: its name, truth table and formula in words."""

    name: str
    table: int
    formula: str


TWO_INPUT_FUNCTIONS: tuple[TwoInputFunction, ...] = tuple(
    TwoInputFunction(name, table, formula)
    for table, (name, formula) in enumerate(
        (
            ("CONST0", "0"),
            ("NOR", "not (a or b)"),
            ("ANDNOT", "a and not b"),
            ("NOT_B", "not b"),
            ("NOTAND", "b and not a"),
            ("NOT_A", "not a"),
            ("XOR", "a differs from b"),
            ("NAND", "not (a and b)"),
            ("AND", "a and b"),
            ("XNOR", "a equals b"),
            ("BUF_A", "a"),
            ("ORNOT", "a or not b (b implies a)"),
            ("BUF_B", "b"),
            ("NOTOR", "b or not a (a implies b)"),
            ("OR", "a or b"),
            ("CONST1", "1"),
        )
    )
)
"""The sixteen functions of inputs `a` (pin 0) and `b` (pin 1), indexed by truth table."""

# A constant is a gate without pins; the rows CONST0 and CONST1 carry no table, so it is given here.
_BY_NAME: dict[str, tuple[int, int]] = {
    **{f.name: (f.table, 2) for f in TWO_INPUT_FUNCTIONS},
    **{g.name: (g.table, g.arity) for g in LOGIC_GATES},
    "CONST0": (0, 0),
    "CONST1": (1, 0),
}
_WITHOUT_TABLE = {g.name for g in GATES} - _BY_NAME.keys()


@dataclass(frozen=True, slots=True)
class Row:
    """What one gate can do alone.

    Attributes
    ----------
    name : str
    table, arity : int
        Truth table (see :mod:`gatesim.gates`) and number of pins.
    formula : str
        One line for people.
    classes : tuple of str
        Post classes that hold the gate, in the order of :data:`POST_CLASSES`.
    universal, universal_with_constants : bool
        It alone builds every function, without and with the constants 0 and 1 given.
    reachable, reachable_with_constants : int
        How many of the sixteen functions of two inputs it builds alone (the wires `a` and `b`
        included), found by brute force and not through the classes.
    """

    name: str
    table: int
    arity: int
    formula: str
    classes: tuple[str, ...]
    universal: bool
    universal_with_constants: bool
    reachable: int
    reachable_with_constants: int


def as_function(gate: GateLike, arity: int = 2) -> tuple[int, int]:
    """``(table, arity)`` of anything :data:`GateLike`; `arity` is that of a bare integer."""
    if isinstance(gate, Gate):
        gate = gate.name
    if isinstance(gate, str):
        name = gate.upper()
        if name in _WITHOUT_TABLE:
            raise UnsupportedError(f"{name} has no truth table: universality is about logic gates and constants")
        if name not in _BY_NAME:
            raise unknown_name("gate", gate, _BY_NAME)
        return _BY_NAME[name]
    table, pins = gate if isinstance(gate, tuple) else (gate, arity)
    if not 0 <= pins <= MAX_ARITY:
        raise ValueFitError(f"a gate of {pins} inputs: universality is computed for 0 to {MAX_ARITY}")
    if not 0 <= table < 1 << (1 << pins):
        raise ValueFitError(f"truth table {table} does not fit a gate of {pins} inputs: it has {1 << pins} bits")
    return table, pins


def variable(k: int, n_inputs: int) -> int:
    """Truth table of the function of `n_inputs` inputs that is its input `k`."""
    return sum(1 << i for i in range(1 << n_inputs) if i >> k & 1)


def post_classes(gate: GateLike, arity: int = 2) -> tuple[str, ...]:
    """The Post classes that hold `gate`, computed from its truth table.

    Parameters
    ----------
    gate : str, int, Gate or (table, arity)
    arity : int
        Number of pins (0 to 4) when `gate` is a bare truth table.

    Returns
    -------
    tuple of str
        A part of :data:`POST_CLASSES`, in that order.

    Raises
    ------
    ValueFitError, UnknownNameError, UnsupportedError
        A table or arity that does not fit; an unknown gate; a gate without truth table.

    Examples
    --------
    >>> post_classes("AND")
    ('preserves 0', 'preserves 1', 'monotone')
    >>> post_classes("NAND")
    ()
    """
    table, n = as_function(gate, arity)
    full = (1 << (1 << n)) - 1
    zero, one = table & 1, table >> ((1 << n) - 1) & 1
    # Self-dual: output i and output (all inputs inverted) differ; inverting the inputs reads backwards.
    backwards = sum((table >> i & 1) << ((1 << n) - 1 - i) for i in range(1 << n))
    monotone, parities = True, table
    for k in range(n):
        when_1 = variable(k, n)
        low, high = table & ~when_1, (table & when_1) >> (1 << k)
        monotone = monotone and not low & ~high
        # One butterfly of the Moebius transform; after all, bit i is the coefficient of product i.
        parities ^= (parities & ~when_1) << (1 << k)
    products = sum(1 << i for i in range(1 << n) if i.bit_count() > 1)
    holds = (zero == 0, one == 1, monotone, not parities & products, backwards == table ^ full)
    return tuple(name for name, held in zip(POST_CLASSES, holds, strict=True) if held)


def trapping_classes(gates: Iterable[GateLike], *, constants: bool = False) -> tuple[str, ...]:
    """The Post classes that hold every one of `gates`: what keeps the set from being complete.

    Parameters
    ----------
    gates : iterable of GateLike
    constants : bool
        Whether 0 and 1 are given for free. Then only "monotone" and "affine" can trap, because every
        other class misses one of the constants.

    Returns
    -------
    tuple of str
        Empty exactly when the set is complete (Post 1941).

    Examples
    --------
    >>> trapping_classes(["AND", "OR"]), trapping_classes(["AND", "NOT"])
    (('preserves 0', 'preserves 1', 'monotone'), ())
    """
    held = [set(post_classes(g)) for g in gates]
    candidates = _CLASSES_WITH_CONSTANTS if constants else tuple(POST_CLASSES)
    return tuple(c for c in candidates if all(c in classes for classes in held))


def is_complete(gates: Iterable[GateLike], *, constants: bool = False) -> bool:
    """Whether circuits of these gates compute every Boolean function (Post's theorem).

    Parameters
    ----------
    gates : iterable of GateLike
        The constants alone are ``"CONST0"`` and ``"CONST1"``.
    constants : bool
        Whether both constants are given for free.

    Examples
    --------
    >>> is_complete(["XOR", "AND", "CONST1"]), is_complete(["XOR", "AND"])
    (True, False)
    """
    return not trapping_classes(gates, constants=constants)


def is_universal(gate: GateLike, arity: int = 2, *, constants: bool = False) -> bool:
    """Whether `gate` alone computes every Boolean function; parameters as in :func:`post_classes`.

    Examples
    --------
    >>> [f.name for f in TWO_INPUT_FUNCTIONS if is_universal(f.table)]
    ['NOR', 'NAND']
    >>> is_universal("MUX"), is_universal("MUX", constants=True)
    (False, True)
    """
    return is_complete([as_function(gate, arity)], constants=constants)


def explain(gate: GateLike, arity: int = 2, *, constants: bool = False) -> str:
    """Why `gate` is universal or not, in one English sentence.

    Examples
    --------
    >>> explain("XOR", constants=True)
    'not universal: affine (it is a XOR of inputs and a constant, so no circuit of it can be AND or OR)'
    """
    traps = trapping_classes([as_function(gate, arity)], constants=constants)
    if not traps:
        inside = "neither monotone nor affine" if constants else "in none of Post's five classes"
        return f"universal: it is {inside}"
    return "not universal: " + "; ".join(f"{c} ({POST_CLASSES[c]})" for c in traps)


def apply_table(table: int, pins: tuple, full: int):
    """The gate on truth tables: `pins` are integers, or broadcastable uint16 arrays, of functions."""
    out = 0
    for index in range(1 << len(pins)):
        if table >> index & 1:
            term = full
            for k, pin in enumerate(pins):
                term = term & (pin if index >> k & 1 else pin ^ full)
            out = out | term
    return out


def closure(*gates: GateLike, inputs: int = 2, constants: bool = False) -> frozenset[int]:
    """Every function of `inputs` inputs that circuits of these gates compute, by brute force.

    Starts from the inputs and applies every gate to every choice of functions found so far, until
    nothing is new. It does not look at Post's classes, so the two check each other.

    Parameters
    ----------
    *gates : GateLike
    inputs : int
        1 to 3. With three inputs, a gate of four pins may have to try 2**28 choices (seconds).
    constants : bool
        Whether both constants are given for free.

    Returns
    -------
    frozenset of int
        Truth tables of ``2**inputs`` bits; the inputs themselves (plain wires) are always in it.

    Raises
    ------
    ValueFitError
        `inputs` is not 1, 2 or 3, or a gate does not fit (see :func:`post_classes`).

    Examples
    --------
    >>> len(closure("NAND")), len(closure("NAND", inputs=3)), sorted(map(bin, closure("AND")))
    (16, 256, ['0b1000', '0b1010', '0b1100'])
    """
    if not 1 <= inputs <= _MAX_INPUTS:
        raise ValueFitError(f"closure over {inputs} inputs: it is computed for 1 to {_MAX_INPUTS}")
    functions = [as_function(g) for g in gates]
    full = (1 << (1 << inputs)) - 1
    seen = np.zeros(full + 1, np.bool_)
    seen[[variable(k, inputs) for k in range(inputs)] + [0, full] * constants] = True
    count = 0
    while count != seen.sum() and not seen.all():
        count = seen.sum()
        for table, arity in functions:
            if arity == 0:
                seen[full if table else 0] = True
                continue
            known = np.flatnonzero(seen).astype(np.uint16)
            rest = tuple(known.reshape((-1,) + (1,) * k) for k in range(arity - 1))
            for first in known:  # one pin at a time bounds the memory of the choices
                seen[apply_table(table, (first, *rest), full)] = True
                if seen.all():
                    break
    return frozenset(np.flatnonzero(seen).tolist())


def _row(name: str, table: int, arity: int, formula: str) -> Row:
    f = (table, arity)
    return Row(
        name, table, arity, formula, post_classes(f), is_universal(f), is_universal(f, constants=True),
        len(closure(f)), len(closure(f, constants=True)),
    )  # fmt: skip


def table() -> list[Row]:
    """The sixteen functions of two inputs, each as a gate: its classes and what it builds alone.

    Examples
    --------
    >>> [r.name for r in table() if r.universal]
    ['NOR', 'NAND']
    """
    return [_row(f.name, f.table, 2, f.formula) for f in TWO_INPUT_FUNCTIONS]


def gate_table() -> list[Row]:
    """The same for every logic gate of the gate table (:data:`gatesim.gates.LOGIC_GATES`).

    Examples
    --------
    >>> {r.name: r.universal for r in gate_table()}["AOI21"]
    True
    """
    return [_row(g.name, g.table, g.arity, g.help) for g in LOGIC_GATES]
