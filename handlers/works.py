"""Which work belongs to which kind of entry."""

from bot.cards import exception as exception_card
from bot.cards import setup as setup_card
from bot.cards import warranty as warranty_card
from bot.cards import whisper as whisper_card
from bot.cards.home import SET_UP
from handlers import changes, coach, decision, feedback, goodwill, home, inbound, setup, warranty
from handlers.services import Services
from handlers.worker import Task, Work

CLICKS: dict[str, Work] = {
    whisper_card.ASK_EXCEPTION: goodwill.on_ask,
    whisper_card.WHY: feedback.on_why,
    whisper_card.NOT_HELPFUL: feedback.on_not_helpful,
    exception_card.APPROVE: decision.on_approve,
    exception_card.DECLINE: decision.on_decline,
    warranty_card.PICK_CUSTOMER: warranty.on_pick,
    SET_UP: setup.on_home_button,
}
COMMANDS: dict[str, Work] = {"/warranty": warranty.on_command, "/aside": setup.on_command}
SHORTCUTS: dict[str, Work] = {"warranty_card": warranty.on_shortcut, "ask_exception": goodwill.on_shortcut}
VIEWS: dict[str, Work] = {
    exception_card.ASK_VIEW: goodwill.on_asked,
    exception_card.DECLINE_VIEW: decision.on_declined,
    setup_card.SETUP_VIEW: setup.on_saved,
}


async def _click(services: Services, task: Task) -> None:
    work = CLICKS.get(inbound.click(task.entry.payload).action_id)
    if work:
        await work(services, task)


async def _command(services: Services, task: Task) -> None:
    await COMMANDS[inbound.command(task.entry.payload).name](services, task)


async def _shortcut(services: Services, task: Task) -> None:
    await SHORTCUTS[inbound.shortcut(task.entry.payload).callback_id](services, task)


async def _view(services: Services, task: Task) -> None:
    work = VIEWS.get(inbound.submission(task.entry.payload).callback_id)
    if work:
        await work(services, task)


PERSON: dict[str, Work] = {"click": _click, "command": _command, "shortcut": _shortcut, "view": _view}
STREAM: dict[str, Work] = {
    "message": coach.on_message,
    "app_home_opened": home.on_opened,
    "subteam_members_changed": changes.on_group_changed,
    "subteam_updated": changes.on_group_changed,
    "member_joined_channel": changes.on_channel_changed,
    "channel_shared": changes.on_channel_changed,
    "channel_unshared": changes.on_channel_changed,
}
