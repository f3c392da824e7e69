"""`aside manifest`: what Slack makes the app from."""

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import click
import yaml

from bot.errors import UserError
from bot.serving import PATH, REDIRECT_PATH
from bot.settings import MANIFEST


def over_http(manifest: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The same app, which hears Slack at this address instead of over Socket Mode."""
    made = copy.deepcopy(dict(manifest))
    made["settings"]["socket_mode_enabled"] = False
    made["settings"]["event_subscriptions"]["request_url"] = url
    made["settings"]["interactivity"] |= {"request_url": url, "message_menu_options_url": url}
    for command in made["features"]["slash_commands"]:
        command["url"] = url
    return made


def for_many(manifest: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The same app, which workspaces install by themselves: Slack sends them back here, and tokens are rotated."""
    made = copy.deepcopy(dict(manifest))
    back = url.removesuffix(PATH) + REDIRECT_PATH if url.endswith(PATH) else urljoin(url, REDIRECT_PATH)
    made["oauth_config"]["redirect_urls"] = [back]
    made["settings"]["token_rotation_enabled"] = True
    return made


@click.command("manifest")
@click.option("--url", default=None, metavar="https://…", help="Where Slack reaches Aside over HTTP.")
@click.option("--many", is_flag=True, help="For an app that several workspaces install; needs --url.")
def manifest_command(url: str | None, *, many: bool) -> None:
    """Print the manifest of the Slack app, to paste where Slack asks for one.

    Without --url it is the one for Socket Mode. /slack/events is added to an address that names no path.
    """
    if url is None and many:
        raise UserError("Several workspaces are heard over HTTP.", "Give the address as well: --url https://…")
    if url is None:
        click.echo(MANIFEST.read_text("utf-8"), nl=False)
        return
    asked = urlsplit(url)
    if asked.scheme != "https" or not asked.hostname:
        raise UserError(
            f"Slack calls https addresses only, and {url} is none.", "Give one such as https://aside.example.com."
        )
    where = url if asked.path.strip("/") else f"https://{asked.netloc}{PATH}"
    made = over_http(yaml.safe_load(MANIFEST.read_text("utf-8")), where)
    made = for_many(made, where) if many else made
    click.echo(yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=120), nl=False)
