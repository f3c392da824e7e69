"""What people see, as the samples hand it over."""

from typing import NamedTuple

from bot.blocks import Block


class Shown(NamedTuple):
    """Something people see: a window or Home (`view`), or a message's blocks, and the text for notifications."""

    name: str
    text: str
    blocks: list[Block]
    view: Block | None = None
