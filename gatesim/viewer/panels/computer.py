"""A computer's registers, code, memory, console, screen and keyboard, from its description."""

from __future__ import annotations

import numpy as np
import pygame

from ...results import State
from ..computer import Computer
from ..fonts import rgb
from ..numbers import Radix, shown, value_of
from ..ui import Ui
from ..viewer import Viewer

CODE_LINES, MEMORY_LINES, CONSOLE_LINES = 9, 6, 5
WORDS_A_LINE = 4


class ComputerPanel:
    """Draws the panel, from one moment of the run."""

    def draw(self, ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
        """Everything there is room for, the most looked at first."""
        computer = viewer.computer
        if computer is None:
            return
        inner = ui.panel(rect, viewer.net.name, lambda: viewer.shows.discard("computer"))
        sample = viewer.runner.sample()
        values = viewer.values()
        y = inner.y
        if computer.screen is not None:
            y = self._screen(ui, viewer, computer, sample.state, inner, y)
        y = self._registers(ui, viewer, computer, values, inner, y)
        y = self._code(ui, viewer, computer, values, sample.state, inner, y)
        if computer.service is not None:
            y = self._console(ui, viewer, inner, y)
        for name in sorted(computer.memories, key=lambda name: name == computer.code):
            if y + ui.line() * 3 < inner.bottom:
                y = self._memory(ui, viewer, name, sample.state, inner, y)

    def _head(self, ui: Ui, text: str, inner: pygame.Rect, y: int) -> int:
        ui.text(text, inner.x, y, size=10, colour=ui.theme.faint)
        return y + ui.line(10)

    def _screen(self, ui: Ui, viewer: Viewer, computer: Computer, state: State, inner, y: int) -> int:
        screen = computer.screen
        assert screen is not None
        words = memory_words(viewer, screen.memory, state)[screen.first : screen.first + screen.words]
        ink = screen.pixels(words)
        picture = pygame.Surface(ink.shape[::-1], 0, 32)
        pixels = pygame.surfarray.pixels2d(picture)
        pixels[:] = np.where(ink.T, 0x101010, 0xF4F4EE)
        del pixels
        height = round(inner.w * ink.shape[0] / ink.shape[1])
        ui.surface.blit(pygame.transform.smoothscale(picture, (inner.w, height)), (inner.x, y))
        pygame.draw.rect(ui.surface, rgb(ui.theme.faint), (inner.x, y, inner.w, height), 1)
        y += height + ui.px(4)
        if computer.keyboard is not None:
            on = "keyboard" in viewer.shows
            text = "keys go to the computer (F1: back)" if on else "give it the keyboard (F1)"
            ui.button(
                "keyboard", text, inner.x, y, lambda: viewer.shows.symmetric_difference_update({"keyboard"}), on=on
            )
            y += ui.line() + ui.px(10)
        return y

    def _registers(self, ui: Ui, viewer: Viewer, computer: Computer, values: np.ndarray, inner, y: int) -> int:
        y = self._head(ui, "registers", inner, y)
        columns = 2 if inner.w < ui.px(420) else 3
        width = inner.w // columns
        for k, (name, nets) in enumerate(computer.registers):
            x = inner.x + k % columns * width
            row = y + k // columns * ui.line(11)
            if row + ui.line(11) > inner.bottom:
                break
            text = shown(value_of(values[list(nets)]), len(nets), viewer.radix)
            ui.text(name, x, row, size=10, room=width // 2 - ui.px(4))
            ui.text(text, x + width - ui.px(10), row, size=10, mono=True, right=True)
            ui.spot(pygame.Rect(x, row, width, ui.line(11)), f"register {name}", lambda n=nets: viewer.select(n))
        return y + -(-len(computer.registers) // columns) * ui.line(11) + ui.px(4)

    def _code(self, ui: Ui, viewer: Viewer, computer: Computer, values, state: State, inner, y: int) -> int:
        nets = viewer.names.nets(computer.program_counter)
        counter = value_of(values[list(nets)])
        y = self._head(ui, "code", inner, y)
        if isinstance(counter, str):
            ui.text(f"{computer.program_counter} is {counter}", inner.x, y, size=11)
            return y + ui.line()
        words = memory_words(viewer, computer.code, state)
        here = (counter - computer.base) // computer.unit
        first = max(0, min(here - CODE_LINES // 2, len(words) - CODE_LINES))
        for index in range(first, min(first + CODE_LINES, len(words))):
            if y + ui.line(11) > inner.bottom:
                break
            address = computer.base + index * computer.unit
            if index == here:
                pygame.draw.rect(ui.surface, rgb(ui.theme.box_head), (inner.x - 3, y, inner.w + 6, ui.line(11)))
                ui.text("▶", inner.x - ui.px(3), y, size=9, colour=ui.theme.accent)
            text = computer.disassemble(address, int(words[index]))
            label = computer.labels.get(address, "")
            ui.text(f"{address:x}", inner.x + ui.px(74), y, size=10, mono=True, right=True, colour=ui.theme.faint)
            ui.text(
                f"{label}: {text}" if label else text,
                inner.x + ui.px(82),
                y,
                size=10,
                mono=True,
                room=inner.w - ui.px(84),
            )
            y += ui.line(11)
        return y + ui.px(4)

    def _console(self, ui: Ui, viewer: Viewer, inner: pygame.Rect, y: int) -> int:
        printed = viewer.printed().decode("utf-8", "replace")
        y = self._head(ui, "console", inner, y)
        box = pygame.Rect(inner.x, y, inner.w, ui.line(11) * CONSOLE_LINES + ui.px(4))
        pygame.draw.rect(ui.surface, rgb(ui.theme.background), box)
        pygame.draw.rect(ui.surface, rgb(ui.theme.faint), box, 1)
        lines = printed.split("\n")
        for k, text in enumerate(lines[-CONSOLE_LINES:]):
            ui.text(
                text.replace("\t", "    "), box.x + 4, box.y + 2 + k * ui.line(11), size=10, mono=True, room=box.w - 8
            )
        return box.bottom + ui.px(4)

    def _memory(self, ui: Ui, viewer: Viewer, name: str, state: State, inner: pygame.Rect, y: int) -> int:
        words = memory_words(viewer, name, state)
        memory = next(m for m in viewer.net.memories if m.name == name)
        first = viewer.memory_at.get(name, 0)
        y = self._head(ui, f"{name}, {len(words):,} words of {memory.width} bits", inner, y)
        turn = lambda by: viewer.memory_at.__setitem__(  # noqa: E731 (two buttons)
            name, min(max(viewer.memory_at.get(name, 0) + by, 0), max(0, len(words) - WORDS_A_LINE))
        )
        page = WORDS_A_LINE * MEMORY_LINES
        ui.button(f"{name} back", "◂", inner.right - ui.px(52), y - ui.line(10) - 2, lambda: turn(-page))
        ui.button(f"{name} on", "▸", inner.right - ui.px(24), y - ui.line(10) - 2, lambda: turn(page))
        y += ui.px(6)
        digits = -(-memory.width // 4)
        for low in range(first, min(first + page, len(words)), WORDS_A_LINE):
            if y + ui.line(11) > inner.bottom:
                break
            part = words[low : low + WORDS_A_LINE]
            text = " ".join(f"{int(w):0{digits}x}" for w in part)
            ui.text(f"{low:5x}  {text}", inner.x, y, size=10, mono=True, room=inner.w)
            y += ui.line(11)
        return y + ui.px(4)


def memory_words(viewer: Viewer, name: str, state: State) -> np.ndarray:
    """(depth,) uint64: what a memory holds."""
    for memory, stored in zip(viewer.net.memories, state.memories, strict=True):
        if memory.name == name:
            return memory.contents if memory.is_rom else stored[0]
    raise KeyError(name)


def dump(viewer: Viewer) -> list[str]:
    """The panel in words."""
    computer = viewer.computer
    if computer is None:
        return []
    values, state = viewer.values(), viewer.runner.sample().state
    lines = ["computer:"]
    for name, nets in computer.registers:
        lines.append(f"  {name} = {shown(value_of(values[list(nets)]), len(nets), Radix.hex)}")
    counter = value_of(values[list(viewer.names.nets(computer.program_counter))])
    words = memory_words(viewer, computer.code, state)
    if isinstance(counter, int) and 0 <= (counter - computer.base) // computer.unit < len(words):
        word = int(words[(counter - computer.base) // computer.unit])
        lines.append(f"  at {counter:#x}: {computer.disassemble(counter, word)}")
    if computer.service is not None:
        lines += [f"  console: {text}" for text in viewer.printed().decode("utf-8", "replace").splitlines()]
    return lines
