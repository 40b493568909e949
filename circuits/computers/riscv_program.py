"""A RISC-V program as bytes at addresses: from ELF files and from Intel, Verilog and plain hex files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gatesim.errors import GatesimError, ParseError, UnsupportedError

from .riscv_model import Layout


@dataclass(frozen=True)
class Segment:
    """Bytes of a program from an address on."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Program:
    """What is loaded, where it starts, and its symbols.

    Attributes
    ----------
    name : str
    segments : tuple of Segment
    entry : int or None
        Address of the first instruction; None: the start of the memory.
    symbols : mapping of str to int
    multiply : bool
        Whether it says itself that it needs the M extension.
    """

    name: str
    segments: tuple[Segment, ...]
    entry: int | None = None
    symbols: Mapping[str, int] = field(default_factory=dict)
    multiply: bool = False

    def words(self, layout: Layout) -> np.ndarray:
        """(words,) uint64: the memory with the program in it.

        Raises
        ------
        GatesimError
            A segment, or the entry, that is not inside the memory.
        """
        memory = np.zeros(layout.size, np.uint8)
        end = layout.base + layout.size
        for s in self.segments:
            if s.address < layout.base or s.address + len(s.data) > end:
                raise GatesimError(
                    f"{self.name}: segment 0x{s.address:08x} to 0x{s.address + len(s.data) - 1:08x} is outside "
                    f"memory (0x{layout.base:08x} to 0x{end - 1:08x}); choose another base or a larger memory"
                )
            at = s.address - layout.base
            memory[at : at + len(s.data)] = np.frombuffer(s.data, np.uint8)
        if self.entry is not None and not layout.inside(self.entry):
            raise GatesimError(f"{self.name}: entry 0x{self.entry:08x} is outside memory")
        return memory.view("<u4").astype(np.uint64)

    def symbol_at(self, address: int) -> str:
        """The nearest symbol at or below an address, ``main+0x8``; empty where there is none."""
        below = [(value, name) for name, value in self.symbols.items() if value <= address]
        if not below:
            return ""
        value, name = max(below)
        return name if value == address else f"{name}+0x{address - value:x}"


# -- ELF -------------------------------------------------------------------------------------


def read_elf(path: str | Path) -> Program:
    """The program of an ELF file for 32-bit little-endian RISC-V.

    Raises
    ------
    ParseError
        No ELF file, or a damaged one.
    UnsupportedError
        An ELF file for another machine, or one that is no executable.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    name = str(path)
    with open(path, "rb") as file:
        try:
            elf = ELFFile(file)
            machine, kind = elf["e_machine"], elf["e_type"]
            if machine != "EM_RISCV" or elf.elfclass != 32 or not elf.little_endian:
                order = "little" if elf.little_endian else "big"
                what = f"{elf.get_machine_arch()} ({elf.elfclass} bits, {order}-endian)"
                raise UnsupportedError(f"{name}: this ELF file is for {what}, not for 32-bit little-endian RISC-V")
            if kind != "ET_EXEC":
                raise UnsupportedError(f"{name}: this ELF file is no linked executable ({kind}): link it first")
            if elf["e_flags"] & 1:
                raise UnsupportedError(
                    f"{name}: compiled with compressed instructions, which this machine does not have: "
                    "use -march=rv32i or -march=rv32im"
                )
            segments = [_elf_segment(elf, s) for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_memsz"]]
            symbols = dict(_elf_symbols(elf))
            return Program(Path(path).stem, tuple(segments), elf["e_entry"], symbols, _wants_multiply(elf))
        except (ELFError, ValueError, KeyError, IndexError, AttributeError, UnicodeDecodeError) as exc:
            raise ParseError(f"not an ELF file, or a damaged one ({exc})", source=name) from exc


def _elf_segment(elf, segment) -> Segment:
    """A loadable segment, without the file's own headers, which linkers put before the first section."""
    data = segment.data() + bytes(segment["p_memsz"] - segment["p_filesz"])
    start, end = segment["p_offset"], segment["p_offset"] + segment["p_filesz"]
    inside = [s["sh_offset"] for s in elf.iter_sections() if s["sh_flags"] & 2 and start <= s["sh_offset"] < end]
    skipped = min(inside) - start if start < elf["e_ehsize"] and inside else 0
    return Segment(segment["p_paddr"] + skipped, data[skipped:])


def _wants_multiply(elf) -> bool:
    """Whether the architecture attribute (``rv32i2p1_m2p0``) names the M extension."""
    section = elf.get_section_by_name(".riscv.attributes")
    return section is not None and re.search(rb"rv32[a-z0-9]*_m\d", section.data()) is not None


def _elf_symbols(elf) -> Iterator[tuple[str, int]]:
    from elftools.elf.sections import SymbolTableSection

    for section in elf.iter_sections():
        if isinstance(section, SymbolTableSection):
            for symbol in section.iter_symbols():
                if symbol.name and symbol["st_info"]["type"] in ("STT_NOTYPE", "STT_FUNC", "STT_OBJECT"):
                    if symbol["st_shndx"] != "SHN_UNDEF" and not symbol.name.startswith("$"):
                        yield symbol.name, symbol["st_value"]


# -- hex -------------------------------------------------------------------------------------


def parse_hex(text: str, layout: Layout, source: str = "<text>") -> Program:
    """The program of a hex file.

    Three kinds are told apart by their first line: Intel hex (``:10...``, addresses in it), Verilog hex
    (``@address`` lines, bytes), and plain hex (a 32-bit word a line, from the start of the memory on).

    Examples
    --------
    >>> parse_hex("00500093 00000073", Layout()).segments[0].data.hex()
    '9300500073000000'
    """
    lines = [(n, line.split("//")[0].split("#")[0].strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(n, line) for n, line in lines if line]
    if not lines:
        raise ParseError("there is nothing in this file", source=source)
    name = Path(source).stem
    if lines[0][1].startswith(":"):
        segments, entry = _intel(lines, source)
        return Program(name, tuple(_joined(segments)), entry)
    if "@" in text:
        return Program(name, tuple(_joined(_verilog(lines, source))))
    data = bytearray()
    for n, line in lines:
        for word in line.split():
            data += _number(word, 8, n, source).to_bytes(4, "little")
    return Program(name, (Segment(layout.base, bytes(data)),))


def _number(text: str, digits: int, line: int, source: str) -> int:
    if not re.fullmatch(rf"[0-9a-fA-F]{{1,{digits}}}", text):
        raise ParseError(f"{text!r} is no hexadecimal number of up to {digits} digits", source=source, line=line)
    return int(text, 16)


def _verilog(lines: list[tuple[int, str]], source: str) -> Iterator[Segment]:
    address = 0
    for n, line in lines:
        for word in line.split():
            if word.startswith("@"):
                address = _number(word[1:], 8, n, source)
            else:
                yield Segment(address, bytes([_number(word, 2, n, source)]))
                address += 1


def _intel(lines: list[tuple[int, str]], source: str) -> tuple[list[Segment], int | None]:
    high, entry, found = 0, None, []
    for n, line in lines:
        if not re.fullmatch(r":(?:[0-9a-fA-F]{2}){5,}", line):
            raise ParseError("not a record of Intel hex (a colon, then pairs of digits)", source=source, line=n)
        record = bytes.fromhex(line[1:])
        if record[0] != len(record) - 5:
            raise ParseError(f"record says {record[0]} bytes and has {len(record) - 5}", source=source, line=n)
        if sum(record) & 0xFF:
            raise ParseError(f"wrong checksum (the bytes add up to 0x{sum(record) & 0xFF:02x})", source=source, line=n)
        kind, data, number = record[3], record[4:-1], int.from_bytes(record[4:-1], "big")
        if kind == 0:
            found.append(Segment(high + int.from_bytes(record[1:3], "big"), data))
        elif kind == 1:
            return found, entry
        elif kind in (2, 4):
            high = number << (4 if kind == 2 else 16)
        elif kind == 5:
            entry = number
        elif kind != 3:
            raise ParseError(f"unknown record type {kind}", source=source, line=n)
    raise ParseError("the end record (:00000001FF) is missing: the file is cut", source=source)


def _joined(segments: Iterator[Segment] | list[Segment]) -> Iterator[Segment]:
    """Neighbouring segments as one."""
    start, data = 0, bytearray()
    for s in segments:
        if data and s.address != start + len(data):
            yield Segment(start, bytes(data))
            data = bytearray()
        if not data:
            start = s.address
        data += s.data
    if data:
        yield Segment(start, bytes(data))
