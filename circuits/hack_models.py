"""The chips of the Hack computer on integers: the models beside :mod:`circuits.hack`."""

from __future__ import annotations

from .catalog import mask, signed, where

WORD = 16
"""Bits of a Hack word."""

SCREEN, KEYBOARD = 1 << 14, 3 << 13
"""Addresses of the screen's first word and of the keyboard."""


def ways_model(names: str):
    """The input on the way that sel names, 0 on the others."""

    def model(x, args):
        return {name: where(x["sel"] == i, x["in"], 0) for i, name in enumerate(names)}

    return model


def select_model(names: str):
    """The word that sel names."""

    def model(x, args):
        out = x[names[0]]
        for i, name in enumerate(names):
            out = where(x["sel"] == i, x[name], out)
        return {"out": out}

    return model


def bit_sum_model(x, args):
    """Sum and carry of bits."""
    total = sum(x[k] for k in args)
    return {"sum": total & 1, "carry": total >> 1}


def alu_value(x):
    """The ALU's result."""
    p, q = where(x["zx"] == 1, 0, x["x"]), where(x["zy"] == 1, 0, x["y"])
    p, q = where(x["nx"] == 1, p ^ mask(WORD), p), where(x["ny"] == 1, q ^ mask(WORD), q)
    out = where(x["f"] == 1, (p + q) & mask(WORD), p & q)
    return where(x["no"] == 1, out ^ mask(WORD), out)


def alu_model(x, args):
    """The ALU's result and its flags."""
    out = alu_value(x)
    return {"out": out, "zr": where(out == 0, 1, 0), "ng": out >> (WORD - 1)}


def register_model(x, args):
    """What was loaded last."""
    held, seen = 0, []
    for word, load in zip(x["in"], x["load"], strict=True):
        seen.append(held)
        held = word if load else held
    return {"out": seen}


def pc_model(x, args):
    """Reset before load before increment."""
    count, seen = 0, []
    for word, load, inc, reset in zip(x["in"], x["load"], x["inc"], x["reset"], strict=True):
        seen.append(count)
        count = 0 if reset else word if load else (count + inc) & mask(WORD)
    return {"out": seen}


def ram_model(x, args):
    """A word by address, written at the end of the cycle."""
    words: dict[int, int] = {}
    seen = []
    for word, load, address in zip(x["in"], x["load"], x["address"], strict=True):
        seen.append(words.get(address, 0))
        if load:
            words[address] = word
    return {"out": seen}


def memory_model(x, args):
    """RAM, screen and keyboard in one address space."""
    words: dict[int, int] = {}
    seen = []
    for word, load, address, key in zip(x["in"], x["load"], x["address"], x["Keyboard"], strict=True):
        seen.append(key if address == KEYBOARD else words.get(address, 0))
        if load and address < KEYBOARD:
            words[address] = word
    return {"out": seen}


class Hack:
    """The machine on integers: one instruction a step."""

    def __init__(self) -> None:
        self.a = self.d = self.pc = 0

    def alu(self, instruction: int, memory: int) -> int:
        """What the ALU computes for an instruction."""
        y = memory if instruction >> 12 & 1 else self.a
        flags = {name: instruction >> (11 - i) & 1 for i, name in enumerate(("zx", "nx", "zy", "ny", "f", "no"))}
        return int(alu_value({"x": self.d, "y": y, **flags}))

    def step(self, instruction: int, out: int, reset: int) -> None:
        """Move the registers at the end of the cycle."""
        jump = False
        if instruction >> 15:
            value = signed(out, WORD)
            jump = bool(
                (instruction & 1 and value > 0) or (instruction & 2 and value == 0) or (instruction & 4 and value < 0)
            )
        old_a = self.a
        if not instruction >> 15:
            self.a = instruction
        else:
            self.a = out if instruction & 32 else self.a
            self.d = out if instruction & 16 else self.d
        self.pc = 0 if reset else old_a if jump else (self.pc + 1) & mask(WORD)


def cpu_model(x, args):
    """One instruction a cycle."""
    machine = Hack()
    seen: dict[str, list[int]] = {"outM": [], "writeM": [], "addressM": [], "pc": []}
    for in_m, instruction, reset in zip(x["inM"], x["instruction"], x["reset"], strict=True):
        out = machine.alu(instruction, in_m)
        seen["outM"].append(out)
        seen["writeM"].append(instruction >> 15 & instruction >> 3 & 1)
        seen["addressM"].append(machine.a & mask(15))
        seen["pc"].append(machine.pc & mask(15))
        machine.step(instruction, out, reset)
    return seen


def computer_model(x, args):
    """The ROM is empty at power-up: every instruction is ``@0``."""
    machine, seen = Hack(), []
    for reset in x["reset"]:
        seen.append(machine.pc & mask(15))
        machine.step(0, 0, reset)
    return {"pc": seen}
