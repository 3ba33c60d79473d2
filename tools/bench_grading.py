"""Measure `course grade`, and nbgrader's autograde on the same exercises and submissions.

Part of `tools.bench`, which see. nbgrader is measured if `make nbgrader` installed it.

    python -m tools.bench_grading [ID ...]     this table alone, of all exercises or of some
"""

import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from course.exercises import load_exercise
from course.exercises.runner import GRADING
from tools import nbgrader, watched

EXERCISES = {  # and how many make a class
    "01_convolution": 60,
    "02_mnist": 12,
    "03_cats_and_dogs": 12,
    "04_augmentation": 12,
    "05_transfer_learning": 12,
    "06_interpretation": 12,
}
JOBS = 2
NBGRADER_SUBMISSIONS = 3
SAMPLE_SECONDS = 0.2  # adding up a process's pages takes milliseconds


def measure(names=None):
    """Seconds and memory of grading, exercise by exercise.

    Args:
        names: ids of exercises; None: all.
    Returns:
        exercise -> what `measure_exercise` gives.
    """
    return {name: measure_exercise(name, EXERCISES[name]) for name in names or EXERCISES}


def measure_exercise(name, class_size):
    """Grade the solution, the release and mutants in turn: one at a time, as a class, by nbgrader.

    Args:
        name: id of an exercise.
        class_size: how many submissions the class hands in.
    Returns:
        "title"; "start_s", until a grader is ready for its first submission; "seconds" and
        "slowest_s" of a submission after that; of the class its "size", "per_minute" with `JOBS`
        jobs, and "peak_mb", the most memory that all its processes took together; and
        "nbgrader_s" a submission, or None where nbgrader isn't installed; and "answers_ms", as
        `measure_answers` gives it.
    """
    exercise = load_exercise(name)
    answers = measure_answers(exercise)
    start, seconds = measure_one_by_one(exercise)
    per_minute, peak = measure_class(exercise, class_size)
    return {
        "title": exercise.title,
        "start_s": start,
        "seconds": statistics.median(seconds),
        "slowest_s": max(seconds),
        "size": class_size,
        "per_minute": per_minute,
        "peak_mb": peak,
        "nbgrader_s": measure_nbgrader(exercise) if nbgrader.find() else None,
        "answers_ms": answers,
    }


def measure_answers(exercise, repeats=5):
    """Milliseconds until a notebook with the solution answers the check of a task.

    Args:
        exercise: Exercise.
        repeats: how often each is asked; the median counts.
    Returns:
        dict from a task's id to them.
    """
    from course.exercises import open_exercise

    names = {}
    with mock.patch.dict(os.environ, {GRADING: "1"}):  # what judges in the cells does nothing
        exec("\n".join(exercise.solution_cells()), names)
    milliseconds = {}
    with mock.patch("course.exercises.answers.show", lambda page: page.as_html()):
        names["check"] = open_exercise(exercise.id)
        for task in exercise.tasks:
            times = []
            for _ in range(repeats + 1):
                begin = time.perf_counter()
                exec(f"check({task.id!r})", names)
                times.append(1000 * (time.perf_counter() - begin))
            milliseconds[task.id] = statistics.median(times[1:])
    return milliseconds


def submissions_of(exercise):
    """What is handed in, again and again: each right or wrong solution's cells."""
    mutants = [exercise.mutant_cells(mutant) for mutant in exercise.mutants]
    return [exercise.solution_cells(), exercise.release_cells(), *mutants]


def measure_one_by_one(exercise):
    """Seconds until a grader is ready, and a list of seconds, one for each kind of submission."""
    from course.grader.submission import Grader

    seconds = []
    begin = time.perf_counter()
    with Grader(exercise, seed=1) as grader:
        grader.grade(exercise.solution_cells())
        start = time.perf_counter() - begin
        for cells in submissions_of(exercise):
            begin = time.perf_counter()
            graded = grader.grade(cells)
            seconds.append(time.perf_counter() - begin)
            if graded.status != "graded":
                sys.exit(f"{exercise.id}: {graded.status} while measuring: {graded.trouble}")
    return start - seconds[0], seconds


def measure_class(exercise, size):
    """Submissions a minute of `course grade`, from the command to the marks, and peak MB."""
    kinds = itertools.cycle(submissions_of(exercise))
    with tempfile.TemporaryDirectory() as folder:
        handed_in = Path(folder) / "handed_in"
        for number in range(size):
            path = handed_in / f"student{number:03}" / f"{exercise.id}.ipynb"
            write_notebook(path, exercise, [*next(kinds), f"# {number}"])
        command = [sys.executable, "-m", "course", "grade", exercise.id, str(handed_in)]
        command += ["--jobs", str(JOBS), "--out", f"{folder}/marks"]
        seconds, peak = watched.run(command, every=SAMPLE_SECONDS)
    return 60 * size / seconds, peak / 1e6


def write_notebook(path, exercise, cells):
    """Write a submission's notebook."""
    import nbformat

    notebook = nbformat.v4.new_notebook(metadata={"course": {"exercise": exercise.id}})
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def measure_nbgrader(exercise):
    """Seconds that nbgrader's autograde takes for a submission: the median of a few."""
    from course.grader.nbgrader_export import export

    fitting = [cells for cells in submissions_of(exercise) if _fits(exercise, cells)]
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        export([exercise], Path(folder), notebooks=None)
        nbgrader.generate(folder, exercise)
        for number, cells in enumerate(fitting[:NBGRADER_SUBMISSIONS]):
            nbgrader.submit(folder, exercise, f"student{number}", cells)
            begin = time.perf_counter()
            nbgrader.run(
                folder, "-m", "nbgrader", "autograde", exercise.id, f"--student=student{number}"
            )
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def _fits(exercise, cells):
    """Whether a submission has a cell for each answer, which nbgrader's notebook needs."""
    return len(cells) == len(exercise.solution_cells())


def table_lines(measured):
    """What was measured, as lines of Markdown."""
    lines = [
        f"Grading exercises: the solution, the untouched notebook and all mutants in turn. A"
        " submission, once the grader is warm (median and slowest); how long that takes; a class by"
        f" `course grade --jobs {JOBS}`, from the command to the marks; and nbgrader's `autograde`"
        f" on the same exercise (median of {NBGRADER_SUBMISSIONS}; in brackets, how many times as"
        " long). The memory is the most that the class's processes took together:",
        "",
        "| exercise | seconds | slowest | to start | a class of | a minute | peak MB | nbgrader |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in measured.items():
        other = row["nbgrader_s"]
        ratio = "not installed" if other is None else f"{other:.1f} ({other / row['seconds']:.0f})"
        cells = [
            f"{name}: {row['title']}",
            f"{row['seconds']:.2f}",
            f"{row['slowest_s']:.2f}",
            f"{row['start_s']:.1f}",
            str(row["size"]),
            f"{row['per_minute']:,.0f}",
            f"{row['peak_mb']:,.0f}",
            ratio,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    answering = {name: row["answers_ms"] for name, row in measured.items() if "answers_ms" in row}
    if answering:  # not in what an earlier edition kept
        lines += ["", "Until a notebook with the solution answers a check, in milliseconds:", ""]
        lines += ["| exercise | median | slowest task |", "|---|---:|---:|"]
    for name, times in answering.items():
        slowest = max(times, key=times.get)
        median = statistics.median(times.values())
        lines.append(f"| {name} | {median:.0f} | {slowest}: {times[slowest]:.0f} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table_lines(measure(sys.argv[1:]))))
