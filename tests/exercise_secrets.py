"""What of an exercise learners must not get, to be searched for."""

import ast
import re

from course.exercises import load_exercise
from course.exercises.source import BEGIN, END

SHORTEST = 12  # characters of a line that can be told from any other


def secrets_of(exercise):
    """What of an exercise is in no file of a learner's.

    Args:
        exercise: a whole exercise's id, or its folder.
    Returns:
        dict of kind -> set of str: "solution", "hidden check" and "mutant" are lines of code,
        without the spaces around them; "text" is what hidden checks say, and mutants that no
        visible check finds. (Of the others, learners are told whose answers they give.)
    """
    exercise = load_exercise(exercise)
    hidden = [check for check in exercise.checks if check.hidden]
    public, lines_of_hidden = _lines_of_checks(exercise)
    public |= set().union(*(_lines(cell.release) for cell in exercise.cells))
    solutions = set().union(*(_lines(cell.solution) for cell in exercise.cells))
    kinds = {
        "solution": _in_solution_blocks(exercise),
        "hidden check": lines_of_hidden,
        "mutant": set().union(*(_lines(mutant.by) for mutant in exercise.mutants)) - solutions,
    }
    found = {
        kind: {line for line in lines - public if len(line) >= SHORTEST}
        for kind, lines in kinds.items()
    }
    texts = {text for check in hidden for text in _said_by(check)}
    texts |= {f"def {check.id}(" for check in hidden}
    shown = {check.id for check in exercise.checks if not check.hidden}
    texts |= {
        text
        for mutant in exercise.mutants
        for text in (mutant.says, mutant.hint)
        if len(text) >= SHORTEST and not shown & set(mutant.loses)
    }
    visible = [text for check in exercise.checks if not check.hidden for text in _said_by(check)]
    found["text"] = {text for text in texts if not any(text in shown for shown in visible)}
    return found


def told(text, secrets, *, of=("solution", "hidden check", "mutant", "text")):
    """Which of these secrets a text holds: a sorted list of (kind, line or text)."""
    lines, flat = _lines(text), re.sub(r"[\"']\s+[\"']", "", text)  # text on several lines
    return sorted(
        (kind, secret)
        for kind in of
        for secret in secrets[kind]
        if (secret in flat if kind == "text" else secret in lines)
    )


def _lines(text):
    return {line.strip() for line in text.split("\n")}


def _said_by(check):
    return {check.hint, check.more, check.says}


def _in_solution_blocks(exercise):
    lines = set()
    for cell in exercise.cells:
        within = False
        for line in cell.source.split("\n"):
            if line.strip() in (BEGIN, END):
                within = line.strip() == BEGIN
            elif within:
                lines.add(line.strip())
    return lines


def _lines_of_checks(exercise):
    """The lines of checks.py but for hidden checks, and the lines of these."""
    path = exercise.folder / "checks.py"
    lines, hidden, visible = path.read_text(encoding="utf-8").split("\n"), set(), set()
    secret = {check.id for check in exercise.checks if check.hidden}
    for node in ast.parse("\n".join(lines)).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        part = {line.strip() for line in lines[first - 1 : node.end_lineno]}
        if getattr(node, "name", None) in secret:
            hidden |= part
        else:
            visible |= part
    return visible, hidden
