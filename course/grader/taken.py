"""How much of the machine's memory a submission takes, all its processes together.

Where the system lets us, each submission gets a control group for memory of its own (of either
version): the kernel counts in it whatever is taken, and takes no more than its limit. Elsewhere
processes are counted: their pages, and what isn't among them, such as memory that a process shares
with nobody and has put out of its sight, page tables, files in memory, and buffers of sockets.
"""

import contextlib
import itertools
import os
from pathlib import Path

from course.grader.zygote import rooms

_CGROUP, _OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_NAME = "course_grader_"
_MORE = 1.1  # times what is allowed, the kernel's limit: the watch comes first, and says why
# version -> files of: the limit, the limit with swap, the use, what the kernel had to end
_FILES = {
    1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.usage_in_bytes",
        "memory.oom_control"),
    2: ("memory.max", "memory.swap.max", "memory.current", "memory.events"),
}  # fmt: skip
_SOCKET_BYTES, _PIPE_BYTES = 2 * 212_992, 65_536  # that lie in one at most, unread
_FEW_FILES = 16  # open ones, among which nobody looks for sockets
_numbers = itertools.count()


class Group:
    """A control group for memory. It holds nothing yet; remove it when its processes have ended.

    Args:
        folder: Path, which is there.
        version: of control groups, 1 or 2.
        memory_mb: what its processes may use together.
    """

    def __init__(self, folder, version, memory_mb):
        self._folder = folder
        self._limit, self._swap, self._use, self._events = _FILES[version]
        self._bytes = int(_MORE * memory_mb * 1e6)
        (folder / self._limit).write_text(str(self._bytes))
        with contextlib.suppress(OSError):  # not everywhere is swap counted
            (folder / self._swap).write_text("0" if version == 2 else str(self._bytes))

    def add(self, pid):
        """Put a process in. What it has taken so far stays where it was counted."""
        with contextlib.suppress(ProcessLookupError):
            (self._folder / "cgroup.procs").write_text(str(pid))

    def used(self):
        """Bytes, without those lent to files that can be dropped."""
        lent = 0
        for line in (self._folder / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name in ("inactive_file", "active_file"):
                lent += int(value)
        return int((self._folder / self._use).read_text()) - lent

    def was_full(self):
        """Whether the kernel has ended a process of it, for there was no more memory."""
        with contextlib.suppress(OSError):
            for line in (self._folder / self._events).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1]) > 0
        return False

    def remove(self):
        """Remove it; if a process hasn't quite ended, the next Jail does."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def group(memory_mb):
    """A new Group, or None where none can be had."""
    for parent, version in _parents():
        folder = parent / f"{_NAME}{os.getpid()}_{next(_numbers)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            return Group(folder, version, memory_mb)
        except OSError:
            folder.rmdir()
    return None


def remove_groups():
    """Remove the groups of graders that were killed."""
    for parent, _ in _parents():
        for folder in parent.glob(f"{_NAME}*"):
            owner = folder.name.removeprefix(_NAME).partition("_")[0]
            if not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _parents():
    """Pairs of a folder in which a group could be made, and the version."""
    try:
        lines = _OWN.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield _CGROUP / "memory" / path.lstrip("/"), 1
        elif not controllers:
            # A group with processes in it can have no group within it; one beside it there can be.
            own = _CGROUP / path.lstrip("/")
            yield own.parent if own != _CGROUP else own, 2


def counted(pids):
    """What some processes take that isn't among their pages: bytes. (On Linux; elsewhere 0.)

    Args:
        pids: list of int; the rooms that they write to are those of the first.
    """
    return sum(map(_of_process, pids)) + (_of_rooms(pids[0]) if pids else 0)


def _of_process(pid):
    taken = 0
    with contextlib.suppress(OSError, ValueError):
        status = Path(f"/proc/{pid}/status").read_text()
        taken += 1024 * int(status.partition("VmPTE:")[2].split()[0])
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.endswith("/dev/zero (deleted)\n"):  # anonymous memory that is shared
                start, _, end = line.partition(" ")[0].partition("-")
                taken += int(end, 16) - int(start, 16)
    with contextlib.suppress(OSError):
        files = os.listdir(f"/proc/{pid}/fd")
        if len(files) > _FEW_FILES:
            taken += sum(_in_file(f"/proc/{pid}/fd/{number}") for number in files)
    return taken


def _in_file(link):
    with contextlib.suppress(OSError):
        kind = os.readlink(link).partition(":")[0]
        return {"socket": _SOCKET_BYTES, "pipe": _PIPE_BYTES}.get(kind, 0)
    return 0


def _of_rooms(pid):
    taken = 0
    for room in rooms():
        with contextlib.suppress(OSError):
            state = os.statvfs(f"/proc/{pid}/root{room}")
            if os.stat(f"/proc/{pid}/root{room}").st_dev != os.stat("/tmp").st_dev:
                taken += (state.f_blocks - state.f_bfree) * state.f_frsize
    return taken
