"""The Hack machine language: what each instruction means, its word of 16 bits and its symbolic form.

Source: Nisan and Schocken, "The Elements of Computing Systems" (MIT Press 2021), chapters 4 and 6. An
*A-instruction* ``0vvvvvvvvvvvvvvv`` puts a number into A; a *C-instruction* ``111accccccdddjjj`` computes,
stores and jumps. M is the word of the data memory at address A.
"""

from __future__ import annotations

from collections.abc import Callable

ROM_WORDS = 1 << 15
"""Instructions that the machine can hold."""

RAM_WORDS, SCREEN_WORDS = 1 << 14, 1 << 13
SCREEN, KEYBOARD = RAM_WORDS, RAM_WORDS + SCREEN_WORDS
"""Addresses of the screen's first word and of the keyboard, the last address that exists."""

LARGEST_NUMBER = (1 << 15) - 1
"""The largest number of an A-instruction."""

COMPUTATIONS: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "0": (0b101010, lambda d, y: 0),
    "1": (0b111111, lambda d, y: 1),
    "-1": (0b111010, lambda d, y: -1),
    "D": (0b001100, lambda d, y: d),
    "A": (0b110000, lambda d, y: y),
    "!D": (0b001101, lambda d, y: ~d),
    "!A": (0b110001, lambda d, y: ~y),
    "-D": (0b001111, lambda d, y: -d),
    "-A": (0b110011, lambda d, y: -y),
    "D+1": (0b011111, lambda d, y: d + 1),
    "A+1": (0b110111, lambda d, y: y + 1),
    "D-1": (0b001110, lambda d, y: d - 1),
    "A-1": (0b110010, lambda d, y: y - 1),
    "D+A": (0b000010, lambda d, y: d + y),
    "D-A": (0b010011, lambda d, y: d - y),
    "A-D": (0b000111, lambda d, y: y - d),
    "D&A": (0b000000, lambda d, y: d & y),
    "D|A": (0b010101, lambda d, y: d | y),
}
"""By symbol, with A for the second operand: the six bits c, and what is computed of D and A (modulo 2**16).

With the bit a, the operand is M and the symbol has M in A's place; what does not read A has no such form.
"""

JUMPS = ("", "JGT", "JEQ", "JGE", "JLT", "JNE", "JLE", "JMP")
"""Jump mnemonics by the three bits j (less than, equal to, greater than zero)."""

DESTINATIONS = "MDA"
"""Destinations by bit d, lowest first."""


def _computation_words() -> dict[str, int]:
    words = {}
    for symbol, (bits, _) in COMPUTATIONS.items():
        words[symbol] = bits
        if "A" in symbol:
            words[symbol.replace("A", "M")] = 1 << 6 | bits
    return words


COMPUTATION_WORDS: dict[str, int] = _computation_words()
"""The seven bits ``acccccc`` of each of the 28 symbols."""

_SYMBOLS = {word: symbol for symbol, word in COMPUTATION_WORDS.items()}


def computation_word(symbol: str) -> int | None:
    """The bits ``acccccc`` of a computation; operands of ``+ & |`` in either order; None when there is none.

    Examples
    --------
    >>> bin(computation_word("M+D")), computation_word("D+D")
    ('0b1000010', None)
    """
    for sign in "+&|":
        left, found, right = symbol.partition(sign)
        if found and symbol not in COMPUTATION_WORDS:
            symbol = f"{right}{sign}{left}"
    return COMPUTATION_WORDS.get(symbol)


def disassemble(word: int) -> str | None:
    """The symbolic instruction of a word; None for a word that is no instruction.

    Examples
    --------
    >>> disassemble(0b0000000000010001), disassemble(0b1111110111001000), disassemble(0b1110101010000111)
    ('@17', 'M=M+1', '0;JMP')
    """
    if not word >> 15:
        return f"@{word}"
    symbol = _SYMBOLS.get(word >> 6 & 127)
    if word >> 13 != 7 or symbol is None:
        return None
    stored = "".join(name for k, name in reversed(list(enumerate(DESTINATIONS))) if word >> 3 + k & 1)
    jump = JUMPS[word & 7]
    return (f"{stored}=" if stored else "") + symbol + (f";{jump}" if jump else "")
