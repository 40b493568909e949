"""Multiplying by numbers known when the circuit is built: signed digits, then column compression.

A constant in canonical signed digits has no two neighbouring digits that are not 0, so on average one
digit in three costs a row of adders (Reitwiesner 1960). A negative digit puts the *inverted* bits into
the columns and owes a constant, and all constants of a sum are one number: so a sum of products costs
column compression and one adder, and no sign is ever extended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gatesim import Bit, Bus
from gatesim.errors import ValueFitError, WidthError

from .adders import Adder, brent_kung
from .catalog import circuit, mask, signed
from .compress import Columns, Style, add_columns, add_constant, empty_columns
from .digits import signed_digits, signed_width
from .folding import not_gate
from .sharing import bits_of, share


class Term(NamedTuple):
    """A product of a weighted sum: `bus` (two's complement when `is_signed`) times `weight`."""

    bus: Bus
    weight: int
    is_signed: bool = False


class Inverters:
    """One inverter a net, however many sums want it inverted."""

    def __init__(self) -> None:
        self._made: dict[int, Bit] = {}

    def __call__(self, bit: Bit) -> Bit:
        """NOT of `bit`, the same net at every call."""
        if bit.id not in self._made:
            self._made[bit.id] = not_gate(bit)
        return self._made[bit.id]


def place_products(columns: Columns, terms: Sequence[Term], invert: Inverters) -> int:
    """Put the signed-digit partial products of every term into `columns`; return the constant owed."""
    width, owed = len(columns), 0
    for bus, weight, is_signed in terms:
        for shift, digit in enumerate(signed_digits(weight)):
            if not digit:
                continue
            for i, bit in enumerate(bus[: max(0, width - shift)]):
                if (digit < 0) != (is_signed and i == len(bus) - 1):
                    columns[shift + i].append(invert(bit))
                    owed -= 1 << (shift + i)
                else:
                    columns[shift + i].append(bit)
    return owed


def weighted_sum(
    terms: Sequence[Term],
    constant: int,
    width: int,
    *,
    invert: Inverters | None = None,
    style: Style = "dadda",
    adder: Adder = brent_kung,
) -> Bus:
    """``constant + sum(bus * weight)`` modulo ``2**width``, by column compression and one adder.

    Raises
    ------
    WidthError
        No term at all (there is no builder to make a constant with).
    """
    if not terms:
        raise WidthError("weighted_sum() needs at least one term")
    builder = terms[0].bus.builder
    columns = empty_columns(width)
    owed = place_products(columns, terms, invert or Inverters())
    if not any(columns):
        return builder.constant(constant & mask(width), width)
    add_constant(columns, constant + owed, builder)
    return add_columns(columns, style, adder)


def _multiply_model(x, args):
    width, constant = args["a"], args["constant"]
    is_signed = args.get("is_signed", False)
    a = signed(x["a"], width) if is_signed else x["a"]
    return {"out": (a * constant) & mask(product_width(width, constant, is_signed))}


def product_width(width: int, constant: int, is_signed: bool) -> int:
    """Bits of a number of `width` bits times `constant`; two's complement when either has a sign."""
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if is_signed else (0, mask(width))
    ends = (low * constant, high * constant)
    return signed_width(min(ends), max(ends)) if is_signed or constant < 0 else max(1, max(ends).bit_length())


def _multiply_sizes(width: int):
    constants = {1: 45, 2: -7, 3: 93, 8: -106, 16: 12345, 64: 0x5DEECE66D}
    return {"a": width, "constant": constants[width]} if width in constants else None


@circuit(_multiply_model, _multiply_sizes)
def multiply_constant(a: Bus, constant: int, is_signed: bool = False) -> Bus:
    """Multiplication by a constant in canonical signed digits: shifts, and one addition a digit.

    Parameters
    ----------
    a : Bus
        Unsigned, or two's complement when `is_signed`.
    constant : int
        Any sign and size.

    Returns
    -------
    Bus
        The exact product in the fewest bits that hold it for every `a` (see :func:`product_width`):
        unsigned when `a` is unsigned and `constant` is not negative, else two's complement.
    """
    return weighted_sum([Term(a, constant, is_signed)], 0, product_width(len(a), constant, is_signed))


# -- a dense layer ---------------------------------------------------------------------------


class Layer(NamedTuple):
    """Outputs of a dense layer: two's complement accumulators, each as wide as it needs."""

    acc: list[Bus]


def accumulator_ranges(
    weights: Sequence[Sequence[int]], bias: Sequence[int], maxima: Sequence[int]
) -> list[tuple[int, int]]:
    """Least and greatest value of ``bias + weights @ inputs`` for inputs from 0 to their maxima."""
    return [
        (
            int(c) + sum(min(0, int(w)) * int(m) for w, m in zip(row, maxima, strict=True)),
            int(c) + sum(max(0, int(w)) * int(m) for w, m in zip(row, maxima, strict=True)),
        )
        for row, c in zip(weights, bias, strict=True)
    ]


def _dense_model(x, args):
    weights, bias, widths = args["weights"], args["bias"], args["inputs"]
    maxima = args.get("maxima") or [mask(w) for w in widths]
    outputs = {}
    for j, (row, c) in enumerate(zip(weights, bias, strict=True)):
        total = c
        for i, weight in enumerate(row):
            total = total + weight * x[f"inputs{i}"]
        low, high = accumulator_ranges([row], [c], maxima)[0]
        outputs[f"acc{j}"] = total & mask(signed_width(low, high))
    return outputs


def _dense_sizes(width: int):
    if width == 64:
        return None
    weights = ((3, -7, 0, 127), (-128, 55, -1, 42), (0, 0, 0, 64))
    return {"inputs": (width,) * 4, "weights": weights, "bias": (-100, 2000, 7)}


@circuit(_dense_model, _dense_sizes)
def dense(
    inputs: Sequence[Bus],
    weights: Sequence[Sequence[int]],
    bias: Sequence[int],
    maxima: Sequence[int] | None = None,
    sharing: bool = False,
    style: Style = "dadda",
    adder: Adder = brent_kung,
) -> Layer:
    """Dense layer with constant weights: ``bias + weights @ inputs``, one accumulator a neuron.

    Parameters
    ----------
    inputs : sequence of Bus
        Unsigned activations, of any widths.
    weights : (n_outputs, n_inputs) integers
        int8 in a quantised network; any integers will do.
    bias : (n_outputs,) integers
    maxima : (n_inputs,) integers, optional
        Greatest value that each input takes (default: all ones). A smaller one can make accumulators
        narrower; inputs above it are then outside the contract.
    sharing : bool
        Compute sums that several neurons need once (see :mod:`circuits.sharing`): about a quarter
        fewer gates, some more levels, and a search of two or three seconds for 64 inputs and 32 outputs.
    style, adder : compression style and final adder, see :mod:`circuits.compress`

    Returns
    -------
    Layer
        ``acc``: one two's complement bus per output, of the exact width that its reachable range needs.

    Notes
    -----
    A zero weight costs nothing, a weight costs one row of bits per signed digit, the bias and all
    signs together cost one constant per neuron. The inverted inputs are shared by all neurons.

    Raises
    ------
    WidthError
        Shapes that do not agree.
    ValueFitError
        A maximum that does not fit its input.
    """
    if len(weights) != len(bias):
        raise WidthError(f"dense() has {len(weights)} rows of weights and {len(bias)} biases: one of each per output")
    for j, row in enumerate(weights):
        if len(row) != len(inputs):
            raise WidthError(f"dense() row {j} has {len(row)} weights for {len(inputs)} inputs")
    if maxima is not None and len(maxima) != len(inputs):
        raise WidthError(f"dense() has {len(maxima)} maxima for {len(inputs)} inputs")
    limits = [mask(len(bus)) for bus in inputs] if maxima is None else [int(m) for m in maxima]
    for i, (limit, bus) in enumerate(zip(limits, inputs, strict=True)):
        if not 0 <= limit <= mask(len(bus)):
            raise ValueFitError(f"dense(): maximum {limit} of input {i} does not fit into {len(bus)} bits")
    invert = Inverters()
    if sharing:
        rows = _shared_terms(inputs, weights, limits, invert, style, adder)
    else:
        rows = [[Term(bus, int(w)) for bus, w in zip(inputs, row, strict=True)] for row in weights]
    acc = []
    for terms, c, (low, high) in zip(rows, bias, accumulator_ranges(weights, bias, limits), strict=True):
        width = signed_width(low, high)
        acc.append(weighted_sum(terms, int(c), width, invert=invert, style=style, adder=adder))
    return Layer(acc)


def _shared_terms(
    inputs: Sequence[Bus],
    weights: Sequence[Sequence[int]],
    maxima: Sequence[int],
    invert: Inverters,
    style: Style,
    adder: Adder,
) -> list[list[Term]]:
    """Terms of every row after sharing; builds the shared sums on the way."""
    plan = share(weights, maxima)
    variables = [(bus, False) for bus in inputs]
    for pair, (low, high) in zip(plan.pairs, plan.ranges[len(inputs) :], strict=True):
        (first, first_signed), (second, second_signed) = variables[pair.first], variables[pair.second]
        terms = [
            Term(first, 1 << max(0, -pair.distance), first_signed),
            Term(second, pair.sign << max(0, pair.distance), second_signed),
        ]
        total = weighted_sum(terms, 0, bits_of(low, high), invert=invert, style=style, adder=adder)
        variables.append((total, low < 0))
    nothing = Term(inputs[0], 0)  # a row of zeros still needs a bus to know its builder
    return [
        [Term(variables[v][0], sign << shift, variables[v][1]) for (v, shift), sign in row.items()] or [nothing]
        for row in plan.rows
    ]
