"""The window in which an administrator sets Aside up: this channel, and everything that holds everywhere."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from bot.blocks import Block, context, header, labelled, modal, option, plain
from bot.i18n import Words
from bot.setup import Missing, Setup, SupportChannel

SETUP_VIEW = "setup_view"
CUSTOMER_ACTION = "setup_customer"
IS_SUPPORT = "is_support"


class Shown(BaseModel):
    """What the window showed when it was opened about what others change meanwhile.

    Attributes:
        channel: Where it was opened.
        on_duty: Who was on duty there.
    """

    model_config = ConfigDict(frozen=True)

    channel: str
    on_duty: tuple[str, ...] = ()

    def duty_after(self, now: Sequence[str], sent: Sequence[str]) -> tuple[str, ...]:
        """Who is on duty once what was changed in the window is changed in what holds now."""
        taken_off = set(self.on_duty) - set(sent)
        stay = [each for each in now if each not in taken_off]
        return tuple(dict.fromkeys((*stay, *(each for each in sent if each not in self.on_duty))))


def _people(action_id: str, chosen: Sequence[str], placeholder: str) -> Block:
    element: Block = {
        "type": "multi_users_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, 150),
    }
    return {**element, "initial_users": list(chosen)} if chosen else element


def _channel(action_id: str, chosen: str | None, placeholder: str) -> Block:
    element: Block = {
        "type": "conversations_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, 150),
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
    }
    return {**element, "initial_conversation": chosen} if chosen else element


def view(setup: Setup, *, channel: str, customer: tuple[str, str] | None, in_channel: bool, say: Words) -> Block:
    """The window, filled with what is set.

    Args:
        channel: Where it was opened; empty in the App Home.
        customer: Id and name of the customer the channel belongs to.
    """
    blocks: list[Block] = []
    known = setup.support_channel(channel)
    if in_channel:
        blocks += _this_channel(known, customer, say)
    blocks += [
        header(say("Whole workspace")),
        labelled("agents", say("Agents"), _people("users", setup.agents.users, say("Choose people")), optional=True),
        labelled(
            "supervisors",
            say("Supervisors"),
            _people("users", setup.supervisors.users, say("Choose people")),
            hint=say("They decide on exceptions and stay out of the customer's sight."),
            optional=True,
        ),
        labelled(
            "managers",
            say("Managers"),
            _people("users", setup.managers.users, say("Choose people")),
            hint=say("They grant what is beyond a supervisor's limits."),
            optional=True,
        ),
        labelled("sales", say("Sales"), _people("users", setup.sales.users, say("Choose people")), optional=True),
        labelled(
            "sales_managers",
            say("Sales managers"),
            _people("users", setup.sales_managers.users, say("Choose people")),
            hint=say("They hear of an opportunity that nobody else in sales takes."),
            optional=True,
        ),
        labelled(
            "approvals",
            say("Approvals channel"),
            _channel("channel", setup.approvals_channel, say("Choose a channel")),
            hint=say("An internal channel without guests. Invite Aside to it."),
            optional=True,
        ),
        labelled(
            "sales_channel",
            say("Sales channel"),
            _channel("channel", setup.sales_channel, say("Choose a channel")),
            hint=say("Hears of it when nobody else in sales can be told, or nobody takes it."),
            optional=True,
        ),
    ]
    if not in_channel:
        blocks.append(context(say("To set up a support channel, type /aside setup in it.")))
    return modal(
        SETUP_VIEW,
        say("Set up Aside"),
        blocks,
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=Shown(channel=channel, on_duty=known.on_duty if known else ()).model_dump_json()
        if in_channel
        else "",
    )


def _this_channel(known: SupportChannel | None, customer: tuple[str, str] | None, say: Words) -> list[Block]:
    yes = option(say("We help customers in this channel"), "yes")
    box: Block = {"type": "checkboxes", "action_id": "box", "options": [yes]}
    if known:
        box["initial_options"] = [yes]
    which: Block = {
        "type": "external_select",
        "action_id": CUSTOMER_ACTION,
        "placeholder": plain(say("Type a name"), 150),
        "min_query_length": 1,
    }
    if customer:
        which["initial_option"] = option(customer[1], customer[0])
    return [
        header(say("This channel")),
        labelled(IS_SUPPORT, say("Support channel"), box, optional=True),
        labelled(
            "customer",
            say("Customer"),
            which,
            hint=say("Leave empty if the channel serves several customers."),
            optional=True,
        ),
        labelled(
            "on_duty",
            say("On duty here"),
            _people("users", known.on_duty if known else (), say("Choose people")),
            hint=say("They get the advice until an agent answers."),
            optional=True,
        ),
    ]


def saved(missing: Sequence[Missing], absent: Sequence[str], say: Words) -> str:
    """What to say after saving; `absent` are the channels in which Aside is not."""
    if missing:
        done = say(
            "Saved. Still to be set up: {list}.", list=say(", ").join(missing_words(each, say) for each in missing)
        )
    else:
        done = say("Saved.") if absent else say("Saved. Aside is ready.")
    if not absent:
        return done
    channels = say(", ").join(f"<#{each}>" for each in absent)
    invite = say("Please invite Aside to {channels}: it is not there yet.", channels=channels)
    return f"{done}\n{invite}"


def missing_words(missing: Missing, say: Words) -> str:
    """A gap in the setup, in words."""
    match missing:
        case Missing.SUPPORT:
            return say("a support channel")
        case Missing.AGENTS:
            return say("who the agents are")
        case Missing.SUPERVISORS:
            return say("who the supervisors are")
        case Missing.APPROVALS:
            return say("a channel for approvals")
        case Missing.ON_DUTY:
            return say("who is on duty in each support channel")
