"""How long a lesson takes to study, by one rule, which docs/learners.md tells its readers.

It is computed from a lesson's source as the lesson is built, and kept in the file of its questions,
from where README, the first page of a workspace and the site take it.
"""

import re

WORDS = 130  # a minute, of text
LINES = 8  # a minute, of code
PREDICT = 1.5  # minutes
EXERCISE = 4  # minutes, for one of those at a lesson's end
EXERCISES = "Exercises"  # their heading
OPTIONAL = "optional"  # the tag of a text cell whose section may be left out
HALF_HOURS = {1: "half an hour", 2: "an hour", 3: "one and a half hours", 4: "two hours"}
HALF_HOURS |= {5: "two and a half hours", 6: "three hours"}

RULE = (
    f"{WORDS} words a minute, {LINES} lines of code a minute, "
    f"{PREDICT} minutes for each *Predict*, and {EXERCISE} for each exercise at the lesson's end"
)


def study_times(notebook):
    """What a lesson takes who reads, predicts and runs it.

    Args:
        notebook: as of `read_lesson`.
    Returns:
        [minutes, minutes of its optional sections and of the exercises at its end].
    Raises:
        ValueError: a cell that is tagged "optional" doesn't begin one section.
    """
    times, optional = [0.0, 0.0], False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if not cell.source.startswith("predict"):
                times[optional] += (
                    len([1 for line in cell.source.splitlines() if line.strip()]) / LINES
                )
            continue
        before, *sections = re.split(r"(?m)^(?=## )", cell.source)
        tagged = OPTIONAL in cell.metadata.get("tags", ())
        if tagged and len(sections) != 1:
            first = cell.source.partition("\n")[0]
            raise ValueError(f'a cell tagged "{OPTIONAL}" has one heading, `## ...`: {first}')
        times[optional] += _of_text(before)
        for section in sections:
            exercises = section.startswith(f"## {EXERCISES}")
            optional = tagged or exercises
            times[optional] += _of_text(section)
            if exercises:
                times[optional] += EXERCISE * len(re.findall(r"(?m)^\d+\. ", section))
    return [round(minutes) for minutes in times]


def _of_text(text):
    asked = text.count("**Predict.**")
    text = re.sub(r"(?s)\$\$.*?\$\$|<[^>]*>|\]\([^)]*\)", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’.,-][^\W_]+)*", text)) / WORDS + PREDICT * asked


def in_words(minutes):
    """How long lessons take, as README and docs/instructors.md say it.

    Args:
        minutes: list of whole numbers, one a lesson, in order.
    Returns:
        str, such as "half an hour for lesson 0, and one to two hours for each of the others".
    """
    first, *others = (max(1, round(each / 30)) for each in minutes)
    low, high = HALF_HOURS[min(others)], HALF_HOURS[max(others)]
    low = {"an hour": "one hour"}.get(low, low)
    each = high if min(others) == max(others) else f"{re.sub(' hours?$', '', low)} to {high}"
    return f"{HALF_HOURS[first]} for lesson 0, and {each} for each of the others"
