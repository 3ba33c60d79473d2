"""What each lesson asks its readers to predict, which cells its sections have, how long it takes.

The files in `questions/` are built from the lessons' sources (`make lessons`), which declare each
question with its answer and its likely mistakes. Those are encoded, so that nobody reads an answer
by accident; the front end of `course.instruments.prediction` decodes them.
"""

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from course.workspace import progress

FOLDER = Path(__file__).with_name("questions")


class Lesson(NamedTuple):
    """What is known of a lesson.

    Attributes:
        sections: dict from a section's heading, such as "1.4 Is it right?", to the marks of its
            cells with code, as of `mark_of`, with spaces between.
        questions: dict from a question's name to {"section": heading, "packed": str}, in order.
        minutes: to study it, by the course's rule; and to study what is optional in it: a list.
    """

    sections: dict
    questions: dict
    minutes: list


class Score(NamedTuple):
    """How somebody predicted in a lesson.

    Attributes:
        right, made, asked: numbers of questions: right at the first guess, tried, all there are.
        again: headings of the sections with questions where the first guess was wrong.
    """

    right: int
    made: int
    asked: int
    again: list


@functools.cache
def of_lesson(lesson):
    """A lesson's sections and questions.

    Args:
        lesson: its id, such as "01_convolution".
    Raises:
        ValueError: there is no such lesson; the message lists those there are.
    """
    path = FOLDER / f"{lesson}.json"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json"))) or "none"
        raise ValueError(f"there is no lesson {lesson!r}; there are {there}")
    return Lesson(**json.loads(path.read_text(encoding="utf-8")))


def mark_of(code):
    """What tells a cell by its code: 8 hexadecimal digits, with which the cell's id begins."""
    return hashlib.sha1(code.encode()).hexdigest()[:8]


def section_of(lesson, code, cell_id=None):
    """The section that a cell belongs to.

    Args:
        lesson: its id.
        code: the cell's code, which may have been changed.
        cell_id: the cell's id in its notebook, where that is known.
    Returns:
        str, its heading; None: the cell is not one of the lesson's, or in none of its sections.
    """
    marks = {str(cell_id).partition("-")[0], mark_of(code)}
    sections = of_lesson(lesson).sections
    return next(
        (heading for heading, cells in sections.items() if marks & set(cells.split())), None
    )


def score(lesson):
    """How the reader predicted in a lesson, by the first guess at each question: a Score.

    Args:
        lesson: its id.
    """
    asked = of_lesson(lesson).questions
    first = {made.item: made.first for made in progress.noted(lesson, "prediction")}
    right = {name: bool(first[name]["right"]) for name in asked if name in first}
    again = dict.fromkeys(asked[name]["section"] for name, good in right.items() if not good)
    return Score(sum(right.values()), len(right), len(asked), list(again))


def fits(question, guess):
    """Whether a guess is one at this question: a lesson's next edition may ask another.

    Args:
        question: dict, as of `unpacked`.
        guess: what was kept.
    """
    if question["kind"] == "number":
        return isinstance(guess, (int, float))
    if question["kind"] == "choice":
        return guess in question["options"]
    if not isinstance(guess, list):
        return False
    if question["kind"] == "order":
        return sorted(map(str, guess)) == sorted(question["options"])
    return all(isinstance(side, int) for side in guess)


def packed(question):
    """A question as text that can't be read at a glance; `unpacked` is its counterpart.

    Args:
        question: dict that JSON carries.
    """
    text = json.dumps(question, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def unpacked(text):
    """The question that `packed` made this of: a dict."""
    return json.loads(base64.b64decode(text))
