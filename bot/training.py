"""Training the heads from examples: ridge regression in its dual form, on n-grams and on nearness of meaning.

The dual form is solved once for all signals, and gives what a head trained without a fold would have said about that
fold in closed form (the leave-one-out identity, for blocks): the level, and when to ask the dear head, come from
answers about examples that were held out, and cost no second training. Imported only when something has to be learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from bot.features import Encoder, Matrix
from bot.heads import TEMPER_SCALE, Encoders, Example, Grams, Head, Meanings, Model, Steps, Weights, head_of, nearness

FOLDS = 8
_GRAMS_ALONE, _CHEAP, _DEAR, _DEAR_ALONE = (0.5, (0.0, 0.0)), (0.25, (2.0, 0.0)), (0.15, (1.0, 3.0)), (0.15, (0.0, 2.0))
"""The ridge, and what the cheap and the dear encoder's likeness count beside n-grams at 1."""
_QUIET = 0.9
_LEVELS = (0.15, 0.6)
_NEAR = 0.005
_LOW = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_HIGH = (1.1, 1.2, 1.3, 1.4, 1.6, 2.0, 9.0)


def train(examples: Sequence[Example], encoders: Encoders) -> Model:
    """Learn from examples; equal examples and encoders give equal models."""
    with threadpool_limits(limits=1, user_api="blas"):  # the same sums in the same order, whatever the machine
        return _train(examples, encoders)


def _train(examples: Sequence[Example], encoders: Encoders) -> Model:
    ids = tuple(sorted(frozenset[str]().union(*(example.signals for example in examples))))
    texts = [example.text for example in examples]
    known = Grams.of(texts)
    rows = _rows(known, texts)
    shown = np.array([[name in example.signals for name in ids] for example in examples], dtype=bool)
    shown = shown.reshape(len(texts), len(ids))
    wanted = np.column_stack([shown, [example.temper / TEMPER_SCALE for example in examples]]).astype(np.float64)
    folds = np.array([example.fold % FOLDS for example in examples])
    meanings = Meanings(_steps(texts, encoders.cheap)), Meanings(_steps(texts, encoders.dear))
    alike = [each.aimed @ each.aimed.T for each in meanings]
    made_of = (rows @ rows.T).toarray().astype(np.float64) if texts else np.empty((0, 0))
    ordinary = np.array([not example.signals and not example.is_line for example in examples], dtype=bool)
    given = _Given(rows, made_of, alike, wanted, ordinary, folds)
    cheap, cheaply = _head(given, _GRAMS_ALONE if encoders.cheap is None else _CHEAP)
    dear, band = None, (9.0, 0.0)
    if encoders.dear is not None and ids:
        dear, dearly = _head(given, _DEAR_ALONE if encoders.cheap is None else _DEAR)
        band = _band(shown, cheaply, cheap.level, dearly, dear.level)
    return Model(ids, known, meanings, cheap, dear, band)


def _rows(known: Grams, texts: Sequence[str]) -> sparse.csr_array:
    weighed = [known.weigh(text) for text in texts]
    columns = [column for column, _ in weighed] or [np.empty(0, np.int64)]
    weights = [weight for _, weight in weighed] or [np.empty(0, np.float32)]
    ends = np.cumsum([0, *map(len, columns)]) if weighed else np.zeros(1, np.int64)
    shape = (len(texts), len(known.idf))
    return sparse.csr_array((np.concatenate(weights), np.concatenate(columns), ends), shape=shape)


def _steps(texts: Sequence[str], encoder: Encoder | None) -> Steps:
    """The texts' vectors in steps of a 127th of their largest part, as they are kept."""
    if encoder is None or not texts:
        return np.empty((len(texts), 0), np.int8)
    vectors = encoder.encode(texts)
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    steps: Steps = np.rint(vectors / largest * 127).astype(np.int8)
    return steps


@dataclass(frozen=True)
class _Given:
    """What both heads are learnt from.

    Attributes:
        rows: The examples' n-grams.
        made_of: How alike they are in these.
        alike: How alike in meaning, to each encoder.
        wanted: A row an example, a column a signal, the last one the temper.
        ordinary: Which examples are ordinary messages that show nothing.
    """

    rows: sparse.csr_array
    made_of: Matrix
    alike: Sequence[Weights]
    wanted: Matrix
    ordinary: npt.NDArray[np.bool_]
    folds: npt.NDArray[np.int64]


def _head(given: _Given, kind: tuple[float, tuple[float, float]]) -> tuple[Head, Matrix]:
    """A head, and what heads trained without each fold would have said about that fold."""
    ridge, shares = kind
    wanted = given.wanted
    if not len(wanted) or wanted.shape[1] == 1:
        nothing = np.zeros((given.rows.shape[1], wanted.shape[1])), np.zeros(wanted.shape)
        return head_of(*nothing, *shares, _LEVELS[1]), np.zeros((len(wanted), wanted.shape[1] - 1))
    kernel = given.made_of + 1
    near = nearness(given.alike, shares)
    if near is not None:
        kernel += near
    kernel[np.diag_indices_from(kernel)] += ridge
    inverse = _inverse(kernel)
    dual = inverse @ wanted
    held_out = np.empty_like(wanted)
    for fold in np.unique(given.folds):
        here = np.flatnonzero(given.folds == fold)
        held_out[here] = wanted[here] - np.linalg.solve(inverse[np.ix_(here, here)], dual[here])
    level = _quiet_level(held_out[given.ordinary, :-1])
    return head_of(given.rows.T @ dual, dual, *shares, level), held_out[:, :-1]


def _inverse(kernel: Matrix) -> Matrix:
    """The inverse of a symmetric positive matrix, which is overwritten: half the work of a general one."""
    factor, failed = lapack.dpotrf(kernel, lower=1, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise ArithmeticError("the examples cannot be told apart")  # the ridge keeps this from happening
    found: Matrix = np.tril(inverse) + np.tril(inverse, -1).T
    return found


def _quiet_level(sums: Matrix) -> float:
    """The level under which nearly all messages stay that show nothing and were held out; silent when unsure."""
    if not len(sums):
        return _LEVELS[1]
    return float(np.clip(np.quantile(sums.max(axis=1), _QUIET), *_LEVELS))


def _band(
    shown: npt.NDArray[np.bool_], cheaply: Matrix, cheap_level: float, dearly: Matrix, dear_level: float
) -> tuple[float, float]:
    """Between which of the cheap head's highest sums, as parts of its level, the dear head is worth asking.

    Of the bands with which the held-out examples are told as well as by the dear head alone, nearly, the one that
    sends the fewest of them there.
    """
    highest = cheaply.max(axis=1) / cheap_level
    cheap, dear = cheaply > cheap_level, dearly > dear_level
    enough = _macro_f1(dear, shown) - _NEAR
    best, fewest = (-99.0, 99.0), len(shown) + 1
    for low in _LOW:
        for high in _HIGH:
            asked = (highest > low) & (highest < high)
            told = np.where(asked[:, None], dear, cheap)
            if asked.sum() < fewest and _macro_f1(told, shown) >= enough:
                best, fewest = (low, high), int(asked.sum())
    return best


def _macro_f1(told: npt.NDArray[np.bool_], shown: npt.NDArray[np.bool_]) -> float:
    right, wrong, missed = (told & shown).sum(axis=0), (told & ~shown).sum(axis=0), (~told & shown).sum(axis=0)
    return float((2 * right / np.maximum(1, 2 * right + wrong + missed)).mean())
