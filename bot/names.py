"""Names of companies as people type them: one script, one width, one case, and what tells a name apart.

What is on file and what is typed are folded the same way, so that the two meet.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import opencc
from rapidfuzz.distance import OSA, LCSseq

LONGEST = 200
"""How many characters of a text are looked at; no company has a longer name."""

_IDEOGRAPHS = "々〇぀-ヿ㐀-鿿가-힯豈-﫿\U00020000-\U000323af"
_RUNS = re.compile(f"[{_IDEOGRAPHS}]+|[^\\W_{_IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_APOSTROPHES = re.compile("['’‘`]")
_ACCENTS = re.compile("[̀-ͯ]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff\ud800-\udfff]")

# Everything below is in the folded script, simplified.
FORMS = (
    "股份有限公司台湾分公司",
    "有限公司台湾分公司",
    "股份有限公司",
    "有限责任公司",
    "台湾分公司",
    "有限公司",
    "股有限公司",
    "股公司",
    "分公司",
    "企业社",
    "企业行",
    "工程行",
    "工作室",
    "实业社",
    "商行",
    "商号",
    "公司",
)
"""Words for the legal form that end a Chinese name, longest first."""
_OFTEN_CUT_SHORT = ("股份有限公司", "有限公司")
_LEADING_FORMS = ("财团法人", "社团法人", "学校财团法人")
_LATIN_FORMS = """
    co ltd limited inc incorporated corp corporation company llc llp plc gmbh ag kk bv pte pty branch
"""
_TRADES = """
    实业 兴业 企业 工业 事业 产业 商业 科技 技术 国际 贸易 电子 电机 电器 电气 电信 电脑 资讯 通讯 网路 网络
    数位 软体 系统 半导体 光电 精密 机械 机电 工程 工具 自动化 建设 营造 建筑 开发 投资 控股 集团 食品 餐饮
    农产 生技 生物科技 医疗 医材 药品 制药 药业 化学 化工 塑胶 橡胶 纺织 服饰 制衣 钢铁 金属 五金 汽车 汽材
    交通 通运 货运 运通 物流 航运 旅行社 文化 传播 媒体 广告 设计 印刷 包装 纸业 出版 教育 顾问 管理顾问 保全
    保险 保险经纪人 资产管理 环保 能源 水电 家具 材料 仪器 器材 制造 行销 服务 商务
"""
_PLACES = """
    台湾 中华 台北 新北 桃园 台中 台南 高雄 基隆 新竹 苗栗 彰化 南投 云林 嘉义 屏东 宜兰 花莲 台东 澎湖 金门
    日商 美商 德商 英商 法商 港商 韩商 新加坡商
"""
_LATIN_TRADES = """
    taiwan technology technologies tech industrial industry industries enterprise enterprises international
    trading electronics electronic electric group holding holdings systems system solutions engineering
    precision machinery construction development information biotech biotechnology foods food
    optoelectronics semiconductor logistics materials chemical and of the
"""
_FORM_WORDS = frozenset(_LATIN_FORMS.split())
_SHARED_WORDS = frozenset(_LATIN_TRADES.split())
_SHARED_STARTS = tuple(_PLACES.split())
_SHARED_ENDS = tuple(sorted(_TRADES.split(), key=len, reverse=True))
_LITTLE = 0.4
"""What a character of a shared word (trade, place) weighs; one that tells names apart weighs 1."""


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


class Name(NamedTuple):
    """A name taken apart.

    Attributes:
        key: The whole name without spaces and punctuation; two texts with one key are the same name.
        core: The words without the legal form, with spaces between words; never empty unless the key is.
        form: The legal form that was taken off.
    """

    key: str
    core: str
    form: str

    @property
    def words(self) -> list[str]:
        """The core's words: runs of ideographs, and words of letters or digits."""
        return self.core.split()

    @property
    def core_key(self) -> str:
        """The core without spaces."""
        return self.core.replace(" ", "")


def is_ideographic(word: str) -> bool:
    """Whether a folded word is a run of ideographs (kana and hangul too) rather than letters or digits."""
    return bool(word) and _IDEOGRAPH.match(word) is not None


def fold(text: str) -> list[str]:
    """The words of a text in one script (simplified), width and case, without punctuation and accents."""
    text = _CONTROLS.sub(" ", text[:LONGEST])
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
        text = _converter().convert(unicodedata.normalize("NFKC", text))
    return _RUNS.findall(_APOSTROPHES.sub("", text))


def parse(text: str, *, typed: bool = False) -> Name:
    """Take a name apart.

    Args:
        text: Anything.
        typed: A person is typing it: a legal form may be half there or misspelt.
    """
    words = fold(text)
    if not words:
        return Name("".join(_CONTROLS.sub("", text[:LONGEST]).split()), "", "")
    key = "".join(words)
    form: list[str] = []
    while words:
        rest, taken = _without_form(words[-1], typed=typed and not form)
        if not taken or (not rest and len(words) == 1):
            break
        form.insert(0, taken)
        words[-1:] = [rest] if rest else []
    for leading in _LEADING_FORMS:
        if words[0].startswith(leading) and len(words[0]) > len(leading):
            words[0] = words[0].removeprefix(leading)
    return Name(key, " ".join(words), "".join(form))


def _without_form(word: str, *, typed: bool) -> tuple[str, str]:
    """A word without the legal form at its end, and that form."""
    if not is_ideographic(word):
        return ("", word) if word in _FORM_WORDS else (word, "")
    for form in FORMS:
        if word.endswith(form):
            return word.removesuffix(form), form
    if typed:
        for form in _OFTEN_CUT_SHORT:
            for length in range(min(len(word), len(form) + 1), 1, -1):
                tail = word[-length:]
                misspelt = length >= len(form) - 1 and OSA.distance(tail, form) <= 1
                if form.startswith(tail) or misspelt:
                    return word[:-length], tail
    return word, ""


def _weights(name: Name) -> list[float]:
    """How much each character of the core tells about the name."""
    weights: list[float] = []
    for word in name.words:
        if is_ideographic(word):
            weights += _weights_of_ideographs(word)
        else:
            weights += [_LITTLE if word in _SHARED_WORDS else 1.0] * len(word)
    return weights


def _weights_of_ideographs(word: str) -> list[float]:
    start, end = 0, len(word)
    for place in _SHARED_STARTS:
        if word.startswith(place):
            start = len(place)
            break
    while trade := next((trade for trade in _SHARED_ENDS if word.endswith(trade, start, end)), None):
        end -= len(trade)
    return [_LITTLE] * start + [1.0] * (end - start) + [_LITTLE] * (len(word) - end)


def tells_apart(name: Name) -> bool:
    """Whether a name has anything but trades and places."""
    return 1.0 in _weights(name)


def similarity(typed: Name, on_file: Name) -> float:
    """How much of two names is the same, 0 to 1, letters in order; trades and places weigh little."""
    ours, theirs = _weights(typed), _weights(on_file)
    total = sum(ours) + sum(theirs)
    if not total:
        return 0.0
    matched = sum(
        sum(ours[block.a : block.a + block.size]) + sum(theirs[block.b : block.b + block.size])
        for block in LCSseq.editops(typed.core_key, on_file.core_key).as_matching_blocks()
    )
    return matched / total
