"""Nothing points back: every import goes to the same layer or to a lower one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Lower layers first. A name ending in "." is a whole package.
LAYERS = (
    ("gatesim.errors", "gatesim.pictured", "gatesim.kernels."),
    ("gatesim.gates",),
    ("gatesim.four",),
    ("gatesim.memory", "gatesim.primitives"),
    ("gatesim.netlist", "gatesim.validation", "gatesim.bits"),
    ("gatesim.signals", "gatesim.builder", "gatesim.generators", "gatesim.instances", "gatesim.graph"),
    ("gatesim.analysis", "gatesim.universality."),
    (
        "gatesim.passes.",
        "gatesim.formats.",
        "gatesim.schedule",
        "gatesim.stimulus",
        "gatesim.results",
        "gatesim.reductions",
        "gatesim.activity",
        "gatesim.expression",
        "gatesim.waveforms",
    ),
    ("gatesim.engines.",),
    ("gatesim.timing.",),
    ("gatesim.simulation", "gatesim.conformance", "gatesim.tiling"),
    ("gatesim.equivalence.", "gatesim.tristate", "gatesim.testing.", "gatesim.approximation"),
    ("gatesim.viewer.",),
    ("circuits.",),
    ("quantum.", "gatesim.viewer."),
    ("demos.",),
    ("gatesim.cli.", "gatesim.__main__"),
)
ONLY_IN = {
    "numba": ("gatesim.kernels.", "gatesim.cli"),
    "llvmlite": ("gatesim.kernels.", "gatesim.engines.machine_code", "gatesim.cli"),
    "networkx": ("gatesim.graph",),
    "pysat": ("gatesim.equivalence.",),
    "pygame": ("gatesim.viewer.",),
    "qiskit": ("quantum.",),
}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _covers(layer_name: str, module: str) -> bool:
    return module == layer_name.rstrip(".") or (layer_name.endswith(".") and module.startswith(layer_name))


def _layer(module: str) -> int | None:
    for i, names in enumerate(LAYERS):
        if any(_covers(n, module) for n in names):
            return i
    return None


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _imports(path: Path) -> list[str]:
    package = _module(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found: list[str] = []

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if _is_type_checking(child):
                continue
            if isinstance(child, ast.Import):
                found.extend(a.name for a in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                stem = ".".join([*base, *(child.module.split(".") if child.module else [])])
                for a in child.names:
                    full = f"{stem}.{a.name}"
                    as_file = ROOT / Path(*full.split("."))
                    found.append(full if as_file.with_suffix(".py").exists() or as_file.is_dir() else stem)
            walk(child)

    walk(ast.parse(path.read_text(encoding="utf-8")))
    return found


FILES = [p for top in ("gatesim", "circuits", "quantum", "demos") for p in sorted((ROOT / top).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_imports_go_downward(path):
    module = _module(path)
    if module == "gatesim":  # the front door names everything, lazily
        return
    here = _layer(module)
    assert here is not None, f"{module} belongs to no layer: say where it stands in tests/test_layers.py"
    for target in _imports(path):
        top = target.split(".")[0]
        if top in ("gatesim", "circuits", "quantum", "demos") and target != "gatesim":
            there = _layer(target)
            assert there is not None, f"{module} imports {target}, which belongs to no layer"
            assert there <= here, f"{module} imports {target} from a higher layer"
        if top in ONLY_IN:
            assert any(_covers(n, module) or module.startswith(n.rstrip(".")) for n in ONLY_IN[top]), (
                f"{module} imports {top}, which lives only in {', '.join(ONLY_IN[top])}"
            )


def test_kernels_stand_on_kernels_only():
    for path in (ROOT / "gatesim" / "kernels").glob("*.py"):
        foreign = [t for t in _imports(path) if t.startswith("gatesim") and not t.startswith("gatesim.kernels")]
        assert not foreign, f"{path.name} must import nothing of gatesim but kernels"
