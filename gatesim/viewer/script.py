"""Scripts: what somebody does at the window, in plain text. ``docs/viewer.md`` has the language.

One command a line; ``#`` begins a comment. Whatever has a name on the screen can be clicked by it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import GatesimError, ParseError, unknown_name
from .dump import dump
from .numbers import Radix, parse, shown, value_of
from .shapes import Style
from .themes import theme
from .window import Window


class ScriptError(GatesimError, AssertionError):
    """A script that expected something else, or that cannot go on; says the line."""


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a script."""

    line: int
    verb: str
    words: tuple[str, ...]
    rest: str


def parse_script(text: str, source: str = "script") -> list[Command]:
    """The commands of a script.

    Raises
    ------
    ParseError
        An unknown command, or a quotation that does not end; with its line.

    Examples
    --------
    >>> [(c.verb, c.words) for c in parse_script("set a 0x1f  # an input")]
    [('set', ('a', '0x1f'))]
    """
    commands: list[Command] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as exc:
            raise ParseError(f"{line.strip()!r}: {exc}", source=source, line=number) from None
        if not words:
            continue
        verb, *rest = words
        if verb not in VERBS:
            raise ParseError(str(unknown_name("command", verb, VERBS)), source=source, line=number)
        least, most = VERBS[verb][1]
        if not least <= len(rest) <= most:
            raise ParseError(f"{verb}: {VERBS[verb][2]}", source=source, line=number)
        commands.append(Command(number, verb, tuple(rest), " ".join(rest)))
    return commands


PANELS = ("waves", "facts", "truth", "computer", "minimap", "help")
"""What ``show`` and ``hide`` know."""


def _panels(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in PANELS:
            raise unknown_name("panel", name, PANELS)
    return names


class Player:
    """Plays a script on a window, a command at a time; the caller draws frames in between."""

    def __init__(self, window: Window, commands: list[Command], source: str = "script") -> None:
        self.window, self.viewer = window, window.viewer
        self._commands, self._source = commands, source

    def play(self) -> Iterator[int]:
        """Do one command after another; yields how many frames to draw after each.

        Raises
        ------
        ScriptError
            With the line of the command that failed.
        """
        for command in self._commands:
            try:
                frames = VERBS[command.verb][0](self, command)
            except (GatesimError, OSError, ValueError) as exc:
                where = f"{self._source}:{command.line}: {command.verb} {command.rest}".rstrip()
                raise ScriptError(f"{where}: {exc}") from None
            yield 1 if frames is None else frames

    # -- finding things by name ---------------------------------------------------------------

    def point(self, name: str) -> tuple[int, int]:
        """Where something called `name` is on the screen: a box of the sheet, a button, or a net."""
        sheet = self.viewer.places.sheet
        if name in sheet.box_label:
            return self.window.point_of(sheet.box_label.index(name))
        for spot in self.window.ui.spots:
            if spot.name == name:
                return spot.rect.center
        known = [*sheet.box_label, *(s.name for s in self.window.ui.spots)]
        try:
            nets = self.viewer.names.nets(name)
        except GatesimError:
            raise unknown_name("name on the screen", name, known) from None
        place = self.viewer.places.find(nets[0])
        if place.scope != sheet.scope:
            raise ScriptError(f"{name!r} is not on the open sheet: select it first")
        x, y = self.viewer.places.camera.to_screen(place.x, place.y)
        return round(x) + self.window.area.x, round(y) + self.window.area.y

    # -- verbs ----------------------------------------------------------------------------------

    def _key(self, c: Command) -> None:
        for key in c.words:
            self.window.press(key)

    def _type(self, c: Command) -> None:
        if self.viewer.prompt is None:
            raise ScriptError("nothing asks for text: press a key that does, such as / or v")
        for letter in c.rest:
            self.window.press("Space" if letter == " " else letter, letter)

    def _drag(self, c: Command) -> None:
        self.viewer.places.camera = self.viewer.places.camera.panned(-float(c.words[0]), -float(c.words[1]))

    def _wheel(self, c: Command) -> None:
        self.window.wheel(self.window.area.center, float(c.words[0]))

    def _run(self, c: Command) -> None:
        if c.words and c.words[0] == "until":
            self.viewer.still()
            self.viewer.runner.run_until(int(parse(c.words[1], 64)))
            self.viewer.runner.wait()
        elif c.words and c.words[0] == "wait":
            self.viewer.runner.run(self.viewer.clock)
            self.viewer.runner.wait()
        elif not self.viewer.runner.is_running:
            self.viewer.run()

    def _toggle(self, c: Command) -> None:
        self.viewer.toggle(c.words[0], int(c.words[1]) if len(c.words) > 1 else 0)

    def _step(self, c: Command) -> None:
        self.viewer.step(int(c.words[0]) if c.words else 1)

    def _gate(self, c: Command) -> None:
        for _ in range(int(c.words[0]) if c.words else 1):
            self.viewer.step_gate()

    def _show(self, c: Command) -> None:
        for name in _panels(c.words):
            if name == "truth":
                self.viewer.make_table()
            self.viewer.shows.add(name)

    def _hide(self, c: Command) -> None:
        self.viewer.shows.difference_update(_panels(c.words))

    def _clock(self, c: Command) -> None:
        self.viewer.set_clock(None if c.words[0] == "full" else float(c.words[0]))

    def _theme(self, c: Command) -> None:
        self.viewer.theme = theme(c.words[0])

    def _scale(self, c: Command) -> None:
        self.viewer.scale = float(c.words[0])

    def _dump(self, c: Command) -> None:
        Path(c.words[0]).write_text(dump(self.viewer), encoding="utf-8")

    def _expect(self, c: Command) -> int:
        found, wanted = self._found(c), c.words[-1]
        if c.words[0] in ("text", "message", "console"):
            if wanted not in found:
                raise ScriptError(f"{wanted!r} is not in {found!r}")
            return 0
        if _same(found, wanted):
            return 0
        raise ScriptError(f"it is {found}, not {wanted}")

    def _found(self, c: Command) -> str:
        viewer, what = self.viewer, c.words[0]
        sample = viewer.runner.sample()
        special: dict[str, Callable[[], str]] = {
            "cycle": lambda: str(sample.cycle),
            "horizon": lambda: str(sample.horizon),
            "scope": lambda: "/".join(name for _, name in viewer.places.crumbs[1:]),
            "running": lambda: "yes" if sample.running else "no",
            "selected": lambda: viewer.name_of(viewer.selected) if viewer.selected else "nothing",
            "stopped": lambda: sample.stopped_by,
            "theme": lambda: viewer.theme.name,
            "text": lambda: dump(viewer),
            "message": lambda: viewer.message,
            "console": lambda: viewer.printed().decode("utf-8", "replace"),
        }
        if what in special:
            return special[what]()
        nets = viewer.names.nets(what)
        values = viewer.values()[list(nets)]
        return shown(value_of(values), len(nets), Radix.dec)


def _same(found: str, wanted: str) -> bool:
    """Equal as text or as numbers."""
    try:
        return found == wanted or int(found, 0) == int(wanted, 0)
    except ValueError:
        return False


VERBS: dict[str, tuple[Callable[[Player, Command], int | None], tuple[int, int], str]] = {
    "key": (Player._key, (1, 99), "key NAME ...: press keys, called as on the help page (Space, Ctrl+z, a)"),
    "type": (Player._type, (1, 99), "type TEXT: into the line that is asked for"),
    "click": (lambda p, c: p.window.click(p.point(c.rest)), (1, 9), "click NAME: a box, a button or a net"),
    "double": (lambda p, c: p.window.double_click(p.point(c.rest)), (1, 9), "double NAME: double-click a box"),
    "hover": (lambda p, c: p.window.move(p.point(c.rest)), (1, 9), "hover NAME: put the mouse there"),
    "wheel": (Player._wheel, (1, 1), "wheel N: zoom in (or out: negative) in the middle"),
    "drag": (Player._drag, (2, 2), "drag DX DY: pull the sheet by pixels"),
    "set": (lambda p, c: p.viewer.set_input(c.words[0], c.words[1]), (2, 2), "set INPUT VALUE"),
    "toggle": (Player._toggle, (1, 2), "toggle INPUT [BIT]"),
    "step": (Player._step, (0, 1), "step [N]: cycles; back where negative"),
    "gate": (Player._gate, (0, 1), "gate [N]: gate delays"),
    "goto": (lambda p, c: p.viewer.go_to(int(parse(c.words[0], 64))), (1, 1), "goto CYCLE"),
    "run": (Player._run, (0, 2), "run, run wait (for a breakpoint), or run until CYCLE"),
    "stop": (lambda p, c: p.viewer.runner.stop(), (0, 0), "stop"),
    "clock": (Player._clock, (1, 1), "clock HZ, or clock full"),
    "open": (lambda p, c: p.viewer.select_named(c.rest.rstrip("/") + "/"), (1, 9), "open SCOPE/PATH"),
    "leave": (lambda p, c: p.viewer.leave(), (0, 0), "leave"),
    "select": (lambda p, c: p.viewer.select_named(c.rest), (1, 9), "select NET or BUS"),
    "probe": (lambda p, c: p.viewer.probe(c.rest), (1, 9), "probe NET or BUS"),
    "break": (lambda p, c: p.viewer.add_breakpoint(c.rest), (1, 99), "break EXPRESSION"),
    "show": (Player._show, (1, 9), f"show PANEL ...: {', '.join(PANELS)}"),
    "hide": (Player._hide, (1, 9), "hide PANEL ..."),
    "theme": (Player._theme, (1, 1), "theme NAME"),
    "style": (lambda p, c: setattr(p.viewer, "style", Style(c.words[0])), (1, 1), "style ansi or iec"),
    "scale": (Player._scale, (1, 1), "scale FACTOR"),
    "save": (lambda p, c: p.viewer.save_session(Path(c.words[0])), (1, 1), "save FILE: the session"),
    "load": (lambda p, c: p.viewer.load_session(Path(c.words[0])), (1, 1), "load FILE"),
    "export": (lambda p, c: p.window.export(Path(c.words[0])), (1, 1), "export FILE.png or FILE.svg"),
    "dump": (Player._dump, (1, 1), "dump FILE: what is shown, in words"),
    "frames": (lambda p, c: int(c.words[0]), (1, 1), "frames N: draw so many"),
    "expect": (Player._expect, (2, 3), "expect WHAT [=] VALUE: a net, bus, cycle, scope, text, message ..."),
}  # fmt: skip
