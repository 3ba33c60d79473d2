"""The Gabor bench: turn a filter's frequency, direction, width and phase, and see what answers."""

import numpy as np
import traitlets

from course.instruments.base import Instrument, packed, unpacked

SIDES = (8, 128)
LIMITS = {"frequency": (0.02, 0.45), "theta": (0, 180), "sigma": (1, 5), "phase": (0, 360)}
UNITS = {"frequency": "cycles per pixel", "theta": "degrees", "sigma": "pixels", "phase": "degrees"}
BANK_FREQUENCIES = (0.08, 0.15, 0.3)  # about one octave apart
BANK_DIRECTIONS = (0, 30, 60, 90, 120, 150)
SPECTRUM_SIZE = 64
ALIKE = 0.02  # shares of the energy that a picture can't tell apart
FRAMED = 31  # the picture shows every kernel on so many pixels, so that its size can be seen


class GaborBench(Instrument):
    """Turn a Gabor filter's knobs, and see its kernel, its spectrum and its response on an image.

    In the browser: sliders, or a spot of the spectrum dragged to another place; a bank of 18
    filters with the σ, phase and balance of the bench, each with its share of the energy on the
    chosen image; a click puts one on the bench. Filters worth keeping go to a list of your own.
    What was changed there can be read here.

    Args:
        images: dict from a name to a grey image: float array (H, W), sides 8 to 128, values in
            [0, 1].
        image: the name of the image shown first; None: the first of them.
        frequency: cycles per pixel, 0.02 to 0.45.
        theta: direction in which the wave runs, 0 to 180 degrees; 90 is downwards.
        sigma: width of the bell, 1 to 5 pixels; the kernel reaches three sigma to each side.
        phase: 0 to 360 degrees; 0 for a cosine, which is even, 90 or 270 for an odd kernel.
        balanced: True to take so much of a bell away that the weights sum to zero.
    Attributes:
        image, frequency, theta, sigma, phase, balanced: as set here or in the browser.
        kept: the learner's own filters, a list of dicts with the keys frequency, theta, sigma,
            phase (both angles in degrees) and balanced; may be set, too.
    Raises:
        ValueError: an image of another kind, an unknown name, or a knob beyond its range.
    Example:
        >>> bench = GaborBench({"stripes": np.tile([1.0, 1.0, 0.0, 0.0], (16, 4))}, theta=90)
        >>> bench.kernel().shape, bench.response().shape
        ((13, 13), (16, 16))
        >>> bench.kept = [bench.filter() | {"sigma": 1.5, "balanced": True}]
        >>> [kernel.shape for kernel in bench.kernels()]
        [(11, 11)]

    Source: `skimage.filters.gabor_kernel`, which gives the complex filter.
    """

    module = "gabor_bench"
    images = traitlets.List().tag(sync=True)
    image = traitlets.Unicode().tag(sync=True)
    frequency = traitlets.Float(0.15).tag(sync=True)
    theta = traitlets.Float(0.0).tag(sync=True)
    sigma = traitlets.Float(2.0).tag(sync=True)
    phase = traitlets.Float(0.0).tag(sync=True)
    balanced = traitlets.Bool(False).tag(sync=True)
    kept = traitlets.List().tag(sync=True)

    def __init__(
        self,
        images,
        *,
        image=None,
        frequency=0.15,
        theta=0,
        sigma=2.0,
        phase=0,
        balanced=False,
    ):
        if not isinstance(images, dict) or not images:
            raise ValueError(
                f"images is {type(images).__name__} of {np.size(images)}; expected a dict with at "
                'least one image, like {"digit": digit / 255}'
            )
        arrays = {name: _checked_image(name, array) for name, array in images.items()}
        image = next(iter(arrays)) if image is None else image
        if image not in arrays:
            raise ValueError(f"there is no image {image!r}; choose one of {list(arrays)}")
        knobs = {"frequency": frequency, "theta": theta, "sigma": sigma, "phase": phase}
        super().__init__(
            images=[{"name": name} | packed(array) for name, array in arrays.items()],
            image=image,
            balanced=bool(balanced),
            **{name: _checked_knob(name, value) for name, value in knobs.items()},
        )

    @traitlets.validate(*LIMITS)
    def _check_knob(self, proposal):
        return _checked_knob(proposal["trait"].name, proposal["value"])

    @traitlets.validate("image")
    def _check_name(self, proposal):
        names = [image["name"] for image in self.images]
        if names and proposal["value"] not in names:
            raise ValueError(f"there is no image {proposal['value']!r}; choose one of {names}")
        return proposal["value"]

    @traitlets.validate("kept")
    def _check_kept(self, proposal):
        return [_checked_filter(knobs) for knobs in proposal["value"]]

    def filter(self):
        """The filter on the bench, a dict as in `kept`."""
        return {name: getattr(self, name) for name in (*LIMITS, "balanced")}

    def pixels(self):
        """The chosen image, float32 array (H, W)."""
        return unpacked(next(image for image in self.images if image["name"] == self.image))

    def kernel(self):
        """The weights of the filter on the bench, float64 array (2r + 1, 2r + 1), r = ⌈3 σ⌉."""
        return kernel_of(**self.filter())

    def kernels(self):
        """The weights of each kept filter, a list of float64 arrays."""
        return [kernel_of(**knobs) for knobs in self.kept]

    def response(self):
        """What the filter on the bench makes of the chosen image, float64 array (H, W)."""
        return respond(self.pixels(), self.kernel())

    def shares(self):
        """Each bank filter's share of the energy on the chosen image, float64 array (3, 6).

        Rows are BANK_FREQUENCIES, columns BANK_DIRECTIONS. All zero if nothing answers.
        """
        knobs = {name: getattr(self, name) for name in ("sigma", "phase", "balanced")}
        return bank_shares(self.pixels(), **knobs)

    @property
    def alt(self):
        return (
            f"Three Gabor filters on the image {self.image}, the first of frequency "
            f"{self.frequency:g} in the direction {self.theta:g}°, each with its kernel, spectrum "
            "and response; below, how much each filter of a bank finds."
        )

    def picture(self):
        """The filter, the same turned by 90°, and with another width; then the bank's shares."""
        from matplotlib.figure import Figure

        from course_utils import figures

        now = self.filter()
        turned = now | {"theta": (now["theta"] + 90) % 180}
        other = turned | {"sigma": now["sigma"] * 2 if now["sigma"] <= 2.5 else now["sigma"] / 2}
        figure = Figure(figsize=(9, 9.6), layout="constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=(3 * 2.2, 2.9))
        finding = (
            "wider bell, smaller" if other["sigma"] > now["sigma"] else "narrower bell, larger"
        )
        upper.suptitle(
            f"The spots lie at distance f from the middle, in the direction θ; {finding} spots"
        )
        image = self.pixels()
        wide = image.shape[1] / image.shape[0]
        panels = ("kernel", "spectrum", "response")
        rows = [["image", *(f"{name} {row}" for name in panels)] for row in range(3)]
        axes = upper.subplot_mosaic(rows, width_ratios=(wide, 1, 1, wide))
        figures.draw_image(axes["image"], image, limits=(0, 1)).set_interpolation("nearest")
        axes["image"].set_title(figures.plain(self.image))
        for row, state in enumerate((now, turned, other)):
            _draw_state([axes[name] for name in rows[row][1:]], image, state)
        self._draw_bank(lower)
        return figure

    def _draw_bank(self, figure):
        from course_utils import figures

        now = self.filter()
        knobs = {name: now[name] for name in ("sigma", "phase")}
        shares = {on: bank_shares(self.pixels(), balanced=on, **knobs) for on in (False, True)}
        names = {False: "not balanced", True: "balanced"}
        left, *right = figure.subfigures(1, 3, width_ratios=(1.5, 1, 1))
        here = shares[self.balanced]
        left.suptitle(f"The bank, {names[self.balanced]}, on {figures.plain(self.image)}")
        axes = left.subplots()
        kernels = [
            [kernel_of(**now | {"frequency": f, "theta": theta}) for theta in BANK_DIRECTIONS]
            for f in BANK_FREQUENCIES
        ]
        tall, wide = 1.5, 1.15  # each tile's room, in sides of a kernel
        for (row, column), share in np.ndenumerate(here):
            kernel = kernels[row][column]
            x, y = column * wide, row * tall
            axes.imshow(
                kernel / np.abs(kernel).max(), cmap=figures.SIGNED, vmin=-1, vmax=1,
                extent=(x, x + 1, y + 1, y),
            )  # fmt: skip
            axes.text(x + 0.5, y - 0.06, f"{100 * share:.0f} %", ha="center", size="small")
        axes.set(xlim=(-0.05, 6 * wide), ylim=(3 * tall - 0.4, -0.4), frame_on=False)
        axes.set_xticks(np.arange(6) * wide + 0.5, [f"{theta}°" for theta in BANK_DIRECTIONS])
        axes.set_yticks(np.arange(3) * tall + 0.5, [f"f {f:g}" for f in BANK_FREQUENCIES])
        axes.tick_params(length=0)
        for part, on in zip(right, (False, True), strict=True):
            axes = part.subplots()
            for share, frequency, mark in zip(shares[on], BANK_FREQUENCIES, "os^", strict=True):
                axes.plot(BANK_DIRECTIONS, 100 * share, f"{mark}-", label=f"f {frequency:g}")
            row, column = np.unravel_index(shares[on].argmax(), here.shape)
            best = f"f {BANK_FREQUENCIES[row]:g}, θ {BANK_DIRECTIONS[column]}°"
            if np.ptp(shares[on][row]) < ALIKE:
                best = f"f {BANK_FREQUENCIES[row]:g}, in all directions alike"
            finding = f"most at {best}" if shares[on].any() else "no filter answers"
            axes.set_title(f"{names[on]}:\n{finding}")
            axes.set(xlabel="direction θ (degrees)", ylabel="share of the energy (%)")
            axes.set(xticks=BANK_DIRECTIONS, ylim=(0, 105 * max(shares[on].max(), 0.01)))
            axes.tick_params(labelsize="small")
            axes.grid(alpha=0.3)
            if not on:
                axes.legend(frameon=False, fontsize="small")


def kernel_of(*, frequency, theta, sigma, phase=0.0, balanced=False):
    """A Gabor kernel: a cosine wave under a bell, three sigma to each side.

    Args:
        frequency: cycles per pixel.
        theta, phase: degrees.
        sigma: pixels.
        balanced: True for weights that sum to zero, by taking a bell of the same total away.
    Returns:
        float64 array (2r + 1, 2r + 1), r = ⌈3 sigma⌉.
    Example:
        >>> kernel = kernel_of(frequency=0.1, theta=0, sigma=2, balanced=True)
        >>> kernel.shape, bool(abs(kernel.sum()) < 1e-12)
        ((13, 13), True)

    Source: the lesson's `gabor` and `balanced_gabor`, with angles in degrees.
    """
    radius = int(np.ceil(3 * sigma))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along = x * np.cos(np.deg2rad(theta)) + y * np.sin(np.deg2rad(theta))
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    wave = bell * np.cos(2 * np.pi * frequency * along + np.deg2rad(phase))
    return wave - bell * wave.sum() / bell.sum() if balanced else wave


def respond(image, kernel):
    """A response as large as the image, which is mirrored at its border: float64 array (H, W)."""
    from scipy.signal import correlate2d

    return correlate2d(np.asarray(image, float), kernel, mode="same", boundary="symm")


def spectrum_of(kernel):
    """|FFT| of the kernel, zero-padded to 64 × 64, frequency 0 in the middle."""
    return np.abs(np.fft.fftshift(np.fft.fft2(kernel, (SPECTRUM_SIZE,) * 2)))


def bank_shares(image, *, sigma, phase=0.0, balanced=False):
    """Each bank filter's share of the bank's energy: mean squared response, weights of length 1.

    Args:
        image: float array (H, W).
        sigma, phase, balanced: as for `kernel_of`.
    Returns:
        float64 array (3, 6): rows BANK_FREQUENCIES, columns BANK_DIRECTIONS.
    """
    energies = np.zeros((len(BANK_FREQUENCIES), len(BANK_DIRECTIONS)))
    for row, frequency in enumerate(BANK_FREQUENCIES):
        for column, theta in enumerate(BANK_DIRECTIONS):
            kernel = kernel_of(
                frequency=frequency, theta=theta, sigma=sigma, phase=phase, balanced=balanced
            )
            energies[row, column] = (respond(image, kernel / np.linalg.norm(kernel)) ** 2).mean()
    return energies / (energies.sum() or 1)


def _draw_state(panels, image, state):
    from course_utils import figures

    kernel = kernel_of(**state)
    response = respond(image, kernel)
    spectrum = spectrum_of(kernel)
    panels[0].set_title(
        f"f {state['frequency']:g}, θ {state['theta']:g}°, σ {state['sigma']:g}, "
        f"φ {state['phase']:g}°" + (",\nbalanced" if state["balanced"] else "")
    )
    framed = np.pad(kernel, (FRAMED - len(kernel)) // 2) / np.abs(kernel).max()
    figures.draw_image(panels[0], framed, signed=True)
    panels[1].imshow(
        spectrum / spectrum.max(), cmap=figures.MAGNITUDE, vmin=0, vmax=1,
        extent=(-0.5, 0.5, 0.5, -0.5),
    )  # fmt: skip
    panels[1].set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], title="frequencies it passes")
    figures.draw_image(panels[2], response, signed=True).set_interpolation("nearest")
    low, high = response.min(), response.max()
    panels[2].set_title(f"response {low:.2f} to {high:+.2f}".replace("-", "−"))


def _checked_image(name, array):
    array = np.asarray(array)
    if not isinstance(name, str) or not name:
        raise ValueError(f"an image is named {name!r}; give a text")
    if array.ndim != 2 or not all(SIDES[0] <= side <= SIDES[1] for side in array.shape):
        raise ValueError(
            f"the image {name!r} has shape {array.shape}; expected a grey image (height, width) "
            f"with sides from {SIDES[0]} to {SIDES[1]}. Turn colours grey, or make it smaller "
            "(skimage.transform.downscale_local_mean)"
        )
    array = array.astype(float)
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"the image {name!r} has values from {array.min():g} to {array.max():g}; expected "
            "[0, 1]. Divide bytes by 255"
        )
    return array


def _checked_knob(name, value):
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ValueError(f"{name} is {value!r}; expected a number, {low:g} to {high:g}")
    if not low <= value <= high:
        raise ValueError(f"{name} is {value:g}; expected {low:g} to {high:g} {UNITS[name]}")
    return float(value)


def _checked_filter(knobs):
    expected = {*LIMITS, "balanced"}
    if not isinstance(knobs, dict) or set(knobs) != expected:
        given = sorted(knobs) if isinstance(knobs, dict) else repr(knobs)
        raise ValueError(
            f"a kept filter is a dict with the keys {sorted(expected)}, not {given}; "
            "bench.filter() gives the one on the bench"
        )
    checked = {name: _checked_knob(name, knobs[name]) for name in LIMITS}
    return checked | {"balanced": bool(knobs["balanced"])}
