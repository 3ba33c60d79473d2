"""What students hand in: typical mistakes, and right answers in many styles.

Each module is named after its exercise. They were written from the learner's notebook alone,
without a look at the exercise's solutions and mutants, so that they are fair to the diagnosis of
wrong answers: `tests/test_typical_mistakes.py` holds it to naming the mistakes, and only them.
"""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A wrong answer to a task.

    Attributes:
        task: the task's id.
        what: what the person did wrong, in plain words.
        mutant: the name of the exercise's mutant that is this mistake; looked up afterwards.
        code: all of the task's code, as handed in.
    """

    task: str
    what: str
    mutant: str
    code: str


class Answer(NamedTuple):
    """A right answer to a task.

    Attributes:
        task: the task's id.
        code: all of the task's code, as handed in.
    """

    task: str
    code: str
