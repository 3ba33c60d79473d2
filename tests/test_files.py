"""A file is there whole, or as it was."""

import os
import stat

import pytest

from course_utils.files import write_whole


def test_text_and_bytes(tmp_path):
    for content in ("naïve\r\n", "one\ntwo\n"):
        write_whole(tmp_path / "deep" / "text", content)
        assert (tmp_path / "deep" / "text").read_bytes() == content.encode()
    write_whole(tmp_path / "bytes", b"\0\1", lasting=True)
    assert (tmp_path / "bytes").read_bytes() == b"\0\1"


def test_a_name_as_long_as_names_can_be(tmp_path):
    write_whole(tmp_path / ("n" * 255), "text")
    assert (tmp_path / ("n" * 255)).read_text() == "text"


@pytest.mark.parametrize("failing", ["replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "marks.csv"
    write_whole(path, "old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["marks.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_modes_are_those_of_any_new_file_and_stay(tmp_path):
    write_whole(tmp_path / "new", "text")
    (tmp_path / "usual").write_text("text")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "new").chmod(0o600)
    write_whole(tmp_path / "new", "other")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
