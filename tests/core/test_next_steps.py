"""What a whisper tells the agent to do next can be done with a button beside it, or it is not told."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Situation
from bot.cards import whisper
from bot.cards.doing import IDS
from bot.case import Course, Standing, facts_held, stage_reached
from bot.coaching import advise, advise_on, next_step
from bot.decision_table import decide, may_do
from bot.entitlement import Entitlement
from bot.i18n import words
from bot.message import Role
from bot.playbook import LANGUAGES, REFUSABLE, Action, Language, Playbook, Route, Stage
from bot.policy import Concession
from bot.promises import Scope
from bot.signals import Reading, Signal
from tests.core.coached import any_standing

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RECORDED = (
    *("commitment_recorded", "engineer_assigned", "our_late_reply", "promise_being_checked", "same_fault_again"),
    *("supervisor_away", "takeover_accepted", "takeover_asked", "threatened"),
)
NAMED = {
    "zh-TW": {
        Action.ASK_EXCEPTION: r"送出?(通融)?申請|申請上寫",
        Action.ASK_SALES: r"問業務",
        Action.ASK_TAKEOVER: r"請.{0,8}接手|換人接手",
        Action.ASSIGN_ENGINEER: r"請工程師",
        Action.COMMIT: r"記下來(?!$)|時間要記下來|守得住的時間，記下來|，記下來。",
    },
    "en": {
        Action.ASK_EXCEPTION: r"\b(file|send|in) (the|a)( fresh)? request",
        Action.ASK_SALES: r"question to sales",
        Action.ASK_TAKEOVER: r"\bask (for a takeover|somebody to take over|the deputy)|or take over",
        Action.ASSIGN_ENGINEER: r"\b(have an|assign) engineer",
        Action.COMMIT: r"\blog (it|that time)\b",
    },
}
"""How a next step names what a button does."""
NO_BUTTON = {
    "hold_the_no": Action.COMMIT,  # what is written down there is what is new
    "exception_requested": Action.ASK_EXCEPTION,
}


@st.composite
def any_situation(draw: st.DrawFn) -> Situation:
    """A case as it can be."""
    stands = draw(any_standing)
    understood, requested = draw(st.booleans()), draw(st.booleans())
    facts = facts_held(
        stands,
        dict.fromkeys(draw(st.sets(st.sampled_from(RECORDED), max_size=4)), "yes"),
        understood=understood,
        requested=requested and stands.decision == "none",
        sales_told=False,
        prices_on_file=draw(st.booleans()),
    )
    said = Course(answered=understood, replied=understood)
    asked = "exception_requested" in facts or stands.decision != "none"
    stage = stage_reached(said, stands, facts)
    return Situation(standing=stands, stage=stage, facts=facts, values={}, asked=asked)


@given(data=st.data(), situation=any_situation(), anger=st.integers(0, 3), language=st.sampled_from(LANGUAGES))
@settings(max_examples=400, deadline=None)
def test_what_the_next_step_names_has_its_button_and_no_button_would_be_refused(
    playbook: Playbook, data: st.DataObject, situation: Situation, anger: int, language: Language
) -> None:
    """Where a step cannot be done, another is told; and what stands on a button is possible in this case."""
    stepping = [play for play in playbook.plays if play.next and play.when.signals]
    play = data.draw(st.sampled_from([each.id for each in stepping]))
    chosen = next(each for each in stepping if each.id == play)
    signal = data.draw(st.sampled_from(chosen.when.signals))
    advice = advise(
        playbook,
        reading=Reading((Signal(signal, 0.9, "…"),), anger),
        speaker=chosen.speaker,
        situation=situation,
        given=(),
        language=language,
        now=NOW,
    )
    if advice is None:
        return
    row = decide(playbook, situation.standing)
    assert [each for each in advice.actions if not may_do(each, row, situation)] == []
    main = next(each for each in playbook.plays if each.id == advice.plays[0])
    told, wording = next_step(advice, playbook, language), playbook.words[language].plays[main.id]
    possible = all(may_do(each, row, situation) for each in main.next)
    assert told == (wording.next_step if possible else wording.otherwise)
    card = str(whisper.card(advice, "a" * 26, customer="廣昕", playbook=playbook, say=words(language))[1])
    for action in main.next if possible else ():
        assert f"'{IDS[action]}'" in card
    if not may_do(Action.ASK_EXCEPTION, row, situation):
        assert f"'{IDS[Action.ASK_EXCEPTION]}'" not in card


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_a_step_that_names_an_action_declares_it(playbook: Playbook, language: Language) -> None:
    """So that its button stands beside it; what is not always possible has another step to tell."""
    undeclared = [
        (play.id, action)
        for play in playbook.plays
        for action, named in NAMED[language].items()
        if re.search(named, playbook.words[language].plays[play.id].next_step)
        and action not in play.next
        and NO_BUTTON.get(play.id) is not action
        and (play.when.signals or action is Action.ASK_EXCEPTION)
    ]
    assert undeclared == []
    otherwise = {play.id: playbook.words[language].plays[play.id].otherwise for play in playbook.plays}
    assert [each.id for each in playbook.plays if bool(otherwise[each.id]) is REFUSABLE.isdisjoint(each.next)] == []
    for action in (Action.ASK_EXCEPTION, Action.ASK_SALES):
        assert [key for key, text in otherwise.items() if text and re.search(NAMED[language][action], text)] == []


def test_while_a_request_waits_the_table_tells_nobody_to_file_one(playbook: Playbook) -> None:
    """It would be refused: the way is to wait, and to promise nothing."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")
    facts = facts_held(stands, {}, understood=True, requested=True, sales_told=False, prices_on_file=False)
    said = Course(answered=True, replied=True)
    waiting = Situation(standing=stands, stage=stage_reached(said, stands, facts), facts=facts, asked=True)
    advice = advise(
        playbook,
        reading=Reading((Signal("asks_favour", 0.9, "…"),), 0),
        speaker=Role.CUSTOMER,
        situation=waiting,
        given=(),
        language="en",
        now=NOW,
    )
    assert advice
    card = str(whisper.card(advice, "a" * 26, customer=None, playbook=playbook, say=words("en"))[1])
    assert "Until they decide, promise nothing." in card
    assert playbook.words["en"].decisions["ask_goodwill"].route not in card


def test_once_its_scope_is_recorded_the_way_is_to_serve_as_promised(playbook: Playbook) -> None:
    """R25: also where the customer threatens and no line speaks of it; there is nothing left to record."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", claim="confirmed")
    facts = facts_held(stands, {}, understood=True, requested=False, sales_told=False, prices_on_file=False)
    scope = Scope(
        concession=Concession.FULL, what="the <gateway>", until=date(2028, 5, 6), by="U1", at=datetime.now(tz=UTC)
    )
    told = []
    for promised in (None, scope):
        advice = advise(
            playbook,
            reading=Reading((Signal("threatens_to_leave", 0.9, "…"),), 0),
            speaker=Role.CUSTOMER,
            situation=Situation(standing=stands, stage=Stage.ASSESS, facts=facts, promised=promised),
            given=(),
            language="en",
            now=NOW,
        )
        assert advice
        told.append(str(whisper.card(advice, "a" * 26, customer=None, playbook=playbook, say=words("en"))[1]))
    route = playbook.words["en"].decisions["serve_promise"].route
    assert route in told[0]
    assert route not in told[1]
    assert "no further: the service free of charge · the &lt;gateway&gt; · until 2028-05-06" in told[1]
    assert ["supervisor" in each for each in told] == [True, False]


@pytest.mark.parametrize(
    ("customer", "told"),
    [(None, "we don't know yet whose case this is"), ("廣昕", "廣昕  ·  cover to be checked")],
)
def test_a_whisper_says_whose_case_it_is_or_that_nobody_knows(
    playbook: Playbook, customer: str | None, told: str
) -> None:
    """Unknown is not expired: whoever reads it first finds out whose record to look at."""
    stands = Standing(entitlement=Entitlement.UNKNOWN)
    advice = advise_on(
        playbook,
        "exception_requested",
        situation=Situation(standing=stands, stage=Stage.CONFIRM, facts=frozenset({"exception_requested"})),
        language="en",
    )
    assert advice
    top = whisper.card(advice, "a" * 26, customer=customer, playbook=playbook, say=words("en"))[1][0]
    assert top["elements"][0]["text"] == f"🔒 Only you can see this  ·  {told}"


@pytest.mark.parametrize(
    ("language", "named"), [("zh-TW", "看一眼|找同事"), ("en", "read your reply|with a colleague")]
)
def test_who_is_told_to_have_a_colleague_look_can_ask_one_with_a_click(
    playbook: Playbook, language: Language, named: str
) -> None:
    """A second pair of eyes (R35) has its button wherever the next step calls for it."""
    asking = [each for each in playbook.plays if re.search(named, playbook.words[language].plays[each.id].next_step)]
    assert asking
    assert [each.id for each in asking if "R35" not in each.rules and Route.PEER not in each.routes] == []
