"""`aside setup` in a terminal: options, questions, and what it refuses."""

from pathlib import Path

import pytest

from bot.setup import RoleSource, Setup, SupportChannel
from sandbox.manifest import load_manifest
from sandbox.world import load_world
from storage import workspace as workspaces
from tests.commands.conftest import MANIFEST, WORLD, Aside, said, serving
from tests.fresh import casebook_at

WHOLE = (
    *("--channel", "C0KUANGHSIN=C-1", "--channel", "C0SUPPORT"),
    *("--duty", "C0KUANGHSIN=U0YICHUN", "--duty", "C0SUPPORT=U0YICHUN,U0POHAN"),
    *("--agent", "S0AGENTS", "--supervisor", "U0YATING", "--supervisor", "U0CHIHMING"),
    *("--manager", "U0LIWEN", "--sales", "S0SALES", "--sales-manager", "U0CHIAHAO"),
    *("--approvals", "C0APPROVALS", "--sales-channel", "C0SALES", "--helpdesk-app", "A0DESK"),
)
SETUP = Setup(
    support=(
        SupportChannel(channel="C0KUANGHSIN", customer="C-1", on_duty=("U0YICHUN",)),
        SupportChannel(channel="C0SUPPORT", on_duty=("U0YICHUN", "U0POHAN")),
    ),
    agents=RoleSource(groups=("S0AGENTS",)),
    supervisors=RoleSource(users=("U0YATING", "U0CHIHMING")),
    managers=RoleSource(users=("U0LIWEN",)),
    sales=RoleSource(groups=("S0SALES",)),
    sales_managers=RoleSource(users=("U0CHIAHAO",)),
    approvals_channel="C0APPROVALS",
    sales_channel="C0SALES",
    helpdesk_apps=("A0DESK",),
)
SHOWN = """\
support        C0KUANGHSIN, customer C-1, on duty: U0YICHUN
support        C0SUPPORT, on duty: U0YICHUN U0POHAN
agents         S0AGENTS
supervisors    U0YATING U0CHIHMING
managers       U0LIWEN
sales          S0SALES
sales managers U0CHIAHAO
approvals      C0APPROVALS
sales channel  C0SALES
helpdesk       A0DESK

Complete.
"""
NOTHING_SHOWN = """\
agents         –
supervisors    –
managers       –
sales          –
sales managers –
approvals      –
sales channel  –
helpdesk       –

Still missing: a support channel (--channel), agents (--agent), supervisors (--supervisor), \
an approvals channel (--approvals).
"""
MEMBER = "In Slack open the profile, choose ⋮ and copy the member ID; a user group's id starts with S."
CHANNEL = "In Slack open the channel's details; its id is at the very end."


def kept(data: Path) -> Setup:
    """The setup as the casebook holds it."""
    casebook = casebook_at(data / "casebook.db")
    with casebook.begin() as connection:
        found = workspaces.setup(connection, "T0KAPOK")
    casebook.close()
    return found


def test_options_set_everything_and_show_prints_it(aside: Aside, data: Path) -> None:
    """One command is enough to start, and `--show` reads it back."""
    done = aside("setup", *WHOLE)
    assert (done.returncode, done.stdout, done.stderr) == (0, SHOWN, "")
    assert kept(data) == SETUP
    shown = aside("setup", "--show")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, SHOWN, "")


def test_show_before_anything_is_set_names_every_gap_and_the_option_that_fills_it(aside: Aside, data: Path) -> None:
    """It asks nothing and changes nothing."""
    done = aside("setup", "--show")
    assert (done.returncode, done.stdout) == (0, NOTHING_SHOWN)
    assert kept(data) == Setup()


def test_an_option_changes_its_own_part_alone(aside: Aside, data: Path) -> None:
    """A channel named again keeps customer and duty; an empty customer takes it from them."""
    aside("setup", *WHOLE)
    assert aside("setup", "--channel", "C0KUANGHSIN", "--sales", "U0CHIENHUNG").returncode == 0
    assert kept(data) == SETUP.model_copy(
        update={
            "support": (SETUP.support[1], SETUP.support[0]),
            "sales": RoleSource(users=("U0CHIENHUNG",)),
        }
    )
    assert aside("setup", "--channel", "C0KUANGHSIN=").returncode == 0
    assert kept(data).support_channel("C0KUANGHSIN") == SupportChannel(channel="C0KUANGHSIN", on_duty=("U0YICHUN",))


def test_without_options_it_asks_and_asks_again_what_cannot_be_right(aside: Aside, data: Path) -> None:
    """A wrong id or an unknown customer is asked for once more; nothing that was answered is lost."""
    typed = [
        "#general C0SUPPORT",
        "C0KUANGHSIN, C0SUPPORT",
        "C-99",
        "C-1",
        "yichun",
        "U0YICHUN",
        "",
        "U0YICHUN U0POHAN",
        "S0AGENTS",
        "U0YATING U0CHIHMING",
        "U0LIWEN",
        "S0SALES",
        "U0CHIAHAO",
        "C0APPROVALS C0SALES",
        "C0APPROVALS",
        "C0SALES",
        "A0DESK",
    ]
    done = aside("setup", typed="\n".join(typed) + "\n")
    assert done.returncode == 0
    assert f"Error: “#general” is not the id of a Slack channel (C…). {CHANNEL}" in done.stdout + done.stderr
    assert "There is no customer C-99 in the directory." in done.stdout + done.stderr
    assert f"“yichun” is not the id of a Slack person (U…). {MEMBER}" in done.stdout + done.stderr
    assert "There can be one such channel." in done.stdout + done.stderr
    assert done.stdout.endswith(SHOWN)
    assert kept(data) == SETUP


def test_enter_keeps_what_is_set_and_a_dash_empties_it(aside: Aside, data: Path) -> None:
    """Asked again, somebody changes one answer and leaves the rest."""
    aside("setup", *WHOLE)
    done = aside("setup", typed="C0SUPPORT\n\n-\n\n\n\n\n\n\n-\n\n")
    assert done.returncode == 0
    assert kept(data) == SETUP.model_copy(
        update={"support": (SupportChannel(channel="C0SUPPORT"),), "sales_channel": None}
    )
    assert "Still missing: somebody on duty in each support channel (--duty)." in done.stdout


def test_questions_broken_off_change_nothing(aside: Aside, data: Path) -> None:
    """Nothing is half written."""
    aside("setup", *WHOLE)
    done = aside("setup", typed="C0SUPPORT\n\nU0POHAN\n")
    assert done.returncode == 1
    assert kept(data) == SETUP


@pytest.mark.parametrize(
    ("options", "what", "do"),
    [
        (("--channel", "#客服"), "“#客服” is not the id of a Slack channel (C…).", CHANNEL),
        (("--channel", "=C-1"), "“” is not the id of a Slack channel (C…).", CHANNEL),
        (("--approvals", "approvals"), "“approvals” is not the id of a Slack channel (C…).", CHANNEL),
        (("--sales-channel", "C0SALES C0X"), "“C0SALES C0X” is not the id of a Slack channel (C…).", CHANNEL),
        (("--agent", "@yichun"), "“@yichun” is not the id of a Slack person (U…) or user group (S…).", MEMBER),
        (
            ("--channel", "C0SUPPORT", "--duty", "C0SUPPORT=S0AGENTS"),
            "“S0AGENTS” is not the id of a Slack person (U…).",
            MEMBER,
        ),
        (("--agent", "U0NOBODY"), "Slack does not know U0NOBODY: user_not_found.", MEMBER),
        (("--manager", "U0NOBODY"), "Slack does not know U0NOBODY: user_not_found.", MEMBER),
        (
            ("--agent", "S0NOBODY"),
            "Slack does not know S0NOBODY: no_such_subteam.",
            "Name the people one by one instead.",
        ),
        (
            ("--helpdesk-app", "zendesk"),
            "“zendesk” is not the id of a Slack app (A… or B…).",
            "In Slack open the app's profile and copy its id.",
        ),
        (
            ("--duty", "C0SALES=U0POHAN"),
            "--duty C0SALES=U0POHAN names no support channel.",
            "Write --duty CHANNEL=USER,USER, and the channel with --channel.",
        ),
        (
            ("--channel", "C0SALES=C-99"),
            "There is no customer C-99 in the directory.",
            "Find the id with: aside warranty NAME --json",
        ),
        (
            ("--show", "--agent", "U0POHAN"),
            "--show changes nothing, so it goes with no other option.",
            "Leave one or the other out.",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_whole(
    aside: Aside, data: Path, options: tuple[str, ...], what: str, do: str
) -> None:
    """One sentence says what is wrong, one what to do; the right options beside it are not written either."""
    aside("setup", "--helpdesk-app", "A0DESK")
    right = () if "--show" in options else ("--supervisor", "U0YATING")
    assert said(aside("setup", *right, *options)) == (1, [what, do])
    assert kept(data) == Setup(helpdesk_apps=("A0DESK",))


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"ASIDE_SLACK_BOT_TOKEN": ""},
            ["ASIDE_SLACK_BOT_TOKEN is not set.", "Copy the bot token (xoxb-…) of your Slack app into it."],
        ),
        (
            {"ASIDE_SLACK_BOT_TOKEN": "xoxb-wrong"},
            ["Slack does not accept the bot token: invalid_auth.", "Check ASIDE_SLACK_BOT_TOKEN."],
        ),
        (
            {"ASIDE_LOG_LEVEL": "loud"},
            [
                "ASIDE_LOG_LEVEL has to be one of debug, info, warning, error.",
                "Change it and start again.",
            ],
        ),
        (
            {"ASIDE_SLACK_API_URL": "https://slack.com/"},
            [
                "ASIDE_SLACK_API_URL does not end in /api/, as https://slack.com/api/ does.",
                "Change it and start again.",
            ],
        ),
        (
            {"ASIDE_SLACK_REDIRECT_URI": "aside.example.com/slack/oauth_redirect"},
            [
                "ASIDE_SLACK_REDIRECT_URI is not usable: it does not begin with http:// or https://.",
                "Change it and start again.",
            ],
        ),
        (
            {"ASIDE_DATABASE_URL": "nonsense"},
            [
                "ASIDE_DATABASE_URL is not an address of a database.",
                (
                    "Correct it, or leave it out."
                    " In a password @ is written %40, / is %2F, : is %3A, # is %23 and % itself %25."
                ),
            ],
        ),
    ],
)
def test_without_slack_or_a_place_to_write_it_says_what_to_do(
    aside: Aside, settings: dict[str, str], lines: list[str]
) -> None:
    """Two sentences and exit code 1, no traceback."""
    assert said(aside("setup", *WHOLE, **settings)) == (1, lines)


def test_an_unreachable_slack_is_named(aside: Aside, data: Path) -> None:
    """The address and the reason are in the sentence."""
    code, (what, do) = said(aside("setup", *WHOLE, ASIDE_SLACK_API_URL="http://127.0.0.1:9/api/"))
    assert code == 1
    assert what.startswith("Slack cannot be reached: Cannot connect to host 127.0.0.1:9")
    assert do == "Check the network and ASIDE_SLACK_API_URL."
    assert not (data / "casebook.db").exists()


def test_a_plan_without_user_groups_is_told_to_name_people(aside: Aside) -> None:
    """User groups need a paid plan."""
    world = load_world(WORLD)
    world.settings.usergroups = False
    with serving(world) as poor:
        done = aside("setup", "--agent", "S0AGENTS", ASIDE_SLACK_API_URL=poor.api_url)
    assert said(done) == (
        1,
        ["Slack does not know S0AGENTS: plan_upgrade_required.", "Name the people one by one instead."],
    )


def test_channels_without_aside_are_named(aside: Aside) -> None:
    """Somebody has to invite it; Slack tells nothing of such a channel."""
    world = load_world(WORLD)
    for channel in world.channels:
        if channel.id in {"C0SALES", "C0SUPPORT"}:
            channel.members.remove("U0ASIDE")
    with serving(world, load_manifest(MANIFEST)) as shy:
        done = aside("setup", *WHOLE, ASIDE_SLACK_API_URL=shy.api_url)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Invite Aside to C0SUPPORT, C0SALES: it is not there yet."
