"""Methods about files."""

from sandbox import files
from sandbox.call import Call
from sandbox.state import ApiError
from sandbox.world import Json


def info(call: Call) -> Json:
    """`files.info`: of a file that the app was given, or that was shared where it is."""
    file = call.state.files.get(call.text("file") or "")
    if file is None:
        raise ApiError("file_not_found")
    if not files.may_see(call.state, file, call.state.bot_user):
        raise ApiError("not_visible")
    return {
        "file": files.shape(call.state, file, call.ws.url),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }
