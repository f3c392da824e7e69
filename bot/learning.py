"""Learning a playbook once: heads and vectors are kept in files, so that the next start takes a second.

What was learnt is kept under a name made from the examples, the encoders and our own code: a changed playbook, another
encoder or a new release learns anew. A cache that cannot be read or written costs time and nothing else.

What was learnt from the packaged playbook ships with it, so that the first start takes no longer; the dear encoder's
vectors ship too, so that an edited playbook is learnt in less than a minute. `python -m bot.learning` writes both.

A large playbook is learnt in a process of its own: it takes half a gigabyte for half a minute, and who reads messages
meanwhile neither waits nor keeps that memory.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from bot.encoding import Remembered, load_encoders, replace_arrays
from bot.errors import UserError
from bot.features import Encoder
from bot.heads import Arrays, Encoders, Example, Model
from bot.playbook import LANGUAGES, LISTS, Playbook, Speaker
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings, load_settings
from bot.signals import SPEAKERS, Detector, examples, own_lines

SHIPPED_MODELS = PACKAGED_PLAYBOOK / "learnt.npz"
SHIPPED_VECTORS = PACKAGED_PLAYBOOK / "e5.npz"
_CODE = ("features", "heads", "script", "training")
KEPT = 32
"""So many are kept of what was learnt, 15 MB each at most so far: each workspace may have a playbook of its own, and to
learn one takes minutes in which a start hears nobody."""
_MANY = 2_000
"""More examples than these are learnt in a process of their own."""
_NICE = 5
_SLOW = 300
_TELL_EVERY = 512
_APART = "apart"
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def learn(playbook: Playbook, settings: Settings, tell: Callable[[str], None]) -> Detector:
    """A detector for a playbook, with the packaged encoders; learnt only when nobody has learnt this one before.

    Takes a second or two when it was learnt before, otherwise up to a minute, and longer when the examples are new.

    Args:
        playbook: What to learn from.
        settings: Which encoders, and where the cache is.
        tell: Told in a sentence when learning takes a while, and when an encoder does not work.
    """
    encoders = load_encoders(settings.encoders, tell)
    folder = settings.cache_path
    key = _key(playbook, encoders)
    file = folder / f"learnt-{key}.npz"
    models = _read(SHIPPED_MODELS, key) or _used(file, key)
    if models is None:
        with _alone(folder):  # of two processes that start together, the second takes what the first has learnt
            models = _read(file, key) or _newly_learnt(playbook, encoders, folder, tell)
            _keep(file, key, models)
    detector = Detector(playbook, models, encoders)
    _give_back()
    return detector


def _give_back() -> None:
    """Return to the system what loading needed for a moment; where the C library cannot, it stays with us."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _key(playbook: Playbook, encoders: Encoders) -> str:
    """What tells whether something was learnt from these examples, with these encoders, by this code."""
    speakers = {signal.id: signal.speaker for signal in playbook.signals}
    content: list[Any] = [encoders.names, [(each.id, each.speaker, each.temper) for each in playbook.signals]]
    for language in LANGUAGES:
        words = playbook.words[language]
        content += [words.neutral.customer, words.neutral.agent, list(own_lines(words))]
        content += [[name, *(getattr(words.signals[name], part) for part in LISTS)] for name in speakers]
    known = hashlib.blake2b(json.dumps(content).encode(), digest_size=12)
    for module in _CODE:
        known.update((Path(__file__).parent / f"{module}.py").read_bytes())
    return known.hexdigest()


def _newly_learnt(
    playbook: Playbook, encoders: Encoders, folder: Path, tell: Callable[[str], None]
) -> dict[Speaker, Model]:
    tell("Learning the playbook; this is done once.")
    texts = {speaker: examples(playbook, speaker) for speaker in SPEAKERS}
    if sum(map(len, texts.values())) <= _MANY:
        return _learn(texts, encoders, folder, tell)
    return _learn_apart(texts, encoders, folder, tell) or _learn(texts, encoders, folder, tell)


def _learn_apart(
    texts: Mapping[Speaker, list[Example]], encoders: Encoders, folder: Path, tell: Callable[[str], None]
) -> dict[Speaker, Model] | None:
    """What a process of its own has learnt; None when that did not work."""
    with tempfile.TemporaryDirectory() as place:
        order: dict[str, Any] = {
            "encoders": encoders.names,
            "folder": str(folder),
            "file": str(Path(place) / "learnt.npz"),
            "examples": {
                speaker: [asdict(each) | {"signals": sorted(each.signals)} for each in found]
                for speaker, found in texts.items()
            },
        }
        command = [sys.executable, "-m", "bot.learning", "--apart"]
        try:
            with subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            ) as process:
                assert process.stdin  # noqa: S101 - for mypy; both are pipes
                assert process.stdout  # noqa: S101
                with process.stdin as stdin:
                    json.dump(order, stdin)
                for line in process.stdout:
                    tell(line.rstrip())
        except OSError:
            return None
        return _read(Path(order["file"]), _APART)


def _learn_as_told(order: dict[str, Any]) -> None:
    """What the process of its own does; its only words are for who waits."""
    os.nice(_NICE)
    say = partial(print, flush=True)
    cheap, dear = order["encoders"]
    encoders = load_encoders("all" if dear else "cheap" if cheap else "none", say)
    if encoders.names != (cheap, dear):
        return
    texts = {
        speaker: [Example(**each | {"signals": frozenset(each["signals"])}) for each in order["examples"][speaker]]
        for speaker in SPEAKERS
    }
    _write(Path(order["file"]), _APART, _learn(texts, encoders, Path(order["folder"]), say))


def _learn(
    texts: Mapping[Speaker, list[Example]], encoders: Encoders, folder: Path, tell: Callable[[str], None]
) -> dict[Speaker, Model]:
    from bot.training import train  # noqa: PLC0415 - SciPy costs more to import than a start may take

    everything = [example.text for found in texts.values() for example in found]
    remembered = Encoders(
        _remembered(encoders.cheap, everything, folder, None, tell),
        _remembered(encoders.dear, everything, folder, SHIPPED_VECTORS, tell),
    )
    return {speaker: train(found, remembered) for speaker, found in texts.items()}


def _remembered(
    encoder: Encoder | None, texts: list[str], folder: Path, shipped: Path | None, tell: Callable[[str], None]
) -> Remembered | None:
    """The encoder, all of whose vectors of these texts are known; new ones are kept for the next time."""
    if encoder is None:
        return None
    remembered = Remembered(encoder, folder / f"vectors-{encoder.name}.npz", shipped)
    new, done = len(remembered.missing(texts)), 0

    def progress(count: int) -> None:
        nonlocal done
        if new > _SLOW and done // _TELL_EVERY < (done + count) // _TELL_EVERY:
            tell(f"{done + count:,} of {new:,} new examples read by {encoder.name} …")
        done += count

    remembered.encode(texts, progress)
    try:
        remembered.keep()
    except OSError as error:
        tell(f"What was learnt is not kept: {folder} cannot be written ({error.strerror}).")
    return remembered


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process learns; where that cannot be told, learn beside it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path, key: str) -> dict[Speaker, Model] | None:
    """What was learnt; None when there is no file, it is damaged or holds something else."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            if kept["key"].item() != key:
                return None
            parts: dict[str, npt.NDArray[Any]] = dict(kept)
        return {speaker: Model.of(_part(parts, f"{speaker}.")) for speaker in SPEAKERS}
    except _UNREADABLE:
        return None


def _used(file: Path, key: str) -> dict[Speaker, Model] | None:
    """The same; it is kept for longer than what nobody uses."""
    models = _read(file, key)
    if models:
        with suppress(OSError):  # a cache that cannot be written is read all the same
            file.touch()
    return models


def _part(parts: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): part for name, part in parts.items() if name.startswith(prefix)}


def _write(file: Path, key: str, models: Mapping[Speaker, Model]) -> None:
    parts = {f"{speaker}.{name}": part for speaker, model in models.items() for name, part in model.arrays().items()}
    replace_arrays(file, {"key": np.array(key), **parts})


def _keep(file: Path, key: str, models: Mapping[Speaker, Model]) -> None:
    """Write what was learnt, and forget all but those used last; silently not, where nothing can be written."""
    try:
        _write(file, key, models)
        old = sorted(file.parent.glob("learnt-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in old[KEPT:]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def is_shipped(playbook: Playbook, encoders: Encoders) -> bool:
    """Whether what ships is what would be learnt from this playbook, and the vectors of all its examples are there."""
    return _read(SHIPPED_MODELS, _key(playbook, encoders)) is not None and not (
        encoders.dear and Remembered(encoders.dear, None, SHIPPED_VECTORS).missing(_texts(playbook))
    )


def _texts(playbook: Playbook) -> list[str]:
    return sorted({example.text for speaker in SPEAKERS for example in examples(playbook, speaker)})


def ship(playbook: Playbook, settings: Settings) -> None:
    """Write what ships with a playbook.

    Raises:
        UserError: when an encoder does not work here.
    """
    encoders = load_encoders("all", click.echo)
    if encoders.cheap is None or encoders.dear is None:
        raise UserError("What ships cannot be made here.", "Run this where both encoders work: Linux on x86-64.")
    texts = {speaker: examples(playbook, speaker) for speaker in SPEAKERS}
    models = _learn(texts, encoders, settings.cache_path, click.echo)
    vectors = settings.cache_path / f"vectors-{encoders.dear.name}.npz"
    Remembered(encoders.dear, vectors, SHIPPED_VECTORS).ship(SHIPPED_VECTORS, _texts(playbook))
    _write(SHIPPED_MODELS, _key(playbook, encoders), models)


if __name__ == "__main__":
    if "--apart" in sys.argv:
        _learn_as_told(json.load(sys.stdin))
    else:
        ship(load_playbook(PACKAGED_PLAYBOOK), load_settings())
