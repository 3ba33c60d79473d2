"""No Predict is spoilt: its answer stands in the text that follows the run, and not before.

A question declares its answers (see `tools/lesson_source.py`). Between it and the text that answers
it, which is the first one after a cell that computes something, no answer may stand: not in code,
its texts, comments or names, nor in text. A number of one digit tells only where something is said
to be it: in an assert, a comparison, a text, a comment, or an assignment.
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
COMPLETE = ("00_start_here", "01_convolution", "02_mnist")  # every question has its declaration
FEWEST_INSTRUMENTS = 5
UNDECLARED = 60  # questions of the other lessons without a declaration: this number may only fall
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
TELLING = {"answer", "solution"}  # words of a variable's name that give away what it holds


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
    names = {token.string for token in tokens if token.type == tokenize.NAME}
    return texts, [re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name).casefold() for name in names]


def told_by(code, answer):
    """Where a cell's code gives an answer away: a list of texts."""
    code = without_commands(code)
    texts, names = said_in(code)
    if answer.text:
        return [text for text in texts + names if answer.is_in(text)]
    if not answer.is_digit:
        return [line for line in code.splitlines() if answer.is_in(line)]
    found = [text for text in texts if answer.is_in(text)]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, (ast.Assert, ast.Compare)):
            found += [ast.unparse(node)] * answer.is_in(ast.unparse(node))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant):
            found += [ast.unparse(node)] * (node.value.value == answer.numbers[0])
    return list(dict.fromkeys(found))


def without_commands(code):
    """A cell's code without lines for IPython, such as !course doctor."""
    return re.sub(r"^\s*[!%].*", "", code, flags=re.MULTILINE)


def names_that_tell(code):
    """Names of variables that a cell sets, and that say they hold an answer."""
    return [
        node.id
        for node in ast.walk(ast.parse(without_commands(code)))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        if TELLING & set(node.id.casefold().split("_"))
    ]


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
                for kind, text in question["between"]:
                    where = [text[:60]] if kind == "markdown" and answer.is_in(text) else []
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
    "no answer in the text": ("# It is 44: only", "# It wraps: only"),
    "no answer in words in the text": ("*left* one", "*right* one"),
    "no shape in the text": ("# 26 × 25.", "# 25 × 26."),
}


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
