"""Which of our languages somebody speaks."""

import re

from bot.playbook import Language
from bot.script import convert

HAN = re.compile(r"[㐀-鿿]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
MAINLAND = {  # what OpenCC leaves as it is said in Taiwan; tried from the top
    "「": "“",
    "」": "”",
    "保固": "保修",
    "合约": "合同",
    "纪录": "记录",
    "核准": "批准",
    "签核": "审批",
    "讨论串": "消息列",
    "捷径": "快捷方式",
    "工作空间": "工作区",
    "负责业务": "客户经理",
    "业务": "销售",
    "同仁": "同事",
    "厂商": "供应商",
    "数据": "资料",
    "工资": "人工费",
    "帐": "账",
}


def language_of_locale(locale: str) -> Language:
    """The interface language for a Slack locale; Traditional Chinese for our first users when Slack does not say."""
    tag = locale.replace("_", "-").lower()
    if tag.startswith(("zh-cn", "zh-sg", "zh-hans")):
        return "zh-CN"
    return "zh-TW" if not tag or tag.startswith("zh") else "en"


def language_of_text(text: str, default: Language) -> Language:
    """The language in which somebody wrote, so that they are answered in it."""
    han, latin = len(HAN.findall(text)), len(LATIN_WORD.findall(text))
    if han < latin:
        return "en"
    if not han:
        return default
    is_simplified = convert("t2s", text) == text != convert("s2t", text)
    if is_simplified:
        return "zh-CN"
    return "zh-TW" if convert("t2s", text) != text or default == "en" else default


def to_simplified(text: str) -> str:
    """Taiwanese wording as it is written in mainland China."""
    simplified = convert("tw2sp", text)
    for taiwanese, mainland in MAINLAND.items():
        simplified = simplified.replace(taiwanese, mainland)
    return simplified
