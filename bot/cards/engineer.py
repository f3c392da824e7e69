"""An engineer looks, so that no time is lost; fixing needs a decision (R21)."""

from bot.blocks import Block, context, escaped, header, labelled, modal, section, text_input, user_select
from bot.cards.exception import link_blocks
from bot.i18n import Words

ASSIGN_ENGINEER = "assign_engineer"
ENGINEER_VIEW = "assign_engineer_view"


def assign_modal(*, customer: str, case_id: str, say: Words) -> Block:
    """Who looks, and at what."""
    return modal(
        ENGINEER_VIEW,
        say("An engineer looks"),
        [
            context(
                say(
                    "For {customer}. Looking now saves time later; fixing needs a decision.", customer=escaped(customer)
                )
            ),
            labelled("engineer", say("Who?"), user_select("user", placeholder=say("Choose somebody"))),
            labelled(
                "what",
                say("What should they look at?"),
                text_input("text", multiline=True, most=1000),
                hint=say("They are told to look and report to you, not to fix."),
            ),
        ],
        submit=say("Ask"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def task(*, customer: str, what: str, asked_by: str, link: str, say: Words) -> tuple[str, list[Block]]:
    """What the engineer gets: the work, and nothing of cost or decisions."""
    text = say("Please look at this: {customer}", customer=customer)
    limits = say("Please look and tell {who}. Do not fix anything yet: a fix needs a decision.", who=f"<@{asked_by}>")
    return text, [
        header(text),
        section(escaped(what)),
        section(f"*{limits}*"),
        *link_blocks(link, say),
    ]
