"""Small files of every format that is read, and ways to damage them."""

from __future__ import annotations

import random

from gatesim import Builder, Netlist
from gatesim.conformance import random_netlist
from gatesim.formats import dumps, read
from gatesim.formats.vcd_reader import read_vcd

HIERARCHY = """.model top
.inputs a b c clk
.outputs y q
.subckt half x=a y=b s=s0 c=k0
.subckt half x=s0 y=c s=y c=k1
.names k0 k1 k
1- 1
-1 1
.gate nand2 a=k b=y O=n
.latch n q re clk 1
.end
.model half
.inputs x y
.outputs s c
.names x y s
10 1
01 1
.names x y c
11 1
.end
"""

VERILOG = """`define W 3
`ifdef W
module top #(parameter N = `W) (input [N:0] a, b, input clk, s, output [N:0] y, output q, par);
  wire [N:0] t;
  xor #(1) g[N:0] (t, a, b);
  assign y = s ? t : {4{^a}} & ~b, par = ^{a, b[2:1], b[0 +: 2]};
  inner #(.K(2)) u(.d(t[1]), .c(clk), .q(q));
endmodule
`endif
module inner(d, c, q); input d, c; output q; parameter K = 1;
  wire [K-1:0] n; assign n = {d, ~d};
  \\$_SDFFE_PP0P_ f (.C(c), .D(n[1]), .E(n[0]), .R(1'b0), .Q(q)); // flip-flop
  INV_X1 i(.A(d), .ZN());
endmodule
"""

BRISTOL = "4 7\n2 2 1\n1 2\n\n2 1 0 1 3 XOR\n2 1 3 2 4 AND\n1 1 4 6 INV\n1 1 4 5 EQW\n"

VCD = """$timescale 1 ns $end
$scope module top $end
$var wire 4 ! bus [3:0] $end
$var reg 1 " clk $end
$upscope $end
$enddefinitions $end
#0 $dumpvars b0000 ! 0" $end
#5 1" b10x1 !
#10 0"
"""


def _registers() -> Netlist:
    b = Builder("regs")
    d, en, rst = b.input_bus("d", 2), b.input("en"), b.input("rst")
    q = b.register(d, enable=en, reset=rst, init=2)
    (m,) = b.memory("m", depth=4, width=2, read=[q], write=[(d, q, en)], contents=[1, 2, 3, 0])
    b.output("q", [*q, *m])
    return b.freeze()


def samples() -> dict[str, list[bytes]]:
    """Files of each format, small enough to be damaged thousands of times."""
    net, clocked = random_netlist(3, n_cells=12), random_netlist(4, n_cells=15, n_registers=3)
    made: dict[str, list[str | bytes]] = {
        "aiger": [dumps(net, "aiger"), dumps(clocked, "aiger")],
        "aiger_ascii": [
            dumps(clocked, "aiger_ascii"),
            "aag 4 1 1 1 2 1 1 1 1\n2\n4 6 1\n6\n8\n4\n1\n2\n6\n6 2 5\n8 3 4\ni0 x\nl0 q\nb0 bad\nj0 j\nc\ncomment\n",
        ],
        "bench": [
            "INPUT(a)\nINPUT(b)\nOUTPUT(y)\nq = DFF(y)\nt = NAND(a, q)\ny = LUT 0x6 (t, b)\n",
            dumps(net, "bench"),
        ],
        "blif": [HIERARCHY, dumps(clocked, "blif")],
        "bristol": [BRISTOL, dumps(net, "bristol")],
        "dimacs": [b"c x\np cnf 4 4\n1 -2 0\n2 3 -4\n0 -1 0 4 0\n%\n0\n"],
        "verilog": [VERILOG, dumps(clocked, "verilog")],
        "yosys_json": [
            dumps(random_netlist(5, n_cells=8, n_registers=2), "yosys_json"),
            dumps(_registers(), "yosys_json"),
        ],
        "vcd": [VCD],
    }
    return {k: [x.encode() if isinstance(x, str) else x for x in v] for k, v in made.items()}


WORDS = [
    b"99999999999999999999", b"4294967296", b"[1048577:0]", b"-1", b"\0", b"((((((((", b"}}}}", b"\"", b"\\\n", b"1'b1",
    b"module", b".model top", b".subckt top a=a", b"aig 1 1 0 0 0\n", b"\xff\xfe", b"\x1f\x8b\x08", b"{{{{{{{{", b"1000000{a}",
]  # fmt: skip


def damaged(rng: random.Random, files: list[bytes]) -> bytes:
    """A file cut off, with bits flipped, with pieces moved, spliced with another, or with hostile words in it."""
    data = bytearray(rng.choice(files))
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(7)
        at = rng.randrange(len(data) + 1)
        if kind == 0:
            del data[at:]
        elif kind == 1 and data:
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 2:
            other = rng.choice(files)
            low = rng.randrange(len(other))
            data[at:] = other[low:]
        elif kind == 3:
            data[at:at] = rng.choice(WORDS)
        elif kind == 4 and data:
            low = rng.randrange(len(data))
            data[at:at] = data[low : low + rng.randint(1, 40)] * rng.randint(1, 3)
        elif kind == 5:
            del data[at : at + rng.randint(1, 20)]
        elif data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def parse_any(format: str, data: bytes) -> None:
    """Read bytes in a format."""
    if format == "vcd":
        read_vcd(data)
    else:
        read(data, format=format)
