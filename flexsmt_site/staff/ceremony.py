"""Passkeys by the library ``webauthn``: the options for a new one, and a browser's answers.

Loaded when the first passkey is made or used: with its cryptography it takes 24 MB and a quarter of a second.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from flexsmt_site.staff.rules import PASSKEY_MILLISECONDS, BadPasskey, Key, Site

#: What a forged answer raises out of the library, seen in webauthn 3.0.1; none of it is a fault of ours.
_FORGED = (
    *(WebAuthnException, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError),
    *(IndexError, AttributeError, OverflowError, RecursionError),
)


@dataclass(frozen=True)
class Account:
    """Whose passkey is made: ``handle`` says nothing about the person, ``known`` are its other passkeys."""

    handle: bytes
    address: str
    known: Iterable[bytes]


def offer_new(site: Site, account: Account, challenge: bytes) -> str:
    """Return the options for ``navigator.credentials.create()`` as JSON."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=account.handle,
        user_name=account.address,
        challenge=challenge,
        timeout=PASSKEY_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in account.known],
    )
    return options_to_json(options)


def check_new(site: Site, answer: str, challenge: bytes) -> Key:
    """Return the key of an answer of ``create()``; raises ``BadPasskey``."""
    try:
        parsed = parse_registration_credential_json(answer)
        verified = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        # The library also takes keys by which it could never verify an answer.
        decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
    except _FORGED as error:
        raise BadPasskey(type(error).__name__) from error
    if verified.credential_id != parsed.raw_id:
        raise BadPasskey("the answer names another passkey than it holds")
    return Key(verified.credential_id, verified.credential_public_key, verified.sign_count)


def named(answer: str) -> bytes:
    """Return which passkey an answer says it is of; raises ``BadPasskey``."""
    try:
        return parse_authentication_credential_json(answer).raw_id
    except _FORGED as error:
        raise BadPasskey(type(error).__name__) from error


def check(site: Site, answer: str, challenge: bytes, key: Key) -> int:
    """Check an answer of ``get()``; returns what the passkey counts now. Raises ``BadPasskey``."""
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public,
            credential_current_sign_count=key.counter,
            require_user_verification=True,
        )
    except _FORGED as error:
        raise BadPasskey(type(error).__name__) from error
    # The library verifies by the key that it is given, whichever passkey the answer names.
    if verified.credential_id != key.credential:
        raise BadPasskey("the answer is of another passkey")
    return verified.new_sign_count
