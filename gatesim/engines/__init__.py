"""Engines, one contract: ``engine("logic2")(schedule).run(stimulus, watch=...)``."""

from __future__ import annotations

from importlib import import_module

from ..errors import unknown_name
from .base import Engine, Record

_ENGINES = {
    "python": ("python", "PythonEngine", "slow, obvious, the definition"),
    "logic2": ("logic2", "Logic2Engine", "bit-parallel, compiled by Numba, 64 patterns a word"),
    "cuda": ("cuda", "CudaEngine", "on an NVIDIA GPU, through numba-cuda (gatesim[gpu])"),
    "logic4": ("logic4", "Logic4Engine", "four values (0, 1, X, Z), bit-parallel on two planes"),
}


def engine(name: str) -> type[Engine]:
    """The engine class called `name`; UnknownNameError (with the nearest name) if there is none."""
    try:
        module, cls, _ = _ENGINES[name]
    except KeyError:
        raise unknown_name("engine", name, _ENGINES) from None
    return getattr(import_module(f".{module}", __name__), cls)


def engine_names() -> dict[str, str]:
    """Every engine, with a line of help."""
    return {name: text for name, (_, _, text) in _ENGINES.items()}


__all__ = ["Engine", "Record", "engine", "engine_names"]
