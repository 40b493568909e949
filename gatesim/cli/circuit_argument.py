"""A circuit on the command line: a file, or a generator with its arguments.

``adder.bench``, ``circuits.adders:kogge_stone[a=64,b=64]``, ``adders.kogge_stone[8]``,
``kogge_stone[8]``, or a function of the user's own: ``my_module:function[...]``.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import BuildError, GatesimError, unknown_name
from ..netlist import Netlist

_GENERATOR = re.compile(r"^(?P<name>[A-Za-z_][\w.]*(?::[A-Za-z_]\w*)?)(?:\[(?P<args>.*)\])?$", re.DOTALL)


def load_circuit(text: str) -> Netlist:
    """The netlist that `text` names.

    Raises
    ------
    GatesimError
        No such file, module, function or argument; the message says what is there instead.
    """
    from .. import formats

    path = Path(text)
    match = _GENERATOR.match(text)
    if path.exists() or formats.is_known(path) or match is None:
        return formats.read(path)
    arguments = _arguments(text, match["args"])
    function, sizes = _find(match["name"])
    return _build(match["name"], function, sizes, arguments)


def _arguments(text: str, inside: str | None) -> dict[str, Any] | int:
    """``{"a": 8}`` from ``a=8``; the number from ``8``."""
    if not inside or not inside.strip():
        return {}
    try:
        call = ast.parse(f"f({inside})", mode="eval").body
        assert isinstance(call, ast.Call)
        if len(call.args) == 1 and not call.keywords:
            return int(ast.literal_eval(call.args[0]))
        if call.args:
            raise ValueError("give either one width or name=value pairs")
        return {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (SyntaxError, ValueError, TypeError) as exc:
        raise BuildError(f"cannot read the arguments of {text!r}: {exc}; write [8] or [a=8,b=8]") from None


def _find(name: str) -> tuple[Callable, Callable[[int], dict[str, Any] | None] | None]:
    """The function called `name`, and its sizes where the catalogue knows them."""
    from circuits.catalog import catalog, find

    if ":" not in name:
        found = find(name)
        return found.function, found.sizes
    module_name, function_name = name.split(":")
    for entry in catalog().values():
        if name == f"circuits.{entry.module}:{entry.name.split('.')[1]}":
            return entry.function, entry.sizes
    if "" not in sys.path:
        sys.path.insert(0, "")  # a user's module beside them
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as exc:
        raise GatesimError(f"there is no module {exc.name!r} (for the circuit {name!r})") from None
    function = getattr(module, function_name, None)
    if not callable(function):
        functions = [n for n, v in vars(module).items() if inspect.isfunction(v) and not n.startswith("_")]
        raise unknown_name(f"function of {module_name}", function_name, functions)
    return function, None


def _called(name: str, function: Callable[..., Netlist], arguments: dict[str, Any] | int) -> Netlist:
    """The netlist of a function that makes one by itself."""
    if isinstance(arguments, int):
        raise BuildError(f"{name} makes a netlist by itself and takes no width: give its arguments by name, if any")
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as exc:
        raise BuildError(f"{name}: {exc}") from None
    return function(**arguments)


def _build(name: str, function: Callable, sizes, arguments: dict[str, Any] | int) -> Netlist:
    from ..generators import build, signal_parameters

    if inspect.signature(function).return_annotation in (Netlist, "Netlist"):
        return _called(name, function, arguments)
    if isinstance(arguments, dict) and arguments:
        return build(function, **arguments)
    signals = signal_parameters(function)
    if sizes is None:
        width = arguments if isinstance(arguments, int) else 8
        given: dict[str, Any] = {k: width for k, (role, needed) in signals.items() if role == "bus" and needed}
        return build(function, **given)
    widths = (arguments,) if isinstance(arguments, int) else (8, 16, 3, 2, 1)
    chosen = next((a for w in widths if (a := sizes(w)) is not None), None)
    if chosen is None:
        raise BuildError(f"{name} makes no sense at width {arguments}: give its arguments by name, for example [a=8]")
    # An optional signal (a carry-in) appears only when it is asked for by name.
    return build(function, **{k: v for k, v in chosen.items() if signals.get(k, ("", True))[1]})
