"""`/oauth/v2/authorize`: where a person allows the app into their workspace."""

import html
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.manifest import Manifest
from sandbox.workspace import Workspace

PATH = "/oauth/v2/authorize"
PAGE = """<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem }}</style>
<h1>{title}</h1>
{body}
"""
FORM = """<p>It asks for:</p><ul>{scopes}</ul>
<form method="post" action="{path}">
<input type="hidden" name="consent" value="{consent}">
<p><label>In the name of <select name="who">{people}</select></label></p>
<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Cancel</button>
</form>"""


class Asked(NamedTuple):
    """What the app asks for; `redirect_uri` is None where it named none, `back` is where the answer goes."""

    scopes: list[str]
    redirect_uri: str | None
    back: str
    state: str
    team: str | None


class WrongError(Exception):
    """Slack would show a page with this code instead of asking anybody."""


class Authorize:
    """Ask a person, and send them back to the app with a code or with `access_denied`."""

    def __init__(self, workspaces: Mapping[str, Workspace], manifest: Manifest) -> None:
        self._workspaces = workspaces
        self._manifest = manifest
        self._tokens = next(iter(workspaces.values())).state.world.tokens
        self._asked: dict[str, Asked] = {}

    async def ask(self, request: web.Request) -> web.Response:
        """`GET`: the page on which somebody allows it or not; a wrong request gets a page that says so."""
        try:
            asked = self._read(request)
        except WrongError as wrong:
            return _page("The app asked wrongly", f"<p><code>{html.escape(str(wrong))}</code></p>", status=400)
        consent = secrets.token_urlsafe(24)
        self._asked[consent] = asked
        people = [
            f'<option value="{team}/{user.id}">{html.escape(f"{user.real_name}, {ws.state.world.team.name}")}</option>'
            for team, ws in self._workspaces.items()
            if asked.team in {None, team}
            for user in ws.state.users.values()
            if _may_install(ws, user.id)
        ]
        scopes = "".join(f"<li><code>{html.escape(scope)}</code></li>" for scope in asked.scopes)
        body = FORM.format(path=PATH, consent=consent, people="".join(people), scopes=scopes)
        return _page(f"{self._manifest.display_information.name} wants into your workspace", body)

    async def answer(self, request: web.Request) -> web.Response:
        """`POST`: what the person said; each page is answered once, by a member of the workspace who is no guest."""
        form = await request.post()
        asked = self._asked.get(str(form.get("consent")))
        team, _, user = str(form.get("who")).partition("/")
        ws = self._workspaces.get(team)
        if asked is None or ws is None or asked.team not in {None, team} or not _may_install(ws, user):
            return _page("Nobody here can say that", "<p><code>not_allowed</code></p>", status=403)
        del self._asked[str(form.get("consent"))]
        if form.get("answer") != "allow":
            told = {"error": "access_denied"}
        else:
            told = {"code": ws.installation.allow(user, asked.scopes, asked.redirect_uri).value}
        mark = "&" if urlsplit(asked.back).query else "?"
        return web.Response(
            status=302, headers={"Location": f"{asked.back}{mark}{urlencode(told | {'state': asked.state})}"}
        )

    def _read(self, request: web.Request) -> Asked:
        """What the app asks for.

        Raises:
            WrongError: Another app, scopes that are none or not in its manifest, or a redirect URL not registered.
        """
        query = request.query
        if query.get("client_id") != self._tokens.client_id:
            raise WrongError("invalid_client_id")
        scopes = query["scope"].split(",") if query.get("scope") else []
        if not scopes or not set(scopes) <= set(self._manifest.scopes) or query.get("user_scope"):
            raise WrongError("invalid_scope")
        registered = self._manifest.oauth_config.redirect_urls
        redirect_uri = query.get("redirect_uri") or None
        if not registered or (redirect_uri is not None and redirect_uri not in registered):
            raise WrongError("bad_redirect_uri")
        team = query.get("team") or None
        if team is not None and team not in self._workspaces:
            raise WrongError("team_not_found")
        return Asked(scopes, redirect_uri, redirect_uri or registered[0], query.get("state", ""), team)


def _may_install(ws: Workspace, user: str) -> bool:
    """Whether this is a member of the workspace: no guest, no stranger, no bot, nobody who left."""
    known = ws.state.users.get(user)
    return known is not None and known.kind == "member" and not known.is_bot and not known.deleted


def _page(title: str, body: str, status: int = 200) -> web.Response:
    text = PAGE.format(title=html.escape(title), body=body)
    return web.Response(text=text, status=status, content_type="text/html")
