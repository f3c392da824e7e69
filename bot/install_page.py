"""What whoever installs Aside reads in the browser: what was done and what comes next, in their language."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from bot.i18n import Words, words
from bot.language import language_of_locale

STYLE: Final = (
    ":root{color-scheme:light dark}"
    'body{font:17px/1.6 system-ui,"Noto Sans TC","PingFang TC","Microsoft JhengHei",sans-serif;max-width:34rem;'
    "margin:4rem auto;padding:0 1.2rem}h1{font-size:1.5rem}code{font-size:1em;padding:.1em .35em;border-radius:.3em;"
    "background:#8883}a.next{display:inline-block;margin-top:1rem;padding:.55rem 1.1rem;border-radius:.5rem;"
    "background:#2d7a6b;color:#fff;text-decoration:none}"
)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
HEADERS: Final = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
MOST_CODE = 64
SETTINGS_OF_OURS: Final = frozenset({"bad_client_secret", "invalid_client_id", "bad_redirect_uri"})
"""Slack's codes for what nobody can mend by beginning anew."""


class Next(NamedTuple):
    """A link at the end."""

    text: str
    url: str


def reader(accept_language: str) -> Words:
    """The interface in the language that a browser asks for first.

    Args:
        accept_language: As in its header.
    """
    first = accept_language.split(",", maxsplit=1)[0].split(";", maxsplit=1)[0].strip()
    return words(language_of_locale("" if first == "*" else first))


def installed(say: Words, *, workspace: str, again: bool, app_id: str, team: str) -> str:
    """It worked.

    Args:
        workspace: Its name.
        again: It was installed there before; what it knows is kept.
    """
    title = say("Aside is in {workspace}.", workspace=workspace)
    told = [
        say("It was there before: what it knows and how it was set up is kept.")
        if again
        else say("It reads nothing yet: first choose the channels and who does what."),
    ]
    if not again:
        told.append(
            say("Next, an administrator of the workspace types /aside setup in any channel. That takes a few minutes.")
        )
    link = f"https://slack.com/app_redirect?app={app_id}&team={team}"
    return _page(say, title, told, Next(say("Open Aside in Slack"), link))


def not_installed(say: Words, reason: str, install_path: str, *, reference: str = "") -> str:
    """It did not, and nothing was changed.

    Args:
        reason: Bolt's or Slack's code.
        install_path: Where to begin anew.
        reference: By which whoever runs Aside finds the line in the log, where only they can mend it.
    """
    title = say("Aside was not installed.")
    if reference:
        return _page(say, title, [_not_by_beginning_anew(say, reason, reference)], None)
    return _page(say, title, [_why(say, reason)], Next(say("Start again"), install_path))


def not_served() -> str:
    """What whoever asks something reads where nobody lets us in; in both languages, since of nobody we know theirs."""
    return "\n".join(_not_served(words(language)) for language in ("zh-TW", "en"))


def _not_served(say: Words) -> str:
    return say(
        "Aside isn't running in this workspace right now. Please try again in a minute;"
        " if that doesn't help, ask an administrator to install Aside again."
    )


def _not_by_beginning_anew(say: Words, reason: str, reference: str) -> str:
    return say(
        "Slack does not accept Aside's own settings ({reason}). Whoever runs Aside has to look at the app's client ID,"
        " client secret and redirect URL; please tell them this code: {code}",
        reason=reason,
        code=reference,
    )


def _why(say: Words, reason: str) -> str:
    """What happened and what to do."""
    match reason:
        case "access_denied":
            return say("You said no in Slack, or your workspace asks an administrator first. Nothing was changed.")
        case "invalid_browser" | "invalid_state":
            return say(
                "This page was more than ten minutes old, already used, or started in another browser."
                " Start again and stay in this browser."
            )
        case "missing_code" | "invalid_code" | "code_already_used":
            return say("Slack did not confirm the installation. Please start again.")
        case "org_wide":
            return say(
                "Aside is installed in one workspace at a time, not in a whole organization."
                " Choose a workspace at the top right of Slack's page, and remove Aside from the organization."
            )
        case "unreachable":
            return say("Slack cannot be reached from here right now. Please start again in a minute.")
        case "too_many":
            return say("This page is being opened too often right now. Please start again in a minute.")
        case "storage_error":
            return say("It could not be saved here. Please start again in a minute.")
    code = reason if reason.isascii() and reason.replace("_", "").isalnum() and len(reason) <= MOST_CODE else "?"
    return say("Slack said: {code}. Please start again, or give this code to whoever runs Aside.", code=code)


def _page(say: Words, title: str, told: Sequence[str], link: Next | None) -> str:
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(say.language)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            *(f"<p>{escape(each).replace('/aside setup', '<code>/aside setup</code>')}</p>" for each in told),
            *([f'<a class="next" href="{escape(link.url)}">{escape(link.text)}</a>'] if link else []),
            "</main></body></html>",
            "",
        ]
    )
