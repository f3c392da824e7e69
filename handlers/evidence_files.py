"""Files that came with an answer: their names and where Slack shows them. What is in them is never fetched.

A file that was put into a window is its uploader's alone. Whoever can see a file and posts its link in a conversation
lets everybody there see it; so the approvals channel gets a message with the link, and nobody else does.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.blocks import cut
from bot.cards import verification as card
from bot.i18n import Words
from bot.promises import Answer, EvidenceFile, Given, Verification
from handlers import people
from handlers.guard import Actor, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.verification_cards import as_read_by
from handlers.worker import Task
from storage import outbox
from storage import workspace as workspaces
from storage.outbox import SendKind
from storage.promises import files_key, scope_key

MOST_NAME = 100

log = structlog.get_logger()


async def given(services: Services, sent: Submission, answer: Answer, now: datetime) -> tuple[Given, Sequence[str]]:
    """An answer as its window says it, and those of its files that Slack does not let us see, by id.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    known: list[EvidenceFile] = []
    unread: list[str] = []
    for file_id in sent.files(card.FILES):
        try:
            answered = await services.client.files_info(file=file_id)
        except people.UNREACHABLE as error:
            if not people.is_refusal(error):
                raise people.UnknownForNowError from error
            log.warning("file_unknown", file=file_id, error=people.error_code(error))
            unread.append(file_id)
            continue
        file = answered["file"]
        name = cut(str(file.get("title") or file.get("name") or file_id), MOST_NAME)
        known.append(EvidenceFile(id=file_id, name=name, link=str(file["permalink"])))
    said = Given(answer=answer, by=sent.user, at=now, evidence=sent.text(card.EVIDENCE).strip(), files=tuple(known))
    return said, unread


def tell_unread(services: Services, connection: Connection, task: Task, actor: Actor, unread: Sequence[str]) -> None:
    """Whoever sent a file that cannot be read hears what to do instead."""
    if unread:
        told = actor.say("Slack did not let Aside see the file. Please answer once more, with a link to it.")
        tell_directly(services, connection, task, actor, told)


def show(services: Services, connection: Connection, after: Verification, said: Given) -> None:
    """Let the supervisors see the files of an answer: in the approvals channel, below their card."""
    approvals = workspaces.setup(connection, after.workspace).approvals_channel
    if not said.files or not approvals:
        return
    say = as_read_by(connection, after.workspace, after.asked_by)
    head = say("Evidence from {who}:", who=f"<@{said.by}>")
    rows = [f"• {card.file_words(each, say)}" for each in said.files]
    outbox.put(
        connection,
        workspace=after.workspace,
        key=files_key(after.id, len(after.answers) - 1),
        kind=SendKind.MESSAGE,
        target={
            "channel": approvals,
            "thread_of": scope_key(after.id, after.round),
            "tell": said.by,
            "if_not_sent": {"text": _not_shown(as_read_by(connection, after.workspace, said.by))},
        },
        body={"text": "\n".join([head, *rows]), "unfurl_links": True},
        case_id=after.case_id,
        now=services.clock(),
    )


def _not_shown(say: Words) -> str:
    return say("Your file could not be shown in the approvals channel. Please show it to a supervisor.")
