"""Predictions: a guess is committed, the next cell run, and then its verdict shows.

A lesson keeps what `open_lesson` returns as `predict`: `predict("wrap")` shows a question's field,
`predict.score()` how the reader did. The lesson's source declares the questions, with answers and
mistakes (see docs/CONTRIBUTING.md); guesses are kept in the learner's workspace.
"""

import re

import traitlets

from course.instruments.base import Instrument
from course.workspace import progress, questions


class Prediction(Instrument):
    """A field for a guess at one question; `Predictions` makes it.

    The verdict is computed in the browser. With a kernel it waits until a cell has run after this
    one; where there is none, it comes at once.

    Attributes:
        section: heading of the section that asks it.
        committed: {} or {"guess": ..., "right": bool}, the latest guess.
        due: whether a committed guess is told its verdict.
    """

    module = "prediction"
    packed = traitlets.Unicode().tag(sync=True)
    section = traitlets.Unicode().tag(sync=True)
    committed = traitlets.Dict().tag(sync=True)
    due = traitlets.Bool(False).tag(sync=True)

    def line(self):
        """What stands here where nothing is alive: on paper, on GitHub."""
        question = questions.unpacked(self.packed)
        among = f" ({'; '.join(question['options'])})" if "options" in question else ""
        return f"Write down your guess{among}, then read on."

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super(Instrument, self)._repr_mimebundle_(**kwargs)  # without a picture
        data["text/plain"] = self.line()
        data["text/markdown"] = f"*{self.line()}*"
        return data, metadata


class Predictions:
    """A lesson's questions, and what was guessed; `open_lesson` makes it.

    Args:
        lesson: its id, such as "01_convolution".
    Raises:
        ValueError: there is no such lesson.
    """

    def __init__(self, lesson):
        self.lesson = lesson
        self._questions = questions.of_lesson(lesson).questions
        self._shown = {}  # of each question the latest field
        self._fields = []  # all of them: a cell that was copied has one of its own
        self._asking = False  # whether the cell that runs asks a question, or for the score
        self._section = None

    def __call__(self, name):
        """The field for a question, with what was guessed before.

        Args:
            name: the question's.
        Returns:
            Prediction, to be shown as the last line of a cell.
        Raises:
            ValueError: the lesson has no such question; the message lists those it has.
        """
        if name not in self._questions:
            there = ", ".join(self._questions) or "none"
            raise ValueError(f"{self.lesson} has no question {name!r}; it has {there}")
        asked, before = self._questions[name], self._shown.get(name)
        notes = progress.noted(self.lesson, "prediction")
        made = next((note.last for note in notes if note.item == name), {})
        if made and not questions.fits(questions.unpacked(asked["packed"]), made["guess"]):
            made = {}
        due = before.due if before else bool(made)
        shown = Prediction(**asked, committed=made, due=due)
        shown.observe(
            lambda change: progress.note(self.lesson, "prediction", name, change["new"]),
            "committed",
        )
        self._shown[name] = shown
        self._fields.append(shown)
        self._asking = True
        return shown

    def score(self):
        """How the reader did so far, and which sections to look at again: a Score, to be shown."""
        self._asking = True
        return Score(self.lesson)

    def cell_has_run(self, result):
        """Note the section of a cell that has run; after one that answers, verdicts are due.

        Args:
            result: IPython's ExecutionResult.
        """
        info = result.info
        cell_id = getattr(info, "cell_id", None)  # IPython 7 has none
        section = questions.section_of(self.lesson, info.raw_cell or "", cell_id)
        if section not in (None, self._section):
            self._section = section
            progress.note(self.lesson, "section", section)
        if result.success and not self._asking:
            for shown in self._fields:
                shown.due = True
        self._asking = False


class Score:
    """How the reader predicted in a lesson, as a sentence with links to sections.

    Args:
        lesson: its id.
    """

    def __init__(self, lesson):
        self.score = questions.score(lesson)

    def _sentences(self, link):
        right, made, asked, again = self.score
        if not made:
            return f"You have predicted nothing yet: there are {asked} questions to try."
        untried = f" ({asked - made} not tried)" if made < asked else ""
        first = f"You predicted {right} of {asked} right at the first guess{untried}."
        return first + (f" Look again at {'; '.join(map(link, again))}." if again else "")

    def __repr__(self):
        return self._sentences(str)

    def _repr_markdown_(self):
        return self._sentences(_link)


def _link(heading):
    """A link to a heading of the notebook, as JupyterLab names its place."""
    place = re.sub(r"[`*$]", "", heading).replace(" ", "-")
    return f"[{heading}](<#{place}>)"


def open_lesson(lesson):
    """Open a lesson's questions, and note from now on which of its sections are run.

    Args:
        lesson: its id, such as "01_convolution".
    Returns:
        Predictions: call it with a question's name.
    Raises:
        ValueError: there is no such lesson; the message lists those there are.
    """
    global _open
    from IPython import get_ipython

    fields = _open._fields if _open else []  # on the page, they still wait for their verdict
    _open = Predictions(lesson)
    _open._fields = fields
    _open._asking = True  # the cell that opens a lesson answers nothing
    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _cell_has_run)  # once, however often
    return _open


_open = None


def _cell_has_run(result):
    _open.cell_has_run(result)
