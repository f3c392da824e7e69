"""Words that claim: whoever says them says that something was done, will be done, or was decided by somebody."""

import re
from collections.abc import Mapping

from bot.playbook import Language

# Words that tell of a done action, promise something or speak with authority always claim a fact (R33).
# What follows a negation ("I cannot promise") claims nothing.
_CLAIMING: Mapping[str, re.Pattern[str]] = {
    "zh": re.compile(
        r"(?<![不未沒没法能可會会])(?:"
        r"[我們们]{1,2}已經?经?(?:向|跟|請|请|問|问|替|幫|帮|為|为)|[我們们]{1,2}(?:請|请|問|问)了|(?:請|请)示過|请示过"
        r"|(?:主管|經理|经理|公司|上面|老闆|老板)(?:已經?经?)?(?:同意|答應|答应|核准|批准|准了|說|说|決定|决定)"
        r"|(?:業務|业务|销售|銷售|工程師|工程师)(?:那邊|那边|同仁|同事)?(?:已經?经?)?(?:說|说|表示|回覆|回复|確認|确认|答應|答应)"
        r"|免費|免费|不收費|不收费|不用錢|不用钱|不收您?錢|不收您?钱|保證|保证|一定會|一定会|絕對會|绝对会|我承諾|我承诺)"
    ),
    "en": re.compile(
        r"(?<!not )(?<!n't )(?<!cannot )(?<!without )\b(?:"
        r"(?:i|we)(?:'ve| have) (?:already )?"
        r"(?:asked|told|checked|spoken|confirmed|arranged|requested|filed|sent)"
        r"|(?:i|we) (?:already )?(?:asked|spoke to\b|arranged|filed)"
        r"|(?:has|have|is|been|was) (?:already )?(?:approved|granted|agreed|authori[sz]ed)"
        r"|(?:manager|supervisor) (?:says|said|agreed)"
        r"|(?:sales|salesperson|engineer|account owner) (?:says|said|confirmed|told)"
        r"|free of charge|at no (?:charge|cost)|for free|will be free|(?:i|we)(?:'ll)? promise|guarantee)",
        re.IGNORECASE,
    ),
}


def claiming_words(language: Language, text: str) -> str | None:
    """The words with which a line tells of a done action, promises or speaks with authority (R33), if any."""
    found = _CLAIMING["en" if language == "en" else "zh"].search(text.replace("’", "'"))
    return found[0] if found else None
