"""Answers in students' own styles: typical mistakes are named, and right answers pass."""

import pytest
from typical_mistakes import ex01, ex06

from course.exercises import answers, load_exercise, mistakes, notebook, runner, verdicts
from course.workspace import places

EXERCISES = {"01_convolution": ex01, "06_interpretation": ex06}


@pytest.fixture(scope="module", params=EXERCISES)
def exercise(request):
    return request.param


@pytest.fixture(scope="module")
def hand_in(exercise):
    """hand_in(answer): the page that `check` shows on it, and the mutants named there, a set."""
    opened = notebook.OpenExercise(load_exercise(exercise))
    given = {"__name__": "__main__"}
    with runner.grading():  # the notebook's own cell opens the exercise: that one does nothing
        for number, cell in enumerate(opened.exercise.release_cells()):
            runner.run_cell(cell, given, f"<given {number}>")
    pages, named = [], []

    def keep_names(known, checked):
        found = mistakes.named(known, checked)
        named.append({mistake.name for one in found.values() for mistake in one})
        return found

    def show(page):
        pages.append(page)
        return lambda _: None  # how a call that takes long would put another in its place

    def run(answer):
        names = {**given, "check": opened}
        exec(f"{answer.code}\ncheck({answer.task!r})", names)
        return pages[-1], named[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.VARIABLE, "none")  # no progress of whoever runs the tests
        patch.setattr(answers, "show", show)
        patch.setattr(notebook, "named", keep_names)
        yield run


def test_right_answers_pass_and_nothing_is_named(exercise, hand_in):
    for answer in EXERCISES[exercise].RIGHT:
        page, named = hand_in(answer)
        assert (page.sign, named) == (verdicts.RIGHT, set()), answer.code


def test_most_mistakes_are_named_and_none_passes(exercise, hand_in):
    otherwise = []
    for mistake in EXERCISES[exercise].MISTAKES:
        page, named = hand_in(mistake)
        assert page.sign == verdicts.WRONG, mistake.what
        if named != {mistake.mutant}:
            otherwise.append(f"{mistake.mutant}: named {sorted(named)}")
    assert len(otherwise) <= 2, otherwise
