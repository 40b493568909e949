"""The README's examples run, and the doctests of the public modules."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import circuits
import demos
import gatesim

ROOT = Path(__file__).parents[1]


def test_readme_examples():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 14 and result.failed == 0


def _modules() -> list[str]:
    found = []
    for package in (gatesim, circuits, demos):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "kernels" not in info.name and not info.name.endswith("__main__"):
                found.append(info.name)
    return found


@pytest.mark.parametrize("name", _modules())
def test_doctests(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
