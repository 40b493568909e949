"""A clocked plan as LLVM text: one function a block, whose values stay in registers inside it."""

from __future__ import annotations

from .bundles import LANES
from .clocked_blocks import Block, Value
from .clocked_plan import Plan, Sink
from .llvm_text import Words

WIDE = 8
"""Words of a slot in straight code: one 512-bit vector."""


class Coder:
    """LLVM text of a plan: a function ``block0 ...`` of (slots, registers, next states) for every block."""

    def __init__(self, plan: Plan, words: Words, wide: Words) -> None:
        self.plan, self.words, self.wide = plan, words, wide

    def text(self) -> str:
        """The whole module."""
        declarations = dict.fromkeys((self.words.declarations(), self.wide.declarations()))
        return "".join(declarations) + "".join(self._block(block, n) for n, block in enumerate(self.plan.blocks))

    def _pointer(self, name: str, slot: int) -> str:
        plan = self.plan
        base = "%s"
        if plan.next_slot <= slot < plan.cross_slot:
            base, slot = "%d", slot - plan.next_slot
        elif plan.register_slot <= slot < plan.next_slot:
            base, slot = "%q", slot - plan.register_slot
        return f"  {name} = getelementptr i64, ptr {base}, i64 {slot * self.words.width}\n"

    def _block(self, block: Block, number: int) -> str:
        plan, words = self.plan, self.words
        lines = [f"define void @block{number}(ptr noalias %s, ptr noalias %q, ptr noalias %d) {{\n"]
        if block.bundles:
            lines += self._bundles(block)
            return "".join([*lines, "  ret void\n}\n"])
        value: dict[int, str] = {}

        def get(source: int) -> str:
            if source not in value:
                name = value[source] = f"%v{len(value)}"
                lines.append(self._pointer(f"{name}_p", plan.slot(source)))
                lines.append(words.load(name, f"{name}_p"))
            return value[source]

        for row in block.rows:
            known = [None if v is None else get(v) for v in plan.inputs[row]]
            spare = next(v for v in known if v is not None)
            a, b, c = (spare if v is None else v for v in known)
            body, result = words.forms[plan.kinds[row]]
            lines.append(body.format(a=a, b=b, c=c, p=row))
            value[row] = result.format(a=a, b=b, c=c, p=row)
        for row in block.rows:
            lines.append(self._stores(row, value[row]))
        return "".join([*lines, "  ret void\n}\n"])

    def _stores(self, row: int, value: str) -> str:
        lines = []
        sinks = self.plan.sinks[row]
        if any(sink.inverted for sink in sinks):
            lines.append(f"  %n{row} = xor {self.words.type} {value}, {self.words.ones}\n")
        for k, sink in enumerate(sinks):
            lines.append(self._pointer(f"%p{row}_{k}", sink.slot))
            shown = f"%n{row}" if sink.inverted else value
            lines.append(self.words.store(shown, f"%p{row}_{k}", f"%e{row}_{k}"))
        return "".join(lines)

    # -- eight rows at once ------------------------------------------------------------------

    def _bundles(self, block: Block) -> list[str]:
        """A block of bundles: vectors of eight slots."""
        plan, wide = self.plan, self.wide
        lines: list[str] = []
        value: dict[tuple[Value | None, ...], str] = {}

        def get(values: tuple[Value | None, ...]) -> str:
            if values not in value:
                name = value[values] = f"%v{len(value)}"
                slots = [plan.slot(v) for v in values if v is not None]
                lines.append(self._pointer(f"{name}_p", slots[0]))
                if slots == list(range(slots[0], slots[0] + LANES)):
                    lines.append(f"  {name} = load {wide.type}, ptr {name}_p, align 8\n")
                elif len(set(slots)) == 1:
                    lines.append(_splat(name, wide.type))
                else:
                    lines.append(self._gather(name, slots))
            return value[values]

        for number, bundle in enumerate(block.bundles):
            pins = [tuple(plan.inputs[row][k] for row in bundle) for k in range(3)]
            known = [None if pin[0] is None else get(pin) for pin in pins]
            spare = next(v for v in known if v is not None)
            a, b, c = (spare if v is None else v for v in known)
            body, result = wide.forms[plan.kinds[bundle[0]]]
            lines.append(body.format(a=a, b=b, c=c, p=f"b{number}"))
            value[bundle] = result.format(a=a, b=b, c=c, p=f"b{number}")
        for number, bundle in enumerate(block.bundles):
            lines.append(self._store_bundle(number, bundle, value[bundle]))
        return lines

    def _gather(self, name: str, slots: list[int]) -> str:
        """A vector of eight slots that lie apart."""
        lines, so_far = [], "undef"
        for k, slot in enumerate(slots):
            lines.append(self._pointer(f"{name}_p{k}", slot))
            lines.append(f"  {name}_w{k} = load i64, ptr {name}_p{k}, align 8\n")
            following = name if k == LANES - 1 else f"{name}_i{k}"
            lines.append(f"  {following} = insertelement {self.wide.type} {so_far}, i64 {name}_w{k}, i32 {k}\n")
            so_far = following
        return "".join(lines)

    def _store_bundle(self, number: int, bundle: tuple[int, ...], value: str) -> str:
        lines = [f"  %n{number} = xor {self.wide.type} {value}, {self.wide.ones}\n"]
        left = {row: list(self.plan.sinks[row]) for row in bundle}
        for k, first in enumerate(self.plan.sinks[bundle[0]]):
            whole = [Sink(first.slot + lane, first.inverted) for lane in range(LANES)]
            if all(sink in left[row] for row, sink in zip(bundle, whole, strict=True)):
                for row, sink in zip(bundle, whole, strict=True):
                    left[row].remove(sink)
                lines.append(self._pointer(f"%q{number}_{k}", first.slot))
                shown = f"%n{number}" if first.inverted else value
                lines.append(f"  store {self.wide.type} {shown}, ptr %q{number}_{k}, align 8\n")
        for lane, row in enumerate(bundle):
            for k, sink in enumerate(left[row]):
                shown = f"%n{number}" if sink.inverted else value
                lines.append(f"  %e{row}_{k} = extractelement {self.wide.type} {shown}, i32 {lane}\n")
                lines.append(self._pointer(f"%p{row}_{k}", sink.slot))
                lines.append(f"  store i64 %e{row}_{k}, ptr %p{row}_{k}, align 8\n")
        return "".join(lines)


def _splat(name: str, kind: str) -> str:
    return (
        f"  {name}_w = load i64, ptr {name}_p, align 8\n"
        f"  {name}_i = insertelement {kind} undef, i64 {name}_w, i32 0\n"
        f"  {name} = shufflevector {kind} {name}_i, {kind} undef, <8 x i32> zeroinitializer\n"
    )
