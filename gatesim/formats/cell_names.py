"""Cells known by their names: Yosys, NanGate45, SKY130, ASAP7, PDKGEN and genlib, as descriptions.

A description is what :mod:`gatesim.formats.cells` reads. Names and pins as in: Yosys' ``simcells.v``;
the NanGate 45 nm Open Cell Library; SkyWater's ``sky130_fd_sc_*`` libraries; ARM's and ASU's ASAP7
(``*_ASAP7_75t_*``); EvoApproxLib's PDKGEN cells; SIS' ``mcnc.genlib``.
"""

from __future__ import annotations

import re
from typing import Any

Entry = dict[str, Any]

_LATCH = "it is a latch; a netlist with one implicit clock has flip-flops only"
_THREE_STATE = "it is a three-state buffer, which this reader does not place"
_PHYSICAL = re.compile(
    r"(FILLCELL|ANTENNA)_X\d+|sky130_[a-z]+_sc_[a-z]+__(fill|decap|tap|diode|tapvpwrvgnd|tapmet1|lpflow_decapkapwr)(_\d+)?"
    r"|(FILLER|TAPCELL|DECAP)\w*_ASAP7_75t_\w+"
)
"""Cells without a function: fillers, taps, capacitors, antenna diodes."""
_SIMPLE = {
    "AND": ("&", ""), "NAND": ("&", "~"), "OR": ("|", ""), "NOR": ("|", "~"), "XOR": ("^", ""), "XNOR": ("^", "~"),
}  # fmt: skip


def builtin_cell(name: str) -> Entry | str | None:
    """The description of a cell; a sentence that says why it is refused; or None if the name is unknown.

    Examples
    --------
    >>> builtin_cell("sky130_fd_sc_hd__a21oi_1")
    {'outputs': {'Y': '~((A1 & A2) | (B1))'}}
    >>> builtin_cell("AOI21_X1") == {'outputs': {'ZN': '~((A) | (B1 & B2))'}}
    True
    """
    if _PHYSICAL.fullmatch(name):
        return {"outputs": {}}
    for family in (_yosys, _own, _sky130, _asap7, _pdkgen, _nangate, _genlib):
        found = family(name)
        if found is not None:
            return found
    return None


def _one(expression: str, out: str = "Y") -> Entry:
    return {"outputs": {out: expression}}


def _simple(kind: str, pins: list[str], out: str) -> Entry:
    operator, inverse = _SIMPLE[kind]
    inside = f" {operator} ".join(pins)
    return _one(f"~({inside})" if inverse else inside, out)


def _grouped(sizes: str, pins: list[list[str]], first: str, inverted: bool, out: str) -> Entry:
    """An AND-OR (`first` is "A") or OR-AND cell of groups of pins."""
    inner, outer = (" & ", " | ") if first == "A" else (" | ", " & ")
    inside = outer.join(f"({inner.join(group)})" for group in pins[: len(sizes)])
    return _one(f"~({inside})" if inverted else inside, out)


# -- Yosys -----------------------------------------------------------------------------------

_YOSYS = {
    "BUF": "A", "NOT": "~A", "AND": "A & B", "NAND": "~(A & B)", "OR": "A | B", "NOR": "~(A | B)",
    "XOR": "A ^ B", "XNOR": "~(A ^ B)", "ANDNOT": "A & ~B", "ORNOT": "A | ~B", "MUX": "S ? B : A",
    "NMUX": "~(S ? B : A)", "AOI3": "~(A & B | C)", "OAI3": "~((A | B) & C)", "AOI4": "~(A & B | C & D)",
    "OAI4": "~((A | B) & (C | D))", "MUX4": "T ? (S ? D : C) : (S ? B : A)",
    "MUX8": "U ? (T ? (S ? H : G) : (S ? F : E)) : (T ? (S ? D : C) : (S ? B : A))",
}  # fmt: skip


def _level(pin: str, polarity: str) -> str:
    return pin if polarity == "P" else f"~{pin}"


def _yosys(name: str) -> Entry | str | None:
    match = re.fullmatch(r"\$_([A-Z]+\d?)_(?:([NP01]*)_)?", name)
    if match is None:
        return None
    kind, how = match[1], match[2] or ""
    if not how and kind in _YOSYS:
        return _one(_YOSYS[kind])
    if kind == "FF":
        return "it has no clock; use clocked flip-flops"
    if kind in ("DLATCH", "DLATCHSR", "SR"):
        return _LATCH
    if kind == "TBUF":
        return _THREE_STATE
    if kind in ("ALDFF", "ALDFFE"):
        return "it loads data asynchronously; use flip-flops with a clock only (Yosys: async2sync; simplemap)"
    entry: Entry = {"clock": _level("C", how[:1]), "next": "D", "outputs": {"Q": "state"}}
    shape = re.sub(r"[NP]", "p", re.sub(r"[01]", "v", how))
    if (kind, shape) in (("DFF", "p"), ("DFFE", "pp")):
        pass
    elif (kind, shape) in (("DFF", "ppv"), ("DFFE", "ppvp")):
        entry["async_set" if how[2] == "1" else "async_reset"] = _level("R", how[1])
    elif (kind, shape) in (("SDFF", "ppv"), ("SDFFE", "ppvp"), ("SDFFCE", "ppvp")):
        reset = _level("R", how[1])
        if kind == "SDFFCE":
            reset = f"{reset} & {_level('E', how[3])}"
        entry["sync_set" if how[2] == "1" else "sync_reset"] = reset
    elif (kind, shape) in (("DFFSR", "ppp"), ("DFFSRE", "pppp")):
        entry |= {"async_set": _level("S", how[1]), "async_reset": _level("R", how[2])}
    else:
        return None
    if kind.endswith("E"):
        entry["enable"] = _level("E", how[-1])
    return entry


def _own(name: str) -> Entry | None:
    """The flip-flops of Verilog files that gatesim writes."""
    if name not in ("gatesim_dff", "gatesim_dff1"):
        return None
    reset = "sync_set" if name[-1] == "1" else "sync_reset"
    return {"clock": "clk", "next": "d", "enable": "en", reset: "rst", "outputs": {"q": "state"}}


# -- SKY130 ----------------------------------------------------------------------------------

_SKY130 = {
    "inv": "~A", "clkinv": "~A", "clkinvlp": "~A", "maj3": "A & B | A & C | B & C", "mux2": "S ? A1 : A0",
    "mux2i": "~(S ? A1 : A0)", "mux4": "S1 ? (S0 ? A3 : A2) : (S0 ? A1 : A0)", "xor2": "A ^ B", "xnor2": "~(A ^ B)",
    "xor3": "A ^ B ^ C", "xnor3": "~(A ^ B ^ C)",
}  # fmt: skip
_SKY130_TWO = {
    "fa": {"COUT": "A & B | A & CIN | B & CIN", "SUM": "A ^ B ^ CIN"},
    "fah": {"COUT": "A & B | A & CI | B & CI", "SUM": "A ^ B ^ CI"},
    "fahcon": {"COUT_N": "~(A & B | A & CI | B & CI)", "SUM": "A ^ B ^ CI"},
    "fahcin": {"COUT": "A & B | A & ~CIN | B & ~CIN", "SUM": "A ^ B ^ ~CIN"},
    "ha": {"COUT": "A & B", "SUM": "A ^ B"},
    "conb": {"HI": "1", "LO": "0"},
}


def _sky130(name: str) -> Entry | str | None:
    match = re.fullmatch(r"sky130_[a-z]+_sc_[a-z]+__(\w+?)_(?:\d+|lp\d?|m)", name)
    if match is None:
        return None
    kind = re.sub(r"^lpflow_(clkbuf|clkinv)kapwr$", r"\1", match[1])
    if kind in _SKY130:
        return _one(_SKY130[kind], "Y" if kind.startswith(("inv", "clkinv", "xnor2", "mux2i")) else "X")
    if kind in _SKY130_TWO:
        return {"outputs": dict(_SKY130_TWO[kind])}
    isolation = re.fullmatch(r"lpflow_(?:isobufsrc(?:kapwr)?|inputiso([01])([np]))", kind)
    if isolation:
        sleep = "~SLEEP_B" if isolation[2] == "n" else "SLEEP"
        return _one(f"A | {sleep}" if isolation[1] == "1" else f"A & ~({sleep})", "X")
    if kind in ("buf", "clkbuf", "probe_p", "probec_p", "bufbuf") or re.match(r"(clk)?dly", kind):
        return _one("A", "X")
    if kind == "bufinv":
        return _one("~A", "Y")
    simple = re.fullmatch(r"(and|nand|or|nor)([2-4])(b{0,2})", kind)
    if simple:
        return _sky130_simple(simple[1].upper(), int(simple[2]), len(simple[3]))
    if (found := _sky130_grouped(kind)) is not None:
        return found
    if kind.startswith(("dl", "sdl")):
        return _LATCH
    if kind.startswith("ebuf") or kind.startswith("einv"):
        return _THREE_STATE
    return _sky130_flip_flop(kind)


def _sky130_simple(kind: str, n: int, inverted_pins: int) -> Entry:
    """Inverted pins come first in and/nand cells, last in or/nor cells."""
    letters = list("ABCD"[:n])
    marked = range(inverted_pins) if kind in ("AND", "NAND") else range(n - inverted_pins, n)
    pins = [f"~{p}_N" if k in marked else p for k, p in enumerate(letters)]
    return _simple(kind, pins, "Y" if kind in ("NAND", "NOR") else "X")


def _sky130_grouped(kind: str) -> Entry | None:
    """a21oi, o2bb1a, a21bo: sizes of groups, ``b`` for inverted pins (a whole group or the last)."""
    match = re.fullmatch(r"([ao])(\d)(bb)?(\d+)(b?)([ao])(i?)", kind)
    if match is None:
        return None
    first, sizes = match[1].upper(), match[2] + match[4]
    groups = [[f"{'ABCDE'[g]}{k + 1}" for k in range(int(size))] for g, size in enumerate(sizes)]
    if match[3]:
        groups[0] = [f"~{p}_N" for p in groups[0]]
    if match[5]:
        groups[-1] = [f"~{p}_N" for p in groups[-1]]
    if (match[6] == "o") != (first == "A"):
        return None
    return _grouped(sizes, groups, first, bool(match[7]), "Y" if match[7] else "X")


def _sky130_flip_flop(kind: str) -> Entry | None:
    match = re.fullmatch(r"(s?)(e?)df(x|r|s|bb)(t|b)?(p|n)", kind)
    if match is None:
        return None
    scan, enabled, resets, both, edge = match.groups()
    outputs = {"Q": "state"} | ({"Q_N": "~state"} if both == "b" or resets == "bb" else {})
    data = "SCE ? SCD : D" if scan else "D"
    entry: Entry = {"clock": "CLK" if edge == "p" else "~CLK_N", "next": data, "outputs": outputs}
    if enabled:
        entry["enable"] = "DE | SCE" if scan else "DE"
    if resets in ("r", "bb"):
        entry["async_reset"] = "~RESET_B"
    if resets in ("s", "bb"):
        entry["async_set"] = "~SET_B"
    return entry


# -- ASAP7 -----------------------------------------------------------------------------------

_ASAP7 = {
    "A2O1A1I": "~((A1 & A2 | B) & C)", "O2A1O1I": "~((A1 | A2) & B | C)", "A2O1A1O1I": "~((A1 & A2 | B) & C | D)",
    "INV": "~A", "CKINVDC": "~A", "BUF": "A", "HB": "A", "MAJ": "A & B | A & C | B & C",
    "MAJI": "~(A & B | A & C | B & C)",
}  # fmt: skip
_ASAP7_TWO = {
    "FA": {"CON": "~(A & B | A & CI | B & CI)", "SN": "~(A ^ B ^ CI)"},
    "HA": {"CON": "~(A & B)", "SN": "~(A ^ B)"},
    "TIEHI": {"H": "1"},
    "TIELO": {"L": "0"},
}


def _asap7(name: str) -> Entry | str | None:
    match = re.fullmatch(r"(\w+?)x[p\d]+(?:DC|f|b)?_ASAP7_75t_(?:R|L|SL|SRAM)", name)
    if match is None:
        return None
    kind = match[1]
    if kind in _ASAP7_TWO:
        return {"outputs": dict(_ASAP7_TWO[kind])}
    plain = re.sub(r"(?<=^HB)\d+|(?<=^BUF)\d+|(?<=^INV)\d+", "", kind)
    if plain in _ASAP7:
        return _one(_ASAP7[plain])
    simple = re.fullmatch(r"(AND|NAND|OR|NOR|XOR|XNOR)([2-5])", kind)
    if simple:
        return _simple(simple[1], list("ABCDE"[: int(simple[2])]), "Y")
    grouped = re.fullmatch(r"(AO|OA)(I?)([1-4]{2,4})", kind)
    if grouped:
        sizes = grouped[3]
        groups = [
            ["ABCD"[g]] if size == "1" else [f"{'ABCD'[g]}{k + 1}" for k in range(int(size))]
            for g, size in enumerate(sizes)
        ]
        return _grouped(sizes, groups, grouped[1][0], bool(grouped[2]), "Y")
    flop = re.fullmatch(r"(S?)DFF?(ASR)?([HL])(Q(?!N))?(?:QN)?", kind)
    if flop:
        entry: Entry = {"clock": "CLK" if flop[3] == "H" else "~CLK", "next": "SE ? SI : D" if flop[1] else "D"}
        entry["outputs"] = {"Q": "state"} if flop[4] else {"QN": "~state"}
        return entry | ({"async_reset": "~RESETN", "async_set": "~SETN"} if flop[2] else {})
    if re.match(r"DLL|DHL|ICG", kind):
        return _LATCH
    return None


# -- NanGate45, PDKGEN, genlib ---------------------------------------------------------------

_FULL_ADDER = ("A & B | A & {0} | B & {0}", "A ^ B ^ {0}")


def _nangate(name: str) -> Entry | str | None:
    match = re.fullmatch(r"([A-Z]+\d*)_X\d+", name)
    if match is None:
        return None
    kind = match[1]
    if kind in ("INV", "BUF", "CLKBUF"):
        return _one("~A", "ZN") if kind == "INV" else _one("A", "Z")
    if kind in ("LOGIC0", "LOGIC1"):
        return _one(kind[-1], "Z")
    if kind in ("XOR2", "XNOR2"):
        return _simple(kind[:-1], ["A", "B"], "Z" if kind == "XOR2" else "ZN")
    if kind == "MUX2":
        return _one("S ? B : A", "Z")
    if kind in ("HA", "FA"):
        carry, total = (t.format("CI") for t in _FULL_ADDER) if kind == "FA" else ("A & B", "A ^ B")
        return {"outputs": {"CO": carry, "S": total}}
    simple = re.fullmatch(r"(AND|NAND|OR|NOR)([2-4])", kind)
    if simple:
        return _simple(simple[1], [f"A{k + 1}" for k in range(int(simple[2]))], "ZN")
    grouped = re.fullmatch(r"(AO|OA)I([1-3]{2,3})", kind)
    if grouped:
        # AOI21 has A, B1, B2; AOI211 A, B, C1, C2; AOI221 A, B1, B2, C1, C2: single pins come first.
        sizes = "".join(sorted(grouped[2]))
        groups = [
            ["ABC"[g]] if size == "1" else [f"{'ABC'[g]}{k + 1}" for k in range(int(size))]
            for g, size in enumerate(sizes)
        ]
        return _grouped(sizes, groups, grouped[1][0], True, "ZN")
    flop = re.fullmatch(r"(S?)DFF(R?)(S?)", kind)
    if flop:
        entry: Entry = {"clock": "CK", "next": "SE ? SI : D" if flop[1] else "D"}
        entry["outputs"] = {"Q": "state", "QN": "~state"}
        if flop[2]:
            entry["async_reset"] = "~RN"
        if flop[3]:
            entry["async_set"] = "~SN"
        return entry
    if re.match(r"DLH|DLL|TLAT|CLKGATE", kind):
        return _LATCH
    return _THREE_STATE if re.match(r"TBUF|TINV", kind) else None


def _pdkgen(name: str) -> Entry | None:
    match = re.fullmatch(r"PDKGEN([A-Z]+\d*)X\d+", name)
    if match is None:
        return None
    kind = match[1]
    simple = re.fullmatch(r"(AND|NAND|OR|NOR|XOR|XNOR)([234])", kind)
    if simple:
        return _simple(simple[1], list("ABCD"[: int(simple[2])]), "Y")
    grouped = re.fullmatch(r"(AO|OA)I([12]{2,3})", kind)
    if grouped:
        letters = iter("ABCDEF")
        groups = [[next(letters) for _ in range(int(size))] for size in grouped[2]]
        return _grouped(grouped[2], groups, grouped[1][0], True, "Y")
    carry, total = (t.format("C") for t in _FULL_ADDER)
    two = {"HA": {"YS": "A ^ B", "YC": "A & B"}, "FA": {"YS": total, "YC": carry}}
    one = {"INV": "~A", "BUF": "A", "MUX2": "S ? A : B"}
    return {"outputs": two[kind]} if kind in two else _one(one[kind]) if kind in one else None


_GENLIB = {
    "inv": "~a", "buf": "a", "xor": "a ^ b", "xnor": "~(a ^ b)", "xor2": "a ^ b", "xnor2": "~(a ^ b)",
    "xora": "a ^ b", "xorb": "a ^ b", "xnora": "~(a ^ b)", "xnorb": "~(a ^ b)",
    "mux21": "s ? b : a", "zero": "0", "one": "1",
}  # fmt: skip


def _genlib(name: str) -> Entry | None:
    """SIS' and ABC's genlib names: pins a, b, c, ..., output O (or any of Y, Z, out: see the reader)."""
    kind = name.lower()
    if kind in ("inv1", "inv2", "inv3", "inv4", "inverter"):
        kind = "inv"
    if kind in _GENLIB and kind != "mux21":
        return _one(_GENLIB[kind], "O")
    simple = re.fullmatch(r"(and|nand|or|nor)([2-6])", kind)
    if simple:
        return _simple(simple[1].upper(), list("abcdef"[: int(simple[2])]), "O")
    grouped = re.fullmatch(r"(ao|oa)i([1-3]{2,3})", kind)
    if grouped:
        letters = iter("abcdefghi")
        groups = [[next(letters) for _ in range(int(size))] for size in grouped[2]]
        return _grouped(grouped[2], groups, grouped[1][0].upper(), True, "O")
    return None
