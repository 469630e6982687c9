"""A mail server in a process of its own, as well or as sick as it is told.

``python -m tests.bench.mailserver PORT DELAY [KEPT]`` answers each command after DELAY seconds and adds a
line with the recipient and the Message-ID of each mail that it takes to the file KEPT; with the delay
``never`` it takes connections and says nothing.
"""

import asyncio
import re
import sys
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from pathlib import Path

_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """What it answers, how late, and where it notes what it took; a delay of None is silence."""

    delay: float | None
    kept: Path | None

    async def serve(self, port: int) -> None:
        """Listen until the process is ended."""
        listening = await asyncio.start_server(self._talk, "127.0.0.1", port)
        await listening.serve_forever()

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        recipient = b""
        try:
            await self._say(writer, "220 bench.example.com ESMTP")
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"RCPT":
                    recipient = line[line.find(b"<") + 1 : line.rfind(b">")]
                elif word == b"DATA":
                    await self._say(writer, "354 Go on")
                    self._note(recipient, await reader.readuntil(b"\r\n.\r\n"))
                await self._say(writer, "221 Bye" if word == b"QUIT" else "250 Ok")
        except (ConnectionError, asyncio.IncompleteReadError):
            # A relay that has lost patience hangs up.
            pass
        finally:
            writer.close()

    async def _say(self, writer: StreamWriter, words: str) -> None:
        if self.delay is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self.delay or 0)
        writer.write(f"{words}\r\n".encode())
        await writer.drain()

    def _note(self, recipient: bytes, mail: bytes) -> None:
        found = _ID.search(mail)
        if self.kept:
            with self.kept.open("ab") as file:
                file.write(recipient + b" " + (found[1] if found else b"-") + b"\n")


if __name__ == "__main__":
    told = sys.argv[2]
    asyncio.run(
        Server(None if told == "never" else float(told), Path(sys.argv[3]) if sys.argv[3:] else None).serve(
            int(sys.argv[1])
        )
    )
