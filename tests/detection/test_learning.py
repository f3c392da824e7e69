"""Learning a playbook once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.encoding import load_encoders
from bot.learning import KEPT, is_shipped, learn
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from bot.signals import Detector, Reading

TEXTS = [
    (Role.CUSTOMER, "我們要求全額賠償這次的停工"),
    (Role.CUSTOMER, "thank you so much, it works again"),
    (Role.CUSTOMER, "停了三天，這個帳要怎麼算"),
    (Role.AGENT, "沒有合約就是不能修，這個要收費"),
]
LEARNING = "Learning the playbook; this is done once."


def readings(detector: Detector) -> list[Reading]:
    """What is read in some messages, to the last digit."""
    return [detector.read(role, text) for role, text in TEXTS]


def test_a_playbook_is_learnt_once(tiny: Path, tmp_path: Path) -> None:
    """The second time it comes out of the cache, and reads the same to the last digit."""
    said: list[str] = []
    playbook, settings = load_playbook(tiny), Settings(cache=tmp_path)
    first = learn(playbook, settings, said.append)
    assert said == [LEARNING]
    again = learn(playbook, settings, pytest.fail)
    assert readings(again) == readings(first)


def test_vectors_out_of_the_cache_make_the_same_heads(tiny: Path, tmp_path: Path) -> None:
    """Whether a vector was remembered or is new makes no difference."""
    playbook, settings = load_playbook(tiny), Settings(cache=tmp_path)
    first = learn(playbook, settings, lambda _: None)
    for file in tmp_path.glob("learnt-*.npz"):
        file.unlink()
    assert readings(learn(playbook, settings, lambda _: None)) == readings(first)


def test_a_changed_example_is_learnt_anew(tiny: Path, tmp_path: Path) -> None:
    """What is known of another playbook is not taken for this one."""
    folder = shutil.copytree(tiny, tmp_path / "playbook")
    settings = Settings(cache=tmp_path / "cache", encoders="none")
    learn(load_playbook(folder), settings, lambda _: None)
    words = folder / "zh-TW" / "signals.yaml"
    words.write_text(words.read_text(encoding="utf-8").replace("我真的很火大", "我真的快瘋了"), encoding="utf-8")
    said: list[str] = []
    learn(load_playbook(folder), settings, said.append)
    assert said == [LEARNING]


def test_other_encoders_learn_anew(tiny: Path, tmp_path: Path) -> None:
    """Heads of all encoders are not read with the cheap one alone."""
    said: list[str] = []
    for choice in ("none", "cheap", "none"):
        learn(load_playbook(tiny), Settings(cache=tmp_path, encoders=choice), said.append)
    assert said == [LEARNING, LEARNING]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_a_damaged_cache_is_learnt_anew(tiny: Path, tmp_path: Path, share: float) -> None:
    """A file that was cut off costs time and nothing else."""
    playbook, settings = load_playbook(tiny), Settings(cache=tmp_path, encoders="none")
    first = learn(playbook, settings, lambda _: None)
    (file,) = tmp_path.glob("learnt-*.npz")
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    said: list[str] = []
    assert readings(learn(playbook, settings, said.append)) == readings(first)
    assert said == [LEARNING]
    learn(playbook, settings, pytest.fail)


def test_where_nothing_can_be_kept_it_is_learnt_all_the_same(tiny: Path, tmp_path: Path) -> None:
    """A cache that is no folder is said once for each encoder, and reads as well."""
    place = tmp_path / "file"
    place.write_text("in the way")
    said: list[str] = []
    detector = learn(load_playbook(tiny), Settings(cache=place, encoders="cheap"), said.append)
    assert [text.split(":")[0] for text in said] == [LEARNING, "What was learnt is not kept"]
    assert detector.read(Role.CUSTOMER, TEXTS[0][1]).ids == ("demands_compensation",)


@pytest.mark.slow
def test_two_processes_that_start_together_learn_once(tiny: Path, tmp_path: Path) -> None:
    """The second waits for the first, and takes what it has learnt."""
    code = (
        "import sys; from pathlib import Path; from bot.learning import learn; from bot.settings import Settings;"
        "from bot.playbook_files import load_playbook;"
        "learn(load_playbook(Path(sys.argv[1])), Settings(cache=Path(sys.argv[2]), encoders='none'), print)"
    )
    command = [sys.executable, "-c", code, str(tiny), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate()[0] for process in both)
    assert said == LEARNING + "\n"
    assert [process.returncode for process in both] == [0, 0]


@pytest.mark.slow
def test_a_large_playbook_is_learnt_beside_whoever_reads(tiny: Path, tmp_path: Path) -> None:
    """A process of its own learns the same as this one would, to the last digit."""
    folder = shutil.copytree(tiny, tmp_path / "playbook")
    words = folder / "en" / "neutral.yaml"
    known = words.read_text(encoding="utf-8")
    many = "".join(f"order {number} has {number % 97} parts, " for number in range(2_100))
    words.write_text(known.replace("[how do I add a user, ", f"[how do I add a user, {many}", 1), encoding="utf-8")
    playbook, said = load_playbook(folder), list[str]()
    learnt = learn(playbook, Settings(cache=tmp_path / "cache", encoders="none"), said.append)
    assert said == [LEARNING]
    assert readings(learnt) == readings(Detector.train(playbook))
    assert any(reading.signals for reading in readings(learnt))


def test_the_playbooks_that_are_used_are_kept_and_of_all_others_a_bounded_number(tiny: Path, tmp_path: Path) -> None:
    """A cache does not grow with every edit, and many workspaces have each a playbook of its own at each start."""
    folder, settings = shutil.copytree(tiny, tmp_path / "playbook"), Settings(cache=tmp_path / "cache", encoders="none")
    words = folder / "zh-TW" / "signals.yaml"
    original = words.read_text(encoding="utf-8")
    said: list[str] = []

    def learnt(number: int) -> None:
        words.write_text(original.replace("我真的很火大", f"我真的很火大 {number}"), encoding="utf-8")
        learn(load_playbook(folder), settings, said.append)

    for number in range(KEPT + 2):
        learnt(0)
        learnt(number)
    assert len(list((tmp_path / "cache").glob("learnt-*.npz"))) == KEPT
    assert said == [LEARNING] * (KEPT + 2), "the first was used all the time"


def test_what_ships_was_learnt_from_the_playbook_that_ships() -> None:
    """After an edit of an example, `make learn` makes it so; otherwise everybody's first start would take minutes."""
    assert is_shipped(load_playbook(PACKAGED_PLAYBOOK), load_encoders("all", pytest.fail)), "run make learn"
