"""Kernels on the gates of a SIMT machine: results, cycles, and what moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gatesim.bits import as_unsigned
from gatesim.errors import GatesimError, ValueFitError

from .machine import Machine, Session, Tier
from .simt_assembler import SimtProgram
from .simt_gates import SimtShape, simt_machine
from .simt_language import MULTIPLY, operation_of

USUAL_CYCLES = 10_000_000
"""Cycles after which a kernel is taken to be endless, unless said otherwise."""


@dataclass(frozen=True, eq=False)
class SimtRun:
    """What one run of a kernel did (for several instances: each of them, since their control is the same).

    Attributes
    ----------
    cycles : int
        Clock cycles, one an instruction, up to ``halt``.
    macs : int
        Multiplications carried out: those of lanes that were active.
    bytes_read, bytes_written : int
        Of the shared memory by active lanes, and by the scalar unit: a byte that goes to all lanes counts once.
    executed : (program words,) int64
        How often each instruction ran.
    active_lanes : (program words,) int64
        Lanes that were active in them, added up.
    memory : (memory_bytes,) uint8, or (instances, memory_bytes)
        The shared memory at the end.
    seconds : float
        Time spent simulating.
    """

    cycles: int
    macs: int
    bytes_read: int
    bytes_written: int
    executed: np.ndarray
    active_lanes: np.ndarray
    memory: np.ndarray
    seconds: float


def start(
    shape: SimtShape,
    program: SimtProgram,
    data: Mapping[int, bytes | np.ndarray] | None = None,
    *,
    machine: Machine | None = None,
    tier: Tier = "auto",
    instances: int = 1,
    threads: int | None = 1,
) -> Session:
    """A session with a kernel and its data in memory.

    Parameters
    ----------
    shape : SimtShape
    program : SimtProgram
        Its own data go to address 0.
    data : mapping of address to bytes, optional
        What else memory holds; an array (instances, bytes) gives each instance its own.
    machine : Machine, optional
        Gates of that shape made before (mapped to NAND, say).

    Raises
    ------
    ValueFitError
        A kernel for other lanes, or too large; data outside the memory.
    """
    if program.kind != shape.kind:
        raise ValueFitError(f"{program.source} is for {program.kind} lanes, this machine has {shape.kind} lanes")
    if len(program.words) > shape.program_words:
        raise ValueFitError(
            f"{program.source} has {len(program.words)} instructions: the program memory holds {shape.program_words}"
        )
    image = np.zeros((instances, shape.memory_bytes), np.uint8)
    for address, part in {0: program.data, **(data or {})}.items():
        content = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else np.asarray(part, np.uint8)
        end = address + content.shape[-1]
        if address < 0 or end > shape.memory_bytes:
            raise ValueFitError(
                f"data from {address} to {end - 1} is outside the shared memory of {shape.memory_bytes} bytes"
            )
        image[:, address:end] = content
    session = (machine or simt_machine(shape)).start(
        {"program": list(program.words)}, instances=instances, tier=tier, threads=threads
    )
    width = 4 // len(shape.banks)
    for k, bank in enumerate(shape.banks):
        words = image.reshape(instances, -1, 4)[:, :, k : k + width]
        session.set_memory(bank, sum(words[:, :, i].astype(np.uint64) << np.uint64(8 * i) for i in range(width)))  # pyright: ignore[reportArgumentType]
    return session


def memory_of(session: Session, shape: SimtShape) -> np.ndarray:
    """(instances, memory_bytes) uint8: the shared memory of a session."""
    banks = [session.memory(name) for name in shape.banks]
    parts = [(bank >> np.uint64(8 * i)).astype(np.uint8) for bank in banks for i in range(4 // len(banks))]
    return np.stack(parts, axis=2).reshape(session.instances, -1)


def run(
    shape: SimtShape,
    program: SimtProgram,
    data: Mapping[int, bytes | np.ndarray] | None = None,
    *,
    max_cycles: int = USUAL_CYCLES,
    machine: Machine | None = None,
    tier: Tier = "auto",
    instances: int = 1,
) -> SimtRun:
    r"""Run a kernel to its end on the gates.

    Parameters as for :func:`start`; counts are those of the first instance.

    Raises
    ------
    GatesimError
        A wrong address (says where and which); a kernel that does not end in `max_cycles`.

    Examples
    --------
    >>> from circuits.computers.simt_assembler import assemble_simt
    >>> program = assemble_simt("vlane v1\nvadd v2, v1, v1\nvsb v2, (s0+v1)\nhalt")
    >>> done = run(SimtShape(lanes=4, memory_bytes=64), program)
    >>> done.cycles, done.bytes_written, done.memory[:5].tolist()
    (3, 4, [0, 2, 4, 6, 0])
    """
    session = start(shape, program, data, machine=machine, tier=tier, instances=instances)
    size = len(program.words)
    executed, lanes = np.zeros(size, np.int64), np.zeros(size, np.int64)
    while not session.halted.all() and session.cycles[0] < max_cycles:
        before = int(session.cycles[0])
        trace = session.trace(min(PIECE, max_cycles - before), ["pc", "active"])
        n = int(session.cycles[0]) - before
        pc = trace["pc"][:n, 0].astype(np.int64)
        executed += np.bincount(pc, minlength=size)
        lanes += np.bincount(pc, _ones(trace["active"][:n, 0]), minlength=size).astype(np.int64)
    _check(session, shape, program, max_cycles)
    memory = memory_of(session, shape)
    macs = read = written = 0
    for word, n, active in zip(program.words, executed.tolist(), lanes.tolist(), strict=True):
        operation = operation_of(word, shape.kind)
        assert operation is not None  # the assembler made it
        macs += active if operation.group == MULTIPLY and operation.name != "fadd" else 0
        moved = operation.size * (n if operation.name.startswith("l") else active)
        read += moved if operation.loads else 0
        written += moved if operation.stores else 0
    return SimtRun(
        int(session.cycles[0]), macs, read, written, executed, lanes, memory if instances > 1 else memory[0],
        session.outcome().seconds,
    )  # fmt: skip


PIECE = 1 << 16
"""Cycles recorded at a time."""


def _ones(masks: np.ndarray) -> np.ndarray:
    """How many lanes are active in each of (cycles,) masks: integers of any size."""
    if masks.dtype == object:
        return np.array([int(m).bit_count() for m in masks], np.int64)
    return np.unpackbits(as_unsigned(masks, 64, "masks")[:, None].view(np.uint8), axis=1).sum(axis=1)


def _check(session: Session, shape: SimtShape, program: SimtProgram, max_cycles: int) -> None:
    """Say what is wrong with a run that did not end, or ended with a fault."""
    pc = int(session.register("pc")[0])
    if not session.halted.all():
        raise GatesimError(
            f"the kernel did not end in {max_cycles:,} cycles: it was at {program.where(pc)}; allow more, or mend it"
        )
    faults = np.flatnonzero(session.register("fault"))
    if not len(faults):
        return
    raise GatesimError(wrong_address_text(session, shape, program, int(faults[0])))


def wrong_address_text(session: Session, shape: SimtShape, program: SimtProgram, instance: int) -> str:
    """Where a machine stopped at a wrong address, and which rule it broke."""
    pc = int(session.register("pc")[instance])
    return (
        f"cycle {int(session.cycles[instance]) - 1}, {program.where(pc)}: an address is outside the shared memory of "
        f"{shape.memory_bytes} bytes, or that of a word and no multiple of 4"
    )
