"""The table of outside suites in the docs is what its script writes."""

from __future__ import annotations

import suites

from gatesim import Builder, write


def test_the_table_counts_what_is_read_refused_and_passed(tmp_path):
    b = Builder("inverter")
    b.output("y", ~b.input("x"))
    write(b.freeze(), tmp_path / "good.bench")
    (tmp_path / "bad.bench").write_text("INPUT(a)\nOUTPUT(y)\ny = NADN(a)\n")
    row = suites.Row("suite", "round trips")
    for path in sorted(tmp_path.glob("*.bench")):
        net = row.open(path)
        if net is not None:
            suites.round_trips(row, path.name, net, ("blif", "aiger"))
            row.test("false", lambda: False)
    assert row.cells()[:2] == ["suite", "2"] and row.cells()[2:6] == ["1", "round trips", "3", "2"]
    assert "1: 3: unknown gate 'NADN'" in row.cells()[6] and row.failed == ["false"]
    assert suites.table([row]).splitlines()[2].startswith("| suite | 2 | 1 |")


def test_the_docs_hold_a_row_for_every_suite(shared_data):
    text = (suites.ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    inside = text.partition(suites.BEGIN)[2].partition(suites.END)[0]
    rows = [line for line in inside.splitlines() if line.startswith("| ") and not line.startswith(("| suite", "| ---"))]
    assert len(rows) >= 5
    for line in rows:
        cells = [c.strip() for c in line.strip("|").split("|")]
        assert cells[4] == cells[5], f"{cells[0]}: {cells[5]} of {cells[4]} tests pass"
