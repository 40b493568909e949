"""Train the int8 network that the tour reads digits with: ``python -m demos.train_digits``.

A 64-32-10 perceptron is trained on 1,347 of the 1,797 UCI handwritten digits (scikit-learn, extra
``ml``) and quantised: int8 weights (one scale a hidden neuron, one for the output layer), int32 biases,
uint8 hidden activations. Each hidden neuron's scale is nudged up until its requantisation factor is
exactly ``multiplier / 2**16``, so that integer arithmetic equals float32 arithmetic bit for bit.

It takes three seconds on one thread. 600 epochs are the budget: scikit-learn warns that the loss could
still fall. The same versions write the same bytes (numpy 2.4.6, scikit-learn 1.9.1: 98.0 % of the held-out
images; seeds 0 to 7, each with its own split, gave 96.7 % to 98.9 %).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "data" / "digits.npz"
N_TEST = 450
SEED = 1


def quantise(
    w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, hidden: np.ndarray
) -> dict[str, np.ndarray]:
    """Integers for a float network on raw pixels 0 to 16.

    Parameters
    ----------
    w1, b1 : (n_hidden, n_inputs), (n_hidden,) float
        First layer, for pixels 0 to 16.
    w2, b2 : (n_classes, n_hidden), (n_classes,) float
    hidden : (n, n_hidden) float
        Hidden activations on the training images, for the range of the uint8 activations.
    """
    step = np.percentile(hidden.max(axis=1), 99.9) / 255  # value of one unit of a hidden activation
    scale = np.abs(w1).max(axis=1) / 127
    multiplier = np.ceil(scale / step * 65536).astype(np.int32)
    scale = multiplier / 65536 * step
    common = np.abs(w2).max() / 127
    return {
        "weights1": np.rint(w1 / scale[:, None]).astype(np.int8),
        "bias1": np.rint(b1 / scale).astype(np.int32),
        "multiplier1": multiplier,
        "weights2": np.rint(w2 / common).astype(np.int8),
        "bias2": np.rint(b2 / (common * step)).astype(np.int32),
    }


def split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the 1,347 training images, in the order that training sees them, and of the 450 held-out ones.

    Scikit-learn's ``train_test_split``, stratified (every class keeps its share), with `SEED`.
    """
    from sklearn.model_selection import train_test_split  # pyright: ignore[reportMissingImports]

    learn, held_out = train_test_split(np.arange(len(labels)), test_size=N_TEST, random_state=SEED, stratify=labels)
    return np.asarray(learn), np.asarray(held_out)


def train() -> dict[str, np.ndarray]:
    """Everything that the file holds: images, labels, the split and the quantised network."""
    from sklearn.datasets import load_digits  # pyright: ignore[reportMissingImports]
    from sklearn.neural_network import MLPClassifier  # pyright: ignore[reportMissingImports]
    from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingImports]

    pixels, classes = load_digits(return_X_y=True)
    images, labels = pixels.astype(np.uint8), classes.astype(np.uint8)
    learn, held_out = split(labels)
    x = images[learn].astype(np.float64) / 16
    model = MLPClassifier((32,), alpha=0.05, learning_rate_init=0.002, max_iter=600, random_state=SEED, tol=1e-5)
    with threadpool_limits(1):  # NumPy's BLAS is loaded already: an environment variable would come too late
        model.fit(x, labels[learn])
        w1, w2 = (w.T for w in model.coefs_)
        b1, b2 = model.intercepts_
        hidden = np.maximum(x @ w1.T + b1, 0)
    test = np.zeros(len(images), np.bool_)
    test[held_out] = True
    return {"images": images, "labels": labels, "test": test, **quantise(w1 / 16, b1, w2, b2, hidden)}


def main() -> None:
    """Train, write the file, say how good the integers are."""
    content = train()
    FILE.parent.mkdir(exist_ok=True)
    temporary = FILE.with_name("digits.part.npz")  # savez adds .npz to other names
    try:
        np.savez_compressed(temporary, **content)  # type: ignore[arg-type]
        os.replace(temporary, FILE)
    finally:
        temporary.unlink(missing_ok=True)
    from .digits import integer_logits, load

    digits = load()
    right = integer_logits(digits, digits.images).argmax(axis=1) == digits.labels
    print(f"held-out images: {right[digits.test].mean():.1%} right of {digits.test.sum()}")
    print(f"all images: {right.mean():.1%} right of {len(right)}; written: {FILE}")


if __name__ == "__main__":
    main()
