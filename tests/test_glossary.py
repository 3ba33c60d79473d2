"""Each term of the glossary is explained, before its first use; and first uses lead to it."""

import re

import nbformat
import pytest

from tools import glossary
from tools.build_lessons import shows_what_was_built, with_new_texts
from tools.build_site import glossary_page, slug
from tools.glossary import Piece, early, explained, pieces_of, terms, uses
from tools.lesson_source import read_lesson
from tools.staleness import NOTEBOOKS, lessons

# Still used before they are explained, by lesson; and explained nowhere, in bold.
EARLY = {"05": {"test set"}, "06": {"occlusion"}}
NOWHERE = {"occlusion", "test set", "transfer learning"}
RUN = "run `make lessons`"


@pytest.mark.parametrize("source", lessons(), ids=lambda source: source.stem)
def test_no_term_is_used_before_it_is_explained(source):
    """Those in the list are known; one that is mended leaves it."""
    found = [one for one in early() if one.lesson == source.stem]
    known = EARLY.get(source.stem[:2], set())
    assert [one for one in found if one.term not in known] == []
    mended = known - {one.term for one in found}
    assert not mended, "take these out of the list"


def test_every_term_is_explained():
    nowhere = {term.name for term in terms()} - set(explained(terms(), glossary.pieces()))
    assert nowhere <= NOWHERE, "bold where they are explained"
    assert not NOWHERE - nowhere, "take these out of the list"


def test_the_page_and_its_notebook_are_fresh():
    assert glossary.refreshed() == glossary.PAGE.read_text(encoding="utf-8"), RUN
    stored = (NOTEBOOKS / glossary.NOTEBOOK).read_text(encoding="utf-8")
    assert nbformat.writes(glossary.notebook()) + "\n" == stored, RUN


def test_its_links_lead_to_sections_that_there_are():
    links = re.findall(r"\]\((\w+)\.ipynb#?([^)]*)\)", glossary.notebook_text())
    assert len(links) == len(terms()) - len(NOWHERE)
    heads = {s.stem: " ".join(c.source for c in read_lesson(s).cells) for s in lessons()}
    for lesson, anchor in links:
        assert not anchor or f"## {anchor.replace('-', ' ')}" in heads[lesson].replace("-", " ")


# ---- a small glossary ----------------------------------------------------------------------------

PAGE = """# Glossary

Words.

## batch
Some examples.

## batch norm
<!-- also: normalised -->
Evens them out.

## ReLU
Keeps what is above 0.

## step
<!-- only: training step -->
One change. ([9.9](../notebooks/09_gone.ipynb))
"""
WORDS = terms(PAGE)


def lesson(folder, *cells, name="01_small"):
    text = "\n\n".join(
        "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in cell.splitlines())
        for cell in cells
    )
    path = folder / f"{name}.py"
    path.write_text(text + "\n", encoding="utf-8")
    return pieces_of(path)


def test_a_page_is_read():
    batch, norm, relu, step = WORDS
    assert batch.sought == batch.bold == ("batch",) and norm.sought == ("batch norm", "normalised")
    assert step.sought == ("training step",) and step.bold == ("step", "training step")
    assert step.text == "One change." and norm.anchor == "batch-norm" and relu.anchor == "ReLU"


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("# G\n\n## b\nOne.\n\n## a\nTwo.\n", "'a', 'b'"),
        ("# G\n\n## a\n\n## b\nTwo.\n", "'a'"),
        ("# G\n\n## a\nOne.\n\nMore.\n", "'a'"),
        ("# G\n\n## a\nOne.\n\n## a\nTwo.\n", "'a'"),
    ],
)
def test_what_is_wrong_with_a_page_is_said(page, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        terms(page)


TEXTS = {
    # what stands before the explanations, and the terms that are used there
    "a plain word": ("A batch of it.", {"batch"}),
    "a plural at the beginning": ("Batches of it.", {"batch"}),
    "the longer term": ("Batch norm of it.", {"batch norm"}),
    "over a line": ("It is batch\nnorm.", {"batch norm"}),
    "another form": ("It is normalised.", {"batch norm"}),
    "a name": ("ReLUs of it.", {"ReLU"}),
    "a name in other letters": ("The relu of it.", set()),
    "an ordinary word": ("Step by step.", set()),
    "what is looked for in its place": ("Two training steps.", {"step"}),
    "part of a word": ("A batched, rebatch and batch_size.", set()),
    "code": ("A `batch` of it, and\n\n```\nbatch\n```\n", set()),
    "a formula": ("$batch$ and $$batch$$.", set()),
    "a heading": ("## 1.2 A batch\n\nOf it.", set()),
    "where a link leads": ("[It](batch.ipynb).", set()),
    "papers": ("*Read on:* A. Uthor, *A batch* (2015).", set()),
    "where next": ("## Where next\n\nA batch.", set()),
    "exercises": ("## Exercises\n\n1. **Batch.** Of it.", {"batch"}),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_counts_as_a_use(tmp_path, case):
    text, used = TEXTS[case]
    explains = "## 1.5 Four\n\nA **batch**, **batch norm**, **ReLUs** and a **step**. A batch."
    texts = lesson(tmp_path, "# 1. A batch\n\nA batch of it.", "## 1.1 One", text, explains)
    assert {one.term for one in early(WORDS, texts)} == used
    assert early(WORDS, lesson(tmp_path, "# 1. Title", explains, text)) == []


def test_a_later_lesson_may_use_what_an_earlier_one_explains(tmp_path):
    first = lesson(tmp_path, "# 1. One", "## 1.1 One\n\nA **batch**.", name="01_one")
    second = lesson(tmp_path, "# 2. Two", "## 2.1 Two\n\nA batch, a ReLU, a ReLU.", name="02_two")
    (found,) = early(WORDS, [*first, *second])
    assert (found.term, found.lesson, found.section) == ("ReLU", "02_two", "2.1 Two")
    assert {one.term for one in early(WORDS, [*second, *first])} == {"batch", "ReLU"}


def test_the_place_is_the_first_bold_one(tmp_path):
    texts = lesson(tmp_path, "# 1. One", "Of it.\n\n## 1.1 One\n\n**batch**\n\n## 1.2 **batch**")
    ((number, _),) = explained(WORDS, texts).values()
    assert texts[number].section == "1.1 One"


def test_uses_come_in_order():
    found = uses("ReLU after a batch norm of a batch.", WORDS)
    assert [term.name for term, _, _ in found] == ["ReLU", "batch norm", "batch"]


# ---- links ---------------------------------------------------------------------------------------


@pytest.fixture
def linked(monkeypatch):
    """The texts of a lesson's cells, with links; lesson 1 explains all but ReLU."""
    known = [Piece("01_one", 1, 0, "1.1 One", "A **batch**, a **batch norm** and a **step**.")]
    monkeypatch.setattr(glossary, "terms", lambda text=None: WORDS)
    monkeypatch.setattr(glossary, "pieces", lambda: tuple(known))

    def texts(*cells, lesson="02_two"):
        made = [nbformat.v4.new_markdown_cell(cell) for cell in ("# 2. A batch", *cells)]
        glossary.link_first_uses(made, lesson)
        return [cell.source for cell in made][1:]

    return texts


def test_the_first_use_in_a_later_lesson_is_a_link(linked):
    texts = linked("## 2.1 A batch\n\nThe **batches** and `batch`, ReLU.", "A batch, batch norm.")
    assert texts == [
        "## 2.1 A batch\n\nThe **[batches](glossary.ipynb#batch)** and `batch`, ReLU.",
        "A batch, [batch norm](glossary.ipynb#batch-norm).",
    ]


def test_none_is_made_where_it_is_explained_or_would_do_harm(linked):
    assert linked("A batch.", lesson="01_one") == ["A batch."]
    for text in ("<details><summary>A batch</summary>Of a batch.</details>", "[a batch](x.ipynb)"):
        assert linked(text) == [text]
    assert linked("## Where next\n\nA batch.") == ["## Where next\n\nA batch."]


def test_links_of_the_lessons_lead_to_terms():
    anchors = {term.anchor for term in terms()}
    links = [
        link
        for source in lessons()
        for cell in read_lesson(source).cells
        for link in re.findall(r"\]\(glossary\.ipynb#([^)]*)\)", cell.source)
    ]
    assert len(links) > 20 and set(links) <= anchors


def test_on_the_site_they_lead_to_its_own_headings():
    assert (
        slug("ReLU") == "relu" and slug("1.2-A-patch-times-a-kernel") == "12-a-patch-times-a-kernel"
    )
    page = glossary_page({"01_convolution": None})
    assert "(01_convolution.ipynb#" in page and "(02_mnist" not in page and "](" in page


def test_where_only_links_have_changed_nothing_is_run_again(tmp_path):
    code = nbformat.v4.new_code_cell("1 + 1", execution_count=3)
    code.outputs = [nbformat.v4.new_output("stream", text="2")]
    stored = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("A batch."), code])
    nbformat.write(stored, tmp_path / "small.ipynb")
    texts = [nbformat.v4.new_markdown_cell("A [batch](glossary.ipynb#batch)."), code]
    fresh = nbformat.v4.new_notebook(cells=texts)
    made = nbformat.reads(with_new_texts(tmp_path / "small.ipynb", fresh, "mark"), as_version=4)
    assert made.cells[0].source == fresh.cells[0].source and made.cells[0].id == fresh.cells[0].id
    assert made.cells[1].outputs == code.outputs and shows_what_was_built(made)
    assert made.metadata["course"]["built_from"] == "mark"
