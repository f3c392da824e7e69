"""Writes docs/rules.md from the playbook: `python -m tests.playbook.rules_page`."""

from collections.abc import Sequence
from pathlib import Path

from bot.playbook import Place, Playbook, RuleDefinition
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
HEAD = """\
# 規則 · Rules

<!-- Made by `python -m tests.playbook.rules_page`; change playbooks/rules.yaml and playbooks/<language>/rules.yaml. -->

這五十條是教練懂的行規，用我們自己的話寫。「為什麼？」引用的就是這些。每一條後面寫著它在哪裡起作用：哪些劇本條目、
決策表的哪一列、報表的哪一行，或者為什麼不做成劇本條目。

These fifty rules are what the coach knows of its trade, in our own words; “Why this?” quotes them. Each says where it
works: in which plays, in which rows of the decision table, in which line of the report, or why it is no play.
"""


def page(playbook: Playbook) -> str:
    """The page as it should stand."""
    return "\n".join([HEAD, *(_section(playbook, rule) for rule in playbook.rules)])


def _section(playbook: Playbook, rule: RuleDefinition) -> str:
    chinese, english = playbook.words["zh-TW"], playbook.words["en"]
    lines = [f"## {rule.id}", "", chinese.rules[rule.id], "", english.rules[rule.id], ""]
    plays = [play.id for play in playbook.plays if rule.id in play.rules]
    rows = [row.id for row in (*playbook.decisions, *playbook.beside) if rule.id in row.rules]
    if plays:
        lines.append(f"- 劇本條目 · plays: {_listed(plays)}")
    if rows:
        lines.append(f"- 決策表 · decision table: {_listed(rows)}")
    if Place.REPORT in rule.works_in:
        lines.append("- 報表的一行 · a line of the report")
    if Place.EXCLUSION in rule.works_in:
        lines.append("- 不做成劇本條目 · no play")
    if rule.id in chinese.rule_notes:
        lines += ["", chinese.rule_notes[rule.id], "", english.rule_notes[rule.id]]
    return "\n".join([*lines, ""])


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in ids)


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(load_playbook(PACKAGED_PLAYBOOK)), encoding="utf-8")


if __name__ == "__main__":
    main()
