"""Checks blocks, views and options against the table in `block_kit`; pure.

A fault reads as Slack writes it: `[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text]`.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sandbox.block_kit import (
    BLOCKS_TEXT,
    CONTEXT_TEXT,
    FIELD_TEXT,
    MARKDOWN_TOTAL,
    MESSAGE_BLOCKS,
    PARTS,
    PLACES,
    SHAPES,
    SUGGESTIONS,
    VIEW_BLOCKS,
    Field,
)
from sandbox.world import Json


class Fault(NamedTuple):
    """What Slack would not take, and where it stands, as a JSON pointer from the blocks or the view."""

    what: str
    where: str

    def __str__(self) -> str:
        """As Slack writes it in `response_metadata.messages`."""
        return f"[ERROR] {self.what} [json-pointer:{self.where}]"


Faults = Iterator[Fault]
TEXT_KEYS = {"text", "fields", "elements", "accessory", "label", "hint", "title", "options", "element"}


def _size(size: int, field: Field, unit: str, where: str) -> Faults:
    if size < field.least:
        yield Fault(f"must be more than {field.least - 1} {unit}", where)
    if field.most is not None and size > field.most:
        yield Fault(f"must be less than {field.most + 1} {unit}", where)


def _string(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, str):
        yield Fault("must be a string", where)
    else:
        yield from _size(len(value), field, "characters", where)


def _text(value: object, field: Field, where: str) -> Faults:
    kinds = ("plain_text",) if field.kind == "plain" else ("mrkdwn", "plain_text")
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield Fault(f"must be a text object of type {' or '.join(kinds)}", where)
        return
    extra = {"plain_text": "emoji", "mrkdwn": "verbatim"}[value["type"]]
    for key in sorted(set(value) - {"type", "text", extra}):
        yield Fault(f"invalid additional property: {key}", where)
    yield from _string(value.get("text"), Field("str", field.most, 1), f"{where}/text")


def _boolean(value: object, _: Field, where: str) -> Faults:
    if not isinstance(value, bool):
        yield Fault("must be a boolean", where)


def _integer(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Fault("must be an integer", where)
    elif value < field.least or (field.most is not None and value > field.most):
        yield Fault("must be within the allowed range", where)


def _enum(value: object, field: Field, where: str) -> Faults:
    if value not in field.of:
        yield Fault(f"must be one of: {', '.join(field.of)}", where)


def _date(value: object, _: Field, where: str) -> Faults:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        yield Fault("must be a date as YYYY-MM-DD", where)


def _list(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, list):
        yield Fault("must be an array", where)
        return
    if len(value) < field.least:
        yield Fault(f"must have at least {field.least} items", where)
    if field.most is not None and len(value) > field.most:
        yield Fault(f"no more than {field.most} items allowed", where)
    for index, item in enumerate(value):
        yield from _shape(item, field, f"{where}/{index}")


def _shape(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, dict):
        yield Fault("must be an object", where)
        return
    if field.of == ("field",):
        yield from _text(value, Field("text", FIELD_TEXT), where)
        return
    name = field.of[0] if field.of[0] in PARTS else value.get("type")
    if name not in field.of:
        yield Fault(f"unsupported type: {name}", f"{where}/type")
    elif name in {"plain_text", "mrkdwn"}:
        yield from _text(value, Field("text", CONTEXT_TEXT), where)
    else:
        yield from _object(value, str(name), where)


def _anything(_value: object, _field: Field, _where: str) -> Faults:
    yield from ()


CHECKS: dict[str, Callable[[object, Field, str], Faults]] = {
    "str": _string,
    "text": _text,
    "plain": _text,
    "bool": _boolean,
    "int": _integer,
    "enum": _enum,
    "date": _date,
    "list": _list,
    "shape": _shape,
    "any": _anything,
}


def _object(value: Json, name: str, where: str) -> Faults:
    """Check one object against its line in the table, and then what its fields mean together."""
    faults = list(_fields(value, name, where))
    yield from faults
    for together in [] if faults else EXTRA.get(name, ()):
        yield from together(value, where)


def _fields(value: Json, name: str, where: str) -> Faults:
    shape = SHAPES[name]
    known = set(shape) | (set() if name in PARTS else {"type"})
    for key in sorted(set(value) - known):
        yield Fault(f"invalid additional property: {key}", where)
    for key, field in shape.items():
        if value.get(key) is not None:
            yield from CHECKS[field.kind](value[key], field, f"{where}/{key}")
        elif field.required:
            yield Fault(f"missing required field: {key}", where)


def _text_or_fields(section: Json, where: str) -> Faults:
    if not section.get("text") and not section.get("fields"):
        yield Fault("missing required field: text or fields", where)


def _one_image(image: Json, where: str) -> Faults:
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        yield Fault("exactly one of image_url and slack_file is needed", where)


def _one_list(select: Json, where: str) -> Faults:
    if bool(select.get("options")) == bool(select.get("option_groups")):
        yield Fault("exactly one of options and option_groups is needed", where)


def _initial_listed(element: Json, where: str) -> Faults:
    groups = element.get("option_groups") or []
    listed = [*(element.get("options") or []), *(o for g in groups for o in g.get("options") or [])]
    one = element.get("initial_option")
    for option in [*(element.get("initial_options") or []), *([one] if one else [])]:
        if option not in listed:
            yield Fault("the initial option is none of the options", where)


EXTRA: dict[str, tuple[Callable[[Json, str], Faults], ...]] = {
    "section": (_text_or_fields,),
    "image": (_one_image,),
    "static_select": (_one_list, _initial_listed),
    "multi_static_select": (_one_list, _initial_listed),
    "checkboxes": (_initial_listed,),
    "radio_buttons": (_initial_listed,),
}


def _block_faults(blocks: object, place: str, most: int, where: str) -> Faults:
    if not isinstance(blocks, list):
        yield Fault("must be an array", where)
        return
    if len(blocks) > most:
        yield Fault(f"no more than {most} items allowed", where)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{where}/{index}"
        yield from _shape(block, Field("shape", of=tuple(sorted(PLACES[place]))), here)
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield Fault(f'`block_id` "{block_id}" already exists', f"{here}/block_id")
        seen |= {block_id} if isinstance(block_id, str) else set()
        yield from _repeated_actions(block, here)


def _repeated_actions(block: Json, where: str) -> Faults:
    elements = block.get("elements")
    ids = [e.get("action_id") for e in elements if isinstance(e, dict)] if isinstance(elements, list) else []
    for action_id in sorted({one for one in ids if isinstance(one, str) and ids.count(one) > 1}):
        yield Fault(f'`action_id` "{action_id}" already exists', f"{where}/elements")


def message_faults(blocks: object) -> list[Fault]:
    """What Slack would not take in a message's blocks; empty when all is well."""
    faults = list(_block_faults(blocks, "message", MESSAGE_BLOCKS, "/blocks"))
    if not faults and isinstance(blocks, list):
        total = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
        if total > MARKDOWN_TOTAL:
            faults.append(Fault(f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters", "/blocks"))
    return faults


def too_long(blocks: object) -> bool:
    """Whether all words of a message's blocks together are more than Slack takes."""
    return _characters(blocks) > BLOCKS_TEXT


def _characters(part: object) -> int:
    if isinstance(part, str):
        return len(part)
    if isinstance(part, list):
        return sum(_characters(one) for one in part)
    if isinstance(part, dict):
        return sum(_characters(one) for key, one in part.items() if key in TEXT_KEYS)
    return 0


def view_faults(view: Json) -> list[Fault]:
    """What Slack would not take in a view; empty when all is well."""
    kind = str(view["type"])
    faults = list(_object(view, kind, "/view"))
    blocks = view.get("blocks")
    if blocks is not None:
        faults += _block_faults(blocks, kind, VIEW_BLOCKS, "/view/blocks")
    inputs = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and inputs and not view.get("submit"):
        faults.append(Fault("missing required field: submit", "/view"))
    return faults


def suggestion_faults(answer: Json) -> list[Fault]:
    """What Slack would not take as the options for an external menu; empty when all is well."""
    key, shape = ("option_groups", "option_group") if answer.get("option_groups") else ("options", "option")
    field = Field("list", SUGGESTIONS, 0, required=True, of=(shape,))
    return list(_list(answer.get(key), field, f"/{key}"))
