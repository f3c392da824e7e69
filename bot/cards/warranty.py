"""The `/warranty` card: what a customer is entitled to today. Unknown never reads as expired."""

from collections.abc import Sequence
from datetime import date

from bot.blocks import Block, actions, context, cut, divider, escaped, fields, header, option, section
from bot.blocks import static_select as menu
from bot.case import Case
from bot.customer import CustomerRecord, TaxBasis
from bot.entitlement import CoverageKind, CoverageOn, CoverageState, Covers, DateBasis, Promised
from bot.found import Candidate
from bot.i18n import Words

MOST_COVERAGES = 12
MOST_WHAT = 120
PICK_CUSTOMER = "pick_customer"


def state_words(on: CoverageOn, say: Words) -> str:
    """How a coverage stands, in a few words."""
    days = abs(on.days or 0)
    match on.state:
        case CoverageState.IN_FORCE:
            return say("In force")
        case CoverageState.ENDS_SOON if days == 0:
            return say("Ends today")
        case CoverageState.ENDS_SOON:
            return say.plural("Ends in {n} day", "Ends in {n} days", days)
        case CoverageState.EXPIRED:
            return say.plural("Expired {n} day ago", "Expired {n} days ago", days)
        case CoverageState.NOT_STARTED:
            return say("Not started yet")
        case CoverageState.NOT_ON_FILE:
            return say("End date not on file")


STATE_SIGNS = {
    CoverageState.IN_FORCE: "🟢",
    CoverageState.ENDS_SOON: "🟡",
    CoverageState.EXPIRED: "🔴",
    CoverageState.NOT_STARTED: "🔵",
    CoverageState.NOT_ON_FILE: "⚪",
}


def basis_words(basis: DateBasis | None, say: Words) -> str:
    """From which event the dates count."""
    match basis:
        case DateBasis.DELIVERY:
            return say("from delivery")
        case DateBasis.INSTALLATION:
            return say("from installation")
        case DateBasis.ACCEPTANCE:
            return say("from acceptance")
        case DateBasis.SIGNING:
            return say("from signing")
        case None:
            return say("basis not on file")


def kind_words(kind: CoverageKind, say: Words, promised: Promised | None = None) -> str:
    """Warranty or contract."""
    match kind:
        case CoverageKind.EXTENSION if promised:
            return say("Extension promised")
        case CoverageKind.WARRANTY:
            return say("Warranty")
        case CoverageKind.CONTRACT:
            return say("Contract")
        case CoverageKind.EXTENSION:
            return say("Extension granted")


def promised_words(promised: Promised, say: Words) -> str:
    """On whose word an extension rests; plain text."""
    day = say.day(promised.recorded_on)
    by, recorded_by = promised.by or say("a colleague"), promised.recorded_by or say("a supervisor")
    return say("promised by {who}, recorded by {by} on {day}", who=by, by=recorded_by, day=day)


def covers_words(covers: Covers, say: Words) -> str:
    """What is covered and what is not."""
    names = {
        "updates": say("updates"),
        "remote": say("remote help"),
        "onsite": say("on-site visits"),
        "parts": say("parts"),
        "labour": say("labour"),
        "expenses": say("travel expenses"),
    }
    stated = covers.model_dump()
    included = [name for key, name in names.items() if stated[key]]
    left_out = [name for key, name in names.items() if stated[key] is False]
    comma = say(", ")
    parts = []
    if included:
        parts.append(say("covers {list}", list=comma.join(included)))
    if left_out:
        parts.append(say("without {list}", list=comma.join(left_out)))
    return say("; ").join(parts) or say("what is covered is not on file")


def _span(on: CoverageOn, say: Words) -> str:
    start = say.day(on.coverage.start) if on.coverage.start else "?"
    end = say.day(on.coverage.end) if on.coverage.end else "?"
    return say("{start} to {end} ({basis})", start=start, end=end, basis=basis_words(on.coverage.basis, say))


def coverage_lines(on: CoverageOn, say: Words) -> tuple[str, str]:
    """A coverage in two lines: how it stands, and its small print. Plain text."""
    coverage = on.coverage
    kind = kind_words(coverage.kind, say, coverage.promised)
    title = say("{kind} {reference}", kind=kind, reference=coverage.reference)
    what = coverage.product or say("all their products")
    if coverage.promised:
        what = cut(coverage.promised.what, MOST_WHAT)
    first = f"{STATE_SIGNS[on.state]} {state_words(on, say)} · {title} · {what}"
    dates = _span(on, say) if coverage.start or coverage.end else say("no dates on file")
    promised = coverage.promised
    if promised and coverage.end:
        dates = say("until {day}", day=say.day(coverage.end))
    small = [dates, promised_words(promised, say) if promised else covers_words(coverage.covers, say)]
    if coverage.response_hours is not None:
        small.append(say("response within {hours} h", hours=f"{coverage.response_hours:g}"))
    if coverage.incidents_left is not None:
        small.append(say.plural("{n} incident left", "{n} incidents left", coverage.incidents_left))
    return first, " · ".join(small)


def owner_words(record: CustomerRecord, say: Words) -> str:
    """Who owns the account, and who looks after it when they have left."""
    if record.owner is None:
        return say("Not on file")
    if record.owner.left_on is None:
        return record.owner.name
    if record.successor is None:
        return say("{name} (has left; nobody has taken over)", name=record.owner.name)
    return say("{name} (has left; now {successor})", name=record.owner.name, successor=record.successor.name)


def contract_words(record: CustomerRecord, say: Words) -> str:
    """The contracts on file with their price."""
    rows = []
    for contract in record.contracts:
        price = ""
        if contract.price:
            basis = {
                TaxBasis.INCLUDED: say(" (tax included)"),
                TaxBasis.EXCLUDED: say(" (plus tax)"),
                None: "",
            }[contract.price.tax_basis]
            price = f" · {say.money(contract.price.amount, contract.price.currency)}{basis}"
        rows.append(f"{contract.number} {contract.name}{price}")
    return "\n".join(dict.fromkeys(rows)) or say("None on file")


def card(
    record: CustomerRecord,
    coverages: Sequence[CoverageOn],
    *,
    today: date,
    open_cases: Sequence[Case],
    say: Words,
) -> tuple[str, list[Block]]:
    """The card, and one sentence for notifications."""
    customer = record.customer
    name = f"{customer.name} · {customer.name_en}" if customer.name_en else customer.name
    blocks: list[Block] = [
        context(say("🔒 Only you can see this")),
        header(name),
        fields(
            (label, escaped(cut(value, 500)))
            for label, value in (
                (say("Tier"), customer.tier or say("Not on file")),
                (say("Account owner"), owner_words(record, say)),
                (say("Tax ID"), customer.tax_id or say("Not on file")),
                (
                    say("Cases"),
                    say.plural("{n} open case", "{n} open cases", len(open_cases)) if open_cases else say("None open"),
                ),
            )
        ),
        divider(),
    ]
    for on in coverages[:MOST_COVERAGES]:
        first, small = coverage_lines(on, say)
        blocks += [section(escaped(first)), context(escaped(small))]
    if not coverages:
        gap = say("No warranty or contract on file. That is a gap in our records; it does not mean expired.")
        blocks.append(section(f"⚪ {gap}"))
    if len(coverages) > MOST_COVERAGES:
        more = len(coverages) - MOST_COVERAGES
        blocks.append(context(say.plural("and {n} more", "and {n} more", more)))
    blocks += [
        divider(),
        section(f"*{say('Contracts')}*\n{escaped(contract_words(record, say))}"),
        context(say("As of {day} in {zone}", day=say.day(today), zone=customer.timezone)),
    ]
    return say("{name}: warranty and contracts", name=customer.name), blocks


def which_words(candidates: Sequence[Candidate], *, query: str, say: Words, nearest: bool) -> str:
    """Several customers fit, or none does, in words; plain text."""
    if not nearest:
        return say("Several customers match “{query}”. Which one?", query=cut(query, 60))
    text = say("No customer on file matches “{query}”.", query=cut(query, 60))
    hint = say("The closest are:") if candidates else say("Try part of the name, the tax ID or a serial number.")
    return f"{text}\n{hint}"


def ask_which(candidates: Sequence[Candidate], *, query: str, say: Words, nearest: bool) -> tuple[str, list[Block]]:
    """Several customers fit, or none does: ask, never guess."""
    text = which_words(candidates, query=query, say=say, nearest=nearest)
    blocks: list[Block] = [section(escaped(text))]
    if candidates:
        options = [option(f"{each.name} · {each.id}", each.id) for each in candidates]
        select = menu(PICK_CUSTOMER, options, placeholder=say("Choose a customer"))
        blocks.append(actions("which_customer", select))
    return text, blocks
