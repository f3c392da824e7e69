"""What a soak found: judged, shown, and written into the page on reliability."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.reliability.soaked import Sample, rise

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "reliability.md", "zh-TW": DOCS / "reliability.zh-TW.md"}
BEGIN, END = "<!-- soak -->", "<!-- /soak -->"

WARM_EVENTS = 5_000
"""As many are not judged, a quarter of a long soak, half of a short one: caches of a fixed size fill meanwhile, such as
those of each connection to the database."""
MOST_RISE = 16.0
"""Megabytes by which the line through the memory's samples may rise after that."""
MOST_MORE = {"files": 6, "threads": 4, "tasks": 8}
"""By how many there may be more at the end than when it was warm."""
MOST_LOG = 16.0
"""Megabytes that the database's write-ahead log may hold."""

Words = Mapping[str, str | tuple[str, str, str]]

WORDS: Mapping[str, Words] = {
    "en": {
        "what": ("what", "seen", "allowed"),
        "events": "events brought",
        "memory": "memory once warm, at the end",
        "rise": "rise of the line through it",
        "files": "open files once warm, at the end",
        "threads": "threads",
        "tasks": "tasks",
        "log": "write-ahead log, at most",
        "kept": "messages kept / commands answered / whispers shown",
        "lost": "lost, doubled, given up or in doubt",
        "purged": "rows with words left once all is old",
        "made": "Made by `make soak` on {day}: {cores} cores, Python {python}, "
        "{seconds:.0f} s, then {purge:.0f} s to purge.",
    },
    "zh-TW": {
        "what": ("項目", "結果", "上限"),
        "events": "送進的事件",
        "memory": "暖機後與結束時的記憶體",
        "rise": "記憶體趨勢線的上升",
        "files": "暖機後與結束時開啟的檔案",
        "threads": "執行緒",
        "tasks": "工作",
        "log": "預寫日誌最大",
        "kept": "留下的訊息／回覆的指令／送出的提示",
        "lost": "遺失、重複、放棄或不確定",
        "purged": "全部過期後仍留有文字的資料列",
        "made": "由 `make soak` 於 {day} 產生：{cores} 核心、Python {python}、"
        "{seconds:.0f} 秒，另以 {purge:.0f} 秒清除。",
    },
}


@dataclass(frozen=True)
class Figures:
    """What was seen.

    Attributes:
        kept: How many messages had to be kept.
        calls: How many calls Slack heard.
        counts: How many of each thing were lost or doubled.
        unpurged: How many rows with words were left once all was old.
    """

    events: int
    seconds: float
    kept: int
    commands: int
    whispers: int
    calls: int
    samples: Sequence[Sample]
    counts: Mapping[str, int]
    unpurged: int
    purge_seconds: float

    @property
    def warm(self) -> list[Sample]:
        """The samples that are judged."""
        from_here = min(self.events / 2, max(self.events / 4, WARM_EVENTS))
        return [each for each in self.samples if each.events >= from_here]

    @property
    def rise(self) -> float:
        """By how much memory rose, in megabytes."""
        return rise([(each.events, each.memory) for each in self.warm])

    def begun_and_ended(self, what: str) -> tuple[float, float]:
        """How much there was of something when it was warm, and at the end; the middle of some samples."""
        values = [float(getattr(each, what)) for each in self.warm]
        some = max(1, len(values) // 5)
        return median(values[:some]), median(values[-some:])

    def faults(self) -> list[str]:
        """What grew, was lost or doubled."""
        found = [f"{what}: {number}" for what, number in self.counts.items() if number]
        if self.rise > MOST_RISE:
            found.append(f"memory rose by {self.rise:.1f} MB")
        for what, most in MOST_MORE.items():
            begun, ended = self.begun_and_ended(what)
            if ended - begun > most:
                found.append(f"{what}: {begun:.0f} at first, {ended:.0f} at the end")
        if (largest := max(each.log for each in self.samples)) > MOST_LOG:
            found.append(f"the write-ahead log had {largest:.1f} MB")
        if self.unpurged:
            found.append(f"{self.unpurged} rows kept their words though they are too old")
        return found

    def rows(self, words: Words) -> list[tuple[str, str, str]]:
        """The table."""

        def both(what: str, unit: str = "") -> str:
            begun, ended = self.begun_and_ended(what)
            return f"{begun:.0f} → {ended:.0f}{unit}"

        lost = sum(self.counts.values())
        largest = max(each.log for each in self.samples)
        return [
            (str(words["events"]), f"{self.events:,}", ""),
            (str(words["memory"]), both("memory", " MB"), ""),
            (str(words["rise"]), f"{self.rise:+.1f} MB", f"{MOST_RISE:.0f} MB"),
            *((str(words[what]), both(what), f"+{most}") for what, most in MOST_MORE.items()),
            (str(words["log"]), f"{largest:.1f} MB", f"{MOST_LOG:.0f} MB"),
            (str(words["kept"]), f"{self.kept:,} / {self.commands:,} / {self.whispers:,}", ""),
            (str(words["lost"]), f"{lost:,}", "0"),
            (str(words["purged"]), f"{self.unpurged:,}", "0"),
        ]

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table(title=f"{self.events:,} events in {self.seconds:.0f} s, {self.calls:,} calls to Slack")
        for heading in WORDS["en"]["what"]:
            table.add_column(heading)
        for row in self.rows(WORDS["en"]):
            table.add_row(*row)
        console.print(table)
        for each in self.faults():
            console.print(f"✗ {each}", style="red")

    def page(self, language: str) -> str:
        """The table as the page has it."""
        words = WORDS[language]
        lines = ["| " + " | ".join(words["what"]) + " |", "| --- | ---: | ---: |"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows(words)]
        made = str(words["made"]).format(
            day=datetime.now(UTC).date(),
            cores=os.cpu_count(),
            python=platform.python_version(),
            seconds=self.seconds,
            purge=self.purge_seconds,
        )
        return "\n".join([*lines, "", made])


def write(figures: Figures) -> None:
    """Put the table into the pages."""
    for language, page in PAGES.items():
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{BEGIN}\n{figures.page(language)}\n{END}{after}", "utf-8")
