from __future__ import annotations

import numpy as np
import pytest

from circuits.constants import accumulator_ranges
from circuits.network import requantised_relu
from demos import digits, train_digits
from gatesim import map_to, simulate
from gatesim.bits import as_signed


@pytest.fixture(scope="module")
def data():
    return digits.load()


@pytest.fixture(scope="module")
def net(data):
    return digits.network(data)


def test_the_bundled_data(data):
    assert data.images.shape == (1797, 64) and data.images.max() == digits.LARGEST_PIXEL
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI states
    assert data.test.sum() == 450
    assert [layer.weights.shape for layer in data.layers] == [(32, 64), (10, 32)]
    assert all(layer.weights.dtype == np.int8 for layer in data.layers)
    text = (digits.FILE.parent / "SOURCES.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text and "UCI" in text


def test_the_bundled_data_are_scikit_learns(data):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn (extra ml) is not installed")
    pixels, classes = datasets.load_digits(return_X_y=True)
    assert np.array_equal(data.images, pixels) and np.array_equal(data.labels, classes)
    learn, held_out = train_digits.split(data.labels)
    assert len(learn) == 1347 and not data.test[learn].any()
    assert len(held_out) == 450 and data.test[held_out].all()


def test_accuracy_of_the_integers(data):
    right = digits.integer_logits(data, data.images).argmax(axis=1) == data.labels
    assert right.mean() >= 0.95 and right[data.test].mean() >= 0.95


def test_integers_equal_the_float32_definition_of_requantisation(data):
    rng = np.random.default_rng(0)
    multiplier = data.layers[0].multiplier
    acc = np.concatenate(
        [rng.integers(-(1 << 20), 1 << 20, (20_000, 32)), rng.integers(-(1 << 31), 1 << 31, (20_000, 32))]
    )
    scale = (multiplier / 65536).astype(np.float32)
    wanted = np.clip(np.rint(acc.astype(np.float32) * scale), 0, 255).astype(np.int64)
    assert np.array_equal(requantised_relu(acc, multiplier), wanted)


def test_requantisation_of_every_accumulator_that_pixels_can_reach(data):
    hidden = data.layers[0]
    ranges = accumulator_ranges(hidden.weights.tolist(), hidden.bias.tolist(), [digits.LARGEST_PIXEL] * 64)
    for (low, high), multiplier in zip(ranges, hidden.multiplier, strict=True):
        acc = np.arange(low, high + 1)
        product = acc.astype(np.float32) * np.float32(multiplier / 65536)
        wanted = np.clip(np.rint(product), 0, 255)
        assert np.array_equal(requantised_relu(acc, np.asarray(multiplier)), wanted)


@pytest.mark.parametrize("basis", [None, "nand", "nor"])
def test_every_logit_of_every_image_from_gates(data, net, basis):
    mapped = net if basis is None else map_to(net, basis)
    got = simulate(mapped, digits.port_values(data.images))
    wanted = digits.integer_logits(data, data.images)
    for k in range(10):
        assert np.array_equal(as_signed(got[f"logit{k}"], mapped.port(f"logit{k}").width), wanted[:, k])
    assert np.array_equal(got["digit"], wanted.argmax(axis=1))


def test_the_reference_engine_agrees(data, net):
    some = data.images[::150]
    got = simulate(net, digits.port_values(some), engine="python")
    assert np.array_equal(got["digit"], digits.integer_logits(data, some).argmax(axis=1))


def test_size_of_the_network(net):
    assert net.n_gates < 150_000
    assert map_to(net, "nand").n_gates < 400_000


def test_quantising_is_close_to_the_float_network():
    rng = np.random.default_rng(1)
    w1, b1, w2, b2 = rng.normal(size=(6, 9)), rng.normal(size=6), rng.normal(size=(4, 6)), rng.normal(size=4)
    x = rng.integers(0, 17, (500, 9))
    hidden = np.maximum(x @ w1.T + b1, 0)
    q = train_digits.quantise(w1, b1, w2, b2, hidden)
    layers = (
        digits.DenseLayer(q["weights1"], q["bias1"], q["multiplier1"]),
        digits.DenseLayer(q["weights2"], q["bias2"]),
    )
    got = digits.integer_scores(layers, x)
    wanted = hidden @ w2.T + b2
    assert np.corrcoef(got.ravel(), wanted.ravel())[0, 1] > 0.999
    assert all(
        np.array_equal(a, b)
        for a, b in zip(q.values(), train_digits.quantise(w1, b1, w2, b2, hidden).values(), strict=True)
    )
