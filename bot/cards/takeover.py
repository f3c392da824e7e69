"""Asking a colleague in 接手, with the whole context, so that the customer tells nothing twice (R31, R35)."""

from collections.abc import Sequence

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    escaped,
    header,
    labelled,
    modal,
    section,
    text_input,
    user_select,
)
from bot.cards.exception import link_blocks
from bot.commitments import due_words
from bot.i18n import Words
from bot.takeover import Asking, AskState, Kind

ASK_TAKEOVER = "ask_takeover"
CHOOSE_TAKEOVER = "choose_takeover"
ASK_PEER = "ask_peer"
TAKE_OVER = "take_over"
LOOK = "peer_looks"
NOT_NOW = "not_now"
TAKEOVER_VIEW = "ask_takeover_view"


def choose_button(value: str, say: Words) -> Block:
    """The way to ask somebody in particular.

    Args:
        value: The advice's id, or the case's own.
    """
    return button(CHOOSE_TAKEOVER, say("Choose somebody…"), value)


def peer_button(value: str, say: Words) -> Block:
    """A second pair of eyes, before anything is answered (R35).

    Args:
        value: The advice's id, or the case's own.
    """
    return button(ASK_PEER, say("Second pair of eyes"), value)


def ask_modal(*, customer: str, case_id: str, say: Words) -> Block:
    """Who should take over, and what they should know."""
    return modal(
        TAKEOVER_VIEW,
        say("Ask for a takeover"),
        [
            context(say("For {customer}. Whoever takes over sees the whole case so far.", customer=escaped(customer))),
            labelled("whom", say("Who?"), user_select("user", placeholder=say("Choose somebody"))),
            labelled(
                "why",
                say("What should they know?"),
                text_input("text", multiline=True, most=1000),
                hint=say("What the customer wants, and how they feel. The conversation is attached automatically."),
            ),
        ],
        submit=say("Ask"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def card(
    asking: Asking,
    *,
    customer: str,
    so_far: Sequence[Block],
    zone: str,
    link: str,
    say: Words,
    is_closed: bool = False,
) -> tuple[str, list[Block]]:
    """What the colleague gets: the case so far, and two buttons; once answered otherwise, that it is.

    Args:
        zone: Where the colleague's clock stands.
        is_closed: The case has been closed since.
    """
    takes_over = asking.kind is Kind.TAKEOVER
    if takes_over:
        text = say("Could you take over {customer}?", customer=customer)
    else:
        text = say("Could you look at {customer} with a fresh eye?", customer=customer)
    if asking.state not in {AskState.ASKED, AskState.ACCEPTED}:
        return text, [header(text), context(closed_words(say) if is_closed else _over(asking, say))]
    who = f"<@{asking.asked_by}>"
    asks = say("{who} asks: {why}", who=who, why=escaped(asking.why)) if asking.why else _asks(asking, who, say)
    blocks: list[Block] = [header(text), section(asks), *so_far, *link_blocks(link, say)]
    if asking.state is AskState.ACCEPTED:
        done = (
            say("✅ Taken over by {who}", who=f"<@{asking.asked}>")
            if takes_over
            else say("👀 {who} is looking", who=f"<@{asking.asked}>")
        )
        return text, [*blocks, section(f"*{done}*")]
    yes = (
        button(TAKE_OVER, say("Take over"), asking.id, style="primary")
        if takes_over
        else button(LOOK, say("I'm looking"), asking.id, style="primary")
    )
    blocks.append(actions(f"asked:{asking.id}", yes, button(NOT_NOW, say("I can't now"), asking.id)))
    if takes_over:
        blocks.append(context(say("Whoever takes over talks to the customer and does not decide this case.")))
    else:
        blocks.append(context(say("The customer sees nothing of this. Tell your colleague what you would answer.")))
    return text, [*blocks, context(deadline(asking, zone, say))]


def _asks(asking: Asking, who: str, say: Words) -> str:
    if asking.kind is Kind.TAKEOVER:
        return say("{who} asks you to take this conversation over.", who=who)
    return say("{who} is under pressure and would like a second opinion before answering.", who=who)


def _over(asking: Asking, say: Words) -> str:
    """Why there is nothing to click any more."""
    match asking.state:
        case AskState.DECLINED:
            return say("Not now, and that is fine. Nothing more is needed.")
        case AskState.WITHDRAWN:
            return say("Somebody else has been asked instead. Nothing more is needed.")
        case _:
            return say("The time for an answer has passed. Nothing more is needed.")


def deadline(asking: Asking, zone: str, say: Words) -> str:
    """Until when it waits."""
    if asking.due_at is None:
        return say("It has been answered.")
    return say(
        "Without an answer by {time} the next colleague is asked.", time=due_words(asking.due_at, zone, say.language)
    )


def asked_words(asking: Asking, who: str, say: Words) -> str:
    """What whoever asked is told first.

    Args:
        who: The colleague's name.
    """
    if asking.kind is Kind.TAKEOVER:
        return say("{who} has been asked to take over.", who=who)
    return say("{who} has been asked to look at it.", who=who)


def waiting_words(asking: Asking, zone: str, say: Words) -> str:
    """Why nobody else is asked now."""
    told = say("{who} has been asked already.", who=f"<@{asking.asked}>")
    return f"{told} {deadline(asking, zone, say)}"


def accepted_words(asking: Asking, who: str, customer: str, say: Words) -> str:
    """What whoever asked is told once the colleague is there."""
    if asking.kind is Kind.TAKEOVER:
        return say("{who} has taken over {customer}.", who=who, customer=customer)
    return say("{who} is looking at {customer}. You will hear from them directly.", who=who, customer=customer)


def passed_on_words(before: Asking, who: str, then: str | None, say: Words) -> str:
    """What whoever asked is told when a colleague could not.

    Args:
        before: The question as it ended.
        who: The colleague's name.
        then: The next one's name; None when nobody else is asked.
    """
    told = (
        say("{who} cannot just now.", who=who)
        if before.state is AskState.DECLINED
        else say("{who} has not answered.", who=who)
    )
    if then is None:
        return f"{told} {say('Nobody else could be asked. Please ask somebody yourself.')}"
    return f"{told} {say('{who} has been asked instead.', who=then)}"


def closed_words(say: Words) -> str:
    """Why nobody is asked in, or comes in, any more."""
    return say("This case is closed by now, so nobody is needed in it. It opens again when the customer writes.")


def closed_meanwhile_words(before: Asking, who: str, customer: str, say: Words) -> str:
    """What whoever asked is told when the case was closed before the colleague came.

    Args:
        before: The question as it ended.
        who: The colleague's name.
    """
    closed = say("{customer}: the case is closed by now, so nobody else is asked.", customer=customer)
    if before.state is AskState.DECLINED:
        return f"{say('{who} cannot just now.', who=who)} {closed}"
    if before.state is AskState.TIMED_OUT:
        return f"{say('{who} has not answered.', who=who)} {closed}"
    return say("{customer}: the case is closed by now, so {who} was not needed any more.", customer=customer, who=who)


def nobody_words(say: Words) -> str:
    """What whoever asked is told when there is nobody to ask at all."""
    return say("Everybody who could be asked is away or on a break. Please choose somebody yourself.")
