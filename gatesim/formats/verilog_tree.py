"""The syntax tree of structural Verilog."""

from __future__ import annotations

from dataclasses import dataclass, field

from .verilog_tokens import Token


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    ``kind``: id (``name``), select (``name``, parts msb and lsb or only msb), indexed (``name``, parts
    base and width; ``value`` 1 or -1 for ``+:`` and ``-:``), const (``value``, ``width`` or None), string
    (``name``), concat (parts), repeat (parts: count, then the concatenation), unary, binary (``name`` is the
    operator) and cond (three parts).
    """

    kind: str
    token: Token
    name: str = ""
    parts: tuple[Expr, ...] = ()
    value: int = 0
    width: int | None = None
    signed: bool = False


Range = tuple[Expr, Expr]


@dataclass(slots=True)
class Assign:
    """A continuous assignment."""

    left: Expr
    right: Expr
    token: Token


@dataclass(slots=True)
class Instance:
    """A gate or module instance; ``connections`` and ``parameters`` are (name or None, expression or None)."""

    module: str
    name: str
    connections: list[tuple[str | None, Expr | None]]
    token: Token
    parameters: list[tuple[str | None, Expr | None]] = field(default_factory=list)
    range: Range | None = None


@dataclass(slots=True)
class Declared:
    """A declared net or port: its range, or None for one bit."""

    range: Range | None
    token: Token
    signed: bool = False


@dataclass(slots=True)
class Module:
    """One module as written."""

    name: str
    token: Token
    ports: list[str] = field(default_factory=list)
    direction: dict[str, str] = field(default_factory=dict)
    nets: dict[str, Declared] = field(default_factory=dict)
    constants: dict[str, Expr] = field(default_factory=dict)
    """Parameters and local ones, in order."""
    constant_types: dict[str, Declared] = field(default_factory=dict)
    """Ranges of those that have one."""
    parameters: list[str] = field(default_factory=list)
    """Those that an instance may set, in order."""
    supplies: dict[str, int] = field(default_factory=dict)
    items: list[Assign | Instance] = field(default_factory=list)
