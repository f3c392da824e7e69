"""Made-up files of a made-up vendor, 木棉軟體 Kapok Software: what a company would hand to `aside import`.

About three hundred customers, the same at every call but for the dates, which count from the day given. Names are put
together from a few characters; a real company of the same name is not meant. The first customers are the awkward ones.
In English the same customers have their English names, and their people's are spelt out.
"""

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

CUSTOMERS = 300
_SEED = 20260701

KUANGHSIN = "C-1001"
"""The story's customer: contract and warranty over, account owner gone, a channel of its own."""
ALIKE = ("C-1002", "C-1003")
"""宏昌興業 and 宏昌實業: two companies that one is easily taken for the other."""
NO_DATES = "C-1004"
"""A warranty whose dates are not on file."""
SEVERAL_COVERAGES = "C-1005"
"""One expired, one in force, one that ends soon, one not started."""
ENDED_YESTERDAY = "C-1006"
ENDS_IN_20_DAYS = "C-1007"
NOT_STARTED = "C-1008"
PARTS_NOT_LABOUR = "C-1009"
NO_INCIDENTS_LEFT = "C-1010"
ELSEWHERE = "C-1011"
"""In Los Angeles, where the day is another one for most of ours; its contract ends today."""
EXCEPTION_USED = "C-1012"
"""Has had its goodwill exception; the casebook is seeded with it."""
NOBODY_LEFT = "C-1013"
"""The account owner left and nobody took over."""
NOTHING_ON_FILE = "C-1014"
"""A name and nothing else: no owner, no tax id, no coverage."""
PUBLIC_BODY = "C-1015"
"""A public school: no extras to a person (R50)."""

_OWNER_GONE, _OWNER_STAYS, _OWNER_TAKES_OVER, _OWNER_GONE_FOR_GOOD = "S-07", "S-05", "S-06", "S-08"

_STEMS = (
    "廣 Kuang|昕 Hsin|宏 Hung|昌 Chang|立 Li|晟 Cheng|順 Shun|捷 Chieh|永 Yung|泰 Tai|鴻 Hung|華 Hua|德 Te|盛 Sheng"
    "|祥 Hsiang|瑞 Jui|豐 Feng|銘 Ming|嘉 Chia|信 Hsin|裕 Yu|群 Chun|旭 Hsu|冠 Kuan|喬 Chiao|承 Cheng"
    "|育 Yu|大 Ta|新 Hsin|東 Tung"
)
_TRADES = (
    "精密 Precision|興業 Enterprise|實業 Industrial|電子 Electronics|食品 Foods|機械 Machinery|塑膠 Plastics"
    "|紡織 Textile|五金 Hardware|化工 Chemical|生技 Biotech|印刷 Printing|物流 Logistics|貿易 Trading"
    "|建材 Building Materials|光電 Optronics|餐飲 Catering|文具 Stationery|運動用品 Sports|寢具 Bedding"
)
_FORMS = ("股份有限公司 Co., Ltd.", "有限公司 Ltd.")
_FAMILIES = (
    "陳 Chen|林 Lin|黃 Huang|張 Chang|李 Li|王 Wang|吳 Wu|劉 Liu|蔡 Tsai|楊 Yang|許 Hsu|鄭 Cheng|謝 Hsieh|郭 Kuo"
    "|洪 Hung|曾 Tseng|邱 Chiu|廖 Liao|賴 Lai|周 Chou"
)
_GIVEN = (
    "雅雯 Yawen|志豪 Chihhao|淑惠 Shuhui|俊宏 Chunhung|怡婷 Yiting|建志 Chienchih|佩珊 Peishan|家榮 Chiajung"
    "|美玉 Meiyu|文彬 Wenpin|欣怡 Hsinyi|國華 Kuohua|惠君 Huichun|宗翰 Tsunghan|麗華 Lihua|明哲 Mingche"
)
_FAMILY_IN_ENGLISH = dict(each.split() for each in _FAMILIES.split("|"))
_GIVEN_IN_ENGLISH = dict(each.split() for each in _GIVEN.split("|"))
_FAMILY_NAMES = "".join(_FAMILY_IN_ENGLISH)
_GIVEN_NAMES = tuple(_GIVEN_IN_ENGLISH)
_TITLES = ("MIS", "資訊課長", "資訊經理", "總務", "廠長", "財務經理", "採購")
_TIERS = ("A", "B", "B", "C", "C", "C")

_PRODUCTS = {
    "ERP 進銷存": "ERP",
    "POS 收銀系統": "POS",
    "MES 製造執行系統": "MES",
    "MES 閘道器": "MG",
    "HRM 人資系統": "HRM",
    "電子發票模組": "EIV",
    "WMS 倉儲系統": "WMS",
    "BI 報表模組": "BI",
}

_LINES = (
    ("MES 製造執行系統", "MES 閘道器", "WMS 倉儲系統"),
    ("POS 收銀系統", "電子發票模組"),
    ("ERP 進銷存", "HRM 人資系統", "BI 報表模組"),
)
"""What a works, a shop and an office hold together."""

_SERVICE_PRICES = (
    ("SV-01", "遠端支援一次", "3500"),
    ("SV-02", "到府服務一次（半天）", "6800"),
    ("SV-03", "資料修復", "12000"),
    ("SV-04", "MES 閘道器更換（含零件）", "42000"),
    ("SV-05", "版本升級", "18000"),
    ("SV-06", "教育訓練（半天）", "5000"),
    ("SV-07", "假日急件加收", "4500"),
)

_COVERS = ("updates", "remote", "onsite", "parts", "labour", "expenses")
_FULL = dict.fromkeys(_COVERS, True)
_SOFTWARE = _FULL | {"onsite": False, "parts": False, "expenses": False}
_PARTS_ONLY = dict.fromkeys(_COVERS, False) | {"parts": True, "remote": True, "updates": True}


_TERMS = (
    "ERP 進銷存=ERP|POS 收銀系統=POS|MES 製造執行系統=MES|MES 閘道器=MES gateway|HRM 人資系統=HRM"
    "|電子發票模組=E-invoice module|WMS 倉儲系統=WMS|BI 報表模組=BI reports|年度維護合約=Annual maintenance"
    "|軟體維護合約=Software maintenance|遠端支援一次=Remote support, once"
    "|到府服務一次（半天）=On-site, half a day|資料修復=Data recovery"
    "|MES 閘道器更換（含零件）=MES gateway with parts|版本升級=Version upgrade"
    "|教育訓練（半天）=Training, half a day|假日急件加收=Surcharge for urgent work on holidays"
    "|資訊課長=IT section chief|資訊經理=IT manager|資訊組長=IT lead|總務=General affairs|廠長=Plant manager"
    "|財務經理=Finance manager|採購=Purchasing|會計=Accounting|總經理=General manager|公部門=Public sector"
    "|喬承文具行=Chiao Cheng Stationery|廣昕；廣昕精密；KHP=Kuanghsin；Kuanghsin Precision；KHP"
    "|林怡君=Yichun Lin|陳柏翰=Pohan Chen|張雅婷=Yating Chang|黃志明=Chihming Huang|蘇麗文=Liwen Su|吳建宏=Chienhung Wu"
    "|許家豪=Chiahao Hsu|周美玲=Meiling Chou|蔡承恩=Chengen Tsai|李佳蓉=Chiajung Li|王淑芬=Shufen Wang"
    "|劉文雄=Wenhsiung Liu|陳怡安=Yian Chen"
)
_ENGLISH = dict(each.split("=") for each in _TERMS.split("|"))
"""What the vendor's Chinese files say, in English; customers bring an English name of their own."""


@dataclass
class _Files:
    """Rows by file, each under our own column names."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def add(self, file: str, **values: object) -> None:
        self.rows.setdefault(file, []).append(
            {name: "" if value is None else str(value) for name, value in values.items()}
        )


_HEADINGS: Mapping[str, Mapping[str, str]] = {
    "customers": {
        "id": "客戶編號",
        "name": "客戶名稱",
        "name_en": "英文名稱",
        "aliases": "簡稱",
        "tax_id": "統一編號",
        "tier": "等級",
        "owner": "負責業務",
        "channel": "Slack 頻道",
        "timezone": "時區",
    },
    "contacts": {
        "customer": "customer_id",
        "name": "name",
        "title": "title",
        "email": "email",
        "phone": "phone",
        "slack": "slack_user_id",
    },
    "products": {"serial": "序號", "customer": "客戶編號", "name": "產品名稱"},
    "contracts": {
        "number": "合約編號",
        "customer": "客戶編號",
        "name": "合約名稱",
        "product": "產品",
        "start": "合約起日",
        "end": "合約迄日",
        "basis": "起算基準",
        "price": "合約金額",
        "tax_basis": "含稅/未稅",
        **dict(zip(_COVERS, ("更新", "遠端", "到府", "零件", "工資", "車馬費"), strict=True)),
        "response": "回應時間",
        "incidents": "剩餘次數",
    },
    "warranties": {
        "id": "warranty_id",
        "customer": "customer_id",
        "product": "product",
        "serial": "serial",
        "start": "start",
        "end": "end",
        "basis": "basis",
        **{name: f"covers_{name}" for name in _COVERS},
        "response": "response_hours",
        "incidents": "incidents_left",
    },
    "service_prices": {"code": "服務代碼", "name": "服務名稱", "price": "單價", "tax_basis": "含稅/未稅"},
    "staff": {
        "id": "staff_id",
        "name": "name",
        "email": "email",
        "slack": "slack_user_id",
        "role": "role",
        "left_on": "left_on",
        "successor": "successor",
    },
}
_ENCODINGS = {"contracts": "utf-8-sig", "products": "cp950"}
"""The others are plain UTF-8."""


def write_demo_data(folder: Path, today: date, *, english: bool = False) -> tuple[Path, ...]:
    """Write the vendor's files.

    Args:
        folder: Where; made when it is not there.
        today: The day from which every date counts.
        english: Names, titles and products in English; the headings stay ours.

    Returns:
        The files: customers, contacts, products, contracts, warranties, service prices and staff, as CSV.
    """
    files = _Files()
    _add_staff(files, today)
    for code, name, price in _SERVICE_PRICES:
        files.add("service_prices", code=code, name=name, price=price, tax_basis="未稅")
    _add_awkward(files, today)
    _add_more_awkward(files, today)
    _add_others(files, today)
    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: list(map(_in_english, each)) for name, each in files.rows.items()} if english else files.rows
    return tuple(_write(folder, name, headings, rows[name]) for name, headings in _HEADINGS.items())


def _write(folder: Path, name: str, headings: Mapping[str, str], rows: Iterable[Mapping[str, str]]) -> Path:
    path = folder / f"{name}.csv"
    with path.open("w", encoding=_ENCODINGS.get(name, "utf-8"), newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings.values())
        writer.writerows([row.get(column, "") for column in headings] for row in rows)
    return path


def _in_english(row: Mapping[str, str]) -> dict[str, str]:
    """A row with what is Chinese in it told in English; a customer is called by the English name alone."""
    told = {name: _ENGLISH.get(value) or _person_in_english(value) for name, value in row.items()}
    if "name_en" in row:
        name = row["name_en"] or told["name"]
        short = next((name.removesuffix(form) for form in (" Co., Ltd.", " Ltd.") if name.endswith(form)), "")
        told |= {"name": name, "name_en": "", "aliases": _ENGLISH.get(row.get("aliases", ""), short)}
    return told


def _person_in_english(name: str) -> str:
    """A contact's name spelt out, given name first; anything else as it is."""
    family, given = _FAMILY_IN_ENGLISH.get(name[:1]), _GIVEN_IN_ENGLISH.get(name[1:])
    return f"{given} {family}" if family and given else name


def _add_staff(files: _Files, today: date) -> None:
    gone = today - timedelta(days=62)
    for id_, name, email, slack, role, left_on, successor in (
        ("S-01", "林怡君", "yichun.lin", "U0YICHUN", "agent", None, None),
        ("S-02", "陳柏翰", "pohan.chen", "U0POHAN", "agent", None, None),
        ("S-03", "張雅婷", "yating.chang", "U0YATING", "supervisor", None, None),
        ("S-04", "黃志明", "chihming.huang", "U0CHIHMING", "deputy supervisor", None, None),
        ("S-10", "蘇麗文", "liwen.su", "U0LIWEN", "manager", None, None),
        (_OWNER_STAYS, "吳建宏", "chienhung.wu", "U0CHIENHUNG", "sales", None, None),
        (_OWNER_TAKES_OVER, "許家豪", "chiahao.hsu", "U0CHIAHAO", "sales", None, None),
        (_OWNER_GONE, "周美玲", "meiling.chou", None, "sales", gone, _OWNER_TAKES_OVER),
        (_OWNER_GONE_FOR_GOOD, "蔡承恩", "chengen.tsai", None, "sales", today - timedelta(days=9), None),
        ("S-09", "李佳蓉", "chiajung.li", None, "sales", today - timedelta(days=400), _OWNER_GONE),
    ):
        files.add(
            "staff",
            id=id_,
            name=name,
            email=f"{email}@kapok.example",
            slack=slack,
            role=role,
            left_on=left_on,
            successor=successor,
        )


class _Customer:
    """Adds one customer and what it has to the files."""

    def __init__(self, files: _Files, id_: str, name: str, name_en: str | None = None, **more: object) -> None:
        self._files = files
        self._id = id_
        self._number = id_.removeprefix("C-")
        self._count = 0
        self._more = {"tax_id": _tax_id(int(self._number)), "owner": "吳建宏"} | more
        files.add("customers", id=id_, name=name, name_en=name_en, **self._more)

    def contact(self, name: str, title: str, slack: str | None = None) -> None:
        """Add a contact; the telephone and the address lead nowhere."""
        self._files.add(
            "contacts",
            customer=self._id,
            name=name,
            title=title,
            email=f"contact.{self._number}@customer.example",
            phone=f"02-5550-{self._number}",
            slack=slack,
        )

    def product(self, name: str) -> str:
        """Add a product; its serial."""
        self._count += 1
        serial = f"{_PRODUCTS[name]}-{self._number}-{self._count:02}"
        self._files.add("products", serial=serial, customer=self._id, name=name)
        return serial

    def contract(
        self,
        start: date,
        end: date,
        price: int | None = 96_000,
        covers: Mapping[str, bool] = _FULL,
        *,
        product: str | None = None,
        incidents: int | None = None,
    ) -> None:
        """Add a maintenance contract, as this vendor writes them: 民國 dates, prices with commas."""
        self._count += 1
        self._files.add(
            "contracts",
            number=f"MA-{self._number}-{self._count:02}",
            customer=self._id,
            name="年度維護合約" if covers is _FULL else "軟體維護合約",
            product=product,
            start=_roc(start),
            end=_roc(end),
            basis="簽約",
            price=None if price is None else f"NT${price:,}",
            tax_basis=None if price is None else "未稅",
            response="4 小時",
            incidents=incidents,
            **{name: "含" if covered else "不含" for name, covered in covers.items()},
        )

    def warranty(
        self,
        product: str,
        start: date | None,
        end: date | None,
        covers: Mapping[str, bool] = _FULL,
        *,
        basis: str = "acceptance",
    ) -> None:
        """Add a product with its warranty."""
        serial = self.product(product)
        self._files.add(
            "warranties",
            id=f"W-{serial}",
            customer=self._id,
            product=product,
            serial=serial,
            start=start,
            end=end,
            basis=basis if end else None,
            response=8,
            **{name: "Y" if covered else "N" for name, covered in covers.items()},
        )


def _add_awkward(files: _Files, today: date) -> None:
    def day(days: int) -> date:
        return today + timedelta(days=days)

    one = _Customer(
        files,
        KUANGHSIN,
        "廣昕精密股份有限公司",
        "Kuanghsin Precision Co., Ltd.",
        aliases="廣昕；廣昕精密；KHP",
        tier="A",
        owner="周美玲",
        channel="C0KUANGHSIN",
    )
    one.contact("王淑芬", "MIS", "U0SHUFEN")
    one.contact("劉文雄", "總經理")
    one.product("ERP 進銷存")
    one.warranty("MES 閘道器", day(-930), day(-200))
    one.contract(day(-47 - 364), day(-47))

    one = _Customer(
        files, ALIKE[0], "宏昌興業股份有限公司", "Hung Chang Enterprise Co., Ltd.", aliases="宏昌", tier="B"
    )
    one.contact("陳怡安", "資訊課長")
    one.warranty("ERP 進銷存", day(-100), day(265), _SOFTWARE)
    one.contract(day(-100), day(264), 60_000, _SOFTWARE)
    one = _Customer(
        files, ALIKE[1], "宏昌實業有限公司", "Hung Chang Industrial Ltd.", aliases="宏昌", tier="C", owner="許家豪"
    )
    one.contact("陳怡安", "會計")
    one.warranty("POS 收銀系統", day(-800), day(-70))

    one = _Customer(files, NO_DATES, "永泰食品有限公司", "Yung Tai Foods Ltd.", aliases="永泰", tier="C")
    one.contact("洪麗華", "廠長")
    one.warranty("ERP 進銷存", None, None, _SOFTWARE)

    one = _Customer(
        files, SEVERAL_COVERAGES, "立晟機械股份有限公司", "Li Cheng Machinery Co., Ltd.", aliases="立晟", tier="A"
    )
    one.contact("曾俊宏", "資訊經理")
    one.warranty("ERP 進銷存", day(-900), day(-170), _SOFTWARE)
    one.warranty("MES 閘道器", day(-120), day(610))
    one.warranty("POS 收銀系統", day(-715), day(15), _PARTS_ONLY, basis="installation")
    one.contract(day(12), day(376), 150_000, product="ERP 進銷存")

    one = _Customer(files, ENDED_YESTERDAY, "順捷物流股份有限公司", "Shun Chieh Logistics Co., Ltd.", tier="B")
    one.contact("許惠君", "MIS")
    one.warranty("WMS 倉儲系統", day(-730), day(-1))

    one = _Customer(
        files, ENDS_IN_20_DAYS, "鴻華電子股份有限公司", "Hung Hua Electronics Co., Ltd.", aliases="鴻華", tier="A"
    )
    one.contact("廖明哲", "MIS")
    one.product("ERP 進銷存")
    one.contract(day(20 - 364), day(20), 120_000)


def _add_more_awkward(files: _Files, today: date) -> None:
    def day(days: int) -> date:
        return today + timedelta(days=days)

    one = _Customer(files, NOT_STARTED, "德盛紡織有限公司", "Te Sheng Textile Ltd.", tier="C", owner="許家豪")
    one.contact("邱志豪", "總務")
    one.warranty("HRM 人資系統", day(9), day(374), _SOFTWARE, basis="delivery")

    one = _Customer(files, PARTS_NOT_LABOUR, "祥瑞五金有限公司", "Hsiang Jui Hardware Ltd.", tier="C")
    one.contact("賴國華", "廠長")
    one.warranty("MES 閘道器", day(-400), day(330), _PARTS_ONLY, basis="installation")

    one = _Customer(
        files, NO_INCIDENTS_LEFT, "豐銘塑膠股份有限公司", "Feng Ming Plastics Co., Ltd.", tier="B", owner="許家豪"
    )
    one.contact("鄭佩珊", "MIS")
    one.product("MES 製造執行系統")
    one.contract(day(-300), day(64), 72_000, incidents=0)

    one = _Customer(
        files,
        ELSEWHERE,
        "嘉信貿易股份有限公司",
        "Chia Hsin Trading Co., Ltd.",
        tier="B",
        timezone="America/Los_Angeles",
    )
    one.contact("謝欣怡", "資訊經理")
    one.product("ERP 進銷存")
    one.contract(day(-364), day(0), 80_000, _SOFTWARE)

    one = _Customer(
        files, EXCEPTION_USED, "裕群印刷有限公司", "Yu Chun Printing Ltd.", aliases="裕群", tier="B", owner="許家豪"
    )
    one.contact("郭建志", "MIS")
    one.warranty("ERP 進銷存", day(-1000), day(-270), _SOFTWARE)

    one = _Customer(files, NOBODY_LEFT, "旭冠化工股份有限公司", "Hsu Kuan Chemical Co., Ltd.", tier="B", owner="蔡承恩")
    one.contact("楊宗翰", "採購")
    one.warranty("MES 製造執行系統", day(-760), day(-30))

    _Customer(files, NOTHING_ON_FILE, "喬承文具行", owner=None, tax_id=None)

    one = _Customer(
        files, PUBLIC_BODY, "南湖實驗高級中學", "Nanhu Experimental High School", tier="公部門", owner="李佳蓉"
    )
    one.contact("黃美玉", "資訊組長")
    one.warranty("HRM 人資系統", day(-500), day(230), _SOFTWARE)


def _add_others(files: _Files, today: date) -> None:
    """Ordinary customers, drawn with a fixed seed: most are covered, some were, some never had a contract."""
    chance = random.Random(_SEED)  # noqa: S311 - made-up companies are no secret
    taken = {row["name"][:2] for row in files.rows["customers"]}
    stems = [tuple(each.split()) for each in _STEMS.split("|")]
    trades = [tuple(each.split(maxsplit=1)) for each in _TRADES.split("|")]
    taken_en = {row["name_en"].replace(" ", "") for row in files.rows["customers"]}
    brands = [
        ((one, one_en), (other, other_en))
        for (one, one_en), (other, other_en) in permutations(stems, 2)
        if one + other not in taken
        and not any(name.lower().startswith((one_en + other_en).lower()) for name in taken_en)
    ]
    chance.shuffle(brands)
    for number in range(1001 + len(files.rows["customers"]), 1001 + CUSTOMERS):
        (one, one_en), (other, other_en) = brands.pop()
        trade, trade_en = chance.choice(trades)
        form, form_en = chance.choice(_FORMS).split(" ", 1)
        customer = _Customer(
            files,
            f"C-{number}",
            f"{one}{other}{trade}{form}",
            f"{one_en} {other_en} {trade_en} {form_en}",
            aliases=f"{one}{other}{trade}",
            tier=chance.choice(_TIERS),
            owner=chance.choice(("吳建宏", "許家豪", "許家豪", "周美玲")),
        )
        for _ in range(chance.choice((1, 1, 2))):
            customer.contact(chance.choice(_FAMILY_NAMES) + chance.choice(_GIVEN_NAMES), chance.choice(_TITLES))
        _add_ordinary_coverage(customer, today, chance)


def _add_ordinary_coverage(customer: _Customer, today: date, chance: random.Random) -> None:
    for name in _products_of_a_trade(chance):
        start = today - timedelta(days=chance.randrange(30, 1500))
        years = chance.choice((1, 1, 2))
        covers = _FULL if name == "MES 閘道器" else _SOFTWARE
        customer.warranty(name, start, start + timedelta(days=365 * years - 1), covers)
    if chance.random() < 0.7:  # noqa: PLR2004 - about as many as renew
        end = today + timedelta(days=chance.randrange(-240, 330))
        covers = chance.choice((_FULL, _SOFTWARE))
        price = chance.randrange(24, 200) * 1000
        incidents = chance.choice((None, None, 2, 5, 12))
        customer.contract(end - timedelta(days=364), end, price, covers, incidents=incidents)


def _products_of_a_trade(chance: random.Random) -> list[str]:
    """What goes together in a works, a shop or an office, or some of it; now and then something else besides."""
    line = chance.choice(_LINES)
    held = [each for each in line if chance.random() < 0.7] or [line[0]]  # noqa: PLR2004 - most of it
    if chance.random() < 0.25:  # noqa: PLR2004 - one in four
        held.append(chance.choice([each for each in _PRODUCTS if each not in held]))
    return held


def _roc(day: date) -> str:
    """A day as Taiwanese papers write it, 114/05/31."""
    return f"{day.year - 1911}/{day.month:02}/{day.day:02}"


_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)


def is_tax_id(number: str) -> bool:
    """Whether a 統一編號 has a valid check digit.

    The digits of the weighted products are summed; the sum divides by 5 (by 10 for numbers given out before 2023).
    A seventh digit of 7 gives 28, and 2 + 8 = 10 may count as 1 or as 0.
    """
    if len(number) != len(_WEIGHTS) or not (number.isascii() and number.isdigit()):
        return False
    total = _weighed([int(digit) for digit in number])
    return total % 5 == 0 or (number[6] == "7" and (total + 1) % 5 == 0)


def _weighed(digits: Sequence[int]) -> int:
    return sum(sum(divmod(digit * weight, 10)) for digit, weight in zip(digits, _WEIGHTS, strict=True))


def _tax_id(seed: int) -> str:
    """A made-up 統一編號 that passes the old check and the new."""
    digits = [int(digit) for digit in f"{seed * 7919 % 10_000_000:07}"]
    digits[6] = digits[6] % 7
    return "".join(map(str, digits)) + str(-_weighed([*digits, 0]) % 10)
