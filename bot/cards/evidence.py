"""What whoever takes a case out as evidence is told (R38)."""

from bot.blocks import Block, context, escaped, section
from bot.i18n import Words


def written(name: str, checksum: str, *, customer: str, say: Words) -> tuple[str, list[Block]]:
    """Where the file is, who can hand it over, and how to tell whether it was changed.

    Args:
        name: The file's name.
    """
    text = say("{customer}: the case has been exported", customer=customer)
    where = say("on the machine that runs Aside, in its data folder")
    checks = say("also kept in the audit")
    return text, [
        section(f"*{escaped(text)}*"),
        section(f"*{say('File')}*  {where}\n`exports/{name}`"),
        section(f"*{say('Checksum')}*  {checks}\n`SHA-256 {checksum}`"),
        context(
            say("Whoever runs Aside can hand it over. It holds what the customer and we wrote, so share it with care.")
        ),
    ]


def exported(view: Block, say: Words) -> Block:
    """The case's window, which says above its buttons that the file is written."""
    *rest, buttons = view["blocks"]
    done = section(f"✅ *{say('Exported.')}* {say('Where the file is stands in your direct messages with Aside.')}")
    return {**view, "blocks": [*rest, done, buttons]}


def not_yours_words(say: Words) -> str:
    """Why this is not for everybody."""
    return say("Only a supervisor or a manager can export a case as evidence.")


def not_written_words(say: Words) -> str:
    """When there is no room, or no right to write."""
    return say("The file could not be written. Please tell whoever runs Aside to look at the folder `exports`.")
