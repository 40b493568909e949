"""Random Verilog expressions of mixed widths and signs mean what Icarus Verilog says they mean."""

from __future__ import annotations

import random
import shutil
import subprocess

import numpy as np
import pytest

from gatesim import simulate
from gatesim.formats import verilog

WIDTHS = {"a": (1, False), "b": (3, False), "c": (5, True), "d": (4, True), "e": (8, False)}


class Writer:
    """Writes random expressions over the inputs."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def expression(self, depth: int) -> str:
        rng = self.rng
        if depth == 0 or rng.random() < 0.1:
            return self.operand()
        kind = rng.randrange(9)
        one = lambda: self.expression(depth - 1)  # noqa: E731
        if kind <= 2:
            return f"({one()} {rng.choice(['&', '|', '^', '~^', '&', '^'])} {one()})"
        if kind == 3:
            return f"(~{one()})"
        if kind == 4:
            return f"({one()} ? {one()} : {one()})"
        if kind == 5:
            return f"({rng.choice(['&', '|', '^', '~&', '~|', '~^', '!'])}({one()}))"
        if kind == 6:
            return f"({one()} {rng.choice(['==', '!=', '&&', '||', '===', '!=='])} {one()})"
        if kind == 7:
            return f"({one()} {rng.choice(['<<', '>>', '>>>', '<<<'])} {rng.randrange(6)})"
        return self.joined(one)

    def joined(self, one) -> str:
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            return f"{{{self.sized()}, {self.sized()}}}"
        if kind == 1:
            return f"{{{rng.randint(1, 3)}{{{self.sized()}}}}}"
        return f"{rng.choice(['$signed', '$unsigned'])}({one()})"

    def sized(self) -> str:
        name = self.rng.choice(list(WIDTHS))
        return self.rng.choice([name, self.selected(name), f"{self.rng.randint(1, 4)}'d{self.rng.randrange(2)}"])

    def selected(self, name: str) -> str:
        high = self.rng.randrange(WIDTHS[name][0])
        if WIDTHS[name][0] == 1:
            return name
        low = self.rng.randint(0, high)
        return self.rng.choice(
            [
                f"{name}[{high}]",
                f"{name}[{high}:{low}]",
                f"{name}[{low} +: {high - low + 1}]",
                f"{name}[{high} -: {high - low + 1}]",
            ]
        )

    def operand(self) -> str:
        rng = self.rng
        constants = [
            f"{rng.randrange(9)}",
            f"4'd{rng.randrange(16)}",
            f"4'sd{rng.randrange(8)}",
            "(-2)",
            "3'sb101",
            "P",
            "S",
        ]
        name = rng.choice(list(WIDTHS))
        return rng.choice([name, name, name, self.selected(name), rng.choice(constants)])


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed (apt install iverilog)")
def test_expressions_mean_what_icarus_says(tmp_path):
    rng = random.Random(7)
    n = 150
    ports = ", ".join(f"input {'signed ' * signed}[{w - 1}:0] {k}" for k, (w, signed) in WIDTHS.items())
    widths = [rng.choice([1, 2, 4, 7, 12, 40]) for _ in range(n)]
    outputs = ", ".join(f"output [{w - 1}:0] y{i}" for i, w in enumerate(widths))
    body = "".join(f"  assign y{i} = {Writer(i).expression(3)};\n" for i in range(n))
    design = (
        f"module t({ports}, {outputs});\n  parameter [2:0] P = 5; localparam signed [3:0] S = -3;\n{body}endmodule\n"
    )
    (tmp_path / "t.v").write_text(design)
    values = {k: np.array([rng.randrange(1 << w) for _ in range(60)]) for k, (w, _) in WIDTHS.items()}
    steps = "".join(
        "".join(f"{k} = {values[k][i]}; " for k in WIDTHS)
        + f'#1 $display("{" ".join(["%0d"] * n)}", {", ".join(f"y{k}" for k in range(n))});\n'
        for i in range(60)
    )
    regs = " ".join(f"reg [{w - 1}:0] {k};" for k, (w, _) in WIDTHS.items())
    wires = " ".join(f"wire [{w - 1}:0] y{i};" for i, w in enumerate(widths))
    connections = ", ".join(f".{k}({k})" for k in [*WIDTHS, *(f"y{i}" for i in range(n))])
    (tmp_path / "tb.v").write_text(
        f"module tb; {regs} {wires} t u({connections});\ninitial begin {steps} end endmodule\n"
    )
    subprocess.run(["iverilog", "-g2005", "-o", "sim", "tb.v", "t.v"], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(["vvp", "sim"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    wanted = np.array(
        [[int(v) for v in line.split()] for line in done.stdout.splitlines() if line.strip()], dtype=object
    )
    got = simulate(verilog.parse(design), values)
    assert len(wanted) == 60
    for i in range(n):
        ours = [int(v) for v in got[f"y{i}"]]
        assert ours == wanted[:, i].tolist(), body.splitlines()[i]
