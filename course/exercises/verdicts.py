"""How a verdict looks: as HTML in notebooks and on pages of feedback, and as text anywhere else.

Whoever shows what a check found makes a `Row` of it with `verdict`. templates/verdict.html draws
rows; `Row.as_text` writes them for terminals, for nbgrader and for notebooks without HTML. Whatever
a submission said is escaped, and its control characters are written out.
"""

import dataclasses
import functools
import re
import textwrap
from typing import NamedTuple

import numpy as np

from course.exercises import pictures
from course_utils.texts import counted, printable

_FEW = 64  # so many numbers are written out where there are no pictures
_WIDTH = 100  # of text
_TALL = 12  # lines, about, that need a heading at both ends


class Sign(NamedTuple):
    """A mark, its colour, and the kind of verdict, which a style sheet knows it by.

    The colours are seen by about 3 to 1 on white and on the dark grey of any notebook's dark theme.
    """

    mark: str
    colour: str
    kind: str


RIGHT = Sign("✓", "#2e9e4f", "right")
WRONG = Sign("✗", "#e5484d", "wrong")
OPEN = Sign("–", "#888888", "open")
FAULT = Sign("!", "#c08300", "fault")
QUESTION = Sign("?", OPEN.colour, OPEN.kind)

# Status of an Outcome -> sign, word while there is time to go on, word when all is graded.
_STATUS = {
    "passed": (RIGHT, "right", "passed"),
    "wrong": (WRONG, "not yet", "not passed"),
    "not answered": (OPEN, "not answered yet", "not answered"),
    "raised": (WRONG, "stopped by an error", "not passed"),
    "not data": (WRONG, "can't be judged", "not passed"),
    "timed out": (WRONG, "timed out", "not passed"),
    "died": (WRONG, "died", "not passed"),
    "grader error": (FAULT, "the check is faulty, not you", "not graded"),
}


@dataclasses.dataclass
class Row:
    """One check, or one task: a sign, a word, what it is about, and details below.

    Attributes:
        sign: Sign.
        word: str, such as "not yet".
        about: str, what is judged; `code` in backticks, here and in details.
        worth: str, its points.
        details: list of (label, text); the label may be empty.
        more: str, a hint to be opened, or empty.
        pictures, scale: what `pictures.compare` gives.
        numbers: str, what the pictures show, for text.
    """

    sign: Sign
    word: str
    about: str
    worth: str
    details: list = dataclasses.field(default_factory=list)
    more: str = ""
    pictures: list = dataclasses.field(default_factory=list)
    scale: str = ""
    numbers: str = ""

    def as_text(self, indent=0):
        """The row as lines of text.

        Args:
            indent: spaces before each line.
        """
        lines = [f"{self.sign.mark} {self.word}: {self.about} ({self.worth})"]
        lines += [_wrapped(label, text, 4, _WIDTH - indent) for label, text in self.details]
        lines += [textwrap.indent(self.numbers, " " * 4)] if self.numbers else []
        return clean(textwrap.indent("\n".join(lines), " " * indent))


@dataclasses.dataclass
class Page:
    """Rows with a heading above them, and lines below: (label, text), the label in bold.

    JupyterLab scrolls on to the next cell, and with it the heading of a long page out of sight; so
    it `repeats` as the last line of a long one.
    """

    heading: str
    sign: Sign | None = None
    about: str = ""
    rows: list = dataclasses.field(default_factory=list)
    lines: list = dataclasses.field(default_factory=list)
    repeats: bool = False

    @property
    def closing(self):
        """The heading once more, if the page is long enough for that; else empty."""
        height = sum(2 + 2 * len(row.details) + 8 * bool(row.pictures) for row in self.rows)
        return self.heading if self.repeats and height > _TALL else ""

    def as_text(self):
        """The page for a terminal."""
        mark = f"{self.sign.mark} " if self.sign else ""
        lines = [f"{mark}{self.heading}"]
        lines += [f"  {self.about}"] if self.about else []
        lines += [row.as_text(2) for row in self.rows]
        lines += [_wrapped(label, text, 2) for label, text in self.lines]
        lines += [f"{mark}{self.closing}"] if self.closing else []
        return clean("\n".join(lines))

    def as_html(self):
        """The page as HTML, to be put anywhere."""
        return str(verdict_templates().get_template("verdict.html").module.whole(self))


def verdict(check, outcome, *, graded=False):
    """What a check found, to be shown to the one whose work it is.

    Of a hidden check nobody learns what it asks, nor in which way an answer is wrong.

    Args:
        check: Check.
        outcome: its Outcome.
        graded: whether all is handed in and graded. Then the row has what was earned and all hints,
            and of a hidden check no message at all, nor any where the grader itself failed.
    Returns:
        Row.
    """
    status = outcome.status
    sign, word, final = _STATUS[status]
    about = "a hidden check" if check.hidden else check.says
    worth = counted(outcome.points, "point")
    failed = status not in ("passed", "grader error")
    if graded:
        earned = "–" if outcome.earned is None else f"{outcome.earned:g}"
        row = Row(sign, final, about, f"{earned} of {worth}")
        told = failed and not check.hidden
    else:
        row = Row(sign, word, about, worth)
        told = status != "passed" and not (check.hidden and status == "wrong")
    if told:
        row.details.append(("", _sentence(outcome, graded=graded)))
        if status == "wrong" and outcome.expected is not None:
            row.pictures, row.scale = pictures.compare(outcome.got, outcome.expected)
            row.numbers = _numbers(outcome.got, outcome.expected)
    if graded and failed:
        row.details.append(("Hint", check.hint))
        row.more = check.more
    return row


def plain_title(title):
    """A task's heading of Markdown without its formulas' and links' marks.

    Example:
        >>> plain_title("1.2 The *norm* of $x$")
        '1.2 The norm of x'

    """
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("$", "").replace("*", "")


def clean(text):
    """Text of several lines with no control characters in it, which would steer a terminal.

    Example:
        >>> clean("one\\n\\x1b[2Jtwo")
        'one\\n\\\\x1b[2Jtwo'

    """
    return printable(text.replace("\r\n", "\n").replace("\t", "    "), keep="\n")


@functools.cache
def verdict_templates(*packages):
    """jinja2's environment for HTML: it escapes, and has the filter `marked`.

    Args:
        packages: names of packages with a folder templates/, beside this one's.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package) for package in (__package__, *packages)]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = _marked
    return environment


def _marked(text):
    """Escaped, with no control characters; what stands between backticks becomes code."""
    import markupsafe

    escaped = str(markupsafe.escape(clean(text)))
    return markupsafe.Markup(re.sub("`([^`\n]+)`", r"<code>\1</code>", escaped))


def _sentence(outcome, *, graded):
    """What a check says, as a sentence of its own."""
    text = outcome.message.strip()
    if outcome.status == "not answered" and not graded:
        if text.endswith("isn't defined."):
            return f"{text} Run the cell that defines it, then this one."
        return f"{text} Write your code in the cell above, run it, then run this one."
    if outcome.status == "raised":
        where = re.fullmatch(r"(.*) \(in ([^:]+): (.*)\)", text, re.DOTALL)
        if where is None:
            return f"`{ticked(text)}`"
        error, function, line = (ticked(part) for part in where.groups())
        return f"`{error}` in `{function}`, at the line `{line}`"
    if outcome.status == "not data":
        return text if text.startswith("`") else f"Your answer is {text}."
    if outcome.status == "grader error":
        return f"Please report this: {text}"
    if re.match(r"[a-z]+ ", text):  # not where it begins with a name, such as map_size(9, ...)
        return text[0].upper() + text[1:]
    return text


def ticked(text):
    """Text that may have backticks, to stand between two of them."""
    return text.replace("`", "'")


def _numbers(got, expected):
    """Both arrays in figures, if they are small; for where there are no pictures."""
    arrays = {"expected": expected, "yours": got}
    if not all(isinstance(array, np.ndarray) and array.size <= _FEW for array in arrays.values()):
        return ""
    with np.printoptions(precision=3, suppress=True):
        return "\n".join(f"{title}:\n{array}" for title, array in arrays.items())


def _wrapped(label, text, indent, width=_WIDTH):
    space = " " * indent
    text = f"{label}: {text}" if label else text
    return textwrap.fill(text, width, initial_indent=space, subsequent_indent=space)
