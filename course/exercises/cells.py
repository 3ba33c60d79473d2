"""Which cells of a notebook stopped with an error: what they should have defined isn't judged.

After such a cell, its functions are still those of the run before.
"""

import ast
import re
import weakref

from course.exercises.reach import names_of

_DEFINES = re.compile(r"(?m)^(?:async +)?(?:def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)")
_watched = weakref.WeakKeyDictionary()  # IPython's shell -> Cells


class Cells:
    """What the latest runs of a notebook's cells failed to define."""

    def __init__(self):
        self._failed = {}  # name -> the error, in a line

    def see(self, result):
        """Take notice of a cell that ran, as IPython tells it.

        Args:
            result: IPython's ExecutionResult.
        """
        code = getattr(result.info, "transformed_cell", None) or result.info.raw_cell or ""
        error = result.error_before_exec or result.error_in_exec
        missed, says = set(), ""
        if error is not None:
            line = _line_of(error)
            missed = _defined(code, line if result.error_in_exec else 0)
            where = f" (line {line})" if line else ""
            says = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}{where}"
        for name in _defined(code) - missed:
            self._failed.pop(name, None)
        self._failed |= dict.fromkeys(missed, " ".join(says.split())[:300])

    def failed(self, names):
        """The first of these names whose cell stopped before it was defined.

        Args:
            names: list of str.
        Returns:
            (name, the error in a line), or None.
        """
        return next(((name, self._failed[name]) for name in names if name in self._failed), None)


def watch():
    """The Cells of the notebook that this runs in, watched from now on; None outside of one."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return None
    if shell not in _watched:
        _watched[shell] = Cells()
        shell.events.register("post_run_cell", _watched[shell].see)
    return _watched[shell]


def _defined(code, line=0):
    """Names that a cell's statements define that end in this line or later."""
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError):
        return {function or variable for function, variable in _DEFINES.findall(code)}
    late = [node for node in statements if node.end_lineno >= line]
    return set().union(*(names_of(ast.unparse(node))[0] for node in late))


def _line_of(error):
    """The line of the cell that an error came from; 0 if it isn't known."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_name.startswith(("<module", "<cell")):
        trace = trace.tb_next
    if trace is None:
        return getattr(error, "lineno", None) or 0  # of what isn't Python
    return trace.tb_lineno
