"""A whole class: in threads, resumed, cut off, on a cluster; always the same marks."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest
import small_class
from small_class import HereGrader, hand_in, small_exercise, solutions, write_class

from course.grader import classes
from course.grader.classes import ClassError, grade_class
from course.grader.gradebook import FILE, open_gradebook
from course.grader.hand_ins import collect
from course.grader.jail import isolation
from course.grader.reports import write_csv
from course.grader.submission import Grader

TESTS = Path(__file__).parent
SANDBOX = ["yes"] if isolation()[0] == "strong" else ["no"]


@pytest.fixture(scope="module")
def exercise():
    return small_exercise()


def graded(exercise, submissions, folder, *, grader=HereGrader, seed="1f", **options):
    """Grade a folder of submissions with the stand-in, or another."""
    folder.mkdir(exist_ok=True)
    hand_ins = collect(exercise, [submissions])
    with open_gradebook(folder, exercise) as book, patch.object(classes, "Grader", grader):
        result = grade_class(exercise, hand_ins, book, seed=seed, **options)
    write_csv(folder / "marks.csv", exercise, result.rows)
    return result


def points(result):
    return {row.hand_in.student: row.points for row in result.rows}


def marks(folder):
    return (folder / "marks.csv").read_bytes()


def table(folder):
    return list(csv.DictReader(marks(folder).decode("utf-8-sig").splitlines()))


@pytest.mark.parametrize("jobs", [1, 3])
def test_everybody_gets_what_they_deserve(exercise, tmp_path, jobs):
    deserved = write_class(tmp_path / "in", exercise, 12)
    result = graded(exercise, tmp_path / "in", tmp_path / "out", jobs=jobs)
    assert points(result) == pytest.approx(deserved)
    assert (result.new, result.kept, result.interrupted, result.stopped) == (12, 0, False, "")


def test_a_second_run_grades_what_is_new_or_changed(exercise, tmp_path):
    write_class(tmp_path / "in", exercise, 6)
    first = graded(exercise, tmp_path / "in", tmp_path / "out")
    before = marks(tmp_path / "out")
    again = graded(exercise, tmp_path / "in", tmp_path / "out")
    assert (again.new, again.kept) == (0, 6)
    assert marks(tmp_path / "out") == before
    assert again.rows == first.rows
    right = exercise.solution_cells()
    hand_in(tmp_path / "in", "student 001/small.ipynb", [*right, "# changed"])
    (tmp_path / "in" / "student 001" / f"{exercise.id}.ipynb").unlink()
    hand_in(tmp_path / "in", "zoe/small.ipynb", [*right, "# late"])
    hand_in(tmp_path / "in", "twin/small.ipynb", [*right, "# late"])
    last = graded(exercise, tmp_path / "in", tmp_path / "out")
    assert (last.new, last.kept) == (2, 5)
    new = {name: points(last)[name] for name in ("student 001", "zoe", "twin")}
    assert set(new.values()) == {exercise.points}


def test_regrade_and_another_seed_grade_everything(exercise, tmp_path):
    write_class(tmp_path / "in", exercise, 4)
    assert graded(exercise, tmp_path / "in", tmp_path / "out").new == 4
    assert graded(exercise, tmp_path / "in", tmp_path / "out", regrade=True).new == 4
    assert graded(exercise, tmp_path / "in", tmp_path / "out", seed="2f").new == 4
    assert graded(exercise, tmp_path / "in", tmp_path / "out", seed="1f").new == 0
    assert graded(exercise, tmp_path / "in", tmp_path / "out", seed=None).new == 4


def test_what_cannot_be_graded_is_no_harm_to_the_rest(exercise, tmp_path):
    deserved = write_class(tmp_path / "in", exercise, 3)
    (tmp_path / "in" / "bad").mkdir()
    (tmp_path / "in" / "bad" / "x.ipynb").write_text("{")
    hand_in(tmp_path / "in", "other/x.ipynb", ["x = 1"], "99_other")
    result = graded(exercise, tmp_path / "in", tmp_path / "out")
    assert points(result) == {"bad": None, "other": None, **deserved}
    empty = [row for row in table(tmp_path / "out") if row["student"] in ("bad", "other")]
    assert [row["status"] for row in empty] == ["unreadable", "wrong exercise"]
    assert {row[check.id] for row in empty for check in exercise.checks} == {""}


class Fragile(HereGrader):
    """Falls over a certain submission, and is of no use afterwards."""

    made = 0
    broken = False

    def grade(self, cells):
        assert not self.broken
        if "# 1" in cells:
            self.broken = True
            raise RuntimeError("out of luck")
        return super().grade(cells)


def test_a_fault_of_the_grader_costs_nobody_points(exercise, tmp_path):
    deserved = write_class(tmp_path / "in", exercise, 5)
    result = graded(exercise, tmp_path / "in", tmp_path / "out", grader=Fragile)
    assert points(result) == {**deserved, "student 001": None}
    assert Fragile.made == 2
    failed = result.rows[1]
    assert failed.status == "grader error"
    assert "RuntimeError: out of luck" in failed.result.trouble[0]
    mended = graded(exercise, tmp_path / "in", tmp_path / "out")
    assert (mended.new, mended.kept) == (1, 4)
    assert points(mended) == deserved


def test_a_grader_that_cannot_start(exercise, tmp_path):
    write_class(tmp_path / "in", exercise, 3)

    def fail(*_, **__):
        raise OSError("no sandbox today")

    with pytest.raises(ClassError, match="OSError: no sandbox today"):
        graded(exercise, tmp_path / "in", tmp_path / "out", grader=fail, jobs=2)


def test_a_grader_stays_in_the_thread_that_made_it(exercise, tmp_path):
    write_class(tmp_path / "in", exercise, 12)
    events = []
    all_there = threading.Barrier(3, timeout=60)

    class Noted(HereGrader):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.note("made")
            all_there.wait()

        def note(self, what):
            events.append((what, id(self), threading.get_ident()))

        def grade(self, cells):
            self.note("grades")
            return super().grade(cells)

        def __exit__(self, *_):
            self.note("ended")

    graded(exercise, tmp_path / "in", tmp_path / "out", grader=Noted, jobs=3)
    assert [what for what, *_ in events].count("made") == 3
    assert [what for what, *_ in events].count("ended") == 3
    assert [what for what, *_ in events].count("grades") == 12
    assert len({(grader, thread) for _, grader, thread in events}) == 3
    assert threading.get_ident() not in {thread for *_, thread in events}


def test_each_student_has_a_turn_before_anybody_has_a_second(exercise, tmp_path):
    right = exercise.solution_cells()
    for number in range(3):
        hand_in(tmp_path / "in", f"ada/{number}.ipynb", [*right, f"# a{number}"], exercise.id)
        hand_in(tmp_path / "in", f"{'bcd'[number]}/x.ipynb", [*right, f"# {number}"], exercise.id)
    order = []

    class Noted(HereGrader):
        def grade(self, cells):
            order.append(cells[-1])
            return super().grade(cells)

    graded(exercise, tmp_path / "in", tmp_path / "out", grader=Noted)
    assert order == ["# a0", "# 0", "# 1", "# 2", "# a1", "# a2"]


# Cut off and taken up again: `course grade` as a process of its own


@contextmanager
def grading(submissions, folder, seconds=0, *, sandbox="no"):
    words = [sys.executable, str(TESTS / "small_class.py")]
    words += [submissions, folder, str(seconds), sandbox]
    path = os.pathsep.join([str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def results(folder):
    """How many results a gradebook has, while another process writes it."""
    if not (folder / FILE).exists():
        return 0
    with closing(sqlite3.connect(folder / FILE)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
        except sqlite3.OperationalError:  # it is just being made
            return 0


def wait_for(folder, number, process):
    end = time.monotonic() + 60
    while results(folder) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def finish(submissions, folder, *, sandbox):
    """Grade, to the end."""
    with grading(submissions, folder, sandbox=sandbox) as process:
        text, _ = process.communicate()
        assert process.returncode == 0, text
    return text


def processes_of(process):
    while True:
        with suppress(psutil.NoSuchProcess):  # submissions' processes come and go meanwhile
            return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("sandbox", SANDBOX)
def test_a_class_killed_half_way_and_resumed(exercise, tmp_path, sandbox):
    deserved = write_class(tmp_path / "in", exercise, 60)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    finish(tmp_path / "in", undisturbed, sandbox="no")  # the stand-in is quick
    with grading(tmp_path / "in", killed, 0.02, sandbox=sandbox) as process:
        wait_for(killed, 20, process)
        theirs = processes_of(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert bool(theirs) == (sandbox == "yes")
    assert psutil.wait_procs(theirs, timeout=10)[1] == []  # nobody is left over
    kept = results(killed)
    assert 20 <= kept < 60
    assert not (killed / "marks.csv").exists()
    text = finish(tmp_path / "in", killed, sandbox=sandbox)
    assert f" {60 - kept}, {kept} " in text
    assert marks(killed) == marks(undisturbed)
    given = {row["student"]: float(row["points"]) for row in table(killed)}
    assert given == pytest.approx(deserved)
    pages = {path.name: path.read_bytes() for path in (killed / "feedback").iterdir()}
    assert len(pages) == 60
    assert pages == {path.name: path.read_bytes() for path in (undisturbed / "feedback").iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("sandbox", SANDBOX)
def test_ctrl_c_leaves_the_marks_so_far_and_says_how_to_go_on(exercise, tmp_path, sandbox):
    deserved = write_class(tmp_path / "in", exercise, 30)
    with grading(tmp_path / "in", tmp_path / "out", 0.3, sandbox=sandbox) as process:
        wait_for(tmp_path / "out", 6, process)
        theirs = processes_of(process)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all its processes get it
        text, _ = process.communicate(timeout=20)
    assert process.returncode == 130, text
    assert "Interrupted" in text and "the same command" in text
    assert psutil.wait_procs(theirs, timeout=10)[1] == []
    rows = table(tmp_path / "out")
    done = {row["student"]: float(row["points"]) for row in rows if row["status"] == "graded"}
    assert 6 <= len(done) < 30
    assert done == pytest.approx({name: deserved[name] for name in done})
    others = [row for row in rows if row["student"] not in done]
    assert {(row["status"], row["points"]) for row in others} == {("not graded yet", "")}
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == len(done)
    finish(tmp_path / "in", tmp_path / "out", sandbox=sandbox)
    given = {row["student"]: float(row["points"]) for row in table(tmp_path / "out")}
    assert given == pytest.approx(deserved)


def test_two_at_once_in_one_folder(exercise, tmp_path):
    write_class(tmp_path / "in", exercise, 30)
    with grading(tmp_path / "in", tmp_path / "out", 0.3) as first:
        wait_for(tmp_path / "out", 1, first)
        with grading(tmp_path / "in", tmp_path / "out") as second:
            text, _ = second.communicate(timeout=20)
    assert second.returncode == 2
    assert str(tmp_path / "out") in text and "--out" in text


def test_in_the_sandbox_a_hostile_few_do_no_harm_to_the_rest(exercise, tmp_path):
    if SANDBOX != ["yes"]:
        pytest.skip("no strong isolation here")
    deserved = write_class(tmp_path / "in", exercise, 8)
    right = exercise.solution_cells()
    for name, cell in {
        "loop": "while True: pass",
        "leaves": "import os; os._exit(0)",
        "crashes": "import ctypes; ctypes.string_at(0)",
        "name\nof 'two' lines": "1 / 0",
    }.items():
        hand_in(tmp_path / "in", f"{name}/x.ipynb", [*right, cell], exercise.id)
    result = graded(exercise, tmp_path / "in", tmp_path / "out", jobs=2, grader=Grader)
    given = points(result)
    assert {name: given[name] for name in deserved} == pytest.approx(deserved)
    statuses = {row.hand_in.student: row.status for row in result.rows}
    assert {name: statuses[name] for name in ("loop", "leaves", "crashes")} == {
        "loop": "timed out",
        "leaves": "died",
        "crashes": "died",
    }
    for name in set(given) - set(deserved):
        assert given[name] == exercise.points  # all that was asked for is there, and right


# A cluster


@pytest.fixture(scope="module")
def cluster():
    """Two workers with a thread each, which grade in the sandbox if there is one."""
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        if SANDBOX == ["no"]:
            on_workers(cluster, small_class.grade_without_sandbox)
        yield cluster


def on_workers(cluster, function):
    """Call a function in each worker; list of what it gives."""
    import distributed

    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
        return list(client.run(function).values())


def test_a_cluster_gives_the_same_marks(exercise, tmp_path, cluster):
    deserved = write_class(tmp_path / "in", exercise, 12)
    address = cluster.scheduler_address
    result = graded(exercise, tmp_path / "in", tmp_path / "far", scheduler=address)
    assert points(result) == pytest.approx(deserved)
    assert on_workers(cluster, small_class.graders_open) == [0, 0]  # each has ended its own
    graded(exercise, tmp_path / "in", tmp_path / "near")
    assert marks(tmp_path / "far") == marks(tmp_path / "near")
    assert graded(exercise, tmp_path / "in", tmp_path / "far", scheduler=address).new == 0


def test_a_worker_keeps_its_grader(exercise, tmp_path, cluster):
    write_class(tmp_path / "in", exercise, 12)
    on_workers(cluster, small_class.grade_without_sandbox)
    graded(exercise, tmp_path / "in", tmp_path / "out", scheduler=cluster.scheduler_address)
    assert on_workers(cluster, small_class.graders_made) == [1, 1]
    if SANDBOX == ["yes"]:
        on_workers(cluster, small_class.grade_in_sandbox)


def test_a_cluster_with_another_version_of_the_exercise(exercise, tmp_path, cluster, monkeypatch):
    write_class(tmp_path / "in", exercise, 3)
    changed = small_exercise()
    object.__setattr__(changed, "digest", "0" * 64)
    with pytest.raises(ClassError, match=exercise.id):
        graded(changed, tmp_path / "in", tmp_path / "out", scheduler=cluster.scheduler_address)


def test_a_worker_that_dies_costs_nothing(exercise, tmp_path, cluster):
    if SANDBOX != ["yes"]:
        pytest.skip("the worker that takes its place knows no stand-in")
    deserved = write_class(tmp_path / "in", exercise, 20)
    victim = psutil.Process(on_workers(cluster, os.getpid)[0])
    end, theirs = time.monotonic() + 30, []

    def kill():
        while not theirs and time.monotonic() < end:
            time.sleep(0.05)
            with suppress(psutil.NoSuchProcess):  # its sandboxes come and go meanwhile
                theirs.extend(victim.children(recursive=True))
        if theirs:
            victim.kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    address = cluster.scheduler_address
    result = graded(exercise, tmp_path / "in", tmp_path / "out", scheduler=address)
    killer.join()
    assert theirs and psutil.wait_procs(theirs, timeout=10)[1] == []
    assert result.stopped == ""
    assert points(result) == pytest.approx(deserved)


def test_no_scheduler(exercise, tmp_path, monkeypatch):
    monkeypatch.setattr(classes, "_CONNECT_SECONDS", 0.5)
    write_class(tmp_path / "in", exercise, 1)
    with pytest.raises(ClassError, match="tcp://127.0.0.1:9"):
        graded(exercise, tmp_path / "in", tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_no_dask(exercise, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    write_class(tmp_path / "in", exercise, 1)
    with pytest.raises(ClassError, match="pip install distributed"):
        graded(exercise, tmp_path / "in", tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_the_class_is_worth_grading(exercise):
    assert len({points for _, points in solutions(exercise).values()}) > 2
