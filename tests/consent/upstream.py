"""A server in the site's place, for answers that the site never gives: it says what the test says."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class Upstream:
    """Runs while the context is open; with ``keeps`` a connection takes more than one request."""

    def __init__(self, *, keeps: bool = False) -> None:
        self.status = 200
        self.headers: dict[str, str] = {"Cache-Control": "public, max-age=0, must-revalidate"}
        self.body = "first"
        #: The headers of the last request, as they came.
        self.seen: list[tuple[str, str]] = []
        self.asked = 0
        self.connections: set[object] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(keeps=keeps))
        self.port = self.server.server_port
        self.thread = Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()

    def _handler(self, *, keeps: bool) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if keeps else "HTTP/1.0"

            def do_GET(self) -> None:
                upstream.asked += 1
                upstream.connections.add(self.client_address)
                upstream.seen = [(name.lower(), value) for name, value in self.headers.items()]
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(upstream.status)
                for name, value in upstream.headers.items():
                    self.send_header(name, value)
                if keeps:
                    self.send_header("Content-Length", str(len(upstream.body.encode())))
                self.end_headers()
                self.wfile.write(upstream.body.encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_about: object) -> None:
                """Say nothing."""

        return Handler
