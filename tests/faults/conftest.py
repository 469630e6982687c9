from tests.outbox.conftest import box, certificate, relay, relay_to, script, server, server_tls

#: The outbox of a test, a maker of relays, and a certificate for localhost.
__all__ = ["box", "certificate", "relay", "relay_to", "script", "server", "server_tls"]
