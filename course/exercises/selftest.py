"""An exercise on trial: the four proofs that its checks are worth something."""

import ast
import dataclasses

from course.exercises.reach import names_of, reached, statements, words_of
from course.exercises.runner import Here, Memo, run_check

FEWEST_MUTANTS = 5


@dataclasses.dataclass
class Report:
    """What a selftest found: `problems` is empty where all proofs hold."""

    exercise: str
    problems: list
    lost: dict  # mutant -> list of the checks that it lost
    outcomes: list  # the reference's, for the first seed


def selftest(exercise, *, run=None, seeds=(1,), mutant_seeds=None, every_check=False):
    """Prove an exercise: reference full marks, release none, mutants exactly theirs, no idle check.

    Args:
        exercise: Exercise.
        run: function of (cells, seed) that gives every check's Outcome, as a list; without, in
            this process.
        seeds: for the reference, the release and the mutants.
        mutant_seeds: others for the mutants; None for the same.
        every_check: without a `run`, run all checks on each mutant; otherwise only those that it
            should lose, those of the tasks whose code it changes, and those that this code
            reaches by its names. What a mutant does to other tasks in another way, such as to
            NumPy's random numbers, is only seen with every check.
    Returns:
        Report.
    Raises:
        ExerciseError: mutants.py is wrong.
    """
    judge, choose = _judge(exercise, run), chooser(exercise)
    points = {check.id: float(check.points) for check in exercise.checks}
    problems, lost, first = [], {}, []
    for seed in seeds:
        outcomes = judge(exercise.solution_cells(), seed, exercise.checks)
        first = first or outcomes
        problems += _unexpected("the reference", outcomes, set(), seed)
        for outcome in judge(exercise.release_cells(), seed, exercise.checks):
            if outcome.earned:
                says = f"earns {outcome.earned} in {outcome.check} (seed {seed})"
                problems.append(f"the untouched notebook {says}")
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


def _judge(exercise, run):
    """A function of (cells, seed, checks) that gives a list of Outcome.

    Without a `run` it has no sandbox: for an exercise's author, on own code only.
    """
    if run is not None:
        return lambda cells, seed, checks: run(cells, seed)
    kept = {}

    def here(cells, seed, checks):
        if not kept:
            kept["reference"] = Memo(Here(exercise.solution_cells(), exercise.probes))
        student = Here(cells, exercise.probes)
        return [run_check(check, student, kept["reference"], seed) for check in checks]

    return here


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
    """A function from a Mutant to the checks that may notice it: list of Check.

    Args:
        exercise: Exercise.
    """
    words = _words_of_checks(exercise)
    graded = [cell for cell in exercise.cells if cell.graded]
    solution = statements(exercise.solution_cells())

    def choose(mutant):
        cells = exercise.mutant_cells(mutant)
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
            if check.task in tasks or check.id in mutant.loses or words[check.id] & touched
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
