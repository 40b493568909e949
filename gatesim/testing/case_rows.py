"""The rows that a test case of a drawing gives, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import GatesimError, ParseError
from . import case_syntax
from .case_syntax import Case, Let, Loop, Names, Row


@dataclass(frozen=True, slots=True)
class Values:
    """One row with its columns computed: an int, or X, Z, C; and where it stands."""

    line: int
    columns: tuple[int | str, ...]
    variables: str = ""


def rows(case: Case, source: str, names: Names) -> Iterator[Values]:
    """The rows of a test case, one after another; expressions may read outputs through `names`.

    Raises
    ------
    ParseError
        A row with the wrong number of values, an unknown variable, or more than ``MAX_ITERATIONS`` turns.
    """
    turns = 0

    def walk(body: tuple[Row | Let | Loop, ...], scope: Names) -> Iterator[Values]:
        nonlocal turns
        for statement in body:
            turns += 1
            if turns > case_syntax.MAX_ITERATIONS:
                raise ParseError(
                    f"the test case has more than {case_syntax.MAX_ITERATIONS} rows and turns of loops",
                    source=source,
                    line=statement.line,
                )
            try:
                if isinstance(statement, Let):
                    _assign(scope, statement.name, statement.value(scope))
                elif isinstance(statement, Row):
                    yield _values(case, statement, scope)
                elif statement.condition is None:
                    inner = Names(scope)
                    for i in range(statement.count):
                        turns += 1
                        inner.values[statement.name] = i
                        yield from walk(statement.body, inner)
                        if turns > case_syntax.MAX_ITERATIONS:
                            break
                else:
                    while statement.condition(scope):
                        turns += 1
                        if turns > case_syntax.MAX_ITERATIONS:
                            break
                        yield from walk(statement.body, scope)
            except ParseError:
                raise
            except GatesimError as exc:
                raise ParseError(str(exc), source=source, line=statement.line) from None
            if turns > case_syntax.MAX_ITERATIONS:
                raise ParseError(
                    f"the test case has more than {case_syntax.MAX_ITERATIONS} rows and turns of loops",
                    source=source,
                    line=statement.line,
                )

    return walk(case.body, names)


def _assign(scope: Names, name: str, value: int) -> None:
    scope.values[name] = value


def _values(case: Case, row: Row, scope: Names) -> Values:
    columns: list[int | str] = []
    for item in row.items:
        if isinstance(item, tuple):
            count, expression = item
            value = expression(scope)
            columns += [value >> (count - 1 - i) & 1 for i in range(count)]
        else:
            columns.append(item(scope) if callable(item) else item)
    if len(columns) != len(case.names):
        raise GatesimError(f"the row has {len(columns)} values; the first line names {len(case.names)}")
    shown = []
    at: Names | None = scope
    while at is not None:
        shown += [f"{k}={v}" for k, v in at.values.items()]
        at = at.outer
    return Values(row.line, tuple(columns), ", ".join(reversed(shown)))
