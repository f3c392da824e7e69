"""`aside manifest --url`: the same app, heard over HTTP."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from bot.cli_manifest import manifest_command, over_http
from bot.errors import UserError
from sandbox.manifest import Manifest
from tests.manifest.slack_facts import LIMITS

URL = "https://aside.example.com/slack/events"


def printed(*options: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(manifest_command, options, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_without_an_address_it_is_the_file() -> None:
    """Word for word, with its comments."""
    assert printed() == Path("manifest.yml").read_text("utf-8")


@pytest.mark.parametrize("given", [URL, "https://aside.example.com", "https://aside.example.com/"])
def test_every_call_of_slacks_goes_to_the_address(manifest: dict[str, Any], given: str) -> None:
    """Events, commands, clicks and menus; nothing else changes, and Slack takes it."""
    made = yaml.safe_load(printed("--url", given))
    assert made == over_http(manifest, URL)
    jsonschema.validate(made, LIMITS)
    obeyed = Manifest.model_validate(made)
    expected = Manifest.model_validate(manifest)
    expected.settings.socket_mode_enabled = False
    expected.call_at(URL)
    assert obeyed == expected


def test_an_app_for_many_workspaces_sends_whoever_installs_it_back_and_rotates_tokens(manifest: dict[str, Any]) -> None:
    """Where Slack may send people is said beforehand; nothing else differs, and Slack takes it."""
    made = yaml.safe_load(printed("--url", "https://aside.example.com/in/slack/events", "--many"))
    expected = over_http(manifest, "https://aside.example.com/in/slack/events")
    expected["oauth_config"]["redirect_urls"] = ["https://aside.example.com/in/slack/oauth_redirect"]
    expected["settings"]["token_rotation_enabled"] = True
    assert made == expected
    jsonschema.validate(made, LIMITS)
    assert Manifest.model_validate(made).settings.token_rotation_enabled


def test_an_app_for_many_workspaces_has_an_address() -> None:
    """They are heard over HTTP alone."""
    with pytest.raises(UserError, match="over HTTP"):
        printed("--many")


@pytest.mark.parametrize("given", ["http://aside.example.com", "aside.example.com", "https://", ""])
def test_an_address_that_slack_would_not_call_is_told(given: str) -> None:
    """Slack wants https."""
    with pytest.raises(UserError, match="https addresses only"):
        printed("--url", given)
