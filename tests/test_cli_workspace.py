"""What a learner's commands say, and where they work."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course.cli.cli import app
from course.workspace import copies, places, progress

LESSON, EXERCISES = "01_lesson_convolution.ipynb", "01_exercises_convolution.ipynb"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace in a folder in which this process doesn't work, but the commands do."""
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "mine"))
    return copies.make(tmp_path / "mine").folder


def run(*words, charset="utf-8"):
    done = CliRunner(charset=charset).invoke(app, [*map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def spoil(path):
    path.write_text("{}", encoding="utf-8")


def test_update_says_what_it_did_and_then_that_there_is_nothing(folder):
    spoil(folder / LESSON)
    (folder / EXERCISES).unlink()
    first, second = run("update"), run("update")
    assert first.exit_code == second.exit_code == 0
    assert len(first.output.splitlines()) == 2
    assert LESSON in first.output and "(corrected)" in first.output and EXERCISES in first.output
    assert len(second.output.splitlines()) == 1 and str(folder) in second.output
    assert (folder / LESSON).read_text() == "{}"


def test_reset_of_a_lesson_and_of_its_exercises(folder):
    spoil(folder / LESSON)
    spoil(folder / EXERCISES)
    done = run("reset", "1", "--exercises")
    (old,) = (folder / copies.OLDER).iterdir()
    assert done.exit_code == 0 and EXERCISES in done.output and old.name in done.output
    assert (folder / LESSON).read_text() == "{}"
    assert run("reset", "1").exit_code == 0 and (folder / LESSON).read_text() != "{}"
    wrong = run("reset", "9")
    assert wrong.exit_code == 1 and "'9'" in wrong.output and "01_convolution" in wrong.output


def test_solutions_after_a_try(folder):
    first = run("solutions", "1")
    assert first.exit_code == 1 and EXERCISES in first.output
    progress.note("01_convolution", "task", "slide", False)
    assert run("solutions", "1").exit_code == 0
    assert (folder / "01_solutions_convolution.ipynb").exists()


def test_pack_and_unpack(folder, tmp_path, monkeypatch):
    (folder / "notes.txt").write_text("mine")
    (folder / "link").symlink_to(tmp_path)
    packed = run("pack", tmp_path / "a.zip")
    assert packed.exit_code == 0 and str(tmp_path / "a.zip") in packed.output
    assert "1 file" in packed.output and "link" in packed.output
    assert run("pack", tmp_path / "a.zip").exit_code == 1  # there is one already
    fresh = copies.make(tmp_path / "fresh").folder
    monkeypatch.setenv(places.VARIABLE, str(fresh))
    assert run("unpack", tmp_path / "a.zip").exit_code == 0
    (fresh / "notes.txt").write_text("other")
    again = run("unpack", tmp_path / "a.zip")
    assert again.exit_code == 0 and "notes (packed).txt" in again.output
    refused = run("unpack", folder / "notes.txt")
    assert refused.exit_code == 1 and "notes.txt" in refused.output


def test_a_name_that_the_terminal_cannot_show(tmp_path, monkeypatch):
    folder = copies.make(tmp_path / '\u0141ukasz\'s "K\u00fcrs" [a] * $HOME').folder
    monkeypatch.setenv(places.VARIABLE, str(folder))
    for words in (["pack"], ["unpack", tmp_path / "gone \u0141.zip"]):
        assert "\\u0141" in run(*words, charset="latin-1").output
    assert len([*folder.glob("*.zip")]) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that somebody is in")
@pytest.mark.parametrize("words", [("lab", "--prepare"), ("update",), ("pack",), ("unpack", "a")])
def test_in_a_folder_that_is_gone(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    done = run(*words)
    assert done.exit_code == 1 and "deleted" in done.output


def test_they_work_beside_the_workspace_too(folder, tmp_path, monkeypatch):
    monkeypatch.delenv(places.VARIABLE)
    monkeypatch.setattr(copies, "home", lambda: folder)  # as at a clone's root
    monkeypatch.chdir(tmp_path)
    try:
        assert str(folder) in run("update").output
        assert run("pack").exit_code == 0 and [*folder.glob("*.zip")]
    finally:
        os.environ.pop(places.VARIABLE, None)


@pytest.mark.parametrize("words", [("update",), ("reset", "1"), ("solutions", "1"), ("pack",)])
def test_without_a_workspace_they_say_how_to_get_one(words, tmp_path, monkeypatch):
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setattr(copies, "home", lambda: tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.exit_code == 1 and "course lab" in done.output and str(Path.cwd()) in done.output
    assert list(tmp_path.iterdir()) == []
