"""The report as one file that needs nothing else: tables, bars, charts, and the question behind each figure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import count
from typing import Final

from bot.i18n import Words
from bot.insight_charts import svg
from bot.insight_parts import Section

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d1c1d;--quiet:#616061;--line:#ddd;--bar:#2d7a6b;--back:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e3;--quiet:#a5a29d;--line:#3a3a3c;--bar:#58b09c;--back:#1a1d21}}
body{font:16px/1.55 system-ui,"Noto Sans TC","PingFang TC","Microsoft JhengHei",sans-serif;max-width:46rem;
margin:2.5rem auto;padding:0 1.2rem;color:var(--ink);background:var(--back)}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .3rem}
header p,.note{color:var(--quiet);margin:.2rem 0}.note{font-size:.85rem}p{margin:.3rem 0;white-space:pre-line}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th{text-align:left;font-weight:600;color:var(--quiet);border-bottom:1px solid var(--line)}
td,th{padding:.3rem .8rem .3rem 0;vertical-align:baseline}th{vertical-align:bottom}
tr+tr td{border-top:1px solid var(--line)}
td{font-variant-numeric:tabular-nums}td:last-child,th:last-child{padding-right:0}
td.figure,th.figure{text-align:right}td.figure{white-space:pre}td.day{white-space:nowrap}
thead td{border-bottom:1px solid var(--line)}td.bar{width:36%}@media(max-width:30rem){td.bar{width:18%}}
td.bar i{display:block;height:.7rem;border-radius:.2rem;background:var(--bar);
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.8rem 1.2rem;margin:.8rem 0}
figure{margin:0;break-inside:avoid}figcaption{font-weight:600;font-size:.9rem}
svg{display:block;width:100%;height:auto;font-size:11px;font-variant-numeric:tabular-nums}
svg text{fill:var(--quiet)}svg rect,svg circle{fill:var(--bar)}
svg .part{opacity:.45}svg .grid{stroke:var(--line)}svg .line{stroke:var(--bar);stroke-width:2;fill:none}
svg .up{text-anchor:end}svg .across{text-anchor:middle}
details{color:var(--quiet);font-size:.85rem}summary{cursor:pointer}
pre{overflow-x:auto;padding:.6rem;border:1px solid var(--line);border-radius:.4rem}
@media print{:root{color-scheme:light;--ink:#000;--quiet:#444;--line:#bbb;--bar:#2d7a6b;--back:#fff}
details{display:none}h2,p{break-after:avoid}tr{break-inside:avoid}body{margin:0 auto}}
""".strip()
_DAY = re.compile(r"[\d-]+")


def page(title: str, subtitle: str, sections: Sequence[Section], sql: Mapping[str, str], say: Words) -> str:
    """The whole file.

    Args:
        sql: The questions to the database by name, as a person can ask them again.
    """
    numbers = count(1)
    parts = [line for section in sections for line in _section(section, sql, numbers, say)]
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(say.language)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>",
            "<main>",
            *parts,
            "</main></body></html>",
            "",
        ]
    )


def _section(section: Section, sql: Mapping[str, str], numbers: Iterator[int], say: Words) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2><p>{escape(section.says)}</p>"
    if section.charts:
        yield '<div class="charts">'
        for chart in section.charts:
            yield f"<figure><figcaption>{escape(chart.title)}</figcaption>{svg(chart, next(numbers), say)}</figure>"
        yield "</div>"
        yield f'<p class="note">{escape(section.charts_say)}</p>' if section.charts_say else ""
    if section.rows:
        yield f'<div class="wide" role="region" tabindex="0" aria-label="{escape(section.title)}">'
        yield "<table><thead><tr>"
        yield "".join(
            f'<th scope="col"{_kind(section, place)}>{escape(each)}</th>' for place, each in enumerate(section.columns)
        )
        yield f"{'<td></td>' if section.bars else ''}</tr></thead><tbody>"
        for number, row in enumerate(section.rows):
            cells = "".join(f"<td{_kind(section, place, each)}>{escape(each)}</td>" for place, each in enumerate(row))
            yield f"<tr>{cells}{_bar(section.bars[number]) if section.bars else ''}</tr>"
        yield "</tbody></table></div>"
    if section.asked:
        asked = "\n\n".join(sql[each] for each in section.asked)
        yield f"<details><summary>{escape(say('How this was counted'))}</summary><pre>{escape(asked)}</pre></details>"
    yield "</section>"


def _kind(section: Section, place: int, cell: str = "") -> str:
    """Figures stand on the right; a day is not broken in two."""
    if not section.is_words(place):
        return ' class="figure"'
    return ' class="day"' if _DAY.fullmatch(cell) else ""


def _bar(share: float) -> str:
    return f'<td class="bar"><i style="width:{share * 100:.1f}%"></i></td>'
