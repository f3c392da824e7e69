"""Finds every sentence the interface says, and keeps the catalogue in step: `python -m tests.words.sentences`."""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "bot/locales/zh_TW/LC_MESSAGES/aside.po"
HEADER = """\
# 旁白的介面文字：msgid 是程式裡的英文句子，msgstr 是台灣用語；簡體中文由此轉換。
# 介面不用「你」「您」稱呼人，標點用全形，按鈕用短動詞；{大括號} 裡的名稱原樣保留。
msgid ""
msgstr ""
"Language: zh_TW\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
SPEAKING_ROOMS = ("bot", "handlers")
PLURAL_FORMS = 2

Sentence = str | tuple[str, ...]


def sentences(source: str) -> Iterator[Sentence]:
    """What a module says with `say("…")`, `actor.say("…")` or `say.plural("…", "…", n)`, in the order of its lines.

    Read from the syntax tree: Babel's extraction reads tokens, and to Python 3.11 an f-string is one token, so it would
    miss `f"*{say('Why')}*"`.

    Raises:
        ValueError: when a sentence is not written out where it is said.
    """
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        wanted = _forms(call.func)
        constants = [each.value for each in call.args[:wanted] if isinstance(each, ast.Constant)]
        written = tuple(each for each in constants if isinstance(each, str))
        if len(written) != wanted:
            raise ValueError(f"line {call.lineno}: {ast.unparse(call)} does not write its sentence out")
        if wanted:
            yield written if wanted == PLURAL_FORMS else written[0]


def _forms(function: ast.expr) -> int:
    """How many forms of a sentence this call has: one for `say`, two for `say.plural`, none for all else."""
    if isinstance(function, ast.Name):
        return int(function.id == "say")
    if not isinstance(function, ast.Attribute):
        return 0
    if function.attr == "plural" and _forms(function.value) == 1:
        return PLURAL_FORMS
    return int(function.attr == "say")


def said() -> Catalog:
    """The catalogue as the code would have it, without translations."""
    catalogue = Catalog(locale="zh_TW", fuzzy=False)
    for path in sorted(each for room in SPEAKING_ROOMS for each in (ROOT / room).rglob("*.py")):
        for sentence in sentences(path.read_text("utf-8")):
            catalogue.add(sentence, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    return catalogue


def translated() -> Catalog:
    """The catalogue as it stands."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_TW")


def main() -> None:
    """Write new sentences into the catalogue, untranslated, and drop those that are no longer said."""
    known, fresh = translated(), said()
    for message in fresh:
        before = known.get(message.id) if message.id else None
        if before:
            message.string = before.string
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, fresh, width=0, include_lineno=False, omit_header=True)


if __name__ == "__main__":
    main()
