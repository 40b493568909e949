"""Structural Verilog-2005, from tokens to a tree. No meaning here; that is ``verilog_elaborate``."""

from __future__ import annotations

import re

from ..errors import ParseError
from .verilog_expressions import ExpressionParser
from .verilog_tokens import Token
from .verilog_tree import Assign, Declared, Expr, Instance, Module, Range

_BEHAVIOURAL = frozenset(("always", "initial", "task", "function", "generate", "for", "case", "if", "reg", "integer",
                          "genvar", "defparam", "event", "time", "real", "realtime"))  # fmt: skip
_REFUSED = {
    "tri0": "a net with a pull needs four values", "tri1": "a net with a pull needs four values",
    "triand": "wired logic: write the gate", "trior": "wired logic: write the gate",
    "wand": "wired logic: write the gate", "wor": "wired logic: write the gate",
    "trireg": "a net that keeps its charge", "primitive": "a user-defined primitive: write it as gates",
    "macromodule": "write 'module'", "config": "give one top module", "library": "give one top module",
}  # fmt: skip
_NET_TYPES = ("wire", "tri", "uwire")
OWN_CELLS = frozenset(("gatesim_dff", "gatesim_dff1"))
"""Flip-flop modules that gatesim writes: known by name, their bodies are not read."""


class Parser(ExpressionParser):
    """The modules of one file."""

    # -- modules -----------------------------------------------------------------------------

    def modules(self) -> dict[str, Module]:
        """Every module of the file, in order."""
        found: dict[str, Module] = {}
        while self.now.kind != "end":
            if self.now.text in _REFUSED:
                raise self._refused(self.now)
            self.expect("module")
            module = self._module()
            if module.name in found:
                raise self.fail(f"module {module.name!r} is declared twice", module.token)
            if module.name not in OWN_CELLS:
                found[module.name] = module
        if not found:
            raise self.fail("there is no module in this file")
        return found

    def _module(self) -> Module:
        token = self.identifier()
        module = Module(token.text, token)
        if token.text in OWN_CELLS:
            self._skip_to("endmodule")
            return module
        if self.accept("#"):
            self.expect("(")
            while not self.accept(")"):
                self.accept("parameter")
                self._parameter(module, local=False)
                if not self.comes(")"):
                    self.expect(",")
        if self.accept("("):
            self._port_list(module)
        self.expect(";")
        while not self.accept("endmodule"):
            self._item(module)
        return module

    def _skip_to(self, word: str) -> None:
        while self.now.kind != "end" and not self.comes(word):
            self.take()
        self.expect(word)

    def _port_list(self, module: Module) -> None:
        direction, bits, signed = "", None, False
        while not self.accept(")"):
            if self.comes("input", "output", "inout"):
                direction = self._direction()
                signed = self._skip_kind()
                bits = self._range()
            name = self.identifier()
            if name.text in module.direction or name.text in module.ports:
                raise self.fail(f"port {name.text!r} is declared twice", name)
            module.ports.append(name.text)
            if direction:
                module.direction[name.text] = direction
                module.nets[name.text] = Declared(bits, name, signed)
            if self.comes("="):
                raise self.behavioural(name)
            if not self.comes(")"):
                self.expect(",")

    def _direction(self) -> str:
        token = self.take()
        if token.text == "inout":
            raise self.fail("inout ports are not supported: split them into an input and an output", token)
        return token.text

    def _skip_kind(self) -> bool:
        """Pass over a net type; returns whether ``signed`` follows."""
        if self.comes("reg", "integer", "time", "real"):
            raise self.behavioural(self.now)
        if self.comes(*_NET_TYPES):
            self.take()
        return self.accept("signed")

    def _refused(self, token: Token) -> ParseError:
        return self.fail(f"{token.text!r} is not supported ({_REFUSED[token.text]})", token)

    def _range(self) -> Range | None:
        if not self.accept("["):
            return None
        high = self.expression()
        self.expect(":")
        low = self.expression()
        self.expect("]")
        return high, low

    def _delay(self) -> None:
        """Pass over ``#5``, ``#(1, 2.5)``, ``#(1:2:3)``: timing is not part of a netlist."""
        if not self.accept("#"):
            return
        if not self.accept("("):
            self.take()
            return
        depth = 1
        while depth:
            token = self.take()
            if token.kind == "end":
                raise self.fail(f"expected ')', found {self.shown(token)}")
            depth += (token.text == "(") - (token.text == ")")

    def _strength(self) -> None:
        """Pass over ``(strong1, weak0)``."""
        after = self.tokens[self.at + 1 : self.at + 2]
        if self.comes("(") and after and re.fullmatch(r"(supply|strong|pull|weak|highz)[01]", after[0].text):
            self._skip_to(")")

    def _item(self, module: Module) -> None:
        token = self.now
        word = token.text if not token.escaped else ""
        if token.kind != "id":
            raise self.fail(f"expected a declaration, an assign or an instance, found {self.shown()}")
        if word in ("input", "output", "inout"):
            direction = self._direction()
            signed = self._skip_kind()
            self._names(module, direction, signed)
        elif word in _NET_TYPES:
            self.take()
            self._strength()
            self._names(module, "", self.accept("signed"))
        elif word in ("supply0", "supply1"):
            self.take()
            while True:
                module.supplies[self.identifier().text] = int(word[-1])
                if not self.accept(","):
                    break
            self.expect(";")
        elif word in ("parameter", "localparam"):
            self.take()
            while True:
                self._parameter(module, local=word == "localparam")
                if not self.accept(","):
                    break
            self.expect(";")
        elif word == "assign":
            self.take()
            self._strength()
            self._delay()
            while True:
                left = self.expression()
                self.expect("=")
                module.items.append(Assign(left, self.expression(), token))
                if not self.accept(","):
                    break
            self.expect(";")
        elif word == "specify":  # timing only
            self._skip_to("endspecify")
        elif word in _BEHAVIOURAL:
            raise self.behavioural(token)
        elif word in _REFUSED:
            raise self._refused(token)
        else:
            self._instances(module)

    def _parameter(self, module: Module, local: bool) -> None:
        signed = False
        for kind in ("integer", "real", "realtime", "time", "signed"):
            signed = self.accept(kind) or signed
        bits = self._range()
        name = self.identifier()
        self.expect("=")
        if name.text in module.constants:
            raise self.fail(f"parameter {name.text!r} is declared twice", name)
        module.constants[name.text] = self._parameter_value()
        if bits is not None:
            module.constant_types[name.text] = Declared(bits, name, signed)
        if not local:
            module.parameters.append(name.text)

    def _parameter_value(self) -> Expr:
        if self.now.kind in ("string", "real"):
            token = self.take()
            return Expr("string", token, token.text)
        return self.expression()

    def _names(self, module: Module, direction: str, signed: bool) -> None:
        bits = self._range()
        self._delay()
        while True:
            name = self.identifier()
            if self.comes("["):
                raise self.behavioural(name)  # an array of nets or a memory
            if direction:
                if name.text not in module.ports:
                    raise self.fail(
                        f"{name.text!r} is declared as {direction} but is not in the module's port list", name
                    )
                if name.text in module.direction:
                    raise self.fail(f"port {name.text!r} is declared twice", name)
                module.direction[name.text] = direction
            if direction or name.text not in module.nets or bits is not None:
                known = module.nets.get(name.text)
                if known is None or known.range is None:
                    module.nets[name.text] = Declared(bits, name, signed or (known is not None and known.signed))
            if self.accept("="):
                left = Expr("id", name, name.text)
                module.items.append(Assign(left, self.expression(), name))
            if not self.accept(","):
                break
        self.expect(";")

    # -- instances ---------------------------------------------------------------------------

    def _instances(self, module: Module) -> None:
        kind = self.take()
        self._strength()
        parameters: list[tuple[str | None, Expr | None]] = []
        if self.comes("#"):
            after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            if after.text == "(":
                self.at += 2
                parameters = self._connections(self._parameter_or_delay)
            else:
                self._delay()
        while True:
            token = self.now
            name = self.take().text if token.kind == "id" else ""
            bits = self._range()
            self.expect("(")
            connections = self._connections(self.expression)
            module.items.append(Instance(kind.text, name, connections, kind, parameters, bits))
            if not self.accept(","):
                break
        self.expect(";")

    def _parameter_or_delay(self) -> Expr:
        value = self._parameter_value()
        while self.accept(":"):  # the delays min:typ:max of a primitive
            self._parameter_value()
        return value

    def _connections(self, value) -> list[tuple[str | None, Expr | None]]:
        """``(a, , b)`` or ``(.x(a), .y())``, the opening bracket being consumed."""
        found: list[tuple[str | None, Expr | None]] = []
        while not self.accept(")"):
            if self.accept("."):
                port = self.identifier().text
                self.expect("(")
                found.append((port, None if self.comes(")") else value()))
                self.expect(")")
            elif self.comes(","):
                found.append((None, None))
            else:
                found.append((None, value()))
            if not self.comes(")"):
                self.expect(",")
                if self.comes(")") and found[-1][0] is None:
                    found.append((None, None))
        return found
