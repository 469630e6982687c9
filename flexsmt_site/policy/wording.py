"""The text of the policy as it would be published now: this version's words under edits made on the site."""

from collections.abc import Sequence

from flexsmt_site import database
from flexsmt_site.config import LANGUAGES
from flexsmt_site.language import catalog, overlay, versioned
from flexsmt_site.language.versioned import Laid
from flexsmt_site.policy import fragment, gate
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.rules import NotPublishable


def lay(edits: Sequence[int] = ()) -> Laid:
    """Return the live edits with these, which are in review, in their place.

    Raises ``NotPublishable`` and ``DatabaseUnavailable``.
    """
    try:
        with database.read() as session:
            laid = versioned.lay(session, edits)
    except versioned.NotLayable as error:
        raise NotPublishable(str(error)) from error
    if faults := list(versioned.faults(laid)):
        raise NotPublishable("\n".join(faults))
    return laid


def checked(laid: Laid) -> dict[str, Fragment]:
    """Render the text; raises ``NotPublishable`` unless its languages say the same."""
    if missing := catalog.missing():
        raise NotPublishable(f"{', '.join(missing)}: not compiled; run: flexsmt catalogs compile")
    if stale := catalog.stale():
        raise NotPublishable(f"{', '.join(stale)}: changed since compiled; run: flexsmt catalogs compile")
    try:
        text = fragment.rendered(versioned.worded(laid))
    except overlay.BrokenCatalogue as error:
        raise NotPublishable(str(error)) from error
    faults = gate.compare({lang: text[lang].html for lang in LANGUAGES})
    if faults:
        raise NotPublishable("\n".join(faults))
    return text
