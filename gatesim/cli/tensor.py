"""``gatesim tensor``: one matrix product on CPU, GPU and TPU made of gates, and on this computer."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from ..errors import GatesimError, ValueFitError
from .first_run import announce_compilation
from .output import console, progress
from .pictures import check_picture_path
from .tensor_digits import show_digits

if TYPE_CHECKING:
    import numpy as np

    from circuits.comparison import HostTime, Price, Row

    from ..timing import Technology

MATRIX_UNIT = (256, 256, 256)
"""Sizes of the product that TPU v1's matrix unit of 256 x 256 cells is timed on."""


def tensor(
    m: Annotated[int, typer.Option(help="Rows of A and C.")] = 16,
    k: Annotated[int, typer.Option(help="Columns of A, rows of B.")] = 16,
    n: Annotated[int, typer.Option(help="Columns of B and C.")] = 16,
    a: Annotated[Path | None, typer.Option(help="A from a file (.npy, or .csv of integers) instead of random.")] = None,
    b: Annotated[Path | None, typer.Option(help="B from a file.")] = None,
    rows: Annotated[int, typer.Option(help="Rows of the systolic arrays.")] = 16,
    columns: Annotated[int, typer.Option(help="Columns of the systolic arrays.")] = 16,
    tech: Annotated[str, typer.Option(help="A technology by name, or a .toml file.")] = "nangate45",
    seed: Annotated[int, typer.Option(help="Seed of random matrices.")] = 0,
    host: Annotated[bool, typer.Option(help="Time this computer as well.")] = True,
    whole: Annotated[
        bool, typer.Option("--whole", help="Simulate long programs to their end; else their first rows.")
    ] = False,
    digits: Annotated[
        bool, typer.Option("--digits", help="The network that reads digits instead of one product.")
    ] = False,
    images: Annotated[int, typer.Option(help="How many digits are read with --digits.")] = 64,
    plot: Annotated[Path | None, typer.Option(help="Roofline and activity as a picture (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Multiply int8 matrices on a CPU, a GPU and a TPU made of gates, and say what each takes."""
    from circuits.comparison import NotSimulatedError, designs, prices
    from circuits.systolic import int8_operands

    from ..timing import load_technology

    announce_compilation()
    check_picture_path(plot)
    technology = load_technology(tech)
    if digits:
        if a is not None or b is not None or plot is not None:
            raise GatesimError("--digits shows a network to the machines: leave out --a, --b and --plot")
        show_digits(images, technology, rows, columns, as_json, _table("Reading digits"))
        return
    left, right = int8_operands(*_matrices(a, b, (m, k, n), seed))
    found: list[Row] = []
    absent: list[str] = []
    with progress.status("") as status:
        for name, weigh in designs(left, right, technology, rows=rows, columns=columns, whole=whole):
            status.update(name)
            try:
                found.append(weigh())
            except NotSimulatedError as exc:
                absent.append(f"{name} {exc}")
        status.update("int8 against fp32")
        priced = prices(technology)
        status.update("this computer")
        timed = _host(left, right, found) if host else []
        if plot is not None:
            status.update("drawing")
            _draw(found, left, right, rows, columns, technology, plot)
    if as_json:
        typer.echo(json.dumps(_document(left, right, technology, found, absent, priced, timed)))
        return
    _show(left, right, technology, found, absent, priced)
    for one in timed:
        _show_host(*one)
    if plot is not None:
        console.print(f"written: {plot}")


# -- input ---------------------------------------------------------------------------------------


def _matrices(a: Path | None, b: Path | None, sizes: tuple[int, int, int], seed: int) -> tuple[Any, Any]:
    from circuits.comparison import operands

    if (a is None) != (b is None):
        raise GatesimError("give both matrices, --a FILE and --b FILE, or neither")
    if a is None or b is None:
        return operands(*sizes, rng=seed)
    return _matrix(a), _matrix(b)


def _matrix(path: Path) -> np.ndarray:
    import numpy as np

    if path.suffix not in (".npy", ".csv"):
        raise GatesimError(f"{path}: matrices are read from .npy or .csv files")
    try:
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
        return np.loadtxt(path, delimiter=",", dtype=np.int64, ndmin=2)
    except OSError as exc:
        raise GatesimError(f"cannot read {path}: {exc.strerror or exc}") from None
    except ValueError as exc:
        raise ValueFitError(f"{path} holds no matrix of integers: {str(exc).splitlines()[0]}") from None


# -- this computer -------------------------------------------------------------------------------

Timed = tuple[tuple[int, int, int], float, bool, "list[HostTime]"]
"""Sizes m, k, n; what simulating the gates took; whether they were right; the ways of this computer."""


def _host(left: np.ndarray, right: np.ndarray, found: list[Row]) -> list[Timed]:
    """The product asked for, on the array that was simulated fastest, and TPU v1's on its whole matrix unit."""
    import numpy as np

    from circuits.comparison import host_times, operands
    from circuits.systolic import SystolicArray

    size = len(left), right.shape[0], right.shape[1]
    fastest = min((r for r in found if r.simulated_rows is None), key=lambda r: r.seconds)
    x, y = operands(*MATRIX_UNIT)
    unit = SystolicArray(*MATRIX_UNIT[1:])
    unit.multiply(x[:1], y)  # compiled code is ready before the clock runs
    began = perf_counter()
    product = unit.multiply(x, y).values
    seconds = perf_counter() - began
    exact = bool(np.array_equal(product, x.astype(np.int64) @ y.astype(np.int64)))
    return [
        (size, fastest.seconds, fastest.bit_exact, host_times(left, right)),
        (MATRIX_UNIT, seconds, exact, host_times(x, y)),
    ]


def _show_host(size: tuple[int, int, int], seconds: float, exact: bool, times: list[HostTime]) -> None:
    m, k, n = size
    macs = m * k * n
    table = _table(f"This computer, wall clock: {m} × {k} × {n} ({macs:,} MAC)")
    _columns(table, "way", "time", "Gop/s", "exact", "gates are slower by")
    for t in times:
        if t.seconds is None:
            table.add_row(escape(t.name), "–", "–", "–", escape(t.why), style="dim")
            continue
        slower = f"{_digits(seconds / t.seconds)} ×"
        table.add_row(escape(t.name), _seconds(t.seconds), _digits(t.gops(macs) or 0), _yes(t.exact), slower)
    what = "256×256 cells of TPU v1" if size == MATRIX_UNIT else "the fastest of the above"
    table.add_row(f"gates: {what}", _seconds(seconds), _digits(2 * macs / seconds / 1e9), _yes(exact), "")
    console.print(table)


def _digits(value: float) -> str:
    """Three significant digits, never as a power of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _seconds(value: float) -> str:
    from ..timing.quantities import shown

    return shown(value * 1e12, "time")


# -- tables --------------------------------------------------------------------------------------


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False,
                 collapse_padding=True)  # fmt: skip


def _columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")


def _yes(value: bool | None) -> str:
    return "–" if value is None else "yes" if value else "[red]no[/]"


def _show(
    left: np.ndarray,
    right: np.ndarray,
    technology: Technology,
    rows: list[Row],
    absent: list[str],
    priced: list[Price],
) -> None:
    from ..timing.quantities import shown

    m, (k, n) = len(left), right.shape
    console.print(
        f"[bold]C[{m}, {n}] = A[{m}, {k}] × B[{k}, {n}][/], int8 to int32: {m * k * n:,} multiply-accumulates (MAC). "
        f"Technology: {escape(technology.title)} ({technology.name})."
    )
    size = _table("Size and clock")
    _columns(size, "design", "NANDs", "flip-flops", "SRAM bits", "depth", "path", "clock")
    speed = _table("Speed")
    _columns(speed, "design", "cycles", "formula", "MAC/cycle", "of peak", "time", "equals NumPy")
    traffic = _table("Memory and roofline")
    _columns(traffic, "design", "bytes moved", "op/byte", "bytes/cycle", "roof, MAC/cycle", "bound", "SRAM energy")
    price = _table("Energy, and area × time")
    _columns(price, "design", "toggles", "with glitches", "logic", "per MAC", "area", "area × time")
    for r in rows:
        name = escape(r.design) + (f" {r.iso_area}" if r.iso_area else "")
        path, clock = shown(r.path_ps, "time"), shown(r.fmax_hz, "frequency")
        size.add_row(
            name, f"{r.nands:,}", f"{r.flip_flops:,}", _count(r.sram_bits), f"{r.path_nands} NANDs", path, clock
        )
        speed.add_row(
            name, f"{r.cycles:,}", escape(r.formula), f"{r.macs_per_cycle:,.3g}", f"{100 * r.utilisation:.3g} %",
            shown(r.time_ps, "time"), _yes(r.bit_exact) + (" ‡" if r.simulated_rows else ""),
        )  # fmt: skip
        traffic.add_row(
            name, f"{r.bytes_moved:,}", f"{r.operations_per_byte:,.3g}", f"{r.port_bytes:,.4g}",
            f"{r.roof:,.3g}", r.bound, "–" if r.sram_fj is None else shown(r.sram_fj, "energy"),
        )  # fmt: skip
        glitchy = r.toggles_with_glitches
        price.add_row(
            name, _count(r.toggles), "–" if glitchy is None else _count(glitchy), shown(r.logic_fj, "energy"),
            shown(r.fj_per_mac, "energy"), _area(r.area, technology),
            _area_delay(r, technology),
        )  # fmt: skip
    for table in (size, speed, traffic, price):
        console.print(table)
    if any("cycles" in line for line in absent):
        absent = [*absent, "--whole simulates these as well, however long it takes"]
    for line in (*absent, *_notes(rows, technology)):
        console.print(escape(line), style="dim")
    _show_prices(priced, technology)


def _area(value: float, technology: Technology) -> str:
    if technology.area_unit == "µm²" and value >= 1e5:
        return f"{value / 1e6:,.3g} mm²"
    return f"{_count(value)} {technology.area_unit}"


def _area_delay(row: Row, technology: Technology) -> str:
    """Area times time, the time in the unit that people would use."""
    from ..timing.quantities import shown

    number, unit = shown(row.time_ps, "time").split(" ")
    return f"{_area(row.area * float(number.replace(',', '')), technology)}·{unit}"


def _count(value: float) -> str:
    """Three significant digits, in thousands, millions or billions where they are large."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
        if value >= factor:
            return f"{_digits(value / (1e3 if letter == 'k' else factor))} {letter}"
    return _digits(value)


def _notes(rows: list[Row], technology: Technology) -> list[str]:
    from circuits.comparison.sram import SOURCE

    lines = ["rows with the same mark have about the same area: compare these with each other"]
    lines.append(
        "formulas: F folds of an array of R rows and C columns, T steps of each (T = M weight-stationary, K "
        "output-stationary), L lanes; cycles are counted in simulation; WS 2×: weights double-buffered"
    )
    if part := {r.design: r.simulated_rows for r in rows if r.simulated_rows}:
        lines.append(
            "‡ simulated and compared in the first rows of C, cycles by the formula, which the part agrees with "
            f"(--whole simulates all): {', '.join(f'{name} {n}' for name, n in part.items())}"
        )
    lines.append("SRAM of computers holds their program too; instructions are among the bytes moved")
    if any(r.window for r in rows):
        lines.append("toggles and logic energy of long runs: counted in a part of the run and scaled to the whole")
    lines.append("energy of logic: cells and their pins without wires and clock tree; glitches: of a sample of cells")
    if any(r.sram_fj is None for r in rows):
        lines.append(
            f"SRAM energy: no published figure for {technology.name}, so energy per MAC is that of logic alone"
        )
    else:
        lines.append(f"SRAM energy: {SOURCE}")
    return lines


def _show_prices(priced: list[Price], technology: Technology) -> None:
    from circuits.comparison.prices import LITERATURE_RATIO, SOURCE, YOSYS_NOTE, YOSYS_RATIO

    from ..timing.quantities import shown

    table = _table("One multiply-accumulate: int8 against fp32")
    _columns(table, "unit", "NANDs", "×", "path", "energy", "×", "with glitches", "×")
    base = priced[0]
    for p in priced:
        table.add_row(
            escape(p.name), f"{p.nands:,}", f"{p.nands / base.nands:.3g}", shown(p.path_ps, "time"),
            shown(p.energy_fj, "energy"), _times(p.energy_fj, base.energy_fj),
            "–" if p.glitchy_fj is None else shown(p.glitchy_fj, "energy"), _times(p.glitchy_fj, base.glitchy_fj),
        )  # fmt: skip
    console.print(table)
    for line in (
        f"literature, energy: {LITERATURE_RATIO} × ({SOURCE})",
        f"NANDs: {YOSYS_RATIO} × with {YOSYS_NOTE}; ours have all of IEEE 754, and an int8 MAC of one carry-save tree",
    ):
        console.print(escape(line), style="dim")


def _times(value: float | None, base: float | None) -> str:
    return f"{value / base:.3g}" if value and base else "–"


# -- documents -----------------------------------------------------------------------------------


def _draw(
    rows: list[Row], left: np.ndarray, right: np.ndarray, r: int, c: int, technology: Technology, path: Path
) -> None:
    from circuits.systolic import SystolicArray
    from demos.tensor_pictures import cell_toggles, tensor_figure

    m, (k, n) = len(left), right.shape
    toggles = cell_toggles(SystolicArray(r, c), left[: 2 * r, :r], right[:r, :c])
    figure = tensor_figure(rows, toggles, f"{m} × {k} × {n} int8 product in {technology.title}")
    picture = BytesIO()  # drawn whole before the file is touched
    figure.savefig(picture, format=path.suffix[1:], dpi=110)
    path.write_bytes(picture.getvalue())


def _document(
    left: np.ndarray,
    right: np.ndarray,
    technology: Technology,
    rows: list[Row],
    absent: list[str],
    priced: list[Price],
    timed: list[Timed],
) -> dict[str, Any]:
    from dataclasses import asdict

    from circuits.comparison.prices import LITERATURE_RATIO, SOURCE

    base = priced[0]
    return {
        "m": len(left),
        "k": right.shape[0],
        "n": right.shape[1],
        "technology": technology.name,
        "designs": [r.as_dict(technology) for r in rows],
        "left_out": absent,
        "prices": [
            asdict(p)
            | {
                "nands_ratio": p.nands / base.nands,
                "energy_ratio": p.energy_fj / base.energy_fj if base.energy_fj else None,
            }
            for p in priced
        ],
        "literature_energy_ratio": LITERATURE_RATIO,
        "literature": SOURCE,
        "host": [
            {
                "m": size[0],
                "k": size[1],
                "n": size[2],
                "gates_simulated_seconds": seconds,
                "gates_bit_exact": exact,
                "ways": [asdict(t) | {"gates_are_slower_by": t.seconds and seconds / t.seconds} for t in times],
            }
            for size, seconds, exact, times in timed
        ],
    }
