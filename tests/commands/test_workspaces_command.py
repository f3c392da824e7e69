"""`aside workspaces`, and the commands that act on one of several."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from rich.cells import cell_len

from sandbox.server import Sandbox
from sandbox.world import load_world
from storage import installations
from storage import workspace as kept
from storage.engine import open_casebook
from storage.installations import Installation
from storage.sealing import Seal
from tests.commands.conftest import FILES, ROOT, WORLD, Aside, serving
from tests.fresh import ON_SERVER, url_at

FIRST, SECOND = "T0KAPOK", "T0HARBOUR"
KEY = Fernet.generate_key().decode()


@pytest.fixture
def uninstalled() -> Iterator[Sandbox]:
    """A Slack of this test's own, since the app is taken out of it."""
    with serving(load_world(WORLD)) as sandbox:
        yield sandbox


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture
def aside(uninstalled: Sandbox, data: Path) -> Aside:
    """Set up for several workspaces."""
    return Aside(
        {
            "ASIDE_DATA": str(data),
            "ASIDE_DATABASE_URL": url_at(data / "casebook.db"),
            "ASIDE_SLACK_API_URL": uninstalled.api_url,
            "ASIDE_SLACK_CLIENT_ID": "1000000000.2000000000",
            "ASIDE_SLACK_CLIENT_SECRET": "sandbox",
            "ASIDE_SLACK_SIGNING_SECRET": "sandbox",
            "ASIDE_TOKEN_KEY": KEY,
            "ASIDE_PLAYBOOK": str(ROOT / "tests" / "playbook" / "tiny"),
        }
    )


def runs(aside: Aside, *arguments: str) -> str:
    """What a command that goes well prints."""
    done = aside(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(aside: Aside, *arguments: str) -> str:
    """What a command says that does not."""
    done = aside(*arguments)
    assert done.returncode == 1, done.stdout
    return done.stdout + done.stderr


def installed(workspace: str, name: str, token: str) -> Installation:
    """A workspace that installed us on a day in November."""
    return Installation(
        workspace=workspace,
        name=name,
        enterprise=None,
        app_id="A0ASIDE",
        bot_user="U0ASIDE",
        bot_id="B0ASIDE",
        scopes=frozenset({"chat:write"}),
        bot_token=token,
        refresh_token="",
        expires_at=None,
        installed_by="U0YATING",
        installed_at=1_795_000_000.0,
    )


@pytest.fixture
def two(aside: Aside) -> None:
    """Two installed us, and one whom nobody remembers left a row."""
    with closing(open_casebook(aside.environment["ASIDE_DATABASE_URL"])) as casebook, casebook.begin() as connection:
        installations.save(connection, Seal(KEY), installed(FIRST, "木棉軟體", "xoxb-sandbox"))
        lost = replace(installed(SECOND, "Harbour \x1b[31mMills", "xoxb-gone"), installed_at=time.time())
        installations.save(connection, Seal(Fernet.generate_key().decode()), lost)
        for workspace in (FIRST, SECOND, "T0GONE"):
            kept.save_alive_at(connection, workspace, 1.0)


def test_the_list_says_who_installed_us_and_how_each_token_stands(aside: Aside, two: None) -> None:
    """Also what is left of somebody who is not installed; nothing that was typed is obeyed by the terminal."""
    listed = runs(aside, "workspaces").splitlines()
    assert [line.split()[0] for line in listed[1:]] == ["T0GONE", SECOND, FIRST]
    assert "not installed: aside workspaces --remove T0GONE" in listed[1]
    assert "unreadable: no key in ASIDE_TOKEN_KEY opens it" in listed[2]
    assert "2026-11" in listed[3]
    assert "good" in listed[3]
    assert "\x1b" not in "".join(listed)


def test_on_a_narrow_terminal_nothing_is_cut_and_no_line_is_wider(aside: Aside, two: None) -> None:
    """A long Chinese name and what to do about a token are read whole, one below the other."""
    name = "廣昕精密股份有限公司台中營運總部資訊整合暨客戶服務處"
    with closing(open_casebook(aside.environment["ASIDE_DATABASE_URL"])) as casebook, casebook.begin() as connection:
        installations.save(connection, Seal(KEY), installed("T0KUANGHSIN", name, "xoxb-k"))
    aside.environment |= {"FORCE_COLOR": "1", "COLUMNS": "80"}
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in runs(aside, "workspaces").splitlines()]
    assert max(cell_len(line) for line in lines) <= 80
    middle = [line[13:50] for line in lines]
    assert name in "".join(each.split("  ")[0].strip() for each in middle)
    told = " ".join(" ".join(line.split()) for line in lines)
    assert "or install Aside there again" in told
    assert [line.split()[0] for line in lines[1:] if line[:1] == "T"] == ["T0GONE", SECOND, FIRST, "T0KUANGHSIN"]


@pytest.mark.parametrize(
    ("code", "do"),
    [
        ("invalid_refresh_token", "install Aside there again"),
        ("bad_client_secret", "check ASIDE_SLACK_CLIENT_ID and ASIDE_SLACK_CLIENT_SECRET"),
    ],
)
def test_what_to_do_about_a_token_that_was_not_renewed_follows_from_what_slack_said(
    aside: Aside, two: None, code: str, do: str
) -> None:
    """A secret of ours that is wrong is not mended by whoever installs again."""
    aside.environment["ASIDE_HTTP_PORT"] = "0"
    with closing(open_casebook(aside.environment["ASIDE_DATABASE_URL"])) as casebook, casebook.begin() as connection:
        lasting = replace(
            installed(FIRST, "木棉軟體", "xoxb-sandbox"), refresh_token="xoxe-1", expires_at=time.time() + 9_000
        )
        installations.save(connection, Seal(KEY), lasting)
        before = installations.get(connection, FIRST, Seal(KEY))
        assert before
        installations.not_refreshed(connection, before, refused=code, again_at=time.time() + 900)
    assert f"refused ({code})" in (listed := runs(aside, "workspaces"))
    assert do in listed
    assert do[1:] in fails(aside, "doctor")


def test_the_end_of_a_token_is_told_in_utc_and_says_so(aside: Aside, two: None) -> None:
    """Whoever reads it sits elsewhere than the machine."""
    aside.environment["ASIDE_HTTP_PORT"] = "0"
    until = datetime(2099, 11, 23, 20, 43, tzinfo=UTC).timestamp()
    with closing(open_casebook(aside.environment["ASIDE_DATABASE_URL"])) as casebook, casebook.begin() as connection:
        renewed = replace(installed(FIRST, "木棉軟體", "xoxb-sandbox"), refresh_token="xoxe-1", expires_at=until)
        installations.save(connection, Seal(KEY), renewed)
    for told in (runs(aside, "workspaces"), fails(aside, "doctor")):
        assert "good until 2099-11-23 20:43 UTC, renewed by itself" in told


def test_one_is_removed_whole_and_uninstalled_and_the_other_stays(
    aside: Aside, two: None, data: Path, uninstalled: Sandbox
) -> None:
    """Its rows, its folder, the app in its Slack. On a server others may be at work on it: its last row goes later."""
    for workspace in (FIRST, SECOND):
        (data / "workspaces" / workspace / "exports").mkdir(parents=True)
    told = runs(aside, "workspaces", "--remove", FIRST, "--yes")
    assert "Deleted 1 row of 木棉軟體 (T0KAPOK), and its folder." in told
    assert ("by the one that runs" in told) == ON_SERVER
    assert not (data / "workspaces" / FIRST).exists()
    assert (data / "workspaces" / SECOND).exists()
    assert not uninstalled.workspace.installation.installed
    listed = runs(aside, "workspaces")
    assert (FIRST in listed) == ("uninstalled: being deleted" in listed) == ON_SERVER
    assert SECOND in listed


def test_what_is_left_of_somebody_who_is_not_installed_can_be_removed(aside: Aside, two: None) -> None:
    """As after a worker that was cut off for long."""
    assert "Deleted 1 row of T0GONE" in runs(aside, "workspaces", "--remove", "T0GONE", "--yes")
    assert "T0GONE" not in runs(aside, "workspaces")


@pytest.mark.parametrize("odd", ["../../etc", "T0/../..", "t0kapok", "C0KAPOK", "T"])
def test_only_the_id_of_a_workspace_becomes_part_of_a_path(aside: Aside, odd: str) -> None:
    """Whichever way it is given."""
    for arguments in (("--workspace", odd, "warranty", "x"), ("workspaces", "--remove", odd, "--yes")):
        assert f"“{odd}” is not the id of a workspace" in fails(aside, *arguments)
    aside.environment["ASIDE_WORKSPACE"] = odd
    assert f"“{odd}” is not the id of a workspace" in fails(aside, "warranty", "x")


def test_each_workspace_has_a_directory_of_its_own(aside: Aside, two: None, data: Path) -> None:
    """A command that reads or writes one asks which workspace is meant."""
    files = [str(each) for each in sorted(FILES.glob("*.csv"))]
    assert "Say which: aside --workspace T…" in fails(aside, "import", *files)
    runs(aside, "--workspace", FIRST, "import", *files)
    assert (data / "workspaces" / FIRST / "directory.db").is_file()
    assert json.loads(runs(aside, "--workspace", FIRST, "warranty", "C-1", "--json"))["match"] == "one"
    assert "There is no customer directory" in fails(aside, "--workspace", SECOND, "warranty", "C-1")
    assert "Say which" in fails(aside, "warranty", "C-1")


@pytest.mark.parametrize(
    "command",
    [
        ("import", str(FILES / "customers.csv")),
        ("warranty", "C-1"),
        ("setup", "--show"),
        ("report",),
        ("export", "exceptions", "out.csv"),
        ("forget", "C-1"),
        ("playbook", "check"),
    ],
    ids=lambda command: command[0],
)
def test_a_workspace_that_has_not_installed_us_is_refused(
    aside: Aside, two: None, data: Path, command: tuple[str, ...]
) -> None:
    """A typing error would begin files for nobody; those that are meant are named."""
    done = aside("--workspace", "T0BAD", *command)
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (
        1,
        "",
        ["T0BAD has not installed Aside.", f"These have: {SECOND} (Harbour \ufffd[31mMills), {FIRST} (木棉軟體)."],
    )
    assert not (data / "workspaces").exists()


def test_where_nobody_has_installed_us_nobody_is_meant(aside: Aside) -> None:
    """It says what comes first."""
    told = fails(aside, "--workspace", FIRST, "warranty", "C-1")
    assert told.splitlines() == [
        f"{FIRST} has not installed Aside.",
        "Nobody has yet: open /slack/install at its address.",
    ]


def test_advice_names_the_workspace_that_was_named(aside: Aside, two: None) -> None:
    """Without it the command would ask which one is meant."""
    assert f"Run: aside --workspace {FIRST} import FILE…" in fails(aside, "--workspace", FIRST, "warranty", "C-1")
    found = fails(aside, "--workspace", FIRST, "doctor", "--url", "http://127.0.0.1:9/")
    assert f"→ Run: aside --workspace {FIRST} import FILE…" in found
    assert f"→ Run aside --workspace {FIRST} setup, or type /aside setup in Slack." in found


def test_a_customer_is_forgotten_in_the_workspace_whose_customer_it_is(aside: Aside, two: None) -> None:
    """In another the same id may be somebody else, so nobody is forgotten until it is said where."""
    assert "Say which" in fails(aside, "forget", "C-1", "--yes")


def test_setup_goes_by_the_token_of_the_workspace(aside: Aside, two: None) -> None:
    """It stands in the casebook; one that cannot be used is told."""
    assert "Still missing" in runs(aside, "--workspace", FIRST, "setup", "--show")
    assert "unreadable" in fails(aside, "--workspace", SECOND, "setup", "--show")
    assert "T0NOBODY has not installed Aside." in fails(aside, "--workspace", "T0NOBODY", "setup", "--show")
    assert "Say which" in fails(aside, "setup", "--show")
    with closing(open_casebook(aside.environment["ASIDE_DATABASE_URL"])) as casebook, casebook.begin() as connection:
        ended = replace(installed(FIRST, "木棉軟體", "xoxb-sandbox"), refresh_token="xoxe-1", expires_at=1.0)
        installations.save(connection, Seal(KEY), ended)
    assert "has ended" in fails(aside, "--workspace", FIRST, "setup", "--show")


def test_the_doctor_looks_at_each_workspace(aside: Aside, two: None) -> None:
    """The token and the directory of each, settings spelt as they are; of one, all that it looks at in a lone one."""
    aside.environment["ASIDE_HTTP_PORT"] = "0"
    found = fails(aside, "doctor")
    assert f"✓ {FIRST}" in found
    assert f"✗ {SECOND}" in found
    assert "→ No key in ASIDE_TOKEN_KEY opens it: add the one that did, or install Aside there again" in found
    assert "\x1b" not in found
    assert f"Run: aside --workspace {FIRST} import" in found
    assert "木棉軟體 Kapok Software, as aside" in fails(aside, "--workspace", FIRST, "doctor")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ASIDE_SLACK_BOT_TOKEN", "xoxb-1", "ASIDE_SLACK_BOT_TOKEN and ASIDE_SLACK_CLIENT_ID are both set."),
        ("ASIDE_SLACK_APP_TOKEN", "xapp-1", "ASIDE_SLACK_APP_TOKEN and ASIDE_SLACK_CLIENT_ID are both set."),
        ("ASIDE_DIRECTORY", "directory.db", "ASIDE_DIRECTORY and ASIDE_SLACK_CLIENT_ID are both set."),
        ("ASIDE_SLACK_SIGNING_SECRET", "", "ASIDE_SLACK_SIGNING_SECRET is not set."),
        ("ASIDE_SLACK_CLIENT_SECRET", "", "ASIDE_SLACK_CLIENT_SECRET is not set."),
        ("ASIDE_SLACK_CLIENT_ID", "", "ASIDE_SLACK_CLIENT_ID is not set."),
        ("ASIDE_TOKEN_KEY", "", "ASIDE_TOKEN_KEY is not set, and tokens are not kept without."),
        ("ASIDE_TOKEN_KEY", "geheim", "ASIDE_TOKEN_KEY holds something that is no key."),
    ],
)
def test_settings_that_do_not_go_together_are_one_clear_sentence(
    aside: Aside, name: str, value: str, sentence: str
) -> None:
    """Before anything is served; the doctor says the same."""
    aside.environment[name] = value
    assert sentence in fails(aside, "run", "--port", "0")
    assert sentence in fails(aside, "doctor")
