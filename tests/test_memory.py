"""What memory is free, within whatever limits, and which notebooks to shut down for more."""

import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from control_groups import control_groups

from course_utils import machine, memory, start
from course_utils.memory import GB

OWN = os.getpid()
STAT = "cache 0\nrss 0\ninactive_file 268435456\nactive_file 0\n"
LAB = ["python", "-m", "ipykernel_launcher", "-f", "kernel.json"]


class Process:
    """A stand-in for psutil.Process: what it takes for itself, in GB, beside shared pages."""

    def __init__(self, size, pid=1, words=(), name=None, user="me", refuses=()):
        self.pid, self._words, self._user, self._refuses = pid, list(words), user, refuses
        self._used = SimpleNamespace(rss=(size + 0.2) * GB, shared=0.2 * GB)
        self._environment = {"JPY_SESSION_NAME": name} if name else {}

    def _answer(self, what, value):
        if what in self._refuses:
            raise psutil.AccessDenied(self.pid)
        return value

    def username(self):
        return self._answer("username", self._user)

    def memory_info(self):
        return self._answer("memory_info", self._used)

    def cmdline(self):
        return self._answer("cmdline", self._words)

    def environ(self):
        return self._answer("environ", self._environment)


@pytest.fixture
def computer(monkeypatch, tmp_path):
    """A made-up computer of 16 GB, 8 of them free, with no limits, and one process: this one."""
    found = SimpleNamespace(available=8 * GB, processes=[Process(0.1, OWN, LAB)])
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    control_groups(monkeypatch, tmp_path, "", {})
    free = lambda: SimpleNamespace(total=16 * GB, available=found.available)  # noqa: E731
    monkeypatch.setattr(psutil, "virtual_memory", free)
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(found.processes))
    monkeypatch.setattr(psutil, "Process", lambda: found.processes[0])
    return found


@pytest.mark.parametrize(
    ("lines", "files", "allowed"),
    [
        ("0::/\n", {"memory.max": "2147483648\n"}, 2 * GB),
        ("0::/\n", {"memory.max": "max\n"}, math.inf),
        # the tightest of the groups above counts
        ("0::/a/b\n", {"a/b/memory.max": "4096", "a/memory.max": "1024"}, 1024),
        (  # the first version of control groups, as a container sees its own
            "4:memory:/docker/1\n2:cpu,cpuacct:/docker/1\n1:name=systemd:/x\nrubbish\n",
            {"memory/memory.limit_in_bytes": "4096"},
            4096,
        ),
        ("1:cpu:/\n", {}, math.inf),
    ],
)
def test_control_groups(monkeypatch, tmp_path, lines, files, allowed):
    control_groups(monkeypatch, tmp_path, lines, files)
    assert memory.limits(math.inf).get("this container's limit", math.inf) == allowed


def test_no_limit(computer):
    assert memory.available() == 8 * GB
    computer.available = 1 * GB
    assert memory.available() == 1 * GB


def test_others_of_the_user_count_within_mem_limit(computer, monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", str(2 * GB))
    assert memory.available() == pytest.approx(1.9 * GB)
    computer.processes += [Process(0.5), Process(0.3), Process(5, user="somebody else")]
    assert memory.available() == pytest.approx(1.1 * GB)
    computer.processes += [Process(9)]
    assert memory.available() == 0


def test_what_the_container_uses_is_taken_from_its_limit(computer, monkeypatch, tmp_path):
    """Pages of files, a quarter of a gigabyte, can be dropped."""
    limit, used = 2 * GB, int(1.5 * GB)
    files = {"memory.max": limit, "memory.current": used, "memory.stat": STAT}
    control_groups(monkeypatch, tmp_path, "0::/\n", files)
    assert memory.available() == 0.75 * GB


def test_the_first_version_of_control_groups(computer, monkeypatch, tmp_path):
    """Its total counts the groups within, and the kernels may be in those."""
    stat = f"{STAT}total_inactive_file {GB // 2}\ntotal_active_file {GB // 4}\n"
    files = {"limit_in_bytes": 2 * GB, "usage_in_bytes": int(1.5 * GB), "stat": stat}
    files = {f"memory/docker/memory.{name}": content for name, content in files.items()}
    control_groups(monkeypatch, tmp_path, "4:memory:/docker\n2:cpu,cpuacct:/docker\n", files)
    assert memory.available() == 1.25 * GB


def test_a_limit_whose_use_is_not_told(computer, monkeypatch, tmp_path):
    computer.processes += [Process(0.5)]
    control_groups(monkeypatch, tmp_path, "0::/\n", {"memory.max": 2 * GB})
    assert memory.available() == pytest.approx(1.4 * GB)


def test_nothing_is_told(computer, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", Path("/no such /proc/meminfo").read_text)
    assert memory.available() == math.inf
    assert memory.shortage() == ("", False)


def test_processes_that_refuse_are_left_out(computer, monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", str(1 * GB))
    computer.processes += [
        Process(0.2, 2, LAB, "a.ipynb", refuses=["username"]),
        Process(0.2, 3, LAB, "b.ipynb", refuses=["memory_info"]),
        Process(0.2, 4, LAB, "c.ipynb", refuses=["cmdline"]),
        Process(0.3, 5, LAB, "d.ipynb", refuses=["environ"]),
    ]
    assert memory.other_kernels() == [("another notebook", pytest.approx(0.3 * GB))]

    def fails():
        raise PermissionError("/proc")

    monkeypatch.setattr(psutil, "process_iter", fails)
    assert memory.other_kernels() == []
    assert memory.available() == 1 * GB


def test_other_kernels_are_the_users_and_the_largest_comes_first(computer):
    computer.processes += [
        Process(0.4, 2, LAB, "notebooks/01_convolution.ipynb"),
        Process(1.2, 3, LAB, "notebooks/exercises/05_transfer_learning.ipynb"),
        Process(0.6, 4, ["python3", "-m", "colab_kernel_launcher", "-f", "x.json"]),
        Process(2.0, 5, ["python", "-m", "jupyterlab"], "06_interpretation.ipynb"),
        Process(2.0, 6, LAB, "theirs.ipynb", user="somebody else"),
    ]
    assert [name for name, _ in memory.other_kernels()] == [
        "05_transfer_learning.ipynb",
        "another notebook",
        "01_convolution.ipynb",
    ]


def test_nothing_is_said_where_memory_is_plenty(computer):
    computer.processes += [Process(5, 2, LAB, "05_transfer_learning.ipynb")]
    assert memory.shortage() == ("", False)


def test_as_many_are_named_as_make_room(computer):
    computer.available = 0.6 * GB
    computer.processes += [
        Process(0.3, 2, LAB, "a.ipynb"),
        Process(0.7, 3, LAB, "b.ipynb"),
        Process(0.4, 4, LAB, "c.ipynb"),
        Process(0.01, 5, LAB, "d.ipynb"),
    ]
    text, stop = memory.shortage()
    assert "\n" not in text and "0.6 GB" in text
    assert "b.ipynb (0.7 GB) and c.ipynb (0.4 GB)" in text
    assert "a.ipynb" not in text and "d.ipynb" not in text
    assert not stop  # the machine may have more to give: swap


def test_little_free_and_nothing_else_running(computer, monkeypatch):
    computer.available = 1.2 * GB
    text, stop = memory.shortage()
    assert "1.2 GB" in text and "shut down" not in text and not stop
    monkeypatch.setenv("MEM_LIMIT", str(GB // 2))
    assert memory.shortage()[1] is False  # there is nothing that would help


def test_a_lesson_stops_before_it_is_killed(computer, monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", str(2 * GB))
    computer.processes += [Process(1.3, 2, LAB, "notebooks/05_transfer_learning.ipynb")]
    assert memory.shortage()[1] is True
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # so that what is set for TensorFlow is put back
    with pytest.raises(machine.NotReady, match=r"0\.6 GB.*05_transfer_learning\.ipynb"):
        start.import_tensorflow()
    assert "tensorflow" not in sys.modules


def test_a_real_kernel_is_seen(tmp_path):
    """Its command line and environment are those that Jupyter's server gives it."""
    (tmp_path / "ipykernel_launcher.py").write_text(
        "import time; print(1, flush=True); time.sleep(99)"
    )
    environment = os.environ | {"JPY_SESSION_NAME": "notebooks/02_mnist.ipynb"}
    with subprocess.Popen(
        [sys.executable, *LAB[1:]], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as kernel:
        try:
            kernel.stdout.readline()
            sizes = dict(memory.other_kernels())
        finally:
            kernel.kill()
    assert 1e6 < sizes["02_mnist.ipynb"] < 1e9
