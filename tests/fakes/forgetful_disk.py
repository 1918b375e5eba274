"""A file system that forgets what it refused to sync, as Linux does: those pages then count as written."""

import errno
import os
import threading


class ForgetfulDisk:
    """Files are the kernel's; `durable` is what a power cut would leave of them, by inode.

    `refuses`: sync fails, and what it should have taken is forgotten; `full`: writes fail after `room` bytes.
    """

    def __init__(self) -> None:
        self.durable: dict[int, bytearray] = {}
        self.refuses = False
        self.room: int | None = None
        self.refusals = 0
        self.synced = threading.Condition()
        self._dirty: dict[int, list[tuple[int, bytes]]] = {}
        self._guard = threading.Lock()

    def write_at(self, fd: int, content: bytes, offset: int) -> None:
        if self.room is not None:
            os.pwrite(fd, content[: self.room], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        os.pwrite(fd, content, offset)
        with self._guard:
            self._dirty.setdefault(os.fstat(fd).st_ino, []).append((offset, content))

    def sync(self, fd: int) -> None:
        inode = os.fstat(fd).st_ino
        with self._guard:
            dirty = self._dirty.pop(inode, [])
        with self.synced:
            self.synced.notify_all()
            if self.refuses:
                self.refusals += 1
                raise OSError(errno.EIO, "Input/output error")
            kept = self.durable.setdefault(inode, bytearray())
            for offset, content in dirty:
                kept.extend(bytes(max(0, offset + len(content) - len(kept))))
                kept[offset : offset + len(content)] = content

    def refused(self, times: int) -> bool:
        """Waits until so many syncs were refused since the start; False when that takes too long."""
        with self.synced:
            return self.synced.wait_for(lambda: self.refusals >= times, 10.0)
