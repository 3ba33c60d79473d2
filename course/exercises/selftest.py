"""An exercise on trial: the four proofs that its checks are worth something.

python -m course.exercises.selftest [01_convolution ...] [--seeds 3]
"""

import argparse
import dataclasses
import sys

from course.exercises.runner import Here, Memo, run_check
from course.exercises.source import exercise_ids, load_exercise

FEWEST_MUTANTS = 5


@dataclasses.dataclass
class Report:
    """What a selftest found: `problems` is empty where all proofs hold."""

    exercise: str
    problems: list
    lost: dict  # mutant -> list of the checks that it lost
    outcomes: list  # the reference's, for the first seed


def selftest(exercise, *, run=None, seeds=(1,), mutant_seeds=None):
    """Prove an exercise: reference full marks, release none, mutants exactly theirs, no idle check.

    Args:
        exercise: Exercise.
        run: function of (cells, seed) that gives a list of Outcome; without, in this process.
        seeds: for the reference, the release and the mutants.
        mutant_seeds: others for the mutants; None for the same.
    Returns:
        Report.
    Raises:
        ExerciseError: mutants.py is wrong.
    """
    run = run or in_process(exercise)
    points = {check.id: float(check.points) for check in exercise.checks}
    problems, lost, first = [], {}, []
    for seed in seeds:
        outcomes = run(exercise.solution_cells(), seed)
        first = first or outcomes
        problems += _unexpected("the reference", outcomes, set(), seed)
        for outcome in run(exercise.release_cells(), seed):
            if outcome.earned:
                says = f"earns {outcome.earned} in {outcome.check} (seed {seed})"
                problems.append(f"the untouched notebook {says}")
    for mutant in exercise.mutants:
        for seed in mutant_seeds or seeds:
            outcomes = run(exercise.mutant_cells(mutant), seed)
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


def in_process(exercise):
    """A `run` for `selftest` without a sandbox: for an exercise's author, on own code only."""
    kept = {}

    def run(cells, seed):
        if not kept:
            kept["reference"] = Memo(Here(exercise.solution_cells(), exercise.probes))
        student = Here(cells, exercise.probes)
        return [run_check(check, student, kept["reference"], seed) for check in exercise.checks]

    return run


def _unexpected(who, outcomes, loses, seed):
    found = []
    for outcome in outcomes:
        if outcome.status == "grader error":
            found.append(f"{who}, {outcome.check} (seed {seed}): {outcome.message}")
        elif outcome.status == "passed" and outcome.check in loses:
            found.append(f"{who} passes {outcome.check}, which it should lose (seed {seed})")
        elif outcome.status != "passed" and outcome.check not in loses:
            says = f"{outcome.status}: {outcome.message}"
            found.append(f"{who} loses {outcome.check}, which it should pass (seed {seed}): {says}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", help="ids or folders; none: all")
    parser.add_argument("--seeds", type=int, default=3, help="how many, for reference and release")
    parser.add_argument("--mutant-seeds", type=int, default=2, help="how many, for each mutant")
    options = parser.parse_args()
    failed = False
    for name in options.exercises or exercise_ids():
        exercise = load_exercise(name)
        seeds, fewer = range(1, options.seeds + 1), range(1, options.mutant_seeds + 1)
        report = selftest(exercise, seeds=seeds, mutant_seeds=fewer)
        for outcome in report.outcomes:
            print(f"  {outcome.check:40} {outcome.points:5g} {1000 * outcome.seconds:8.1f} ms")
        for problem in report.problems:
            print(f"  PROBLEM {problem}")
        failed = failed or bool(report.problems)
        print(f"{exercise.id}: {len(exercise.mutants)} mutants, {len(report.problems)} problems")
    sys.exit(failed)


if __name__ == "__main__":
    main()
