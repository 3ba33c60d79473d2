"""What a loader printed: its line, and the numbers in it."""

import re


def line_of(capsys) -> str:
    """The one line that was printed."""
    out, err = capsys.readouterr()
    assert out.count("\n") == 1, out
    assert "\n" not in err  # the progress bar clears itself
    return out.strip()


def numbers_in(text: str) -> list[int]:
    """The whole numbers in a text, in order: [12, 5000] for "12 of 5,000"."""
    return [int(digits.replace(",", "")) for digits in re.findall(r"\d+(?:,\d{3})*", text)]
