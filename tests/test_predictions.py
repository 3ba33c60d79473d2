"""No Predict is spoilt: its answer stands in the text that follows the run, and not before.

A question declares its answers (see `tools/lesson_source.py`). Between it and the text that answers
it, which is the first one after a cell that computes something, no answer may stand: not in code,
its texts, comments or names, nor in text; a number also not in words, as a sum, or written in
another way. A number of one digit tells only where something is said to be it: in an assert, a
comparison, a text, a comment, an assignment, or where it is printed.
"""

import ast
import functools
import io
import re
import tokenize

import pytest

from tools.lesson_source import declared_cells
from tools.staleness import lessons

NAMES = [source.stem for source in lessons()]
COMPLETE = tuple(name for name in NAMES if not name.startswith("06"))  # every question is declared
FEWEST_INSTRUMENTS = 5
UNDECLARED = 20  # questions of the other lessons without a declaration: this number may only fall
PREDICT = re.compile(r"\*\*Predict(?:\.\*\*|\*\* )")
NUMBER = re.compile(
    r"(?<![\w.])[−-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?!\w|\.\d|,\d{3}(?!\d))"
)
RUN = ("code", None)  # kind and declaration of a cell that computes something
WORDS = {
    0: "zero nothing no none",
    1: "one once",
    2: "two twice",
    3: "three thrice",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "twelve",
}
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SPELT = {n: WORDS[n].split()[0] for n in range(3, 10)}  # smaller ones stand in any text
SPELT |= {n: WORDS[n] for n in (10, 12)}
SPELT |= {10 * n: ten for n, ten in enumerate(TENS, 2)}
SPELT |= {
    n + d: f"{SPELT[n]}-{WORDS[d].split()[0]}" for n in range(20, 100, 10) for d in range(1, 10)
}
SHOWS = {"print", "str", "repr", "display", "set_title", "suptitle", "set_xlabel", "text"}
SETS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.FormattedValue)
TITLES = {"title", "titles", "alt", "label", "labels", "text"}
TELLING = {"answer", "solution", "solutions"}  # words of a name that tells what it holds


def numbers_in(text):
    return [float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]


class Answer:
    """One thing that a question asks for."""

    def __init__(self, value, tolerance=0):
        self.text = None
        if isinstance(value, str):
            numbers = numbers_in(value)
            if len(numbers) == 1 and NUMBER.fullmatch(value.strip()):
                value = numbers[0]
            else:
                self.text = value.casefold()
        self.numbers = None if self.text else [*value] if isinstance(value, list) else [value]
        self.tolerance = tolerance
        self.shown = value

    @property
    def is_digit(self):
        return self.numbers is not None and len(self.numbers) == 1 and self.numbers[0] in range(10)

    def is_in(self, text, *, words=False):
        """Whether it stands in a text; `words`: a small number also as a word."""
        if self.text:
            return bool(re.search(rf"(?<!\w){re.escape(self.text)}(?!\w)", flat(text)))
        found, wanted = numbers_in(text), len(self.numbers)
        rows = (found[i : i + wanted] for i in range(len(found) - wanted + 1))
        if any(all(map(self._near, row, range(wanted))) for row in rows):
            return True
        spelt = WORDS.get(self.numbers[0], "").split() if words and wanted == 1 else []
        return any(re.search(rf"\b{word}\b", text.casefold()) for word in spelt)

    def _near(self, number, place):
        exact = self.numbers[place]
        return abs(number - exact) <= self.tolerance + 1e-9 * abs(exact)


def spelt_out(text):
    """A text with its numbers as this test reads them: 3 072, 44px, 26x25, minus 2, 75 %, 3/4."""
    text = re.sub(r"(?<=\d)[  \u202f_](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", " × ", re.sub(r"\bminus (?=\d)", "-", text))
    parts = re.findall(r"(?<![\w./])(\d+(?:\.\d+)?)/(\d+)(?![\w./])", text)
    more = [float(above) / float(below) for above, below in parts if float(below)]
    more += [float(n) / 100 for n in re.findall(r"(?<![\w.])(\d+(?:\.\d+)?) ?%", text)]
    return re.sub(r"(?<=\d)(?=[a-z]{1,6}\b)", " ", text) + "".join(f" ; {n:.9g}" for n in more)


def flat(text):
    """A text without marks for the eye, in small letters, all on one line."""
    return re.sub(r"\s+", " ", re.sub(r"[*`_]", "", text)).casefold()


def answers_of(declared):
    """What a declaration asks for: a list of Answer."""
    if isinstance(declared, list):
        return [Answer(part) for part in declared]
    if declared["kind"] == "order":
        return [Answer(item) for item in declared["answer"]]
    return [Answer(declared["answer"], declared.get("tolerance", 0))]


def said_in(code):
    """Texts and comments of a cell, and the names that it uses, in words."""
    tree = ast.parse(code)
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    texts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    texts += [folded for node in ast.walk(tree) if isinstance(folded := value_of(node), str)]
    names = {token.string for token in tokens if token.type == tokenize.NAME}
    return texts, [re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name).casefold() for name in names]


def value_of(node):
    """What an expression of numbers or texts alone comes to; else None."""
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
        return "".join(str(v) if (v := value_of(part)) is not None else " " for part in parts)
    if not isinstance(node, (ast.Constant, ast.BinOp, ast.UnaryOp)):
        return None
    plain = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    if not all(isinstance(part, plain) for part in ast.walk(node)):
        return None
    try:
        return eval(compile(ast.Expression(node), "a lesson", "eval"))
    except (TypeError, ArithmeticError):
        return None


def is_spelt_in(answer, text):
    """Whether a text has a number in words that has few other meanings: nine, forty-four."""
    word = SPELT.get(answer.numbers[0]) if answer.numbers and len(answer.numbers) == 1 else None
    return bool(word and re.search(rf"\b{word}\b".replace("-", "[- ]"), text.casefold()))


def numbers_shown(tree):
    """Numbers that a cell's code shows, sets or tests: (value, where)."""
    for node in ast.walk(tree):
        name, parts = "", []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SHOWS or name.startswith("assert_"):
                parts = node.args
            parts = [*parts, *(k.value for k in node.keywords if k.arg in TITLES)]
        elif isinstance(node, SETS):
            parts = [node.value]
        elif isinstance(node, ast.arguments):
            parts = [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.Dict):
            parts = node.values
        for part in parts:
            for one in part.elts if isinstance(part, (ast.Tuple, ast.List)) else [part]:
                if one is not None and type(value := value_of(one)) in (int, float):
                    yield value, ast.unparse(node)


def told_by(code, answer):
    """Where a cell's code gives an answer away: a list of texts."""
    commands = re.findall(r"^\s*[!%].*", code, flags=re.MULTILINE)
    code = without_commands(code)
    tree = ast.parse(code)
    texts, names = said_in(code)
    texts += commands
    if answer.text:
        return [text for text in texts + names if answer.is_in(text.replace("-", " "))]
    number = answer.numbers[0] if len(answer.numbers) == 1 else None
    found = [text for text in texts if answer.is_in(text) or answer.is_in(spelt_out(text))]
    found += [text for text in texts + names if is_spelt_in(answer, text)]
    if answer.is_digit:
        nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Assert, ast.Compare))]
        found += [told for node in nodes if answer.is_in(told := ast.unparse(node))]
        found += [where for value, where in numbers_shown(tree) if answer._near(value, 0)]
        return list(dict.fromkeys(found))
    found += [line for line in code.splitlines() if answer.is_in(line)]
    found += [told for told in map(ast.unparse, tree.body) if answer.is_in(told)]
    set_names = [re.sub(r"\D+", " ", name) for name in names_set(tree)]
    found += [name for name in set_names if answer.is_in(name)]
    if number is not None:
        values = {value_of(node) for node in ast.walk(tree)} - {None}
        found += [str(v) for v in values if type(v) in (int, float) and answer._near(v, 0)]
    return list(dict.fromkeys(found))


def without_commands(code):
    """A cell's code without lines for IPython, such as !course doctor."""
    return re.sub(r"^\s*[!%].*", "", code, flags=re.MULTILINE)


def names_set(tree):
    """Names that code gives to things: variables, functions, parameters, imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.arg, ast.keyword)):
            yield node.arg or ""
        elif isinstance(node, ast.alias):
            yield node.asname or ""


def names_that_tell(code):
    """Names that a cell gives to things, and that say they hold an answer."""
    names = names_set(ast.parse(without_commands(code)))
    return [name for name in names if TELLING & set(name.casefold().split("_"))]


@functools.cache
def questions_of(source):
    """A lesson's questions: of each its text, its answers, what stands between, what follows."""
    cells = declared_cells(source)
    starts = [
        i for i, (kind, text, _) in enumerate(cells) if kind == "markdown" and PREDICT.search(text)
    ]
    questions = []
    for start in starts:
        # It is answered before the next question that something was run for.
        runs = (i for i, (kind, _, d) in enumerate(cells) if i > start and (kind, d) == RUN)
        ran = next(runs, len(cells))
        end = next((i for i in starts if i > ran), len(cells))
        told = next((i for i in range(ran, end) if cells[i][0] == "markdown"), end)
        asked = next((i for i in starts if i > start), len(cells))  # the next question
        own = [cells[start], *(c for c in cells[start + 1 : min(asked, ran)] if c[0] == "code")]
        declared = [d for _, _, d in own if d is not None]
        following = [text for kind, text, _ in cells[told:end] if kind == "markdown"]
        if end < len(cells):
            following.append(PREDICT.split(cells[end][1])[0])
        question = {
            "text": PREDICT.split(cells[start][1])[1].split("\n")[0][:60],
            "declared": declared,
            "asked": cells[start][1],
            "instruments": [d for d in declared if isinstance(d, dict)],
            "between": [(kind, text) for kind, text, d in cells[start + 1 : told] if d is None],
            "follows": "\n".join(following),
        }
        questions.append(question)
    return questions


def spoilt(source):
    """What is wrong with a lesson's questions that are declared: a list of texts."""
    found = []
    for question in questions_of(source):
        asked = f"{source.name}, “{question['text']} …”"
        for declared in question["declared"]:
            for answer in answers_of(declared):
                if not answer.is_in(question["follows"], words=True):
                    found.append(f"{asked}: {answer.shown!r} isn't in the text that follows")
                if isinstance(declared, dict) and declared["kind"] == "order":
                    continue  # its items are what the question asks about
                label = declared["label"] if isinstance(declared, dict) else ""
                if answer.numbers and not answer.is_digit:
                    told = [t for t in (question["asked"], label) if answer.is_in(t)]
                    found += [f"{asked}: {answer.shown!r} is given away by {t[:60]}" for t in told]
                for kind, text in question["between"]:
                    where = []
                    if kind == "markdown" and (answer.is_in(text) or is_spelt_in(answer, text)):
                        where = [text[:60]]
                    where += told_by(text, answer) if kind == "code" else []
                    found += [f"{asked}: {answer.shown!r} is given away by {w}" for w in where]
        codes = [text for kind, text in question["between"] if kind == "code"]
        found += [f"{asked}: the name {n} tells" for code in codes for n in names_that_tell(code)]
    return found


def undeclared(source):
    return [q["text"] for q in questions_of(source) if not q["declared"]]


# ---- the lessons ----------------------------------------------------------------------------


@pytest.mark.parametrize("source", lessons(), ids=NAMES)
def test_no_predict_is_spoilt(source):
    assert spoilt(source) == []


@pytest.mark.parametrize("name", COMPLETE)
def test_every_question_is_declared(name):
    (source,) = [source for source in lessons() if source.stem == name]
    assert undeclared(source) == []
    instruments = [one for q in questions_of(source) for one in q["instruments"]]
    assert len(instruments) >= FEWEST_INSTRUMENTS


def test_questions_without_a_declaration_only_become_fewer():
    left = [text for s in lessons() if s.stem not in COMPLETE for text in undeclared(s)]
    assert len(left) == UNDECLARED, f"{len(left)} now: write that number here, if it has fallen"


# ---- planted ones ---------------------------------------------------------------------------

SOUND = """\
# %% [markdown]
# ## 1.1 A section
# **Predict.** What is 200 + 100, if both are `uint8`?

# %%
predict.number("wrap", 44, mistakes={300: "A byte holds no more than 255."})

# %%
image = np.full((28, 28), 200, "uint8")
figures.show(image + 100)

# %% [markdown]
# It is 44: only the remainder is kept. **Predict.** Which side is bright, and how many pixels are?

# %% [markdown] answer=["the left one", "3"]
# (A plain question: **Predict.** Which side, and how many?)

# %%
for i in range(3):
    print(image[i], image[3, 0])

# %% [markdown]
# It is the *left* one, and three pixels of it. **Predict.** Which shape?

# %%
predict.shape("map", (26, 25), mistakes={(28, 28): "No padding."})

# %%
feature_map = convolve(image, kernel)

# %% [markdown]
# 26 × 25.

# %%
assert feature_map.shape == (26, 25)
"""
PLANTS = {
    "an assert": ("figures.show(image + 100)", "assert (image + 100)[0, 0] == 44"),
    "a title": ("figures.show(image + 100)", 'figures.show(image + 100, title="It is 44")'),
    "a title that is made": ("figures.show(image + 100)", 'axes.set_title(f"44 at {image.size}")'),
    "a comment": ("figures.show(image + 100)", "figures.show(image + 100)  # 44"),
    "a printed literal": ("figures.show(image + 100)", "print(44)"),
    "an assigned number": ("figures.show(image + 100)", "wrapped = 44"),
    "a name": ("figures.show(image + 100)", "RIDDLE, SOLUTION = image[:2]"),
    "text before the run": ("\n# %%\nimage", "\n# %% [markdown]\n# So 44 comes.\n\n# %%\nimage"),
    "a digit in a comparison": ("print(image[i]", "print(image.sum() > 3, image[i]"),
    "a digit in an assert": ("print(image[i]", "assert image.any(axis=3)\n    print(image[i]"),
    "a digit that is assigned": ("for i in range(3)", "count = 3\nfor i in range(3)"),
    "a digit in a text": ("print(image[i]", 'print("3 of them", image[i]'),
    "words in a name": ("print(image[i]", "the_left_one = 0\n    print(image[i]"),
    "words in a text": ("print(image[i]", 'print("The left one:", image[i]'),
    "a shape": ("convolve(image, kernel)", "convolve(image, kernel).reshape(26, 25)"),
    "a shape in a comparison": ("convolve(image, kernel)", "image.shape == (26, 25)"),
    "words in two texts": ("print(image[i]", 'print("The left" + " one:", image[i]'),
    "text in words before the run": (
        "\n# %%\nimage",
        "\n# %% [markdown]\n# So forty-four comes.\n\n# %%\nimage",
    ),
    "the question's own text": (
        "# **Predict.** What is 200",
        "# It is 44. **Predict.** What is 200",
    ),
    "a label": ('"wrap", 44,', '"wrap", 44, label="such as 44",'),
    "a shape over lines": ("convolve(image, kernel)", "image.reshape(\n    26,\n    25,\n)"),
    "a shape with an x": ("convolve(image, kernel)", 'print("26x25")'),
    "no answer in the text": ("# It is 44: only", "# It wraps: only"),
    "no answer in words in the text": ("*left* one", "*right* one"),
    "no shape in the text": ("# 26 × 25.", "# 25 × 26."),
}

SHOWN = "figures.show(image + 100)"
NUMBERS = {  # answer, as the text that follows says it, code that tells
    "an f-string": ("44", "44", 'print(f"it is {44}")'),
    "alternative text": ("44", "44", 'figures.show(image, alt="A square of 44s.")'),
    "a docstring": ("44", "44", 'def f():\n    """It is 44."""'),
    "a unit": ("44", "44", 'figures.show(image, title="44px")'),
    "words": ("44", "44", 'figures.show(image, title="forty-four")'),
    "a sum": ("44", "44", "print(40 + 4)"),
    "another base": ("44", "44", "print(0x2C)"),
    "a name with a number": ("44", "44", "image_44 = image"),
    "a command": ("44", "44", "!echo 44"),
    "a variable's value": ("44", "44", 'told = "So 44"\nfigures.show(image, title=told)'),
    "thousands with commas": ("3072", "3,072", 'print("3,072 numbers")'),
    "thousands with spaces": ("3072", "3,072", 'print("3 072 numbers")'),
    "thousands with underscores": ("3072", "3,072", "print(3_072)"),
    "an exponent": ("3072", "3,072", "print(3.072e3)"),
    "a true minus": ("-2", "−2", 'figures.show(image, title="−2")'),
    "a minus in words": ("-2", "−2", 'figures.show(image, title="minus 2")'),
    "a minus in code": ("-2", "−2", "print(-2)"),
    "a percentage": ("0.75", "0.75", 'figures.show(image, title="75 %")'),
    "a fraction": ("0.75", "0.75", 'figures.show(image, title="3/4")'),
    "a digit in words": ("9", "nine", 'figures.show(image, title="nine of them")'),
    "a digit in a name": ("9", "nine", "nine = image.sum()"),
    "a digit that is printed": ("9", "nine", "print(9)"),
    "a digit in a list": ("9", "nine", "counts = [9]"),
    "a digit by default": ("9", "nine", "def count(size=9):\n    return size"),
    "a digit in a check": ("9", "nine", "np.testing.assert_equal(image.size, 9)"),
    "a function's name": ("44", "44", "def solution():\n    return image"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_is_found_however_it_is_told(tmp_path, case):
    answer, said, code = NUMBERS[case]
    sound = SOUND.replace('"wrap", 44', f'"wrap", {answer}').replace("It is 44:", f"It is {said}:")
    assert spoilt(written(tmp_path, sound)) == []
    assert spoilt(written(tmp_path, sound.replace(SHOWN, code, 1)))


def written(folder, text):
    source = folder / "01_planted.py"
    source.write_text(text, encoding="utf-8")
    questions_of.cache_clear()
    return source


def test_a_sound_lesson_is_left_alone(tmp_path):
    source = written(tmp_path, SOUND)
    assert spoilt(source) == []
    assert [len(question["declared"]) for question in questions_of(source)] == [1, 0, 1, 1]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_answer_is_found(tmp_path, plant):
    old, new = PLANTS[plant]
    assert SOUND.count(old) >= 1
    assert spoilt(written(tmp_path, SOUND.replace(old, new, 1)))


def test_a_question_without_a_declaration_is_found(tmp_path):
    text = SOUND.replace(' answer=["the left one", "3"]', "")
    assert len(undeclared(written(tmp_path, text))) == len(undeclared(written(tmp_path, SOUND))) + 1
