"""What came of looking for a customer."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Match(StrEnum):
    """How sure the finder is."""

    ONE = "one"
    MANY = "many"
    NONE = "none"


class Candidate(BaseModel):
    """A customer that may be meant.

    Attributes:
        score: From 0 (nothing in common) to 1 (what was typed, but for script, width, case, punctuation).
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    score: float


class Found(BaseModel):
    """The answer to a query.

    Attributes:
        match: `one`: the first candidate is meant, and is the only one given. `many`: a person has to choose.
            `none`: nothing on file is what was typed; the candidates are the nearest.
        candidates: Best first.
    """

    model_config = ConfigDict(frozen=True)

    match: Match
    candidates: tuple[Candidate, ...] = ()
