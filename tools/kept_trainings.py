"""Keep each finished training of a long run, so that an interruption loses one at most.

The kernel of a recorded run calls `keep_trainings`. A training is known by all that goes into it:
the network and its weights before, optimiser, loss, digits and settings. So a run goes on where it
was even if something else in the lesson has changed since.
"""

import functools
import hashlib
import json
import os
import pickle
import random
from pathlib import Path


def keep_trainings(folder):
    """From here on, `fit` writes what it leads to, and reads it where it was written before.

    Kept are the history, what the network and its optimiser have in their variables, and where
    Python's and NumPy's random numbers are (not in which order later trainings will shuffle). Run
    every time are trainings with callbacks, since nobody knows what they did; with data that isn't
    in arrays, since it can't be told apart; and of a network that isn't built yet.

    Args:
        folder: path; made where it isn't there.
    """
    import keras

    run = keras.Model.fit

    @functools.wraps(run)
    def fit(model, *given, **options):
        mark = mark_of(model, given, options)
        if mark is None:
            return run(model, *given, **options)
        path = Path(folder) / f"{mark}.pickle"
        if path.exists():
            return _taken_up(model, pickle.loads(path.read_bytes()))
        history = run(model, *given, **options)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_bytes(pickle.dumps(_state_after(model, history)))
        os.replace(half, path)
        return history

    keras.Model.fit = fit


def mark_of(model, given, options):
    """What stands for a training; None where it can't be told.

    Args:
        model: built and compiled, as it is before.
        given, options: of `fit`.
    Returns:
        str of 16 hexadecimal digits, or None.
    """
    import numpy as np

    if not model.built or options.get("callbacks"):
        return None
    digest = hashlib.sha256()

    def take_in(value):
        if isinstance(value, dict):
            value = [item for pair in sorted(value.items()) for item in pair]
        if isinstance(value, (list, tuple)):
            return all([take_in(item) for item in value])
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype} {value.shape} ".encode())
            digest.update(np.ascontiguousarray(value))
            return True
        digest.update(f"{value!r} ".encode())
        return value is None or isinstance(value, (str, bool, int, float, np.generic))

    asked = [model.to_json(), json.dumps(model.get_compile_config(), default=str)]
    variables = [np.asarray(each) for each in (*model.variables, *model.optimizer.variables)]
    tellable = take_in([asked, variables, given, options])
    return digest.hexdigest()[:16] if tellable else None


def _state_after(model, history):
    import numpy as np

    return {
        "history": history.history,
        "epoch": history.epoch,
        "network": [np.asarray(variable) for variable in model.variables],
        "optimizer": [np.asarray(variable) for variable in model.optimizer.variables],
        "random": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002, the one that Keras seeds
    }


def _taken_up(model, state):
    """Bring everything where it was after a training; gives its History."""
    import keras
    import numpy as np

    model.optimizer.build(model.trainable_variables)
    for variables, name in ((model.variables, "network"), (model.optimizer.variables, "optimizer")):
        for variable, value in zip(variables, state[name], strict=True):
            variable.assign(value)
    random.setstate(state["random"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
    history = keras.callbacks.History()
    history.set_model(model)
    history.history, history.epoch = state["history"], state["epoch"]
    model.history = history
    return history
