"""Make-believe customers for the benchmark: names as Taiwanese companies bear them, with brands that collide.

How often a character or a trade occurs is drawn anew from each seed, so that two seeds are two populations.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

SOUNDS = """
    hong 宏鴻弘洪 chang 昌長暢常 xin 新鑫欣信馨心 sheng 盛勝昇聖生晟 yi 益義億毅易誼藝一 rui 瑞睿銳 da 達大
    feng 豐峰鋒風楓 jia 佳嘉家加 hua 華樺 tai 泰太 xiang 祥翔享湘 fu 富福甫 yu 裕玉育鈺昱宇 teng 騰
    ming 銘明名茗 hui 輝暉匯惠 cheng 成城誠承丞程 jian 建健堅 kang 康 de 德得 lian 聯連廉 wei 偉維威煒緯
    yuan 元源圓遠園 yong 永詠勇 li 力利立麗 zheng 正政 he 和禾合河 shun 順舜 jin 金今津錦晉進 bao 寶保 guo 國 zhi 智志致
    zhong 中眾忠鐘 ri 日 yue 月岳悅 xing 興星行 guang 光廣 hai 海 tian 天田 di 地迪 ren 仁人 ping 平 an 安
    qing 清慶青 he 賀鶴 long 龍隆 hu 虎 shan 山善 lin 林霖 mei 美 qi 奇琪啟祺 jie 捷傑 ke 科克 ying 英盈穎瑩
    ji 吉基紀 tong 通同統 lai 來萊 wang 旺 dong 東棟 nan 南 bei 北 xi 西喜熙 chun 春 qiu 秋 quan 全泉
    you 友佑優 kai 凱開 ao 奧 lu 陸祿鹿 han 漢翰 tang 唐堂 song 松 bo 博柏 ya 亞雅 ou 歐 shi 世時實 ju 巨鉅
    gao 高 ding 鼎頂 san 三 wan 萬 bai 百 qian 千 jing 晶京景菁 wen 文 ge 格 lei 雷磊 en 恩 ai 艾愛 ni 尼
    luo 羅 pu 普 te 特 mi 米 ma 馬 ka 卡 fei 飛 yun 雲運 hang 航 zhan 展 chuang 創 yang 揚洋陽 lang 朗 ze 澤
    jun 駿君俊鈞
"""
TRADES = {
    "實業": "Industrial",
    "企業": "Enterprise",
    "科技": "Technology",
    "國際": "International",
    "工業": "Industries",
    "貿易": "Trading",
    "興業": "Enterprises",
    "電子": "Electronics",
    "建設": "Construction",
    "營造": "Construction",
    "開發": "Development",
    "資訊": "Information",
    "食品": "Foods",
    "生技": "Biotech",
    "光電": "Optoelectronics",
    "精密": "Precision",
    "機械": "Machinery",
    "工程": "Engineering",
    "電機": "Electric",
    "化工": "Chemical",
    "塑膠": "Plastics",
    "紡織": "Textile",
    "鋼鐵": "Steel",
    "金屬": "Metal",
    "五金": "Hardware",
    "汽車": "Motors",
    "通運": "Transport",
    "物流": "Logistics",
    "旅行社": "Travel",
    "文化": "Culture",
    "設計": "Design",
    "管理顧問": "Consulting",
    "半導體": "Semiconductor",
    "軟體": "Software",
    "醫療器材": "Medical",
    "環保": "Environmental",
    "能源": "Energy",
    "水電": "Plumbing",
    "家具": "Furniture",
    "印刷": "Printing",
    "包裝": "Packaging",
    "國際貿易": "International Trading",
    "科技工程": "Technology Engineering",
    "水產": "Marine",
    "自動化": "Automation",
}
PLACES = ("台灣", "台北", "臺中", "台南", "高雄", "桃園", "新竹", "彰化", "嘉義", "屏東")
FORMS = ("股份有限公司", "有限公司", "企業社", "商行")
ENGLISH_FORMS = ("Co., Ltd.", "Corp.", "Inc.", "Corporation", "Company Limited")
SYLLABLES = """
    ac ad al ar ben bio cor cro del dyn el en fer gen hel in jet kin lum max mer nex nov op or pan pro qua ray
    sol syn tek ter tron uni vec ver vis wel xen zen zy
"""


def _by_sound() -> dict[str, str]:
    parts = SOUNDS.split()
    sounds: dict[str, str] = {}
    for sound, characters in zip(parts[::2], parts[1::2], strict=True):
        for character in characters:
            sounds.setdefault(character, sound)
    return sounds


SOUND_OF = _by_sound()


@dataclass(frozen=True)
class Company:
    """One make-believe customer and how its name is put together."""

    id: str
    place: str
    brand: str
    trade: str
    form: str
    name_en: str | None
    brand_en: str | None
    aliases: tuple[str, ...]
    tax_id: str
    serials: tuple[str, ...]
    contracts: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """The name without its legal form."""
        return self.place + self.brand + self.trade

    @property
    def name(self) -> str:
        """The name as registered."""
        return self.spoken + self.form


class Registry:
    """Draws companies; as in the real one, two companies do not share a name, but many share a brand."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - make-believe, and has to repeat
        self._characters = self._shuffled(list(SOUND_OF))
        self._character_odds = _odds(len(self._characters), 0.8)
        self._trades = self._shuffled(list(TRADES))
        self._trade_odds = _odds(len(self._trades), 0.7)
        self._syllables = SYLLABLES.split()
        self._spoken: set[str] = set()
        self._tax_ids: set[str] = set()
        self._aliases: Counter[str] = Counter()

    def _shuffled(self, things: list[str]) -> list[str]:
        self._random.shuffle(things)
        return things

    def companies(self, count: int) -> Iterator[Company]:
        """As many companies as wanted."""
        for number in range(1, count + 1):
            yield self._company(number)

    def _company(self, number: int) -> Company:
        draw = self._random
        while True:
            brand, brand_en = self._brand()
            trade = draw.choices(self._trades, cum_weights=self._trade_odds)[0]
            place = draw.choice(PLACES) if draw.random() < 0.12 else ""
            spoken = place + brand + trade
            if spoken not in self._spoken:
                self._spoken.add(spoken)
                break
        form = draw.choices(FORMS, (48, 44, 5, 3))[0]
        name_en = None
        if draw.random() < 0.6:
            name_en = f"{brand_en} {TRADES[trade]} {draw.choice(ENGLISH_FORMS)}"
        return Company(
            id=f"C{number:07d}",
            place=place,
            brand=brand,
            trade=trade,
            form=form,
            name_en=name_en,
            brand_en=brand_en if name_en else None,
            aliases=self._alias(brand, brand_en, trade) if draw.random() < 0.5 else (),
            tax_id=self._tax_id(),
            serials=tuple(self._serial() for _ in range(draw.choice((0, 1, 1, 2, 3)))),
            contracts=(f"MC-{draw.randrange(107, 115)}-{number:07d}",) if draw.random() < 0.7 else (),
        )

    def _brand(self) -> tuple[str, str]:
        """A brand in Chinese and in English."""
        draw = self._random
        length = draw.choices((2, 3, 4), (62, 20, 18))[0]
        brand = "".join(draw.choices(self._characters, cum_weights=self._character_odds, k=length))
        if draw.random() < 0.35:
            return brand, "".join(draw.choices(self._syllables, k=draw.choice((3, 3, 4)))).capitalize()
        sounds = [SOUND_OF[character] for character in brand]
        together = draw.random() < 0.5
        return brand, "".join(sounds).capitalize() if together else " ".join(sound.capitalize() for sound in sounds)

    def _alias(self, brand: str, brand_en: str, trade: str) -> tuple[str, ...]:
        """What colleagues call it; nobody keeps a short name that four customers answer to, so that grows."""
        draw = self._random
        ways = [
            brand,
            brand[0] + trade[0],
            brand[:2],
            brand + trade[0],
            "".join(map(str.upper, brand_en[:4])),
        ]
        if draw.random() < 0.2:
            ways.insert(0, "".join(draw.choices("ABCDEFGHIJKLMNOPRSTUVWXYZ", k=draw.choice((3, 4)))))
        elif draw.random() < 0.5:
            ways[0], ways[1] = ways[1], ways[0]
        for way in (*ways, brand + trade[:2]):
            if self._aliases[way] < 4 and len(way) > 1:
                self._aliases[way] += 1
                return (way,)
        return ()

    def _serial(self) -> str:
        drawn = "".join(self._random.choices("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=10))
        return f"AS{self._random.randrange(18, 26)}-{drawn[:5]}-{drawn[5:]}"

    def _tax_id(self) -> str:
        """A 統一編號 whose check digit is right."""
        while True:
            digits = f"{self._random.randrange(10_000_000, 100_000_000)}"
            products = (int(digit) * weight for digit, weight in zip(digits, (1, 2, 1, 2, 1, 2, 4, 1), strict=True))
            if sum(sum(divmod(product, 10)) for product in products) % 5 == 0 and digits not in self._tax_ids:
                self._tax_ids.add(digits)
                return digits


def _odds(count: int, steepness: float) -> list[float]:
    """Cumulated odds of the first, second, … most frequent thing."""
    return list(accumulate(1 / (rank + 8) ** steepness for rank in range(count)))
