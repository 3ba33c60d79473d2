"""The Gabor bench against scikit-image, SciPy and NumPy; its arithmetic in JavaScript reads the
same table."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import correlate
from scipy.signal import correlate2d
from skimage.filters import gabor_kernel

from course.instruments import GaborBench, gabor_bench
from tools import vectors as tables

# Even and odd, straight and oblique, fine and coarse, and bells wider than the image.
FILTERS = [
    dict(zip(("frequency", "theta", "sigma", "phase", "balanced"), values, strict=True))
    for values in [
        (0.15, 0, 2, 0, False),
        (0.15, 90, 2, 0, False),
        (0.15, 90, 4, 0, True),
        (0.08, 37, 1.4, 60, True),
        (0.3, 135, 2.5, 90, False),
        (0.02, 180, 5, 200, True),
        (0.45, 61, 1, 360, False),
        (0.11, 120, 5, 285, False),
    ]
]
CHOSEN = slice(None, None, 7)  # of a spectrum's 4096 values, row by row: every seventh


def small_images():
    random = np.random.default_rng(1)
    y, x = np.mgrid[:11, :14]
    ramp = (np.sin(x * y / 9) + 1) / 2
    return {
        "noise": random.random((9, 8)).astype("float32"),
        "waves": ramp.astype("float32"),
        "flat": np.full((8, 8), 0.5, "float32"),
    }


def reference_kernel(*, frequency, theta, sigma, phase, balanced):
    """scikit-image's, which is cut smaller in oblique directions: so ask for more of it."""
    whole = gabor_kernel(
        frequency, theta=np.deg2rad(theta), sigma_x=sigma, sigma_y=sigma, n_stds=5,
        offset=np.deg2rad(phase),
    ).real  # fmt: skip
    radius, middle = int(np.ceil(3 * sigma)), whole.shape[0] // 2
    cut = slice(middle - radius, middle + radius + 1)
    kernel = whole[cut, cut]
    if balanced:
        bell = gabor_kernel(0, sigma_x=sigma, sigma_y=sigma, n_stds=5).real
        middle = len(bell) // 2
        bell = bell[middle - radius : middle + radius + 1, middle - radius : middle + radius + 1]
        kernel = kernel - bell * kernel.sum() / bell.sum()
    return kernel


def reference_response(image, kernel):
    return correlate2d(image.astype(float), kernel, mode="same", boundary="symm")


def vectors():
    images = small_images()
    cases = []
    for one in FILTERS:
        kernel = reference_kernel(**one)
        spectrum = np.abs(np.fft.fftshift(np.fft.fft2(kernel, (64, 64))))
        cases.append(
            {
                "filter": one,
                "size": len(kernel),
                "kernel": rounded(kernel.ravel()[CHOSEN]),
                "spectrum": rounded((spectrum / spectrum.max()).ravel()[CHOSEN]),
                "responses": {
                    name: rounded(reference_response(image, kernel).ravel())
                    for name, image in images.items()
                },
            }
        )
    banks = []
    for knobs in (
        {"sigma": 2, "phase": 0, "balanced": False},
        {"sigma": 3.5, "phase": 90, "balanced": True},
    ):
        energies = []
        for frequency in (0.08, 0.15, 0.3):
            for theta in (0, 30, 60, 90, 120, 150):
                kernel = reference_kernel(frequency=frequency, theta=theta, **knobs)
                kernel = kernel / np.linalg.norm(kernel)
                energies.append(float((reference_response(images["waves"], kernel) ** 2).mean()))
        banks.append({"knobs": knobs, "image": "waves", "energies": rounded(energies)})
    strong = {
        name: float(np.percentile(np.abs(np.subtract(image, 0.4)), 99.5))
        for name, image in images.items()
    }
    return {
        "images": {
            name: {"shape": image.shape, "values": [float(value) for value in image.ravel()]}
            for name, image in images.items()
        },
        "cases": cases,
        "banks": banks,
        "strong": strong,
    }


def rounded(values):
    return [round(float(value), 9) for value in values]


def same(stored, computed):
    if isinstance(stored, dict):
        return stored.keys() == computed.keys() and all(
            same(stored[key], computed[key]) for key in stored
        )
    if isinstance(stored, list) and stored and isinstance(stored[0], dict):
        return len(stored) == len(computed) and all(map(same, stored, computed))
    if isinstance(stored, str):
        return stored == computed
    return np.allclose(stored, computed, atol=2e-9)


def test_the_stored_table_is_what_the_libraries_compute_now():
    stored = tables.load("gabor_bench")
    assert same(stored, json.loads(json.dumps(vectors())))
    changed = json.loads(json.dumps(stored))
    changed["cases"][3]["responses"]["noise"][5] += 1e-6
    assert not same(changed, stored)


KNOBS = {
    "frequency": st.floats(0.02, 0.45),
    "theta": st.floats(0, 180),
    "sigma": st.floats(1, 5),
    "phase": st.floats(0, 360),
    "balanced": st.booleans(),
}


@given(st.fixed_dictionaries(KNOBS))
@settings(max_examples=60, deadline=None)
def test_kernels_agree_with_scikit_image(one):
    kernel = gabor_bench.kernel_of(**one)
    np.testing.assert_allclose(kernel, reference_kernel(**one), atol=1e-12)
    if one["balanced"]:
        assert abs(kernel.sum()) < 1e-12


@given(st.fixed_dictionaries(KNOBS), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_responses_agree_with_ndimage(one, seed):
    image = np.random.default_rng(seed).random((9, 12))
    kernel = gabor_bench.kernel_of(**one)
    expected = correlate(image, kernel, mode="reflect")  # its word for a mirror on the border
    np.testing.assert_allclose(gabor_bench.respond(image, kernel), expected, atol=1e-12)


def test_a_response_is_largest_where_the_image_is_the_kernel():
    kernel = gabor_bench.kernel_of(frequency=0.2, theta=30, sigma=2, balanced=True)
    image = np.zeros((40, 50))
    image[5:18, 20:33] = kernel
    response = gabor_bench.respond(image, kernel)
    assert np.unravel_index(response.argmax(), response.shape) == (11, 26)
    assert response.max() == pytest.approx((kernel**2).sum())


@pytest.mark.parametrize(
    ("theta", "place"), [(0, (32, 32 + 16)), (90, (32 + 16, 32)), (180, (32, 48))]
)
def test_the_spots_lie_at_the_frequency_in_the_direction(theta, place):
    kernel = gabor_bench.kernel_of(frequency=0.25, theta=theta, sigma=4)
    spectrum = gabor_bench.spectrum_of(kernel)
    assert spectrum[place] == pytest.approx(spectrum.max())


def test_a_wide_bell_has_narrow_spots():
    """The width in space times the width in frequency is 1 / 2π, whatever the width."""
    for sigma in (2, 4):
        spectrum = gabor_bench.spectrum_of(
            gabor_bench.kernel_of(frequency=0.25, theta=0, sigma=sigma)
        )
        right = spectrum[32, 32:]
        width = (right > right.max() * np.exp(-0.5)).sum() / 64 / 2
        assert width == pytest.approx(1 / (2 * np.pi * sigma), abs=1 / 64)


STRIPES = np.tile([1.0, 1.0, 0.0, 0.0], (16, 5))


def test_the_bank_finds_the_direction_of_stripes():
    shares = gabor_bench.bank_shares(STRIPES, sigma=3, balanced=True)
    assert shares.sum() == pytest.approx(1)
    assert np.unravel_index(shares.argmax(), shares.shape)[1] == 0  # upright stripes: θ = 0
    assert shares[:, 3].sum() < 1e-12  # columns are all alike: θ = 90° is silent
    turned = gabor_bench.bank_shares(STRIPES.T, sigma=3, balanced=True)
    np.testing.assert_allclose(turned[:, [3, 0]], shares[:, [0, 3]], atol=1e-12)


def test_balanced_filters_find_nothing_in_a_plain_wall():
    wall = np.full((20, 20), 0.7)
    assert (
        gabor_bench.bank_shares(wall, sigma=2)[0].sum() > 0.9
    )  # unbalanced: the coarse ones answer
    kernel = gabor_bench.kernel_of(frequency=0.08, theta=0, sigma=2, balanced=True)
    assert np.abs(gabor_bench.respond(wall, kernel)).max() < 1e-12


def test_what_can_be_read_back():
    bench = GaborBench(
        {"stripes": STRIPES, "turned": STRIPES.T}, image="turned", theta=90, sigma=1.5
    )
    assert bench.filter() == {
        "frequency": 0.15, "theta": 90, "sigma": 1.5, "phase": 0, "balanced": False,
    }  # fmt: skip
    assert bench.pixels().shape == bench.response().shape == (20, 16)
    np.testing.assert_allclose(bench.response(), reference_response(STRIPES.T, bench.kernel()))
    np.testing.assert_allclose(bench.shares(), gabor_bench.bank_shares(STRIPES.T, sigma=1.5))
    assert bench.kept == bench.kernels() == []
    bench.kept = [bench.filter(), bench.filter() | {"balanced": True}]
    plain, balanced = bench.kernels()
    assert np.array_equal(plain, bench.kernel())
    assert abs(balanced.sum()) < 1e-12 < abs(plain.sum())


GOOD = {"stripes": STRIPES}


@pytest.mark.parametrize(
    ("images", "knobs", "text"),
    [
        ({}, {}, "at least one image"),
        (STRIPES, {}, "expected a dict"),
        ({"": STRIPES}, {}, "give a text"),
        ({"colour": np.zeros((20, 20, 3))}, {}, r"'colour' has shape \(20, 20, 3\).*grey"),
        ({"large": np.zeros((20, 200))}, {}, "sides from 8 to 128"),
        ({"bytes": STRIPES * 255}, {}, "Divide bytes by 255"),
        ({"hole": np.where(STRIPES, np.nan, 0)}, {}, r"expected \[0, 1\]"),
        (GOOD, {"image": "cat"}, r"no image 'cat'; choose one of \['stripes'\]"),
        (GOOD, {"frequency": 0.6}, "frequency is 0.6; expected 0.02 to 0.45 cycles per pixel"),
        (GOOD, {"theta": -10}, "theta is -10; expected 0 to 180 degrees"),
        (GOOD, {"sigma": 8}, "sigma is 8; expected 1 to 5 pixels"),
        (GOOD, {"phase": "odd"}, "phase is 'odd'; expected a number"),
    ],
)
def test_bad_input_says_what_to_do(images, knobs, text):
    with pytest.raises(ValueError, match=text):
        GaborBench(images, **knobs)


def test_bad_values_set_later_are_refused():
    bench = GaborBench(GOOD)
    with pytest.raises(ValueError, match="sigma is 9"):
        bench.sigma = 9
    with pytest.raises(ValueError, match="no image 'cat'"):
        bench.image = "cat"
    with pytest.raises(ValueError, match="keys .*frequency.*bench.filter"):
        bench.kept = [{"frequency": 0.1}]
    with pytest.raises(ValueError, match="theta is 200"):
        bench.kept = [bench.filter() | {"theta": 200}]
    assert (bench.sigma, bench.image, bench.kept) == (2, "stripes", [])


def test_the_picture_follows_the_bench():
    bench = GaborBench(GOOD, theta=30, sigma=4)
    figure = bench.picture()
    assert figure.get_figwidth() <= 9
    titles = [axes.get_title() for axes in figure.axes]
    assert "f 0.15, θ 30°, σ 4, φ 0°" in titles
    assert "f 0.15, θ 120°, σ 4, φ 0°" in titles
    assert "f 0.15, θ 120°, σ 2, φ 0°" in titles
    best = np.unravel_index(bench.shares().argmax(), (3, 6))
    frequency, theta = gabor_bench.BANK_FREQUENCIES[best[0]], gabor_bench.BANK_DIRECTIONS[best[1]]
    assert f"not balanced:\nmost at f {frequency}, θ {theta}°" in titles
    balanced = gabor_bench.bank_shares(STRIPES, sigma=4, balanced=True)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == [f"{100 * share:.0f} %" for share in bench.shares().flat]
    assert any(title.startswith("balanced:") and "θ 0°" in title for title in titles)
    assert np.unravel_index(balanced.argmax(), (3, 6))[1] == 0


def test_the_mime_bundle_has_a_picture():
    data, metadata = GaborBench(GOOD)._repr_mimebundle_()
    assert len(data["image/png"]) > 10_000
    assert metadata["image/png"]["width"] == 648
