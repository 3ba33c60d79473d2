"""Runs in the process of a submission: its cells and its functions, on request.

Nothing here decides anything: a submission can change all of it, and gains only the right to send
answers of its own making, which is what it is asked for.
"""

import random
import re
import sys
import types

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager

from course.exercises import SideError, encode, reach, runner
from course.grader import wire

_MARKS = re.compile(r"[%!?]|>>>|^\s*(\.\.\.|In \[|[,;/])", re.MULTILINE)
SEED = 0  # of the global random generators: equal submissions behave equally


def serve(reading, writing):
    """Answer requests until there are no more.

    A request has an "id", and in "do" one of: "start"; "notebook", with "cells", "asked" and
    "again", as `reach.to_run` takes them, which is answered with what that gives; "cell", with
    "source" and "label"; "probes", with "source"; "call", with "name", "args" and "kwargs";
    "value", with "name". A reply is {"id", "ok": value} or {"id", "status", "message"}.

    Args:
        reading, writing: file descriptors.
    """
    submission = _Submission()
    while True:
        try:
            request = wire.receive(reading)
        except EOFError:
            return
        reply = submission.reply(request)
        try:
            wire.write(writing, reply)
        except OSError:
            return  # nobody listens any more


class _Submission:
    def __init__(self):
        _seed()
        main = types.ModuleType("__main__")
        main.__dict__.update(get_ipython=_Shell, display=_nothing)
        sys.modules["__main__"] = main
        self.names = main.__dict__
        self.names["input"] = _nobody_types
        self.probes = {}

    def reply(self, request):
        """The reply to a request as bytes, whatever happens meanwhile."""
        number = request["id"]
        try:
            return encode({"id": number, "ok": self.do(request)})
        except SideError as error:
            return encode({"id": number, "status": error.status, "message": str(error)})
        except BaseException as error:  # SystemExit too: the next question may have an answer
            return encode({"id": number, "status": "raised", "message": _describe(error)})

    def do(self, request):
        if request["do"] == "start":
            return None
        if request["do"] == "notebook":
            return reach.to_run(request["cells"], request["asked"], set(request["again"]))
        if request["do"] == "cell":
            return self.run(request["source"], request["label"])
        if request["do"] == "probes":
            self.probes = runner.probe_functions(request["source"])
            return None
        if request["do"] == "value":
            return runner.find(self.names, request["name"])
        name, args, kwargs = request["name"], request["args"], request["kwargs"]
        return runner.answer(self.names, self.probes, name, args, kwargs)

    def run(self, source, label):
        _Shell.names, _Shell.label = self.names, label
        runner.run_cell(_as_python(source), self.names, label)


class _Shell:
    """What `get_ipython()` gives: magics do nothing, but code that one times is run."""

    names, label = {}, ""
    TIMERS = ("time", "timeit", "capture", "prun")

    def run_line_magic(self, magic, line, *_, **__):
        if magic == "time":
            runner.run_cell(line, self.names, self.label)

    def run_cell_magic(self, magic, line, cell):
        if magic in self.TIMERS:
            runner.run_cell(_as_python(cell), self.names, self.label)

    def __getattr__(self, name):
        return _nothing


def _as_python(cell):
    """A cell as Python: IPython's magics become calls. Taking its tokens apart is slow, so what has
    nothing of the kind, nor prompts or an indent to be removed, is left as it is.
    """
    plain = not cell.startswith((" ", "\t")) and not _MARKS.search(cell)
    return cell if plain else TransformerManager().transform_cell(cell)


def _nobody_types(*_):
    """Stands for `input`: nobody is there, so only Return is pressed."""
    return ""


def _nothing(*_, **__):
    """Stands for what only a notebook has, such as `display`."""


def _seed():
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - submissions may draw from it
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(SEED)


def _describe(error):
    """An exception in a line, from the submission's own code on; exceptions may be hostile too."""
    try:
        inner = error.__traceback__
        while inner is not None and inner.tb_frame.f_code.co_filename == __file__:
            inner = inner.tb_next
        return runner.describe_error(error.with_traceback(inner))[: wire.MAX_MESSAGE]
    except BaseException:
        return "an exception that can't be described"
