"""What is learnt, how it is weighed, and who is asked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.features import Matrix
from bot.heads import MOST_DEAR, Encoders, Example, Grams, Meanings, Model
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.signals import Detector, examples
from bot.training import train


class Topic:
    """An encoder that knows what a text is about from the words it was made with."""

    def __init__(self, name: str, *words: str) -> None:
        self.name = name
        self._words = words
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Matrix:
        """A column for each word, and one that is always there."""
        self.asked += texts
        return np.array([[*(float(word in text) for word in self._words), 0.1] for text in texts])


def lessons() -> list[Example]:
    """Thirty examples of two signals and of none; half of them need more than their n-grams."""
    kinds = [
        (frozenset({"pays"}), "refund {} alpha"),
        (frozenset({"leaves"}), "cancel {} beta"),
        (frozenset[str](), "hello {} gamma"),
    ]
    fillers = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar"]
    return [
        Example(text.format(filler), signals, 2.0 * ("leaves" in signals), fold)
        for fold, filler in enumerate(fillers)
        for signals, text in kinds
    ]


def test_a_model_tells_what_it_was_taught() -> None:
    """The score of what is shown lies above a half, of everything else below."""
    model = train(lessons(), Encoders())
    assert model.ids == ("leaves", "pays")
    scores, _ = model.scores(["refund dec alpha", "cancel dec beta", "hello dec gamma"], [1, 1, 1], Encoders())
    assert (scores > 0.5).tolist() == [[False, True], [True, False], [False, False]]


def test_a_model_hears_the_temper_of_what_it_was_taught() -> None:
    """Nearest to the temper of the examples that a text is like."""
    model = train(lessons(), Encoders())
    _, tempers = model.scores(["refund dec alpha", "cancel dec beta", "hello dec gamma"], [1, 1, 1], Encoders())
    assert [round(temper / 2) for temper in tempers] == [0, 1, 0]


def test_what_the_playbook_says_itself_is_no_measure_of_what_is_ordinary() -> None:
    """Easy lines that show nothing teach silence, and do not lower the level from which a signal counts."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    alike = [Example(f"refund {day} alpha now", frozenset(), 0.0, fold) for fold, day in enumerate(days)]
    lines = [Example(f"we say {number} so", frozenset(), 0.0, number, is_line=True) for number in range(200)]
    messages = [replace(line, is_line=False) for line in lines]
    with_lines = train([*lessons(), *alike, *lines], Encoders())
    with_messages = train([*lessons(), *alike, *messages], Encoders())
    assert (with_lines.cheap.levels > with_messages.cheap.levels).all()


def test_a_part_of_a_message_counts_less_than_all_of_it() -> None:
    """Each part is another try at being wrong."""
    model = train(lessons(), Encoders())
    (whole, part), _ = model.scores(["refund dec alpha"] * 2, [1, 0.7], Encoders())
    assert (part < whole).all()


def test_a_model_without_examples_is_silent() -> None:
    """A playbook may have patterns only."""
    scores, tempers = train([], Encoders()).scores(["refund"], [1], Encoders())
    assert scores.shape == (1, 0)
    assert tempers.tolist() == [0.0]


def test_only_texts_that_the_cheap_head_is_unsure_about_go_to_the_dear_encoder() -> None:
    """Those whose highest sum lies within the band, and no others."""
    encoders = Encoders(Topic("cheap", "alpha"), Topic("dear", "alpha", "beta", "gamma"))
    model = train(lessons(), encoders)
    texts = ["refund dec alpha", "cancel dec beta", "hello dec gamma", "something else"]
    cheap, dear = Topic("cheap", "alpha"), Topic("dear", "alpha", "beta", "gamma")
    model.scores(texts, [1] * 4, Encoders(cheap, dear))
    made_of = [model.grams.weigh(text) for text in texts]
    sums = model.cheap.sums(made_of, (model.meanings[0].likeness(Topic("cheap", "alpha").encode(texts)),))
    highest = (sums[:, :-1] / model.cheap.levels).max(axis=1)
    low, high = model.band
    assert cheap.asked == texts
    assert dear.asked == [text for text, sure in zip(texts, highest, strict=True) if low < sure < high]


def test_an_endless_message_asks_the_dear_encoder_a_few_times_only(tiny: Path) -> None:
    """However many of its sentences are unsure: forty thousand characters cost no more than three sentences."""
    dear = Topic("dear", "赔", "气")
    detector = Detector.train(load_playbook(tiny), Encoders(None, dear))
    for ear in detector._ears.values():
        object.__setattr__(ear._model, "band", (-99.0, 99.0))
    dear.asked.clear()
    detector.read(Role.CUSTOMER, "你们不赔我就走了。" * 5_000)
    assert len(dear.asked) == MOST_DEAR


@pytest.mark.parametrize("dear", [None, Topic("dear", "alpha", "beta")])
def test_what_was_learnt_is_the_same_out_of_a_file(dear: Topic | None, tmp_path: Path) -> None:
    """Kept and read again, a model gives the same scores to the last digit."""
    encoders = Encoders(Topic("cheap", "gamma"), dear)
    model = train(lessons(), encoders)
    np.savez(tmp_path / "model.npz", **model.arrays())  # type: ignore[arg-type] # NumPy types its flag beside them
    with np.load(tmp_path / "model.npz") as parts:
        again = Model.of(parts)
    texts = ["refund dec alpha", "cancel", "什麼", ""]
    kept, new = again.scores(texts, [1] * 4, encoders), model.scores(texts, [1] * 4, encoders)
    assert all(np.array_equal(one, other) for one, other in zip(kept, new, strict=True))


def test_training_twice_gives_the_same_to_the_last_digit(tiny: Path) -> None:
    """So does every machine that has the same playbook and encoders."""
    found = examples(load_playbook(tiny), Role.CUSTOMER)
    first, second = (train(found, Encoders(Topic("cheap", "赔"), Topic("dear", "气"))).arrays() for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_of_many_texts_only_shared_n_grams_count() -> None:
    """What a single example of hundreds says is chance; of a few, everything counts."""
    few = Grams.of(["once", "twice twice"])
    assert "w once" in few.known
    many = Grams.of([f"same word{number}" for number in range(600)])
    assert "w same" in many.known
    assert "w word7" not in many.known


def test_likeness_is_the_cosine_seen_from_the_middle_of_the_examples() -> None:
    """However the examples are kept: held against the plain formula, over more rows than are spread out at a time."""
    random = np.random.default_rng(5)
    steps = random.integers(-127, 128, (600, 8)).astype(np.int8)
    texts = random.normal(size=(3, 8))

    def unit(rows: Matrix) -> Matrix:
        """Each row at length one."""
        found: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    examples_as_told = unit(steps.astype(np.float64))
    middle = examples_as_told.mean(axis=0)
    aimed = unit(examples_as_told - middle)
    meanings = Meanings(steps)
    assert np.allclose(meanings.likeness(texts), unit(unit(texts) - middle) @ aimed.T, atol=1e-5)
    assert np.allclose(meanings.aimed, aimed, atol=1e-5)


def test_one_example_alone_is_like_nothing() -> None:
    """It lies in the middle of itself, so it points nowhere."""
    meanings = Meanings(np.array([[3, 4]], dtype=np.int8))
    assert meanings.likeness(np.array([[1.0, 0.0]])).tolist() == [[0.0]]
