"""A conversation over two file descriptors: frames of plain data, one reply to each request.

Whoever is at the other end may send anything at all. It ends that conversation, and nothing else.
"""

import contextlib
import io
import os
import queue
import select
import threading
import time

from course.exercises import MAX_BYTES, Died, NotData, TimedOut, decode, encode
from course_utils.texts import printable

LENGTH = 8  # bytes that say how long a frame is
MAX_MESSAGE = 1000  # characters
TICK = 0.2  # seconds between two looks at a worker's memory and processor time
_CHUNK = 1024 * 1024


def write(descriptor, data, wait=None):
    """Write a frame.

    Args:
        descriptor: of a file, to write to.
        data: bytes, what `encode` makes of a value.
        wait: as `receive` has it.
    Raises:
        OSError: nobody reads any more.
    """
    left = memoryview(len(data).to_bytes(LENGTH, "big") + data)
    while left:
        try:
            left = left[os.write(descriptor, left[:_CHUNK]) :]
        except BlockingIOError:
            wait(_ready(descriptor, select.POLLOUT))


def receive(descriptor, wait=None):
    """Read a frame.

    Args:
        descriptor: of a file, to read from.
        wait: where reading may not block, a function that is called instead. It is given another
            one, which takes seconds and says whether there is something to be read by then.
    Returns:
        The value in it.
    Raises:
        EOFError: the other end closed, perhaps in the middle of a frame.
        NotData: what came isn't a frame of plain data.
    """
    size = int.from_bytes(_read(descriptor, LENGTH, wait), "big")
    if not 4 <= size <= MAX_BYTES:
        raise NotData(f"a frame of {size:,} bytes, where 4 to {MAX_BYTES:,} are expected")
    return decode(_read(descriptor, size, wait))


class Conversation:
    """The asking end. It reads one frame for each that it writes, so nobody can flood it.

    Args:
        reading, writing: file descriptors; they belong to the conversation from now on.
    """

    def __init__(self, reading, writing):
        self._reading, self._writing = reading, writing
        self._number = 0
        if os.name != "nt":
            os.set_blocking(reading, False)
            os.set_blocking(writing, False)

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

        def wait(ready):
            """Wait until `ready(seconds)` gives something, and return that."""
            while (left := deadline - time.monotonic()) > 0:
                watch()
                if there := ready(min(TICK, left)):
                    return there
            raise TimedOut(f"no answer within {seconds:.3g} s")

        try:
            answer = self._exchange(question, wait)
        except (OSError, EOFError, NotData, MemoryError) as error:
            raise Died(_closing_words(error)) from None
        return _reply(answer, self._number)

    def _exchange(self, question, wait):
        if os.name != "nt":
            write(self._writing, question, wait)
            return receive(self._reading, wait)
        answers = queue.SimpleQueue()  # on Windows one can't wait for a pipe, but a thread can

        def work():
            try:
                write(self._writing, question)
                answers.put((receive(self._reading), None))
            except Exception as error:
                answers.put((None, error))

        def ready(seconds):
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=seconds)

        threading.Thread(target=work, daemon=True).start()
        answer, error = wait(ready)
        if error is not None:
            raise error
        return answer

    def end(self):
        """Say no more."""
        for descriptor in (self._reading, self._writing):
            os.close(descriptor)


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


def _read(descriptor, size, wait):
    data = bytearray(size)  # pages that nothing comes for take no memory
    left = memoryview(data)
    with io.FileIO(descriptor, closefd=False) as file:
        while left:
            got = file.readinto(left[:_CHUNK])
            if got is None:  # nothing there yet
                wait(_ready(descriptor, select.POLLIN))
            elif not got:
                raise EOFError
            else:
                left = left[got:]
    return data


def _ready(descriptor, event):
    poll = select.poll()
    poll.register(descriptor, event)
    return lambda seconds: poll.poll(1000 * seconds)
