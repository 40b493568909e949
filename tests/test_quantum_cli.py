from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatesim import read


def test_compile_counts_and_verifies(gatesim):
    status, out, _ = gatesim("quantum", "compile", "adders.ripple_carry[8]", "--json")
    found = json.loads(out)
    assert status == 0 and (found["t_count"], found["ands"], found["qubits"], found["states"]) == (32, 8, 33, 1 << 16)
    status, out, _ = gatesim("quantum", "compile", "adders.ripple_carry[8]", "--toffoli", "--json")
    assert (status, json.loads(out)["t_count"]) == (0, 8 * 14)
    status, out, _ = gatesim("quantum", "compile", "hack.pc[16]", "--states", "1000")
    assert status == 0 and "right on 1,000 basis states" in out and "physical qubits" in out


def test_strategies_and_pictures(gatesim):
    status, out, _ = gatesim("quantum", "compile", "adders.ripple_carry[3]", "--strategy", "inplace", "-o", "x.png")
    assert status == 0 and "written: x.png" in out and Path("x.png").read_bytes().startswith(b"\x89PNG")
    Path("x.png").unlink()
    multiplier = ("quantum", "compile", "multipliers.array_multiplier[8]", "--strategy", "pebble")
    status, out, _ = gatesim(*multiplier, "--ancillas", "40", "--json")
    assert status == 0 and json.loads(out)["ancillas"] <= 40
    status, out, err = gatesim(*multiplier, "--ancillas", "20")
    assert (status, out) == (2, "") and "no schedule with 20 ancillas was found; the fewest that do are" in err


def test_costs_side_by_side(gatesim):
    status, out, _ = gatesim("quantum", "costs", "adders.ripple_carry[8]", "--json", "--plot", "curve.png")
    found = json.loads(out)
    rows = {r["name"]: r for r in found["rows"]}
    assert status == 0 and all(r["right"] for r in rows.values()) and Path("curve.png").exists()
    assert rows["inplace"]["costs"]["t_count"] == 32 and rows['adder_ripple_c04(n, "half")']["costs"]["t_count"] == 112
    assert [c["ancillas"] for c in found["curve"]["points"]] == sorted(c["ancillas"] for c in found["curve"]["points"])
    status, out, _ = gatesim(
        "quantum", "costs", "multipliers.array_multiplier[4]", "--no-library", "--ancillas", "14,3"
    )
    assert status == 0 and "pebble, 14 ancillas" in out and "no row inplace: 'array_multiplier' cannot be" in out
    assert "no row pebble, 3 ancillas: no schedule was found: the fewest that do are 12" in out
    assert gatesim("quantum", "costs", "adders.ripple_carry[4]", "--ancillas", "x")[0] == 2


def test_a_file_is_verified_or_the_fault_is_told(gatesim):
    pytest.importorskip("qiskit_qasm3_import")
    assert gatesim("quantum", "compile", "adders.ripple_carry[4]", "-o", "adder.qasm")[0] == 0
    status, out, _ = gatesim("quantum", "verify", "adder.qasm", "--against", "adders.kogge_stone[4]")
    assert status == 0 and "right on every input: outputs equal, inputs restored, 4 ancillas clean" in out
    status, out, _ = gatesim("quantum", "verify", "adder.qasm", "--against", "adders.kogge_stone[4]", "--prove")
    assert status == 0 and "proven for every basis state: outputs equal, inputs restored" in out
    lines = Path("adder.qasm").read_text().splitlines()
    del lines[next(k for k, line in enumerate(lines) if line.startswith("temporary_and"))]
    Path("broken.qasm").write_text("\n".join(lines))
    status, out, _ = gatesim("quantum", "verify", "broken.qasm", "--against", "adders.ripple_carry[4]")
    assert status == 1 and "on input a=" in out


def test_bad_input_is_one_line(gatesim):
    for arguments, message in (
        (("compile", "adders.ripple_carry[4]", "-o", "x.svg"), "must end in .qasm or .png"),
        (("compile", "adders.ripple_carry[4]", "--phase"), "'ripple_carry' has 5 output bits"),
        (("compile", "adders.ripple_carry[4]", "--strategy", "magic"), "unknown strategy 'magic'"),
        (("compile", "adders.ripple_carry[64]", "-o", "x.png"), "shows nothing"),
        (("verify", "none.qasm", "--against", "adders.ripple_carry[4]"), "none.qasm: No such file"),
        (("verify", "none.qasm", "--against", "adders.ripple_carry[4]", "--map", "sum"), "write port=register"),
    ):
        status, out, err = gatesim("quantum", *arguments)
        assert (status, out) == (2, "") and message in err and err.count("\n") == 1, (arguments, err)
        assert not Path("x.png").exists()


def test_and_counts_of_epfl_fall(shared_data):
    from quantum import reversible

    net = read(shared_data / "epfl" / "arithmetic" / "adder.aig")
    assert reversible(net).counts()["AND"] == 128
