"""The cards of a question to sales, wherever they are shown: each always says how it stands now."""

from collections.abc import Mapping

from sqlalchemy import Connection

from bot.blocks import body
from bot.cards import promise_scope as scope_card
from bot.cards import verification as card
from bot.case import Case
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.promises import CHANNEL, FOR_SUPERVISORS, Verification
from bot.setup import Person, Setup
from handlers import request
from handlers.services import Services
from handlers.situation import customer_of
from storage import cases, outbox, promises
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.outbox import SendKind
from storage.promises import card_key, scope_key


def put(
    services: Services, connection: Connection, after: Verification, case: Case, readers: Mapping[str, Person]
) -> None:
    """The card of whoever is asked now; whoever asked is told if it reaches nobody.

    Args:
        readers: Whoever has a card of the question, by Slack id.
    """
    number = len(after.told) - 1
    whom = after.told[number]
    setup: Setup = workspaces.setup(connection, after.workspace)
    say = as_read_by(connection, after.workspace, after.asked_by)
    not_sent = say("Your question could not be shown to sales. Please ask them yourself, or try again.")
    outbox.put(
        connection,
        workspace=after.workspace,
        key=card_key(after.id, number),
        kind=SendKind.MESSAGE if whom == CHANNEL else SendKind.DIRECT,
        target=({"channel": setup.sales_channel} if whom == CHANNEL else {"user": whom})
        | {"tell": after.asked_by, "if_not_sent": {"text": not_sent}},
        body=_card(services, connection, after, number, readers),
        case_id=case.id,
        now=services.clock(),
    )


def _card(
    services: Services, connection: Connection, verification: Verification, number: int, asked: Mapping[str, Person]
) -> dict[str, object]:
    """The card number `number`, in the language of whoever got it."""
    whom = verification.told[number]
    reader = asked.get(whom)
    say = words(language_of_locale(reader.locale if reader else ""))
    customer = customer_of(services, verification.customer_id)
    owner, successor = (customer.record.owner, customer.record.successor) if customer else (None, None)
    is_successor = successor is not None and successor != owner and successor.slack_user_id == whom
    gone = owner if owner and owner.left_on and is_successor else None
    newest = promises.of_case(connection, verification.workspace, verification.case_id)
    text, blocks = card.card(
        verification,
        customer=request.name_of(customer, say),
        instead_of=gone.name if gone else None,
        say=say,
        is_latest=whom == verification.told[-1],
        asked_anew=newest is not None and newest.id != verification.id,
    )
    return dict(body(text, blocks))


def redraw(
    services: Services, connection: Connection, asked: Verification, readers: Mapping[str, Person], once: str
) -> None:
    """Show a question again, as it stands now, wherever it was shown."""
    redraw_asked(services, connection, asked, readers, f"{card_key(asked.id)}:{once}")
    case = cases.get(connection, asked.workspace, asked.case_id)
    if case:
        show_supervisors(services, connection, asked, case, f"{card_key(asked.id)}:{once}", may_post=False)


def redraw_asked(
    services: Services,
    connection: Connection,
    after: Verification,
    readers: Mapping[str, Person],
    once: str,
    *,
    but_last: bool = False,
) -> None:
    """The cards of those who were asked, as they are now."""
    for number, whom in enumerate(after.told[: -1 if but_last else None]):
        target = {} if whom == CHANNEL else {"user": whom}
        shown = _card(services, connection, after, number, readers)
        _change(services, connection, after, card_key(after.id, number), shown, f"{once}:card:{number}", target)


def redraw_over(services: Services, connection: Connection, new: Verification, readers: Mapping[str, Person]) -> None:
    """Show on the cards of what is over that it is asked about anew; their button has become the new card's."""
    for over in promises.all_of_case(connection, new.workspace, new.case_id)[:-1]:
        redraw_asked(services, connection, over, readers, f"{card_key(over.id)}:anew:{new.id}")


def show_supervisors(
    services: Services, connection: Connection, after: Verification, case: Case, once: str, *, may_post: bool = True
) -> None:
    """The supervisors' cards as they are now; a new one when there is something for them in this round."""
    approvals = workspaces.setup(connection, after.workspace).approvals_channel
    say = as_read_by(connection, after.workspace, after.asked_by)
    name = request.name_of(customer_of(services, case.customer_id), say)
    text, blocks = scope_card.card(after, customer=name, say=say)
    shown = dict(body(text, blocks))
    not_sent = say("What sales said could not be shown in the approvals channel. Please tell a supervisor.")
    for number in range(after.round + 1):
        key = scope_key(after.id, number)
        if outbox.state_of(connection, after.workspace, key) is not None:
            _change(services, connection, after, key, shown, f"{once}:scope:{number}", {})
        elif may_post and number == after.round and after.state in FOR_SUPERVISORS and approvals:
            outbox.put(
                connection,
                workspace=after.workspace,
                key=key,
                kind=SendKind.MESSAGE,
                target={"channel": approvals, "tell": after.asked_by, "if_not_sent": {"text": not_sent}},
                body=shown,
                case_id=case.id,
                now=services.clock(),
            )


def _change(
    services: Services,
    connection: Connection,
    after: Verification,
    key: str,
    shown: dict[str, object],
    once: str,
    target: Mapping[str, object],
) -> None:
    if outbox.reword(connection, after.workspace, key, shown):
        return
    outbox.put(
        connection,
        workspace=after.workspace,
        key=once,
        kind=SendKind.UPDATE,
        target={"of": key, **target},
        body=shown,
        case_id=after.case_id,
        now=services.clock(),
    )


def refresh_requests(services: Services, connection: Connection, case: Case, once: str) -> None:
    """A request that waits for its decision is decided with every answer in sight."""
    for each in requests.of_case(connection, case.workspace, case.id):
        if each.is_pending:
            say = as_read_by(connection, case.workspace, each.requested_by)
            outbox.put(
                connection,
                workspace=case.workspace,
                key=f"{once}:exception:{each.id}",
                kind=SendKind.UPDATE,
                target={"of": requests.card_key(each.id)},
                body=request.card(services, connection, each, case, say),
                case_id=case.id,
                now=services.clock(),
            )


def as_read_by(connection: Connection, workspace: str, user: str) -> Words:
    """The interface in the language of somebody who is known; a card in a channel speaks that of whoever asked."""
    known = workspaces.person(connection, workspace, user, since=0.0)
    return words(language_of_locale(known.locale if known else ""))
