"""The casebook's tables. Every key is led by the workspace (architecture page, *Nothing lost*)."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Times are seconds since 1970 as the database keeps them alike everywhere; days belong to the directory.

inbox = Table(
    "inbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("state", String(8), nullable=False),
    Column("lease_until", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    UniqueConstraint("workspace", "key"),
    Index(None, "state", "lane", "seq"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("case_id", String(32)),
    Column("created_at", Float, nullable=False),
    Column("state", String(8), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("lease_until", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("sent_channel", String(32)),
    Column("sent_ts", String(32)),
    Column("error", Text),
    UniqueConstraint("workspace", "key"),
    Index(None, "state", "due_at"),
    Index(None, "workspace", "created_at"),
)

cases = Table(
    "cases",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("customer_id", String(64)),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("agent", String(32)),
    Column("context", Text, nullable=False, default="{}"),
    Column("opened_at", Float, nullable=False),
    Column("touched_at", Float, nullable=False),
    Column("text_removed_at", Float),
    Index(None, "workspace", "channel", "state"),
    Index(None, "workspace", "channel", "thread_ts"),
    Index(None, "workspace", "customer_id"),
    Index(None, "workspace", "text_removed_at", "touched_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("ts", String(32), primary_key=True),
    Column("thread_ts", String(32)),
    Column("case_id", String(32)),
    Column("speaker", String(32), nullable=False),
    Column("role", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("mirrored", Boolean, nullable=False, default=False),
    Column("anger", Integer, nullable=False, default=0),
    Column("signals", Text, nullable=False, default="[]"),
    Column("edited_at", Float),
    Column("deleted_at", Float),
    Index(None, "workspace", "case_id", "ts"),
)

facts = Table(
    "facts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(32), nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("recorded_by", String(32), nullable=False),
    Column("recorded_at", Float, nullable=False),
    Column("why", Text, nullable=False, default=""),
    Column("after", String(255)),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    Index(None, "workspace", "case_id", "name"),
    Index(None, "workspace", "after"),
)

verifications = Table(
    "verifications",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
    Column("customer_id", String(64)),
    Column("claimed", Text, nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("asked", String(32)),
    Column("answered_by", String(32)),
    Column("answered_at", Float),
    Column("evidence", Text, nullable=False, default=""),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    UniqueConstraint("workspace", "case_id"),
)

commitments = Table(
    "commitments",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("made_by", String(32), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("settled_by", String(32)),
    Column("settled_at", Float),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    Index(None, "workspace", "case_id"),
    Index(None, "state", "due_at"),
)

advice = Table(
    "advice",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("message_ts", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    Column("given_at", Float, nullable=False),
    Column("playbook_version", String(32), nullable=False),
    Column("content", Text, nullable=False),
    Column("while_paused", Boolean, nullable=False, default=False),
    Column("after", String(255)),
    Column("text_removed_at", Float),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    Index(None, "workspace", "case_id", "given_at"),
    Index(None, "workspace", "person", "given_at"),
    Index(None, "workspace", "channel", "message_ts"),
    Index(None, "workspace", "given_at", "while_paused"),
    Index(None, "workspace", "text_removed_at", "given_at"),
    Index(None, "workspace", "after"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("advice_id", String(32), primary_key=True),
    Column("person", String(32), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("rated_at", Float, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
)

corrections = Table(
    "corrections",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("ts", String(32), primary_key=True),
    Column("signal", String(64), primary_key=True),
    Column("advice_id", String(32), primary_key=True),
    Column("really", String(64), nullable=False, default=""),
    Column("person", String(32), nullable=False),
    Column("corrected_at", Float, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("signals_before", Text, nullable=False),
    Column("anger_before", Integer, nullable=False),
    Index(None, "workspace", "advice_id"),
)

mutes = Table(
    "mutes",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("person", String(32), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("target", String(64), primary_key=True),
    Column("muted_at", Float, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("person", String(32), primary_key=True),
    Column("until", Float, nullable=False),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
    Column("customer_id", String(64)),
    Column("state", String(16), nullable=False),
    Column("requested_by", String(32), nullable=False),
    Column("requested_at", Float, nullable=False),
    Column("concession", String(32), nullable=False),
    Column("fault", Text, nullable=False),
    Column("cost", Numeric(14, 2), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", Float),
    Column("decision_reason", Text, nullable=False, default=""),
    Column("fault_ours", String(8), nullable=False, default="unknown"),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    Index(None, "workspace", "customer_id", "decided_at"),
    Index(None, "workspace", "case_id"),
)

opportunities = Table(
    "opportunities",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
    Column("customer_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("owner", String(64)),
    Column("opened_at", Float, nullable=False),
    ForeignKeyConstraint(["workspace", "case_id"], ["cases.workspace", "cases.id"]),
    UniqueConstraint("workspace", "case_id"),
    Index(None, "workspace", "customer_id", "opened_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(32), nullable=False),
    Column("at", Float, nullable=False),
    Column("actor", String(32), nullable=False),
    Column("subject", String(16), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("move", String(32), nullable=False),
    Column("before", Text, nullable=False, default=""),
    Column("after", Text, nullable=False, default=""),
    Column("why", Text, nullable=False, default=""),
    Index(None, "workspace", "subject", "subject_id"),
)

people = Table(
    "people",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("user_id", String(32), primary_key=True),
    Column("profile", Text, nullable=False),
    Column("checked_at", Float, nullable=False),
)

group_members = Table(
    "group_members",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("group_id", String(32), primary_key=True),
    Column("members", Text, nullable=False),
    Column("checked_at", Float, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
