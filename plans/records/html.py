"""Pieces of an HTML page, with every text escaped."""

import base64
import html
from collections.abc import Iterable, Sequence
from string import Template

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1.25rem 4rem; background: #fff;
  color: #1f2428; font: 16px/1.5 "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.4rem 0 .7rem; padding-bottom: .25rem; border-bottom: 1px solid #d0d7de;
  font-size: 1.2rem; }
h3 { margin: 1.3rem 0 .4rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 46rem; }
.sub { margin: .2rem 0 1rem; color: #57606a; font-size: 1.05rem; overflow-wrap: anywhere; }
.outcome { display: inline-block; padding: .1rem .6rem; border-radius: 1rem;
  margin-left: .4rem; font-size: .95rem; font-weight: 600; }
.good { background: #dafbe1; color: #0f5323; }
.halted { background: #fff1c2; color: #5c4400; }
.bad { background: #ffe3e0; color: #86181d; }
.note { padding: .6rem .9rem; border-left: 4px solid #bf8700; background: #fff8e5; }
.end { padding: .6rem .9rem; border-left: 4px solid #0b3c5d; background: #eef5fa; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #e5e8eb; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #8c959f; font-weight: 600; }
tbody th { font-weight: 400; }
table.facts tbody th, table.facts thead th:first-child { width: 15rem; }
table.facts tbody th { color: #57606a; }
table.numbers td, table.numbers thead th + th { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.wide table { font-size: .82rem; }
.wide td, .wide thead th { white-space: nowrap; }
code { font: .86em/1.4 Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
figure img { width: 100%; height: auto; }
figcaption, .small { color: #57606a; font-size: .88rem; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; }
  h2, h3 { break-after: avoid; } figure, tr { break-inside: avoid; } }
"""

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
$body
</body>
</html>
""")


def escape(text: object) -> str:
    """Return a text that no browser takes for markup.

    Args:
        text: Anything; its text is taken.
    """
    return html.escape(str(text))


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole page without external parts.

    Args:
        title: Plain text.
        parts: HTML.
    """
    return PAGE.substitute(title=escape(title), style=STYLE, body="\n".join(parts))


def section(heading: str, parts: Iterable[str]) -> str:
    """Return a section with its heading.

    Args:
        heading: Plain text.
        parts: HTML.
    """
    return f"<section>\n<h2>{escape(heading)}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph.

    Args:
        text: Plain text.
        kind: Class of the style sheet, such as "note".
    """
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def table(
    rows: Sequence[Sequence[str]], *, heading: Sequence[str] = (), kind: str = "facts"
) -> str:
    """Return a table whose first column names its rows.

    Args:
        rows: HTML of the cells.
        heading: Plain text above the columns.
        kind: Class of the style sheet.
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heading)
    body = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    thead = f"<thead><tr>{head}</tr></thead>" if heading else ""
    return f'<table class="{kind}">{thead}<tbody>\n{body}\n</tbody></table>'


def code(text: object) -> str:
    """Return a name or a hash, set as such.

    Args:
        text: Plain text.
    """
    return f"<code>{escape(text)}</code>"


def picture(png: bytes, alternative: str, caption: str) -> str:
    """Return a picture that is part of the page.

    Args:
        png: The PNG file.
        alternative: What it shows, for who cannot see it.
        caption: Plain text below it.
    """
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{escape(alternative)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
