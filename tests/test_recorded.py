import json

import numpy as np
import pytest

from course_utils import recorded


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "FOLDER", tmp_path / "recorded")
    monkeypatch.delenv("COURSE_RECORD", raising=False)
    return tmp_path / "recorded"


def test_nothing_is_kept_unless_asked(folder):
    recorded.keep_run("x", scale="full", seed=1, data="d", loss=[1.0])
    assert not folder.exists()


def test_what_is_kept_can_be_loaded(folder, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", "1")
    loss = [np.float32(1 / 3), np.float64(0.25)]
    recorded.keep_run(
        "x", scale="full", seed=7, data="60,000 digits", nets={"a": {"loss": loss}}, n=np.int64(3)
    )
    run = recorded.load_run("x")
    assert run["nets"] == {"a": {"loss": [0.33333, 0.25]}}
    assert (run["seed"], run["data"], run["n"]) == (7, "60,000 digits", 3)
    assert {"date", "machine", "versions"} <= set(run)
    assert {"python", "keras", "numpy"} < set(run["versions"])
    assert set(run["versions"]) & {"tensorflow", "tensorflow-cpu"}
    assert [path.name for path in folder.iterdir()] == ["x.json"]


def test_a_quick_run_does_not_pass_for_a_full_one(folder, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", "1")
    with pytest.raises(ValueError, match="'quick'"):
        recorded.keep_run("x", scale="quick", seed=1, data="d")
    assert not folder.exists()


def test_a_missing_run_names_those_there_are(folder):
    folder.mkdir()
    (folder / "here.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="'nowhere'.*here"):
        recorded.load_run("nowhere")


def test_lesson_2_was_recorded_on_all_of_mnist():
    run = recorded.load_run("02_mnist")
    assert run["data"] == "60,000 training and 10,000 test digits"
    assert len(run["convnet"]["val_accuracy"]) <= 5
    assert run["convnet"]["val_accuracy"][-1] >= 0.99 > run["dense"]["val_accuracy"][-1]
    assert json.dumps(run).count("NaN") == 0
