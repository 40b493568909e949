"""Four values: gates against all completions of X, the engine against the tables, buses, power-up."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Bus, Stimulus, check_engine, compile, engine, map_to, simulate, strash, two_valued, write
from gatesim.conformance import random_netlist
from gatesim.engines.logic4 import FourState, Logic4Engine
from gatesim.engines.timed import TimedEngine
from gatesim.engines.waves import WaveEngine
from gatesim.errors import UnknownNameError, UnsupportedError, ValueFitError
from gatesim.four import LETTERS, cubes, four_table
from gatesim.gates import GATES, LOGIC_GATES, gate
from gatesim.netlist import Netlist


def run(net: Netlist, stimulus: Stimulus, **options):
    return Logic4Engine(compile(net), **options).run(stimulus)


def reading(letter: str) -> str:
    """What a pin that reads bits may see."""
    return letter if letter in "01" else "01"


@pytest.mark.parametrize("g", LOGIC_GATES, ids=lambda g: g.name)
def test_a_gate_means_what_all_completions_agree_on(g):
    b = Builder("gate")
    b.output("y", b.gate(g.name, *(b.input(p) for p in g.pins)))
    net = b.freeze()
    combos = ["".join(c) for c in itertools.product(LETTERS, repeat=g.arity)]
    columns = {p: [c[k] for c in combos] for k, p in enumerate(g.pins)}
    got = run(net, Stimulus.from_text(net, columns)).text("y")[0]
    for combo, letter in zip(combos, got, strict=True):
        outputs = {
            g.table >> sum(int(bit) << k for k, bit in enumerate(bits)) & 1
            for bits in itertools.product(*map(reading, combo))
        }
        assert letter == (str(outputs.pop()) if len(outputs) == 1 else "X"), f"{g.name} of {combo}"


@pytest.mark.parametrize("g", LOGIC_GATES, ids=lambda g: g.name)
def test_a_cover_covers_the_ones_and_nothing_else(g):
    ones = {i for i in range(1 << g.arity) if any(i & care == value for care, value in cubes(g.table, g.arity))}
    assert ones == {i for i in range(1 << g.arity) if g.table >> i & 1}


# IEEE 1164's resolution function on 0, 1, X, Z, and what a bufif1 of IEEE 1364 drives (L and H are X here).
RESOLVED = {
    "00": "0",
    "01": "X",
    "0X": "X",
    "0Z": "0",
    "11": "1",
    "1X": "X",
    "1Z": "1",
    "XX": "X",
    "XZ": "X",
    "ZZ": "Z",
}
BUFIF1 = {
    "00": "Z", "01": "0", "0X": "X", "0Z": "X", "10": "Z", "11": "1", "1X": "X", "1Z": "X",
    "X0": "Z", "X1": "X", "XX": "X", "XZ": "X", "Z0": "Z", "Z1": "X", "ZX": "X", "ZZ": "X",
}  # fmt: skip


def two_pin(name: str) -> Netlist:
    b = Builder(name)
    b.output("y", b.gate(name, b.input("a"), b.input("b")))
    return b.freeze()


def test_drivers_and_buses_as_the_standards_say():
    net = two_pin("TRI")
    got = run(net, Stimulus.from_text(net, {"a": [k[0] for k in BUFIF1], "b": [k[1] for k in BUFIF1]})).text("y")[0]
    assert dict(zip(BUFIF1, got, strict=True)) == BUFIF1
    net = two_pin("RESOLVE")
    for a, c in itertools.product(LETTERS, repeat=2):
        want = RESOLVED.get(a + c) or RESOLVED[c + a]
        assert run(net, Stimulus.from_text(net, {"a": a, "b": c})).text("y")[0, 0] == want


@pytest.mark.parametrize(("name", "want"), [("PULLUP", "01X1"), ("PULLDOWN", "01X0")])
def test_resistors(name, want):
    b = Builder(name)
    b.output("y", b.gate(name, b.input("a")))
    net = b.freeze()
    assert "".join(run(net, Stimulus.from_text(net, {"a": list(LETTERS)})).text("y")[0]) == want


def test_the_engine_keeps_the_contract_of_engines():
    assert check_engine(engine("logic4"), rounds=3) > 1000


def reference(net: Netlist, stimulus: Stimulus) -> list[list[str]]:
    """Cell by cell with dictionaries and Python's integers: letters of every net in every cycle, one lane."""
    from gatesim.analysis import levels
    from gatesim.four import next_state_table

    def letter(words, unknown, at):
        return LETTERS[int(words[at] & np.uint64(1)) + 2 * int(unknown[at] & np.uint64(1))]

    inputs = [k for p in net.inputs for k in p.nets]
    now = {int(q): str(int(net.op[q] == gate("DFF1").op)) for q in net.registers}
    trace = []
    assert stimulus.unknown is not None
    for cycle in range(stimulus.n_cycles):
        value = {0: "0", 1: "1", **now}
        for i, k in enumerate(inputs):
            value[k] = letter(stimulus.words[cycle, :, 0], stimulus.unknown[cycle, :, 0], i)
        for cell in levels(net).order.tolist():
            if GATES[net.op[cell]].kind in ("logic", "tristate"):
                codes = [LETTERS.index(value[int(p)]) for p in net.fanin_of(cell)]
                value[cell] = LETTERS[four_table(int(net.op[cell]))[sum(c << 2 * k for k, c in enumerate(codes))]]
        trace.append([value[k] for k in range(net.n_nets)])
        for q in net.registers.tolist():
            d, en, rst = (value[int(p)] for p in net.fanin_of(q))
            table = next_state_table(int(net.op[q]))
            seen = [reading(x) for x in (d, en, value[q], rst)]
            following = {table >> sum(int(b) << k for k, b in enumerate(bits)) & 1 for bits in itertools.product(*seen)}
            now[q] = str(following.pop()) if len(following) == 1 else "X"
    return trace


def random_text(net: Netlist, n_cycles: int, generator: np.random.Generator, letters: str = LETTERS) -> Stimulus:
    columns = {
        p.name: [["".join(generator.choice(list(letters), p.width))] for _ in range(n_cycles)] for p in net.inputs
    }
    return Stimulus.from_text(net, columns)


def with_buses(generator: np.random.Generator) -> Netlist:
    """A random netlist of gates, flip-flops, drivers, buses and resistors."""
    b = Builder("buses")
    pool = [b.zero, b.one, *b.input_bus("x", 5)]
    wires = [b.wire() for _ in range(3)]
    pool += [b.flip_flop(w, enable=pool[int(generator.integers(len(pool)))], init=i % 2) for i, w in enumerate(wires)]
    names = [g.name for g in GATES if g.kind in ("logic", "tristate")] + ["TRI", "RESOLVE"] * 6
    for _ in range(50):
        name = str(generator.choice(names))
        arity = gate(name).arity
        pool.append(b.gate(name, *(pool[int(k)] for k in generator.integers(max(0, len(pool) - 20), len(pool), arity))))
    for w in wires:
        b.drive(w, pool[-1 - int(generator.integers(20))])
    b.output("y", Bus(pool[-6:]))
    return b.freeze()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_random_netlists_of_gates_and_buses(seed):
    generator = np.random.default_rng(seed)
    net = with_buses(generator)
    stimulus = random_text(net, 5, generator)
    everything = list(range(net.n_nets))
    result = Logic4Engine(compile(net, keep=everything)).run(stimulus, watch=everything)
    want = reference(net, stimulus)
    for k in everything:
        name = net.net_name(k)
        if name in result.fields and result.planes(name).shape[1] == 1:
            assert [t[0] for t in result.text(name)] == [row[k] for row in want], name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32))
def test_known_inputs_give_what_two_values_give(seed):
    generator = np.random.default_rng(seed)
    net = random_netlist(generator, n_registers=4, n_memories=2)
    stimulus = Stimulus.random(net, 70, n_cycles=4, rng=generator)
    two, four = engine("logic2")(compile(net)).run(stimulus), run(net, stimulus)
    assert four.unknown is not None and not four.unknown.any()
    assert np.array_equal(two.words, four.words)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 2))
def test_what_it_calls_known_holds_for_every_completion(seed, memories):
    """X may be pessimistic, never wrong: each 0 and 1 is that under all values of the open inputs."""
    generator = np.random.default_rng(seed)
    net = random_netlist(generator, n_cells=40, n_inputs=4, n_registers=3, n_memories=memories)
    stimulus = random_text(net, 3, generator, "01XX")
    assert stimulus.unknown is not None
    result = run(net, stimulus)
    cells = np.argwhere(stimulus.unknown[:, :, 0])
    cells = cells[:8] if len(cells) > 8 else cells
    # Fix the rest of the open bits, so that at most 256 completions remain; those stay open for the engine.
    words = stimulus.words.copy()
    unknown = np.zeros_like(stimulus.unknown)
    for cycle, bit in cells:
        unknown[cycle, bit, 0] = 1
    result = run(net, Stimulus(words, 1, 3, unknown))
    n = 1 << len(cells)
    lanes = np.arange(n)
    full = np.zeros((3, words.shape[1], (n + 63) // 64), np.uint64)
    mask = Stimulus.random(net, n).words[0, 0] * np.uint64(0)
    for cycle in range(3):
        for bit in range(words.shape[1]):
            where = [i for i, (c, k) in enumerate(cells) if c == cycle and k == bit]
            column = lanes >> where[0] & 1 if where else np.full(n, int(words[cycle, bit, 0]) & 1)
            packed = np.packbits(column.astype(np.uint8), bitorder="little")
            full[cycle, bit] = mask
            full[cycle, bit].view(np.uint8)[: len(packed)] = packed
    every = engine("logic2")(compile(net)).run(Stimulus(full, n, 3))
    for name in result.fields:
        for cycle in range(3):
            letters = result.text(name)[cycle, 0]
            values = np.asarray(every[name][cycle])
            for i, letter in enumerate(reversed(letters)):
                if letter != "X":
                    assert set((values >> np.uint64(i) & np.uint64(1)).tolist()) == {int(letter)}, (name, cycle, i)


def test_x_is_never_read_as_a_number():
    b = Builder("wide")
    b.output("y", b.input_bus("x", 4))
    net = b.freeze()
    result = run(net, Stimulus.from_text(net, {"x": ["0000", "01X0"]}))
    assert result.text("y")[0].tolist() == ["0000", "01X0"]
    with pytest.raises(ValueFitError, match=r"'y' is no number: bit 1 is X or Z in pattern 1 of cycle 0"):
        result["y"]
    with pytest.raises(ValueFitError, match="a summary adds up numbers"):
        Logic4Engine(compile(net)).summarize(Stimulus.from_text(net, {"x": "X000"}))
    with pytest.raises(ValueFitError, match="takes 4 letters"):
        Stimulus.from_text(net, {"x": "01"})
    with pytest.raises(UnknownNameError, match="each needs a value"):
        Stimulus.from_text(net, {})


def test_power_up_of_registers_and_memories():
    b = Builder("counter")
    reset = b.input("reset")
    q = b.wires(2)
    b.drive(q, b.register(Bus([~q[0], q[0] ^ q[1]]), reset=reset))
    (word,) = b.memory("m", depth=4, width=2, read=[q], write=[(q, q, b.one)])
    b.output("q", q)
    b.output("word", word)
    net = b.freeze()
    columns = {"reset": [["0"], ["1"], ["0"], ["0"]]}
    stimulus = Stimulus.from_text(net, columns)
    assert run(net, stimulus).text("q")[:, 0].tolist() == ["00", "01", "00", "01"]
    forgotten = run(net, stimulus, power_up="x")
    assert forgotten.text("q")[:, 0].tolist() == ["XX", "XX", "00", "01"]
    assert forgotten.text("word")[0, 0] == "XX"
    started = Logic4Engine(compile(net), power_up="x")
    started.run(stimulus)
    state = started.state
    assert isinstance(state, FourState) and not state.unknown_registers.any()
    with pytest.raises(UnknownNameError, match="unknown power-up 'random'"):
        Logic4Engine(compile(net), power_up="random")  # type: ignore[arg-type]


def test_memories_with_open_addresses():
    b = Builder("rom")
    (word,) = b.memory("m", depth=3, width=2, read=[b.input_bus("a", 2)], contents=[1, 3, 3])
    b.output("y", word)
    net = b.freeze()
    got = run(net, Stimulus.from_text(net, {"a": ["00", "0X", "X1", "1X", "XX", "11"]})).text("y")[0].tolist()
    # 0X: words 1 and 3; X1: word 3 or, past the depth, 0; 11 is past the depth
    assert got == ["01", "X1", "XX", "XX", "XX", "00"]
    b = Builder("ram")
    (word,) = b.memory(
        "m", depth=2, width=1, read=[b.input_bus("r", 1)],
        write=[(b.input_bus("w", 1), b.input_bus("d", 1), b.input("en"))],
    )  # fmt: skip
    b.output("y", word)
    net = b.freeze()

    def after(**first: str) -> list[str]:
        run_ = Logic4Engine(compile(net))
        run_.run(Stimulus.from_text(net, {"r": "0", **first}))
        run_.state, held = run_.state, run_.state
        found = []
        for address in "01":
            run_.state = held
            found.append(
                run_.run(Stimulus.from_text(net, {"r": address, "w": "0", "d": "0", "en": "0"})).text("y")[0, 0]
            )
        return found

    assert after(w="1", d="1", en="1") == ["0", "1"]
    assert after(w="X", d="1", en="1") == ["X", "X"]
    assert after(w="X", d="0", en="1") == ["0", "0"]
    assert after(w="1", d="1", en="X") == ["0", "X"]
    assert after(w="0", d="Z", en="1") == ["X", "0"]


def bus(opposed: bool = True) -> Netlist:
    b = Builder("bus")
    s, x, y = b.input("s"), b.input("x"), b.input("y")
    b.output("out", b.gate("RESOLVE", b.gate("TRI", x, s).named("first"), b.gate("TRI", y, ~s if opposed else s)))
    return b.freeze()


@pytest.mark.parametrize(
    "use",
    [
        lambda net: simulate(net, s=0, x=0, y=0),
        lambda net: engine("python")(compile(net)),
        lambda net: TimedEngine(net, 10),
        lambda net: WaveEngine(net, 10),
        strash,
        lambda net: map_to(net, "nand"),
        lambda net: write(net, "bus.bench"),
        lambda net: write(net, "bus.v"),
    ],
    ids=["simulate", "python", "timed", "waves", "strash", "map", "bench", "verilog"],
)
def test_what_knows_two_values_refuses_a_bus_by_name(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsupportedError, match=r"tri-state cells \(the first is TRI 'first'\): .* use|simulate with"):
        use(bus())
    assert not list(tmp_path.iterdir())


def test_open_inputs_need_four_values():
    b = Builder("wire")
    b.output("y", ~b.input("a"))
    net = b.freeze()
    with pytest.raises(UnsupportedError, match="knows 0 and 1 only; X and Z need engine 'logic4'"):
        engine("logic2")(compile(net)).run(Stimulus.from_text(net, {"a": "X"}))


def test_buses_become_gates_where_one_driver_is_proven():
    gates = two_valued(bus())
    assert gates.counts() == {"INPUT": 3, "NOT": 1, "AND": 2, "OR": 1}
    net = bus()
    for s, x, y in itertools.product((0, 1), repeat=3):
        four = run(net, Stimulus.from_text(net, {"s": str(s), "x": str(x), "y": str(y)})).text("out")[0, 0]
        assert str(int(simulate(gates, s=s, x=x, y=y)["out"])) == four
    with pytest.raises(UnsupportedError, match=r"floats, or two of its drivers disagree: differ at s=0"):
        two_valued(bus(opposed=False))
    b = Builder("pulled")
    b.output("y", b.gate("PULLUP", b.gate("TRI", b.input("x"), b.input("en"))))
    pulled = two_valued(b.freeze())
    assert [int(simulate(pulled, x=x, en=en)["y"]) for x, en in ((0, 0), (1, 0), (0, 1), (1, 1))] == [1, 1, 0, 1]
    plain = two_valued(pulled)
    assert plain is pulled


def test_buses_between_registers_and_memories_become_gates():
    b = Builder("machine")
    s, d = b.input("s"), b.input_bus("d", 2)
    q = b.register(d, init=2)
    (word,) = b.memory("m", depth=4, width=2, read=[q], write=[(q, d, s)], contents=[1, 2, 3, 0])
    line = Bus([b.gate("RESOLVE", b.gate("TRI", x, s), b.gate("TRI", y, ~s)) for x, y in zip(q, word, strict=True)])
    b.output("y", line)
    net = b.freeze()
    stimulus = Stimulus.random(net, 64, n_cycles=6, rng=3)
    four, two = run(net, stimulus), engine("logic2")(compile(two_valued(net))).run(stimulus)
    assert four.unknown is not None and not four.unknown.any()
    assert np.array_equal(four["y"], two["y"])
