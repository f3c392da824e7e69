"""What the directory knows about a customer."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.entitlement import Coverage


class TaxBasis(StrEnum):
    """Whether a price holds the tax: 含稅 or 未稅."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class Price(BaseModel):
    """What a customer would pay. What a service costs us is another field (domain page, *Cost*)."""

    model_config = ConfigDict(frozen=True)

    amount: Decimal
    currency: str = "TWD"
    tax_basis: TaxBasis | None = None


class StaffMember(BaseModel):
    """One of us: an account owner, an agent, an engineer.

    Attributes:
        left_on: The day they left; None while they are here.
        successor: Id of the colleague who took over their accounts.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str | None = None
    slack_user_id: str | None = None
    role: str | None = None
    left_on: date | None = None
    successor: str | None = None


class Contact(BaseModel):
    """A person at the customer's."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    slack_user_id: str | None = None


class Product(BaseModel):
    """One installed product, known by its serial."""

    model_config = ConfigDict(frozen=True)

    serial: str
    name: str


class ServicePrice(BaseModel):
    """What one service costs a customer without a contract (R22)."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    price: Price


class Contract(BaseModel):
    """A maintenance contract 維護合約 and what it costs a year."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    price: Price | None = None


class Customer(BaseModel):
    """A company that bought from us.

    Attributes:
        owner: Id of the salesperson who owns the account.
        channel: The Slack channel linked to this customer, id or name without '#'.
        timezone: IANA name; "today" for this customer is today there.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    tax_id: str | None = None
    tier: str | None = None
    owner: str | None = None
    channel: str | None = None
    timezone: str = "Asia/Taipei"


class CustomerRecord(BaseModel):
    """Everything on file about one customer, as `/warranty` shows it.

    Attributes:
        owner: The account owner, also when they have left.
        successor: Who looks after the account now; the owner while they are here, None when nobody is known.
        backup: The colleague on file beside them, who is here too.
    """

    model_config = ConfigDict(frozen=True)

    customer: Customer
    owner: StaffMember | None = None
    successor: StaffMember | None = None
    backup: StaffMember | None = None
    contacts: tuple[Contact, ...] = ()
    products: tuple[Product, ...] = ()
    contracts: tuple[Contract, ...] = ()
    coverages: tuple[Coverage, ...] = ()
