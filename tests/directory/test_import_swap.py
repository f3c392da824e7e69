"""The new directory takes the old one's place whole, or not at all."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import UserError
from storage.directory import DirectorySource
from storage.importing import import_files
from tests.directory.conftest import Import, Write

CHILD = """
import sys
from pathlib import Path
from storage.importing import import_files

def progress(step, done, total):
    if step == "index":
        print("halfway", flush=True)
        sys.stdin.read()

import_files([Path(sys.argv[1])], Path(sys.argv[2]), progress=progress)
"""


@pytest.fixture
def old(write: Write, run_import: Import, target: Path) -> bytes:
    """A directory that stands, with one customer."""
    run_import(write("old.csv", "id,name,tier", "C1,舊客戶,A"))
    return target.read_bytes()


@pytest.fixture
def new(write: Write) -> Path:
    """Files of the next directory, with other customers."""
    return write("customers.csv", "id,name", *(f"C{number},新客戶 {number}" for number in range(300)))


def test_a_process_killed_in_the_middle_leaves_the_old_directory(
    old: bytes, new: Path, target: Path, run_import: Import
) -> None:
    """SIGKILL halfway leaves the old file as it was, to the byte; what it left behind is cleared away later."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, new, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "halfway\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    assert target.read_bytes() == old
    leftovers = [path for path in target.parent.iterdir() if path != target]
    assert len(leftovers) == 1
    run_import(new)
    assert leftovers[0].exists(), "another import may be at work on it"
    os.utime(leftovers[0], (0, 0))
    run_import(new)
    assert list(target.parent.iterdir()) == [target]


def test_a_full_disk_leaves_the_old_directory(old: bytes, new: Path, target: Path) -> None:
    """When the file cannot grow any more, one sentence says so, the old directory stays and nothing is left over."""
    code = CHILD.replace("sys.stdin.read()", "pass")
    result = subprocess.run(
        [sys.executable, "-c", code, new, target],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_no_more_than(48 * 1024),
    )
    assert result.returncode == 1
    assert "bot.errors.UserError: The new directory could not be built: " in result.stderr
    assert target.read_bytes() == old
    assert list(target.parent.iterdir()) == [target]


def _no_more_than(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_an_interrupt_leaves_the_old_directory(old: bytes, new: Path, target: Path, run_import: Import) -> None:
    """Ctrl-C at any step takes the unfinished file away and leaves the old one."""
    steps: set[str] = set()
    run_import(new, progress=lambda step, _done, _total: steps.add(step))
    assert {"customers.csv", "customers", "index", "check"} <= steps
    target.write_bytes(old)

    for wanted in sorted(steps):

        def interrupt(step: str, _done: int, _total: int | None, wanted: str = wanted) -> None:
            if step == wanted:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_import(new, progress=interrupt)
        assert target.read_bytes() == old
        assert list(target.parent.iterdir()) == [target]


def test_a_folder_that_cannot_be_one_is_told(new: Path, tmp_path: Path) -> None:
    """A target below a file cannot be written; the sentence says where."""
    below = tmp_path / "customers.csv" / "directory.db"
    with pytest.raises(UserError, match=r"The directory cannot be written to .*directory\.db"):
        import_files([new], below)


def test_a_reader_takes_up_the_new_directory(old: bytes, new: Path, target: Path, run_import: Import) -> None:
    """A running bot answers from the new file at the next question; what it holds of the old one still answers."""
    source = DirectorySource(target)
    before = source.current()
    assert before.customer_count() == 1
    assert source.current() is before
    run_import(new)
    assert source.current().customer_count() == 300
    assert before.find("舊客戶").candidates[0].id == "C1"
    record = before.record("C1")
    assert record
    assert record.customer.name == "舊客戶"


def test_bad_rows_leave_the_old_directory(old: bytes, write: Write, target: Path, run_import: Import) -> None:
    """One bad row, and everything stays as it was."""
    report = run_import(write("customers.csv", "id,name,timezone", "C1,甲公司,Mars"))
    assert not report.swapped_in
    assert target.read_bytes() == old


def test_the_permissions_of_the_old_directory_are_kept(old: bytes, new: Path, target: Path, run_import: Import) -> None:
    """Whoever may read the directory may read the next one."""
    target.chmod(0o604)
    run_import(new)
    assert target.stat().st_mode & 0o777 == 0o604
