"""The viewer without its window: what is open, selected, probed and running, and everything one can do to it.

Nothing here draws or knows a key: :mod:`.actions` binds keys, :mod:`.window` draws, :mod:`.script` replays.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import GatesimError, UnsupportedError, ValueFitError
from ..netlist import Netlist
from ..results import State
from ..timing import Technology
from ..timing.quantities import shown as shown_quantity
from .breakpoints import Breakpoint
from .circuit import Circuit
from .computer import Computer
from .inspection import Inspector
from .naming import Names
from .numbers import Radix, parse
from .places import Places
from .probes import Probe, next_change, previous_change
from .prompt import Prompt
from .runner import Runner
from .saved_view import MAX_SCALE, MIN_SCALE, load_view, save_view
from .scene import Kind
from .shapes import Style
from .slow import SlowMotion
from .themes import Theme, theme
from .timeline import Timeline
from .truth import Truth, truth_of
from .water import WaterRun

CLOCKS = (1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1e3, 1e4, 1e5, 1e6, None)
"""Clocks that faster and slower go through, in Hz; None is as fast as possible."""

HEATS = ("", "activity", "slack")


class Viewer:
    """One circuit that is being looked at.

    Parameters
    ----------
    net : Netlist
    technology : Technology, optional
        Whose delays arrival times, slack and slow motion go by (the netlist must consist of its gates).
    start : State, optional
        Registers and memories at cycle 0.
    computer : Computer, optional
        What the panels of a computer show.
    theme_name, scale : str, float
        Colours, and size of all text and lines.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> with Viewer(b.freeze()) as viewer:
    ...     viewer.set_input("x", "1"); viewer.select_named("sum"); viewer.selected_value()
    '1'
    """

    def __init__(
        self,
        net: Netlist,
        *,
        technology: Technology | None = None,
        start: State | None = None,
        computer: Computer | None = None,
        theme_name: str = "light",
        scale: float = 1.0,
    ) -> None:
        if not MIN_SCALE <= scale <= MAX_SCALE:
            raise ValueFitError(f"the scale must be {MIN_SCALE} to {MAX_SCALE}, not {scale:g}")
        self.net, self.technology, self.computer = net, technology, computer
        self.theme: Theme = theme(theme_name)
        self.scale, self.style = scale, Style.ansi
        self.names = Names(net)
        self.looking = Circuit(net)
        self.line = Timeline(Circuit(net), start, computer.service if computer else None)
        self.runner = Runner(self.line)
        self.inspector = Inspector(net, self.names, technology)
        self.places = Places(net, 800, 600)
        self.selected: tuple[int, ...] = ()
        self.selected_box = -1
        self.hovered: tuple[int, ...] = ()
        self._siblings: list[int] = []
        self.probes: list[Probe] = []
        self.radix = Radix.hex
        self.clock: float | None = None
        self.gently = False
        self.heat = ""
        self.truth: Truth | None = None
        self.slow: SlowMotion | None = None
        self.slow_ps, self.slow_plays = 0, True
        self.water: WaterRun | None = None
        self._before: np.ndarray | None = None
        self.prompt: Prompt | None = None
        self.message = "press ? for the keys"
        self.shows: set[str] = {"minimap"}
        self.wave_window: tuple[int, int] | None = None
        self.cursors: list[int] = []
        self.memory_at: dict[str, int] = {}
        self.pointer: tuple[int, int] = (0, 0)
        self.quitting = False

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the run and everything else that goes on."""
        self.runner.close()

    # -- values -----------------------------------------------------------------------------

    def values(self) -> np.ndarray:
        """(n,) uint8: codes of all nets as they are to be shown now."""
        if self.slow is not None:
            return self.slow.values(self.slow_ps)
        if self.runner.is_running:
            sample = self.runner.sample()
            return self.looking.values(sample.state, sample.inputs)
        self.runner.sample()
        return self.line.values

    def printed(self) -> bytes:
        """What the circuit has printed up to now."""
        return self.runner.do(Timeline.printed)

    def selected_value(self) -> str:
        """The value of what is selected, in the present radix."""
        return Probe("", self.selected, self.radix).text(self.values()[list(self.selected)]) if self.selected else ""

    def attempt(self, action: Callable[[], object]) -> bool:
        """Do something; a mistake of the user's becomes the message. Whether it worked."""
        try:
            action()
        except (GatesimError, OSError) as exc:
            self.message = str(exc)
            return False
        return True

    def still(self) -> Timeline:
        """The timeline, at rest: a run is stopped first."""
        self.runner.stop()
        return self.line

    # -- inputs -----------------------------------------------------------------------------

    def set_input(self, name: str, text: str) -> None:
        """Type a value into an input port."""
        value = parse(text, self.net.port(name).width)
        self._change(lambda line: line.set_inputs({name: value}, gently=self.gently))

    def toggle(self, name: str, bit: int = 0) -> None:
        """Flip a bit of an input port."""
        self._change(lambda line: line.toggle(name, bit, gently=self.gently))

    def _change(self, command: Callable[[Timeline], object]) -> None:
        self.end_slow()
        if not self.runner.is_running:
            self._before = self.line.values.copy()
        self.runner.do(command)

    def undo(self) -> None:
        """Take back the last input change."""
        self.end_slow()
        self.message = "undone" if self.runner.do(Timeline.undo) else "there is nothing to undo"

    def redo(self) -> None:
        """Make it again."""
        self.end_slow()
        self.message = "done again" if self.runner.do(Timeline.redo) else "there is nothing to do again"

    # -- time -------------------------------------------------------------------------------

    def step(self, cycles: int) -> None:
        """Go so many cycles forward, or back."""
        line = self.still()
        self.end_slow()
        self._before = line.values.copy()
        line.step(cycles)

    def step_gate(self) -> None:
        """Let one gate delay pass."""
        line = self.still()
        self.end_slow()
        changed = line.step_gate()
        self.message = f"{changed} nets changed" if changed else "everything has settled"

    def go_to(self, cycle: int) -> None:
        """Be at a cycle."""
        self.end_slow()
        self.still().go_to(cycle)

    def run(self) -> None:
        """Run at the chosen clock, or stop."""
        self.end_slow()
        if self.runner.is_running:
            self.runner.stop()
        elif self.net.is_combinational:
            self.message = f"{self.net.name!r} has no clock: change its inputs, or step gate by gate"
        else:
            self.runner.run(self.clock)

    def set_clock(self, hz: float | None) -> None:
        """Choose the clock; a run goes on with it."""
        self.clock = hz
        if self.runner.is_running:
            self.runner.run(hz)

    def change_clock(self, steps: int) -> None:
        """The next faster or slower clock."""
        nearest = min(range(len(CLOCKS)), key=lambda i: abs((CLOCKS[i] or 1e8) - (self.clock or 1e8)))
        self.set_clock(CLOCKS[min(max(nearest + steps, 0), len(CLOCKS) - 1)])

    # -- slow motion ------------------------------------------------------------------------

    def start_slow(self) -> None:
        """Show the last change again, with the delays of the technology."""
        self.still()
        if self.technology is None:
            raise UnsupportedError("slow motion needs delays: open the circuit with --tech, for example --tech ttl7400")
        if self._before is None:
            raise UnsupportedError("nothing has changed yet: change an input or step a cycle, then look at it slowly")
        self.slow = SlowMotion(self.net, self.technology, self._before, self.line.values)
        self.slow_ps, self.slow_plays = 0, True
        self.message = f"slow motion of {shown_quantity(self.slow.end_ps, 'time')} in {self.technology.title}"

    def move_slow(self, share: float) -> None:
        """Go on in slow motion by a share of the whole."""
        if self.slow is not None:
            self.slow_ps = min(max(self.slow_ps + round(self.slow.end_ps * share), 0), self.slow.end_ps)

    def next_slow(self) -> None:
        """To the next moment at which something changes, and stand there."""
        self.slow_plays = False
        if self.slow is not None:
            moments = self.slow.moments()
            after = moments[moments > self.slow_ps]
            self.slow_ps = int(after[0]) if len(after) else self.slow.end_ps

    def end_slow(self) -> None:
        """Back to the present."""
        self.slow = self.water = None

    def toggle_water(self) -> None:
        """Pour the present inputs into a machine of vessels, and watch; or back to the gates."""
        if self.water is not None:
            self.water = None
            return
        line = self.still()
        values = {p.name: line.number(p.name) for p in self.net.inputs}
        self.water = WaterRun(self.net, {k: v for k, v in values.items() if isinstance(v, int)})
        self.message = f"{self.water.machine.n_vessels} vessels, {self.water.end_s:.0f} s of water"

    def computer_key(self, text: str) -> None:
        """A key that is down (none: empty), for the computer's keyboard."""
        keyboard = self.computer.keyboard if self.computer else None
        if keyboard is not None:
            code = keyboard.code(text) if text else 0
            self.runner.do(lambda line: line.set_inputs({keyboard.port: code}))

    # -- selection --------------------------------------------------------------------------

    def select(self, nets: tuple[int, ...], box: int = -1) -> None:
        """Select nets, and the box that stands for them."""
        self.selected, self.selected_box = nets, box

    def select_named(self, name: str) -> None:
        """Select what a name means and show where it is; a path that ends in ``/`` opens a scope."""
        if name.endswith("/"):
            self.places.open(self.places.scope_named(name[:-1]))
            self.select(())
            return
        nets = self.names.nets(name)
        self.places.show(self.places.find(nets[0]))
        self.select(nets)

    def click_box(self, box: int) -> None:
        """Click a box: an input of the circuit toggles or asks for a value, anything else is selected."""
        found = self.places.sheet.box(box)
        nets = self.places.nets_of_box(box)
        self.select(nets, box)
        if found.kind != Kind.INPUT:
            return
        port = next((p for p in self.net.inputs if nets and nets[0] in p.nets), None)
        if port is None:
            return
        if len(nets) == 1:
            self.toggle(port.name, port.nets.index(nets[0]))
        else:
            self.ask_value()

    def next_box(self, steps: int) -> None:
        """Select the next box of the sheet, in reading order."""
        sheet = self.places.sheet
        order = np.lexsort((sheet.box_rect[:, 1], sheet.box_rect[:, 0])).tolist()
        at = order.index(self.selected_box) + steps if self.selected_box in order else (0 if steps > 0 else -1)
        box = order[at % len(order)]
        self.select(self.places.nets_of_box(box), box)

    def enter_selected(self) -> None:
        """Go into the selected box; an input gets a value instead."""
        if self.selected_box < 0:
            raise ValueFitError("select a box first: Tab goes from box to box")
        if self.places.sheet.box_kind[self.selected_box] == Kind.INPUT:
            self.click_box(self.selected_box)
        elif self.places.enter(self.selected_box):
            self.select(())
        else:
            self.message = f"{self.places.sheet.box_label[self.selected_box]} has nothing inside"

    def leave(self) -> None:
        """Out of whatever is open: a line being typed, slow motion, a selection, a scope."""
        if self.prompt is not None:
            self.prompt = None
        elif self.slow is not None or self.water is not None:
            self.end_slow()
        elif "help" in self.shows:
            self.shows.discard("help")
        elif not self.places.leave():
            self.select(())
        else:
            self.select(())

    def follow_driver(self) -> None:
        """To what drives the selected net: to its cell, and from a cell to its first pin."""
        self._follow([int(k) for k in self.inspector.drivers_of(self._one())], "has no driver to follow")

    def follow_reader(self) -> None:
        """To what reads the selected net; :meth:`follow_other` shows the next reader."""
        self._follow(self.inspector.readers_of(self._one()).tolist(), "is read by nothing inside")

    def follow_other(self) -> None:
        """From a reader (or driver) that was followed to, to the next one of the same net."""
        if len(self._siblings) < 2 or self.selected != (self._siblings[0],):
            raise ValueFitError("first follow a net that has several readers: select it and press r")
        self._show_first([*self._siblings[1:], self._siblings[0]])

    def _one(self) -> int:
        if not self.selected:
            raise ValueFitError("select a net first: click it, or search with /")
        return self.selected[0]

    def _follow(self, nets: list[int], otherwise: str) -> None:
        nets = [k for k in nets if k > 1]
        if not nets:
            self.message = f"{self.net.net_name(self._one())} {otherwise}"
            return
        self._show_first(nets)

    def _show_first(self, nets: list[int]) -> None:
        self._siblings = nets
        self.places.show(self.places.find(nets[0]))
        self.select((nets[0],))
        more = f" (one of {len(nets)}: Shift+r shows the next)" if len(nets) > 1 else ""
        self.message = f"{self.net.net_name(nets[0])}{more}"

    # -- probes, breakpoints, tables ---------------------------------------------------------

    def name_of(self, nets: tuple[int, ...]) -> str:
        """What to call nets that travel together."""
        bus = self.names.bus_of(nets[0])
        if bus is not None and self.names.buses[bus] == nets:
            return bus
        return self.net.net_name(nets[0]) if len(nets) == 1 else f"{self.net.net_name(nets[0])} and {len(nets) - 1}"

    def probe_selected(self) -> None:
        """Pin a probe to the selected nets, or take it away."""
        self._one()
        kept = [p for p in self.probes if p.nets != self.selected]
        if len(kept) == len(self.probes):
            kept.append(Probe(self.name_of(self.selected), self.selected, self.radix))
        self.probes = kept
        self.shows.add("waves") if kept else self.shows.discard("waves")

    def probe(self, name: str) -> None:
        """Pin a probe to what a name means."""
        self.probes.append(Probe.on(name, self.names))
        self.shows.add("waves")

    def add_breakpoint(self, text: str) -> None:
        """Stop where an expression becomes true."""
        found = Breakpoint.parse(text, self.names)
        self.runner.add_breakpoint(found)
        self.message = f"stops at {found.text}"

    def jump(self, direction: int) -> None:
        """To the next (or the previous) change of the first probe, or of what is selected."""
        nets = self.selected or (self.probes[0].nets if self.probes else ())
        if not nets:
            raise ValueFitError("select a net or pin a probe first: p pins what is selected")
        line = self.still()
        found = (next_change if direction > 0 else previous_change)(line, nets, line.now)
        if found is None:
            self.message = f"{self.name_of(nets)} does not change {'after' if direction > 0 else 'before'} this cycle"
        else:
            self.go_to(found)

    def make_table(self) -> None:
        """The truth table of the selected net."""
        self.truth = truth_of(self.net, self._one(), frozenset(self.selected[1:]))
        self.shows.add("truth")

    # -- lines being typed -------------------------------------------------------------------

    def ask(self, title: str, submit: Callable[[str], None], text: str = "", choices=None) -> None:
        """Ask for a line."""
        self.prompt = Prompt(title, submit, text, choices or (lambda _: []))

    def ask_value(self) -> None:
        """Ask for the value of the selected input."""
        port = next((p for p in self.net.inputs if self.selected and self.selected[0] in p.nets), None)
        if port is None:
            raise ValueFitError("select an input of the circuit first: only inputs take values")
        self.ask(f"{port.name} ({port.width} bits: 12, 0x1f, -3)", lambda text: self.set_input(port.name, text))

    def ask_search(self) -> None:
        """Ask for a name to go to."""
        self.ask("search nets and scopes", self.select_named, choices=lambda text: self.names.search(text, 10))

    def submit(self) -> None:
        """Take the typed line; where names are offered, the marked one counts."""
        prompt, self.prompt = self.prompt, None
        if prompt is None:
            return
        offered = prompt.offered
        text = offered[min(prompt.picked, len(offered) - 1)] if offered else prompt.text
        if not self.attempt(lambda: prompt.submit(text)):
            self.prompt = prompt

    # -- sessions -----------------------------------------------------------------------------

    def save_session(self, path: Path) -> None:
        """Write probes, breakpoints, camera, inputs and time to a file."""
        save_view(self, path)

    def load_session(self, path: Path) -> None:
        """Go on with a saved session; SessionError where it belongs to another circuit."""
        load_view(self, path)
