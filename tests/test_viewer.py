"""The window, led by scripts under SDL's dummy driver: what is shown is compared as text and as pixels."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest
from viewer_circuits import adder, counter

from gatesim import Builder, build
from gatesim.errors import ParseError
from gatesim.timing import load_technology
from gatesim.viewer.app import play
from gatesim.viewer.dump import dump
from gatesim.viewer.fonts import packed
from gatesim.viewer.script import ScriptError
from gatesim.viewer.themes import THEMES
from gatesim.viewer.viewer import Viewer


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
