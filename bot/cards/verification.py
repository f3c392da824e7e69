"""Asking sales whether something was promised (R24), and what they answered."""

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    header,
    labelled,
    linked,
    local_day,
    modal,
    quote,
    section,
    text_input,
)
from bot.i18n import Words
from bot.promise_moves import AnswerRefusal
from bot.promises import (
    CHANNEL,
    Answer,
    EvidenceFile,
    EvidenceKind,
    Given,
    Verification,
    VerificationMove,
    VerificationState,
    kind_of,
)

ASK_SALES = "ask_sales"
YES, NO, NOT_SURE = "promise_yes", "promise_no", "promise_not_sure"
YES_VIEW, NO_VIEW, NOT_SURE_VIEW = "promise_yes_view", "promise_no_view", "promise_not_sure_view"
PROLONGED, PROLONGED_VIEW = "promise_prolonged", "promise_prolonged_view"
EVIDENCE, FILES = "evidence", "files"
MOST_FILES = 5
MOST_CLAIMED = 600
MOST_EVIDENCE = 400
MOST_ANSWERS = 6


def answer_words(verification: Verification, say: Words) -> str:
    """What sales said, in one sentence of markup."""
    standing = verification.standing
    who = f"<@{standing.by}>" if standing else ""
    day = local_day(standing.at if standing else verification.asked_at)
    match verification.state:
        case VerificationState.CONFIRMED:
            return say("✅ {who} confirmed it on {day}.", who=who, day=day)
        case VerificationState.LAPSED:
            return say("{who} confirmed it on {day}; it is over by now.", who=who, day=day)
        case VerificationState.NOT_CONFIRMED:
            return say("{who} does not know of it, as of {day}.", who=who, day=day)
        case VerificationState.REMEMBERED:
            return say("{who} remembers it, as of {day}, with nothing in writing. It is not settled.", who=who, day=day)
        case VerificationState.CONTRADICTED:
            return _contradicted_words(verification, say)
        case VerificationState.ASKED if standing:
            return say("{who} is not sure, as of {day}. The question stays open.", who=who, day=day)
        case VerificationState.ASKED:
            return say("No answer yet.")


def _contradicted_words(verification: Verification, say: Words) -> str:
    last = verification.changed_answer
    if last is None:
        return say("⚠️ Sales says both yes and no, with nothing in writing. It is not settled.")
    who = f"<@{last.by}>"
    if last.answer is Answer.YES:
        return say("⚠️ {who} said no, then yes, with nothing in writing. It is not settled.", who=who)
    return say("⚠️ {who} said yes, then no, with nothing in writing. It is not settled.", who=who)


def said_words(answer: Answer, who: str, day: str, say: Words) -> str:
    """One answer of several, in a sentence of markup."""
    match answer:
        case Answer.YES:
            return say("Yes, says {who} ({day}).", who=who, day=day)
        case Answer.NO:
            return say("{who} does not know of it, as of {day}.", who=who, day=day)
        case Answer.NOT_SURE:
            return say("{who} is not sure ({day}).", who=who, day=day)


def evidence_words(answer: Answer, evidence: str, say: Words) -> str:
    """What came with an answer, in markup: evidence for a yes, otherwise what they remember."""
    if answer is not Answer.YES:
        return say("They remember: {evidence}", evidence=escaped(evidence))
    match kind_of(evidence):
        case EvidenceKind.FILE:
            return say("Their evidence, a file: {evidence}", evidence=escaped(evidence))
        case EvidenceKind.LINK:
            return say("Their evidence, a link: {evidence}", evidence=linked(evidence))
        case EvidenceKind.WORDS:
            return say("Their evidence: {evidence}", evidence=escaped(evidence))


def shown_words(given: Given, say: Words) -> str:
    """What came with an answer, in markup: the words, and each file by its name, with its link; empty for nothing."""
    told = [evidence_words(given.answer, cut(given.evidence, MOST_EVIDENCE), say)] if given.evidence else []
    told += [say("Their evidence, a file: {evidence}", evidence=file_words(each, say)) for each in given.files]
    return " ".join(told)


def file_words(file: EvidenceFile, say: Words) -> str:
    """A file by its name, and the way to it, in markup; no name from outside hides where a link leads."""
    return f"{escaped(file.name)} <{file.link}|{say('Open')}>"


def given_words(given: Given, say: Words) -> str:
    """An answer with what came with it."""
    sentence = said_words(given.answer, f"<@{given.by}>", local_day(given.at), say)
    told = shown_words(given, say) or (say("Nothing in writing.") if given.answer is Answer.YES else "")
    return say("{sentence} {evidence}", sentence=sentence, evidence=told) if told else sentence


def answers(verification: Verification, say: Words) -> list[Block]:
    """How it stands, and every answer; where several were given, side by side in the order in which they came."""
    blocks: list[Block] = []
    standing, said = verification.standing, verification.counting
    if said or verification.state is not VerificationState.ASKED:
        blocks.append(section(f"*{answer_words(verification, say)}*"))
    if len(said) == 1 and standing and standing.shown:
        blocks.append(section(shown_words(standing, say)))
    elif len(said) > 1:
        blocks.append(section("\n".join(f"• {given_words(each, say)}" for each in said[-MOST_ANSWERS:])))
    earlier = verification.answers[: verification.round_answers]
    if earlier:
        told = "\n".join(f"• {given_words(each, say)}" for each in earlier[-MOST_ANSWERS:])
        blocks.append(context(f"{say('Said before the question above:')}\n{told}"))
    return blocks


def questioned(verification: Verification, say: Words) -> list[Block]:
    """What a supervisor wants to know of the evidence; nothing while nobody does."""
    if not verification.question:
        return []
    who = say("{who} asks about the evidence", who=f"<@{verification.questioned_by}>")
    return [section(f"*{who}*\n{escaped(verification.question)}")]


def refusal_words(refusal: AnswerRefusal, say: Words) -> str:
    """Why somebody's answer is not taken."""
    match refusal:
        case AnswerRefusal.NOT_ASKED:
            return say("Only whoever was asked, sales and supervisors can answer this. Your click changed nothing.")
        case AnswerRefusal.OWN_QUESTION:
            return say("You asked this yourself, so somebody else has to answer it.")
        case AnswerRefusal.SAID_ALREADY:
            return say("You have said so already. The card shows it.")


def card(
    verification: Verification,
    *,
    customer: str,
    instead_of: str | None,
    say: Words,
    is_latest: bool = True,
    asked_anew: bool = False,
) -> tuple[str, list[Block]]:
    """The question, and how it stands. It can be answered at any time: late is better than never.

    Args:
        instead_of: Name of the account owner who left, when a successor is asked (R29).
        is_latest: Nobody was asked after this reader.
        asked_anew: There is a newer question in the case, with a card of its own.
    """
    text = say("{customer}: was something promised?", customer=customer)
    blocks: list[Block] = [
        header(text),
        section(say("{who} asks. The customer wrote:", who=f"<@{verification.asked_by}>")),
        quote(cut(verification.claimed, MOST_CLAIMED)) if verification.claimed else context(say("(no longer kept)")),
    ]
    if instead_of:
        blocks.append(context(say("You get this because {name} has left.", name=escaped(instead_of))))
    blocks += [*questioned(verification, say), *answers(verification, say)]
    if not is_latest and verification.state is VerificationState.ASKED:
        blocks.append(context(say("Somebody else has been asked meanwhile. Your answer still counts.")))
    if verification.state is not VerificationState.LAPSED:
        blocks += _asking(verification, say)
    elif asked_anew:
        blocks.append(context(say("Sales has been asked about it anew. The newer card has the answer.")))
    else:
        blocks += [
            context(say("If it was prolonged, say so: a supervisor then records it anew.")),
            actions(f"promise:{verification.id}", button(PROLONGED, say("It was prolonged…"), verification.id)),
        ]
    return text, blocks


def _asking(verification: Verification, say: Words) -> list[Block]:
    is_open = verification.state is VerificationState.ASKED
    if not is_open:
        blocks = [context(say("You know something else? Every answer is taken, and shown beside the others."))]
    elif verification.question:
        blocks = [section(say("Please answer once more, with what is written."))]
    else:
        blocks = [section(say("Do you know of it? Support has neither confirmed nor denied anything."))]
    blocks.append(
        actions(
            f"promise:{verification.id}",
            button(YES, say("Yes, it was promised…"), verification.id, style="primary" if is_open else None),
            button(NO, say("No, not by us…"), verification.id),
            button(NOT_SURE, say("Not sure…"), verification.id),
        )
    )
    if is_open:
        blocks.append(
            context(say("A promise that was made is kept. Please answer here, not in the customer's channel."))
        )
    return blocks


def answer_modal(answer: Answer, verification_id: str, say: Words, *, takes_files: bool = True) -> Block:
    """What is in writing, for a yes; what they remember, for a no or not sure.

    Args:
        takes_files: Slack lets us ask for files.
    """
    view, title, label, hint = {
        Answer.YES: (
            YES_VIEW,
            say("It was promised"),
            say("What exactly, and where is it written?"),
            say(
                "A link to the file, mail or message, or its words. With evidence it binds us. "
                "Left empty, it is from memory, and a supervisor looks at it."
            ),
        ),
        Answer.NO: (
            NO_VIEW,
            say("Not promised"),
            say("What do you remember of it?"),
            say("The customer may still find something in writing."),
        ),
        Answer.NOT_SURE: (
            NOT_SURE_VIEW,
            say("Not sure"),
            say("What do you remember, and who might know?"),
            say("The next in line is asked, and sees this."),
        ),
    }[answer]
    box = text_input("text", multiline=True, most=1000)
    return modal(
        view,
        title,
        [
            labelled(EVIDENCE, label, box, hint=hint, optional=True),
            *(_files(say) if takes_files and answer is Answer.YES else []),
        ],
        submit=say("Answer"),
        close=say("Cancel"),
        private_metadata=verification_id,
    )


def prolonged_modal(verification_id: str, say: Words, *, takes_files: bool = True) -> Block:
    """Until when it goes on, and where that is written."""
    label = say("Until when does it go on, and where is that written?")
    hint = say("Left empty, it is from memory, and a supervisor looks at it.")
    return modal(
        PROLONGED_VIEW,
        say("It was prolonged"),
        [
            labelled(EVIDENCE, label, text_input("text", multiline=True, most=1000), hint=hint, optional=True),
            *(_files(say) if takes_files else []),
        ],
        submit=say("Answer"),
        close=say("Cancel"),
        private_metadata=verification_id,
    )


def _files(say: Words) -> list[Block]:
    """Where files go: they stay in Slack, and supervisors see them in the approvals channel."""
    box: Block = {"type": "file_input", "action_id": "files", "max_files": MOST_FILES}
    hint = say("The supervisors see them in the approvals channel.")
    return [labelled(FILES, say("Files, up to {n}", n=str(MOST_FILES)), box, hint=hint, optional=True)]


def reminder(verification: Verification, *, customer: str, link: str, say: Words) -> tuple[str, list[Block]]:
    """A word to whoever was asked and has not answered yet."""
    text = say("{customer}: the customer waits to hear whether something was promised.", customer=customer)
    where = say("The question is here: {link}", link=f"<{link}>") if link else say("The question is above.")
    return text, [section(f"*{escaped(text)}*"), *questioned(verification, say), context(where)]


def told_agent(
    verification: Verification, move: VerificationMove, *, customer: str, say: Words, is_news: bool = True
) -> tuple[str, list[Block]]:
    """What the agent hears of a move, above the lines that are true now.

    Args:
        is_news: It stands otherwise than before; a further answer that changes nothing is told as that.
    """
    text = _told_words(verification, move, customer, say)
    if not is_news:
        text = say("{customer}: one more answer about the promise. It stands as before.", customer=customer)
    blocks = [context(say("🔒 Only you can see this")), section(f"*{escaped(text)}*")]
    if move not in {VerificationMove.MOVE_UP, VerificationMove.GIVE_UP}:
        blocks += [*questioned(verification, say), *answers(verification, say)]
    if verification.state in {VerificationState.REMEMBERED, VerificationState.CONTRADICTED}:
        blocks.append(context(say("Until a supervisor has looked at it, neither confirm nor deny it.")))
    return text, blocks


def _told_words(verification: Verification, move: VerificationMove, customer: str, say: Words) -> str:
    match move:
        case VerificationMove.MOVE_UP if verification.told[-1] == CHANNEL:
            return say(
                "{customer}: no answer about the promise yet. The sales channel is asked now.", customer=customer
            )
        case VerificationMove.MOVE_UP:
            return say("{customer}: no answer about the promise yet. Somebody else is asked now.", customer=customer)
        case VerificationMove.GIVE_UP:
            return say(
                "{customer}: nobody in sales has answered about the promise. It stays open; please tell a supervisor.",
                customer=customer,
            )
        case VerificationMove.QUESTION:
            return say(
                "{customer}: a supervisor questions the evidence. The promise is not settled.", customer=customer
            )
        case VerificationMove.RECORD:
            return say(
                "{customer}: what was promised is recorded. Keep it within that, and promise nothing beyond.",
                customer=customer,
            )
        case VerificationMove.LAPSE:
            return say("{customer}: the promise was for a time that is over.", customer=customer)
        case _:
            return _stands_words(verification, customer, say)


def _stands_words(verification: Verification, customer: str, say: Words) -> str:
    match verification.state:
        case VerificationState.CONFIRMED | VerificationState.LAPSED:
            return say("{customer}: sales confirms the promise.", customer=customer)
        case VerificationState.NOT_CONFIRMED:
            return say("{customer}: sales does not know of a promise.", customer=customer)
        case VerificationState.REMEMBERED:
            return say("{customer}: sales remembers a promise, with nothing in writing.", customer=customer)
        case VerificationState.CONTRADICTED if verification.changed_answer:
            return say("{customer}: sales has changed their answer about the promise.", customer=customer)
        case VerificationState.CONTRADICTED:
            return say("{customer}: sales says both yes and no about the promise.", customer=customer)
        case VerificationState.ASKED:
            return say("{customer}: sales is not sure about the promise.", customer=customer)
