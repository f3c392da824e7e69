"""The YAML of a playbook's files: a plain, bounded kind, every fault in it told with its line.

UTF-8; true/false are the only booleans (as in YAML 1.2, so `yes` and `off` stay words), a key stands once, and
anchors, aliases and tags are refused, so a small file cannot grow into a large one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml
from rapidfuzz import fuzz, process

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_ALIKE = 60

Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a playbook.

    Attributes:
        file: The file's name, seen from the playbook's folder.
        line: Counted from 1; 0 when the file as a whole is meant.
        place: Where in the file, such as `[3].lines[0].id`; empty for the file as a whole.
        what: What is wrong, the end of a sentence.
    """

    file: str
    line: int
    place: str
    what: str

    def __str__(self) -> str:
        where = [self.file]
        if self.line:
            where.append(f"line {self.line}")
        if self.place:
            where.append(self.place)
        return f"{', '.join(where)}: {self.what}."


class _Loader(yaml.CSafeLoader):
    """PyYAML's fast loader with YAML 1.2's idea of what is a number and what is a truth value."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - PyYAML reads it as a class attribute


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?\d{1,15}$"), list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?\d{1,15}\.\d{1,15}$"), list("-+0123456789"))


class UnreadableError(Exception):
    """A file that cannot be read as YAML of our kind."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def meant(written: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is none: which one was perhaps meant."""
    near = process.extractOne(written, sorted(known), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return f"; perhaps {near[0]} is meant" if near else ""


@dataclass
class File:
    """One file: its data, and on which line each piece of it stands."""

    name: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def fault(self, place: Place, what: str) -> Fault:
        """What is wrong at a place, with the line on which it, or what it stands in, begins."""
        known = next((place[:end] for end in range(len(place), -1, -1) if place[:end] in self.lines), ())
        return Fault(self.name, self.lines.get(known, 1), _spell(place), what)

    @cached_property
    def spelt(self) -> frozenset[str]:
        """Every place at which something is written, as a fault spells it."""
        return frozenset(map(_spell, self.lines))


def _spell(place: Place) -> str:
    """`("rows", 3, "when")` as `rows[3].when`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def parse(name: str, text: str) -> File:
    """Read YAML text.

    Raises:
        UnreadableError: when it is no YAML of our kind.
    """
    file = File(name)
    try:
        _refuse_growth(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UnreadableError(line, f"this is not YAML ({error.problem or error.context})") from error
    except yaml.YAMLError as error:
        raise UnreadableError(1, f"this is not YAML ({str(error).splitlines()[0]})") from error
    file.data = None if node is None else _data(node, (), file.lines)
    return file


def _refuse_growth(text: str) -> None:
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableError(line, "anchors (&) and aliases (*) are not used in a playbook")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise UnreadableError(line, "a file holds one document, here a second one starts")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise UnreadableError(line, f"more than {MAX_DEPTH} levels stand in each other")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _data(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    """A node as plain data; notes in `lines` where each piece stands."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_data(child, (*place, index), lines) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return _mapping(node, place, lines)
    if isinstance(node, yaml.ScalarNode):
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return node.value
            case "bool":
                return node.value == "true"
            case "null":
                return None
            case "int":
                return int(node.value)
            case "float":
                return float(node.value)
    raise UnreadableError(node.start_mark.line + 1, f"the tag {node.tag} is not used in a playbook")


def _mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
            raise UnreadableError(line, "a key is a word; put it in quotes if it looks like something else")
        key = key_node.value
        if key in data:
            raise UnreadableError(line, f"the key {key} stands twice, first on line {lines[*place, key]}")
        lines[*place, key] = line
        data[key] = _data(value_node, (*place, key), lines)
    return data


def decode(content: bytes) -> str:
    """The text of a file.

    Raises:
        UnreadableError: when it is too large or not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableError(0, f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(line, "this is not UTF-8; save the file as UTF-8") from error
