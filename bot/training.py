"""Training the heads from examples: softmax regression, its level and its band from folds that were held out.

Imported only when something has to be learnt: SciPy's optimiser costs more to import than a start may take.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from threadpoolctl import threadpool_limits

from bot.features import Encoder, Matrix
from bot.heads import Encoders, Example, Grams, Head, Model, Weights, aimed, softmax

FOLDS = 4
_LOOSENESS = 20.0
_STEPS = 40
_MEMORY = 6
_QUIET = 0.92
_LEVELS = (0.15, 0.6)
_NEAR = 0.005
_LOW = (0.0, 0.3, 0.45, 0.6, 0.75, 0.9)
_HIGH = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


def train(examples: Sequence[Example], encoders: Encoders) -> Model:
    """Learn from examples; equal examples and encoders give equal models."""
    with threadpool_limits(limits=1, user_api="blas"):  # for matrices this small, threads wait for each other
        return _train(examples, encoders)


def _train(examples: Sequence[Example], encoders: Encoders) -> Model:
    ids = tuple(sorted(frozenset[str]().union(*(example.signals for example in examples))))
    texts = [example.text for example in examples]
    known = Grams.of(texts)
    rows = _rows(known, texts)
    shown = np.array([[name in example.signals for name in ids] for example in examples], dtype=bool)
    shown = shown.reshape(len(texts), len(ids))
    folds = np.array([example.fold % FOLDS for example in examples])
    cheap_vectors, cheap_middle = _vectors(texts, encoders.cheap)
    dear_vectors, dear_middle = _vectors(texts, encoders.dear)
    means = np.hstack([cheap_vectors, np.ones((len(texts), 1))])
    cheap, cheaply = _head(rows, means, shown, folds)
    dear, band = None, (1.0, 1.0)
    if encoders.dear is not None and ids:
        dear, dearly = _head(rows, np.hstack([dear_vectors, means]), shown, folds)
        band = _band(shown, cheaply, cheap.level, dearly, dear.level)
    return Model(ids, known, (cheap_middle, dear_middle), cheap, dear, band)


def _rows(known: Grams, texts: Sequence[str]) -> sparse.csr_array:
    weighed = [known.weigh(text) for text in texts]
    columns = [column for column, _ in weighed] or [np.empty(0, np.int64)]
    weights = [weight for _, weight in weighed] or [np.empty(0, np.float32)]
    ends = np.cumsum([0, *map(len, columns)]) if weighed else np.zeros(1, np.int64)
    shape = (len(texts), len(known.idf))
    return sparse.csr_array((np.concatenate(weights), np.concatenate(columns), ends), shape=shape)


def _vectors(texts: Sequence[str], encoder: Encoder | None) -> tuple[Matrix, Matrix]:
    """The texts' vectors from their middle, and the middle."""
    if encoder is None or not texts:
        return np.empty((len(texts), 0)), np.empty(0)
    vectors = encoder.encode(texts)
    middle: Matrix = vectors.mean(axis=0)
    return aimed(vectors, middle), middle


def _head(
    rows: sparse.csr_array, means: Matrix, shown: npt.NDArray[np.bool_], folds: npt.NDArray[np.int64]
) -> tuple[Head, Matrix]:
    """A head, and the chances that heads trained without each fold gave to that fold."""
    wanted = np.column_stack([shown, ~shown.any(axis=1)]).astype(np.float32)
    wanted /= wanted.sum(axis=1, keepdims=True)
    meant: Weights = means.astype(np.float32)
    silent = wanted[:, -1] == 1
    if not shown.shape[1]:
        nothing = np.zeros((rows.shape[1], 1), np.float32), np.zeros((meant.shape[1], 1), np.float32)
        return Head(*nothing, _LEVELS[1]), shown.astype(np.float64)
    held_out = np.zeros(shown.shape)
    for fold in np.unique(folds):
        here, there = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(there):
            of_grams, of_means = _fit(rows[there], meant[there], wanted[there])
            held_out[here] = softmax(rows[here] @ of_grams + meant[here] @ of_means)[:, :-1]
    return Head(*_fit(rows, meant, wanted), _quiet_level(held_out[silent])), held_out


def _fit(rows: sparse.csr_array, means: Weights, wanted: Weights) -> tuple[Weights, Weights]:
    """The weights of n-grams and of meanings under which the wanted signals are most probable, kept small."""
    split, classes = rows.shape[1], wanted.shape[1]
    turned = sparse.csr_array(rows.T)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(-1, classes).astype(np.float32)
        sums = rows @ weights[:split] + means @ weights[split:]
        sums -= sums.max(axis=1, keepdims=True)
        raised = np.exp(sums)
        total = raised.sum(axis=1, keepdims=True)
        missed = -float((wanted * (sums - np.log(total))).sum(dtype=np.float64))
        error = raised / total - wanted
        slope = np.concatenate([(turned @ error).ravel(), (means.T @ error).ravel()]).astype(np.float64)
        return missed + 0.5 / _LOOSENESS * float(flat @ flat), slope + flat / _LOOSENESS

    start = np.zeros((split + means.shape[1]) * classes)
    options = {"maxiter": _STEPS, "maxcor": _MEMORY}
    flat = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weights = flat.reshape(-1, classes).astype(np.float16).astype(np.float32)  # as they are kept
    return weights[:split], weights[split:]


def _quiet_level(chances: Matrix) -> float:
    """The level under which nearly all messages stay that show nothing and were held out; silent when unsure."""
    if not len(chances):
        return 0.5
    return float(np.clip(np.quantile(chances.max(axis=1), _QUIET), *_LEVELS))


def _band(
    shown: npt.NDArray[np.bool_], cheaply: Matrix, cheap_level: float, dearly: Matrix, dear_level: float
) -> tuple[float, float]:
    """Between which of the cheap head's highest chances the dear head is worth asking.

    Of the bands with which the held-out examples are told nearly as well as by the dear head alone, and those that
    show nothing are flagged hardly more often, the one that sends the fewest there.
    """
    highest = cheaply.max(axis=1)
    cheap, dear = cheaply > cheap_level, dearly > dear_level
    silent = ~shown.any(axis=1)
    enough, most = _macro_f1(dear, shown) - _NEAR, _share(dear[silent]) + _NEAR
    best, fewest = (-1.0, 2.0), len(shown) + 1
    for low in (part * cheap_level for part in _LOW):
        for high in _HIGH:
            asked = (highest > low) & (highest < high)
            told = np.where(asked[:, None], dear, cheap)
            if asked.sum() < fewest and _share(told[silent]) <= most and _macro_f1(told, shown) >= enough:
                best, fewest = (low, high), int(asked.sum())
    return best


def _share(told: npt.NDArray[np.bool_]) -> float:
    """The share of messages in which anything is told."""
    return float(told.any(axis=1).mean()) if len(told) else 0.0


def _macro_f1(told: npt.NDArray[np.bool_], shown: npt.NDArray[np.bool_]) -> float:
    right, wrong, missed = (told & shown).sum(axis=0), (told & ~shown).sum(axis=0), (~told & shown).sum(axis=0)
    return float((2 * right / np.maximum(1, 2 * right + wrong + missed)).mean())
