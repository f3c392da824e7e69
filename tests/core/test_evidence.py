"""A case as evidence (R38): everything with who and when, nothing that runs, and a checksum that a change breaks."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.case import Case
from bot.commitments import Commitment
from bot.evidence import Audited, Evidence, Said, digest, found_in, record, spelt
from bot.evidence_page import page
from bot.facts import RecordedFact
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.i18n import words
from bot.message import Role
from bot.playbook import Language
from bot.policy import Concession
from bot.promises import Answer, EvidenceFile, Given, Scope, Verification, VerificationState
from bot.takeover import Asking, AskState, Kind

AT = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'"
FORMULA = '=HYPERLINK("http://example.com","click")'
VOID = {"meta"}


def evidence(said: str, *, name: str = "王淑芬") -> Evidence:
    """A case in which this stands wherever somebody can write."""
    about = {"workspace": "T1", "case_id": "c" * 32}
    paper = EvidenceFile(id="F1", name=said, link="https://x.example/files/U3/F1/offer.pdf")
    return Evidence(
        case=Case(
            workspace="T1", id="c" * 32, customer_id="C-1", channel="C0", thread_ts="1.0", agent="U1", opened_at=AT
        ),
        customer=said,
        people={"U0": name, "U1": name},
        messages=[
            Said(at=AT, by="U0", role=Role.CUSTOMER, channel="C0", ts="1.0", text=said, edited_at=AT),
            Said(at=AT, by="U0", role=Role.CUSTOMER, channel="C0", ts="2.0", text="", deleted_at=AT),
            Said(at=AT, by="U0", role=Role.CUSTOMER, channel="C0", ts="3.0", text="", removed=True),
        ],
        facts=[RecordedFact(name="evidence", value=said, by="U1", at=AT, why=said)],
        requests=[
            ExceptionRequest(
                **about,
                id="e" * 32,
                customer_id="C-1",
                state=ExceptionState.APPROVED,
                requested_by="U1",
                requested_at=AT,
                concession=Concession.FULL,
                fault=said,
                cost=Decimal("3000.00"),
                currency="TWD",
                reason=said,
                question=said,
                answer=said,
                decided_by="U2",
                decided_at=AT,
                decision_reason=said,
                grant=Grant(concession=Concession.FULL, scope=said, cap=Decimal(3000), conditions=said, valid_until=AT),
            )
        ],
        verifications=[
            Verification(
                **about,
                id="v" * 32,
                customer_id="C-1",
                claimed=said,
                state=VerificationState.CONFIRMED,
                asked_by="U1",
                asked_at=AT,
                told=("U3", ""),
                answers=(
                    Given(answer=Answer.YES, by="U3", at=AT, evidence=said, files=(paper,)),
                    Given(answer=Answer.NO, by="U4", at=AT, evidence=said),
                ),
                question=said,
                questioned_by="U2",
                scope=Scope(concession=Concession.FULL, what=said, by="U2", at=AT),
            )
        ],
        commitments=[
            Commitment(**about, id="k" * 32, text=said, due_at=AT, timezone="Asia/Taipei", made_by="U1", made_at=AT)
        ],
        takeovers=[
            Asking(
                **about,
                id="t" * 32,
                kind=Kind.TAKEOVER,
                round="t" * 32,
                asked_by="U1",
                asked="U5",
                why=said,
                state=AskState.DECLINED,
                asked_at=AT,
                settled_at=AT,
            )
        ],
        audit=[
            Audited(at=AT, by="U1", subject="case", subject_id="c" * 32, move="x", before=said, after=said, why=said)
        ],
    )


def made(said: str, *, zone: str = "Asia/Taipei", language: Language = "en", name: str = "王淑芬") -> dict[str, object]:
    """Its record."""
    return record(evidence(said, name=name), by="U2", at=AT, zone=zone, language=language, version="1")


class Read(HTMLParser):
    """What a browser makes of a page: its elements, their attributes, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, the one that began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words that are shown; the record is not."""
        if "script" not in self.open and "style" not in self.open:
            self.words.append(data)


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
def test_whatever_was_written_is_shown_and_nothing_of_it_runs(language: Language) -> None:
    """R38: the words stand there as they were typed; no element, attribute or script comes of them."""
    plain, hostile = (Read(page(made(said, language=language, name=said))) for said in ("x", HOSTILE))
    assert hostile.tags == plain.tags
    assert hostile.attributes == plain.attributes
    assert hostile.tags.count("script") == 1
    assert hostile.open == []
    assert sum(f"“{HOSTILE}”" in words for words in hostile.words) >= 15


@given(st.text(st.characters(), max_size=60))
@example(HOSTILE)
@example(FORMULA)
@example("\t=1+1")
@example("\ud800\x00\x1b[31m")
@example("\u202e]]>-->")
def test_no_text_becomes_markup_or_a_formula_or_breaks_the_file(said: str) -> None:
    """Whatever people type: the same elements, no cell that a spreadsheet would compute, a file that can be kept."""
    text = page(made(said, name=said))
    text.encode("utf-8")
    read, calm = Read(text), Read(page(made("x", name="x")))
    assert read.open == []
    assert [tag for tag in read.tags if tag not in {"dt", "dd", "bdi"}] == [
        tag for tag in calm.tags if tag not in {"dt", "dd", "bdi"}
    ]
    assert not [words for words in read.words if words.lstrip(" \n")[:1] in {*"=+-@", "\t", "\r"} - {""}]
    found = found_in(text)
    assert found
    assert (found.stated, spelt(found.values)) == (digest(found.text), found.text)


@pytest.mark.parametrize(("language", "named"), [("zh-TW", "檔案"), ("en", "Files")])
def test_a_file_stands_there_by_its_name_with_the_way_to_it(language: Language, named: str) -> None:
    """The file itself stays in Slack; whoever may open it there finds it."""
    shown = Read(page(made("offer.pdf", language=language))).words
    assert shown[shown.index(named) + 1] == "“offer.pdf” https://x.example/files/U3/F1/offer.pdf"


def test_times_are_the_readers_own_with_their_offset() -> None:
    """One moment, told in two places: the offset says that it is the same."""
    taipei, berlin = (made("x", zone=zone) for zone in ("Asia/Taipei", "Europe/Berlin"))
    shown = [values["messages"][0]["at"] for values in (taipei, berlin)]  # type: ignore[index] # plain JSON
    assert shown == ["2026-03-04T10:30:00+08:00", "2026-03-04T03:30:00+01:00"]
    assert "2026-03-04 10:30:00 +08:00" in page(taipei)
    assert "+00:00" not in page(taipei)


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
def test_the_page_says_in_words_what_the_record_says_in_codes(language: Language) -> None:
    """A reader finds names, roles and states, no id or code of ours but in the list of people and the record itself."""
    values = made("x", language=language)
    shown = Read(page(values)).words
    say = words(language)
    for word in ("customer", "approved", "confirmed", "cannot now", "a takeover", "Evidence", "Whose fault?"):
        assert say(word) in shown or any(say(word) in each for each in shown), word
    codes = {"customer", "approved", "confirmed", "declined", "takeover", "evidence", "full", "yes", "open"}
    assert language == "en" or codes.isdisjoint(shown)
    assert "“王淑芬”" in shown
    assert [each for each in shown if "U1" in each] == ["U1"]
    assert any(
        say("All times are those of {zone}, each with its difference from UTC.", zone="Asia/Taipei") == each
        for each in shown
    )


def test_deleted_and_removed_messages_are_told_without_their_words() -> None:
    """A gap says that it is one, whose it is and since when."""
    words = Read(page(made("x"))).words
    assert "“deleted by whoever wrote it”" in words
    assert "“removed”" in words


def test_any_change_to_the_record_shows() -> None:
    """One character more, and the checksum is another; the same record always has the same."""
    values = made("we were promised this")
    text = page(values)
    found = found_in(text)
    assert found
    assert digest(found.text) == found.stated == digest(spelt(values))
    forged = found_in(text.replace("we were promised this", "we were promised nothing"))
    assert forged
    assert digest(forged.text) != forged.stated
    assert page(json.loads(found.text)) == text


@pytest.mark.parametrize("text", ["", "<html></html>", '<script type="application/json" id="record">{}</script>'])
def test_what_is_no_exported_case_is_found_out(text: str) -> None:
    """Neither an empty file nor a half one is taken for evidence."""
    assert found_in(text) is None
