"""Arrays of integers to bit planes and back, and the checks on the way in.

A bit plane is (bits, words) uint64: pattern ``p`` is bit ``p & 63`` of word ``p >> 6``; lanes past the
last pattern read 0.
"""

from __future__ import annotations

import os
from math import prod

import numpy as np

from .errors import TooLargeError, ValueFitError
from .kernels import bits as kernel


def n_words(n_patterns: int) -> int:
    """Words that hold `n_patterns` lanes."""
    return (n_patterns + 63) >> 6


def lane_mask(n_patterns: int) -> np.ndarray:
    """(words,) uint64 with a 1 in every used lane."""
    mask = np.full(n_words(n_patterns), ~np.uint64(0))
    mask[-1:] = last_word_mask(n_patterns)
    return mask


def last_word_mask(n_patterns: int) -> np.uint64:
    """The last word of :func:`lane_mask`."""
    return np.uint64((1 << (n_patterns & 63)) - 1) if n_patterns & 63 else ~np.uint64(0)


def free_bytes() -> int | None:
    """Memory that can be had without swapping, in bytes; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def require_memory(n_bytes: int, what: str) -> None:
    """Refuse to start what would not fit.

    Raises
    ------
    TooLargeError
        `what` needs more than the memory that is free; the message says both.
    """
    free = free_bytes()
    if free is not None and n_bytes > free:
        raise TooLargeError(
            f"{what} needs {n_bytes / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free: "
            "use fewer patterns or cycles, or summarize() instead of recording"
        )


def empty_planes(shape: tuple[int, ...], what: str) -> np.ndarray:
    """An uninitialised uint64 array of `shape`, whose last axis is words; refused when it does not fit."""
    require_memory(8 * prod(shape), what)
    return np.empty(shape, np.uint64)


def as_array(values) -> np.ndarray:
    """`values` as an array; a list of integers stays one of integers however large they are.

    NumPy turns a list that mixes small integers with ones past ``2**63`` into floats.
    """
    array = np.asarray(values)
    if array.dtype.kind == "f" and not isinstance(values, np.ndarray):
        exact = np.array(values, dtype=object)
        if all(isinstance(v, (int, np.integer)) for v in exact.flat):
            return exact
    return array


def as_unsigned(values, width: int, what: str) -> np.ndarray:
    """`values` as unsigned integers of `width` bits: uint64, or object past 64 bits.

    A negative value is taken as two's complement when it fits as such.

    Raises
    ------
    ValueFitError
        Not integers, or a value outside ``-2**(width - 1) .. 2**width - 1``; says which and where.
    """
    array = as_array(values)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.dtype.kind == "f" and array.size == 0:
        array = array.astype(np.uint64)
    if array.dtype.kind not in "iuO":
        raise ValueFitError(f"{what} takes integers, not {array.dtype} values")
    if array.dtype == object and not all(isinstance(v, (int, np.integer)) for v in array.flat):
        bad = next(v for v in array.flat if not isinstance(v, (int, np.integer)))
        raise ValueFitError(f"{what} takes integers, not {type(bad).__name__} ({bad!r})")
    if array.size == 0:
        return array.astype(np.uint64 if width <= 64 else object)
    low, high = -(1 << (width - 1)), (1 << width) - 1
    small, large = int(array.min()), int(array.max())
    if small < low or large > high:
        bad = small if small < low else large
        at = np.unravel_index(int(np.argmax(array == bad)), array.shape) if array.ndim else ()
        where = f" (at index {', '.join(map(str, map(int, at)))})" if at else ""
        raise ValueFitError(
            f"value {bad}{where} does not fit into {what} of {width} bit{'s' * (width > 1)} "
            f"(0 to {high}, or {low} to {high >> 1} signed)"
        )
    if width > 64:
        wide = array.astype(object)
        return np.asarray(wide & high, dtype=object)
    if array.dtype == object:
        return np.asarray(array & high, dtype=object).astype(np.uint64)
    unsigned = array.astype(np.int64).view(np.uint64) if small < 0 else array.astype(np.uint64)
    return unsigned if width == 64 or small >= 0 else unsigned & np.uint64(high)


def pack(values: np.ndarray, width: int) -> np.ndarray:
    """(width, words) uint64 planes of unsigned `values` (patterns,), uint64 or object."""
    planes = np.empty((width, n_words(len(values))), dtype=np.uint64)
    if values.dtype != object:
        kernel.pack(np.ascontiguousarray(values, dtype=np.uint64), planes)
        return planes
    mask = (1 << 64) - 1
    for low in range(0, width, 64):
        part = np.asarray((values >> low) & mask, dtype=object).astype(np.uint64)
        planes[low : low + 64] = pack(part, min(64, width - low))
    return planes


def unpack(planes: np.ndarray, n_patterns: int) -> np.ndarray:
    """(patterns,) unsigned integers of `planes` (bits, words): uint64, or object past 64 bits."""
    width = planes.shape[0]
    if width <= 64:
        values = np.empty(n_patterns, dtype=np.uint64)
        kernel.unpack(np.ascontiguousarray(planes), values)
        return values
    total = np.zeros(n_patterns, dtype=object)
    for low in range(0, width, 64):
        total |= unpack(planes[low : low + 64], n_patterns).astype(object) << low
    return total


def as_signed(values: np.ndarray, width: int) -> np.ndarray:
    """Read unsigned `values` of `width` bits as two's complement: int64, or object past 64 bits.

    Examples
    --------
    >>> as_signed(np.array([0, 127, 128, 255], dtype=np.uint64), 8)
    array([   0,  127, -128,   -1])
    """
    values = np.asarray(values)
    if width > 64:
        return np.asarray([int(v) - ((int(v) >> (width - 1)) << width) for v in values.flat], dtype=object).reshape(
            values.shape
        )
    shift = 64 - width
    return (values.astype(np.uint64) << np.uint64(shift)).view(np.int64) >> np.int64(shift)


def port_values(words: np.ndarray, ports: list[tuple[str, int]], n_patterns: int) -> dict[str, np.ndarray]:
    """Integers by port name, (cycles, patterns) each, from `words` (cycles, bits, words)."""
    found, low = {}, 0
    for name, width in ports:
        found[name] = unpack_cycles(words[:, low : low + width], n_patterns)
        low += width
    return found


def unpack_cycles(words: np.ndarray, n_patterns: int) -> np.ndarray:
    """(cycles, patterns) integers of `words` (cycles, bits, words)."""
    if n_patterns == 1 and words.shape[1] <= 64:  # one instance, many cycles: weigh the bits in one go
        weights = np.uint64(1) << np.arange(words.shape[1], dtype=np.uint64)
        return ((words[:, :, 0] & np.uint64(1)) * weights).sum(axis=1, dtype=np.uint64)[:, None]
    if not len(words):
        return np.empty((0, n_patterns), np.uint64 if words.shape[1] <= 64 else object)
    return np.stack([unpack(plane, n_patterns) for plane in words])


def four_text(value: np.ndarray, unknown: np.ndarray, n_patterns: int) -> np.ndarray:
    """(cycles, patterns) strings of 0, 1, X, Z (most significant bit first) from two sets of planes."""
    letters = "01XZ"
    n_cycles, width = value.shape[:2]
    out = np.empty((n_cycles, n_patterns), dtype=object)
    for c in range(n_cycles):
        for p in range(n_patterns):
            code = [(int(plane[c, b, p >> 6]) >> (p & 63)) & 1 for plane in (value, unknown) for b in range(width)]
            out[c, p] = "".join(letters[code[b] + 2 * code[width + b]] for b in reversed(range(width)))
    return out


def four_planes(texts: np.ndarray, width: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of planes (cycles, width, words) of strings (cycles, patterns) of 0, 1, X and Z.

    Raises
    ------
    ValueFitError
        A string of another length, or another letter.
    """
    n_cycles, n_patterns = texts.shape
    value = np.zeros((n_cycles, width, n_words(n_patterns)), np.uint64)
    unknown = np.zeros_like(value)
    for (c, p), text in np.ndenumerate(texts):
        letters = str(text).upper()
        if len(letters) != width or letters.strip("01XZ"):
            raise ValueFitError(f"{what} takes {width} letters of 0, 1, X and Z, not {text!r}")
        lane = np.uint64(1 << (p & 63))
        for b, letter in enumerate(reversed(letters)):
            if letter in "1Z":
                value[c, b, p >> 6] |= lane
            if letter in "XZ":
                unknown[c, b, p >> 6] |= lane
    return value, unknown
