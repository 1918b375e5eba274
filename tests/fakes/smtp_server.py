"""A small SMTP server: takes every mail, as much of the protocol as a client that sends needs (RFC 5321)."""

import asyncio
from dataclasses import dataclass


@dataclass
class Taken:
    """A mail as it came over the wire."""

    sender: str
    recipients: list[str]
    raw: bytes


class SmtpServer:
    """Keeps what is sent in `mails`. `refuses`: says no to every recipient."""

    def __init__(self) -> None:
        self.mails: list[Taken] = []
        self.refuses = False
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = Taken("", [], b"")
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            command = line.strip().decode("latin-1")
            name = command.upper()
            if name.startswith("MAIL FROM:"):
                taken = Taken(command[10:].split(" ")[0].strip("<>"), [], b"")
            elif name.startswith("RCPT TO:") and not self.refuses:
                taken.recipients.append(command[8:].split(" ")[0].strip("<>"))
            elif name.startswith("RCPT TO:"):
                writer.write(b"550 no\r\n")
                continue
            elif name == "DATA":
                writer.write(b"354 go on\r\n")
                while (part := await reader.readline()) != b".\r\n":
                    taken.raw += part.removeprefix(b".")
                self.mails.append(taken)
            elif name == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 ok\r\n")
        writer.close()
