"""Moving a case to the right customer, with all that counts for whoever it is about."""

from sqlalchemy import Connection, Table, select, update

from bot.case import Case
from storage import audit
from storage.schema import cases, exceptions, opportunities, verifications

MOVE = "right_customer"
"""What the move is called in the audit; there `before` and `after` are the customers' ids, empty for none."""

FOLLOWS: dict[str, Table] = {"exception": exceptions, "verification": verifications, "opportunity": opportunities}
"""What names the customer beside the case itself, by what the audit calls it."""


def move(connection: Connection, case: Case, customer_id: str, *, by: str, now: float, why: str = "") -> Case | None:
    """Move a case to a customer, and its requests, grants, question to sales and opportunity with it.

    Grants move in the ledger: an exception counts in the window of whoever got the service (R23). Each row that moves
    has its own in the audit.

    Returns:
        The case as it is now; None when somebody was first.
    """
    as_read = cases.c.customer_id.is_not_distinct_from(case.customer_id)
    changed = connection.execute(
        update(cases)
        .where(cases.c.workspace == case.workspace, cases.c.id == case.id, as_read)
        .values(customer_id=customer_id)
    )
    if changed.rowcount != 1:
        return None
    moved = [("case", case.id, case.customer_id)]
    for subject, table in FOLLOWS.items():
        of_case = (table.c.workspace == case.workspace) & (table.c.case_id == case.id)
        rows = connection.execute(select(table.c.id, table.c.customer_id).where(of_case)).all()
        moved += [(subject, row.id, row.customer_id) for row in rows]
        connection.execute(update(table).where(of_case).values(customer_id=customer_id))
    for subject, subject_id, before in moved:
        audit.write(
            connection,
            workspace=case.workspace,
            actor=by,
            subject=subject,
            subject_id=subject_id,
            move=MOVE,
            before=before or "",
            after=customer_id,
            why=why,
            now=now,
        )
    return case.model_copy(update={"customer_id": customer_id})
