"""The course's own base: its weights are those of the record, small, and worth their bytes."""

import hashlib

import numpy as np

from course import drawn
from course.data import bases, course_base
from course_utils import recorded


def test_weights_are_shipped_small_and_those_of_the_record():
    content = course_base.WEIGHTS.read_bytes()
    assert len(content) <= 2_000_000
    record = recorded.load_run(course_base.RECORD)
    assert hashlib.sha256(content).hexdigest() == record["sha256"]


def test_it_learnt_the_kinds_that_are_drawn_today_and_no_cats_or_dogs():
    record = recorded.load_run(course_base.RECORD)
    assert record["kinds"] == list(drawn.KIND_NAMES)
    assert record["n_kinds"] == len(record["kinds"])
    assert not {"cat", "dog"} & set(record["kinds"])


def test_record_beats_scratch_by_twenty_points_from_every_seed():
    transfer = recorded.load_run(course_base.RECORD)["transfer"]
    pairs = list(zip(transfer["features"], transfer["scratch"], strict=True))
    assert len(pairs) == 5
    for features, scratch in pairs:
        assert features >= 0.85 and features >= scratch + 0.20


def test_maps_shrink_by_sixteen_at_any_size():
    for size in (32, 64, 100):
        assert course_base.build_course_base(size).output_shape == (
            None, -(-size // 16), -(-size // 16), course_base.WIDTHS[-1],
        )  # fmt: skip


def test_it_names_its_kinds_by_nearest_mean_far_above_chance():
    base = bases.load_base("course", size=64, verbose=False)
    n = len(drawn.KIND_NAMES)
    images, kinds = drawn.draw_kinds(3 * n, size=64, seed=77)
    maps = base.model.predict(base.preprocess(images), verbose=0)
    x = maps.mean(axis=(1, 2))
    known, asked = slice(0, 2 * n), slice(2 * n, None)
    means = np.stack([x[known][kinds[known] == kind].mean(axis=0) for kind in range(n)])
    distance = ((x[asked][:, None] - means) ** 2).sum(axis=-1)
    # chance is 1 in 43; measured with three seeds: 0.72 to 0.84
    assert np.mean(distance.argmin(axis=1) == kinds[asked]) > 0.5
