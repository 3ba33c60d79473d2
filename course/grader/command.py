"""What the commands for instructors do: `course grade`, `course exercises`, `export-nbgrader`."""

import contextlib
import functools
import sqlite3
import sys
import tempfile
from pathlib import Path

import filelock
import typer

from course.exercises import ExerciseError, exercise_ids, load_exercise, release, selftest
from course.grader import gradebook, hand_ins, jail, reports
from course.grader.classes import ClassError, grade_class, is_own
from course.grader.gradebook import GradebookError
from course.grader.hand_ins import HandInError
from course.grader.submission import Grader, grading_digest
from course_utils import memory
from course_utils.start import cpu_count
from course_utils.texts import counted, printable

MUTANT_SEEDS = 3  # at most, in a self-test: there are many mutants
_JUDGE_BYTES = 500e6  # that a job takes besides a submission: its judge, and what is imported once
GRADED, SOME_UNGRADED, REFUSED, INTERRUPTED = 0, 1, 2, 130  # exit codes


class Refused(Exception):
    """Nothing was graded or explained; the text says why, and what to do."""


def _in_plain_words(command):
    """Whatever can go wrong before grading begins ends in a sentence and an exit code."""

    @functools.wraps(command)
    def careful(*args, **kwargs):
        # Names from all over the world, on terminals that may know few letters.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            _warn("Interrupted. To go on, give the same command again.")
            return INTERRUPTED
        except (Refused, ExerciseError, ClassError, GradebookError, HandInError) as error:
            _warn(str(error))
        except BrokenPipeError:  # `| head`: typer ends such a command quietly
            raise
        except sqlite3.Error as error:
            _warn(f"The gradebook cannot be used ({error}). What it held before is kept.")
        except OSError as error:
            file = printable(str(error.filename or "A file"))
            _warn(f"{file}: {error.strerror or error}.")
        return REFUSED

    return careful


@_in_plain_words
def grade(
    name, places, *, jobs=None, out=None, seed=None, scheduler=None, weak_ok=False, regrade=False
):
    """Grade submissions, and write marks.csv, feedback pages and the gradebook.

    Args:
        name: the exercise: its id, the beginning of it, or its folder.
        places: list of Path: notebooks and folders.
        jobs: int, submissions at a time; None: as many as there are cores.
        out: Path of the folder to write to; None: marks/EXERCISE.
        seed: hexadecimal str; None: the gradebook's own.
        scheduler: address of a Dask scheduler, or None.
        weak_ok: whether weak isolation will do.
        regrade: grade again what has a result.
    Returns:
        int, the exit code.
    """
    exercise = find_exercise(name)
    seed = _seed(seed)
    _refuse_weak(scheduler, weak_ok)
    handed_in = hand_ins.collect(exercise, places)
    out = _make_folder(out or Path("marks") / exercise.id)
    with _alone_in(out), gradebook.open_gradebook(out, exercise, seed=seed) as book:
        _say_seed(book, seed)
        _say_changes(exercise, book, handed_in)
        graded = grade_class(
            exercise,
            handed_in,
            book,
            seed=seed,
            jobs=_jobs(jobs, exercise),
            weak_ok=weak_ok,
            regrade=regrade,
            scheduler=scheduler,
        )
        reports.write_csv(out / "marks.csv", exercise, graded.rows)
        reports.write_feedback(out / "feedback", exercise, graded.rows)
        _sum_up(exercise, graded, out, seed or book.seed)
    if graded.interrupted:
        return INTERRUPTED
    return SOME_UNGRADED if reports.ungraded(graded.rows) else GRADED


@_in_plain_words
def explain(student, task, out):
    """Print everything about one task of one student, as the last run has it.

    Args:
        student: as in marks.csv; the beginning will do if it is only one student's.
        task: the task's id.
        out: Path of the folder that `grade` wrote to.
    Returns:
        int, the exit code.
    """
    with gradebook.open_gradebook(out, new=False) as book:
        runs = book.runs()
        if not runs:
            raise Refused(f"Nothing was graded in {out} yet.")
        run, exercise = runs[-1], find_exercise(book.folder)
        ids = [known.id for known in exercise.tasks]
        if task not in ids:
            raise Refused(f"There is no task {task} in {exercise.id}. There are: {', '.join(ids)}.")
        if grading_digest(exercise) != run.digest:
            changed = f"{exercise.folder}, or the grader, has changed since this was graded"
            _warn(f"{changed}: what follows is from then.")
        handed_in = _of_student(book.handed_in(run.id), student)
        isolations = ("strong", "weak") if run.isolation == "weak" else ("strong",)
        texts = []
        for name, file, content, status, note in handed_in:
            cells = book.cells(content)
            result = None
            if not status:
                result = book.result(
                    content, digest=run.digest, seed=run.seed, isolations=isolations
                )
            row = reports.Row(hand_ins.HandIn(name, file, tuple(cells), status, note), result)
            texts.append(reports.explain(exercise, row, task, cells=cells, seed=run.seed))
        typer.echo("\n\n".join(texts))
    return GRADED


@_in_plain_words
def list_exercises():
    """Print the exercises, their tasks, checks and points.

    Returns:
        int, the exit code: 1 if a folder is wrong.
    """
    code = GRADED
    for name in exercise_ids():
        try:
            exercise = load_exercise(name)
        except ExerciseError as error:
            code = SOME_UNGRADED
            _warn(f"{name}: {error}")
            continue
        visible = sum(not check.hidden for check in exercise.checks)
        hidden = sum(exercise.hidden_of(task.id)[0] for task in exercise.tasks)
        here = " and not here" if exercise.released else ""
        tasks = counted(len(exercise.tasks), "task")
        checks = f"{counted(visible + hidden, 'check')} ({hidden} hidden{here})"
        points = counted(exercise.points, "point")
        typer.echo(f"{exercise.id}  {exercise.title}: {tasks}, {checks}, {points}")
        for task in exercise.tasks:
            typer.echo(f"  {task.id}: {task.title}")
    return code


@_in_plain_words
def selftest_exercises(names, *, seeds=3, sandbox=False):
    """Prove exercises: the reference gets all points, the release none, each mutant what it should.

    Right solutions in other styles get all points, functions that do nothing get none. And what a
    class gets, without solutions and hidden checks, judges as the exercise does.

    Args:
        names: list of str, as for `find_exercise`; empty: all.
        seeds: int >= 1, so many different seeds; for each mutant three at most; for each right
            solution in another style five times as many, or half as many where it trains.
        sandbox: run the code as `grade` does, in place of this process.
    Returns:
        int, the exit code: 1 if a proof failed.
    """
    code = GRADED
    for name in names or exercise_ids():
        exercise = find_exercise(name)
        with _sandboxed(exercise) if sandbox else contextlib.nullcontext() as run:
            few = min(seeds, MUTANT_SEEDS)
            report = selftest.selftest(
                exercise,
                run=run,
                seeds=range(1, seeds + 1),
                mutant_seeds=range(1, few + 1),
                variant_seeds=(range(1, max(1, seeds // 2) + 1), range(1, 5 * seeds + 1)),
                every_check=True,
            )
        report.problems += _release_problems(exercise)
        checks = counted(len(exercise.checks), "check")
        mutants = counted(len(exercise.mutants), "mutant")
        if exercise.variants:
            mutants += f", {counted(len(exercise.variants), 'variant')}"
        on = f"{counted(seeds, 'seed')} ({few} for the mutants)"
        verdict = counted(len(report.problems), "PROBLEM", "PROBLEMS") if report.problems else "ok"
        typer.echo(f"{exercise.id}: {checks}, {mutants}, {on}: {verdict}")
        for problem in report.problems:
            code = SOME_UNGRADED
            typer.echo(f"  {problem}")
    return code


@_in_plain_words
def export_nbgrader(folder, names, *, overwrite=False, seed=None):
    """Write exercises as nbgrader's source assignments.

    Args:
        folder: Path of nbgrader's course folder.
        names: list of str, as for `find_exercise`; empty: all.
        overwrite: whether assignments that are there may be replaced.
        seed: hexadecimal str; None draws a secret one.
    Returns:
        int, the exit code.
    """
    from course.grader.nbgrader_export import NOTEBOOKS, ExportError, export

    exercises = [find_exercise(name) for name in names or exercise_ids()]
    number = None if seed is None else int(_seed(seed), 16)
    # Only the course's own have built notebooks, with pictures.
    notebooks = NOTEBOOKS if all(map(is_own, exercises)) else None
    try:
        written = export(exercises, folder, overwrite=overwrite, seed=number, notebooks=notebooks)
    except ExportError as error:
        raise Refused(str(error)) from error
    for path in written:
        typer.echo(path)
    typer.echo("nbgrader runs tests in the submission's own process: see docs/grading.md.")
    return GRADED


def find_exercise(name):
    """An exercise by its id, by the beginning of its id, or by its folder.

    Raises:
        Refused: there is none, or more than one.
        ExerciseError: a file of it is wrong, or it is here without solutions and hidden checks.
    """
    exercise = _find(name)
    exercise.require_whole()
    return exercise


def _find(name):
    ids = exercise_ids()
    if (Path(name) / "exercise.toml").is_file():
        return load_exercise(Path(name))
    if name in ids:
        return load_exercise(name)
    beginning = [known for known in ids if known.startswith(name)]
    if len(beginning) == 1:
        return load_exercise(beginning[0])
    if not beginning and Path(name).is_dir():
        return load_exercise(name)  # which says what is missing there
    several = f"{name} could be any of them." if beginning else f"There is no exercise {name}."
    there = f"There are: {', '.join(beginning or ids) or 'none'}"
    raise Refused(f"{several} {there}; or give the folder of one.")


def _release_problems(exercise):
    """What keeps an exercise from being released: a list of at most one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            release.release(exercise, Path(folder) / exercise.id)
        except ExerciseError as error:
            return [str(error)]
    return []


@contextlib.contextmanager
def _sandboxed(exercise):
    """A `run` for `selftest` that grades as `course grade` does: one grader for all seeds."""
    with Grader(exercise, seed=1) as grader:
        yield lambda cells, seed: grader.grade(cells, seed=seed).outcomes


def _seed(seed):
    """A seed that was typed, as the gradebook has it; None stays None."""
    if seed is None:
        return None
    try:
        number = int(seed, 16)
    except ValueError:
        number = -1
    if number < 0:
        raise Refused(f"--seed takes a hexadecimal number, like 1f08; {seed} isn't one.")
    return f"{number:032x}"


def _refuse_weak(scheduler, weak_ok):
    if scheduler:
        return  # the workers' isolation counts, and each of them looks for itself
    kind, why = jail.isolation()
    if kind == "weak" and not weak_ok:
        raise Refused(
            f"Only weak isolation can be had here ({why}): what students' code does could reach "
            "your files and the network. docs/grading.md says how to get strong isolation. To "
            "grade all the same, on a machine that you can spare: --weak-isolation."
        )
    if kind == "weak":
        _warn(f"WEAK ISOLATION ({why}): students' code could reach your files and the network.")


def _jobs(jobs, exercise):
    """How many submissions to grade at a time: as many as there are cores, and memory for.

    Args:
        jobs: int that was asked for, or None.
        exercise: Exercise.
    """
    each = exercise.limits.memory_mb * 1e6 + _JUDGE_BYTES
    room = memory.available() / each
    if jobs is None:
        return max(1, int(min(cpu_count(), room)))
    if jobs > max(1, room):
        _warn(
            f"--jobs {jobs}: that may take {jobs * each / 1e9:.1f} GB of memory, and "
            f"{room * each / 1e9:.1f} GB are free. With --jobs {max(1, int(room))} it is enough."
        )
    return jobs


def _make_folder(out):
    if out.exists() and not out.is_dir():
        raise Refused(f"--out {out} is a file. Give a folder, or a new name.")
    if not out.exists():
        out.mkdir(parents=True)
        out.chmod(0o700)  # marks and the secret seed are no one else's business
    return out


@contextlib.contextmanager
def _alone_in(out):
    lock = filelock.FileLock(out / ".grading.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise Refused(
            f"Another `course grade` is at work in {out}. Wait for it, or choose another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _say_seed(book, seed):
    if seed and seed != book.seed:
        _warn(
            f"This run uses the seed that you gave, {seed}, and has results of its own. Without "
            f"--seed, runs in this folder use {book.seed}, as before."
        )


def _say_changes(exercise, book, handed_in):
    """Say what differs from the last run: the exercise, and who is missing from marks.csv."""
    runs = book.runs()
    if not runs:
        return
    if runs[-1].digest != grading_digest(exercise):
        changed = f"{exercise.id}, or the grader, has changed since the last run"
        _warn(f"{changed}: everything is graded anew.")
    before = {row[0] for row in book.handed_in(runs[-1].id)}
    gone = sorted(before - {hand_in.student for hand_in in handed_in})
    if gone:
        some = ", ".join(gone[:5]) + (", ..." if len(gone) > 5 else "")
        _warn(
            f"Not among these submissions: {counted(len(gone), 'student')} of the last run "
            f"({some}). marks.csv will not have them. To add late submissions, give the old ones "
            "too: what has a result is not graded again."
        )


def _sum_up(exercise, graded, out, seed):
    kept = f", {graded.kept} had a result already" if graded.kept else ""
    typer.echo(f"{exercise.id}: graded {graded.new}{kept}.")
    for line in reports.summary(exercise, graded.rows):
        typer.echo(line)
    typer.echo(f"secret seed: {seed} (kept in the gradebook)")
    typer.echo(f"written: {out / 'marks.csv'}, {out / 'feedback'}, {out / gradebook.FILE}")
    if graded.interrupted or graded.stopped:
        why = graded.stopped or "Interrupted."
        _warn(f"{why} What was graded is kept. To go on, give the same command again.")


def _of_student(handed_in, student):
    exact = [row for row in handed_in if row[0] == student]
    if exact:
        return exact
    beginning = [row for row in handed_in if row[0].casefold().startswith(student.casefold())]
    names = sorted({row[0] for row in beginning})
    if len(names) == 1:
        return beginning
    if names:
        raise Refused(f"{student} could be any of: {', '.join(names)}.")
    raise Refused(f"There is no student {student} in the last run. marks.csv has their names.")


def _warn(text):
    typer.echo(text, err=True)
