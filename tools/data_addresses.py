"""Do the addresses that data and weights come from still answer, with files of the listed size?

    python -m tools.data_addresses        (make data-addresses; once a week in .github/workflows)

Only the beginning of each answer is read: nothing is downloaded. That a file has its published
hash is seen when it is fetched.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import requests

from course import data
from course.data.sources import Dataset

TIMEOUT = 30  # seconds to wait for a connection, and for the beginning of an answer


class Finding(NamedTuple):
    """What one address answered; `fault` is empty if all is well."""

    url: str
    megabytes: float
    fault: str


def addresses(datasets: Iterable[Dataset]) -> Iterator[tuple[str, float]]:
    """Each address that a file may be fetched from, with the megabytes that it should have."""
    for dataset in datasets:
        for file in dataset.files:
            for host in [file.host] if file.host else dataset.hosts:
                yield host + file.name, file.megabytes


def look_at(url: str, megabytes: float, *, timeout: float = TIMEOUT) -> Finding:
    """Ask one address for its file, and stop when the answer begins.

    Args:
        url: the address.
        megabytes: the listed size; two decimals below 1, one decimal from there on.
        timeout: seconds of silence after which it counts as not answering.
    Returns:
        a Finding, whose fault says what came instead.
    """
    headers = {"Accept-Encoding": "identity"}  # or the length would be that of a packed file
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as answer:
            length = answer.headers.get("Content-Length", "")
            kind = answer.headers.get("Content-Type", "")
    except requests.RequestException as error:
        return Finding(url, megabytes, f"no answer: {type(error).__name__}")
    if answer.status_code != 200:
        return Finding(url, megabytes, f"status {answer.status_code}")
    if kind.startswith("text/html"):
        return Finding(url, megabytes, "a page of HTML came instead of the file")
    if not length.isdigit():
        return Finding(url, megabytes, "the answer doesn't say how long the file is")
    last_digit = 0.01 if megabytes < 1 else 0.1
    if abs(int(length) / 1e6 - megabytes) > 0.51 * last_digit:
        return Finding(url, megabytes, f"{int(length):,} bytes, listed as {megabytes} MB")
    return Finding(url, megabytes, "")


def main() -> int:
    """Look at every address; print a line for each. Returns 1 if any is at fault."""
    findings = []
    for url, megabytes in sorted(set(addresses(data.DATASETS.values()))):
        findings.append(found := look_at(url, megabytes))
        print(f"{found.fault or 'ok'}: {url}", flush=True)
    faults = [found for found in findings if found.fault]
    if faults:
        print(
            f"\n{len(faults)} of {len(findings)} addresses are at fault. They stand in course/data,"
            " in arrays.py, pets.py, bases.py and imagenet.py. A new one must have the same file:"
            " its hash or structure is checked when it is fetched.",
            file=sys.stderr,
        )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
