"""Taking a conversation over 接手, with the whole context, so that the customer tells nothing twice (R31)."""

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
from bot.i18n import Words

ASK_TAKEOVER = "ask_takeover"
TAKE_OVER = "take_over"
TAKEOVER_VIEW = "ask_takeover_view"


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
    *,
    customer: str,
    asked_by: str,
    why: str,
    so_far: Sequence[Block],
    case_id: str,
    taken_by: str | None,
    link: str,
    say: Words,
) -> tuple[str, list[Block]]:
    """What the colleague gets: the case so far, and a button.

    Args:
        taken_by: Slack id of whoever took it over; None while it waits.
    """
    text = say("Could you take over {customer}?", customer=customer)
    blocks: list[Block] = [
        header(text),
        section(say("{who} asks: {why}", who=f"<@{asked_by}>", why=escaped(why))),
        *so_far,
        *link_blocks(link, say),
    ]
    if taken_by:
        blocks.append(section(f"*{say('✅ Taken over by {who}', who=f'<@{taken_by}>')}*"))
    else:
        blocks.append(actions(f"takeover:{case_id}", button(TAKE_OVER, say("Take over"), case_id, style="primary")))
        blocks.append(context(say("Whoever takes over talks to the customer and does not decide this case.")))
    return text, blocks
