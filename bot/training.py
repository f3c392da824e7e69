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
from scipy.linalg import blas, lapack
from scipy.sparse import csgraph
from threadpoolctl import threadpool_limits

from bot.features import Encoder, Matrix
from bot.heads import TEMPER_SCALE, Encoders, Example, Grams, Head, Meanings, Model, Steps, Weights, head_of, nearness

FOLDS = 8
_GRAMS_ALONE, _CHEAP, _DEAR, _DEAR_ALONE = (0.5, (0.0, 0.0)), (0.25, (2.0, 0.0)), (0.15, (1.0, 3.0)), (0.15, (0.0, 2.0))
"""The ridge, and what the cheap and the dear encoder's likeness count beside n-grams at 1."""
_BELOW = 0.15
"""How far below nothing a message that shows nothing is wanted: more, and what is said sideways is lost."""
_QUIET = 0.96
_OWN = 0.3
"""How far a signal's level goes from the common one to the one that tells it best."""
_LEVELS = (0.15, 0.6)
_STEP = 0.01
_ALIKE = 0.5
_BLOCK = 512
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
    silent: npt.NDArray[np.bool_] = ~np.any(shown, axis=1)
    wanted = np.column_stack([shown - _BELOW * silent[:, None], [each.temper / TEMPER_SCALE for each in examples]])
    ordinary = silent & np.array([not example.is_line for example in examples], dtype=bool)
    folds = np.array([example.fold % FOLDS for example in examples], dtype=np.int64)
    meanings = Meanings(_steps(texts, encoders.cheap)), Meanings(_steps(texts, encoders.dear))
    given = _Given(rows, [each.aimed for each in meanings], wanted, shown, ordinary, _apart(rows, folds))
    cheap, cheaply = _head(given, _GRAMS_ALONE if encoders.cheap is None else _CHEAP)
    dear, band = None, (9.0, 0.0)
    if encoders.dear is not None and ids:
        dear, dearly = _head(given, _DEAR_ALONE if encoders.cheap is None else _DEAR)
        band = _band(shown, cheap, cheaply, dear, dearly)
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


def _apart(rows: sparse.csr_array, folds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The folds, so that examples which nearly say the same, or follow from one to the other so, share one."""
    lengths = np.sqrt((rows * rows).sum(axis=1))
    unit = sparse.csr_array(sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ rows)
    pairs: list[npt.NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    for start in range(0, len(folds), _BLOCK):
        near = np.argwhere((unit[start : start + _BLOCK] @ unit.T).toarray() > _ALIKE)
        pairs.append(near + np.array([start, 0]))
    one, other = np.concatenate(pairs).T
    joined = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(len(folds), len(folds)))
    _, groups = csgraph.connected_components(joined, directed=False)
    _, first = np.unique(groups, return_index=True)
    found: npt.NDArray[np.int64] = folds[first][groups]
    return found


@dataclass(frozen=True)
class _Given:
    """What both heads are learnt from.

    Attributes:
        rows: The examples' n-grams.
        aimed: What the examples mean to each encoder.
        wanted: A row an example, a column a signal, the last one the temper.
        shown: Which signals each example shows.
        ordinary: Which examples are ordinary messages that show nothing.
    """

    rows: sparse.csr_array
    aimed: Sequence[Weights]
    wanted: Matrix
    shown: npt.NDArray[np.bool_]
    ordinary: npt.NDArray[np.bool_]
    folds: npt.NDArray[np.int64]


def _head(given: _Given, kind: tuple[float, tuple[float, float]]) -> tuple[Head, Matrix]:
    """A head, and what heads trained without each fold would have said about that fold."""
    ridge, shares = kind
    wanted = given.wanted
    if not len(wanted) or wanted.shape[1] == 1:
        nothing = np.zeros((given.rows.shape[1], wanted.shape[1])), np.zeros(wanted.shape)
        return head_of(*nothing, shares, np.full(wanted.shape[1] - 1, _LEVELS[1])), np.zeros(given.shown.shape)
    inverse = _inverse(_kernel(given, ridge, shares))
    dual = blas.ssymm(1, inverse, wanted.astype(np.float32), lower=1).astype(np.float64)
    held_out = np.empty_like(wanted)
    for fold in np.unique(given.folds):
        here = np.flatnonzero(given.folds == fold)
        lower = inverse[np.ix_(here, here)].astype(np.float64)
        held_out[here] = wanted[here] - np.linalg.solve(np.tril(lower) + np.tril(lower, -1).T, dual[here])
    levels = _levels(held_out[:, :-1], given.shown, given.ordinary)
    return head_of(given.rows.T @ dual, dual, shares, levels), held_out[:, :-1]


def _kernel(given: _Given, ridge: float, shares: tuple[float, float]) -> Weights:
    """How alike the examples are, block by block: all of it at once takes several times the memory."""
    count = len(given.wanted)
    kernel: Weights = np.empty((count, count), np.float32, order="F")
    for start in range(0, count, _BLOCK):
        here = slice(start, start + _BLOCK)
        part = (given.rows[here] @ given.rows.T).toarray() + 1
        near = nearness([aimed[here] @ aimed.T for aimed in given.aimed], shares)
        kernel[here] = part if near is None else part + near
    kernel[np.diag_indices_from(kernel)] += ridge
    return kernel


def _inverse(kernel: Weights) -> Weights:
    """The lower half of the inverse of a symmetric positive matrix, in the matrix's own memory."""
    inverse, failed = lapack.spotrf(kernel, lower=1, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.spotri(inverse, lower=1, overwrite_c=1)
    if failed:
        raise ArithmeticError("the examples cannot be told apart")  # the ridge keeps this from happening
    found: Weights = inverse
    return found


def _levels(sums: Matrix, shown: npt.NDArray[np.bool_], ordinary: npt.NDArray[np.bool_]) -> Matrix:
    """From where on each signal counts, by what was said of held-out examples.

    The common level is the one under which nearly all messages stay that show nothing. Each signal goes some way from
    there to the level that has the best F1; all the way, and look-alikes alarm.
    """
    common = np.clip(np.quantile(sums[ordinary].max(axis=1), _QUIET), *_LEVELS) if ordinary.any() else _LEVELS[1]
    tried = np.arange(0, _LEVELS[1] + _STEP, _STEP)
    f1 = np.array([_f1(sums > level, shown) for level in tried])
    found: Matrix = common + _OWN * (tried[f1.argmax(axis=0)] - common)
    return found


def _band(
    shown: npt.NDArray[np.bool_], cheap: Head, cheaply: Matrix, dear: Head, dearly: Matrix
) -> tuple[float, float]:
    """Between which of the cheap head's highest sums, as parts of their levels, the dear head is worth asking.

    Of the bands with which the held-out examples are told as well as by the dear head alone, nearly, the one that
    sends the fewest of them there.
    """
    highest = (cheaply / cheap.levels).max(axis=1)
    by_cheap, by_dear = cheaply > cheap.levels, dearly > dear.levels
    enough = _f1(by_dear, shown).mean() - _NEAR
    best, fewest = (-99.0, 99.0), len(shown) + 1
    for low in _LOW:
        for high in _HIGH:
            asked = (highest > low) & (highest < high)
            told = np.where(asked[:, None], by_dear, by_cheap)
            if asked.sum() < fewest and _f1(told, shown).mean() >= enough:
                best, fewest = (low, high), int(asked.sum())
    return best


def _f1(told: npt.NDArray[np.bool_], shown: npt.NDArray[np.bool_]) -> Matrix:
    """Of each signal."""
    right, wrong, missed = (told & shown).sum(axis=0), (told & ~shown).sum(axis=0), (~told & shown).sum(axis=0)
    found: Matrix = 2 * right / np.maximum(1, 2 * right + wrong + missed)
    return found
