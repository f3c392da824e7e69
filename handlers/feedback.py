"""What an agent thinks of a whisper, where it came from, and which of its signals was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from bot.advice import StoredAdvice
from bot.blocks import Block, body
from bot.cards import feedback as feedback_card
from bot.cards import whisper as whisper_card
from bot.cards.feedback import Choice
from bot.quiet import PAUSE_MINUTES, Reason
from handlers import deliver, home, inbound
from handlers import quiet as pausing
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Click, Submission
from handlers.services import Services
from handlers.situation import customer_of
from handlers.worker import Task
from storage import advised, cases, quiet
from storage.quiet import Mute

ANSWERABLE_SECONDS = 1_700.0
"""Slack takes answers to a click for half an hour."""


class Place(BaseModel):
    """Where somebody met a whisper; a window opened from it remembers this.

    Attributes:
        response_url: Empty in the App Home.
        replaces: Only this person sees the message, so that it can change.
    """

    model_config = ConfigDict(frozen=True)

    advice_id: str
    response_url: str = ""
    replaces: bool = False
    clicked_at: float = 0.0


@dataclass(frozen=True)
class Given:
    """A whisper, the person it was for, and where they met it."""

    actor: Actor
    stored: StoredAdvice
    place: Place

    @property
    def can_change(self) -> bool:
        """Whether the message is the whisper and nothing else; news, which no signal brought about, stays as it is."""
        return self.place.replaces and bool(self.stored.advice.signals)


async def on_why(services: Services, task: Task) -> None:
    """Rule, signal, words, facts and playbook version are one click away."""
    click = inbound.click(task.entry.payload)
    await _why(services, task, click, click.value)


async def on_helpful(services: Services, task: Task) -> None:
    """It helped."""
    click = inbound.click(task.entry.payload)
    await _helpful(services, task, click, click.value)


async def on_undo_rating(services: Services, task: Task) -> None:
    """The rating is taken back, and what was corrected with it."""
    click = inbound.click(task.entry.payload)
    await _undo_rating(services, task, click, click.value)


async def on_menu(services: Services, task: Task) -> None:
    """One of the choices behind the three dots, on a whisper or in the App Home."""
    click = inbound.click(task.entry.payload)
    advice_id = feedback_card.advice_id_of(click.block_id)
    match click.value:
        case Choice.WHY:
            await _why(services, task, click, advice_id)
        case Choice.HELPFUL:
            await _helpful(services, task, click, advice_id)
        case Choice.NOT_HELPFUL:
            await _not_helpful(services, task, click, advice_id)
        case Choice.UNDO_RATING:
            await _undo_rating(services, task, click, advice_id)
        case Choice.MUTE_PLAY | Choice.MUTE_CASE | Choice.PAUSE as choice:
            await _less(services, task, click, advice_id, Choice(choice))


async def on_wrong_signal(services: Services, task: Task) -> None:
    """The button beside a signal in the window "Why this?"."""
    click = inbound.click(task.entry.payload)
    place = Place.model_validate_json(click.private_metadata)
    given = await _given(services, task, click.user, place)
    if given:
        window = _window(services, given, reason=Reason.WRONG_SIGNAL, signal=click.value)
        await open_window(services, task, given.actor, click.trigger_id, window, push=True)


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in the window before it is taken, a sentence for each box."""
    place = Place.model_validate_json(sent.private_metadata)
    with services.casebook.begin() as connection:
        stored = advised.stored_advice(connection, services.identity.workspace, place.advice_id)
    one_signal = stored is not None and len(stored.advice.signals) == 1
    reason, signal, note = sent.text("reason"), sent.text("signal"), sent.text("note")
    say = (await actor_of(services, sent.user)).say
    return feedback_card.mistake(reason, signal=signal, note=note, one_signal=one_signal, say=say)


async def on_rated(services: Services, task: Task) -> None:
    """The window was sent off: keep why it did not help, and correct the signal that was wrong."""
    sent = inbound.submission(task.entry.payload)
    given = await _given(services, task, sent.user, Place.model_validate_json(sent.private_metadata))
    if given is None:
        return
    say, stored, workspace = given.actor.say, given.stored, services.identity.workspace
    reason, signal, really = Reason(sent.text("reason")), sent.text("signal"), sent.text("really")
    if reason is Reason.WRONG_SIGNAL and not signal and len(stored.advice.signals) == 1:
        signal = stored.advice.signals[0].id
    with task.finishing() as connection:
        _rate(services, connection, given, helpful=False, reason=reason, note=sent.text("note"))
        thanks = [say("Thank you, noted.")]
        now = services.clock()
        if signal and quiet.correct(connection, workspace, stored, signal=signal, really=really, now=now):
            thanks.append(feedback_card.corrected_words(signal, really, playbook=services.playbook, say=say))
        _answer(services, connection, task, given, " ".join(thanks), feedback_card.UNDO_RATING)


async def on_undo_mute_play(services: Services, task: Task) -> None:
    """The play is heard again."""
    await _more(services, task, feedback_card.UNDO_MUTE_PLAY)


async def on_undo_mute_case(services: Services, task: Task) -> None:
    """The case is heard again."""
    await _more(services, task, feedback_card.UNDO_MUTE_CASE)


async def on_undo_pause(services: Services, task: Task) -> None:
    """They are whispered to again."""
    await _more(services, task, feedback_card.UNDO_PAUSE)


async def _given(services: Services, task: Task, user: str, place: Place) -> Given | None:
    """The whisper that somebody means; None, and a sentence, when it is not theirs or no longer there."""
    actor = await admit(services, task, user, place.response_url)
    if actor is None:
        return None
    with services.casebook.begin() as connection:
        stored = advised.stored_advice(connection, services.identity.workspace, place.advice_id)
    if stored and stored.person == user:
        return Given(actor, stored, place)
    sentence = actor.say("That whisper is no longer on file.")
    with task.finishing() as connection:
        if place.response_url:
            _reply(services, connection, task, actor, place, {"text": sentence})
        else:
            tell_directly(services, connection, task, actor, sentence)
    return None


def _place(services: Services, click: Click, advice_id: str) -> Place:
    return Place(
        advice_id=advice_id,
        response_url=click.response_url,
        replaces=click.is_ephemeral,
        clicked_at=services.clock(),
    )


async def _why(services: Services, task: Task, click: Click, advice_id: str) -> None:
    given = await _given(services, task, click.user, _place(services, click, advice_id))
    if given:
        view = whisper_card.why(
            given.stored.advice,
            playbook=services.playbook,
            say=given.actor.say,
            remember=given.place.model_dump_json(),
        )
        await open_window(services, task, given.actor, click.trigger_id, view)


async def _helpful(services: Services, task: Task, click: Click, advice_id: str) -> None:
    given = await _given(services, task, click.user, _place(services, click, advice_id))
    if given is None:
        return
    with task.finishing() as connection:
        _rate(services, connection, given, helpful=True)
        sentence = given.actor.say("Thank you, noted.")
        _answer(services, connection, task, given, sentence, feedback_card.UNDO_RATING, keeps=True)


async def _not_helpful(services: Services, task: Task, click: Click, advice_id: str) -> None:
    given = await _given(services, task, click.user, _place(services, click, advice_id))
    if given:
        await open_window(services, task, given.actor, click.trigger_id, _window(services, given))


def _window(services: Services, given: Given, *, reason: Reason | None = None, signal: str = "") -> Block:
    return feedback_card.window(
        given.stored.advice,
        playbook=services.playbook,
        say=given.actor.say,
        remember=given.place.model_dump_json(),
        reason=reason,
        signal=signal,
    )


def _rate(
    services: Services,
    connection: Connection,
    given: Given,
    *,
    helpful: bool,
    reason: Reason | None = None,
    note: str = "",
) -> None:
    advised.rate(
        connection,
        workspace=services.identity.workspace,
        advice_id=given.stored.id,
        person=given.stored.person,
        helpful=helpful,
        reason=reason,
        note=note,
        now=services.clock(),
    )


async def _undo_rating(services: Services, task: Task, click: Click, advice_id: str) -> None:
    given = await _given(services, task, click.user, _place(services, click, advice_id))
    if given is None:
        return
    with task.finishing() as connection:
        workspace, stored = services.identity.workspace, given.stored
        advised.unrate(connection, workspace=workspace, advice_id=stored.id, person=stored.person)
        quiet.undo_corrections(connection, workspace, stored, now=services.clock())
        _restore(services, connection, task, given, given.actor.say("Taken back."))


async def _less(services: Services, task: Task, click: Click, advice_id: str, choice: Choice) -> None:
    """Mute the play or the case of a whisper, or pause."""
    given = await _given(services, task, click.user, _place(services, click, advice_id))
    if given is None:
        return
    say, stored, now = given.actor.say, given.stored, services.clock()
    workspace, person = services.identity.workspace, given.stored.person
    with task.finishing() as connection:
        if choice is Choice.MUTE_PLAY:
            quiet.mute(connection, workspace, person, Mute.PLAY, stored.advice.plays[0], now=now)
            sentence = say("Muted: you will not hear this play in any case. The App Home lists what is muted.")
            undo = feedback_card.UNDO_MUTE_PLAY
        elif choice is Choice.MUTE_CASE:
            quiet.mute(connection, workspace, person, Mute.CASE, stored.case_id, now=now)
            sentence = say("Muted: Aside says nothing to you about this case. The App Home lists what is muted.")
            undo = feedback_card.UNDO_MUTE_CASE
        else:
            sentence = pausing.pause(services, connection, given.actor, PAUSE_MINUTES)
            undo = feedback_card.UNDO_PAUSE
        _answer(services, connection, task, given, sentence, undo)


async def _more(services: Services, task: Task, undo: str) -> None:
    """Take back what `_less` did."""
    click = inbound.click(task.entry.payload)
    given = await _given(services, task, click.user, _place(services, click, click.value))
    if given is None:
        return
    say, stored, workspace = given.actor.say, given.stored, services.identity.workspace
    with task.finishing() as connection:
        if undo == feedback_card.UNDO_MUTE_PLAY:
            quiet.unmute(connection, workspace, stored.person, Mute.PLAY, stored.advice.plays[0])
        elif undo == feedback_card.UNDO_MUTE_CASE:
            quiet.unmute(connection, workspace, stored.person, Mute.CASE, stored.case_id)
        else:
            quiet.resume(connection, workspace, stored.person)
        _restore(services, connection, task, given, say("Taken back."))


def _answer(
    services: Services,
    connection: Connection,
    task: Task,
    given: Given,
    sentence: str,
    undo: str,
    *,
    keeps: bool = False,
) -> None:
    """Say what was done where the whisper stands, with a way back.

    Args:
        keeps: Leave the whisper's words and controls where they are.
    """
    label = given.actor.say("Resume") if undo == feedback_card.UNDO_PAUSE else given.actor.say("Undo")
    done = feedback_card.done(sentence, undo, label, given.stored.id)
    kept = _card(services, connection, given) if keeps and given.can_change else []
    _show(services, connection, task, given, sentence, [*kept, done])


def _restore(services: Services, connection: Connection, task: Task, given: Given, sentence: str) -> None:
    """Show the whisper as it was."""
    _show(services, connection, task, given, sentence, _card(services, connection, given))


def _card(services: Services, connection: Connection, given: Given) -> list[Block]:
    """The whisper's blocks, its controls last; none when the playbook no longer has its words."""
    stored, say = given.stored, given.actor.say
    if stored.advice.plays[0] not in services.playbook.words[say.language].plays:
        return []
    case = cases.get(connection, services.identity.workspace, stored.case_id)
    customer = customer_of(services, case.customer_id) if case else None
    _, blocks = whisper_card.card(
        stored.advice,
        stored.id,
        customer=customer.record.customer.name if customer else None,
        playbook=services.playbook,
        say=say,
    )
    rated = advised.ratings_by(connection, services.identity.workspace, stored.person, [stored.id])
    is_helpful = stored.id in rated and rated[stored.id].helpful
    return [*blocks[:-1], feedback_card.footer(stored.id, say, is_helpful=is_helpful)]


def _show(
    services: Services, connection: Connection, task: Task, given: Given, sentence: str, blocks: Sequence[Block]
) -> None:
    """Put it where the whisper stands; in the App Home, that is the Home as it is now."""
    place = given.place
    if not place.response_url:
        home.publish(services, connection, task, given.actor)
    elif services.clock() - place.clicked_at > ANSWERABLE_SECONDS:
        tell_directly(services, connection, task, given.actor, sentence)
    else:
        shown = body(sentence, blocks) if blocks and (given.can_change or len(blocks) == 1) else {"text": sentence}
        _reply(services, connection, task, given.actor, place, {**shown, "replace_original": given.can_change})


def _reply(
    services: Services, connection: Connection, task: Task, actor: Actor, place: Place, shown: dict[str, object]
) -> None:
    deliver.reply(
        connection,
        workspace=services.identity.workspace,
        key=f"{task.entry.key}:answer",
        response_url=place.response_url,
        person=actor.person.user_id,
        body=shown,
        now=services.clock(),
    )
