"""What sets one creature apart from another: numbers and kinds from which it is drawn.

A creature is a sampler, a function that draws `Features` at random. `heads` and `bodies` know
features only, so that a new creature is one more sampler here. Coats, poses and places are drawn
alike for all: they must not tell the creatures apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from course_utils.drawn.seeds import Rng, chance, pick

RGB = tuple[float, float, float]

GREENS = ((0.78, 0.68, 0.24), (0.56, 0.66, 0.30), (0.82, 0.56, 0.20), (0.60, 0.72, 0.46))
BLUE = (0.45, 0.64, 0.76)
BROWNS = ((0.27, 0.16, 0.09), (0.18, 0.11, 0.07), (0.42, 0.27, 0.13), (0.55, 0.38, 0.17))
PINK, BRICK, BLACK, LIVER = (
    (0.80, 0.54, 0.51),
    (0.58, 0.34, 0.29),
    (0.09, 0.08, 0.08),
    (0.3, 0.2, 0.16),
)


@dataclass(frozen=True)
class Features:
    """Anatomy of one animal. Lengths are in radii of the head, widths are half widths."""

    # The skull, seen from the front
    skull_width: float
    skull_height: float
    jaw_width: float
    cheek_tufts: float  # how far the fur of the cheeks stands out
    # Ears
    ear_kind: str  # "upright", "folded" or "hanging"
    ear_length: float
    ear_width: float
    ear_spread: float  # how far the tips lie outside of the bases
    ear_place: float  # of the base, from the middle, as a share of the width of the skull
    ear_round: float  # of the tip: 0 pointed, 1 round
    # Eyes
    eye_apart: float
    eye_height: float  # above (-) or below (+) the middle of the head
    eye_size: float
    eye_opening: float  # height over width
    eye_slant: float  # radians; outer corners up
    iris: RGB
    pupil_width: float  # as a share of the iris
    pupil_slit: bool
    # Muzzle
    muzzle_kind: str  # "pads" for two whisker pads, "snout" for one that sticks out
    muzzle_length: float
    muzzle_width: float
    muzzle_height: float
    nose_size: float
    nose: RGB
    mouth_open: bool
    whiskers: float  # length; 0 for none
    # Body
    tail_kind: str  # "slim", "sabre", "plume" or "ring"
    build: float  # width of the trunk and of the limbs
    legs: float  # length
    bulk: float  # size of the body beside the head
    hair: float  # length of the fur


def cat_features(rng: Rng) -> Features:
    """Draw the anatomy of a cat: a short round face, large eyes, whisker pads, a slim tail."""
    u = rng.uniform
    ears = _kind(rng, {"upright": 0.88, "folded": 0.12})
    slit = chance(rng, 0.65)
    return Features(
        skull_width=u(1.0, 1.16),
        skull_height=u(0.78, 0.88),
        jaw_width=u(0.74, 0.95),
        cheek_tufts=u(0.0, 0.12),
        ear_kind=ears,
        ear_length=u(0.62, 0.98) if ears == "upright" else u(0.45, 0.6),
        ear_width=u(0.31, 0.42),
        ear_spread=u(0.08, 0.34),
        ear_place=u(0.50, 0.68),
        ear_round=u(0.0, 0.5),
        eye_apart=u(0.40, 0.48),
        eye_height=u(-0.12, 0.04),
        eye_size=u(0.185, 0.25),
        eye_opening=u(0.62, 0.92),
        eye_slant=u(0.04, 0.32),
        iris=pick(rng, (*GREENS, *GREENS, BLUE, BLUE, BROWNS[3])),
        pupil_width=u(0.16, 0.45) if slit else u(0.5, 0.78),
        pupil_slit=slit,
        muzzle_kind="pads",
        muzzle_length=u(0.08, 0.26),
        muzzle_width=u(0.30, 0.40),
        muzzle_height=u(0.22, 0.29),
        nose_size=u(0.085, 0.125),
        nose=pick(rng, (PINK, PINK, BRICK, BLACK)),
        mouth_open=chance(rng, 0.06),
        whiskers=u(0.7, 1.2) if chance(rng, 0.92) else 0.0,
        tail_kind="slim" if chance(rng, 0.85) else "plume",
        build=u(0.80, 1.08),
        legs=u(0.8, 1.02),
        bulk=u(0.9, 1.15),
        hair=_kind(rng, {0.05: 0.65, 0.12: 0.35}) * u(0.7, 1.3),
    )


def dog_features(rng: Rng) -> Features:
    """Draw the anatomy of a dog: a muzzle that sticks out, a broad nose, any kind of ears."""
    u = rng.uniform
    ears = _kind(rng, {"hanging": 0.55, "upright": 0.25, "folded": 0.2})
    return Features(
        skull_width=u(0.74, 0.92),
        skull_height=u(0.92, 1.1),
        jaw_width=u(0.50, 0.80),
        cheek_tufts=u(0.0, 0.08),
        ear_kind=ears,
        ear_length=u(0.85, 1.45) if ears == "hanging" else u(0.62, 1.0),
        ear_width=u(0.24, 0.40),
        ear_spread=u(0.02, 0.34),
        ear_place=u(0.68, 0.84) if ears == "hanging" else u(0.46, 0.70),
        ear_round=u(0.0, 0.9),
        eye_apart=u(0.28, 0.38),
        eye_height=u(-0.26, -0.06),
        eye_size=u(0.10, 0.145),
        eye_opening=u(0.78, 1.0),
        eye_slant=u(-0.12, 0.14),
        iris=pick(rng, (*BROWNS, *BROWNS, *BROWNS, BLUE, GREENS[2])),
        pupil_width=u(0.5, 0.75),
        pupil_slit=False,
        muzzle_kind="snout",
        muzzle_length=u(0.38, 0.95) if ears == "hanging" else u(0.52, 0.95),
        muzzle_width=u(0.37, 0.50),
        muzzle_height=u(0.29, 0.39),
        nose_size=u(0.18, 0.24),
        nose=pick(rng, (BLACK, BLACK, BLACK, BLACK, LIVER, BRICK)),
        mouth_open=chance(rng, 0.45),
        whiskers=u(0.25, 0.5) if chance(rng, 0.3) else 0.0,
        tail_kind=_kind(rng, {"sabre": 0.4, "plume": 0.3, "ring": 0.3}),
        build=u(0.85, 1.2),
        legs=u(0.95, 1.4),
        bulk=u(1.05, 1.4),
        hair=_kind(rng, {0.05: 0.65, 0.12: 0.35}) * u(0.7, 1.3),
    )


SAMPLERS: dict[str, Callable[[Rng], Features]] = {"cat": cat_features, "dog": dog_features}
"""Name of a creature -> the function that draws its features."""


def _kind(rng: Rng, shares: dict):
    """One of the keys, with the shares as probabilities."""
    options = list(shares)
    return options[int(rng.choice(len(options), p=list(shares.values())))]
