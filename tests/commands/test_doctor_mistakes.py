"""`aside doctor` finds what people get wrong: for each mistake one clear line, and what to do about it."""

import json
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli_doctor_http import Line
from bot.cli_doctor_local import OLD_DAYS, old_server, room
from sandbox.manifest import load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, load_world
from storage import inbox
from storage import workspace as kept
from storage.engine import open_casebook
from storage.inbox import Lane
from tests.commands.conftest import MANIFEST, ROOT, WORLD, Aside, serving
from tests.commands.test_setup_command import WHOLE
from tests.fresh import ON_SERVER
from tests.server import server

WORKSPACE = "T0KAPOK"
GIB = 1024**3


@pytest.fixture
def ready(aside: Aside) -> Aside:
    """A workspace that is set up."""
    assert aside("setup", *WHOLE).returncode == 0
    return aside


def wrong(aside: Aside, **settings: str) -> list[str]:
    """The lines that are not well, each with what to do."""
    done = aside("doctor", **settings)
    assert done.stderr == ""
    said = done.stdout.splitlines()
    found = [f"{line[2:]} {said[n + 1].strip()}" for n, line in enumerate(said) if line.startswith("✗")]
    assert done.returncode == bool(found)
    return found


def in_world(aside: Aside, world: World) -> list[str]:
    """The same in another workspace."""
    with serving(world) as other:
        return wrong(aside, ASIDE_SLACK_API_URL=other.api_url)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "ASIDE_SLACK_BOT_TOKEN",
            "xapp-1-A0-1",
            (
                "ASIDE_SLACK_BOT_TOKEN holds the app-level token"
                " → The bot token begins with xoxb-: Slack app, OAuth & Permissions."
            ),
        ),
        (
            "ASIDE_SLACK_BOT_TOKEN",
            "xoxp-1-2-3",
            (
                "ASIDE_SLACK_BOT_TOKEN holds a person's token"
                " → The bot token begins with xoxb-: Slack app, OAuth & Permissions."
            ),
        ),
        (
            "ASIDE_SLACK_APP_TOKEN",
            "xoxb-1-2-3",
            (
                "ASIDE_SLACK_APP_TOKEN holds the bot token"
                " → The app-level token begins with xapp-: Slack app, Basic Information."
            ),
        ),
        (
            "ASIDE_SLACK_BOT_TOKEN",
            "'xoxb-sandbox'",
            "ASIDE_SLACK_BOT_TOKEN has blanks or quotes around it → Set it without them.",
        ),
        (
            "ASIDE_SLACK_APP_TOKEN",
            " xapp-sandbox",
            "ASIDE_SLACK_APP_TOKEN has blanks or quotes around it → Set it without them.",
        ),
    ],
)
def test_a_token_in_the_wrong_place_or_quotes_is_named_before_slack_refuses_it(
    ready: Aside, name: str, value: str, line: str
) -> None:
    """`invalid_auth` alone tells nobody which of the three they mixed up."""
    assert f"pasted      {line}" in wrong(ready, **{name: value})


def test_a_token_in_the_signing_secret_s_place_is_named(ready: Aside) -> None:
    """Slack shows them on one page."""
    found = wrong(ready, ASIDE_SLACK_APP_TOKEN="", ASIDE_SLACK_SIGNING_SECRET="xapp-1-A")
    assert (
        "pasted      ASIDE_SLACK_SIGNING_SECRET holds the app-level token"
        " → The signing secret is no token: Slack app, Basic Information." in found
    )


@pytest.mark.parametrize("secret", ["abc", "sandbox", "8F742231B10E8888ABCD99YYYZ85A5CC", "'" + "a" * 32])
def test_what_cannot_be_a_signing_secret_is_told(ready: Aside, secret: str) -> None:
    """Slack's requests would be refused, all of them, and nobody would see why."""
    found = wrong(ready, ASIDE_SLACK_APP_TOKEN="", ASIDE_SLACK_SIGNING_SECRET=secret, ASIDE_HTTP_PORT="0")
    assert (
        "pasted      ASIDE_SLACK_SIGNING_SECRET is not 32 digits of 0–9 and a–f, as Slack's is"
        " → Copy it anew: Slack app, Basic Information." in found
    )
    assert secret not in "".join(found)


@pytest.mark.parametrize(
    ("client_id", "secret", "line"),
    [
        ("1234567890.9876543210", "0" * 32, ""),
        (
            "A0KAPOK",
            "0" * 32,
            (
                "ASIDE_SLACK_CLIENT_ID is not two numbers with a dot between them, as Slack's is"
                " → Copy it anew: Slack app, Basic Information."
            ),
        ),
        (
            "0" * 32,
            "1234567890.9876543210",
            "ASIDE_SLACK_CLIENT_ID and ASIDE_SLACK_CLIENT_SECRET hold each other's value → Swap them.",
        ),
    ],
)
def test_a_client_id_and_a_secret_that_are_mixed_up_are_told(
    ready: Aside, client_id: str, secret: str, line: str
) -> None:
    """Slack says so only once somebody installs."""
    del ready.environment["ASIDE_DIRECTORY"]
    found = wrong(
        ready,
        ASIDE_SLACK_BOT_TOKEN="",
        ASIDE_SLACK_APP_TOKEN="",
        ASIDE_SLACK_SIGNING_SECRET="0" * 32,
        ASIDE_SLACK_CLIENT_ID=client_id,
        ASIDE_SLACK_CLIENT_SECRET=secret,
        ASIDE_TOKEN_KEY="A" * 43 + "=",
        ASIDE_HTTP_PORT="0",
    )
    assert found == ([f"pasted      {line}"] if line else [])


def test_a_port_that_is_taken_is_told_over_socket_mode_too(ready: Aside) -> None:
    """`/readyz` would be served there, and nothing at all would start."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert wrong(ready, ASIDE_HTTP_PORT=str(port)) == [
            f"HTTP        something else answers on 127.0.0.1:{port} → Take another port: ASIDE_HTTP_PORT."
        ]
    found = ready("doctor", ASIDE_HTTP_PORT="0").stdout.splitlines()
    assert [line for line in found if "Socket Mode" in line or "HTTP" in line] == [
        "✓ Socket Mode opens",
        "✓ HTTP        127.0.0.1:0 is free for aside run",
    ]


def test_socket_mode_that_is_off_is_told(ready: Aside) -> None:
    """The token is right and nothing would ever come."""
    manifest = load_manifest(MANIFEST)
    manifest.settings.socket_mode_enabled = False
    with serving(manifest=manifest) as without:
        (line,) = wrong(ready, ASIDE_SLACK_API_URL=without.api_url)
    assert line.startswith("Socket Mode Slack does not open a Socket Mode connection: ")
    assert line.endswith("Check ASIDE_SLACK_APP_TOKEN and that Socket Mode is on.")


def test_whoever_left_and_whoever_is_no_colleague_is_named(ready: Aside) -> None:
    """Their roles end by themselves; that nobody noticed is what leaves a channel without anybody."""
    world = load_world(WORLD)
    people = {each.id: each for each in world.users}
    people["U0LIWEN"].deleted = True
    people["U0CHIHMING"].kind = "guest"
    assert in_world(ready, world) == [
        "people      no longer in Slack: 蘇麗文 (U0LIWEN) → Take them out: aside setup, or /aside setup in Slack.",
        (
            "people      guests and people of another company have no role: 黃志明 (U0CHIHMING)"
            " → Name members of your own company in their place."
        ),
    ]


def test_nobody_on_duty_who_may_be_whispered_to_is_told(ready: Aside) -> None:
    """Somebody stands on duty, and nobody hears: they left, or are in no role."""
    world = load_world(WORLD)
    next(each for each in world.users if each.id == "U0YICHUN").deleted = True
    found = in_world(ready, world)
    assert (
        "duty        nobody on duty in C0KUANGHSIN is an agent or a supervisor who is still here"
        " → Put an agent on duty: /aside duty on, or aside setup --duty." in found
    )
    assert not any("C0SUPPORT is an agent" in line for line in found)


def test_user_groups_that_cannot_be_read_give_nobody_a_role(ready: Aside) -> None:
    """On a plan without user groups nobody would be an agent."""
    world = load_world(WORLD)
    world.settings.usergroups = False
    do = "→ Slack has user groups on paid plans only: name the people themselves."
    assert in_world(ready, world) == [
        f"groups      {group} cannot be read: plan_upgrade_required; nobody has a role by it {do}"
        for group in ("S0SALES", "S0AGENTS")
    ]


def test_who_asks_and_is_the_only_one_who_decides_is_told(aside: Aside) -> None:
    """R30: nobody decides their own request, so theirs would wait for ever."""
    alone = ("--channel", "C0SUPPORT", "--duty", "C0SUPPORT=U0YATING", "--agent", "U0YATING", "--agent", "U0POHAN")
    assert aside("setup", *alone, "--supervisor", "U0YATING", "--approvals", "C0APPROVALS").returncode == 0
    assert wrong(aside) == [
        (
            "approvers   張雅婷 (U0YATING) asks and is the only one who decides"
            " → Name a second supervisor or a manager: nobody decides their own request."
        )
    ]


def test_an_approvals_channel_shared_with_a_customer_is_told(ready: Aside) -> None:
    """Nothing is ever shown there, so no request would reach anybody."""
    world = load_world(WORLD)
    next(each for each in world.channels if each.id == "C0APPROVALS").teams = ["T0KUANGHSIN"]
    assert in_world(ready, world) == [
        (
            "channels    the approvals channel C0APPROVALS is shared with another company: nothing is shown there"
            " → Choose a channel of your own company without guests."
        )
    ]


@pytest.fixture
def talking() -> Iterator[Sandbox]:
    """A workspace in which somebody has just said something in a support channel."""
    with serving() as sandbox:
        says_good_morning(sandbox)
        yield sandbox


def says_good_morning(slack: Sandbox) -> None:
    """Somebody says something in a support channel."""
    body = json.dumps({"user": "U0YICHUN", "channel": "C0SUPPORT", "text": "早"}).encode()
    url = slack.api_url.removesuffix("/api/") + "/seat/say"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own port
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
        assert answer.status == 200


def listening(aside: Aside, data: Path, *, heard: bool) -> None:
    """As if Aside had listened for a while by now, and heard something there or not."""
    later = time.time() + 300.0
    url = aside.environment.get("ASIDE_DATABASE_URL") or f"sqlite:///{data / 'casebook.db'}"
    with closing(open_casebook(url)) as casebook, casebook.begin() as connection:
        kept.save_alive_at(connection, WORKSPACE, later)
        if heard:
            inbox.put(
                connection,
                workspace=WORKSPACE,
                key="Ev1",
                lane=Lane.STREAM,
                kind="message",
                payload={},
                now=time.time(),
                channel="C0SUPPORT",
            )


@pytest.mark.parametrize("heard", [False, True])
def test_events_that_never_come_are_told(ready: Aside, data: Path, talking: Sandbox, *, heard: bool) -> None:
    """All else can be well: the app connects, is in the channel, and Slack sends it nothing."""
    listening(ready, data, heard=heard)
    lines = [
        (
            "events      Slack did not tell of what was said in C0SUPPORT"
            " → Switch on Event Subscriptions with every bot event of manifest.yml, and install the app again."
        )
    ]
    assert wrong(ready, ASIDE_SLACK_API_URL=talking.api_url) == ([] if heard else lines)


def test_an_old_and_an_empty_directory_are_told(ready: Aside, directory_file: Path, tmp_path: Path) -> None:
    """What was renewed since would count as expired; nobody is found in nothing."""
    old, empty = tmp_path / "old.db", tmp_path / "empty.db"
    for copy in (old, empty):
        copy.write_bytes(directory_file.read_bytes())
    with closing(sqlite3.connect(old)) as connection, connection:
        then = datetime.fromtimestamp(time.time() - (OLD_DAYS + 60) * 86_400, tz=UTC)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'built_at'", (then.isoformat(timespec="seconds"),))
    with closing(sqlite3.connect(empty)) as connection, connection:
        connection.execute("DELETE FROM customers")
    assert wrong(ready, ASIDE_DIRECTORY=str(old)) == [
        (
            f"directory   5 customers, imported {OLD_DAYS + 60} days ago"
            " → Contracts that were renewed since count as expired. Import your files as they are now."
        )
    ]
    assert wrong(ready, ASIDE_DIRECTORY=str(empty)) == [
        "directory   there are no customers in it → Run: aside import FILE…"
    ]


@pytest.mark.skipif(ON_SERVER, reason="a file's matter")
def test_a_casebook_that_takes_nothing_is_told(ready: Aside, data: Path) -> None:
    """Whoever restored it as another account, or mounted it read-only, hears so at once."""
    url = f"sqlite:///file:{data / 'casebook.db'}?mode=ro&uri=true"
    assert wrong(ready, ASIDE_DATABASE_URL=url) == [
        (
            "casebook    cannot be written: attempt to write a readonly database"
            " → Give Aside's user the right to write there; on a server let it own the database."
        )
    ]
    assert not (ROOT / "file:").exists()


@pytest.mark.slow
def test_a_server_s_user_without_rights_is_told(ready: Aside) -> None:
    """Since PostgreSQL 15 whoever may connect may not make tables; rights to read alone are no use either."""
    made = server()
    bare, ours = made.bare(), made.new()
    made.command("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
    made.command("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=ours)
    as_reader = {name: made.url(name).replace("aside@", "reader@") for name in (bare, ours)}
    (cannot_make,) = wrong(ready, ASIDE_DATABASE_URL=as_reader[bare])
    assert cannot_make.startswith("casebook    The casebook cannot be opened: permission denied for schema public.")
    (cannot_write,) = wrong(ready, ASIDE_DATABASE_URL=as_reader[ours])
    assert cannot_write == (
        "casebook    cannot be written: permission denied for table settings"
        " → Give Aside's user the right to write there; on a server let it own the database."
    )
    made.command("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM reader", database=ours)
    for each in (bare, ours):
        made.give_back(each)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_in_which_chinese_cannot_be_written_is_told(ready: Aside, encoding: str) -> None:
    """PostgreSQL takes the encoding of the machine's locale, and every Chinese message would fail."""
    made, name = server(), f"in_{encoding.lower()}"
    made.command(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    found = wrong(ready, ASIDE_DATABASE_URL=made.url(name))
    made.drop(name)
    assert found == [
        (
            f"casebook    The casebook's database keeps text in {encoding}, which cannot hold all that people write."
            " → Make it anew in UTF8: createdb -E UTF8 -T template0 --owner aside aside"
        )
    ]


@pytest.mark.parametrize("secret", ["s3cr@et", "s3c/r@et", "s3cr:@et:x", "s3c@r?@et"])
def test_no_part_of_a_database_s_password_is_said(ready: Aside, secret: str) -> None:
    """With an @ in it the rest would be taken for the server's name, and the error would say it."""
    assert wrong(ready, ASIDE_DATABASE_URL=f"postgresql://aside:{secret}@127.0.0.1:1/aside") == [
        (
            "casebook    ASIDE_DATABASE_URL has an @ in its password."
            " → In a password @ is written %40, / is %2F, : is %3A, # is %23 and % itself %25."
        )
    ]
    (line,) = wrong(ready, ASIDE_DATABASE_URL="postgresql://aside@127.0.0.1:s3cr/aside")
    assert line.startswith("casebook    ASIDE_DATABASE_URL is not an address of a database.")
    assert "s3c" not in line


def test_a_password_with_a_slash_is_read_as_it_stands(ready: Aside) -> None:
    """It is no part of what the error says."""
    (line,) = wrong(ready, ASIDE_DATABASE_URL="postgresql://aside:s3c/r#e?t@127.0.0.1:1/aside")
    assert line.startswith("casebook    The casebook cannot be opened: connection failed: ")
    assert "s3c" not in line


@pytest.mark.parametrize(("version", "is_old"), [(12, True), (13, False), (17, False)])
def test_a_server_that_is_too_old_is_told(version: int, *, is_old: bool) -> None:
    """What it lacks would be found by the first statement that needs it."""
    too_old = Line("casebook", f"PostgreSQL {version} is too old", "Use PostgreSQL 13 or newer.")
    assert old_server(version) == (too_old if is_old else None)


@pytest.mark.parametrize(
    ("free", "total", "is_full"),
    [
        (0, 100 * GIB, True),
        (GIB - 1, 100 * GIB, True),
        (GIB, 100 * GIB, False),
        (GIB // 5, 2 * GIB, False),
        (GIB // 20, 2 * GIB, True),
    ],
)
def test_a_disk_that_is_nearly_full_is_told(free: int, total: int, *, is_full: bool) -> None:
    """Less than a gibibyte, or of a small disk than a twentieth."""
    assert bool(room(free, total)) == is_full


@pytest.mark.skipif(ON_SERVER, reason="a file's matter")
def test_files_that_every_account_reads_are_named(ready: Aside, data: Path) -> None:
    """The casebook has what customers wrote; a folder that others may not enter guards what is in it."""
    (data / "casebook.db").chmod(0o644)
    assert wrong(ready) == []
    data.chmod(0o755)
    assert wrong(ready) == [f"files       every account of this machine can read casebook.db → Run: chmod o-rwx {data}"]
