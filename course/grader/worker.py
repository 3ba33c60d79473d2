"""Runs in the process of a submission: its cells and its functions, on request.

Nothing here decides anything: a submission can change all of it, and gains only the right to send
answers of its own making, which is what it is asked for.
"""

import contextlib
import io
import os
import random
import re
import shlex
import sys
import types
from pathlib import Path

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
    _prepare_less()
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
        sys.path.insert(0, "")  # where a notebook finds files that it has written
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
    """What `get_ipython()` gives: of magics, those do something that define or run what cells need.

    Code that one times is run, files are written and run; commands of the system give nothing.
    """

    names, label = {}, ""
    TIMERS = ("time", "timeit", "capture", "prun")

    @property
    def user_ns(self):
        return self.names

    def run_cell(self, source, *_, **__):
        runner.run_cell(_as_python(source), self.names, self.label)

    def run_line_magic(self, magic, line, *_, **__):
        if magic == "time":
            self.run_cell(line)
        elif magic == "run":
            self._run_file(line)

    def run_cell_magic(self, magic, line, cell):
        words = [word for word in shlex.split(line) if not word.startswith("-")]
        if magic == "capture" and words:
            self.names[words[0]] = printed = _Printed()
            with contextlib.redirect_stdout(printed.out), contextlib.redirect_stderr(printed.err):
                self.run_cell(cell)
        elif magic in self.TIMERS:
            self.run_cell(cell)
        elif magic in ("writefile", "file"):
            append = bool({"-a", "--append"} & set(shlex.split(line)))
            with open(os.path.expanduser(words[0]), "a" if append else "w") as file:
                file.write(cell)

    def getoutput(self, *_, **__):
        return []

    def _run_file(self, line):
        options, words = [], shlex.split(line)
        while words and words[0].startswith("-"):
            options.append(words.pop(0))
        path = os.path.expanduser(words[0])
        path += "" if os.path.exists(path) else ".py"
        names = dict(self.names) if "-i" in options else {}
        names["__name__"] = "__main__" if "-n" not in options else Path(path).stem
        with open(path) as file:
            source = file.read()
        arguments, sys.argv = sys.argv, words
        try:
            runner.run_cell(source, names, path)
        finally:
            sys.argv = arguments
        names.pop("__name__")
        self.names.update(names)

    def __getattr__(self, name):
        return _nothing


class _Printed:
    """What `%%capture` keeps of a cell."""

    def __init__(self):
        self.out, self.err, self.outputs = io.StringIO(), io.StringIO(), []

    stdout = property(lambda self: self.out.getvalue())
    stderr = property(lambda self: self.err.getvalue())

    def show(self):
        print(self.stdout, end="")

    __call__ = show


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


def _prepare_less():
    """Let Keras train as it does, and spend less time before: here networks take a few steps only.

    Where an optimiser makes its variables during the first step, TensorFlow traces that step twice;
    so they are made before it. What rewriting a graph saves, so few steps don't win back. And where
    tf.data tunes itself, on the one core that there is, steps wait for it: a third of their time.
    """
    keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
    if keras is None or tensorflow is None or keras.backend.backend() != "tensorflow":
        return
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    model, adapter = keras.Model, keras.src.trainers.data_adapters.array_data_adapter
    arrays = adapter.ArrayDataAdapter
    get = arrays.get_tf_dataset

    def get_tf_dataset(self):
        options = tensorflow.data.Options()
        options.autotune.enabled = False
        return get(self).with_options(options)

    arrays.get_tf_dataset = get_tf_dataset
    make, step = model.make_train_function, model.train_step

    def make_train_function(self, force=False):
        optimizer, weights = self.optimizer, self.trainable_weights
        if (
            optimizer is not None
            and weights
            and not optimizer.built
            and type(self).train_step is step
            and all(layer.built for layer in self._flatten_layers())
        ):
            optimizer.build(weights)
        return make(self, force)

    model.make_train_function = make_train_function


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
