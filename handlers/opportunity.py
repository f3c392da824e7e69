"""The buttons of an opportunity: I take it, later, hand on, won, not sold. Who clicked decides."""

import re
from collections.abc import Mapping

from sqlalchemy import Connection

from bot.amounts import CostError, parse_cost
from bot.blocks import Block
from bot.cards import exception as exception_card
from bot.cards import renewals as renewals_card
from bot.cards import sales as card
from bot.cards import sales_windows as windows
from bot.i18n import Words
from bot.renewals import EndingKey, key_of
from bot.sales import (
    MOST_MONTHS,
    LostReason,
    Opportunity,
    Outcome,
    SalesMove,
    Seller,
    in_sales,
    manages_sales,
    moved,
    refusal,
    snooze_error,
)
from bot.working_hours import next_morning
from handlers import casework, endings, inbound, people, selling
from handlers.guard import Actor, actor_of, admit, open_window
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import cases, opportunities
from storage import workspace as workspaces

MOVE_OF: Mapping[str, SalesMove] = {
    windows.SNOOZE_VIEW: SalesMove.SNOOZE,
    windows.HAND_ON_VIEW: SalesMove.HAND_ON,
    windows.WON_VIEW: SalesMove.WIN,
    windows.LOST_VIEW: SalesMove.LOSE,
}
MOVE_OF_CHOICE: Mapping[str, SalesMove] = {
    renewals_card.Choice.RENEWED: SalesMove.WIN,
    renewals_card.Choice.NOT_RENEWED: SalesMove.LOSE,
    renewals_card.Choice.HAND_ON: SalesMove.HAND_ON,
}
"""What opens a window in the menu beside a contract."""
FIRST_BOX: Mapping[str, str] = {
    windows.SNOOZE_VIEW: "until",
    windows.HAND_ON_VIEW: "whom",
    windows.WON_VIEW: "value",
    windows.LOST_VIEW: "reason",
}
"""Where a window says why nothing of it is taken."""
MENTION = re.compile(r"<@(\w+)>")


async def on_take(services: Services, task: Task) -> None:
    """Somebody speaks to the customer's side from now on."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _move(services, task, actor, click.value, SalesMove.TAKE, Outcome(), click.response_url)


async def on_snooze(services: Services, task: Task) -> None:
    """The button: until when?"""
    await _open(services, task, SalesMove.SNOOZE)


async def on_hand_on(services: Services, task: Task) -> None:
    """The button: to whom?"""
    await _open(services, task, SalesMove.HAND_ON)


async def on_won(services: Services, task: Task) -> None:
    """The button: what is it worth, for how long?"""
    await _open(services, task, SalesMove.WIN)


async def on_lost(services: Services, task: Task) -> None:
    """The button: why?"""
    await _open(services, task, SalesMove.LOSE)


async def on_ending(services: Services, task: Task) -> None:
    """The menu beside a contract that ends: somebody is on it, or says what came of it."""
    click = inbound.click(task.entry.payload)
    about = renewals_card.key_of_row(click.block_id)
    if move := MOVE_OF_CHOICE.get(click.value):
        await _open(services, task, move, about)
    elif actor := await admit(services, task, click.user, click.response_url):
        await _move(services, task, actor, about, SalesMove.TAKE, Outcome(), click.response_url)


async def _open(services: Services, task: Task, move: SalesMove, about: str = "") -> None:
    """Open a window.

    Args:
        about: The contract, when the click was in its menu; otherwise the opportunity is on the button.
    """
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    about = about or click.value
    known = _found(services, about, click.user)
    refused = await _refused(services, known, move, actor)
    by_name = _by_name(services, refused, actor.say) if refused else None
    view = exception_card.notice(actor.say("Nothing was changed"), by_name, actor.say) if by_name else None
    view = view or _window(services, about, known, move, actor)
    await open_window(services, task, actor, click.trigger_id, view, push=bool(click.view_id))


def _window(services: Services, about: str, known: Opportunity | None, move: SalesMove, actor: Actor) -> Block:
    policy, say = services.playbook.policy, actor.say
    if move is SalesMove.SNOOZE:
        return windows.snooze_modal(about, suggested=next_morning(moment(services), policy.hours), say=say)
    if move is SalesMove.HAND_ON:
        return windows.hand_on_modal(about, say)
    key = key_of(known) if known else None
    ending = endings.found(services, key) if key else None
    if move is SalesMove.WIN:
        unit = policy.cost.currency
        return renewals_card.renewed_modal(ending, unit, say) if ending else windows.won_modal(about, unit, say)
    return renewals_card.not_renewed_modal(ending, say) if ending else windows.lost_modal(about, say)


def _by_name(services: Services, sentence: str, say: Words) -> str:
    """People by their names: a window shows its sentences as they are written, and a mention as an id."""

    def name(mention: re.Match[str]) -> str:
        known = workspaces.person(connection, services.identity.workspace, mention[1], since=0.0)
        return known.name if known else say("a colleague")

    with services.casebook.look() as connection:
        return MENTION.sub(name, sentence)


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a window before it is taken; and why it is not, when that is known by now."""
    actor = await actor_of(services, sent.user)
    found = await _mistakes(services, sent, actor)
    return {box: _by_name(services, wrong, actor.say) for box, wrong in found.items()}


async def _mistakes(services: Services, sent: Submission, actor: Actor) -> dict[str, str]:
    """The same in markup."""
    box, move = FIRST_BOX[sent.callback_id], MOVE_OF[sent.callback_id]
    if not actor.role.is_staff:
        return {box: actor.say("This is for our support team.")}
    known = _found(services, sent.private_metadata, sent.user)
    if refused := await _refused(services, known, move, actor):
        return {box: refused}
    say = actor.say
    match move:
        case SalesMove.SNOOZE:
            error = snooze_error(sent.moment("until"), moment(services))
            return {box: windows.snooze_error_words(error, say)} if error else {}
        case SalesMove.HAND_ON:
            wrong = await _whom_error(services, known, sent.text("whom"), actor)
            return {box: wrong} if wrong else {}
        case SalesMove.WIN:
            return _won_mistakes(services, sent, actor)
        case _:
            return {} if _lost_reason(sent) else {box: say("Please choose a reason.")}


async def _whom_error(services: Services, known: Opportunity | None, whom: str, actor: Actor) -> str | None:
    """Why it cannot be handed to somebody; whoever has it has its card, and their time has begun."""
    say = actor.say
    if error := await casework.person_error(services, whom, say):
        return error
    if whom == actor.person.user_id:
        return say("That is you. To have it yourself, press “I take it”.")
    if known and whom == known.holder:
        return say("{who} has it already. Please choose somebody else.", who=f"<@{whom}>")
    setup, groups = await people.who_is_who(services)
    return None if in_sales(whom, setup, groups) else say("They are not in sales. Please choose a salesperson.")


def _won_mistakes(services: Services, sent: Submission, actor: Actor) -> dict[str, str]:
    say, errors = actor.say, dict[str, str]()
    value = parse_cost(sent.text("value"), services.playbook.policy.cost.currency)
    if isinstance(value, CostError):
        errors["value"] = exception_card.cost_error_words(value, say)
    elif not value:
        errors["value"] = say("With nothing sold it is not won. Please give an amount, or choose “Not sold”.")
    if _months(sent) is None:
        errors["months"] = say("Please give a number of months from 1 to {most}.", most=MOST_MONTHS)
    return errors


def _months(sent: Submission) -> int | None:
    text = sent.text("months")
    return int(text) if text.isdecimal() and 1 <= int(text) <= MOST_MONTHS else None


def _lost_reason(sent: Submission) -> LostReason | None:
    chosen = sent.text("reason")
    return LostReason(chosen) if chosen in set(LostReason) else None


async def on_sent(services: Services, task: Task) -> None:
    """A window was sent off; the mistakes in it have been found before."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    if wrong := await _mistakes(services, sent, actor):
        with task.finishing() as connection:
            casework.answer(services, connection, task, actor, "", next(iter(wrong.values())))
        return
    value = parse_cost(sent.text("value"), services.playbook.policy.cost.currency)
    is_won = sent.callback_id == windows.WON_VIEW
    said = Outcome(
        whom=sent.text("whom"),
        until=sent.moment("until"),
        value=value if is_won and not isinstance(value, CostError) else None,
        currency=services.playbook.policy.cost.currency if is_won else None,
        months=_months(sent),
        lost_reason=_lost_reason(sent),
        lost_note=sent.text("note"),
    )
    await _move(services, task, actor, sent.private_metadata, MOVE_OF[sent.callback_id], said, "")


def _found(services: Services, about: str, user: str) -> Opportunity | None:
    with services.casebook.look() as connection:
        return _standing(services, connection, about, user)


def _standing(services: Services, connection: Connection, about: str, user: str) -> Opportunity | None:
    """How an opportunity stands, by its id or by the contract from which it comes, also before the first word of it."""
    if key := EndingKey.read(about):
        return endings.standing(services, connection, key, user)
    return opportunities.get(connection, services.identity.workspace, about)


async def _seller(services: Services, actor: Actor) -> Seller:
    """Whoever clicked, as the setup and the user groups have them now."""
    setup, groups = await people.who_is_who(services)
    user = actor.person.user_id
    return Seller(user=user, sells=in_sales(user, setup, groups), manages=manages_sales(user, setup, groups))


async def _refused(services: Services, known: Opportunity | None, move: SalesMove, actor: Actor) -> str | None:
    return _refusal(known, move, await _seller(services, actor), actor)


def _refusal(known: Opportunity | None, move: SalesMove, seller: Seller, actor: Actor) -> str | None:
    """Why this click changes nothing, in a sentence that says what happened instead; None when it does."""
    if known is None:
        return actor.say("This is no longer on file.")
    found = refusal(known, move, seller)
    return card.refusal_words(found, known, actor.person.timezone, actor.say) if found else None


async def _move(
    services: Services,
    task: Task,
    actor: Actor,
    about: str,
    move: SalesMove,
    said: Outcome,
    response_url: str,
) -> None:
    """In one transaction: the state compared and set, the audit row, the cards and the news."""
    workspace, policy, user = services.identity.workspace, services.playbook.policy, actor.person.user_id
    known = _found(services, about, user)
    with services.casebook.look() as connection:
        case = cases.get(connection, workspace, known.case_id) if known and known.case_id else None
    read_by = await selling.readers(services, known, case, user, said.whom) if known else {}
    seller = await _seller(services, actor)
    with task.finishing() as connection:
        if case:  # whoever else moves it holds the case as well
            cases.hold(connection, workspace, case.id)
        before = _standing(services, connection, about, user)
        refused = _refusal(before, move, seller, actor)
        if before and before.contract and not refused:
            first, before = before, endings.begun(services, connection, before, user)
            refused = _refusal(before, move, seller, actor) if before.id != first.id else None
        if refused or before is None or (before.case_id and case is None):
            casework.answer(services, connection, task, actor, response_url, refused or "")
            return
        after = moved(before, move, by=user, now=moment(services), policy=policy.sales, hours=policy.hours, said=said)
        if not selling.make(
            services,
            connection,
            before=before,
            after=after,
            move=move,
            case=case,
            actor=user,
            read_by=read_by,
        ):
            changed = actor.say("It changed while this was being decided. Please look at it and try again.")
            casework.answer(services, connection, task, actor, response_url, changed)
