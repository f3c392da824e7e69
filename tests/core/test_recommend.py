"""What similar customers also hold (R44)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.recommend import AlsoHeld, Holdings

BASKETS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=6), max_size=60)


def counted(**customers: int) -> Holdings:
    """So many customers with each set of items, named by their letters."""
    return Holdings.counted(frozenset(items) for items, many in customers.items() for _ in range(many))


def test_what_goes_with_something_owned_is_told_with_the_counts_it_rests_on() -> None:
    """Of 40 customers with `a`, 30 also hold `b`: 1.5 times as often as among all 80."""
    holdings = counted(ab=30, a=10, b=10, c=30)
    assert holdings.also_held({"a"}, held_by_at_least=5) == (
        AlsoHeld("b", because_of="a", holders=40, both=30, lift=1.5),
    )
    assert holdings.also_held({"a"}, held_by_at_least=5)[0].confidence == 0.75


def test_what_everybody_holds_anyway_goes_with_nothing() -> None:
    """Popular is not similar: without lift nothing is said."""
    assert counted(az=50, bz=50).also_held({"a"}, held_by_at_least=1) == ()


def test_too_few_customers_say_nothing() -> None:
    """Below the support that policy asks for, a pair may be chance, or tell of one customer."""
    holdings = counted(ab=4, c=20)
    assert holdings.also_held({"a"}, held_by_at_least=5) == ()
    assert holdings.also_held({"a"}, held_by_at_least=4)


def test_two_things_owned_that_speak_for_the_same_speak_louder() -> None:
    """`x` goes with both `a` and `b`; `y` goes with `a` alone, a little more often than `x` does."""
    holdings = counted(ax=20, bx=20, ay=22, c=60)
    assert [each.item for each in holdings.also_held({"a", "b"}, held_by_at_least=5)] == ["x", "y"]
    assert [each.item for each in holdings.also_held({"a"}, held_by_at_least=5)] == ["y", "x"]


def test_nobody_on_file_and_nothing_owned_say_nothing() -> None:
    """An empty directory, a customer without products, and one with things nobody else has."""
    assert Holdings().also_held({"a"}, held_by_at_least=1) == ()
    assert counted(ab=9).also_held(set(), held_by_at_least=1) == ()
    assert counted(ab=9).also_held({"q"}, held_by_at_least=1) == ()


@given(BASKETS, st.frozensets(st.sampled_from("abcdefgh")), st.integers(1, 5), st.integers(1, 4))
def test_never_what_they_own_never_below_support_never_more_than_asked(
    baskets: list[frozenset[str]], owned: frozenset[str], support: int, limit: int
) -> None:
    """Whatever is on file; and each suggestion rests on something they do own."""
    found = Holdings.counted(baskets).also_held(owned, held_by_at_least=support, limit=limit)
    assert len(found) <= limit
    assert len({each.item for each in found}) == len(found)
    for each in found:
        assert each.item not in owned
        assert each.because_of in owned
        assert each.both == sum({each.item, each.because_of} <= basket for basket in baskets) >= support
        assert each.holders == sum(each.because_of in basket for basket in baskets)
        assert each.lift > 1


@given(BASKETS, st.frozensets(st.sampled_from("abcdefgh"), max_size=1))
def test_for_one_thing_owned_the_likelier_comes_first(baskets: list[frozenset[str]], owned: frozenset[str]) -> None:
    """The order is that of the share of holders who also have it."""
    found = Holdings.counted(baskets).also_held(owned, held_by_at_least=1, limit=8)
    assert all(first.both >= then.both for first, then in pairwise(found))
