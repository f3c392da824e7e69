"""What is said when a customer turns on whoever answers (R39, R47), and when a supervisor steps into the talk (R30)."""

from bot.blocks import Block, button, context, escaped, section
from bot.cards.doing import case_buttons
from bot.cards.exception import link_blocks
from bot.i18n import Words

BREAK = "take_a_break"


def break_button(value: str, say: Words) -> Block:
    """An hour without whispers.

    Args:
        value: The advice's id, or the case's own.
    """
    return button(BREAK, say("Take a break"), value)


def told_supervisor(
    kind: str, *, customer: str, agent: str | None, case_id: str, link: str, say: Words
) -> tuple[str, list[Block]]:
    """What a supervisor hears: who, what kind, where; no word of the agent's.

    Args:
        kind: One of `bot.care.ABUSE`.
        agent: Slack id of whoever handles the case; None when nobody does yet.
    """
    if kind == "threatens_agent":
        text = say("Somebody at {customer} threatens one of us personally", customer=customer)
    else:
        text = say("Somebody at {customer} is abusive to one of us", customer=customer)
    cared = (
        say("{who} handles it. Please see how they are, and that they are not left alone with it.", who=f"<@{agent}>")
        if agent
        else say("Nobody handles it yet. Please see that whoever does is not left alone with it.")
    )
    stay_out = say("Stay out of the customer's sight: whoever appears there can no longer decide. Keep the messages.")
    blocks = [section(f"*{escaped(text)}*\n{cared}"), context(stay_out), case_buttons(case_id, say)]
    return text, [*blocks, *link_blocks(link, say)]


def told_agent(say: Words) -> str:
    """What the agent hears once a supervisor really knows."""
    return say(
        "You are not alone with this: a supervisor has been told in private, and nothing you wrote was passed on."
    )


def stepped_in(*, customer: str, outsiders: bool, link: str, say: Words) -> tuple[str, list[Block]]:
    """What a supervisor hears who writes where the customer is (R30).

    Args:
        outsiders: The customer reads along; otherwise they wrote in the case's own conversation.
    """
    text = say("{customer}: this decision is now somebody else's", customer=customer)
    if outsiders:
        where = say("The customer can read what you wrote, and whoever appears can no longer say no.")
    else:
        where = say("You joined the case's conversation, and whoever talks in it can no longer say no.")
    then = say(
        "Another supervisor or a manager decides on exceptions in this case. Please leave the talking to the agent."
    )
    return text, [section(f"*{escaped(text)}*\n{where} {then}"), *link_blocks(link, say)]
