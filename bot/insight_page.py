"""The report as one file that needs nothing else: tables, bars, and the question behind each figure."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from bot.i18n import Words
from bot.insight_sections import Section

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d1c1d;--quiet:#616061;--line:#ddd;--bar:#2d7a6b;--back:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e3;--quiet:#a5a29d;--line:#3a3a3c;--bar:#58b09c;--back:#1a1d21}}
body{font:16px/1.55 system-ui,"Noto Sans TC","PingFang TC","Microsoft JhengHei",sans-serif;max-width:46rem;
margin:2.5rem auto;padding:0 1.2rem;color:var(--ink);background:var(--back)}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .3rem}
header p,.note{color:var(--quiet);margin:.2rem 0}p{margin:.3rem 0;white-space:pre-line}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th{text-align:left;font-weight:600;color:var(--quiet);border-bottom:1px solid var(--line)}
td,th{padding:.3rem .8rem .3rem 0;vertical-align:baseline}tr+tr td{border-top:1px solid var(--line)}
td+td,th+th{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.bar{width:36%;padding-right:0}td.bar i{display:block;height:.7rem;border-radius:.2rem;background:var(--bar)}
details{color:var(--quiet);font-size:.85rem}summary{cursor:pointer}
pre{overflow-x:auto;padding:.6rem;border:1px solid var(--line);border-radius:.4rem}
@media print{details{display:none}}
""".strip()


def page(title: str, subtitle: str, sections: Sequence[Section], sql: Mapping[str, str], say: Words) -> str:
    """The whole file.

    Args:
        sql: The questions to the database by name, as a person can ask them again.
    """
    parts = [line for section in sections for line in _section(section, sql, say)]
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(say.language)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>",
            *parts,
            "</body></html>",
            "",
        ]
    )


def _section(section: Section, sql: Mapping[str, str], say: Words) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2><p>{escape(section.says)}</p>"
    if section.rows:
        yield "<table><thead><tr>"
        yield "".join(f"<th>{escape(each)}</th>" for each in section.columns)
        yield f"{'<th></th>' if section.bars else ''}</tr></thead><tbody>"
        for number, row in enumerate(section.rows):
            cells = "".join(f"<td>{escape(each)}</td>" for each in row)
            yield f"<tr>{cells}{_bar(section.bars[number]) if section.bars else ''}</tr>"
        yield "</tbody></table>"
    if section.asked:
        asked = "\n\n".join(sql[each] for each in section.asked)
        yield f"<details><summary>{escape(say('How this was counted'))}</summary><pre>{escape(asked)}</pre></details>"
    yield "</section>"


def _bar(share: float) -> str:
    return f'<td class="bar"><i style="width:{share * 100:.1f}%"></i></td>'
