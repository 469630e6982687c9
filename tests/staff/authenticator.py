"""A passkey in software: it answers as a browser with a device does."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

#: Present and verified; in the answer of ``create()`` also: with its public key.
_SEEN, _WITH_KEY = 0x05, 0x40
Json = dict[str, Any]


def coded(held: bytes) -> str:
    """Bytes as WebAuthn writes them."""
    return base64.urlsafe_b64encode(held).rstrip(b"=").decode()


def decoded(written: str) -> bytes:
    """Bytes as WebAuthn reads them."""
    return base64.urlsafe_b64decode(written + "===")


@dataclass
class Passkey:
    """One passkey; with ``counts`` it counts its answers."""

    origin: str = "http://localhost:8000"
    counts: bool = True
    flags: int = _SEEN
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    handle: bytes = b""

    def create(self, options: Json, **changed: str) -> Json:
        """What ``navigator.credentials.create()`` gives; ``changed`` is what it takes for true."""
        self.handle = decoded(options["user"]["id"])
        named = bytes(16) + len(self.name).to_bytes(2, "big") + self.name + self._public()
        host = changed.get("host", str(options["rp"]["id"]))
        shown = {"fmt": "none", "attStmt": {}, "authData": self._data(host, _WITH_KEY) + named}
        client = self._client("webauthn.create", options, changed)
        return self._answer({"clientDataJSON": client, "attestationObject": cbor2.dumps(shown)})

    def get(self, options: Json, **changed: str) -> Json:
        """What ``navigator.credentials.get()`` gives."""
        self.count += int(self.counts)
        data = self._data(changed.get("host", str(options["rpId"])))
        client = self._client("webauthn.get", options, changed)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        held = {"authenticatorData": data, "signature": signature, "userHandle": self.handle}
        return self._answer({"clientDataJSON": client, **held})

    def _public(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _data(self, host: str, flags: int = 0) -> bytes:
        return sha256(host.encode()).digest() + bytes([self.flags | flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: Json, changed: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed}).encode()

    def _answer(self, held: dict[str, bytes]) -> Json:
        named = {"id": coded(self.name), "rawId": coded(self.name), "type": "public-key"}
        response = {name: coded(value) for name, value in held.items()}
        return {**named, "clientExtensionResults": {}, "response": response}
