"""What a salesperson finds in their Home, gathered."""

from datetime import timedelta

from sqlalchemy import Connection

from bot.pipeline import Mine, Pipeline, by_due, by_month, endings_ahead, last_day
from bot.renewals import Listed, key_of
from bot.sales import CHANNEL, SETTLED, Opportunity, OpportunityState, Seller, in_sales, manages_sales, may_act
from bot.working_hours import desk_day
from handlers.board import names
from handlers.endings import found
from handlers.guard import Actor
from handlers.people import GROUPS_TOO_OLD_SECONDS
from handlers.services import Services
from handlers.situation import moment
from storage import endings, opportunities
from storage import workspace as workspaces

MOST = 500
NEXT = 5
DAYS = 90


def pipeline(services: Services, connection: Connection, actor: Actor) -> Pipeline | None:
    """Theirs, what anybody may take, the renewals of their accounts; None for who is not in sales.

    A sales manager sees everybody's opportunities.
    """
    workspace, user = services.identity.workspace, actor.person.user_id
    groups = workspaces.groups(connection, workspace, since=services.clock() - GROUPS_TOO_OLD_SECONDS)
    if not in_sales(user, actor.setup, groups):
        return None
    manages = manages_sales(user, actor.setup, groups)
    unsettled = by_due(opportunities.unsettled(connection, workspace, MOST))
    mine = [each for each in unsettled if each.holder == user]
    others = [each for each in unsettled if manages and each.holder not in {user, CHANNEL}]
    free = [each for each in unsettled if each.holder == CHANNEL and each.state is OpportunityState.ASKED]
    called = names(services, (each.customer_id for each in [*mine, *others, *free]))

    def listed(known: list[Opportunity]) -> tuple[Mine, ...]:
        return tuple(
            Mine(
                opportunity=each,
                customer=called.get(each.customer_id or ""),
                ending=found(services, key) if (key := key_of(each)) else None,
            )
            for each in known
        )

    policy = services.playbook.policy
    today = desk_day(moment(services), policy.hours.timezone)
    directory = services.directory()
    kept = directory.customers_kept_by(user, today, last_day(today), today) if directory else ()
    records = [record for each in kept[:MOST] if directory and (record := directory.record(each))]
    spoken_for = endings.spoken_for(connection, workspace, today, [each.customer.id for each in records])
    ahead = endings_ahead(records, today)
    unsettled_ahead = [each for each in ahead if not _is_settled(spoken_for.get(each.key))]
    above = {each.id for each in [*mine, *others, *free]}
    seller = Seller(user=user, sells=True, manages=manages)
    open_ahead = [
        Listed(ending=each, opportunity=known, is_theirs=known is None or may_act(known, seller))
        for each in unsettled_ahead
        if (known := spoken_for.get(each.key)) is None or known.id not in above
    ]
    since = moment(services) - timedelta(days=DAYS)
    return Pipeline(
        mine=listed(mine),
        others=listed(others),
        free=listed(free),
        renewals=by_month(unsettled_ahead, today),
        next_endings=tuple(open_ahead[:NEXT]),
        more_endings=max(len(open_ahead) - NEXT, 0),
        settled=opportunities.settled_by(connection, workspace, user, since=since.timestamp()),
        days=DAYS,
    )


def _is_settled(opportunity: Opportunity | None) -> bool:
    return opportunity is not None and opportunity.state in SETTLED
