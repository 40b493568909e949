"""What this computer takes for the same product: wall-clock seconds, never mixed with simulated clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

ROUNDS = 7
"""Timed repeats of each way, in turn; the fastest is given: others on this machine only make it slower."""

LEAST_SECONDS = 2e-3
"""A way is called so often in a repeat that it takes at least so long."""

EXACT_FLOAT32_STEPS = 1024
"""K up to which sums of int8 products are exact in float32: K * 128 * 128 <= 2**24."""


@dataclass(frozen=True)
class HostTime:
    """One way to multiply on this machine.

    Attributes
    ----------
    name : str
    seconds : float or None
        Fastest of one product; None where it is not available.
    exact : bool or None
        Whether the result equals exact integer arithmetic.
    why : str
        What is missing where there is no time.
    """

    name: str
    seconds: float | None
    exact: bool | None
    why: str = ""

    def gops(self, macs: int) -> float | None:
        """Billion operations (two a multiply-accumulate) a second."""
        return None if self.seconds is None else 2 * macs / self.seconds / 1e9


@dataclass(frozen=True)
class Way:
    """How to multiply: ``run`` is timed, ``value`` turns what it gives into an array (not timed)."""

    name: str
    run: Callable[[], Any]
    value: Callable[[Any], np.ndarray] = np.asarray


def host_times(a: np.ndarray, b: np.ndarray) -> list[HostTime]:
    """Every way at hand to compute ``a @ b`` of int8 matrices, timed in turn and compared with the exact product.

    NumPy through BLAS and without; ONNX Runtime and PyTorch where they are installed; a GPU where PyTorch
    finds one. What is absent gets a line that says so.
    """
    exact = a.astype(np.int64) @ b.astype(np.int64)
    found = [*_numpy(a, b), *_onnx(a, b), *_torch(a, b)]
    ways = [way for way in found if isinstance(way, Way)]
    equal = [bool(np.array_equal(np.asarray(way.value(way.run()), np.float64), exact)) for way in ways]
    calls = [_calls(way) for way in ways]
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, many, times in zip(ways, calls, seconds, strict=True):
            began = perf_counter()
            for _ in range(many):
                way.run()
            times.append((perf_counter() - began) / many)
    timed = [HostTime(w.name, min(t), e) for w, t, e in zip(ways, seconds, equal, strict=True)]
    return timed + [way for way in found if isinstance(way, HostTime)]


def _calls(way: Way) -> int:
    began = perf_counter()
    way.run()
    return max(1, int(LEAST_SECONDS / max(perf_counter() - began, 1e-7)))


def _numpy(a: np.ndarray, b: np.ndarray) -> Iterator[Way]:
    a32, b32 = a.astype(np.float32), b.astype(np.float32)
    ai, bi = a.astype(np.int32), b.astype(np.int32)
    exact: Any = np.float32 if a.shape[1] <= EXACT_FLOAT32_STEPS else np.float64
    yield Way("NumPy float32 (BLAS)", lambda: a32 @ b32)
    yield Way(
        f"NumPy int8, exact, by {np.dtype(exact).name} BLAS",
        lambda: (a.astype(exact) @ b.astype(exact)).astype(np.int32),
    )
    yield Way("NumPy int32 @ (no BLAS)", lambda: ai @ bi)


def _onnx(a: np.ndarray, b: np.ndarray) -> Iterator[Way | HostTime]:
    name = "ONNX Runtime MatMulInteger u8s8"
    absent = [p for p in ("onnx", "onnxruntime") if find_spec(p) is None]
    if absent:
        yield HostTime(name, None, None, f"{' and '.join(absent)} not installed")
        return
    import onnxruntime  # pyright: ignore[reportMissingImports]
    from onnx import TensorProto, helper  # pyright: ignore[reportMissingImports]

    inputs = [
        helper.make_tensor_value_info("a", TensorProto.UINT8, a.shape),
        helper.make_tensor_value_info("b", TensorProto.INT8, b.shape),
    ]
    zero = helper.make_tensor("zero", TensorProto.UINT8, [], [128])
    node = helper.make_node("MatMulInteger", ["a", "b", "zero"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.INT32, (len(a), b.shape[1]))
    graph = helper.make_graph([node], "product", inputs, [output], [zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    fed = {"a": (a.astype(np.int16) + 128).astype(np.uint8), "b": np.ascontiguousarray(b)}
    yield Way(name, lambda: session.run(["y"], fed)[0])


def _torch(a: np.ndarray, b: np.ndarray) -> Iterator[Way | HostTime]:
    no_gpu = "GPU: int8, float32, bf16 (PyTorch)"
    if find_spec("torch") is None:
        yield HostTime("PyTorch _int_mm", None, None, "torch not installed")
        yield HostTime(no_gpu, None, None, "torch not installed")
        return
    import torch  # pyright: ignore[reportMissingImports]

    yield from _torch_on("cpu", a, b)
    if torch.cuda.is_available():
        torch.backends.cuda.matmul.allow_tf32 = False  # fp32 is meant, not its 19 bits
        yield from _torch_on("cuda", a, b)
    else:
        yield HostTime(no_gpu, None, None, "PyTorch finds no GPU")


def _torch_on(device: str, a: np.ndarray, b: np.ndarray) -> Iterator[Way | HostTime]:
    import torch  # pyright: ignore[reportMissingImports]

    at = "GPU" if device == "cuda" else "PyTorch"
    finish = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    x, y = torch.from_numpy(a.copy()).to(device), torch.from_numpy(b.copy()).to(device)

    def way(name: str, product: Callable[[], Any]) -> Way:
        def run() -> Any:
            found = product()
            finish()
            return found

        return Way(f"{at} {name}", run, lambda t: t.double().cpu().numpy())

    try:
        torch._int_mm(x, y)  # pyright: ignore[reportPrivateImportUsage]
    except RuntimeError as exc:  # on a GPU it takes more than 16 rows, and multiples of 8
        yield HostTime(f"{at} int8 _int_mm", None, None, f"refuses this shape: {str(exc).splitlines()[0]}")
    else:
        yield way("int8 _int_mm", lambda: torch._int_mm(x, y))  # pyright: ignore[reportPrivateImportUsage]
    for name, kind in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = x.to(kind), y.to(kind)
        yield way(name, lambda left=left, right=right: left @ right)
