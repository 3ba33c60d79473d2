"""Numbers in the lessons' prose, and whether the lesson shows, asserts or is given them.

    python -m tools.prose_numbers [02 ...]      names each number that isn't found, and its sentence

A number is sought in its own section, at the precision that it is written with: in what the stored
notebook shows there; in the section's asserts; in a sum that the sentence works out, 28 × 28 = 784;
and, where it is what the section begins with, in its code (`sigma=2`). *Over*, *nearly*, *about*
and their like are compared as what they claim. A factor (twice, 22 times), a duration or
a size in memory isn't found in a bare number of the code: it is shown, or asserted.
What nothing in the section can show is marked in the head of its text cell, for this check alone:

    # %% [markdown] given="1,797"                   a fact, a quotation: as it stands in the text
    # %% [markdown] given=["half an hour", "97"]    several
    # %% [markdown] nearby="2.2"                    shown in that section; a list: in several

A mark that isn't needed is an error. Years, numbers of sections, and *Read on* need none; nor do
formulas with letters in them. A sentence that names a section or a lesson may have its numbers from
there. The beginning, *Take-aways* and *Exercises* speak of the whole lesson.
"""

import argparse
import itertools
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cache

import jupytext
import nbformat

from tools.prose_claims import EPSILON, claims, sentences, sums, unit_of
from tools.prose_evidence import DIGITS, Number, in_code, in_output, squeezed, value_of
from tools.staleness import NOTEBOOKS, chosen, lessons

SECTION_BEFORE = re.compile(r"(?:\(|\b(?:in|run|see|from|of|and) )$")
WHOLE_LESSON = {"Beginning", "Take-aways", "Exercises", "Where next"}


# ---- a lesson ------------------------------------------------------------------------------------


@dataclass
class Section:
    """A part of a lesson: its texts, and what its numbers may be found in."""

    name: str
    texts: list = field(default_factory=list)  # (number of the cell, its Markdown)
    found_in: list = field(default_factory=list)  # Number
    code: str = ""


@dataclass(frozen=True)
class Missing:
    """A number that wasn't found.

    Attributes:
        section: its name; text: the number as written; sentence; why: in words, or empty.
    """

    section: str
    text: str
    sentence: str
    why: str = ""

    def __str__(self):
        return f"{self.text}{f' ({self.why})' if self.why else ''}: {self.sentence}"


@dataclass
class Lesson:
    """A lesson's sections by name, and its cells' marks by the cells' numbers."""

    sections: dict
    given: dict
    nearby: dict


def read(source, notebook=None):
    """A lesson, ready to be checked.

    Args:
        source: path of its .py file.
        notebook: the stored notebook; None: the one in notebooks/. Outputs are taken of cells that
            are the source's own.
    """
    text = source.read_text(encoding="utf-8")
    for question in _questions():
        text = text.replace(f"| {question} |", "| |")
    cells = jupytext.reads(text, fmt="py:percent").cells
    notebook = notebook or nbformat.read(NOTEBOOKS / f"{source.stem}.ipynb", as_version=4)
    outputs = {c.source: c.outputs for c in notebook.cells if c.cell_type == "code"}
    lesson = Lesson({}, {}, {})
    section = lesson.sections.setdefault("Beginning", Section("Beginning"))
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            for name, into in (("given", lesson.given), ("nearby", lesson.nearby)):
                marks = cell.metadata.get(name, [])
                into[number] = [marks] if isinstance(marks, str) else list(map(str, marks))
            before, *parts = re.split(r"(?m)^## (.+)\n?", cell.source)
            section.texts.append((number, before))
            for heading, text in zip(parts[::2], parts[1::2], strict=True):
                section = lesson.sections.setdefault(_name(heading), Section(_name(heading)))
                section.texts.append((number, text))
        elif not re.match(r"predict\b", cell.source):
            section.code += cell.source + "\n"
            section.found_in += in_code(cell.source)
            for output in outputs.get(cell.source, ()):
                section.found_in += in_output(output, cell.source)
    return lesson


@cache
def _questions():
    """The questions that lessons ask below their titles, as other lessons quote them."""
    texts = [source.read_text(encoding="utf-8") for source in lessons()]
    return [re.search(r"(?m)^# \*\*(.+)\*\*$", text)[1] for text in texts]


def _name(heading):
    numbered = re.match(r"\d+\.\d+", heading)
    return numbered[0] if numbered else heading.strip()


# ---- comparing -----------------------------------------------------------------------------------


def supports(claim, number):
    """Whether a number of the section bears a claim out."""
    result = number.kind in ("shown", "asserted", "worked")
    if claim.kind in ("factor", "measure") and not result:
        return False
    if claim.kind == "share" and not result and (number.kind == "length" or number.value % 1 == 0):
        return False
    if number.kind == "length" and claim.kind not in ("count", "number"):
        return False
    if number.kind == "length" and claim.kind == "number" and number.step:
        return False
    if claim.kind == "factor" and not _is_factor(claim, number):
        return False
    if claim.kind == "share" and abs(claim.value) < 1 <= abs(number.value):
        return False
    if number.high is not None:
        narrow = number.high - number.value <= 0.35 * abs(number.high)
        return narrow and claim.sign in "=~-" and number.value <= claim.value <= number.high
    if number.sign in "<>":
        return claim.sign == number.sign and abs(claim.value - number.value) < EPSILON
    value = number.value
    if claim.value >= 0 and value < 0 and claim.sign == "=":
        value = -value  # −3 with its sign, or as so much less
    if claim.sign == "=":
        if number.kind in ("code", "length"):
            return abs(value - claim.value) <= EPSILON * max(1, abs(value))
        whole = claim.step >= 1 and claim.kind in ("number", "count", "measure")
        if whole and abs(claim.value) < 20 and abs(value - round(value)) > EPSILON:
            return False
        return abs(value - claim.value) <= claim.step / 2 * (1 + EPSILON) + EPSILON
    if claim.sign == "~":
        unit = unit_of(claim.value) / 2
        return abs(value - claim.value) <= min(unit, 0.1 * abs(claim.value)) + EPSILON
    if claim.sign == "-":
        return 0.9 * claim.value <= value <= claim.value + EPSILON
    return _near_bound(claim, value)


def _is_factor(claim, number):
    if number.factor or number.kind == "worked":
        return True
    if number.kind == "asserted":
        return number.sign != "="
    whole = abs(number.value - round(number.value)) < EPSILON
    return number.kind == "shown" and not whole


def _near_bound(claim, value):
    """Whether a value is on the right side of the bound that is claimed, and not far from it."""
    size = abs(claim.value)
    if claim.kind == "share" and 0.5 < size < 1:
        size = 1 - size
    slack = max(0.25 * size, unit_of(claim.value)) + EPSILON
    if claim.high is not None:  # between this and that
        slack = abs(claim.high - claim.value)
    if claim.sign == ">":
        return claim.value - EPSILON <= value <= claim.value + slack
    return claim.value - slack <= value <= claim.value + EPSILON


# ---- the check -----------------------------------------------------------------------------------


def missing(lesson, others=None, only=None):
    """The numbers of a lesson's prose that aren't found.

    Args:
        lesson: as of `read`.
        others: dict from the number of another lesson, "1", to it as of `read`.
        only: check this section alone.
    Returns:
        list of Missing.
    """
    everywhere = [
        number
        for section in lesson.sections.values()
        for number in section.found_in
        if number.kind != "length" or number.value < 13
    ]
    found, used_given, used_nearby = [], set(), set()
    for section in lesson.sections.values():
        if only not in (None, section.name):
            continue
        said = [s for cell, text in section.texts for s in sentences(cell, text)]
        worked = [
            Number(value, step, "worked")
            for sentence in said
            for one in sums(sentence.text)
            if one.right and len(one.values) > 1
            for value, step in one.values
        ]
        worked += [
            Number(value, 0, "length")
            for sentence in said
            for one in sums(sentence.text)
            for value in (one.operands[-1:] if one.products else one.operands)
            if one.right and len(one.values) > 1 or one.products
        ]
        evidence = section.found_in + worked
        for sentence in said:
            near = list(evidence)
            if section.name in WHOLE_LESSON:
                near += everywhere
            named = set(re.findall(r"\bsections? (\d+\.\d+)", sentence.text, re.IGNORECASE))
            for name in named:
                if name in lesson.sections:
                    near += lesson.sections[name].found_in
                elif name.partition(".")[0] not in (others or {}):
                    found.append(Missing(section.name, name, str(sentence), "no such section"))
            for name in re.findall(r"\blesson (\d+)", sentence.text, re.IGNORECASE):
                for other in (others or {}).get(name, Lesson({}, {}, {})).sections.values():
                    near += other.found_in
            for claim, why in _not_found(sentence, near, section):
                if claim.text in lesson.sections and SECTION_BEFORE.search(
                    sentence.text[: claim.start]
                ):
                    continue  # see 1.16
                for place in lesson.nearby.get(sentence.cell, ()):
                    there = lesson.sections.get(place)
                    if there and any(supports(claim, number) for number in there.found_in):
                        used_nearby.add((sentence.cell, place))
                        break
                else:
                    covers = _covered(sentence, claim, lesson.given.get(sentence.cell, ()))
                    if covers is None:
                        found.append(Missing(section.name, claim.text, str(sentence), why))
                    else:
                        used_given.add((sentence.cell, covers))
    if only is None:
        found += _unneeded(lesson, used_given, used_nearby)
    return found


def _unneeded(lesson, used_given, used_nearby):
    cells = {cell: name for name, s in lesson.sections.items() for cell, _ in reversed(s.texts)}
    for kind, marks, used in (
        ("given", lesson.given, used_given),
        ("nearby", lesson.nearby, used_nearby),
    ):
        for cell, texts in marks.items():
            for text in texts:
                if (cell, text) not in used:
                    said = f'marked {kind}="{text}"'
                    yield Missing(cells[cell], text, said, "nothing needs this mark")


def _covered(sentence, claim, given):
    """The mark that a claim is given by, or None."""
    for mark in given:
        for found in re.finditer(rf"(?<![\w.,]){re.escape(mark)}(?![\w]|[.,]\d)", sentence.text):
            if found.start() < claim.end and claim.start < found.end():
                return mark
    return None


def _not_found(sentence, near, section):
    """(claim, why) of the numbers of a sentence that aren't found."""
    numbers, worked = claims(sentence)
    done = []
    for one in worked:
        if len(one.values) > 1:
            done.append(one)
            if not one.right:
                whole = Number(0, 0, "number", text=one.text, start=one.start, end=one.end)
                yield whole, "the sides differ"
        elif one.products:
            if _is_size(one, near):
                done.append(one)
            elif len(set(one.operands[:-1])) > 1:
                done.append(one)
                yield Number(0, 0, "number", text=one.text, start=one.start, end=one.end), ""
        else:
            value = Number(one.values[0][0], 1e-6, "number")
            if any(_same(value, number) for number in near):
                done.append(one)
            elif re.search(r"[+−(]", one.text):
                done.append(one)
                yield Number(0, 0, "number", text=one.text, start=one.start, end=one.end), ""
    rows = _named_rows(sentence.text, near)
    for claim in numbers:
        if any(one.start <= claim.start < one.end for one in done):
            continue
        why = _why_not(claim, near, rows, sentence)
        if why is not None:
            yield claim, why
    if section.name != "Exercises":
        yield from _codes_not_found(sentence, near, section)


def _is_size(size, near):
    """Whether the numbers of a size, 64 × 114, stand side by side: shown, or in a line of code."""
    sought = list(size.operands[:-1])
    lines = itertools.groupby(near, key=lambda number: (number.line, number.kind))
    for (line, _), group in lines:
        values = [number.value for number in group if number.kind != "length"]
        if line and any(values[at : at + len(sought)] == sought for at in range(len(values))):
            return True
    return False


def _same(value, number):
    """Whether what an expression comes to is shown, as precisely as it is, or in the code."""
    if number.sign != "=" or number.high is not None or number.kind == "length":
        return False
    if number.step > 0.011:
        return abs(value.value - number.value) < EPSILON
    return abs(value.value - number.value) <= number.step / 2 + EPSILON


def _why_not(claim, near, rows, sentence):
    """None where a claim is found; else why not, or an empty text."""
    if claim.sign in "<>" and rows:
        told = _rows_say(claim, rows, near, sentence)
        if told is not None:
            return told
    if any(supports(claim, number) for number in near):
        return None
    if claim.kind == "share" and claim.text.endswith(("points", "point")):
        plain = replace(claim, value=claim.value * 100, step=claim.step * 100, kind="count")
        if "." not in claim.text and any(supports(plain, number) for number in near):
            return None
    if sentence.asks and (claim.kind in ("count", "number") or re.search(r" or \w", sentence.text)):
        return None if re.search(r"\bor\b", sentence.text) else ""
    return ""


def _named_rows(text, near):
    """The rows of output whose name is in a sentence: dict from a row's name to its numbers."""
    rows, named = {}, {}
    for number in near:
        if number.kind == "shown" and number.row:
            rows.setdefault(number.row, []).append(number)
    for row in sorted(rows, key=len, reverse=True):  # "average head" before "average"
        pattern = rf"\b{re.escape(row)}\b"
        if re.search(pattern, text, re.IGNORECASE if " " in row else 0):
            named[row] = rows[row]
            text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return named


def _rows_say(claim, rows, near, sentence):
    """What the rows of output that a sentence names say of a bound: "" or None as of `_why_not`.

    Returns:
        None where they say nothing; "so" where all bear it out.
    """
    if claim.kind == "factor":
        told = {row: [n for n in numbers if n.factor] for row, numbers in rows.items()}
        told = {row: numbers for row, numbers in told.items() if numbers}
        if told and not all(any(supports(claim, n) for n in numbers) for numbers in told.values()):
            shown = ", ".join(f"{row}: {numbers[0].text}" for row, numbers in told.items())
            return f"shown: {shown}"
    comparing = re.search(r"\b(?:lower|higher|better|worse|ahead|behind)\b", sentence.text)
    if claim.text.endswith(("point", "points")) and comparing and len(rows) == 1:
        ((row, numbers),) = rows.items()
        first = {}
        for number in near:
            if number.kind == "shown" and number.row and 0 < number.value < 1 and number.step < 0.1:
                first.setdefault(number.row, number)
        if row in first and len(first) > 1:
            away = [
                abs(first[row].value - other.value) for name, other in first.items() if name != row
            ]
            if not _near_bound(claim, max(away)):
                return f"shown: {min(away) * 100:.2f} to {max(away) * 100:.2f} points"
    return None


def _codes_not_found(sentence, near, section):
    """The numbers in pieces of code that the section's code doesn't have."""
    for found in re.finditer(r"\x00(\d+)\x00", sentence.text):
        code = sentence.codes[int(found[1])]
        if re.match(r"[!%]|course |COURSE_|make |conda |pip ", code) or squeezed(code) in squeezed(
            section.code
        ):
            continue
        for number in re.finditer(rf"(?<![\w.])(?:{DIGITS})(?!\w)", code):
            value, step = value_of(number[0])
            claim = Number(value, step, "number", "=", code, start=found.start(), end=found.end())
            if not any(supports(claim, n) for n in near):
                yield claim, "in code that the section doesn't have"
                break


# ---- the command ---------------------------------------------------------------------------------


@cache
def all_lessons():
    """Every lesson as of `read`: dict from its number, "1"."""
    return {str(int(source.stem[:2])): read(source) for source in lessons()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02; none: all of them")
    options = parser.parse_args()
    try:
        sources = chosen(options.lesson, lessons())
    except ValueError as error:
        parser.error(str(error))
    every, total = all_lessons(), 0
    for source in sources:
        found = missing(every[str(int(source.stem[:2]))], every)
        total += len(found)
        print(f"{source.stem}: {len(found)} not found")
        for name, group in itertools.groupby(found, key=lambda one: one.section):
            print(f"  {name}")
            for one in group:
                print(f"    {one}")
    sys.exit(bool(total))


if __name__ == "__main__":
    main()
