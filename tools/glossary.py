"""The glossary: where each term is explained, whether before its first use, and links to it.

    python -m tools.glossary       brings the glossary up to date, and names each term that a lesson
                                   uses before it is explained

docs/glossary.md has the terms, in the order of the alphabet, each below a heading with its name. In
the lessons a term is bold where it is explained, at its first mention: that place is found, nowhere
written down. Plurals count as the term; other forms stand in a comment, `<!-- also: dilated -->`.
A word that is an ordinary one as well has in its comment what is looked for in its place:
`<!-- only: training step -->`; bold it may be as it is. Headings, code, formulas, a lesson's first
cell and its *Where next* may use any term; *Take-aways* and *Exercises* explain none.

The build makes a link of a term's first use in each lesson after the one that explains it, and
notebooks/glossary.ipynb of the page, so that the links lead somewhere in a workspace, too.
"""

import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from course_utils.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
LESSONS = ROOT / "lessons"
PAGE = ROOT / "docs" / "glossary.md"
NOTEBOOK = "glossary.ipynb"
FORMS = re.compile(r"<!-- (also|only): (.+?) -->\n")
SECTION = re.compile(r" \(\[[^]]*\]\([^)]*\)\)$")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
# What is no prose: code, formulas, where links lead, titles of lessons, headings, comments.
ASIDE = re.compile(
    r"^```.*?^```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|<code>.*?</code>|<[^>]*>|"
    r"!?\[[^]]*\]\([^)]*\)|^#.*?$|^\|? ?\*Read on:.*?(?:\n\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
DETAILS = re.compile(r"<details>.*?</details>", re.DOTALL)


class Term(NamedTuple):
    """A word of the glossary.

    Attributes:
        name: as in its heading.
        sought: the forms in which it is found in a text; bold: those in which it may be explained.
        text: what it means.
    """

    name: str
    sought: tuple
    bold: tuple
    text: str

    @property
    def anchor(self):
        """Where JupyterLab's links lead to it."""
        return self.name.replace(" ", "-")


class Piece(NamedTuple):
    """A part of a lesson's text cell that lies in one section.

    Attributes:
        lesson: the lesson's id; cell: its number; start: where the part begins in the cell.
        section: the heading, such as "1.2 A patch"; "" before the first one.
        text: Markdown.
    """

    lesson: str
    cell: int
    start: int
    section: str
    text: str


class Early(NamedTuple):
    """A term that is used before it is explained: the first such place in a lesson."""

    term: str
    lesson: str
    section: str
    around: str


@cache
def terms(text=None):
    """The terms of a glossary, in order.

    Args:
        text: of the page; None: of docs/glossary.md.
    Raises:
        ValueError: a term has no text, or they aren't in the order of the alphabet.
    """
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    _, *parts = HEADING.split(text)
    made = []
    for name, below in zip(parts[::2], parts[1::2], strict=True):
        found = FORMS.search(below)
        forms = tuple(found[2].split(", ")) if found else ()
        meaning = SECTION.sub("", FORMS.sub("", below).strip())
        if not meaning or "\n" in meaning:
            raise ValueError(f"{name!r} needs one paragraph that says what it means")
        sought = forms if found and found[1] == "only" else (name, *forms)
        made.append(Term(name, sought, tuple(dict.fromkeys((name, *forms))), meaning))
    names = [term.name for term in made]
    if names != sorted(names, key=str.casefold) or len(set(names)) < len(names):
        raise ValueError(
            f"terms are in the order of the alphabet: {sorted(names, key=str.casefold)}"
        )
    return tuple(made)


def pattern_of(forms):
    """A pattern that finds any of these words, and their plurals; a name such as ReLU as it is."""
    words = []
    for form in sorted(forms, key=len, reverse=True):
        word = re.escape(form).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]+")
        word = word.replace("'", "['’]")
        words.append(word if form != form.lower() else f"(?i:{word})")
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?:e?s)?(?![\w])")


# ---- the lessons' texts --------------------------------------------------------------------------


@cache
def pieces():
    """All texts of the lessons, in order: tuple of Piece."""
    return tuple(
        piece for path in sorted(LESSONS.glob("[0-9][0-9]_*.py")) for piece in pieces_of(path)
    )


def pieces_of(path):
    """The texts of one lesson, section by section; of its last cells, those before *Where next*."""
    import jupytext

    made, section = [], ""
    for number, cell in enumerate(jupytext.read(path, fmt="py:percent").cells):
        if cell.cell_type == "markdown":
            made += _pieces(path.stem, number, cell.source, section)
            section = made[-1].section if made else section
    return [piece for piece in made if not piece.section.startswith("Where next")]


def _pieces(lesson, number, text, section):
    starts = [found.start() for found in HEADING.finditer(text)]
    made = []
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        if found := HEADING.match(text, start):
            section = found[1]
        made.append(Piece(lesson, number, start, section, text[start:end]))
    return made


def _prose(text):
    """A text with spaces in the place of what is no prose, as long as it was."""
    return ASIDE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def explained(all_terms, texts):
    """Where terms are explained.

    Args:
        all_terms: tuple of Term; texts: tuple of Piece.
    Returns:
        dict from a term's name to (number of the Piece, place in it).
    """
    places = {}
    for number, piece in enumerate(texts):
        if piece.section in ("Take-aways", "Exercises"):
            continue
        for found in re.finditer(r"\*\*([^*]+)\*\*", _prose(piece.text)):
            for term in all_terms:
                if term.name not in places and pattern_of(term.bold).fullmatch(found[1].strip(".")):
                    places[term.name] = number, found.start(1)
                    break
    return places


_places = cache(explained)


def early(all_terms=None, texts=None):
    """The terms that are used before they are explained, each once a lesson: list of Early."""
    all_terms = terms() if all_terms is None else all_terms
    texts = pieces() if texts is None else texts
    places, found = explained(all_terms, texts), {}
    for number, piece in enumerate(texts):
        if piece.cell == 0:
            continue
        for term, start, end in uses(piece.text, all_terms):
            if (number, start) < places.get(term.name, (len(texts), 0)):
                around = " ".join(piece.text[max(0, start - 40) : end + 40].split())
                one = Early(term.name, piece.lesson, piece.section, around)
                found.setdefault((piece.lesson, term.name), one)
    return list(found.values())


def uses(text, all_terms):
    """The terms in a text's prose: list of (Term, start, end), in order; the longest of a place."""
    prose, found = _prose(text), []
    for term, pattern in _patterns(all_terms):
        for match in pattern.finditer(prose):
            found.append((match.start(), -match.end(), term))
            prose = prose[: match.start()] + "\N{MIDDLE DOT}" * len(match[0]) + prose[match.end() :]
    return [(term, start, -end) for start, end, term in sorted(found, key=lambda one: one[:2])]


@cache
def _patterns(all_terms):
    """(term, pattern of one form), longer forms first: "batch norm" is no batch."""
    forms = [(form, term) for term in all_terms for form in term.sought]
    forms.sort(key=lambda one: len(one[0]), reverse=True)
    return [(term, pattern_of([form])) for form, term in forms]


# ---- links ---------------------------------------------------------------------------------------


def link_first_uses(cells, lesson):
    """Make links to the glossary of the first uses in a lesson of what earlier ones explain.

    Args:
        cells: of its notebook; text cells are changed in place.
        lesson: its id.
    """
    places = _places(terms(), pieces())
    later = {name for name, (number, _) in places.items() if pieces()[number].lesson < lesson}
    section = ""
    for number, cell in enumerate(cells):
        if cell.cell_type != "markdown":
            continue
        parts = []
        for piece in _pieces(lesson, number, cell.source, section):
            section, text = piece.section, piece.text
            if number and not section.startswith("Where next"):
                text = _linked(text, later)
            parts.append(text)
        cell.source = "".join(parts)


def _linked(text, names):
    """A text with links at the first uses of these terms, which are taken out of `names`."""
    details = [found.span() for found in DETAILS.finditer(text)]
    made, done = "", 0
    for term, start, end in uses(text, terms()):
        inside = any(first <= start < last for first, last in details)
        if term.name in names and not inside:
            names.discard(term.name)
            made += f"{text[done:start]}[{text[start:end]}]({NOTEBOOK}#{term.anchor})"
            done = end
    return made + text[done:]


# ---- the page ------------------------------------------------------------------------------------


def refreshed(text=None):
    """docs/glossary.md with each term's link to the section that explains it."""
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    places = _places(terms(text), pieces())
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    made = [head]
    for term, part in zip(terms(text), parts, strict=True):
        body = SECTION.sub("", part.rstrip("\n"))
        if term.name in places:
            piece = pieces()[places[term.name][0]]
            number = _place(piece).partition(" ")[0] if piece.section else _place(piece)
            body += f" ([{number}](../notebooks/{piece.lesson}.ipynb))"
        made.append(body + "\n\n")
    return "".join(made).rstrip("\n") + "\n"


def _place(piece):
    """A section as links to it say it; a lesson's first cell is in none."""
    return piece.section or f"lesson {int(piece.lesson[:2])}"


def notebook():
    """The page as a notebook, a cell for each term; its links lead to the lessons' sections."""
    import nbformat

    from tools.lesson_source import KERNEL, with_ids

    cells = [nbformat.v4.new_markdown_cell(text) for text in _notebook_texts()]
    return with_ids(nbformat.v4.new_notebook(cells=cells, metadata=dict(KERNEL)))


def notebook_text():
    """All that the notebook says, as one text."""
    return "\n\n".join(_notebook_texts()) + "\n"


def _notebook_texts():
    places = _places(terms(), pieces())
    texts = [PAGE.read_text(encoding="utf-8").partition("\n## ")[0].strip()]
    for term in terms():
        body = f"## {term.name}\n\n{term.text}"
        if term.name in places:
            piece = pieces()[places[term.name][0]]
            anchor = f"#{piece.section.replace(' ', '-')}" if piece.section else ""
            anchor = re.sub(r"[*`]", "", anchor)
            body += f" ([{_place(piece)}]({piece.lesson}.ipynb{anchor}))"
        texts.append(body)
    return texts


def write(folder):
    """Bring docs/glossary.md and its notebook up to date; True where something changed.

    Args:
        folder: of the notebooks.
    """
    import nbformat

    page, path = refreshed(), folder / NOTEBOOK
    changed = page != PAGE.read_text(encoding="utf-8")
    if changed:
        write_whole(PAGE, page)
    made = nbformat.writes(notebook()) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != made:
        write_whole(path, made)
        changed = True
    return changed


def main():
    if write(ROOT / "notebooks"):
        print("docs/glossary.md and notebooks/glossary.ipynb: brought up to date")
    places = explained(terms(), pieces())
    nowhere = [term.name for term in terms() if term.name not in places]
    if nowhere:
        print(f"explained in no lesson, in bold: {', '.join(nowhere)}")
    found = early()
    for one in found:
        print(f"{one.lesson}, {one.section or 'Beginning'}: {one.term}: ... {one.around} ...")
    sys.exit(bool(found or nowhere))


if __name__ == "__main__":
    main()
