"""Grading a whole class: on this machine's cores, or on a Dask cluster's.

Graders run in threads here, or in the workers of a cluster. They return results; this process
alone writes them down, one by one, so that a run can be cut off at any moment and taken up again.
"""

import contextlib
import dataclasses
import itertools
import queue
import signal
import threading

import tqdm

from course.exercises import EXERCISES, load_exercise
from course.grader.gradebook import Result
from course.grader.reports import Row

_LAST_SECONDS = 2  # that graders get to end in an orderly way, when a run is cut off
_CONNECT_SECONDS = 10
_AHEAD = 3  # submissions that each thread of a cluster has been sent, so that none waits for work


def is_own(exercise):
    """Whether an exercise is one of this course's own, not one of some other folder."""
    return exercise.folder.resolve() == (EXERCISES / exercise.id).resolve()


class ClassError(Exception):
    """A class can't be graded, or no further; the text says why, and what to do."""


@dataclasses.dataclass(frozen=True)
class Graded:
    """How grading a class went.

    Args:
        rows: list of Row, one a hand-in.
        new: how many submissions were graded in this run.
        kept: how many had a result already.
        interrupted: whether Ctrl-C ended it.
        stopped: a sentence if something else ended it, else "".
    """

    rows: list
    new: int
    kept: int
    interrupted: bool
    stopped: str


def grade_class(
    exercise,
    hand_ins,
    book,
    *,
    seed=None,
    jobs=1,
    weak_ok=False,
    regrade=False,
    scheduler=None,
    make_grader=None,
    options=None,
):
    """Grade what has no result yet, and write down each result as it comes.

    Args:
        exercise: an Exercise.
        hand_ins: list of HandIn.
        book: an open Gradebook.
        seed: hexadecimal str; None takes the gradebook's own.
        jobs: int >= 1, threads here, each with a Grader of its own.
        weak_ok: whether weak isolation will do.
        regrade: grade also what has a result.
        scheduler: address of a Dask scheduler; None grades here.
        make_grader: function of (exercise, seed, weak_ok=) that makes a Grader; for tests.
        options: dict, to be written down with the run.
    Returns:
        Graded.
    Raises:
        ClassError: nothing could be graded: no grader can start, or the cluster can't do it.
    """
    seed = seed or book.seed
    isolations = ("strong", "weak") if weak_ok else ("strong",)
    contents = {one.content: one.cells for one in hand_ins if not one.status}
    where = {"digest": exercise.digest, "seed": seed}
    results = {} if regrade else _kept(book, contents, isolations=isolations, **where)
    todo = {content: cells for content, cells in contents.items() if content not in results}
    if scheduler:
        engine = _grade_on_cluster(scheduler, exercise, seed, todo, weak_ok=weak_ok)
    else:
        make = make_grader or _new_grader
        engine = _grade_here(exercise, seed, todo, jobs=jobs, weak_ok=weak_ok, make_grader=make)
    at_worst = isolations[-1]
    run = book.start_run(exercise, hand_ins, seed=seed, isolation=at_worst, options=options or {})
    interrupted, stopped, new = False, "", 0
    bar = tqdm.tqdm(total=len(contents), initial=len(results), unit="submission", disable=None)
    with bar, contextlib.closing(engine):
        try:
            for content, result in engine:
                book.save(run, content, result, **where)
                results[content] = result
                new += 1
                bar.update()
        except KeyboardInterrupt:
            interrupted = True
        except ClassError as error:
            if not new:
                raise
            stopped = str(error)
    if not (interrupted or stopped):
        book.end_run(run)
    rows = [Row(one, None if one.status else results.get(one.content)) for one in hand_ins]
    kept = len(contents) - len(todo)
    return Graded(rows, new=new, kept=kept, interrupted=interrupted, stopped=stopped)


def _kept(book, contents, **how):
    """The results that stand: all but those in which the grader itself failed."""
    results = {content: book.result(content, **how) for content in contents}
    return {
        content: result
        for content, result in results.items()
        if result and result.status != "grader error"
    }


def _new_grader(exercise, seed, *, weak_ok):
    from course.grader.submission import Grader

    return Grader(exercise, seed, weak_ok=weak_ok)


def _grade_one(grader, cells):
    """Grade one submission.

    Returns:
        (Result, whether the grader may go on with the next).
    """
    try:
        graded = grader.grade(list(cells))
    except Exception as error:  # a fault of ours must not cost the rest of the class
        trouble = f"the grader failed: {type(error).__name__}: {error}"
        return Result("grader error", (), (trouble,), grader.isolation), False
    # Pictures for a notebook are no matter here, and not all statuses can go on from an error.
    outcomes = [dataclasses.replace(one, got=None, expected=None) for one in graded.outcomes]
    result = Result(graded.status, tuple(outcomes), tuple(graded.trouble), grader.isolation)
    return result, graded.status != "grader error"


def _grade_here(exercise, seed, todo, *, jobs, weak_ok, make_grader):
    """Yield (content, Result) of each submission, in the order in which they are ready."""
    waiting, done, stop = queue.SimpleQueue(), queue.SimpleQueue(), threading.Event()
    for item in todo.items():
        waiting.put(item)

    def work():
        # The sandbox dies with the thread that made it: so each thread has its own, to the end.
        # Ctrl-C is for the main thread: did sandboxes die of it, their submissions would "die" too.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            while not (stop.is_set() or waiting.empty()):
                with make_grader(exercise, int(seed, 16), weak_ok=weak_ok) as grader:
                    _work_off(grader, waiting, done, stop)
        except Exception as error:
            done.put((None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(jobs, len(todo)))]
    for thread in threads:
        thread.start()
    try:
        for _ in todo:
            content, result = done.get()
            if content is None:
                raise ClassError(f"Grading stopped: {_in_words(result)}") from result
            yield content, result
    finally:
        stop.set()
        for thread in threads:
            thread.join(_LAST_SECONDS)


def _work_off(grader, waiting, done, stop):
    """Grade until nothing is left, or the grader is no longer to be trusted."""
    while not stop.is_set():
        try:
            content, cells = waiting.get_nowait()
        except queue.Empty:
            return
        result, trusted = _grade_one(grader, cells)
        done.put((content, result))
        if not trusted:
            return


def _in_words(error):
    """An error of ours says it all; of any other, its kind is needed too."""
    known = type(error).__module__.split(".")[0] in ("course", "course_utils")
    return str(error) if known else f"{type(error).__name__}: {error}"


# On a cluster. What runs in a worker comes first.

_graders = {}  # thread -> (what it grades, its Grader), in this process
_graders_lock = threading.Lock()


def grade_on_worker(where, digest, seed, cells, weak_ok):
    """Grade one submission in a worker of a cluster, whose thread keeps its Grader for the next.

    Args:
        where: the exercise's id, or its folder.
        digest: what the exercise's digest must be.
        seed: hexadecimal str.
        cells: the submission's code cells.
        weak_ok: whether weak isolation will do.
    Returns:
        Result.
    Raises:
        ClassError: the worker's exercise is another, or no Grader can start there.
    """
    try:
        grader = _worker_grader(where, digest, seed, weak_ok)
    except Exception as error:
        raise ClassError(_in_words(error)) from error
    result, trusted = _grade_one(grader, cells)
    if not trusted:
        _close_grader(threading.get_ident())
    return result


def close_graders():
    """End all Graders of this process."""
    for thread in list(_graders):
        _close_grader(thread)


def _worker_grader(where, digest, seed, weak_ok):
    thread, wanted = threading.get_ident(), (where, digest, seed, weak_ok)
    grades, grader = _graders.get(thread, (None, None))
    if grades == wanted:
        return grader
    _close_grader(thread)
    exercise = load_exercise(where)
    if exercise.digest != digest:
        raise ClassError(
            f"the exercise {exercise.id} in {exercise.folder} differs from the one that is to be "
            "graded. Give all machines the same version of the course."
        )
    grader = _new_grader(exercise, int(seed, 16), weak_ok=weak_ok).__enter__()
    with _graders_lock:
        _graders[thread] = wanted, grader
    return grader


def _close_grader(thread):
    with _graders_lock:
        _, grader = _graders.pop(thread, (None, None))
    if grader is not None:
        grader.__exit__(None, None, None)


def _grade_on_cluster(address, exercise, seed, todo, *, weak_ok):
    """Yield (content, Result) of each submission, graded by the workers of a Dask cluster."""
    if not todo:
        return
    distributed = _import_distributed()
    where = exercise.id if is_own(exercise) else str(exercise.folder.resolve())
    with _connect(distributed, address) as client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClassError(f"The scheduler at {address} has no workers. Start one: dask worker.")
        waiting, of_future = iter(todo.items()), {}

        def send(number):
            new = []
            for content, cells in itertools.islice(waiting, number):
                values = (where, exercise.digest, seed, cells, weak_ok)
                future = client.submit(grade_on_worker, *values, pure=False)
                of_future[future] = content
                new.append(future)
            return new

        try:
            ready = distributed.as_completed(send(_AHEAD * threads), loop=client.loop)
            for future in ready:
                yield of_future.pop(future), _from_cluster(distributed, future, weak_ok)
                ready.update(send(1))
        finally:
            # The cluster may be gone, or half of it. What was graded is worth more than its order.
            with contextlib.suppress(Exception):
                client.cancel(list(of_future))
                client.run(close_graders, on_error="ignore")


def _import_distributed():
    try:
        import distributed
    except ImportError:
        raise ClassError(
            "--scheduler needs Dask, here and on the workers: pip install distributed"
        ) from None
    return distributed


def _connect(distributed, address):
    try:
        return distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClassError(
            f"No Dask scheduler answers at {address} ({error}). Start one with: dask scheduler; "
            "it prints its address."
        ) from None


def _from_cluster(distributed, future, weak_ok):
    """The Result of a future."""
    if future.status == "cancelled":
        raise ClassError("The connection to the Dask scheduler was lost.")
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, distributed.scheduler.KilledWorker):
        trouble = "the cluster's workers died again and again while they graded this"
        return Result("grader error", (), (trouble,), "weak" if weak_ok else "strong")
    raise ClassError(f"A worker of the cluster could not grade: {_in_words(error)}") from error
