"""Other people's tests: nand2tetris scripts and the test cases inside Digital's files."""

from .outcome import Outcome, junit, suite_row

__all__ = ["Outcome", "junit", "suite_row"]
