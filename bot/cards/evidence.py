"""What whoever takes a case out as evidence is told (R38)."""

from bot.i18n import Words


def written(name: str, checksum: str, *, customer: str, say: Words) -> tuple[str, list[str]]:
    """Where the file is, who can hand it over, and how to tell whether it was changed.

    Args:
        name: The file's name.
    """
    return say("{customer}: the case has been exported", customer=customer), [
        say(
            "On the machine that runs Aside, in its data folder: `exports/{name}`. "
            "Whoever runs Aside can hand it over; it holds what the customer and we wrote, so share it with care.",
            name=name,
        ),
        say("Checksum, also kept in the audit: `SHA-256 {checksum}`", checksum=checksum),
    ]


def not_yours_words(say: Words) -> str:
    """Why this is not for everybody."""
    return say("Only a supervisor or a manager can export a case as evidence.")


def not_written_words(say: Words) -> str:
    """When there is no room, or no right to write."""
    return say("The file could not be written. Please tell whoever runs Aside to look at the folder `exports`.")
