"""Who installed us: tokens closed, each renewed by one worker, no old event undoing a new installation."""

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.errors import UserError
from storage import installations
from storage.engine import Casebook
from storage.installations import REFRESH_AHEAD_SECONDS, STATE_SECONDS, Installation, TokenState
from storage.schema import install_states
from storage.schema import installations as rows
from storage.sealing import Seal, UnreadableError

NOW = 1_800_000_000.0
KEY, OTHER_KEY = (base64.urlsafe_b64encode(each * 32).decode() for each in (b"a", b"b"))
HALF_A_DAY = 43_200.0


@pytest.fixture(scope="module")
def seal() -> Seal:
    """With one key."""
    return Seal(KEY)


def made(workspace: str = "T1", at: float = NOW, number: int = 1, expires_at: float | None = None) -> Installation:
    """A workspace that installed us."""
    return Installation(
        workspace=workspace,
        name="木棉軟體",
        enterprise=None,
        app_id="A0ASIDE",
        bot_user="U0ASIDE",
        bot_id="B0ASIDE",
        scopes=frozenset({"chat:write", "users:read"}),
        bot_token=f"xoxe.xoxb-{number}",
        refresh_token=f"xoxe-{number}",
        expires_at=at + HALF_A_DAY if expires_at is None else expires_at,
        installed_by="U0YATING",
        installed_at=at,
    )


def save(casebook: Casebook, seal: Seal, each: Installation) -> bool:
    """Install it."""
    with casebook.begin() as connection:
        return installations.save(connection, seal, each)


def found(casebook: Casebook, seal: Seal, workspace: str = "T1") -> Installation | None:
    """As it stands."""
    with casebook.look() as connection:
        return installations.get(connection, workspace, seal)


@given(st.text(min_size=1))
def test_what_was_closed_is_opened_by_any_of_the_keys_and_by_no_other(token: str) -> None:
    """The first key closes; an older one stays until nothing closed by it is left."""
    closed = Seal(KEY).closed(token)
    assert token not in closed or len(token) < 3
    assert Seal(KEY).opened(closed) == token
    assert Seal(f"{OTHER_KEY}, {KEY}").opened(closed) == token
    with pytest.raises(UnreadableError):
        Seal(OTHER_KEY).opened(closed)


@pytest.mark.parametrize("keys", ["", " , ", "short", KEY[:-2], f"{KEY},geheim", "鑰" * 44])
def test_without_a_key_nothing_is_kept_and_one_sentence_says_how_to_make_one(keys: str) -> None:
    """A key that is cut off is found at the start, not with the first token."""
    with pytest.raises(UserError) as told:
        Seal(keys)
    assert "ASIDE_TOKEN_KEY" in told.value.what
    assert "urlsafe_b64encode" in told.value.do
    assert KEY not in str(told.value)


def test_the_sentence_says_how_a_key_is_made_that_works() -> None:
    """What it prints is Python."""
    with pytest.raises(UserError) as told:
        Seal("")
    code = told.value.do.split('"')[1].replace("print(", "made.append(")
    printed: list[str] = []
    exec(code, {"made": printed})  # noqa: S102 - the sentence is ours, and has to be true
    assert Seal(printed[0]).opened(Seal(printed[0]).closed("xoxb-1")) == "xoxb-1"


def test_no_token_stands_in_the_rows(casebook: Casebook, seal: Seal) -> None:
    """Whoever reads the database, or a backup of it, reads no token."""
    save(casebook, seal, made())
    with casebook.look() as connection:
        written = str(connection.execute(select(rows)).one())
    assert "xox" not in written
    assert found(casebook, seal) == replace(made(), sealed_refresh_token=_sealed(casebook))


def _sealed(casebook: Casebook) -> str:
    with casebook.look() as connection:
        return str(connection.execute(select(rows.c.refresh_token)).scalar_one())


def test_a_token_that_no_key_opens_lets_us_in_nowhere(casebook: Casebook, seal: Seal) -> None:
    """The others go on; which one it is can be seen."""
    save(casebook, Seal(OTHER_KEY), made("T1"))
    save(casebook, seal, made("T2"))
    with casebook.look() as connection:
        states = {each.workspace: each.token_state for each in installations.all_of(connection, seal)}
    assert states == {"T1": TokenState.UNREADABLE, "T2": TokenState.GOOD}


@pytest.mark.parametrize("damaged", ["", "gAAA", "é", "權杖"])
def test_a_token_that_was_damaged_lets_us_in_nowhere_and_ends_nobody(
    casebook: Casebook, seal: Seal, damaged: str
) -> None:
    """Whatever stands in a row, the tokens of the others are read and renewed."""
    save(casebook, seal, made("T1"))
    save(casebook, seal, made("T2"))
    with casebook.begin() as connection:
        connection.execute(update(rows).where(rows.c.workspace == "T1").values(bot_token=damaged))
    with casebook.look() as connection:
        states = {each.workspace: each.token_state for each in installations.all_of(connection, seal)}
    assert states == {"T1": TokenState.UNREADABLE, "T2": TokenState.GOOD}


def test_installed_again_the_token_is_the_new_one_and_what_was_wrong_is_over(casebook: Casebook, seal: Seal) -> None:
    """A token that was refused, or revoked, was the old one's."""
    assert not save(casebook, seal, made())
    before = found(casebook, seal)
    assert before is not None
    with casebook.begin() as connection:
        installations.not_refreshed(connection, before, refused="invalid_refresh_token", again_at=NOW + 900)
        assert installations.revoked(connection, before, at=NOW + 1)
    revoked = found(casebook, seal)
    assert revoked is not None
    assert (revoked.token_state, revoked.bot_token, revoked.refresh_token) == (TokenState.REVOKED, "", "")
    assert save(casebook, seal, made(at=NOW + 2, number=2))
    again = found(casebook, seal)
    assert again is not None
    assert (again.token_state, again.bot_token, again.refused) == (TokenState.GOOD, "xoxe.xoxb-2", "")


def test_a_token_is_renewed_by_one_worker_well_before_its_end(casebook: Casebook, seal: Seal) -> None:
    """The first that expires first; whoever looks meanwhile leaves it alone; after a lease it is tried again."""
    save(casebook, seal, made("T1", expires_at=NOW + REFRESH_AHEAD_SECONDS + 1))
    save(casebook, seal, made("T2", expires_at=NOW + REFRESH_AHEAD_SECONDS))
    save(casebook, seal, replace(made("T3"), refresh_token="", expires_at=None))

    def claimed(at: float) -> str | None:
        with casebook.begin() as connection:
            due = installations.claim_refresh(connection, seal, now=at)
        return due.workspace if due else None

    assert [claimed(NOW), claimed(NOW), claimed(NOW + 1), claimed(NOW + 2)] == ["T2", None, "T1", None]
    assert claimed(NOW + 30) == "T2"
    with casebook.begin() as connection:
        installations.release_leases(connection)
    assert claimed(NOW + 31) == "T2"


def test_of_many_who_look_at_once_one_renews(casebook: Casebook, seal: Seal) -> None:
    """Slack lets a right to renew be used once."""
    save(casebook, seal, made(expires_at=NOW))

    def claimed(_: int) -> bool:
        with casebook.begin() as connection:
            return installations.claim_refresh(connection, seal, now=NOW) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claimed, range(8))) == [*[False] * 7, True]


def test_a_renewed_token_never_takes_the_place_of_a_newer_installation(casebook: Casebook, seal: Seal) -> None:
    """Somebody installed us again while Slack was being asked: theirs is the one that works."""
    save(casebook, seal, made(expires_at=NOW))
    with casebook.begin() as connection:
        before = installations.claim_refresh(connection, seal, now=NOW)
    assert before is not None
    save(casebook, seal, made(at=NOW + 1, number=2))
    with casebook.begin() as connection:
        late = installations.refreshed(
            connection, seal, before, bot_token="xoxe.xoxb-9", refresh_token="xoxe-9", expires_at=NOW + HALF_A_DAY
        )
        installations.not_refreshed(connection, before, refused="invalid_refresh_token", again_at=NOW + 900)
        installations.not_taken(connection, before, code="token_revoked")
        assert not installations.revoked(connection, before, at=NOW + 2)
    now = found(casebook, seal)
    assert now is not None
    assert (late, now.bot_token, now.token_state) == (False, "xoxe.xoxb-2", TokenState.GOOD)


def test_what_is_said_of_a_token_that_never_ends_is_not_said_of_the_one_installed_after_it(
    casebook: Casebook, seal: Seal
) -> None:
    """Where the app does not rotate tokens, when it was installed alone tells the two apart."""
    for_good = replace(made(), refresh_token="", expires_at=None)
    save(casebook, seal, for_good)
    before = found(casebook, seal)
    assert before is not None
    save(casebook, seal, replace(for_good, bot_token="xoxb-2", installed_at=NOW + 1))
    with casebook.begin() as connection:
        assert not installations.revoked(connection, before, at=NOW + 2)
        installations.not_taken(connection, before, code="token_revoked")
    now = found(casebook, seal)
    assert now is not None
    assert (now.bot_token, now.token_state) == ("xoxb-2", TokenState.GOOD)


def test_an_uninstall_older_than_the_installation_changes_nothing(casebook: Casebook, seal: Seal) -> None:
    """Slack may deliver it late; and twice."""
    save(casebook, seal, made(at=NOW))
    with casebook.begin() as connection:
        assert not installations.leaves(connection, "T1", at=NOW - 10, now=NOW + 5)
        assert not installations.leaves(connection, "T2", at=NOW + 1, now=NOW + 5)
        assert installations.leaves(connection, "T1", at=NOW + 1, now=NOW + 5)
        assert not installations.leaves(connection, "T1", at=NOW + 1, now=NOW + 6)
    now = found(casebook, seal)
    assert now is not None
    assert (now.token_state, now.lets_us_in, now.leaving_at) == (TokenState.LEAVING, False, NOW + 5)


def test_who_uninstalls_at_once_is_believed_though_slacks_clock_shows_whole_seconds(
    casebook: Casebook, seal: Seal
) -> None:
    """Installed at .7 of a second and gone at .9 of it: Slack says .0, and what is theirs is deleted."""
    save(casebook, seal, made(at=NOW + 0.7))
    with casebook.begin() as connection:
        assert installations.leaves(connection, "T1", at=NOW, now=NOW + 1)


def test_whoever_leaves_is_not_renewed(casebook: Casebook, seal: Seal) -> None:
    """Slack has revoked it all."""
    save(casebook, seal, made(expires_at=NOW))
    with casebook.begin() as connection:
        installations.leaves(connection, "T1", at=NOW, now=NOW)
        assert installations.claim_refresh(connection, seal, now=NOW) is None
        assert installations.claim_refresh(connection, seal, now=NOW, workspace="T1") is None


def test_a_state_is_good_once_for_ten_minutes_and_only_if_it_is_ours(casebook: Casebook) -> None:
    """Forged, used or too old: refused. What nobody came back from does not stay."""
    first, second = secrets.token_urlsafe(), secrets.token_urlsafe()
    with casebook.begin() as connection:
        installations.issue_state(connection, first, now=NOW)
        installations.issue_state(connection, second, now=NOW)
        assert not installations.use_state(connection, secrets.token_urlsafe(), now=NOW)
        assert not installations.use_state(connection, "\ud800", now=NOW)
        assert not installations.use_state(connection, first, now=NOW + STATE_SECONDS)
        assert installations.use_state(connection, first, now=NOW + STATE_SECONDS - 1)
        assert not installations.use_state(connection, first, now=NOW + 1)
        assert second not in str(connection.execute(select(install_states)).all())
        installations.issue_state(connection, secrets.token_urlsafe(), now=NOW + STATE_SECONDS)
        assert len(connection.execute(select(install_states)).all()) == 1
