"""An exercise as a class gets it: without solutions, hidden checks and mutants, and yet checked.

A visible check compares with what the solutions answer. What it asks them is known beforehand, as
its numbers come from one public seed; so the answers are written down, and `stand_in` gives them.
What it asks about the learner's own work goes to a probe, which needs no solution. That this is
enough is proved before anything is released: the solutions, the untouched cells and every mutant
get the same verdicts from the released copy as from the exercise itself.
"""

import ast
import contextlib
import dataclasses
import hashlib
import io
import json
import random
import re
import sys
import tempfile
import tomllib
import warnings
from functools import cached_property
from pathlib import Path

import numpy as np

from course.exercises.errors import NotData, SideError
from course.exercises.mistakes import (
    MISTAKES,
    Trail,
    mistake_of,
    pack_mistakes,
)
from course.exercises.plain_data import decode, encode
from course.exercises.reach import names_of, reached, words_of
from course.exercises.runner import (
    PUBLIC_SEED,
    Here,
    Memo,
    Side,
    keep_lines,
    probe_functions,
    run_check,
)
from course.exercises.selftest import chooser
from course.exercises.source import ANSWERS, ExerciseError, Limits, load_exercise
from course.exercises.stand_in import Recorded, StandIn, distance, pack_answers
from course_utils.files import write_whole

_FILES = ("exercise.toml", "exercise.py", "checks.py", "probes.py", ANSWERS, MISTAKES)
_ADVICE = (
    "A visible check may ask the solutions only about what it made up itself, whoever is the "
    "student. Let it ask a probe that needs no solution, or work out by itself what is right."
)


def release(exercise, folder, *, built_from=""):
    """Write an exercise as a class gets it, and prove that it judges as the exercise itself does.

    The folder has the form that `load_exercise` reads. In it are the tasks with stubs in place of
    the solutions, and the visible checks and the probes with what they need; nothing else of the
    hidden checks, the mutants, and the cells that show what a right answer looks like.

    Args:
        exercise: Exercise, a whole one.
        folder: path of the folder to write; its name is the released exercise's id. An older
            release in it is replaced; a folder with anything else is left as it is.
        built_from: str that is kept in exercise.toml, to tell later what it was released from.
    Returns:
        Exercise, the released one.
    Raises:
        ExerciseError: the exercise is itself a released one; the folder holds something else; or
            a check can't be released. The text names file and line, and what to change.
    """
    exercise.require_whole()
    folder = Path(folder)
    _refuse_to_replace(folder)
    texts = _texts(exercise)
    with _unseen(), tempfile.TemporaryDirectory(prefix="release-") as place:
        trial = _Trial(exercise, texts.get("probes.py", ""))
        files = {
            **texts,
            "exercise.toml": _settings(exercise, built_from),
            ANSWERS: trial.answers(),
            MISTAKES: trial.mistakes(),
        }
        partial = Path(place) / folder.name
        _write(partial, files)
        files["exercise.toml"] = _settings(exercise, built_from, content_of(partial))
        _write(partial, files)
        released = load_exercise(partial)
        _compare(exercise, released)
        trial.prove(released)
    _write(folder, files)
    return load_exercise(folder)


def content_of(folder):
    """The digest of a released exercise's files, whatever their line ends.

    Args:
        folder: Path.
    Returns:
        str, which is what its exercise.toml says as long as no file is changed by hand.
    """
    digest = hashlib.sha256()
    for name in _FILES:
        if (folder / name).exists():
            data = (folder / name).read_bytes()
            if name not in (ANSWERS, MISTAKES):
                data = data.replace(b"\r\n", b"\n")
            if name == "exercise.toml":
                data = re.sub(rb"(?m)^content = .*$", b"", data)
            digest.update(b"%b %d " % (name.encode(), len(data)) + data)
    return digest.hexdigest()[:16]


def _refuse_to_replace(folder):
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    settings = folder / "exercise.toml"
    if not settings.is_file() or "released" not in tomllib.loads(settings.read_text("utf-8")):
        raise ExerciseError(
            f"{folder} is there, and is no released exercise. Name a new folder, or an empty one."
        )


def _write(folder, files):
    for name in _FILES:
        if name in files:
            write_whole(folder / name, files[name])
        else:
            (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _unseen():
    """What cells print and warn of while they are tried is nobody's business."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# ---- what a released exercise's files say ------------------------------------------------------


def _texts(exercise):
    """All files but exercise.toml and the answers: dict of name -> text."""
    visible = {check.id for check in exercise.checks if not check.hidden}
    path = exercise.folder / "checks.py"
    checks = _kept(path.read_text(encoding="utf-8"), visible, without=_hidden(exercise, path))
    probes = _kept(exercise.probes, words_of(checks)) if exercise.probes else ""
    texts = {"exercise.py": _cells(exercise), "checks.py": checks}
    return {**texts, "probes.py": probes} if probe_functions(probes) else texts


def _settings(exercise, built_from, content=""):
    lines = [f"{key} = {_toml(getattr(exercise, key))}" for key in ("title", "lesson", "warm")]
    limits = dataclasses.asdict(exercise.limits)
    own = {key: value for key, value in limits.items() if value != getattr(Limits(), key)}
    if own:
        lines += ["", "[limits]", *(f"{key} = {_toml(value)}" for key, value in own.items())]
    lines += ["", "# Without solutions, hidden checks and mutants: so a learner gets it."]
    lines += ["[released]", f"built_from = {_toml(built_from)}", f"content = {_toml(content)}"]
    lines += ["", "[released.hidden]"]
    for task in exercise.tasks:
        checks, points = exercise.hidden_of(task.id)
        lines.append(f"{_toml(task.id)} = {{ checks = {checks}, points = {_toml(points)} }}")
    return "\n".join(lines) + "\n"


def _toml(value):
    """Text, a number, or a list of them: what JSON and TOML write alike."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _cells(exercise):
    """exercise.py as it is handed out. The cells that show a right answer need the solutions."""
    parts = []
    for cell in exercise.cells:
        if "expected" in cell.tags:
            continue
        head = "# %%" + " [markdown]" * (cell.kind == "markdown")
        head += f' task="{cell.task}"' if cell.task is not None else ""
        head += f" tags={_toml(sorted(cell.tags))}" if cell.tags else ""
        body = cell.release
        if cell.kind == "markdown":
            body = "\n".join(f"# {line}".rstrip() for line in cell.source.split("\n"))
        parts.append(f"{head}\n{body}\n")
    return "\n".join(parts)


def _hidden(exercise, path):
    """The names of the hidden checks, each a function at the left margin of checks.py."""
    written = {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    for check in exercise.checks:
        if check.hidden and check.id not in written:
            raise ExerciseError(
                f"{path}:{check.line}: the hidden check {check.id!r} can't be left out of a "
                "release: write it as a function of its own, at the left margin."
            )
    return {check.id for check in exercise.checks if check.hidden}


def _kept(text, names, without=frozenset()):
    """Of a file's statements, those that these names lead to, and those that define nothing.

    Comments between statements go, but for those right above one that is kept.
    """
    lines = text.split("\n")
    pieces = [piece for piece in _pieces(ast.parse(text), lines) if not piece.defines & without]
    steps = [(piece.defines, piece.uses) for piece in pieces]
    always = set().union(*(piece.uses for piece in pieces if not piece.defines))
    written = set().union(*(piece.defines for piece in pieces))
    if without and names - written:  # checks that a loop makes, say
        names = names | written
    needed = reached(names | always, steps)
    return "".join(piece.text(lines, needed) for piece in pieces).lstrip("\n")


@dataclasses.dataclass(frozen=True)
class _Piece:
    """Statements that stand on the same lines: mostly one. `first` counts from 0."""

    nodes: tuple
    first: int
    end: int

    @cached_property
    def defines(self):
        return frozenset().union(*(names_of(ast.unparse(node))[0] for node in self.nodes))

    @cached_property
    def uses(self):
        return frozenset().union(*(names_of(ast.unparse(node))[1] for node in self.nodes))

    def text(self, lines, needed):
        """The piece as it stands, or of an import what is needed of it; "" if nothing is.

        The blank lines above it are part of it, two at most.
        """
        if self.defines and not self.defines & needed:
            return ""
        first = self.first
        while first and lines[first - 1].startswith("#"):
            first -= 1
        above = next((n for n in range(2) if first <= n or lines[first - 1 - n].strip()), 2)
        own = lines[first : self.end]
        if isinstance(self.nodes[0], ast.Import | ast.ImportFrom) and self.defines - needed:
            own = []
            for node in self.nodes:
                aliases = [
                    alias
                    for alias in getattr(node, "names", [])
                    if (alias.asname or alias.name).split(".")[0] in needed
                ]
                own += [ast.unparse(_with(node, aliases))] if aliases else []
        return "\n" * above + "\n".join(own) + "\n"


def _with(node, aliases):
    if isinstance(node, ast.Import):
        return ast.Import(aliases)
    return ast.ImportFrom(node.module, aliases, node.level)


def _pieces(tree, lines):
    pieces = []
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        if pieces and first < pieces[-1].end:  # after a semicolon
            last = pieces.pop()
            pieces.append(_Piece((*last.nodes, node), last.first, node.end_lineno))
        else:
            pieces.append(_Piece((node,), first, node.end_lineno))
    return pieces


def _compare(exercise, released):
    """See that nothing was lost: what a learner meets is the same in both."""

    def met(one):
        shown = [cell for cell in one.cells if "expected" not in cell.tags]
        visible = [check for check in one.checks if not check.hidden]
        return {
            "settings": (one.title, one.lesson, one.warm, one.limits, one.points),
            "cells": [(cell.kind, cell.task, cell.tags, cell.release) for cell in shown],
            "tasks": [(task.id, task.title, one.names_of(task.id)) for task in one.tasks],
            "hidden checks": [one.hidden_of(task.id) for task in one.tasks],
            "visible checks": [(c.id, c.task, c.points, c.hint, c.more, c.says) for c in visible],
        }

    before, after = met(exercise), met(released)
    for what in before:
        if before[what] != after[what]:
            raise ExerciseError(
                f"{exercise.folder}: the {what} of a release would differ: {after[what]} in place "
                f"of {before[what]}. Please report this."
            )


# ---- that it judges alike ----------------------------------------------------------------------


class _Trial:
    """Everybody whom an exercise knows, on its visible checks: what they ask, how they fare.

    Args:
        exercise: Exercise.
        probes: the text of the probes as they are released.
    """

    def __init__(self, exercise, probes):
        self._exercise, self._probes = exercise, probes
        self._path = exercise.folder / "checks.py"
        self._visible = {check.id: check for check in exercise.checks if not check.hidden}
        self._asked = _Asked(Memo(Here(exercise.solution_cells(), exercise.probes)))
        self._found = []  # (who, student, list of Outcome)
        self._answers = {}  # who -> check -> (Outcome, list of [name, sketch])
        for who, cells, checks in self._everybody():
            _seed()
            student, trails = _Kept(cells, exercise.probes), {}
            for check in checks:
                trail = Trail(student)
                outcome = self._run(who, check, trail)
                trails[check.id] = outcome, trail.sketches()
            self._found.append((who, student, [outcome for outcome, _ in trails.values()]))
            self._answers[who] = trails

    def _everybody(self):
        exercise, all_of_them = self._exercise, list(self._visible.values())
        yield "the solution", exercise.solution_cells(), all_of_them
        yield "the untouched notebook", exercise.release_cells(), all_of_them
        choose = chooser(exercise)
        for mutant in exercise.mutants:
            checks = [check for check in choose(mutant) if not check.hidden]
            yield _called(mutant), exercise.mutant_cells(mutant), checks

    def _run(self, who, check, student):
        self._asked.by = check, who in ("the solution", "the untouched notebook")
        outcome = run_check(check, student, self._asked, PUBLIC_SEED)
        right = outcome.status == "passed" or who != "the solution"
        if not right or outcome.status == "grader error":
            says = f"{who} doesn't pass" if not right else "the check itself fails"
            self._fail(check, f"{says} ({outcome.status}: {outcome.message}). Mend that first.")
        return outcome

    def answers(self):
        """The bytes of answers.bin: what the solutions alone can tell, and what needs none."""
        recorded, live = [], set()
        for name, questions in self._asked.questions.items():
            if all(self._is_live(question) for question in questions):
                live.add(name)
                continue
            known = [question for question in questions if question.known_beforehand]
            for number, question in enumerate(known):
                self._see_that_it_is_told_apart(question, known[:number])
                recorded.append(Recorded(name, question.arguments, question.answer))
        try:
            return pack_answers(recorded, live)
        except NotData as error:
            raise ExerciseError(
                f"{self._path}:1: what the checks ask is too much: {error}"
            ) from None

    def mistakes(self):
        """The bytes of mistakes.bin: what mutants answer where they are wrong."""
        passes = {
            who: {check: (o.status == "passed", answers) for check, (o, answers) in found.items()}
            for who, found in self._answers.items()
        }
        made = [
            mistake_of(mutant, passes[_called(mutant)], passes["the solution"])
            for mutant in self._exercise.mutants
        ]
        return pack_mistakes([mistake for mistake in made if mistake is not None])

    def _is_live(self, question):
        try:
            if question.arguments is None:
                self._handed_out.value(question.name)
            else:
                args, kwargs = question.arguments
                self._handed_out.call(question.name, args, kwargs)
        except SideError:
            return False
        return True

    @cached_property
    def _handed_out(self):
        return Here(self._exercise.release_cells(), self._probes)

    def _see_that_it_is_told_apart(self, question, others):
        for other in others:
            alike = distance(question.arguments, other.arguments) < np.inf
            if alike and distance(question.answer, other.answer) == np.inf:
                says = f"it asks `{question.name}` two questions that differ in their last digits"
                self._fail(question.check, f"{says}, which differ from machine to machine.")

    def prove(self, released):
        """Compare with the verdicts of the released exercise.

        Raises:
            ExerciseError: one differs.
        """
        reference = Memo(StandIn(released))
        checks = {check.id: check for check in released.checks}
        lost = set(probe_functions(self._exercise.probes)) - set(probe_functions(released.probes))
        for who, student, found in self._found:
            student.come_again()
            for outcome in found:
                student.asked.clear()
                now = run_check(checks[outcome.check], student, reference, PUBLIC_SEED)
                check = self._visible[outcome.check]
                if student.asked & lost:
                    self._fail(check, f"write the name of the probe {min(student.asked & lost)!r}")
                if _verdict(now) != _verdict(outcome):
                    self._fail(
                        check,
                        f"a released copy can't judge {who} as the exercise does. It says "
                        f"{now.status!r}: {now.message}; not {outcome.status!r}: "
                        f"{outcome.message}. {_ADVICE}",
                    )

    def _fail(self, check, says):
        raise ExerciseError(f"{self._path}:{check.line}: {check.id}: {says}")


def _verdict(outcome):
    pictures = [None if a is None else a.tobytes() for a in (outcome.got, outcome.expected)]
    return outcome.status, outcome.message, outcome.earned, pictures


def _seed():
    """The same random numbers for everybody, each time: so a release is the same each time."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - cells may draw from it
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


def _called(mutant):
    return f"the mutant {mutant.name!r}"


@dataclasses.dataclass
class _Question:
    """What a check asked; `known_beforehand` if it did so with no mutant as student."""

    name: str
    arguments: tuple | None
    answer: object
    check: object
    known_beforehand: bool


class _Asked(Side):
    """The reference, and all that is asked of it: dict of name -> list of _Question."""

    def __init__(self, side):
        self._side, self._keys = side, {}
        self.questions, self.by = {}, None

    def call(self, name, args, kwargs):
        return self._noted(name, (tuple(args), kwargs), self._side.call(name, args, kwargs))

    def value(self, name):
        return self._noted(name, None, self._side.value(name))

    def _noted(self, name, arguments, answer):
        data = encode(arguments)
        check, known = self.by
        question = self._keys.get((name, data))
        if question is None:
            question = _Question(name, decode(data), answer, check, known)
            self._keys[name, data] = question
            self.questions.setdefault(name, []).append(question)
        question.known_beforehand |= known
        return answer


class _Kept(Side):
    """A student whose answers are kept, errors too: to be judged twice by the same ones."""

    def __init__(self, cells, probes):
        self._cells, self._side = cells, Here(cells, probes)
        self._answers, self.asked = {}, set()

    def come_again(self):
        """Before it is judged another time: others' cells have had the same labels since."""
        for number, cell in enumerate(self._cells, 1):
            keep_lines(cell, f"<cell {number}>")

    def call(self, name, args, kwargs):
        self.asked.add(name)
        question = encode([name, tuple(args), kwargs])
        return self._remembered(question, lambda: self._side.call(name, args, kwargs))

    def value(self, name):
        return self._remembered(encode(name), lambda: self._side.value(name))

    def _remembered(self, question, ask):
        key = hashlib.sha256(question).digest()
        if key not in self._answers:
            try:
                self._answers[key] = encode(ask())
            except SideError as error:
                self._answers[key] = error
        kept = self._answers[key]
        if isinstance(kept, SideError):
            raise kept
        return decode(kept)
