"""`aside backup` and `aside restore`: one file with everything, and everything back, whole or not at all."""

import json
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from bot.only_one import only_one
from storage import backup, cases, commitments, outbox, takeovers, turns
from storage import goodwill as requests
from storage.outbox import SendState
from storage.revisions import known_revisions
from tests.casebook.filled import WORKSPACE, whole_case
from tests.commands.conftest import Aside, said
from tests.fresh import casebook_at, in_a_file
from tests.reliability.test_upgrade import first_casebook

pytestmark = in_a_file

HEAD = known_revisions()[0]


@pytest.fixture
def casebook(data: Path) -> Path:
    """A casebook with a case in it."""
    with closing(casebook_at(data / "casebook.db")) as opened, opened.begin() as connection:
        whole_case(connection, "first")
    return data / "casebook.db"


@pytest.fixture
def own_directory(aside: Aside, directory_file: Path, data: Path) -> Path:
    """A directory in the data folder."""
    copy = data / "directory.db"
    data.mkdir(exist_ok=True)
    copy.write_bytes(directory_file.read_bytes())
    aside.environment["ASIDE_DIRECTORY"] = str(copy)
    return copy


def backup_of(casebook: Path, file: Path, directory: Path | None = None) -> None:
    """A backup, made at once."""
    url = f"sqlite:///{casebook}"
    backup.make(url, directory or casebook.parent / "directory.db", file, datetime(2026, 11, 22, tzinfo=UTC))


def texts(casebook: Path) -> list[str]:
    """What was said, as the casebook has it."""
    with closing(sqlite3.connect(casebook)) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM messages ORDER BY ts")]


def say_more(casebook: Path, text: str) -> None:
    """Something happens after the backup."""
    with closing(casebook_at(casebook)) as opened, opened.begin() as connection:
        whole_case(connection, text, ts="7.0", customer="C-2")


def test_everything_comes_back(aside: Aside, casebook: Path, own_directory: Path, tmp_path: Path) -> None:
    """Casebook and directory stand as they stood; what was there meanwhile is kept beside them."""
    file = tmp_path / "b.zip"
    made = aside("backup", str(file))
    assert (made.returncode, made.stderr) == (0, "")
    assert "1 cases, 2 messages, 1 exceptions, 1 commitments, 5 customers" in made.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    say_more(casebook, "later")
    own_directory.write_bytes(b"spoilt")
    back = aside("restore", str(file), "--yes")
    assert (back.returncode, back.stderr) == (0, "")
    assert texts(casebook) == ["first", "re: first"]
    assert aside("warranty", "C-1", "--json").returncode == 0
    kept = sorted(each.name for each in casebook.parent.glob("*.before-restore-*"))
    assert [name.partition(".before")[0] for name in kept] == ["casebook.db", "directory.db"]
    assert texts(casebook.parent / kept[0]) == ["first", "re: first", "later", "re: later"]
    assert (casebook.parent / kept[1]).read_bytes() == b"spoilt"
    assert not list(casebook.parent.glob(".aside-backup-*"))
    assert not list(casebook.parent.glob("*-wal"))


def test_it_is_taken_while_the_bot_works(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """A transaction that is under way is not waited for and not in it."""
    with only_one(casebook.parent), closing(sqlite3.connect(casebook, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE messages SET text = 'half done'")
        assert aside("backup", str(tmp_path / "b.zip")).returncode == 0
        writer.execute("COMMIT")
    assert aside("restore", str(tmp_path / "b.zip"), "--yes").returncode == 0
    assert texts(casebook) == ["first", "re: first"]


def test_a_restore_waits_for_nobody_and_disturbs_nobody(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """Neither under a running bot, nor under anything else that has the casebook open."""
    file = tmp_path / "b.zip"
    backup_of(casebook, file)
    with only_one(casebook.parent):
        code, lines = said(aside("restore", str(file), "--yes"))
    assert (code, len(lines)) == (1, 2)
    assert lines[0].startswith("Another Aside is already running on")
    with closing(casebook_at(casebook)) as opened, opened.begin():
        done = aside("restore", str(file), "--yes")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"Somebody is working on {casebook}."
    assert texts(casebook) == ["first", "re: first"]
    assert not list(casebook.parent.glob("*before-restore*"))


def test_it_asks_first(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """Whoever says no, or nothing, has changed nothing."""
    aside("backup", str(tmp_path / "b.zip"))
    say_more(casebook, "later")
    for typed in ("n\n", ""):
        assert aside("restore", str(tmp_path / "b.zip"), typed=typed).returncode == 1
    assert "later" in texts(casebook)
    assert aside("restore", str(tmp_path / "b.zip"), typed="y\n").returncode == 0
    assert "later" not in texts(casebook)


def test_an_older_backup_is_brought_up_to_date(aside: Aside, data: Path, tmp_path: Path) -> None:
    """A backup from before an update, made without touching the casebook, is of use after it."""
    data.mkdir()
    first_casebook(data / "casebook.db")
    assert aside("backup", str(tmp_path / "b.zip")).returncode == 0
    with closing(sqlite3.connect(data / "casebook.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert aside("restore", str(tmp_path / "b.zip"), "--yes").returncode == 0
    with closing(sqlite3.connect(data / "casebook.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    assert texts(data / "casebook.db") == ["help"]


def test_on_a_new_machine_and_in_place_of_a_damaged_casebook(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """That is what a backup is for; the damaged file is kept as it is."""
    file = tmp_path / "b.zip"
    backup_of(casebook, file)
    elsewhere = tmp_path / "new" / "machine"
    assert aside("restore", str(file), "--yes", ASIDE_DATA=str(elsewhere)).returncode == 0
    assert texts(elsewhere / "casebook.db") == ["first", "re: first"]
    casebook.write_bytes(b"not a database at all" * 1_000)
    assert aside("restore", str(file), "--yes").returncode == 0
    assert texts(casebook) == ["first", "re: first"]
    (kept,) = casebook.parent.glob("casebook.db.before-restore-*")
    assert kept.read_bytes().startswith(b"not a database")


def test_what_waited_to_be_sent_is_looked_for_before_it_is_sent_again(
    aside: Aside, casebook: Path, tmp_path: Path
) -> None:
    """Since the backup it has gone out: visible messages once, whispers at most once."""
    with closing(sqlite3.connect(casebook)) as raw, raw:
        raw.execute(
            "INSERT INTO outbox (workspace, key, kind, target, body, created_at, state, due_at, lease_until, attempts)"
            " VALUES ('T1', 'whisper', 'ephemeral', '{}', '{\"text\": \"?\"}', 1, 'due', 1, 0, 0)"
        )
    aside("backup", str(tmp_path / "b.zip"))
    aside("restore", str(tmp_path / "b.zip"), "--yes")
    with closing(casebook_at(casebook)) as opened, opened.begin() as connection:
        assert outbox.state_of(connection, WORKSPACE, "whisper") is SendState.UNKNOWN
        sending = turns.claim(connection, WORKSPACE, now=9e9)
        assert sending
        assert (sending.key[:4], sending.attempts) == ("due:", 2)
        case = cases.get(connection, WORKSPACE, sending.key[4:])
        assert case


def test_nothing_happens_by_itself_before_somebody_could_look_at_what_was_decided_since(
    aside: Aside, casebook: Path, tmp_path: Path
) -> None:
    """What came due since the backup has happened or was settled; it waits for an hour, and later times stay."""
    now = time.time()
    later = now + 7 * 86_400
    with closing(sqlite3.connect(casebook)) as raw, raw:
        raw.execute("UPDATE exceptions SET due_at = 5, due_move = 'remind'")
        raw.execute("UPDATE takeovers SET due_at = 5")
        raw.execute("UPDATE commitments SET due_at = 5, next_at = ?, next_move = 'remind'", (later,))
    aside("backup", str(tmp_path / "b.zip"))
    done = aside("restore", str(tmp_path / "b.zip"), "--yes")
    assert "it reminds nobody and ends nothing by itself." in done.stdout
    with closing(casebook_at(casebook)) as opened, opened.begin() as connection:
        soon = now + backup.HELD_SECONDS
        assert requests.due(connection, WORKSPACE, now=soon - 1) == []
        assert takeovers.due(connection, WORKSPACE, now=soon - 1) == []
        (request,) = requests.due(connection, WORKSPACE, now=soon + 60)
        assert request.due_move == "remind"
        assert len(takeovers.due(connection, WORKSPACE, now=soon + 60)) == 1
        assert commitments.due(connection, WORKSPACE, now=soon + 60) == []
        (promised,) = commitments.due(connection, WORKSPACE, now=later)
        assert promised.due_at.timestamp() == 5


def test_every_table_that_the_worker_looks_at_waits_after_a_restore() -> None:
    """One that comes later is found by its columns; the time that was told to a customer is none of them."""
    found = {str(each) for each in backup.moves_by_itself()}
    assert found >= {"exceptions.due_at", "takeovers.due_at", "commitments.next_at", "opportunities.due_at"}
    assert not found & {"commitments.due_at", "outbox.due_at"}


def entries(file: Path) -> dict[str, bytes]:
    """What is in a backup."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(file: Path, held: dict[str, bytes]) -> None:
    """Make a zip of this."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)


def manifest_with(held: dict[str, bytes], **changed: object) -> dict[str, bytes]:
    """With another manifest."""
    manifest = json.loads(held["manifest.json"]) | changed
    return held | {"manifest.json": json.dumps(manifest).encode()}


Spoil = Callable[[Path], None]


def truncated(file: Path) -> None:
    """Cut off in the middle."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def no_zip(file: Path) -> None:
    """Something else."""
    file.write_text("hello")


def flipped(file: Path) -> None:
    """One byte changed on the disk."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))


def other_path(file: Path) -> None:
    """A file that wants to be written elsewhere."""
    write(file, entries(file) | {"../../casebook.db": b"x"})


def absolute(file: Path) -> None:
    """The same, from the root."""
    write(file, entries(file) | {"/etc/passwd": b"x"})


def no_manifest(file: Path) -> None:
    """A zip of somebody's."""
    write(file, {"casebook.db": entries(file)["casebook.db"]})


def odd_manifest(file: Path) -> None:
    """A format of the future."""
    write(file, manifest_with(entries(file), format=2))


def other_casebook(file: Path) -> None:
    """Not the one of which the manifest tells."""
    write(file, entries(file) | {"casebook.db": b"SQLite format 3\0" + b"\0" * 5_000})


def swollen(file: Path) -> None:
    """A small file that becomes a very large one."""
    held = entries(file)
    write(file, held | {"casebook.db": held["casebook.db"] + b"\0" * 50_000_000})


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (truncated, "is not a whole backup: File is not a zip file."),
        (no_zip, "is not a whole backup: File is not a zip file."),
        (flipped, "is not"),
        (other_path, "is not a backup of Aside's: it holds '../../casebook.db'."),
        (absolute, "is not a backup of Aside's: it holds '/etc/passwd'."),
        (no_manifest, "is not a backup of Aside's: it does not hold each of its files once."),
        (odd_manifest, "is not one that this Aside knows."),
        (other_casebook, "is not a whole backup: casebook.db is not what its manifest tells of."),
        (swollen, "is not a whole backup: casebook.db is not what its manifest tells of."),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_bad_file_gets_one_sentence_and_changes_nothing(
    aside: Aside, casebook: Path, tmp_path: Path, spoil: Spoil, what: str
) -> None:
    """What happened and what to do, and the casebook as it was."""
    file = tmp_path / "b.zip"
    backup_of(casebook, file)
    spoil(file)
    before = casebook.read_bytes()
    code, lines = said(aside("restore", str(file), "--yes"))
    assert (code, len(lines)) == (1, 2)
    assert what in lines[0]
    assert casebook.read_bytes() == before
    assert sorted(each.name for each in casebook.parent.iterdir()) == ["casebook.db", "lock"]


def test_a_backup_of_a_newer_aside_is_refused(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """What this Aside does not know it does not open; nor does it make such a backup and call it checked."""
    file = tmp_path / "b.zip"
    with closing(sqlite3.connect(casebook)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, lines = said(aside("backup", str(file)))
    assert (code, lines[0]) == (1, "The casebook is of a newer Aside than this one (revision 9999).")
    assert not file.exists()


def test_what_is_no_backup_is_never_written_over(aside: Aside, casebook: Path, tmp_path: Path) -> None:
    """A slip of the finger does not cost the casebook; yesterday's backup may be replaced."""
    code, lines = said(aside("backup", str(casebook)))
    assert (code, lines[0]) == (1, f"{casebook} is there already and is no backup.")
    assert texts(casebook) == ["first", "re: first"]
    for _ in range(2):
        assert aside("backup", str(tmp_path / "b.zip")).returncode == 0
    assert [each.name for each in tmp_path.glob("*.zip")] == ["b.zip"]


def test_what_is_not_there_is_said(aside: Aside, data: Path, tmp_path: Path) -> None:
    """No casebook to copy, no file to restore; none is made by asking."""
    code, lines = said(aside("backup", str(tmp_path / "b.zip")))
    assert (code, lines[0]) == (1, f"There is no casebook at {data / 'casebook.db'}.")
    code, lines = said(aside("restore", str(tmp_path / "b.zip"), "--yes"))
    assert (code, lines[0]) == (1, f"There is no file {tmp_path / 'b.zip'}.")
    assert not (data / "casebook.db").exists()


def test_a_directory_of_another_version_is_left_out(
    aside: Aside, casebook: Path, own_directory: Path, tmp_path: Path
) -> None:
    """The casebook comes back alone; the directory is imported anew."""
    file = tmp_path / "b.zip"
    backup_of(casebook, file, own_directory)
    with closing(sqlite3.connect(own_directory)) as connection, connection:
        connection.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    other = own_directory.read_bytes()
    assert "It has no directory" in aside("backup", str(tmp_path / "without.zip")).stdout
    held = entries(file) | {"directory.db": other}
    files = json.loads(held["manifest.json"])["files"]
    files["directory.db"] = {"bytes": len(other), "sha256": sha256(other).hexdigest()}
    write(file, manifest_with(held, files=files))
    code, lines = said(aside("restore", str(file), "--yes"))
    assert (code, lines[0]) == (
        1,
        f"The directory in {file} is damaged or was made for another version of Aside.",
    )
    assert aside("restore", str(file), "--yes", "--casebook-only").returncode == 0
    assert own_directory.read_bytes() == other
