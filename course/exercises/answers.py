"""How answers to a learner look: HTML for notebooks, and the same as text for terminals.

The HTML brings no colours of text or background along, so that it is readable on light and dark
pages, and no style sheet or script, which some pages drop. Every colour stands beside a sign and a
word. Whatever a learner's code said is escaped.
"""

import base64
import dataclasses
import html
import re
import sys
import textwrap

import numpy as np

from course.exercises import pictures

# Marks, seen by at least 3 to 1 on white and on the dark grey of every notebook's dark theme.
RIGHT, WRONG, OPEN, FAULT = "#2e9e4f", "#e5484d", "#888888", "#c08300"
_STATUS = {
    "passed": ("✓", "right", RIGHT),
    "wrong": ("✗", "not yet", WRONG),
    "not answered": ("–", "not answered yet", OPEN),
    "raised": ("✗", "stopped by an error", WRONG),
    "not data": ("✗", "can't be judged", WRONG),
    "grader error": ("!", "the check is faulty, not you", FAULT),
}
_FEW = 64  # so many numbers are written out where there are no pictures


@dataclasses.dataclass
class Row:
    """One check, or one task: a mark, a word, what it is about, and details below."""

    mark: str
    word: str
    colour: str
    about: str
    worth: str
    details: list = dataclasses.field(default_factory=list)  # of texts; `code` in backticks
    pictures: list = dataclasses.field(default_factory=list)  # of Picture
    scale: str = ""  # what the pictures' colours mean
    numbers: str = ""  # what the pictures show, for text


@dataclasses.dataclass
class Page:
    """An answer: its heading, rows, and lines below: (label, text), the label in bold."""

    mark: str
    colour: str
    heading: str
    about: str = ""
    rows: list = dataclasses.field(default_factory=list)
    lines: list = dataclasses.field(default_factory=list)


def opening(exercise):
    """The line that a learner sees first: a Page."""
    visible = sum(check.points for check in exercise.checks if not check.hidden)
    n = len(exercise.tasks)
    says = (
        f"{n} task{'s' * (n != 1)}, {_points(exercise.points)}, {visible:g} of them checked here. "
        "Your code and answers stay on this machine."
    )
    return Page("✓", RIGHT, f"{exercise.title} is open", says)


def answer(exercise, task, outcomes):
    """What the checks of a task found: a Page.

    Args:
        exercise: Exercise.
        task: Task, checked just now.
        outcomes: dict of lists of Outcome, for each task that was checked.
    """
    found = outcomes[task.id]
    right = sum(outcome.status == "passed" for outcome in found)
    failed = first_failed(found)
    checks = {check.id: check for check in exercise.checks_of(task.id)}
    page = Page("✓", RIGHT, f"{_plain(task.title)}: right", rows=[])
    if right < len(found):
        how = f"{right} of {len(found)} checks right" if right else "not yet right"
        page = Page("✗", WRONG, f"{_plain(task.title)}: {how}", rows=[])
    if any(outcome.status == "grader error" for outcome in found) and failed is None:
        page.mark, page.colour = "!", FAULT
    if all(outcome.status == "not answered" for outcome in found):
        page = Page("–", OPEN, f"{_plain(task.title)}: not answered yet", rows=[])
    said = set()
    for outcome in found:
        page.rows.append(_row(checks[outcome.check], outcome))
        if outcome.status == "not answered" and outcome.message in said:
            page.rows[-1].details.clear()  # once is enough
        said.add(outcome.message)
        if outcome is failed and outcome.status in (
            "wrong",
            "timed out",
        ):  # an error speaks for itself
            page.rows[-1].details.append(f"**Hint:** {checks[outcome.check].hint}")
    graded = [check for check in checks.values() if check.hidden]
    if graded:
        n, points = len(graded), sum(check.points for check in graded)
        says = f"{n} more check{'s' * (n > 1)}, for {_points(points)}, with other inputs."
        page.lines.append(("Only when graded", says))
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
    return Page("?", OPEN, _plain(task.title), f"To pass: {check.says}.", lines=lines)


def progress(exercise, outcomes):
    """All tasks, and how they stand: a Page."""
    page = Page("", OPEN, exercise.title, standing(exercise, outcomes), rows=[])
    for task in exercise.tasks:
        checks = exercise.checks_of(task.id)
        visible = sum(check.points for check in checks if not check.hidden)
        graded = sum(check.points for check in checks if check.hidden)
        earned = sum(outcome.earned or 0 for outcome in outcomes.get(task.id, []))
        mark, word, colour = _standing_of(outcomes.get(task.id))
        worth = f"{earned:g} of {_points(visible)}, {graded:g} more when graded"
        page.rows.append(Row(mark, word, colour, _plain(task.title), worth))
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
    marks = " ".join(_standing_of(outcomes.get(task.id))[0] for task in exercise.tasks)
    right = sum(_is_right(outcomes.get(task.id)) for task in exercise.tasks)
    visible = sum(check.points for check in exercise.checks if not check.hidden)
    earned = sum(outcome.earned or 0 for found in outcomes.values() for outcome in found)
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
            display({"text/plain": as_text(page), "text/html": as_html(page)}, raw=True)
            return
    print(as_text(page))


def as_text(page):
    """A Page for terminals."""
    lines = [" ".join(part for part in (page.mark, _bare(page.heading)) if part)]
    lines += [f"  {_bare(page.about)}"] if page.about else []
    for row in page.rows:
        lines.append(f"  {row.mark} {row.word}: {_bare(row.about)} ({row.worth})")
        lines += [_wrapped(_bare(detail), 6) for detail in row.details]
        lines += [textwrap.indent(row.numbers, " " * 6)] if row.numbers else []
    lines += [
        _wrapped(_bare(f"{label}: {text}" if label else text), 2) for label, text in page.lines
    ]
    return "\n".join(lines)


def as_html(page):
    """A Page as HTML, to be put anywhere."""
    parts = [f'<div style="margin:0">{_mark(page)} <strong>{_marked(page.heading)}</strong>']
    if page.about:
        parts.append(f" · {_marked(page.about)}")
    parts.append("</div>")
    if page.rows:
        rows = "".join(_row_html(row) for row in page.rows)
        parts.append(f'<ul style="list-style:none;margin:0.3em 0;padding:0">{rows}</ul>')
    for label, text in page.lines:
        strong = f"<strong>{html.escape(label)}:</strong> " if label else ""
        parts.append(f'<div style="margin:0">{strong}{_marked(text)}</div>')
    edge = f"border-left:4px solid {page.colour};padding:0.2em 0 0.2em 0.8em;margin:0.3em 0"
    return f'<div style="{edge};max-width:56em;line-height:1.5">{"".join(parts)}</div>'


def _row(check, outcome):
    unknown = ("✗", outcome.status, WRONG)
    mark, word, colour = _STATUS.get(outcome.status, unknown)
    row = Row(mark, word, colour, check.says, _points(check.points))
    if outcome.status != "passed":
        row.details.append(_sentence(outcome))
    if outcome.status == "wrong" and outcome.expected is not None:
        row.pictures, row.scale = pictures.compare(outcome.got, outcome.expected)
        row.numbers = _numbers(outcome.got, outcome.expected)
    return row


def _sentence(outcome):
    """What a check says, as a sentence of its own."""
    text = outcome.message.strip()
    if outcome.status == "not answered":
        if text.endswith("isn't defined."):
            return f"{text} Run the cell that defines it, then this one."
        return f"{text} Write your code in the cell above, run it, then run this one."
    if outcome.status == "raised":
        where = re.fullmatch(r"(.*) \(in ([^:]+): (.*)\)", text, re.DOTALL)
        if where is None:
            return f"`{_ticked(text)}`"
        error, function, line = (_ticked(part) for part in where.groups())
        return f"`{error}` in `{function}`, at the line `{line}`"
    if outcome.status == "not data":
        return text if text.startswith("`") else f"Your answer is {text}."
    if outcome.status == "grader error":
        return f"Please report this: {text}"
    if re.match(r"[a-z]+ ", text):  # not where it begins with a name, such as map_size(9, ...)
        return text[0].upper() + text[1:]
    return text


def _standing_of(found):
    """Sign, word and colour of a task whose checks found this; None if it wasn't checked."""
    if found is None or all(outcome.status == "not answered" for outcome in found):
        return ("–", "not answered yet", OPEN)
    if _is_right(found):
        return ("✓", "right", RIGHT)
    return ("✗", "not yet", WRONG)


def _is_right(found):
    return bool(found) and all(outcome.status == "passed" for outcome in found)


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
    for one in order:
        if not _is_right(outcomes.get(one.id)):
            return f'{_plain(one.title)}, `check("{one.id}")`.'
    return "all tasks are right, as far as is checked here. Save the notebook and hand it in."


def _numbers(got, expected):
    """Both arrays in figures, if they are small; for where there are no pictures."""
    arrays = {"expected": expected, "yours": got}
    if not all(isinstance(array, np.ndarray) and array.size <= _FEW for array in arrays.values()):
        return ""
    with np.printoptions(precision=3, suppress=True):
        return "\n".join(f"{title}:\n{array}" for title, array in arrays.items())


def _points(points):
    return f"{points:g} point" + "s" * (points != 1)


def _plain(title):
    """A heading of Markdown without its formulas' and links' marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("$", "").replace("*", "")


def _ticked(text):
    """Text of a learner's code, to stand between backticks."""
    return text.replace("`", "'")


def _bare(text):
    return text.replace("**", "")


def _wrapped(text, indent):
    space = " " * indent
    return textwrap.fill(text, 100, initial_indent=space, subsequent_indent=space)


def _marked(text):
    """Escaped, with `code` and **bold** as HTML."""
    parts = []
    for i, part in enumerate(text.split("`")):
        part = html.escape(part)
        bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", part)
        parts.append(f"<code>{part}</code>" if i % 2 else bold)
    return "".join(parts)


def _mark(of):
    if not of.mark:
        return ""
    style = (
        f"color:{of.colour};font-weight:bold;font-size:115%;display:inline-block;min-width:1.3em"
    )
    return f'<span style="{style}">{of.mark}</span>'


def _row_html(row):
    about = _marked(row.about)
    head = f"{_mark(row)} <strong>{html.escape(row.word)}</strong>: {about}"
    parts = [f'<li style="margin:0.2em 0">{head} <small>({html.escape(row.worth)})</small>']
    for detail in row.details:
        parts.append(f'<div style="margin:0 0 0 1.5em">{_marked(detail)}</div>')
    if row.pictures:
        drawn = "".join(_picture_html(picture) for picture in row.pictures)
        parts.append(f'<div style="margin:0.4em 0 0.4em 1.5em">{drawn}')
        parts.append(f"<br><small>{html.escape(row.scale)}</small></div>")
    return "".join([*parts, "</li>"])


def _picture_html(picture):
    data = base64.b64encode(picture.png).decode()
    alt = html.escape(picture.alt)
    image = (
        f'<img src="data:image/png;base64,{data}" alt="{alt}" width="{picture.width}" '
        f'height="{picture.height}" style="border:1px solid #888888;margin:0.2em 0">'
    )
    title = f"<strong>{picture.title}</strong>"
    box = "display:inline-block;vertical-align:top;margin:0 1em 0.2em 0"
    return (
        f'<div style="{box}">{title}<br>{image}<br><small>{html.escape(picture.caption)}</small>'
        "</div>"
    )
