"""Latches hold loops: levelised engines refuse them; here their gates are relaxed to a fixed point."""

from __future__ import annotations

import pytest

from circuits import latches
from gatesim import Netlist, build, simulate
from gatesim.errors import LoopError
from gatesim.gates import GATES, INPUT


class Relaxed:
    """Gate after gate until nothing changes: unit delays, one gate at a time."""

    def __init__(self, net: Netlist) -> None:
        self.net = net
        self.value = [0] * net.n_nets
        self.value[1] = 1

    def set(self, **inputs: int) -> tuple[int, int]:
        for name, bit in inputs.items():
            self.value[self.net.port(name).nets[0]] = bit
        for _ in range(200):
            changed = False
            for cell in range(2, self.net.n_nets):
                op = int(self.net.op[cell])
                if op == INPUT:
                    continue
                index = sum(self.value[int(k)] << i for i, k in enumerate(self.net.fanin_of(cell)))
                new = GATES[op].table >> index & 1
                if new != self.value[cell]:
                    self.value[cell] = new
                    changed = True
            if not changed:
                return tuple(self.value[self.net.port(p).nets[0]] for p in ("q", "nq"))
        raise AssertionError("the latch does not settle")


def relaxed(name: str) -> Relaxed:
    return Relaxed(build(getattr(latches, name)))


ALL = ("sr_latch", "d_latch", "d_flip_flop_master_slave", "d_flip_flop", "t_flip_flop", "jk_flip_flop")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("engine", ["python", "logic2"])
def test_levelised_engines_refuse_them_by_name(name, engine):
    net = build(getattr(latches, name))
    with pytest.raises(LoopError, match=r"combinational loop of .* cells: .*break the loop with a flip-flop") as caught:
        simulate(net, {p.name: 0 for p in net.inputs}, engine=engine)
    assert caught.value.nets
    if name == "sr_latch":
        assert set(caught.value.nets) == {"q", "nq"}


def test_sr_latch():
    latch = relaxed("sr_latch")
    assert latch.set(set_n=0, reset_n=1) == (1, 0)
    assert latch.set(set_n=1, reset_n=1) == (1, 0)
    assert latch.set(set_n=1, reset_n=0) == (0, 1)
    assert latch.set(set_n=1, reset_n=1) == (0, 1)
    assert build(latches.sr_latch).counts() == {"INPUT": 2, "NAND": 2}


def test_d_latch_is_transparent_while_enabled():
    latch = relaxed("d_latch")
    for d in (0, 1, 0, 1):
        assert latch.set(d=d, enable=1) == (d, 1 - d)
    assert latch.set(enable=0) == (1, 0)
    assert latch.set(d=0) == (1, 0)
    assert latch.set(enable=1) == (0, 1)


@pytest.mark.parametrize(("name", "edge"), [("d_flip_flop", (0, 1)), ("d_flip_flop_master_slave", (1, 0))])
def test_d_flip_flops_take_d_on_their_edge_only(name, edge):
    flop = relaxed(name)
    before, after = edge
    flop.set(clock=before, d=0)
    flop.set(clock=after)
    held = 0
    for d in (1, 1, 0, 1, 0, 0, 1):
        assert flop.set(clock=before) == (held, 1 - held)
        assert flop.set(d=d) == (held, 1 - held)
        assert flop.set(d=1 - d) == (held, 1 - held)
        assert flop.set(d=d) == (held, 1 - held)
        assert flop.set(clock=after) == (d, 1 - d)
        held = d
        assert flop.set(d=1 - d) == (held, 1 - held)  # after the edge nothing passes
        flop.set(d=d)


def test_the_edge_triggered_one_has_six_nands():
    counts = build(latches.d_flip_flop).counts()
    assert counts == {"INPUT": 2, "NAND": 5, "NAND3": 1}


def test_t_and_jk():
    toggle = relaxed("t_flip_flop")
    seen = []
    toggle.set(toggle=0, clock=0)
    state = toggle.set(clock=1)[0]
    for t in (1, 1, 0, 1):
        toggle.set(clock=0)
        toggle.set(toggle=t)
        seen.append(toggle.set(clock=1)[0])
        state ^= t
        assert seen[-1] == state
    jk = relaxed("jk_flip_flop")
    jk.set(j=0, k=1, clock=0)
    state = jk.set(clock=1)[0]
    assert state == 0
    for j, k in ((1, 0), (0, 0), (1, 1), (1, 1), (0, 1), (0, 0)):
        jk.set(clock=0)
        jk.set(j=j, k=k)
        state = (j and not state) or (not k and state)
        assert jk.set(clock=1)[0] == int(state)
