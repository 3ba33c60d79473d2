"""The numbers that a lesson shows, asserts or has in its code, for `tools.prose_numbers`."""

import ast
import html
import itertools
import re
from dataclasses import dataclass

DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+"
SHOWN = re.compile(rf"(?<![\w.])[-−+]?(?:{DIGITS}|\d+\.)(?:e[-+]?\d+)?(?![A-Za-z_]*\d)")
# Arguments that say how something is drawn or drawn at random, not what it is.
LOOKS = {"size", "columns", "figsize", "limits", "alpha", "width", "dpi", "axis", "axes", "seed"}
LOOKS |= {
    "verbose",
    "title",
    "titles",
    "alt",
    "label",
    "labels",
    "xlabel",
    "ylabel",
    "atol",
    "rtol",
}


@dataclass(frozen=True)
class Number:
    """A number, and what is known of it.

    Attributes:
        value: a float; of 93 % it is .93.
        step: the unit of its last digit.
        kind: of a claim "count" (a small number in a word), "number", "share", "factor" or
            "measure"; of what it is compared with "shown", "asserted", "worked" (in a sum), "code"
            or "length" (of a list, or what a size comes to).
        sign: how it is compared: "=", ">", "<", "~" (about), "-" (nearly).
        text: as it is written.
        factor: whether it is said to be one: 36.2 times, × 0.35; or divides or multiplies.
        row: the words at the beginning of its line of output.
        line: of output or code, counted through the lesson; numbers in one line stand in order.
        high: the upper end, where an assert gives both; the other end, where a claim does.
        start, end: its place in its sentence.
    """

    value: float
    step: float
    kind: str
    sign: str = "="
    text: str = ""
    factor: bool = False
    row: str = ""
    line: int = 0
    high: float | None = None
    start: int = 0
    end: int = 0


# ---- outputs -------------------------------------------------------------------------------------


def in_output(output, source=""):
    """The numbers that an output shows, as text."""
    data = output.get("data", {})
    if "text/html" in data:
        text = html.unescape(re.sub(r"<[^>]*>", " ", data["text/html"]))
    else:
        text = output.get("text") or data.get("text/markdown") or data.get("text/plain", "")
    for kind in {"image/png", "image/jpeg"} & set(data):
        words = output.get("metadata", {}).get(kind, {}).get("alt", "")
        literal = " ".join(_strings(source))
        text = "" if not words or squeezed(words) in squeezed(literal) else words
    return [number for line in text.splitlines() for number in in_line(line)]


_LINES = itertools.count(1)


def in_line(line):
    """The numbers that a line of output shows."""
    row = re.split(r"\s{2,}|[:,]", line.strip())[0].strip()
    row = row if re.match(r"[^\W\d]{2}", row) else ""
    numbers, line_number = [], next(_LINES)
    for found in SHOWN.finditer(line):
        value, step = value_of(found[0])
        after, before = line[found.end() :], line[: found.start()]
        if re.match(r"\s?%", after):
            value, step = value / 100, step / 100
        factor = re.match(r"\s*(?:×(?!\s*\d)|times\b)", after) or re.search(
            r"(?:^|[^\d)\s])\s+× $", before
        )
        numbers.append(
            Number(
                value, step, "shown", text=found[0], factor=bool(factor), row=row, line=line_number
            )
        )
    return numbers


def value_of(text):
    """(value, unit of the last digit) of a number as it is written."""
    text = text.replace(",", "").replace("−", "-")
    mantissa, _, exponent = text.partition("e")
    places = len(mantissa.partition(".")[2])
    return float(text), 10.0 ** (int(exponent or 0) - places)


def in_code(source):
    """The numbers of a code cell: of its asserts with what they assert, and of the rest."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line for IPython, such as !course doctor
        return []
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    numbers = [number for node in asserts for number in _asserted(node.test)]
    return numbers + _in_tree(tree, {id(node) for one in asserts for node in _bounds(one.test)})


def _bounds(test):
    """What stands for a bound in an assert's comparisons: nothing that a section begins with."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and not all(isinstance(o, ast.Eq) for o in node.ops):
            for side in (node.left, *node.comparators):
                parts = [side, side.left, side.right] if isinstance(side, ast.BinOp) else [side]
                for part in parts:
                    if _constant(part) is not None:
                        yield from ast.walk(part)


def _in_tree(tree, passed):
    """All numbers in code but those in nodes of these ids, line by line."""
    numbers = []
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        aside = []
        if isinstance(node, ast.keyword) and node.arg in LOOKS:
            aside = [node.value]
        elif isinstance(node, ast.Subscript) and _constant(node.slice) is not None:
            aside = [node.slice]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "round":
            aside = node.args
        elif isinstance(node, ast.JoinedStr):
            aside = [node]
        elif (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Div)
            and _constant(node) is not None
        ):
            numbers.append((node, _constant(node), ""))
            aside = [node.left, node.right]  # 1 / 9 is one number
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            numbers += [(node, len(node.elts), "length")]
            inside = [part for part in ast.walk(node) if _constant(part) is not None]
            plain = (ast.List, ast.Tuple, ast.Constant, ast.UnaryOp, ast.USub, ast.Load)
            if len(inside) > 6 and all(isinstance(part, plain) for part in ast.walk(node)):
                # The contents of an array.
                aside = [part for part in inside if abs(_constant(part)) > 1]
        elif isinstance(node, ast.Dict):
            numbers.append((node, len(node.keys), "length"))
        elif isinstance(node, ast.Slice) and (value := _constant(node.upper)) is not None:
            numbers.append((node, value - 1, ""))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
            ends = [(part, _constant(part)) for part in node.args]
            numbers += [(part, end - 1, "") for part, end in ends if end is not None]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in re.finditer(rf"(?<![\w.])(?:{DIGITS})", node.value):
                numbers.append((node, value_of(found[0])[0], ""))
        passed |= {id(inner) for part in aside for inner in ast.walk(part)}
        if id(node) not in passed and not aside and (value := _constant(node)) is not None:
            numbers.append((node, value, ""))
    numbers.sort(key=lambda one: (one[0].lineno, one[0].col_offset))
    made = []
    for _, group in itertools.groupby(numbers, key=lambda one: one[0].lineno):
        line = next(_LINES)
        for _, value, kind in group:
            step = 1.0 if kind else 0.0
            made.append(Number(float(value), step, kind or "code", text=str(value), line=line))
    return made


def _constant(node):
    """The value of numbers and what is worked out from them alone; None of anything else."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) in (int, float) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inside = _constant(node.operand)
        return None if inside is None else -inside
    if isinstance(node, ast.BinOp):
        left, right = _constant(node.left), _constant(node.right)
        if left is None or right is None or (isinstance(node.op, ast.Pow) and abs(right) > 99):
            return None
        try:
            return eval(compile(ast.Expression(ast.fix_missing_locations(node)), "", "eval"), {})
        except ArithmeticError:
            return None
    return None


def _strings(source):
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is str]


def squeezed(text):
    return re.sub(r"\s+", "", text)


FLIPPED = {"<": ">", ">": "<", "=": "="}
SIGNS = {ast.Lt: "<", ast.LtE: "<", ast.Gt: ">", ast.GtE: ">", ast.Eq: "="}


def _asserted(test):
    """What the comparisons in an assert say about the numbers in them."""
    numbers = []
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, operation, right in zip(sides, node.ops, sides[1:], strict=False):
                sign = SIGNS.get(type(operation))
                if sign:
                    numbers += _of_side(right, sign, left) + _of_side(left, FLIPPED[sign], right)
            if len(sides) == 3:
                low, high = _constant(sides[0]), _constant(sides[2])
                if None not in (low, high):
                    low, high = sorted((low, high))
                    numbers.append(
                        Number(float(low), 0, "asserted", text="", high=float(high), factor=True)
                    )
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("isclose", "allclose", "array_equal") and len(node.args) > 1:
                numbers += _of_side(node.args[1], "=", node.args[0])
    return numbers


def _of_side(node, sign, other):
    """What one side of a comparison says: its numbers, and the sign that they have in it."""
    if (value := _constant(node)) is not None:
        if sign != "=" and isinstance(other, ast.Call) and getattr(other.func, "id", "") == "abs":
            inside = other.args[0]
            if isinstance(inside, ast.BinOp) and (near := _constant(inside.right)) is not None:
                return [
                    Number(float(near), 0, "asserted"),
                    Number(float(value), 0, "asserted", sign),
                ]
        ratio = (
            isinstance(other, ast.BinOp)
            and isinstance(other.op, ast.Div)
            or isinstance(other, ast.Name | ast.Subscript)
        )
        return [Number(float(value), 0, "asserted", sign, factor=ratio)]
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [number for part in node.elts for number in _of_side(part, sign, other)]
    if isinstance(node, ast.BinOp):
        for part, rest in ((node.right, node.left), (node.left, node.right)):
            if (value := _constant(part)) is None:
                continue
            if isinstance(node.op, ast.Add):
                return [Number(float(value), 0, "asserted", sign)]
            if isinstance(node.op, ast.Sub):
                return [Number(float(value), 0, "asserted", FLIPPED[sign])]
            if isinstance(rest, (ast.Tuple, ast.List)):
                return []  # a repetition
            if isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv) and value:
                times = value if isinstance(node.op, ast.Mult) else 1 / value
                return [
                    Number(float(times), 0, "asserted", sign, factor=True),
                    Number(1 / times, 0, "asserted", FLIPPED[sign], factor=True),
                ]
    return []
