"""Outside suites as a table: ``python tests/suites.py [FOLDER]`` writes it into ``docs/formats.md``.

FOLDER holds the outside circuits (by default the one beside the checkout). A file ``tests/suites_*.py``
adds rows of its own: it defines ``rows(folder) -> list[Row]``.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gatesim import Netlist, Stimulus, compile, engine, read, simulate
from gatesim.equivalence import assert_equivalent
from gatesim.errors import EquivalenceError, GatesimError
from gatesim.formats import dumps

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- suites: written by tests/suites.py -->", "<!-- end of suites -->"


@dataclass
class Row:
    """What became of the files of one suite."""

    suite: str
    checks: str
    """What a test is, in a few words."""
    files: int = 0
    read: int = 0
    tests: int = 0
    passed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Reasons, with the number of files."""
    failed: list[str] = field(default_factory=list)

    def open(self, path: Path) -> Netlist | None:
        """Read a file of the suite; note why it is refused."""
        self.files += 1
        try:
            net = read(path)
        except GatesimError as exc:
            self.refused[str(exc).removeprefix(f"{path}:").strip()[:100]] += 1
            return None
        self.read += 1
        return net

    def test(self, name: str, check: Callable[[], bool]) -> None:
        """Run one test; an error is a failure."""
        self.tests += 1
        try:
            good = check()
        except GatesimError as exc:
            good, name = False, f"{name} ({exc})"
        self.passed += good
        if not good:
            self.failed.append(name)

    def cells(self) -> list[str]:
        """The row as text."""
        why = "; ".join(f"{n}: {reason}" for reason, n in sorted(self.refused.items())) or "none"
        return [self.suite, str(self.files), str(self.read), self.checks, str(self.tests), str(self.passed), why]


def same(one: Netlist, two: Netlist, **options) -> bool:
    try:
        assert_equivalent(one, two, **({"patterns": 512, "cycles": 8} | options))
    except EquivalenceError:
        return False
    return True


def round_trips(row: Row, name: str, net: Netlist, formats: tuple[str, ...]) -> None:
    for format in formats:
        row.test(f"{name} through {format}", lambda format=format: same(net, _again(net, format)))


def _again(net: Netlist, format: str) -> Netlist:
    content = dumps(net, format)
    return read(content if isinstance(content, bytes) else content.encode(), format)


def integers(rng: np.random.Generator, bits: int, n: int = 200) -> np.ndarray:
    return np.array(
        [int.from_bytes(rng.bytes((bits + 7) // 8), "little") & ((1 << bits) - 1) for _ in range(n)], object
    )


# -- the suites ------------------------------------------------------------------------------

GATE_FORMATS = ("bench", "blif", "verilog", "aiger", "yosys_json")


def iscas85(folder: Path) -> Row:
    row = Row("ISCAS-85 (`.bench`, `.aig`)", "round trips by simulation; c6288 is a product; c7552 `.aig` = `.bench`")
    nets = {p.name: net for p in sorted(folder.glob("iscas85/*.[ab]*")) if (net := row.open(p)) is not None}
    for name, net in nets.items():
        round_trips(row, name, net, GATE_FORMATS)

    def product() -> bool:
        net, rng = nets["c6288.bench"], np.random.default_rng(0)
        a, b = (integers(rng, 16) for _ in range(2))
        pins = [p.name for p in net.inputs]
        values = {pins[k]: (v >> (k % 16)) & 1 for k in range(32) for v in [a if k < 16 else b]}
        got = simulate(net, values)
        names = [p.name for p in net.outputs]
        names[30], names[31] = names[31], names[30]  # the last two OUTPUT lines are swapped
        return all(sum(int(got[n][i]) << k for k, n in enumerate(names)) == a[i] * b[i] for i in range(len(a)))

    def twins() -> bool:
        one, two = nets["c7552.bench"], nets["c7552.aig"]
        words = Stimulus.random(one, 4096, rng=1).words
        runs = [engine("logic2")(compile(n)).run(Stimulus(words, 4096, 1)) for n in (one, two)]
        return bool(np.array_equal(runs[0].words, runs[1].words))

    row.test("c6288 multiplies", product)
    row.test("c7552.aig equals c7552.bench", twins)
    return row


def iscas89(folder: Path) -> Row:
    row = Row("ISCAS-89 (`.bench`, flip-flops)", "round trips by simulation over cycles")
    for path in sorted(folder.glob("iscas89/*.bench")):
        net = row.open(path)
        if net is not None:
            round_trips(row, path.name, net, GATE_FORMATS)
    return row


def epfl(folder: Path) -> Row:
    row = Row("EPFL (`.aig`, `.blif`)", "`.aig` = `.blif`; round trips; adder, multiplier, max on integers")
    nets: dict[str, Netlist] = {}
    for path in sorted(folder.glob("epfl/*/*.[ab]*")):
        net = row.open(path)
        if net is not None:
            nets[path.name] = net
            round_trips(row, path.name, net, ("blif", "aiger"))
    for name in sorted({n.split(".")[0] for n in nets}):
        if f"{name}.aig" in nets and f"{name}.blif" in nets:
            row.test(f"{name}.aig = {name}.blif", lambda n=name: same(nets[f"{n}.aig"], nets[f"{n}.blif"]))
    rng = np.random.default_rng(0)
    x, y, z, w = (integers(rng, 128) for _ in range(4))

    def values(name: str, **given) -> dict[str, list[int]]:
        got = simulate(nets[name], given)
        return {p.name: [int(v) for v in got[p.name]] for p in nets[name].outputs}

    def adds() -> bool:
        got = values("adder.aig", a=x, b=y)
        return [f + (c << 128) for f, c in zip(got["f"], got["cOut"], strict=True)] == (x + y).tolist()

    low = (1 << 64) - 1
    row.test("adder adds", adds)
    row.test(
        "multiplier multiplies",
        lambda: (
            values("multiplier.aig", a=x & low, b=y & low)["f"]
            == [int(p & low) * int(q & low) for p, q in zip(x, y, strict=True)]
        ),
    )

    def finds_the_largest() -> bool:
        got = values("max.aig", in0=x, in1=y, in2=z, in3=w)
        signed = [[int(v) - (int(v) >> 127 << 128) for v in four] for four in zip(x, y, z, w, strict=True)]
        return got["address"] == [four.index(max(four)) for four in signed]

    row.test("max finds the largest of four signed numbers", finds_the_largest)
    return row


def aiger(folder: Path) -> Row:
    row = Row("AIGER samples (`.aag`, `.aig`)", "round trips by simulation, in both encodings")
    for path in sorted(folder.glob("aiger/**/*.a?g")):
        net = row.open(path)
        if net is not None and net.ports:
            round_trips(row, path.name, net, ("aiger", "aiger_ascii", "blif"))
    return row


def evoapprox(folder: Path) -> Row:
    row = Row("EvoApproxLib (`.v`)", "worst-case and mean error over all inputs as the header states; round trips")
    for path in sorted(folder.glob("evoapprox/*/*.v")):
        net = row.open(path)
        if net is None:
            continue
        text = path.read_text(encoding="utf-8")
        stimulus = Stimulus.exhaustive(net)
        a, b = (stimulus.values(net)[k][0].astype(np.int64) for k in "AB")
        out = engine("logic2")(compile(net)).run(stimulus)["O"][0].astype(np.int64)
        error = np.abs(out - (a * b if path.name.startswith("mul") else a + b))
        stated = {k: m[1] for k in ("MAE", "WCE") if (m := re.search(rf"// {k} = ([\d.]+)", text))}
        digits = len(stated["MAE"].partition(".")[2])
        row.test(f"{path.name}: WCE", lambda e=error, s=stated: bool(e.max() == float(s["WCE"])))
        row.test(
            f"{path.name}: MAE", lambda e=error, s=stated, d=digits: bool(abs(e.mean() - float(s["MAE"])) < 10.0**-d)
        )
        round_trips(row, path.name, net, ("verilog", "blif"))
    return row


def all_rows(folder: Path) -> list[Row]:
    """The rows of this file, and of every ``tests/suites_*.py``."""
    found = [suite(folder) for suite in (iscas85, iscas89, epfl, aiger, evoapprox)]
    for path in sorted(Path(__file__).parent.glob("suites_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += module.rows(folder)
    return found


def table(rows: list[Row]) -> str:
    head = ["suite", "files", "read", "what a test checks", "tests", "passed", "refused, and why"]
    lines = [head, ["---", "---:", "---:", "---", "---:", "---:", "---"], *(r.cells() for r in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        print("the folder of outside circuits is absent: say where it is", file=sys.stderr)
        return 2
    sys.modules.setdefault("suites", sys.modules[__name__])
    rows = all_rows(folder)
    path = ROOT / "docs" / "formats.md"
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")
    print(table(rows))
    failed = [f"{r.suite}: {name}" for r in rows for name in r.failed]
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
