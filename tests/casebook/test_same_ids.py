"""Two workspaces in which every id is the same: what is done for one is not done to the other."""

from storage import forgetting
from storage.engine import Casebook
from storage.ratings import by_play
from tests.casebook.filled import NOW, WORKSPACE
from tests.casebook.test_leaving import OTHER, everything, filled


def test_a_customer_with_the_same_id_elsewhere_is_somebody_else(casebook: Casebook) -> None:
    """Whoever is forgotten in one workspace is remembered in the other; said of none, both are meant, as ever."""
    filled(casebook)
    with casebook.begin() as connection:
        before = everything(connection, OTHER)
        here = forgetting.case_count(connection, "C-1", workspace=WORKSPACE)
        assert forgetting.case_count(connection, "C-1") == 2 * here
        done = forgetting.forget(connection, "C-1", now=NOW, workspace=WORKSPACE)
        assert (done.cases, done.changed > 0) == (here, True)
        assert everything(connection, OTHER) == before
        assert "zq7x" not in str(everything(connection, WORKSPACE))
        assert "zq7x" in str(before)
        assert forgetting.forget(connection, "C-1", now=NOW).changed == done.changed


def test_what_became_of_the_plays_is_counted_for_each(casebook: Casebook) -> None:
    """Each has its own playbook's figures; without a name all are counted together."""
    filled(casebook)
    with casebook.look() as connection:
        all_together, here = by_play(connection), by_play(connection, WORKSPACE)
    assert here
    assert {play: 2 * each.shown for play, each in here.items()} == {
        play: each.shown for play, each in all_together.items()
    }
    assert sum(each.helpful for each in here.values()) * 2 == sum(each.helpful for each in all_together.values())
