"""Hostile submissions to tests/small_exercise, and the checks that each deserves to pass.

Where a submission tries to reach something, it notes what it reached in `leaks`, and answers one
task rightly only if that stayed empty: so full marks mean that every attempt failed. Words in @@
are replaced by what the test lays out: a secret file, a port that somebody listens to, and so on.
"""

import dataclasses

FRAME = {"zeros_all_around", "any_width"}
BRIGHT = {"counts_levels", "finds_the_pixel", "negative_values"}
ALL = FRAME | BRIGHT
NONE = set()

# For what takes its time on a slow machine, and for what has to be stopped by its memory.
PATIENT = {"call_seconds": 10, "submission_seconds": 30}
SMALL = {**PATIENT, "memory_mb": 200}

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
import os, sys
leaks = []
def attempt(what, action):
    try:
        found = action()
    except BaseException:
        return None
    if found is not None and found is not False:
        leaks.append(f"{what}: {str(found)[:100]}")
    return found
"""
JUDGED = """
levels = 256 if not leaks else leaks
"""


@dataclasses.dataclass(frozen=True)
class Submission:
    """What is handed in, which checks it deserves to pass, and with which status it is graded."""

    name: str
    cells: list
    passes: set
    status: str = "graded"
    limits: dict = dataclasses.field(default_factory=dict)  # in place of the exercise's own


def attempts(name, code, **how):
    """A right submission that tries things beforehand, and fails a task if any of them works."""
    return Submission(name, [SETUP, ADD_FRAME, BRIGHTEST, ATTEMPT, code, JUDGED], ALL, **how)


def in_first_task(name, body, status, *, before="", limits=None):
    """The first task's function does something bad; the other task is right."""
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    function = f"{before}\ndef add_frame(image, width):\n{lines}\n"
    return Submission(name, [SETUP, function, BRIGHTEST], BRIGHT, status, limits or {})


def raw_frame(name, code):
    """The first task answers with bytes of its own; `code` makes them: `data`."""
    body = f"""
import json, os, time
number = NUMBER
{code.strip()}
try:
    os.write(4, data)
except OSError:
    pass
time.sleep(20)
"""
    # Requests are numbered from 1: three cells (and no probes), then this call.
    return in_first_task(name, body.replace("NUMBER", "4"), "died")


def header(tree, arrays="'[]'"):
    """Code for a frame with this JSON for its value and arrays."""
    return f"""
head = ('{{"value": ' + {tree} + ', "arrays": ' + {arrays} + '}}').encode()
data = len(head).to_bytes(4, "big") + head
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
]

TALKING_ROUND = [
    Submission(
        "edited_test_cells",
        [SETUP, WRONG, "check = lambda *_: True\ncheck('add_frame')", "assert True"],
        NONE,
    ),
    Submission(
        "patched_numpy",
        [
            SETUP,
            "import numpy.testing\n"
            "for place in (np, np.testing):\n"
            "    for name in ('allclose', 'array_equal', 'isclose', 'assert_allclose',\n"
            "                 'assert_array_equal', 'abs', 'asarray', 'isfinite'):\n"
            "        setattr(place, name, lambda *_, **__: True)",
            WRONG,
        ],
        NONE,
    ),
    Submission(
        "equal_to_everything",
        [
            SETUP,
            "class Anything:\n"
            "    shape, dtype, ndim, size = (5, 7), np.dtype('float64'), 2, 35\n"
            "    def __eq__(self, other): return True\n"
            "    def __ne__(self, other): return False\n"
            "    def __lt__(self, other): return True\n"
            "    __le__ = __gt__ = __ge__ = __eq__\n"
            "    def __sub__(self, other): return 0\n"
            "    __rsub__ = __abs__ = lambda *_: 0\n"
            "    def __bool__(self): return True\n"
            "    def __hash__(self): return 1\n"
            "    def __getattr__(self, name): return self\n"
            "levels = Anything()\n"
            "def add_frame(image, width): return Anything()\n"
            "def brightest(image): return Anything()",
        ],
        NONE,
    ),
    Submission(
        "subclass_of_ndarray",
        [
            SETUP,
            "class Sneaky(np.ndarray):\n"
            "    def __eq__(self, other): return np.True_\n"
            "    def __sub__(self, other): return np.zeros(1)\n"
            "    __rsub__ = __sub__\n"
            "    def __array__(self, *_, **__): return np.zeros((5, 7))\n"
            "    def __array_ufunc__(self, *_, **__): return np.True_\n"
            "    def __array_function__(self, *_, **__): return True\n"
            "class Number(int):\n"
            "    def __eq__(self, other): return True\n"
            "    def __hash__(self): return 256\n"
            "levels = Number(3)\n"
            "def add_frame(image, width):\n"
            "    return np.zeros((image.shape[0] + 2 * width, image.shape[1] + 2 * width)"
            ").view(Sneaky)\n"
            "def brightest(image): return Number(0), Number(0)",
        ],
        NONE,
    ),
    Submission(
        "converts_as_it_likes",
        [
            SETUP,
            "class Tensor:\n"
            "    shape = (5, 7)\n"
            "    def __array__(self, *_, **__):\n"
            "        import sys\n"
            "        frame = sys._getframe()\n"
            "        while frame is not None:\n"
            "            for value in frame.f_locals.values():\n"
            "                if isinstance(value, np.ndarray): return value\n"
            "            frame = frame.f_back\n"
            "        return np.zeros((5, 7))\n"
            "Tensor.__module__ = 'tensorflow.made_up'\n"
            "def add_frame(image, width): return Tensor()",
            BRIGHTEST,
        ],
        BRIGHT,
    ),
    Submission(
        "strips_asserts",
        [
            SETUP,
            "import ast\n"
            "class Strip(ast.NodeTransformer):\n"
            "    def visit_Assert(self, node): return None\n"
            "    def visit_Raise(self, node): return ast.Pass()\n"
            "shell = get_ipython()\n"
            "try:\n"
            "    shell.ast_transformers.append(Strip())\n"
            "    shell.input_transformers_cleanup.append(lambda lines: [])\n"
            "finally:\n"
            "    import builtins\n"
            "    real = compile\n"
            "    builtins.compile = lambda *a, **k: real('None', 'x', 'exec')",
            WRONG,
        ],
        NONE,
    ),
    Submission(
        "patches_the_checker",
        [
            SETUP,
            "import sys\n"
            "import course.exercises as checker\n"
            "import course.exercises.checks, course.exercises.runner\n"
            "for place in (checker, checker.checks, checker.runner):\n"
            "    for name in ('same', 'equal', 'run_check'):\n"
            "        setattr(place, name, lambda *_, **__: None)\n"
            "    place.Wrong = type('Never', (Exception,), {})\n"
            "for name in list(sys.modules):\n"
            "    if name.startswith(('course_', 'numpy.testing')):\n"
            "        sys.modules[name] = None",
            WRONG,
        ],
        NONE,
    ),
    Submission(
        "patches_the_worker",
        [
            SETUP,
            "import course.grader.wire as wire\n"
            "real = wire.send\n"
            "def send(descriptor, value):\n"
            "    real(descriptor, {'id': value['id'], 'ok': True})\n"
            "wire.send = send",
            WRONG,
        ],
        NONE,
    ),
    Submission(
        "claims_to_have_passed",
        [
            SETUP,
            "import course.grader.wire as wire\n"
            "real = wire.send\n"
            "def send(descriptor, value):\n"
            "    real(descriptor, {'id': value['id'], 'status': 'passed', 'message': ''})\n"
            "wire.send = send",
            WRONG,
        ],
        NONE,
    ),
    Submission(
        "raises_the_graders_errors",
        [
            SETUP,
            "from course.exercises import TimedOut, Wrong\n"
            "class Passed(TimedOut):\n"
            "    status = 'passed'\n"
            "def add_frame(image, width): raise Passed('full marks')\n"
            "def brightest(image): raise Wrong('grader error')",
        ],
        NONE,
    ),
    Submission(
        "table_of_public_answers",
        [
            SETUP,
            "import zlib\n"
            "def _rng(name): return np.random.default_rng([1, zlib.crc32(name.encode())])\n"
            "def _frames():\n"
            "    yield _rng('zeros_all_around').uniform(0.5, 1, (3, 5)), 1\n"
            "    rng = _rng('any_width')\n"
            "    yield rng.uniform(0.5, 1, (4, 6)), int(rng.integers(2, 5))\n"
            "table = {(one.tobytes(), width): np.pad(one, width) for one, width in _frames()}\n"
            "def add_frame(image, width):\n"
            "    return table.get((image.tobytes(), width), np.zeros(3))",
            BRIGHTEST,
        ],
        BRIGHT,
    ),
    Submission(
        "duplicated_answer_cell",
        [SETUP, WRONG, ADD_FRAME, BRIGHTEST, ADD_FRAME],
        ALL,
    ),
    Submission("last_answer_wrong", [SETUP, ADD_FRAME, BRIGHTEST, WRONG], NONE),
    Submission(
        "changes_its_arguments",
        [
            SETUP,
            "def add_frame(image, width):\n"
            "    image[:] = 0\n"
            "    return np.zeros((image.shape[0] + 2 * width, image.shape[1] + 2 * width))",
            BRIGHTEST,
        ],
        BRIGHT,
    ),
    Submission(
        "patched_builtins",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import builtins, json, struct\n"
            "for name in ('isinstance', 'len', 'type', 'print', 'sorted', 'repr', 'open'):\n"
            "    setattr(builtins, name, lambda *_, **__: 256)\n"
            'json.dumps = lambda *_, **__: \'{"value": 256, "arrays": []}\'\n'
            "struct.pack = lambda *_: b''",
        ],
        ALL,  # with the fourth cell left out
        "died",
    ),
]

LOOPS_AND_DEATHS = [
    in_first_task("endless_loop", "while True:\n    pass", "timed out"),
    in_first_task(
        "endless_loop_in_c",
        "return sum(iter(int, 1))",
        "timed out",
    ),
    Submission(
        "endless_loop_in_a_cell",
        [SETUP, ADD_FRAME + "\nwhile True:\n    pass", BRIGHTEST],
        BRIGHT,
        "timed out",
    ),
    in_first_task(
        "ignores_signals",
        "while True:\n    pass",
        "timed out",
        before="import signal\nfor number in range(1, 65):\n    try:\n"
        "        signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError):\n"
        "        pass\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))",
    ),
    in_first_task("leaves", "import os\nos._exit(0)", "died"),
    Submission(
        "leaves_in_a_cell",
        [SETUP, ADD_FRAME + "\nimport os\nos._exit(0)", BRIGHTEST],
        BRIGHT,
        "died",
    ),
    in_first_task("crashes", "import ctypes\nctypes.string_at(0)", "died"),
    in_first_task(
        "kills_itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos.abort()\nos._exit(1)",
        "died",
    ),
    in_first_task(
        "stops_itself", "import os\nos.kill(os.getpid(), 19)\nwhile True: pass", "timed out"
    ),
    in_first_task("becomes_another", "import os\nos.execv('/bin/sleep', ['sleep', '30'])", "died"),
    in_first_task("closes_its_channel", "import os\nos.closerange(0, 64)\nreturn 1", "died"),
    in_first_task("raises_system_exit", "import sys\nsys.exit('full marks')", "graded"),
    Submission(
        "exits_in_a_cell", [SETUP, "exit()", "import sys; sys.exit(0)", ADD_FRAME, BRIGHTEST], ALL
    ),
    Submission("syntax_error", [SETUP, "def add_frame(:\n  ???", "1 +", BRIGHTEST], BRIGHT),
    Submission("half_a_letter", [SETUP, ADD_FRAME, "x = '\ud800'", BRIGHTEST], ALL),
    Submission("null_in_the_code", [SETUP, ADD_FRAME, "x = 1\0", BRIGHTEST], ALL),
    Submission("deep_code", [SETUP, ADD_FRAME, "x = " + "(" * 5000, BRIGHTEST], ALL),
    Submission("asks_for_input", [SETUP, ADD_FRAME, "answer = input('?')", BRIGHTEST], ALL),
    in_first_task("recursion", "return add_frame(image, width)", "graded"),
    in_first_task(
        "recursion_without_limit",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "def down(values):\n    return [down(values)].append(repr(values))\n"
        "class Deep:\n    def __repr__(self): return repr(self)\n"
        "return repr(Deep())",
        "died",
    ),
    in_first_task(
        "error_that_cannot_be_told",
        "class Mute(Exception):\n    def __str__(self): raise Mute()\n    __repr__ = __str__\n"
        "raise Mute()",
        "graded",
    ),
    in_first_task(
        "error_with_odd_letters",
        "raise ValueError('\\x00\\ud800\\x1b[2J\\r\\n=cmd|calc!A0,\"<script>\\u202e' * 1000)",
        "graded",
    ),
    Submission(
        "sleeps_at_exit",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import atexit, time, threading\n"
            "atexit.register(time.sleep, 60)\n"
            "class Slow:\n    def __del__(self): time.sleep(60)\n"
            "slow = Slow()\n"
            "threading.Thread(target=time.sleep, args=(60,)).start()",
        ],
        ALL,
    ),
    Submission(
        "threads_left_running",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import threading, time\n"
            "def spin():\n    while True: time.sleep(0.001)\n"
            "for _ in range(20): threading.Thread(target=spin).start()",
        ],
        ALL,
    ),
    Submission(
        "noise",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import os, sys, warnings\n"
            "print('E' * 10**6); print('error' * 10**5, file=sys.stderr)\n"
            "os.write(1, b'x' * 10**5); os.write(2, b'x' * 10**5)\n"
            "warnings.warn('noise')",
        ],
        ALL,
    ),
    Submission(
        "magics_and_shell",
        [
            "%matplotlib inline\n%load_ext autoreload\n" + SETUP,
            "!touch @MARK@\nfiles = !ls\n%cd /\n%env",
            "%%bash\ntouch @MARK@",
            "%%time\n" + ADD_FRAME,
            "%time levels = 256\n" + BRIGHTEST.replace("levels = 256\n", ""),
            "get_ipython().system('touch @MARK@')\ndisplay(levels)\nadd_frame?",
        ],
        ALL,
    ),
]

ODD_ANSWERS = [
    in_first_task(
        "pickles",
        "return np.array([Evil()], dtype=object)",
        "graded",
        before="import os\nclass Evil:\n"
        "    def __reduce__(self): return os.system, ('touch @MARK@',)",
    ),
    in_first_task("endless_iterator", "import itertools\nreturn itertools.count()", "graded"),
    in_first_task("generator", "return (i for i in iter(int, 1))", "graded"),
    in_first_task(
        "endless_dict",
        "return Endless()",
        "timed out",
        before="class Endless(dict):\n    def items(self):\n        while True: pass",
    ),
    in_first_task("huge_number", "return 10**100000", "graded"),
    in_first_task("huge_text", "return 'x' * 80_000_000", "graded", limits=PATIENT),
    in_first_task("huge_array", "return np.zeros((3000, 3000))", "graded"),
    in_first_task(
        "deep_list",
        "found = []\nfor _ in range(10**5): found = [found]\nreturn found",
        "graded",
    ),
    in_first_task("holds_itself", "found = []\nfound.append(found)\nreturn found", "graded"),
    in_first_task("list_of_odd_things", "return [object(), add_frame, np, {1: {2}}]", "graded"),
    in_first_task("nan_and_inf", "return np.pad(image, width, constant_values=np.nan)", "graded"),
    in_first_task("ragged_list", "return [[1], [1, 2]]", "graded"),
    in_first_task("no_dimensions", "return np.zeros((10**15, 0))", "graded"),
]

FORGED = [
    Submission(
        "forged_frames_from_a_thread",
        [
            SETUP,
            ADD_FRAME,
            "import threading, os\n"
            "def flood():\n"
            "    while True: os.write(4, (8).to_bytes(8, 'big') + b'\\0\\0\\0\\4null')\n"
            "threading.Thread(target=flood).start()\nflood()",
            BRIGHTEST,
        ],
        ALL,
        "died",
    ),
    Submission(
        "answers_twice",
        [
            SETUP,
            "from course.grader import wire\n"
            "def add_frame(image, width):\n"
            "    wire.send(4, {'id': 4, 'ok': np.zeros((5, 7))})\n"
            "    return image",
            BRIGHTEST,
        ],
        BRIGHT,
        "died",
    ),
    Submission(
        "answers_ahead",
        [
            SETUP,
            "from course.grader import wire\n"
            "for number in range(3, 60): wire.send(4, {'id': number, 'ok': True})",
            WRONG,
        ],
        NONE,
        "died",
    ),
    raw_frame("oversized_frame", "data = (2**62).to_bytes(8, 'big') + b'x' * 1000"),
    raw_frame(
        "truncated_frame",
        "data = (1000).to_bytes(8, 'big') + b'x' * 10\nos.write(4, data)\nos._exit(0)",
    ),
    raw_frame("garbage", "data = os.urandom(60_000)"),
    raw_frame("empty_frame", "data = bytes(8)"),
    raw_frame("another_number", header('\'{"d": [["id", 99], ["ok", 1]]}\'')),
    raw_frame("number_that_is_a_bool", header('\'{"d": [["id", true], ["ok", 1]]}\'')),
    raw_frame("number_that_is_nan", header('\'{"d": [["id", NaN], ["ok", 1]]}\'')),
    raw_frame("not_a_dict", header("'[1, 2, 3]'")),
    raw_frame("odd_status", header('\'{"d": [["id", 4], ["status", 7], ["message", 7]]}\'')),
    raw_frame(
        "both_answer_and_status", header('\'{"d": [["id", 4], ["ok", 7], ["status", "x"]]}\'')
    ),
    raw_frame("deep_json", header("'[' * 30_000 + ']' * 30_000")),
    raw_frame("huge_shape", header("'{\"a\": 0}'", "'[[\"<f8\", [1000000000, 1000000000]]]'")),
    raw_frame("negative_shape", header("'{\"a\": 0}'", "'[[\"<f8\", [-1, 4]]]'")),
    raw_frame("array_of_objects", header("'{\"a\": 0}'", "'[[\"|O\", [1]]]'")),
    raw_frame("many_dimensions", header("'{\"a\": 0}'", "'[[\"<f8\", ' + str([1] * 60) + ']]'")),
    raw_frame("number_of_a_million_digits", header("'9' * 40_000")),
    in_first_task(
        "keys_with_one_hash",
        "import os, time\n"
        "pairs = ', '.join(f'[{n * (2**61 - 1)}, 0]' for n in range(5, 100_000)).encode()\n"
        'head = b\'{"value": {"d": [\' + pairs + b\']}, "arrays": []}\'\n'
        "data = len(head).to_bytes(4, 'big') + head\n"
        "data = memoryview(len(data).to_bytes(8, 'big') + data)\n"
        "while data: data = data[os.write(4, data):]\ntime.sleep(20)",
        "died",
        limits=PATIENT,
    ),
    raw_frame("unhashable_key", header("'{\"d\": [[[1], 2]]}'")),
    in_first_task(
        "millions_of_values",
        "import os, time\n"
        "head = b'{\"value\": [' + b'[],' * 15_000_000 + b'[]], \"arrays\": []}'\n"
        "data = len(head).to_bytes(4, 'big') + head\n"
        "data = memoryview(len(data).to_bytes(8, 'big') + data)\n"
        "while data: data = data[os.write(4, data):]\ntime.sleep(20)",
        "died",
        limits=PATIENT,
    ),
    in_first_task("trickle", "import os, time\nos.write(4, b'\\0')\ntime.sleep(20)", "timed out"),
]

GREED = [
    in_first_task("ten_gigabytes", "return np.ones((10, 2**27))", "graded"),
    in_first_task(
        "many_small_things",
        "found = []\nwhile True: found.append(bytes(10**6))",
        "graded",
    ),
    in_first_task(
        "memory_shared_with_nobody",
        "import mmap, time\nroom = mmap.mmap(-1, 10**9)\n"
        "for start in range(0, len(room), 4096): room[start] = 1\ntime.sleep(20)",
        "died",
        limits=SMALL,
    ),
    in_first_task(
        "memory_of_many_processes",
        "import os, time\n"
        "for _ in range(8):\n"
        "    if not os.fork():\n"
        "        room = np.ones(6 * 10**6)\n"
        "        time.sleep(20)\n"
        "time.sleep(20)",
        "died",
        limits=SMALL,
    ),
    in_first_task(
        "fork_bomb",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "timed out",
    ),
    in_first_task(
        "thread_bomb",
        "import threading, time\n"
        "while True:\n"
        "    try: threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    except RuntimeError: time.sleep(60)",
        "timed out",
    ),
    attempts(
        "fills_the_disk",
        """
def fill(folder):
    written = 0
    try:
        for number in range(100):
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                for _ in range(100):
                    written += file.write(bytes(10**6))
    except OSError:
        pass
    return written if written > 70e6 else None
for folder in ("/tmp", os.path.expanduser("~"), "/dev/shm", ".", "/var/tmp", "/run"):
    attempt(folder, lambda: fill(folder))
def many(folder):
    for number in range(100_000):
        open(f"{folder}/{number}", "w").close()
    return number
attempt("files", lambda: many("/tmp"))
""",
    ),
    attempts(
        "many_open_files", 'attempt("files", lambda: [open("/dev/null") for _ in range(5000)])'
    ),
]

REACHING_OUT = [
    attempts(
        "reads_files",
        """
import pathlib
for place in ("@SECRET@", "@EXERCISE@/checks.py", "@REPOSITORY@/pyproject.toml", "/etc/shadow",
              "@REPOSITORY@/exercises", "@REPOSITORY@/tests", "/root/.ssh", "@HOME@/.bashrc",
              "/etc/passwd", "/var/log", "/home/student/../../root/.bash_history"):
    attempt(place, lambda: os.listdir(place) if os.path.isdir(place) else open(place, "rb").read())
for start in ("/grader", "/home", "/tmp", "/etc", "/var", "/opt", "/srv", "/mnt", "/media", "/run"):
    for folder, _, files in os.walk(start):
        for name in files:
            if name in ("checks.py", "mutants.py", "exercise.toml", "gradebook.sqlite"):
                path = os.path.join(folder, name)
                if "/course/" not in path and "/course_utils/" not in path: leaks.append(path)
""",
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
    ),
    attempts(
        "reads_the_environment",
        """
for name, value in os.environ.items():
    if "@CANARY@" in value: leaks.append(name)
for pid in ["self", *range(1, 400), @PARENT@]:
    attempt(f"environment of {pid}",
            lambda: b"@CANARY@" in open(f"/proc/{pid}/environ", "rb").read())
""",
    ),
    attempts(
        "reads_other_processes",
        """
import ctypes
def mine(pid): return pid == os.getpid()
for pid in [*range(1, 400), @PARENT@]:
    if mine(pid): continue
    for name in ("mem", "maps", "cwd", "root", "exe"):
        path = f"/proc/{pid}/{name}"
        attempt(path, lambda: os.readlink(path) if name in ("cwd", "root", "exe")
                else open(path, "rb").read(1))
    attempt(f"descriptors of {pid}", lambda: os.listdir(f"/proc/{pid}/fd"))
libc = ctypes.CDLL(None, use_errno=True)
for pid in [*range(1, 100), @PARENT@]:
    if mine(pid): continue
    attempt(f"ptrace {pid}", lambda: libc.ptrace(16, pid, 0, 0) == 0)
    room = ctypes.create_string_buffer(8)
    class Vector(ctypes.Structure): _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    here = Vector(ctypes.addressof(room), 8)
    attempt(f"memory of {pid}", lambda: libc.process_vm_readv(
        pid, ctypes.byref(here), 1, ctypes.byref(here), 1, 0) > 0)
""",
    ),
    attempts(
        "kills_others",
        """
import signal
for pid in [-1, *range(1, 100), @PARENT@, -@PARENT@]:
    if pid != os.getpid():
        try: os.kill(pid, signal.SIGKILL)
        except OSError: pass
attempt("the parent", lambda: os.kill(@PARENT@, 0) or "is there")
""",
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
    ),
    attempts(
        "mounts",
        """
import ctypes, subprocess
libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "umount": lambda: libc.umount2(b"/proc", 2), "umount tmp": lambda: libc.umount2(b"/tmp", 2),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: libc.mount(None, b"/", None, 32, None),
    "unshare": lambda: libc.unshare(0x10000000), "unshare all": lambda: libc.unshare(0x7C020000),
    "setns": lambda: libc.setns(3, 0), "chroot": lambda: libc.chroot(b"/tmp"),
    "setuid": lambda: libc.setuid(0), "setgid": lambda: libc.setgid(0),
    "clone": lambda: min(0, libc.syscall(56 if "x86" in os.uname().machine else 220,
                                         0x10000000 | 17, 0, 0, 0, 0)),
    "keys": lambda: libc.syscall(250 if "x86" in os.uname().machine else 219, 0, -3, 0),
}
for name, call in calls.items():
    attempt(name, lambda: call() >= 0)
attempt("mknod", lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0)) or "made")
attempt("a tool", lambda: subprocess.run(["unshare", "-r", "true"]).returncode == 0)
attempt("sudo", lambda: subprocess.run(["su", "-c", "true"], timeout=2).returncode == 0)
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10) or "raised")
import resource
for kind in (resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
    attempt(f"limit {kind}", lambda: resource.setrlimit(kind, (-1, -1)) or "raised")
""",
    ),
    attempts(
        "searches_memory",
        """
import gc
# All of them backwards: else the search would find itself.
words = {word[::-1] for word in ("@YRANAC@", "htdiw_yna", "dnuora_lla_sorez", "seulav_evitagen")}
def interesting(value):
    if isinstance(value, str): return value in words
    if isinstance(value, int): return value == int("@SEED@"[::-1])
    return type(value).__name__ in ("Check", "Exercise", "Mutant", "Grader", "Outcome")
for found in gc.get_objects():
    if found is globals() or found is words: continue
    try:
        parts = list(found.values()) if isinstance(found, dict) else list(found) if isinstance(
            found, (list, tuple, set)) else [found]
    except Exception: continue
    for part in parts:
        try:
            if interesting(part): leaks.append(type(part).__name__)
        except Exception: pass
frame = sys._getframe()
while frame is not None:
    for name, value in list(frame.f_locals.items()):
        if name in ("reference", "expected", "seed", "checks", "check_function"): leaks.append(name)
    frame = frame.f_back
for module in list(sys.modules):
    if module.endswith((".submission", "gradebook", ".jail")): leaks.append(module)
for descriptor in (0, 1, 2, *range(5, 1024)):
    def readable():
        os.set_blocking(descriptor, False)
        return os.read(descriptor, 100) or None
    attempt(f"descriptor {descriptor}", readable)
""",
    ),
    Submission(
        "leaves_a_daemon",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import os, time, signal\n"
            "if not os.fork():\n"
            "    os.setsid()\n"
            "    for number in range(1, 65):\n"
            "        try: signal.signal(number, signal.SIG_IGN)\n"
            "        except (OSError, ValueError): pass\n"
            "    if not os.fork():\n"
            "        import ctypes\n"
            "        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
            "        while True: time.sleep(0.01)\n"
            "    os._exit(0)",
        ],
        ALL,
    ),
    Submission(
        "leaves_things_behind",
        [
            SETUP,
            ADD_FRAME,
            BRIGHTEST,
            "import ctypes, os, socket\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "libc.shmget(4711, 4096, 0o1777)\nlibc.semget(4711, 1, 0o1777)\n"
            "libc.msgget(4711, 0o1777)\nlibc.mq_open(b'/left', 66, 0o777, None)\n"
            "for folder in ('/tmp', '/dev/shm', os.path.expanduser('~'), '/home/student'):\n"
            "    try:\n"
            "        with open(folder + '/left', 'w') as file: file.write('answers')\n"
            "        os.chmod(folder, 0o777)\n"
            "    except OSError: pass\n"
            "np.left = 'answers'",
        ],
        ALL,
    ),
    attempts(  # directly after the one before
        "finds_things_left_behind",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/home/student", "/home", "/dev"):
    attempt(folder, lambda: open(folder + "/left").read())
attempt("shared memory", lambda: libc.shmget(4711, 4096, 0) >= 0)
attempt("semaphores", lambda: libc.semget(4711, 1, 0) >= 0)
attempt("messages", lambda: libc.msgget(4711, 0) >= 0)
attempt("queue", lambda: libc.mq_open(b"/left", 2) >= 0)
attempt("modules", lambda: np.left)
""",
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
