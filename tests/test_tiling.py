from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, compile, engine, simulate
from gatesim.bits import as_signed
from gatesim.conformance import random_netlist
from gatesim.errors import UnknownNameError, UnsupportedError, ValueFitError, WidthError
from gatesim.instances import instantiate
from gatesim.tiling import Link, Tile


def random_cell(seed):
    """Some logic between registers that talk east, south, west and far."""
    g = np.random.default_rng(seed)
    b = Builder("cell")
    free = b.input_bus("free", 2)
    ports = {name: b.input_bus(name, 2) for name in ("east_in", "south_in", "west_in", "far_in")}
    pool = [*free, *(x for p in ports.values() for x in p)]
    held = [b.wire() for _ in range(8)]
    q = [b.flip_flop(w, init=int(g.integers(2))) for w in held]
    pool += q
    for _ in range(25):
        kind = ("AND", "XOR", "NOR", "MUX")[int(g.integers(4))]
        pool.append(b.gate(kind, *(pool[int(i)] for i in g.integers(0, len(pool), 3 if kind == "MUX" else 2))))
    for w in held:
        b.drive(w, pool[int(g.integers(len(pool)))])
    for i, name in enumerate(("east", "south", "west", "far")):
        b.output(f"{name}_out", q[2 * i : 2 * i + 2])
    b.output("seen", pool[-3:])
    return b.freeze()


LINKS = [
    Link("east_out", "east_in", 0, 1),
    Link("south_out", "south_in", 1, 0),
    Link("west_out", "west_in", 0, -1),
    Link("far_out", "far_in", -1, 2),
]


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_a_tile_equals_its_flat_netlist(seed, rows, columns):
    g = np.random.default_rng(seed)
    tile = Tile(random_cell(seed), rows, columns, LINKS)
    cycles = 7
    inputs = {"free": g.integers(0, 4, (cycles, rows, columns))}
    for link in LINKS:
        inputs[link.input] = g.integers(0, 4, (cycles, len(tile.feed_cells(link.input))))
    flat = tile.flatten()
    values = {f"free_{r}_{c}": inputs["free"][:, r, c] for r in range(rows) for c in range(columns)}
    for link in LINKS:
        values |= {f"{link.input}_{k}": inputs[link.input][:, k] for k in range(inputs[link.input].shape[1])}
    wanted = simulate(flat, values, engine="python")
    for name in ("logic2", "python"):
        got = tile.run(cycles, inputs, engine=engine(name)(compile(tile.cell)))
        for link in LINKS:
            drained = got.drained[link.output]
            assert drained.shape == (cycles, len(tile.drain_cells(link.output)))
            for k in range(drained.shape[1]):
                # Drained values are what leaves in a cycle: the register before that cycle's edge.
                assert drained[:, k].tolist() == wanted[f"{link.output}_{k}"].tolist()
        for r in range(rows):
            for c in range(columns):
                assert int(got.cells["seen"][r, c]) == int(wanted[f"seen_{r}_{c}"][-1])


@pytest.mark.parametrize("rows, columns", [(9, 30), (3, 171), (130, 1)])
def test_grids_of_many_words_compiled_and_stepped(rows, columns):
    """Links across words and blocks of lanes, edges that are neighbours and edges that are not."""
    g = np.random.default_rng(rows)
    tile = Tile(random_cell(rows), rows, columns, LINKS)
    inputs = {"free": g.integers(0, 4, (6,) if rows == 9 else (6, rows, columns))}
    for link in LINKS[1:]:  # zeros enter at the edge of the first
        inputs[link.input] = g.integers(0, 4, (6, len(tile.feed_cells(link.input))))
    schedule = compile(tile.cell)
    wanted = tile.run(6, inputs, engine=engine("python")(schedule))
    for tier in ("auto", "interpreting"):
        got = tile.run(6, inputs, engine=engine("logic2")(schedule, tier=tier))
        assert all(np.array_equal(got.drained[k], v) for k, v in wanted.drained.items())
        assert np.array_equal(got.cells["seen"], wanted.cells["seen"])


def weight_stationary_cell():
    from circuits.tensor import mac

    b = Builder("pe")
    a, total = b.input_bus("a_in", 8), b.input_bus("sum_in", 32)
    weight = b.input_bus("weight", 8)
    b.output("a_out", b.register(a))
    b.output("sum_out", b.register(mac(a, weight, total)))
    return b.freeze()


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_a_systolic_array_multiplies(tier, monkeypatch, tmp_path):
    monkeypatch.setenv("GATESIM_CACHE_DIR", str(tmp_path))
    m, k, n = 9, 70, 5
    g = np.random.default_rng(0)
    a, w = g.integers(-128, 128, (m, k)), g.integers(-128, 128, (k, n))
    tile = Tile(weight_stationary_cell(), k, n, [Link("a_out", "a_in", 0, 1), Link("sum_out", "sum_in", 1, 0)])
    cycles = m + k + n
    skewed = np.zeros((cycles, k), np.int64)
    for row in range(k):
        skewed[row : row + m, row] = a[:, row]
    run = engine("logic2")(compile(tile.cell), tier=tier)
    drained = tile.run(cycles, {"a_in": skewed, "weight": w}, engine=run).drained["sum_out"]
    assert tile.drain_cells("sum_out") == [(k - 1, c) for c in range(n)]
    product = np.stack([as_signed(drained[k + c : k + c + m, c], 32) for c in range(n)], axis=1)
    assert np.array_equal(product, a @ w)


def test_what_a_tile_refuses():
    b = Builder("cell")
    x, wide = b.input("x"), b.input_bus("wide", 2)
    b.output("q", b.flip_flop(x))
    b.output("plain", ~x)
    b.output("both", wide)
    cell = b.freeze()
    for link, error, text in (
        (Link("qq", "x", 0, 1), UnknownNameError, "unknown output of the cell 'cell' 'qq'; did you mean 'q'"),
        (Link("q", "wide", 0, 1), WidthError, r"link 'q' \(1 bits\) -> 'wide' \(2 bits\)"),
        (Link("plain", "x", 0, 1), UnsupportedError, "linked output 'plain' is not driven by flip-flops"),
        (Link("q", "x", 0, 0), ValueFitError, "goes from a cell to itself"),
    ):
        with pytest.raises(error, match=text):
            Tile(cell, 2, 2, [link])
    with pytest.raises(ValueFitError, match="input 'x' of the cell is linked twice"):
        Tile(cell, 2, 2, [Link("q", "x", 0, 1), Link("q", "x", 1, 0)])
    tile = Tile(cell, 2, 3, [Link("q", "x", 0, 1)])
    with pytest.raises(ValueFitError, match="no value for input 'wide'"):
        tile.run(4)
    with pytest.raises(ValueFitError, match=r"linked input 'x' has shape \(4, 3\), not \(4, 2\)"):
        tile.run(4, {"wide": 0, "x": np.zeros((4, 3), int)})
    with pytest.raises(ValueFitError, match=r"input 'wide' has shape \(5,\); it may be a scalar"):
        tile.run(4, {"wide": np.zeros(5, int)})
    with pytest.raises(UnknownNameError, match="unknown input of the cell 'cell' 'wibe'"):
        tile.run(4, {"wibe": 0})


def test_instances_of_a_random_netlist():
    cell = random_netlist(4, n_registers=3)
    b = Builder("pair")
    x = b.input_bus("x", 6)
    first = instantiate(b, cell, {"x": x})
    second = instantiate(b, cell, {"x": x})
    b.output("y", first["y"])
    b.output("again", second["y"])
    values = np.random.default_rng(1).integers(0, 64, 50)
    got, wanted = simulate(b.freeze(), x=values), simulate(cell, x=values)
    assert got["y"].tolist() == got["again"].tolist() == wanted["y"].tolist()
    with pytest.raises(UnsupportedError, match="has memories"):
        instantiate(b, random_netlist(4, n_memories=1), {"x": x})
    with pytest.raises(WidthError, match="input 'x' of 'random' has 6 bits, not 2"):
        instantiate(b, cell, {"x": x[:2]})
