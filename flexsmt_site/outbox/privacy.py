"""What the outbox holds about people, and for how long."""

from flask_babel import lazy_gettext as _l

from flexsmt_site import datamap
from flexsmt_site.outbox.models import Mail

PERSONAL = ("sender", "recipient", "dedupe_key", "raw", "last_text")
PSEUDONYM = ("subject_key", "message_id", "raw_sha256")
PLAIN = (
    *("id", "kind", "state", "phase", "priority", "attempts", "last_code"),
    *("not_before", "expires", "created", "accepted", "lease_owner", "lease_until", "told"),
)


def declare() -> None:
    """Put the outbox into the register of data."""
    datamap.declare(
        datamap.Holding(
            key="outbox",
            title=_l("Mails on their way to our staff: notices of enquiries, codes to sign in"),
            table=Mail.metadata.tables[Mail.__tablename__],
            personal=PERSONAL,
            pseudonym=PSEUDONYM,
            plain=PLAIN,
            purposes=(datamap.Purpose.REPLY, datamap.Purpose.SECURITY),
            source=_l("Made from your enquiry, or when one of our staff signs in"),
            months=6,
            counted_from=_l("after the mail was made; its text only until the mail server has taken it"),
            objection="contact.form",
        )
    )
