"""Answers in students' own styles: right ones pass, and typical mistakes don't."""

import pytest
from typical_mistakes import ex01, ex06

from course.exercises import answers, load_exercise, notebook, runner, verdicts

EXERCISES = {"01_convolution": ex01, "06_interpretation": ex06}


@pytest.fixture(scope="module", params=EXERCISES)
def exercise(request):
    return request.param


@pytest.fixture(scope="module")
def hand_in(exercise):
    """hand_in(answer): the page that `check` shows when this answer is in the notebook."""
    opened = notebook.OpenExercise(load_exercise(exercise))
    given = {"__name__": "__main__"}
    with runner.grading():  # the notebook's own cell opens the exercise: that one does nothing
        for number, cell in enumerate(opened.exercise.release_cells()):
            runner.run_cell(cell, given, f"<given {number}>")
    pages = []

    def run(answer):
        names = {**given, "check": opened}
        exec(f"{answer.code}\ncheck({answer.task!r})", names)
        return pages[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "show", pages.append)
        yield run


def test_right_answers_pass(exercise, hand_in):
    for answer in EXERCISES[exercise].RIGHT:
        assert hand_in(answer).sign == verdicts.RIGHT, answer.code


def test_mistakes_dont_pass(exercise, hand_in):
    for mistake in EXERCISES[exercise].MISTAKES:
        assert hand_in(mistake).sign == verdicts.WRONG, mistake.what


def test_each_mistake_is_a_mutant_of_its_task(exercise):
    mutants = {mutant.name: mutant for mutant in load_exercise(exercise).mutants}
    checks = load_exercise(exercise).checks
    for mistake in EXERCISES[exercise].MISTAKES:
        tasks = {check.task for check in checks if check.id in mutants[mistake.mutant].loses}
        assert mistake.task in tasks, mistake.mutant
