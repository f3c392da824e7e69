"""`aside playbook` as a playbook's author types it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.advice import Advice
from bot.case import Case
from bot.message import Message, Role
from bot.playbook import Stage
from bot.playbook_files import load_playbook
from bot.quiet import Reason
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal
from storage import advised, cases, conversations, quiet
from storage.quiet import Mute
from tests.commands.conftest import Aside
from tests.fresh import casebook_at, in_a_file, url_at

TINY = Path(__file__).parents[1] / "playbook" / "tiny"
NOW = 1_760_000_000.0


@pytest.fixture
def aside(tmp_path: Path) -> Aside:
    """The command with a data folder of its own; it needs no Slack."""
    return Aside({"ASIDE_DATA": str(tmp_path / "data"), "COLUMNS": "200", "ASIDE_ENCODERS": "none"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound playbook that a test may change."""
    return Path(shutil.copytree(TINY, tmp_path / "playbook"))


def rewrite(file: Path, old: str, new: str) -> None:
    """Edit a file by hand, once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_check_reads_the_packaged_playbook_when_no_other_is_named(aside: Aside) -> None:
    """It is sound and has no warning, so `--strict` passes too."""
    done = aside("playbook", "check", "--strict")
    version = load_playbook(PACKAGED_PLAYBOOK).version
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"ok: playbook {version}, ")
    assert len(done.stdout.splitlines()) == 1


def test_check_reads_the_playbook_in_use(aside: Aside, folder: Path) -> None:
    """That is the one ASIDE_PLAYBOOK names."""
    done = aside("playbook", "check", ASIDE_PLAYBOOK=str(folder))
    assert done.stdout.startswith(f"ok: playbook {load_playbook(folder).version}, 6 signals, 1 play, 2 decision rows\n")


def test_warnings_are_listed_apart_and_fail_only_when_asked_to(aside: Aside, folder: Path) -> None:
    """A coach's own small playbook may be used; whoever wants more says `--strict`."""
    done = aside("playbook", "check", str(folder))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[1:3] == ["", "20 warnings: it works, and would work better without."]
    assert "en/signals.yaml, line 6, anger.examples: 4 examples; a signal needs 25, so 21 more." in lines
    strict = aside("playbook", "check", str(folder), "--strict")
    assert (strict.returncode, strict.stdout) == (1, done.stdout)
    assert strict.stderr.splitlines() == [
        f"The playbook in {folder} has 20 warnings.",
        "Mend what is listed and check again.",
    ]


def test_faults_are_listed_with_what_was_perhaps_meant(aside: Aside, folder: Path) -> None:
    """File, line, place, what; and one sentence at the end, with a code that is not zero."""
    rewrite(folder / "plays.yaml", "[demands_compensation]", "[demand_compensation]")
    rewrite(folder / "en/plays.yaml", "  avoid:", "  avoids:")
    done = aside("playbook", "check", str(folder))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "en/plays.yaml, line 1, compensation_asked.avoid: this is missing.",
        "en/plays.yaml, line 5, compensation_asked.avoids: there is no such key here; perhaps avoid is meant.",
    ]
    assert done.stderr.splitlines() == [
        f"The playbook in {folder} has 2 faults.",
        "Correct what is listed and check again.",
    ]
    rewrite(folder / "en/plays.yaml", "  avoids:", "  avoid:")
    assert aside("playbook", "check", str(folder)).stdout.splitlines() == [
        (
            "plays.yaml, line 5, [0].when.signals[0]: there is no signal demand_compensation; "
            "perhaps demands_compensation is meant."
        )
    ]


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("facts.yaml", b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
         "facts.yaml, line 1: anchors (&) and aliases (*) are not used in a playbook."),
        ("facts.yaml", b"# " + b"x" * 2_000_000, "facts.yaml: the file is larger than 1,000,000 bytes."),
        ("facts.yaml", bytes(range(256)) * 20, "facts.yaml, line 2: this is not UTF-8; save the file as UTF-8."),
        ("facts.yaml", "- {id: expired} # 到期".encode("big5"),
         "facts.yaml, line 1: this is not UTF-8; save the file as UTF-8."),
        ("facts.yaml", "- {id: expired}".encode("utf-16"),
         "facts.yaml, line 1: this is not UTF-8; save the file as UTF-8."),
        ("facts.yaml", b"[" * 100_000, "facts.yaml, line 1: more than 20 levels stand in each other."),
        ("decisions.yaml",
         b"dimensions: {" + b", ".join(b"d%d: [a, b, c, d, e, f, g, h, i, j]" % n for n in range(9))
         + b"}\nrows: [{id: ask_goodwill, rules: [R19]}, {id: renew, rules: [R20]}]\n",
         ("decisions.yaml, line 1, dimensions: "
          "these make 1,000,000,000 different cases; more than 20,000 are too many.")),
    ],
    ids=["bomb", "huge", "binary", "big5", "utf-16", "deep", "dimensions"],
)  # fmt: skip
def test_a_hostile_file_is_one_clear_sentence(
    aside: Aside, folder: Path, file: str, content: bytes, fault: str
) -> None:
    """It neither stalls nor ends in a traceback."""
    (folder / file).write_bytes(content)
    done = aside("playbook", "check", str(folder))
    assert done.returncode == 1
    assert fault in done.stdout.splitlines()
    assert "Traceback" not in done.stderr


def test_a_pattern_without_end_is_refused(aside: Aside, folder: Path) -> None:
    """It is never tried on a message."""
    rewrite(folder / "zh-TW/signals.yaml", "'氣死'", "'(氣+)+死'")
    done = aside("playbook", "check", str(folder))
    assert done.stdout.splitlines() == [
        (
            "zh-TW/signals.yaml, line 4, anger.patterns[0]: a repetition of what varies in length can take forever; "
            "write it once, or at most {0,5} times."
        )
    ]


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_folder_that_is_not_there_is_told(aside: Aside, tmp_path: Path, command: str) -> None:
    """A mistyped path is no empty playbook."""
    done = aside("playbook", command, str(tmp_path / "no"))
    assert done.returncode == 1
    assert f"{tmp_path / 'no'}: there is no such folder." in (done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_test_tells_how_well_each_signal_is_heard(aside: Aside, folder: Path) -> None:
    """A row a signal, the weakest first; then what was missed, alarms and patterns worth a look, and the average."""
    rewrite(folder / "en/neutral.yaml", "how do I add a user, ", "how do I add a user, may I ask for a refund form, ")
    done = aside("playbook", "test", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["signal,", "weakest", "first", "told", "zh-TW", "zh-CN", "en", "elsewhere", "F1"]
    rows = {line.split()[0]: float(line.split()[-1]) for line in lines[1:7]}
    assert sorted(rows) == sorted(signal.id for signal in load_playbook(folder).signals)
    assert list(rows.values()) == sorted(rows.values())
    assert any(line.startswith("Alarms in messages that show nothing: ") for line in lines)
    assert any("this fits a message that shows nothing: may I ask for a refund form." in line for line in lines)
    assert lines[-1].startswith("F1 0.")
    assert lines[-1].endswith(" on average over 6 signals.")


def test_test_fails_only_when_less_is_told_than_was_asked_for(aside: Aside, folder: Path) -> None:
    """So that a company can hold its own playbook to a figure."""
    assert aside("playbook", "test", str(folder), "--at-least", "0").returncode == 0
    done = aside("playbook", "test", str(folder), "--at-least", "1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].endswith("less than 1.00.")
    assert aside("playbook", "test", str(folder), "--at-least", "70").returncode == 2


def test_test_does_not_try_a_playbook_with_a_fault(aside: Aside, folder: Path) -> None:
    """It says which one and how to see them all."""
    rewrite(folder / "plays.yaml", "[exception_requested]", "[asked]")
    done = aside("playbook", "test", str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "The playbook cannot be tried: plays.yaml, line 10, [0].lines[1].claims[0]: there is no fact asked.",
        f"Run `aside playbook check {folder}` and correct it first.",
    ]


def test_show_lists_everything(aside: Aside) -> None:
    """Signals, plays, the decision table, facts; titles in one language."""
    done = aside("playbook", "show", "--lang", "en")
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    assert (done.returncode, done.stderr) == (0, "")
    words = [line.split() for line in done.stdout.splitlines()]
    first = {line[0] for line in words if line}
    assert done.stdout.splitlines()[0] == f"playbook {playbook.version}"
    for part in (playbook.signals, playbook.plays, playbook.decisions, playbook.beside, playbook.facts):
        assert {each.id for each in part} <= first
    assert "They ask for compensation" not in done.stdout
    assert playbook.words["en"].plays["asks_secrecy"].title in done.stdout


def test_show_tells_a_play_in_full(aside: Aside) -> None:
    """When it fits, its words, its lines with what has to be true first."""
    done = aside("playbook", "show", "compensation_asked", "--playbook", str(TINY), "--lang", "en")
    assert done.stdout.splitlines() == [
        "play compensation_asked: They ask for compensation",
        "  The amount is not yours to grant.",
        "  when: demands_compensation; cost low",
        "  answers: customer; stage receive; priority 0; rules R32",
        "  comes in: supervisor",
        "  next: Ask what it cost them, then ask your supervisor.",
        "  careful: Do not agree on the spot, and do not quote policy.",
        "  heard: An afternoon without the line is a lot. I'm writing down exactly what happened.",
        "  asking: I have asked my supervisor to look at it, and {customer} will hear from me today.",
        "    only when: exception_requested",
    ]


def test_show_tells_signals_rows_and_facts_in_full(aside: Aside) -> None:
    """Each by its id, in zh-TW when no language is named."""
    signal = aside("playbook", "show", "demands_compensation", "--playbook", str(TINY)).stdout.splitlines()
    assert signal[:4] == [
        "signal demands_compensation: 要求賠償",
        "  客人要的可能是有人承擔。",
        "  said by: customer",
        "  rules: R32",
    ]
    assert "  plays: compensation_asked" in signal
    assert "    你們要賠償我們的損失" in signal
    row = aside("playbook", "show", "renew", "--playbook", str(TINY)).stdout.splitlines()
    assert row[:3] == ["decision renew", "  when: cost high", "  agent: 花費較大，請業務一起來談。"]
    fact = aside("playbook", "show", "exception_requested", "--playbook", str(TINY)).stdout.splitlines()
    assert fact == [
        "fact exception_requested, made true by ask_exception",
        "  claimed by compensation_asked.asking: 我已經請主管看這件事，{customer}這邊有結果我馬上說。",
    ]


def test_show_tells_a_rule_and_where_it_works(aside: Aside) -> None:
    """What "why" quotes, and which plays rest on it."""
    lines = aside("playbook", "show", "R40", "--lang", "en").stdout.splitlines()
    assert lines[0] == f"rule R40: {load_playbook(PACKAGED_PLAYBOOK).words['en'].rules['R40']}"
    assert any(line.startswith("  plays: ") and "asks_secrecy" in line for line in lines)


def test_show_says_which_name_was_perhaps_meant(aside: Aside) -> None:
    """A mistyped name is told, not shown as nothing."""
    done = aside("playbook", "show", "compensation_aksed", "--playbook", str(TINY))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == (
        "There is no signal, play, fact, decision row or rule compensation_aksed; perhaps compensation_asked is meant."
    )


def advice(playbook_version: str, *plays: str) -> Advice:
    """Advice with these plays."""
    return Advice(
        signals=(Signal("anger", 0.9, "氣死"),), anger=1, plays=plays, rules=("R02",), stage=Stage.RECEIVE, row=None,
        lines=(), withheld=(), routes=(), action=None, facts=(), playbook_version=playbook_version,
    )  # fmt: skip


def test_show_ratings_tells_what_became_of_each_play(aside: Aside, tmp_path: Path) -> None:
    """Shown, helped, did not and why, muted, corrected; a play that is gone is still counted, a withheld one is not."""
    casebook = casebook_at(tmp_path / "data" / "casebook.db")
    said = Message(
        workspace="T1", channel="C1", ts="1.0", thread_ts=None, speaker="U1", role=Role.CUSTOMER, text="氣死",
        said_at=datetime.fromtimestamp(NOW, UTC),
    )  # fmt: skip
    with casebook.begin() as connection:
        case: Case = cases.open_case(connection, said, None)
        conversations.write_message(connection, said, Reading((Signal("anger", 0.9, "氣死"),), 1), case.id)
        told: list[tuple[tuple[str, ...], bool]] = [
            (("anger", "asks_favour"), False),
            (("anger",), False),
            (("anger",), True),
            (("gone",), False),
        ]
        ids = [
            advised.write_advice(
                connection, case, message_ts="1.0", person="U2", given=advice("v", *plays), now=NOW, while_paused=paused
            )
            for plays, paused in told
        ]
        about = advised.stored_advice(connection, "T1", ids[1])
        assert about
        advised.rate(connection, workspace="T1", advice_id=ids[0], person="U2", helpful=True, now=NOW)
        advised.rate(
            connection, workspace="T1", advice_id=ids[1], person="U2", helpful=False, reason=Reason.TOO_LATE, now=NOW
        )
        quiet.mute(connection, "T1", "U2", Mute.PLAY, "asks_favour", now=NOW)
        assert quiet.correct(connection, "T1", about, signal="anger", really="", now=NOW)
    casebook.close()
    aside.environment["ASIDE_DATABASE_URL"] = url_at(tmp_path / "data" / "casebook.db")
    lines = aside("playbook", "show", "--ratings", "--lang", "en").stdout.splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:]}
    assert rows["anger"][-8:] == ["2", "1", "1", "0", "too_late", "1;", "anger", "1"]
    assert rows["asks_favour"][-4:] == ["1", "1", "0", "1"]
    assert rows["gone"][-4:] == ["1", "0", "0", "0"]
    assert "(is gone)" in next(line for line in lines if line.startswith("gone "))
    assert {play.id for play in load_playbook(PACKAGED_PLAYBOOK).plays} < set(rows)
    one = aside("playbook", "show", "anger", "--ratings", "--lang", "en").stdout.splitlines()
    assert one[-1] == "  shown 2, helped 1, did not 1, muted by 0 (too_late 1; anger 1)"


@in_a_file
def test_show_ratings_says_when_there_is_no_casebook(aside: Aside, tmp_path: Path) -> None:
    """It makes none."""
    done = aside("playbook", "show", "--ratings")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "There is no casebook yet, so nothing has been rated."
    assert not (tmp_path / "data").exists()
