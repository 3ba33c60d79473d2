"""A conversation over two file descriptors: frames of plain data, one reply to each request.

Whoever is at the other end may send anything at all. It ends that conversation, and nothing else.
"""

import os
import queue
import threading
import time

from course.exercises import MAX_BYTES, Died, NotData, TimedOut, decode, encode
from course_utils.texts import printable

LENGTH = 8  # bytes that say how long a frame is
MAX_MARKS = 4_000_000  # brackets, braces and commas of a frame's header: what JSON costs in memory
MAX_MESSAGE = 1000  # characters
TICK = 0.2  # seconds between two looks at a worker's memory and processor time
_CHUNK = 1024 * 1024


def write(descriptor, data):
    """Write a frame.

    Args:
        descriptor: of a file, to write to.
        data: bytes, what `encode` makes of a value.
    Raises:
        OSError: nobody reads any more.
    """
    left = memoryview(len(data).to_bytes(LENGTH, "big") + data)
    while left:
        left = left[os.write(descriptor, left[:_CHUNK]) :]


def receive(descriptor):
    """Read a frame.

    Returns:
        The value in it.
    Raises:
        EOFError: the other end closed, perhaps in the middle of a frame.
        NotData: what came isn't a frame of plain data.
    """
    size = int.from_bytes(_read(descriptor, LENGTH), "big")
    if not 4 <= size <= MAX_BYTES:
        raise NotData(f"a frame of {size:,} bytes, where 4 to {MAX_BYTES:,} are expected")
    data = _read(descriptor, size)
    header = data[4 : 4 + int.from_bytes(data[:4], "big")]
    if sum(header.count(mark) for mark in b"[{,") > MAX_MARKS:
        raise NotData(f"a frame with over {MAX_MARKS:,} values")
    return decode(data)


class Conversation:
    """The asking end. A thread writes and reads, so that deadlines hold on every system.

    The thread owns the descriptors: it closes them when the other end has closed, or at `end`. It
    reads one frame for each that it writes, so nobody can fill this process's memory with frames.

    Args:
        reading, writing: file descriptors; they belong to the conversation from now on.
    """

    def __init__(self, reading, writing):
        self._questions = queue.SimpleQueue()
        self._answers = queue.SimpleQueue()
        self._number = 0
        work = (reading, writing, self._questions, self._answers)
        threading.Thread(target=_converse, args=work, name="conversation", daemon=True).start()

    def ask(self, request, seconds, watch=lambda: None):
        """Send a request and wait for its reply.

        Args:
            request: dict of plain data.
            seconds: how long to wait at most.
            watch: called about every 0.2 s; what it raises ends the waiting.
        Returns:
            dict: either {"ok": value}, or {"status": str, "message": str}.
        Raises:
            Died: the other end closed, or sent something else than a reply to this request.
            TimedOut: no reply within that time.
            TypeError: the request isn't plain data.
        """
        self._number += 1
        try:
            question = encode({**request, "id": self._number})
        except NotData as error:
            raise TypeError(f"a check handed over what isn't plain data: {error}") from None
        deadline = time.monotonic() + seconds
        self._questions.put(question)
        while (left := deadline - time.monotonic()) > 0:
            watch()
            try:
                answer = self._answers.get(timeout=min(TICK, left))
            except queue.Empty:
                continue
            if isinstance(answer, Exception):
                raise Died(_closing_words(answer))
            return _reply(answer, self._number)
        raise TimedOut(f"no answer within {seconds:.3g} s")

    def end(self):
        """Say no more. The other end is to be ended first, or the thread may wait for it."""
        self._questions.put(None)


def _converse(reading, writing, questions, answers):
    try:
        while (question := questions.get()) is not None:
            write(writing, question)
            answers.put(receive(reading))
    except (OSError, EOFError, NotData, MemoryError) as error:
        answers.put(error)
    finally:
        os.close(writing)
        os.close(reading)


def _reply(answer, number):
    """A reply as it must be; nothing in it is believed before."""
    if type(answer) is not dict or type(answer.get("id")) is not int or answer["id"] != number:
        raise Died("it sent something that isn't a reply to what it was asked")
    if set(answer) == {"id", "ok"}:
        return {"ok": answer["ok"]}
    status, message = answer.get("status"), answer.get("message")
    if set(answer) != {"id", "status", "message"} or not type(status) is type(message) is str:
        raise Died("it sent a reply of a form that no reply has")
    message = printable(message, instead=" ", most=MAX_MESSAGE).strip()
    return {"status": status, "message": message}


def _closing_words(error):
    if isinstance(error, NotData):
        return f"it sent {error}"
    if isinstance(error, MemoryError):
        return "it sent more than there is memory for"
    return "its process ended"


def _read(descriptor, size):
    parts, left = [], size
    while left:
        part = os.read(descriptor, min(left, _CHUNK))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
