"""Rows of the comparison: a network of two dense int8 layers shown to each kind of machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gatesim import Stimulus
from gatesim.timing import Technology, static_timing

from ..catalog import mask
from ..computers import riscv_int8, simt_digits
from ..computers.simt_gates import simt_machine
from ..network import DenseLayer, integer_scores
from ..systolic import SystolicArray
from ..systolic.cells import SUM
from ..systolic.network import ZERO_POINT, array_logits
from ..systolic.output_stage import stage_for
from .logic import Logic, buffered, toggles
from .machine_rows import SCALAR_PEAK, program_row, simt_peak
from .row import Row
from .sram import sram
from .systolic_rows import name_of, systolic_row


@dataclass(frozen=True)
class Reading:
    """Images that one machine read, one after another or in one batch.

    Attributes
    ----------
    row : Row
        The machine, and what all images took; ``bit_exact``: every logit equals integer arithmetic.
    images : int
    """

    row: Row
    images: int

    @property
    def cycles(self) -> float:
        """Clock cycles an image."""
        return self.row.cycles / self.images

    @property
    def time_ps(self) -> float:
        """Time an image, at the highest clock frequency."""
        return self.row.time_ps / self.images

    @property
    def toggles(self) -> float:
        """Changes of nets an image."""
        return self.row.toggles / self.images

    @property
    def logic_fj(self) -> float:
        """Energy of the logic an image."""
        return self.row.logic_fj / self.images

    @property
    def sram_fj(self) -> float | None:
        """Energy of the memory an image; None where it has no figure."""
        return None if self.row.sram_fj is None else self.row.sram_fj / self.images

    def as_dict(self) -> dict[str, object]:
        """Plain values under names that say their unit."""
        r = self.row
        return {
            "design": r.design,
            "images": self.images,
            "nands": r.nands,
            "flip_flops": r.flip_flops,
            "critical_path_ps": r.path_ps,
            "fmax_hz": r.fmax_hz,
            "cycles_per_image": self.cycles,
            "time_per_image_us": self.time_ps * 1e-6,
            "macs_per_image": r.macs // self.images,
            "macs_per_cycle": r.macs_per_cycle,
            "toggles_per_image": self.toggles,
            "toggles_counted_in_cycles": r.window or r.cycles,
            "energy_logic_per_image_pj": self.logic_fj / 1000,
            "energy_sram_per_image_pj": None if self.sram_fj is None else self.sram_fj / 1000,
            "bytes_moved_per_image": r.bytes_moved / self.images,
            "logits_equal": r.bit_exact,
            "simulation_seconds": r.seconds,
        }


def readings(
    layers: Sequence[DenseLayer],
    images: np.ndarray,
    technology: Technology,
    array: SystolicArray,
    *,
    lanes: int = 16,
) -> Iterator[tuple[str, Callable[[], Reading]]]:
    """Name of every machine, and the function that shows it `images` (n, inputs) and weighs it.

    A processor with and without multiplier, a SIMT machine of `lanes`, and a weight-stationary `array` that
    takes all images in one batch. Toggles of programs are counted on the first image.

    Raises
    ------
    ValueFitError
        Other layers than a requantised one and a last one; images that do not fit.
    """
    technology = buffered(technology)
    for multiply, name in ((False, "CPU RV32I, no multiplier"), (True, "CPU RV32IM")):
        yield name, partial(_scalar, name, layers, images, technology, multiply)
    yield f"SIMT int8 {lanes} lanes", partial(_simt, layers, images, technology, lanes)
    yield name_of(array), partial(_systolic, layers, images, technology, array)


def _filled(row: Row, layers: Sequence[DenseLayer], images: np.ndarray, logits: np.ndarray, **more) -> Reading:
    macs = len(images) * sum(layer.weights.size for layer in layers)
    exact = bool(np.array_equal(logits, integer_scores(layers, images)))
    return Reading(replace(row, macs=macs, bit_exact=exact, **more), len(images))


def _scalar(
    name: str, layers: Sequence[DenseLayer], images: np.ndarray, technology: Technology, multiply: bool
) -> Reading:
    done = riscv_int8.scores(layers, images, multiply=multiply)
    cycles = int(done.cycles.sum())
    row = program_row(
        name,
        done.program.machine,
        lambda: riscv_int8.start_network(done.program, layers, images[:1]),
        int(done.cycles[0]),
        technology,
        cycles=cycles,
    )
    moved = 4 * cycles + len(images) * riscv_int8.network_bytes(layers)
    return _filled(
        row, layers, images, done.logits, bytes_moved=moved, seconds=done.seconds, **SCALAR_PEAK[multiply]
    )  # fmt: skip


def _simt(layers: Sequence[DenseLayer], images: np.ndarray, technology: Technology, lanes: int) -> Reading:
    done = simt_digits.scores(layers, images, lanes)
    row = program_row(
        f"SIMT int8 {lanes} lanes",
        simt_machine(done.shape),
        lambda: simt_digits.start_network(layers, images[:1], lanes),
        done.cycles_per_image,
        technology,
        cycles=len(images) * done.cycles_per_image,
    )
    moved = len(images) * (done.run.bytes_read + done.run.bytes_written + 4 * done.cycles_per_image)
    return _filled(
        row, layers, images, done.logits, bytes_moved=moved, seconds=done.run.seconds, **simt_peak(lanes, "int8")
    )  # fmt: skip


def _systolic(
    layers: Sequence[DenseLayer], images: np.ndarray, technology: Technology, array: SystolicArray
) -> Reading:
    """Both products as rows of their own, and the output stage between them, added up.

    Nothing is clocked inside the stage: where it is slower than a cell, it sets the clock.
    """
    done = array_logits(layers, images, array)
    pixels = images.astype(np.int64)
    factors = layers[0].multiplier
    assert factors is not None  # array_logits takes no others
    stage = Logic(stage_for(factors, ZERO_POINT), technology, array.columns)
    slow = static_timing(stage.ready, technology).worst_ps
    one, two = (
        systolic_row(array, a, layer.weights.T, technology, bias=bias, least_period_ps=slow)
        for a, layer, bias in zip((pixels, done.hidden), layers, done.biases, strict=True)
    )
    switched = stage.switching(_through(stage, done.products[0].values, factors))
    # Of the sums that the stage takes in, four bytes are read and one is written.
    moved = one.bytes_moved + two.bytes_moved + 5 * done.hidden.size
    row = replace(
        one,
        nands=one.nands + stage.nands,
        sram_bits=one.sram_bits + two.sram_bits,
        path_nands=max(one.path_nands, stage.path_nands),
        area=one.area + stage.area,
        cycles=done.cycles,
        formula="",
        toggles=one.toggles + two.toggles + toggles(stage.ready, switched),
        logic_fj=one.logic_fj + two.logic_fj + stage.spent_fj(switched, done.cycles, one.path_ps),
        sram=sram((one.sram_bits + two.sram_bits) // 8, technology),
        window=None if one.window is two.window is None else (one.window or one.cycles) + (two.window or two.cycles),
    )
    return _filled(row, layers, images, done.logits, bytes_moved=moved, seconds=one.seconds + two.seconds)


def _through(stage: Logic, sums: np.ndarray, factors: np.ndarray) -> Stimulus:
    """What the stages see: each takes the sums of its columns one after another."""
    columns = stage.copies
    missing = -sums.shape[1] % columns
    padded = np.pad(sums.astype(np.int64), ((0, 0), (0, missing)))
    spread = np.broadcast_to(np.pad(np.asarray(factors, np.int64), (0, missing)), padded.shape)
    blocks = [np.concatenate(np.split(v, v.shape[1] // columns, axis=1)) for v in (padded & mask(SUM), spread)]
    values: dict[str, object] = dict(zip(("sum", "multiplier"), blocks, strict=True))
    return Stimulus.from_values(stage.ready, values, n_patterns=columns, n_cycles=len(blocks[0]))
