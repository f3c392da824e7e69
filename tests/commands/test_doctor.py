"""`aside doctor`: each line is well, or says what to do."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from aiohttp import web

from bot.cli_setup import GAPS
from bot.playbook_files import load_playbook
from bot.setup import Setup
from sandbox.manifest import load_manifest
from sandbox.world import load_world
from tests.commands.conftest import MANIFEST, TINY, WORLD, Aside, casebook_url, serving
from tests.commands.test_setup_command import WHOLE

NO_TOKEN = "              → Copy the bot token (xoxb-…) of your Slack app into ASIDE_SLACK_BOT_TOKEN."
APP_TOKEN = "Make an app-level token (xapp-…) with connections:write, or set ASIDE_SLACK_SIGNING_SECRET for HTTP."
SET_UP = "              → Run aside setup, or type /aside setup in Slack."
IMPORT = "              → Run: aside import FILE…"
RESTORE = "              → Put a backup back: aside restore FILE."
ADDRESS = (
    "              → Correct it, or leave it out."
    " In a password @ is written %40, / is %2F, : is %3A, # is %23 and % itself %25."
)
DATABASE = "              → Check ASIDE_DATABASE_URL and ASIDE_DATA."
NOBODY_THERE = 'connection to server on socket "/nowhere/.s.PGSQL.5432" failed: No such file or directory'


def well(data: Path) -> list[str]:
    """What it says when nothing is wrong."""
    return [
        f"✓ playbook    version {load_playbook(TINY).version}",
        "✓ directory   5 customers",
        f"✓ casebook    {casebook_url(data)}",
        "✓ bot token   木棉軟體 Kapok Software, as aside",
        "✓ scopes      all 11 of manifest.yml",
        "✓ clock       agrees with Slack's",
        "✓ Socket Mode opens",
        "✓ setup       2 support channels",
        "✓ channels    Aside is in 4 channels",
        "✓ people      6 named in the setup, all of them yours",
    ]


def with_line(lines: list[str], name: str, *instead: str) -> list[str]:
    """The same report with other words for one check."""
    at = next(n for n, line in enumerate(lines) if line[2:].startswith(name))
    return [*lines[:at], *instead, *lines[at + 1 :]]


@pytest.fixture
def ready(aside: Aside) -> Aside:
    """A workspace that is set up."""
    assert aside("setup", *WHOLE).returncode == 0
    return aside


def report(aside: Aside, **settings: str) -> tuple[int, list[str]]:
    """Exit code and lines; nothing goes to standard error."""
    done = aside("doctor", **settings)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_all_well_is_ten_ticks(ready: Aside, data: Path) -> None:
    """Exit code 0, one line a check."""
    assert report(ready) == (0, well(data))


def test_what_is_not_set_up_is_named_with_its_option(aside: Aside, data: Path) -> None:
    """Before the first setup everything else can be well already."""
    missing = ", ".join(GAPS[gap] for gap in Setup().missing())
    assert missing.startswith("a support channel (--channel), agents (--agent)")
    assert report(aside) == (1, [*well(data)[:7], f"✗ setup       still missing: {missing}", SET_UP])


def test_no_token_and_a_wrong_one_are_two_sentences(ready: Aside, data: Path) -> None:
    """What only Slack can tell is left out; the app token is checked all the same."""
    local, socket_mode = well(data)[:3], well(data)[6]
    missing = [*local, "✗ bot token   ASIDE_SLACK_BOT_TOKEN is not set", NO_TOKEN, socket_mode]
    wrong = [*local, "✗ bot token   refused: invalid_auth", NO_TOKEN, socket_mode]
    assert report(ready, ASIDE_SLACK_BOT_TOKEN="") == (1, missing)
    assert report(ready, ASIDE_SLACK_BOT_TOKEN="xoxb-wrong") == (1, wrong)


@pytest.mark.parametrize(
    ("token", "lines"),
    [
        (
            "",
            [
                "✗ Socket Mode ASIDE_SLACK_APP_TOKEN is not set.",
                f"              → {APP_TOKEN}",
            ],
        ),
        (
            "xapp-wrong",
            [
                "✗ Socket Mode Slack does not open a Socket Mode connection: invalid_auth.",
                "              → Check ASIDE_SLACK_APP_TOKEN and that Socket Mode is on.",
            ],
        ),
    ],
)
def test_an_app_token_that_opens_nothing(ready: Aside, data: Path, token: str, lines: list[str]) -> None:
    """The other lines are still told."""
    assert report(ready, ASIDE_SLACK_APP_TOKEN=token) == (1, with_line(well(data), "Socket Mode", *lines))


def test_an_unreachable_slack_ends_the_report(ready: Aside, data: Path) -> None:
    """What is on this machine is told first; the rest cannot be known."""
    code, lines = report(ready, ASIDE_SLACK_API_URL="http://127.0.0.1:9/api/")
    assert code == 1
    assert lines[:3] == well(data)[:3]
    assert lines[3].startswith("✗ Slack       Slack cannot be reached: Cannot connect to host 127.0.0.1:9")
    assert lines[4:] == ["              → Check the network and ASIDE_SLACK_API_URL."]


def test_a_missing_scope_is_named(ready: Aside, data: Path) -> None:
    """An app made from an older manifest lacks what a newer Aside needs."""
    manifest = load_manifest(MANIFEST)
    for scope in ("usergroups:read", "im:write"):
        manifest.scopes.remove(scope)
    with serving(manifest=manifest) as older:
        found = report(ready, ASIDE_SLACK_API_URL=older.api_url)
    lines = (
        "✗ scopes      missing im:write, usergroups:read",
        "              → Update the app from manifest.yml and install it again.",
    )
    assert found == (1, with_line(well(data), "scopes", *lines))


def test_channels_without_aside_are_named(ready: Aside, data: Path) -> None:
    """Nothing is heard in a channel, and nothing can be posted there, before somebody invites Aside."""
    world = load_world(WORLD)
    next(each for each in world.channels if each.id == "C0APPROVALS").members.remove("U0ASIDE")
    with serving(world) as shy:
        found = report(ready, ASIDE_SLACK_API_URL=shy.api_url)
    lines = (
        "✗ channels    Aside is not in C0APPROVALS",
        "              → Type /invite there, with Aside's name.",
    )
    assert found == (1, with_line(well(data), "channels", *lines))


def test_no_directory_and_a_damaged_one(ready: Aside, data: Path, directory_file: Path, tmp_path: Path) -> None:
    """Both are mended by an import."""
    none, short, noise = tmp_path / "none.db", tmp_path / "short.db", tmp_path / "noise.db"
    whole = directory_file.read_bytes()
    short.write_bytes(whole[: len(whole) // 2])
    noise.write_bytes(b"name,tax_id\n" * 1_000)
    damaged = "The customer directory at {} cannot be read: it is not a whole SQLite file."
    for path, what in (
        (none, f"There is no customer directory at {none}."),
        (short, damaged.format(short)),
        (noise, damaged.format(noise)),
    ):
        lines = with_line(well(data), "directory", f"✗ directory   {what}", IMPORT)
        assert report(ready, ASIDE_DIRECTORY=str(path)) == (1, lines)


def test_a_fault_in_the_playbook_names_file_and_line(ready: Aside, data: Path, tmp_path: Path) -> None:
    """A typo is found before anybody is coached by it; square brackets are shown as they are."""
    copy = tmp_path / "playbook"
    shutil.copytree(TINY, copy)
    policy = copy / "policy.yaml"
    line = len(policy.read_text("utf-8").splitlines()) + 1
    with policy.open("a", encoding="utf-8") as file:
        file.write("'[red]bogus[/red]': 1\n")
    where = f"policy.yaml, line {line}, [red]bogus[/red]"
    lines = (
        f"✗ playbook    The playbook cannot be used: {where}: there is no such key here.",
        f"              → Correct it, then run `aside playbook check {copy}`.",
    )
    assert report(ready, ASIDE_PLAYBOOK=str(copy)) == (1, with_line(well(data), "playbook", *lines))


def test_a_casebook_that_does_not_open(ready: Aside, data: Path, tmp_path: Path) -> None:
    """The setup is in it, so nothing is said of the setup; a password in the address is not shown."""
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"no database" * 1_000)
    rest = well(data)[:7]
    cannot = "The casebook cannot be opened:"
    for url, what, do in (
        (f"sqlite:///{noise}", f"{cannot} file is not a database.", RESTORE),
        ("nonsense", "ASIDE_DATABASE_URL is not an address of a database.", ADDRESS),
        ("postgresql:///aside?host=/nowhere", f"{cannot} connection is bad: {NOBODY_THERE}.", DATABASE),
    ):
        lines = with_line(rest, "casebook", f"✗ casebook    {what}", do)
        assert report(ready, ASIDE_DATABASE_URL=url) == (1, lines)
    other = "              → Set ASIDE_DATABASE_URL to postgresql://…, or leave it out for a file."
    lines = with_line(rest, "casebook", "✗ casebook    The casebook cannot be kept in nosuch.", other)
    assert report(ready, ASIDE_DATABASE_URL="nosuch://me:secret@host/casebook") == (1, lines)


@contextmanager
def answering(answer: web.Response) -> Iterator[str]:
    """A server that gives every call this answer; its address."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def start() -> web.AppRunner:
        async def give(_: web.Request) -> web.Response:
            return web.Response(body=answer.body, headers=answer.headers, status=answer.status)

        app = web.Application()
        app.add_routes([web.route("*", "/api/{method}", give)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_clock_that_is_wrong_is_told(aside: Aside) -> None:
    """Slack's own time is in each answer; coverage and due times hang on ours."""
    answer = web.json_response(
        {"ok": True, "team_id": "T1", "team": "Kapok", "user": "aside", "user_id": "U1", "url": "wss://127.0.0.1/"},
        headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"},
    )
    with answering(answer) as url:
        code, lines = report(aside, ASIDE_SLACK_API_URL=url)
    assert code == 1
    assert "✓ scopes      Slack did not say which are granted" in lines
    at = next(n for n, line in enumerate(lines) if line[2:].startswith("clock"))
    assert lines[at].startswith("✗ clock       +")
    assert lines[at].endswith(" s from Slack's")
    assert lines[at + 1] == "              → Set this machine's clock by NTP."


def test_a_server_that_is_no_slack_is_told(aside: Aside, data: Path) -> None:
    """A proxy's page or a wrong address answers, but not as Slack does."""
    with answering(web.Response(text="<h1>Welcome</h1>", content_type="text/html")) as url:
        code, lines = report(aside, ASIDE_SLACK_API_URL=url)
    assert (code, lines[3:]) == (
        1,
        [
            "✗ bot token   refused: the answer is not Slack's",
            NO_TOKEN,
            "✗ Socket Mode Slack does not open a Socket Mode connection: the answer is not Slack's.",
            "              → Check ASIDE_SLACK_APP_TOKEN and that Socket Mode is on.",
        ],
    )
