"""What became of each play: how often it was shown, what was thought of it, who muted it, what was corrected."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from storage.quiet import Mute
from storage.schema import advice, corrections, mutes, ratings

_AT_ONCE = 1_000


@dataclass
class PlayRatings:
    """One play, in all workspaces of the casebook. Advice with two plays counts for both.

    Attributes:
        shown: How often somebody was shown it; what was only kept for them while they paused can be rated all the same.
        helpful: How often it was said to help.
        unhelpful: How often it was said not to.
        reasons: Why it did not help, each with how often.
        corrected: Signals that were corrected in messages about which it was shown, each with how often.
        muted: How many people do not want to hear it any more.
    """

    shown: int = 0
    helpful: int = 0
    unhelpful: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    corrected: Counter[str] = field(default_factory=Counter)
    muted: int = 0


def by_play(connection: Connection, workspace: str | None = None) -> Mapping[str, PlayRatings]:
    """Every play that was ever shown or muted, by its id; of several workspaces, in one."""
    found: dict[str, PlayRatings] = {}
    plays_of: dict[tuple[str, str], list[str]] = {}
    judged = {
        (row.workspace, row.advice_id)
        for table in (ratings, corrections)
        for row in connection.execute(select(table.c.workspace, table.c.advice_id))
    }
    given = select(advice.c.workspace, advice.c.id, advice.c.content, advice.c.while_paused)
    given = given.where(advice.c.workspace == workspace) if workspace else given
    given = given.execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(given):
        plays = json.loads(row.content)["plays"]
        for play in plays:
            found.setdefault(play, PlayRatings()).shown += not row.while_paused
        if (row.workspace, row.id) in judged:
            plays_of[row.workspace, row.id] = plays
    for row in connection.execute(select(ratings)):
        for play in plays_of.get((row.workspace, row.advice_id), ()):
            if row.helpful:
                found[play].helpful += 1
            else:
                found[play].unhelpful += 1
                found[play].reasons[row.reason or "no reason"] += 1
    for row in connection.execute(select(corrections)):
        for play in plays_of.get((row.workspace, row.advice_id), ()):
            found[play].corrected[row.signal] += 1
    muted = select(mutes.c.target).where(mutes.c.kind == Mute.PLAY)
    muted = muted.where(mutes.c.workspace == workspace) if workspace else muted
    for row in connection.execute(muted):
        found.setdefault(row.target, PlayRatings()).muted += 1
    return found
