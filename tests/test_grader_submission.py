"""Grading a submission: every check judged, whatever happens to its process."""

import dataclasses
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import grimp
import psutil
import pytest
from sandbox import needs_strong_isolation

from course.exercises import ExerciseError, load_exercise, run_check, source
from course.exercises.selftest import selftest
from course.grader import command, jail, judge, submission
from course.grader.jail import IsolationError, Jail
from course.grader.judge import Judge
from course.grader.submission import Grader, grading_digest

pytestmark = pytest.mark.sandbox

SMALL = Path(__file__).parent / "small_exercise"
CHECKS = ["zeros_all_around", "any_width", "counts_levels", "finds_the_pixel", "negative_values"]
FRAME = "import numpy as np\ndef add_frame(image, width):\n    return np.pad(image, width)"
BRIGHTEST = """
import numpy as np
levels = 256
def brightest(image):
    row, column = np.unravel_index(image.argmax(), image.shape)
    return int(row), int(column)
"""

# It takes its time to become plain data, so that something can happen meanwhile.
SLOW = """
import time
class Slow(int):
    def __int__(self):
        time.sleep(0.5)
        return 256
levels = Slow(256)
"""


@pytest.fixture(scope="module")
def grader():
    needs_strong_isolation()
    with Grader(load_exercise(SMALL), 20) as opened:
        yield opened


@pytest.fixture(scope="module")
def judging():
    """What a Grader's process has, in this one."""
    needs_strong_isolation()
    with Judge(load_exercise(SMALL), 20) as opened:
        yield opened


@pytest.fixture
def exercise(tmp_path):
    """A copy of the small exercise that a test may change before it is loaded."""
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


def statuses(graded):
    return [outcome.status for outcome in graded.outcomes]


def without_seconds(graded):
    return [
        dataclasses.replace(outcome, seconds=0, got=None, expected=None)
        for outcome in graded.outcomes
    ]


def test_a_right_submission_gets_full_marks(grader):
    graded = grader.grade([FRAME, BRIGHTEST])
    assert [outcome.check for outcome in graded.outcomes] == CHECKS
    assert statuses(graded) == ["passed"] * 5
    assert sum(outcome.earned for outcome in graded.outcomes) == grader.exercise.points == 10
    assert (graded.status, graded.trouble) == ("graded", [])
    assert grader.isolation == "strong"


def test_selftest_holds_in_the_sandbox_too(grader):
    report = selftest(
        grader.exercise,
        run=lambda cells, seed: grader.grade(cells, seed=seed).outcomes,
        seeds=(20,),
    )
    assert report.problems == []


def test_all_seeds_of_a_selftest_in_the_sandbox_share_one_judge(monkeypatch, capsys):
    needs_strong_isolation()
    made, start = [], Grader._start
    monkeypatch.setattr(Grader, "_start", lambda self: made.append(self) or start(self))
    assert command.selftest_exercises([str(SMALL)], seeds=3, sandbox=True) == 0
    assert capsys.readouterr().out.endswith(": ok\n")
    assert len(made) == 1 and made[0]._judge is None  # and it is closed


def test_twenty_times_the_same(grader):
    random = "import random, numpy as np\nlevels = random.random() + np.random.rand()"
    first = without_seconds(grader.grade([FRAME, BRIGHTEST, random]))
    assert "levels" in first[2].message  # a number that differs from run to run, if nothing is done
    for _ in range(19):
        assert str(without_seconds(grader.grade([FRAME, BRIGHTEST, random]))) == str(first)


def test_right_for_twenty_seeds(grader):
    for seed in range(20):
        assert statuses(grader.grade([FRAME, BRIGHTEST], seed=seed)) == ["passed"] * 5


def test_a_seed_for_one_submission_draws_its_hidden_inputs(judging, monkeypatch):
    asked = []
    monkeypatch.setattr(
        judge, "run_check", lambda *args: asked.append(args[-1]) or run_check(*args)
    )
    for seed in (7, 0, None):
        judging.grade([FRAME, BRIGHTEST], seed=seed)
    assert asked == [7] * 5 + [0] * 5 + [judging.seed] * 5


def test_one_check_that_kills_costs_one_check(grader):
    dies_when_wide = FRAME.replace("return", "import os; width > 1 and os._exit(1); return")
    graded = grader.grade([dies_when_wide, BRIGHTEST])
    assert statuses(graded) == ["passed", "died"] + ["passed"] * 3
    assert graded.status == "died"
    assert graded.trouble == ["hidden checks: `add_frame`: its process ended"]


def test_one_check_that_hangs_costs_one_check(grader):
    hangs_when_wide = FRAME.replace("return", "\n    while width > 1: pass\n    return")
    graded = grader.grade([hangs_when_wide, BRIGHTEST])
    assert statuses(graded) == ["passed", "timed out"] + ["passed"] * 3
    assert graded.status == "timed out"
    (trouble,) = graded.trouble
    assert "`add_frame`" in trouble and "1 s" in trouble


def test_cells_run_again_but_not_the_one_that_killed(grader):
    dies = "import os\nos._exit(1)"
    graded = grader.grade(
        ["width_of_one = 1", dies, FRAME, BRIGHTEST + "levels += 1 - width_of_one"]
    )
    assert statuses(graded) == ["passed"] * 5
    assert graded.status == "died"
    assert [trouble.split(":")[0] for trouble in graded.trouble] == ["cell 2"]


def test_what_a_failed_cell_should_have_made_shares_its_fate(grader):
    failing = [FRAME + "\nraise OSError('no\tfile')", BRIGHTEST + "\n1 / 0"]
    assert statuses(grader.grade(failing)) == ["passed"] * 5  # they came far enough

    graded = grader.grade(["1 / 0\n" + FRAME, "import os; os._exit(0)\n" + BRIGHTEST])
    # Of a cell that died, what the answers need is run when it is started again.
    assert (graded.status, statuses(graded)) == ("died", ["raised"] * 2 + ["passed"] * 3)
    assert "ZeroDivisionError" in graded.outcomes[0].message
    assert graded.trouble[0].startswith("cell 1: ZeroDivisionError")

    assert statuses(grader.grade(["1 / 0", "x = 1"])) == ["not answered"] * 5


def test_messages_name_the_students_own_line(grader):
    graded = grader.grade([FRAME.replace("np.pad", "np.pudding"), BRIGHTEST, "def f(:\n  pass"])
    assert "np.pudding(image, width)" in graded.outcomes[0].message
    assert "worker.py" not in str(graded) and "/grader" not in str(graded)
    assert graded.trouble[0].startswith("cell 3: SyntaxError: invalid syntax")


def test_everything_together_has_a_limit(exercise):
    needs_strong_isolation()
    text = (exercise / "exercise.toml").read_text()
    text = text.replace("submission_seconds = 12", "submission_seconds = 2")
    (exercise / "exercise.toml").write_text(text)
    slow = "def add_frame(image, width):\n    while True: pass"
    with Grader(load_exercise(exercise), 1) as opened:
        busy = "import time\nwhile time.process_time() < began + 1.2: pass"
        graded = opened.grade(
            [f"import time\nbegan = time.process_time()\n{busy}", slow, BRIGHTEST]
        )
        # Visible checks have so much, and hidden ones again.
        assert statuses(graded)[:4] == ["timed out"] * 4
        assert "2 s" in graded.outcomes[3].message
        assert [outcome.earned for outcome in graded.outcomes[:4]] == [0] * 4
        assert statuses(opened.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_an_exercise_that_its_solution_fails_is_refused(exercise):
    needs_strong_isolation()
    checks = exercise / "checks.py"
    text = checks.read_text().replace('"levels"], 256', '"levels"], 255')
    checks.write_text(text)
    line = 1 + text[: text.index("def counts_levels")].count("\n")
    says = r"checks\.py:\d+: counts_levels "
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(ExerciseError, match=says) as error:
        Grader(load_exercise(exercise), 1)
    assert abs(int(str(error.value).split("checks.py:")[1].split(":")[0]) - line) < 8
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_probes_run_beside_the_submission_and_the_reference(exercise):
    needs_strong_isolation()
    (exercise / "probes.py").write_text(
        textwrap.dedent(
            """
            def doubled(student):
                return 2 * student.levels

            def halved(student, number):
                return number / 2
            """
        )
    )
    checks = exercise / "checks.py"
    checks.write_text(
        checks.read_text().replace(
            'equal(student["levels"], 256', "equal(reference.halved(student.doubled()), 256.0"
        )
    )
    with Grader(load_exercise(exercise), 1) as opened:
        assert statuses(opened.grade([FRAME, BRIGHTEST])) == ["passed"] * 5
        own = "def halved(number): return 256.0\ndef doubled(): return 512"
        graded = opened.grade([FRAME, BRIGHTEST, "levels = 255", own])
        assert statuses(graded)[2] == "wrong"  # the probes win over names of the submission
        assert statuses(opened.grade([FRAME, BRIGHTEST, "del levels"]))[2] == "not answered"


def test_the_reference_meets_one_submission_only(judging):
    judging.grade([FRAME, BRIGHTEST])
    assert judging._reference._worker is None
    running = psutil.Process().children(recursive=True)
    assert all(process.status() != psutil.STATUS_ZOMBIE for process in running)


def test_no_jail_is_the_graders_fault(judging, monkeypatch):
    def refuse(self, **limits):
        raise IsolationError("no processes left on this machine")

    with monkeypatch.context() as patch:
        patch.setattr(Jail, "worker", refuse)
        graded = judging.grade([FRAME, BRIGHTEST])
    assert graded.status == "grader error"
    assert statuses(graded) == ["grader error"] * 5
    assert [outcome.earned for outcome in graded.outcomes] == [None] * 5
    assert "no processes left" in graded.trouble[0]
    assert statuses(judging.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_a_sandbox_that_was_killed_is_built_anew(grader):
    assert jail._kill_children(psutil.Process(grader._judge.pid)) >= 1
    graded = grader.grade([FRAME, BRIGHTEST])
    assert (graded.status, statuses(graded)) == ("graded", ["passed"] * 5)


@pytest.mark.parametrize("everything", [False, True])
def test_a_judge_that_ends_costs_the_check_it_was_at(grader, monkeypatch, everything):
    """Whatever ends it: there's another one for the rest, and for the next submission."""
    hear, began = Grader._hear, []

    def hear_and_kill(self):
        said = hear(self)
        began.extend(filter(None, [said and said.get("check")]))
        if began[-1:] == CHECKS[2:3] and len(began) == 2:
            judge = psutil.Process(self._judge.pid)
            children = [child for child in judge.children() if child.name() != "bwrap"]
            for process in [judge, *children] if everything else children:
                process.kill()
            began.append("killed")
        return said

    with monkeypatch.context() as patch:
        patch.setattr(Grader, "_hear", hear_and_kill)
        graded = grader.grade([FRAME, BRIGHTEST, SLOW])
    assert began.count("killed") == 1
    assert graded.status == "died"
    assert statuses(graded) == ["passed", "passed", "died", "passed", "passed"]
    assert any("judging what it answered" in text for text in graded.trouble)
    assert statuses(grader.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_a_judge_that_ends_while_nobody_asks_costs_nothing(grader):
    grader._judge.kill()
    grader._judge.wait()
    graded = grader.grade([FRAME, BRIGHTEST])
    assert (graded.status, statuses(graded)) == ("graded", ["passed"] * 5)


def test_a_judge_that_always_ends_too_early_is_the_graders_fault(grader, monkeypatch):
    hear = Grader._hear

    def hear_and_kill(self):
        said = hear(self)
        if said and "isolation" in said:
            self._judge.kill()
        return said

    with monkeypatch.context() as patch:
        patch.setattr(Grader, "_hear", hear_and_kill)
        grader._judge.kill()
        with pytest.raises(RuntimeError, match="2 times"):
            grader.grade([FRAME, BRIGHTEST])
    assert statuses(grader.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_what_fails_in_the_judge_itself_is_the_graders_fault(exercise):
    needs_strong_isolation()
    checks = exercise / "checks.py"
    fault = 'if student["levels"] == 255:\n        raise SystemExit("of ours")\n    equal(student'
    checks.write_text(checks.read_text().replace("equal(student", fault, 1))
    with Grader(load_exercise(exercise), 1) as opened:
        with pytest.raises(RuntimeError, match="SystemExit: of ours"):
            opened.grade([FRAME, BRIGHTEST, "levels = 255"])
        assert statuses(opened.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_hidden_checks_come_last_and_ask_a_worker_that_nobody_asked_before(grader):
    counts = "\nasked = []\n" + FRAME.replace("return", "asked.append(width); return")
    leaves = "import os; len(asked) > 1 and os._exit(1)"  # a second question in one worker
    graded = grader.grade([counts.replace("return", f"{leaves}; return"), BRIGHTEST])
    assert (graded.status, statuses(graded)) == ("graded", ["passed"] * 5)
    tells = "\nseen = []\n" + BRIGHTEST.replace("row,", "seen.append(image); row,", 1)
    tells = tells.replace("return", "\n    if len(seen) > 1: raise OSError(seen)\n    return")
    assert statuses(grader.grade([FRAME, tells])) == ["passed"] * 5


def test_what_goes_wrong_in_hidden_checks_is_marked(grader):
    dies_when_wide = FRAME.replace("return", "import os; width > 1 and os._exit(1); return")
    graded = grader.grade([dies_when_wide, BRIGHTEST])
    assert graded.trouble == [f"{judge.HIDDEN}`add_frame`: its process ended"]


def test_graders_in_several_threads():
    needs_strong_isolation()
    results = []

    def work(seed):
        with Grader(load_exercise(SMALL), seed) as own:
            for _ in range(5):
                results.append(statuses(own.grade([FRAME, BRIGHTEST])))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [["passed"] * 5] * 15


def test_a_grader_outlives_the_thread_that_made_it():
    needs_strong_isolation()
    made = []
    thread = threading.Thread(target=lambda: made.append(Grader(load_exercise(SMALL), 1)))
    thread.start()
    thread.join()
    with made[0] as opened:
        assert statuses(opened.grade([FRAME, BRIGHTEST])) == ["passed"] * 5


def test_many_submissions_leave_nothing(grader):
    def used():
        return len(psutil.Process().children(recursive=True)), psutil.Process().num_fds()

    grader.grade([FRAME, BRIGHTEST])
    before = used()
    for _ in range(20):
        grader.grade([FRAME, "import os\nos._exit(0)", BRIGHTEST])
    deadline = time.monotonic() + 30
    while used() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert used() <= before


TRAINS = """
import numpy as np

from course.grader import worker
from course_utils.start import import_keras

keras = import_keras()
from keras import layers

rng = np.random.default_rng(3)
images, labels = rng.normal(size=(44, 6, 6, 1)).astype("float32"), rng.integers(0, 2, 44)


def trained():
    keras.utils.set_random_seed(3)
    rows = [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    rows += [layers.Dropout(0.5), layers.Flatten(), layers.Dense(1)]
    network = keras.Sequential([keras.Input((6, 6, 1)), *rows])
    network.compile("adam", "mse")
    fitted = network.fit(images, labels, batch_size=8, epochs=3, validation_split=0.25, verbose=0)
    return [*network.get_weights(), *map(np.array, fitted.history.values())]


before = trained()
worker._prepare_less()
for one, other in zip(before, trained(), strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)  # a last bit may differ
"""


def test_a_network_learns_there_as_it_does_anywhere():
    subprocess.run([sys.executable, "-c", TRAINS], check=True)


def test_weak_isolation_only_if_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no bubblewrap there
    with pytest.raises(IsolationError, match="--weak-isolation"):
        Grader(load_exercise(SMALL), 1)
    with Grader(load_exercise(SMALL), 1, weak_ok=True) as opened:
        assert opened.isolation == "weak"
        graded = opened.grade([FRAME, "import os\nos._exit(0)", BRIGHTEST])
        assert (graded.status, statuses(graded)) == ("died", ["passed"] * 5)


# What a verdict rests on


# What submissions' module imports of ours, and no verdict rests on.
NO_VERDICT = {
    "course.exercises": "names what its modules give, no more",
    "course.exercises.notebook": "a learner's notebook; nothing is graded there",
    "course.exercises.answers": "shows verdicts to learners",
    "course.exercises.calls": "watches a learner's functions in a notebook",
    "course.exercises.cells": "knows which cells of a notebook stopped",
    "course.exercises.mistakes": "tells a learner whose mistake an answer shows",
    "course.exercises.pictures": "shows verdicts to learners",
    "course.exercises.verdicts": "shows verdicts",
    "course.exercises.stand_in": "the reference of a released exercise, which nobody grades with",
    "course.exercises.mutants": "describes wrong solutions, for the selftest",
}


def test_the_digest_covers_all_of_ours_that_a_verdict_rests_on():
    graph = grimp.build_graph("course", "course_utils")
    itself = "course.grader.submission"
    ours = {
        module
        for module in {itself, *graph.find_upstream_modules(itself)}
        if module.startswith(("course.exercises", "course.grader."))
    }
    counted = {f"course.exercises.{name}" for name in source._VERDICT}
    counted |= {f"course.grader.{name}" for name in submission._VERDICT}
    assert {"course.grader.worker", "course.exercises.runner"} <= ours  # the graph is one
    assert ours - NO_VERDICT.keys() == counted


@pytest.mark.parametrize("name", submission._VERDICT)
def test_the_digest_changes_with_each_module_of_the_grader(name, tmp_path, monkeypatch):
    exercise = load_exercise(SMALL)
    monkeypatch.setattr(
        submission, "_FOLDER", shutil.copytree(submission._FOLDER, tmp_path / "own")
    )
    assert grading_digest(exercise) == grading_digest(load_exercise(SMALL))
    before, module = grading_digest(exercise), tmp_path / "own" / f"{name}.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert grading_digest(exercise) != before
    module.unlink()
    with pytest.raises(ExerciseError, match=module.name):
        grading_digest(exercise)


def test_the_digest_changes_with_the_exercise(exercise):
    before = grading_digest(load_exercise(exercise))
    (exercise / "checks.py").write_text((exercise / "checks.py").read_text() + "\n")
    assert grading_digest(load_exercise(exercise)) != before
