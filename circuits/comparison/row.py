"""One design in the comparison of processors, tensor arrays and their price: every column of the table."""

from __future__ import annotations

from dataclasses import dataclass

from gatesim.timing import Technology

from .sram import Sram


@dataclass(frozen=True)
class Row:
    """One design that computed C[M, N] = A[M, K] @ B[K, N] gate by gate.

    Attributes
    ----------
    design : str
    nands : int
        NAND gates of all logic when mapped to NANDs alone (flip-flops and memories are not in it).
    flip_flops : int
    sram_bits : int
        Memory for operands and results, and programs where there are any.
    path_nands : int
        NANDs on the longest path between flip-flops.
    path_ps : int
        The same path in the technology, with clock-to-Q and set-up time: the clock period.
    area : float
        Of the logic, in the technology's unit.
    cycles : int
        Counted in simulation, or ``formula`` where that agreed with the part that was simulated.
    formula : str
        What ``cycles`` is, in M, K, N, F, R, C, T, L.
    macs : int
        M K N.
    peak_macs : float
        Multiply-accumulates a cycle when nothing ever waits.
    port_bytes : float
        Bytes a cycle that the design's memory ports carry at most.
    bytes_moved : int
        Bytes read and written in this run.
    toggles : float
        Changes of all nets in the run, without delays.
    glitch_factor : float or None
        All transitions over those; of a sample of cells with every delay simulated. None: not simulated.
    logic_fj : float
        Energy of the run in the logic: switching without glitches, and leakage.
    sram : Sram
        What a byte in memory costs.
    bit_exact : bool
        Whether the gates' C equals NumPy's.
    bits : str
        What is multiplied: ``int8`` or ``fp32``.
    iso_area : str
        Rows with the same mark have about the same area.
    window : int or None
        Cycles that the toggles were counted in, where it was not the whole run; they are scaled to it.
    seconds : float
        What the simulation took.
    simulated_rows : int or None
        Rows of C that the gates computed, and that ``bit_exact`` is about, where they were not all.
    """

    design: str
    nands: int
    flip_flops: int
    sram_bits: int
    path_nands: int
    path_ps: int
    area: float
    cycles: int
    formula: str
    macs: int
    peak_macs: float
    port_bytes: float
    bytes_moved: int
    toggles: float
    glitch_factor: float | None
    logic_fj: float
    sram: Sram
    bit_exact: bool
    bits: str = "int8"
    iso_area: str = ""
    window: int | None = None
    seconds: float = 0.0
    simulated_rows: int | None = None

    @property
    def fmax_hz(self) -> float:
        """Highest clock frequency."""
        return 1e12 / self.path_ps

    @property
    def time_ps(self) -> float:
        """Duration of the run at that frequency."""
        return self.cycles * self.path_ps

    @property
    def macs_per_cycle(self) -> float:
        """What was reached."""
        return self.macs / self.cycles

    @property
    def utilisation(self) -> float:
        """Share of the peak that was reached, 0 to 1."""
        return self.macs_per_cycle / self.peak_macs

    @property
    def toggles_with_glitches(self) -> float | None:
        """Estimated from the sample's factor."""
        return None if self.glitch_factor is None else self.toggles * self.glitch_factor

    @property
    def sram_fj(self) -> float | None:
        """Energy of the memory; None where the technology's memories have no figure."""
        return None if self.sram.fj_per_byte is None else self.bytes_moved * self.sram.fj_per_byte

    @property
    def fj_per_mac(self) -> float:
        """Logic, and memory where it has a figure."""
        return (self.logic_fj + (self.sram_fj or 0.0)) / self.macs

    @property
    def operations_per_byte(self) -> float:
        """Arithmetic intensity: two operations a multiply-accumulate."""
        return 2 * self.macs / self.bytes_moved

    @property
    def roof(self) -> float:
        """Roofline (Williams, Waterman, Patterson 2009): multiply-accumulates a cycle that peak and ports allow."""
        return min(self.peak_macs, self.operations_per_byte / 2 * self.port_bytes)

    @property
    def bound(self) -> str:
        """Which side of the roof the design is under."""
        return "memory" if self.roof < self.peak_macs else "compute"

    @property
    def area_delay(self) -> float:
        """Area times duration of the run, in the technology's area unit times microseconds."""
        return self.area * self.time_ps * 1e-6

    def as_dict(self, technology: Technology) -> dict[str, object]:
        """Plain values under names that say their unit."""
        return {
            "design": self.design,
            "operands": self.bits,
            "iso_area": self.iso_area,
            "nands": self.nands,
            "flip_flops": self.flip_flops,
            "sram_bits": self.sram_bits,
            "critical_path_nands": self.path_nands,
            "critical_path_ps": self.path_ps,
            "fmax_hz": self.fmax_hz,
            "cycles": self.cycles,
            "cycles_formula": self.formula,
            "macs": self.macs,
            "macs_per_cycle": self.macs_per_cycle,
            "peak_macs_per_cycle": self.peak_macs,
            "utilisation": self.utilisation,
            "time_us": self.time_ps * 1e-6,
            "toggles": self.toggles,
            "toggles_with_glitches": self.toggles_with_glitches,
            "toggles_counted_in_cycles": self.window or self.cycles,
            "energy_logic_pj": self.logic_fj / 1000,
            "bytes_moved": self.bytes_moved,
            "port_bytes_per_cycle": self.port_bytes,
            "energy_sram_pj": None if self.sram_fj is None else self.sram_fj / 1000,
            "pj_per_mac": self.fj_per_mac / 1000,
            "operations_per_byte": self.operations_per_byte,
            "roofline_macs_per_cycle": self.roof,
            "roofline_bound": self.bound,
            "area": self.area,
            "area_unit": technology.area_unit,
            "area_delay": self.area_delay,
            "bit_exact": self.bit_exact,
            "simulated_rows": self.simulated_rows,
            "simulation_seconds": self.seconds,
        }
