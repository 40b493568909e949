"""Pictures as SVG text: well formed, the same bytes for the same picture."""

from __future__ import annotations

from html import escape

from .picture import Mark, Picture, Text

FONT = "'DejaVu Sans', Verdana, Arial, sans-serif"


def svg(drawn: Picture) -> str:
    """The picture as one ``<svg>`` element.

    Paths that follow one another in one ink share a group, so a large sheet stays small. Names of nets and
    boxes are titles, which a browser shows under the mouse and a screen reader reads.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(drawn.width)} {_number(drawn.height)}" '
        f'width="{_number(drawn.width)}" height="{_number(drawn.height)}" role="img" font-family="{FONT}">',
        f"<title>{escape(drawn.name)}</title>",
        f'<rect width="100%" height="100%" fill="{drawn.background}"/>',
    ]
    ink: str | None = None
    for mark in drawn.marks:
        wanted = _ink(mark)
        if wanted != ink:
            parts.append(f"{'</g>' if ink is not None else ''}<g {wanted}>")
            ink = wanted
        title = f"<title>{escape(mark.title)}</title>" if mark.title else ""
        parts.append(f'<path d="{_data(mark)}">{title}</path>' if title else f'<path d="{_data(mark)}"/>')
    if ink is not None:
        parts.append("</g>")
    parts += [_word(t) for t in drawn.texts]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _ink(mark: Mark) -> str:
    stroke = f'stroke="{mark.stroke}" stroke-width="{_number(mark.width)}"' if mark.stroke else 'stroke="none"'
    dash = f' stroke-dasharray="{" ".join(map(_number, mark.dash))}"' if mark.dash else ""
    # Square ends close the seams where a wire meets the lead of a gate; dashes need their own ends.
    cap = ' stroke-linecap="square"' if mark.stroke and not mark.dash else ""
    return f'fill="{mark.fill or "none"}" {stroke}{dash}{cap} stroke-linejoin="round"'


def _data(mark: Mark) -> str:
    pieces = []
    for command in mark.path:
        pieces.append(command[0] + " ".join(_number(v) for v in command[1:]))
    return "".join(pieces)


def _word(text: Text) -> str:
    bold = ' font-weight="bold"' if text.bold else ""
    halo = f' stroke="{text.halo}" stroke-width="3" paint-order="stroke" stroke-linejoin="round"' if text.halo else ""
    # A third of the size below the middle is where the base line of capitals and digits belongs.
    return (
        f'<text x="{_number(text.x)}" y="{_number(text.y + 0.36 * text.size)}" font-size="{_number(text.size)}" '
        f'text-anchor="{text.anchor}" fill="{text.colour}"{bold}{halo}>{escape(text.text)}</text>'
    )
