"""The numbers that a lesson's prose has, as what they claim, for `tools.prose_numbers`."""

import html
import math
import re
from dataclasses import dataclass

from tools.prose_evidence import DIGITS, Number, value_of

ONES = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TEENS = ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: value for value, word in enumerate(ONES + TEENS, 2)}
WORDS |= {word: 10 * value for value, word in enumerate(TENS, 2)}
POWERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
PARTS |= {"hundredth": 100, "thousandth": 1000, "millionth": 10**6}
PARTS |= {f"{word}s": value for word, value in PARTS.items()} | {"halves": 2}
COMPARED = {  # words before a number, and how it is then compared
    ">": "over|more than|at least|above|beyond|exceeds?|passes|no less than|no fewer than",
    "<": "under|below|less than|fewer than|at most|up to|within|no more than|closer than|not even",
    "~": "about|around|some|roughly|approximately|nearer to|close to|≈|~",
    "-": "nearly|almost|not quite|just under",
}
COMPARED = {
    sign: re.compile(rf"(?:^|[\s(])(?:{words})(?: an?| the| one)?\s*[−-]?$", re.IGNORECASE)
    for sign, words in COMPARED.items()
}
MEASURED = re.compile(
    r"[\s-]?(?:an? )?(?:s|ms|(?:milli)?seconds?|minutes?|hours?|[kMG]B|(?:kilo|mega|giga)bytes?)\b"
)
TIMES = {"the", "as", "what", "its", "their", "that", "over", "more", "less", "fewer"}  # after it
TIMES |= {"larger", "smaller", "faster", "slower", "cheaper", "longer", "higher", "lower"}
REFERENCE = re.compile(r"\b(lesson|section|exercise|task|set)s? (?=\d)", re.IGNORECASE)
YEAR_BEFORE = re.compile(
    r"(?:\(|\b(?:in|of|before|since|after|until|from|by|around|and|to),? )$", re.I
)
TOKEN = re.compile(
    rf"(?P<code>\x00\d+\x00)|(?P<number>{DIGITS})|(?P<word>[^\W\d_]\w*)|(?P<sign>\S)"
)
OPERATORS = {"·": "*", "×": "*", "*": "*", "+": "+", "−": "-", "-": "-", "/": "/"}
EPSILON = 1e-9


# ---- sentences -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text cell as it reads, without its marks; code is kept aside.

    Attributes:
        text: with "\\0n\\0" in the place of the nth code; codes: list of the codes.
        cell: the number of its cell.
    """

    text: str
    codes: tuple
    cell: int

    def __str__(self):
        return re.sub(r"\x00(\d+)\x00", lambda found: f"`{self.codes[int(found[1])]}`", self.text)

    @property
    def asks(self):
        return self.text.rstrip(' )"*').endswith("?")


def sentences(cell, text):
    """The sentences of a text cell's Markdown; headings and *Read on* are left out."""
    codes = []

    def keep(found):
        codes.append(next(filter(None, found.groups())))
        return f"\x00{len(codes) - 1}\x00"

    text = re.sub(r"(?s)^```.*?^```", " ", text, flags=re.MULTILINE)
    text = re.sub(r"(?s)`([^`]+)`|<code>(.*?)</code>", keep, text)
    text = re.sub(r"(?s)\$\$.*?\$\$", " ", text)
    text = re.sub(r"\$([^$]+)\$", lambda found: _plain_formula(found[1]), text)
    text = re.sub(r"(?m)^#+ .*$", " ", text)
    text = re.sub(r"\[\d\. [^]]*\]\(\d\d_\w+\.ipynb\)", " ", text)  # a lesson's title
    text = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(?i)</?(?:summary|details|p|li|ul|ol|table|tr|t[dh]|br)\b[^>]*>", "\n\n", text)
    text = html.unescape(re.sub(r"</?[a-zA-Z][^>]*>", "", text)).replace("\N{NO-BREAK SPACE}", " ")
    text = re.sub(r"(\*\*|__)", "", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])", "", text)
    made = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) |\s*\|)", text):
        block = re.sub(r"^\s*(?:[-*>]|\d+\.)\s+", "", block)
        block = re.sub(r"\s+", " ", block.replace("|", " ")).strip()
        if block.startswith("Read on:"):
            continue
        parts = re.split(r"(?<=[.!?])[\")]*\s+(?=[^a-z])", block)
        made += [Sentence(part, tuple(codes), cell) for part in parts if part]
    return made


def _plain_formula(formula):
    """A formula in words, where it is a number or says what a letter is; else nothing."""
    formula = formula.replace("\\,", " ").replace("\\cdot", "·").replace("\\times", "×").strip()
    plain = re.fullmatch(
        rf"(?:[A-Za-z]\s*=\s*)?[-−]?(?:{DIGITS})(?:\s*[·×+−/=-]\s*(?:{DIGITS}))*", formula
    )
    return formula if plain else "§"


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(text):
    return [
        Token(found.lastgroup, found[0], found.start(), found.end())
        for found in TOKEN.finditer(text)
    ]


def claims(sentence):
    """The numbers of a sentence that have to be found.

    Returns:
        (list of Number, list of sums that are worked out, as of `sums`).
    """
    text = sentence.text
    taken = places_of_references(text)
    worked = sums(text)
    numbers, tokens, place = [], _tokens(text), 0
    while place < len(tokens):
        claim, place = _claim(text, tokens, place)
        if claim and not any(start < claim.end and claim.start < end for start, end in taken):
            numbers.append(claim)
    return numbers, worked


def places_of_references(text):
    """Where a sentence names lessons, sections, exercises and years, by number."""
    places = []
    for found in REFERENCE.finditer(text):
        rest = re.match(
            r"\d+(?:\.\d+)?(?:(?:, | and | to | or |–|, and )\d+(?:\.\d+)?)*", text[found.end() :]
        )
        places.append((found.end(), found.end() + rest.end()))
    for found in re.finditer(r"(?<![\d,.])(?:1[89]|20)\d\d(?![\d,.]\d|\d|[%°])", text):
        inside = re.search(r"\([^()]*$", text[: found.start()])
        if inside or YEAR_BEFORE.search(text[: found.start()]):
            places.append((found.start(), found.end()))
    return places


def _claim(text, tokens, place):
    """The number that begins at a token, or None; and where to go on."""
    start, at = place, place
    word = _word(tokens, at)
    value = step = None
    kind = "number"
    if tokens[at].kind == "code":
        return None, place + 1
    if tokens[at].kind == "number":
        value, step = value_of(tokens[at].text)
        at += 1
        after = text[tokens[start].end :]
        if re.match(r"(?:st|nd|rd|th|D)\b|[⁻⁰¹²³⁴-⁹]", after) or text[
            : tokens[start].start
        ].endswith("√"):
            return None, at
        if _word(tokens, start - 1) == "a" and re.match(r"(?:[,.;)?]| and| or|$)", after):
            return None, at  # a digit: a 9
    elif word in WORDS:
        value, step, at = WORDS[word], 1, at + 1
        kind = "count"
        if (
            value in range(20, 100, 10)
            and _sign(tokens, at) == "-"
            and _word(tokens, at + 1) in ONES[:8]
        ):
            value, at = value + WORDS[_word(tokens, at + 1)], at + 2
    elif word in ("a", "one") and (
        _word(tokens, at + 1) in POWERS or word == "one" and _ratio_after(tokens, at + 1)
    ):
        value, step, at = 1, 1, at + 1
    elif word in ("twice", "thrice"):
        ahead = _word(tokens, at + 1)
        if ahead in ("the", "as", "that", "what", "its", "their", "a") and not (
            ahead == "a" or ahead == "the" and _word(tokens, at + 2) == "same"
        ):
            value = 2 if word == "twice" else 3
            return _number(text, tokens, start, at + 1, value, 1, "factor"), at + 1
        return None, at + 1
    elif word in PARTS or (word in ("a", "one") and _word(tokens, at + 1) in PARTS):
        value, step = 1, 1
        at += word not in PARTS
    else:
        return None, place + 1
    if _word(tokens, at) in POWERS and _word(tokens, at + 1) not in PARTS:
        power = POWERS[_word(tokens, at)]
        if _word(tokens, start) in ("a", "one") and _word(tokens, start - 1) == "of":
            return None, at + 1  # of a hundred, so many
        rough = tokens[start].kind == "number" or power >= 10**6
        step *= power if rough else power / 10  # three million are fewer than 3.5, two hundred 200
        value, at, kind = value * power, at + 1, "number"
    part = _word(tokens, at)
    if part in PARTS and (at == start or tokens[at].start - tokens[at - 1].end <= 1):
        return _part(text, tokens, start, at, value)
    if _sign(tokens, at) == "%" or _word(tokens, at) == "percent":
        return _number(text, tokens, start, at + 1, value / 100, step / 100, "share"), at + 1
    if _word(tokens, at) == "per" and _word(tokens, at + 1) == "cent":
        return _number(text, tokens, start, at + 2, value / 100, step / 100, "share"), at + 2
    if ratio := _ratio_after(tokens, at):
        of, end = ratio
        return _number(text, tokens, start, end, value / of, step / of, "share"), end
    if _word(tokens, at) in ("points", "point"):
        return _number(text, tokens, start, at + 1, value / 100, step / 100, "share"), at + 1
    ahead = _word(tokens, at + 1)
    if _word(tokens, at) == "times" and ahead in TIMES:
        return _number(text, tokens, start, at + 1, value, step, "factor"), at + 1
    if _sign(tokens, at) == "×" and (at + 1 == len(tokens) or tokens[at + 1].kind != "number"):
        return _number(text, tokens, start, at + 1, value, step, "factor"), at + 1
    if MEASURED.match(text, tokens[at - 1].end):
        kind = "measure"
    return _number(text, tokens, start, at, value, step, kind), at


def _word(tokens, at):
    return tokens[at].text.lower() if at < len(tokens) and tokens[at].kind == "word" else ""


def _sign(tokens, at):
    return tokens[at].text if at < len(tokens) and tokens[at].kind == "sign" else ""


def _ratio_after(tokens, at):
    """Of "in ten", "times in 100", "of a hundred": (the number, where to go on); or None."""
    at += _word(tokens, at) == "times"
    if _word(tokens, at) == "out" and _word(tokens, at + 1) == "of":
        at += 2
    elif _word(tokens, at) == "in":
        at += 1
    else:
        return None
    if at < len(tokens) and tokens[at].text in ("10", "100", "1,000", "1000"):
        return float(tokens[at].text.replace(",", "")), at + 1
    if _word(tokens, at) == "ten":
        return 10.0, at + 1
    if _word(tokens, at) in ("a", "one") and _word(tokens, at + 1) in POWERS:
        return float(POWERS[_word(tokens, at + 1)]), at + 2
    return None


def _part(text, tokens, start, at, many):
    """A half, two thirds, a quarter of a point: (Number or None, where to go on)."""
    name, ahead = _word(tokens, at), [_word(tokens, at + n) for n in (1, 2, 3)]
    value, end = many / PARTS[name], at + 1
    if name == "half" and ahead[0] in ("a", "an") and ahead[1] != "point":
        if ahead[1] == "hour":
            return _number(text, tokens, start, at + 3, value, 0.1, "measure"), at + 3
        return None, end  # half a turn
    if ahead[:2] == ["a", "point"] or ahead == ["of", "a", "point"]:
        end = at + 3 + (ahead[0] == "of")
        return _number(text, tokens, start, end, value / 100, 0.001, "share"), end
    share = ahead[0] in ("of", "the", "as", "its", "their", "that") and not (
        ahead[0] == "the" and name != "half"
    )
    if PARTS[name] > 4 or name.startswith("third"):
        share = ahead[0] == "of" and start < at
    elif name.startswith("quarter"):
        share = start < at and ahead[0] != "turn" and _word(tokens, start - 1) != "by"
    elif name.startswith("half"):
        share = share or (_word(tokens, start - 1) in ("than", "over", "about", "nearly", "to"))
    if not share or (start == at and PARTS[name] != 2):
        return None, end
    return _number(text, tokens, start, end, value, 0.01, "share"), end


def _number(text, tokens, start, end, value, step, kind):
    begins, ends = tokens[start].start, tokens[end - 1].end
    before = text[:begins]
    if re.search(r"\bof (?:the )?$", before) and kind == "share" and value == 1:
        before = ""
    sign = next((s for s, words in COMPARED.items() if words.search(before)), "=")
    other = None
    if first := re.search(rf"between ({DIGITS})(?:\s?%)? and $", before):
        sign, other = "<", first[1]
    elif (
        second := re.match(rf" and ({DIGITS})", text[ends:])
        if before.endswith("between ")
        else None
    ):
        sign, other = ">", second[1]
    if other:
        other = value_of(other)[0] / (100 if "%" in text[begins:ends] else 1)
    if re.search(r"(?:^|[\s(=,])[−-]$", before) and sign == "=":
        value = -value
    return Number(value, step, kind, sign, text[begins:ends], high=other, start=begins, end=ends)


@dataclass(frozen=True)
class Sum:
    """What is worked out in a sentence, such as 28 × 28 = 784.

    Attributes:
        start, end: its place; values: (value, step) of each side; right: whether they are equal.
        products: whether it is nothing but numbers and ×, as a size is: 28 × 28.
        operands: the numbers in it; of a size also what it comes to.
    """

    start: int
    end: int
    values: tuple
    right: bool
    products: bool
    operands: tuple
    text: str


def sums(text):
    """What is worked out in a sentence."""
    found, run = [], []
    for token in [*_tokens(text), Token("word", "", len(text), len(text))]:
        joins = token.kind == "number" or (
            token.kind == "sign"
            and (token.text in "()=≈⌊⌋" or token.text in OPERATORS)
            and not (token.text == "-" and text[token.end : token.end + 1] != " ")
            or (token.text == "%" and run and run[-1].kind == "number")
        )
        if joins:
            run.append(token)
            continue
        if len([t for t in run if t.kind == "number"]) > 1:
            found += _worked(text, run)
        run = []
    return found


def _worked(text, run):
    if run[-1].text in OPERATORS and not any(token.text in "=≈" for token in run):
        return []  # it goes on in words
    while run and run[-1].kind == "sign" and run[-1].text not in ")%":
        run = run[:-1]
    while run and run[0].kind == "sign" and run[0].text not in "(−⌊":
        run = run[1:]
    while run and sum(t.text == "(" for t in run) != sum(t.text == ")" for t in run):
        at = next((n for n, t in enumerate(run) if t.text == "("), None)
        if run[0].text == "(":
            run = run[1:]
        elif run[-1].text == ")":
            run = run[:-1]
        elif at is not None and sum(t.kind == "number" for t in run[:at]) > 1:
            run = run[:at]
            while run and run[-1].kind == "sign":
                run = run[:-1]
        else:
            return []
    if run[0].text == "(" and run[-1].text == ")" and any(t.text in "=≈" for t in run):
        run = run[1:-1]
    sides, side = [], []
    for token in run:
        if token.text in "=≈":
            sides.append(side)
            side = []
        else:
            side.append(token)
    sides.append(side)
    values = [_evaluated(side) for side in sides]
    if any(value is None for value in values) or sum(t.kind == "number" for t in run) < 2:
        return []
    step = max(step for _, step in values)
    right = all(abs(values[0][0] - value) <= step / 2 + EPSILON for value, _ in values)
    signs = {t.text for t in run if t.kind == "sign"}
    products = not signs - {"×"}
    operands = [value_of(t.text)[0] for t in run if t.kind == "number"]
    if products:
        operands.append(math.prod(operands))
    text = text[run[0].start : run[-1].end]
    return [Sum(run[0].start, run[-1].end, tuple(values), right, products, tuple(operands), text)]


def _evaluated(side):
    """(value, step) of one side of a sum, or None; the step of what is computed is 0."""
    if side and side[0].kind == "number" and [token.text for token in side[1:]] in ([], ["%"]):
        value, step = value_of(side[0].text)
        return (value / 100, step / 100) if side[1:] else (value, step)
    code = ""
    for token in side:
        if token.kind == "number":
            code += repr(value_of(token.text)[0])
        elif token.text == "%":
            code += "/100"
        elif token.text in "⌊⌋":
            code += "int(" if token.text == "⌊" else ")"
        else:
            code += OPERATORS.get(token.text, token.text)
    if re.search(r"[\d.]\(|\)[\d.]|\)\(", code.replace("int(", "(")):
        return None
    try:
        return float(eval(code, {"int": int})), 0.0
    except (SyntaxError, ArithmeticError, TypeError):
        return None


def unit_of(value):
    """The unit of a number's last digit that isn't zero: 100 of 300, .01 of .05."""
    if value == 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(abs(value)) + EPSILON)
    while abs(value / unit - round(value / unit)) > 1e-6 and unit > 1e-6:
        unit /= 10
    return unit
