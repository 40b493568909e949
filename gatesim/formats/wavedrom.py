"""WaveDrom JSON, written: values of signals over clock cycles as a timing diagram.

Source: WaveDrom's WaveJSON, github.com/wavedrom/schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..errors import WidthError


def dump_waves(
    values: Mapping[str, Sequence[int | str]],
    widths: Mapping[str, int],
    *,
    clock: str | None = "clk",
    radix: str = "x",
    title: str = "",
) -> str:
    """Signals over cycles as WaveDrom text.

    Parameters
    ----------
    values : mapping of name to (n_cycles,) integers
        One value a cycle; ``"x"`` and ``"z"`` where it is unknown or not driven.
    widths : mapping of name to int
        Bits of each signal; one bit is drawn as a line, more as a bus with numbers.
    clock : str, optional
        A clock of this name is drawn first (None: none).
    radix : {"x", "d", "b"}
        How the numbers of a bus are written.
    title : str, optional

    Raises
    ------
    WidthError
        The signals are not equally long.

    Examples
    --------
    >>> print(dump_waves({"en": [0, 1, 1], "q": [0, 0, 11]}, {"en": 1, "q": 4}))
    {"signal": [
      {"name": "clk", "wave": "p.."},
      {"name": "en", "wave": "01."},
      {"name": "q", "wave": "=.=", "data": ["0", "b"]}
    ]}
    <BLANKLINE>
    """
    lengths = {len(v) for v in values.values()}
    if len(lengths) > 1:
        raise WidthError(f"the signals of a timing diagram are equally long, not {sorted(lengths)} cycles")
    n_cycles = lengths.pop() if lengths else 0
    rows: list[dict[str, object]] = []
    if clock is not None and n_cycles:
        rows.append({"name": clock, "wave": "p" + "." * (n_cycles - 1)})
    for name, given in values.items():
        rows.append(_row(name, [v if isinstance(v, str) else int(v) for v in given], widths[name], radix))
    body = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    head = f', "head": {json.dumps({"text": title})}' if title else ""
    return f'{{"signal": [\n{body}\n]{head}}}\n'


def _row(name: str, values: list[int | str], width: int, radix: str) -> dict[str, object]:
    wave, data = "", []
    for k, value in enumerate(values):
        if k and value == values[k - 1]:
            wave += "."
        elif isinstance(value, str):
            wave += value
        elif width == 1:
            wave += str(value)
        else:
            wave += "="
            data.append(f"{value:{radix}}")
    row: dict[str, object] = {"name": name, "wave": wave}
    return row | {"data": data} if data else row
