"""Text for people: what comes from strangers made harmless, and numbers of things."""

import os
import sys
import unicodedata
from pathlib import Path

# Categories: control, surrogate, line and paragraph separators; and signs that turn text around.
_ODD = ("Cc", "Cs", "Zl", "Zp")
_TURNING = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text, *, instead=None, keep="", most=None):
    """Text that any terminal, file, page or database takes, in one line.

    Args:
        text: str, or a path.
        instead: what stands for each odd character; None writes it out, as \\n or \\xff.
        keep: odd characters that stay as they are, such as line breaks.
        most: characters to keep at most; what is cut is said.
    Returns:
        str without control characters, halves of letters and signs that turn text around, in
        Unicode's composed form.
    Example:
        >>> printable("Ada\\nLovelace")
        'Ada\\\\nLovelace'
        >>> printable("a\\tb", instead="?")
        'a?b'
    """
    text, cut = os.fsdecode(text) if isinstance(text, Path) else text, ""
    if most is not None and len(text) > most:
        text, cut = text[:most], f" ... ({len(text):,} characters in all)"
    # After the cut: a million accents on one letter take minutes to be put in order.
    text = unicodedata.normalize("NFC", text)
    wrong = _escaped if instead is None else lambda char: instead
    return "".join(wrong(c) if _is_odd(c) and c not in keep else c for c in text) + cut


def counted(number, thing, things=None):
    """A number with its noun.

    Args:
        number: int, or float such as of points.
        thing: the noun for one.
        things: for several, where that isn't the noun with an s.
    Example:
        >>> counted(1, "photo"), counted(1200, "photo"), counted(0.5, "point")
        ('1 photo', '1,200 photos', '0.5 points')
    """
    text = f"{number:,}" if isinstance(number, int) else f"{number:,g}"
    return f"{text} {thing if number == 1 else things or thing + 's'}"


def fitting(text, encoding=None):
    """Text for an encoding (None: standard output's); what it lacks is written out: \\u732b."""
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def to_type(command):
    """A command, as "course data status", as one types it here: in a cell with a `!` before it."""
    ipython = "ipykernel" in sys.modules and sys.modules.get("IPython")  # one comes first
    in_notebook = ipython and ipython.get_ipython()
    return f"!{command}" if in_notebook else command


def _is_odd(char):
    return unicodedata.category(char) in _ODD or char in _TURNING


def _escaped(char):
    if 0xDC80 <= ord(char) <= 0xDCFF:  # how Python keeps a byte of a file name that isn't UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
