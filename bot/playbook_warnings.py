"""What is not wrong in a playbook, but keeps the coach from doing well: listed apart from the faults."""

from collections.abc import Iterator, Mapping, Sequence

from bot.coaching import MOST_PLAYS, answers_words
from bot.features import normal_form
from bot.message import Role
from bot.playbook import LANGUAGES, LISTS, Conditions, Play, Playbook, Speaker
from bot.playbook_yaml import Fault, File, Place

EXAMPLES = 25
"""So many examples a signal and language are enough to tell it by; measured in `docs/quality.md`."""
NEUTRAL = 300
"""So many messages a role, in all languages together, keep the coach quiet about ordinary words."""

_ROLES: tuple[Speaker, ...] = (Role.CUSTOMER, Role.AGENT)


def warnings(playbook: Playbook, files: Mapping[str, File]) -> tuple[Fault, ...]:
    """Everything that a playbook's author should look at, in the order of its files and lines."""
    found = [
        *_thin_signals(playbook, files),
        *_thin_neutral(playbook),
        *_repeated_examples(playbook, files),
        *_contradictions(playbook, files),
        *_plays_that_never_fit(playbook, files["plays.yaml"]),
        *_hidden_plays(playbook, files["plays.yaml"]),
        *_idle_rows(playbook, files["decisions.yaml"]),
    ]
    return tuple(sorted(set(found)))


def _thin_signals(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    for language in LANGUAGES:
        for name, words in playbook.words[language].signals.items():
            count = len({normal_form(text) for text in words.all_examples})
            if count < EXAMPLES:
                yield files[f"{language}/signals.yaml"].fault(
                    (name, "examples"), f"{_examples(count)}; a signal needs {EXAMPLES}, so {EXAMPLES - count} more"
                )


def _examples(count: int) -> str:
    return "1 example" if count == 1 else f"{count or 'no'} examples"


def _thin_neutral(playbook: Playbook) -> Iterator[Fault]:
    for role in _ROLES:
        count = len({normal_form(text) for _, _, text in _neutral(playbook, role)})
        if count < NEUTRAL:
            yield Fault(
                "*/neutral.yaml",
                0,
                role.value,
                f"{count} messages in all languages show nothing; {NEUTRAL} are needed, so {NEUTRAL - count} more",
            )


def _neutral(playbook: Playbook, role: Speaker) -> Iterator[tuple[str, Place, str]]:
    """File, place and text of every message that shows nothing."""
    for language in LANGUAGES:
        for number, text in enumerate(getattr(playbook.words[language].neutral, role.value)):
            yield f"{language}/neutral.yaml", (role.value, number), text


def _shown(playbook: Playbook, role: Speaker) -> Iterator[tuple[str, Place, str]]:
    """File, place and text of every example of a signal of this role."""
    speakers = {signal.id: signal.speaker for signal in playbook.signals}
    for language in LANGUAGES:
        for name, words in playbook.words[language].signals.items():
            if speakers[name] == role:
                for part in LISTS:
                    for number, text in enumerate(getattr(words, part)):
                        yield f"{language}/signals.yaml", (name, part, number), text


def _repeated_examples(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    for role in _ROLES:
        first: dict[tuple[str, str | int, str], Place] = {}
        for name, place, text in (*_shown(playbook, role), *_neutral(playbook, role)):
            known = first.setdefault((name, place[0], normal_form(text)), place)
            if known != place:
                line = files[name].fault(known, "").line
                yield files[name].fault(place, f"this stands twice, first on line {line}")


def _contradictions(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    for role in _ROLES:
        shown = {normal_form(text): (name, place) for name, place, text in _shown(playbook, role)}
        for name, place, text in _neutral(playbook, role):
            if known := shown.get(normal_form(text)):
                where = files[known[0]].fault(known[1], "")
                yield files[name].fault(
                    place,
                    f"this shows nothing here, but {known[1][0]} in {where.file}, line {where.line}",
                )


def _plays_that_never_fit(playbook: Playbook, file: File) -> Iterator[Fault]:
    for index, play in enumerate(playbook.plays):
        when = play.when
        for part, never in (
            ("min_anger", when.min_anger > when.max_anger),
            ("no_signals", bool(when.signals) and set(when.signals) <= set(when.no_signals)),
            ("no_signals", not set(when.all_signals).isdisjoint(when.no_signals)),
            ("no_facts", not set(when.facts).isdisjoint(when.no_facts)),
            *(("case", not values) for values in when.case.values()),
        ):
            if never:
                yield file.fault((index, "when", part), f"so the play {play.id} never fits")


def _hidden_plays(playbook: Playbook, file: File) -> Iterator[Fault]:
    """Plays that are heard only while others rest, which fit whenever they do and come before them.

    Where a play fits for any one of several signals, it is hidden only if it is for each of them. Plays that wait for a
    fact are left out: of those the first is shown that has a line to say. A play that is always heard is hidden only by
    others of its kind.
    """
    answering = [play for play in playbook.plays if answers_words(play)]
    ahead: dict[Speaker, list[Play]] = {role: [] for role in _ROLES}
    for play in sorted(answering, key=lambda play: -play.priority):
        hiders: dict[str, None] = {}
        for part in _by_signal(play.when):
            found = [
                other.id
                for other in ahead[play.speaker]
                if other.always >= play.always and _holds_with(part, other.when, playbook.dimensions)
            ]
            if len(found) < MOST_PLAYS:
                break
            hiders |= dict.fromkeys(found[:MOST_PLAYS])
        else:
            *most, last = hiders
            yield file.fault(
                (playbook.plays.index(play),),
                f"the play {play.id} is heard only while {', '.join(most)} and {last} rest: "
                "they fit whenever it does, and come before it",
            )
        ahead[play.speaker].append(play)


def _by_signal(when: Conditions) -> Sequence[Conditions]:
    """The conditions once for each of the signals of which any one will do."""
    return [when.model_copy(update={"signals": (each,)}) for each in when.signals] or [when]


def _holds_with(narrow: Conditions, wide: Conditions, dimensions: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether `wide` holds whenever `narrow` does, which names one signal at most of which any one will do."""
    seen = {*narrow.signals, *narrow.all_signals}
    return (
        (not wide.signals or not seen.isdisjoint(wide.signals))
        and seen.issuperset(wide.all_signals)
        and set(narrow.no_signals).issuperset(wide.no_signals)
        and wide.min_anger <= narrow.min_anger
        and narrow.max_anger <= wide.max_anger
        and set(narrow.facts).issuperset(wide.facts)
        and set(narrow.no_facts).issuperset(wide.no_facts)
        and (not wide.stages or (bool(narrow.stages) and set(narrow.stages) <= set(wide.stages)))
        and all(set(narrow.case.get(name, dimensions[name])) <= set(values) for name, values in wide.case.items())
    )


def _idle_rows(playbook: Playbook, file: File) -> Iterator[Fault]:
    """Rows of the decision table that no case reaches, since one above them always fits."""
    for index, row in enumerate(playbook.decisions):
        for above in playbook.decisions[:index]:
            if all(
                set(row.when.get(name, playbook.dimensions[name])) <= set(values) for name, values in above.when.items()
            ):
                yield file.fault(("rows", index), f"no case reaches the row {row.id}: {above.id} fits whenever it does")
                break
