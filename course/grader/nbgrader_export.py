"""Write exercises as nbgrader's source assignments.

A task's cells become autograded answers, each check an autograder test with its points, hidden ones
between nbgrader's marks of hidden tests. Beside the notebook lie course_checks.py, which runs a
check, and course_checks.json, with what visible checks share and the right answers to what they
ask. The solution's code, the secret seed and the hidden checks stand within hidden tests only, so
nbgrader takes them out of what learners get.

What nbgrader can't protect from, whatever the assignment: it runs the tests in the submission's own
process. A submission can replace `course_checks`, NumPy or Python itself and get full marks; while
it is graded it can read the hidden tests, the solution and the seed, write files and use the
network. An endless loop costs `Execute.timeout` in every cell that meets it. A process that dies
leaves the whole submission without marks. A check that itself fails gives 0 points, because
nbgrader has no other word for it. A network is judged from what the submission's process says of
it. nbgrader's feedback shows the hidden tests. `course grade` has none of these faults: use this
where an institution asks for nbgrader, and look twice at surprising marks.
"""

import ast
import base64
import collections
import contextlib
import json
import math
import pprint
import re
import secrets
import shutil
import tempfile
import zlib
from pathlib import Path

from course.exercises import (
    EXERCISES,
    PUBLIC_SEED,
    Here,
    Side,
    SideError,
    encode,
    reach,
    run_check,
)
from course.grader import nbgrader_support
from course_utils.texts import counted

NOTEBOOKS = EXERCISES.parent / "notebooks" / "exercises"
SUPPORT = "course_checks"
LARGEST_ANSWER = 200_000  # bytes; a visible check that asks for more is judged when graded
NOTE = (
    "*This edition is for nbgrader.* Where the text speaks of `check`, run the tests below your "
    "answer instead: one that fails says what is wrong, with a hint. Change nothing in them."
)
CONFIG = """\
# Written by `course export-nbgrader`, once; it is yours to change.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "course"
c.ClearSolutions.code_stub = {{"python": 'raise NotImplementedError("Your turn.")'}}
c.Execute.timeout = {seconds}  # seconds for a cell
c.Execute.iopub_timeout = {seconds}  # and for what it shows; 4 are too few on a busy machine
c.OverwriteCells.add_missing_cells = True  # a deleted test counts as failed, not as an error
"""


class ExportError(Exception):
    """Nothing was exported; the text says why, and what to do."""


def export(exercises, folder, *, overwrite=False, seed=None, notebooks=NOTEBOOKS):
    """Write exercises as nbgrader's source assignments, all or none.

    Args:
        exercises: list of Exercise.
        folder: Path of nbgrader's course folder. An nbgrader_config.py in it stays as it is.
        overwrite: whether assignments that are there may be replaced.
        seed: int >= 0, of the checks' random numbers when graded; None: a new secret one.
        notebooks: Path of the learners' notebooks, whose pictures of what is expected are taken
            over; None: without these pictures.
    Returns:
        list of Path: FOLDER/source/EXERCISE/EXERCISE.ipynb.
    Raises:
        ExportError: an assignment is there already, a picture is missing, or an exercise has what
            can't be said in nbgrader's way. Nothing is written then.
    """
    source = Path(folder) / "source"
    there = [exercise.id for exercise in exercises if (source / exercise.id).exists()]
    if there and not overwrite:
        raise ExportError(
            f"{source} has {', '.join(there)} already. Choose another folder, or say that it may "
            "be replaced (--overwrite)."
        )
    seed = secrets.randbits(32) if seed is None else seed
    source.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".export-") as partial:
        partial = Path(partial)
        for exercise in exercises:
            _write_assignment(exercise, partial / exercise.id, seed, notebooks)
        source.mkdir(exist_ok=True)
        for exercise in exercises:
            if (source / exercise.id).exists():
                (source / exercise.id).rename(partial / f"{exercise.id}.before")
            (partial / exercise.id).rename(source / exercise.id)
    _write_config(source.parent / "nbgrader_config.py", exercises)
    return [source / exercise.id / f"{exercise.id}.ipynb" for exercise in exercises]


def assignment(exercise, *, seed, notebooks=None):
    """An exercise's source assignment.

    Args:
        exercise, seed, notebooks: as in `export`, of one exercise.
    Returns:
        the notebook, and what course_checks.json holds.
    Raises:
        ExportError: as in `export`.
    """
    import nbformat

    checks, ids = _Checks(exercise), grade_ids(exercise)
    pictures = _pictures(exercise, notebooks)
    answers, revealed = collections.Counter(), False
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    for number, cell in enumerate(exercise.cells):
        if cell.kind == "markdown":
            new = [_text(cell.source)]
        elif "expected" in cell.tags:
            new = pictures.get(number, [])
        elif "check" in cell.tags:
            new = []
            for check in checks.called_in(cell):
                secret = "" if revealed else checks.secret(seed)
                source = _test_source(check, checks.text_of(check), secret)
                new.append(_code(source, grade_id=ids[check.id], points=check.points))
                revealed = True
        elif "try" in cell.tags:
            new = [_code(cell.source)]
        else:
            if cell.source != cell.solution:
                answers[cell.task] += 1
                grade_id = f"answer-{cell.task}-{answers[cell.task]}"
                new = [_code(cell.source, grade_id=grade_id, solution=True)]
            else:
                text = _without_opening(cell.source)
                new = [_code(text, grade_id=f"given-{number}", locked=True)] if text else []
        notebook.cells += new
    start = _code(f"import {SUPPORT}", grade_id="given-checks", locked=True)
    notebook.cells[1:1] = [_text(NOTE), start]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{exercise.id[:40]}-{number}"
    return notebook, checks.shared()


def grade_ids(exercise):
    """nbgrader's id of each check's test: dict of check id to text that tells no hidden name."""
    numbers, ids = collections.Counter(), {}
    for check in exercise.checks:
        numbers[check.task] += check.hidden
        hidden = f"{check.task}-hidden-{numbers[check.task]}"
        ids[check.id] = f"test-{hidden if check.hidden else check.id}"
    return ids


class _Checks:
    """An exercise's checks.py taken apart: each check's text, and what it needs besides."""

    def __init__(self, exercise):
        self.exercise = exercise
        path = exercise.folder / "checks.py"
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.where = f"{exercise.folder.name}/checks.py"
        by_name = {check.id: check for check in exercise.checks}
        self.functions, self.others = {}, []
        for node in ast.parse("\n".join(self.lines)).body:
            if isinstance(node, ast.FunctionDef) and node.name in by_name:
                if len(node.decorator_list) != 1 or node.args.defaults or node.args.kw_defaults:
                    where = f"{self.where}:{by_name[node.name].line}"
                    raise ExportError(
                        f"{where}: nbgrader's edition takes a check with one decorator, @check, "
                        "and no default values; move the rest into it."
                    )
                self.functions[node.name] = node
            elif not _is_docstring(node):
                self.others.append(node)
        missing = sorted(set(by_name) - set(self.functions))
        if missing:
            raise ExportError(
                f"{self.where}: {', '.join(missing)} must be written as `def` below @check, at the "
                "left margin, for nbgrader's edition."
            )
        clashes = sorted(set(by_name) & _assigned_names(exercise.solution_cells()))
        if clashes:
            raise ExportError(
                f"{self.where}: {', '.join(clashes)} is also a name in the exercise's cells, and "
                "in a notebook one would replace the other. Rename the check."
            )
        self.placed = set()

    def called_in(self, cell):
        """The checks of the tasks that a cell checks, unless an earlier cell did."""
        tasks = [t.id for t in self.exercise.tasks if f'check("{t.id}")' in cell.source]
        checks = [check for task in tasks for check in self.exercise.checks_of(task)]
        checks = [check for check in checks if check.id not in self.placed]
        self.placed.update(check.id for check in checks)
        return checks

    def text_of(self, check):
        return self._lines(self.functions[check.id], from_decorator=False)

    def secret(self, seed):
        """The hidden test that shows `course_checks` the solution."""
        only_hidden = self._needed(hidden=True) - self._needed(hidden=False)
        solution = pprint.pformat(self.exercise.solution_cells(), width=96)
        helpers = pprint.pformat(self._texts(only_hidden), width=96)
        return f"{SUPPORT}.reveal(seed={seed}, solution={solution}, helpers={helpers})"

    def shared(self):
        """What lies beside the learner's notebook: as plain text and answers, no solution."""
        return {
            "exercise": self.exercise.id,
            "helpers": self._texts(self._needed(hidden=False)),
            "probes": self.exercise.probes,
            "answers": _recorded_answers(self.exercise),
        }

    def _needed(self, *, hidden):
        """Numbers in `others` of what checks of this kind use, also through others of them."""
        checks = [self.functions[c.id] for c in self.exercise.checks if c.hidden == hidden]
        steps = [reach.names_of(ast.unparse(node)) for node in self.others]
        # A statement that gives no name may change something; learners may see it.
        always = [uses for gives, uses in steps if not gives]
        wanted = [reach.names_of(ast.unparse(node))[1] for node in checks]
        names = reach.reached(set().union(*wanted, *always), steps)
        return {n for n, (gives, _) in enumerate(steps) if not gives or gives & names}

    def _texts(self, numbers):
        return "\n\n".join(self._lines(self.others[number]) for number in sorted(numbers))

    def _lines(self, node, *, from_decorator=True):
        decorators = getattr(node, "decorator_list", []) if from_decorator else []
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        return "\n".join(self.lines[first - 1 : node.end_lineno])


class _Recording(Side):
    """A reference that writes down what it was asked, and what it answered."""

    def __init__(self, side, probes):
        self._side, self._probes = side, Here(probes=probes)
        self.answers = {}

    def call(self, name, args, kwargs):
        with contextlib.suppress(SideError):  # what a probe can tell without the solution
            return self._probes.call(name, args, kwargs)
        answer = self._side.call(name, args, kwargs)
        return self._keep([name, tuple(args), kwargs], answer)

    def value(self, name):
        return self._keep(name, self._side.value(name))

    def _keep(self, asked, answer):
        data = encode(answer)
        if len(data) <= LARGEST_ANSWER:
            packed = base64.b64encode(zlib.compress(data, 9)).decode()
            self.answers[nbgrader_support.question(asked)] = packed
        return answer


def _recorded_answers(exercise):
    """What the solution answers to the visible checks, with the notebooks' seed."""
    visible = [check for check in exercise.checks if not check.hidden]
    with nbgrader_support.quiet():  # what the exercise's cells print
        side = Here(exercise.solution_cells(), exercise.probes)
    reference = _Recording(side, exercise.probes)
    for check in visible:
        with nbgrader_support.quiet():
            outcome = run_check(check, side, reference, PUBLIC_SEED)
        if outcome.status != "passed":
            raise ExportError(
                f"{exercise.folder.name}/checks.py:{check.line}: {check.id}: the solution doesn't "
                f"pass ({outcome.status}: {outcome.message}). Mend that first: course exercises "
                "selftest."
            )
    return reference.answers


def _test_source(check, text, secret):
    """The code of a check as an autograder test."""
    points = counted(check.points, "point")
    comment = f"# A check of `{check.task}`, {points}."
    arguments = f"task={check.task!r}, points={check.points!r}"
    if check.hidden:
        comment = f"# A hidden check of `{check.task}`, {points}. It runs when your work is graded."
        arguments += ", hidden=True"
    hint = pprint.pformat(check.hint, width=92).replace("\n", "\n    ")
    run = f"@{SUPPORT}.test(\n    {arguments},\n    hint={hint},\n)\n{text}"
    begin, end = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
    if check.hidden:
        return "\n".join([comment, begin, *([secret] if secret else []), run, end])
    return "\n".join([comment, *([begin, secret, end] if secret else []), run])


def _code(source, *, grade_id=None, solution=False, locked=False, points=None):
    """A code cell with nbgrader's metadata; one with points is an autograder test."""
    import nbformat

    cell = nbformat.v4.new_code_cell(source)
    if grade_id:
        cell.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": points is not None,
            "solution": solution,
            "locked": locked or points is not None,
            "task": False,
        }
    if points is not None:  # nbgrader's own form writes whole numbers; nbgrader reads others too
        whole = float(points).is_integer()
        cell.metadata["nbgrader"]["points"] = int(points) if whole else float(points)
    return cell


def _text(source):
    import nbformat

    return nbformat.v4.new_markdown_cell(source)


def _pictures(exercise, notebooks):
    """Number of each cell tagged "expected" -> [the text cell that learners get instead]."""
    import nbformat

    numbers = [n for n, cell in enumerate(exercise.cells) if "expected" in cell.tags]
    if notebooks is None or not numbers:
        return {}
    path = Path(notebooks) / f"{exercise.id}.ipynb"
    if not path.exists():
        raise ExportError(f"{path} is missing, which has the expected pictures: make exercises")
    built = nbformat.read(path, as_version=4)
    built.cells = [c for c in built.cells if "colab" not in c.metadata.get("tags", [])]
    if len(built.cells) != len(exercise.cells):
        raise ExportError(f"{path} was built from another state of the exercise: make exercises")
    pictures = {}
    for number in numbers:
        if not built.cells[number].get("attachments"):
            raise ExportError(f"{path}: cell {number + 1} has no picture: make exercises")
        cell = _text(built.cells[number].source)
        cell["attachments"] = built.cells[number]["attachments"]
        pictures[number] = [cell]
    return pictures


def _without_opening(source):
    """A cell's code without `open_exercise`, which nbgrader's edition doesn't use."""
    lines = source.split("\n")
    for node in reversed(ast.parse(_without_magics(source)).body):
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if isinstance(node, ast.ImportFrom) and any(a.name == "open_exercise" for a in node.names):
            node.names = [alias for alias in node.names if alias.name != "open_exercise"]
            lines[node.lineno - 1 : node.end_lineno] = [ast.unparse(node)] if node.names else []
        elif "open_exercise" in names:
            lines[node.lineno - 1 : node.end_lineno] = []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_magics(source):
    return "\n".join("pass" if re.match(r"[%!]", line) else line for line in source.split("\n"))


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _assigned_names(cells):
    return set().union(*(reach.names_of(_without_magics(cell))[0] for cell in cells))


def _write_assignment(exercise, folder, seed, notebooks):
    import nbformat

    notebook, shared = assignment(exercise, seed=seed, notebooks=notebooks)
    folder.mkdir()
    text = nbformat.writes(notebook) + "\n"
    (folder / f"{exercise.id}.ipynb").write_text(text, encoding="utf-8")
    shutil.copy(nbgrader_support.__file__, folder / f"{SUPPORT}.py")
    text = json.dumps(shared, indent=1, ensure_ascii=False)
    (folder / f"{SUPPORT}.json").write_text(text + "\n", encoding="utf-8")


def _write_config(path, exercises):
    """A configuration, if there is none: an institution's own stays."""
    seconds = math.ceil(max([30, *(exercise.limits.cell_seconds for exercise in exercises)]))
    with contextlib.suppress(FileExistsError), open(path, "x", encoding="utf-8") as file:
        file.write(CONFIG.format(seconds=seconds))
