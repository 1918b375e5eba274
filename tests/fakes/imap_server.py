"""A small IMAP4rev1 server: one mailbox, as much of the protocol as a client that polls needs (RFC 3501, RFC 6851)."""

import asyncio
import re
from dataclasses import dataclass, field


@dataclass
class Mail:
    """A mail in the mailbox."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    folder: str = "INBOX"


class ImapServer:
    """Serves `mails` to who knows the password. `drops_at`: the connection is cut at the first such command.

    `wants_id`: as NetEase's, it names ID once somebody has logged in and opens no folder before it has come. `folders`:
    as they are called on the wire; `may_create`: whether more can be made. `refuses_fetch`, `drops_fetch`: UIDs whose
    FETCH it refuses, or does not survive.
    """

    def __init__(self, password: str = "secret") -> None:
        self.password = password
        self.uid_validity = 7
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self.drops_at: str | None = None
        self.can_move = True
        self.wants_id = False
        self.folders = {"INBOX", "Done"}
        self.may_create = True
        self.refuses_fetch: set[int] = set()
        self.drops_fetch: set[int] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    def put(self, raw: bytes) -> Mail:
        """A new mail arrives."""
        mail = Mail(max((each.uid for each in self.mails), default=0) + 1, raw)
        self.mails.append(mail)
        return mail

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        said = set[str]()
        try:
            while line := await reader.readline():
                tag, _, rest = line.decode("latin-1").strip().partition(" ")
                self.commands.append(rest)
                if (self.drops_at and self.drops_at in rest.upper()) or self._uid(rest) in self.drops_fetch:
                    return
                said.add(rest.split(" ")[0].upper())
                writer.write(self._refusal(tag, rest, said) or self._answer(tag, rest))
                await writer.drain()
                if rest.upper() == "LOGOUT":
                    return
        except ConnectionError:
            return
        finally:
            writer.close()

    def _refusal(self, tag: str, command: str, said: set[str]) -> bytes:
        name, _, rest = command.partition(" ")
        if self.wants_id and name.upper() == "CAPABILITY" and "LOGIN" in said:
            return f"* CAPABILITY IMAP4rev1 ID MOVE\r\n{tag} OK done\r\n".encode()
        if self.wants_id and name.upper() == "SELECT" and "ID" not in said:
            return f"{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help\r\n".encode()
        if name.upper() == "CREATE" and self.may_create:
            self.folders.add(rest.strip('"'))
        elif name.upper() == "CREATE" or self._uid(command) in self.refuses_fetch:
            return f"{tag} NO not this\r\n".encode()
        words = rest.split(" ", 2)
        if words[0].upper() in ("MOVE", "COPY") and words[-1].strip('"') not in self.folders:
            return f"{tag} NO [TRYCREATE] no such folder\r\n".encode()
        return b""

    def _uid(self, command: str) -> int | None:
        found = re.match(r"UID FETCH (\d+) \(BODY", command, re.IGNORECASE)
        return int(found[1]) if found else None

    def _answer(self, tag: str, command: str) -> bytes:
        words = command.split(" ", 2)
        name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        rest = words[2] if len(words) > 2 else ""
        done = f"{tag} OK done\r\n".encode()
        if name == "CAPABILITY":
            return f"* CAPABILITY IMAP4rev1{' MOVE' if self.can_move else ''}\r\n".encode() + done
        if name == "LOGIN":
            right = command.endswith(f'"{self.password}"')
            return done if right else f"{tag} NO wrong password\r\n".encode()
        if name == "SELECT":
            return f"* {len(self._here())} EXISTS\r\n* OK [UIDVALIDITY {self.uid_validity}] ok\r\n".encode() + done
        if name == "UID SEARCH":
            found = " ".join(str(mail.uid) for mail in self._found(rest))
            return f"* SEARCH {found}\r\n".encode() + done
        if name == "UID FETCH":
            return self._fetched(rest) + done
        if name in ("UID STORE", "UID MOVE", "UID COPY"):
            self._change(name, rest)
            return done
        return (b"* BYE bye\r\n" if name == "LOGOUT" else b"") + done

    def _here(self) -> list[Mail]:
        return [mail for mail in self.mails if mail.folder == "INBOX"]

    def _found(self, rest: str) -> list[Mail]:
        if rest.upper() == "UNSEEN":
            return [mail for mail in self._here() if "\\Seen" not in mail.flags]
        start = int(rest.split(" ")[1].split(":")[0])
        found = [mail for mail in self._here() if mail.uid >= start]
        return found or self._here()[-1:]  # "n:*" always has the last one

    def _fetched(self, rest: str) -> bytes:
        uid, _, wanted = rest.partition(" ")
        mail = next((each for each in self._here() if each.uid == int(uid)), None)
        if mail is None:
            return b""
        if "SIZE" in wanted:
            return f"* 1 FETCH (UID {uid} RFC822.SIZE {len(mail.raw)})\r\n".encode()
        part = re.search(r"<0\.(\d+)>", wanted)
        raw = mail.raw[: int(part[1])] if part else mail.raw
        return f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"

    def _change(self, name: str, rest: str) -> None:
        uid, _, words = rest.partition(" ")
        mail = next(each for each in self.mails if each.uid == int(uid))
        if name == "UID STORE":
            mail.flags |= set(re.findall(r"\\\w+", words))
        elif name == "UID MOVE":
            mail.folder = words.strip('"')
