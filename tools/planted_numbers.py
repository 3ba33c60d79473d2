"""Plants wrong numbers in the lessons' prose and outputs, and says which share the check notices.

    python -m tools.planted_numbers [02 ...] [-v]      -v names those that pass unnoticed

Each number in the prose gets another last digit, or becomes the next word; each number that a cell
shows gets another last digit. That is done one at a time, and noticed is what `tools.prose_numbers`
says more for. Numbers of sections, years and formulas, which it leaves alone, aren't changed.
"""

import argparse
import re
from dataclasses import replace
from typing import NamedTuple

from tools import prose_numbers
from tools.prose_claims import WORDS, places_of_references
from tools.prose_evidence import DIGITS, value_of
from tools.staleness import chosen, lessons

KINDS = ("results", "small numbers", "words")
SMALL = 13  # a whole number below is in almost any section
NEXT = dict(zip([*WORDS, "twenty"], [*list(WORDS)[1:], "ten"], strict=False))
NEXT |= {"ninety": "eighty", "dozen": "hundred", "half": "a quarter", "twice": "thrice"}
NEXT |= {"quarter": "third", "third": "quarter", "quarters": "thirds", "thirds": "quarters"}
WORD = rf"\b(?:{'|'.join([*WORDS, 'twice', 'half', 'a quarter', 'a third'])})\b"
CHANGED = re.compile(rf"(?<![\w.,])(?:{DIGITS})(?![\w]*[a-z_]\d|[⁻⁰¹²³⁴-⁹])|{WORD}", re.IGNORECASE)
# What isn't changed: headings, formulas, code of several lines, where links lead, list numbers.
ASIDE = re.compile(
    r"^#+ .*$|\$\$.*?\$\$|\$[^$]*\$|^```.*?^```|\]\([^)]*\)|^\s*\d+\. |\[\d\. |\*Read on:.*|"
    r"(?i:lesson|section|exercise|task)s?\s\d+(?:\.\d+)?(?:(?:, | and | to )\d+(?:\.\d+)?)*",
    re.MULTILINE | re.DOTALL,
)


def other_digits(text):
    """A number as written, with another last digit."""
    last = next(place for place in reversed(range(len(text))) if text[place].isdigit())
    digit = {"9": "8", "0": "1"}.get(text[last], str((int(text[last]) + 1) % 10))
    return text[:last] + digit + text[last + 1 :]


def changes(text):
    """The changes that can be made to a text: (start, end, what stands there then)."""
    aside = [found.span() for found in ASIDE.finditer(text)]
    aside += places_of_references(text)
    for found in CHANGED.finditer(text):
        if any(start <= found.start() < end for start, end in aside):
            continue
        word = found[0]
        if word[-1].isdigit():
            yield found.start(), found.end(), other_digits(word)
        else:
            last = word.split()[-1]
            new = NEXT.get(last.lower(), "five")
            new = new.capitalize() if last[0].isupper() else new
            yield found.end() - len(last), found.end(), new


class Planted(NamedTuple):
    """A number that was changed, and whether the check noticed it.

    Attributes:
        section; before, after: how it was written; around: the text or row around it; noticed.
    """

    section: str
    before: str
    after: str
    around: str
    noticed: bool


def in_prose_of(lesson, others, kinds=KINDS, every=1):
    """Change numbers in a lesson's prose, one at a time.

    Args:
        lesson, others: as of `prose_numbers.missing`.
        kinds: of KINDS, which of them.
        every: take each so many'th.
    Returns:
        list of Planted.
    """
    planted, count = [], 0
    for name, section in lesson.sections.items():
        known = prose_numbers.missing(lesson, others, only=name)
        for at, (cell, text) in enumerate(section.texts):
            for start, end, new in changes(text):
                if kind_of(text[start:end]) not in kinds:
                    continue
                count += 1
                if count % every:
                    continue
                changed = replace(section, texts=list(section.texts))
                changed.texts[at] = (cell, text[:start] + new + text[end:])
                around = " ".join(text[max(0, start - 40) : end + 40].split())
                noticed = _noticed(lesson, others, changed, known)
                planted.append(Planted(name, text[start:end], new, around, noticed))
    return planted


def in_outputs_of(lesson, others, every=1):
    """Change numbers that a lesson's cells show and its prose rests on; the rest as `in_prose_of`.

    All that show the same number in a section are changed at once. Prose doesn't rest on it where
    an assert, a sum or the section's code says the same.
    """
    planted, count = [], 0
    for name, section in lesson.sections.items():
        known = prose_numbers.missing(lesson, others, only=name)
        shown = {number.text: number for number in section.found_in if number.kind == "shown"}
        for text, number in shown.items():
            same = [n for n in section.found_in if (n.kind, n.text) == ("shown", text)]
            without = replace(section, found_in=[n for n in section.found_in if n not in same])
            if not _noticed(lesson, others, without, known):
                continue
            count += 1
            if count % every:
                continue
            value = value_of(other_digits(text))[0]
            value *= number.value / value_of(text)[0] if number.value else 1  # per cent
            found_in = [replace(n, value=value) if n in same else n for n in section.found_in]
            noticed = _noticed(lesson, others, replace(section, found_in=found_in), known)
            planted.append(Planted(name, text, other_digits(text), number.row, noticed))
    return planted


def _noticed(lesson, others, section, known):
    """Whether the check says more of a changed section than it did before."""
    changed = replace(lesson, sections=lesson.sections | {section.name: section})
    after = prose_numbers.missing(changed, others, only=section.name)
    said = {(one.text, one.why) for one in known}
    return len(after) > len(known) or any((one.text, one.why) not in said for one in after)


def kind_of(text):
    """What sort of number a changed one is, of KINDS."""
    if not text[-1].isdigit():
        return "words"
    value = value_of(text)[0]
    return "small numbers" if value < SMALL and "." not in text else "results"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02; none: all of them")
    parser.add_argument("-v", "--verbose", action="store_true", help="name what passes unnoticed")
    options = parser.parse_args()
    others = prose_numbers.all_lessons()
    for source in chosen(options.lesson, lessons()):
        lesson = others[str(int(source.stem[:2]))]
        prose, outputs = in_prose_of(lesson, others), in_outputs_of(lesson, others)
        groups = {kind: [one for one in prose if kind_of(one.before) == kind] for kind in KINDS}
        for kind, planted in (groups | {"outputs": outputs}).items():
            noticed = sum(one.noticed for one in planted)
            print(f"{source.stem}: of {len(planted)} {kind}, {noticed} noticed")
            if options.verbose:
                for one in planted:
                    if not one.noticed:
                        print(f"    {one.section}: {one.before} -> {one.after}: {one.around}")


if __name__ == "__main__":
    main()
