"""Pages in Chinese: whoever follows a link knows before when the page behind it is in English."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.zh-TW.md", *sorted((ROOT / "docs").glob("*.zh-TW.md"))]
LINK = re.compile(r"\[[^]]+\]\((?P<file>[\w/.-]+\.md)(?:#[^)]*)?\)(?P<after>.{0,4})")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_page_that_there_is_in_english_alone_says_so(page: Path) -> None:
    """英文 stands behind it; a page that there is in Chinese is linked in Chinese, but for its own in English."""
    for link in LINK.finditer(page.read_text("utf-8")):
        file, after = link["file"], link["after"]
        to = page.parent / file
        if file.endswith(".zh-TW.md") or to == page.with_name(page.name.replace(".zh-TW", "")):
            continue
        assert not to.with_suffix(".zh-TW.md").exists(), link[0]
        assert after.startswith(("（英文", "，英文")), link[0]
