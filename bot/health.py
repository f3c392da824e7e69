"""Whether we can do our work, for whoever starts and watches us; no secrets, nobody's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Check:
    """One thing that our work needs.

    Attributes:
        name: What it is.
        is_well: Whether we can work with it as it is.
        note: How it is, in a few words.
    """

    name: str
    is_well: bool
    note: str = "ok"


def readiness(checks: Sequence[Check]) -> tuple[HTTPStatus, Mapping[str, str]]:
    """What `/readyz` answers: 200 when all is well, otherwise 503; a line for each check says how it is."""
    is_ready = all(check.is_well for check in checks)
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return status, {"status": "ready" if is_ready else "not ready", **{check.name: check.note for check in checks}}
