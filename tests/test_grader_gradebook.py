"""The gradebook keeps what was graded, whole, and touches no file that isn't its own."""

import contextlib
import os
import sqlite3
import stat
from types import SimpleNamespace

import pytest

from course.exercises import Outcome
from course.grader.gradebook import FILE, SCHEMA_VERSION, GradebookError, Result, open_gradebook
from course.grader.hand_ins import HandIn

EXERCISE = SimpleNamespace(id="01_convolution", folder="exercises/01_convolution")
ADA = HandIn("Ada", "ada.ipynb", ("a = 1", "b = '🦄'"))
BAD = HandIn("Bob", "bob.ipynb", status="unreadable", note="the file is empty.")
OUTCOMES = (
    Outcome("one", "first", 1, 1.0, "passed", "", 0.25),
    Outcome("two", "first", 0.5, None, "grader error", "the check fails", 0.0),
)
RESULT = Result("graded", OUTCOMES, ("cell 3 took too long",))


def start(book):
    return book.start_run(
        EXERCISE, [ADA, BAD], digest="d1", seed="1f", isolation="strong", options={"jobs": 2}
    )


def save(book, run, result):
    book.save(run, ADA.content, result, digest="d1", seed="1f")


def kept(book, *, content=ADA.content, digest="d1", seed="1f", isolations=("strong",)):
    return book.result(content, digest=digest, seed=seed, isolations=isolations)


def test_a_result_comes_back_as_it_was(tmp_path):
    with open_gradebook(tmp_path, EXERCISE) as book:
        run = start(book)
        save(book, run, RESULT)
        book.end_run(run)
    with open_gradebook(tmp_path) as book:
        assert kept(book) == RESULT
        assert book.cells(ADA.content) == list(ADA.cells)
        (run,) = book.runs()
        assert (run.digest, run.seed, run.isolation) == ("d1", "1f", "strong")
        assert run.started <= run.ended
        assert book.handed_in(run.id) == [
            ("Ada", "ada.ipynb", ADA.content, "", ""),
            ("Bob", "bob.ipynb", BAD.content, "unreadable", "the file is empty."),
        ]


@pytest.mark.parametrize(
    "other",
    [{"digest": "d2"}, {"seed": "2f"}, {"isolations": ("weak",)}, {"content": BAD.content}],
    ids=["digest", "seed", "isolation", "content"],
)
def test_a_result_belongs_to_what_was_graded_and_how(tmp_path, other):
    with open_gradebook(tmp_path, EXERCISE) as book:
        save(book, start(book), RESULT)
        assert kept(book) == RESULT
        assert kept(book, **other) is None


def test_the_better_isolation_counts(tmp_path):
    weak = Result("died", (), (), "weak")
    both = ("strong", "weak")
    with open_gradebook(tmp_path, EXERCISE) as book:
        run = start(book)
        save(book, run, weak)
        assert kept(book, isolations=both) == weak
        assert kept(book) is None
        save(book, run, RESULT)
        assert kept(book, isolations=both) == RESULT


def test_a_new_result_takes_the_old_ones_place(tmp_path):
    with open_gradebook(tmp_path, EXERCISE) as book:
        run = start(book)
        save(book, run, RESULT)
        save(book, run, Result("died", OUTCOMES[:1]))
        assert kept(book) == Result("died", OUTCOMES[:1])
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM outcomes").fetchone() == (1,)


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    broken = (OUTCOMES[0], Outcome("two", "first", 1, 1.0, "passed", None, 0.0))
    with open_gradebook(tmp_path, EXERCISE) as book:
        run = start(book)
        save(book, run, RESULT)
        with pytest.raises(TypeError):
            save(book, run, Result("graded", broken))
        assert kept(book) == RESULT
    with open_gradebook(tmp_path) as book:
        assert kept(book) == RESULT


def test_messages_of_any_kind_and_length(tmp_path):
    told = "\ud83d\0\nline 2" + "x" * 50_000
    outcome = Outcome("one", "first", 1, 0.0, "raised", told, 0.1)
    with open_gradebook(tmp_path, EXERCISE) as book:
        save(book, start(book), Result("graded", (outcome,), (told,)))
        result = kept(book)
    for text in (result.outcomes[0].message, result.trouble[0]):
        assert text.startswith("\\ud83d\\x00\nline 2xxx") and f"{len(told):,}" in text
        assert len(text) < 10_100


def test_the_seed_is_drawn_once_and_kept_secret(tmp_path):
    seeds = []
    for folder in ("a", "b", "a"):
        (tmp_path / folder).mkdir(exist_ok=True)
        with open_gradebook(tmp_path / folder, EXERCISE) as book:
            seeds.append(book.seed)
    assert seeds[0] == seeds[2] != seeds[1]
    assert {len(seed) for seed in seeds} == {32} and int(seeds[0], 16) > 0
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a" / FILE).stat().st_mode) == 0o600


def test_the_seed_can_be_given(tmp_path):
    with open_gradebook(tmp_path, EXERCISE, seed="1f") as book:
        assert book.seed == "1f"
    with open_gradebook(tmp_path, EXERCISE, seed="2f") as book:
        assert book.seed == "1f"


def test_what_a_killed_run_leaves(tmp_path):
    with open_gradebook(tmp_path, EXERCISE) as book:
        run = start(book)
        save(book, run, RESULT)
        copy = tmp_path / "copy"  # the files as they are in mid-run, with the write-ahead log
        copy.mkdir()
        for path in tmp_path.glob(f"{FILE}*"):
            (copy / path.name).write_bytes(path.read_bytes())
    assert (copy / f"{FILE}-wal").stat().st_size > 0
    with open_gradebook(copy, EXERCISE) as book:
        assert kept(book) == RESULT
        assert book.runs()[0].ended is None


def test_an_empty_file_is_a_new_gradebook(tmp_path):
    (tmp_path / FILE).touch()  # what is left if it was cut off at its first moment
    with open_gradebook(tmp_path, EXERCISE) as book:
        assert book.runs() == []


def foreign_database(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE gradebook (exercise, folder, seed)")
        connection.commit()


def cut_off(path):
    whole_gradebook(path)
    path.write_bytes(path.read_bytes()[:6000])


def scribbled(path):
    whole_gradebook(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"x" * (len(content) - 4096)
    path.write_bytes(content)


def of_the_future(path):
    whole_gradebook(path)
    content = bytearray(path.read_bytes())
    content[60:64] = (99).to_bytes(4, "big")
    path.write_bytes(content)


def whole_gradebook(path):
    with open_gradebook(path.parent, EXERCISE) as book:
        save(book, start(book), RESULT)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text("not a database at all" * 100), "not a gradebook"),
        (lambda path: path.write_text("short"), "not a gradebook"),
        (foreign_database, "not a gradebook"),
        (cut_off, "damaged"),
        (scribbled, "damaged"),
        (of_the_future, f"version 99.* {SCHEMA_VERSION}"),
    ],
    ids=["text", "short", "foreign", "cut off", "scribbled", "of the future"],
)
def test_a_file_that_is_no_gradebook_is_left_as_it_is(tmp_path, make, why):
    make(tmp_path / FILE)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(GradebookError, match=why) as caught, open_gradebook(tmp_path, EXERCISE):
        pass
    assert str(tmp_path / FILE) in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {FILE: before}


def test_a_gradebook_of_another_exercise(tmp_path):
    whole_gradebook(tmp_path / FILE)
    other = SimpleNamespace(id="02_mnist", folder="x")
    with pytest.raises(GradebookError) as caught, open_gradebook(tmp_path, other):
        pass
    assert str(caught.value) == (
        f"{tmp_path / FILE} is the gradebook of 01_convolution, not of 02_mnist. "
        "Choose another folder with --out."
    )


def test_no_gradebook_where_one_is_to_be_read(tmp_path):
    with pytest.raises(GradebookError, match="no gradebook"), open_gradebook(tmp_path, new=False):
        pass
    assert list(tmp_path.iterdir()) == []
