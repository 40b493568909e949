"""AIGER (version 1.9), read in both encodings and written in the binary one (``aiger_ascii``: the other).

Every AND is one cell: AND, ANDNOT, NOTAND or NOR, by the inverters on its inputs; inverters remain only
before outputs and latches. A latch powers up to its reset value; one without a defined value (reset to
itself) powers up to 0, which is one of the values it may have. Symbols name ports and latches;
``name[0] name[1] ...`` become a bus.

Bad states, constraints, justice and fairness properties are output ports called ``bad:NAME``,
``constraint:NAME``, ``justice:NAME`` (a bus) and ``fairness:NAME``; a port of such a name is written as
that property.

Source: A. Biere, K. Heljanko, S. Wieringa, "AIGER 1.9 And Beyond", FMV report 11/2, 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import gates
from ..errors import ParseError
from ..kernels import aiger as kernels
from ..netlist import Netlist, Port
from .aiger_write import ands_of, encoded_symbols
from .files import as_bytes
from .ports import MAX_PORT_BITS, FreshNames, made_ports, title

SUFFIXES = (".aig",)
BINARY = True

PROPERTIES = ("bad", "constraint", "justice", "fairness")
_GATE = np.array([gates.AND, gates.gate("NOTAND").op, gates.gate("ANDNOT").op, gates.NOR], np.uint8)
"""The op of an AND whose first (1) and second (2) literal is complemented."""

_REPORTS = {
    kernels.CUT_OFF: "the file ends here: it is cut off",
    kernels.NO_NUMBER: "expected a number",
    kernels.TOO_LARGE: "this number is too large",
    kernels.TOO_MANY: "there are too many numbers on this line",
    kernels.TOO_FEW: "there are too few numbers on this line",
    kernels.NOT_BELOW: "an AND must come after what it reads, larger literal first",
}


@dataclass(slots=True)
class _Header:
    """The counts of the first line."""

    binary: bool
    variables: int
    inputs: int
    latches: int
    outputs: int
    ands: int
    bad: int = 0
    constraint: int = 0
    justice: int = 0
    fairness: int = 0


def parse(content: bytes | str, source: str = "<bytes>") -> Netlist:
    """The netlist of an AIGER file in either encoding.

    Raises
    ------
    ParseError
        With line and column, or the byte in the binary part: a bad header, counts that the file cannot
        hold, literals that are undefined, defined twice, or out of order.
    """
    return _Reader(as_bytes(content), source).run()


class _Reader:
    """One file being read; ``at`` and ``line`` say how far."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source, self.array = data, source, np.frombuffer(data, np.uint8)
        self.at, self.line = 0, 1

    def fail(self, message: str, at: int | None = None, line: int | None = None) -> ParseError:
        """The error to raise at a byte of the text part."""
        at = self.at if at is None else at
        start = self.data.rfind(b"\n", 0, at) + 1
        shown = self.data[start : start + 40].split(b"\n")[0].decode("ascii", "backslashreplace")
        text = f"{message}; found {shown!r}" if shown else message
        return ParseError(text, source=self.source, line=line or self.line, column=at - start + 1)

    def run(self) -> Netlist:
        """The netlist."""
        self.header = head = self._header()
        inputs = None if head.binary else self._rows(head.inputs, 1, 1)[:, 0]
        latches = self._rows(head.latches, 1 if head.binary else 2, 2 if head.binary else 3)
        outputs = self._rows(head.outputs, 1, 1)[:, 0]
        sizes: dict[str, np.ndarray] = {}
        shown = [outputs]
        for kind in PROPERTIES:
            count = getattr(head, kind)
            if kind == "justice":
                sizes[kind] = self._rows(count, 1, 1)[:, 0]
                if sizes[kind].sum() > len(self.data) or (count and sizes[kind].min() < 1):
                    raise self.fail("a justice property has no literals, or more than the file can hold")
            else:
                sizes[kind] = np.ones(count, np.int64)
            shown.append(self._rows(int(sizes[kind].sum()), 1, 1)[:, 0])
        ands = self._binary_ands() if head.binary else self._rows(head.ands, 3, 3)
        if inputs is None:
            first = head.inputs + 1
            latches = np.column_stack([2 * np.arange(first, first + head.latches), latches])
            first += head.latches
            ands = np.column_stack([2 * np.arange(first, first + head.ands), ands])
            inputs = 2 * np.arange(1, head.inputs + 1)
        symbols = self._symbols(sizes)
        return _Assembly(self, inputs, latches, ands, shown, sizes, symbols).netlist()

    def _header(self) -> _Header:
        end = self.data.find(b"\n", 0, 200)
        words = self.data[: end if end >= 0 else 200].split()
        if not words or words[0] not in (b"aig", b"aag"):
            raise self.fail("expected 'aig' or 'aag' and five to nine counts (is this an AIGER file?)")
        counts = words[1:]
        if end < 0 or not 5 <= len(counts) <= 9 or not all(w.isdigit() and len(w) <= 10 for w in counts):
            raise self.fail("expected 'aig' or 'aag' and five to nine counts: M I L O A [B C J F]")
        head = _Header(words[0] == b"aig", *map(int, counts))
        defined = head.inputs + head.latches + head.ands
        if head.variables < defined or (head.binary and head.variables != defined):
            raise self.fail(f"the header has {head.variables} variables for {defined} inputs, latches and ANDs")
        if head.variables >= 1 << 30:
            raise self.fail("this file has more variables than a netlist can hold (2^30)")
        if max(head.inputs, head.outputs) > MAX_PORT_BITS:
            raise self.fail(f"this file has more than {MAX_PORT_BITS:,} inputs or outputs")
        rows = head.latches + head.outputs + head.bad + head.constraint + head.justice + head.fairness
        rows += head.ands + (0 if head.binary else head.inputs)
        if 2 * rows > len(self.data) + 1:
            raise self.fail(f"the file has {len(self.data):,} bytes: its header promises more than it can hold")
        self.at, self.line = end + 1, 2
        return head

    def _rows(self, count: int, least: int, most: int) -> np.ndarray:
        if count > len(self.data):
            raise self.fail("the file promises more lines than it can hold")
        out = np.full((count, most), -1, np.int64)
        at, row, report = kernels.read_rows(self.array, self.at, least, out)
        if report != kernels.GOOD:
            raise self.fail(_REPORTS[report], at, self.line + row)
        self.at, self.line = at, self.line + count
        return out

    def _binary_ands(self) -> np.ndarray:
        head = self.header
        out = np.empty((head.ands, 2), np.int64)
        at, row, report = kernels.decode_deltas(self.array, self.at, head.inputs + head.latches + 1, out)
        if report != kernels.GOOD:
            raise ParseError(
                f"AND {row + 1} of {head.ands}, at byte {at:,}: {_REPORTS[report]}", source=self.source, line=self.line
            )
        self.at = at
        return out

    def _symbols(self, sizes: dict[str, np.ndarray]) -> dict[tuple[str, int], str]:
        """Names by kind (its letter) and position."""
        limits = {"i": self.header.inputs, "l": self.header.latches, "o": self.header.outputs}
        limits |= {kind[0]: len(sizes[kind]) for kind in PROPERTIES}
        found: dict[tuple[str, int], str] = {}
        at = self.at
        while at < len(self.data):
            end = self.data.find(b"\n", at)
            end = end if end >= 0 else len(self.data)
            text = self.data[at:end].rstrip(b"\r").decode("utf-8", "replace")
            if text == "c" or (text[:1] == "c" and text[1:2] in (" ", "")):
                break
            place, space, name = text.partition(" ")
            if text:
                digits = place[1:]
                if not space or place[:1] not in limits or not (digits.isascii() and digits.isdigit()):
                    raise self.fail("expected a symbol such as 'i0 name', or 'c' before a comment", at)
                if len(digits) > 10 or int(digits) >= limits[place[0]]:
                    raise self.fail(f"there is no {place}: this file has {limits[place[0]]} of those", at)
                found[place[0], int(digits)] = name
            at, self.line = end + 1, self.line + 1
        return found


class _Assembly:
    """Literals to nets: every variable is a cell; complements that remain become inverters."""

    def __init__(self, reader: _Reader, inputs, latches, ands, shown, sizes, symbols) -> None:
        self.reader, self.inputs, self.latches, self.ands = reader, inputs, latches, ands
        self.shown, self.sizes, self.symbols = shown, sizes, symbols
        self.defined = np.concatenate([inputs, latches[:, 0], ands[:, 0]])
        self._check()

    def fail(self, message: str) -> ParseError:
        return ParseError(message, source=self.reader.source)

    def _check(self) -> None:
        if self.reader.header.binary:
            self.order = None
            return
        bad = self.defined[(self.defined < 2) | (self.defined & 1 == 1)]
        if len(bad):
            raise self.fail(f"literal {bad[0]} is defined; inputs, latches and ANDs have even literals from 2")
        self.order = np.argsort(self.defined, kind="stable")
        self.sorted = self.defined[self.order]
        twice = self.sorted[1:][self.sorted[1:] == self.sorted[:-1]]
        if len(twice):
            raise self.fail(f"literal {twice[0]} is defined twice")

    def _place(self, literals: np.ndarray) -> np.ndarray:
        """2 * net + complemented, for an array of literals; constants are nets 0 and 1."""
        if self.order is None:
            if len(literals) and literals.max() > 2 * len(self.defined) + 1:
                raise self.fail(f"literal {literals.max()} is not defined")
            net = (literals >> 1) + 1
        else:
            even = literals & ~1
            at = np.minimum(np.searchsorted(self.sorted, even), max(len(self.sorted) - 1, 0))
            known = self.sorted[at] == even if len(self.sorted) else np.zeros(len(literals), bool)
            missing = literals[~known & (literals > 1)]
            if len(missing):
                raise self.fail(f"literal {missing[0]} is read but not defined")
            net = (self.order[at] if len(self.sorted) else at) + 2
        return np.where(literals < 2, 2 * literals, 2 * net + (literals & 1))

    def netlist(self) -> Netlist:
        """The netlist of the whole file."""
        n_inputs, n_latches = len(self.inputs), len(self.latches)
        pins = self._place(self.ands[:, 1:].ravel()).reshape(-1, 2)
        latches, resets = self._place(self.latches[:, 1]), self._resets()
        shown = [self._place(s) for s in self.shown]
        n_variables = 2 + len(self.defined)
        everything = np.concatenate([latches, *shown])
        inverted = np.unique(everything[everything & 1 == 1])

        def net(places: np.ndarray) -> np.ndarray:
            return np.where(places & 1, n_variables + np.searchsorted(inverted, places), places >> 1)

        op = np.concatenate([
            [gates.CONST0, gates.CONST1],
            np.full(n_inputs, gates.INPUT),
            np.where(resets, gates.DFF1, gates.DFF),
            _GATE[(pins[:, 0] & 1) | (pins[:, 1] & 1) << 1],
            np.full(len(inverted), gates.NOT),
        ])  # fmt: skip
        registers = np.column_stack([net(latches), np.ones(n_latches, np.int64), np.zeros(n_latches, np.int64)])
        counts = np.repeat([0, 3, 2, 1], [2 + n_inputs, n_latches, len(pins), len(inverted)])
        fanin = np.concatenate([registers.ravel(), (pins >> 1).ravel(), inverted >> 1])
        names = {2 + n_inputs + k: self.symbols["l", k] for k in range(n_latches) if self.symbols.get(("l", k))}
        ports = self._ports([net(s).tolist() for s in shown])
        name = title(self.reader.source, "aiger")
        return Netlist(name, op, np.concatenate([[0], np.cumsum(counts)]), fanin, ports, names)

    def _resets(self) -> np.ndarray:
        """(latches,) bool: powers up to 1."""
        given = self.latches[:, 2]
        wrong = (given > 1) & (given != self.latches[:, 0])
        if wrong.any():
            k = int(np.argmax(wrong))
            raise self.fail(f"latch {self.latches[k, 0]} is reset to {given[k]}: it may be 0, 1, or the latch itself")
        return given == 1

    def _ports(self, shown: list[list[int]]) -> tuple[Port, ...]:
        called = lambda kind, k: self.symbols.get((kind, k)) or f"{kind}{k}"  # noqa: E731
        inputs = [(called("i", k), 2 + k) for k in range(len(self.inputs))]
        ports = list(made_ports(inputs, [(called("o", k), net) for k, net in enumerate(shown[0])]))
        fresh = FreshNames(p.name for p in ports)
        for kind, nets in zip(PROPERTIES, shown[1:], strict=True):
            low = 0
            for k, size in enumerate(self.sizes[kind].tolist()):
                name = self.symbols.get((kind[0], k)) or str(k)
                ports.append(Port(fresh(f"{kind}:{name}"), "output", tuple(nets[low : low + size])))
                low += size
        return tuple(ports)


def dump(net: Netlist) -> bytes:
    """`net` as a binary AIGER file.

    Raises
    ------
    UnsupportedError
        The netlist has memories.
    LoopError
        It has a combinational loop.
    """
    parts = ands_of(net)
    head = parts.header("aig") + "".join(f"{row}\n" for row in parts.latch_rows(binary=True))
    head += "".join(f"{row}\n" for row in parts.output_rows())
    body = kernels.encode_deltas(parts.first_and, parts.ands).tobytes()
    return head.encode() + body + encoded_symbols(parts).encode()
