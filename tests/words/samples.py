"""Every card and window that people see, filled with as much as one can hold."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.advice import Advice, OfferedLine, StoredAdvice, WithheldLine
from bot.amounts import CostError
from bot.cards import claims, deciding, decision, earlier, exception, feedback, home, setup, warranty, whisper
from bot.cards import help as help_card
from bot.cards.earlier import Earlier
from bot.case import Case
from bot.customer import Contract, Customer, CustomerRecord, Price, StaffMember, TaxBasis
from bot.desk import Desk
from bot.entitlement import Coverage, CoverageKind, Covers, DateBasis, Entitlement, Promised, coverage_on
from bot.found import Candidate
from bot.goodwill import PENDING, ExceptionRequest, ExceptionState, Grant, Move, Refusal
from bot.grants import Granted
from bot.i18n import Words
from bot.message import Role
from bot.playbook import (
    LANGUAGES,
    Action,
    Conditions,
    DecisionRow,
    DecisionWords,
    Language,
    NeutralWords,
    Play,
    Playbook,
    PlayWords,
    Route,
    SignalDefinition,
    SignalWords,
    Stage,
    Wording,
)
from bot.playbook_yaml import Fault
from bot.policy import ApprovalPolicy, Concession, CostBands, Policy
from bot.promises import Scope
from bot.quiet import Feedback, Quiet, Rating, Reason
from bot.setup import Missing, RoleSource, Setup, SupportChannel
from bot.signals import Signal
from tests.words import case_samples, home_samples, sales_samples
from tests.words.shown import Shown

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
TODAY = date(2026, 3, 4)
EXTENSION_AT = 2
"""Every second of the extensions among the coverages below was promised, not granted."""


def _wording(language: Language) -> Wording:
    chinese = language != "en"
    text = "客戶很生氣" if chinese else "They are angry"
    play = PlayWords(title=text, meaning=text, next_step=text, avoid=text, lines={"line": text})
    return Wording(
        signals={"anger": SignalWords(name=text, meaning=text)},
        neutral=NeutralWords(),
        plays={"calm": play},
        decisions={"row": DecisionWords(route=text, customer_hears=text)},
    )


def playbook() -> Playbook:
    """A playbook of one signal and one play."""
    return Playbook(
        version="0123456789ab",
        signals=(SignalDefinition(id="anger", speaker=Role.CUSTOMER),),
        facts=(),
        plays=(Play(id="calm", rules=("R02",), speaker=Role.CUSTOMER, when=Conditions(signals=("anger",))),),
        dimensions={},
        decisions=(DecisionRow(id="row", rules=("R19",)),),
        policy=Policy(cost=CostBands(low_up_to=Decimal(5000))),
        words={language: _wording(language) for language in LANGUAGES},
    )


def advice(language: Language, said: str) -> Advice:
    """Advice with everything that a whisper can show."""
    return Advice(
        signals=(Signal(id="anger", score=0.934, words=said),),
        anger=2,
        plays=("calm",),
        rules=("R02", "R19"),
        stage=Stage.DECIDE,
        row="row",
        lines=tuple(OfferedLine(lang=language, text=said) for _ in range(3)),
        withheld=(WithheldLine(text=said, missing=("exception_requested", "ended_on", "product")),),
        routes=tuple(Route),
        action=Action.ASK_EXCEPTION,
        actions=tuple(Action),
        checks=case_samples.checks(said),
        facts=("problem_confirmed", "expired", "sales_told"),
        granted=Granted(
            concession=Concession.FULL,
            scope=said,
            cap=Decimal(3000),
            currency="TWD",
            conditions=said,
            book_by=TODAY,
            extended_to=TODAY,
        ),
        promised=Scope(
            concession=Concession.FULL, what=said, until=TODAY, cap=Decimal(3000), currency="TWD", by="U2", at=NOW
        ),
        playbook_version="0123456789ab",
    )


def _coverages(name: str) -> tuple[Coverage, ...]:
    """One in every state, with every basis, all and nothing covered and counted."""
    everything = Covers(updates=True, remote=True, onsite=True, parts=True, labour=True, expenses=True)
    some = Covers(updates=True, remote=True, onsite=False, parts=False)
    spans: list[tuple[int | None, int | None]] = [(-400, -30), (-400, -1), (-30, 0), (-30, 1), (-30, 300), (5, 370)]
    spans += [(None, None), (-10, None), (None, -5)]
    bases = [*DateBasis, None]
    return tuple(
        Coverage(
            kind=list(CoverageKind)[number % len(CoverageKind)],
            reference=f"{number:04}",
            start=TODAY + timedelta(days=start) if start is not None else None,
            end=TODAY + timedelta(days=end) if end is not None else None,
            basis=bases[number % len(bases)],
            covers=(everything, some, Covers())[number % 3],
            response_hours=None if number % 2 else 4.5,
            incidents_left=number % 3 if number % 4 else None,
            promised=Promised(what=name * 20, by="", recorded_by=name, recorded_on=TODAY)
            if number % 6 == EXTENSION_AT
            else None,
        )
        for number, (start, end) in enumerate(spans * 2)
    )


def _records(name: str) -> Iterator[CustomerRecord]:
    """A customer with everything on file, one whose owner left, one with nothing."""
    owner = StaffMember(id="S1", name=name)
    left = StaffMember(id="S2", name=name, left_on=TODAY)
    contracts = tuple(
        Contract(number=str(number), name=name, price=Price(amount=Decimal(128_000), tax_basis=basis))
        for number, basis in enumerate((TaxBasis.INCLUDED, TaxBasis.EXCLUDED, None))
    )
    customer = Customer(id="1", name=name, tax_id="12345678", tier=name, timezone="+08")
    yield CustomerRecord(
        customer=customer, owner=owner, successor=owner, contracts=contracts, coverages=_coverages(name)
    )
    yield CustomerRecord(customer=customer, owner=left, successor=owner, contracts=(Contract(number="1", name=name),))
    yield CustomerRecord(customer=customer, owner=left)
    yield CustomerRecord(customer=Customer(id="1", name=name, timezone="+08"))


def _request(state: ExceptionState, concession: Concession, said: str) -> ExceptionRequest:
    """A request in that state with everything that one can hold."""
    granted = state in {ExceptionState.APPROVED, ExceptionState.USED, ExceptionState.LAPSED}
    decided = granted or state is ExceptionState.DECLINED
    grant = Grant(
        concession=concession,
        scope=said,
        cap=Decimal(2500),
        conditions=said,
        valid_until=NOW,
        extended_to=TODAY,
        ours=concession is Concession.FULL,
    )
    return ExceptionRequest(
        workspace="T1",
        id="e" * 26,
        case_id="c" * 26,
        customer_id="1",
        state=state,
        requested_by="U1",
        requested_at=NOW,
        concession=concession,
        fault=said,
        cost=Decimal(3000),
        currency="TWD",
        reason=said,
        fault_ours="no" if concession is Concession.DISCOUNT else "yes",
        evidence=said,
        reopens="f" * 26 if concession is Concession.EXTENSION else None,
        new_fact=said,
        question=said,
        asked_back_by="U2",
        answer=said,
        first_by="U3",
        decided_by="U2" if decided else None,
        decided_at=NOW if decided else None,
        decision_reason=said if decided else "",
        deputy_for="U4" if decided else None,
        proposed=grant if state is ExceptionState.SECONDING else None,
        grant=grant if granted else None,
        used_by="U1" if state is ExceptionState.USED else None,
        used_at=NOW if state is ExceptionState.USED else None,
    )


def _background(entitlement: Entitlement, name: str, said: str, *, bare: bool) -> decision.Background:
    precedent = [_request(state, Concession.FULL, said) for state in (ExceptionState.USED, ExceptionState.DECLINED)]
    return decision.Background(
        customer=name,
        entitlement=entitlement,
        earlier=_earlier(said, bare=bare),
        window_days=365,
        contracts=[] if bare else [Price(amount=Decimal(48_000)), Price(amount=Decimal(100), currency="USD")],
        tier="" if bare else name,
        precedent=[] if bare else precedent,
        checks=() if bare else case_samples.checks(said),
        said=[] if bare else [said] * 5,
        zone="Asia/Taipei",
    )


def _earlier(said: str, *, bare: bool) -> Earlier:
    """What the customer was granted and refused, here and elsewhere."""
    noes = [
        _request(ExceptionState.DECLINED, Concession.FULL, said).model_copy(update={"id": f"{n}", "case_id": case_id})
        for n, case_id in enumerate(("c" * 26, "d" * 26, "d" * 26, "d" * 26))
    ]
    granted = [_request(ExceptionState.USED, Concession.DISCOUNT, said)] * 2
    return Earlier(
        granted=[] if bare else granted,
        per_window=1,
        next_on=None if bare else TODAY,
        noes=[] if bare else noes,
        zone="Asia/Taipei",
    )


def everything(say: Words, name: str, said: str) -> Iterator[Shown]:
    """All that people can be shown, with a customer of that name in it and those words typed or said by somebody."""
    yield from _warranty(say, name)
    yield from _whisper(say, name, said)
    yield from _exception(say, name, said)
    yield from sales_samples.everything(say, name, said, _records(name), playbook())
    yield from _setup(say, name)
    yield from _home(say, name, said)
    yield from (Shown(*each) for each in case_samples.everything(say, name, said))
    for checks in case_samples.claims(said):
        yield Shown("claims", "", claims.blocks(checks, say))


def _warranty(say: Words, name: str) -> Iterator[Shown]:
    case = Case(workspace="T1", id="c", customer_id="1", channel="C1", thread_ts="1.0", opened_at=NOW)
    for number, record in enumerate(_records(name)):
        on = [coverage_on(each, TODAY) for each in record.coverages]
        shown = warranty.card(record, on, today=TODAY, open_cases=[case] * number, say=say)
        yield Shown(f"warranty {number}", *shown)
    candidates = [Candidate(id=str(number), name=name, score=0.5) for number in range(20)]
    for nearest in (True, False):
        shown = warranty.ask_which(candidates, query=name, say=say, nearest=nearest)
        yield Shown(f"which, nearest {nearest}", *shown)
    yield Shown("nobody", *warranty.ask_which([], query=name, say=say, nearest=True))


def _whisper(say: Words, name: str, said: str) -> Iterator[Shown]:
    given = advice(say.language, said)
    yield Shown("whisper", *whisper.card(given, "a" * 26, customer=name, playbook=playbook(), say=say))
    bare = given.model_copy(
        update={"signals": (), "lines": (), "row": None, "routes": (), "action": None, "anger": 0, "facts": ()}
    )
    yield Shown("bare whisper", *whisper.card(bare, "a" * 26, customer=None, playbook=playbook(), say=say))
    for each in (given, bare):
        view = whisper.why(each, playbook=playbook(), say=say)
        yield Shown("why", "", view["blocks"], view)
        view = feedback.window(each, playbook=playbook(), say=say, remember="{}", signal="anger")
        yield Shown("not helpful", "", view["blocks"], view)
    sentences = [feedback.corrected_words("anger", really, playbook=playbook(), say=say) for really in ("", "anger")]
    mistakes = [
        feedback.mistake(reason, signal="", note="", one_signal=False, say=say)
        for reason in (Reason.WRONG_SIGNAL, Reason.OTHER)
    ]
    sentences += [sentence for mistake in mistakes for sentence in mistake.values()]
    done = [feedback.done(each, feedback.UNDO_RATING, say("Undo"), "a" * 26) for each in sentences]
    yield Shown("thanks", say("Thank you, noted."), done)


def _exception(say: Words, name: str, said: str) -> Iterator[Shown]:
    for state in ExceptionState:
        for concession in Concession:
            request = _request(state, concession, said)
            for entitlement in Entitlement:
                known = _background(entitlement, name, said, bare=entitlement is Entitlement.UNKNOWN)
                yield Shown(f"exception {state} {concession} {entitlement}", *decision.card(request, known, say))
            for move in (None, *Move):
                text, blocks = decision.told_agent(request, move, customer=name, zone="Asia/Taipei", say=say)
                blocks += [*exception.fact_lines([said] * 3, said, say), *decision.agent_buttons(request, say)]
                yield Shown(f"told {state} {move}", text, [*blocks, feedback.footer("a" * 26, say)])
    request = _request(ExceptionState.REQUESTED, Concession.EXTENSION, said)
    for move in (Move.RECOMMEND, Move.ANSWER, Move.HAND_ON, Move.REMIND):
        for link in ("", "https://2026"):
            text, blocks = decision.told_supervisor(request, move, customer=name, link=link, say=say)
            yield Shown(f"supervisor {move}", text, blocks)
    choices = [exception.Choice("c" * 26, name, say.day(TODAY), said)] * 12
    yield Shown("which case", *exception.ask_which_case(choices, say))
    for candidates in ([], [Candidate(id="1", name=name, score=0.5)] * 12):
        yield Shown("which customer", *exception.ask_which_customer(candidates, query=said, say=say))
    sentences = [decision.refusal_words(refusal, say) for refusal in Refusal]
    sentences += [
        decision.settled_words(_request(state, Concession.FULL, said), say, in_message=False)
        for state in ExceptionState
        if state not in PENDING
    ]
    befores = [_earlier(said, bare=bare) for bare in (True, False)]
    sentences += [earlier.used_words(each, say) for each in befores]
    background = decision.background(request, _background(Entitlement.EXPIRED, name, said, bare=False), say)
    sentences += [exception.cost_error_words(error, say) for error in CostError]
    known_of_case = exception.Known(
        fault=said, fault_ours="no", cost="3000", concession="full", reason=said, evidence=said, new_fact=said
    )
    again = [block for each in befores for block in earlier.in_window(each, each.noes, say, window_used=True)]
    views = [
        exception.ask_modal(customer=name, case_id="c" * 26, currency="NT$", say=say),
        exception.ask_modal(
            customer=name, case_id="c" * 26, currency="NT$", say=say, known=known_of_case, earlier=again
        ),
        deciding.answer_modal(request, say),
        deciding.approve_modal(request, background, say),
        *(
            view
            for about in ((), background)
            for view in (
                deciding.terms_modal(request, ApprovalPolicy(), say, about=about),
                deciding.ask_back_modal(request, say, about=about),
                deciding.decline_modal(request, say, about=about),
            )
        ),
        *(exception.notice(say("Not now"), sentence, say) for sentence in sentences),
    ]
    for view in views:
        yield Shown(f"window {view['title']['text']}", "", view["blocks"], view)


def _setup(say: Words, name: str) -> Iterator[Shown]:
    people = RoleSource(users=("U1", "U2"))
    channel = SupportChannel(channel="C1", customer="1", on_duty=("U1",))
    whole = Setup(
        support=(channel,),
        agents=people,
        supervisors=people,
        sales=people,
        approvals_channel="C2",
        sales_channel="C3",
    )
    for known, customer in ((whole, ("1", name)), (Setup(), None)):
        for in_channel in (True, False):
            view = setup.view(known, channel="C1", customer=customer, in_channel=in_channel, say=say)
            yield Shown("setup", "", view["blocks"], view)
        yield Shown("saved", setup.saved(known.missing(), (), say), [])
        yield Shown("saved, not invited", setup.saved(known.missing(), ("C1", "C2"), say), [])
    yield Shown("saved with gaps", setup.saved(tuple(Missing), (), say), [])
    for role in Role:
        for admin in (True, False):
            blocks = help_card.blocks(role, admin=admin, say=say, unknown=name)
            yield Shown("help", say("What you can do with Aside"), blocks)


def _home(say: Words, name: str, said: str) -> Iterator[Shown]:
    stored = StoredAdvice(
        id="a",
        case_id="c",
        channel="C1",
        message_ts="1.0",
        person="U1",
        given_at=NOW,
        advice=advice(say.language, said),
    )
    for role in Role:
        for full in (True, False):
            view = home.view(
                role=role,
                inbox=_inbox(stored, name) if full else home.Inbox(),
                missing=list(Missing) if full else [],
                admin=True,
                zone="Asia/Taipei",
                playbook=playbook(),
                say=say,
                desk=home_samples.desk(name, said, _request) if full else Desk(now=NOW),
                board=home_samples.board(name, said, _request) if full else home_samples.bare_board(),
                faults=[Fault("zh-TW/plays.yaml", 12, "asks_price.title", said)] * 5 if full else [],
                feedback=Feedback(given=40, helpful=9, unhelpful=3, corrected=1) if full else None,
                stands_in_for=[("U1", NOW), ("U2", None)] * 9 if full else [],
            )
            yield Shown(f"home of {role}", "", view["blocks"], view)


def _inbox(stored: StoredAdvice, name: str) -> home.Inbox:
    """A full one: many cases, everything rated in every way, more muted than is listed, and paused."""
    kept = [
        stored.model_copy(update={"id": f"{n:032x}", "case_id": f"{n // 2:032x}", "while_paused": n % 3 == 0})
        for n in range(20)
    ]
    thought = [Rating(helpful=True), None, *(Rating(helpful=False, reason=reason) for reason in Reason)]
    return home.Inbox(
        advice=[(each, name) for each in kept],
        ratings={each.id: rated for each, rated in zip(kept, thought * 3, strict=False) if rated},
        quiet=Quiet(paused_until=NOW, plays=("calm",) * 9),
        muted_cases=[(f"{n:032x}", name) for n in range(9)],
    )
