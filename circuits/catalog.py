"""The library's register: every generator with its integer model and the sizes it is tested at.

A generator is a function over buses (see :func:`gatesim.build`); beside it stands a *model*, the same
function on integers. ``@circuit`` ties the two, opens a scope at each call, and files the pair in
:data:`CATALOG`, where ``gatesim list``, the generic test and the price list find it.

A model is called as ``model(x, args)``: ``x`` maps input port names to Python integers or to NumPy
arrays of them (int64 when everything fits into 62 bits, else object), unsigned; ``args`` are the
arguments given to ``build``. It returns a dict with the value of every output port, unsigned, computed
with operators that work on both (``+ - * & | ^ << >>``, comparisons, :func:`where`). The model of a
clocked circuit gets a list of integers per port (one a cycle) and returns lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from gatesim import Netlist, block, build
from gatesim.errors import unknown_name

Model = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
F = TypeVar("F", bound=Callable)

WIDTHS = (1, 2, 3, 8, 16, 64)
"""Widths at which a generator is tested where they make sense."""

MODULES = (
    "adders", "compress", "arithmetic", "multipliers", "karatsuba", "dividers", "shifters", "selectors", "alu",
    "latches", "sequential", "constants", "tensor", "floats", "hack", "hashing",
)  # fmt: skip
"""The library's modules, in the order in which ``gatesim list`` shows them."""


@dataclass(frozen=True)
class Circuit:
    """One generator of the library.

    Attributes
    ----------
    name : str
        ``module.function``.
    function : callable
        The generator.
    model : callable or None
        Integer model; None for circuits without a settled value (latches: loops).
    sizes : callable
        ``sizes(width)`` gives the arguments for ``build`` at a width, or None where it makes no sense.
    clocked : bool
    help : str
        First line of the docstring.
    """

    name: str
    function: Callable
    model: Model | None
    sizes: Callable[[int], dict[str, Any] | None]
    clocked: bool
    help: str

    @property
    def module(self) -> str:
        """Module of ``circuits`` that it lives in."""
        return self.name.split(".")[0]

    def build(self, width: int = 8, /, **arguments: Any) -> Netlist:
        """The netlist at a `width` of the catalogue, or with explicit `arguments`."""
        chosen = arguments or self.sizes(width)
        if chosen is None:
            raise unknown_name(f"width of {self.name}", width, map(str, self.widths()))
        return build(self.function, name=self.name.split(".")[1], **chosen)

    def widths(self) -> tuple[int, ...]:
        """Those of ``WIDTHS`` that make sense here, one of each distinct set of arguments."""
        kept: list[int] = []
        seen: list[dict[str, Any]] = []
        for w in WIDTHS:
            arguments = self.sizes(w)
            if arguments is not None and arguments not in seen:
                seen.append(arguments)
                kept.append(w)
        return tuple(kept)


CATALOG: dict[str, Circuit] = {}
"""Every circuit by ``module.function``; filled when the modules are imported (see :func:`catalog`)."""


def circuit(
    model: Model | None, sizes: Callable[[int], dict[str, Any] | None], *, clocked: bool = False
) -> Callable[[F], F]:
    """File a generator in the catalogue and give each call a scope (see the module's text)."""

    def register(function: F) -> F:
        scoped = block(function)
        name = f"{function.__module__.split('.')[-1]}.{function.__name__}"
        text = (function.__doc__ or "").strip().splitlines()
        CATALOG[name] = Circuit(name, scoped, model, sizes, clocked, text[0] if text else "")
        return scoped

    return register


def catalog() -> dict[str, Circuit]:
    """The whole catalogue, modules in library order."""
    for module in MODULES:
        import_module(f"circuits.{module}")
    rank = {m: i for i, m in enumerate(MODULES)}
    return dict(sorted(CATALOG.items(), key=lambda kv: rank.get(kv[1].module, len(rank))))


def find(name: str) -> Circuit:
    """The circuit called ``module.function`` or just ``function``; UnknownNameError otherwise.

    Of several modules with a function of that name the first in library order is meant.
    """
    everything = catalog()
    if name in everything:
        return everything[name]
    hits = [c for c in everything.values() if c.name.split(".")[1] == name]
    if hits:
        return hits[0]
    raise unknown_name("circuit", name, [*everything, *(c.split(".")[1] for c in everything)])


# -- helpers for models ----------------------------------------------------------------------


def mask(width: int) -> int:
    """``2**width - 1``."""
    return (1 << width) - 1


def signed(value, width: int):
    """`value` of `width` bits read as two's complement."""
    return value - ((value >> (width - 1)) << width)


def where(condition, yes, no):
    """`yes` where `condition`, else `no`: on integers or arrays of them."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no
