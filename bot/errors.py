"""What went wrong, said once and in words a person can act on."""


class UserError(Exception):
    """Something a person can mend.

    Attributes:
        what: What happened, one sentence.
        do: What to do about it, one sentence.
    """

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what} {do}")
        self.what = what
        self.do = do
