"""From the syntax tree of structural Verilog to named cells: hierarchy, connections, clocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..errors import ParseError, UnsupportedError, unknown_name
from ..gates import BUF, NOT
from ..netlist import Direction, Netlist
from .cells import Cell, Library, place
from .clock import Clocks, without_clock
from .expansion import MAX_CELLS, check_expansion
from .named import ONE, ZERO, NamedCells
from .verilog_expressions import MAX_BITS
from .verilog_tokens import Token
from .verilog_tree import Expr, Instance, Module
from .verilog_values import Values, unsized

MAX_COPIES = 1 << 16

PRIMITIVES = {"and": "AND", "nand": "NAND", "or": "OR", "nor": "NOR", "xor": "XOR", "xnor": "XNOR"}
"""Verilog gate primitives with one output and any number of inputs, output first."""
_SWITCHES = frozenset(
    """bufif0 bufif1 notif0 notif1 nmos pmos cmos rnmos rpmos rcmos tran tranif0 tranif1 rtran rtranif0 rtranif1
    pullup pulldown""".split()  # noqa: SIM905
)


class Elaborator:
    """Flattens the modules of one file below its top module."""

    def __init__(self, modules: dict[str, Module], source: str, library: Library) -> None:
        self.modules, self.source, self.library = modules, source, library
        self.clocks: Clocks[str] = Clocks()
        self._instances = 0

    def run(self, top_name: str | None = None) -> Netlist:
        """The netlist of the top module."""
        top = self._top(top_name)
        placed = {
            name: [i.module for i in m.items if isinstance(i, Instance) and i.module in self.modules]
            for name, m in self.modules.items()
        }
        own = {name: len(m.items) + 1 for name, m in self.modules.items()}
        check_expansion(top.name, placed, own, lambda name, message: self.fail(message, self.modules[name].token))
        cells = self.cells = NamedCells(top.name, self.source)
        unit = _Unit(self, top, "", {})
        ports: list[tuple[str, Direction, int]] = []
        for name in top.ports:
            bits = unit.values.bits(name, top.token)
            if top.direction[name] == "input":
                for bit in bits:
                    cells.input_bit(bit, top.token.line)
                ports.append((name, "input", len(bits)))
            else:
                for bit in bits:
                    cells.output_bit(bit, bit, top.token.line)
                ports.append((name, "output", len(bits)))
        unit.elaborate()
        net = cells.finish(ports=ports)
        clock = self.clocks.root(cells.aliases(), str)
        return without_clock(net, {clock} if clock else set())

    def _top(self, name: str | None) -> Module:
        if name is not None:
            if name not in self.modules:
                raise ParseError(str(unknown_name("module", name, self.modules)), source=self.source)
            return self.modules[name]
        used = {i.module for m in self.modules.values() for i in m.items if isinstance(i, Instance)}
        tops = [m for m in self.modules.values() if m.name not in used]
        if not tops:
            first = next(iter(self.modules.values()))
            raise self.fail("the modules instantiate each other in a circle: there is no top module", first.token)
        return tops[0] if len(tops) == 1 else max(tops, key=lambda m: len(m.items))

    def fail(self, message: str, token: Token) -> ParseError:
        """The error to raise, at a token."""
        return ParseError(message, source=token.source or self.source, line=token.line, column=token.column)

    def count(self, token: Token) -> None:
        """Note one more instance; refuse a file that stands for too much."""
        self._instances += 1
        if self._instances + len(self.cells) > MAX_CELLS:
            raise self.fail(f"the design expands to more than {MAX_CELLS:,} cells and instances", token)


class _Unit:
    """One instance of a module under elaboration."""

    def __init__(self, world: Elaborator, module: Module, path: str, parameters: Mapping[str, Expr]) -> None:
        self.world, self.module, self.path = world, module, path
        values = self.values = Values(world.cells, world.fail, path)
        for name, e in module.constants.items():  # each may use those before it
            given = parameters.get(name, e)
            values.constants[name] = given if given.kind == "string" else self._typed(name, given)
        for name in module.ports:
            if name not in module.direction:
                raise world.fail(f"port {name!r} of module {module.name!r} has no direction", module.token)
        for name, declared in module.nets.items():
            bounds = None
            if declared.range is not None:
                high, low = (values.constant(e) for e in declared.range)
                bounds = (high, low)
            values.declare(name, bounds, declared.token)
            if declared.signed:
                values.signed_nets.add(name)
        for name, supply in module.supplies.items():
            values.declare(name, None, module.token, supply)

    def _constant(self, e: Expr) -> Expr:
        """A constant expression as one constant (kept as written where it is one)."""
        return e if e.kind == "const" else Expr("const", e.token, value=self.values.constant(e), signed=True)

    def _typed(self, name: str, e: Expr) -> Expr:
        """A parameter's value in its declared range."""
        declared = self.module.constant_types.get(name)
        made = self._constant(e)
        if declared is None or declared.range is None:
            return made
        high, low = (self.values.constant(bound) for bound in declared.range)
        width = abs(high - low) + 1
        if width > MAX_BITS:
            raise self.world.fail(f"{name!r} is {width} bits wide; at most {MAX_BITS} are read", declared.token)
        value = self.values.constant(made) & ((1 << width) - 1)
        return Expr("const", e.token, value=value, width=width, signed=declared.signed)

    @property
    def cells(self) -> NamedCells:
        return self.world.cells

    # -- items -------------------------------------------------------------------------------

    def elaborate(self) -> None:
        """Add everything that the module holds."""
        for number, item in enumerate(self.module.items):
            self.world.count(item.token)
            if isinstance(item, Instance):
                self._instance(item, number)
            else:
                self._assign(item.left, item.right, item.token)

    def _assign(self, left: Expr, right: Expr, token: Token) -> None:
        targets = self._target(left)
        for target, driver in zip(targets, self.values.value(right, len(targets)), strict=True):
            self.cells.alias(target, driver, token.line)

    def _target(self, e: Expr) -> list[str]:
        if e.kind not in ("id", "select", "indexed", "concat"):
            raise self.world.fail("only a net, a part of one, or a concatenation can be driven", e.token)
        if e.kind == "concat":
            return [bit for part in reversed(e.parts) for bit in self._target(part)]
        if e.kind == "id" and e.name in self.values.constants:
            raise self.world.fail(f"{e.name!r} is a parameter: it cannot be driven", e.token)
        found = self.values.value(e)
        if ZERO in found or ONE in found:
            raise self.world.fail(f"{e.name!r} is a constant: it cannot be driven", e.token)
        return found

    # -- instances ---------------------------------------------------------------------------

    def _instance(self, instance: Instance, number: int) -> None:
        name = instance.module
        label = instance.name or f"{name}_{number}"
        if instance.range is None:
            self._place(instance, label, 0, 1)
            return
        high, low = (self.values.constant(e) for e in instance.range)
        copies = abs(high - low) + 1
        if copies > MAX_COPIES:
            raise self.world.fail(f"{label!r} has {copies} copies; at most {MAX_COPIES} are read", instance.token)
        for k in range(copies):
            self.world.count(instance.token)
            self._place(instance, f"{label}[{low + k if high >= low else low - k}]", k, copies)

    def _place(self, instance: Instance, label: str, copy: int, copies: int) -> None:
        """One instance, or one of an array: number `copy` of `copies`, from the right."""
        name = instance.module
        connect = _Connections(self, instance, label, copy, copies)
        if name in PRIMITIVES or name in ("not", "buf"):
            self._primitive(instance, connect)
        elif name in self.world.modules:
            self._child(instance, label, connect)
        elif name in _SWITCHES:
            message = f"{name!r} is a switch or tri-state primitive, which this reader does not place"
            raise self.world.fail(message, instance.token)
        else:
            try:
                cell = self.world.library.find(name)
            except UnsupportedError as exc:
                raise self.world.fail(str(exc), instance.token) from None
            if cell is None:
                known = [*self.world.modules, *PRIMITIVES, "not", "buf"]
                raise self.world.fail(str(unknown_name("module or cell", name, known)), instance.token)
            self._cell(instance, cell, connect)

    def _primitive(self, instance: Instance, connect: _Connections) -> None:
        pins = [e for _, e in instance.connections]
        if any(p is not None for p, _ in instance.connections) or None in pins or len(pins) < 2:
            raise self.world.fail(f"{instance.module} takes an output and its inputs by position", instance.token)
        exprs = [e for e in pins if e is not None]
        line = instance.token.line
        if instance.module in PRIMITIVES:
            output = connect.driven("output", exprs[0], 1)[0]
            inputs = [connect.read("input", e, 1)[0] for e in exprs[1:]]
            self.cells.wide(PRIMITIVES[instance.module], output, inputs, line)
            return
        driver = connect.read("input", exprs[-1], 1)[0]
        for e in exprs[:-1]:  # not and buf: any number of outputs, one input
            self.cells.cell(NOT if instance.module == "not" else BUF, connect.driven("output", e, 1)[0], [driver], line)

    def _cell(self, instance: Instance, cell: Cell, connect: _Connections) -> None:
        if not cell.outputs:  # a filler: nothing but layout
            return
        pins = self._named(instance)
        known = {*cell.inputs, *cell.outputs}
        for pin in pins:
            if pin not in known:
                raise self.world.fail(str(unknown_name(f"pin of {cell.name}", pin, sorted(known))), instance.token)
        for pin in cell.inputs:
            if pin not in pins:
                where = f"{cell.name} {instance.name!r}"
                raise self.world.fail(f"pin {pin!r} of {where} is not connected", instance.token)
        read = {pin: connect.read(f"pin {pin!r}", pins[pin], 1)[0] for pin in cell.inputs}
        driven = {pin: connect.driven(f"pin {pin!r}", pins[pin], 1)[0] for pin in cell.outputs if pin in pins}
        if cell.clock:
            self.world.clocks.add(read[cell.clock], cell.rising, partial(self.world.fail, token=instance.token))
        place(self.cells, cell, read, driven, instance.token.line)

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

    # -- modules -----------------------------------------------------------------------------

    def _child(self, instance: Instance, label: str, connect: _Connections) -> None:
        module = self.world.modules[instance.module]
        parameters = self._parameters(instance, module)
        child = _Unit(self.world, module, f"{self.path}{label}.", parameters)
        outer = self.cells.open_scope(label, module.name)
        given = self._given(instance, module, label)
        for port in module.ports:
            inside = child.values.bits(port, instance.token)
            value = given.get(port)
            where = f"port {port!r}"
            if module.direction[port] == "input":
                if value is None:
                    raise self.world.fail(
                        f"input {port!r} of {label!r} ({module.name}) is not connected", instance.token
                    )
                pairs = zip(inside, connect.read(where, value, len(inside)), strict=True)
            elif value is not None:
                pairs = zip(connect.driven(where, value, len(inside)), inside, strict=True)
            else:
                continue
            for target, driver in pairs:
                self.cells.alias(target, driver, instance.token.line)
        child.elaborate()
        self.cells.scope = outer

    def _given(self, instance: Instance, module: Module, label: str) -> dict[str, Expr | None]:
        """Connections by port name."""
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
        return given

    def _parameters(self, instance: Instance, module: Module) -> dict[str, Expr]:
        """What an instance sets, as constants."""
        found: dict[str, Expr] = {}
        for position, (name, e) in enumerate(instance.parameters):
            if name is None:
                if position >= len(module.parameters):
                    raise self.world.fail(
                        f"{len(instance.parameters)} values for the {len(module.parameters)} parameters of "
                        f"{module.name!r}", instance.token,
                    )  # fmt: skip
                name = module.parameters[position]  # noqa: PLW2901
            if name not in module.parameters:
                raise self.world.fail(
                    str(unknown_name(f"parameter of {module.name}", name, module.parameters)), instance.token
                )
            if e is not None:
                found[name] = e if e.kind == "string" else self._constant(e)
        return found


class _Connections:
    """The nets that an instance, or one of an array of them, is connected to."""

    def __init__(self, unit: _Unit, instance: Instance, label: str, copy: int, copies: int) -> None:
        self.unit, self.instance, self.label = unit, instance, label
        self.copy, self.copies = copy, copies

    def read(self, pin: str, e: Expr, width: int) -> list[str]:
        """The nets of an expression at an input of `width` bits."""
        values = self.unit.values
        own = values.size(e)
        if unsized(e) or (e.kind == "id" and e.name in values.constants):
            return values.value(e, width)
        self._check(pin, own, width)
        return self._part(values.value(e), width)

    def driven(self, pin: str, e: Expr, width: int) -> list[str]:
        """The nets that an output of `width` bits drives."""
        nets = self.unit._target(e)
        self._check(pin, len(nets), width)
        return self._part(nets, width)

    def _check(self, pin: str, given: int, width: int) -> None:
        if given == width or (self.copies > 1 and given == width * self.copies):
            return
        kind = "bit" if given == 1 else "bits"
        where = f"{pin} of {self.instance.module} {self.label!r}"
        raise self.unit.world.fail(f"{where} is {_bits(width)} wide; {given} {kind} are connected", self.instance.token)

    def _part(self, nets: list[str], width: int) -> list[str]:
        if len(nets) == width:
            return nets
        return nets[self.copy * width : (self.copy + 1) * width]


def _bits(width: int) -> str:
    return "one bit" if width == 1 else f"{width} bits"
