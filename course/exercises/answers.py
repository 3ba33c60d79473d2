"""What a notebook of exercises answers to its learner: pages of rows, as `verdicts` has them."""

import sys
from typing import NamedTuple

from course.exercises.verdicts import (
    FAULT,
    OPEN,
    QUESTION,
    RIGHT,
    WRONG,
    Page,
    Row,
    Sign,
    plain_title,
    ticked,
    verdict,
)
from course_utils.texts import counted

# Whether a task is right; None: it isn't answered yet.
_STANDING = {True: (RIGHT, "right"), False: (WRONG, "not yet"), None: (OPEN, "not answered yet")}


def opening(exercise):
    """The line that a learner sees first: a Page."""
    visible = _visible_points(exercise.checks)
    tasks, points = counted(len(exercise.tasks), "task"), counted(exercise.points, "point")
    says = (
        f"{tasks}, {points}, {visible:g} of them checked here. "
        "Your code and answers stay on this machine."
    )
    return Page(f"{exercise.title} is open", RIGHT, says)


class Standing(NamedTuple):
    """How a task stands: a sign, a word, and what it has earned; None where that isn't known."""

    sign: Sign
    word: str
    earned: float | None


def standings(exercise, outcomes, before):
    """How the tasks of an exercise stand.

    Args:
        exercise: Exercise.
        outcomes: dict of lists of Outcome, for each task that was checked in this kernel.
        before: dict of task -> whether it was right when it was last checked elsewhere.
    Returns:
        dict of task -> Standing, in the order of the tasks.
    """
    stand = {}
    for task in exercise.tasks:
        checked, right = outcomes.get(task.id), before.get(task.id)
        if checked is not None:
            right = _is_right(checked)
            earned = sum(outcome.earned or 0 for outcome in checked)
            if all(outcome.status == "not answered" for outcome in checked):
                right = None
        else:
            earned = _visible_points(exercise.checks_of(task.id)) if right else None
        sign, word = _STANDING[right]
        stand[task.id] = Standing(sign, word, earned if right is not None else 0)
    return stand


def answer(exercise, task, outcomes, stand, *, mistakes=None, again=None):
    """What the checks of a task found: a Page.

    Args:
        exercise: Exercise.
        task: Task, checked just now.
        outcomes: list of Outcome, those of the task.
        stand: dict of Standing, as of `standings`.
        mistakes: dict of check id -> (sentence that names a mistake, whether it is surely that).
        again: None, or a check's id and two pieces of code: one gives what a failed call was made
            with, the other makes that call.
    """
    mistakes, failed = mistakes or {}, first_failed(outcomes)
    checks = {check.id: check for check in exercise.checks_of(task.id)}
    sign, state = _state(outcomes)
    page = Page(f"{plain_title(task.title)}: {state}", sign, repeats=True)
    said = set()
    for outcome in outcomes:
        check = checks[outcome.check]
        row = verdict(check, outcome)
        if outcome.status == "not answered" and outcome.message in said:
            row.details.clear()  # once is enough
        said.add(outcome.message)
        mistake, sure = mistakes.get(check.id, ("", False))
        first = outcome is failed and outcome.status == "wrong"  # whatever stopped says enough
        if first and not (mistake and sure):
            row.details.append(("Hint", check.hint))
        if mistake and mistake not in said:
            row.details.append(("Looks like this" if sure else "Perhaps", mistake))
        said.add(mistake)
        if again and again[0] == check.id:
            _, arguments, call = again
            row.details.append(("Try it", f"`{arguments}`, then `{call}`"))
        page.rows.append(row)
    hidden, points = exercise.hidden_of(task.id)
    if hidden:
        more, points = counted(hidden, "more check"), counted(points, "point")
        page.lines.append(("Only when graded", f"{more}, for {points}, with other inputs."))
    page.lines.append(("So far", standing(exercise, stand)))
    page.lines.append(("Next", _next(exercise, task, outcomes, stand)))
    return page


def not_judged(task, name, error):
    """Why a task isn't checked whose cell stopped before it was done: a Page.

    Args:
        task: Task.
        name: what the cell should have defined.
        error: str, what stopped it.
    """
    page = Page(f"{plain_title(task.title)}: not checked", WRONG)
    page.lines.append(
        (
            "",
            f"The cell that defines `{name}` stopped when it ran last: `{ticked(error)}`. What "
            f"`{name}` was before isn't checked in its place.",
        )
    )
    page.lines.append(("Next", "mend that cell, run it, then run this one again."))
    return page


def running(task, name, seconds, *, over=False):
    """What is shown while a call takes long: a Page.

    Args:
        task: Task.
        name: of the learner's function.
        seconds: after which it is stopped; or, if it is `over`, how long it took at least.
        over: whether the call has ended.
    """
    says = f"`{name}` took more than {seconds:g} seconds."
    if not over:
        says = (
            f"`{name}` is still running. To stop it, press ■ (interrupt the kernel). "
            f"After {seconds:g} seconds it is stopped for you."
        )
    return Page(plain_title(task.title), OPEN, says)


def choice(exercise, stand, method):
    """The tasks of an exercise, to choose one: a Page.

    Args:
        exercise: Exercise.
        stand: dict of Standing.
        method: str, such as "check": what is called with a task's name.
    """
    page = Page(f"{exercise.title}: which task?", QUESTION)
    for task in exercise.tasks:
        sign, word, _ = stand[task.id]
        page.rows.append(Row(sign, word, plain_title(task.title), f'`{method}("{task.id}")`'))
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


def progress(exercise, stand, sets):
    """All tasks, how they stand, and below them all sets of exercises: a Page.

    Args:
        exercise: Exercise.
        stand: dict of Standing.
        sets: list of (title, how many tasks are right, how many there are).
    """
    page = Page(exercise.title, about=standing(exercise, stand))
    for task in exercise.tasks:
        sign, word, earned = stand[task.id]
        visible = counted(_visible_points(exercise.checks_of(task.id)), "point")
        _, graded = exercise.hidden_of(task.id)
        worth = visible if earned is None else f"{earned:g} of {visible}"
        page.rows.append(
            Row(sign, word, plain_title(task.title), f"{worth}, {graded:g} more when graded")
        )
    page.lines.append(("Next", _next(exercise, None, None, stand)))
    for title, right, tasks in sets:
        mark = (RIGHT if right == tasks else OPEN).mark
        page.lines.append(("", f"{mark} {title}: {right} of {counted(tasks, 'task')} right"))
    return page


def standing(exercise, stand):
    """How far the whole set is, in one line.

    Args:
        exercise: Exercise.
        stand: dict of Standing.
    Returns:
        str, such as "✓ ✗ – · 1 of 3 tasks right · 2 of 7 visible points".
    """
    marks = " ".join(one.sign.mark for one in stand.values())
    right = sum(one.sign is RIGHT for one in stand.values())
    earned = sum(one.earned or 0 for one in stand.values())
    visible = _visible_points(exercise.checks)
    n = len(exercise.tasks)
    return f"{marks} · {right} of {n} tasks right · {earned:g} of {visible:g} visible points"


def first_failed(outcomes):
    """The first Outcome that went wrong (an answer that isn't there yet didn't), or None."""
    fine = ("passed", "not answered", "grader error")
    return next((outcome for outcome in outcomes if outcome.status not in fine), None)


def show(page):
    """Display a Page in a notebook, or print it where there is none.

    Returns:
        function of another Page, which takes the place of this one; where that can't be, it does
        nothing.
    """
    if not in_notebook():
        print(page.as_text())
        return lambda page: None
    from IPython.display import display

    handle = display(_bundle(page), raw=True, display_id=True)
    return lambda page: handle.update(_bundle(page), raw=True)


def _bundle(page):
    return {"text/plain": page.as_text(), "text/html": page.as_html()}


def in_notebook():
    """Whether cells run here that can show things."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return get_ipython() is not None


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


def _is_right(checked):
    return bool(checked) and all(outcome.status == "passed" for outcome in checked)


def _next(exercise, task, outcomes, stand):
    """What to do now; `task` is the one that was checked just now with these outcomes, or None."""
    if task is not None and not _is_right(outcomes):
        if all(outcome.status == "not answered" for outcome in outcomes):
            return f'answer this one; a first hint is `check.hint("{task.id}")`.'
        again = "change your code, run its cell, then run this one again"
        return f'{again}; `check.hint("{task.id}")` has another hint.'
    order = list(exercise.tasks)
    if task is not None:
        at = order.index(task) + 1
        order = order[at:] + order[:at]
    for coming in order:
        if stand[coming.id].sign is not RIGHT:
            return f'{plain_title(coming.title)}, `check("{coming.id}")`.'
    return "all tasks are right, as far as is checked here. Save the notebook and hand it in."
