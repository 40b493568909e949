"""BLIF (Berkeley Logic Interchange Format), read and written.

Read: ``.names`` with don't-cares (any function: a gate of the table where there is one), ``.latch`` with
power-up values, ``.subckt`` (hierarchy is flattened, with scopes), ``.gate`` and ``.mlatch`` of library
cells known by name or described by the user, ``.clock``, ``.exdc`` (passed over: external don't-cares say
nothing of the function), Yosys' ``.conn``. The top is the first model that no other one uses.

``.names a y`` with the cover ``1 1`` is a wire; with ``0 0`` (the same function) it is a buffer, so that
buffers of a netlist survive. A latch of unknown (3) or free (2) power-up value powers up to 0. The one
clock is implicit: an input that only controls latches is dropped.

Written: one ``.names`` a gate, in order. Latches have neither enable nor reset here: those become gates
before the latch. Source: "Berkeley Logic Interchange Format (BLIF)", UC Berkeley, 1992.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import ParseError, UnsupportedError, unknown_name
from ..gates import DFF, DFF1
from ..kernels import blif as kernels
from ..netlist import Netlist, Scope
from .blif_syntax import Model, Rows, cover_cells, models
from .blif_write import dump
from .cells import Library, place
from .clock import Clocks, without_clock
from .files import as_bytes
from .flat import ALIAS, MAX_CELLS, CellArrays, Flat, resolved
from .numbered import NumberedCells
from .ports import MAX_PORT_BITS, FreshNames, title

__all__ = ["BINARY", "SUFFIXES", "dump", "parse"]

SUFFIXES = (".blif",)
BINARY = True
MAX_DEPTH = 100


def parse(
    content: bytes | str, source: str = "<text>", library: Library | None = None, top: str | None = None
) -> Netlist:
    """The netlist of a BLIF text.

    Parameters
    ----------
    content, source : bytes or str, str
    library : Library, optional
        Cells beside those known by name.
    top : str, optional
        The top model; by default the first that no other one uses.

    Raises
    ------
    ParseError
        With line and column: a fault of syntax, an unknown model, cell or pin, models that contain
        themselves or expand beyond `MAX_CELLS`; or all undriven and doubly driven nets.
    """
    return _Reader(Rows(as_bytes(content), source), library or Library()).run(top)


@dataclass(slots=True)
class _Instance:
    """A ``.subckt`` of a model: what its formals are connected to."""

    model: str
    actual: dict[str, int]
    token: int


@dataclass(slots=True)
class _Body:
    """A model as arrays on its own nets: `names` are the file's nets, ascending; local net k + 2 is names[k]."""

    model: Model
    cells: CellArrays
    nets: np.ndarray
    instances: list[_Instance]
    controls: list[tuple[int, str, int]]
    """Clock net, edge and token of its latches."""

    def local(self, nets) -> np.ndarray:
        """Nets of the file as nets of this model."""
        nets = np.asarray(nets)
        return np.where(nets < 2, nets, np.searchsorted(self.nets, nets) + 2)


class _Reader:
    """One file being read."""

    def __init__(self, rows: Rows, library: Library) -> None:
        self.rows, self.library = rows, library

    def run(self, top_name: str | None) -> Netlist:
        """The netlist of the top model."""
        rows = self.rows
        found = models(rows)
        self.by_name: dict[str, Model] = {}
        for m in found:
            if m.name in self.by_name:
                raise rows.fail(f"model {m.name!r} is declared twice", int(rows.rows[m.row]))
            self.by_name[m.name] = m
        sink = NumberedCells(rows.n_names + 2)
        bodies = self._bodies(found, sink)
        if top_name is not None and top_name not in self.by_name:
            raise ParseError(str(unknown_name("model", top_name, self.by_name)), source=rows.source)
        used = {i.model for b in bodies.values() for i in b.instances}
        top = self.by_name[top_name] if top_name else next((m for m in found if m.name not in used), None)
        if top is None:
            raise rows.fail("the models contain each other in a circle: there is no top model", 0)
        return _Flattening(self, bodies, top).netlist()

    # -- cells of every model ----------------------------------------------------------------

    def _bodies(self, found: list[Model], sink: NumberedCells) -> dict[str, _Body]:
        rows = self.rows
        instances: dict[str, list[_Instance]] = {}
        controls: dict[str, list[tuple[int, str, int]]] = {}
        for m in found:
            instances[m.name], controls[m.name] = [], []
            for row in sorted([*m.latches, *m.cells, *m.aliases]):
                sink.place = row
                if row in m.latches:
                    controls[m.name] += self._latch(row, sink)
                elif row in m.aliases:
                    a, b = (int(rows.number[t]) + 2 for t in rows.span(row)[1:])
                    sink.alias(b, a, rows.line_of(row))
                else:
                    self._cell(row, sink, instances[m.name], controls[m.name])
        inside = np.zeros(len(rows.rows), bool)
        for m in found:
            inside[m.row : m.end] = True
        covers, places = cover_cells(rows, np.flatnonzero(inside & (rows.kinds == kernels.NAMES)), sink)
        cells = CellArrays.joined([covers, sink.arrays()])
        places = np.concatenate([places, sink.places])
        order = np.argsort(places, kind="stable")
        cells, places = cells.taken(order), places[order]
        bodies = {}
        for m in found:
            low, high = np.searchsorted(places, [m.row, m.end])
            part = cells if len(found) == 1 else cells.taken(np.arange(low, high))
            bodies[m.name] = self._body(m, part, instances[m.name], controls[m.name], sink, len(found) == 1)
        return bodies

    def _body(self, m: Model, cells: CellArrays, instances, controls, sink: NumberedCells, alone: bool) -> _Body:
        if not m.has_inputs:  # they may be left out: then they are the nets that nothing drives
            driven = np.concatenate([cells.net, *(list(i.actual.values()) for i in instances if not m.black_box)])
            read = np.unique(cells.pins[cells.pins > 1])
            free = np.setdiff1d(read, driven.astype(np.int64))
            m.inputs = [(k - 2, m.line) for k in free[free < self.rows.n_names + 2].tolist()]
            clocks = {k for k, _, _ in controls} - {k + 2 for k, _ in m.inputs} - set(cells.net.tolist())
            m.inputs += [(k - 2, m.line) for k in sorted(clocks)]
        for kind in ("inputs", "outputs"):
            if len(getattr(m, kind)) > MAX_PORT_BITS:
                raise ParseError(f"model {m.name!r} has more than {MAX_PORT_BITS:,} {kind}", source=self.rows.source)
        if alone:
            body = _Body(m, cells, np.arange(2, sink.n_nets), instances, controls)
            return body
        ports = [k + 2 for k, _ in (*m.inputs, *m.outputs, *m.clocks)]
        actual = [k for i in instances for k in i.actual.values()]
        nets = np.unique(np.concatenate([cells.net, cells.pins.ravel(), ports, actual, [k for k, _, _ in controls]]))
        body = _Body(m, cells, nets[nets > 1].astype(np.int64), instances, controls)
        moved = np.where(cells.pins < 0, -1, body.local(np.maximum(cells.pins, 0)))
        body.cells = CellArrays(cells.op, body.local(cells.net), moved.astype(np.int32), cells.line)
        for i in instances:
            i.actual = {formal: int(body.local(k)) for formal, k in i.actual.items()}
        body.controls = [(int(body.local(k)), edge, token) for k, edge, token in controls]
        return body

    def _latch(self, row: int, sink: NumberedCells) -> list[tuple[int, str, int]]:
        rows = self.rows
        words, span = rows.words(row), rows.span(row)
        init = words[-1] if len(words) in (4, 6) else "3"
        if init not in ("0", "1", "2", "3"):
            raise rows.fail(f"the power-up value of a latch is 0, 1, 2 (free) or 3 (unknown), not {init!r}", span[-1])
        d, q = int(rows.number[span[1]]) + 2, int(rows.number[span[2]]) + 2
        sink.cell(DFF1 if init == "1" else DFF, q, (d, sink.one, sink.zero), rows.line_of(row))
        if len(words) < 5:
            return []
        kind = words[3]
        if kind in ("ah", "al", "as"):
            raise rows.fail(f"a latch of type {kind!r} is not driven by a clock edge; 're' and 'fe' are read", span[3])
        if kind not in ("re", "fe"):
            raise rows.fail(f"expected the type of a latch (re, fe, ah, al or as), found {kind!r}", span[3])
        return [] if words[4] == "NIL" else [(int(rows.number[span[4]]) + 2, kind, int(span[4]))]

    def _cell(self, row: int, sink: NumberedCells, instances: list[_Instance], controls: list) -> None:
        rows = self.rows
        words, span = rows.words(row), rows.span(row)
        kind, token = words[1], int(span[0])
        actual: dict[str, int] = {}
        init = None
        for word, t in zip(words[2:], span[2:], strict=True):
            formal, equals, _ = word.partition("=")
            if not equals and words[0] == ".mlatch":
                init = int(word) if word in ("0", "1") else init  # its control and power-up value
                continue
            if not equals:
                raise rows.fail(f"expected PIN=NET, found {word!r}", t)
            if formal in actual:
                raise rows.fail(f"pin {formal!r} of {kind!r} is connected twice", t)
            if rows.number[t] >= 0:  # "PIN=" leaves it open
                actual[formal] = int(rows.number[t]) + 2
        if kind in self.by_name and not self.by_name[kind].black_box:
            instances.append(_Instance(kind, actual, token))
            return
        try:
            cell = self.library.find(kind)
        except UnsupportedError as exc:
            raise rows.fail(str(exc), token) from None
        if cell is None:
            raise rows.fail(
                f"{unknown_name('model or cell', kind, self.by_name)} (give its model, or describe the cell in a "
                "TOML file)",
                token,
            )
        outputs = dict(cell.outputs)
        if "O" in outputs and "O" not in actual and len(outputs) == 1:  # genlib names fix no name for the output
            outside = [p for p in actual if p not in cell.inputs]
            if len(outside) == 1:
                actual["O"] = actual.pop(outside[0])
        known = {*cell.inputs, *outputs}
        for pin in actual:
            if pin not in known and outputs:
                raise rows.fail(str(unknown_name(f"pin of {kind}", pin, sorted(known))), token)
        for pin in cell.inputs:
            if pin not in actual:
                raise rows.fail(f"pin {pin!r} of {kind} is not connected", token)
        if cell.clock:
            controls.append((actual[cell.clock], "re" if cell.rising else "fe", token))
        place(
            sink, cell, {p: actual[p] for p in cell.inputs}, {p: actual[p] for p in outputs if p in actual},
            rows.line_of(row), init,
        )  # fmt: skip


class _Flattening:
    """Copies of models on nets of one numbering."""

    def __init__(self, reader: _Reader, bodies: dict[str, _Body], top: Model) -> None:
        self.rows, self.bodies, self.top = reader.rows, bodies, top
        self._size: dict[str, tuple[int, int]] = {}
        self.parts: list[CellArrays] = []
        self.scopes: list[Scope] = [Scope("", -1)]
        self.scope_of: list[np.ndarray] = []
        self.blocks: list[tuple[int, _Body, str]] = []
        self.controls: list[tuple[int, str, int]] = []
        self.n_nets = 2

    def _count(self, name: str, above: tuple[str, ...], token: int) -> int:
        """Cells and nets of a model once expanded (known before anything is expanded)."""
        if name in above:
            raise self.rows.fail(f"model {name!r} contains itself: {' -> '.join((*above, name))}", token)
        if len(above) > MAX_DEPTH:
            raise self.rows.fail(f"models are nested more than {MAX_DEPTH} deep", token)
        if name not in self._size:
            body = self.bodies[name]
            total = len(body.cells.op) + len(body.nets) + 1
            deepest = 0
            for i in body.instances:
                total += self._count(i.model, (*above, name), i.token) + len(i.actual)
                deepest = max(deepest, 1 + self._size[i.model][1])
            self._size[name] = (total, deepest)
        total, deepest = self._size[name]
        if total > MAX_CELLS:
            raise self.rows.fail(f"model {name!r} expands to more than {MAX_CELLS:,} cells and nets", token)
        if len(above) + deepest > MAX_DEPTH:
            raise self.rows.fail(f"models are nested more than {MAX_DEPTH} deep", token)
        return total

    def netlist(self) -> Netlist:
        """The netlist of the top model."""
        rows, top = self.rows, self.top
        if top.black_box:
            raise rows.fail(f"model {top.name!r} is a black box", int(rows.rows[top.row]))
        self._count(top.name, (), int(rows.rows[top.row]))
        base = self._place(self.bodies[top.name], "", 0)
        body = self.bodies[top.name]

        def port(listed):
            return [(rows.name(k), int(body.local(k + 2)) + base, line) for k, line in listed]

        inputs = port([*top.inputs, *(c for c in top.clocks if c not in top.inputs)])
        flat = Flat(
            top.name or title(rows.source, "blif"), rows.source, self.n_nets, CellArrays.joined(self.parts),
            inputs, port(top.outputs), tuple(self.scopes), np.concatenate(self.scope_of),
        )  # fmt: skip
        net = resolved(flat, self._label, self._names)
        clocks = self._clock(flat, {k: name for name, k, _ in inputs})
        return without_clock(net, clocks | {rows.name(k) for k, _ in top.clocks})

    def _clock(self, flat: Flat, inputs: dict[int, str]) -> set[str]:
        """The input port that controls the latches."""
        clocks: Clocks[int] = Clocks()
        for net, edge, token in self.controls:
            clocks.add(net, edge == "re", lambda message, token=token: self.rows.fail(message, token))
        root = clocks.root(flat.cells.aliases(), self._label) if self.controls else None
        return {inputs[root]} if root in inputs else set()

    def _place(self, body: _Body, path: str, scope: int) -> int:
        """Add a copy of a model; returns how much higher its nets are."""
        base = self.n_nets - 2
        self.n_nets += len(body.nets)
        self.blocks.append((base, body, path))
        self._add(body.cells.moved(base), scope)
        self.controls += [(k + base, edge, token) for k, edge, token in body.controls]
        fresh = FreshNames()
        for i in body.instances:
            child = self.bodies[i.model]
            label = fresh(i.model)
            self.scopes.append(Scope(label, scope, i.model))
            below = self._place(child, f"{path}{label}.", len(self.scopes) - 1)
            self._connect(i, child, base, below)
        return base

    def _add(self, cells: CellArrays, scope: int) -> None:
        self.parts.append(cells)
        self.scope_of.append(np.full(len(cells.op), scope, np.int32))

    def _connect(self, i: _Instance, child: _Body, base: int, below: int) -> None:
        rows = self.rows
        line = int(rows.lines[i.token])
        links: list[tuple[int, int, tuple[int, ...], int]] = []
        formals = {}
        for listed, inward in ((child.model.outputs, False), ((*child.model.inputs, *child.model.clocks), True)):
            formals |= {rows.name(k): (int(child.local(k + 2)) + below, inward) for k, _ in listed}
        for formal, actual in i.actual.items():
            if formal not in formals:
                raise rows.fail(str(unknown_name(f"port of model {i.model}", formal, formals)), i.token)
            inside, inward = formals[formal]
            outside = actual + base
            links.append((ALIAS, inside, (outside,), line) if inward else (ALIAS, outside, (inside,), line))
        for formal, (_, inward) in formals.items():
            if inward and formal not in i.actual and formal not in {rows.name(k) for k, _ in child.model.clocks}:
                raise rows.fail(f"input {formal!r} of model {i.model!r} is not connected", i.token)
        self._add(CellArrays.from_rows(links), 0)

    # -- names -------------------------------------------------------------------------------

    def _label(self, net: int) -> str:
        if net < 2:
            return f"constant {net}"
        at = int(np.searchsorted([b for b, _, _ in self.blocks], net - 2, side="right")) - 1
        base, body, path = self.blocks[at]
        own = int(body.nets[net - base - 2]) - 2
        return path + (self.rows.name(own) if own < self.rows.n_names else "(inner net)")

    def _names(self, nets: np.ndarray) -> list[str | None]:
        if len(self.blocks) == 1:
            return self._block_names(0, nets)
        found: list[str | None] = [None] * len(nets)
        block = np.searchsorted([base for base, _, _ in self.blocks], nets - 2, side="right") - 1
        order = np.argsort(block, kind="stable")
        cuts = np.searchsorted(block[order], np.arange(len(self.blocks) + 1)).tolist()
        for k, (low, high) in enumerate(pairwise(cuts)):
            places = order[low:high]
            for at, name in zip(places.tolist(), self._block_names(k, nets[places]), strict=True):
                found[at] = name
        return found

    def _block_names(self, block: int, nets: np.ndarray) -> list[str | None]:
        """The names of nets of one instance."""
        base, body, path = self.blocks[block]
        own = body.nets[nets - base - 2] - 2
        known = own < self.rows.n_names
        named: list[str | None] = list(self.rows.name_list(own[known]))
        if path:
            named = [f"{path}{name}" for name in named]
        if known.all():
            return named
        rest = iter(named)
        return [next(rest) if k else None for k in known.tolist()]
