"""What comes out of grading: the CSV, a feedback page a student, the summary, and explanations.

Everything that students wrote (names, messages, code) is escaped for where it goes: a spreadsheet,
a page, a terminal, a file name.
"""

import csv
import dataclasses
import hashlib
import io
import re
import statistics
import unicodedata
from collections import Counter
from pathlib import Path

from course.exercises import clean, plain_title, verdict, verdict_templates
from course.grader.gradebook import Result
from course.grader.hand_ins import HandIn, defined_names
from course.grader.judge import HIDDEN
from course_utils.files import write_whole
from course_utils.texts import counted

PENDING = "not graded yet"
_UNGRADED = ("unreadable", "wrong exercise", "too many", "grader error", PENDING)
_NAME_BYTES = 100  # of a page's file name: what every file system takes, with room for more
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")  # Windows has devices there


@dataclasses.dataclass(frozen=True)
class Row:
    """A hand-in and its result: a row of the CSV. `result` is None if it has not been graded."""

    hand_in: HandIn
    result: Result | None = None

    @property
    def status(self):
        """The row's status in words."""
        return self.hand_in.status or (self.result.status if self.result else PENDING)

    @property
    def points(self):
        """The points earned, a float, or None if not every check was graded."""
        return _sum_earned(self.result.outcomes) if self.result else None


def write_csv(path, exercise, rows):
    """Write the marks of a class: a row a hand-in, a column a check.

    What was not graded is empty, never 0. There are no times in it: a run that was cut off and
    taken up again gives the same file.

    Args:
        path: where to.
        exercise: an Exercise; its checks, in their order, are the columns.
        rows: list of Row.
    """
    checks = [check.id for check in exercise.checks]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["student", "file", "status", "points", "of", *checks, "note"])
    for row in rows:
        outcomes = row.result.outcomes if row.result else ()
        earned = {outcome.check: outcome.earned for outcome in outcomes}
        known = (row.hand_in.student, row.hand_in.file, row.status)
        numbers = [row.points, exercise.points, *(earned.get(check) for check in checks)]
        writer.writerow(
            [*map(no_formula, known), *map(number, numbers), no_formula(row.hand_in.note)]
        )
    # With a BOM, spreadsheets know that it is UTF-8.
    write_whole(path, "\ufeff" + text.getvalue(), lasting=True)


def write_feedback(folder, exercise, rows):
    """Write a page for each student; students of whom something isn't graded yet get none.

    Args:
        folder: where to; made if it isn't there.
        exercise: an Exercise.
        rows: list of Row.
    Returns:
        dict, student -> name of the page's file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    of_student = {}
    for row in rows:
        of_student.setdefault(row.hand_in.student, []).append(row)
    names = page_names(of_student)
    for page in folder.glob("*.html"):
        # A page of an earlier run, when this name was still one student's alone.
        if page.name not in names.values() and _plain(page.stem).casefold() in {
            _plain(student).casefold() for student in names
        }:
            page.unlink()
    for student, name in names.items():
        if all(row.status != PENDING for row in of_student[student]):
            write_whole(folder / name, feedback_page(exercise, student, of_student[student]))
    return names


def feedback_page(exercise, student, rows):
    """One student's page, as HTML that needs no other file.

    Visible checks are shown with what was wrong; of hidden ones only what they are worth, whether
    they passed, and their hints: their messages could tell their inputs.

    Args:
        exercise: an Exercise.
        student: the name.
        rows: the student's Rows.
    """
    names = Counter(Path(row.hand_in.file).name for row in rows)
    parts = [
        {
            "file": _own_name(row.hand_in.file, names),
            "status": row.status,
            # Notes on a notebook that can be graded may name others, and are the instructor's.
            "note": row.hand_in.note if row.hand_in.status else "",
            "graded": row.result is not None,
            "trouble": _own_trouble(exercise, row.result) if row.result else [],
            "points": "" if row.points is None else _of(row.points, exercise.points),
            "tasks": _tasks(exercise, row.result) if row.result else [],
        }
        for row in rows
    ]
    template = verdict_templates("course.grader").get_template("feedback.html")
    return template.render(title=exercise.title, student=student, parts=parts)


def page_names(students):
    """A file name for each student's page: safe on every system, and no two the same.

    A name that needs no change stays as it is. Any other gets a part of its SHA-256; so does one
    that differs from another only by case, or that looks as if it had one.

    Example:
        >>> page_names(["Ada Lovelace"])
        {'Ada Lovelace': 'Ada Lovelace.html'}
        >>> page_names(["../x"])["../x"]
        'x-d6b96a97d147.html'
    """
    plain = {student: _plain(student) for student in students}
    same = Counter(name.casefold() for name in plain.values())
    names = {}
    for student, name in plain.items():
        if name != student or same[name.casefold()] > 1 or re.search("-[0-9a-f]{12}$", name):
            name += "-" + hashlib.sha256(student.encode("utf-8", "replace")).hexdigest()[:12]
        names[student] = f"{name}.html"
    return names


def summary(exercise, rows):
    """What an instructor wants to know of a run.

    Args:
        exercise: an Exercise.
        rows: list of Row.
    Returns:
        list of str, lines.
    """
    counts = Counter(row.status for row in rows)
    statuses = ", ".join(f"{n} {status}" for status, n in counts.items())
    lines = [f"{counted(len(rows), 'hand-in')}: {statuses}"]
    totals = [row.points for row in rows if row.points is not None]
    if totals:
        mean, median = statistics.mean(totals), statistics.median(totals)
        lines.append(f"points: mean {mean:.1f}, median {median:.1f}, of {number(exercise.points)}")
        lines += _of_each_check(exercise, rows)
    for row in rows:
        if row.status in ("unreadable", "wrong exercise", "too many"):
            why = row.hand_in.note
            lines.append(f"{row.status}: {row.hand_in.student} ({row.hand_in.file}): {why}")
        elif row.status in ("timed out", "died") or (
            row.hand_in.note and row.status != "grader error"
        ):
            trouble = row.result.trouble if row.result else ()
            why = "; ".join(filter(None, [row.hand_in.note, *trouble]))
            lines.append(f"{row.status}: {row.hand_in.student} ({row.hand_in.file}): {clean(why)}")
    return lines + _grader_errors(rows)


def explain(exercise, row, task, *, cells, seed):
    """Everything about one task of one hand-in, for the instructor: hidden checks' messages too.

    Args:
        exercise: an Exercise.
        row: Row.
        task: the task's id.
        cells: list of str, the submission's code.
        seed: hexadecimal str.
    Returns:
        str, to be printed.
    """
    hand_in, result = row.hand_in, row.result
    lines = [
        f"{hand_in.student}: {task}",
        f"  file       {hand_in.file}",
        f"  status     {row.status}",
    ]
    lines += [f"  note       {hand_in.note}"] if hand_in.note else []
    if result is None:
        return "\n".join(lines)
    lines += [f"  seed       {seed}", f"  isolation  {result.isolation}"]
    lines += [f"  trouble    {clean(text)}" for text in result.trouble]
    hidden = {check.id: check.hidden for check in exercise.checks}
    for outcome in result.outcomes:
        if outcome.task == task:
            kind = " (hidden)" if hidden.get(outcome.check) else ""
            earned = f"{number(outcome.earned) or '-'} of {number(outcome.points)}"
            took = f"{outcome.seconds:.3f} s"
            lines += ["", f"{outcome.check}{kind}: {outcome.status}, {earned}, {took}"]
            lines += [f"  {line}" for line in clean(outcome.message).splitlines()]
    wanted = set(exercise.names_of(task))
    for position, cell in enumerate(cells, 1):
        if defined_names(cell) & wanted:
            lines += ["", f"code cell {position}:"]
            lines += [f"  {line}" for line in clean(cell).splitlines()]
    return "\n".join(lines)


def number(value):
    """A number as short as it can be said; None is empty.

    Example:
        >>> number(2.0), number(0.1 + 0.2), number(None)
        ('2', '0.3', '')
    """
    return "" if value is None else f"{value:.6g}"


def no_formula(text):
    """Text that no spreadsheet takes for a formula: an apostrophe stands before what could be one.

    Example:
        >>> no_formula("=1+1"), no_formula("Ada;=1+1"), no_formula("Ada-Maria")
        ("'=1+1", "Ada;'=1+1", 'Ada-Maria')
    """
    # After ";" too: there are spreadsheets that split at it.
    return re.sub(r"(^|;)(?=\s*[=+\-@＝＋－＠])", r"\1'", text)


def _own_name(file, names):
    """A file's name without the instructor's folders, unless a student has two of that name."""
    name = Path(file).name
    return name if names[name] == 1 else file


def _own_trouble(exercise, result):
    """The trouble of a student's making; ours could tell what is hidden.

    So could that in hidden checks, which has words of the submission's, as in `it sent an array of
    type ...`: it knows by then what it was asked.
    """
    ours = (HIDDEN, "the grader failed: ", *(f"{check.id}: " for check in exercise.checks))
    return [text for text in result.trouble if not text.startswith(ours)]


def _tasks(exercise, result):
    outcomes = {outcome.check: outcome for outcome in result.outcomes}
    tasks = []
    for task in exercise.tasks:
        checks = [check for check in exercise.checks_of(task.id) if check.id in outcomes]
        graded = [outcomes[check.id] for check in checks]
        tasks.append(
            {
                "title": plain_title(task.title),
                "points": _of(_sum_earned(graded), sum(outcome.points for outcome in graded)),
                "rows": [verdict(check, outcomes[check.id], graded=True) for check in checks],
            }
        )
    return tasks


def _sum_earned(outcomes):
    """A float, or None if not every check was graded, or none."""
    earned = [outcome.earned for outcome in outcomes]
    return None if None in earned or not earned else float(sum(earned))


def _of(earned, points):
    return f"{number(earned) or '–'} of {counted(points, 'point')}"


def _plain(student):
    """A student's name as far as it can stand in a file's name on every system."""
    name = unicodedata.normalize("NFC", student)
    name = re.sub(r"[^\w .()+,@'\-]+", "_", name).strip("_ .-'")
    name = name.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip("_ .-")
    return f"_{name}" if _RESERVED.match(name) else name or "student"


def _of_each_check(exercise, rows):
    graded = [row.result for row in rows if row.result and row.result.outcomes]
    outcomes = [outcome for result in graded for outcome in result.outcomes]
    passed = Counter(outcome.check for outcome in outcomes if outcome.status == "passed")
    width = max(len(check.id) for check in exercise.checks)
    lines = [f"passed, of {len(graded)}:"]
    for check in exercise.checks:
        nobody = "   nobody: is the check right?" if graded and not passed[check.id] else ""
        hidden = " (hidden)" if check.hidden else ""
        lines.append(f"  {check.id:{width}}  {passed[check.id]:4}{hidden}{nobody}")
    return lines


def _grader_errors(rows):
    lines = []
    for row in rows:
        if row.result and row.status == "grader error":
            checks = [
                f"{outcome.check}: {outcome.message}"
                for outcome in row.result.outcomes
                if outcome.status == "grader error"
            ]
            why = clean("; ".join(dict.fromkeys([*row.result.trouble, *checks])))
            lines.append(f"  {row.hand_in.student} ({row.hand_in.file}): {why}")
    if lines:
        fault = "GRADER ERROR: no student's fault, and no points were given or taken. Mend it, and"
        lines = [f"{fault} grade again:", *lines]
    return lines


def ungraded(rows):
    """The rows that could not be graded, or not in full."""
    return [row for row in rows if row.status in _UNGRADED or row.points is None]
