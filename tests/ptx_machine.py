"""A machine for the part of PTX that gatesim writes, thread after thread, as NVIDIA's PTX ISA defines it.

It stands in for a GPU in tests, and shares nothing with the code that writes the text.
"""

from __future__ import annotations

import re

import numpy as np

WIDTH = {"b32": 32, "u32": 32, "s32": 32, "b64": 64, "u64": 64, "s64": 64}
SPACE = 1 << 40


def _signed(x: int, bits: int) -> int:
    return x - (1 << bits) if x >> (bits - 1) & 1 else x


def _lop3(a: int, b: int, c: int, table: int) -> int:
    """Bit by bit: the table's index has a as its highest bit and c as its lowest."""
    result = 0
    for index in range(8):
        if table >> index & 1:
            term = 0xFFFFFFFF
            for operand, bit in ((a, 4), (b, 2), (c, 1)):
                term &= operand if index & bit else ~operand
            result |= term
    return result & 0xFFFFFFFF


class PtxMachine:
    """``launch(blocks, threads, *args)``: arrays are passed by address and changed in place; (array, offset in bytes) too."""

    def __init__(self, text: str) -> None:
        body = text[text.index("{") + 1 : text.rindex("}")]
        self.parameters = re.findall(r"\.param \.(\w+) (\w+)", text[: text.index("{")])
        self.code: list[tuple[str | None, list[str], list[str]]] = []
        self.labels: dict[str, int] = {}
        self.local: dict[str, int] = {}
        self.local_bytes = 0
        declared: set[str] = set()
        for statement in re.sub(r"(\w+:)", r"\1;", body).split(";"):
            line = statement.strip()
            if not line:
                continue
            if line.endswith(":"):
                assert line[:-1] not in self.labels, f"label {line} twice"
                self.labels[line[:-1]] = len(self.code)
            elif line.startswith(".reg"):
                for name in re.findall(r"%\w+(?:<\d+>)?", line):
                    stem, _, count = name.rstrip(">").partition("<")
                    declared |= {f"{stem}{k}" for k in range(int(count))} if count else {name}
            elif line.startswith(".local"):
                name, size = re.findall(r"(\w+)\[(\d+)\]", line)[0]
                self.local[name] = self.local_bytes
                self.local_bytes += int(size)
            else:
                guard, _, rest = line.partition(" ") if line.startswith("@") else (None, "", line)
                opcode, _, operands = rest.partition(" ")
                parts = [part.strip() for part in operands.split(",")] if operands else []
                for name in re.findall(r"%[\w.]+", line):
                    known = name in declared or name in ("%ctaid.x", "%ntid.x", "%tid.x")
                    assert known, f"register {name} is not declared: {line}"
                self.code.append((guard, opcode.split("."), parts))

    def launch(self, blocks: int, threads: int, *args) -> None:
        assert len(args) == len(self.parameters)
        places = [(a, 0) if isinstance(a, np.ndarray) else a for a in args]
        arrays = [place[0].reshape(-1).view(np.uint8) for place in places if isinstance(place, tuple)]
        number, values = 0, {}
        for (kind, name), given in zip(self.parameters, places, strict=True):
            if isinstance(given, tuple):
                assert kind == "u64" and given[0].flags.c_contiguous
                values[name] = SPACE * (number + 1) + given[1]
                number += 1
            else:
                assert 0 <= given < 1 << WIDTH[kind]
                values[name] = int(given)
        for block in range(blocks):
            for thread in range(threads):
                special = {"%ctaid.x": block, "%ntid.x": threads, "%tid.x": thread}
                self._thread(arrays, values, special, np.zeros(self.local_bytes, np.uint8))

    def _thread(self, arrays, parameters, registers, local) -> None:
        at = 0

        def value(text: str) -> int:
            if text in registers:
                return registers[text]
            return self.local[text] if text in self.local else int(text, 0)

        def memory(space: str, text: str, n_bytes: int) -> np.ndarray:
            base, _, offset = text.strip("[]").partition("+")
            address = value(base) + int(offset or 0)
            area = local if space == "local" else arrays[address // SPACE - 1]
            address %= SPACE
            assert address % n_bytes == 0 and address + n_bytes <= len(area), "access outside of an array"
            return area[address : address + n_bytes].view(f"u{n_bytes}")

        while True:
            guard, op, x = self.code[at]
            at += 1
            if guard and not registers[guard[1:]]:
                continue
            bits = WIDTH.get(op[-1], 32)
            mask = (1 << bits) - 1
            match op[0]:
                case "ret":
                    return
                case "bra":
                    at = self.labels[x[0]]
                    continue
                case "st":
                    memory(op[1], x[0], bits // 8)[0] = value(x[1])
                    continue
                case "ld" if op[1] == "param":
                    result = parameters[x[1].strip("[]")]
                case "ld":
                    result = int(memory(op[1], x[1], bits // 8)[0])
                case "setp":
                    a, b = (_signed(value(t), bits) if op[2][0] == "s" else value(t) for t in x[1:])
                    registers[x[0]] = {"ge": a >= b, "lt": a < b, "eq": a == b, "ne": a != b}[op[1]]
                    continue
                case "lop3":
                    result = _lop3(*(value(t) for t in x[1:]))
                case "shf":  # shf.l.wrap: the upper word of (b : a) << c
                    assert op[1:3] == ["l", "wrap"]
                    both = value(x[2]) << 32 | value(x[1])
                    result = both << (value(x[3]) & 31) >> 32
                case "bfe":
                    result = value(x[1]) >> value(x[2]) & ((1 << value(x[3])) - 1)
                case "mad" if op[1] == "wide":
                    result, mask = value(x[1]) * value(x[2]) + value(x[3]), (1 << 64) - 1
                case "mad":
                    result = value(x[1]) * value(x[2]) + value(x[3])
                case "mul":
                    result, mask = value(x[1]) * value(x[2]), (1 << 64) - 1
                case "min":
                    result = min(_signed(value(x[1]), bits), _signed(value(x[2]), bits))
                case "cvt":
                    result, mask = value(x[1]), (1 << WIDTH[op[1]]) - 1
                case "mov":
                    result = value(x[1])
                case "not":
                    result = ~value(x[1])
                case "add":
                    result = value(x[1]) + value(x[2])
                case "sub":
                    result = value(x[1]) - value(x[2])
                case "xor":
                    result = value(x[1]) ^ value(x[2])
                case "or":
                    result = value(x[1]) | value(x[2])
                case "and":
                    result = value(x[1]) & value(x[2])
                case "shl":
                    result = value(x[1]) << value(x[2])
                case "shr":
                    result = value(x[1]) >> value(x[2])
                case _:
                    raise AssertionError(f"unknown instruction {'.'.join(op)}")
            registers[x[0]] = result & mask
