"""A recorded run reads a lesson's names, and goes on after an interruption."""

import json
from types import SimpleNamespace

import pytest
from nbclient.exceptions import CellExecutionError

from tools import kept_trainings, record

LESSON = """\
# %% [markdown]
# # 91. A lesson with trainings

# %%
import os
import keras
import numpy as np

SCALE = os.environ["COURSE_SCALE"]
keras.utils.set_random_seed(1)
x, y = np.random.normal(size=(64, 3)), np.random.normal(size=(64, 1))

def train(**options):
    layers = [keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    network = keras.Sequential(layers)
    network.compile(keras.optimizers.Adam(0.1), "mse")
    return network, network.fit(x, y, epochs=2, verbose=0, shuffle=False, **options).history

# %%
first, first_history = train()
again = first.fit(x, y, epochs=1, verbose=0, shuffle=False).history["loss"]

# %%
if not os.path.exists(os.environ["GO_ON"]):
    raise KeyboardInterrupt

# %%
seen = []
note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
second, _ = train(callbacks=[note])
third, third_history = train()
rest = [float(np.random.normal()), float(first.get_weights()[0][0, 0])]
"""
RESULTS = {
    "91_trainings": {
        "seed": "1",
        "data": "f'{len(x)} rows'",
        "losses": "[first_history['loss'], again, third_history['loss']]",
        "seen": "seen",
        "rest": "rest",
    }
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Records the lesson; gives what was kept."""
    source = tmp_path / "91_trainings.py"
    kept = tmp_path / "recorded"
    monkeypatch.setenv("RECORDED", str(kept))
    monkeypatch.setenv("GO_ON", str(tmp_path / "go_on"))
    into = "from pathlib import Path; recorded.FOLDER = Path(__import__('os').environ['RECORDED'])"
    monkeypatch.setattr(
        record,
        "with_records",
        lambda *given, make=record.with_records: _writing_to(make(*given), into),
    )

    def run(folder, lesson=LESSON):
        source.write_text(lesson)
        record.record(source, RESULTS, folder)
        measured = json.loads((kept / "91_trainings.json").read_text())
        return {name: measured[name] for name in RESULTS["91_trainings"]}

    return run


def _writing_to(notebook, into):
    imported, rest = notebook.cells[-1].source.split("\n", 1)
    notebook.cells[-1].source = f"{imported}\n{into}\n{rest}"
    return notebook


def test_an_interrupted_run_goes_on_where_it_was(run, tmp_path, monkeypatch):
    (tmp_path / "go_on").touch()
    whole = run(tmp_path / "whole")
    assert whole["data"] == "64 rows" and whole["seen"] == [0, 1]
    assert not (tmp_path / "whole").exists()
    (tmp_path / "go_on").unlink()
    with pytest.raises(CellExecutionError):
        run(tmp_path / "parts")
    parts = sorted((tmp_path / "parts").iterdir())
    assert len(parts) == 2  # the first network's two trainings
    before = [path.stat().st_mtime_ns for path in parts]
    (tmp_path / "go_on").touch()
    noted = {}

    def look(folder, **options):
        noted["kept"] = [path.stat().st_mtime_ns for path in parts]
        noted["count"] = len(list(folder.iterdir()))

    monkeypatch.setattr(record, "shutil", SimpleNamespace(rmtree=look))
    resumed = run(tmp_path / "parts", LESSON.replace("first, first_", "note = 1\nfirst, first_"))
    assert noted == {"kept": before, "count": 3}  # not written again; one with callbacks isn't kept
    assert resumed == whole


def test_a_training_is_known_by_what_goes_into_it():
    import keras
    import numpy as np

    def mark(*, weight=1.0, rate=0.1, x=2.0, epochs=1, loss="mse", **options):
        keras.utils.set_random_seed(1)
        keras.backend.clear_session()  # names are numbered anew
        network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        network.set_weights([np.array([[weight]]), np.array([0.0])])
        network.compile(keras.optimizers.SGD(rate), loss)
        return kept_trainings.mark_of(network, (np.array([[x]]),), {"epochs": epochs} | options)

    same = mark()
    assert same and same == mark()
    changed = [{"weight": 2.0}, {"rate": 0.2}, {"x": 3.0}, {"epochs": 2}, {"loss": "mae"}]
    assert len({same, *(mark(**change) for change in changed)}) == 6
    assert mark(callbacks=[keras.callbacks.Callback()]) is None
    assert mark(validation_data=iter([])) is None  # not arrays
