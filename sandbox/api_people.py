"""Methods about people, groups, teams and the app itself."""

from sandbox import blocks, shapes
from sandbox.call import Call
from sandbox.state import ApiError
from sandbox.world import Json


def api_test(call: Call) -> Json:
    """`api.test`."""
    error = call.text("error")
    if error is not None:
        raise ApiError(error, args=call.arguments)
    return {"args": call.arguments}


def auth_test(call: Call) -> Json:
    """`auth.test`."""
    world = call.state.world
    return {
        "url": f"{call.ws.url}/",
        "team": world.team.name,
        "user": call.state.users[world.app.user].name,
        "team_id": world.team.id,
        "user_id": world.app.user,
        "bot_id": world.app.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Json:
    """`apps.connections.open`: the address of one Socket Mode connection."""
    if not call.state.manifest.settings.socket_mode_enabled:
        raise ApiError("not_allowed")
    ticket = call.ws.socket.new_ticket()
    if ticket is None:
        raise ApiError("too_many_websockets")
    return {"url": f"{call.ws.url.replace('http', 'ws', 1)}/socket/{ticket}"}


def blocks_validate(call: Call) -> Json:
    """`blocks.validate`: says what is wrong with blocks, a message or a view without sending it."""
    kinds = [kind for kind in ("blocks", "message", "view") if call.arguments.get(kind) is not None]
    if len(kinds) != 1:
        raise ApiError("invalid_arguments", "[ERROR] exactly one of blocks, message and view is needed")
    given = call.arguments[kinds[0]]
    if kinds[0] == "view":
        known = isinstance(given, dict) and given.get("type") in {"modal", "home"}
        wrong = blocks.Fault("must be a modal or a home view", "/view/type")
        faults = blocks.view_faults(given) if known else [wrong]
    else:
        listed = given if kinds[0] == "blocks" else given.get("blocks", []) if isinstance(given, dict) else None
        faults = blocks.message_faults(listed)
    if faults:
        errors = [
            {
                "pointer": fault.where.removeprefix("/view").removeprefix("/blocks"),
                "code": "failed_constraint",
                "message": fault.what,
            }
            for fault in faults
        ]
        raise ApiError(f"invalid_{kinds[0]}", errors=errors)
    return {}


def bots_info(call: Call) -> Json:
    """`bots.info`."""
    wanted = call.text("bot")
    if wanted == call.state.world.app.bot_id:
        return {"bot": shapes.bot(call.state)}
    for app in call.state.world.other_apps:
        if app.bot_id == wanted:
            return {"bot": shapes.bot(call.state, app)}
    raise ApiError("bot_not_found")


def team_info(call: Call) -> Json:
    """`team.info`, for our team and those we share channels with."""
    wanted = call.text("team") or call.state.world.team.id
    for team in (call.state.world.team, *call.state.world.other_teams):
        if team.id == wanted:
            return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}
    raise ApiError("team_not_found")


def user_info(call: Call) -> Json:
    """`users.info`."""
    who = call.state.users[call.user()]
    return {"user": shapes.user(call.state, who, include_locale=call.flag("include_locale"))}


def users(call: Call) -> Json:
    """`users.list`: our team, and the outsiders we share channels with."""
    people = list(call.state.users.values())
    page, cursor = call.page(people, 1000, 1000, lambda u: u.id)
    return {
        "members": [shapes.user(call.state, u, include_locale=call.flag("include_locale")) for u in page],
        "cache_ts": int(call.state.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def _groups_exist(call: Call) -> None:
    if not call.state.world.settings.usergroups:
        raise ApiError("plan_upgrade_required")


def usergroups(call: Call) -> Json:
    """`usergroups.list`."""
    _groups_exist(call)
    with_users, with_count = call.flag("include_users"), call.flag("include_count")
    return {
        "usergroups": [
            shapes.usergroup(call.state, g, include_users=with_users, include_count=with_count)
            for g in call.state.usergroups.values()
        ]
    }


def usergroup_users(call: Call) -> Json:
    """`usergroups.users.list`."""
    _groups_exist(call)
    group = call.state.usergroups.get(call.text("usergroup") or "")
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}
