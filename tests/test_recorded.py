import io
import json

import numpy as np
import pytest
from PIL import Image

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


def make_figure(colour="red"):
    from matplotlib.figure import Figure

    return Figure(figsize=(2, 1), facecolor=colour)


def test_no_picture_is_kept_unless_asked(folder, monkeypatch):
    for value in (None, "0"):
        if value:
            monkeypatch.setenv("COURSE_RECORD", value)
        recorded.keep_picture("x", make_figure(), scale="full")
    assert not folder.exists()


def test_a_picture_of_a_quick_run_does_not_pass_for_a_full_one(folder, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", "1")
    with pytest.raises(ValueError, match="'quick'"):
        recorded.keep_picture("x", make_figure(), scale="quick")
    assert not folder.exists()


def test_a_picture_that_is_kept_can_be_shown(folder, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", "1")
    for colour in ("blue", "red"):  # the second takes the place of the first
        recorded.keep_picture("x", make_figure(colour), scale="full")
    assert [path.name for path in folder.iterdir()] == ["x.jpg"]
    shown = recorded.load_picture("x")
    assert list(shown._repr_mimebundle_()[0]) == ["image/jpeg"]
    picture = Image.open(io.BytesIO(shown.data))
    assert picture.format == "JPEG"
    assert picture.size == (2 * recorded.PICTURE_DPI, recorded.PICTURE_DPI)
    np.testing.assert_allclose(np.asarray(picture)[9, 9], [255, 0, 0], atol=3)


def test_a_half_written_picture_does_not_pass_for_a_whole_one(folder, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", "1")

    class Failing:
        def savefig(self, file, **options):
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        recorded.keep_picture("x", Failing(), scale="full")
    assert not folder.exists()
    recorded.keep_picture("x", make_figure(), scale="full")
    with pytest.raises(OSError, match="disk full"):
        recorded.keep_picture("x", Failing(), scale="full")
    Image.open(folder / "x.jpg").load()
    assert [path.name for path in folder.iterdir()] == ["x.jpg"]


def test_a_missing_picture_names_those_there_are(folder):
    folder.mkdir()
    for name in ("numbers.json", "seen.jpg"):
        (folder / name).write_text("{}")
    with pytest.raises(FileNotFoundError, match="'nowhere'.*seen") as caught:
        recorded.load_picture("nowhere")
    assert "numbers" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="'seen'.*numbers"):
        recorded.load_run("seen")


def test_a_missing_run_names_those_there_are(folder):
    folder.mkdir()
    (folder / "here.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="'nowhere'.*here"):
        recorded.load_run("nowhere")


@pytest.mark.parametrize("path", sorted(recorded.FOLDER.glob("0*.json")), ids=lambda p: p.stem)
def test_a_recording_written_again_is_the_same_to_the_byte(folder, monkeypatch, path):
    run = json.loads(path.read_bytes())
    monkeypatch.setenv("COURSE_RECORD", "1")
    for name in ("machine", "versions"):
        monkeypatch.setattr(recorded, f"describe_{name}", lambda run=run, name=name: run[name])
    measured = {name: run[name] for name in run if name not in ("date", "machine", "versions")}
    recorded.keep_run(path.stem, scale="full", **measured)
    today = json.dumps(recorded.load_run(path.stem)["date"])
    written = (folder / path.name).read_bytes()
    assert written.replace(today.encode(), json.dumps(run["date"]).encode(), 1) == path.read_bytes()


def test_lesson_2_was_recorded_on_all_of_mnist():
    run = recorded.load_run("02_mnist")
    assert run["data"] == "50,000 training, 10,000 validation and 10,000 test digits"
    assert len(run["convnet"]["val_accuracy"]) <= 5
    assert run["test"]["convnet"] >= 0.99 > run["test"]["dense"]
    assert json.dumps(run).count("NaN") == 0
