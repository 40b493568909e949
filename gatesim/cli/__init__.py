"""The command line: ``gatesim ...``. Each command calls a public function and shows its result."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import typer

from ..errors import GatesimError
from .app import app

# Older typer builds on click, newer ones carry their own copy: take the class from typer either way.
_UsageError: Any = typer.BadParameter.__bases__[0]

_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def main() -> NoReturn:
    """Run the command line; every fault of the caller is one message on stderr and exit status 2."""
    try:
        status = app(standalone_mode=False)
        if status == _INTERRUPTED:  # newer typer builds answer an interrupt with this status, older ones raise
            raise KeyboardInterrupt
        sys.stdout.flush()
    except _UsageError as exc:
        exc.show()
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        print("gatesim: interrupted", file=sys.stderr)
        status = _INTERRUPTED
    except GatesimError as exc:
        _complain(str(exc))
        status = 2
    except BrokenPipeError:
        # The reader went away (a pipe into head): nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as exc:
        where = f"{exc.filename}: " if exc.filename else ""
        _complain(f"{where}{exc.strerror or exc}")
        status = 2
    except MemoryError as exc:
        _complain(f"not enough memory: {exc}")
        status = 2
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str) -> None:
    print(f"gatesim: error: {message}", file=sys.stderr)


__all__ = ["app", "main"]
