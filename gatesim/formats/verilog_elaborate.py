"""From the syntax tree of structural Verilog to named cells: hierarchy, vectors, expressions, clocks."""

from __future__ import annotations

import numpy as np

from .. import gates
from ..errors import ParseError, unknown_name
from ..netlist import Netlist, Port
from .named import ONE, ZERO, NamedCells
from .verilog_cells import PRIMITIVES, FlipFlop, flip_flop, library_cell
from .verilog_syntax import MAX_BITS, Expr, Instance, Module
from .verilog_tokens import Token

MAX_DEPTH = 200

_BINARY = {"&": gates.AND, "|": gates.OR, "^": gates.XOR, "~^": gates.XNOR, "^~": gates.XNOR}
_REDUCE = {"&": "AND", "|": "OR", "^": "XOR", "~&": "NAND", "~|": "NOR", "~^": "XNOR", "^~": "XNOR"}


class Elaborator:
    """Flattens the modules of one file below its top module."""

    def __init__(self, modules: dict[str, Module], source: str) -> None:
        self.modules, self.source = modules, source
        self.clock: tuple[str, bool, Token] | None = None
        self.clock_nets: dict[str, Token] = {}

    def run(self) -> Netlist:
        """The netlist of the top module."""
        top = self._top()
        cells = self.cells = NamedCells(top.name, self.source)
        unit = _Unit(self, top, "", ())
        ports: list[tuple[str, str, int]] = []
        for name in top.ports:
            bits = unit.bits(name, top.token)
            direction = top.direction[name]
            for bit in bits:
                if direction == "input":
                    cells.input_bit(bit, top.token.line)
                else:
                    cells.output_bit(bit, bit, top.token.line)
            ports.append((name, direction, len(bits)))
        unit.elaborate()
        roots = {cells.root(net): (net, token) for net, token in self.clock_nets.items()}
        if len(roots) > 1:
            names = ", ".join(repr(net) for net, _ in roots.values())
            raise self.fail(
                f"flip-flops have several clocks ({names}): a netlist has one", [t for _, t in roots.values()][1]
            )
        clock = next(iter(roots), None)
        return _without_clock(cells.finish(ports=ports), clock)

    def _top(self) -> Module:
        used = {i.module for m in self.modules.values() for i in m.items if isinstance(i, Instance)}
        tops = [m for m in self.modules.values() if m.name not in used]
        if not tops:
            first = next(iter(self.modules.values()))
            raise self.fail("the modules instantiate each other in a circle: there is no top module", first.token)
        return tops[0] if len(tops) == 1 else max(tops, key=lambda m: len(m.items))

    def fail(self, message: str, token: Token) -> ParseError:
        """The error to raise, at a token."""
        return ParseError(message, source=self.source, line=token.line, column=token.column)

    def take_clock(self, net: str, kind: FlipFlop, token: Token) -> None:
        """Note a flip-flop's clock: all must share one net and edge (told apart after aliases)."""
        if self.clock is None:
            self.clock = (net, kind.rising, token)
        elif self.clock[1] != kind.rising:
            raise self.fail("flip-flops on both edges of the clock are not supported: a netlist has one edge", token)
        self.clock_nets.setdefault(net, token)


class _Unit:
    """One instance of a module under elaboration."""

    def __init__(self, world: Elaborator, module: Module, path: str, parents: tuple[str, ...]) -> None:
        if module.name in parents:
            raise world.fail(f"module {module.name!r} contains itself", module.token)
        if len(parents) > MAX_DEPTH:
            raise world.fail(f"modules are nested more than {MAX_DEPTH} deep", module.token)
        self.world, self.module, self.path, self.parents = world, module, path, (*parents, module.name)
        self.ranges: dict[str, tuple[int, int]] = {}
        for name in module.ports:
            if name not in module.direction:
                raise world.fail(f"port {name!r} of module {module.name!r} has no direction", module.token)
        for name, declared in module.nets.items():
            if declared.range is None:
                self.ranges[name] = (0, 0)
            else:
                high, low = (self.constant(e) for e in declared.range)
                if abs(high - low) >= MAX_BITS:
                    raise world.fail(
                        f"{name!r} is {abs(high - low) + 1} bits wide; at most {MAX_BITS} are read", declared.token
                    )
                self.ranges[name] = (high, low)

    @property
    def cells(self) -> NamedCells:
        return self.world.cells

    # -- constants and names -----------------------------------------------------------------

    def constant(self, e: Expr) -> int:
        """The integer of a constant expression."""
        if e.kind == "const":
            return e.value
        if e.kind == "id" and e.name in self.module.constants:
            return self.constant(self.module.constants[e.name])
        if e.kind == "unary" and e.name in "+-":
            value = self.constant(e.parts[0])
            return -value if e.name == "-" else value
        if e.kind == "binary" and e.name in ("+", "-", "*"):
            left, right = (self.constant(p) for p in e.parts)
            return {"+": left + right, "-": left - right, "*": left * right}[e.name]
        raise self.world.fail("a constant is expected here", e.token)

    def _declare(self, name: str, token: Token) -> tuple[int, int]:
        if name not in self.ranges:
            # Verilog declares an unknown name as a wire of one bit.
            self.ranges[name] = (0, 0)
        return self.ranges[name]

    def bit(self, name: str, index: int, token: Token) -> str:
        """The flat name of one bit of a net."""
        high, low = self._declare(name, token)
        if not min(high, low) <= index <= max(high, low):
            raise self.world.fail(f"bit {index} of {name!r} is outside its range [{high}:{low}]", token)
        if name in self.module.supplies:
            return ONE if self.module.supplies[name] else ZERO
        scalar = self.module.nets.get(name)
        whole = scalar is None or scalar.range is None
        return f"{self.path}{name}" if whole else f"{self.path}{name}[{index}]"

    def bits(self, name: str, token: Token) -> list[str]:
        """All bits of a net, least significant first."""
        high, low = self._declare(name, token)
        step = 1 if high >= low else -1
        return [self.bit(name, i, token) for i in range(low, high + step, step)]

    # -- expressions -------------------------------------------------------------------------

    def value(self, e: Expr, width: int | None = None) -> list[str]:
        """Nets that carry an expression, LSB first; unsized constants take `width` bits."""
        if e.kind == "const":
            n = e.width or width or max(1, e.value.bit_length())
            return [ONE if e.value >> i & 1 else ZERO for i in range(n)]
        if e.kind == "id":
            if e.name in self.module.constants:
                value = self.constant(e)
                return [ONE if value >> i & 1 else ZERO for i in range(width or max(1, value.bit_length()))]
            return self.bits(e.name, e.token)
        if e.kind == "select":
            return self._select(e)
        if e.kind == "concat":
            return [bit for part in reversed(e.parts) for bit in self.value(part)]
        if e.kind == "repeat":
            count, inner = self.constant(e.parts[0]), self.value(e.parts[1])
            if not 0 < count * len(inner) <= MAX_BITS:
                raise self.world.fail(f"a replication of {count} x {len(inner)} bits is not possible", e.token)
            return inner * count
        if e.kind == "cond":
            return self._conditional(e, width)
        if e.kind == "unary":
            return self._unary(e, width)
        return self._binary(e, width)

    def _select(self, e: Expr) -> list[str]:
        if len(e.parts) == 1:
            return [self.bit(e.name, self.constant(e.parts[0]), e.token)]
        high, low = (self.constant(p) for p in e.parts)
        declared = self._declare(e.name, e.token)
        if (high - low) * (declared[0] - declared[1]) < 0:
            raise self.world.fail(f"part-select [{high}:{low}] of {e.name!r} runs against its range", e.token)
        step = 1 if high >= low else -1
        if abs(high - low) >= MAX_BITS:
            raise self.world.fail(f"part-select [{high}:{low}] of {e.name!r} is too wide", e.token)
        return [self.bit(e.name, i, e.token) for i in range(low, high + step, step)]

    def _gate(self, op: int, inputs: list[str], token: Token) -> str:
        name = self.cells.inner()
        self.cells.cell(op, name, inputs, token.line)
        return name

    def _reduced(self, kind: str, bits: list[str], token: Token) -> str:
        name = self.cells.inner()
        self.cells.wide(kind, name, bits, token.line)
        return name

    def _truth(self, e: Expr) -> str:
        bits = self.value(e)
        return bits[0] if len(bits) == 1 else self._reduced("OR", bits, e.token)

    def _conditional(self, e: Expr, width: int | None) -> list[str]:
        condition = self._truth(e.parts[0])
        yes, no = self._equal(e.parts[1], e.parts[2], width)
        return [self._gate(gates.MUX, [condition, n, y], e.token) for y, n in zip(yes, no, strict=True)]

    def _unary(self, e: Expr, width: int | None) -> list[str]:
        (operand,) = e.parts
        if e.name == "~":
            return [self._gate(gates.NOT, [b], e.token) for b in self.value(operand, width)]
        if e.name == "!":
            return [self._gate(gates.NOT, [self._truth(operand)], e.token)]
        if e.name in _REDUCE:
            return [self._reduced(_REDUCE[e.name], self.value(operand), e.token)]
        raise self.world.fail(f"arithmetic ({e.name!r}) is not structural: turn the design into gates first", e.token)

    def _binary(self, e: Expr, width: int | None) -> list[str]:
        if e.name in ("&&", "||"):
            inputs = [self._truth(p) for p in e.parts]
            return [self._gate(gates.AND if e.name == "&&" else gates.OR, inputs, e.token)]
        if e.name in ("==", "!="):
            left, right = self._equal(e.parts[0], e.parts[1], None)
            same = [self._gate(gates.XNOR, [x, y], e.token) for x, y in zip(left, right, strict=True)]
            return [self._reduced("AND" if e.name == "==" else "NAND", same, e.token)]
        if e.name not in _BINARY:
            raise self.world.fail(
                f"arithmetic ({e.name!r}) is not structural: turn the design into gates first", e.token
            )
        left, right = self._equal(e.parts[0], e.parts[1], width)
        return [self._gate(_BINARY[e.name], [x, y], e.token) for x, y in zip(left, right, strict=True)]

    def _equal(self, left: Expr, right: Expr, width: int | None) -> tuple[list[str], list[str]]:
        """Both operands at one width: the narrower is extended by zeros, as Verilog does."""
        sized = [self.value(p) if not _unsized(p) else None for p in (left, right)]
        n = max(width or 0, *(len(v) for v in sized if v is not None), 0)
        made = [v if v is not None else self.value(p, n or None) for v, p in zip(sized, (left, right), strict=True)]
        n = max(n, *map(len, made))
        return (made[0] + [ZERO] * (n - len(made[0])), made[1] + [ZERO] * (n - len(made[1])))

    # -- items -------------------------------------------------------------------------------

    def elaborate(self) -> None:
        """Add everything that the module holds."""
        for number, item in enumerate(self.module.items):
            if isinstance(item, Instance):
                self._instance(item, number)
            else:
                self.connect(self._target(item.left), item.right, item.token)

    def _target(self, e: Expr) -> list[str]:
        if e.kind not in ("id", "select", "concat"):
            raise self.world.fail(
                "the left side of an assign must be a net, a part of one, or a concatenation", e.token
            )
        return self.value(e)

    def connect(self, targets: list[str], source: Expr, token: Token) -> None:
        """Drive the target nets by an expression: cut or extended by zeros to their width."""
        values = self.value(source, len(targets))
        if len(values) > len(targets) and source.kind in ("id", "select", "concat"):
            raise self.world.fail(f"{len(values)} bits are assigned to {len(targets)} bits", token)
        values = values[: len(targets)] + [ZERO] * (len(targets) - len(values))
        for target, driver in zip(targets, values, strict=True):
            if target in (ZERO, ONE):
                raise self.world.fail("a constant cannot be assigned to", token)
            self.cells.alias(target, driver, token.line)

    def _instance(self, instance: Instance, number: int) -> None:
        name = instance.module
        if name in PRIMITIVES or name in ("not", "buf"):
            self._primitive(instance)
        elif name in self.world.modules:
            self._child(instance, number)
        elif (cell := library_cell(name)) is not None:
            pins = self._named(instance)
            inputs = sorted({p for _, used in cell.outputs.values() for p in used})
            self._check_pins(instance, pins, {*cell.outputs, *inputs}, set(inputs))
            for out, (op, used) in cell.outputs.items():
                if pins.get(out) is not None:
                    target = self._one_bit(instance, out, self._target(pins[out]))
                    self.cells.cell(op, target, [self._pin(instance, pins, p) for p in used], instance.token.line)
        elif (kind := flip_flop(name)) is not None:
            if isinstance(kind, str):
                raise self.world.fail(f"cell {name!r} is not supported: {kind}", instance.token)
            self._flip_flop(instance, kind)
        else:
            known = [*self.world.modules, *PRIMITIVES, "not", "buf"]
            raise self.world.fail(str(unknown_name("module or cell", name, known)), instance.token)

    def _primitive(self, instance: Instance) -> None:
        values = [e for _, e in instance.connections]
        if any(p is not None for p, _ in instance.connections) or any(e is None for e in values) or len(values) < 2:
            raise self.world.fail(f"{instance.module} takes an output and its inputs by position", instance.token)
        exprs = [e for e in values if e is not None]
        line = instance.token.line
        if instance.module in PRIMITIVES:
            out = self._one_bit(instance, "output", self._target(exprs[0]))
            inputs = [self._one_bit(instance, "input", self.value(e, 1)) for e in exprs[1:]]
            self.cells.wide(PRIMITIVES[instance.module], out, inputs, line)
            return
        driver = self._one_bit(instance, "input", self.value(exprs[-1], 1))
        for e in exprs[:-1]:  # not and buf: any number of outputs, one input
            op = gates.NOT if instance.module == "not" else gates.BUF
            self.cells.cell(op, self._one_bit(instance, "output", self._target(e)), [driver], line)

    def _named(self, instance: Instance) -> dict[str, Expr]:
        pins: dict[str, Expr] = {}
        for port, value in instance.connections:
            if port is None:
                raise self.world.fail(
                    f"cell {instance.module!r} is connected by pin names only: .A(net)", instance.token
                )
            if port in pins:
                raise self.world.fail(f"pin {port!r} of {instance.name!r} is connected twice", instance.token)
            if value is not None:
                pins[port] = value
        return pins

    def _check_pins(self, instance: Instance, pins: dict[str, Expr], known: set[str], needed: set[str]) -> None:
        for pin in pins:
            if pin not in known:
                raise self.world.fail(
                    str(unknown_name(f"pin of {instance.module}", pin, sorted(known))), instance.token
                )
        for pin in sorted(needed - set(pins)):
            raise self.world.fail(
                f"pin {pin!r} of {instance.module} {instance.name!r} is not connected", instance.token
            )

    def _one_bit(self, instance: Instance, pin: str, bits: list[str]) -> str:
        if len(bits) != 1:
            where = f"{instance.module} {instance.name!r}"
            raise self.world.fail(f"{pin} of {where} is one bit wide; {len(bits)} bits are connected", instance.token)
        return bits[0]

    def _pin(self, instance: Instance, pins: dict[str, Expr], pin: str) -> str:
        return self._one_bit(instance, f"pin {pin!r}", self.value(pins[pin], 1))

    def _flip_flop(self, instance: Instance, kind: FlipFlop) -> None:
        pins = self._named(instance)
        used = {p for p in (kind.clock, kind.d, kind.enable, kind.reset) if p}
        self._check_pins(instance, pins, {*used, kind.q}, {kind.clock, kind.d})
        line = instance.token.line
        enable, reset = ONE, ZERO
        if kind.enable and kind.enable in pins:
            enable = self._level(instance, pins, kind.enable, kind.enable_level)
        if kind.reset and kind.reset in pins:
            reset = self._level(instance, pins, kind.reset, kind.reset_level)
        if kind.enable_guards_reset:
            reset = self._gate(gates.AND, [reset, enable], instance.token)
        self.world.take_clock(self._pin(instance, pins, kind.clock), kind, instance.token)
        if kind.q in pins:
            q = self._one_bit(instance, f"pin {kind.q!r}", self._target(pins[kind.q]))
            d = self._pin(instance, pins, kind.d)
            self.cells.flip_flop(q, d, line, enable=enable, reset=reset, init=kind.init)

    def _level(self, instance: Instance, pins: dict[str, Expr], pin: str, active_high: bool) -> str:
        net = self._pin(instance, pins, pin)
        return net if active_high else self._gate(gates.NOT, [net], instance.token)

    def _child(self, instance: Instance, number: int) -> None:
        module = self.world.modules[instance.module]
        label = instance.name or f"{instance.module}_{number}"
        child = _Unit(self.world, module, f"{self.path}{label}.", self.parents)
        outer = self.cells.open_scope(label, module.name)
        given: dict[str, Expr | None] = {}
        named = any(p is not None for p, _ in instance.connections)
        if not named and len(instance.connections) > len(module.ports):
            count = len(instance.connections)
            raise self.world.fail(
                f"{count} connections for the {len(module.ports)} ports of {module.name!r}", instance.token
            )
        for position, (port, value) in enumerate(instance.connections):
            key = port if port is not None else module.ports[position] if not named else ""
            if key not in module.ports:
                raise self.world.fail(str(unknown_name(f"port of {module.name}", key, module.ports)), instance.token)
            if key in given:
                raise self.world.fail(f"port {key!r} of {label!r} is connected twice", instance.token)
            given[key] = value
        for port in module.ports:
            inside = child.bits(port, instance.token)
            value = given.get(port)
            if module.direction[port] == "input":
                if value is None:
                    raise self.world.fail(
                        f"input {port!r} of {label!r} ({module.name}) is not connected", instance.token
                    )
                self._check_width(port, label, len(inside), self.value(value, len(inside)), instance.token)
                self.connect(inside, value, instance.token)
            elif value is not None:
                outside = self._target(value)
                self._check_width(port, label, len(inside), outside, instance.token)
                for target, driver in zip(outside, inside, strict=True):
                    self.cells.alias(target, driver, instance.token.line)
        child.elaborate()
        self.cells.scope = outer

    def _check_width(self, port: str, label: str, wanted: int, given: list[str], token: Token) -> None:
        if len(given) != wanted:
            raise self.world.fail(f"port {port!r} of {label!r} has {wanted} bits; {len(given)} are connected", token)


def _unsized(e: Expr) -> bool:
    return e.kind == "const" and e.width is None


def _without_clock(net: Netlist, clock: str | None) -> Netlist:
    """Drop the clock's input port when nothing but flip-flops used it: a netlist's clock is implicit."""
    port = next((p for p in net.inputs if p.name == clock and p.width == 1), None)
    if port is None or port.nets[0] in net.fanin or any(port.nets[0] in p.nets for p in net.outputs):
        return net
    keep = np.arange(net.n_nets) != port.nets[0]
    final = np.cumsum(keep) - 1
    counts = np.diff(net.fanin_ptr)[keep]
    return Netlist(
        net.name,
        net.op[keep],
        np.concatenate(([0], np.cumsum(counts))),
        final[net.fanin],
        tuple(Port(p.name, p.direction, tuple(int(final[k]) for k in p.nets)) for p in net.ports if p is not port),
        {int(final[k]): name for k, name in net.names.items() if keep[k]},
        net.scopes,
        net.scope_of[keep],
    )
