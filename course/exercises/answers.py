"""What a notebook of exercises answers to its learner: pages of rows, as `verdicts` has them."""

import sys

from course.exercises.verdicts import (
    FAULT,
    OPEN,
    QUESTION,
    RIGHT,
    WRONG,
    Page,
    Row,
    plain_title,
    verdict,
)
from course_utils.texts import counted


def opening(exercise):
    """The line that a learner sees first: a Page."""
    visible = _visible_points(exercise.checks)
    tasks, points = counted(len(exercise.tasks), "task"), counted(exercise.points, "point")
    says = (
        f"{tasks}, {points}, {visible:g} of them checked here. "
        "Your code and answers stay on this machine."
    )
    return Page(f"{exercise.title} is open", RIGHT, says)


def answer(exercise, task, outcomes):
    """What the checks of a task found: a Page.

    Args:
        exercise: Exercise.
        task: Task, checked just now.
        outcomes: dict of lists of Outcome, for each task that was checked.
    """
    checked = outcomes[task.id]
    failed = first_failed(checked)
    checks = {check.id: check for check in exercise.checks_of(task.id)}
    sign, state = _state(checked)
    page = Page(f"{plain_title(task.title)}: {state}", sign)
    said = set()
    for outcome in checked:
        check = checks[outcome.check]
        row = verdict(check, outcome)
        if outcome.status == "not answered" and outcome.message in said:
            row.details.clear()  # once is enough
        said.add(outcome.message)
        if outcome is failed and outcome.status in ("wrong", "timed out"):  # errors say enough
            row.details.append(("Hint", check.hint))
        page.rows.append(row)
    hidden, points = exercise.hidden_of(task.id)
    if hidden:
        more, points = counted(hidden, "more check"), counted(points, "point")
        page.lines.append(("Only when graded", f"{more}, for {points}, with other inputs."))
    page.lines.append(("So far", standing(exercise, outcomes)))
    page.lines.append(("Next", _next(exercise, task, outcomes)))
    return page


def hints(task, check, n, *, none_left):
    """The first n hints on a check: a Page.

    Args:
        task, check: Task and Check.
        n: 1 or 2.
        none_left: whether the learner has seen both before.
    """
    texts = [check.hint, check.more][:n]
    lines = [(f"Hint {i} of 2", text) for i, text in enumerate(texts, 1)]
    if n == 1:
        lines.append(("", f'`check.hint("{task.id}")` once more gives another one.'))
    elif none_left:
        lines.append(("", "There are no more hints on this. Read the task again, or the lesson."))
    return Page(plain_title(task.title), QUESTION, f"To pass: {check.says}.", lines=lines)


def progress(exercise, outcomes):
    """All tasks, and how they stand: a Page."""
    page = Page(exercise.title, about=standing(exercise, outcomes))
    for task in exercise.tasks:
        checks = exercise.checks_of(task.id)
        visible = _visible_points(checks)
        _, graded = exercise.hidden_of(task.id)
        earned = sum(outcome.earned or 0 for outcome in outcomes.get(task.id, []))
        sign, word = _standing_of(outcomes.get(task.id))
        worth = f"{earned:g} of {counted(visible, 'point')}, {graded:g} more when graded"
        page.rows.append(Row(sign, word, plain_title(task.title), worth))
    page.lines.append(("Next", _next(exercise, None, outcomes)))
    return page


def standing(exercise, outcomes):
    """How far the whole set is, in one line.

    Args:
        exercise: Exercise.
        outcomes: dict of lists of Outcome, for each task that was checked.
    Returns:
        str, such as "✓ ✗ – · 1 of 3 tasks right · 2 of 7 visible points".
    """
    marks = " ".join(_standing_of(outcomes.get(task.id))[0].mark for task in exercise.tasks)
    right = sum(_is_right(outcomes.get(task.id)) for task in exercise.tasks)
    visible = _visible_points(exercise.checks)
    earned = sum(outcome.earned or 0 for checked in outcomes.values() for outcome in checked)
    n = len(exercise.tasks)
    return f"{marks} · {right} of {n} tasks right · {earned:g} of {visible:g} visible points"


def first_failed(outcomes):
    """The first Outcome that went wrong (an answer that isn't there yet didn't), or None."""
    fine = ("passed", "not answered", "grader error")
    return next((outcome for outcome in outcomes if outcome.status not in fine), None)


def show(page):
    """Display a Page in a notebook, or print it where there is none."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/plain": page.as_text(), "text/html": page.as_html()}, raw=True)
            return
    print(page.as_text())


def _visible_points(checks):
    return sum(check.points for check in checks if not check.hidden)


def _state(checked):
    """Sign and words for a task that was checked just now."""
    if all(outcome.status == "not answered" for outcome in checked):
        return OPEN, "not answered yet"
    right = sum(outcome.status == "passed" for outcome in checked)
    if right == len(checked):
        return RIGHT, "right"
    faulty = any(outcome.status == "grader error" for outcome in checked)
    sign = FAULT if faulty and first_failed(checked) is None else WRONG
    return sign, f"{right} of {len(checked)} checks right" if right else "not yet right"


def _standing_of(checked):
    """Sign and word of a task with these outcomes; None if it wasn't checked."""
    if checked is None or all(outcome.status == "not answered" for outcome in checked):
        return OPEN, "not answered yet"
    return (RIGHT, "right") if _is_right(checked) else (WRONG, "not yet")


def _is_right(checked):
    return bool(checked) and all(outcome.status == "passed" for outcome in checked)


def _next(exercise, task, outcomes):
    """What to do now; `task` is the one that was checked just now, or None."""
    if task is not None and not _is_right(outcomes[task.id]):
        if all(outcome.status == "not answered" for outcome in outcomes[task.id]):
            return f'answer this one; a first hint is `check.hint("{task.id}")`.'
        again = "change your code, run its cell, then run this one again"
        return f'{again}; `check.hint("{task.id}")` has another hint.'
    order = list(exercise.tasks)
    if task is not None:
        at = order.index(task) + 1
        order = order[at:] + order[:at]
    for coming in order:
        if not _is_right(outcomes.get(coming.id)):
            return f'{plain_title(coming.title)}, `check("{coming.id}")`.'
    return "all tasks are right, as far as is checked here. Save the notebook and hand it in."
