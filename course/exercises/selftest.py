"""An exercise on trial: the six proofs that its checks are worth something, and fair."""

import ast
import dataclasses
import inspect
import sys

from course.exercises.mutants import Variant
from course.exercises.reach import names_of, reached, statements, to_run, words_of
from course.exercises.runner import Here, Memo, run_check

FEWEST_MUTANTS = 5
FEWEST_VARIANTS = 10
# What functions give back that do nothing -> the code of it, of `args` and `right()`, the right
# answer. `zeros` and `emptied` are those of `_do_nothing`.
NOTHING = {
    "None": "None",
    "False": "False",
    "True": "True",
    "0": "0",
    "1": "1",
    "an empty text": "''",
    "an empty list": "[]",
    "two empty lists": "([], [])",
    "an empty array": "np.array([])",
    "their arguments": "args",
    "their first argument": "args[0]",
    "zeros like the right answer": "zeros(right())",
    "the right answer, emptied": "emptied(right())",
}


@dataclasses.dataclass
class Report:
    """What a selftest found: `problems` is empty where all proofs hold."""

    exercise: str
    problems: list
    lost: dict  # mutant -> list of the checks that it lost
    outcomes: list  # the reference's, for the first seed


def selftest(
    exercise, *, run=None, seeds=(1,), mutant_seeds=None, variant_seeds=None, every_check=False
):
    """Prove an exercise: reference and variants full marks; release and stubs none; mutants theirs.

    A stub is a function that does nothing: see NOTHING. The solution in float32 is a variant of
    every exercise. And no check is idle: some mutant loses it.

    Args:
        exercise: Exercise.
        run: function of (cells, seed) that gives every check's Outcome, as a list; without, in
            this process.
        seeds: for the reference, the release and the mutants.
        mutant_seeds: others for the mutants; None for the same.
        variant_seeds: others for the variants: (where something is trained, elsewhere). Stubs, and
            the solution in float32, get one of them or the other, and without them the first seed.
        every_check: without a `run`, run all checks on each mutant; otherwise only those that it
            should lose, those of the tasks whose code it changes, and those that this code
            reaches by its names. What a mutant does to other tasks in another way, such as to
            NumPy's random numbers, is only seen with every check.
    Returns:
        Report.
    Raises:
        ExerciseError: mutants.py or variants.py is wrong.
    """
    judge, choose = _judge(exercise, run), chooser(exercise)
    points = {check.id: float(check.points) for check in exercise.checks}
    problems, lost, first = [], {}, []
    for seed in seeds:
        outcomes = judge(exercise.solution_cells(), seed, exercise.checks)
        first = first or outcomes
        problems += _unexpected("the reference", outcomes, set(), seed)
        outcomes = judge(exercise.release_cells(), seed, exercise.checks)
        problems += _undeserved("the untouched notebook earns", outcomes, seed)
    trains, elsewhere = variant_seeds or (seeds[:1], seeds[:1])
    some = trains if exercise.trains([task.id for task in exercise.tasks]) else elsewhere
    for seed in some:
        for gives in NOTHING:
            outcomes = judge(stub_cells(exercise, gives), seed, exercise.checks)
            problems += _undeserved(f"functions that only return {gives} earn", outcomes, seed)
        outcomes = judge(float32_cells(exercise), seed, exercise.checks)
        problems += _unexpected("the solution in float32", outcomes, set(), seed)
    trains, elsewhere = variant_seeds or (seeds, seeds)
    for variant in exercise.variants:
        cells, checks = exercise.variant_cells(variant), choose(variant)
        for seed in trains if exercise.trains(variant.tasks) else elsewhere:
            outcomes = judge(cells, seed, checks)
            problems += _unexpected(f"the variant {variant.name!r}", outcomes, set(), seed)
    for mutant in exercise.mutants:
        cells = exercise.mutant_cells(mutant)
        checks = exercise.checks if every_check else choose(mutant)
        for seed in mutant_seeds or seeds:
            outcomes = judge(cells, seed, checks)
            lost[mutant.name] = [o.check for o in outcomes if o.earned != points[o.check]]
            problems += _unexpected(
                f"the mutant {mutant.name!r}", outcomes, set(mutant.loses), seed
            )
    for check in points:
        if not any(check in checks for checks in lost.values()):
            problems.append(f"no mutant loses {check}: a check that nothing can fail")
    if len(exercise.mutants) < FEWEST_MUTANTS:
        problems.append(f"{len(exercise.mutants)} mutants; at least {FEWEST_MUTANTS} are expected")
    return Report(exercise.id, problems, lost, first)


def stub_cells(exercise, gives):
    """What a grader would run of a submission whose functions do nothing: list of str.

    Args:
        exercise: Exercise.
        gives: what they give back, one of NOTHING.
    """
    code = f"lambda args, right, zeros, emptied, np: {NOTHING[gives]}"
    call = f"_do_nothing(globals(), {exercise.asked!r}, {code})"
    return [*exercise.solution_cells(), f"{inspect.getsource(_do_nothing)}\n{call}"]


def float32_cells(exercise):
    """What a grader would run of a solution that computes in float32: list of str."""
    call = f"_compute_in_float32(globals(), {exercise.asked!r})"
    return [*exercise.solution_cells(), f"{inspect.getsource(_compute_in_float32)}\n{call}"]


def _compute_in_float32(names, asked):
    """Let a solution's functions take and give float32 for float64, in a submission's process.

    Args:
        names: dict, the names of the solution.
        asked: list of str, those of the functions among them.
    """
    import functools

    import numpy as np

    def narrow(value):
        if type(value) in (list, tuple):
            return type(value)(map(narrow, value))
        wide = isinstance(value, np.ndarray | np.generic) and value.dtype == "float64"
        return value.astype("float32") if wide else value

    def narrowed(function):
        @functools.wraps(function)
        def narrowed(*args, **kwargs):
            return narrow(function(*narrow(args), **kwargs))

        return narrowed

    names.update({name: narrowed(names[name]) for name in asked if callable(names[name])})


def _do_nothing(names, asked, gives):
    """Put functions that do nothing in place of a solution's, in a submission's own process.

    Args:
        names: dict, the names of the solution.
        asked: list of str, those to be replaced.
        gives: function of a call's arguments, of the solution's answer to them, of `zeros` and
            `emptied`, and of NumPy.
    """
    import copy
    import types

    import numpy as np

    def zeros(value):
        if isinstance(value, dict):
            return {key: zeros(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(zeros, value))
        if isinstance(value, bool | int | float | complex | str):
            return type(value)()
        return np.zeros_like(value) if isinstance(value, np.ndarray | np.generic) else None

    def emptied(value):
        if isinstance(value, tuple):
            return tuple(map(emptied, value))
        if isinstance(value, list | dict):
            return type(value)()
        return value[:0] if isinstance(value, np.ndarray) and value.ndim else None

    right = dict(names)  # where the solution's functions find each other

    def stub(name):
        value = names[name]
        if not isinstance(value, types.FunctionType):
            return gives((None,), lambda: value, zeros, emptied, np)
        function = types.FunctionType(
            value.__code__, right, name, value.__defaults__, value.__closure__
        )
        right[name] = function

        def nothing(*args, **kwargs):
            given = (*args, *kwargs.values())
            # Of copies: what it changes in its arguments isn't done, either.
            return gives(given, lambda: function(*copy.deepcopy(given)), zeros, emptied, np)

        return nothing

    names.update({name: stub(name) for name in asked})


def _judge(exercise, run):
    """A function of (cells, seed, checks) that gives a list of Outcome.

    Without a `run` it has no sandbox: for an exercise's author, on own code only.
    """
    if run is not None:
        return lambda cells, seed, checks: run(cells, seed)
    kept, solution = {}, exercise.solution_cells()
    code = ast.FunctionDef | ast.ClassDef | ast.Lambda  # which would find each other's names
    setup = (
        [] if any(isinstance(n, code) for n in ast.walk(ast.parse(solution[0]))) else solution[:1]
    )

    def ran(cells):
        """The names that cells make with which many submissions begin: they are run once."""
        if len(cells) not in kept:
            kept[len(cells)] = {"__name__": "__main__"}
            Here(cells, namespace=kept[len(cells)])
        return dict(kept[len(cells)])

    def here(cells, seed, checks):
        if "reference" not in kept:
            kept["reference"] = Memo(Here(probes=exercise.probes, namespace=ran(solution)))
        if kept.get("cells") != cells:  # one submission for all its seeds
            begins = next(part for part in (solution, setup, []) if cells[: len(part)] == part)
            names, rest = ran(begins), to_run(cells, exercise.asked)[len(begins) :]
            if "keras" in sys.modules:
                sys.modules["keras"].utils.set_random_seed(seed)  # as if all had been run anew
            kept["student"] = Here(rest, exercise.probes, namespace=names)
            kept["cells"] = cells
        return [run_check(check, kept["student"], kept["reference"], seed) for check in checks]

    return here


def _undeserved(says, outcomes, seed):
    return [f"{says} {o.earned:g} in {o.check} (seed {seed})" for o in outcomes if o.earned]


def _unexpected(who, outcomes, loses, seed):
    problems = []
    for outcome in outcomes:
        if outcome.status == "grader error":
            problems.append(f"{who}, {outcome.check} (seed {seed}): {outcome.message}")
        elif outcome.status == "passed" and outcome.check in loses:
            problems.append(f"{who} passes {outcome.check}, which it should lose (seed {seed})")
        elif outcome.status != "passed" and outcome.check not in loses:
            says = f"(seed {seed}): {outcome.status}: {outcome.message}"
            problems.append(f"{who} loses {outcome.check}, which it should pass {says}")
    return problems


# ---- the checks that can tell a mutant from the solution ---------------------------------------


def chooser(exercise):
    """A function from a Mutant or a Variant to the checks that may notice it: list of Check.

    Args:
        exercise: Exercise.
    """
    words = _words_of_checks(exercise)
    graded = [cell for cell in exercise.cells if cell.graded]
    solution = statements(exercise.solution_cells())

    def choose(tried):
        right = isinstance(tried, Variant)
        cells = exercise.variant_cells(tried) if right else exercise.mutant_cells(tried)
        loses = () if right else tried.loses
        wrong = statements(cells)
        changed = set().union(*(names_of(code)[0] for code in solution ^ wrong))
        pairs = map(names_of, solution | wrong)
        touched = reached(changed, ((used, defined) for defined, used in pairs))
        tasks = {
            cell.task
            for cell in graded
            if cell.solution not in cells or names_of(cell.solution)[1] & touched
        }
        return [
            check
            for check in exercise.checks
            if check.task in tasks or check.id in loses or words[check.id] & touched
        ]

    return choose


def _words_of_checks(exercise):
    """All that a check names, itself or by its helpers and probes: dict of id -> set of str.

    A submission's names are among them, as in `student.slide(image)` and `student["levels"]`.
    """
    checks = (exercise.folder / "checks.py").read_text(encoding="utf-8")
    steps = []
    for node in [*ast.parse(checks).body, *ast.parse(exercise.probes).body]:
        code = ast.unparse(node)
        steps.append((names_of(code)[0], words_of(code)))
    everything = set().union(*(words for _, words in steps))  # for a check made in a loop
    written = set().union(*(defined for defined, _ in steps))
    return {
        check.id: reached({check.id}, steps) if check.id in written else everything
        for check in exercise.checks
    }
