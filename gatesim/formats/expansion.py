"""How large a hierarchy gets once it is expanded: known before anything is expanded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

MAX_DEPTH = 100
"""Modules inside modules, at most."""
MAX_CELLS = 1 << 22
"""Cells and instances that a file may stand for, at most, where they are placed one by one."""


def check_expansion(top: str, children: Mapping[str, Sequence[str]], own: Mapping[str, int], fail: Callable) -> None:
    """Refuse a module that contains itself, is nested too deep, or expands to more than `MAX_CELLS`.

    Parameters
    ----------
    top : str
    children : mapping of module name to the modules of its instances
    own : mapping of module name to the number of its items
    fail : callable
        Makes the error from a module's name and a message.
    """
    size: dict[str, int] = {}
    depth: dict[str, int] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        if name in path:
            raise fail(name, f"module {name!r} contains itself")
        path.append(name)
        if len(path) > MAX_DEPTH:
            raise fail(name, f"modules are nested more than {MAX_DEPTH} deep")
        size[name], depth[name] = own[name], 1
        for child in children[name]:
            if child not in size or child in path:
                visit(child)
            size[name] += size[child]
            depth[name] = max(depth[name], 1 + depth[child])
        if size[name] > MAX_CELLS:
            raise fail(name, f"module {name!r} expands to more than {MAX_CELLS:,} cells and instances")
        if depth[name] > MAX_DEPTH:
            raise fail(name, f"modules are nested more than {MAX_DEPTH} deep")
        path.pop()

    visit(top)
