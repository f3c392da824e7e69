"""Write down what the conversations do not yet find as expected: `python -m tests.conversations`."""

from bot.learning import learn
from bot.playbook_files import load_playbook
from bot.replay import Replay
from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests.conversations.beats import KNOWN, VERDICTS, conversations, found_in

playbook = load_playbook(PACKAGED_PLAYBOOK)
detector = learn(playbook, Settings(), print)
found = [miss for path in conversations() for miss in found_in(path, Replay(playbook, detector))]
found = [line for line in found if not line.endswith(VERDICTS)]
KNOWN.write_text("".join(f"{miss}\n" for miss in found), encoding="utf-8")
