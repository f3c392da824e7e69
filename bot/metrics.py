"""What whoever watches us can count, in the text format of Prometheus; no words, no names, nobody's ids.

What happens is counted where it happens (`Metrics`); what stands in the casebook and in files is read when somebody
asks (`Standing`). A workspace is a label only where there is one series of each; everything else is a kind of ours or a
code of Slack's, so the number of series does not grow with customers, cases or people.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from re import compile as pattern
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0)
"""Buckets: Slack gives up after three seconds, an agent after a minute or so."""
_CODE: Final = pattern(r"[a-z][a-z0-9_]{0,63}")
OTHER: Final = "other"


@dataclass(frozen=True)
class Waiting:
    """Rows that wait.

    Attributes:
        rows: How many, at most `storage.gauges.MOST`.
        seconds: How long the oldest has waited, or how late it is.
    """

    rows: int
    seconds: float


@dataclass(frozen=True)
class WorkspaceStanding:
    """How it stands in one workspace; None where that is not known.

    Attributes:
        directory_seconds: How old the customer directory is.
        heard_seconds: How long ago we last knew that we hear Slack.
        token_seconds: How long its token holds; None for one that does not end.
    """

    playbook: str
    faults: int
    directory_seconds: float | None = None
    heard_seconds: float | None = None
    token_seconds: float | None = None


@dataclass(frozen=True)
class Standing:
    """How it stands when somebody asks.

    Attributes:
        database: Whether the casebook could be read; if not, what stands in it is left out.
        inbox: What Slack told us and nobody has worked on, by lane.
        outbox: What is to be sent, by kind.
        late: What should have happened by itself by now, by what it is.
        workspaces: Each by its id.
    """

    database: bool
    inbox: Mapping[str, Waiting] = field(default_factory=dict)
    outbox: Mapping[str, Waiting] = field(default_factory=dict)
    late: Mapping[str, Waiting] = field(default_factory=dict)
    workspaces: Mapping[str, WorkspaceStanding] = field(default_factory=dict)


class Metrics:
    """What a process counts from its start on. Threads may share it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._info = self._gauge("aside_info", "Always 1; which Aside this is.", "version")
        self._info.labels(metadata.version("aside-coach")).set(1)
        self._heard = self._counter("aside_heard", "What Slack told us, written down.", "kind")
        self._refused = self._counter("aside_requests_refused", "Requests over HTTP that were not taken.", "reason")
        self._over = self._gauge("aside_hears", "Always 1; over which way Slack is heard.", "over")
        self._worked = self._seconds("aside_work_seconds", "From written down to worked on.", "lane")
        self._failed = self._counter("aside_work_failed", "Work that ended in an error of ours.", "kind")
        self._whispers = self._counter("aside_whispers", "Advice for an agent, and why it was not given.", "outcome")
        self._sends = self._counter("aside_sends", "What was to be sent, by how it ended.", "kind", "state", "reason")
        self._sent = self._seconds("aside_send_seconds", "From decided to shown.", "kind")
        self._again = self._counter("aside_sends_postponed", "What has to be sent again later.", "kind", "reason")
        self._calls = self._counter("aside_slack_calls", "Calls of Slack's Web API.", "method", "outcome")
        self._called = self._seconds("aside_slack_call_seconds", "How long Slack took to answer.", "method")
        # Looked up once for each: to find its lines again takes the library longer than to count.
        self._lines_of_call = lru_cache(maxsize=1024)(
            lambda method, outcome: (self._calls.labels(method, code(outcome)), self._called.labels(method))
        )
        self._pauses = self._counter("aside_slack_pause_seconds", "For how long Slack told us to wait.", "method")
        self._catch_ups = self._counter("aside_catch_ups", "Readings of what was said while we were away.", "outcome")
        self._caught_up = self._counter("aside_caught_up_messages", "Messages found there.")
        self._late = self._counter("aside_due_failed", "What should happen by itself and did not work.")
        self._learnt = self._seconds("aside_learning_seconds", "Reading what was learnt, or learning anew.")
        self._database = self._counter("aside_database_errors", "Errors of the casebook's database.", "error")
        self._lines = self._counter("aside_log_lines", "Lines of the log.", "event", "level")

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(name, help_, labels, registry=self._registry)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(name, help_, labels, registry=self._registry)

    def _seconds(self, name: str, help_: str, *labels: str) -> Histogram:
        return Histogram(name, help_, labels, registry=self._registry, buckets=SECONDS)

    def heard(self, kind: str) -> None:
        """Slack told us something, and it is written down."""
        self._heard.labels(kind).inc()

    def request_refused(self, reason: str) -> None:
        """A request over HTTP was not taken."""
        self._refused.labels(reason).inc()

    def hears_over(self, way: str, refusals: Iterable[str] = ()) -> None:
        """Over which way Slack is heard: `http` or `socket_mode`.

        Args:
            refusals: Why requests may be refused there; each begins at 0, so that the first is seen to be one more.
        """
        self._over.labels(way).set(1)
        for reason in refusals:
            self._refused.labels(reason)

    def worked(self, lane: str, seconds: float) -> None:
        """An entry is worked on, so long after it was written down."""
        self._worked.labels(lane).observe(max(0.0, seconds))

    def work_failed(self, kind: str) -> None:
        """Work on an entry ended in an error that nobody expected."""
        self._failed.labels(kind).inc()

    def whisper(self, outcome: str) -> None:
        """Advice was given, or why not: `paused`, `muted`, `stale`, or `silent` where the coach has nothing to add."""
        self._whispers.labels(outcome).inc()

    def send_ended(self, kind: str, state: str, reason: str | None, seconds: float) -> None:
        """A row of the outbox came to its end, so long after it was decided."""
        self._sends.labels(kind, state, code(reason)).inc()
        if state == "sent":
            self._sent.labels(kind).observe(max(0.0, seconds))

    def send_postponed(self, kind: str, reason: str) -> None:
        """A row of the outbox is tried again later."""
        self._again.labels(kind, code(reason)).inc()

    def called(self, method: str, outcome: str, seconds: float, pause: float = 0.0) -> None:
        """A call of Slack's came back.

        Args:
            outcome: `ok`, Slack's code for why not, or `unreachable`.
            pause: For how many seconds Slack told us to wait.
        """
        calls, called = self._lines_of_call(method, outcome)
        calls.inc()
        called.observe(seconds)
        if pause:
            self._pauses.labels(method).inc(pause)

    def caught_up(self, outcome: str, messages: int = 0) -> None:
        """History was read, `ok` or `unread`, and so many messages were found."""
        self._catch_ups.labels(outcome).inc()
        self._caught_up.inc(messages)

    def due_failed(self) -> None:
        """Something should have happened by itself, and an error of ours kept it from it; it is tried again."""
        self._late.inc()

    @contextmanager
    def learning(self) -> Iterator[None]:
        """While a playbook is learnt, or what was learnt is read; what is over ten seconds was learnt anew."""
        with self._learnt.time():
            yield

    def database_error(self, error: str) -> None:
        """The database did not do what it was told.

        Args:
            error: The kind of error, as the driver or SQLAlchemy names it.
        """
        self._database.labels(error).inc()

    def log_line(self, event: str, level: str) -> None:
        """A line of the log; a sentence is no event."""
        self._lines.labels(code(event) if _CODE.fullmatch(event) else "told", level).inc()

    def text(self, standing: Standing | None = None) -> bytes:
        """Everything as Prometheus reads it."""
        lately = generate_latest(self._registry)
        return lately + generate_latest(_Found(tuple(_families(standing)))) if standing else lately


@dataclass(frozen=True)
class _Found(Collector):
    families: Sequence[Metric]

    def collect(self) -> Sequence[Metric]:
        """What was found, for `generate_latest`."""
        return self.families


def code(reason: str | None) -> str:
    """A reason as a label: a code as it is, a sentence of ours with underscores, anything else as `other`."""
    if not reason:
        return ""
    told = reason.strip().lower().replace(" ", "_")
    return told if _CODE.fullmatch(told) else OTHER


def _families(standing: Standing) -> Iterator[Metric]:
    yield _family("aside_database_up", "Whether the casebook can be read.", float(standing.database))
    for name, what, label, waiting in (
        ("aside_inbox", "What Slack told us and nobody has worked on", "lane", standing.inbox),
        ("aside_outbox", "What is to be sent", "kind", standing.outbox),
        ("aside_due", "What should have happened by itself", "what", standing.late),
    ):
        rows = GaugeMetricFamily(f"{name}_rows", f"{what}.", labels=(label,))
        oldest = GaugeMetricFamily(f"{name}_oldest_seconds", f"{what}: how old the oldest is.", labels=(label,))
        for each, found in sorted(waiting.items()):
            rows.add_metric((each,), found.rows)
            oldest.add_metric((each,), found.seconds)
        yield rows
        yield oldest
    yield from _of_workspaces(standing.workspaces)


def _of_workspaces(workspaces: Mapping[str, WorkspaceStanding]) -> Iterator[Metric]:
    yield _family("aside_workspaces", "How many workspaces are served.", len(workspaces))
    playbook = GaugeMetricFamily("aside_playbook", "Always 1; which playbook is used.", labels=("workspace", "version"))
    faults = GaugeMetricFamily("aside_playbook_faults", "Faults in an edit not taken.", labels=("workspace",))
    ages = {
        "directory_seconds": ("aside_directory_age_seconds", "How old the customer directory is."),
        "heard_seconds": ("aside_heard_age_seconds", "How long ago we last knew that we hear Slack."),
        "token_seconds": ("aside_token_expires_seconds", "How long the workspace's token holds."),
    }
    families = {name: GaugeMetricFamily(*told, labels=("workspace",)) for name, told in ages.items()}
    for workspace, found in sorted(workspaces.items()):
        playbook.add_metric((workspace, found.playbook), 1)
        faults.add_metric((workspace,), found.faults)
        for name, family in families.items():
            if (seconds := getattr(found, name)) is not None:
                family.add_metric((workspace,), seconds)
    yield from (playbook, faults, *families.values())


def _family(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def now() -> float:
    """A clock for durations."""
    return time.perf_counter()
