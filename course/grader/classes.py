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
from collections import Counter

import tqdm

from course.exercises import EXERCISES, load_exercise
from course.grader.gradebook import Result
from course.grader.reports import Row
from course.grader.submission import Grader, grading_digest

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
    Returns:
        Graded.
    Raises:
        ClassError: nothing could be graded: no grader can start, or the cluster can't do it.
    """
    seed, digest = seed or book.seed, grading_digest(exercise)
    isolations = ("strong", "weak") if weak_ok else ("strong",)
    contents = {hand_in.content: hand_in.cells for hand_in in _in_turn(hand_ins)}
    results = {}
    if not regrade:
        results = _kept(book, contents, digest=digest, seed=seed, isolations=isolations)
    todo = {content: cells for content, cells in contents.items() if content not in results}
    if scheduler:
        engine = _grade_on_cluster(scheduler, exercise, digest, seed, todo, weak_ok=weak_ok)
    else:
        engine = _grade_here(exercise, seed, todo, jobs=jobs, weak_ok=weak_ok)
    run = book.start_run(
        exercise,
        hand_ins,
        digest=digest,
        seed=seed,
        isolation=isolations[-1],
        options={"jobs": jobs, "scheduler": scheduler, "regrade": regrade},
    )
    interrupted, stopped, new = False, "", 0
    bar = tqdm.tqdm(total=len(contents), initial=len(results), unit="submission", disable=None)
    with bar, contextlib.closing(engine):
        try:
            for content, result in engine:
                book.save(run, content, result, digest=digest, seed=seed)
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
    rows = [
        Row(hand_in, None if hand_in.status else results.get(hand_in.content))
        for hand_in in hand_ins
    ]
    kept = len(contents) - len(todo)
    return Graded(rows, new=new, kept=kept, interrupted=interrupted, stopped=stopped)


def _in_turn(hand_ins):
    """What can be graded, the first of each student, then the second of each, and so on."""
    rounds, number = {}, Counter()
    for hand_in in hand_ins:
        if not hand_in.status:
            rounds.setdefault(number[hand_in.student], []).append(hand_in)
            number[hand_in.student] += 1
    return itertools.chain(*rounds.values())


def _kept(book, contents, *, digest, seed, isolations):
    """The results that stand: all but those in which the grader itself failed."""
    results = {
        content: book.result(content, digest=digest, seed=seed, isolations=isolations)
        for content in contents
    }
    return {
        content: result
        for content, result in results.items()
        if result and result.status != "grader error"
    }


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
    outcomes = tuple(dataclasses.replace(o, got=None, expected=None) for o in graded.outcomes)
    result = Result(graded.status, outcomes, tuple(graded.trouble), grader.isolation)
    return result, graded.status != "grader error"


def _grade_here(exercise, seed, todo, *, jobs, weak_ok):
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
                with Grader(exercise, int(seed, 16), weak_ok=weak_ok) as grader:
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


def grade_on_worker(place, digest, seed, cells, weak_ok):
    """Grade one submission in a worker of a cluster, whose thread keeps its Grader for the next.

    Args:
        place: the exercise's id, or its folder.
        digest: what `grading_digest` of the exercise must be there.
        seed: hexadecimal str.
        cells: the submission's code cells.
        weak_ok: whether weak isolation will do.
    Returns:
        Result.
    Raises:
        ClassError: the worker's exercise or grader is another, or no Grader can start there.
    """
    try:
        grader = _worker_grader(place, digest, seed, weak_ok)
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


def _worker_grader(place, digest, seed, weak_ok):
    thread, wanted = threading.get_ident(), (place, digest, seed, weak_ok)
    grades, grader = _graders.get(thread, (None, None))
    if grades == wanted:
        return grader
    _close_grader(thread)
    exercise = load_exercise(place)
    if grading_digest(exercise) != digest:
        raise ClassError(
            f"the exercise {exercise.id} in {exercise.folder}, or the grader, differs from the one "
            "that is to be used. Give all machines the same version of the course."
        )
    grader = Grader(exercise, int(seed, 16), weak_ok=weak_ok).__enter__()
    with _graders_lock:
        _graders[thread] = wanted, grader
    return grader


def _close_grader(thread):
    with _graders_lock:
        _, grader = _graders.pop(thread, (None, None))
    if grader is not None:
        grader.__exit__(None, None, None)


def _grade_on_cluster(address, exercise, digest, seed, todo, *, weak_ok):
    """Yield (content, Result) of each submission, graded by the workers of a Dask cluster."""
    if not todo:
        return
    distributed = _import_distributed()
    place = exercise.id if is_own(exercise) else str(exercise.folder.resolve())
    with _connect(distributed, address) as client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClassError(f"The scheduler at {address} has no workers. Start one: dask worker.")
        waiting, of_future = iter(todo.items()), {}

        def send(number):
            new = []
            for content, cells in itertools.islice(waiting, number):
                future = client.submit(
                    grade_on_worker, place, digest, seed, cells, weak_ok, pure=False
                )
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
