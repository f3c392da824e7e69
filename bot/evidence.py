"""A case as evidence (R38): all that was said and done in one file that shows when it was changed later.

The record is JSON in one fixed spelling; its SHA-256 is written into the audit when it is handed out. The page around
it is made from the record alone, so that it can be made again and compared.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.case import Case
from bot.commitments import Commitment
from bot.facts import RecordedFact
from bot.goodwill import ExceptionRequest
from bot.message import Role
from bot.playbook import Language
from bot.promises import Verification
from bot.takeover import Asking

FORMAT: Final = "aside-evidence/1"
OPENS: Final = '<script type="application/json" id="record">'
CLOSES: Final = "</script>"
_RECORD = re.compile(re.escape(OPENS) + "(.*?)" + re.escape(CLOSES), re.DOTALL)
_STATED = re.compile(r'<code id="sha256">([0-9a-f]{64})</code>')


class Part(BaseModel):
    """A piece of the record."""

    model_config = ConfigDict(frozen=True)


class Said(Part):
    """A message.

    Attributes:
        by: Slack id of whoever said it; an app's when it mirrors what was said elsewhere.
        text: Empty when the words are gone.
        deleted_at: When whoever wrote it deleted it in Slack.
        removed: The words were removed by policy or because the customer was forgotten.
    """

    at: datetime
    by: str
    role: Role
    channel: str
    ts: str
    text: str
    mirrored: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    removed: bool = False


class Audited(Part):
    """A row of the audit: who moved what, when and why."""

    at: datetime
    by: str
    subject: str
    subject_id: str
    move: str
    before: str
    after: str
    why: str


class Evidence(Part):
    """All that is on file about a case, but for what Aside whispered: that stays with whom it was whispered to.

    Attributes:
        customer: The customer's name; empty when there is none on file.
        people: What the people named in it are called, by their Slack ids.
    """

    case: Case
    customer: str
    people: Mapping[str, str]
    messages: Sequence[Said]
    facts: Sequence[RecordedFact]
    requests: Sequence[ExceptionRequest]
    verifications: Sequence[Verification]
    commitments: Sequence[Commitment]
    takeovers: Sequence[Asking]
    audit: Sequence[Audited]


def record(
    evidence: Evidence,
    *,
    by: str,
    at: datetime,
    zone: str,
    language: Language,
    version: str,
    called: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The record as plain values, its times by the clock of that zone, each with its offset.

    Args:
        by: Who takes it out.
        zone: An IANA name.
        version: The Aside that made it.
        called: What the playbook's signals are called in that language, by id.
    """
    there = ZoneInfo(zone)

    def plain(part: BaseModel | None) -> dict[str, Any] | None:
        if part is None:
            return None
        values = part.model_dump()
        clocked: dict[str, Any] = {
            name: value.astimezone(there).isoformat(timespec="seconds")
            for name, value in values.items()
            if isinstance(value, datetime)
        }
        if isinstance(part, ExceptionRequest):
            clocked |= {"grant": plain(part.grant), "proposed": plain(part.proposed)}
        if isinstance(part, Verification):
            clocked |= {"scope": plain(part.scope), "answers": None}
        return {**part.model_dump(mode="json"), **clocked}

    rows: dict[str, Sequence[BaseModel]] = {
        "messages": evidence.messages,
        "facts": evidence.facts,
        "requests": evidence.requests,
        "verifications": evidence.verifications,
        "answers": [each for asked in evidence.verifications for each in asked.answers],
        "commitments": evidence.commitments,
        "takeovers": evidence.takeovers,
        "audit": evidence.audit,
    }
    return {
        "format": FORMAT,
        "made_by": by,
        "made_at": at.astimezone(there).isoformat(timespec="seconds"),
        "made_with": version,
        "timezone": zone,
        "language": language,
        "customer": evidence.customer,
        "people": dict(evidence.people),
        "called": dict(called or {}),
        "case": plain(evidence.case),
        **{name: [plain(each) for each in parts] for name, parts in rows.items()},
    }


def spelt(values: Mapping[str, Any]) -> str:
    """The record in its one spelling: sorted, without spaces, in ASCII, and with nothing that HTML would read."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def digest(text: str) -> str:
    """The SHA-256 of a record's spelling."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Found(Part):
    """What a file says it is.

    Attributes:
        text: The record as it stands in the file.
        stated: The checksum that the file names.
    """

    text: str
    stated: str

    @property
    def values(self) -> dict[str, Any]:
        """The record.

        Raises:
            ValueError: When it is no record of ours.
        """
        values = json.loads(self.text)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError("not a record")
        return values


def found_in(page: str) -> Found | None:
    """The record in a page; None when there is none."""
    records, stated = _RECORD.findall(page), _STATED.findall(page)
    return Found(text=records[0], stated=stated[0]) if len(records) == len(stated) == 1 else None
