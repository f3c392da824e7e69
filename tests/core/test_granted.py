"""What was granted is told with its bounds: whoever says an offered line promises no more than the yes."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Advice, Situation
from bot.blocks import Block
from bot.cards import granted as granted_card
from bot.cards import whisper
from bot.case import Standing, facts_held
from bot.coaching import TELLS_OF_THE_YES, advise, advise_on, spelt
from bot.entitlement import Entitlement
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.grants import Granted, allowed
from bot.i18n import words
from bot.message import Role
from bot.playbook import LANGUAGES, Language, Playbook, Stage
from bot.playbook_claims import claiming_words
from bot.policy import Concession
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CHINESE = "零件費用由貴公司負擔"
ENGLISH = "The parts are paid by your company."
LONG = "這一次只處理發票列印，其他模組的問題要另外談。" * 8
MONEY = r"免費|免费|免收|全免|不收|減收|打折|延長|延长|free of|waive|discount|no charge|extend"
MARKUP = "先付清 {customer} 的舊帳 <!channel>"


def grant(**changed: object) -> Granted:
    """A yes to one service, to be booked within two weeks."""
    known = {
        "concession": Concession.LABOUR_WAIVED,
        "scope": "發票印不出來",
        "cap": Decimal(1500),
        "currency": "TWD",
        "book_by": date(2026, 12, 6),
    }
    return Granted.model_validate(known | changed)


def situation(yes: Granted, language: Language) -> Situation:
    """A case in which that was granted."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="granted")
    facts = facts_held(stands, {}, understood=True, requested=False, sales_told=False, prices_on_file=False)
    return Situation(
        standing=stands,
        stage=Stage.COMMIT,
        facts=facts,
        values={"customer": "廣昕", "concession": granted_card.in_a_line(yes, words(language))},
        asked=True,
        granted=yes,
    )


def advices(playbook: Playbook, yes: Granted, language: Language, signal: str, anger: int) -> list[Advice]:
    """What is whispered of it: on the customer's next message, and as news."""
    known = situation(yes, language)
    answered = advise(
        playbook,
        reading=Reading((Signal(signal, 0.9, "…"),), anger),
        speaker=Role.CUSTOMER,
        situation=known,
        given=(),
        language=language,
        now=NOW,
    )
    return [
        each
        for each in (answered, advise_on(playbook, "exception_approved", situation=known, language=language))
        if each
    ]


def read(blocks: list[Block]) -> str:
    """All that stands in blocks, as it was before it was escaped."""
    found: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            found.extend(value for key, value in part.items() if key == "text" and isinstance(value, str))
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(blocks)
    return "\n".join(found).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


any_grant = st.builds(
    grant,
    concession=st.sampled_from([each for each in Concession if each is not Concession.EXTENSION]),
    cap=st.sampled_from([Decimal(7777), Decimal(98_765)]),
    conditions=st.sampled_from(["", CHINESE, ENGLISH, LONG, MARKUP]),
    book_by=st.sampled_from([None, date(2026, 12, 6), date(2027, 1, 31)]),
) | st.builds(
    grant,
    concession=st.just(Concession.EXTENSION),
    conditions=st.sampled_from(["", CHINESE, ENGLISH, LONG, MARKUP]),
    book_by=st.none(),
    extended_to=st.dates(date(2026, 12, 1), date(2027, 3, 1)),
)


@given(
    yes=any_grant,
    language=st.sampled_from(LANGUAGES),
    reader=st.sampled_from(LANGUAGES),
    signal=st.sampled_from(["reports_fault", "asks_favour", "asks_price", "asks_engineer", "demands_compensation"]),
    anger=st.integers(0, 3),
)
@settings(max_examples=200, deadline=None)
def test_nobody_who_says_an_offered_line_promises_more_than_was_granted(
    playbook: Playbook, yes: Granted, language: Language, reader: Language, signal: str, anger: int
) -> None:
    """A line that tells of the yes names its last day, its conditions or that they follow; the rest is beside it."""
    for advice in advices(playbook, yes, language, signal, anger):
        telling = [line.text for line in advice.lines if TELLS_OF_THE_YES in line.claims]
        assert (advice.granted == yes) is bool(telling)
        shown = granted_card.in_a_line(yes, words(language))
        for text in (line for line in telling if shown in line):
            assert all(spelt(day, language) in text for day in (yes.book_by, yes.extended_to) if day)
            assert yes.extended_to or words(language)(", for this one problem, within what was approved") in text
            assert str(yes.cap) not in text.replace(",", "")
        card = read(whisper.card(advice, "a" * 26, customer="廣昕", playbook=playbook, say=words(reader))[1])
        if telling:
            assert all(row in card for row in map(unescaped, granted_card.rows(yes, words(reader))))
            said = granted_card.spoken_conditions(yes, language)
            assert not yes.conditions or yes.conditions in card
            beside = words(reader)("Say this with it") in card
            assert beside is bool(yes.conditions and not (said and any(said in text for text in telling)))


def unescaped(text: str) -> str:
    """Markup as it was before it was escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_granted_stands_in_lines_only_with_its_bounds(playbook: Playbook, language: Language) -> None:
    """What a line that tells of the yes says of money, it says through `{concession}`, which holds every bound."""
    for play in playbook.plays:
        for line in play.lines:
            text = playbook.words[language].plays[play.id].lines[line.id]
            if TELLS_OF_THE_YES in line.claims and "{concession}" not in text:
                assert not re.search(MONEY, text), (play.id, line.id)
            if "{concession}" in text:
                assert TELLS_OF_THE_YES in line.claims
                assert claiming_words(language, text)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            (
                "no labour charge, parts at the usual price, for this one problem, within what was approved, "
                "to be booked by 6 December 2026, on a condition that comes right after this"
            ),
        ),
        (
            "zh-TW",
            (
                "免收工資，零件照定價，只限這次的問題、在核准的範圍內，請在 2026 年 12 月 6 日以前約好，"
                "條件是：零件費用由貴公司負擔"
            ),
        ),
        (
            "zh-CN",
            (
                "免收人工费，零件照定价，只限这次的问题、在批准的范围内，请在 2026年12月6日以前约好，"
                "条件是：零件费用由贵公司负担"
            ),
        ),
    ],
)
def test_conditions_are_spoken_where_they_are_written_in_the_customers_language(language: Language, told: str) -> None:
    """Elsewhere the line says that a condition follows, and it stands beside the line, to be said in their language."""
    assert granted_card.in_a_line(grant(conditions=f"{CHINESE}。"), words(language)) == told


def test_an_extension_is_told_by_its_last_day() -> None:
    """The cover goes on until then; what it may cost us and which fault began it bound nothing for the customer."""
    yes = grant(concession=Concession.EXTENSION, extended_to=date(2027, 1, 31), book_by=None, conditions=ENGLISH)
    told = granted_card.in_a_line(yes, words("en"))
    assert told == "your cover goes on until 31 January 2027, on this condition: The parts are paid by your company"


def test_the_days_of_a_grant_are_the_desks() -> None:
    """It holds until its last day is over at the desk, wherever it is read; once booked, nothing is left to book."""
    request = ExceptionRequest(
        workspace="T1",
        id="e",
        case_id="c",
        customer_id="1",
        state=ExceptionState.APPROVED,
        requested_by="U1",
        requested_at=NOW,
        concession=Concession.FULL,
        fault="發票印不出來",
        cost=Decimal(3000),
        currency="TWD",
        reason="老客戶",
        grant=Grant(
            concession=Concession.FULL,
            scope="發票印不出來",
            cap=Decimal(3000),
            valid_until=datetime(2026, 12, 6, 15, 59, 59, tzinfo=UTC),
        ),
    )
    told = allowed(request, "Asia/Taipei")
    assert told
    assert told.book_by == date(2026, 12, 6)
    booked = allowed(request.model_copy(update={"state": ExceptionState.USED, "used_at": NOW}), "Asia/Taipei")
    assert booked == told.model_copy(update={"book_by": None})
    assert allowed(request.model_copy(update={"grant": None}), "Asia/Taipei") is None
