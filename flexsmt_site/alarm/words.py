"""What an operator reads about each reason, in the words of ``docs/operating.md``."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Advice:
    """What is wrong, and what to do about it."""

    what: str
    mend: str


ADVICE = {
    "connect": Advice(
        "The relay cannot send: the mail server is out of reach.",
        "Check host and port in FLEXSMT_SMTP_URL, the firewall, and whether the server runs.",
    ),
    "tls": Advice(
        "The relay cannot send: the connection to the mail server cannot be encrypted safely.",
        "Check the server's certificate and its name; ?ca=FILE in FLEXSMT_SMTP_URL is for a certificate "
        "of your own.",
    ),
    "auth": Advice(
        "The relay cannot send: the mail server refuses to sign it in.",
        "Check user and password in FLEXSMT_SMTP_URL.",
    ),
    "refused": Advice(
        "The relay cannot send: the mail server refuses this site.",
        "Check whether the server talks to this machine, and lets this user send from FLEXSMT_MAIL_FROM"
        " and from bounces@ with its domain.",
    ),
    "stopped": Advice(
        "Mails stopped: they go no further by themselves.",
        "See flexsmt mail status, do what docs/operating.md says for their state, then "
        "flexsmt mail resend NUMBER.",
    ),
    "waiting": Advice(
        "The oldest mail has waited for more than 15 minutes.",
        "See flexsmt doctor: it says whether the relay is alive and the mail server answers. The server may "
        "also have asked to try again later.",
    ),
}


def advice(reason: str) -> Advice:
    """Return the words for a reason; one without words of its own is shown as it is."""
    return ADVICE.get(reason, Advice(f"The relay cannot send: {reason}.", "See flexsmt doctor."))


def age(waits: timedelta) -> str:
    """Say how long something has lasted, in minutes, from two hours in hours, from two days in days."""
    minutes = max(waits, timedelta()) // timedelta(minutes=1)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 2 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes} min"
