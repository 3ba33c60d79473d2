"""The rehearsal of a sitting on Binder: what it counts, and what its learner does."""

import os
import subprocess
import sys
import threading
import types

import nbformat
import psutil
import pytest

from tools import rehearse, watched

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts as Linux does")
A_MEGABYTE = "held = bytearray(range(256)) * 4096 * {mb}"


@linux
def test_children_count_and_what_they_share_counts_once():
    code = f"""
import os
{A_MEGABYTE.format(mb=100)}
child = os.fork()  # shares all of it
print(os.getpid(), flush=True) if child else None
input() if child else os.read(0, 1)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        family = psutil.Process(process.pid)
        resident = [member.memory_info().rss for member in [family, *family.children()]]
        megabytes = watched.memory_of(family) / 2**20
        process.communicate(b"\n\n")
    assert len(resident) == 2 and sum(resident) > 200 * 2**20
    assert 100 < megabytes < 130


def test_a_peak_is_that_since_the_last_look():
    looks, reset, seen = 0, threading.Event(), threading.Event()
    peaks = []

    def memory_of(process):
        nonlocal looks
        looks += 1
        if looks == 4:  # the last of the first period; while it goes on, the second begins
            seen.set()
            assert reset.wait(20)
        elif looks == 6:
            seen.set()
        return [10, 30, 20, 5, 7][looks - 1] if looks < 6 else 0

    with watched.Watch(None, every=0.001, memory_of=memory_of) as watch:
        for _ in range(2):
            assert seen.wait(20)
            peaks.append(watch.most())
            seen.clear()
            reset.set()
    assert peaks == [30, 7]
    assert watch.most() == 0


@linux
def test_a_control_group_holds_the_limit():
    with rehearse.control_group() as group:
        if group is None:
            pytest.skip("no control group can be had here")
        limits = [
            (group / name).read_text().strip()
            for name in ("memory.max", "memory.limit_in_bytes")
            if (group / name).exists()
        ]
        assert limits == [str(rehearse.LIMIT)]
        greedy = A_MEGABYTE.format(mb=2500)
        done = subprocess.run(
            [sys.executable, "-c", greedy],
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())),
        )
        assert done.returncode == -9
        assert rehearse.killed_in(group) == 1
    assert not group.exists()


class FakeServer:
    """Kernels that print what they are given to print, by notebook."""

    def __init__(self, says, fails=()):
        self.says, self.fails, self.alive, self.ran = says, set(fails), [], []

    def running(self):
        return list(self.alive)

    def open(self, notebook):
        self.alive.append(notebook)
        return types.SimpleNamespace(run=lambda source: self.run(notebook, source))

    def run(self, notebook, source):
        self.ran.append((notebook, source))
        if (notebook, source) in self.fails and len(self.alive) > 1:
            return "", self.says.get(notebook, "no memory")
        return self.says.get(notebook, "") if source == "first" else "", ""

    def shut_down(self, notebook):
        self.alive.remove(notebook)


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(rehearse, "HOME", tmp_path)
    cells = [nbformat.v4.new_markdown_cell("# Title")]
    cells += [nbformat.v4.new_code_cell(source) for source in ("first", "second")]
    for name in ("01_a.ipynb", "02_b.ipynb", "03_c.ipynb"):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / name)


def test_kernels_that_the_first_cell_names_are_shut_down(notebooks):
    server = FakeServer({"03_c.ipynb": "1 GB free. Shut down 01_a.ipynb (1.2 GB) first."})
    assert rehearse.rehearse(server, "01_a.ipynb") == []
    assert rehearse.rehearse(server, "02_b.ipynb") == []
    assert server.alive == ["01_a.ipynb", "02_b.ipynb"]  # nobody was told
    assert rehearse.rehearse(server, "03_c.ipynb") == ["01_a.ipynb"]
    assert server.alive == ["02_b.ipynb", "03_c.ipynb"]


def test_a_first_cell_that_stops_is_run_again_when_there_is_room(notebooks):
    says = {"02_b.ipynb": "No room: shut down 01_a.ipynb."}
    server = FakeServer(says, fails=[("02_b.ipynb", "first")])
    rehearse.rehearse(server, "01_a.ipynb")
    assert rehearse.rehearse(server, "02_b.ipynb") == ["01_a.ipynb"]
    assert [source for name, source in server.ran if name == "02_b.ipynb"] == [
        "first",
        "first",
        "second",
    ]


def test_a_cell_that_fails_ends_the_rehearsal(notebooks):
    server = FakeServer({}, fails=[("02_b.ipynb", "second")])
    rehearse.rehearse(server, "01_a.ipynb")
    with pytest.raises(rehearse.RehearsalError, match="02_b.ipynb"):
        rehearse.rehearse(server, "02_b.ipynb")


def test_the_table_says_who_was_told():
    result = {"seconds": 61.2, "peak_mb": 1534.4, "kernels": 2, "shut_down": ["01_a", "02_b"]}
    whole = {"date": "2026-01-01", "real": False, "held": True, "server_mb": 147.0}
    lines = rehearse.table_lines(whole | {"notebooks": {"03_c": result}})
    assert lines[-1] == "| 03_c | 61 | 1,534 | 2 | 01_a, 02_b |"
