"""The App Home: the whispers that Slack forgets, and for supervisors what waits for a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.advice import StoredAdvice
from bot.blocks import Block, button, context, divider, escaped, header, quotes, section
from bot.cards import board as board_card
from bot.cards import claims as claims_card
from bot.cards import desk as desk_card
from bot.cards import granted as granted_card
from bot.cards import ledger as ledger_card
from bot.cards import promise_scope as scope_card
from bot.cards.feedback import Choice, clock, menu, rating_words, row_id
from bot.cards.setup import missing_words
from bot.desk import Desk, TeamMember
from bot.i18n import Words
from bot.ledger import Ledger
from bot.message import Role
from bot.playbook import Playbook
from bot.playbook_yaml import Fault
from bot.promises import Verification
from bot.quiet import Feedback, Quiet, Rating
from bot.setup import Missing
from bot.waiting import Waiting

SET_UP = "set_up"
PAUSE = "pause"
RESUME = "resume"
UNMUTE_PLAY = "unmute_play"
UNMUTE_CASE = "unmute_case"
MOST_BLOCKS = 100
MOST_MUTED = 5
MOST_FAULTS = 3
MOST_STOOD_IN = 10


@dataclass(frozen=True)
class Inbox:
    """What Aside said to somebody, and what they do not want to hear.

    Attributes:
        advice: What they were told, newest first, with the customer's name; empty when there is none.
        ratings: What they thought of it, by the advice's id.
        muted_cases: The cases they muted: id, customer's name, day.
    """

    advice: Sequence[tuple[StoredAdvice, str]] = ()
    ratings: Mapping[str, Rating] = field(default_factory=dict)
    quiet: Quiet = field(default_factory=Quiet)
    muted_cases: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Board:
    """What those who decide see: supervisors, managers, and whoever stands in for one.

    Attributes:
        waiting: Undecided requests, oldest first; `more_waiting` are left out.
        promised: Promises that this reader may record, with the customer's name.
        team: Counts alone: what an agent is told about their own words stays with them.
        unhandled: How many open cases nobody handles yet.
        months: The first days of the months in the ledger's chart.
        names: Customers' names by their ids.
    """

    waiting: Sequence[Waiting]
    more_waiting: int
    team: Sequence[TeamMember]
    unhandled: int
    ledger: Ledger
    months: Sequence[date]
    names: Mapping[str, str]
    now: datetime
    promised: Sequence[tuple[Verification, str]] = ()


def view(
    *,
    role: Role,
    inbox: Inbox,
    missing: Sequence[Missing],
    admin: bool,
    zone: str,
    playbook: Playbook,
    say: Words,
    desk: Desk | None = None,
    board: Board | None = None,
    faults: Sequence[Fault] = (),
    feedback: Feedback | None = None,
    stands_in_for: Sequence[tuple[str, datetime | None]] = (),
    selling: Sequence[Block] = (),
) -> Block:
    """What somebody finds under the app's name.

    Args:
        desk: Their own cases and commitments; for who talks to customers.
        board: For who may decide.
        faults: Why the playbook's latest edit was not taken; for administrators and supervisors.
        feedback: How often the team was whispered to, and what they thought of it; for supervisors alone, and no more
            than numbers: what an agent is told about their own words stays with them.
        selling: What is for sales, as `bot.cards.pipeline` shows it.
        stands_in_for: Whose deputy they are now, and until when; None while nobody knows.
    """
    blocks: list[Block] = []
    if admin:
        blocks += setup_blocks(missing, say)
    if faults and (admin or role is Role.SUPERVISOR):
        blocks += _edit_not_taken(faults, say)
    if not role.is_staff:
        blocks.append(section(say("This app is for our support team. There is nothing you need to do here.")))
        return {"type": "home", "blocks": blocks}
    own = desk_card.blocks(desk, zone, say) if desk else []
    deciding: list[Block] = []
    if stands_in_for:
        lines = (_stands_in(who, until, zone, say) for who, until in stands_in_for[:MOST_STOOD_IN])
        deciding.append(section("\n".join(lines)))
    if board:
        deciding += _board(board, feedback, playbook, say)
    blocks += [*deciding, *selling, *own] if role is Role.SUPERVISOR else [*selling, *own, *deciding]
    if own or deciding or selling:
        blocks.append(divider())
    blocks.append(header(say("What Aside told you recently")))
    if role in {Role.AGENT, Role.SUPERVISOR} or inbox.quiet.paused_until:
        blocks.append(_pause(inbox.quiet, zone, say))
    muted = _muted(inbox, playbook, say)
    told = _told(inbox, zone=zone, playbook=playbook, say=say, most=MOST_BLOCKS - len(blocks) - len(muted))
    if not told:
        told = [section(say("Nothing yet. Aside speaks up when it can help."))]
    return {"type": "home", "blocks": [*blocks, *told, *muted][:MOST_BLOCKS]}


def _board(board: Board, feedback: Feedback | None, playbook: Playbook, say: Words) -> list[Block]:
    blocks = board_card.waiting_blocks(board.waiting, board.now, say, more=board.more_waiting)
    if board.promised:
        blocks.append(header(say("Promises to record")))
        blocks += [block for each, name in board.promised for block in scope_card.for_home(each, name, say)]
    blocks += board_card.team_blocks(board.team, board.unhandled, say)
    if feedback:
        blocks.append(context(_team_words(feedback, say)))
    return blocks + ledger_card.blocks(board.ledger, board.months, board.names, playbook.policy, say)


def _stands_in(who: str, until: datetime | None, zone: str, say: Words) -> str:
    if until is None:
        return say("You stand in for {who} until they are back.", who=f"<@{who}>")
    day = say.day(until.astimezone(ZoneInfo(zone)).date())
    return say("You stand in for {who}, who is back on {day}.", who=f"<@{who}>", day=day)


def _team_words(team: Feedback, say: Words) -> str:
    return say(
        "Whispers to the team in the past 7 days: {given}. Helpful: {helpful}, not helpful: {unhelpful}, "
        "signals corrected: {corrected}.",
        given=team.given,
        helpful=team.helpful,
        unhelpful=team.unhelpful,
        corrected=team.corrected,
    )


def _pause(quiet: Quiet, zone: str, say: Words) -> Block:
    """Whether they have paused, and the button for the other."""
    if quiet.paused_until is None:
        return section(
            say("Slack forgets whispers; this page keeps them. Only you can see it."),
            accessory=button(PAUSE, say("Pause for an hour"), "pause"),
        )
    return section(
        say(
            "⏸ Paused until {time}. What would have been whispered is kept here.", time=clock(quiet.paused_until, zone)
        ),
        accessory=button(RESUME, say("Resume"), "resume"),
    )


def _told(inbox: Inbox, *, zone: str, playbook: Playbook, say: Words, most: int) -> list[Block]:
    """What they were told, case by case, the case with the newest word first; as much of it as there is room for."""
    by_case: dict[str, list[tuple[StoredAdvice, str]]] = {}
    for stored, customer in inbox.advice:
        if stored.advice.plays[0] in playbook.words[say.language].plays:
            by_case.setdefault(stored.case_id, []).append((stored, customer))
    blocks: list[Block] = []
    for told in by_case.values():
        customer = told[0][1] or say("a customer not on file")
        first: list[Block] = [divider(), section(f"*{escaped(customer)}*")]
        for stored, _ in told:
            entry = [*first, *_entry(stored, inbox.ratings.get(stored.id), zone=zone, playbook=playbook, say=say)]
            if len(blocks) + len(entry) > most:
                return blocks
            blocks += entry
            first = []
    return blocks


def _entry(stored: StoredAdvice, rating: Rating | None, *, zone: str, playbook: Playbook, say: Words) -> list[Block]:
    advice = stored.advice
    play = playbook.words[say.language].plays[advice.plays[0]]
    rate = (Choice.UNDO_RATING,) if rating else (Choice.HELPFUL, Choice.NOT_HELPFUL)
    choices = (Choice.WHY, *rate, Choice.MUTE_PLAY, Choice.MUTE_CASE)
    title = section(f"*{escaped(play.title)}*\n{escaped(play.meaning)}", accessory=menu(choices, say))
    about = [stored.given_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")]
    if stored.while_paused:
        about.append(say("kept while you paused"))
    if rating:
        about.append(rating_words(rating, say))
    blocks = [{**title, "block_id": row_id(stored.id)}, context(" · ".join(about))]
    blocks += claims_card.blocks(advice.checks, say)
    said = [quotes([line.text for line in advice.lines])] if advice.lines else []
    return [*blocks, *said, *granted_card.beside(advice, say)]


def _muted(inbox: Inbox, playbook: Playbook, say: Words) -> list[Block]:
    """What they muted, each with the button that lets it be heard again."""
    plays = playbook.words[say.language].plays
    titles = [(each, plays[each].title) for each in inbox.quiet.plays if each in plays]
    if not titles and not inbox.muted_cases:
        return []
    blocks = [divider(), header(say("Muted"))]
    for action, muted in ((UNMUTE_PLAY, titles), (UNMUTE_CASE, inbox.muted_cases)):
        blocks += [
            section(
                say("Play: {name}", name=escaped(name))
                if action == UNMUTE_PLAY
                else say("Case: {name}", name=escaped(name)),
                accessory=button(action, say("Unmute"), target),
            )
            for target, name in muted[:MOST_MUTED]
        ]
    more = max(len(titles) - MOST_MUTED, 0) + max(len(inbox.muted_cases) - MOST_MUTED, 0)
    if more:
        blocks.append(context(say.plural("and {n} more", "and {n} more", more)))
    return blocks


def setup_blocks(missing: Sequence[Missing], say: Words) -> list[Block]:
    """What an administrator still has to decide."""
    if missing:
        text = say("Still to be set up: {list}", list=say(", ").join(missing_words(each, say) for each in missing))
    else:
        text = say("Aside is set up.")
    return [section(text, accessory=button(SET_UP, say("Set up…"), "setup"))]


def _edit_not_taken(faults: Sequence[Fault], say: Words) -> list[Block]:
    """What is wrong with the playbook's files since they were changed, its first few faults."""
    told = [context(escaped(str(fault))) for fault in faults[:MOST_FAULTS]]
    more = len(faults) - MOST_FAULTS
    if more > 0:
        told.append(context(say.plural("and {n} more", "and {n} more", more)))
    return [
        section(say("⚠️ The latest edit of the playbook was not accepted. Aside keeps to the version before it.")),
        *told,
    ]
