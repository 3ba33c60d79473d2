"""The first page of a workspace: the lessons, what is done, and where one stopped.

It is a notebook with one cell, which shows the page; the page stands below it already when the
notebook is written, so that nothing has to be run to read it.
"""

import datetime
import json
import os
import re
from typing import NamedTuple
from urllib.parse import quote

from course.workspace import copies, places, progress, questions
from course_utils.files import write_whole
from course_utils.texts import counted

_CODE = "from course.workspace import first_page\nfirst_page.show()"
_TASK = re.compile(r"^check\([\"'](\w+)[\"']\)", re.MULTILINE)


class Standing(NamedTuple):
    """How far somebody is in a lesson.

    Attributes:
        lesson, title, question: str; the title begins with the lesson's number.
        read, sections: of its sections, so many.
        predictions: questions.Score.
        solved, tried, tasks: of its exercises' tasks, so many; tasks is 0 where there are none.
        solutions: whether the workspace has them.
    """

    lesson: str
    title: str
    question: str
    read: int
    sections: int
    predictions: questions.Score
    solved: int
    tried: int
    tasks: int
    solutions: bool


def show():
    """The page as it is now, to be the last line of a cell.

    Raises:
        WorkspaceError: this notebook is in no workspace.
    """
    from IPython.display import Markdown

    if places.workspace() is None:
        raise copies.WorkspaceError(
            "This page belongs into a folder with copies of the lessons: `course lab` makes one."
        )
    return Markdown(text())


def write(folder):
    """Write the page's notebook, with the page as it is now below its cell.

    What somebody has made their own, with cells of theirs, stays as it is.

    Args:
        folder: path of the workspace. It must be the one that this process works in.
    Raises:
        WorkspaceError: it can't be written.
    """
    path = folder / places.FIRST_PAGE
    if os.path.lexists(path) and not is_untouched(path):
        return
    page = {
        "cell_type": "code",
        "execution_count": None,
        "id": "first-page",
        "metadata": {},
        "outputs": [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"text/markdown": text(), "text/plain": "The course's first page."},
            }
        ],
        "source": _CODE,
    }
    notebook = {
        "cells": [page],
        "metadata": copies.KERNEL,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    try:
        write_whole(path, json.dumps(notebook, ensure_ascii=False, indent=1))
    except OSError as error:
        raise copies.WorkspaceError(f"{path} can't be written: {error.strerror}.") from error


def is_untouched(path):
    """Whether a file is the first page with its one cell and no other, whatever is shown below.

    Args:
        path: Path.
    """
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return ["".join(cell["source"]) for cell in cells] == [_CODE]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def text():
    """The page in Markdown, as of now."""
    standings = [standing(lesson) for lesson in copies.lessons()]
    return "\n".join(
        [
            "# My course",
            "",
            _where_stopped(),
            "",
            "| lesson | time | sections<br>read | predicted<br>right | exercises |",
            "|:---|:---|:---|:---|:---|",
            *map(_row, standings),
            "",
            *_offered(standings),
            *_glossary(),
            _BELOW,
        ]
    )


def standing(lesson):
    """How far somebody is in a lesson, by the progress of the workspace: a Standing.

    Args:
        lesson: its id.
    """
    folder = copies.given_folder()
    title, question = _head(folder / f"{lesson}.ipynb")
    exercises = folder / "exercises" / f"{lesson}.ipynb"
    tasks = set(_TASK.findall(_code(exercises))) if exercises.is_file() else set()
    done = {note.item: note.last for note in progress.noted(lesson, "task") if note.item in tasks}
    sections = questions.of_lesson(lesson).sections
    read = {note.item for note in progress.noted(lesson, "section")} & set(sections)
    return Standing(
        lesson,
        title,
        question,
        len(read),
        len(sections),
        questions.score(lesson),
        sum(map(bool, done.values())),
        len(done),
        len(tasks),
        (places.workspace() / copies.name_of(lesson, "solutions")).exists(),
    )


def study_time(lesson):
    """How long a lesson takes to study, and what is optional in it, to ten minutes.

    Args:
        lesson: its id.
    Returns:
        str such as "100 min, and 20 optional".
    """
    needed, optional = (round(minutes, -1) for minutes in questions.of_lesson(lesson).minutes)
    more = f", and\N{NO-BREAK SPACE}{optional}\N{NO-BREAK SPACE}optional" if optional else ""
    return f"{max(needed, 10)}\N{NO-BREAK SPACE}min{more}"


# ---- its parts -----------------------------------------------------------------------------------

_COMMANDS = {
    "reset 3": "a fresh copy of lesson 3; yours goes to the folder `older`. Of its exercises: "
    "`!course reset 3 --exercises`",
    "solutions 1": "the solutions of lesson 1's exercises, once you have tried them",
    "update": "corrected lessons, when there are any",
    "pack": "all this in one file, to keep or to take along: on the left, right-click it and "
    "choose *Download*. Binder and Colab forget your work when you are away for some minutes",
    "unpack FILE": "brings it back, here or elsewhere. A name with a space needs quotes",
}
_BELOW = "\n".join(
    [
        "To see what has changed since, run the cell above: click into it, and press "
        "**Shift + Enter**.",
        "",
        "All these are copies of your own. Change whatever you like: nothing that you have changed "
        "is ever overwritten. Some commands, to be typed into a cell, or without the `!` into a "
        "terminal (*File → New → Terminal*):",
        "",
        *(f"- `!course {command}`: {says}" for command, says in _COMMANDS.items()),
    ]
)


def _where_stopped():
    there = {lesson: questions.of_lesson(lesson).sections for lesson in copies.lessons()}
    read = [one for one in progress.noted(kind="section") if one.item in there.get(one.lesson, ())]
    if not read:
        return (
            f"Start with [lesson 0]({copies.name_of(copies.lessons()[0], 'lesson')}): "
            "half an hour, and you know how everything works."
        )
    last = read[-1]
    day = datetime.datetime.fromisoformat(last.last_at).astimezone()
    place = copies.name_of(last.lesson, "lesson") + "#" + quote(last.item.replace(" ", "-"))
    return f"You stopped at [{last.item}]({place}), on {day.day} {day:%B}."


def _row(standing):
    lesson, score = standing.lesson, standing.predictions
    name = f"[**{standing.title}**]({copies.name_of(lesson, 'lesson')})<br>{standing.question}"
    read = _share(standing.read, standing.sections)
    predicted = f"{score.right} of {score.asked}" if score.asked else ""
    exercises = ""
    if standing.tasks:
        says = f"{_share(standing.solved, standing.tasks)}\N{NO-BREAK SPACE}solved"
        if not standing.tried:
            says = counted(standing.tasks, "task")
        exercises = f"[{says}]({copies.name_of(lesson, 'exercises')})"
    if standing.solutions:
        exercises += f"<br>[solutions]({copies.name_of(lesson, 'solutions')})"
    return f"| {name} | {study_time(lesson)} | {read} | {predicted} | {exercises} |"


def _share(done, every):
    share = f"{'✓ ' if done == every else ''}{done} of {every}"
    return share.replace(" ", "\N{NO-BREAK SPACE}")


def _glossary():
    """A line that leads to the glossary, where this installation has one."""
    name = f"{copies.GLOSSARY}.ipynb"
    line = f"[Glossary]({name}): what the words mean, and which section explains each."
    return [line, ""] * (copies.given_folder() / name).is_file()


def _offered(standings):
    """A line for solutions that may be had, if there are such."""
    tried = [each for each in standings if each.tried and not each.solutions]
    commands = ", ".join(f"`!course solutions {int(each.lesson[:2])}`" for each in tried)
    return [f"Solutions of what you have tried, to be typed into a cell: {commands}.", ""] * bool(
        tried
    )


def _head(path):
    """Title and question of a lesson: its first cell's first two paragraphs."""
    lines = "".join(_cells(path)[0]["source"]).splitlines()
    title, question = [line for line in lines if line.strip()][:2]
    return title.removeprefix("# "), question.strip("*")


def _code(path):
    cells = [cell for cell in _cells(path) if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _cells(path):
    """The cells of a given notebook."""
    return copies.notebook_of(path)["cells"]
