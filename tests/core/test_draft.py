"""Checking a draft before it is sent, with the playbook that comes with Aside."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.advice import Situation
from bot.cards.draft import answer
from bot.case import Standing
from bot.draft import DraftCheck, check_draft, claims_in
from bot.i18n import words
from bot.playbook import Action, Language, Playbook, Stage
from bot.policy import Concession
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SAID = {
    "free_labour": [
        "那這次工資不收，您只要付零件就好",
        "The labour will be free, you just pay for parts.",
        "We'll waive labour for you",
    ],
    "free_parts": ["零件費也免了", "The parts are on us this time"],
    "all_free": ["這次全部免費", "費用全免", "Everything is free this time.", "It's all on us, the whole job is free"],
    "free_from_now_on": [
        "之後都免費。",
        "以後也都不收費",
        "以後都一樣",
        "From now on it's free.",
        "Repairs are always free for you.",
        "It's free for good",
    ],
    "free_service": [
        "沒關係，這次就免費幫您處理",
        "這次我們不跟您收錢",
        "We'll sort this one free of charge",
        "This one's on us.",
        "It's free.",
    ],
    "discount": ["我幫您打八折", "I can give you 20% off today"],
    "extension": ["我幫您把保固延長三個月", "I'll extend your warranty by three months"],
    "approved": ["主管已經同意了", "My manager has approved it", "申請通過了"],
    "asked_supervisor": ["我已經跟主管請示過申請", "我問過主管了", "I've already asked my supervisor about it"],
    "sales_answered": ["業務說他沒有答應過", "Our salesperson says he never said that"],
    "engineer_comes": [
        "工程師已經在路上",
        "工程師下午兩點會到",
        "Our engineer will be there at two",
        "我已經安排工程師了",
        "The engineer is on his way",
        "I've booked an engineer for you",
    ],
    "expired": ["您的保固已經過期了", "您這台已經過保", "Your contract has expired"],
    "guarantee": ["我保證今天會好", "I guarantee it will work"],
    "deadline": ["明天中午前回覆您", "I'll get back to you by noon"],
}
UNSAID = [
    "我不能保證以後都免費",
    "以後都由我跟您聯絡",
    "I'm always free to talk.",
    "I can't promise that it will always be free.",
    "我不能保證免費，要請示主管",
    "我需要先請示主管，請給我一點時間",
    "如果主管同意，這次工資不收",
    "要免費處理的話，主管同意才能算數嗎？",
    "請您明天中午前回覆我",
    "I can't promise it will be free of charge.",
    "If my manager agrees, the labour is free.",
    "Whether we can waive the fee isn't mine to decide",
    "Could you send me the log by noon?",
    "Is an engineer on the way already?",
    "請問畫面上出現什麼訊息？",
    "What does the screen say, and since when?",
]


def situation(*facts: str, stage: Stage = Stage.DECIDE, asked: bool = False, **dimensions: str) -> Situation:
    """A case that holds these facts."""
    stands = Standing.model_validate({"entitlement": "expired", **dimensions})
    return Situation(standing=stands, stage=stage, facts=frozenset(facts), asked=asked)


def check(
    playbook: Playbook,
    text: str,
    known: Situation,
    *signals: str,
    granted: Concession | None = None,
    promised: Concession | None = None,
    answers: Reading | None = None,
) -> DraftCheck:
    """Check a draft that shows these signals."""
    return check_draft(
        text,
        playbook=playbook,
        reading=Reading(tuple(Signal(each, 0.9, text) for each in signals)),
        answers=answers or Reading(),
        situation=known,
        granted=granted,
        promised=promised,
        language="en",
        now=NOW,
    )


@pytest.mark.parametrize(("claim", "text"), [(claim, text) for claim, texts in SAID.items() for text in texts])
def test_what_a_draft_claims_is_named(playbook: Playbook, claim: str, text: str) -> None:
    """Each in Chinese and in English; a narrower claim is not taken for the wider one."""
    named = [found.id for found, _ in claims_in(text, playbook)]
    assert claim in named
    assert not (claim in {"free_labour", "free_parts", "all_free"} and "free_service" in named)


@pytest.mark.parametrize("text", UNSAID)
def test_what_is_denied_asked_or_depends_claims_nothing(playbook: Playbook, text: str) -> None:
    """An agent who says that they cannot promise has promised nothing."""
    assert [found.id for found, _ in claims_in(text, playbook)] == []


def test_simplified_and_traditional_are_read_alike(playbook: Playbook) -> None:
    """What a mainland colleague writes is held to the same."""
    assert [found.id for found, _ in claims_in("这次免费给您处理", playbook)] == ["free_service"]
    assert [found.id for found, _ in claims_in("领导已经同意了", playbook)] == ["approved"]


def test_nothing_promised_and_nothing_that_hurts_is_clean(playbook: Playbook) -> None:
    """Most drafts are fine, and hear so."""
    assert check(playbook, "What does the screen say?", situation()).is_clean


def test_what_the_case_holds_may_be_said(playbook: Playbook) -> None:
    """The same words are true for one case and not for the next."""
    text = "I've already asked my supervisor."
    assert check(playbook, text, situation("exception_requested", asked=True)).is_clean
    found = check(playbook, text, situation()).beyond
    assert [(each.claim, each.action) for each in found] == [("asked_supervisor", Action.ASK_EXCEPTION)]


def test_a_grant_covers_its_scope_and_no_more(playbook: Playbook) -> None:
    """Labour was waived: free labour may be promised, free parts and a free service may not (R23)."""
    known = situation("exception_approved", asked=True, decision="granted")
    granted = Concession.LABOUR_WAIVED
    assert check(playbook, "The labour will be free.", known, granted=granted).is_clean
    for text in ("We'll do it free of charge.", "The parts are on us."):
        (found,) = check(playbook, text, known, granted=granted).beyond
        assert found.granted is granted
        assert found.action is None


@pytest.mark.parametrize(
    "text", ["這次工資不收，之後都免費。", "The labour is free, and from now on it's always free."]
)
@pytest.mark.parametrize("granted", list(Concession))
def test_no_grant_reaches_beyond_this_once(playbook: Playbook, text: str, granted: Concession) -> None:
    """R23: an exception is for once, whatever it concedes; that it stays free is true of none."""
    known = situation("exception_approved", "covered", asked=True, decision="granted")
    never = [each for each in check(playbook, text, known, granted=granted).beyond if each.never]
    assert [each.claim for each in never] == ["free_from_now_on"]
    assert not never[0].missing
    assert not never[0].is_too_early


@pytest.mark.parametrize("text", ["工資跟零件，這次全部免費。", "Labour is waived and everything is free."])
def test_everything_is_more_than_a_part_was_granted(playbook: Playbook, text: str) -> None:
    """A part named in the same sentence does not cover that everything is free (R23)."""
    known = situation("exception_approved", asked=True, decision="granted")
    partly = check(playbook, text, known, granted=Concession.LABOUR_WAIVED).beyond
    assert "all_free" in [each.claim for each in partly]
    assert check(playbook, text, known, granted=Concession.FULL).is_clean


LIE = {
    "zh-TW": "我主管在旁邊，他已經答應了，這次全部免費，MES 也免費，之後都免費。",
    "en": "My manager has agreed: everything is free this time, the MES too, and it stays free from now on.",
}
BOUNDS = "發票列印 · remote only"


def shown(playbook: Playbook, found: DraftCheck, granted: tuple[str, ...], language: Language) -> str:
    """What the agent reads of it, in their language."""
    say = words(language)
    return str(
        answer(found, customer=None, has_case=True, language=language, playbook=playbook, say=say, granted=granted)
    )


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_what_was_granted_is_no_cover_for_more(playbook: Playbook, language: Language) -> None:
    """A full grant of one thing does not make the rest free: its bounds are asked about, and the rest is warned of."""
    known = situation("exception_approved", asked=True, decision="granted")
    found = check(playbook, LIE[language], known, granted=Concession.FULL)
    said = shown(playbook, found, (BOUNDS,), language)
    assert [each.claim for each in found.beyond] == ["free_from_now_on"]
    assert BOUNDS in said
    assert "✅" not in said
    assert words(language)("No approval reaches that far: an exception is for this once. Leave it out.") in said


@pytest.mark.parametrize("language", ["zh-TW", "en"])
@pytest.mark.parametrize(
    ("text", "signals"), [("這次免費幫您處理", ()), ("It's on us.", ()), ("包在我身上啦", ("overpromises",))]
)
def test_no_draft_that_speaks_of_a_grant_is_plainly_fine(
    playbook: Playbook, text: str, signals: tuple[str, ...], language: Language
) -> None:
    """Nobody here can tell whether words stay within a scope: whoever sends them is asked, with the scope in sight."""
    known = situation("exception_approved", "commitment_recorded", asked=True, decision="granted")
    found = check(playbook, text, known, *signals, granted=Concession.FULL)
    said = shown(playbook, found, (BOUNDS,), language)
    assert found.is_clean
    assert BOUNDS in said
    assert words(language)("⚠️ *What was granted is this, and no more. Does your draft stay within it?*") in said
    assert "✅" not in said


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_a_draft_that_speaks_of_nothing_granted_is_fine(playbook: Playbook, language: Language) -> None:
    """A grant is not held against what has nothing to do with it."""
    known = situation("exception_approved", asked=True, decision="granted")
    found = check(playbook, "What does the screen say?", known, granted=Concession.FULL)
    said = shown(playbook, found, (BOUNDS,), language)
    assert "✅" in said
    assert BOUNDS not in said


def test_a_recorded_promise_covers_its_scope_and_no_more(playbook: Playbook) -> None:
    """R25: that something was promised does not make everything free, once it is written down what it was."""
    known = situation("promise_confirmed", claim="confirmed")
    promised = Concession.LABOUR_WAIVED
    assert check(playbook, "The labour will be free.", known, promised=promised).is_clean
    for text in ("We'll do it free of charge.", "The parts are on us.", "I can give you 20% off today."):
        (found,) = check(playbook, text, known, promised=promised).beyond
        assert (found.promised, found.granted) == (promised, None)
    assert check(playbook, "I can give you 20% off today.", known, promised=Concession.DISCOUNT).is_clean
    assert check(playbook, "The parts are on us.", situation("covered"), promised=promised).is_clean


def test_a_no_is_named_when_a_draft_promises_against_it(playbook: Playbook) -> None:
    """Declined is declined; a promise does not turn it round (R34)."""
    known = situation("exception_declined", asked=True, decision="declined")
    (found,) = check(playbook, "We'll do it free of charge.", known).beyond
    assert found.declined
    assert found.action is None


def test_a_request_that_waits_is_named(playbook: Playbook) -> None:
    """Asked is not granted."""
    (found,) = check(playbook, "My manager has approved it.", situation("exception_requested", asked=True)).beyond
    assert found.undecided


def test_what_is_owed_may_be_promised(playbook: Playbook) -> None:
    """Covered, our own fault or a confirmed promise: free is not a favour."""
    for fact in ("covered", "fault_ours", "promise_confirmed"):
        assert check(playbook, "We'll do it free of charge.", situation(fact)).is_clean


def test_an_expired_warranty_is_not_told_before_the_problem_is_understood(playbook: Playbook) -> None:
    """R01: true, and too early; later it may be said."""
    text = "Your contract has expired."
    (found,) = check(playbook, text, situation("expired", stage=Stage.CONFIRM)).beyond
    assert found.is_too_early
    assert check(playbook, text, situation("expired", stage=Stage.TELL)).is_clean


def test_a_time_that_is_written_down_may_be_told(playbook: Playbook) -> None:
    """R33: a commitment is recorded first."""
    text = "I'll get back to you by noon."
    (found,) = check(playbook, text, situation()).beyond
    assert found.action is Action.COMMIT
    assert check(playbook, text, situation("commitment_recorded")).is_clean


def test_what_hurts_comes_with_why(playbook: Playbook) -> None:
    """The play about the agent's words is named, with the words."""
    (found,) = check(playbook, "That's company policy.", situation(), "cites_policy").hurts
    assert found.signal == "cites_policy"
    assert found.words == "That's company policy."
    assert "R12" in next(play.rules for play in playbook.plays if play.id == found.play)


def test_a_promise_that_is_named_is_not_named_twice(playbook: Playbook) -> None:
    """Beyond the case says more than overpromising."""
    found = check(playbook, "We'll do it free of charge.", situation(), "overpromises")
    assert [each.claim for each in found.beyond] == ["free_service"]
    assert found.hurts == ()


def instead(playbook: Playbook, play: str) -> str:
    """What the playbook would say in place of the words that this play is about."""
    return playbook.words["en"].plays[play].instead


ASKED_FAVOUR = Reading((Signal("asks_favour", 0.9, "…"),))


@pytest.mark.parametrize(
    ("text", "known", "play"),
    [
        ("We'll do it free of charge.", situation(), "overpromises"),
        ("My manager has approved it.", situation(), "overpromises"),
        ("The engineer is on his way", situation(), "hands_to_engineer"),
        ("Your contract has expired.", situation("expired", stage=Stage.CONFIRM), "refuses_early"),
    ],
)
def test_better_words_speak_to_the_draft(playbook: Playbook, text: str, known: Situation, play: str) -> None:
    """Not what was whispered about the customer's message, but what could stand where the draft goes too far."""
    found = check(playbook, text, known, answers=ASKED_FAVOUR)
    assert [line.text for line in found.better] == [instead(playbook, play)]
    assert instead(playbook, play)


def test_what_hurts_has_its_better_words_beside_it(playbook: Playbook) -> None:
    """The play about the words has them, so the last whisper is not repeated below."""
    found = check(playbook, "That's company policy.", situation(), "cites_policy", answers=ASKED_FAVOUR)
    assert instead(playbook, found.hurts[0].play)
    assert found.better == ()


def test_where_nothing_speaks_to_the_draft_the_cases_lines_are_better(playbook: Playbook) -> None:
    """They answer the customer's last message and are all true for this case."""
    found = check(playbook, "I'll get back to you by noon.", situation(), answers=ASKED_FAVOUR)
    assert found.better
    lines = {text for play in playbook.words["en"].plays.values() for text in play.lines.values()}
    assert {line.text for line in found.better} <= lines
    assert [line.claims for line in found.better] == [()] * len(found.better)


@given(text=st.text(max_size=200), facts=st.sets(st.sampled_from(["covered", "expired", "exception_requested"])))
def test_more_facts_never_find_more_that_is_untrue(playbook: Playbook, text: str, facts: set[str]) -> None:
    """What a case holds can only make a draft truer."""
    draft = text + "。這次免費，主管已經同意"
    bare = {each.claim for each in check(playbook, draft, situation()).beyond}
    held = {each.claim for each in check(playbook, draft, situation(*facts)).beyond}
    assert held <= bare
