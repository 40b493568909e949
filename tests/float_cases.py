"""Operands that hurt floating point, after Berkeley TestFloat; and references that round once.

The references are float64 arithmetic made exact: a product of two of our numbers fits float64, and a sum is
rounded *to odd* there (Boldo and Melquiond 2008), after which rounding to a narrower format is as if it came
from the exact value. Conversions to 8 and 16 bits are those of ml_dtypes and NumPy.

Sums and products themselves need no such care: ml_dtypes and NumPy compute those of 8 and 16 bits in float32,
whose 24 bits are at least 2 p + 2 (Figueroa 1995), and the products of bfloat16 that float32 cannot hold are
too small to matter.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from circuits.floats import FORMATS

TYPES = {
    "fp32": np.dtype(np.float32),
    "fp16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "e5m2": np.dtype(ml_dtypes.float8_e5m2),
    "e4m3": np.dtype(ml_dtypes.float8_e4m3fn),
}
WORDS = {name: np.dtype(f"u{dtype.itemsize}") for name, dtype in TYPES.items()}


# -- operands --------------------------------------------------------------------------------


def interesting(name: str) -> np.ndarray:
    """Every exponent and sign with mantissas at the ends, beside the middle, of one bit and of runs of ones."""
    f = FORMATS[name]
    full = (1 << f.mantissa) - 1
    single = {1 << i for i in range(f.mantissa)}
    runs = {full >> i for i in range(f.mantissa)} | {full ^ (full >> i) for i in range(f.mantissa)}
    middle = {(1 << (f.mantissa - 1)) + d for d in (-1, 0, 1)}
    mantissas = sorted(m & full for m in {0, 1, 2, 3, full, full - 1} | single | runs | middle)
    fields = np.arange(1 << (f.exponent + 1), dtype=np.uint64) << np.uint64(f.mantissa)  # with the sign
    return (fields[:, None] | np.array(mantissas, dtype=np.uint64)).reshape(-1)


class Operands:
    """Random operands of one format, corner-heavy; each method gives `n` numbers as uint64."""

    def __init__(self, name: str, seed: int) -> None:
        self.f = FORMATS[name]
        self.rng = np.random.default_rng(seed)
        self.corners = interesting(name)

    def plain(self, n: int) -> np.ndarray:
        return self.rng.integers(0, 1 << self.f.width, n, dtype=np.uint64)

    def corner(self, n: int) -> np.ndarray:
        return self.rng.choice(self.corners, n)

    def mixed(self, n: int) -> np.ndarray:
        return np.where(self.rng.random(n) < 0.6, self.corner(n), self.plain(n))

    def with_field(self, field: np.ndarray) -> np.ndarray:
        """Corner or random mantissas and signs under the exponent fields given (kept in range)."""
        f = self.f
        field = np.clip(field, 0, f.top).astype(np.uint64) << np.uint64(f.mantissa)
        keep = np.uint64((1 << f.mantissa) - 1 | 1 << (f.width - 1))
        return (self.mixed(len(field)) & keep) | field

    def field(self, numbers: np.ndarray) -> np.ndarray:
        return ((numbers >> np.uint64(self.f.mantissa)) & np.uint64(self.f.top)).astype(np.int64)

    def beside(self, numbers: np.ndarray, ulps: int) -> np.ndarray:
        """Numbers at most `ulps` away in magnitude, of random sign."""
        magnitude = (numbers & np.uint64((1 << (self.f.width - 1)) - 1)).astype(np.int64)
        moved = magnitude + self.rng.integers(-ulps, ulps + 1, len(numbers))
        moved = np.clip(moved, 0, (1 << (self.f.width - 1)) - 1).astype(np.uint64)
        return moved | self.rng.integers(0, 2, len(numbers), dtype=np.uint64) << np.uint64(self.f.width - 1)

    def pairs(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """A fifth each: plain, mixed, one ulp apart, exponents near (ties), products at the edges."""
        f, part = self.f, n // 5
        near, edge = self.mixed(part), self.mixed(n - 4 * part)
        reach = f.mantissa + 4
        distance = self.rng.integers(-reach, reach + 1, part)
        ends = self.rng.choice([f.bias, f.bias + f.top], len(edge))
        jitter = self.rng.integers(-reach, 3, len(edge))
        twins = self.mixed(part)
        a = [self.plain(part), self.mixed(part), twins, near, edge]
        b = [
            self.plain(part),
            self.mixed(part),
            self.beside(twins, 2),
            self.with_field(self.field(near) + distance),
            self.with_field(ends + jitter - self.field(edge)),
        ]
        return np.concatenate(a), np.concatenate(b)

    def addends(self, name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """For products `a` times `b`: nearly their negative, beside them by exponent, or mixed."""
        f, n = self.f, len(a)
        with np.errstate(all="ignore"):
            product = narrow(name, wide(name, a) * wide(name, b)).astype(np.uint64)
        close = self.beside(product, 2)
        reach = self.rng.integers(-2 * f.mantissa - 6, f.mantissa + 7, n)
        beside = self.with_field(self.field(a) + self.field(b) - f.bias + reach)
        kind = self.rng.integers(0, 3, n)
        return np.choose(kind, [close, beside, self.mixed(n)])


# -- references ------------------------------------------------------------------------------


def typed(name: str, bits: np.ndarray) -> np.ndarray:
    """The numbers in NumPy's or ml_dtypes' own type."""
    return bits.astype(WORDS[name]).view(TYPES[name])


def wide(name: str, bits: np.ndarray) -> np.ndarray:
    """The numbers as float64 (exact)."""
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return typed(name, bits).astype(np.float64)


def canonical(name: str, values: np.ndarray) -> np.ndarray:
    """Bits of numbers of the format's type, with every NaN the one that circuits make."""
    bits = values.view(WORDS[name])
    return np.where(np.isnan(wide(name, bits)), WORDS[name].type(FORMATS[name].nan), bits)


def _odd(rounded: np.ndarray, short_of: np.ndarray) -> np.ndarray:
    """Rounding to odd, from rounding to nearest and the sign of what is missing."""
    even = (rounded.view(f"u{rounded.itemsize}") & 1) == 0
    toward = np.where(short_of > 0, np.inf, -np.inf).astype(rounded.dtype)
    fix = even & (short_of != 0) & np.isfinite(rounded)
    return np.where(fix, np.nextafter(rounded, toward), rounded)


def narrow(name: str, exact: np.ndarray) -> np.ndarray:
    """Bits of float64 numbers rounded once to the format."""
    with np.errstate(all="ignore"):
        if name in ("fp32", "fp16"):
            return canonical(name, exact.astype(TYPES[name]))
        single = exact.astype(np.float32)  # ml_dtypes converts by way of float32: go there by rounding to odd
        single = _odd(single, np.nan_to_num(exact - single.astype(np.float64)))
        return canonical(name, single.astype(TYPES[name]))


def exact_sum(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``x + y`` in float64, rounded to odd (Knuth's two-sum gives what rounding lost)."""
    with np.errstate(all="ignore"):
        total = x + y
        part = total - x
        lost = (x - (total - part)) + (y - part)
        return _odd(total, np.nan_to_num(lost))


def multiply_add(name: str, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Bits of ``a * b + c`` rounded once."""
    with np.errstate(all="ignore"):
        return narrow(name, exact_sum(wide(name, a) * wide(name, b), wide(name, c)))
