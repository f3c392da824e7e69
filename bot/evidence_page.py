"""The page around a case's record (R38): to be read, printed and kept; no script runs in it, nothing is fetched.

Whatever people typed is escaped and stands in quotation marks, so that it is neither markup nor, should a spreadsheet
open the page, a formula.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from bot.blocks import cut
from bot.evidence import CLOSES, OPENS, digest, spelt
from bot.evidence_words import SUBJECTS, meaning
from bot.i18n import Words, words

STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1d1c1d}"
    "h2{border-bottom:1px solid #ccc;margin-top:2.5rem}h3{font-size:1rem;margin:1.2rem 0 .2rem}"
    "dl{display:grid;grid-template-columns:11rem 1fr;gap:.1rem 1rem;margin:0}dt{color:#616061}dd{margin:0;"
    "white-space:pre-wrap;overflow-wrap:anywhere}code{overflow-wrap:anywhere}li{overflow-wrap:anywhere}"
)
TYPED: Final = frozenset(
    {
        *("text", "value", "why", "fault", "reason", "evidence", "new_fact", "question", "answer", "decision_reason"),
        *("scope", "conditions", "claimed", "what", "before", "after", "customer"),
    }
)
"""What people typed, or what may hold it."""
PEOPLE: Final = frozenset(
    {
        *("by", "requested_by", "asked_back_by", "first_by", "decided_by", "deputy_for", "used_by", "asked_by"),
        *("asked", "told", "questioned_by", "made_by", "settled_by", "agent"),
    }
)
FIRST: Final = (
    *("by", "role", "requested_by", "asked_by", "made_by", "asked", "kind", "move", "subject", "name", "value", "text"),
    *(
        "claimed",
        "concession",
        "cost",
        "currency",
        "fault",
        "fault_ours",
        "reason",
        "state",
        "due_at",
        "question",
        "answer",
    ),
    *("first_by", "first_at", "decided_by", "decided_at", "decision_reason", "proposed", "grant"),
)
"""What is read first of each entry, in this order; the rest follows by name, so that the order is always the same."""
LEFT_OUT: Final = frozenset(
    {"workspace", "case_id", "customer_id", "holds", "round", "round_told", "round_answers", "moves", "ts", "due_move"}
)
"""What is in the record and tells a reader nothing."""
IDS: Final = frozenset({"id", "subject_id", "reopens", "channel", "thread_ts"})
"""By what a machine finds an entry; the record has it, and the page the case's own."""
OURSELVES: Final = "aside"
"""Who did what happens by itself."""
GIST: Final = 80
"""So many characters of what was typed stand in the timeline."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def label(name: str, say: Words) -> str:
    """What a field is called; one that is not told here keeps its name."""
    return {
        "after": say("After"),
        "agent": say("Handled by"),
        "answer": say("Answer"),
        "asked": say("Asked"),
        "asked_at": say("Asked on"),
        "asked_back_by": say("Asked back by"),
        "asked_by": say("Asked by"),
        "at": say("When"),
        "before": say("Before"),
        "by": say("Who"),
        "cap": say("At most"),
        "channel": say("Channel"),
        "claimed": say("What the customer said"),
        "concession": say("Concession"),
        "conditions": say("Conditions"),
        "cost": say("Cost to us"),
        "currency": say("Currency"),
        "customer": say("Customer"),
        "decided_at": say("Decided on"),
        "decided_by": say("Decided by"),
        "decision_reason": say("Reason for the decision"),
        "deleted_at": say("Deleted on"),
        "deputy_for": say("Standing in for"),
        "due_at": say("Due on"),
        "edited_at": say("Edited on"),
        "evidence": say("Evidence"),
        "extended_to": say("Extended to"),
        "fault": say("Fault"),
        "fault_ours": say("Whose fault?"),
        "files": say("Files"),
        "first_at": say("First approved on"),
        "first_by": say("First approved by"),
        "grant": say("Granted"),
        "id": say("Id"),
        "kind": say("Kind"),
        "made_at": say("Made on"),
        "made_by": say("Made by"),
        "mirrored": say("Mirrored from elsewhere"),
        "move": say("Move"),
        "name": say("Fact"),
        "new_fact": say("What is new"),
        "number": say("Number"),
        "opened_at": say("Opened on"),
        "ours": say("Our own fault, put right"),
        "proposed": say("Would grant"),
        "question": say("Question"),
        "questioned_by": say("Evidence questioned by"),
        "reason": say("Reason"),
        "removed": say("Words removed"),
        "reopens": say("Reopens"),
        "requested_at": say("Requested on"),
        "requested_by": say("Requested by"),
        "role": say("Role"),
        "scope": say("For"),
        "settled_at": say("Settled on"),
        "settled_by": say("Settled by"),
        "state": say("State"),
        "subject": say("Subject"),
        "subject_id": say("Id of the subject"),
        "text": say("Words"),
        "thread_ts": say("Thread"),
        "timezone": say("Time zone"),
        "told": say("Asked"),
        "until": say("Until"),
        "used_at": say("Used on"),
        "used_by": say("Used by"),
        "valid_until": say("Valid until"),
        "value": say("Value"),
        "what": say("What was promised"),
        "why": say("Why"),
    }.get(name, name)


def _titles(say: Words) -> dict[str, str]:
    """The parts of the record, in the order in which they are read, each with when it happened."""
    return {
        "messages": say("What was said"),
        "facts": say("What was written down"),
        "requests": say("Requests and decisions"),
        "verifications": say("Questions to sales"),
        "answers": say("Answers from sales"),
        "commitments": say("Commitments"),
        "takeovers": say("Colleagues asked in"),
        "audit": say("Audit"),
    }


_HAPPENED: Final = {
    "messages": ("at", "deleted_at"),
    "facts": ("at",),
    "requests": ("requested_at", "first_at", "decided_at", "used_at"),
    "verifications": ("asked_at",),
    "answers": ("at",),
    "commitments": ("made_at", "settled_at"),
    "takeovers": ("asked_at", "settled_at"),
    "audit": ("at",),
}


def page(values: Mapping[str, Any]) -> str:
    """The whole file: what can be read, and the record itself with its checksum."""
    say = words(values["language"])
    text = spelt(values)
    title = escape(say("A case as evidence"))
    body = [f"<h1>{title}</h1>", *_about(values, text, say), *_timeline(values, say)]
    for part, heading in _titles(say).items():
        body += [f"<h2>{escape(heading)}</h2>", *_part(values, part, say)]
    body += _people(values, say)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(values["language"])}"><head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            *body,
            f"{OPENS}{text}{CLOSES}",
            "</body></html>",
            "",
        ]
    )


def _about(values: Mapping[str, Any], text: str, say: Words) -> Iterator[str]:
    case = values["case"]
    yield "<dl>"
    yield from _field("customer", values["customer"] or say("a customer not on file"), values, say)
    for name in ("id", "state", "agent", "channel", "opened_at"):
        yield from _field(name, case[name], values, say, subject="case", with_ids=True)
    for name in ("made_by", "made_at", "timezone"):
        yield from _field(name, values[name], values, say)
    yield "</dl>"
    zone = say("All times are those of {zone}, each with its difference from UTC.", zone=values["timezone"])
    yield f"<p>{escape(zone)}</p>"
    told = say(
        "The checksum (SHA-256) below is that of the record at the end of this file. It is kept in the audit as well: "
        "`aside case check` tells whether anything in the file was changed."
    )
    with_code = re.sub("`([^`]+)`", r"<code>\1</code>", escape(told))
    yield f'<p>{with_code}</p><p><code id="sha256">{digest(text)}</code></p>'


def _timeline(values: Mapping[str, Any], say: Words) -> Iterator[str]:
    """Everything once more, in the order in which it happened, one line each."""
    titles = _titles(say)
    happened = [
        (
            each[name],
            number,
            titles[part],
            label(name, say) if name != "at" else "",
            _who(each, name, values, say),
            _gist(each, part, say),
        )
        for number, part in enumerate(titles)
        for each in values[part]
        for name in _HAPPENED[part]
        if each.get(name)
    ]
    yield f"<h2>{escape(say('Timeline'))}</h2><ul>"
    for at, _, *told in sorted(happened, key=_moment_of):
        yield f"<li>{' · '.join(escape(each) for each in (_clock(at), *told) if each)}</li>"
    yield "</ul>"


def _gist(each: Mapping[str, Any], part: str, say: Words) -> str:
    """An entry in a few words: what it is, and what was typed in quotation marks."""
    told = [
        _code(name, str(each[name]), part, each, say) for name in ("subject", "move", "kind", "name") if each.get(name)
    ]
    if each.get("concession"):
        told.append(_code("concession", str(each["concession"]), part, each, say))
    typed = next((str(each[name]) for name in ("text", "value", "fault", "claimed") if each.get(name)), "")
    known = meaning("value", typed, str(each.get("name") or ""), say) if each.get("value") else None
    quoted = [known or f"“{_CONTROL.sub('�', cut(' '.join(typed.split()), GIST))}”"] if typed else []
    return say(", ").join([*told, *quoted])


def _code(name: str, code: str, part: str, each: Mapping[str, Any], say: Words) -> str:
    """A code in words; as it is when it has none."""
    return meaning(name, code, _subject(part, each), say) or _CONTROL.sub("�", code)


def _subject(part: str, each: Mapping[str, Any]) -> str:
    """What an entry is about, as the audit calls it; a fact is about what it is called."""
    if part == "facts":
        return str(each.get("name") or "")
    return str(each.get("subject") or "") if part == "audit" else SUBJECTS.get(part, part)


def _moment_of(happened: tuple[str, int, str, str, str, str]) -> tuple[float, int]:
    return datetime.fromisoformat(happened[0]).timestamp(), happened[1]


def _who(each: Mapping[str, Any], when: str, values: Mapping[str, Any], say: Words) -> str:
    """Whose doing it was."""
    user = each.get(when.removesuffix("_at") + "_by") or (each.get("by") if when == "at" else None)
    return _told("by", user, values, say, "") if user else ""


def _part(values: Mapping[str, Any], part: str, say: Words) -> Iterator[str]:
    if not values[part]:
        yield f"<p>{escape(say('Nothing is on file.'))}</p>"
    for each in values[part]:
        at = each[_HAPPENED[part][0]]
        yield f"<h3>{escape(_clock(at))}</h3><dl>"
        for name, value in sorted(each.items(), key=_reading_order):
            if name == _HAPPENED[part][0] or (part, name) == ("facts", "after"):
                continue
            shown = _shown(part, name, value, each, say)
            yield from _field(name, shown, values, say, subject=_subject(part, each))
        yield "</dl>"


def _reading_order(field: tuple[str, Any]) -> tuple[int, str]:
    name = field[0]
    return FIRST.index(name) if name in FIRST else len(FIRST), name


def _shown(part: str, name: str, value: Any, each: Mapping[str, Any], say: Words) -> Any:
    """A message whose words are gone says so instead."""
    if part == "messages" and name == "text" and not value:
        return say("deleted by whoever wrote it") if each["deleted_at"] else say("removed")
    return value


def _field(
    name: str, value: Any, values: Mapping[str, Any], say: Words, *, subject: str = "", with_ids: bool = False
) -> Iterator[str]:
    if name in IDS and not with_ids:
        return
    if name in LEFT_OUT or value is None or value in ("", []) or value is False:
        return
    if isinstance(value, Mapping):
        for inner, held in sorted(value.items(), key=_reading_order):
            yield from _field(inner, held, values, say, subject=subject)
        return
    told = _told(name, value, values, say, subject)
    yield f"<dt>{escape(label(name, say))}</dt><dd><bdi>{escape(told)}</bdi></dd>"


def _told(name: str, value: Any, values: Mapping[str, Any], say: Words, subject: str) -> str:
    """A field's value as people read it: a code in words, a person's name, what was typed in quotation marks."""
    if isinstance(value, list):
        return ", ".join(_listed(each, values, say) for each in value)
    if value is True:
        return say("yes")
    if known := meaning(name, str(value), subject, say):
        return known
    if name in PEOPLE or str(value) in values["people"]:
        return say("Aside, by itself") if value == OURSELVES else _person(str(value), values)
    if name == "why" and (signals := _signals(str(value), values)):
        return say(", ").join(signals)
    if name in TYPED:
        return f"“{_CONTROL.sub('�', str(value))}”"
    if name.endswith("_at") or name == "valid_until":
        return _clock(str(value))
    return _CONTROL.sub("�", str(value))


def _listed(each: Any, values: Mapping[str, Any], say: Words) -> str:
    """One of several: a file by its name with the way to it, a person, or the sales channel."""
    if isinstance(each, Mapping):
        return f"“{_CONTROL.sub('�', str(each['name']))}” {_CONTROL.sub('�', str(each['link']))}"
    return _person(str(each), values) if each else say("the sales channel")


def _signals(why: str, values: Mapping[str, Any]) -> list[str]:
    """The signals for which something was done, in words; empty when it was done for something else."""
    called = values.get("called", {})
    ids = why.split()
    return [called[each] for each in ids] if all(each in called for each in ids) else []


def _person(user: str, values: Mapping[str, Any]) -> str:
    """What somebody is called; their id when nobody knows."""
    called = values["people"].get(user)
    return f"“{_CONTROL.sub('�', called)}”" if called else user


def _people(values: Mapping[str, Any], say: Words) -> Iterator[str]:
    """Who the names are: each with the id that Slack knows them by."""
    if not values["people"]:
        return
    yield f"<h2>{escape(say('People'))}</h2><dl>"
    for user in sorted(values["people"]):
        yield f"<dt>{escape(user)}</dt><dd><bdi>{escape(_person(user, values))}</bdi></dd>"
    yield "</dl>"


def _clock(at: str) -> str:
    """A time as people read it, with its offset."""
    return f"{at[:10]} {at[11:19]} {at[19:]}"
