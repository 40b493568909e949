"""LLVM text to machine code in this process, through the disk cache that the compiled tier keeps."""

from __future__ import annotations

from time import perf_counter

from llvmlite import binding as llvm

from .straight import _key, _machine, _store, cache_folder, target_cpu


class MachineCode:
    """Functions compiled from LLVM text; they live as long as this object.

    ``seconds`` is the time that it took, ``from_cache`` whether the disk cache had it.
    """

    def __init__(self, text: str) -> None:
        started = perf_counter()
        path = cache_folder() / f"{_key(text)}.o"
        self.from_cache = path.exists()
        machine = _machine()
        if self.from_cache:
            binary = path.read_bytes()
        else:
            binary = machine.emit_object(llvm.parse_assembly(text))
            _store(path, binary)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(binary))
        self._engine.finalize_object()
        self.seconds = perf_counter() - started

    def address(self, name: str) -> int:
        """Where the function called `name` starts."""
        return self._engine.get_function_address(name)


def has_ternary(width: int) -> bool:
    """Whether the processor combines three vectors of `width` words in one instruction (AVX-512)."""
    features = target_cpu()[1].split(",")
    return "+avx512f" in features and (width == 8 or "+avx512vl" in features)
