"""Text from strangers is harmless, and still theirs."""

import sys
import types
from pathlib import Path

import pytest

from course_utils.texts import counted, printable, to_type


@pytest.mark.parametrize(
    "text", ["Ada", "José", "李小龍", "می‌خواهم", "👩‍🔬", "a b", "naïve — “quoted”", ""]
)
def test_what_people_write_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\0b", "a\\x00b"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eabc", "\\u202eabc"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\udcff.ipynb", "\\xff.ipynb"),
    ],
)
def test_odd_characters_are_written_out_or_replaced(text, written):
    assert printable(text) == written
    assert set(printable(text, instead="?")) <= set("?abc.ipynb")
    printable(text).encode("utf-8")


def test_forms_of_one_letter_are_one():
    assert printable("e\u0301") == "é"
    assert printable(Path("a/e\u0301")) == str(Path("a/é"))


def test_long_text_is_cut_and_says_so():
    assert printable("x" * 20, most=5) == "xxxxx ... (20 characters in all)"
    assert printable("x" * 5, most=5) == "xxxxx"


def test_what_is_to_be_kept_stays():
    assert printable("a\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"
    assert printable("a\n\x1b", keep="\n", instead="?") == "a\n?"


def test_numbers_of_things():
    assert counted(0, "photo") == "0 photos"
    assert counted(1.0, "point") == "1 point"
    assert counted(2, "class", "classes") == "2 classes"
    assert counted(0.1 + 0.2, "point") == "0.3 points"


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("shell", [object(), None])
def test_a_command_can_be_typed_where_it_is_read(monkeypatch, kernel, shell):
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    if kernel:
        monkeypatch.setitem(sys.modules, "ipykernel", ipython)
    in_notebook = kernel and shell
    assert to_type("course doctor") == ("!course doctor" if in_notebook else "course doctor")
