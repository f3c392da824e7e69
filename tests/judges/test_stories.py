"""The stories of the product, played with the real `aside run` in a Slack that nobody here wrote.

They are the tests of `tests/flow`, as far as local-slack has what they need (docs/judges.md), and a few of its own; in
both ways of hearing Slack, on both engines.
"""

import inspect
import itertools
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from tests import fresh
from tests.flow import (
    test_asked_in,
    test_assess,
    test_away,
    test_cases,
    test_claims,
    test_downtime,
    test_draft_check,
    test_first_whisper,
    test_goodwill,
    test_home,
    test_life_of_a_request,
    test_promise,
    test_quiet,
    test_setup,
    test_warranty,
)
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SALES, SHARED, SUCCESSOR, SUPERVISOR, Bot, texts
from tests.flow.working import chosen, direct, moment, person, press, typed, until, whisper_with, window
from tests.judges.conftest import Judged
from tests.reliability import test_killed_selling
from tests.reliability.killing import rows
from tests.sandbox.stage import Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

Story = Callable[..., Awaitable[Any]]


async def sold_and_followed_up(stage: Stage, bot: Bot) -> None:
    """R33, R36, R44: told, told anew, moved up, taken, put off, won; a word afterwards is promised and kept."""
    seats = await test_killed_selling.play(bot.settings, stage)
    assert rows(bot.settings, "SELECT state, value, months FROM opportunities") == [("won", 48_000, 12)]
    agent = seats[AGENT]
    await press(agent, await direct(agent, "續約了"), "follow_up")
    view = await window(agent, "follow_up_view")
    form = {"text": typed("問用得順不順"), "due": moment(int(time.time()) + 86_400)}
    assert (await agent.do("submit", view_id=view["id"], values=form))["response_action"] is None
    await direct(agent, "問用得順不順")
    fresh.changed(bot.settings, "UPDATE commitments SET next_at = 1")
    await press(agent, await direct(agent, "快到時間", "問用得順不順"), "commitment_kept")
    await stage.settled()
    assert rows(bot.settings, "SELECT move FROM audit WHERE subject = 'commitment' ORDER BY seq") == [
        (move,) for move in ("make", "remind", "keep")
    ]
    assert {push["message"]["user"] for push in seats[CUSTOMER].of("message")} == {CUSTOMER, AGENT}
    assert not seats[CUSTOMER].of("ephemeral")


async def an_engineer_is_asked_to_look(stage: Stage, bot: Bot) -> None:
    """R21: from the whisper, and told to look and not to repair."""
    customer, agent, engineer = [await stage.seat(who) for who in (CUSTOMER, AGENT, SALES)]
    await customer.say(SHARED, "ERP 從早上就當機，叫你們工程師直接過來修啦")
    await press(agent, await agent.sees("ephemeral"), "assign_engineer")
    view = await window(agent, "assign_engineer_view")
    form = {"engineer": person(SALES), "what": typed("發票模組今早更新後印不出來")}
    assert (await agent.do("submit", view_id=view["id"], values=form))["response_action"] is None
    await direct(engineer, "發票模組今早更新後印不出來", "先不要修")
    await whisper_with(agent, "先看，不修")


async def rated_and_muted(stage: Stage, bot: Bot) -> None:
    """Helpful, then not and why; a muted case is silent. The click does not tell that it is in a whisper."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    whisper = await test_quiet.faulty(customer, agent)
    await press(agent, whisper, "helpful")
    await until(bot, "SELECT count(*) FROM ratings WHERE helpful", 1)
    await test_quiet.choose_on(agent, whisper, "not_helpful")
    view = await window(agent, "not_helpful_view")
    sent = await agent.do("submit", view_id=view["id"], values=test_quiet.reason("known", note="老客戶了"))
    assert sent["response_action"] is None
    await until(bot, "SELECT note FROM ratings WHERE NOT helpful", "老客戶了")
    await test_quiet.choose_on(agent, whisper, "mute_case")
    await until(bot, "SELECT count(*) FROM mutes", 1)
    await stage.settled()
    before = len(agent.of("ephemeral"))
    await customer.say(SHARED, test_quiet.LEAVING)
    await until(bot, "SELECT count(*) FROM messages", 2)
    await stage.settled()
    assert len(agent.of("ephemeral")) == before


async def a_promise_is_recorded(stage: Stage, bot: Bot) -> None:
    """R25: sales confirms it, a supervisor records how far it reaches, the agent hears the bounds."""
    customer, agent, sales, supervisor = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SUPERVISOR)]
    card = await test_promise.asked(customer, agent, sales)
    await test_promise.answered(sales, card, "promise_yes", "報價單第 3 條")
    promise = await test_promise.shown_in(supervisor, APPROVALS, "答應了什麼", "報價單第 3 條")
    await press(agent, promise, "record_promise")
    await agent.sees("ephemeral", lambda push: "只有主管可以這樣做" in texts(push["message"]))
    await press(supervisor, promise, "record_promise")
    view = await window(supervisor, "record_promise_view")
    day = {"day": {"type": "datepicker", "selected_date": "2099-12-31"}}
    scope = {"concession": chosen("labour_waived"), "what": typed("保固後一年內的工資"), "until": day}
    assert (await supervisor.do("submit", view_id=view["id"], values=scope))["response_action"] is None
    await direct(agent, "答應的範圍已經記下", "保固後一年內的工資", "2099-12-31")


MATRIX = list(itertools.product(("socket", "http"), ("sqlite", "postgresql")))
IN_BOTH_MODES = [("socket", "sqlite"), ("http", "postgresql")]
"""Each way of hearing Slack and each engine, once."""

CORE: tuple[Story, ...] = (
    test_first_whisper.test_a_customers_fault_is_answered_by_a_whisper_that_only_the_agent_on_duty_sees,
    test_goodwill.test_from_the_whisper_to_an_approval_and_the_lines_that_are_now_true,
    test_life_of_a_request.test_a_supervisor_asks_back_the_agent_answers_and_it_is_decided,
    test_promise.test_one_click_asks_whoever_looks_after_the_account_and_a_yes_binds,
    test_downtime.test_what_was_said_during_a_downtime_is_read_from_history,
    sold_and_followed_up,
)
"""One of each kind; the others may differ less between one pair of mode and engine and the next."""

MORE: tuple[Story, ...] = (
    # the main job: whispers, warranties, what is said while nobody listens
    test_first_whisper.test_a_slight_is_apologised_for_though_the_answer_shows_nothing,
    test_cases.test_what_the_same_customer_says_next_belongs_to_the_same_case,
    test_cases.test_the_agent_who_handles_the_thread_is_coached_and_nobody_else,
    test_cases.test_a_case_that_goes_quiet_is_closed_and_whoever_handled_it_can_ask_after_it,
    test_downtime.test_an_edited_message_is_read_anew_and_a_deleted_one_forgotten,
    test_warranty.test_half_a_name_that_fits_one_customer_shows_their_card,
    test_warranty.test_a_channel_that_belongs_to_a_customer_needs_no_argument,
    test_warranty.test_two_customers_that_fit_are_asked_about_and_the_choice_shows_the_card,
    partial(
        test_warranty.test_outsiders_are_refused_and_learn_nothing, who=CUSTOMER, where=SHARED, text="/warranty 全勤"
    ),
    test_setup.test_whoever_goes_on_duty_is_coached_from_the_next_message,
    # the coach: claims, drafts, facts, quiet
    test_claims.test_still_covered_is_held_against_the_contract_on_file,
    test_claims.test_done_free_before_is_held_against_the_ledger,
    test_draft_check.test_the_command_checks_against_the_only_open_case,
    test_draft_check.test_of_several_open_cases_the_window_asks_which,
    test_assess.test_assessing_records_the_facts_and_prefills_the_request,
    an_engineer_is_asked_to_look,
    rated_and_muted,
    test_quiet.test_who_pauses_hears_nothing_and_finds_it_in_the_home,
    test_quiet.test_why_quotes_the_rules_and_the_row_of_the_decision_table,
    # goodwill: decided, bounded, booked, left alone; commitments, takeovers, the App Home
    test_goodwill.test_a_decline_needs_a_reason_and_the_agent_gets_it,
    partial(test_goodwill.test_whoever_is_no_supervisor_cannot_approve_and_is_told_so, who=AGENT),
    test_goodwill.test_two_supervisors_at_once_one_decides_and_the_other_is_told,
    partial(test_goodwill.test_a_mistake_in_the_window_is_said_beside_its_box, box="cost", typed="-5"),
    test_goodwill.test_a_supervisor_who_talked_to_the_customer_does_not_decide,
    test_life_of_a_request.test_the_card_has_what_a_decision_needs,
    test_life_of_a_request.test_a_yes_with_conditions_is_booked_once,
    test_life_of_a_request.test_whoever_asked_withdraws_and_a_late_yes_is_told_so,
    test_life_of_a_request.test_a_grant_that_is_not_used_lapses_and_does_not_count,
    test_life_of_a_request.test_an_extension_is_shown_as_cover,
    test_asked_in.test_one_click_asks_the_peer_who_takes_over_with_the_case_so_far,
    test_asked_in.test_a_second_pair_of_eyes_looks_and_the_case_stays_where_it_is,
    test_away.test_when_every_supervisor_is_away_the_line_says_so,
    test_away.test_another_deputy_takes_the_place_of_the_first,
    test_home.test_an_agent_finds_what_aside_whispered,
    test_home.test_an_open_home_shows_what_happened_since,
    test_home.test_a_home_opened_before_a_restart_is_kept_as_it_is_now,
    # sales: told once and by whom, a promise with its scope and its evidence
    test_goodwill.test_the_successor_of_an_owner_who_left_is_told_once,
    a_promise_is_recorded,
    test_promise.test_a_supervisor_questions_the_evidence_and_sales_is_asked_anew,
)

PLAYED = [(pair, story) for story in CORE for pair in MATRIX]
PLAYED += [(pair, story) for story in MORE for pair in IN_BOTH_MODES]


def _name(value: object) -> str:
    """A story's name, or which pair it is."""
    if isinstance(value, tuple):
        return "-".join(value)
    named = value.func if isinstance(value, partial) else value
    return str(getattr(named, "__name__", "")).removeprefix("test_")


@pytest.mark.parametrize(("judged", "story"), PLAYED, indirect=["judged"], ids=_name)
async def test_it_plays_where_nobody_here_wrote_slack(judged: Judged, story: Story) -> None:
    """The same people, the same words, the same outcome; every call is held to Slack's types."""
    asked_for = inspect.signature(story).parameters
    given = {"stage": judged.stage, "bot": judged.bot, "settings": judged.settings}
    await story(**{name: each for name, each in given.items() if name in asked_for})
