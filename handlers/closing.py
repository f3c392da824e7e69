"""Closing the cases that have gone quiet, with the words to ask after each (R42)."""

from datetime import timedelta

import structlog

from bot.blocks import escaped, section
from bot.cards.feedback import footer
from bot.case import Case, CaseState
from bot.i18n import words
from bot.language import language_of_locale
from bot.message import Role
from bot.setup import Person
from handlers import news, people, request
from handlers.services import Services
from handlers.situation import customer_of
from storage import advised, cases

log = structlog.get_logger()


async def close_quiet(services: Services) -> None:
    """Close them one by one; whoever handled one hears of it, unless Slack cannot say just now who that is."""
    before = services.clock() - timedelta(days=services.playbook.policy.case.closes_after_days).total_seconds()
    with services.casebook.begin() as connection:
        quiet = cases.gone_quiet(connection, services.identity.workspace, before=before)
    for case in quiet:
        try:
            person = await _handler(services, case)
        except people.UnknownForNowError:
            log.info("not_closed_yet", case=case.id)
            continue
        try:
            await _close(services, case, person, before)
        except Exception:
            log.exception("not_closed", case=case.id)  # one odd case must not keep the others open, nor stop the bot
    services.wake.outbox.set()


async def _handler(services: Services, case: Case) -> Person | None:
    """Who handled it, if they still talk to customers."""
    if case.agent is None:
        return None
    person = await people.look_up(services, case.agent)
    role, _ = await people.role(services, person)
    return person if role in {Role.AGENT, Role.SUPERVISOR} else None


async def _close(services: Services, case: Case, person: Person | None, before: float) -> None:
    link = await request.link_to(services, case) if person else ""
    now = services.clock()
    with services.casebook.begin() as connection:
        if cases.get(connection, case.workspace, case.id) != case:
            return  # something happened in it meanwhile; it is looked at again
        if not cases.close(connection, case, before=before, now=now) or person is None:
            return
        closed = case.model_copy(update={"state": CaseState.CLOSED})
        lines, advice_id = news.said_now(services, connection, closed, person, "case_closed", unasked=True)
        if advice_id is None:
            return
        say = words(language_of_locale(person.locale))
        text = say(
            "{customer}: closed after {n} quiet days.",
            customer=request.name_of(customer_of(services, case.customer_id), say),
            n=services.playbook.policy.case.closes_after_days,
        )
        news.direct(
            services,
            connection,
            closed,
            person,
            key=advised.advice_key(advice_id),
            text=text,
            blocks=[section(f"*{escaped(text)}*"), *lines, footer(advice_id, say)],
            link=link,
        )
