"""Rehearse a learner's sitting on Binder: its installation, one core, two gigabytes.

    python -m tools.rehearse [05 ...] [--shared FOLDER]

The course is installed as Binder does it, from what is committed or would be, in build/rehearsal.
JupyterLab starts there through binder/start, on one core. Lessons are opened one after another, as
links open them: each gets a kernel, and the kernels before it go on. A kernel is shut down only
when a lesson's first cell names its notebook, which is what a learner can know. In the end comes
an exercise. All processes together are watched, and held by a control group where one can be had.

Where there is no folder of real data (the Makefile's SHARED), nothing is downloaded, and lessons
use what is embedded. The peaks go to docs/benchmarks/.
"""

import argparse
import contextlib
import dataclasses
import datetime
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import time
from pathlib import Path

from course.workspace import copies, places
from course_utils import recorded
from tools import watched
from tools.build_lessons import OFFLINE, with_settings
from tools.staleness import ROOT, chosen, lessons

BUILD = ROOT / "build" / "rehearsal"
HOME, VENV = BUILD / "home", BUILD / "venv"
REQUIREMENTS = "requirements.lock", "binder/requirements.txt", "binder/runtime.txt"  # Binder's
LIMIT = 2 * 2**30  # bytes, as mybinder.org gives a session
CORES = 1
LOOK_SECONDS = 0.1
START_SECONDS = 120
CELL_SECONDS = 900
# The solutions: so its checks have something to do.
EXERCISE = "notebooks/exercises/solutions/02_mnist.ipynb"
MEGABYTE = 2**20
# What begins a command whose processes see only each other: other kernels on this machine are none
# of a session's, which counts its user's.
ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


class RehearsalError(Exception):
    """The rehearsal can't go on; the text says where, and what the last words were."""


# ---- installation -----------------------------------------------------------------------------


def install(settings):
    """A copy of the repository, and an environment that is made as Binder makes it.

    Args:
        settings: dict of environment variables for binder/postBuild.
    Returns:
        seconds that it took; the environment is kept as long as Binder's requirements are the same.
    """
    begin = time.perf_counter()
    copy_repository()
    asked = b"".join((ROOT / name).read_bytes() for name in REQUIREMENTS)
    wanted = hashlib.sha256(asked).hexdigest()
    mark = VENV / "installed"
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(VENV, ignore_errors=True)
        run([python(), "-m", "venv", VENV], cwd=BUILD)
        requirements = ["install", "--no-cache-dir", "-r", "binder/requirements.txt"]
        run([VENV / "bin" / "python", "-m", "pip", *requirements], cwd=HOME)
        mark.write_text(wanted)
    run([HOME / "binder" / "postBuild"], cwd=HOME, env=environment(settings))
    return time.perf_counter() - begin


def copy_repository():
    """Put the files that git tracks, as they are now, into an empty home folder."""
    shutil.rmtree(HOME, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():  # it may be deleted, and not committed yet
            (HOME / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, HOME / name)


def python():
    """The Python that binder/runtime.txt names, where it is here and runs; else this one."""
    name = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().replace("-", "")
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run([name, "--version"], capture_output=True, check=True)
        return name
    return sys.executable


def environment(settings):
    """What processes of a session see of this machine's environment variables."""
    own = {
        "HOME": str(HOME),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(VENV),
        "JUPYTER_RUNTIME_DIR": str(HOME / ".runtime"),
        "CPU_LIMIT": f"{CORES:.1f}",
        "MEM_LIMIT": str(LIMIT),
    }
    return with_settings(dict.fromkeys(OFFLINE) | own | settings)


def run(command, *, cwd, env=None):
    """Run a command of the installation.

    Raises:
        RehearsalError: it failed; the text has its last words.
    """
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise RehearsalError(f"`{words}` failed:\n{done.stdout[-3000:]}")


# ---- memory -------------------------------------------------------------------------------------


@contextlib.contextmanager
def control_group():
    """A control group of its own, which may take LIMIT bytes; None where none can be had.

    Yields:
        a folder, whose file cgroup.procs takes processes; or None.
    """
    for controllers, limit_file in (("", "memory.max"), ("memory", "memory.limit_in_bytes")):
        top = Path("/sys/fs/cgroup") / controllers
        folder = top / f"course-rehearsal-{os.getpid()}"
        with contextlib.suppress(OSError):  # not ours to make
            folder.mkdir()
        try:
            if (folder / limit_file).exists():  # else it has no say on memory, or is no group
                (folder / limit_file).write_text(str(LIMIT))
                yield folder
                return
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()
    yield None


def can_be_alone():
    """Whether processes can be started that see no others, as in a container of their own."""
    with contextlib.suppress(OSError):
        return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    return False


def killed_in(group):
    """How many processes the kernel ended in a control group because the limit was reached."""
    for name in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(OSError):
            for line in (group / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


# ---- a sitting -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A notebook's kernel: jupyter_client's client, and the psutil.Process."""

    notebook: str
    client: object
    process: object

    def run(self, source):
        """Run a cell.

        Returns:
            what it wrote, and the message of the error that ended it, "" for none.
        Raises:
            RehearsalError: the kernel dies, or gives no answer.
        """
        request, said, error = self.client.execute(source, allow_stdin=False), [], ""
        deadline = time.monotonic() + CELL_SECONDS
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                first = source.splitlines()[0]
                if not self.process.is_running():  # the server starts it again, as another process
                    raise RehearsalError(f"{self.notebook}: its kernel died at `{first}`") from None
                if time.monotonic() > deadline:
                    raise RehearsalError(
                        f"{self.notebook}: `{first}` took more than {CELL_SECONDS} s"
                    ) from None
                continue
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "stream":
                said.append(content["text"])
            elif kind == "error":
                error = "\n".join(content["traceback"]) or content["evalue"]
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(said), error


class Server:
    """JupyterLab, as a session on Binder starts it: open notebooks, run them, shut them down.

    Args:
        settings: dict of environment variables.
        group: control group that it should be in, or None.
    """

    def __init__(self, settings, group):
        import psutil

        command = [*ALONE] if can_be_alone() else []
        command += [HOME / "binder" / "start", "jupyter", "lab", "--no-browser", "--allow-root"]
        command += ["--port=0", "--ip=127.0.0.1"]
        self._log = (BUILD / "server.log").open("w+", encoding="utf-8")
        self.process = psutil.Popen(
            [str(word) for word in command],
            cwd=HOME,
            env=environment(settings),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: self._enter(group),
        )
        self._sessions = {}  # notebook -> (session's id, client)
        self._address, self._token = self._found()

    @staticmethod
    def _enter(group):
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        if group:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def _found(self):
        """Address and token, from the file that the server leaves when it is up."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            for path in (HOME / ".runtime").glob("jpserver-*.json"):
                with contextlib.suppress(ValueError):  # half written
                    server = json.loads(path.read_text())
                    return server["url"], server["token"]
            time.sleep(0.2)
        self.end()
        said = (BUILD / "server.log").read_text(encoding="utf-8")[-3000:]
        raise RehearsalError(f"JupyterLab didn't start within {START_SECONDS} s:\n{said}")

    def ask(self, verb, path, content=None):
        """What the server answers to a request with this content; None for an empty answer."""
        import requests

        answer = requests.request(
            verb,
            f"{self._address}api/{path}",
            headers={"Authorization": f"token {self._token}"},
            json=content,
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def open(self, notebook):
        """Open a notebook, which starts a kernel; the others go on.

        Args:
            notebook: its path in the home folder.
        Returns:
            Kernel.
        """
        from jupyter_client import BlockingKernelClient

        wanted = {
            "path": notebook,
            "name": Path(notebook).name,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        session = self.ask("POST", "sessions", wanted)
        file = HOME / ".runtime" / f"kernel-{session['kernel']['id']}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.hb_channel.time_to_dead = START_SECONDS  # one core, and several kernels
        client.start_channels()
        client.wait_for_ready(timeout=START_SECONDS)
        family = self.process.children(recursive=True)
        process = next(one for one in family if str(file) in one.cmdline())
        self._sessions[notebook] = session["id"], client
        return Kernel(notebook, client, process)

    def running(self):
        """The notebooks whose kernels are alive, in the order in which they were opened."""
        return list(self._sessions)

    def shut_down(self, notebook):
        """Shut a notebook's kernel down, as the tab *Running Terminals and Kernels* does."""
        session, client = self._sessions.pop(notebook)
        client.stop_channels()
        self.ask("DELETE", f"sessions/{session}")

    def end(self):
        """End the server and all kernels."""
        import psutil

        for _, client in self._sessions.values():
            client.stop_channels()
        family = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [self.process, *self.process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.terminate()
        _, stubborn = psutil.wait_procs(family, timeout=20)
        for member in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(stubborn, timeout=20)
        self._log.close()


def rehearse(server, notebook):
    """Open a notebook and run it from top to bottom, doing what its first cell says.

    Args:
        server: Server.
        notebook: its path in the home folder.
    Returns:
        the notebooks that were shut down because the first cell named them.
    Raises:
        RehearsalError: a cell fails.
    """
    import nbformat

    before = server.running()
    kernel = server.open(notebook)
    path = HOME / notebook
    cells = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", [])
    ]
    said, error = kernel.run(cells[0])
    named = [other for other in before if Path(other).name in said + error]
    for other in named:
        server.shut_down(other)
    if error and named:  # it stopped until there is room
        said, error = kernel.run(cells[0])
    for cell in cells[1:]:
        if error:
            break
        _, error = kernel.run(cell)
    if error:
        raise RehearsalError(f"{notebook} fails:\n{error[-3000:]}")
    return named


def sitting(notebooks, settings):
    """Rehearse notebooks, one after another.

    Args:
        notebooks: paths in the home folder.
        settings: dict of environment variables.
    Returns:
        dict: "server_mb" for JupyterLab alone; "held": whether a control group held the limit; and
        "notebooks": name -> {"seconds", "peak_mb", "kernels", "shut_down"}.
    """
    results = {}
    with control_group() as group:
        server = Server(settings, group)
        try:
            with watched.Watch(server.process, every=LOOK_SECONDS) as watch:
                time.sleep(3)
                alone = watch.most()
                for notebook in notebooks:
                    begin = time.perf_counter()
                    named = rehearse(server, notebook)
                    result = {
                        "seconds": time.perf_counter() - begin,
                        "peak_mb": watch.most() / MEGABYTE,
                        "kernels": len(server.running()),
                        "shut_down": [name.removesuffix(".ipynb") for name in named],
                    }
                    name = notebook.removeprefix(f"{places.NAME}/").removeprefix("notebooks/")
                    results[name.removesuffix(".ipynb")] = result
                    print(line_of(notebook, result), flush=True)
        except RehearsalError as error:
            if group and killed_in(group):
                raise RehearsalError(f"The limit of 2 GB was reached, and then: {error}") from None
            raise
        finally:
            server.end()
        if group and (ended := killed_in(group)):
            raise RehearsalError(f"{ended} process(es) were ended for want of memory")
    return {"server_mb": alone / MEGABYTE, "held": group is not None, "notebooks": results}


def line_of(notebook, result):
    """One line on a rehearsed notebook."""
    told = ", ".join(result["shut_down"]) or "nothing"
    return (
        f"{notebook}: {result['seconds']:.0f} s, at most {result['peak_mb']:,.0f} MB in all, "
        f"{result['kernels']} kernel(s) in the end, told to shut down: {told}"
    )


def table_lines(results):
    """The results as lines of Markdown."""
    data = "real data" if results["real"] else "embedded data"
    held = "held by a control group" if results["held"] else "watched"
    lines = [
        f"A sitting on Binder, rehearsed by `make rehearse` on {results['date']}: installed as "
        f"there, {CORES} core, 2,048 MB ({held}), {data}. Lessons are opened one after another, "
        "and a kernel is shut down only when a lesson's first cell names its notebook. JupyterLab "
        f"alone takes {results['server_mb']:.0f} MB. The most that all processes took together, "
        "what they share counted once, in MB of 2^20 bytes:",
        "",
        "| notebook | seconds | peak MB | kernels | told to shut down |",
        "|---|---:|---:|---:|---|",
    ]
    for name, result in results["notebooks"].items():
        told = ", ".join(result["shut_down"])
        lines.append(
            f"| {name} | {result['seconds']:.0f} | {result['peak_mb']:,.0f} "
            f"| {result['kernels']} | {told} |"
        )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02; none: all of them")
    parser.add_argument(
        "--shared",
        type=Path,
        help="folder of real data (data/, keras_home/), which is used if it is there",
    )
    options = parser.parse_args()
    try:
        sources = chosen(options.lesson, lessons())
        names = [f"{places.NAME}/{copies.name_of(each.stem, 'lesson')}" for each in sources]
    except ValueError as error:
        parser.error(str(error))
    settings = {"COURSE_SCALE": "quick"}
    real = options.shared is not None and (options.shared / "data").is_dir()
    if real:
        shared = options.shared.resolve()
        settings |= {"COURSE_MIRROR": str(shared / "data")}
        settings |= {"KERAS_HOME": str(shared / "keras_home")}
    else:
        settings |= {"COURSE_OFFLINE": "1", "KERAS_HOME": OFFLINE["KERAS_HOME"]}
    try:
        seconds = install(settings)
        results = sitting([*names, EXERCISE], settings)
    except RehearsalError as error:
        sys.exit(f"{error}\nThe rehearsal failed.")
    results |= {
        "date": datetime.date.today().isoformat(),
        "machine": recorded.describe_machine(),
        "install_seconds": seconds,
        "real": real,
    }
    over = [
        name
        for name, result in results["notebooks"].items()
        if result["peak_mb"] * MEGABYTE > LIMIT
    ]
    print("\n".join(table_lines(results)))
    if over:
        sys.exit(f"More than 2 GB: {', '.join(over)}.")
    if not options.lesson:
        from tools import bench  # which has a table of it, from here

        bench.keep(bench.read() | {"rehearsal": results})


if __name__ == "__main__":
    main()
