"""Hostile submissions to tests/small_exercise, and the checks that each deserves to pass.

Cells that are an `Attack` do the harm, and leave a canary: a text that the test must hear. It hears
each check's outcome ("any_width died: ..."), the grader's trouble ("cell 2: ...") and the
submission's variable `canary`, set where an attack succeeded or was stopped.

Where a submission tries to reach something, it notes what it reached in `leaks`, and answers one
task rightly only if that stayed empty: so full marks mean that every attempt failed. Words in @@
are replaced by what the test lays out: a secret file, a port that somebody listens to, and so on.
"""

import dataclasses

FRAME = {"zeros_all_around", "any_width"}
BRIGHT = {"counts_levels", "finds_the_pixel", "negative_values"}
ALL = FRAME | BRIGHT
NONE = set()

# For what takes its time on a slow machine, what has to be stopped by its memory, and what has to
# be stopped by a limit of time: of what computes, and of what waits, which may do so for longer.
PATIENT = {"cell_seconds": 10, "call_seconds": 10, "submission_seconds": 30}
SMALL = {**PATIENT, "memory_mb": 200}
QUICK = {"cell_seconds": 0.2, "call_seconds": 0.2}
WAITING = {"call_seconds": 0.1}

SETUP = """
import numpy as np
from course.exercises import open_exercise
check = open_exercise("tests/small_exercise")
"""
ADD_FRAME = """
def add_frame(image, width):
    return np.pad(image, width)
"""
BRIGHTEST = """
levels = 256

def brightest(image):
    row, column = np.unravel_index(image.argmax(), image.shape)
    return int(row), int(column)
"""
WRONG = """
def add_frame(image, width):
    return image
levels = 255
def brightest(image):
    return 0, 0
"""
ATTEMPT = """
import ctypes, errno, os, sys
leaks, canary = [], {}
libc = ctypes.CDLL(None, use_errno=True)

def attempt(what, action):
    try:
        reached = action()
    except OSError as error:
        canary[what] = errno.errorcode.get(error.errno, type(error).__name__)
    except BaseException as error:
        canary[what] = type(error).__name__
    else:
        canary[what] = "nothing"
        if reached is not None and reached is not False:
            canary[what] = "reached"
            leaks.append(f"{what}: {str(reached)[:100]}")

def system_call(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
    return result
"""
JUDGED = """
levels = 256 if not leaks else leaks
"""
# What a submission can write in the place of the worker.
FORGE = """
import sys
from course.exercises import encode
from course.grader import wire

def asked():  # the number of the request that is being answered
    frame = sys._getframe()
    while "request" not in frame.f_locals: frame = frame.f_back
    return frame.f_locals["request"]["id"]

def reply(number, **fields):
    wire.write(4, encode({"id": number, **fields}))
"""


class Attack(str):
    """A cell that does the harm; without it, the submission is harmless."""


@dataclasses.dataclass(frozen=True)
class Submission:
    """What is handed in, which checks it deserves to pass, and with which status it is graded.

    `canary` is what the test must hear, a tuple of texts: it is there only if the attacks ran.
    """

    name: str
    cells: list
    passes: set
    status: str = "graded"
    canary: tuple = ()
    limits: dict = dataclasses.field(default_factory=dict)  # in place of the exercise's own


def attempts(name, code, *canary):
    """A right submission that tries things beforehand, and fails a task if any of them works.

    The canary says of each attempt what stopped it.
    """
    cells = [SETUP, ADD_FRAME, BRIGHTEST, ATTEMPT, Attack(code), JUDGED]
    return Submission(name, cells, ALL, canary=canary, limits=PATIENT)


def in_first_task(name, body, status, *canary, before="", limits=None):
    """The first task's function does something bad; the other task is right."""
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    function = Attack(f"{before}\ndef add_frame(image, width):\n{lines}\n")
    canary = canary or (f"zeros_all_around {status}: `add_frame`",)
    if limits is None:
        limits = QUICK if status == "timed out" else {}
    return Submission(name, [SETUP, function, BRIGHTEST], BRIGHT, status, canary, limits)


def before_wrong_answers(name, code, *canary, status="graded"):
    """All answers are wrong; the attack is to make them count as right."""
    return Submission(name, [SETUP, Attack(code), WRONG], NONE, status, canary)


def after_right_answers(name, code, *canary, status="graded"):
    """All answers are right; the last cell harms others, or itself."""
    return Submission(name, [SETUP, ADD_FRAME, BRIGHTEST, Attack(code)], ALL, status, canary)


def raw_frame(name, code, sent, limits=None):
    """The first task answers with bytes of its own; `code` makes them: `data`."""
    body = f"""
import json, os, time
number = asked()
{code.strip()}
data = memoryview(data)
try:
    while data: data = data[os.write(4, data):]
except OSError:
    pass
time.sleep(20)
"""
    canary = f"zeros_all_around died: `add_frame`: {sent}"
    return in_first_task(name, body, "died", canary, before=FORGE, limits=limits)


def header(tree, arrays="'[]'", size="0"):
    """Code for a frame with this JSON for its value and arrays, and zeros for the arrays' bytes."""
    return f"""
head = ('{{"value": ' + {tree} + ', "arrays": ' + {arrays} + '}}').encode()
data = len(head).to_bytes(4, "big") + head + bytes({size})
data = len(data).to_bytes(8, "big") + data
"""


CONTROLS = [
    Submission("right", [SETUP, ADD_FRAME, BRIGHTEST], ALL),
    Submission("wrong", [SETUP, WRONG], NONE),
    Submission(
        "partly_right",
        [SETUP, "def add_frame(image, width):\n    return np.pad(image, 1)", BRIGHTEST],
        ALL - {"any_width"},
    ),
    Submission("empty", [], NONE),
    # For whoever looks at the clock alone, this is a machine that others keep busy.
    Submission(
        "gets_little_processor_time",
        [
            SETUP,
            "import time" + ADD_FRAME.replace("return", "time.sleep(0.5)\n    return"),
            BRIGHTEST,
        ],
        ALL,
        limits={"call_seconds": 0.3},
    ),
]

TALKING_ROUND = [
    Submission(
        "edited_test_cells",
        [
            SETUP,
            WRONG,
            Attack("check = lambda *_: 'full marks'"),
            Attack("assert True\ncanary = check('add_frame')"),
        ],
        NONE,
        canary=("canary: full marks",),
    ),
    before_wrong_answers(
        "patched_numpy",
        """
import numpy.testing
for place in (np, np.testing):
    for name in ("allclose", "array_equal", "isclose", "assert_allclose", "assert_array_equal",
                 "abs", "asarray", "isfinite"):
        setattr(place, name, lambda *_, **__: True)
canary = f"1 is 2: {np.allclose(1, 2)}, {np.testing.assert_array_equal(1, 2)}"
""",
        "canary: 1 is 2: True, True",
    ),
    Submission(
        "equal_to_everything",
        [
            SETUP,
            Attack("""
class Anything:
    shape, dtype, ndim, size = (5, 7), np.dtype("float64"), 2, 35
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __eq__
    def __sub__(self, other): return 0
    __rsub__ = __abs__ = lambda *_: 0
    def __bool__(self): return True
    def __hash__(self): return 1
    def __getattr__(self, name): return self
levels = Anything()
def add_frame(image, width): return Anything()
def brightest(image): return Anything()
"""),
        ],
        NONE,
        canary=tuple(f"{check} not data: a Anything" for check in sorted(ALL)),
    ),
    Submission(
        "subclass_of_ndarray",
        [
            SETUP,
            Attack("""
class Sneaky(np.ndarray):
    def __eq__(self, other): return np.True_
    def __sub__(self, other): return np.zeros(1)
    __rsub__ = __sub__
    def __array__(self, *_, **__): return np.zeros((5, 7))
    def __array_ufunc__(self, *_, **__): return np.True_
    def __array_function__(self, *_, **__): return True
class Number(int):
    def __eq__(self, other): return True
    def __hash__(self): return 256
levels = Number(3)
def add_frame(image, width):
    height, length = image.shape
    return np.zeros((height + 2 * width, length + 2 * width)).view(Sneaky)
def brightest(image): return Number(0), Number(0)
canary = f"equal: {levels == 256}, {np.allclose(add_frame(np.ones((2, 2)), 1), 5)}"
"""),
        ],
        NONE,
        canary=("canary: equal: True, True",),
    ),
    Submission(
        "converts_as_it_likes",
        [
            SETUP,
            Attack("""
canary = []
class Tensor:
    shape = (5, 7)
    def __array__(self, *_, **__):
        import sys
        frame = sys._getframe()
        while frame is not None:
            canary.append(frame.f_code.co_name)
            for value in frame.f_locals.values():
                if isinstance(value, np.ndarray): return value
            frame = frame.f_back
        return np.zeros((5, 7))
Tensor.__module__ = "tensorflow.made_up"
def add_frame(image, width): return Tensor()
"""),
            BRIGHTEST,
        ],
        BRIGHT,
        canary=("'__array__'", "'serve'"),  # it saw all frames, from its own to the worker's first
    ),
    Submission(
        "strips_asserts",
        [
            SETUP,
            Attack("""
import ast, builtins, contextlib
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return None
    def visit_Raise(self, node): return ast.copy_location(ast.Pass(), node)
shell = get_ipython()
with contextlib.suppress(AttributeError): shell.ast_transformers.append(Strip())
with contextlib.suppress(AttributeError): shell.input_transformers_cleanup.append(lambda lines: [])
real = compile
def strip(source, label, kind, *flags, **options):
    tree = real(source, label, kind, ast.PyCF_ONLY_AST)
    return real(ast.fix_missing_locations(Strip().visit(tree)), label, kind, *flags, **options)
builtins.compile = strip
"""),
            Attack("assert False\nraise ValueError\ncanary = 'asserts are gone'"),
            WRONG,
        ],
        NONE,
        canary=("canary: asserts are gone",),
    ),
    before_wrong_answers(
        "patches_the_checker",
        """
import sys
import course.exercises as checker
import course.exercises.checks, course.exercises.runner
for place in (checker, checker.checks, checker.runner):
    for name in ("same", "equal", "run_check"):
        setattr(place, name, lambda *_, **__: None)
    place.Wrong = type("Never", (Exception,), {})
canary = f"1 is 2: {checker.same(1, 2)}, {checker.checks.equal(1, 2)}"
for name in list(sys.modules):
    if name.startswith(("course", "numpy.testing")):
        sys.modules[name] = None
""",
        "canary: 1 is 2: None, None",
    ),
    before_wrong_answers(
        "patches_the_worker",
        """
from course.exercises import decode, encode
from course.grader import wire
real = wire.write
def write(descriptor, data):
    real(descriptor, encode({"id": decode(data)["id"], "ok": "what you like"}))
wire.write = write
""",
        "counts_levels wrong: `levels` is the text 'what you like'",
    ),
    before_wrong_answers(
        "claims_to_have_passed",
        """
from course.grader import worker
real = worker.encode
def encode(reply):
    return real({"id": reply["id"], "status": "passed", "message": "full marks"})
worker.encode = encode
""",
        "zeros_all_around raised: full marks",
    ),
    Submission(
        "raises_the_graders_errors",
        [
            SETUP,
            Attack("""
from course.exercises import TimedOut, Wrong
class Passed(TimedOut):
    status = "passed"
def add_frame(image, width): raise Passed("full marks")
def brightest(image): raise Wrong("grader error")
"""),
        ],
        NONE,
        canary=(
            "zeros_all_around raised: full marks",
            "finds_the_pixel raised: Wrong: grader error",
        ),
    ),
    Submission(
        "table_of_public_answers",  # a test sees that they are right
        [
            SETUP,
            Attack("""
import zlib
def draw(name): return np.random.default_rng([1, zlib.crc32(name.encode())])
def frames():
    yield draw("zeros_all_around").uniform(0.5, 1, (3, 5)), 1
    rng = draw("any_width")
    yield rng.uniform(0.5, 1, (4, 6)), int(rng.integers(2, 5))
table = {(image.tobytes(), width): np.pad(image, width) for image, width in frames()}
def add_frame(image, width):
    return table.get((image.tobytes(), width), np.zeros(3))
canary = f"{len(table)} answers"
"""),
            BRIGHTEST,
        ],
        BRIGHT,
        canary=("canary: 2 answers",),
    ),
    Submission(
        "duplicated_answer_cell",
        [
            SETUP,
            WRONG,
            Attack(ADD_FRAME),
            Attack(BRIGHTEST),
            Attack(
                ADD_FRAME
                + "canary = f'{levels} levels, frame {add_frame(np.ones((1, 1)), 1).shape}'"
            ),
        ],
        ALL,
        canary=("canary: 256 levels, frame (3, 3)",),
    ),
    Submission(
        "last_answer_wrong",
        [SETUP, ADD_FRAME, BRIGHTEST, Attack(WRONG)],
        NONE,
        canary=("counts_levels wrong: `levels` is 255",),
    ),
    Submission(
        "changes_its_arguments",
        [
            SETUP,
            Attack("""
canary = []
def add_frame(image, width):
    image[:] = 0
    canary.append(f"sum {image.sum()}")
    return np.zeros((image.shape[0] + 2 * width, image.shape[1] + 2 * width))
"""),
            BRIGHTEST,
        ],
        BRIGHT,
        canary=("canary: ['sum 0.0']",),
    ),
    after_right_answers(  # right, with the fourth cell left out
        "patched_builtins",
        """
import builtins, json, struct
for name in ("isinstance", "len", "type", "print", "sorted", "repr", "open"):
    setattr(builtins, name, lambda *_, **__: 256)
json.dumps = lambda *_, **__: '{"value": 256, "arrays": []}'
struct.pack = lambda *_: b""
""",
        "cell 4: its process ended",
        status="died",
    ),
]

LOOPS_AND_DEATHS = [
    in_first_task("endless_loop", "while True:\n    pass", "timed out"),
    in_first_task("endless_loop_in_c", "return sum(iter(int, 1))", "timed out"),
    Submission(
        "endless_loop_in_a_cell",
        [SETUP, Attack(ADD_FRAME + "while True:\n    pass"), BRIGHTEST],
        ALL,  # as in a notebook, what the cell has defined before it hung is there
        "timed out",
        ("cell 2: it took longer",),
        QUICK,
    ),
    in_first_task(
        "ignores_signals",
        "while True:\n    pass",
        "timed out",
        "zeros_all_around timed out: `add_frame`",
        "canary: [15, True]",
        before="""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
blocked = signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)) or signal.pthread_sigmask(
    signal.SIG_BLOCK, [])
canary = [int(signal.SIGTERM in blocked) * 15, signal.getsignal(15) == signal.SIG_IGN]
""",
    ),
    in_first_task("leaves", "import os\nos._exit(0)", "died"),
    Submission(
        "leaves_in_a_cell",
        [SETUP, Attack(ADD_FRAME + "import os\nos._exit(0)"), BRIGHTEST],
        ALL,
        "died",
        ("cell 2: its process ended",),
    ),
    in_first_task("crashes", "import ctypes\nctypes.string_at(0)", "died"),
    in_first_task(
        "kills_itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos.abort()\nreturn image",
        "died",
    ),
    # It can't stop itself, being the first process of its namespace, but wait it can.
    in_first_task(
        "stops_itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nsignal.pause()",
        "timed out",
        limits=WAITING,
    ),
    in_first_task("becomes_another", "import os\nos.execv('/bin/sleep', ['sleep', '30'])", "died"),
    in_first_task("closes_its_channel", "import os\nos.closerange(0, 64)\nreturn 1", "died"),
    in_first_task(
        "raises_system_exit",
        "import sys\nsys.exit('full marks')",
        "graded",
        "zeros_all_around raised: SystemExit: full marks",
    ),
    Submission(
        "exits_in_a_cell",
        [SETUP, Attack("exit()"), Attack("import sys; sys.exit(0)"), ADD_FRAME, BRIGHTEST],
        ALL,
        canary=("cell 2: SystemExit", "cell 3: SystemExit"),
    ),
    Submission(
        "syntax_error",
        [SETUP, Attack("def add_frame(:\n  ???"), Attack("1 +"), BRIGHTEST],
        BRIGHT,
        canary=("cell 2: SyntaxError", "cell 3: SyntaxError"),
    ),
    after_right_answers("half_a_letter", "x = '\ud800'", "cell 4: UnicodeEncodeError"),
    after_right_answers("null_in_the_code", "x = 1\0", "cell 4: SyntaxError"),
    after_right_answers("deep_code", "x = " + "(" * 5000, "cell 4: SyntaxError"),
    after_right_answers("asks_for_input", "canary = f'typed {input()!r}'", "canary: typed ''"),
    in_first_task(
        "recursion",
        "return add_frame(image, width)",
        "graded",
        "zeros_all_around raised: RecursionError",
    ),
    in_first_task(
        "recursion_without_limit",
        """
import sys
sys.setrecursionlimit(10**9)
class Deep:
    def __repr__(self): return repr(self)
return repr(Deep())
""",
        "died",
    ),
    in_first_task(
        "error_that_cannot_be_told",
        "raise Mute()",
        "graded",
        "zeros_all_around raised: an exception",
        before="""
class Mute(Exception):
    def __str__(self): raise Mute()
    __repr__ = __str__
""",
    ),
    in_first_task(
        "error_with_odd_letters",
        "raise ValueError('\\x00\\ud800\\x1b[2J\\r\\n=cmd|calc!A0,\"<script>\\u202e' * 1000)",
        "graded",
        '=cmd|calc!A0,"<script>',
    ),
    after_right_answers(
        "sleeps_at_exit",
        """
import atexit, time, threading
atexit.register(time.sleep, 60)
class Slow:
    def __del__(self): time.sleep(60)
slow = Slow()
threading.Thread(target=time.sleep, args=(60,)).start()
canary = f"{atexit._ncallbacks() > 0} {threading.active_count()} {hasattr(slow, '__del__')}"
""",
        "canary: True 2 True",
    ),
    after_right_answers(
        "threads_left_running",
        """
import threading, time
canary = {"rounds": "none"}
def spin():
    for number in range(10**9):
        canary["rounds"] = "some" if number else "first"
        time.sleep(0.001)
for _ in range(20): threading.Thread(target=spin).start()
time.sleep(0.01)
canary["threads"] = threading.active_count()
""",
        "rounds: some",
        "threads: 21",
    ),
    after_right_answers(
        "noise",
        """
import os, sys, warnings
print("E" * 10**6); print("error" * 10**5, file=sys.stderr)
warnings.warn("noise")
canary = os.write(1, b"x" * 10**5), os.write(2, b"x" * 10**5)
""",
        "canary: (100000, 100000)",
    ),
    Submission(
        "magics_and_shell",
        [
            "%matplotlib inline\n%load_ext autoreload\n" + SETUP,
            Attack("!touch @MARK@\nfiles = !ls\n%cd /\n%env"),
            Attack("%%bash\ntouch @MARK@"),
            Attack("%%time\n" + ADD_FRAME),
            Attack("%time levels = 256\n" + BRIGHTEST.replace("levels = 256\n", "")),
            Attack(
                "get_ipython().system('touch @MARK@')\ndisplay(levels)\nadd_frame?\n"
                "canary = f'the shell says {files}'"
            ),
        ],
        ALL,
        canary=("canary: the shell says []",),
    ),
]

ODD_ANSWERS = [
    in_first_task(
        "pickles",
        "return np.array([Evil()], dtype=object)",
        "graded",
        "zeros_all_around not data: an array of type object",
        before="""
import os
class Evil:
    def __reduce__(self): return os.system, ("touch @MARK@",)
""",
    ),
    in_first_task(
        "endless_iterator",
        "import itertools\nreturn itertools.count()",
        "graded",
        "zeros_all_around not data: a count",
    ),
    in_first_task(
        "generator",
        "return (i for i in iter(int, 1))",
        "graded",
        "zeros_all_around not data: a generator",
    ),
    in_first_task(
        "endless_dict",
        "return Endless()",
        "timed out",
        before="class Endless(dict):\n    def items(self):\n        while True: pass",
    ),
    in_first_task(
        "huge_number", "return 10**100000", "graded", "zeros_all_around not data: a value that"
    ),
    in_first_task(
        "huge_text",
        "return 'x' * 67_200_000",
        "graded",
        "zeros_all_around not data: 67 MB",
        limits=PATIENT,
    ),
    in_first_task(
        "huge_array",
        "return np.zeros((3000, 3000))",
        "graded",
        "zeros_all_around not data: 72 MB",
    ),
    in_first_task(
        "deep_list",
        "nest = []\nfor _ in range(10**5): nest = [nest]\nreturn nest",
        "graded",
        "zeros_all_around not data: nested",
    ),
    in_first_task(
        "holds_itself",
        "nest = []\nnest.append(nest)\nreturn nest",
        "graded",
        "zeros_all_around not data: nested",
    ),
    in_first_task(
        "list_of_odd_things",
        "return [object(), add_frame, np, {1: {2}}]",
        "graded",
        "zeros_all_around not data: a object",
    ),
    in_first_task(
        "nan_and_inf",
        "return np.pad(image, width, constant_values=np.nan)",
        "graded",
        "zeros_all_around wrong: the result holds NaN",
    ),
    in_first_task(
        "ragged_list",
        "return [[1], [1, 2]]",
        "graded",
        "zeros_all_around wrong: the result is a list of 2",
    ),
    in_first_task(
        "few_texts_among_many",  # an array of them has room for the longest at each place
        "return ['x' * 20_000_000] + ['a'] * 99",
        "graded",
        "zeros_all_around wrong: the result is a list of 100",
        limits=PATIENT,
    ),
    in_first_task(
        "large_array_in_a_list",
        "return [np.zeros(60_000_000, bool)]",
        "graded",
        "zeros_all_around wrong: the result has shape (1, 60000000)",
        limits=PATIENT,
    ),
    Submission(
        "lists_without_end",  # of which each number would become an object
        [
            SETUP,
            ADD_FRAME,
            "levels = 256",
            Attack("def brightest(image): return [np.zeros((10, 100_000), bool)] * 50"),
        ],
        FRAME | {"counts_levels"},
        canary=("finds_the_pixel wrong: the result is a list of 50",),
        limits=PATIENT,
    ),
    Submission(
        "text_in_an_array_of_arrays",
        [
            SETUP,
            ADD_FRAME,
            "levels = 256",
            Attack("def brightest(image): return {k: ['x' * 100_000] * 10 for k in range(20)}"),
        ],
        FRAME | {"counts_levels"},
        canary=("finds_the_pixel wrong: the result is a dict of 20",),
        limits=PATIENT,
    ),
    in_first_task(
        "no_dimensions",
        "return np.zeros((10**15, 0))",
        "graded",
        "zeros_all_around wrong: the result has shape (1000000000000000, 0)",
    ),
]

FORGED = [
    Submission(
        "forged_frames_from_a_thread",
        [
            SETUP,
            ADD_FRAME,
            Attack("""
import threading, os
def flood():
    while True: os.write(4, (8).to_bytes(8, "big") + b"\\0\\0\\0\\4null")
threading.Thread(target=flood).start()
flood()
"""),
            BRIGHTEST,
        ],
        ALL,
        "died",
        ("cell 3: it sent bytes",),
    ),
    in_first_task(
        "answers_twice",
        "reply(asked(), ok=np.zeros((5, 7)))\nreturn image",
        "died",
        "zeros_all_around wrong: the result has the right shape",
        "hidden checks: `brightest`: it sent something that isn't a reply to what it was asked",
        before=FORGE,
    ),
    before_wrong_answers(
        "answers_ahead",
        FORGE + "for number in range(asked(), 60): reply(number, ok='ahead')",
        "counts_levels wrong: `levels` is the text 'ahead'",
        "canary: ahead",
    ),
    before_wrong_answers(
        "answers_out_of_turn",
        FORGE + "for number in range(asked() + 1, 60): reply(number, ok=True)",
        "cell 2: it sent something that isn't a reply",
        status="died",
    ),
    in_first_task(
        "accents_without_end",  # which take a judge minutes to put in their order
        """
import os
reply(asked(), status="raised", message="e" + "\\u0301\\u0323" * 200_000)
os._exit(0)
""",
        "died",
        "zeros_all_around raised: \u1eb9",  # composed
        before=FORGE,
    ),
    raw_frame(
        "oversized_frame",
        "data = (2**62).to_bytes(8, 'big') + b'x' * 1000",
        f"it sent a frame of {2**62:,} bytes",
    ),
    raw_frame(
        "truncated_frame",
        "data = (1000).to_bytes(8, 'big') + b'x' * 10\nos.write(4, data)\nos._exit(0)",
        "its process ended",
    ),
    raw_frame("garbage", "data = b'\\xff' + os.urandom(60_000)", "it sent a frame of 1"),
    raw_frame("empty_frame", "data = bytes(8)", "it sent a frame of 0 bytes"),
    raw_frame(
        "another_number",
        header('\'{"d": [["id", 99], ["ok", 1]]}\''),
        "it sent something that isn't a reply",
    ),
    raw_frame(
        "number_that_is_a_bool",
        header('\'{"d": [["id", true], ["ok", 1]]}\''),
        "it sent something that isn't a reply",
    ),
    raw_frame(
        "number_that_is_nan",
        header('\'{"d": [["id", NaN], ["ok", 1]]}\''),
        "it sent something that isn't a reply",
    ),
    raw_frame("not_a_dict", header("'[1, 2, 3]'"), "it sent something that isn't a reply"),
    raw_frame(
        "odd_status",
        header("json.dumps({'d': [['id', number], ['status', 7], ['message', 7]]})"),
        "it sent a reply of a form that no reply has",
    ),
    raw_frame(
        "both_answer_and_status",
        header("json.dumps({'d': [['id', number], ['ok', 7], ['status', 'x']]})"),
        "it sent a reply of a form that no reply has",
    ),
    raw_frame(
        "one_array_300_times",
        header(
            "'[' + '{\"a\": 0}, ' * 299 + '{\"a\": 0}]'", "'[[\"<f8\", [1250000]]]'", "10_000_000"
        ),
        "it sent one array named many times",
    ),
    raw_frame(
        "one_array_250000_times",
        header(
            "'[' + '{\"a\": 0}, ' * 249_999 + '{\"a\": 0}]'",
            "'[[\"|b1\", [60000000]]]'",
            "60_000_000",
        ),
        "it sent one array named many times",
    ),
    raw_frame(
        "more_text_than_a_judge_takes",
        header("json.dumps('x' * 40_000_000)"),
        "it sent 40 MB of values",
        PATIENT,
    ),
    raw_frame(
        "letters_of_four_bytes",  # one makes a text of 20 MB one of 80 MB
        header("json.dumps(['\U0001f600' + 'x' * 5_000_000] * 4)"),
        "it sent something that isn't a reply",
        PATIENT,
    ),
    raw_frame(
        "deep_json",
        header("'[' * 30_000 + ']' * 30_000"),
        "it sent bytes that are too much: RecursionError",
    ),
    raw_frame(
        "huge_shape",
        header("'{\"a\": 0}'", "'[[\"<f8\", [1000000000, 1000000000]]]'"),
        "it sent an array that is longer than what holds it",
    ),
    raw_frame(
        "negative_shape",
        header("'{\"a\": 0}'", "'[[\"<f8\", [-1, 4]]]'"),
        "it sent an array with an impossible shape",
    ),
    raw_frame(
        "array_of_objects",
        header("'{\"a\": 0}'", "'[[\"|O\", [1]]]'"),
        "it sent an array of type '|O'",
    ),
    raw_frame(
        "many_dimensions",
        header("'{\"a\": 0}'", "'[[\"<f8\", ' + str([1] * 60) + ']]'"),
        "it sent an array with an impossible shape",
    ),
    raw_frame(
        "number_of_a_million_digits",
        header("'9' * 1_000_000"),
        "it sent bytes that aren't plain data",
    ),
    raw_frame(
        "keys_with_one_hash",
        header(
            "'{\"d\": [' + ', '.join(f'[{n * (2**61 - 1)}, 0]' for n in range(5, 50_000)) + ']}'"
        ),
        "it sent a dict with a key of over 18 digits",
    ),
    raw_frame(
        "unhashable_key", header("'{\"d\": [[[1], 2]]}'"), "it sent a dict with a key of type list"
    ),
    raw_frame(
        "millions_of_values",
        header("'[' + '[],' * 3_000_000 + '[]]'"),
        "it sent over 1,000,000 values",
    ),
    in_first_task(
        "trickle",
        "import os, time\nos.write(4, b'\\0')\ntime.sleep(20)",
        "timed out",
        limits=WAITING,
    ),
]

GREED = [
    in_first_task(
        "ten_gigabytes",
        "return np.ones((10, 2**27))",
        "graded",
        "zeros_all_around raised: MemoryError",
    ),
    in_first_task(
        "many_small_things",
        "kept = []\nwhile True: kept.append(bytes(10**6))",
        "graded",
        "zeros_all_around raised: MemoryError",
    ),
    in_first_task(
        "memory_shared_with_nobody",
        """
import mmap, time
room = mmap.mmap(-1, 10**9)
for start in range(0, len(room), 4096): room[start] = 1
time.sleep(20)
""",
        "died",
        "zeros_all_around died: `add_frame`: it used",
        limits=SMALL,
    ),
    in_first_task(
        "memory_of_many_processes",
        """
import os, time
for _ in range(8):
    if not os.fork():
        room = np.ones(6 * 10**6)
        time.sleep(20)
time.sleep(20)
""",
        "died",
        "zeros_all_around died: `add_frame`: it used",
        limits=SMALL,
    ),
    # Whoever is refused another process or thread says so, once, in the place of an answer.
    in_first_task(
        "fork_bomb",
        """
first, told = os.pipe()
os.write(told, b"1")
os.set_blocking(first, False)
while True:
    try: os.fork()
    except BlockingIOError:
        try: os.read(first, 1)
        except BlockingIOError: continue
        reply(asked(), ok="refused to fork")
""",
        "timed out",
        "refused to fork",
        "`levels`: it took longer",
        before="import os" + FORGE,
        limits={"call_seconds": 0.5},
    ),
    in_first_task(
        "thread_bomb",
        """
while True:
    try: threading.Thread(target=time.sleep, args=(60,)).start()
    except RuntimeError:
        reply(asked(), ok="refused a thread")
        time.sleep(60)
""",
        "timed out",
        "refused a thread",
        "`levels`: it took longer",
        before="import threading, time" + FORGE,
        limits={"call_seconds": 0.2},
    ),
    attempts(
        "fills_the_disk",
        """
def fill(folder):
    written = 0
    for number in range(100):
        with open(f"{folder}/{number}", "wb", buffering=0) as file:
            for _ in range(10):
                written += file.write(bytes(10**6))
                if written > 70e6: return written
for folder in ("/tmp", os.path.expanduser("~"), "/dev/shm", "/var/tmp", "/run"):
    attempt(folder, lambda: fill(folder))
def many(folder):
    for number in range(100_000):
        open(f"{folder}/{number}", "w").close()
    return number
attempt("files", lambda: many("/dev/shm"))
""",
        "/home/student: ENOSPC",
        "/dev/shm: ENOSPC",
        "files: ENOSPC",
    ),
    attempts(
        "many_open_files",
        'attempt("files", lambda: [open("/dev/null") for _ in range(5000)])',
        "files: EMFILE",
    ),
]

REACHING_OUT = [
    attempts(
        "reads_files",
        """
for place in ("@SECRET@", "@EXERCISE@/checks.py", "@REPOSITORY@/pyproject.toml", "/etc/shadow",
              "/grader/course/exercises/released/01_convolution/checks.py",
              "@REPOSITORY@/exercises", "@REPOSITORY@/tests", "/root/.ssh", "@HOME@/.bashrc",
              "/etc/passwd", "/var/log", "/home/student/../../root/.bash_history"):
    attempt(place, lambda: os.listdir(place) if os.path.isdir(place) else open(place, "rb").read())
for start in ("/grader", "/home", "/tmp", "/etc", "/var", "/opt", "/srv", "/mnt", "/media", "/run"):
    for folder, _, files in os.walk(start):
        canary[folder] = "searched"
        for name in files:
            if name in ("checks.py", "mutants.py", "exercise.toml", "gradebook.sqlite"):
                path = os.path.join(folder, name)
                if "/course/" not in path and "/course_utils/" not in path: leaks.append(path)
""",
        "@SECRET@: ENOENT",
        "@EXERCISE@/checks.py: ENOENT",
        "/grader/course/exercises/released/01_convolution/checks.py: ENOENT",
        "@REPOSITORY@/pyproject.toml: ENOENT",
        "/etc/passwd: ENOENT",
        "/grader/course/exercises: searched",
        "/home/student: searched",
    ),
    attempts(
        "searches_every_import_path",
        """
for entry in sys.path:
    for name in ("exercises", "tests", "hand_ins", "marks", "gradebook.sqlite"):
        path = os.path.join(entry, name)
        attempt(path, lambda: os.listdir(path) if os.path.isdir(path) and entry.endswith("grader")
                else None)
def load():
    from course.exercises import load_exercise
    return load_exercise("01_convolution").checks
attempt("exercise", load)
def graded():
    from course.grader import submission
    return submission
attempt("the grader", graded)
""",
        "/grader/exercises: nothing",
        "exercise: ExerciseError",
        "the grader: ImportError",
    ),
    attempts(
        "reads_the_environment",
        """
canary["COURSE_GRADING"] = os.environ["COURSE_GRADING"]
for name, value in os.environ.items():
    if "@CANARY@" in value: leaks.append(name)
for pid in ["self", *range(1, 400), @PARENT@]:
    attempt(f"environment of {pid}",
            lambda: b"@CANARY@" in open(f"/proc/{pid}/environ", "rb").read())
""",
        "COURSE_GRADING: 1",
        "environment of 399: ENOENT",
        "environment of @PARENT@: ENOENT",
    ),
    attempts(
        "reads_other_processes",
        """
for pid in [*range(1, 400), @PARENT@]:
    if pid == os.getpid(): continue
    for name in ("mem", "maps", "cwd", "root", "exe"):
        path = f"/proc/{pid}/{name}"
        attempt(path, lambda: os.readlink(path) if name in ("cwd", "root", "exe")
                else open(path, "rb").read(1))
    attempt(f"descriptors of {pid}", lambda: os.listdir(f"/proc/{pid}/fd"))
for pid in [*range(1, 100), @PARENT@]:
    if pid == os.getpid(): continue
    attempt(f"ptrace {pid}", lambda: system_call(libc.ptrace(16, pid, 0, 0)))
    room = ctypes.create_string_buffer(8)
    class Vector(ctypes.Structure): _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    here = Vector(ctypes.addressof(room), 8)
    attempt(f"memory of {pid}", lambda: system_call(libc.process_vm_readv(
        pid, ctypes.byref(here), 1, ctypes.byref(here), 1, 0)))
""",
        "/proc/399/mem: ENOENT",
        "/proc/@PARENT@/root: ENOENT",
        "descriptors of @PARENT@: ENOENT",
        "ptrace @PARENT@: EPERM",
        "memory of @PARENT@: EPERM",
    ),
    attempts(
        "kills_others",
        """
import signal
for pid in [-1, *range(1, 100), -@PARENT@, @PARENT@]:
    if pid != os.getpid(): attempt(f"kill {pid}", lambda: os.kill(pid, signal.SIGKILL))
attempt("the parent", lambda: os.kill(@PARENT@, 0) or "is there")
""",
        "kill 99: ESRCH",
        "kill -@PARENT@: ESRCH",
        "the parent: ESRCH",
    ),
    attempts(
        "writes_files",
        """
import sqlite3
def write(path):
    with open(path, "w") as file: file.write("x")
    return "written"
numpy_itself = os.path.dirname(np.__file__) + "/__init__.py"
for path in ("@SECRET@", "@REPOSITORY@/x", "@EXERCISE@/checks.py", "/etc/x", "/usr/x", "/x",
             "/dev/x", "/grader/x", "/grader/course_utils/x", "/grader/course/x", "/proc/x",
             "/proc/self/x", "/home/x", "@MARK@", sys.prefix + "/x", numpy_itself,
             "/proc/sys/kernel/x"):
    attempt(path, lambda: write(path))
def patch():
    book = sqlite3.connect("@GRADEBOOK@")
    book.execute("update results set earned = 10")
attempt("gradebook", lambda: patch() or "patched")
attempt("chmod", lambda: os.chmod("/grader", 0o777) or "changed")
attempt("remove", lambda: os.remove("/grader/course/grader/wire.py") or "removed")
os.makedirs(os.path.dirname("@MARK@"), exist_ok=True) if "@MARK@".startswith("/tmp") else None
try: write("@MARK@")
except OSError: pass
""",
        "@SECRET@: ENOENT",
        "/etc/x: EROFS",
        "/grader/course/x: EROFS",
        "gradebook: OperationalError",
        "remove: E",
    ),
    attempts(
        "opens_sockets",
        """
import socket
def reach(family, kind, address):
    with socket.socket(family, kind) as link:
        link.settimeout(0.5)
        link.connect(address)
        link.send(b"hello")
        return "reached"
for address in ("127.0.0.1", "10.0.2.2", "169.254.169.254", "8.8.8.8"):
    attempt(address, lambda: reach(socket.AF_INET, socket.SOCK_STREAM, (address, @PORT@)))
    if address != "127.0.0.1":
        attempt("udp " + address, lambda: reach(socket.AF_INET, socket.SOCK_DGRAM, (address, 53)))
attempt("::1", lambda: reach(socket.AF_INET6, socket.SOCK_STREAM, ("::1", @PORT@)))
attempt("unix", lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, "@UNIX@"))
attempt("abstract", lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, "\\0@ABSTRACT@"))
for family in (16, 17, 38, 40):
    attempt(f"family {family}", lambda: bool(socket.socket(family, socket.SOCK_RAW)))
    attempt(f"family {family}", lambda: bool(socket.socket(family, socket.SOCK_STREAM)))
def lookup(): return socket.getaddrinfo("example.org", 80)
attempt("names", lookup)
def fetch():
    import urllib.request
    return urllib.request.urlopen("http://127.0.0.1:@PORT@", timeout=0.5).read()
attempt("http", fetch)
""",
        "127.0.0.1: E",
        "8.8.8.8: ENETUNREACH",
        "unix: ENOENT",
        "abstract: ECONNREFUSED",
        "family 16: EAFNOSUPPORT",
        "names: gaierror",
        "http: URLError",
    ),
    attempts(
        "mounts",
        """
import resource, subprocess
x86 = "x86" in os.uname().machine
calls = {
    "umount": lambda: libc.umount2(b"/proc", 2), "umount tmp": lambda: libc.umount2(b"/tmp", 2),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: libc.mount(None, b"/", None, 32, None),
    "unshare": lambda: libc.unshare(0x10000000), "unshare all": lambda: libc.unshare(0x7C020000),
    "setns": lambda: libc.setns(3, 0), "chroot": lambda: libc.chroot(b"/tmp"),
    "setuid": lambda: libc.setuid(0), "setgid": lambda: libc.setgid(0),
    "clone": lambda: min(0, libc.syscall(56 if x86 else 220, 0x10000000 | 17, 0, 0, 0, 0)),
    "keys": lambda: libc.syscall(250 if x86 else 219, 0, -3, 0),
}
for name, call in calls.items():
    attempt(name, lambda: system_call(call()))
attempt("mknod", lambda: os.mknod("/dev/shm/disk", 0o60666, os.makedev(8, 0)) or "made")
attempt("a tool", lambda: subprocess.run(["unshare", "-r", "true"]).returncode == 0)
attempt("sudo", lambda: subprocess.run(["su", "-c", "true"], timeout=2).returncode == 0)
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10) or "raised")
for kind in ("DATA", "NPROC", "NOFILE"):
    attempt(f"limit {kind}",
            lambda: resource.setrlimit(getattr(resource, "RLIMIT_" + kind), (-1, -1)) or "raised")
""",
        "umount: EPERM",
        "mount: EPERM",
        "unshare: EPERM",
        "clone: EPERM",
        "setuid: E",
        "mknod: EPERM",
        "limit NPROC: ValueError",
    ),
    attempts(
        "searches_memory",
        """
import gc
gc.unfreeze()  # what was there before the fork is hidden from a collector's list
class Decoy: pass
decoy = [Decoy()]
# All of them backwards: else the search would find itself.
words = {word[::-1] for word in ("@YRANAC@", "htdiw_yna", "dnuora_lla_sorez", "seulav_evitagen")}
def interesting(value):
    if isinstance(value, str): return value in words
    if isinstance(value, int): return value == int("@SEED@"[::-1])
    return type(value).__name__ in ("Check", "Exercise", "Mutant", "Grader", "Outcome", "Decoy")
held = gc.get_objects()
canary["objects"] = "many" if len(held) > 20_000 else f"only {len(held)}"
for thing in held:
    if thing is globals() or thing is words or thing is held: continue
    try:
        parts = list(thing.values()) if isinstance(thing, dict) else list(thing) if isinstance(
            thing, (list, tuple, set)) else [thing]
    except Exception: continue
    for part in parts:
        try:
            if isinstance(part, Decoy): canary["decoy"] = "seen"
            elif interesting(part): leaks.append(f"{type(part).__name__} {str(part)[:40]}")
        except Exception: pass
frame = sys._getframe()
while frame is not None:
    canary[frame.f_code.co_name] = "looked at"
    for name, value in list(frame.f_locals.items()):
        if name in ("reference", "expected", "seed", "checks", "check_function"): leaks.append(name)
    frame = frame.f_back
for module in list(sys.modules):
    if module.endswith((".submission", "gradebook", ".jail")): leaks.append(module)
canary["course.grader.worker"] = "here" if "course.grader.worker" in sys.modules else "not here"
for descriptor in (0, 1, 2, *range(5, 1024)):
    def readable():
        os.set_blocking(descriptor, False)
        return os.read(descriptor, 100) or None
    attempt(f"descriptor {descriptor}", readable)
""",
        "objects: many",
        "decoy: seen",
        "serve: looked at",
        "course.grader.worker: here",
        "descriptor 0: nothing",
        "descriptor 1023: EBADF",
    ),
    after_right_answers(
        "leaves_a_daemon",
        """
import ctypes, os, signal, time
hearing, telling = os.pipe()
if not os.fork():
    os.setsid()
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    if not os.fork():
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        os.write(telling, b"the daemon runs")
        while True: time.sleep(0.01)
    os._exit(0)
canary = os.read(hearing, 100).decode()
""",
        "canary: the daemon runs",
    ),
    after_right_answers(
        "leaves_things_behind",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.shmget(4711, 4096, 0o1777)
canary = {"semaphore": libc.semget(4711, 1, 0o1777) >= 0}
libc.msgget(4711, 0o1777)
libc.mq_open(b"/left", 66, 0o777, None)
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~")):
    try:
        with open(folder + "/left", "w") as file: file.write("answers")
        canary[folder] = os.listdir(folder)
        os.chmod(folder, 0o777)
    except OSError: pass
np.left = "answers"
""",
        "semaphore: True",
        "/dev/shm: ['left']",
        "/home/student: ['left']",
    ),
    attempts(  # directly after the one before
        "finds_things_left_behind",
        """
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/home", "/dev"):
    attempt(folder, lambda: open(folder + "/left").read())
attempt("shared memory", lambda: system_call(libc.shmget(4711, 4096, 0)))
attempt("semaphores", lambda: system_call(libc.semget(4711, 1, 0)))
attempt("messages", lambda: system_call(libc.msgget(4711, 0)))
attempt("queue", lambda: system_call(libc.mq_open(b"/left", 2)))
attempt("modules", lambda: getattr(np, "left", None))
""",
        "/dev/shm: ENOENT",
        "/home/student: ENOENT",
        "semaphores: ENOENT",
        "queue: ENOENT",
        "modules: nothing",
    ),
]

SUBMISSIONS = [
    *CONTROLS,
    *TALKING_ROUND,
    *LOOPS_AND_DEATHS,
    *ODD_ANSWERS,
    *FORGED,
    *GREED,
    *REACHING_OUT,
]
