"""A lesson's source, read: the notebook's cells, and the questions that the source declares.

A question with a definite answer is one call in a cell of its own, below the text that asks it:

    # %%
    predict.number("wrap", 44, mistakes={300: "A byte holds no more than 255.", ...})

In the notebook stands `predict("wrap")`; answer and mistakes go to a file that the course package
carries, `course/workspace/questions/NN_topic.json`. The kinds are the functions number, shape,
choice and order below. Any other question names its answer in the head of its text cell, for
`tests/test_predictions.py` alone: `# %% [markdown] answer="faint"`.
"""

import ast
import hashlib
import inspect
import itertools
import json
import re

from course.workspace.questions import FOLDER, packed
from tools import glossary
from tools.study_times import study_times

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LARGEST = 1e15  # a browser's numbers are exact up to there
MISTAKES = "mistakes is a dict with one likely mistake at least, and its sentence"
NAME = "predict"  # the variable that a lesson keeps `instruments.open_lesson` in
HEADING = re.compile(r"^## (\d+\.\d+ .+)$", re.MULTILINE)  # of a section


def read_lesson(source):
    """The notebook of a lesson without outputs: cells with links to the glossary, ids that stay.

    Args:
        source: path of the lesson's .py file.
    Raises:
        ValueError: a question isn't declared as it should be; file, line and what to write.
    """
    return _read(source)[0]


def questions_text(source):
    """What a lesson's file of questions has to have: its sections' cells, these, its study time.

    Args:
        source: path of the lesson's .py file.
    Raises:
        ValueError: as of `read_lesson`, and of `study_times`.
    """
    notebook, questions = _read(source)
    sections, asked, heading = {}, {}, None
    for cell in notebook.cells:
        heading = _heading_after(cell, heading)
        if cell.cell_type != "code" or heading is None:
            continue
        sections.setdefault(heading, []).append(cell["id"].partition("-")[0])
        if question := questions.get(cell["id"]):
            name = question.pop("name")
            asked[name] = {"section": heading, "packed": packed(question)}
    all_of_it = {
        "sections": {heading: " ".join(marks) for heading, marks in sections.items()},
        "questions": asked,
        "minutes": study_times(notebook),
    }
    return json.dumps(all_of_it, ensure_ascii=False, indent=1) + "\n"


def questions_file(source):
    """The path of the file for `questions_text`."""
    return FOLDER / f"{source.stem}.json"


def with_ids(notebook):
    """Give cells ids that stay as long as their text does; returns the notebook."""
    seen = {}
    for cell in notebook.cells:
        digest = hashlib.sha1(cell.source.encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = f"{digest}-{seen[digest]}"
    return notebook


def declared_cells(source):
    """A lesson's cells as its source has them, with what they declare; for the tests.

    Args:
        source: path of the lesson's .py file.
    Returns:
        list of (kind of cell, text, declared): of a question with an instrument its dict as of
        `number` and the others; of a text cell the list of its answers in words; else None.
    """
    cells = []
    for cell in _cells(source):
        declared = None
        if cell.cell_type == "code":
            declared = _declared(cell, source)
        elif "answer" in cell.metadata:
            answer = cell.metadata["answer"]
            parts = answer if isinstance(answer, list) else [answer]
            if not (parts and all(isinstance(part, str) and part.strip() for part in parts)):
                said = f'write answer="faint" or answer=["0", "3"]; given was {answer!r}'
                raise _error(source, cell, said)
            declared = parts
        cells.append((cell.cell_type, cell.source, declared))
    return cells


# ---- the kinds of questions ----------------------------------------------------------------------


def number(name, answer, *, mistakes, tolerance=0, label="Your guess"):
    """A question for a number; a guess is right that is off by `tolerance` at most."""
    numbers = [answer, tolerance, *mistakes]
    if not all(type(value) in (int, float) and abs(value) <= LARGEST for value in numbers):
        raise ValueError(
            f"answer, tolerance and mistakes are numbers up to {LARGEST:g}; given were {numbers}"
        )
    if tolerance < 0:
        raise ValueError(f"tolerance is 0 or more; given was {tolerance}")
    if near := [value for value in mistakes if abs(value - answer) <= tolerance]:
        raise ValueError(f"{near[0]} is a mistake, and right: {answer} ± {tolerance}")
    for one, other in itertools.combinations(mistakes, 2):
        if abs(one - other) <= tolerance:
            raise ValueError(f"{one} and {other} are one mistake, within {tolerance}: write one")
    return _question(name, "number", label, answer, mistakes) | {"tolerance": tolerance}


def shape(name, answer, *, mistakes, label="Your guess"):
    """A question for a shape, as a tuple of whole numbers."""
    for value in (answer, *mistakes):
        whole = isinstance(value, tuple) and all(type(n) is int and n >= 0 for n in value)
        if not (whole and value):
            raise ValueError(
                f"shapes are tuples of whole numbers such as (26, 26); given: {value!r}"
            )
    return _question(name, "shape", label, answer, mistakes)


def choice(name, answer, *, options, mistakes, label="Your guess"):
    """A question whose answer is one of the options, texts; each other one has its sentence."""
    _check_texts("options", options)
    if answer not in options or len(options) < 2:
        raise ValueError(f"{answer!r} has to be one of two or more different options: {options}")
    if set(mistakes) != set(options) - {answer}:
        wrong = sorted(set(options) - {answer})
        raise ValueError(f"mistakes has a sentence for each of {wrong}; given: {list(mistakes)}")
    return _question(name, "choice", label, answer, mistakes) | {"options": list(options)}


def order(name, answer, *, mistakes, label="Put them in order"):
    """A question for the order of things, a list of texts; it is shown in another order."""
    _check_texts("answer", answer)
    items = list(answer)
    if len(items) < 3:
        raise ValueError(f"an order has three different texts at least; given: {items}")
    for mistake in mistakes:
        if not isinstance(mistake, tuple) or sorted(map(str, mistake)) != sorted(items):
            raise ValueError(f"each mistake is a tuple of all of {items}; given: {mistake!r}")
    shown = sorted(items, key=lambda item: hashlib.sha1(f"{name} {item}".encode()).hexdigest())
    if shown == items:
        shown = shown[1:] + shown[:1]
    return _question(name, "order", label, items, mistakes) | {"options": shown}


def _check_texts(what, given):
    texts = given if isinstance(given, (list, tuple)) else []
    stripped = {text.strip() for text in texts if isinstance(text, str) and text.strip()}
    if not texts or len(stripped) != len(texts):
        raise ValueError(f"{what} is a list of different texts, ['a', 'b', ...]; given: {given!r}")


KINDS = {kind.__name__: kind for kind in (number, shape, choice, order)}


def _question(name, kind, label, answer, mistakes):
    if not (isinstance(name, str) and re.fullmatch(r"\w[\w ,-]*", name)):
        raise ValueError(f"a question's name is a word or two, as 'wrap'; given was {name!r}")
    if not (isinstance(label, str) and label.strip()):
        raise ValueError(f"label is a text, or is left out; given was {label!r}")
    if not mistakes:
        raise ValueError(MISTAKES)
    plain = [list(value) if isinstance(value, tuple) else value for value in (answer, *mistakes)]
    if plain[0] in plain[1:]:
        raise ValueError(f"{answer!r} is the answer, and among the mistakes")
    for sentence in mistakes.values():
        if not (isinstance(sentence, str) and sentence.strip()):
            raise ValueError(f"each mistake has a sentence; given was {sentence!r}")
    pairs = [list(pair) for pair in zip(plain[1:], mistakes.values(), strict=True)]
    return {"name": name, "kind": kind, "label": label, "answer": plain[0], "mistakes": pairs}


# ---- reading -------------------------------------------------------------------------------------


def _cells(source):
    import jupytext

    return jupytext.read(source, fmt="py:percent").cells


def _heading_after(cell, heading):
    """The heading of the section that goes on after a cell, if this was it before."""
    found = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
    return found[-1] if found else heading


def _read(source):
    """The notebook, and the questions: a dict from the id of a question's cell."""
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=_cells(source), metadata=dict(KERNEL))
    questions, names, heading = [], set(), None
    for cell in notebook.cells:
        heading = _heading_after(cell, heading)
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        question = _declared(cell, source) if cell.cell_type == "code" else None
        if question is not None:
            if heading is None:
                raise _error(source, cell, "a question stands in a section, below `## 1.1 Name`")
            if question["name"] in names:
                raise _error(source, cell, f"there are two questions {question['name']!r}")
            names.add(question["name"])
            cell.source = f'{NAME}("{question["name"]}")'
        questions.append(question)
    if source.parent == glossary.LESSONS:
        glossary.link_first_uses(notebook.cells, source.stem)
    with_ids(notebook)
    pairs = zip(notebook.cells, questions, strict=True)
    return notebook, {cell["id"]: question for cell, question in pairs if question}


def _declared(cell, source):
    """The question that a code cell declares, or None.

    Raises:
        ValueError: the cell uses `predict` in another way.
    """
    if not re.search(rf"\b{NAME}\b", cell.source):
        return None
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:  # it may be a line for IPython, such as !course doctor
        if re.search(rf"^\s*{NAME}\s*[.(]", cell.source, re.MULTILINE):
            said = f"{error.msg}, in line {error.lineno} of a cell with a question"
            raise _error(source, cell, said) from None
        return None
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == NAME]
    if not any(isinstance(node.ctx, ast.Load) for node in used):
        return None
    call = tree.body[0].value if isinstance(tree.body[0], ast.Expr) else None
    method = call.func if isinstance(call, ast.Call) else None
    alone = len(tree.body) == 1 and isinstance(method, ast.Attribute) and method.value in used
    kinds = ", ".join(f"{NAME}.{kind}(...)" for kind in KINDS)
    if not alone or method.attr not in (*KINDS, "score"):
        raise _error(source, cell, f"in a cell of its own stands one of {kinds}, {NAME}.score()")
    if method.attr == "score":
        if call.args or call.keywords:
            raise _error(source, cell, f"write {NAME}.score()")
        return None
    function = KINDS[method.attr]
    form = f"{NAME}.{method.attr}{inspect.signature(function)}"
    try:
        arguments = [ast.literal_eval(node) for node in call.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        if len(named) < len(call.keywords):
            raise ValueError("an argument is given twice")
        if not isinstance(named.get("mistakes", {}), dict):
            raise ValueError(MISTAKES)
        for part in call.keywords:
            if isinstance(part.value, ast.Dict) and len(named[part.arg]) < len(part.value.keys):
                raise ValueError(f"{part.arg} has the same key twice")
        return function(*arguments, **named)
    except (TypeError, ValueError) as error:
        said = str(error)
        if said.startswith("malformed node"):
            said = "arguments are written out: texts, numbers, tuples, lists, dicts of these"
        raise _error(source, cell, f"{said}; write {form}") from None


def _error(source, cell, said):
    sought = cell.source
    if cell.cell_type == "markdown":  # in the source it stands in comments
        sought = f"# {sought.splitlines()[0] if sought else ''}"
    before = source.read_text(encoding="utf-8").partition(sought)[0]
    return ValueError(f"{source.name}, line {before.count(chr(10)) + 1}: {said}")
