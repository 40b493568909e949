"""Pages as one self-contained HTML file: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .page import Block, Cell, Command, DataTable, Figure, Film, Gallery, KeyNumbers, Page, Sentence, introduced
from .text import Language, Text, number

TITLE = Text("From one NAND gate to reading digits", "D’une porte NAND à la lecture de chiffres")
LEAD = Text(
    "Whatever the process, once you can build NAND and NOR you can build a computer. This report was "
    "computed on this machine, gate by gate.",
    "Quel que soit le procédé, dès que l’on sait fabriquer NAND et NOR, on sait fabriquer un ordinateur. "
    "Ce rapport a été calculé sur cette machine, porte par porte.",
)
CONTENTS = Text("Contents", "Sommaire")

STYLE = """
:root { --ink: #16202a; --paper: #ffffff; --soft: #f1f4f7; --line: #c9d2da; --accent: #0b6b3a; --warn: #a3231b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf2; --paper: #12181f; --soft: #1c252e; --line: #3a4753; --accent: #6fd39b; --warn: #ff8f85; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.15rem/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem; }
header h1 { font-size: 2.6rem; line-height: 1.15; margin: 1.5rem 0 .5rem; }
header p { font-size: 1.3rem; max-width: 48rem; }
nav ol { padding-left: 1.4rem; } nav a { color: var(--accent); }
section { border-top: 3px solid var(--accent); margin-top: 3rem; padding-top: .5rem; }
h2 { font-size: 2rem; margin: .6rem 0; }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; }
.numbers div { background: var(--soft); border-radius: .6rem; padding: .8rem 1.2rem; flex: 1 1 12rem; }
.numbers b { display: block; font-size: 2rem; color: var(--accent); font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { background: var(--soft); } td.n, th.n { text-align: right; }
tr.marked td { font-weight: 700; color: var(--accent); }
figure { margin: 1.5rem 0; }
figure .sheet { background: #ffffff; color: #16202a; border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; margin: 0 auto; }
.command { margin: 1.2rem 0; }
code { background: var(--soft); border-radius: .4rem; padding: .25rem .6rem; font: .95em "DejaVu Sans Mono", monospace;
  display: inline-block; max-width: 100%; overflow-x: auto; white-space: nowrap; vertical-align: middle; }
.film { max-width: 100%; height: auto; display: block; margin: 0 auto; }
figcaption { padding-top: .5rem; opacity: .85; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.2rem, 1fr)); gap: .6rem; }
.gallery div { text-align: center; background: var(--soft); border-radius: .4rem; padding: .4rem; font-size: .95rem; }
.gallery img { width: 4rem; height: 4rem; image-rendering: pixelated; display: block; margin: 0 auto .2rem; }
.gallery .marked { outline: 3px solid var(--warn); color: var(--warn); font-weight: 700; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding: 1rem 0 2rem; font-size: .95rem; opacity: .85; }
@media print { section { break-before: page; } body { font-size: 11pt; } }
"""


def write_report(pages: Sequence[Page], language: Language, path: Path, machine: Sequence[tuple[str, str]]) -> Path:
    """Write the report to `path`, whole or not at all, and return it.

    Parameters
    ----------
    pages : sequence of Page
    language : {"en", "fr"}
    path : Path
        Its folder is made if need be.
    machine : sequence of (name, value)
        What the footer says about where the figures come from.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(html(pages, language, machine))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def html(pages: Sequence[Page], language: Language, machine: Sequence[tuple[str, str]]) -> str:
    """The whole document as text."""
    links = "".join(f'<li><a href="#{p.key}">{escape(p.title.to(language))}</a></li>' for p in pages)
    sections = "".join(
        f'<section id="{p.key}"><h2>{i}. {escape(p.title.to(language))}</h2>'
        + "".join(_block(b, language) for b in p.blocks)
        + "</section>"
        for i, p in enumerate(pages, 1)
    )
    foot = " · ".join(f"{escape(k)} {escape(v)}" for k, v in machine)
    title = escape(TITLE.to(language))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><header><h1>{title}</h1><p>{escape(LEAD.to(language))}</p>"
        f"<nav><b>{escape(CONTENTS.to(language))}</b><ol>{links}</ol></nav></header>{sections}"
        f"<footer>{foot}</footer></main></body></html>\n"
    )


def _cell(value: Cell, language: Language) -> str:
    return escape(value.to(language) if isinstance(value, Text) else number(value, language))


def _block(block: Block, language: Language) -> str:
    if isinstance(block, Sentence):
        return f"<p>{escape(block.text.to(language))}</p>"
    if isinstance(block, Command):
        return f'<p class="command">{escape(introduced(block, language))} <code>{escape(block.line)}</code></p>'
    if isinstance(block, KeyNumbers):
        parts = (f"<div><b>{_cell(v, language)}</b>{escape(what.to(language))}</div>" for v, what in block.items)
        return f'<div class="numbers">{"".join(parts)}</div>'
    if isinstance(block, DataTable):
        return _table(block, language)
    if isinstance(block, Figure):
        caption = escape(block.caption.to(language))
        return f'<figure><div class="sheet">{block.drawing(language)}</div><figcaption>{caption}</figcaption></figure>'
    if isinstance(block, Film):
        caption, data = escape(block.caption.to(language)), base64.b64encode(block.gif).decode()
        picture = f'<img class="film" alt="{caption}" src="data:image/gif;base64,{data}">'
        return f'<figure><div class="sheet">{picture}</div><figcaption>{caption}</figcaption></figure>'
    return _gallery(block, language)


def _table(block: DataTable, language: Language) -> str:
    numeric = [
        bool(block.rows) and all(isinstance(r[i], (int, float)) for r in block.rows) for i in range(len(block.columns))
    ]
    kind = [' class="n"' if n else "" for n in numeric]
    head = "".join(f"<th{k}>{escape(c.to(language))}</th>" for k, c in zip(kind, block.columns, strict=True))
    rows = "".join(
        f"<tr{' class=marked' if i in block.marked else ''}>"
        + "".join(f"<td{k}>{_cell(c, language)}</td>" for k, c in zip(kind, row, strict=True))
        + "</tr>"
        for i, row in enumerate(block.rows)
    )
    caption = escape(block.title.to(language))
    return f'<div class="scroll"><table><caption>{caption}</caption><tr>{head}</tr>{rows}</table></div>'


def _gallery(block: Gallery, language: Language) -> str:
    parts = []
    for picture in block.pictures:
        data = base64.b64encode(picture.png).decode()
        label = escape(picture.label.to(language))
        mark = ' class="marked"' if picture.marked else ""
        parts.append(f'<div{mark}><img alt="{label}" src="data:image/png;base64,{data}">{label}</div>')
    caption = escape(block.caption.to(language))
    return f'<figure><div class="gallery">{"".join(parts)}</div><figcaption>{caption}</figcaption></figure>'
