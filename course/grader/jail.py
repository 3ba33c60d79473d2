"""Where submissions run: a sandbox made by bubblewrap, with a worker for each submission in it.

In the sandbox there is no network, no other process, and no file but the interpreter, the
environment, the system's libraries and what lessons import of the course: no exercises, no home,
no hand-ins. A `zygote` in it imports what is slow to import once, and forks the workers.

    strong   bubblewrap; each worker in namespaces of its own, forked, or, where the kernel allows
             no namespaces within the sandbox's, in a sandbox of its own
    weak     no bubblewrap: processes of their own with an empty home, and no wall around them

Nothing of a submission's is imported or unpickled in this process.
"""

import contextlib
import functools
import itertools
import json
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

import psutil

import course
import course_utils
from course.data import digits_file, without_kept_back
from course.exercises import EXERCISES, RELEASED, Died, TimedOut
from course.grader import taken, wire
from course.grader.zygote import HOME, rooms

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PATIENCE = 5  # times its seconds that a request may wait, for whatever it likes
_SHORT = 0.05  # seconds by the clock, of one request or of some in a row, that aren't looked at yet
_BUSY = 20  # times more that it may take by the clock, where other programs keep the machine busy
PACKAGES = "/grader"  # where the sandbox has what submissions import, and the worker's files
_IMPORTED = ("data", "drawn", "exercises", "explain", "instruments")  # folders of course/
_OWN_FILES = ("__init__.py", "wire.py", "worker.py", "zygote.py")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("alternatives", "fonts", "ld.so.cache", "localtime", "timezone")
_KEPT = ("SYSTEMROOT", "PATH")  # variables that a worker without a sandbox has of ours
_DEVICES = ("null", "zero", "full", "random", "urandom")
_WARM_SECONDS = 900  # importing TensorFlow from a cold disk, on a busy machine
_ORDER_SECONDS = 300
_FIRST_UID, _UIDS = 61000, 4000  # where root lets submissions run, as users that nobody is
_HOMES = "course_grader_"  # how the names of folders begin that submissions without a sandbox get
_numbers = itertools.count(os.getpid() * 64)


class IsolationError(Exception):
    """Submissions can't be run as safely as is asked for; the text says why, and what to do."""


@functools.cache
def isolation():
    """Which isolation can be had on this machine.

    Returns:
        ("strong", how) or ("weak", why): the second is a few words.
    """
    if sys.platform != "linux":
        return "weak", f"bubblewrap needs Linux; this is {sys.platform}"
    if not shutil.which("bwrap"):
        return "weak", "bubblewrap is not installed (Debian, Ubuntu: apt install bubblewrap)"
    trial = [*_bwrap(), sys.executable, "-S", "-c", "import socket"]
    try:
        done = subprocess.run(
            trial, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "weak", f"bubblewrap doesn't start: {error}"
    if done.returncode:
        why = " ".join(done.stderr.split())[-300:] or f"it ends with {done.returncode}"
        return "weak", f"bubblewrap doesn't start here: {why}"
    return "strong", "bubblewrap"


class Jail:
    """A place to run submissions in. Close it, or use it as a context manager.

    If this process ends in whatever way, everything in the jail ends too.

    Args:
        warm: list of import statements to run once.
        hide: paths that submissions must not see, wherever they are.
        weak_ok: whether weak isolation will do.
    Raises:
        IsolationError: only weak isolation can be had, and it won't do; or nothing starts at all.
    """

    def __init__(self, warm=(), *, hide=(), weak_ok=False):
        self.isolation, self.reason = isolation()
        if self.isolation == "weak" and not weak_ok:
            raise IsolationError(
                f"Only weak isolation can be had here: {self.reason}. What students' code does "
                "could reach your files and the network. Install bubblewrap on Linux; or, on a "
                "machine that you can spare, use --weak-isolation."
            )
        self._warm = list(warm)
        self._hide = (EXERCISES, RELEASED, *hide)
        self._process, self._orders = None, None
        _remove_homes()
        self._home, self._home_taken = _own_home() if self.isolation == "weak" else (None, None)
        self._digits = _digits_to_show() if self.isolation == "strong" else None
        self._core, self._core_taken = _own_core()
        taken.remove_groups()
        self._forks = sys.platform == "linux"  # elsewhere, forking is refused or isn't safe
        if self._forks:
            try:
                self._start_zygote()
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def worker(self, *, memory_mb, seconds):
        """A new worker, which has run nothing yet.

        Args:
            memory_mb: what its processes may use together, MB.
            seconds: of processor time, for each of its processes.
        Returns:
            Worker.
        Raises:
            IsolationError: none can be started.
        """
        root = self.isolation == "strong" and os.geteuid() == 0
        limits = {
            "memory_mb": int(memory_mb),
            "seconds": int(seconds),
            "uid": _FIRST_UID + next(_numbers) % _UIDS if root else 0,
            "strong": self.isolation == "strong",
            "core": self._core,
        }
        return self._forked(limits) if self._forks else self._alone(limits)

    def close(self):
        """End everything in the jail."""
        self._end_zygote()
        if self._core_taken is not None:
            self._core_taken.close()
        _remove(self._home)
        if self._home_taken is not None:
            os.close(self._home_taken)
            self._home_taken = None
        if self._digits is not None:
            self._digits.close()

    def revive(self):
        """Start the process that forks workers anew if it has ended."""
        if self._forks and (self._process is None or self._process.poll() is not None):
            self.renew()

    def renew(self):
        """End everything in the jail, and start anew."""
        self._end_zygote()
        if self._forks:
            self._start_zygote()

    def _end_zygote(self):
        if self._process is not None:
            _end_tree(self._process, sandboxed=self.isolation == "strong")
            self._orders.close()
            self._process = None

    def _start_zygote(self):
        self._orders, theirs = socket.socketpair()
        nested = self.isolation == "strong"
        settings = {"warm": self._warm, "nested": nested, "socket": theirs.fileno()}
        with tempfile.TemporaryFile() as complaints, theirs:
            self._process = self._run(settings, stderr=complaints, pass_fds=[theirs.fileno()])
            theirs.close()
            try:
                said = self._hear(_WARM_SECONDS)
            except OSError as error:
                self._end_zygote()
                complaints.seek(0)
                last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
                raise IsolationError(
                    f"The process that runs submissions did not start: {(last or [error])[0]}"
                ) from None
        if not said["ready"]:  # bubblewrap, but no namespaces within it
            self._end_zygote()
            self._forks = False
            self.reason = f"a sandbox for each submission: {said['trouble']}"

    def _run(
        self,
        settings,
        *,
        stderr,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(),
        cwd=None,
        environment=None,
    ):
        """Start `zygote`, in a sandbox if there is one."""
        command = [sys.executable, "-B", "-P", "-s", "-m", "course.grader.zygote"]
        command.append(json.dumps(settings))
        if self.isolation == "strong":
            replaced = []
            if self._digits is not None:
                self._digits.seek(0)
                replaced = [(self._digits.fileno(), digits_file())]
                pass_fds = [*pass_fds, self._digits.fileno()]
            command = _bwrap(self._hide, replaced, forks="alone" not in settings) + command
            variables = {}  # none of ours: bubblewrap's own processes may be seen from within
        else:
            places = {str(Path(package.__file__).parents[1]) for package in (course, course_utils)}
            variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
            variables |= _environment(self._home, os.pathsep.join(sorted(places)))
            variables |= environment or {}
        return subprocess.Popen(
            command,
            env=variables,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            cwd=cwd,
            start_new_session=os.name != "nt",  # Ctrl-C is for this process, which tidies up
        )

    def _hear(self, seconds):
        """The zygote's next message.

        Raises:
            OSError: there is none.
        """
        self._orders.settimeout(seconds)
        said = b""
        while not said.endswith(b"\n"):
            part = self._orders.recv(4096)
            if not part:
                raise ConnectionError("its process ended")
            said += part
        return json.loads(said)

    def _forked(self, limits):
        if self._process is None:
            self._start_zygote()
            if not self._forks:
                return self._alone(limits)
        home = None if limits["strong"] else tempfile.mkdtemp(dir=self._home)
        limits["environment"] = _environment(home, None) if home else {}
        their_reading, writing = os.pipe()
        reading, their_writing = os.pipe()
        order = json.dumps({"do": "fork", "limits": limits}).encode()
        try:
            socket.send_fds(self._orders, [order], [their_reading, their_writing])
            said = self._hear(_ORDER_SECONDS)
            trouble = said["trouble"]
        except OSError as error:
            trouble = f"the process that forks submissions is gone ({error})"
            self._end_zygote()
        finally:
            os.close(their_reading)
            os.close(their_writing)
        if trouble:
            os.close(writing)
            os.close(reading)
            _remove(home)
            raise IsolationError(f"No process for a submission could be started: {trouble}")
        pid = said["pid"]
        process = self._find(pid) if limits["strong"] else _process(pid)
        return Worker(
            wire.Conversation(reading, writing),
            process,
            limits["memory_mb"],
            end=lambda: self._end_forked(pid, home, process),
            group=_group([process], limits),
        )

    def _end_forked(self, pid, home, process):
        if self.isolation == "weak" and process is not None:
            _kill_children(process)
            with contextlib.suppress(psutil.Error):
                process.kill()  # in case that it has ended the zygote
        if self._process is not None:
            try:
                self._orders.sendall(json.dumps({"do": "end", "pid": pid}).encode())
                self._hear(_ORDER_SECONDS)
            except OSError:  # weak only: a submission can end the zygote. The next one starts anew.
                self._end_zygote()
        _remove(home)

    def _find(self, pid):
        """The worker that the zygote knows as `pid`; None if it has ended."""
        for number in _descendants(self._process.pid):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{number}/status").read_text()
                if status.partition("\nNSpid:")[2].split("\n")[0].split()[1:2] == [str(pid)]:
                    return _process(number)
        return None

    def _alone(self, limits):
        home = None if limits["strong"] else tempfile.mkdtemp(dir=self._home)
        process = self._run(
            {"warm": self._warm, "alone": limits},
            environment=_environment(home, None) if home else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
        )
        conversation = wire.Conversation(
            os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno())
        )
        process.stdin.close()
        process.stdout.close()

        def end():
            _end_tree(process, sandboxed=limits["strong"])
            _remove(home)

        worker = Worker(conversation, _process(process.pid), limits["memory_mb"], end=end)
        try:
            worker.ask({"do": "start"}, _WARM_SECONDS)
        except Exception as error:
            worker.end()
            raise IsolationError(f"No process for a submission could be started: {error}") from None
        if limits["strong"]:
            family = worker.timed.children(recursive=True)
            worker.timed = family[-1]
            worker.group = _group(family, limits)
        return worker


class Worker:
    """A process that answers requests (see `worker.serve`). End it, whatever happens.

    `spent` is the seconds that its requests have taken so far, as `ask` counts them: those of a few
    short ones at the end are counted with the next one, for to ask the system takes time as well.

    Args:
        conversation: with it.
        process: psutil.Process, or None where it has ended.
        memory_mb: what it and its children may use together.
        end: function that ends all of them.
        group: taken.Group that they are in, or None.
    """

    def __init__(self, conversation, process, memory_mb, *, end, group=None):
        self._conversation = conversation
        self._process = process
        self._memory_mb = memory_mb
        self._end = end
        self._looked = 0.0
        self.group = group
        self.timed = process  # whose processor time counts: a sandbox's worker is a grandchild
        self.spent = 0.0
        self._start, self._most = None, 0.0
        self._short = 0.0  # seconds by the clock of requests since then, when they began to count

    def ask(self, request, seconds):
        """Send a request and wait for its reply, as `Conversation.ask` does.

        What counts is processor time: that other programs keep the machine busy costs a submission
        nothing. Waiting counts a fifth (`PATIENCE`), but not waiting for a processor, where the
        system tells; and nothing counts more than by the clock, however many cores it keeps busy.

        Args:
            request: dict of plain data.
            seconds: that it may take, counted so.
        Returns:
            dict, as `Conversation.ask`.
        Raises:
            Died: also when there's more memory in use than allowed.
            TimedOut, TypeError: as there.
        """
        if self._start is None:
            self._start = monotonic(), self._processor(), _queued_seconds(self.timed)
            self._most = 0.0
        else:
            self._start = monotonic() - self._short, *self._start[1:]
        try:
            return self._conversation.ask(
                request, _BUSY * PATIENCE * seconds, watch=lambda: self._watch(seconds)
            )
        except Died:
            if self.group and self.group.was_full():
                raise self._too_much(self._memory_mb, "more than ") from None
            raise
        finally:
            self._short = monotonic() - self._start[0]
            if self._short >= _SHORT:
                self.spent += self._counted()
                self._start = None

    def memory(self):
        """MB that the worker and its children take of the machine together.

        Pages that several processes share are counted once where the system tells.
        """
        if self.group:
            with contextlib.suppress(OSError):
                return self.group.used() / 1e6
        if self._process is None:
            return 0.0
        if sys.platform == "linux":
            pids = [self._process.pid, *_descendants(self._process.pid)]
            family = [process for process in map(_process, pids) if process]
            more = taken.counted(pids)
        else:
            family, more = [self._process], 0
            with contextlib.suppress(psutil.NoSuchProcess):
                family += self._process.children(recursive=True)
        resident = sum(map(_resident, family)) + more
        if resident <= self._memory_mb * 1e6:
            return resident / 1e6
        return (sum(map(_share, family)) + more) / 1e6

    def end(self):
        """End the worker and all that it started."""
        self._end()
        self._conversation.end()
        if self.group:
            self.group.remove()

    def _watch(self, seconds):
        if monotonic() - self._looked < wire.TICK:
            return
        used = self.memory()
        self._looked = monotonic()
        if used > self._memory_mb:
            raise self._too_much(used)
        if self.group and self.group.was_full():
            raise self._too_much(self._memory_mb, "more than ")
        if self._counted() >= seconds:
            raise TimedOut(f"no answer within {seconds:.3g} s")

    def _too_much(self, used, more=""):
        return Died(f"it used {more}{used:,.0f} MB, where {self._memory_mb:,} MB are allowed")

    def _counted(self):
        """Seconds that the present request has taken."""
        start, processor, queued = self._start
        clock = monotonic() - start
        waited = clock - max(0.0, _queued_seconds(self.timed) - queued)
        self._most = max(self._most, self._processor() - processor)  # who has ended took it along
        return min(clock, max(self._most, waited / PATIENCE, clock / (_BUSY * PATIENCE)))

    def _processor(self):
        """Processor seconds of the worker and of all that it started.

        One that keeps itself waiting, by a thousand forks, keeps nobody else waiting for longer.
        """
        used = _processor_seconds(self.timed)
        if sys.platform == "linux" and self.timed and self._process:
            others = {*_descendants(self._process.pid)} - {self.timed.pid}
            used += sum(_processor_seconds(_process(pid)) for pid in others)
        return used


def _descendants(pid):
    """Numbers of the processes that a process has started, directly or not: a list.

    On Linux each says which its children are; psutil looks at all processes of the machine.
    """
    children = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/task/{task}/children").read_text()
                children += map(int, text.split())
    except OSError:
        return []
    return children + [number for child in children for number in _descendants(child)]


def _group(family, limits):
    """A control group with these processes in it (psutil's, or None), or None."""
    made = taken.group(limits["memory_mb"]) if sys.platform == "linux" and all(family) else None
    if made:
        try:
            for process in family:
                made.add(process.pid)
        except OSError:
            made.remove()
            return None
    return made


def _own_core():
    """A core for the jail's submissions, so that one that spins takes no time from the others.

    Returns:
        (its number, what says that it is taken), or (None, None) where there's none left.
    """
    if sys.platform == "linux":
        for core in sorted(os.sched_getaffinity(0)):
            taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                # Bound by one process of a machine at a time, and free again when that ends.
                taken.bind(f"\0course_grader_core_{core}")
                return core, taken
            taken.close()
    return None, None


def _resident(process):
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has just ended
        return 0


def _processor_seconds(process):
    """Of a process and of its children that have ended; 0 where it has ended itself."""
    try:
        return sum(process.cpu_times()[:4])  # user, system, and the same of children
    except (AttributeError, psutil.Error):
        return 0


def _queued_seconds(process):
    """For how long a process's threads were ready to run, and had no processor; 0 if unknown."""
    if process is None or sys.platform != "linux":
        return 0.0
    queued = 0
    with contextlib.suppress(OSError, IndexError, ValueError):
        for task in os.listdir(f"/proc/{process.pid}/task"):
            queued += int(Path(f"/proc/{process.pid}/task/{task}/schedstat").read_text().split()[1])
    return queued / 1e9


def _share(process):
    try:
        return process.memory_full_info().pss
    except AttributeError:  # not Linux
        return _resident(process)
    except psutil.AccessDenied:
        return _resident(process)
    except psutil.Error:
        return 0


def _process(pid):
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _end_tree(process, *, sandboxed):
    """End a subprocess and its descendants, and wait for it.

    A sandbox's first process takes with it whatever else is in there; bubblewrap then ends too.
    """
    children = _kill_children(_process(process.pid))
    if not (sandboxed and children):
        process.kill()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill_children(process):
    """Kill the descendants of a process (psutil's, or None).

    Returns:
        How many there were.
    """
    try:
        children = process.children(recursive=True)
    except (AttributeError, psutil.NoSuchProcess):
        return 0
    for child in children:
        with contextlib.suppress(psutil.Error):
            child.kill()
    return len(children)


def _remove(home):
    if home is not None:
        shutil.rmtree(home, ignore_errors=True)  # a submission may have locked its own files away


def _own_home():
    """A folder in which submissions without a sandbox get theirs.

    Returns:
        (its path, a descriptor that says for as long as this process lives that it's taken; None
        where there are no such locks).
    """
    while True:
        home = tempfile.mkdtemp(prefix=_HOMES)
        if fcntl is None:
            return home, None
        taken = os.open(home, os.O_RDONLY)
        fcntl.flock(taken, fcntl.LOCK_EX)
        if os.path.exists(home):  # or somebody tidied it away before it was locked
            return home, taken
        os.close(taken)


def _remove_homes():
    """Remove the folders of graders that were killed."""
    if fcntl is None:
        return
    for home in Path(tempfile.gettempdir()).glob(f"{_HOMES}*"):
        with contextlib.suppress(OSError):  # another one's, or taken
            taken = os.open(home, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(home)
            finally:
                os.close(taken)


def _environment(home, packages):
    """The only variables that a worker has."""
    variables = {
        "COURSE_GRADING": "1",
        "COURSE_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "HOME": home,
        "KERAS_BACKEND": "tensorflow",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TMPDIR": "/tmp" if home == HOME and "/tmp" in rooms() else home,
        "USER": "student",
        "USERPROFILE": home,
        **{f"{library}_NUM_THREADS": "1" for library in ("MKL", "OMP", "OPENBLAS")},
    }
    if packages:
        variables["PYTHONPATH"] = packages
    return variables


def _digits_to_show():
    """What stands in the place of the file with all digits: a file that has no name.

    So nothing is left of it, however this process ends.

    Returns:
        file, or None if there is none to hide.
    """
    try:
        content = without_kept_back()
    except (ImportError, OSError):
        return None
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - `close` closes it
    file.write(content)
    return file


def _bwrap(hide=(), replace=(), *, forks=True):
    """The command that runs another one in a sandbox.

    Args:
        hide: paths to cover, should they lie within what the sandbox has.
        replace: pairs of the file descriptor of a file, and the one in whose place its content is
            to be seen.
        forks: whether the command is the zygote, which ends when this process does. Any other
            ends with the thread that starts it.
    Returns:
        list of str, to which the command is to be added.
    """
    command = [shutil.which("bwrap"), "--new-session", "--clearenv"]
    # The first process takes all others with it; bubblewrap adds none that could be attacked.
    command += ["--as-pid-1"] if forks else ["--as-pid-1", "--die-with-parent"]
    command += ["--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "course"]
    if os.geteuid() == 0:
        # Root needs no user namespace here, and must be able to become somebody else.
        command += ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL"):
            command += ["--cap-add", capability]
    else:
        command += ["--unshare-user"]
    bound = [path for path in map(Path, _SYSTEM) if path.exists()]
    for path in bound:
        link = path.is_symlink()
        command += ["--symlink", os.readlink(path), path] if link else ["--ro-bind", path, path]
    environment = [sys.base_prefix, sys.prefix, sys.base_exec_prefix, sys.exec_prefix]
    environment += [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    for path in _outermost(environment, bound):
        command += [*_parents(path), "--ro-bind", path, path]
        bound.append(path)
    command += ["--perms", "0755", "--dir", "/etc"]
    for name in _ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    library = Path(course.__file__).resolve().parent
    for folder in (PACKAGES, f"{PACKAGES}/course", f"{PACKAGES}/course/grader"):
        command += ["--perms", "0755", "--dir", folder]
    command += ["--ro-bind", Path(course_utils.__file__).parent, f"{PACKAGES}/course_utils"]
    for name in ("__init__.py", *_IMPORTED, *(f"grader/{name}" for name in _OWN_FILES)):
        command += ["--ro-bind", library / name, f"{PACKAGES}/course/{name}"]
    # Released exercises have no solutions, but visible checks that work out what is right.
    covered = [Path(PACKAGES, RELEASED.relative_to(library.parent))] if RELEASED.exists() else []
    for path in map(Path, hide):
        if path.exists() and any(map(path.resolve().is_relative_to, bound)):
            covered.append(path.resolve())
    for path in covered:
        command += ["--tmpfs", path, "--remount-ro", path]
    for descriptor, place in replace:
        command += ["--perms", "0444", "--ro-bind-data", descriptor, place.resolve()]
    command += ["--proc", "/proc", "--perms", "0755", "--dir", "/dev"]
    for name in _DEVICES:
        command += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    # Small, for the zygote alone; each submission gets its own in these places.
    for room, size in rooms().items():
        command += [*_parents(Path(room)), "--perms", "1777"]
        command += ["--size", str(size << 20), "--tmpfs", room]
    command += ["--remount-ro", "/", "--chdir", HOME]
    variables = _environment(HOME, PACKAGES) | {"PATH": "/usr/bin:/bin"}
    if site.ENABLE_USER_SITE:
        variables["PYTHONPATH"] += os.pathsep + site.getusersitepackages()
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return [str(word) for word in command]


def _outermost(paths, bound):
    """Folders that exist and that no other one holds, as they are named and where they lead."""
    outermost = []
    for path in sorted({Path(path) for path in paths} | {Path(path).resolve() for path in paths}):
        if path.is_dir() and not any(map(path.is_relative_to, [*bound, *outermost])):
            outermost.append(path)
    return outermost


def _parents(path):
    """Make the folders above a path, so that any user may pass through them."""
    words = []
    for parent in list(reversed(path.parents))[1:]:
        words += ["--perms", "0755", "--dir", str(parent)]
    return words
