"""``gatesim run``: a program on a computer made of gates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GatesimError, ValueFitError
from .first_run import announce_compilation
from .output import console, progress

if TYPE_CHECKING:
    from circuits.computers.machine import Outcome, Session
    from circuits.computers.running import Running

FIRST_CYCLES = 1 << 14
"""Cycles until the first characters are shown; then twice as many, and so on."""

MOST_CYCLES = 1 << 22


def run(
    program: Annotated[Path, typer.Argument(help="RISC-V: .elf, .hex, .s. Hack: .hack, .asm. SIMT: .simt.")],
    cycles: Annotated[int, typer.Option(help="Clock cycles after which it is stopped.", min=1)] = 10_000_000,
    trace: Annotated[bool, typer.Option("--trace", help="A line an instruction, with what it changed.")] = False,
    nand: Annotated[bool, typer.Option("--nand", help="The computer made of NAND gates only.")] = False,
    instances: Annotated[int, typer.Option(help="So many computers at once, all on this program.", min=1)] = 1,
    threads: Annotated[int, typer.Option(help="Cores to use (for many instances).", min=1)] = 1,
    memory: Annotated[str | None, typer.Option(help="Bytes of memory: 65536, 64K, 1M.")] = None,
    base: Annotated[str | None, typer.Option(help="First address of the memory: 0x80000000.")] = None,
    multiply: Annotated[
        bool, typer.Option("--multiply", help="RISC-V's M extension (an ELF file says it itself).")
    ] = False,
    lanes: Annotated[int | None, typer.Option(help="Lanes of the SIMT machine (8).", min=1)] = None,
    keys: Annotated[str | None, typer.Option(help="Keys pressed one after another (Hack); \\n is Enter.")] = None,
    screen: Annotated[Path | None, typer.Option(help="The screen (Hack) as a picture (.png).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run a program on a computer made of gates: what it prints, how it ended, how fast it went.

    Exit status: 0, or 1 where the program's own exit code is not 0; 2 for a fault, and where it did not end.
    """
    from circuits.computers.running import Choices, load_program

    if trace and (instances > 1 or as_json):
        raise GatesimError("--trace shows one instance as text: leave out --instances and --json")
    choices = Choices("nand" if nand else None, _bytes(memory), _number(base, "--base"), multiply, lanes)
    announce_compilation()
    loaded = load_program(program, choices)
    _check_screen(loaded, screen)
    session = loaded.start(instances, threads=threads)
    for part, key in _phases(loaded, keys, cycles):
        if key is not None:
            session.set_inputs(Keyboard=key)
        if trace:
            _traced(loaded, session, part)
        else:
            _run(session, part, shown=not as_json)
    done = session.outcome()
    if screen is not None:
        _write_screen(loaded, session, screen)
    if not done.halted.all():
        lane = int(done.halted.argmin())
        which = f" (instance {lane})" if instances > 1 else ""
        raise GatesimError(
            f"{program} has not ended after {int(done.cycles[lane]):,} cycles{which}: it is "
            f"{loaded.where(session, lane)}; give it more with --cycles"
        )
    ending = loaded.ending(session)
    if ending.fault:
        raise GatesimError(f"{program}: {ending.text}")
    if as_json:
        typer.echo(json.dumps(_document(loaded, session, done, ending.text, ending.exit_code)))
    else:
        if not trace and (picture := loaded.shown(session, console.width)):
            typer.echo(picture)
        _summary(loaded, session, done, ending.text)
    raise typer.Exit(1 if ending.exit_code else 0)


def _bytes(text: str | None) -> int | None:
    """A number of bytes, with K or M behind it."""
    if text is None:
        return None
    unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:].upper(), 1)
    number = _number(text[:-1] if unit > 1 else text, "--memory")
    assert number is not None
    return number * unit


def _number(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text, 0)
    except ValueError:
        raise ValueFitError(f"{option} {text!r} is no number: write it like 65536 or 0x80000000") from None


HOLD_CYCLES = 5_000
"""How long a key is down, and how long none is before it."""

ENTER = 128
"""Code of the Enter key on the Hack computer; letters have their ASCII codes."""


def _phases(loaded: Running, keys: str | None, cycles: int) -> list[tuple[int, int | None]]:
    """Cycles, and the key that is down meanwhile (None: nothing is said about keys)."""
    if keys is None:
        return [(cycles, None)]
    if all(port.name != "Keyboard" for port in loaded.machine.netlist.inputs):
        raise GatesimError(f"{loaded.name}: this computer has no keyboard: leave out --keys")
    pressed = keys.replace("\\n", "\n")
    if wrong := [c for c in pressed if c != "\n" and not 32 <= ord(c) < 127]:
        raise ValueFitError(f"--keys: there is no key for {wrong[0]!r}: letters, digits, signs and \\n are known")
    codes = [code for c in pressed for code in (0, ENTER if c == "\n" else ord(c))]
    left = cycles - HOLD_CYCLES * len(codes)
    if left < 0:
        raise ValueFitError(f"--keys: {len(pressed)} keys take {HOLD_CYCLES * len(codes):,} cycles: raise --cycles")
    return [*((HOLD_CYCLES, code) for code in codes), (left, 0)]


def _check_screen(loaded: Running, path: Path | None) -> None:
    """Refuse, before any work, a picture that could not be written."""
    from .pictures import check_picture_path

    if path is None:
        return
    if not hasattr(loaded, "pixels"):
        raise GatesimError(f"{loaded.name}: this computer has no screen: leave out --screen")
    if path.suffix.lower() != ".png":
        raise GatesimError(f"cannot write the screen to {str(path)!r}: the name must end in .png")
    check_picture_path(path)


def _write_screen(loaded: Any, session: Session, path: Path) -> None:
    from circuits.computers.hack_screen import write_png

    write_png(loaded.pixels(session), path)
    progress.print(f"written: {path}", soft_wrap=True)


def _run(session: Session, cycles: int, shown: bool) -> None:
    """Run, showing what instance 0 prints as it comes."""
    left, piece, printed = cycles, FIRST_CYCLES, 0
    while left > 0 and not session.halted.all():
        text = session.run(min(left, piece)).console[0]
        if shown:
            typer.echo(text[printed:].decode(errors="replace"), nl=False)
        printed = len(text)
        left, piece = left - piece, min(2 * piece, MOST_CYCLES)


def _traced(loaded: Running, session: Session, cycles: int) -> None:
    left, piece = cycles, 4096
    while left > 0 and not session.halted.all():
        for line in loaded.trace(session, min(left, piece)):
            typer.echo(line)
        left -= piece


def _document(loaded: Running, session: Session, done: Outcome, text: str, exit_code: int) -> dict[str, Any]:
    net = loaded.machine.netlist
    return {
        "program": loaded.name,
        "machine": net.name,
        "gates": net.n_gates,
        "flip_flops": len(net.registers),
        "instances": session.instances,
        "cycles": int(done.cycles[0]),
        "instructions": int(done.instructions[0]),
        "instructions_all_instances": int(done.instructions.sum()),
        "console": done.console[0].decode(errors="replace"),
        "ending": text,
        "exit_code": exit_code,
        "seconds": done.seconds,
        "tier": done.tier,
    }


def _summary(loaded: Running, session: Session, done: Outcome, text: str) -> None:
    """How it ended, on stderr: stdout is the program's own."""
    console.file.flush()
    if done.console[0][-1:] not in (b"", b"\n"):
        typer.echo()
    net, instructions = loaded.machine.netlist, int(done.instructions.sum())
    rate = f", {instructions / done.seconds:,.0f} a second" if done.seconds > 0 else ""
    many = f" on {session.instances} instances" if session.instances > 1 else ""
    progress.print(
        f"{text}: {instructions:,} instructions in {int(done.cycles.max()):,} cycles{many}{rate} "
        f"({net.name}, {net.n_gates:,} gates, {len(net.registers):,} flip-flops)",
        soft_wrap=True,
    )
