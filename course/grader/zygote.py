"""The process that submissions are forked from, inside the sandbox that `jail` builds.

It imports what an exercise needs once, then forks a child for each submission. Each child gets
namespaces of its own, a home of its own, limits, and two pipes; the parent alone talks to it. The
zygote is told only to fork and to end a child, so nothing that it knows is worth reading.

Where there is no sandbox ("weak"), children are forked without namespaces. `alone` does without
the fork too: the process becomes one worker, and talks over its standard input and output.
"""

import ctypes
import gc
import json
import os
import platform
import signal
import socket
import struct
import sys
import time

try:  # here, so that no child has to load them
    import fcntl
    import resource
except ImportError:  # Windows
    fcntl = resource = None

HOME = "/home/student"
# Folders that a submission may write to, each a file system of its own that vanishes with it, MB.
ROOMS = {"/tmp": 64, HOME: 64, "/dev/shm": 64}
FILE_MB = 64  # the largest file
FILES = 256  # open at a time
TASKS = 128  # processes and threads at a time
_INNER_ID = 1000  # uid and gid that a submission sees itself run as

_CLONE_NEWNS = 0x00020000
_CLONE_NEWCGROUP = 0x02000000
_CLONE_NEWUTS = 0x04000000
_CLONE_NEWIPC = 0x08000000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_ALL_NEW = (
    _CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWIPC | _CLONE_NEWUSER | _CLONE_NEWPID | _CLONE_NEWNET
)
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_REC, _MS_PRIVATE = 16384, 1 << 18
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_PR_SET_CHILD_SUBREAPER, _PR_SET_DUMPABLE = 36, 4
_CAPABILITIES_3 = 0x20080522

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, kernel's name
_CLONE, _SOCKET = (56, 220), (41, 198)
# What submissions have no use for, and what a kernel's faults are mostly found in: other
# processes' memory, new namespaces and mounts, keys, memory that no limit counts, other cores.
_REFUSED = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "setns": (308, 268),
    "shmget": (29, 194),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_CLONE3 = 435  # on every architecture
_X32 = 0x40000000  # calls from here on are those of another convention, with other numbers


def main():
    """Run as `python -m course.grader.zygote SETTINGS`, with SETTINGS as JSON.

    "warm": import statements; "nested": whether children get namespaces; then either "socket", a
    file descriptor to take orders from, or "alone", the limits of the one worker.
    """
    from course.grader import worker

    settings = json.loads(sys.argv[1])
    orders = None
    if "alone" not in settings:
        orders = socket.socket(fileno=settings["socket"])
        # Before what is slow to import, which would be for nothing.
        trouble = _prepare(orders, settings["nested"], worker.serve)
        if trouble:
            _say(orders, {"ready": False, "trouble": trouble})
            return
    gained = {}
    for statement in settings["warm"]:
        exec(statement, gained)
    gc.collect()
    gc.freeze()  # so that children share these pages, instead of copying them at their first sweep
    try:
        if orders is None:
            _be_worker(settings["alone"], worker.serve)
        else:
            _take_orders(orders, settings["nested"], worker.serve)
    finally:
        os._exit(0)  # whatever a submission has planned for the end


def _be_worker(limits, serve):
    # File descriptors 0 and 1 are the channel, until the submission gets others in their place.
    reading, writing = os.dup(0), os.dup(1)
    if os.name == "nt":
        import msvcrt

        for descriptor in (reading, writing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    else:
        if limits["strong"]:
            _fork_and_guard()
        _set_limits(limits)
        if limits["strong"]:
            if limits["uid"]:
                _become(limits["uid"])
            _give_up_rights()
    _to_nowhere()
    serve(reading, writing)


def _fork_and_guard():
    """Go on in a child. This process, the sandbox's first, stays to end the sandbox with it.

    No submission can reach it: the first process ignores signals from within, and what isn't
    dumpable has its memory and descriptors closed to others.
    """
    call_libc("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    child = os.fork()
    if not child:
        call_libc("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
        return
    for descriptor in (0, 1):
        os.close(descriptor)
    os.closerange(3, 1 << 16)
    while os.wait()[0] != child:
        pass
    os._exit(0)


def _prepare(orders, nested, serve):
    """Be ready to fork: "", or why that can't be here."""
    if sys.platform == "linux":
        call_libc("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return _try_nesting(orders, serve) if nested else ""


def _take_orders(orders, nested, serve):
    children = set()
    _say(orders, {"ready": True, "trouble": ""})
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, 4096, 2)
        if not message:  # the parent is gone
            while children:
                _end(children.pop(), children, nested)
            return
        order = json.loads(message)
        if order["do"] == "fork":
            pid, trouble = _fork(orders, descriptors, order["limits"], nested, serve)
            for descriptor in descriptors:
                os.close(descriptor)
            if pid:
                children.add(pid)
            _say(orders, {"pid": pid, "trouble": trouble})
        else:
            children.discard(order["pid"])
            _end(order["pid"], children, nested)
            _say(orders, {"ended": order["pid"]})


def _say(orders, message):
    orders.sendall(json.dumps(message).encode() + b"\n")


def _try_nesting(orders, serve):
    """Whether children can have namespaces of their own here: "" or why not."""
    limits = {
        "memory_mb": 1024,
        "seconds": 10,
        "core": None,
        "uid": 61000 if os.getuid() == 0 else 0,
    }
    ends = [*os.pipe(), *os.pipe()]
    pid, trouble = _fork(orders, [ends[0], ends[3]], limits, True, serve)
    if pid:
        _end(pid, set(), True)
    for end in ends:
        os.close(end)
    return trouble


def _fork(orders, descriptors, limits, nested, serve):
    """Fork a worker.

    Returns:
        (its pid, ""), or (0, what went wrong). The worker runs nothing before it is asked to.
    """
    hearing, telling = os.pipe()
    first = os.fork()
    if not first:
        os.close(hearing)
        _between(orders, telling, descriptors, limits, nested, serve)
    os.close(telling)
    with open(hearing) as report:  # it ends when the worker is ready, or no more
        told = dict(line.split(" ", 1) for line in report.read().splitlines())
    os.waitpid(first, 0)
    pid, trouble = int(told.get("pid", 0)), told.get("trouble", "")
    if pid and not trouble:
        return pid, ""
    if pid:
        _end(pid, set(), True)
    return 0, trouble or "the forked process ended at once"


def _between(orders, telling, descriptors, limits, nested, serve):
    """In the first child: make the namespaces, whose first process is then the worker."""
    try:
        orders.close()
        os.setsid()
        _set_limits(limits)
        if nested:
            if limits["uid"]:
                _become(limits["uid"])
            _leave_namespaces()
        pid = os.fork()
        if pid:
            os.write(telling, f"pid {pid}\n".encode())
            os._exit(0)
        reading, writing, telling = _keep_only([*descriptors, telling])
        if nested:
            _give_up_rights()
            os.chdir(HOME)
        else:
            os.environ.update(limits["environment"])
            os.chdir(limits["environment"]["HOME"])
        for number in set(signal.valid_signals()) - {
            signal.SIGKILL,
            signal.SIGSTOP,
            signal.SIGPIPE,
        }:
            signal.signal(number, signal.SIG_DFL)
    except BaseException as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        os.write(telling, f"trouble {text}\n".encode())
        os._exit(1)
    os.close(telling)
    try:
        serve(reading, writing)
    finally:
        os._exit(0)


def _become(uid):
    """Become a user that nobody is: limits on numbers of processes don't hold for root."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    call_libc("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # or its /proc/self/uid_map stays root's


def rooms():
    """The rooms that don't hold the interpreter or its packages: the course may lie in /tmp.

    Returns:
        dict as `ROOMS`.
    """
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    places |= {os.path.realpath(place) for place in places}
    return {
        room: size
        for room, size in ROOMS.items()
        if not any(place.startswith(f"{room}/") for place in places)
    }


def _leave_namespaces():
    """New namespaces, fresh rooms to write in, and no view of other processes."""
    uid, gid = os.getuid(), os.getgid()
    call_libc("unshare", _ALL_NEW)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_INNER_ID} {uid} 1"),
        ("gid_map", f"{_INNER_ID} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    call_libc("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    for room, size in rooms().items():
        options = f"size={size}m,nr_inodes=20k,mode=0700".encode()
        call_libc("mount", b"tmpfs", room.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options)
    _hide_processes()


def _hide_processes():
    """Cover /proc, which shows the zygote, with the few entries of it that libraries look for.

    (A new /proc, of the new namespace, can't be mounted everywhere.)
    """
    texts = {}
    for name in ("cpuinfo", "meminfo"):
        with open(f"/proc/{name}", "rb") as file:
            texts[name] = file.read()
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    call_libc("mount", b"tmpfs", b"/proc", b"tmpfs", flags, b"size=4m,mode=0755")
    for name, text in texts.items():
        with open(f"/proc/{name}", "wb") as file:
            file.write(text)
    os.mkdir("/proc/self")
    os.symlink(os.path.realpath(sys.executable), "/proc/self/exe")  # TensorFlow must know,
    with open("/proc/self/cmdline", "wb") as file:  # and this too
        file.write(b"python\0worker\0")
    call_libc("mount", None, b"/proc", None, flags | _MS_REMOUNT | _MS_RDONLY, None)


def _set_limits(limits):
    """Resource limits that need nothing but a Unix; those on processes are set later."""
    if limits["core"] is not None:
        os.sched_setaffinity(0, {limits["core"]})
    mb = 1024 * 1024
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(time.process_time()) + limits["seconds"] + 5,
        resource.RLIMIT_FSIZE: FILE_MB * mb,
        resource.RLIMIT_NOFILE: FILES,
        resource.RLIMIT_DATA: limits["memory_mb"] * mb + own_data(),
    }
    for kind, value in wanted.items():
        limit(kind, value)


def limit(kind, value):
    """Set a resource limit that can't be raised any more, or leave it lower than that.

    Args:
        kind: one of `resource`'s.
        value: int.
    """
    most = resource.getrlimit(kind)[1]
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (value, value))


def own_data():
    """Bytes of data that this process has already, which a submission isn't charged for."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/status") as status:
        lines = [line for line in status if line.startswith("VmData:")]
    return int(lines[0].split()[1]) * 1024


def _give_up_rights():
    """No capabilities, no way to gain any, a limit on processes, no use of odd system calls."""
    limit(resource.RLIMIT_NPROC, TASKS)  # counted within the new user namespace
    call_libc("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITIES_3, 0)
    call_libc("capset", header, bytes(24))
    if platform.machine() in _MACHINES and sys.byteorder == "little":
        _refuse(*_MACHINES[platform.machine()])


def _refuse(column, machine):
    """Install a filter of system calls (classic BPF): what it refuses fails with an error."""
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, not_there, no_family = 0x7FFF0000, 0x50001, 0x50026, 0x50061
    lines = [
        (load, 0, 0, 4),
        (equal, 1, 0, machine),
        (give, 0, 0, refuse),
        (load, 0, 0, 0),
        (at_least, 0, 1, _X32),
        (give, 0, 0, refuse),
    ]
    for numbers in _REFUSED.values():
        lines += [(equal, 0, 1, numbers[column]), (give, 0, 0, refuse)]
    # Without clone3, whose flags a filter can't read, the C library uses clone.
    lines += [(equal, 0, 1, _CLONE3), (give, 0, 0, not_there)]
    lines += [
        (equal, 0, 4, _CLONE[column]),
        (load, 0, 0, 16),
        (any_bit, 0, 1, _ALL_NEW | _CLONE_NEWCGROUP),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    # Sockets within the submission and its own dead network, no others (some know no namespaces).
    lines += [(equal, 0, 5, _SOCKET[column]), (load, 0, 0, 16)]
    lines += [(equal, 3, 0, socket.AF_UNIX), (equal, 2, 0, socket.AF_INET)]
    lines += [(equal, 1, 0, socket.AF_INET6), (give, 0, 0, no_family), (give, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code))
    call_libc("prctl", _PR_SET_SECCOMP, 2, ctypes.c_char_p(program), 0, 0)


def _keep_only(descriptors):
    """Close everything but these, which become 3, 4, ...; 0, 1 and 2 lead nowhere."""
    kept = range(3, 3 + len(descriptors))
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, kept.stop) for descriptor in descriptors]
    for old, new in zip(high, kept, strict=True):
        os.dup2(old, new, inheritable=False)
    _to_nowhere()
    os.closerange(kept.stop, 1 << 16)
    return kept


def _to_nowhere():
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:
        os.close(nowhere)


def _end(pid, others, nested):
    """End a worker and all that it started."""
    os.kill(pid, signal.SIGKILL)  # nested: the first process of its namespace takes all with it
    os.waitpid(pid, 0)
    if not nested:
        _end_orphans(others)


def _end_orphans(others):
    """Without namespaces: what a worker left over has become this process's child (on Linux)."""
    import psutil

    own = psutil.Process()
    while orphans := [child for child in own.children() if child.pid not in others]:
        for orphan in orphans:
            for process in [*orphan.children(recursive=True), orphan]:
                process.kill()
            os.waitpid(orphan.pid, 0)


def _libc():
    return ctypes.CDLL(None, use_errno=True)


def call_libc(name, *values):
    """Call a function of the C library that returns 0 if all went well."""
    values = [ctypes.c_ulong(value) if type(value) is int else value for value in values]
    if getattr(_libc(), name)(*values) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
