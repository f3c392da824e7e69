"""What is counted is written as Prometheus reads it: its own parser is the judge."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics, Standing, Waiting, WorkspaceStanding, code

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(text: bytes) -> Series:
    """Each value by its name and labels, as Prometheus' own parser reads them."""
    families = text_string_to_metric_families(text.decode())
    samples = chain.from_iterable(family.samples for family in families)
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in samples}


def test_what_happens_is_counted_by_its_kind() -> None:
    """Each deed adds one where it belongs, and nothing elsewhere."""
    metrics = Metrics()
    metrics.heard("message")
    metrics.heard("message")
    metrics.worked("stream", 0.2)
    metrics.whisper("given")
    metrics.send_ended("ephemeral", "sent", None, 0.4)
    metrics.send_ended("message", "withheld", "outsiders", 9.0)
    metrics.called("chat.postMessage", "ratelimited", 0.1, pause=30.0)
    found = series(metrics.text())
    assert found["aside_heard_total", (("kind", "message"),)] == 2
    assert found["aside_work_seconds_count", (("lane", "stream"),)] == 1
    assert found["aside_work_seconds_bucket", (("lane", "stream"), ("le", "0.1"))] == 0
    assert found["aside_work_seconds_bucket", (("lane", "stream"), ("le", "0.25"))] == 1
    assert found["aside_whispers_total", (("outcome", "given"),)] == 1
    ended = {labels: value for (name, labels), value in found.items() if name == "aside_sends_total"}
    assert ended == {
        (("kind", "ephemeral"), ("reason", ""), ("state", "sent")): 1,
        (("kind", "message"), ("reason", "outsiders"), ("state", "withheld")): 1,
    }
    assert ("aside_send_seconds_count", (("kind", "message"),)) not in found
    refused = (("method", "chat.postMessage"), ("outcome", "ratelimited"))
    assert found["aside_slack_calls_total", refused] == 1
    assert found["aside_slack_pause_seconds_total", (("method", "chat.postMessage"),)] == 30


def test_two_processes_in_one_count_apart() -> None:
    """There is no registry that all share: what one counts the other does not."""
    one, other = Metrics(), Metrics()
    one.heard("message")
    assert ("aside_heard_total", (("kind", "message"),)) in series(one.text())
    assert ("aside_heard_total", (("kind", "message"),)) not in series(other.text())


def test_how_it_stands_is_told_beside_what_was_counted() -> None:
    """What waits, what is late, and each workspace with its ages; what is not known is left out."""
    standing = Standing(
        database=True,
        inbox={"person": Waiting(0, 0.0), "stream": Waiting(7, 12.5)},
        outbox={"ephemeral": Waiting(1, 0.5)},
        late={"exception": Waiting(2, 90.0)},
        workspaces={"T1": WorkspaceStanding("v1", 0, directory_seconds=86_400.0), "T2": WorkspaceStanding("v2", 3)},
    )
    found = series(Metrics().text(standing))
    assert found["aside_database_up", ()] == 1
    assert found["aside_inbox_rows", (("lane", "stream"),)] == 7
    assert found["aside_inbox_oldest_seconds", (("lane", "stream"),)] == 12.5
    assert found["aside_outbox_rows", (("kind", "ephemeral"),)] == 1
    assert found["aside_due_oldest_seconds", (("what", "exception"),)] == 90
    assert found["aside_workspaces", ()] == 2
    assert found["aside_playbook", (("version", "v2"), ("workspace", "T2"))] == 1
    assert found["aside_playbook_faults", (("workspace", "T2"),)] == 3
    assert found["aside_directory_age_seconds", (("workspace", "T1"),)] == 86_400
    assert ("aside_directory_age_seconds", (("workspace", "T2"),)) not in found
    assert {name for name, _ in found if "token_expires" in name} == set()


def test_no_family_is_told_twice() -> None:
    """Prometheus takes none of a page on which a name is described twice."""
    lines = Metrics().text(Standing(database=False)).decode().splitlines()
    described = [line for line in lines if line.startswith("# TYPE ")]
    assert len(described) == len({line.split()[2] for line in described})


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        (None, ""),
        ("", ""),
        ("outsiders", "outsiders"),
        ("not in the channel", "not_in_the_channel"),
        ("TimeoutError", "timeouterror"),
        ("我們的發票當機", "other"),
        ("call +886 2 2345", "other"),
        ("x" * 65, "other"),
    ],
)
def test_a_reason_is_a_code_or_nothing(reason: str | None, label: str) -> None:
    """Sentences of ours become codes; what may be anybody's words is not told."""
    assert code(reason) == label


@given(st.text(), st.text())
def test_whatever_the_log_says_the_page_can_be_read_and_holds_no_sentence(event: str, error: str) -> None:
    """No label breaks a line or carries spaces."""
    metrics = Metrics()
    metrics.log_line(event, "warning")
    metrics.send_postponed("direct", error)
    labels = [dict(of)["event"] for name, of in series(metrics.text()) if name == "aside_log_lines_total"]
    assert len(labels) == 1
    assert " " not in labels[0]
