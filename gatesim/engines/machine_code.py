"""LLVM text to machine code in this process, kept on disk by the hash of the text."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from time import perf_counter

import llvmlite
from llvmlite import binding as llvm


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


def cache_folder() -> Path:
    """Where machine code is kept: ``$GATESIM_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("GATESIM_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatesim"


def _machine() -> llvm.TargetMachine:
    """A new target machine: an execution engine takes ownership of the one it is given."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    cpu, features = target_cpu()
    return target.create_target_machine(cpu=cpu, features=features, opt=1, reloc="pic", codemodel="jitdefault")


def target_cpu() -> tuple[str, str]:
    """Name and features of the processor that code is made for (Numba's own settings are honoured)."""
    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    given = os.environ.get("NUMBA_CPU_FEATURES")
    if name == "generic" and given is None:
        return name, ""
    return name, given if given is not None else llvm.get_host_cpu_features().flatten()


def _key(text: str) -> str:
    content = "\n".join((llvmlite.__version__, *target_cpu(), text))
    return hashlib.sha256(content.encode()).hexdigest()


def _store(path: Path, binary: bytes) -> None:
    """Keep `binary` for the next process; a folder that cannot be written costs only the time saved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
            temporary.write(binary)
        os.replace(temporary.name, path)
    except PermissionError:
        return
