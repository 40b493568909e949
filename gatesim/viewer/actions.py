"""Everything that has a key: one table for the keyboard, the help page, and scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .numbers import parse
from .saved_view import MAX_SCALE, MIN_SCALE
from .shapes import Style
from .themes import THEMES
from .viewer import HEATS, Viewer

PAN_PIXELS = 80
ZOOM_STEP = 1.25
GROUPS = ("time", "inputs", "looking", "panels", "view", "files")
"""In the order of the help page."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: its group in the help, its keys, what it does."""

    group: str
    keys: tuple[str, ...]
    help: str
    do: Callable[[Viewer], object]


def _zoom(factor: float) -> Callable[[Viewer], None]:
    def zoom(v: Viewer) -> None:
        c = v.places.camera
        v.places.camera = c.zoomed(factor, c.width / 2, c.height / 2)

    return zoom


def _pan(dx: int, dy: int) -> Callable[[Viewer], None]:
    def pan(v: Viewer) -> None:
        v.places.camera = v.places.camera.panned(dx * PAN_PIXELS, dy * PAN_PIXELS)

    return pan


def _next_theme(v: Viewer) -> None:
    v.theme = THEMES[(THEMES.index(v.theme) + 1) % len(THEMES)]
    v.message = f"theme {v.theme.name}"


def _next_radix(v: Viewer) -> None:
    v.radix = v.radix.following
    v.probes = [p.with_next_radix() for p in v.probes]
    v.message = f"values in {v.radix.value}"


def _next_heat(v: Viewer) -> None:
    v.heat = HEATS[(HEATS.index(v.heat) + 1) % len(HEATS)]
    if v.heat == "slack" and v.technology is None:
        v.message = "slack needs delays: open the circuit with --tech"
    else:
        v.message = f"heat map: {v.heat or 'off'}"


def _scale(factor: float) -> Callable[[Viewer], None]:
    def scale(v: Viewer) -> None:
        v.scale = min(max(round(v.scale * factor, 2), MIN_SCALE), MAX_SCALE)

    return scale


def _shows(name: str) -> Callable[[Viewer], None]:
    return lambda v: v.shows.symmetric_difference_update({name})


def _gently(v: Viewer) -> None:
    v.gently = not v.gently
    v.message = "input changes wait for gate steps" if v.gently else "input changes settle at once"


def _style(v: Viewer) -> None:
    v.style = Style.iec if v.style == Style.ansi else Style.ansi


def _clear_breakpoints(v: Viewer) -> None:
    while v.runner.breakpoints:
        v.runner.remove_breakpoint(0)
    v.message = "no breakpoints"


def _table(v: Viewer) -> None:
    if "truth" in v.shows:
        v.shows.discard("truth")
    else:
        v.make_table()


def _wave_zoom(factor: float) -> Callable[[Viewer], None]:
    def zoom(v: Viewer) -> None:
        first, last = v.wave_window or (max(0, v.line.now - 40), v.line.now + 8)
        middle, half = (first + last) / 2, max(4, (last - first) * factor / 2)
        v.wave_window = max(0, round(middle - half)), max(8, round(middle + half))

    return zoom


def _cursor(v: Viewer) -> None:
    """At most two cursors stand at a time: the third takes the place of the first."""
    v.cursors = [*v.cursors[-1:], v.line.now]
    v.message = f"cursor at {v.line.now}" + (
        f", {abs(v.cursors[1] - v.cursors[0])} apart" if len(v.cursors) > 1 else ""
    )


def _ask_clock(v: Viewer) -> None:
    v.ask("clock in Hz (empty: full speed)", lambda text: _clock(v, text))


def _ask_breakpoint(v: Viewer) -> None:
    v.ask("stop when (count == 7, changes carry)", v.add_breakpoint)


def _toggle(v: Viewer) -> None:
    if v.selected_box >= 0:
        v.click_box(v.selected_box)
    else:
        v.ask_value()


def _ask_save(v: Viewer) -> None:
    v.ask("save session as", lambda text: v.save_session(Path(text)), f"{v.net.name}.json")


def _ask_load(v: Viewer) -> None:
    v.ask("load session", lambda text: v.load_session(Path(text)), f"{v.net.name}.json")


def _quit(v: Viewer) -> None:
    v.quitting = True


ACTIONS: tuple[Action, ...] = (
    Action("time", ("Space",), "run and stop", Viewer.run),
    Action("time", ("Right",), "a cycle forward", lambda v: v.step(1)),
    Action("time", ("Left",), "a cycle back", lambda v: v.step(-1)),
    Action("time", ("PageDown",), "1,000 cycles forward", lambda v: v.step(1000)),
    Action("time", ("PageUp",), "1,000 cycles back", lambda v: v.step(-1000)),
    Action("time", ("Home",), "to cycle 0", lambda v: v.go_to(0)),
    Action("time", ("End",), "to the furthest cycle", lambda v: v.go_to(v.still().horizon)),
    Action("time", (".",), "one gate delay", Viewer.step_gate),
    Action("time", (",",), "inputs wait for gate delays, or not", _gently),
    Action("time", ("g",), "go to a cycle, or so many on (+100)", lambda v: v.ask("cycle, or +n", lambda t: _go(v, t))),
    Action("time", ("]",), "a faster clock", lambda v: v.change_clock(1)),
    Action("time", ("[",), "a slower clock", lambda v: v.change_clock(-1)),
    Action("time", ("c",), "choose the clock in Hz", _ask_clock),
    Action("time", ("n",), "next change of what is selected", lambda v: v.jump(1)),
    Action("time", ("Shift+n",), "previous change", lambda v: v.jump(-1)),
    Action("time", ("b",), "breakpoint on an expression", _ask_breakpoint),
    Action("time", ("Shift+b",), "no breakpoints", _clear_breakpoints),
    Action("time", ("s",), "slow motion of the last change", Viewer.start_slow),
    Action("time", ("Shift+Right",), "slow motion: to the next event", Viewer.next_slow),
    Action("inputs", ("t",), "toggle or type the selected input", _toggle),
    Action("inputs", ("v",), "type a value", Viewer.ask_value),
    Action("inputs", ("u", "Ctrl+z"), "undo", Viewer.undo),
    Action("inputs", ("Shift+u", "Ctrl+y"), "redo", Viewer.redo),
    Action("looking", ("/",), "search nets and scopes", Viewer.ask_search),
    Action("looking", ("Tab",), "next box", lambda v: v.next_box(1)),
    Action("looking", ("Shift+Tab",), "box before", lambda v: v.next_box(-1)),
    Action("looking", ("Enter",), "into the box; type the input", Viewer.enter_selected),
    Action("looking", ("Escape",), "out again", Viewer.leave),
    Action("looking", ("d",), "to the driver", Viewer.follow_driver),
    Action("looking", ("r",), "to a reader", Viewer.follow_reader),
    Action("looking", ("Shift+r",), "to the next of several readers (or drivers)", Viewer.follow_other),
    Action("looking", ("f",), "fit the sheet", lambda v: v.places.fit()),
    Action("looking", ("+", "="), "zoom in", _zoom(ZOOM_STEP)),
    Action("looking", ("-",), "zoom out", _zoom(1 / ZOOM_STEP)),
    Action("looking", ("Ctrl+Left",), "pan left", _pan(-1, 0)),
    Action("looking", ("Ctrl+Right",), "pan right", _pan(1, 0)),
    Action("looking", ("Up", "Ctrl+Up"), "pan up", _pan(0, -1)),
    Action("looking", ("Down", "Ctrl+Down"), "pan down", _pan(0, 1)),
    Action("panels", ("p",), "probe what is selected", Viewer.probe_selected),
    Action("panels", ("w",), "waveforms", _shows("waves")),
    Action("panels", ("x",), "hex, decimal, signed, binary", _next_radix),
    Action("panels", ("Ctrl+=", "Ctrl++"), "waveforms: zoom in", _wave_zoom(0.5)),
    Action("panels", ("Ctrl+-",), "waveforms: zoom out", _wave_zoom(2.0)),
    Action("panels", ("k",), "waveforms: cursor here", _cursor),
    Action("panels", ("i",), "about the selected net", _shows("facts")),
    Action("panels", ("l",), "truth table and map of the selected net", _table),
    Action("panels", ("h",), "heat map: activity, slack, off", _next_heat),
    Action("panels", ("m",), "minimap", _shows("minimap")),
    Action("panels", ("a",), "water: vessels fill and siphon", Viewer.toggle_water),
    Action("panels", ("o",), "the computer: registers, memory, code", _shows("computer")),
    Action("view", ("y",), "next theme", _next_theme),
    Action("view", ("Shift+y",), "IEC or distinctive gates", _style),
    Action("view", ("Shift++",), "everything larger", _scale(1.25)),
    Action("view", ("Shift+-",), "everything smaller", _scale(0.8)),
    Action("files", ("Ctrl+s",), "save the session", _ask_save),
    Action("files", ("Ctrl+o",), "load a session", _ask_load),
    Action("view", ("?",), "these keys", _shows("help")),
    Action("view", ("q", "Ctrl+q"), "quit", _quit),
)  # fmt: skip
"""Everything; :mod:`.window` adds what only a window can do (export)."""


def _go(v: Viewer, text: str) -> None:
    if text.strip().startswith("+"):
        v.step(int(parse(text.strip()[1:], 64)))
    else:
        v.go_to(int(parse(text, 64)))


def _clock(v: Viewer, text: str) -> None:
    v.set_clock(float(parse(text, 64)) if text.strip() else None)


def table(actions: tuple[Action, ...] = ACTIONS) -> dict[str, Action]:
    """Actions by key."""
    return {key: a for a in actions for key in a.keys}
