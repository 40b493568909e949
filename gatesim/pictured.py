"""What notebooks show as pictures, without anything here knowing how to draw."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar


class Pictured:
    """Objects that draw themselves in a notebook.

    ``picture_by`` names the function that draws one, as ``module:function``. It is looked up when a notebook
    asks, so that what is drawn stands below what draws, and costs nothing where nobody looks.
    """

    picture_by: ClassVar[str]

    def _repr_svg_(self) -> str:
        module, function = self.picture_by.split(":")
        return getattr(import_module(module), function)(self)
