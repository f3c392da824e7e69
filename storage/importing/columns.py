"""Which columns the import knows, and by which names people head them in Chinese and English."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from bot.script import convert
from storage.importing import dates, money, values
from storage.importing.values import Cell
from storage.importing.words import writable


class Table(StrEnum):
    """What the rows of a sheet are."""

    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    PRODUCTS = "products"
    CONTRACTS = "contracts"
    WARRANTIES = "warranties"
    SERVICE_PRICES = "service_prices"
    STAFF = "staff"

    @property
    def names_customer(self) -> bool:
        """Whether each of its rows belongs to a customer."""
        return self in FLAT[1:]

    @property
    def is_coverage(self) -> bool:
        """Whether its rows are entitlements with a start and an end."""
        return self in {Table.CONTRACTS, Table.WARRANTIES}


FLAT = (Table.CUSTOMERS, Table.CONTACTS, Table.PRODUCTS, Table.CONTRACTS, Table.WARRANTIES)
"""What one row of a single flat sheet may hold at once, the customer first."""

TABLE_NAMES = {
    Table.CUSTOMERS: "customers customer clients accounts companies 客戶 客戶資料 客戶主檔 客戶名單 公司",
    Table.CONTACTS: "contacts contact contact_persons 聯絡人 連絡人 窗口 客戶窗口 客戶聯絡人",
    Table.PRODUCTS: "products product equipment installed_base assets 產品 設備 客戶設備 產品序號 已裝產品",
    Table.CONTRACTS: "contracts contract maintenance maintenance_contracts 合約 維護合約 合約資料 維護 契約",
    Table.WARRANTIES: "warranties warranty 保固 保固資料 保固期 保修",
    Table.SERVICE_PRICES: "service_prices services prices price_list 服務價目 單次服務 價目 價目表 服務價格",
    Table.STAFF: "staff employees people colleagues 員工 業務 同仁 業務人員 員工資料",
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: As our table, and a mapping file, call it.
        words: Headings that mean this column in any sheet about customers.
        own: Headings that mean it only in a sheet of its own table.
        read: Turns a cell into a value.
        meaning: One phrase for the page about preparing a file.
        needed: A row without it cannot be taken in.
        several: More than one column of a sheet may be this one.
        weak: Headings that mean it where no better one stands beside them: a model where there is no product.
    """

    name: str
    words: tuple[str, ...]
    own: tuple[str, ...]
    read: Callable[[Cell], Any]
    meaning: str
    needed: bool = False
    several: bool = False
    weak: tuple[str, ...] = ()
    keys: frozenset[str] = field(init=False, repr=False)
    own_keys: frozenset[str] = field(init=False, repr=False)
    weak_keys: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", frozenset(map(heading_key, self.words)))
        object.__setattr__(self, "own_keys", self.keys | frozenset(map(heading_key, (self.name, *self.own))))
        object.__setattr__(self, "weak_keys", frozenset(map(heading_key, self.weak)))


def heading_key(heading: str) -> str:
    """A heading as it is compared: width, case, spaces and punctuation do not count."""
    plain = unicodedata.normalize("NFKC", heading).casefold().replace("臺", "台").replace("帳", "賬")
    return re.sub(r"[\s_\-:.*#/&'\"()\[\]【】「」]+", "", plain)


@lru_cache(maxsize=4096)
def heading_keys(heading: str) -> frozenset[str]:
    """The ways to compare a heading: whole, without what stands in brackets, in traditional characters."""
    plain = unicodedata.normalize("NFKC", writable(heading))
    unbracketed = re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", plain)
    traditional = unbracketed if plain.isascii() else convert("s2t", unbracketed)
    return frozenset(map(heading_key, (plain, unbracketed, traditional))) - {""}


def table_named(name: str) -> Table | None:
    """The table that a file or a sheet of this name holds."""
    for key in heading_keys(name):
        if found := _table_of_key().get(re.sub(r"\d+$", "", key)):
            return found
    return None


@cache
def _table_of_key() -> dict[str, Table]:
    return {heading_key(word): table for table, words in TABLE_NAMES.items() for word in words.split()}


def _column(
    name: str,
    words: str,
    read: Callable[[Cell], Any],
    meaning: str,
    *,
    own: str = "",
    weak: str = "",
    needed: bool = False,
    several: bool = False,
) -> Column:
    clear = () if name in {"id", "name", "number", "code", "price"} else (name,)
    return Column(
        name,
        (*clear, *words.split()),
        tuple(own.split()),
        read,
        meaning,
        needed=needed,
        several=several,
        weak=tuple(weak.split()),
    )


CUSTOMER_KEYS = (
    _column(
        "customer_id",
        "客戶編號 客戶代號 客戶代碼 客編 客戶id customer_no customer_number customer_code account_id account_no",
        values.identifier,
        "the customer's id in your own system",
    ),
    _column(
        "customer_name",
        "客戶名稱 客戶 客戶全名 公司名稱 公司 公司全名 企業名稱 客戶公司 customer company company_name"
        " account account_name client client_name",
        values.text,
        "the customer's name",
    ),
    _column(
        "customer_tax_id",
        "統編 統一編號 公司統編 客戶統編 客戶統一編號 營利事業統一編號 稅號 tax_id vat vat_no vat_number"
        " uniform_number unified_business_number ubn tax_number",
        values.tax_id,
        "the customer's 統一編號 or foreign tax number",
    ),
)
"""How a row of another table names its customer; one of the three is enough."""

_ID, _NAME, _TAX_ID = CUSTOMER_KEYS

_CUSTOMERS = (
    Column(
        "id",
        _ID.words,
        ("編號", "代號", "代碼", "code", "no"),
        _ID.read,
        "your own id; made from the tax id or the name when missing",
    ),
    Column(
        "name",
        _NAME.words,
        ("名稱", "全名", "中文名稱"),
        _NAME.read,
        "name, kept as written",
        needed=True,
    ),
    _column(
        "name_en",
        "英文名稱 客戶英文名稱 公司英文名稱 英文名 英文公司名稱 english_name customer_name_en company_name_en",
        values.text,
        "English name",
        own="english",
    ),
    _column(
        "aliases",
        "別名 簡稱 客戶簡稱 客戶別名 公司簡稱 又稱 俗稱 alias also_known_as short_name",
        values.names,
        "other names, with ; 、 | or / between them",
        several=True,
    ),
    Column("tax_id", _TAX_ID.words, (), _TAX_ID.read, _TAX_ID.meaning),
    _column(
        "tier",
        "等級 客戶等級 級別 客戶級別 客戶分級 分級 customer_tier customer_level",
        values.text,
        "tier, in your own words",
        own="level grade",
    ),
    _column(
        "owner",
        "業務 負責業務 負責業務員 業務人員 業務員 業務代表 客戶經理 account_owner sales salesperson sales_rep"
        " account_manager",
        values.text,
        "account owner: staff id, name or e-mail address",
    ),
    _column(
        "channel",
        "頻道 slack頻道 客戶頻道 slack_channel channel_id channel_name",
        values.channel,
        "Slack channel of this customer",
    ),
    _column("timezone", "時區 time_zone tz", values.timezone, "IANA time zone; Asia/Taipei when missing"),
)

_CONTACTS = (
    _column(
        "name",
        "聯絡人 連絡人 窗口 聯絡人姓名 連絡人姓名 窗口姓名 聯絡窗口 客戶窗口 contact contact_name contact_person",
        values.text,
        "name",
        own="姓名 名字",
        needed=True,
    ),
    _column(
        "title",
        "職稱 聯絡人職稱 窗口職稱 頭銜 contact_title job_title",
        values.text,
        "job title",
        own="position",
    ),
    _column(
        "email",
        "電子郵件 信箱 電子信箱 聯絡信箱 聯絡人信箱 聯絡人email 窗口email e_mail mail contact_email",
        values.email,
        "e-mail address",
    ),
    _column(
        "phone",
        "電話 聯絡電話 連絡電話 聯絡人電話 窗口電話 tel telephone contact_phone",
        values.text,
        "telephone, as written",
        weak="手機 行動電話 聯絡人手機 mobile cell",
    ),
    _column(
        "slack_user_id",
        "slack slack_id slack帳號 聯絡人slack 窗口slack contact_slack",
        values.slack_user_id,
        "Slack user id",
    ),
)

_SERIAL = _column(
    "serial",
    "序號 產品序號 設備序號 機號 機台序號 授權序號 serial_no serial_number sn",
    values.identifier,
    "serial of the product",
)
_PRODUCT = _column(
    "product",
    "產品 產品名稱 設備 設備名稱 品名 product_name equipment",
    values.text,
    "product; empty when all of the customer's are covered",
    weak="產品型號 型號 機型 model",
)

_PRODUCTS = (
    Column("serial", _SERIAL.words, (), _SERIAL.read, "serial", needed=True),
    Column("name", _PRODUCT.words, ("名稱", "品項", "item"), _PRODUCT.read, "product", needed=True, weak=_PRODUCT.weak),
)

_START_OF = {
    "delivery_date": "交貨日 交貨日期 出貨日 出貨日期 到貨日",
    "installation_date": "安裝日 安裝日期 裝機日 裝機日期",
    "acceptance_date": "驗收日 驗收日期 完工驗收日",
    "signing_date": "簽約日 簽約日期 簽訂日 簽訂日期",
}
START_DATES = tuple(_START_OF)
"""Days from which a coverage may count; the one that is the start is also its basis."""

MONTHS = "months"
"""How long a warranty lasts, which with its start tells its end."""

_START = "起 開始 起日 起始日 開始日 開始日期 起始日期 生效日 生效日期 start_date from valid_from"
_END = (
    "迄 結束 有效期限 迄日 訖日 到期日 到期日期 結束日 結束日期 終止日 截止日 期限 到期"
    " end_date until expiry expiry_date expires valid_until valid_to to"
)
_COVERS = (
    (
        "covers_updates",
        "更新 版本更新 軟體更新 更新升級 updates software_updates",
        values.flag,
        "whether updates are covered",
    ),
    (
        "covers_remote",
        "遠端 遠端支援 遠端服務 線上支援 remote remote_support",
        values.flag,
        "whether remote help is covered",
    ),
    (
        "covers_onsite",
        "到府 到場 到府服務 到場服務 現場服務 現場 onsite onsite_service",
        values.flag,
        "whether visits are covered",
    ),
    ("covers_parts", "零件 材料 備品 零件費 parts", values.flag, "whether parts are covered"),
    ("covers_labour", "工資 工時 人工 工資費 labour labor", values.flag, "whether labour is covered"),
    (
        "covers_expenses",
        "車馬費 差旅 差旅費 交通費 出差費 expenses travel",
        values.flag,
        "whether travel is covered",
    ),
    (
        "response_hours",
        "回應時間 回應時數 回覆時間 回應小時 response_time sla",
        values.hours,
        "promised time to the first response, in hours",
    ),
    (
        "incidents_left",
        "剩餘次數 剩餘件數 剩餘服務次數 incidents_remaining remaining_incidents",
        values.count,
        "incidents still included; empty when they are not counted",
    ),
)


def _coverage(prefixes: Sequence[str]) -> tuple[Column, ...]:
    """The columns that warranties and contracts share; with a prefix they are clear in any sheet."""

    def column(name: str, own: str, read: Callable[[Cell], Any], meaning: str) -> Column:
        words = tuple(prefix + each for prefix in prefixes for each in (name, *own.split()))
        return Column(name, words, tuple(own.split()), read, meaning)

    return (
        Column("product", _PRODUCT.words, (), _PRODUCT.read, _PRODUCT.meaning, weak=_PRODUCT.weak),
        Column("serial", _SERIAL.words, (), _SERIAL.read, _SERIAL.meaning),
        column("start", _START, dates.day, "first day"),
        column("end", _END, dates.day, "last day that is covered"),
        column(
            "basis",
            "日期基準 起算基準 起算點 起算方式 date_basis",
            values.basis,
            "what the dates count from: delivery 交貨, installation 安裝, acceptance 驗收 or signing 簽約",
        ),
        *(
            column(
                name,
                words,
                dates.day,
                f"{name.removesuffix('_date')} day: the start and its basis, when there is no start",
            )
            for name, words in _START_OF.items()
        ),
        *(column(*each) for each in _COVERS),
    )


_CONTRACTS = (
    _column(
        "number",
        "合約編號 合約號碼 契約編號 維護合約編號 合約號 合約單號 contract contract_no contract_number contract_id",
        values.identifier,
        "contract number",
        own="編號 id no",
    ),
    _column(
        "name",
        "合約名稱 契約名稱 contract_name",
        values.text,
        "name or kind of the contract",
        own="名稱 方案 plan",
        weak="合約類型 合約方案 contract_type",
    ),
    *_coverage(("合約", "維護", "契約", "contract")),
    _column(
        "price",
        "合約金額 合約價格 合約總價 年費 維護費 維護費用 contract_price contract_amount annual_fee",
        money.money,
        "price a year",
        own="金額 價格 費用 amount",
    ),
    _column("currency", "幣別 貨幣 幣種", money.currency, "currency; TWD when missing"),
    _column(
        "tax_basis",
        "含稅/未稅 含稅未稅 未稅/含稅 稅別 含稅 是否含稅 課稅別 tax_included",
        money.tax_basis,
        "whether the price holds the tax: 含稅 or 未稅",
        own="tax",
    ),
)

_WARRANTIES = (
    _column(
        "id",
        "保固編號 保固單號 保固卡號 warranty_id warranty_no warranty_number",
        values.identifier,
        "your own id; made from the serial when missing",
        own="編號 no",
    ),
    *_coverage(("保固", "保修", "warranty")),
    Column(
        MONTHS,
        ("保固月數", "保固期月數", "保固月份", "保修月數", "warranty_months", "warranty_period_months"),
        ("月數",),
        values.months,
        "length in months: gives the last day from the first, when there is no end",
    ),
)

_SERVICE_PRICES = (
    _column(
        "code",
        "代碼 服務代碼 服務編號 料號 service_code",
        values.identifier,
        "code of the service",
        own="id 編號",
        needed=True,
    ),
    _column(
        "name",
        "服務 服務名稱 服務項目 項目 名稱 service service_name",
        values.text,
        "the service",
        needed=True,
    ),
    _column("price", "單價 價格 金額 定價 費用 unit_price", money.money, "price of one service", needed=True),
    _column("currency", "幣別 貨幣 幣種", money.currency, "currency; TWD when missing"),
    _column(
        "tax_basis",
        "含稅/未稅 含稅未稅 未稅/含稅 稅別 含稅 是否含稅 課稅別 tax_included tax",
        money.tax_basis,
        "whether the price holds the tax: 含稅 or 未稅",
    ),
)

_STAFF = (
    _column(
        "id",
        "員工編號 工號 員編 員工代號 staff_id employee_id employee_no",
        values.identifier,
        "staff id",
        own="編號 代號",
    ),
    _column(
        "name",
        "員工姓名 姓名 員工 staff_name employee employee_name",
        values.text,
        "name",
        own="名字",
        needed=True,
    ),
    _column("email", "電子郵件 信箱 電子信箱 公司信箱 e_mail mail", values.email, "e-mail address"),
    _column("slack_user_id", "slack slack_id slack帳號", values.slack_user_id, "Slack user id"),
    _column("role", "角色 職務 職位 職稱 title position", values.text, "role, in your own words"),
    _column("left_on", "離職日 離職日期 left leaving_date termination_date", dates.day, "the day they left"),
    _column(
        "successor",
        "接手人 接任者 接任人 交接人 接替人 接手業務 successor_id",
        values.text,
        "who took over: id, name or e-mail address",
    ),
)

COLUMNS: dict[Table, tuple[Column, ...]] = {
    Table.CUSTOMERS: _CUSTOMERS,
    Table.CONTACTS: _CONTACTS,
    Table.PRODUCTS: _PRODUCTS,
    Table.CONTRACTS: _CONTRACTS,
    Table.WARRANTIES: _WARRANTIES,
    Table.SERVICE_PRICES: _SERVICE_PRICES,
    Table.STAFF: _STAFF,
}


def columns_of(table: Table) -> tuple[Column, ...]:
    """The columns that a sheet of this table may have, with those that name its customer."""
    if table.names_customer:
        return (*CUSTOMER_KEYS, *COLUMNS[table])
    return COLUMNS[table]
