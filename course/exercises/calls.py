"""A learner's functions while a check calls them: what with, and for how long.

In a notebook a learner's function runs in the kernel itself, so one that never ends would leave it
silent. After a few seconds a line says what runs, and how to stop it; after the exercise's limit it
is stopped from here. Both need no signals: they work on Windows and in threads. A single call into
a library that doesn't return can't be stopped so; interrupting or restarting the kernel can.
"""

import contextvars
import ctypes
import dataclasses
import functools
import threading
import types

import numpy as np

from course.exercises.errors import TimedOut

NOTICE_SECONDS = 4
CLOCK = 5  # as when graded: so many seconds by the clock for one of processor time


class _OutOfTime(BaseException):
    """Raised within a function that has run for too long; not an error that it should catch."""


@dataclasses.dataclass(frozen=True)
class Call:
    """A function, its name in the notebook, and copies of what it was called with."""

    name: str
    function: types.FunctionType
    args: tuple
    kwargs: dict

    def values(self):
        """The arguments, fresh: a tuple, or the argument itself if it is the only one."""
        values = _copied((*self.args, *self.kwargs.values()))
        return values[0] if len(values) == 1 else values

    def as_code(self, case):
        """What to run to make the call again: two pieces of code.

        Args:
            case: str, the code that gives `values()`.
        """
        parameters = self.function.__code__.co_varnames[: self.function.__code__.co_argcount]
        names = [
            parameters[n] if n < len(parameters) else f"argument_{n + 1}"
            for n in range(len(self.args))
        ]
        call = ", ".join([*names, *(f"{key}={key}" for key in self.kwargs)])
        return f"{', '.join([*names, *self.kwargs])} = {case}", f"{self.name}({call})"


class Watched:
    """A notebook's names for `Here`: whoever takes a function of it gets it under watch.

    Args:
        names: dict, the notebook's.
        limit: seconds by the clock after which a call is stopped.
        slow: function of the name, called once a call has run for some seconds.

    Attributes:
        last: Call, the last one; None if there was none.
    """

    def __init__(self, names, limit, slow):
        self._names, self._limit, self._slow = names, limit, slow
        self.last = None

    def __contains__(self, name):
        return name in self._names

    def get(self, name, default=None):
        value = self._names.get(name, default)
        return self._watched(name, value) if isinstance(value, types.FunctionType) else value

    def _watched(self, name, function):
        @functools.wraps(function)
        def watched(*args, **kwargs):
            self.last = Call(name, function, _copied(args), _copied(kwargs))
            watch = _Watch(self._limit, lambda: self._slow(name))
            try:
                try:
                    return function(*args, **kwargs)
                finally:
                    watch.end()
            except _OutOfTime:
                watch.end()
                raise TimedOut(
                    f"`{name}` was still running after {self._limit:g} seconds, and was stopped. "
                    "Is there a loop that never ends?"
                ) from None

        return watched


class _Watch:
    """Stops the thread that makes it after some seconds, unless `end` comes first.

    Args:
        limit: seconds by the clock; then an _OutOfTime is raised in the thread.
        slow: function that is called before that, once it takes long.
    """

    def __init__(self, limit, slow):
        self._thread, self._limit, self._slow = threading.get_ident(), limit, slow
        self._over, self._lock, self._sent = threading.Event(), threading.Lock(), False
        # In the caller's context, what is shown belongs to the cell that runs.
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._wait,), daemon=True).start()

    def end(self):
        """Stop watching. An exception that is on its way is let in here."""
        with self._lock:
            self._over.set()
        if self._sent:
            try:
                for _ in range(1000):  # each round is a moment at which it can come
                    pass
            except _OutOfTime:
                pass

    def _wait(self):
        if self._over.wait(min(NOTICE_SECONDS, self._limit)):
            return
        self._slow()
        seconds = max(self._limit - NOTICE_SECONDS, 0)
        while not self._over.wait(seconds):
            seconds = 1  # once more, where the first was caught
            with self._lock:
                if not self._over.is_set():
                    self._sent = True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._thread), ctypes.py_object(_OutOfTime)
                    )


def _copied(value):
    """Copies of the arrays in tuples, lists and dicts; whatever else is there is passed on."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return value
