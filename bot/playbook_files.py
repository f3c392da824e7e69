"""Reading a playbook's folder: every fault in its files is told with its file, its line and its place in it."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.errors import UserError
from bot.language import to_simplified
from bot.playbook import (
    LANGUAGES,
    DecisionTable,
    DecisionWords,
    FactDefinition,
    Language,
    NeutralWords,
    Play,
    Playbook,
    PlayWords,
    Policy,
    RuleDefinition,
    RuleWords,
    SignalDefinition,
    SignalWords,
    Wording,
)
from bot.playbook_check import cross_check
from bot.playbook_claims import claiming_words
from bot.playbook_yaml import MAX_BYTES, Fault, File, UnreadableError, decode, parse

__all__ = ["Fault", "claiming_words", "load_playbook", "read_playbook"]

_SHARED = ("signals.yaml", "facts.yaml", "plays.yaml", "decisions.yaml", "policy.yaml", "rules.yaml")
_WORDS = ("signals.yaml", "neutral.yaml", "plays.yaml", "decisions.yaml", "rules.yaml")
_OPTIONAL = frozenset(
    {"zh-CN/plays.yaml", "zh-CN/decisions.yaml", "rules.yaml", *(f"{language}/rules.yaml" for language in LANGUAGES)}
)
_FILES = (*_SHARED, *(f"{language}/{name}" for language in LANGUAGES for name in _WORDS))

_ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
_T = TypeVar("_T")


def load_playbook(folder: Path) -> Playbook:
    """Read a playbook whole and checked.

    Raises:
        UserError: Names the first fault's file, line and place in it.
    """
    playbook, faults = read_playbook(folder)
    if playbook is None:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UserError(
            f"The playbook cannot be used: {faults[0]}{more}",
            f"Correct it, then run `aside playbook check {folder}`.",
        )
    return playbook


def read_playbook(folder: Path) -> tuple[Playbook | None, tuple[Fault, ...]]:
    """Read a playbook and all that is wrong with it; there is a playbook only when nothing is wrong."""
    if not folder.is_dir():
        return None, (Fault(str(folder), 0, "", "there is no such folder"),)
    reader = _Reader(folder)
    playbook = reader.playbook()
    faults = tuple(sorted(set(reader.faults)))
    return (None if faults else playbook), faults


class _Reader:
    """Reads the files of one folder and gathers their faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.files: dict[str, File] = {}
        self.hash = hashlib.sha256()

    def playbook(self) -> Playbook | None:
        """Read everything; None when too much is wrong to go on to the cross-checks."""
        self._read_files()
        if self.faults:
            return None
        self._fill_in_simplified()
        signals = self._model("signals.yaml", tuple[SignalDefinition, ...])
        facts = self._model("facts.yaml", tuple[FactDefinition, ...])
        plays = self._model("plays.yaml", tuple[Play, ...])
        decisions = self._model("decisions.yaml", DecisionTable)
        policy = self._model("policy.yaml", Policy)
        rules = self._model("rules.yaml", tuple[RuleDefinition, ...])
        words = {language: self._wording(language) for language in LANGUAGES}
        if rules is None or plays is None or not (signals and facts and decisions and policy and all(words.values())):
            return None
        playbook = Playbook(
            version=self.hash.hexdigest()[:12],
            signals=signals,
            facts=facts,
            plays=plays,
            dimensions=decisions.dimensions,
            decisions=decisions.rows,
            beside=decisions.beside,
            rules=rules,
            policy=policy,
            words={language: wording for language, wording in words.items() if wording},
        )
        self.faults.extend(cross_check(playbook, self.files))
        return playbook

    def _read_files(self) -> None:
        """Read every file of the layout, in order, and refuse YAML files that are none of them."""
        for path in sorted([*self.folder.glob("*.y*ml"), *self.folder.glob("*/*.y*ml")]):
            name = path.relative_to(self.folder).as_posix()
            if name not in _FILES:
                self.faults.append(Fault(name, 0, "", "this is not a file of a playbook"))
        for name in _FILES:
            path = self.folder / name
            if not path.is_file():
                if name not in _OPTIONAL:
                    self.faults.append(Fault(name, 0, "", "this file is missing"))
                continue
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            self.hash.update(name.encode() + b"\0" + content + b"\0")
            try:
                self.files[name] = parse(name, decode(content))
            except UnreadableError as error:
                self.faults.append(Fault(name, error.line, "", error.what))

    def _fill_in_simplified(self) -> None:
        """What zh-CN does not say in its own words is zh-TW's, converted."""
        self.files.setdefault("rules.yaml", File("rules.yaml", []))
        for language in LANGUAGES:
            self.files.setdefault(f"{language}/rules.yaml", File(f"{language}/rules.yaml", {}))
        for name in ("plays.yaml", "decisions.yaml", "rules.yaml"):
            own = self.files.setdefault(f"zh-CN/{name}", File(f"zh-CN/{name}", {}))
            if own.data is None:
                own.data = {}
            _fill_in(own.data, self.files[f"zh-TW/{name}"].data)
        own_signals, signals = self.files["zh-CN/signals.yaml"].data, self.files["zh-TW/signals.yaml"].data
        if isinstance(own_signals, dict) and isinstance(signals, dict):
            for key, own_words in own_signals.items():
                if isinstance(own_words, dict) and isinstance(words := signals.get(key), dict):
                    _fill_in(own_words, {part: words[part] for part in ("name", "meaning") if part in words})

    def _model(self, name: str, kind: type[_T]) -> _T | None:
        file = self.files[name]
        try:
            return TypeAdapter(kind).validate_python(file.data)
        except ValidationError as error:
            self.faults.extend(file.fault(issue["loc"], _issue(issue)) for issue in error.errors())
            return None

    def _wording(self, language: Language) -> Wording | None:
        signals = self._model(f"{language}/signals.yaml", dict[str, SignalWords])
        neutral = self._model(f"{language}/neutral.yaml", NeutralWords)
        plays = self._model(f"{language}/plays.yaml", dict[str, PlayWords])
        decisions = self._model(f"{language}/decisions.yaml", dict[str, DecisionWords])
        rules = self._model(f"{language}/rules.yaml", RuleWords)
        if signals is None or neutral is None or plays is None or decisions is None or rules is None:
            return None
        return Wording(
            signals=signals,
            neutral=neutral,
            plays=plays,
            decisions=decisions,
            rules=rules.rules,
            rule_notes=rules.notes,
        )


def _fill_in(own: Any, other: Any) -> None:
    """Take over what `own` lacks, converted to simplified characters and mainland wording."""
    if not isinstance(own, dict) or not isinstance(other, dict):
        return
    for key, value in other.items():
        if key in own:
            _fill_in(own[key], value)
        else:
            own[key] = _simplified(value)


def _simplified(value: Any) -> Any:
    if isinstance(value, str):
        return to_simplified(value)
    if isinstance(value, dict):
        return {key: _simplified(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_simplified(part) for part in value]
    return value


def _issue(issue: Mapping[str, Any]) -> str:
    match issue["type"]:
        case "missing":
            return "this is missing"
        case "extra_forbidden":
            return "there is no such key here"
        case _:
            message = _ENUM_MEMBER.sub(r"\1", str(issue["msg"]))
            return message[:1].lower() + message[1:]
