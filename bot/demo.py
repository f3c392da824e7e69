"""What the demo's workspace has set up, and one exception in its past."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal

from bot.case import CaseState
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.message import Message, Role
from bot.playbook import Playbook
from bot.policy import Concession, HoursPolicy, Weekday
from bot.settings import Settings
from bot.setup import RoleSource, Setup, SupportChannel
from bot.working_hours import desk_day
from sandbox.demo_data import EXCEPTION_USED
from storage import cases, ids
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.engine import open_casebook

WORKSPACE = "T0KAPOK"
AGENT = "U0YICHUN"
SUPERVISOR = "U0YATING"
SETUP = Setup(
    support=(
        SupportChannel(channel="C0KUANGHSIN", customer="C-1001", on_duty=(AGENT,)),
        SupportChannel(channel="C0SUPPORT", on_duty=(AGENT, "U0POHAN")),
    ),
    agents=RoleSource(users=(AGENT, "U0POHAN")),
    supervisors=RoleSource(users=(SUPERVISOR, "U0CHIHMING")),
    managers=RoleSource(users=("U0LIWEN",)),
    sales=RoleSource(users=("U0CHIENHUNG", "U0CHIAHAO")),
    sales_managers=RoleSource(users=("U0CHIENHUNG",)),
    approvals_channel="C0APPROVALS",
    sales_channel="C0SALES",
    helpdesk_apps=("A0DESK",),
)


FAULT: Mapping[bool, str] = {False: "月底結帳跑不出來", True: "Month-end closing does not run"}
REASON: Mapping[bool, str] = {False: "老客戶，剛在談續約", True: "An old customer, about to renew"}
"""In Chinese, and whether in English."""


def open_at_all_hours(playbook: Playbook) -> Playbook:
    """The same playbook with a desk that never closes: a demo is played at night too, and nothing waits for Monday."""
    hours = HoursPolicy(days=tuple(Weekday), opens=time.min, closes=time.max, holidays="")
    return playbook.model_copy(update={"policy": playbook.policy.model_copy(update={"hours": hours})})


def seed(settings: Settings, now: datetime, *, english: bool = False, contracts: bool = False) -> None:
    """Set the demo's workspace up, with a customer who has had their exception.

    Args:
        contracts: Sales gets the day's lists of contracts that end; otherwise they are taken for told, so that a story
            begins with nobody's messages.
    """
    casebook = open_casebook(settings.casebook_url)
    then = now - timedelta(days=90)
    said = Message(
        workspace=WORKSPACE,
        channel="C0SUPPORT",
        ts=f"{then.timestamp():.6f}",
        speaker="A0DESK",
        role=Role.CUSTOMER,
        text="",
        mirrored=True,
    )
    with casebook.begin() as connection:
        workspaces.save_setup(connection, WORKSPACE, SETUP, actor="aside demo", now=now.timestamp())
        if not contracts:
            workspaces.save_looked_ahead_on(connection, WORKSPACE, desk_day(now, HoursPolicy().timezone))
        case = cases.open_case(connection, said, EXCEPTION_USED)
        requests.write(
            connection,
            ExceptionRequest(
                workspace=WORKSPACE,
                id=ids.new_id(),
                case_id=case.id,
                customer_id=EXCEPTION_USED,
                state=ExceptionState.USED,
                requested_by=AGENT,
                requested_at=then,
                concession=Concession.FULL,
                fault=FAULT[english],
                cost=Decimal(3000),
                currency="TWD",
                reason=REASON[english],
                decided_by=SUPERVISOR,
                decided_at=then + timedelta(hours=1),
                grant=Grant(concession=Concession.FULL, scope=FAULT[english], cap=Decimal(3000)),
                used_by=AGENT,
                used_at=then + timedelta(hours=2),
            ),
        )
        cases.move(connection, case, CaseState.CLOSED, now=then.timestamp())
    casebook.close()
