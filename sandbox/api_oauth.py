"""Methods by which the app comes by its tokens, and loses them."""

import hmac

from sandbox import events
from sandbox.call import Call
from sandbox.installation import TOKEN_SECONDS, Issued
from sandbox.state import ApiError
from sandbox.world import Json


def access(call: Call) -> Json:
    """`oauth.v2.access`: a code becomes the app's installation, or a refresh token the next token."""
    _client(call)
    grant = call.text("grant_type") or "authorization_code"
    if grant == "refresh_token":
        return _said(call, call.ws.installation.refresh(call.text("refresh_token") or ""))
    if grant != "authorization_code":
        raise ApiError("invalid_grant_type")
    code, issued = call.ws.installation.exchange(call.text("code") or "", call.text("redirect_uri"))
    call.ws.install()
    return _said(call, issued) | {"authed_user": {"id": code.user}, "is_enterprise_install": False}


def revoke(call: Call) -> Json:
    """`auth.revoke`: a token that never ends takes the whole authorization with it, one that ends only itself."""
    if call.flag("test"):
        return {"revoked": False}
    if call.ws.installation.revoke(call.token or ""):
        call.ws.lose(events.tokens_revoked(call.state))
    else:
        call.ws.lose_one()
    return {"revoked": True}


def uninstall(call: Call) -> Json:
    """`apps.uninstall`."""
    _client(call)
    call.ws.uninstall()
    return {}


def _client(call: Call) -> None:
    """The app shows that it is itself.

    Raises:
        ApiError: It is another, or the secret is wrong.
    """
    tokens = call.state.world.tokens
    if call.text("client_id") != tokens.client_id:
        raise ApiError("invalid_client_id")
    if not hmac.compare_digest((call.text("client_secret") or "").encode(), tokens.client_secret.encode()):
        raise ApiError("bad_client_secret")


def _said(call: Call, issued: Issued) -> Json:
    """What the app hears of its new token; the id of its bot is not among it."""
    if issued.revokes:
        call.ws.lose_one()
    world = call.state.world
    said: Json = {
        "app_id": world.app.id,
        "scope": ",".join(call.ws.installation.scopes),
        "token_type": "bot",
        "access_token": issued.token.value,
        "bot_user_id": world.app.user,
        "team": {"id": world.team.id, "name": world.team.name},
        "enterprise": None,
    }
    if issued.refresh is not None:
        said |= {"expires_in": TOKEN_SECONDS, "refresh_token": issued.refresh.value}
    return said
