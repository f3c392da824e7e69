"""Two companies with the same ids in one bot: each its own people, directory, playbook and rows; nothing crosses."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.evidence import found_in
from handlers import works
from sandbox.request_urls import signed
from sandbox.state import ResponseUrl
from storage.schema import metadata
from tests import fresh
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, MANAGER, SALES, SHARED, SUCCESSOR, SUPERVISOR, texts
from tests.flow.test_forged import about
from tests.flow.two_worlds import CHINESE, ENGLISH, FIRST, HERS, SECOND, Place, Two, two_worlds
from tests.flow.working import chosen, has_button, press, press_in, typed, window
from tests.sandbox.stage import Json, Seat, until

HIS = "廣昕精密"
"""Who C-1 is in the first workspace; in the second it is `HERS`."""
OF_THE_FIRST = (HIS, FIRST, "48,000", *vars(CHINESE).values())
OF_THE_SECOND = (HERS, "Harbour", SECOND, "77,000", *vars(ENGLISH).values())
EVERYBODY = (CUSTOMER, AGENT, SUPERVISOR, MANAGER, SALES, SUCCESSOR)

KEPT = ("advice", "cases", "exceptions", "facts", "messages", "opportunities", "settings")
"""Tables in which nothing happens by itself."""

Seats = dict[str, Seat]


def form(place: Place) -> Json:
    """What the agent fills in to ask for an exception."""
    return {
        "fault": typed(place.words.form_fault),
        "fault_ours": chosen("no"),
        "cost": typed("3000"),
        "concession": chosen("full"),
        "reason": typed(place.words.reason),
    }


def shown(push: Json) -> str:
    """What a message says."""
    return texts(push["message"].get("blocks") or push["message"])


async def favour(place: Place, at: Seats, root: str) -> Json:
    """Understood, and a favour asked; the whisper that offers to ask for an exception."""
    await at[AGENT].sees("ephemeral")
    await at[AGENT].say(SHARED, place.words.asked_back, thread_ts=root)
    await at[CUSTOMER].say(SHARED, place.words.favour, thread_ts=root)
    return await at[AGENT].sees("ephemeral", lambda push: has_button(push, "ask_exception"))


async def request(place: Place, at: Seats, offer: Json) -> Json:
    """The exception asked for; its card."""
    await press(at[AGENT], offer, "ask_exception")
    view = await window(at[AGENT], "ask_exception_view")
    answer = await at[AGENT].do("submit", view_id=view["id"], values=form(place))
    assert answer["response_action"] is None, answer
    return await at[SUPERVISOR].sees("message", lambda push: push["channel"] == APPROVALS)


async def warranty(at: Seats) -> str:
    """What `/warranty` answers in the customer's channel."""
    before = len(at[AGENT].of("ephemeral"))
    await at[AGENT].do("command", channel=SHARED, text="/warranty")
    await at[AGENT].sees("ephemeral", lambda _: len(at[AGENT].of("ephemeral")) > before)
    return shown(at[AGENT].of("ephemeral")[-1])


async def home(at: Seats, user: str, *words: str) -> str:
    """Somebody's Home, once it says all of this."""
    await at[user].do("open_home")
    push = await at[user].sees("home", lambda push: all(word in texts(push["view"]["blocks"]) for word in words))
    return texts(push["view"]["blocks"])


async def told(at: Seats, user: str, *words: str) -> str:
    """A direct message that says all of this."""
    push = await at[user].sees(
        "message", lambda push: push["channel"].startswith("D") and all(word in shown(push) for word in words)
    )
    return shown(push)


def directs(at: Seats, user: str) -> list[str]:
    """What Aside told somebody directly so far."""
    return [shown(push) for push in at[user].of("message") if push["channel"].startswith("D")]


async def exported(two: Two, place: Place, at: Seats, card: Json) -> Path:
    """The file that a supervisor takes out of the case."""
    await press(at[SUPERVISOR], card, "show_case")
    view = await window(at[SUPERVISOR], "case_view")
    await press_in(at[SUPERVISOR], view, "export_case")
    folder = two.settings.of(place.team).exports
    await until(lambda: folder.is_dir() and any(folder.iterdir()))
    (file,) = folder.iterdir()
    return file


def rows(two: Two) -> dict[str, dict[str, list[str]]]:
    """Every row there is as it reads, by workspace and table; a table that names no workspace is a failure."""
    found: dict[str, dict[str, list[str]]] = {}
    for table in metadata.sorted_tables:
        at = list(table.c.keys()).index("workspace")
        for row in fresh.asked_at(two.settings.casebook_url, str(select(table))):
            read = re.sub(r"\\+u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), repr(tuple(row)))
            found.setdefault(row[at], {}).setdefault(table.name, []).append(read)
    return found


def command(two: Two, *words: str) -> str:
    """An `aside` command; what it printed."""
    from bot.cli import cli  # noqa: PLC0415 - as the command itself: only once somebody types it

    settings = two.settings
    env = {
        "ASIDE_DATA": str(settings.data),
        "ASIDE_DATABASE_URL": settings.casebook_url,
        "ASIDE_SLACK_CLIENT_ID": settings.slack_client_id,
        "ASIDE_SLACK_CLIENT_SECRET": settings.slack_client_secret.get_secret_value(),
        "ASIDE_SLACK_SIGNING_SECRET": settings.slack_signing_secret.get_secret_value(),
        "ASIDE_TOKEN_KEY": settings.token_key.get_secret_value(),
    }
    done = CliRunner().invoke(cli, words, env=env, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


async def test_the_same_story_at_once_in_two_companies_stays_in_each(tmp_path: Path) -> None:
    """Same ids, same ts: whispers, cover, an exception, sales, Home, export and report are each company's own."""
    async with two_worlds(tmp_path) as two:
        first: Seats = {who: await two.first.seat(who) for who in EVERYBODY}
        second: Seats = {who: await two.second.seat(who) for who in EVERYBODY}
        both = ((two.first, first), (two.second, second))

        await two.at_the_same_moment()
        root, same = await asyncio.gather(*(at[CUSTOMER].say(SHARED, place.words.fault) for place, at in both))
        assert root == same
        offers = await asyncio.gather(*(favour(place, at, root) for place, at in both))
        for at, own, other in ((first, HIS, HERS), (second, HERS, HIS)):
            whispers = "\n".join(map(shown, at[AGENT].of("ephemeral")))
            assert own in whispers
            assert other not in whispers

        covers = await asyncio.gather(warranty(first), warranty(second))
        assert ["NT$48,000" in each for each in covers] == [True, False]
        assert ["NT$77,000" in each for each in covers] == [False, True]

        # The same request: granted by a supervisor alone in the first, beyond their limits in the second.
        cards = await asyncio.gather(
            *(request(place, at, offer) for (place, at), offer in zip(both, offers, strict=True))
        )
        await asyncio.gather(
            *(press(at[SUPERVISOR], card, "approve_exception") for (_, at), card in zip(both, cards, strict=True))
        )
        await told(first, AGENT, HIS, "核准", "僅此一次")
        await told(second, MANAGER, HERS, "needs a manager's yes")
        assert directs(first, MANAGER) == []
        changed = await second[SUPERVISOR].sees("message_changed", lambda push: push["channel"] == APPROVALS)
        assert "A manager has to agree" in shown(changed)
        await press(second[MANAGER], changed, "approve_exception")
        await told(second, AGENT, HERS, "granted")

        # The same threat: sales is whoever owns C-1 there.
        await asyncio.gather(*(at[CUSTOMER].say(SHARED, place.words.threat, thread_ts=root) for place, at in both))
        await told(first, SUCCESSOR, HIS, "說要換別家")
        await told(second, SALES, HERS, "speaks of leaving us")
        assert directs(first, SALES) == directs(second, SUCCESSOR) == []

        homes = await asyncio.gather(home(first, AGENT, HIS), home(second, AGENT, HERS))
        assert [HERS in homes[0], HIS in homes[1]] == [False, False]
        files = await asyncio.gather(
            *(exported(two, place, at, card) for (place, at), card in zip(both, cards, strict=True))
        )
        taken = [found_in(each.read_text("utf-8")) for each in files]
        said = [each.values["messages"][0]["text"] for each in taken if each]
        assert said == [CHINESE.fault, ENGLISH.fault]

        for place, at in both:
            reported(two, place)
            await place.stage.settled()
            assert not at[CUSTOMER].of("ephemeral")
            assert {push["message"].get("user") for push in at[CUSTOMER].of("message")} == {CUSTOMER, AGENT}
        each_row_is_of_its_own(rows(two))


def reported(two: Two, place: Place) -> None:
    """Each one's report counts one case and one exception."""
    report = command(two, "--workspace", place.team, "report", "--lang", "en")
    assert "1 case was opened" in report
    assert [word in report for word in ("NT$3,000", "NT$6,000")] == [True, False]


def each_row_is_of_its_own(written: dict[str, dict[str, list[str]]]) -> None:
    """Every row names one of the two, and holds nothing that only the other knows.

    When requests came in is the process's own: of one that is refused nobody knows for whom it was.
    """
    ours = written.pop("", {})
    assert ours.keys() <= {"settings"}
    assert all(row.startswith("('', 'request_") for row in ours.get("settings", []))
    assert set(written) == {FIRST, SECOND}
    assert written[FIRST].keys() == written[SECOND].keys()
    for team, strange in ((FIRST, OF_THE_SECOND), (SECOND, OF_THE_FIRST)):
        crossed = [row for each in written[team].values() for row in each if any(word in row for word in strange)]
        assert crossed == []


class Button(NamedTuple):
    """A button that somebody was shown: which one, about what, and in which block."""

    action_id: str
    value: str
    block_id: str


def buttons(at: Seats) -> list[Button]:
    """Every button that anybody there was shown so far."""
    shown_so_far = [push.get("message") or push.get("view") or {} for seat in at.values() for push in seat.seen]
    found = {
        Button(element["action_id"], element["value"], block["block_id"])
        for each in shown_so_far
        for block in each.get("blocks", ())
        for element in (*block.get("elements", ()), block.get("accessory", {}))
        if {"action_id", "value"} <= element.keys()
    }
    return sorted(found)


async def sent(two: Two, payload: Json) -> None:
    """A click or a window as Slack would send it, signed as Slack signs."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed("sandbox", body, time.time())}
    url = f"http://127.0.0.1:{two.settings.port}/slack/events"
    async with two.first.stage.http.post(url, data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


def by(team: str, user: str, **what: Any) -> Json:
    """What Slack says of who did something, with a moment of its own."""
    return {
        "team": {"id": team, "domain": "x"},
        "user": {"id": user, "team_id": team},
        "api_app_id": "A0ASIDE",
        "enterprise": None,
        "is_enterprise_install": False,
        **what,
    }


def pressed(place: Place, user: str, button: Button, card: Json) -> Json:
    """A click on a button, as if it stood in this card."""
    team, ts, ws = place.team, card["message"]["ts"], place.stage.workspace
    right = ResponseUrl(user=user, channel=APPROVALS, issued=ws.state.clock.now())
    action = {"type": "button", **button._asdict()}
    return by(
        team,
        user,
        type="block_actions",
        actions=[{**action, "action_ts": f"{team}.{user}.{button.value}"}],
        container={"type": "message", "channel_id": APPROVALS, "message_ts": ts},
        channel={"id": APPROVALS},
        message={"ts": ts},
        response_url=f"{ws.url}/respond/{ws.state.new_response_url(right)}",
        trigger_id=ws.state.new_trigger(user),
    )


@pytest.mark.slow
async def test_ids_of_one_company_in_the_buttons_of_another_get_nowhere(tmp_path: Path) -> None:
    """Each button of the first, pressed by people of the second who may do everything there; then these leave."""
    async with two_worlds(tmp_path) as two:
        first: Seats = {who: await two.first.seat(who) for who in EVERYBODY}
        second: Seats = {who: await two.second.seat(who) for who in EVERYBODY}
        root = await first[CUSTOMER].say(SHARED, CHINESE.fault)
        card = await request(two.first, first, await favour(two.first, first, root))
        await press(first[SUPERVISOR], card, "show_case")
        case_id = str((await window(first[SUPERVISOR], "case_view"))["private_metadata"])
        await told(first, SUCCESSOR, HIS)
        await two.first.stage.settled()
        await until(lambda: not under_way(two, FIRST))
        shown_there = buttons(first)
        names = {each.action_id for each in shown_there}
        assert {"approve_exception", "show_case", "sales_take", "export_case"} <= names
        before, heard = rows(two)[FIRST], len(two.first.stage.workspace.log.since(0))

        for button in shown_there:
            for user in (AGENT, MANAGER, SALES):
                await sent(two, pressed(two.second, user, button, card))
        for callback_id in sorted(set(works.VIEWS) - {"setup_view"}):  # the setup is each one's own, and about nothing
            of_theirs = {
                "id": f"V{callback_id}",
                "type": "modal",
                "callback_id": callback_id,
                "private_metadata": about(callback_id, case_id),
                "state": {"values": form(two.first)},
            }
            await sent(two, by(SECOND, MANAGER, type="view_submission", view=of_theirs))
        await until(lambda: not under_way(two, FIRST))
        assert rows(two)[FIRST] == before
        assert len(two.first.stage.workspace.log.since(0)) == heard
        assert not [row for each in rows(two)[SECOND].values() for row in each if HIS in row]
        seen = json.dumps([push for seat in second.values() for push in seat.seen], ensure_ascii=False)
        assert HIS not in seen

        approve = next(each for each in shown_there if each.action_id == "approve_exception")
        await sent(two, pressed(two.first, SUPERVISOR, approve, card))
        await told(first, AGENT, HIS, "核准")
        await until(lambda: not under_way(two, FIRST))
        await the_second_leaves(two, first, rows(two)[FIRST])


def under_way(two: Two, team: str) -> bool:
    """Whether something that was heard is still to be worked on, or something is to be sent there by now."""
    url, to_send = two.settings.casebook_url, "state = 'sending' OR (state = 'due' AND due_at < ?)"
    waits = fresh.asked_at(url, "SELECT 1 FROM inbox WHERE state = 'new'")
    goes = fresh.asked_at(url, f"SELECT 1 FROM outbox WHERE workspace = ? AND ({to_send})", team, time.time())  # noqa: S608 - ours
    return bool(waits or goes)


async def the_second_leaves(two: Two, first: Seats, before: dict[str, list[str]]) -> None:
    """It takes the app away: all that was its own goes, last the note that it leaves; the other does not notice."""
    await two.second.stage.admin("set_clock", ahead=600)  # this Slack's clock stands still otherwise
    await two.second.stage.admin("uninstall")
    await until(lambda: set(rows(two).get(SECOND, {})) <= {"installations"})
    await until(lambda: not two.settings.of(SECOND).home.exists())
    after = rows(two)[FIRST]
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    assert "NT$48,000" in await warranty(first)
