"""Names of companies as people type them: one script, one width, one case, and what tells a name apart.

What is on file and what is typed are folded the same way, so that the two meet.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA, Levenshtein

from bot.script import convert

LONGEST = 200
"""How many characters of a text are looked at; no company has a longer name."""

_IDEOGRAPHS = "々〇぀-ヿ㐀-鿿가-힯豈-﫿\U00020000-\U000323af"
_RUNS = re.compile(f"[{_IDEOGRAPHS}]+|[^\\W_{_IDEOGRAPHS}]+")
_SYMBOLS = re.compile(f"[{_IDEOGRAPHS}]|[^ {_IDEOGRAPHS}]+")
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
_LONG_FORM, _SHORT_FORM = "股份有限公司", "有限公司"
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
    optoelectronics semiconductor logistics materials chemical
"""
_FORM_WORDS = frozenset(_LATIN_FORMS.split())
_SHARED_WORDS = frozenset(_LATIN_TRADES.split())
_FILLERS = frozenset(("and", "of", "the"))
_PARTS = re.compile(f"({'|'.join(_PLACES.split())})?(.*?)((?:{'|'.join(_TRADES.split())})*)")
_LITTLE = 0.4
"""What a character of a shared word (trade, place) weighs; one that tells names apart weighs 1."""
_WRONG = 0.75
"""What a wrong character costs of the weights of both; a missing one costs all of its own."""
_SOUNDS_ALIKE = 0.45
"""What it costs when the two sound alike: most slips do."""
_EACH_CHANGE = 0.01
_SAME_SOUND = 12
_SLIP = 6


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
    def symbols(self) -> list[str]:
        """What the core is made of: ideographs, and words of letters or digits."""
        return _SYMBOLS.findall(self.core)

    @property
    def core_key(self) -> str:
        """The core without spaces."""
        return self.core.replace(" ", "")


def is_ideographic(word: str) -> bool:
    """Whether a folded word is a run of ideographs (kana and hangul too) rather than letters or digits."""
    return bool(word) and _IDEOGRAPH.match(word) is not None


def _one_width(text: str) -> str:
    return unicodedata.normalize("NFKC", _CONTROLS.sub(" ", text[:LONGEST])).casefold()


def fold(text: str) -> list[str]:
    """The words of a text in one script (simplified), width and case, without punctuation and accents."""
    text = _one_width(text)
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
        text = convert("t2s", unicodedata.normalize("NFKC", text))
    return _RUNS.findall(_APOSTROPHES.sub("", text))


def parse(text: str, *, typed: bool = False) -> Name:
    """Take a name apart.

    Args:
        text: Anything.
        typed: A person is typing it: a legal form may be half there or misspelt.
    """
    words = fold(text)
    if not words:
        return Name("".join(_one_width(text).split()), "", "")
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
    form = next((form for form in FORMS if word.endswith(form)), "")
    if typed and len(form) < len(_LONG_FORM):
        form = _mistyped_form(word, _LONG_FORM) or form
    if typed and len(form) < len(_SHORT_FORM):
        form = _mistyped_form(word, _SHORT_FORM) or form or _begun_form(word)
    return word.removesuffix(form), form


def _mistyped_form(word: str, form: str) -> str:
    """The end of a word that is this form with one character wrong, missing or added."""
    tails = (word[-length:] for length in range(len(form) - 1, len(form) + 2))
    return next((tail for tail in tails if OSA.distance(tail, form) == 1), "")


def _begun_form(word: str) -> str:
    """The end of a word that is the beginning of a form."""
    begun = (form[:length] for form in (_LONG_FORM, _SHORT_FORM) for length in range(len(form) - 1, 1, -1))
    return next((start for start in begun if word.endswith(start)), "")


class Weighed(NamedTuple):
    """A name made ready to be compared.

    Attributes:
        text: The core without spaces.
        weights: How much each character tells about the name.
        head: The characters that tell it apart.
        rest: The others: place and trade.
        start: Where the head starts, when a place stands before it.
    """

    text: str
    weights: list[float]
    head: str
    rest: str
    start: int


def weigh(core: str) -> Weighed:
    """Tell what sets a name apart from the words that many names share; takes a `Name.core`."""
    weights: list[float] = []
    head = rest = ""
    for word in core.split():
        if parts := is_ideographic(word) and _PARTS.fullmatch(word):
            head += parts[2]
            start, end = parts.span(2)
            rest += word[:start] + word[end:]
            weights += [_LITTLE] * start + [1.0] * (end - start) + [_LITTLE] * (len(word) - end)
        elif word in _SHARED_WORDS or word in _FILLERS:
            rest += word if word in _SHARED_WORDS else ""
            weights += [_LITTLE] * len(word)
        else:
            head += word
            weights += [1.0] * len(word)
    return Weighed(core.replace(" ", ""), weights, head, rest, weights.index(1.0) if head else 0)


def begins(typed: Weighed, on_file: Weighed) -> bool:
    """Whether a name, or what stands after its place, begins with what was typed."""
    return on_file.text.startswith(typed.text) or on_file.text.startswith(typed.text, on_file.start)


def is_slip(typed: Weighed, on_file: Weighed) -> bool:
    """Whether two names differ by a slip.

    Either what tells them apart differs by one character in six, and trade and place do not; or it is all there, and
    what follows is the trade with one character wrong, and no trade of its own.
    """
    longer = max(len(typed.head), len(on_file.head))
    if typed.rest == on_file.rest and _SLIP * OSA.distance(typed.head, on_file.head) <= longer:
        return True
    in_trade = len(on_file.head) > 1 and typed.head.startswith(on_file.head) and not typed.rest
    return in_trade and OSA.distance(typed.text, on_file.text) <= 1


def similarity(typed: Weighed, on_file: Weighed) -> float:
    """How much of two names is the same, 0 to 1."""
    total = sum(typed.weights) + sum(on_file.weights)
    if not total:
        return 0.0
    lost = 0.0
    changes = Levenshtein.editops(typed.text, on_file.text)
    for change in changes:
        ours, theirs = change.src_pos, change.dest_pos
        if change.tag == "delete":
            lost += typed.weights[ours]
        elif change.tag == "insert":
            lost += on_file.weights[theirs]
        else:
            both = typed.weights[ours] + on_file.weights[theirs]
            alike = sound_alike(typed.text[ours], on_file.text[theirs])
            lost += both * (_SOUNDS_ALIKE if alike else _WRONG)
    return max(0.0, 1 - lost / total - _EACH_CHANGE * len(changes))


def sound_alike(one: str, other: str) -> bool:
    """Whether two ideographs are likely to sound the same.

    The common ideographs of GB 2312 stand in the order of their sounds: those that sound alike stand close.
    """
    ours, theirs = _place_by_sound(one), _place_by_sound(other)
    return ours is not None and theirs is not None and abs(ours - theirs) <= _SAME_SOUND


@lru_cache(maxsize=8192)
def _place_by_sound(character: str) -> int | None:
    try:
        row, cell = character.encode("gb2312")
    except (UnicodeEncodeError, ValueError):
        return None
    return (row - 0xB0) * 94 + cell - 0xA1 if 0xB0 <= row <= 0xD7 else None  # noqa: PLR2004 - rows ordered by sound
