"""``.bench`` texts read by the kernel and line by line: the same netlist, or the same complaint."""

import random

import numpy as np
import pytest

from gatesim import Builder, GatesimError
from gatesim.formats import bench

SMALL = """# all kinds of lines
INPUT(a)
 input ( b[0] )
INPUT(b[1])  # a bus
INPUT(c)
OUTPUT(y)
OUTPUT ( z )
OUTPUT(c)
t1 = nand(a, b[0])
\tt2=NAND ( b[1] ,c,a )
t3 = XNOR(t1, t2, a, c)
wide = NOR(a, b[0], b[1], c, t1, t2)
one = vdd
q = DFF(t3)
m = MUX(a, q, t2)
l = LUT 0x8e (t1, t2, m)

inv = NOT(wide)
buf = BUFF(inv)
s = OR(buf)
y = AND(l, s, one)
z = OR(y, q)
"""


def _both(text, monkeypatch):
    """What each way makes of a text: (fingerprint, names, ports), or the complaint."""
    found = []
    for small in (0, 1 << 60):
        monkeypatch.setattr(bench, "SMALL_TEXT", small)
        try:
            net = bench.parse(text, "x.bench")
            found.append((net.fingerprint, dict(net.names), net.ports))
        except GatesimError as exc:
            found.append(str(exc))
    return found


def test_the_kernel_reads_what_the_lines_say(monkeypatch):
    # Only so much of the text is unusual that the kernel still takes it.
    fast, slow = _both(SMALL + "".join(f"g{i} = AND(a, c)\n" for i in range(40)), monkeypatch)
    assert fast == slow
    monkeypatch.setattr(bench, "SMALL_TEXT", 0)
    monkeypatch.setattr(bench, "_line", lambda line, *_: pytest.fail(f"read line by line: {line!r}"))
    net = bench.parse("INPUT(a)\nINPUT(b)\nOUTPUT(y)\n# nothing unusual\nq = dff(t)\nt = XOR(a, b)\ny = NOT(q)", "x")
    assert net.counts() == {"INPUT": 2, "NOT": 1, "XOR": 1, "DFF": 1}


@pytest.mark.parametrize("seed", range(12))
def test_damaged_texts_get_the_same_complaint(seed, monkeypatch):
    rng = random.Random(seed)
    padding = "".join(f"g{i} = AND(a, c)\n" for i in range(60))
    for _ in range(25):
        text = list(SMALL + padding)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            kind = rng.randrange(4)
            if kind == 0:
                del text[at : at + rng.randint(1, 8)]
            elif kind == 1:
                text[at] = rng.choice("()=,# \n\tabAB1\x0c\r\u00e9")
            elif kind == 2:
                text.insert(at, rng.choice("()=,# \n\tab"))
            else:
                text[at:at] = text[at : at + rng.randint(1, 60)]
        fast, slow = _both("".join(text), monkeypatch)
        assert fast == slow, "".join(text)


def test_outside_files_read_the_same_either_way(shared_data, monkeypatch):
    for path in sorted(shared_data.glob("iscas8?/*.bench")):
        if path.stat().st_size < 300_000:
            fast, slow = _both(path.read_text(), monkeypatch)
            assert fast == slow and not isinstance(fast, str), path.name


def test_a_large_text_goes_through_the_kernel_and_back(monkeypatch):
    b = Builder("large")
    bits = list(b.input_bus("x", 16))
    rng = np.random.default_rng(5)
    for i in range(3000):
        k = rng.integers(2, 5)
        bits.append(b.gate(rng.choice(["AND", "NOR", "XOR"]) + ("" if k == 2 else str(k)), *rng.choice(bits, k)))
        if i % 50 == 0:
            bits.append(b.flip_flop(bits[-1]))
    b.output("y", bits[-20:])
    net = b.freeze()
    text = bench.dump(net)
    assert len(text) > bench.SMALL_TEXT
    again = bench.parse(text)
    assert bench.dump(again) == bench.dump(bench.parse(bench.dump(again)))
    assert again.counts() == {**net.counts(), **{"BUF": again.counts().get("BUF", 0)}} or again.n_gates >= net.n_gates
    monkeypatch.setattr(bench, "SMALL_TEXT", 1 << 60)
    assert bench.parse(text).fingerprint == again.fingerprint
