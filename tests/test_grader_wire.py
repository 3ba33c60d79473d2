"""Frames over pipes: whatever comes, it's a reply, a value, or one of two errors."""

import contextlib
import os
import threading
import time

import numpy as np
import pytest

from course.exercises import Died, NotData, TimedOut, encode, plain_data
from course.exercises.plain_data import MAX_BYTES
from course.grader import wire


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(end)


def frame(data):
    return len(data).to_bytes(wire.LENGTH, "big") + data


def answering(answer):
    """A Conversation with a thread at the other end, which answers with `answer(request)` bytes."""
    their_reading, writing = os.pipe()
    reading, their_writing = os.pipe()

    def serve():
        with contextlib.suppress(EOFError, OSError, SystemExit):
            while True:
                os.write(their_writing, answer(wire.receive(their_reading)))
        os.close(their_reading)
        os.close(their_writing)

    threading.Thread(target=serve, daemon=True).start()
    return wire.Conversation(reading, writing)


def reply(request, **fields):
    return frame(encode({"id": request["id"], **fields}))


def test_a_value_comes_out_as_it_went_in(pipe):
    value = {"args": [np.arange(6.0).reshape(2, 3), (1, "two"), None], "kwargs": {"width": 3}}
    wire.write(pipe[1], encode(value))
    got = wire.receive(pipe[0])
    np.testing.assert_array_equal(got["args"][0], value["args"][0])
    assert got["args"][1:] == value["args"][1:] and got["kwargs"] == value["kwargs"]


def test_large_frames_pass_through_a_small_pipe(pipe):
    large = np.arange(300_000)
    thread = threading.Thread(target=wire.write, args=(pipe[1], encode(large)))
    thread.start()
    np.testing.assert_array_equal(wire.receive(pipe[0]), large)
    thread.join()


def test_the_end_is_an_end(pipe):
    os.write(pipe[1], frame(encode(1))[:-1])
    os.close(pipe[1])
    with pytest.raises(EOFError):
        wire.receive(pipe[0])


@pytest.mark.parametrize(
    "data",
    [
        bytes(8),
        (MAX_BYTES + 1).to_bytes(8, "big") + b"x",
        b"\xff" * 100,
        frame(b"\0\0\0\4nul"),
        frame(b"\0\0\0\6{[}]oh"),
        frame(b"\xff\xff\xff\xffnull"),
        frame((12).to_bytes(4, "big") + b'{"value": 1}'),
    ],
)
def test_garbage_is_not_data(pipe, data):
    os.write(pipe[1], data)
    with pytest.raises(NotData):
        wire.receive(pipe[0])


def test_a_frame_that_would_take_much_memory_is_refused_unread(pipe, monkeypatch):
    frames = [frame(encode(value)) for value in ([0] * 80, [[]] * 80)]
    monkeypatch.setattr(plain_data, "MAX_VALUES", 25)
    os.write(pipe[1], frames[0])
    assert wire.receive(pipe[0]) == [0] * 80
    os.write(pipe[1], frames[1])
    with pytest.raises(NotData, match="25 values"):
        wire.receive(pipe[0])


def test_questions_and_answers():
    talk = answering(lambda request: reply(request, ok=request["x"] + 1))
    assert [talk.ask({"x": x}, 5) for x in range(3)] == [{"ok": 1}, {"ok": 2}, {"ok": 3}]
    talk.end()


def test_a_status_and_its_message():
    talk = answering(lambda request: reply(request, status="raised", message="a\nb\x1b\ud800c"))
    assert talk.ask({}, 5) == {"status": "raised", "message": "a b  c"}
    talk.end()


def test_a_long_message_is_cut():
    long = "x" * 10 * wire.MAX_MESSAGE
    talk = answering(lambda request: reply(request, status="raised", message=long))
    message = talk.ask({}, 5)["message"]
    assert message.startswith(long[: wire.MAX_MESSAGE]) and len(message) < 2 * wire.MAX_MESSAGE
    talk.end()


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": 1},
        {"id": 7, "ok": 1},
        {"id": True, "ok": 1},
        {"id": 1.0, "ok": 1},
        {"id": 1},
        {"id": 1, "ok": 1, "more": 2},
        {"id": 1, "status": "raised"},
        {"id": 1, "status": "raised", "message": 3},
        [1, 2],
        None,
    ],
)
def test_what_is_no_reply_ends_the_conversation(answer):
    talk = answering(lambda request: frame(encode(answer)))
    with pytest.raises(Died):
        talk.ask({}, 5)
    talk.end()


def test_a_second_answer_is_not_taken_for_the_next_one():
    talk = answering(lambda request: reply(request, ok="right") + reply(request, ok="forged"))
    assert talk.ask({}, 5) == {"ok": "right"}
    with pytest.raises(Died):
        talk.ask({}, 5)
    talk.end()


def test_who_leaves_has_died():
    def leave(request):
        raise SystemExit

    talk = answering(leave)
    with pytest.raises(Died):
        talk.ask({}, 5)
    talk.end()


def test_deadlines_hold_for_slow_answers_and_for_questions_that_nobody_reads():
    """Whoever waits on and on meets the end of the other end, which is no TimedOut."""
    waiting = threading.Event()

    def wait_and_leave(request):
        waiting.wait(30)
        raise SystemExit

    unread_reading, writing = os.pipe()
    reading, silent = os.pipe()
    leaving = threading.Timer(30, lambda: [os.close(unread_reading), os.close(silent)])
    leaving.start()
    talks = [answering(wait_and_leave), wire.Conversation(reading, writing)]
    for talk, question in zip(talks, ({}, {"x": np.zeros(10**6)}), strict=True):
        with pytest.raises(TimedOut, match="0.1 s"):
            talk.ask(question, 0.1)
        talk.end()
    waiting.set()
    leaving.cancel()
    os.close(unread_reading)
    os.close(silent)


def test_watching_can_end_the_waiting():
    def watch():
        raise Died("too much memory")

    talk = answering(lambda request: b"")
    with pytest.raises(Died, match="memory"):
        talk.ask({}, 5, watch)
    talk.end()


def test_a_check_that_asks_with_odd_things_is_told_so():
    talk = answering(lambda request: b"")
    with pytest.raises(TypeError, match="a check handed over"):
        talk.ask({"x": object()}, 5)
    talk.end()


def test_neither_threads_nor_descriptors_are_left():
    def count():
        names = [thread.name for thread in threading.enumerate()]
        return names.count("conversation"), len(os.listdir("/dev/fd"))

    before = count()
    for _ in range(20):
        talk = answering(lambda request: reply(request, ok=1))
        assert talk.ask({}, 5) == {"ok": 1}
        talk.end()
    deadline = time.monotonic() + 30
    while count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count() <= before
