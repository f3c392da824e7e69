"""Pages and pictures that a command writes: what stands between its marks is its own."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "load.md"
PICTURES = DOCS / "pictures"


def write(name: str, text: str) -> None:
    """Put a text between the marks of that name in docs/load.md, under a line that says where and when it was made.

    Raises:
        ValueError: when the marks are not there.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(begin)
    _, after = rest.split(end)
    PAGE.write_text(f"{before}{begin}\n{made()}\n\n{text}\n{end}{after}", encoding="utf-8")


def draw(name: str, svg: str) -> None:
    """Write a picture."""
    (PICTURES / name).write_text(svg, encoding="utf-8")


def made() -> str:
    """When, and on what."""
    cores = len(os.sched_getaffinity(0))
    day = datetime.now(tz=UTC).date()
    return (
        f"{day}, {platform.machine()} with {cores} cores, which Slack's side, the database and the bot share; "
        f"Python {platform.python_version()}, {platform.system()}."
    )
