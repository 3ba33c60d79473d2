"""The course's own exercises: each is proved, and each is fair."""

from functools import cache

import pytest
from sandbox import needs_strong_isolation

from course.exercises import exercise_ids, load_exercise
from course.exercises.selftest import FEWEST_MUTANTS, selftest
from course.grader.submission import Grader
from tools.staleness import LESSONS

every_exercise = pytest.mark.parametrize("name", exercise_ids())
QUICK = ["01_convolution"]  # NumPy alone: here all seeds are tried
SEEDS = {name: 20 if name in QUICK else 3 for name in exercise_ids()}  # `make selftest` tries 20

load = cache(load_exercise)


@pytest.fixture
def strong():
    needs_strong_isolation()


def test_there_is_a_set_for_each_lesson_from_1_to_6():
    assert exercise_ids() == sorted(path.stem for path in LESSONS.glob("0[1-6]_*.py"))


@every_exercise
def test_a_set_is_of_the_agreed_size(name):
    exercise = load(name)
    assert exercise.lesson == name
    assert 4 <= len(exercise.tasks) <= 6
    assert len(exercise.mutants) >= FEWEST_MUTANTS


@every_exercise
def test_every_proof_holds(name):
    report = selftest(load(name), seeds=(1,))
    assert report.problems == []


@every_exercise
def test_a_right_solution_gets_all_points_whatever_the_seed(name, strong):
    exercise = load(name)
    with Grader(exercise, seed=1) as grader:
        for seed in range(1, SEEDS[name] + 1):
            grader.seed = seed * 7919
            graded = grader.grade(exercise.solution_cells())
            assert graded.trouble == []
            assert sum(outcome.earned for outcome in graded.outcomes) == exercise.points


@every_exercise
def test_the_same_submission_gets_the_same_marks_every_time(name, strong):
    exercise = load(name)
    cells = exercise.mutant_cells(exercise.mutants[0])
    with Grader(exercise, seed=1) as grader:
        found = {_said(grader.grade(cells)) for _ in range(SEEDS[name])}
    assert len(found) == 1


def _said(graded):
    outcomes = tuple((one.check, one.earned, one.status, one.message) for one in graded.outcomes)
    return graded.status, tuple(graded.trouble), outcomes
