"""The window, led by scripts under SDL's dummy driver: what is shown is compared as text and as pixels."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pygame
import pytest

from gatesim import Builder, build
from gatesim.errors import ParseError
from gatesim.timing import load_technology, prepare
from gatesim.viewer.app import open_window, play
from gatesim.viewer.dump import dump
from gatesim.viewer.fonts import packed
from gatesim.viewer.script import Player, ScriptError, parse_script
from gatesim.viewer.themes import THEMES
from gatesim.viewer.viewer import Viewer
from gatesim.viewer.window import Window


def adder(tech: str | None = None):
    from circuits.adders import ripple_carry

    net = build(ripple_carry, a=4, b=4)
    return net if tech is None else prepare(net, load_technology(tech))


def counter(b: Builder, width: int = 8) -> dict:
    following = b.wires(width)
    count = b.register(following).named("count")
    carry, total = b.input("run"), []
    for bit in count:
        total.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, total)
    return {"out": count}


def test_a_script_adds_walks_in_and_out_and_undoes():
    with Viewer(adder()) as viewer:
        play(
            viewer,
            """
            set a 5
            set b 0b11
            expect sum = 8
            double full_adder          # walk in
            expect scope = full_adder
            expect text "gate XOR"
            key Escape                 # and out
            expect scope = ""
            click a[1]                 # toggles: 5 + 2 = 7
            expect sum = 10
            key u u
            expect sum = 5
            key Ctrl+y
            expect sum = 8
            key /
            type sum[2]
            key Enter
            expect selected = sum[2]
            key d
            expect selected = "ripple_carry/full_adder_2/xor_17"
            key l x i p
            expect text "table: "
            """,
        )
        assert "probe: " in dump(viewer)


def test_what_a_script_expects_and_does_not_get_is_said_with_its_line():
    with Viewer(adder()) as viewer, pytest.raises(ScriptError, match=r"demo:2: expect sum = 9: it is 8, not 9"):
        play(viewer, "set a 8\nexpect sum = 9", source="demo")
    with Viewer(adder()) as viewer:
        with pytest.raises(ParseError, match=r"script:1: unknown command 'clik'; did you mean 'click'"):
            play(viewer, "clik a")
        with pytest.raises(ScriptError, match="unknown name on the screen 'full_ader'; did you mean 'full_adder'"):
            play(viewer, "double full_ader")
        with pytest.raises(ScriptError, match="16 does not fit"):
            play(viewer, "set a 16")
        with pytest.raises(ParseError, match=r"script:1: drag: drag DX DY"):
            play(viewer, "drag 1")


def test_time_runs_stops_and_goes_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Viewer(build(counter)) as viewer:
        play(
            viewer,
            """
            set run 1
            step 10
            expect count = 10
            break "count == 200"
            run wait
            expect cycle = 200
            expect stopped = "count == 200"
            goto 17
            expect out = 17
            key Left
            expect out = 16
            gate 3
            key End
            expect cycle = 200
            probe count
            select count[3]
            key n
            expect message "does not change after"
            key Shift+n
            expect cycle = 192
            show waves facts
            save here.json
            theme dark
            """,
        )
        before = dump(viewer).replace("(selected)", "")
    with Viewer(build(counter)) as again:
        play(again, "load here.json\nexpect cycle = 192\nexpect theme = light\nselect count[3]\n")
        assert [p.name for p in again.probes] == ["count"]
        assert again.runner.breakpoints[0].text == "count == 200"
        assert before.split(" of ")[0] == dump(again).split(" of ")[0] == "counter, cycle 192"
    with Viewer(adder()) as other, pytest.raises(ScriptError, match="another circuit: it is of 'counter'"):
        play(other, f"load {tmp_path / 'here.json'}")


def test_wires_show_values_by_colour_and_width():
    b = Builder("wire")
    b.output("y", ~b.input("x"))
    with Viewer(b.freeze()) as viewer:
        window = play(viewer, "frames 1")
        counts = {}
        for value in (0, 1):
            viewer.set_input("x", str(value))
            surface = pygame.Surface((1280, 800), 0, 32)
            window.draw(surface)
            pixels = pygame.surfarray.array2d(window.canvas.surface) & 0xFFFFFF
            theme = viewer.theme
            counts[value] = (pixels == packed(theme.one.colour)).sum(), (pixels == packed(theme.zero.colour)).sum()
            net = viewer.net.net("x")
            for wire in viewer.places.wires_of({net}):
                place = viewer.places.find(net)
                x, y = viewer.places.camera.to_screen(place.x + 6, place.y)
                assert window.canvas.hit(int(x), int(y)).wire == wire
        assert counts[0] == counts[0] and min(counts[0] + counts[1]) > 0
        ones, zeros = counts[1][0], counts[1][1]
        assert counts[0][0] > 0 and (ones > 1.5 * zeros or counts[0][0] > 1.5 * counts[0][1]), "a 1 is thicker"


def test_four_values_in_every_theme_differ_without_colour():
    """A mask of what is not background: it must differ between 0, 1, X and Z."""
    b = Builder("tri")
    b.output("y", b.gate("TRI", b.input("a"), b.input("en")))
    net = b.freeze()
    for theme in THEMES:
        with Viewer(net, theme_name=theme.name) as viewer:
            window = play(viewer, "frames 1")
            masks = set()
            for a, en in (("0", "1"), ("1", "1"), ("X", "1"), ("0", "0")):
                viewer.line.set_inputs({"a": a, "en": en})
                shown = window.canvas.paint(viewer.values())
                pixels = pygame.surfarray.array2d(shown) & 0xFFFFFF
                wire = viewer.places.find(net.net("y"))
                x, y = (int(v) for v in viewer.places.camera.to_screen(wire.x, wire.y))
                part = pixels[x + 4 : x + 60, y - 6 : y + 7]
                masks.add((part != packed(theme.background)).tobytes())
            assert len(masks) == 4, theme.name


def test_slow_motion_heat_and_water():
    with Viewer(adder("cmos74hc"), technology=load_technology("cmos74hc")) as viewer:
        play(
            viewer,
            """
            set a 15
            set b 1
            key s
            expect message "slow motion of"
            frames 2
            key Shift+Right
            key Escape
            expect sum = 0
            key h
            expect message "activity"
            key h
            expect message "slack"
            frames 1
            """,
        )
    with Viewer(adder()) as viewer:
        play(viewer, "set a 1\nset b 1\nkey s\nexpect message --tech\nkey a\nframes 4\nexpect text 'water at'\nkey a")
    with Viewer(build(counter)) as viewer:
        play(viewer, "key a\nexpect message 'has state'")


def test_every_key_does_something_or_says_why():
    with Viewer(build(counter)) as viewer:
        window = play(viewer, "frames 1")
        surface = pygame.Surface((1280, 800), 0, 32)
        for action in window.actions:
            for key in action.keys:
                window.press(key)
                window.draw(surface)
                while viewer.prompt is not None or "help" in viewer.shows:
                    window.press("Escape")
        assert viewer.quitting


def test_panels_are_shown_by_name():
    with Viewer(adder()) as viewer:
        play(viewer, 'select sum[1]\nshow truth facts\nexpect text "sum[1]"\nhide truth')
        assert viewer.truth is not None and "truth" not in viewer.shows and "facts" in viewer.shows
        with pytest.raises(ScriptError, match="unknown panel 'wave'; did you mean 'waves'"):
            play(viewer, "show wave")
    with Viewer(adder()) as viewer, pytest.raises(ScriptError, match="select a net first"):
        play(viewer, "show truth")


def test_a_million_wide_zoom_and_tiny_windows_draw():
    with Viewer(build(counter)) as viewer:
        window = play(
            viewer, "show facts waves\nprobe count\nkey Ctrl+- Ctrl+- w\nwheel 30\nframes 1\nwheel -60\nframes 1"
        )
        window.draw(pygame.Surface((320, 240), 0, 32))
        viewer.scale = 4.0
        window.draw(pygame.Surface((1280, 800), 0, 32))


def test_the_window_closes_in_the_middle_of_a_run_and_leaves_nothing():
    before = set(threading.enumerate())
    viewer = Viewer(build(counter))

    def until(frame: int) -> bool:
        if frame == 2:
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE, mod=0, unicode=" "))
        if frame == 6:
            assert viewer.runner.is_running
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        return frame > 100

    open_window(viewer, (640, 480), until)
    assert viewer.quitting and not viewer.runner.is_running
    assert not [t for t in set(threading.enumerate()) - before if t.is_alive()]


def test_mouse_pans_zooms_and_hovers():
    with Viewer(adder()) as viewer:
        window = play(viewer, "frames 1")
        surface = pygame.Surface((1280, 800), 0, 32)
        camera = viewer.places.camera
        for kind, fields in (
            (pygame.MOUSEBUTTONDOWN, {"pos": (600, 600), "button": 1}),
            (pygame.MOUSEMOTION, {"pos": (640, 600), "rel": (40, 0), "buttons": (1, 0, 0)}),
            (pygame.MOUSEBUTTONUP, {"pos": (640, 600), "button": 1}),
        ):
            window.handle(pygame.event.Event(kind, fields))
        assert viewer.places.camera.x < camera.x and viewer.places.camera.zoom == camera.zoom
        window.draw(surface)
        x, y = window.point_of(viewer.places.sheet.box_label.index("sum[3]"))
        window.move((x, y))
        assert viewer.hovered == (viewer.net.net("sum[3]"),)
        window.draw(surface)


def test_the_command_line_records_a_film(gatesim, tmp_path):
    Path("demo.txt").write_text("set a 3\nset b 4\nexpect sum = 7\nframes 3\nexport sheet.svg\ndump words.txt\n")
    status, out, err = gatesim("view", "adders.ripple_carry[4]", "--headless", "--script", "demo.txt", "--frames", "8", "--gif", "demo.gif")  # fmt: skip
    assert status == 0 and "written: demo.gif" in out, err
    from PIL import Image

    with Image.open("demo.gif") as film:
        assert film.size == (800, 500) and film.n_frames >= 2
    assert "<svg" in Path("sheet.svg").read_text() and "ripple_carry, cycle 2" in Path("words.txt").read_text()
    for arguments, message in (
        (["--headless"], "--headless shows nothing by itself"),
        (["--gif", "x.gif"], "add --headless"),
        (["--headless", "--gif", "x.png"], r"must end in .gif"),
        (["--size", "big"], "write WIDTHxHEIGHT"),
        (["--theme", "drak"], "did you mean 'dark'"),
        (["--scale", "9"], "the scale must be 0.75 to 4.0"),
        (["--program", "x.hack"], "--program is for computers"),
    ):
        status, _, err = gatesim("view", "adders.ripple_carry[4]", *arguments)
        assert status == 2 and message in err and "Traceback" not in err


def test_no_display_says_how_to_do_without(gatesim, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    pygame.display.quit()
    status, _, err = gatesim("view", "adders.ripple_carry[4]")
    assert status == 2 and "--headless --script FILE --gif OUT.gif" in err


PROGRAM = "@SCREEN\nD=A\n@p\nM=D\n(LOOP)\n@KBD\nD=M\n@p\nA=M\nM=D\n@p\nM=M+1\n@LOOP\n0;JMP\n"


def test_hack_screen_keyboard_and_registers():
    from gatesim.cli.view_computers import hack

    Path_ = Path("draws.asm")
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path_
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


def test_a_riscv_prints_and_time_travels():
    from gatesim.cli.view_computers import rv32i

    text = "li t0, 0x10000000\nli t1, 65\nloop: sb t1, 0(t0)\naddi t1, t1, 1\nli t2, 91\nblt t1, t2, loop\nend: j end\n"
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "letters.s"
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
    from gatesim.cli.view_computers import rv32i

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


def pull(window: Window, surface: pygame.Surface, *points: tuple[int, int]) -> None:
    """Button down at the first point, over the others, and up."""
    before = points[0]
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, {"pos": before, "button": 1}))
    for pos in points[1:]:
        rel = (pos[0] - before[0], pos[1] - before[1])
        window.handle(pygame.event.Event(pygame.MOUSEMOTION, {"pos": pos, "rel": rel, "buttons": (1, 0, 0)}))
        window.draw(surface)
        before = pos
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONUP, {"pos": before, "button": 1}))


def test_the_bar_of_time_is_pulled_and_waves_zoom_under_the_wheel():
    surface = pygame.Surface((1280, 800), 0, 32)
    with Viewer(build(counter)) as viewer:
        window = play(viewer, "set run 1\nframes 1")
        assert not any(s.name == "time" for s in window.ui.spots)  # there is no past yet
        for _ in Player(window, parse_script("run until 1000000\nprobe count\nframes 1")).play():
            window.draw(surface)
        bar = next(s.rect for s in window.ui.spots if s.name == "time")
        camera = viewer.places.camera
        pull(window, surface, (bar.right - 5, bar.centery), (bar.centerx, bar.centery))
        assert abs(viewer.line.now - 500_000) < 2_000 and viewer.places.camera == camera
        assert viewer.line.number("out") == viewer.line.now % 256
        pull(window, surface, (bar.centerx, bar.centery), (0, bar.centery))
        assert viewer.line.now == 0 and viewer.line.horizon == 1_000_000
        viewer.go_to(600_000)
        window.draw(surface)
        lane = next(s.rect for s in window.ui.spots if s.name == "waves")
        middle, before = lane.center, window._waves.cycle_at(lane.centerx)
        window.wheel(middle, -5)
        window.draw(surface)
        first, last = window._waves.cycle_at(lane.x), window._waves.cycle_at(lane.right)
        assert last - first > 100 and abs(window._waves.cycle_at(middle[0]) - before) < 5
        assert viewer.places.camera.zoom == camera.zoom
        window.wheel(middle, 99)
        window.draw(surface)
        assert window._waves.cycle_at(lane.right) - window._waves.cycle_at(lane.x) == 4


def test_what_is_under_the_mouse_is_said_in_words_and_readers_are_gone_through():
    with Viewer(adder("cmos74hc"), technology=load_technology("cmos74hc")) as viewer:
        play(
            viewer,
            """
            set a 5
            toggle a 0
            hover a[0]
            expect text "under the mouse: a[0] = 0"
            expect text "driven by: "
            expect text "read by: "
            expect text "level: 0"
            expect text "arrives: 0"
            expect text "toggles: 2 in 2 cycles"
            key h
            expect text "heat map: activity"
            """,
        )
        source = viewer.net.net("a[0]")
        readers = viewer.inspector.readers_of(source).tolist()
        assert len(readers) > 1
        viewer.select((source,))
        seen = []
        for key in ("r", *["Shift+r"] * (len(readers) - 1)):
            play(viewer, f"key {key}")
            seen.append(viewer.selected[0])
        assert sorted(seen) == sorted(readers) and "Shift+r shows the next" in viewer.message
        viewer.select((readers[0], readers[1]))
        play(viewer, "key Shift+r")
        assert "first follow a net that has several readers" in viewer.message


def test_a_window_in_which_nothing_moves_rests():
    with Viewer(build(counter)) as viewer:
        window = play(viewer, "set run 1")
        assert not window.moves
        play(viewer, "clock 2\nrun")
        assert window.moves
        viewer.runner.stop()
        assert not window.moves


def test_a_closed_process_leaves_no_file_and_no_child(tmp_path):
    """The window's own process, ended by its close button in the middle of a run."""
    code = (
        "import os, pygame, sys, tempfile\n"
        "from gatesim import Builder\n"
        "from gatesim.viewer.app import open_window\n"
        "from gatesim.viewer.viewer import Viewer\n"
        "b = Builder('t'); q = b.wire('q'); b.drive(q, b.flip_flop(~q)); b.output('out', q)\n"
        "viewer = Viewer(b.freeze())\n"
        "def until(frame):\n"
        "    if frame == 2: viewer.run()\n"
        "    if frame == 8: assert viewer.runner.is_running; pygame.event.post(pygame.event.Event(pygame.QUIT))\n"
        "    return frame > 200\n"
        "open_window(viewer, (640, 480), until)\n"
        "assert viewer.quitting and viewer.line.now > 0\n"
        "import threading; print([t.name for t in threading.enumerate()])\n"
    )
    before = set(tmp_path.iterdir())
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("['MainThread']")
    assert set(tmp_path.iterdir()) == before


def test_a_session_of_another_circuit_is_refused_at_the_command_line(gatesim, tmp_path):
    Path("save.txt").write_text("set a 3\nsave here.json\n")
    status, _, err = gatesim("view", "adders.ripple_carry[4]", "--headless", "--script", "save.txt")
    assert status == 0, err
    Path("nothing.txt").write_text("frames 1\n")
    other = ("view", "adders.ripple_carry[5]", "--session", "here.json", "--headless", "--script", "nothing.txt")
    status, _, err = gatesim(*other)
    assert status == 2 and "'a' was input of 4 bits, is input of 5" in " ".join(err.split()), err


def test_the_film_of_the_adder_plays():
    script = Path(__file__).parents[1] / "demos" / "viewer" / "adder.txt"
    with Viewer(adder("cmos74hc"), technology=load_technology("cmos74hc")) as viewer:
        play(viewer, script.read_text(), source=script.name, size=(800, 500))
