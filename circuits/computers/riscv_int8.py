"""Int8 work on the gate-level RV32I as programs: matrix products, and networks of dense layers.

With the M extension a multiply-accumulate is seven instructions. Without, the product is made by adding and
shifting, a bit of one factor at a time: what a processor without a multiplier does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from circuits.network import DenseLayer
from gatesim.errors import ValueFitError, WidthError

from .machine import Session, Tier
from .riscv_assembler import assemble
from .riscv_model import Layout
from .riscv_running import RiscvProgram

CYCLES_FORMULA = {True: "6 + M (6 + N (7K + 9))", False: "6 + M (6 + 9N + a sum over B: about 48KN)"}
"""Cycles of a product by whether there is a multiplier; without one they depend on the bits of B."""

MOST_ACROSS = 2047
"""Sizes that fit into the immediates of the program."""

_MULTIPLY_ADD = {
    True: """
    mul  t0, t0, t1
    add  t2, t2, t0""",
    False: """
    bgez t1, 7f             # t2 += t0 * t1, a bit of |t1| at a time
    neg  t1, t1
    neg  t0, t0
7:  beqz t1, 9f
    andi t3, t1, 1
    beqz t3, 8f
    add  t2, t2, t0
8:  slli t0, t0, 1
    srli t1, t1, 1
    j    7b
9:""",
}

_MATMUL = """
# C[M, N] = A[M, K] @ B[K, N]: s0 row of A, s1 row of C, s2 rows left
_start:
    la   s0, a
    la   s1, c
    li   s2, M
rows:
    la   s3, b              # s3 column of B
    li   s4, N              # columns left
columns:
    mv   a0, s0
    addi a1, s0, K
    mv   a2, s3
    li   t2, 0
inner:
    lb   t0, 0(a0)
    lb   t1, 0(a2){multiply_add}
    addi a0, a0, 1
    addi a2, a2, N
    bne  a0, a1, inner
    sw   t2, 0(s1)
    addi s1, s1, 4
    addi s3, s3, 1
    addi s4, s4, -1
    bnez s4, columns
    addi s0, s0, K
    addi s2, s2, -1
    bnez s2, rows
    ebreak
"""

_DENSE = """
# one layer: s0 inputs, s1 weights, s2 biases, s3 multipliers (0: none), s4 outputs, s5 and s6 how many of each
layer:
    lw   t2, 0(s2)
    addi s2, s2, 4
    mv   a0, s0
    add  a1, s0, s5
inner:
    lb   t0, 0(s1)
    lbu  t1, 0(a0){multiply_add}
    addi s1, s1, 1
    addi a0, a0, 1
    bne  a0, a1, inner
    beqz s3, 4f
    mv   t0, t2             # requantise: times the multiplier, 16 bits off, half to even
    lw   t1, 0(s3)
    addi s3, s3, 4
    li   t2, 0{multiply_add}
    srai t0, t2, 16
    andi t0, t0, 1
    li   t1, 0x7FFF
    add  t2, t2, t1
    add  t2, t2, t0
    srai t2, t2, 16
    bgez t2, 2f
    li   t2, 0
2:  li   t0, 255
    ble  t2, t0, 3f
    mv   t2, t0
3:  sb   t2, 0(s4)
    addi s4, s4, 1
    j    5f
4:  sw   t2, 0(s4)
    addi s4, s4, 4
5:  addi s6, s6, -1
    bnez s6, layer
    ret
"""


@dataclass(frozen=True, eq=False)
class RiscvProduct:
    """A matrix product that the processor computed.

    Attributes
    ----------
    c : (M, N) int32
    cycles, instructions : int
    data_bytes : int
        Read and written by loads and stores (instructions are 4 bytes each beside them).
    program : RiscvProgram
        With the machine that ran it.
    seconds : float
        Time spent simulating.
    """

    c: np.ndarray
    cycles: int
    instructions: int
    data_bytes: int
    program: RiscvProgram
    seconds: float


@dataclass(frozen=True, eq=False)
class RiscvScores:
    """Logits that the processor computed, one image an instance.

    Attributes
    ----------
    logits : (images, outputs) int64
    cycles, instructions : (images,) int64
    program : RiscvProgram
        With the machine that ran it.
    seconds : float
        Time spent simulating all of them.
    """

    logits: np.ndarray
    cycles: np.ndarray
    instructions: np.ndarray
    program: RiscvProgram
    seconds: float


def matmul_cycles(m: int, k: int, n: int) -> int:
    """Cycles of a product with a multiplier, exactly: ``M (N (7K + 9) + 6) + 6``.

    Examples
    --------
    >>> matmul_cycles(2, 3, 4)
    258
    """
    return m * (n * (7 * k + 9) + 6) + 6


def shifting_cycles(m: int, b: np.ndarray) -> int:
    """Cycles of a product with (K, N) `b` without a multiplier, exactly: every bit of `b` takes its time.

    Examples
    --------
    >>> shifting_cycles(1, np.array([[3]])), shifting_cycles(1, np.array([[-4]]))
    (42, 49)
    """
    size = np.abs(b.astype(np.int64))
    ones = int(np.unpackbits(size.astype(np.uint8)).sum())
    inner = 7 * size.size + 2 * int((b < 0).sum()) + 6 * int(np.frexp(size)[1].sum()) + ones
    return m * (inner + 9 * b.shape[1] + 6) + 6


def check_sizes(m: int, k: int, n: int) -> None:
    """Refuse, with ValueFitError, a product that the program cannot hold."""
    if max(m, k, n) > MOST_ACROSS:
        raise ValueFitError(f"a product of {m} x {k} x {n}: this program takes sizes up to {MOST_ACROSS:,}")


def matmul_layout(m: int, k: int, n: int, *, multiply: bool = True) -> Layout:
    """The machine whose memory holds such a product and its program."""
    return _layout(m * k + k * n + 4 * m * n, multiply)


def matmul_program(
    a: np.ndarray, b: np.ndarray, *, multiply: bool = True, basis: str | None = None, room: int = 0
) -> RiscvProgram:
    """A program that computes ``a @ b`` into its symbol ``c`` (row by row, int32).

    Parameters
    ----------
    a, b : (M, K) and (K, N) integers from -128 to 127
    multiply : bool
        Whether the processor has the M extension.
    basis : str, optional
        Gates that it is made of, "nand" or another.
    room : int
        Rows of A that its memory has room for, where that is more than the rows of `a`.

    Raises
    ------
    WidthError, ValueFitError
        Shapes that do not go together; values outside int8; sizes past 2,047.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or not a.size or not b.size:
        raise WidthError(f"a product of shapes {a.shape} and {b.shape}: (M, K) and (K, N) wanted, none of them 0")
    for name, matrix in (("a", a), ("b", b)):
        if matrix.dtype.kind not in "iu" or matrix.min() < -128 or matrix.max() > 127:
            raise ValueFitError(f"{name} holds values that are no int8 (-128 to 127)")
    (m, k), n = a.shape, b.shape[1]
    room = max(m, room)
    check_sizes(room, k, n)
    text = f".equ M, {m}\n.equ K, {k}\n.equ N, {n}\n.text" + _MATMUL.format(multiply_add=_MULTIPLY_ADD[multiply])
    text += ".data\n" + _bytes("a", a) + _bytes("b", b) + f".bss\nc: .space {4 * m * n}\n"
    return _program(text, matmul_layout(room, k, n, multiply=multiply), basis)


def matmul(
    a: np.ndarray,
    b: np.ndarray,
    *,
    multiply: bool = True,
    basis: str | None = None,
    room: int = 0,
    tier: Tier = "auto",
) -> RiscvProduct:
    """``a @ b`` of int8 matrices on the processor; arguments and errors as for :func:`matmul_program`.

    Examples
    --------
    >>> matmul(np.array([[1, -2, 3]]), np.array([[4], [5], [-6]])).c.tolist()
    [[-24]]
    """
    program = matmul_program(a, b, multiply=multiply, basis=basis, room=room)
    (m, k), n = np.shape(a), np.shape(b)[1]
    session = program.start(tier=tier)
    # Without a multiplier a product takes at most 7 x 8 + 5 instructions.
    done = session.run(matmul_cycles(m, k, n) + 100 * m * k * n)
    assert done.halted.all()
    c = _words(session, program, "c", m * n).reshape(m, n)
    cycles, instructions = int(done.cycles[0]), int(done.instructions[0])
    return RiscvProduct(c, cycles, instructions, 2 * m * k * n + 4 * m * n, program, done.seconds)


def network_program(layers: Sequence[DenseLayer], *, multiply: bool = True, basis: str | None = None) -> RiscvProgram:
    """A program that shows the bytes at its symbol ``v0`` to a network; logits appear at the last ``v``.

    Raises
    ------
    ValueFitError
        Layers without weights, or that do not go together, or requantise where they should not; an
        accumulator whose product with its multiplier may not fit into 32 bits.
    """
    _check(layers)
    text, data, room = "_start:\n", "", f"v0: .space {layers[0].weights.shape[1]}\n"
    for k, layer in enumerate(layers):
        n_out, n_in = layer.weights.shape
        scale = "li s3, 0" if layer.multiplier is None else f"la s3, m{k}"
        places = f"la s0, v{k}; la s1, w{k}; la s2, b{k}; {scale}; la s4, v{k + 1}"
        text += f"{places}; li s5, {n_in}; li s6, {n_out}; call layer\n"
        data += _bytes(f"w{k}", layer.weights) + _integers(f"b{k}", layer.bias)
        data += "" if layer.multiplier is None else _integers(f"m{k}", layer.multiplier)
        room += f".balign 4\nv{k + 1}: .space {n_out if layer.multiplier is not None else 4 * n_out}\n"
    text += "ebreak" + _DENSE.format(multiply_add=_MULTIPLY_ADD[multiply])
    size = sum(5 * layer.weights.size // 4 + 12 * len(layer.bias) + 64 for layer in layers) + layers[0].weights.shape[1]
    return _program(f".text\n{text}.data\n{data}.bss\n{room}", _layout(size, multiply), basis)


def start_network(
    program: RiscvProgram,
    layers: Sequence[DenseLayer],
    images: np.ndarray,
    *,
    tier: Tier = "auto",
    threads: int | None = 1,
) -> Session:
    """A session of :func:`network_program` with images (n, inputs) in memory, an instance each.

    Raises
    ------
    ValueFitError
        No images, or of another size; pixels that are no bytes.
    """
    images = np.asarray(images)
    n_in = layers[0].weights.shape[1]
    if images.ndim != 2 or images.shape[1] != n_in or not len(images):
        raise ValueFitError(f"images of shape {images.shape}: (n, {n_in}) wanted, at least one")
    if images.dtype.kind not in "iu" or images.min() < 0 or images.max() > 255:
        raise ValueFitError("pixels are bytes: 0 to 255")
    session = program.start(len(images), tier=tier, threads=threads)
    at = program.program.symbols["v0"] - program.layout.base
    first = at // 4
    padded = np.zeros((len(images), -(-(at % 4 + n_in) // 4) * 4), np.uint8)
    padded[:, at % 4 : at % 4 + n_in] = images
    session.set_memory("memory", padded.view("<u4").astype(np.uint64), first)
    return session


def network_bytes(layers: Sequence[DenseLayer]) -> int:
    """Bytes that the loads and stores of :func:`network_program` move for one image."""
    total = 0
    for layer in layers:
        each = 4 + 4 if layer.multiplier is None else 4 + 4 + 1  # bias and logit; bias, multiplier and activation
        total += 2 * layer.weights.size + each * len(layer.bias)
    return total


def scores(
    layers: Sequence[DenseLayer],
    images: np.ndarray,
    *,
    multiply: bool = True,
    basis: str | None = None,
    tier: Tier = "auto",
    threads: int | None = 1,
) -> RiscvScores:
    """Show images (n, inputs), integers from 0 to 255, to a network: each image on a processor of its own.

    Other arguments and errors as for :func:`network_program`.

    Examples
    --------
    >>> first = DenseLayer(np.array([[1, 2], [-3, 4]], np.int8), np.array([5, 6], np.int32), np.array([9000, 65]))
    >>> second = DenseLayer(np.array([[1, -1]], np.int8), np.array([7], np.int32))
    >>> scores([first, second], np.array([[10, 20]])).logits.tolist()
    [[15]]
    """
    program = network_program(layers, multiply=multiply, basis=basis)
    session = start_network(program, layers, images, tier=tier, threads=threads)
    macs = sum(layer.weights.size + len(layer.bias) for layer in layers)
    done = session.run(1000 + 130 * macs)
    assert done.halted.all()
    last = layers[-1].weights.shape[0]
    logits = _words(session, program, f"v{len(layers)}", last).astype(np.int64)
    return RiscvScores(logits, done.cycles, done.instructions, program, done.seconds)


def _check(layers: Sequence[DenseLayer]) -> None:
    if not layers or layers[-1].multiplier is not None or any(layer.multiplier is None for layer in layers[:-1]):
        raise ValueFitError("the program takes layers that are all requantised but the last")
    for k, (one, following) in enumerate(pairwise(layers)):
        if one.weights.shape[0] != following.weights.shape[1]:
            raise ValueFitError(
                f"layer {k} gives {one.weights.shape[0]} values, layer {k + 1} takes {following.weights.shape[1]}"
            )
    for k, layer in enumerate(layers):
        weights, bias = layer.weights.astype(np.int64), layer.bias.astype(np.int64)
        most = np.maximum(bias + 255 * weights.clip(0).sum(1), -bias + 255 * (-weights).clip(0).sum(1))
        scale = 1 if layer.multiplier is None else layer.multiplier.astype(np.int64)
        if np.min(scale) < 0 or (most * scale).max() >= (1 << 31) - (1 << 16):
            raise ValueFitError(f"layer {k}: an accumulator times its multiplier may not fit into 32 bits")


def _layout(data_bytes: int, multiply: bool) -> Layout:
    return Layout(size=1 << (data_bytes + 1024).bit_length(), multiply=multiply)


def _program(text: str, layout: Layout, basis: str | None) -> RiscvProgram:
    return RiscvProgram(assemble(text, layout, "int8"), layout, basis)


def _bytes(name: str, values: np.ndarray) -> str:
    return f"{name}: .byte {', '.join(map(str, values.ravel().tolist()))}\n.balign 4\n"


def _integers(name: str, values: np.ndarray) -> str:
    return f"{name}: .word {', '.join(map(str, values.ravel().tolist()))}\n"


def _words(session: Session, program: RiscvProgram, symbol: str, count: int) -> np.ndarray:
    """(instances, count) int32 from a symbol on."""
    first = (program.program.symbols[symbol] - program.layout.base) // 4
    return session.memory("memory")[:, first : first + count].astype(np.uint32).view(np.int32)
