"""The tables of the directory: one SQLite file, built anew by every import and only read afterwards."""

from collections.abc import Callable

from sqlite_utils import Database

Progress = Callable[[str, int, int | None], None]
"""Told how far a step has come: the step in words, how much of it is done, and how much there is."""

_COVERS = {
    "covers_updates": int,
    "covers_remote": int,
    "covers_onsite": int,
    "covers_parts": int,
    "covers_labour": int,
    "covers_expenses": int,
    "response_hours": float,
    "incidents_left": int,
}


def create_tables(db: Database) -> None:
    """Make the empty tables of a new directory.

    Dates are ISO 8601 text, amounts of money exact decimal text, what is covered 1, 0 or NULL (not on file).
    A contract that covers several products has a row for each, all with its number.
    """
    customer = [("customer_id", "customers", "id")]
    with db.atomic():
        db.create_table("meta", {"key": str, "value": str}, pk="key", not_null={"value"}, strict=True)
        db.create_table(
            "staff",
            {
                "id": str,
                "name": str,
                "email": str,
                "slack_user_id": str,
                "role": str,
                "left_on": str,
                "successor": str,
            },
            pk="id",
            not_null={"name"},
            foreign_keys=[("successor", "staff", "id")],
            strict=True,
        )
        db.create_table(
            "customers",
            {
                "id": str,
                "name": str,
                "name_en": str,
                "tax_id": str,
                "tier": str,
                "owner": str,
                "channel": str,
                "timezone": str,
            },
            pk="id",
            not_null={"name", "timezone"},
            foreign_keys=[("owner", "staff", "id")],
            strict=True,
        )
        db.create_table(
            "customer_names",
            {"customer_id": str, "name": str, "kind": str},
            not_null={"customer_id", "name", "kind"},
            foreign_keys=customer,
            strict=True,
        )
        db.create_table(
            "contacts",
            {
                "id": int,
                "customer_id": str,
                "name": str,
                "title": str,
                "email": str,
                "phone": str,
                "slack_user_id": str,
            },
            pk="id",
            not_null={"customer_id", "name"},
            foreign_keys=customer,
            strict=True,
        )
        db.create_table(
            "products",
            {"serial": str, "customer_id": str, "name": str},
            pk="serial",
            not_null={"customer_id", "name"},
            foreign_keys=customer,
            strict=True,
        )
        db.create_table(
            "contracts",
            {
                "id": int,
                "number": str,
                "customer_id": str,
                "product": str,
                "serial": str,
                "name": str,
                "start": str,
                "end": str,
                "basis": str,
                "price": str,
                "currency": str,
                "tax_basis": str,
                **_COVERS,
            },
            pk="id",
            not_null={"number", "customer_id"},
            foreign_keys=customer,
            strict=True,
        )
        db.create_table(
            "warranties",
            {
                "id": str,
                "customer_id": str,
                "product": str,
                "serial": str,
                "start": str,
                "end": str,
                "basis": str,
                **_COVERS,
            },
            pk="id",
            not_null={"customer_id"},
            foreign_keys=customer,
            strict=True,
        )
        db.create_table(
            "service_prices",
            {"code": str, "name": str, "price": str, "currency": str, "tax_basis": str},
            pk="code",
            not_null={"name", "price", "currency"},
            strict=True,
        )


def create_indexes(db: Database) -> None:
    """Index what is looked up. Done after the rows are in, which is faster than before."""
    with db.atomic():
        for table, column in (
            ("customers", "tax_id"),
            ("customers", "owner"),
            ("customers", "channel"),
            ("customer_names", "customer_id"),
            ("contacts", "customer_id"),
            ("contacts", "slack_user_id"),
            ("products", "customer_id"),
            ("contracts", "customer_id"),
            ("contracts", "number"),
            ("warranties", "customer_id"),
            ("staff", "slack_user_id"),
        ):
            db.table(table).create_index([column])
