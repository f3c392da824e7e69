"""docs/quality.md, from the figures."""

import re
from collections.abc import Mapping, Sequence

from bot.playbook import LANGUAGES
from tests.quality.figures import Figures, auc, macro_f1, together
from tests.quality.whole import Heard

ORDINARY = "Ordinary questions"
_FIGURE = re.compile(r"\d+\.\d+")
_ROUNDING = 0.0101


def write(
    figures: Figures,
    messages: int,
    ordinary: tuple[int, int] | None,
    conversations: Mapping[str, Sequence[Heard]] | None = None,
) -> str:
    """The page.

    Args:
        figures: What was counted.
        messages: How many messages were read.
        ordinary: Of ordinary messages, how many raised an alarm, and how many there were; None when not at hand.
        conversations: What the coach did at each beat of whole conversations, by language.
    """
    whole = _conversations(conversations) if conversations else []
    return "\n".join([*_head(messages), *_summary(figures, ordinary), "", *whole, *_by_signal(figures), ""])


def differs(page: str, known: str) -> list[str]:
    """The lines in which a page differs from a known one by more than rounding.

    A line on ordinary messages counts only where both have it in figures: their file is not part of the tree.
    """
    old, new = known.splitlines(), page.splitlines()
    if len(old) != len(new):
        return [f"{len(old)} lines have become {len(new)}"]
    found = []
    for before, after in zip(old, new, strict=True):
        if before.startswith(f"| {ORDINARY}") and after.startswith(f"| {ORDINARY}"):
            if "not at hand" in before + after:
                continue
        elif _FIGURE.sub("", before) != _FIGURE.sub("", after):
            found.append(after)
            continue
        pairs = zip(map(float, _FIGURE.findall(before)), map(float, _FIGURE.findall(after)), strict=False)
        if any(abs(one - other) > _ROUNDING for one, other in pairs):
            found.append(after)
    return found


def _head(messages: int) -> list[str]:
    return [
        "# How well messages are read",
        "",
        f"{messages} held-out messages (`tests/quality/held_out.*.jsonl`), each read alone. They were written without",
        "sight of the playbook, which was written without sight of them. Nothing is trained on them, and they decided",
        "nothing: kinds, numbers and patterns are chosen on the playbook's own examples (docs/decisions/detection.md).",
        "An earlier set, which had chosen between kinds of heads, now stands among these examples.",
        "`make quality` writes this page, and `python -m tests.quality --check` fails when it is no longer true.",
        "",
    ]


def _summary(figures: Figures, ordinary: tuple[int, int] | None) -> list[str]:
    rows = ["| | " + " | ".join(LANGUAGES) + " | all | goal |", "| --- |" + " ---: |" * (len(LANGUAGES) + 2)]
    rows.append(_row("Macro-F1", [macro_f1(figures, language) for language in (*LANGUAGES, None)], "≥ 0.80"))
    worst = min((together(by.values()).f1 for by in figures.signals.values()), default=0.0)
    rows.append(_row("Lowest F1 of a signal", ["", "", "", worst], "≥ 0.60"))
    for name, counted, goal in (
        ("Look-alikes flagged", figures.lookalikes, "≤ 0.15"),
        ("Messages without a signal flagged", figures.flagged, ""),
    ):
        shares = [_share([counted[language]] if language in counted else []) for language in LANGUAGES]
        rows.append(_row(name, [*shares, _share(list(counted.values()))], goal))
    levels = [figures.anger.get(language, ([], [])) for language in LANGUAGES]
    everybody = ([one for angry, _ in levels for one in angry], [one for _, others in levels for one in others])
    rows.append(_row("Anger AUC", [auc(*pair) for pair in (*levels, everybody)], "≥ 0.90"))
    alarmed = "not at hand" if ordinary is None else _share([ordinary])
    rows.append(_row(f"{ORDINARY}, with an alarm", ["", "", alarmed, ""], "≤ 0.04"))
    return rows


def _conversations(conversations: Mapping[str, Sequence[Heard]]) -> list[str]:
    beats = [one for language in conversations.values() for one in language]
    rows = [
        f"Whole conversations (`tests/quality/conversations`, {len(beats)} messages), written by somebody who knew the",
        "domain page alone; nobody has looked at what the coach misses there, and nothing was changed for it. The",
        "conversations of `tests/conversations`, by contrast, are what the coach was mended on.",
        "",
        "| | " + " | ".join(LANGUAGES) + " | all |",
        "| --- |" + " ---: |" * (len(LANGUAGES) + 1),
    ]
    for name, asked in (
        ("Whisper or silence as expected, where one of them is", lambda one: one.right),
        ("… a whisper where one is expected", lambda one: one.right if one.expected else None),
        ("… silence where silence is expected", lambda one: one.right if one.expected is False else None),
        ("Messages at which all is as expected, signals and anger too", lambda one: not one.misses),
    ):
        each = [[asked(one) for one in conversations.get(language, ())] for language in LANGUAGES]
        judged = [[verdict for verdict in verdicts if verdict is not None] for verdicts in each]
        shares = [sum(verdicts) / len(verdicts) if verdicts else None for verdicts in judged]
        everything = [verdict for verdicts in judged for verdict in verdicts]
        total = sum(everything) / len(everything) if everything else None
        cells = ["" if share is None else f"{share:.3f}" for share in (*shares, total)]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*rows, ""]


def _by_signal(figures: Figures) -> list[str]:
    rows = [
        "Precision, recall and F1 of each signal.",
        "",
        "| signal | " + " | ".join(LANGUAGES) + " | all |",
        "| --- |" + " --- |" * (len(LANGUAGES) + 1),
    ]
    for signal, by in figures.signals.items():
        counts = [*(by.get(language) for language in LANGUAGES), together(by.values())]
        cells = [f"{one.precision:.2f} {one.recall:.2f} **{one.f1:.2f}**" if one else "" for one in counts]
        rows.append(f"| `{signal}` | " + " | ".join(cells) + " |")
    return rows


def _share(counted: Sequence[tuple[int, int]]) -> float | None:
    total = sum(all_ for _, all_ in counted)
    return sum(some for some, _ in counted) / total if total else None


def _row(name: str, cells: Sequence[float | str | None], goal: str) -> str:
    written = ["" if cell is None else cell if isinstance(cell, str) else f"{cell:.3f}" for cell in cells]
    return f"| {name} | " + " | ".join(written) + f" | {goal} |"
