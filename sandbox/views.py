"""Modals and the App Home: opened, pushed, updated, closed."""

import secrets

from sandbox import blocks, elements
from sandbox.state import ApiError
from sandbox.workspace import Workspace
from sandbox.world import Json

MOST_MODALS = 3
MOST_CHARACTERS = 250_000


def _checked(ws: Workspace, raw: object, kind: str) -> Json:
    """The view as the app gave it, when Slack would take it.

    Raises:
        ApiError: It is no such view, too large, breaks a Block Kit limit, or takes files without the scope for them.
    """
    if not isinstance(raw, dict) or raw.get("type") not in {"modal", "home"}:
        raise ApiError("invalid_arguments", "[ERROR] must be a modal or a home view [json-pointer:/view/type]")
    if raw["type"] != kind:
        raise ApiError("invalid_arguments", f"[ERROR] must be a view of type {kind} [json-pointer:/view/type]")
    if len(str(raw)) > MOST_CHARACTERS:
        raise ApiError("view_too_large")
    faults = blocks.view_faults(raw)
    if faults:
        raise ApiError("invalid_arguments", *map(str, faults))
    scopes = ws.installation.scopes
    if "files:read" not in scopes and any(
        each.get("element", {}).get("type") == "file_input" for each in raw.get("blocks", [])
    ):
        raise ApiError("missing_scope", needed="files:read", provided=",".join(scopes))
    return raw


def _built(ws: Workspace, user: str, raw: Json, *, previous: Json | None = None) -> Json:
    """The view as Slack keeps it."""
    state = ws.state
    key = state.new_id("V")
    named = elements.named(raw.get("blocks", []))
    return {
        "id": key,
        "team_id": state.team_of(user),
        "type": raw["type"],
        "blocks": named,
        "private_metadata": raw.get("private_metadata", ""),
        "callback_id": raw.get("callback_id", ""),
        "state": {"values": elements.first_values(named)},
        "hash": _new_hash(ws),
        "title": raw.get("title"),
        "clear_on_close": raw.get("clear_on_close", False),
        "notify_on_close": raw.get("notify_on_close", False),
        "close": raw.get("close"),
        "submit": raw.get("submit"),
        "previous_view_id": previous["id"] if previous else None,
        "root_view_id": previous["root_view_id"] if previous else key,
        "app_id": state.world.app.id,
        "external_id": raw.get("external_id", ""),
        "app_installed_team_id": state.world.team.id,
        "bot_id": state.world.app.bot_id,
    }


def _new_hash(ws: Workspace) -> str:
    return f"{int(ws.state.clock.now())}.{secrets.token_hex(4)}"


def _unique_external_id(ws: Workspace, raw: Json, but: str | None = None) -> None:
    wanted = raw.get("external_id")
    if wanted and any(v["external_id"] == wanted and v["id"] != but for v in ws.state.views.values()):
        raise ApiError("duplicate_external_id")


def stack(ws: Workspace, user: str) -> list[str]:
    """The ids of the modals that this person has open, the lowest first."""
    return ws.state.stacks.setdefault(user, [])


def open_modal(ws: Workspace, user: str, raw: object) -> Json:
    """Open a modal; those that were open go."""
    checked = _checked(ws, raw, "modal")
    _unique_external_id(ws, checked)
    clear(ws, user)
    view = _built(ws, user, checked)
    ws.state.views[view["id"]] = view
    stack(ws, user).append(view["id"])
    ws.hub.push([user], {"type": "view_opened", "view": view})
    return view


def push_modal(ws: Workspace, user: str, raw: object) -> Json:
    """Lay a modal on top of the one that is open.

    Raises:
        ApiError: None is open, or three are.
    """
    checked = _checked(ws, raw, "modal")
    _unique_external_id(ws, checked)
    above = stack(ws, user)
    if not above:
        raise ApiError("not_found")
    if len(above) >= MOST_MODALS:
        raise ApiError("push_limit_reached")
    view = _built(ws, user, checked, previous=ws.state.views[above[-1]])
    ws.state.views[view["id"]] = view
    above.append(view["id"])
    ws.hub.push([user], {"type": "view_pushed", "view": view})
    return view


def find(ws: Workspace, view_id: str | None, external_id: str | None) -> Json:
    """The view with this id or external id.

    Raises:
        ApiError: There is none.
    """
    for view in ws.state.views.values():
        if view["id"] == view_id or (external_id and view["external_id"] == external_id):
            return view
    raise ApiError("not_found")


def owner(ws: Workspace, view_id: str) -> str:
    """Who is looking at this view.

    Raises:
        ApiError: Nobody is.
    """
    for user, ids in ws.state.stacks.items():
        if view_id in ids:
            return user
    for user, home in ws.state.homes.items():
        if home["id"] == view_id:
            return user
    raise ApiError("not_found")


def update(ws: Workspace, view: Json, raw: object, expected_hash: str | None = None) -> Json:
    """Give a view new content; what was entered stays where block and action ids stay.

    Raises:
        ApiError: The content is not allowed, or the view changed since the hash was taken.
    """
    checked = _checked(ws, raw, view["type"])
    _unique_external_id(ws, checked, but=view["id"])
    if expected_hash and expected_hash != view["hash"]:
        raise ApiError("hash_conflict")
    user = owner(ws, view["id"])
    fresh = _built(ws, user, checked)
    fresh["state"] = {"values": elements.merged(fresh["state"]["values"], view["state"]["values"])}
    kept = {key: view[key] for key in ("id", "previous_view_id", "root_view_id")}
    view |= fresh | kept
    name = "view_updated" if view["type"] == "modal" else "home"
    ws.hub.push([user], {"type": name, "view": view})
    return view


def publish(ws: Workspace, user: str, raw: object, expected_hash: str | None) -> Json:
    """Set a person's App Home.

    Raises:
        ApiError: The content is not allowed, or the home changed since the hash was taken.
    """
    checked = _checked(ws, raw, "home")
    before = ws.state.homes.get(user)
    if expected_hash and before and expected_hash != before["hash"]:
        raise ApiError("hash_conflict")
    view = _built(ws, user, checked)
    if before:
        ws.state.views.pop(before["id"], None)
        view |= {"id": before["id"], "root_view_id": before["id"]}
    ws.state.homes[user] = view
    ws.state.views[view["id"]] = view
    ws.hub.push([user], {"type": "home", "view": view})
    return view


def close(ws: Workspace, user: str, view_id: str) -> list[Json]:
    """Take one modal off a person's stack, with those above it; returns them, the highest first."""
    ids = stack(ws, user)
    gone = []
    while view_id in ids:
        view = ws.state.views.pop(ids.pop())
        gone.append(view)
        ws.hub.push([user], {"type": "view_closed", "view": view})
    return gone


def clear(ws: Workspace, user: str) -> list[Json]:
    """Take all modals off a person's stack; returns them, the highest first."""
    ids = stack(ws, user)
    return close(ws, user, ids[0]) if ids else []
