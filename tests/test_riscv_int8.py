"""Int8 products and the digits network on the gate-level RV32I, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.computers.riscv_int8 import matmul, matmul_cycles, network_program, scores
from circuits.network import DenseLayer, integer_scores
from demos.digits import integer_logits, load
from gatesim.errors import ValueFitError, WidthError


@pytest.mark.parametrize("multiply", [True, False])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2), (3, 4, 2), (2, 9, 5), (8, 8, 8)])
def test_products_are_numpys(shape, multiply):
    m, k, n = shape
    rng = np.random.default_rng(m)
    a, b = rng.integers(-128, 128, (m, k)), rng.integers(-128, 128, (k, n))
    a[0, 0] = b[0, 0] = -128
    done = matmul(a, b, multiply=multiply)
    assert done.c.dtype == np.int32
    assert np.array_equal(done.c, a @ b)
    if multiply:
        assert done.cycles == matmul_cycles(m, k, n) == done.instructions + 1  # the ebreak
    else:
        assert 15 * m * k * n < done.cycles < 70 * m * k * n + 10 * m * n + 20
    assert done.data_bytes == 2 * m * k * n + 4 * m * n


@pytest.mark.parametrize(("multiply", "basis"), [(True, "nand"), (False, None)])
def test_digits_get_the_logits_of_integer_arithmetic(multiply, basis):
    digits = load()
    images = digits.images[digits.test][:70]
    done = scores(digits.layers, images, multiply=multiply, basis=basis)
    assert np.array_equal(done.logits, integer_logits(digits, images))
    # 2,368 multiply-accumulates, seven instructions each with a multiplier.
    low, high = (7.1, 7.6) if multiply else (15, 60)
    assert (done.cycles > low * 2368).all()
    assert (done.cycles < high * 2368).all()


def test_requantising_rounds_half_to_even_and_clamps():
    weights = np.array([[1], [1], [1], [-1], [2]], np.int8)
    bias = np.array([0, 1, 2, 0, 400], np.int32)
    first = DenseLayer(weights, bias, np.array([0x8000, 0x8000, 0x4000, 0x8000, 0x10000], np.int32))
    second = DenseLayer(np.eye(5, dtype=np.int8), np.zeros(5, np.int32))
    images = np.arange(256)[:, None]
    for multiply in (True, False):
        done = scores([first, second], images, multiply=multiply)
        assert np.array_equal(done.logits, integer_scores([first, second], images))
    assert done.logits.max() == 255


def test_bad_operands_are_refused():
    with pytest.raises(WidthError, match=r"a product of shapes \(2, 3\) and \(2, 3\)"):
        matmul(np.ones((2, 3), int), np.ones((2, 3), int))
    with pytest.raises(ValueFitError, match="a holds values that are no int8"):
        matmul(np.full((1, 1), 128), np.ones((1, 1), int))
    with pytest.raises(ValueFitError, match="sizes up to 2,047"):
        matmul(np.ones((1, 2048), int), np.ones((2048, 1), int))
    layer = DenseLayer(np.ones((2, 2), np.int8), np.zeros(2, np.int32))
    with pytest.raises(ValueFitError, match="all requantised but the last"):
        network_program([layer, layer])
    scaled = DenseLayer(layer.weights, layer.bias, np.array([1, 1 << 23], np.int32))
    with pytest.raises(ValueFitError, match="layer 0: an accumulator times its multiplier may not fit"):
        network_program([scaled, layer])
    with pytest.raises(ValueFitError, match="layer 0 gives 2 values, layer 1 takes 3"):
        network_program([scaled, DenseLayer(np.ones((2, 3), np.int8), layer.bias)])
    with pytest.raises(ValueFitError, match=r"images of shape \(4,\): \(n, 2\) wanted"):
        scores([layer], np.zeros(4, int))
    with pytest.raises(ValueFitError, match="pixels are bytes"):
        scores([layer], np.array([[0, 256]]))
