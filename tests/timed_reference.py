"""Circuits with delays, slow and obvious: docs/timing.md in Python, to check the engines against."""

from __future__ import annotations

from gatesim.gates import GATES, IS_LOGIC, IS_REGISTER


def simulate(net, rise, fall, model, start_values, operations, begun, registers=None):
    """Transitions (time, net, value) and the values at the end of each operation.

    ``operations`` are dicts {input net: value} and begin at the times ``begun``; the last entry of `begun` is
    the end. ``start_values`` is a list of all nets; cells that contradict their pins start at once.
    """
    value = list(start_values)
    waiting = {k: [] for k in range(net.n_nets)}  # net -> [(time, value)], in order of time
    events, ends = [], []
    logic = [k for k in range(net.n_nets) if IS_LOGIC[net.op[k]]]
    flops = [k for k in range(net.n_nets) if IS_REGISTER[net.op[k]]]

    def evaluate(cell):
        index = sum(value[int(d)] << i for i, d in enumerate(net.fanin_of(cell)))
        return GATES[net.op[cell]].table >> index & 1

    def become(cell, wanted, now):
        queue = waiting[cell]
        if (queue[-1][1] if queue else value[cell]) == wanted:
            return
        at = now + int(rise[cell] if wanted else fall[cell])
        if model == "inertial" and queue:
            queue.clear()  # the change under way never happens
            return
        while queue and queue[-1][0] >= at:
            queue.pop()
        if (queue[-1][1] if queue else value[cell]) != wanted:
            queue.append((at, wanted))

    dirty = {k for k in logic if evaluate(k) != value[k]}
    step = 0
    while True:
        due = min((q[0][0] for q in waiting.values() if q), default=None)
        starting = step < len(begun) and (due is None or begun[step] <= due)
        now = begun[step] if starting else due
        if now is None or now > begun[-1]:
            return events, ends, value
        changed = []
        for net_id, queue in waiting.items():
            if queue and queue[0][0] == now:
                value[net_id] = queue.pop(0)[1]
                events.append((now, net_id, value[net_id], step - 1))
                changed.append(net_id)
        if starting:
            if step:
                ends.append(list(value))
            if step < len(operations):
                sampled = []
                for q in flops if step else []:
                    d, enable, reset = (value[int(k)] for k in net.fanin_of(q))
                    stored = waiting[q][-1][1] if waiting[q] else value[q]
                    power_up = int(GATES[net.op[q]].name == "DFF1")
                    sampled.append((q, power_up if reset else d if enable else stored))
                for q, wanted in sampled:
                    become(q, wanted, now)
                for net_id, new in operations[step].items():
                    if value[net_id] != new:
                        value[net_id] = new
                        events.append((now, net_id, new, step))
                        changed.append(net_id)
            step += 1
            if step == len(begun):
                return events, ends, value
        dirty |= {k for k in logic if any(int(d) in changed for d in net.fanin_of(k))}
        for cell in sorted(dirty):
            become(cell, evaluate(cell), now)
        dirty = set()
