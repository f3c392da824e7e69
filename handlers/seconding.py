"""Whether a second approver is there: a manager who is still with us, did not ask and does not talk to the customer."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bot.authority import managers
from bot.case import Case
from bot.goodwill import ExceptionRequest
from bot.setup import Setup
from handlers import people, request
from handlers.services import Services
from storage import workspace as workspaces


async def managers_here(services: Services) -> frozenset[str]:
    """The managers who are still with us and could be the second approver.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    setup, groups = await people.who_is_who(services)
    return frozenset(each.user_id for each in await people.of_the_desk(services, managers(setup, groups)))


def managers_known(
    services: Services, connection: Connection, setup: Setup, groups: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The managers, but not those of whom Slack said that they have left; Slack is not asked."""
    workspace = services.identity.workspace
    known = {user: workspaces.person(connection, workspace, user, since=0.0) for user in managers(setup, groups)}
    return frozenset(user for user, person in known.items() if person is None or person.active)


def has_second(connection: Connection, asked: ExceptionRequest, case: Case | None, candidates: Iterable[str]) -> bool:
    """Whether one of these managers could be the second approver: not whoever asked, nor talks to the customer."""
    return any(
        user != asked.requested_by and not request.took_part(connection, asked, case, user) for user in candidates
    )
