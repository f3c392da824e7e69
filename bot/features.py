"""What a message looks like to whoever tells signals apart: one script, one width, sentences, n-grams."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.script import convert

READ_CHARACTERS = 4_000
"""Only the beginning of a message is read; nobody asks for a favour in the fifth page of a log."""
SENTENCES = 60
"""At most this many sentences of a message are looked at one by one."""
SENTENCE_CHARACTERS = 400
REACH = 120
"""How much of a text an encoder is given, in Chinese characters; it slows down after that."""
_LATIN = 0.4
"""What a Latin character counts in `REACH`: a word of them is about one token, as two Chinese characters are."""
_LONG = 30
_SHORT = 12

Matrix = npt.NDArray[np.float64]

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;…~～」』”’\"')）]*|[！？!?]+")
_FULL_STOP = re.compile(r"(?<=[a-z0-9)\"'][.])\s+(?=\S)", re.IGNORECASE)
_CLAUSE = re.compile(r"[^，,、：:—]+[，,、：:—]*")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[ \t]*(?:>|&gt;).*$", re.MULTILINE)
_LINK = re.compile(r"<(?:https?://|mailto:|tel:)[^<>\n]*>|<?https?://\S+")
_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "「": '"', "」": '"', "\u00a0": " "})
_CJK_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_HAS_MEANING = re.compile(r"[^\W_]")


class Encoder(Protocol):
    """Turns texts into vectors of meaning, one row a text; a sentence encoder can be put in here."""

    @property
    def name(self) -> str:
        """Which encoder and version; vectors of another name are never mixed with these."""
        ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text."""
        ...


def _plain(text: str) -> str:
    """Without lone surrogates and characters that cannot be seen, half-width, with straight quotes."""
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = unicodedata.normalize("NFKC", text.translate(_STRAIGHT)).translate(_STRAIGHT)
    return "".join(
        character
        if unicodedata.category(character) not in {"Cf", "Cc", "Co", "Cn"}
        else " "
        if character in "\n\t"
        else ""
        for character in text
    )


def normal_form(text: str) -> str:
    """Simplified characters, half-width, lower case: what two ways to write the same words share."""
    plain = _plain(text)
    return (convert("t2s", plain) if _CJK_RUN.search(plain) else plain).lower()


def pattern_source(pattern: str) -> str:
    """A playbook's regular expression for text in normal form.

    Its characters are simplified and made half-width; what becomes a special character by that is escaped.
    """
    pattern = pattern.translate(_STRAIGHT)
    halved = "".join(
        character if (plain := unicodedata.normalize("NFKC", character)) == character else re.escape(plain)
        for character in pattern
    )
    return convert("t2s", halved)


def readable(text: str) -> str:
    """The part of a message that its writer says: bounded, without code, quotations of others and links."""
    text = text[:READ_CHARACTERS]
    return _LINK.sub(" ", _QUOTED_LINE.sub(" ", _FENCED.sub(" ", text)))


def sentences(text: str) -> list[str]:
    """The sentences of a text in its own characters; those without a letter or a digit are left out."""
    return list(_bounded(_split(text)))


def _split(text: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(text):
        yield from _FULL_STOP.split(match[0])


def _bounded(parts: Iterator[str]) -> Iterator[str]:
    count = 0
    for part in parts:
        stripped = part.strip()
        if _HAS_MEANING.search(stripped):
            yield stripped[:SENTENCE_CHARACTERS]
            count += 1
            if count == SENTENCES:
                return


def stretches(sentence: str, shortest: int = _SHORT) -> list[str]:
    """A long sentence in pieces of some clauses, since Chinese runs many thoughts together with commas.

    Args:
        sentence: Any; a short one is its own only piece.
        shortest: No piece but the last says less; a Chinese character counts one, an English word two.
    """
    if _weight(sentence) <= max(_LONG, shortest):
        return [sentence]
    pieces = [""]
    for match in _CLAUSE.finditer(sentence):
        if _weight(pieces[-1]) >= shortest:
            pieces.append("")
        pieces[-1] += match[0]
    return [stripped for piece in pieces if _HAS_MEANING.search(stripped := piece.strip())]


def _weight(text: str) -> int:
    """How much is said: a Chinese character counts one, an English word two."""
    return sum(map(len, _CJK_RUN.findall(text))) + 2 * len(_WORD.findall(text.lower()))


def length(text: str) -> float:
    """How long an encoder takes to read a text, in Chinese characters."""
    return sum(map(_effort, text))


def within_reach(text: str) -> str:
    """The beginning of a text, as far as an encoder is to read."""
    for end, effort in enumerate(accumulate(map(_effort, text))):
        if effort > REACH:
            return text[:end]
    return text


def _effort(character: str) -> float:
    return _LATIN if character < "\u0250" else 1.0


def grams(text: str) -> list[str]:
    """What a text in normal form is made of: runs of Chinese characters, English words, their runs and parts."""
    found: list[str] = []
    for run in _CJK_RUN.findall(text):
        for size in (1, 2, 3):
            found += [run[start : start + size] for start in range(len(run) - size + 1)]
    words = _WORD.findall(text)
    found += [f"w {word}" for word in words]
    for size in (2, 3):
        found += ["w " + " ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
    for word in words:
        padded = f" {word} "
        found += [f"c{padded[start : start + 4]}" for start in range(len(padded) - 3)]
    found += [f"m {mark}" for mark in "?!" if mark in text]
    return found
