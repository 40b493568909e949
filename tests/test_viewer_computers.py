"""Computers in the viewer: screens, keyboards, consoles, and the way down to a single gate."""

from __future__ import annotations

import numpy as np
import pygame

from gatesim.cli.view_computers import hack, rv32i
from gatesim.viewer.app import play
from gatesim.viewer.dump import dump
from gatesim.viewer.viewer import Viewer
from gatesim.viewer.window import Window

PROGRAM = "@SCREEN\nD=A\n@p\nM=D\n(LOOP)\n@KBD\nD=M\n@p\nA=M\nM=D\n@p\nM=M+1\n@LOOP\n0;JMP\n"


def test_hack_screen_keyboard_and_registers(tmp_path):
    path = tmp_path / "draws.asm"
    path.write_text(PROGRAM)
    opened = hack(path, False)
    with Viewer(opened.netlist, start=opened.start, computer=opened.computer) as viewer:
        viewer.shows.add("computer")
        window = play(viewer, "step 4\nexpect text 'at 0x4: @24576'\nkey F1 a\nstep 1000\nframes 1\ngoto 500\nframes 1")
        words = viewer.line.state.memories[2][0]
        assert set(words[:40].tolist()) == {ord("a")} and not words[400:].any()
        viewer.computer_key("")
        assert viewer.line.number("Keyboard") == 0
        assert "computer:" in dump(viewer) and window.frame_seconds > 0


def test_a_riscv_prints_and_time_travels(tmp_path):
    text = "li t0, 0x10000000\nli t1, 65\nloop: sb t1, 0(t0)\naddi t1, t1, 1\nli t2, 91\nblt t1, t2, loop\nend: j end\n"
    path = tmp_path / "letters.s"
    path.write_text(text)
    opened = rv32i(path, False)
    with Viewer(opened.netlist, start=opened.start, computer=opened.computer) as viewer:
        viewer.shows.add("computer")
        play(viewer, "step 3000\nframes 1")
        assert viewer.printed().decode().strip("\0") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        play(viewer, "goto 10\nframes 1")
        assert viewer.printed() == b""
        play(viewer, "goto 3000")
        assert viewer.printed() == b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_nand_inside_the_riscv_is_five_clicks_away():
    opened = rv32i(None, True)
    with Viewer(opened.netlist, start=opened.start, computer=opened.computer) as viewer:
        surface = pygame.Surface((1280, 800), 0, 32)
        window = Window(viewer)
        window.draw(surface)
        clicks = 0
        while not (viewer.places.sheet.box_kind == 0).any():
            sheet = viewer.places.sheet
            openable = np.flatnonzero((sheet.box_kind == 3) | (sheet.box_kind == 4))
            window.double_click(window.point_of(int(openable[0])))
            window.draw(surface)
            clicks += 1
            assert clicks < 5
        names = {viewer.places.sheet.box_label[i] for i in np.flatnonzero(viewer.places.sheet.box_kind == 0)}
        assert "NAND" in names
        assert len(dump(viewer)) > 100
