"""What can go wrong when a check asks a side (a submission, or the reference) for something."""


class SideError(Exception):
    """A side gave no answer. `status` says of which kind; the text is a sentence."""

    status = "raised"


class NotAnswered(SideError):
    """The function or variable isn't there, or is still as it was handed out."""

    status = "not answered"


class Raised(SideError):
    """The submission's code raised an exception."""

    status = "raised"


class TimedOut(SideError):
    """The call, or the whole submission, took longer than allowed."""

    status = "timed out"


class Died(SideError):
    """The process that ran the submission ended, or broke the rules of the conversation."""

    status = "died"


class NotData(SideError):
    """What came back isn't plain data (see `course.exercises.plain_data`)."""

    status = "not data"
