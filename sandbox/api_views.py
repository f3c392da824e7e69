"""The `views.*` methods."""

from sandbox import views
from sandbox.call import Call
from sandbox.state import ApiError, Trigger
from sandbox.world import Json


def _trigger(call: Call) -> Trigger:
    """The interaction that gives the right to open a view; Socket Mode and HTTP know no other.

    Raises:
        ApiError: There is none, or it is used or too old.
    """
    key = call.text("trigger_id") or call.text("interactivity_pointer")
    if key is None:
        raise ApiError("invalid_arguments", "[ERROR] missing required field: trigger_id")
    return call.state.use_trigger(key)


def open_view(call: Call) -> Json:
    """`views.open`."""
    return {"view": views.open_modal(call.ws, _trigger(call).user, call.arguments["view"])}


def push_view(call: Call) -> Json:
    """`views.push`: only on a trigger that came from a modal."""
    trigger = _trigger(call)
    if trigger.view is None:
        raise ApiError("invalid_trigger_id")
    return {"view": views.push_modal(call.ws, trigger.user, call.arguments["view"])}


def update_view(call: Call) -> Json:
    """`views.update`."""
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if (view_id is None) == (external_id is None):
        raise ApiError("invalid_arguments", "[ERROR] exactly one of view_id and external_id is needed")
    view = views.find(call.ws, view_id, external_id)
    return {"view": views.update(call.ws, view, call.arguments["view"], call.text("hash"))}


def publish_view(call: Call) -> Json:
    """`views.publish`."""
    if not call.state.manifest.features.app_home.home_tab_enabled:
        raise ApiError("not_enabled")
    return {"view": views.publish(call.ws, call.user("user_id"), call.arguments["view"], call.text("hash"))}
