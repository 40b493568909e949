"""Circuits as functions over buses: ``block`` labels their cells, ``build`` makes netlists of them."""

from __future__ import annotations

import functools
import inspect
import keyword
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from .builder import Builder
from .errors import BuildError, unknown_name
from .netlist import Netlist
from .signals import Bit, Bus, Signal

F = TypeVar("F", bound=Callable)


def find_builder(*values: object) -> Builder | None:
    """The builder of the first bit, bus or builder found in `values` (sequences searched too)."""
    for value in values:
        if isinstance(value, Builder):
            return value
        if isinstance(value, Bit):
            return value.builder
        if isinstance(value, (tuple, list)) and (found := find_builder(*value)) is not None:
            return found
    return None


def block(function: F) -> F:
    """Decorate a generator function: each call labels its cells with a scope of the function's name."""

    @functools.wraps(function)
    def scoped(*args, **kwargs):
        builder = find_builder(*args, *kwargs.values())
        if builder is None:
            raise BuildError(f"{function.__name__}() needs a bit, a bus or a Builder among its arguments")
        with builder.scope(function.__name__):
            return function(*args, **kwargs)

    return typing.cast(F, scoped)


def build(function: Callable, /, name: str | None = None, **arguments) -> Netlist:
    """Turn a function over buses into a netlist.

    Parameters annotated ``Bus`` or ``Bit`` become input ports: give the width of each bus (a bit is
    always 1; an optional bit appears only when its argument is given). A parameter annotated as a
    sequence of buses takes a tuple of widths and makes ports ``name0, name1, ...``. A parameter
    annotated ``Builder`` receives the builder. Everything else is passed on. The result's fields
    (NamedTuple or dict), or ``out`` for a single signal, become output ports. A parameter that had to be
    spelled with an underscore because Python reserves the word (``in_``) makes a port without it.

    Examples
    --------
    >>> def half_adder(x: Bit, y: Bit) -> dict[str, Bit]:
    ...     return {"sum": x ^ y, "carry": x & y}
    >>> build(half_adder).n_gates
    2

    Raises
    ------
    BuildError
        A width is missing, or the function returns something that is no signal.
    UnknownNameError
        An argument that the function does not take.
    """
    plain = inspect.unwrap(function)
    label = getattr(plain, "__name__", type(plain).__name__)
    builder = Builder(name or label)
    try:
        hints = typing.get_type_hints(plain)
    except (NameError, TypeError) as exc:
        raise BuildError(f"cannot read the annotations of {label}(): {exc}") from exc
    parameters = inspect.signature(plain).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for key in arguments:
        if key not in parameters and not takes_any:
            raise unknown_name(f"argument of {label}()", key, parameters)
    call: dict[str, object] = {k: v for k, v in arguments.items() if k not in parameters}
    for key, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        given = key in arguments
        value = arguments.get(key)
        role = _role(hints.get(key))
        if role == "builder":
            call[key] = builder
        elif role is None:
            if given:
                call[key] = value
            elif parameter.default is parameter.empty:
                raise BuildError(f"{label}() needs a value for {key!r}")
        elif given and value is None:
            call[key] = None
        elif role == "bit":
            if given or parameter.default is parameter.empty:
                if given and value != 1:
                    raise BuildError(f"{label}(): {key!r} is a bit; its width is 1, not {value!r}")
                call[key] = builder.input(port_name(key))
        elif not given:
            if parameter.default is parameter.empty:
                raise BuildError(f"{label}() needs a width for its bus {key!r}, for example {key}=8")
        elif role == "bus":
            call[key] = builder.input_bus(port_name(key), _width(label, key, value))
        else:
            call[key] = _input_sequence(builder, label, key, role, value)
    positional = [call.pop(k) for k, p in parameters.items() if p.kind is p.POSITIONAL_ONLY and k in call]
    result = function(*positional, **call)
    for out_name, signal in named_outputs(label, result):
        builder.output(out_name, signal)
    return builder.freeze()


def port_name(parameter: str) -> str:
    """The port that a parameter makes: ``in_`` makes ``in``."""
    bare = parameter.removesuffix("_")
    return bare if keyword.iskeyword(bare) else parameter


def _role(hint: object) -> str | None:
    """What an annotation asks of build(): bit, bus, buses, bits, builder, or nothing."""
    if hint is Builder:
        return "builder"
    if hint is Bit:
        return "bit"
    if hint is Bus:
        return "bus"
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        roles = {_role(a) for a in args if a is not type(None)}
        return roles.pop() if len(roles) == 1 else None
    if origin is not None and args:
        inner = _role(args[0])
        if inner in ("bus", "bit"):
            return "buses" if inner == "bus" else "bits"
    return None


def _width(label: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise BuildError(f"{label}(): {key!r} is a bus; give its width as a positive integer, not {value!r}")
    return int(value)


def _input_sequence(builder: Builder, label: str, key: str, role: str, value: object) -> list[Signal]:
    if role == "bits":
        return list(builder.input_bus(key, _width(label, key, value)))
    if not isinstance(value, (tuple, list)):
        raise BuildError(f"{label}(): {key!r} is a sequence of buses; give a tuple of widths, not {value!r}")
    return [builder.input_bus(f"{key}{i}", _width(label, key, w)) for i, w in enumerate(value)]


def named_outputs(label: str, result: object) -> Iterator[tuple[str, Bit | Sequence[Bit]]]:
    """The signals in what the generator called `label` returned, by output port name."""
    if isinstance(result, (Bit, Bus)):
        yield "out", result
        return
    if isinstance(result, dict):
        fields = list(result.items())
    elif isinstance(result, tuple) and hasattr(result, "_asdict"):  # a NamedTuple
        fields = list(result._asdict().items())  # type: ignore[attr-defined]
    else:
        raise BuildError(
            f"{label}() must return a Bit, a Bus, a NamedTuple or a dict of them, not {type(result).__name__}"
        )
    for key, signal in fields:
        if signal is None:
            continue
        if isinstance(signal, list):
            for i, bus in enumerate(signal):
                yield f"{key}{i}", bus
        elif isinstance(signal, (Bit, Bus)):
            yield key, signal
        else:
            raise BuildError(f"{label}(): result {key!r} is a {type(signal).__name__}, not a Bit or a Bus")


def signal_parameters(function: Callable) -> dict[str, tuple[str, bool]]:
    """Parameters of a generator that become input ports: name to (role, whether it must be given).

    The role is ``bit``, ``bus``, ``bits`` or ``buses``, as :func:`build` reads the annotations.
    """
    plain = inspect.unwrap(function)
    hints = typing.get_type_hints(plain)
    parameters = inspect.signature(plain).parameters
    roles = {k: (_role(hints.get(k)), p.default is p.empty) for k, p in parameters.items()}
    return {k: (role, needed) for k, (role, needed) in roles.items() if role not in (None, "builder")}  # type: ignore[misc]
