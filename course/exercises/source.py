"""An exercise's folder: read, checked, and turned into what is handed out or graded.

    exercises/01_convolution/
        exercise.toml   title, lesson, what the worker imports first, limits
        exercise.py     percent format: prose, code with marked solutions
        checks.py       what is checked, for how many points, with which hints
        mutants.py      named wrong solutions, and the checks that each must lose
        variants.py     (optional) right solutions in other styles
        probes.py       (optional) turns what isn't plain data into plain data

A released one, as `release` writes it, has no solutions, no mutants and no hidden checks. A table
[released] in its exercise.toml says so, and answers.bin has what its checks ask of the solutions.

Every fault of a folder is an `ExerciseError` that names file and line. So cells and settings are
read here and not by libraries: jupytext, which learners don't have, gives no lines and takes any
option, a misspelt `taks=` too; jsonschema gives no lines and takes NaN for a number above 0.
"""

import ast
import contextlib
import dataclasses
import hashlib
import inspect
import math
import re
import textwrap
import tomllib
import traceback
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path

from course.exercises.checks import collecting
from course.exercises.reach import set_aside, statements

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"  # a clone's own, complete
RELEASED = Path(__file__).resolve().parent / "released"  # what any install of the course carries
ANSWERS = "answers.bin"  # in a released exercise
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# Tags of cells that a grader doesn't run: those for a look, and the one that installs the course.
NOT_GRADED = {"expected", "try", "check", "colab"}
YOUR_TURN = 'raise NotImplementedError("Your turn.")'
_TAGS = NOT_GRADED - {"colab"} | {"setup"}
_CELL = re.compile(r"# %%(?P<markdown> \[markdown\])?(?P<options>.*)")
_OPTION = re.compile(r'\s+(task|tags)=("[^"]*"|\[[^\]]*\])')


# The modules beside this one that a verdict rests on.
_VERDICT = ("checks", "errors", "packed_models", "plain_data", "reach", "runner", "source")


class ExerciseError(Exception):
    """Something in an exercise's folder is wrong, or isn't there; the text says what, and where."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a submission may use: processor time in s, and MB of all its processes together."""

    cell_seconds: float = 30
    call_seconds: float = 10
    submission_seconds: float = 120
    memory_mb: float = 1024


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of exercise.py, its solution blocks as written. `line` is the one above its text."""

    kind: str  # "markdown" or "code"
    task: str | None
    tags: frozenset
    source: str
    line: int

    @property
    def graded(self):
        return self.kind == "code" and not self.tags & NOT_GRADED

    @property
    def solution(self):
        """The source without the marks."""
        return "\n".join(
            line for line in self.source.split("\n") if line.strip() not in (BEGIN, END)
        )

    @property
    def release(self):
        """The source as it is handed out: every solution block replaced."""
        return _released(self.source)


@dataclasses.dataclass(frozen=True)
class Task:
    """A task: its id, the heading above it, and the line of that."""

    id: str
    title: str
    line: int


@dataclasses.dataclass(frozen=True)
class Released:
    """What a released exercise says of the one that it was made from.

    Attributes:
        hidden: dict of task id -> (how many hidden checks it has there, their points).
        content: digest of all its files, as they were written.
        built_from: what whoever released it wrote here, to know it again.
    """

    hidden: dict
    content: str
    built_from: str = ""


class Exercise:
    """An exercise's folder, read and found in order. Made by `load_exercise`.

    `released` is a Released, and None where the folder is complete.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.id = self.folder.resolve().name
        settings = _settings(self.folder / "exercise.toml")
        self.title, self.lesson, self.warm = settings["title"], settings["lesson"], settings["warm"]
        self.limits, self.released = Limits(**settings["limits"]), settings["released"]
        whole = self.released is None
        self.cells = _cells(self.folder / "exercise.py")
        self.tasks = _tasks(self.folder / "exercise.py", self.cells, whole=whole)
        probes = self.folder / "probes.py"
        self.probes = _text(probes) if probes.exists() else ""
        if self.probes:
            _compiled(self.probes, probes)
        self.checks = _checks(self.folder / "checks.py", self.tasks, whole=whole)

    @cached_property
    def mutants(self):
        """The wrong solutions of mutants.py; each is known to apply.

        Raises:
            ExerciseError: it is a released exercise, or mutants.py is wrong.
        """
        self.require_whole()
        return _mutants(self.folder / "mutants.py", self)

    @cached_property
    def variants(self):
        """The right solutions of variants.py, a list of Variant; none if there is no such file.

        Raises:
            ExerciseError: it is a released exercise, or variants.py is wrong.
        """
        self.require_whole()
        path = self.folder / "variants.py"
        return _variants(path, self) if path.exists() else []

    @property
    def asked(self):
        """Names of the functions and variables that learners are to write: list of str."""
        names = []
        for cell in self.cells:
            if cell.graded and BEGIN in cell.source:
                written = statements([cell.solution]) - statements([cell.release])
                names += [name for code in sorted(written) for name in _defined(code)]
        return names

    @property
    def points(self):
        """Of all checks, the hidden ones of a released exercise too."""
        visible = sum(check.points for check in self.checks if not check.hidden)
        return float(visible + sum(self.hidden_of(task.id)[1] for task in self.tasks))

    def hidden_of(self, task):
        """How many hidden checks a task has, also where they aren't at hand, and their points."""
        if self.released is not None:
            return self.released.hidden.get(task, (0, 0))
        hidden = [check.points for check in self.checks_of(task) if check.hidden]
        return len(hidden), sum(hidden)

    def require_whole(self):
        """Say what to do where something needs more than a released exercise has.

        Raises:
            ExerciseError: it is a released one.
        """
        if self.released is not None:
            raise ExerciseError(
                f"{self.id} is here as learners get it ({_shown(self.folder)}), without solutions, "
                "hidden checks and mutants. So it can't be graded, proved, exported or released "
                f"here. {_where_to_get_it()}"
            )

    @cached_property
    def digest(self):
        """Changes when anything changes that the verdict of a check rests on.

        That is the exercise's own files, and the modules here that run and judge them. The way
        through a sandbox is the grader's: see its `Grader`.

        Raises:
            ExerciseError: a file that counts is not there.
        """
        package = Path(__file__).parent
        own = [self.folder / name for name in ("exercise.toml", "exercise.py", "checks.py")]
        probes = self.folder / "probes.py"
        own += [probes] if probes.exists() else []
        return digest_of([*own, *(package / f"{name}.py" for name in _VERDICT)])

    def checks_of(self, task):
        """The checks of a task, in their order."""
        return [check for check in self.checks if check.task == task]

    def solution_cells(self):
        """What a grader would run of a right submission: list of str.

        Raises:
            ExerciseError: it is a released exercise.
        """
        self.require_whole()
        return [cell.solution for cell in self.cells if cell.graded]

    def release_cells(self):
        """What a grader would run of the notebook as it was handed out: list of str."""
        return [cell.release for cell in self.cells if cell.graded]

    def mutant_cells(self, mutant):
        """What a grader would run of a mutant's submission: list of str."""
        graded = [cell for cell in self.cells if cell.graded]
        if mutant.replace is not None:
            return [
                cell.solution.replace(mutant.replace, mutant.by)
                if mutant.task in (None, cell.task)
                else cell.solution
                for cell in graded
            ]
        own = [number for number, cell in enumerate(graded) if cell.task == mutant.task]
        return [
            mutant.by.strip("\n") if number in own else cell.solution
            for number, cell in enumerate(graded)
            if number not in own[1:]
        ]

    def variant_cells(self, variant):
        """What a grader would run of a variant's submission: list of str."""
        cells, done = [], set()
        for cell in self.cells:
            if cell.graded and cell.task not in variant.tasks:
                cells.append(cell.solution)
            elif cell.graded and cell.task not in done:
                done.add(cell.task)
                cells += _variant_cells(variant.tasks[cell.task])
        return cells

    def trains(self, tasks):
        """Whether any of these tasks, given by their ids, trains a network."""
        own = [cell.solution for cell in self.cells if cell.graded and cell.task in tasks]
        return any(".fit(" in code for code in own)

    def names_of(self, task):
        """The functions and variables that a task's cells define, in order: list of str."""
        names = []
        for cell in self.cells:
            if cell.task == task and cell.kind == "code":
                names += _defined(cell.solution)
        return list(dict.fromkeys(names))


def digest_of(paths):
    """A few characters that change when one of these files does, by name or content.

    Raises:
        ExerciseError: one of them is not there; passing over it would make all versions equal.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(_text(path).encode())
    return digest.hexdigest()[:16]


def exercise_ids():
    """The exercises of this course, whole or released, in order: list of str."""
    places = EXERCISES, RELEASED  # in an install, the first may be some other package's folder
    return sorted({path.parent.name for place in places for path in place.glob("*/exercise.toml")})


def load_exercise(exercise):
    """Read an exercise's folder.

    Args:
        exercise: an id such as "01_convolution", or a folder. By its id, the whole one is meant
            where it is beside the package, else the released one in it.
    Returns:
        Exercise.
    Raises:
        ExerciseError: there is none, or a file is wrong; the text names file and line.
    """
    places = EXERCISES / str(exercise), RELEASED / str(exercise), Path(exercise)
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        there = f"There are: {', '.join(exercise_ids())}."
        if not exercise_ids():
            places = f"{_shown(EXERCISES)} nor {_shown(RELEASED)}"
            there = f"There is none at all, neither in {places}. {_where_to_get_it()}"
        raise ExerciseError(f"There is no exercise {str(exercise)!r}. {there}")
    return Exercise(folder)


def _where_to_get_it():
    """What to do where something needs the whole course: two sentences or so."""
    address = ""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for line in metadata.metadata("deep-vision-course").get_all("Project-URL") or ():
            label, _, url = line.partition(", ")
            address = f" ({url})" if label == "Repository" else address
    return (
        f"Get a copy of the whole course{address}, install that with `python -m pip install "
        "--no-deps -e .` in its top folder, and restart what runs Python."
    )


def _fail(path, line, says):
    raise ExerciseError(f"{_shown(path)}:{line}: {says}")


def _shown(path):
    try:
        return Path(path).resolve().relative_to(Path.cwd())
    except ValueError:
        return path


def _text(path):
    if not path.exists():
        _fail(path, 1, "this file is missing; docs/grading.md tells what belongs into it")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return _fail(path, line, "this is not UTF-8; save the file as UTF-8")


def _compiled(text, path):
    try:
        return compile(text, str(path), "exec")
    except SyntaxError as error:
        return _fail(path, error.lineno or 1, f"{error.msg}")
    except ValueError as error:  # before Python 3.12, for a null byte
        return _fail(path, 1, str(error))


def _settings(path):
    text = _text(path)
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        _fail(path, line[1] if line else 1, str(error))
    known = {"title": str, "lesson": str, "warm": list, "limits": dict, "released": dict}
    for key, value in settings.items():
        if not isinstance(value, known.get(key, ())):
            says = f"{key!r} should be one of: title, lesson, warm, [limits], [released]"
            _fail(path, _line_of(text, key), says)
    for key in ("title", "lesson"):
        if key not in settings:
            _fail(path, 1, f"{key} is missing")
    limits = settings.get("limits", {})
    names = [field.name for field in dataclasses.fields(Limits)]
    for key, value in limits.items():
        says = ""
        if key not in names:
            says = f"there is no limit {key!r}; there are {', '.join(names)}"
        elif type(value) not in (int, float) or not value > 0:
            says = f"{key} is {value!r}; a number above 0 is expected"
        if says:
            _fail(path, _line_of(text, key), says)
    released = None
    if "released" in settings:
        released = _released_settings(path, _line_of(text, "released"), settings["released"])
    return {"warm": ["numpy"], **settings, "limits": limits, "released": released}


def _released_settings(path, line, table):
    """The table that `release` writes: a Released."""
    try:
        table = dict(table)
        hidden = {
            task: (entry["checks"], entry["points"]) for task, entry in table.pop("hidden").items()
        }
        return Released(hidden=hidden, **table)
    except (KeyError, TypeError, AttributeError) as error:
        says = f"[released] isn't as `release` writes it ({type(error).__name__}: {error})"
        return _fail(path, line, f"{says}; release the exercise again")


def _line_of(text, key):
    match = re.search(rf"(?m)^\s*\[?{re.escape(key)}\b", text)
    return text[: match.end()].count("\n") + 1 if match else 1


def _cells(path):
    lines = _text(path).split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    if not starts:
        _fail(path, 1, "there is no cell; cells begin with a line `# %%`")
    cells = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        match = _CELL.fullmatch(lines[start].rstrip())
        options = dict(_OPTION.findall(match["options"]))
        if _OPTION.sub("", match["options"]).strip():
            _fail(
                path,
                start + 1,
                f'only [markdown], task="..." and tags=[...] are known: {lines[start]}',
            )
        try:
            options = {key: ast.literal_eval(value) for key, value in options.items()}
        except (ValueError, SyntaxError):
            _fail(path, start + 1, f"this can't be read: {lines[start]}")
        tags = options.get("tags", [])
        texts = [options.get("task", ""), *tags] if isinstance(tags, list) else [None]
        if not all(isinstance(text, str) for text in texts):
            _fail(path, start + 1, f'task="name" or tags=["name"] is expected: {lines[start]}')
        tags = frozenset(tags)
        if tags - _TAGS:
            _fail(
                path,
                start + 1,
                f"unknown tag {sorted(tags - _TAGS)[0]!r}; known: {', '.join(sorted(_TAGS))}",
            )
        kind = "markdown" if match["markdown"] else "code"
        body = lines[start + 1 : stop]
        if kind == "markdown":
            body = [re.sub(r"^# ?", "", line) for line in body]
        source = "\n".join(body)
        line = start + 1 + len(source) - len(source.lstrip("\n"))  # blank lines come first
        cell = Cell(kind, options.get("task"), tags, source.strip("\n"), line)
        if kind == "code":
            _check_marks(path, cell)
        cells.append(cell)
    return cells


def _check_marks(path, cell):
    opened = None
    for number, line in enumerate(cell.source.split("\n"), cell.line + 1):
        if BEGIN in line and line.strip() != BEGIN or END in line and line.strip() != END:
            _fail(path, number, f"the line should hold nothing but {BEGIN} or {END}")
        if line.strip() == BEGIN:
            if opened:
                _fail(
                    path, number, f"a second {BEGIN}, before the {END} of the one in line {opened}"
                )
            opened = number
            if cell.task is None:
                _fail(path, number, 'a solution in a cell without task="..."')
        if line.strip() == END:
            if not opened:
                _fail(path, number, f"{END} without {BEGIN}")
            opened = None
    if opened:
        _fail(path, opened, f"{BEGIN} without {END}")
    for text in (cell.source, cell.release):  # the marks are comments: so lines are those of it
        try:
            ast.parse(text)
        except SyntaxError as error:
            _fail(path, cell.line + (error.lineno or 1), error.msg)
        except ValueError as error:  # before Python 3.12, for a null byte
            _fail(path, cell.line, str(error))


def _released(source):
    lines, block = [], None
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            block = []
        elif line.strip() == END:
            indent = line[: len(line) - len(line.lstrip())]
            if indent:
                lines.append(indent + YOUR_TURN)
            else:
                lines += [f"{name} = ...  # your turn" for name in _defined("\n".join(block))]
            block = None
        elif block is None:
            lines.append(line)
        else:
            block.append(line)
    return "\n".join(lines)


@cache
def _defined(code):
    """Names that code defines at top level: functions, classes, assigned variables; a tuple."""
    names = []
    for node in ast.parse(textwrap.dedent(code)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [
                name.id
                for target in targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            ]
    return tuple(dict.fromkeys(names))


def _tasks(path, cells, *, whole):
    tasks = {}
    for cell in cells:
        if cell.kind != "markdown" or cell.task is None:
            continue
        heading = re.match(r"#+ +(.+)", cell.source)
        if not heading:
            continue
        if cell.task in tasks:
            _fail(
                path,
                cell.line,
                f"the task {cell.task!r} is here twice, first in line {tasks[cell.task].line}",
            )
        tasks[cell.task] = Task(cell.task, heading[1].strip(), cell.line)
    if not tasks:
        _fail(path, 1, 'there is no task: a text cell `# %% [markdown] task="..."` with a heading')
    for cell in cells:
        if cell.task is not None and cell.task not in tasks:
            _fail(path, cell.line, f"the task {cell.task!r} has no text cell with a heading")
    for task in tasks.values():
        code = [cell for cell in cells if cell.task == task.id and cell.kind == "code"]
        if whole and not any(BEGIN in cell.source for cell in code):
            _fail(path, task.line, f"the task {task.id!r} has no cell with a solution")
        if not any("check" in cell.tags and f'check("{task.id}")' in cell.source for cell in cells):
            _fail(path, task.line, f'no cell tagged "check" calls check("{task.id}")')
    if path.resolve().parents[1] in (EXERCISES, RELEASED):  # easily forgotten in a copy
        for cell in cells:
            for opened in re.findall(r"open_exercise\(\s*[\"'](.*?)[\"']", cell.source):
                if opened != path.parent.name:
                    _fail(path, cell.line, f"it opens {opened!r} instead of {path.parent.name!r}")
    return list(tasks.values())


def _checks(path, tasks, *, whole):
    checks = _read(path)
    known = [task.id for task in tasks]
    lines = {}
    for check in checks:
        points, says = check.points, ""
        if check.id in lines:
            says = f"the check {check.id!r} is here twice, first in line {lines[check.id]}"
        elif check.task not in known:
            says = f"there is no task {check.task!r}; there are {', '.join(known)}"
        elif type(points) not in (int, float) or not (points > 0 and math.isfinite(points)):
            says = f"{check.id!r} is worth {points!r} points; a number above 0 is expected"
        elif not (str(check.hint).strip() and str(check.more).strip()):
            says = f"{check.id!r} has an empty hint; learners see both"
        elif not check.says:
            says = f'{check.id!r} has no docstring; it completes "Your function ..."'
        elif list(inspect.signature(check.function).parameters) != ["student", "reference", "rng"]:
            says = f"{check.id!r} should take (student, reference, rng)"
        if says:
            _fail(path, check.line, says)
        lines[check.id] = check.line
    for task in tasks:
        own = [check for check in checks if check.task == task.id]
        for hidden, kind in ((False, "visible"), (True, "hidden")):
            if not any(check.hidden is hidden for check in own) and (whole or not hidden):
                says = f"the task {task.id!r} has no {kind} check; each needs one at least"
                _fail(path, own[-1].line if own else 1, says)
    for check in checks:
        if check.hidden and not whole:
            _fail(path, check.line, f"{check.id!r} is hidden, and this is a released exercise")
    return checks


def _mutants(path, exercise):
    mutants = _read(path)
    known = [check.id for check in exercise.checks]
    tasks = [task.id for task in exercise.tasks]
    lines = {}
    for mutant in mutants:
        who, says = f"the mutant {mutant.name!r}", ""
        unknown = [check for check in mutant.loses if check not in known]
        if mutant.name in lines:
            says = f"{who} is here twice, first in line {lines[mutant.name]}"
        elif mutant.replace is None and mutant.task is None:
            says = f"{who} says neither what it replaces nor which task"
        elif mutant.task is not None and mutant.task not in tasks:
            says = f"there is no task {mutant.task!r}; there are {', '.join(tasks)}"
        elif unknown:
            says = f"{who} loses {unknown[0]!r}, which is no check"
        elif not mutant.loses:
            says = f"{who} loses no check; then it is no mutant"
        else:
            says = _why_not_applied(mutant, exercise)
        if says:
            _fail(path, mutant.line, says)
        lines[mutant.name] = mutant.line
    return mutants


def _variants(path, exercise):
    variants, lines = _read(path), {}
    tasks = [task.id for task in exercise.tasks]
    for variant in variants:
        who, says = f"the variant {variant.name!r}", ""
        unknown = [task for task in variant.tasks if task not in tasks]
        if variant.name in lines:
            says = f"{who} is here twice, first in line {lines[variant.name]}"
        elif not variant.tasks:
            says = f"{who} solves no task"
        elif unknown:
            says = f"there is no task {unknown[0]!r}; there are {', '.join(tasks)}"
        if says:
            _fail(path, variant.line, says)
        for cell in exercise.variant_cells(variant):
            try:
                ast.parse(cell)
            except SyntaxError as error:
                _fail(path, variant.line, f"{who} is not Python: {error.msg}")
        lines[variant.name] = variant.line
    return variants


def _variant_cells(code):
    """The cells of a variant's code, as a grader gets them."""
    cells = []
    for part in re.split(r"(?m)^(?=# %%)", code.strip("\n")):
        first, _, rest = part.partition("\n")
        marked = first.startswith("# %%")
        tags = set(re.findall(r'"(\w+)"', first)) if marked else set()
        source = (rest if marked else part).strip("\n")
        if source:
            cells.append(set_aside(source) if tags & NOT_GRADED else source)
    return cells


def _why_not_applied(mutant, exercise):
    """What keeps a mutant from being a submission: a sentence, empty if nothing does."""
    if mutant.replace is not None:
        times = sum(
            cell.solution.count(mutant.replace)
            for cell in exercise.cells
            if cell.graded and mutant.task in (None, cell.task)
        )
        if times != 1:
            says = f"{mutant.replace!r} stands {times} times in exercise.py"
            return f"the mutant {mutant.name!r} doesn't apply: {says}"
    for cell in exercise.mutant_cells(mutant):
        try:
            ast.parse(cell)
        except SyntaxError as error:
            return f"the mutant {mutant.name!r} is not Python: {error.msg}"
    return ""


def _read(path):
    """Run a checks.py or mutants.py, and give back what it made, in its order."""
    code = _compiled(_text(path), path)
    names = {"__name__": f"exercise_{path.parent.name}_{path.stem}", "__file__": str(path)}
    made = collecting(names)
    try:
        exec(code, names)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        _fail(path, lines[-1] if lines else 1, f"{type(error).__name__}: {error}")
    return made
