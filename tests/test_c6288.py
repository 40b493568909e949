"""ISCAS-85 c6288 is a 16 x 16 multiplier; the last two OUTPUT lines of the file are swapped."""

from __future__ import annotations

import numpy as np
import pytest

from gatesim import map_to, read, simulate


@pytest.mark.parametrize("engine", ["logic2", "python"])
def test_a_million_random_products(shared_data, engine):
    net = read(shared_data / "iscas85" / "c6288.bench")
    a, b = np.random.default_rng(6288).integers(0, 1 << 16, (2, 1_000_000))
    names = [p.name for p in net.inputs]
    values = {name: (a if i < 16 else b) >> (i % 16) & 1 for i, name in enumerate(names)}
    got = simulate(net, values, engine=engine)
    outputs = [p.name for p in net.outputs]
    outputs[-1], outputs[-2] = outputs[-2], outputs[-1]
    product = np.zeros(len(a), np.int64)
    for i, name in enumerate(outputs):
        product |= got[name].astype(np.int64) << i
    assert np.array_equal(product, a * b)


def test_c6288_from_nands(shared_data):
    net = read(shared_data / "iscas85" / "c6288.bench")
    nand = map_to(net, "nand")
    rng = np.random.default_rng(0)
    values = {p.name: rng.integers(0, 2, 20_000) for p in net.inputs}
    one, two = simulate(net, values), simulate(nand, values)
    assert all(np.array_equal(one[p.name], two[p.name]) for p in net.outputs)
