"""OpenQASM read natively: as Qiskit's importers read it, or refused with the line."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given, settings
from test_quantum import adder, random_nets

from gatesim import Builder, equivalent, read, write
from gatesim.errors import GatesimError, ParseError, UnsupportedError, ValueFitError
from quantum import assert_verified, from_qiskit, prove, qasm, qasm_reader, reversible, to_qiskit

HEAD = "OPENQASM 3.0;\nqubit[5] q;\nbit[2] m;\n"


def ours(body: str, head: str = HEAD):
    return qasm_reader.read(head + body, "f.qasm", inputs={"x": "q"}, outputs={})


@given(net=random_nets)
@settings(max_examples=15, deadline=None)
def test_what_we_write_comes_back_gate_by_gate(net):
    for circuit in (reversible(net), reversible(net).with_toffolis()):
        text = qasm.dumps(circuit)
        inputs, outputs, sign = qasm_reader.ports(text)
        again = qasm_reader.read(text, inputs=inputs, outputs=outputs, sign=sign)
        assert again.op.tolist() == circuit.op.tolist() and again.ptr.tolist() == circuit.ptr.tolist()
        assert again.qubits.tolist() == circuit.qubits.tolist() and dict(again.outputs) == dict(circuit.outputs)
        assert equivalent(net, qasm_reader.netlist(text))


def test_every_kind_of_statement_as_qiskits_importer_reads_it():
    pytest.importorskip("qiskit_qasm3_import")
    text = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
        "/* registers\n */ qubit[5] q; qubit[1] a; qubit[2] b; qubit[2] c; // and\n"
        "gate pair u, v { cx u, v; x u; }\ngate twice u, v { pair u, v; pair v, u; }\n"
        "x q[0];\nccx q[0], q[1], q[2];\nctrl(3) @ x q[0], q[1], q[2], a;\nnegctrl @ x q[3], q[4];\n"
        "x b;\ncx b, c;\ncx a[0], c;\nswap q[3], q[4];\ncswap q[0], q[1], a;\n"
        "ctrl @ swap q[0], q[1], a;\ntwice q[2],\n  b[1];\nz a;\ncz q[0], a;\nctrl(2) @ z q[0], q[1], a;\n"
        "barrier q;\ngphase(pi);\n"
    )
    ports = {"inputs": {n: n for n in "qabc"}, "outputs": {}}
    first, second = qasm_reader.read(text, **ports), from_qiskit(qasm.loads(text), **ports)
    for k in range(64):
        values = {"q": k % 32, "a": k >> 5, "b": k % 3, "c": k % 4}
        assert first.apply(values) == second.apply(values)


def test_modifiers():
    found = ours("ctrl @ negctrl @ x q[0], q[1], q[2]; inv @ x q[3]; id q; ctrl(2) @ swap q[0], q[3], q[1], q[4];")
    for x in range(32):
        q = [x >> i & 1 for i in range(5)]
        q[2] ^= q[0] & (1 - q[1])
        q[3] ^= 1
        if q[0] and q[3]:
            q[1], q[4] = q[4], q[1]
        assert found.apply({"q": x})[0]["q"] == sum(b << i for i, b in enumerate(q))


def test_what_qiskit_writes_is_read():
    from qiskit import qasm2, qasm3

    net = adder(3)
    for made in (reversible(net), reversible(net).with_toffolis()):
        ports = {"inputs": {"a": "a", "b": "b"}, "outputs": {"sum": "sum", "carry": "carry"}}
        assert prove(qasm_reader.read(qasm3.dumps(to_qiskit(made)), **ports), net)
    assert prove(qasm_reader.read(qasm2.dumps(to_qiskit(made)), **ports), net)


def test_files_are_netlists(shared_data, tmp_path):
    net = read(shared_data / "iscas85" / "c432.bench")
    write(net, tmp_path / "c432.qasm")
    assert equivalent(net, read(tmp_path / "c432.qasm"))
    (tmp_path / "swap.qasm").write_text("OPENQASM 2.0;\nqreg a[2];\nqreg b[2];\nswap a,b;\n")
    found = read(tmp_path / "swap.qasm")
    assert [p.name for p in found.outputs] == ["a_after", "b_after"]
    assert found.port("a_after").nets == found.port("b").nets


def test_reading_needs_no_qiskit():
    code = (
        "import sys; from quantum.qasm_reader import netlist; netlist('OPENQASM 3.0; qubit[2] a; cx a[0], a[1];'); "
        "assert 'qiskit' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_phase_oracles_and_odd_names(gatesim):
    b = Builder("odd")
    b.output("f 1", b.input("in.0") & b.input("x"))
    net = b.freeze()
    assert equivalent(net, qasm_reader.netlist(qasm.dumps(reversible(net))))
    made = reversible(net, phase=True)
    text = qasm.dumps(made)
    inputs, outputs, sign = qasm_reader.ports(text)
    assert_verified(qasm_reader.read(text, inputs=inputs, outputs=outputs, sign=sign), net)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x q[0];\nh q[1];", r"f\.qasm:5: instruction 1 \(h on q\[1\]\) does not permute basis states"),
        ("x q[0]; rx(0.5) q[1];", r"f\.qasm:4: instruction 1 \(rx on q\[1\]\) does not permute"),
        ("gate g a { x a; h a; }\nx q;\ng q[2];", r":6: instruction 1 \(g on q\[2\], in which h\) does not permute"),
        ("measure q[0] -> m[0];", r":4: instruction 0 \(measure on q\[0\]\) does not permute"),
        ("h q[0]; m[0] = measure q[0]; if (m[1]) { cz q[1], q[2]; x q[0]; }", r"instruction 0 \(h on q\[0\]\)"),
        ("gphase(0.3);", r":4: instruction 0 \(gphase\(0\.3\)\) does not permute"),
        ("ctrl @ h q[0], q[1];", r"instruction 0 \(h on q\[0\], q\[1\]\) does not permute"),
    ],
)
def test_gates_that_are_not_classical_are_named(body, message):
    with pytest.raises(UnsupportedError, match=message):
        ours(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x q[5];", r"f\.qasm:4: 'q\[5\]': register 'q' has 5 qubits, from 0"),
        ("x r[0];", r":4: 'r\[0\]' is no qubit"),
        ("cx q[0];", "cx takes 2 qubits here, not 1"),
        ("cx q[0], q[0];", r"'cx q\[0\], q\[0\]' names one qubit twice"),
        ("qubit[2] a; cx q, a;", "registers of 2 and 5 qubits in one call"),
        ("qubit q;", "'q' is declared twice"),
        ("x q[0]", r":4: 'x' is not ended by ';'"),
        (
            "\nfor int i in [0:4] { x q[i]; }",
            r":5: 'for' is beyond the reader of classical circuits; Qiskit's importer",
        ),
        ("gate g a { x a; ", r"'{' is never closed"),
        ("}", "'}' closes nothing"),
        ("x ;", "a qubit is missing|beyond"),
        ("if (n[0]) x q[0];", "beyond the reader"),
    ],
)
def test_damaged_files(body, message):
    with pytest.raises(ParseError, match=message):
        ours(body)


def test_more_refusals():
    with pytest.raises(ParseError, match=r"f\.qasm: no line 'OPENQASM 3\.0;'"):
        ours("x q;", "qubit q;\n")
    with pytest.raises(ValueFitError, match=r"port 'y': f\.qasm has no register 'r'; it has q"):
        qasm_reader.read(HEAD, "f.qasm", inputs={"x": "q"}, outputs={"y": "r"})
    bomb = (
        HEAD
        + "gate g0 a { x a; x a; }\n"
        + "".join(f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}\n" for k in range(1, 40))
    )
    with pytest.raises(ParseError, match="expands to more than 1,048,576 gates"):
        qasm_reader.netlist(bomb + "g39 q[0];")
    text = qasm.dumps(reversible(adder(2)))
    for cut in range(0, 400, 7):
        with contextlib.suppress(GatesimError):
            qasm_reader.netlist(text[:cut] + text[cut + 5 :])
    with pytest.raises(ParseError, match="which is no text in JSON"):
        qasm_reader.ports(text.replace('"a"', '"a\t"', 1))
