"""Which work belongs to which kind of entry."""

from collections.abc import Awaitable, Callable

from bot.cards import assess as assess_card
from bot.cards import care as care_card
from bot.cards import case as case_card
from bot.cards import commitment as commitment_card
from bot.cards import deciding as deciding_card
from bot.cards import decision as decision_card
from bot.cards import doing as doing_card
from bot.cards import engineer as engineer_card
from bot.cards import exception as exception_card
from bot.cards import feedback as feedback_card
from bot.cards import home as home_card
from bot.cards import promise_scope as scope_card
from bot.cards import renewals as renewals_card
from bot.cards import right_customer as right_customer_card
from bot.cards import sales as sales_card
from bot.cards import setup as setup_card
from bot.cards import takeover as takeover_card
from bot.cards import verification as verification_card
from bot.cards import warranty as warranty_card
from bot.cards import whisper as whisper_card
from handlers import (
    assess,
    care,
    casework,
    changes,
    coach,
    commitment,
    decision,
    draft,
    engineer,
    evidence,
    feedback,
    goodwill,
    grant,
    home,
    inbound,
    leaving,
    opportunity,
    prolonged,
    promise_scope,
    quiet,
    right_customer,
    setup,
    takeover,
    unanswered,
    verification,
    warranty,
)
from handlers.inbound import Submission
from handlers.services import Services
from handlers.worker import Task, Work

CLICKS: dict[str, Work] = {
    whisper_card.ASK_EXCEPTION: goodwill.on_ask,
    feedback_card.WHY: feedback.on_why,
    feedback_card.HELPFUL: feedback.on_helpful,
    feedback_card.MENU: feedback.on_menu,
    feedback_card.WRONG_SIGNAL: feedback.on_wrong_signal,
    feedback_card.UNDO_RATING: feedback.on_undo_rating,
    feedback_card.UNDO_MUTE_PLAY: feedback.on_undo_mute_play,
    feedback_card.UNDO_MUTE_CASE: feedback.on_undo_mute_case,
    feedback_card.UNDO_PAUSE: feedback.on_undo_pause,
    home_card.PAUSE: quiet.on_pause,
    home_card.RESUME: quiet.on_resume,
    home_card.UNMUTE_PLAY: quiet.on_unmute_play,
    home_card.UNMUTE_CASE: quiet.on_unmute_case,
    decision_card.APPROVE: decision.on_approve,
    decision_card.APPROVE_WITH_TERMS: decision.on_approve_with_terms,
    decision_card.ASK_BACK: decision.on_ask_back,
    decision_card.DECLINE: decision.on_decline,
    decision_card.ANSWER: grant.on_answer,
    decision_card.WITHDRAW: grant.on_withdraw,
    decision_card.USE: grant.on_use,
    warranty_card.PICK_CUSTOMER: warranty.on_pick,
    home_card.SET_UP: setup.on_home_button,
    doing_card.SHOW_CASE: casework.on_show,
    right_customer_card.CHOOSE_CUSTOMER: right_customer.on_choose,
    right_customer_card.THEIR_CASE: right_customer.on_their_case,
    doing_card.READ: casework.on_read,
    assess_card.ASSESS: assess.on_assess,
    assess_card.NEW_FACTS: assess.on_new_facts,
    engineer_card.ASSIGN_ENGINEER: engineer.on_assign,
    commitment_card.COMMIT: commitment.on_commit,
    commitment_card.FOLLOW_UP: commitment.on_follow_up,
    commitment_card.KEPT: commitment.on_kept,
    commitment_card.WITHDRAW: commitment.on_withdraw,
    commitment_card.NEW_TIME: commitment.on_new_time,
    care_card.BREAK: care.on_break,
    case_card.EXPORT: evidence.on_export,
    takeover_card.ASK_TAKEOVER: takeover.on_ask,
    takeover_card.CHOOSE_TAKEOVER: takeover.on_choose,
    takeover_card.ASK_PEER: takeover.on_ask_peer,
    takeover_card.TAKE_OVER: takeover.on_accept,
    takeover_card.LOOK: takeover.on_accept,
    takeover_card.NOT_NOW: takeover.on_not_now,
    sales_card.TAKE: opportunity.on_take,
    sales_card.SNOOZE: opportunity.on_snooze,
    sales_card.HAND_ON: opportunity.on_hand_on,
    sales_card.WON: opportunity.on_won,
    sales_card.LOST: opportunity.on_lost,
    renewals_card.MENU: opportunity.on_ending,
    verification_card.ASK_SALES: verification.on_ask,
    verification_card.YES: verification.on_yes,
    verification_card.NO: verification.on_no,
    verification_card.NOT_SURE: verification.on_not_sure,
    verification_card.PROLONGED: prolonged.on_prolonged,
    scope_card.RECORD: promise_scope.on_record,
    scope_card.QUESTION: promise_scope.on_question,
}
COMMANDS: dict[str, Work] = {
    "/warranty": warranty.on_command,
    "/exception": goodwill.on_command,
    "/aside": setup.on_command,
}
SHORTCUTS: dict[str, Work] = {
    "warranty_card": warranty.on_shortcut,
    "ask_exception": goodwill.on_shortcut,
    "case_card": casework.on_shortcut,
    "check_draft": draft.on_shortcut,
}
VIEWS: dict[str, Work] = {
    exception_card.ASK_VIEW: goodwill.on_asked,
    deciding_card.APPROVE_VIEW: decision.on_approved,
    deciding_card.TERMS_VIEW: decision.on_approved_with_terms,
    deciding_card.ASK_BACK_VIEW: decision.on_asked_back,
    deciding_card.DECLINE_VIEW: decision.on_declined,
    deciding_card.ANSWER_VIEW: grant.on_answered,
    setup_card.SETUP_VIEW: setup.on_saved,
    right_customer_card.CUSTOMER_VIEW: right_customer.on_chosen,
    feedback_card.NOT_HELPFUL_VIEW: feedback.on_rated,
    assess_card.ASSESS_VIEW: assess.on_assessed,
    assess_card.NEW_FACTS_VIEW: assess.on_new_facts_told,
    engineer_card.ENGINEER_VIEW: engineer.on_assigned,
    commitment_card.COMMIT_VIEW: commitment.on_committed,
    commitment_card.FOLLOW_UP_VIEW: commitment.on_committed,
    commitment_card.NEW_TIME_VIEW: commitment.on_new_time_given,
    takeover_card.TAKEOVER_VIEW: takeover.on_asked,
    **dict.fromkeys(opportunity.MOVE_OF, opportunity.on_sent),
    verification_card.YES_VIEW: verification.on_answered_yes,
    verification_card.NO_VIEW: verification.on_answered_no,
    verification_card.NOT_SURE_VIEW: verification.on_answered_not_sure,
    verification_card.PROLONGED_VIEW: prolonged.on_sent,
    **dict.fromkeys(promise_scope.MOVE_OF, promise_scope.on_sent),
}
Check = Callable[[Services, Submission], Awaitable[dict[str, str]]]
CHECKS: dict[str, Check] = {
    exception_card.ASK_VIEW: goodwill.mistakes,
    deciding_card.APPROVE_VIEW: decision.mistakes,
    deciding_card.TERMS_VIEW: decision.mistakes,
    deciding_card.ASK_BACK_VIEW: decision.mistakes,
    deciding_card.DECLINE_VIEW: decision.mistakes,
    deciding_card.ANSWER_VIEW: grant.mistakes,
    assess_card.ASSESS_VIEW: assess.assess_mistakes,
    assess_card.NEW_FACTS_VIEW: assess.new_facts_mistakes,
    engineer_card.ENGINEER_VIEW: engineer.mistakes,
    commitment_card.COMMIT_VIEW: commitment.mistakes,
    commitment_card.FOLLOW_UP_VIEW: commitment.mistakes,
    commitment_card.NEW_TIME_VIEW: commitment.new_time_mistakes,
    takeover_card.TAKEOVER_VIEW: takeover.mistakes,
    right_customer_card.CUSTOMER_VIEW: right_customer.mistakes,
    feedback_card.NOT_HELPFUL_VIEW: feedback.mistakes,
    **dict.fromkeys(promise_scope.MOVE_OF, promise_scope.mistakes),
    **dict.fromkeys(opportunity.MOVE_OF, opportunity.mistakes),
}


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a window before it is taken, a sentence for each box."""
    check = CHECKS.get(sent.callback_id)
    return await check(services, sent) if check else {}


async def _click(services: Services, task: Task) -> None:
    click = inbound.click(task.entry.payload)
    unanswered.note_click(services, click)
    work = CLICKS.get(click.action_id)
    if work:
        await work(services, task)


async def _command(services: Services, task: Task) -> None:
    await COMMANDS[inbound.command(task.entry.payload).name](services, task)


async def _shortcut(services: Services, task: Task) -> None:
    await SHORTCUTS[inbound.shortcut(task.entry.payload).callback_id](services, task)


async def _view(services: Services, task: Task) -> None:
    sent = inbound.submission(task.entry.payload)
    work = VIEWS.get(sent.callback_id)
    if work:
        await work(services, task)
        if sent.below:
            await casework.refresh_below(services, sent)


PERSON: dict[str, Work] = {"click": _click, "command": _command, "shortcut": _shortcut, "view": _view}
STREAM: dict[str, Work] = {
    "message": coach.on_message,
    "app_home_opened": home.on_opened,
    "subteam_members_changed": changes.on_group_changed,
    "subteam_updated": changes.on_group_changed,
    "member_joined_channel": changes.on_channel_changed,
    "channel_shared": changes.on_channel_changed,
    "channel_unshared": changes.on_channel_changed,
    "user_change": changes.on_person_changed,
    "tokens_revoked": leaving.on_tokens_revoked,
}
