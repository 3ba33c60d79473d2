"""What sets one creature apart from another: numbers and kinds from which it is drawn.

A creature is a sampler, a function that draws `Features` at random, or a table of ranges to draw
them from. `heads` and `bodies` know features only, so that a new creature is one more sampler or
table here. Coats and places are drawn alike for all: they must not tell the creatures apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from course.drawn.seeds import Rng, chance, pick

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


PET_POSES = ("portrait", "sitting", "sideways", "standing", "lying", "loaf", "curled")


@dataclass(frozen=True)
class Features:
    """Anatomy of one animal. Lengths are in radii of the head, widths are half widths."""

    # The skull, seen from the front
    skull_width: float
    skull_height: float
    jaw_width: float
    cheek_tufts: float  # how far the fur of the cheeks stands out
    # Ears
    ear_kind: str  # "upright", "folded", "hanging", "leaf", "round", "fan" or "none"
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
    muzzle_kind: str  # "pads": two whisker pads, "snout": one that sticks out; see heads.MUZZLES
    muzzle_length: float
    muzzle_width: float
    muzzle_height: float
    nose_size: float
    nose: RGB
    mouth_open: bool
    whiskers: float  # length; 0 for none
    # Body
    tail_kind: str  # "slim", "sabre", "plume", "ring", ...; see bodies.TAILS
    build: float  # width of the trunk and of the limbs
    legs: float  # length
    bulk: float  # size of the body beside the head
    hair: float  # length of the fur
    # What cats and dogs do without
    ear_turn: float = 0.0  # of a leaf, from upright (0) to level (1.57) and beyond
    pupil_bar: bool = False  # a level slit
    eye_bulge: float = 0.0  # how far the eyes stand out of the head
    nose_tall: float = 1.0  # height over width, of a tall nose
    nose_pad: bool = True  # bare skin around the nostrils of a long muzzle
    face: str = "plain"  # "bandit", "bars", "bare", "disc": markings around the eyes
    crown: str = "none"  # "horns", "swept", "curled", "antlers", "mane", "wool", "tufts", "spines"
    crown_size: float = 1.0
    beard: float = 0.0  # length
    headroom: float = 0.0  # what stands higher above the head than the ears of a cat
    neck: float = 0.0  # length, beyond that of a cat
    feet: str = "paws"  # or "hooves"
    poses: tuple[str, ...] = PET_POSES  # names in bodies.POSES


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
"""Name of a pet -> the function that draws its features."""


# --- Other creatures ----------------------------------------------------------------------------
#
# A value in a table is drawn by its form: (low, high) evenly from the range, a list evenly from
# its items, a dict from its keys with its values as shares; anything else is taken as it is.

_WALKING = ("portrait", "standing", "lying")
_CROUCHING = ("portrait", "sitting", "sideways", "lying", "loaf")

_MAMMAL = {
    "skull_width": (0.85, 1.05),
    "skull_height": (0.84, 1.0),
    "jaw_width": (0.62, 0.88),
    "cheek_tufts": (0.0, 0.1),
    "ear_kind": "upright",
    "ear_length": (0.5, 0.85),
    "ear_width": (0.28, 0.40),
    "ear_spread": (0.05, 0.30),
    "ear_place": (0.52, 0.72),
    "ear_round": (0.2, 1.0),
    "eye_apart": (0.36, 0.48),
    "eye_height": (-0.2, 0.0),
    "eye_size": (0.12, 0.18),
    "eye_opening": (0.75, 1.0),
    "eye_slant": (-0.1, 0.2),
    "iris": [*BROWNS, *BROWNS, *GREENS, BLUE],
    "pupil_width": (0.5, 0.8),
    "pupil_slit": False,
    "muzzle_kind": "snout",
    "muzzle_length": (0.25, 0.7),
    "muzzle_width": (0.34, 0.48),
    "muzzle_height": (0.26, 0.37),
    "nose_size": (0.11, 0.2),
    "nose": [BLACK, BLACK, BLACK, LIVER, BRICK, PINK],
    "mouth_open": {False: 0.75, True: 0.25},
    "whiskers": {0.0: 0.5, (0.3, 0.9): 0.5},
    "tail_kind": "slim",
    "build": (0.85, 1.2),
    "legs": (0.8, 1.15),
    "bulk": (0.95, 1.35),
    "hair": {(0.03, 0.07): 0.6, (0.08, 0.16): 0.4},
}

_PADDED = {  # a short face with whisker pads
    "muzzle_kind": "pads",
    "muzzle_length": (0.06, 0.28),
    "muzzle_width": (0.28, 0.42),
    "muzzle_height": (0.20, 0.30),
    "nose_size": (0.07, 0.13),
    "mouth_open": {False: 0.9, True: 0.1},
    "whiskers": {0.0: 0.15, (0.6, 1.2): 0.85},
    "poses": _CROUCHING,
}

_HOOFED = {  # a long face, eyes at its sides, leaf-shaped ears that stand off
    "skull_width": (0.72, 0.88),
    "jaw_width": (0.5, 0.66),
    "ear_kind": "leaf",
    "ear_length": (0.65, 0.95),
    "ear_width": (0.2, 0.3),
    "ear_place": (0.72, 0.9),
    "ear_turn": (1.0, 1.6),
    "ear_spread": (-0.05, 0.1),
    "eye_apart": (0.56, 0.68),
    "eye_height": (-0.22, -0.06),
    "eye_size": (0.11, 0.17),
    "muzzle_kind": "long",
    "muzzle_length": (0.5, 0.9),
    "nose_size": (0.1, 0.14),
    "mouth_open": False,
    "whiskers": 0.0,
    "tail_kind": "stub",
    "legs": (1.0, 1.4),
    "bulk": (1.2, 1.6),
    "neck": (0.15, 0.5),
    "feet": "hooves",
    "poses": _WALKING,
}

TABLES: dict[str, dict] = {
    # Whisker pads. Rabbit, squirrel, chinchilla and otter differ in ears, eyes and tails.
    "rabbit": _PADDED | {
        "skull_width": (0.78, 0.95), "skull_height": (0.9, 1.05), "cheek_tufts": (0.0, 0.14),
        "ear_kind": {"leaf": 0.78, "hanging": 0.22}, "ear_length": (1.35, 2.0),
        "ear_width": (0.24, 0.34), "ear_place": (0.4, 0.62), "ear_turn": (-0.05, 0.4),
        "eye_apart": (0.52, 0.64), "eye_size": (0.14, 0.21), "tail_kind": "stub",
        "legs": (0.7, 0.9), "headroom": 0.75,
    },
    "squirrel": _PADDED | {
        "skull_width": (0.76, 0.9), "ear_kind": "leaf", "ear_length": (0.45, 0.8),
        "ear_width": (0.15, 0.24), "ear_place": (0.62, 0.82), "ear_turn": (0.1, 0.5),
        "eye_apart": (0.54, 0.66), "eye_height": (-0.22, -0.05), "eye_size": (0.14, 0.21),
        "muzzle_length": (0.25, 0.45), "cheek_tufts": (0.05, 0.18),
        "pupil_width": (0.75, 0.95), "tail_kind": "brush", "bulk": (0.85, 1.05),
        "poses": ("portrait", "sitting", "sideways", "standing"),
    },
    "chinchilla": _PADDED | {
        "ear_kind": "round", "ear_length": (0.55, 0.8), "ear_width": (0.42, 0.62),
        "ear_place": (0.75, 0.95), "eye_apart": (0.52, 0.64), "eye_size": (0.17, 0.25),
        "iris": [*GREENS, *BROWNS[2:], BLUE], "pupil_slit": True, "pupil_width": (0.16, 0.4),
        "tail_kind": {"brush": 0.5, "plume": 0.5}, "hair": (0.08, 0.18), "headroom": 0.1,
    },
    "otter": _PADDED | {
        "skull_width": (1.05, 1.2), "skull_height": (0.74, 0.86), "jaw_width": (0.9, 1.08),
        "ear_kind": "round", "ear_length": (0.16, 0.24), "ear_width": (0.16, 0.24),
        "ear_place": (0.9, 1.02), "eye_size": (0.09, 0.14), "eye_apart": (0.36, 0.5),
        "eye_height": (-0.3, -0.12), "muzzle_width": (0.42, 0.58), "muzzle_height": (0.28, 0.36),
        "nose_size": (0.16, 0.22), "tail_kind": "thick", "legs": (0.65, 0.85),
        "poses": PET_POSES,
    },
    "seal": _PADDED | {
        "skull_width": (0.92, 1.08), "skull_height": (0.84, 0.96), "ear_kind": "none",
        "eye_size": (0.19, 0.27), "eye_opening": (0.85, 1.0), "eye_height": (-0.15, 0.02),
        "pupil_width": (0.8, 0.95), "muzzle_width": (0.42, 0.58), "muzzle_length": (0.2, 0.42),
        "nose_size": (0.11, 0.16), "hair": (0.02, 0.05), "poses": ("portrait", "hauled"),
    },
    "guinea pig": _PADDED | {
        "skull_width": (0.8, 0.92), "skull_height": (0.95, 1.1), "jaw_width": (0.8, 0.95),
        "ear_kind": "hanging", "ear_length": (0.5, 0.7), "ear_width": (0.3, 0.42),
        "ear_place": (0.82, 0.94), "ear_round": (0.6, 1.0), "eye_apart": (0.6, 0.72),
        "eye_size": (0.12, 0.17), "eye_opening": (0.9, 1.0), "pupil_width": (0.8, 0.95),
        "muzzle_width": (0.4, 0.5), "muzzle_length": (0.2, 0.4), "tail_kind": "none",
        "build": (1.15, 1.4), "legs": (0.5, 0.7), "poses": ("portrait", "lying", "loaf"),
    },
    # Small pointed snouts: mice have large ears, hedgehogs spines.
    "mouse": {
        "ear_kind": "round", "ear_length": (0.5, 0.8), "ear_width": (0.45, 0.7),
        "ear_place": (0.78, 0.98), "eye_apart": (0.4, 0.56), "eye_size": (0.11, 0.19),
        "eye_opening": (0.92, 1.0), "pupil_width": (0.85, 0.98), "muzzle_kind": "cone",
        "muzzle_length": (0.35, 0.7), "nose_size": (0.08, 0.13), "jaw_width": (0.5, 0.68),
        "whiskers": (0.6, 1.1), "tail_kind": "bare", "legs": (0.5, 0.75), "headroom": 0.1,
        "hair": (0.03, 0.07), "poses": _CROUCHING + ("standing",),
    },
    "hedgehog": {
        "skull_width": (0.82, 0.98), "ear_kind": "round", "ear_length": (0.2, 0.3),
        "ear_width": (0.2, 0.3), "ear_place": (0.8, 0.95), "eye_size": (0.1, 0.15),
        "pupil_width": (0.85, 0.98), "muzzle_kind": "cone", "muzzle_length": (0.5, 0.9),
        "nose_size": (0.1, 0.15), "jaw_width": (0.5, 0.68), "crown": "spines",
        "tail_kind": "none", "legs": (0.4, 0.6), "build": (1.1, 1.35), "headroom": 0.2,
        "poses": ("portrait", "lying", "loaf"),
    },
    # Snouts. Kangaroo beside rabbit, and bear beside otter, differ mainly in the muzzle.
    "kangaroo": {
        "skull_width": (0.68, 0.84), "jaw_width": (0.45, 0.62), "ear_kind": "leaf",
        "ear_length": (0.95, 1.45), "ear_width": (0.22, 0.32), "ear_place": (0.5, 0.72),
        "ear_turn": (0.0, 0.45), "eye_apart": (0.44, 0.54), "muzzle_length": (0.65, 1.0),
        "muzzle_width": (0.3, 0.42), "nose_size": (0.14, 0.2), "tail_kind": "thick",
        "legs": (0.9, 1.2), "bulk": (1.2, 1.5), "headroom": 0.4,
        "poses": ("portrait", "sitting", "sideways", "lying"),
    },
    "bear": {
        "skull_width": (0.98, 1.14), "jaw_width": (0.7, 0.9), "cheek_tufts": (0.04, 0.14),
        "ear_kind": "round", "ear_length": (0.26, 0.38), "ear_width": (0.26, 0.38),
        "ear_place": (0.68, 0.84), "eye_size": (0.075, 0.115), "eye_apart": (0.3, 0.4),
        "muzzle_length": (0.5, 0.85), "muzzle_width": (0.36, 0.5), "nose_size": (0.17, 0.24),
        "whiskers": 0.0, "tail_kind": "stub", "build": (1.15, 1.45), "bulk": (1.15, 1.5),
    },
    "raccoon": {
        "skull_width": (0.98, 1.16), "skull_height": (0.76, 0.88), "jaw_width": (0.66, 0.85),
        "cheek_tufts": (0.14, 0.28), "ear_length": (0.4, 0.6), "ear_width": (0.26, 0.36),
        "ear_place": (0.66, 0.82), "ear_round": (0.5, 1.0), "eye_slant": (0.05, 0.3),
        "muzzle_length": (0.4, 0.7), "muzzle_width": (0.28, 0.38), "nose_size": (0.13, 0.18),
        "face": "bandit", "tail_kind": "banded", "poses": PET_POSES,
    },
    "lemur": {
        "skull_width": (0.88, 1.02), "ear_kind": {"round": 0.75, "upright": 0.25},
        "ear_length": (0.34, 0.6), "ear_place": (0.72, 0.92), "ear_round": (0.6, 1.0),
        "ear_spread": (0.2, 0.45), "eye_apart": (0.4, 0.5), "eye_size": (0.22, 0.3),
        "eye_opening": (0.9, 1.0), "iris": [*GREENS, *GREENS, BROWNS[3], BLUE],
        "pupil_width": (0.2, 0.45), "muzzle_length": (0.5, 0.85), "muzzle_width": (0.26, 0.36),
        "nose_size": (0.1, 0.15), "tail_kind": {"banded": 0.7, "plume": 0.3},
        "poses": ("portrait", "sitting", "sideways", "standing"),
    },
    "badger": {
        "skull_width": (0.84, 1.0), "jaw_width": (0.55, 0.72), "ear_kind": "round",
        "ear_length": (0.2, 0.3), "ear_width": (0.2, 0.3), "ear_place": (0.82, 0.98),
        "eye_size": (0.075, 0.11), "muzzle_length": (0.6, 0.95), "nose_size": (0.17, 0.23),
        "muzzle_width": (0.32, 0.44), "face": "bars", "tail_kind": "stub",
        "build": (1.1, 1.35), "legs": (0.55, 0.8), "hair": (0.07, 0.15), "poses": PET_POSES,
    },
    "koala": {
        "skull_width": (1.04, 1.18), "jaw_width": (0.8, 0.96), "ear_kind": "round",
        "ear_length": (0.46, 0.62), "ear_width": (0.48, 0.66), "ear_place": (0.94, 1.08),
        "eye_size": (0.08, 0.13), "eye_apart": (0.42, 0.52), "muzzle_kind": "tall",
        "muzzle_length": (0.02, 0.16), "muzzle_height": (0.26, 0.34),
        "muzzle_width": (0.34, 0.44), "nose_size": (0.2, 0.26), "nose_tall": (1.5, 2.0),
        "whiskers": 0.0, "mouth_open": False, "tail_kind": "none", "build": (1.05, 1.3),
        "hair": (0.08, 0.18), "poses": ("portrait", "sitting", "sideways", "loaf", "curled"),
    },
    # Muzzles of their own
    "monkey": {
        "skull_height": (0.92, 1.06), "jaw_width": (0.66, 0.84), "ear_kind": "round",
        "ear_length": (0.26, 0.4), "ear_width": (0.22, 0.34), "ear_place": (1.0, 1.12),
        "eye_apart": (0.24, 0.34), "eye_size": (0.1, 0.15), "muzzle_kind": "flat",
        "muzzle_length": (0.1, 0.35), "muzzle_width": (0.44, 0.6), "muzzle_height": (0.32, 0.42),
        "face": "bare", "whiskers": 0.0, "tail_kind": {"slim": 0.6, "ring": 0.4},
        "build": (0.75, 1.0), "legs": (1.0, 1.3),
        "poses": ("portrait", "sitting", "sideways", "standing"),
    },
    "pig": {
        "skull_width": (0.86, 1.04), "jaw_width": (0.72, 0.9), "ear_width": (0.34, 0.46),
        "ear_kind": {"upright": 0.5, "folded": 0.5}, "ear_length": (0.6, 0.9),
        "ear_spread": (0.15, 0.45), "ear_round": (0.0, 0.5), "eye_size": (0.07, 0.12),
        "muzzle_kind": "disc", "muzzle_length": (0.4, 0.8), "muzzle_width": (0.38, 0.5),
        "whiskers": 0.0, "tail_kind": "curl", "build": (1.1, 1.4), "legs": (0.6, 0.9),
        "hair": (0.02, 0.06), "feet": "hooves", "poses": _WALKING + ("sitting",),
    },
    "elephant": {
        "skull_width": (0.78, 0.92), "skull_height": (0.95, 1.08), "ear_kind": "fan",
        "ear_length": (0.75, 1.25), "ear_place": 0.9, "eye_apart": (0.5, 0.62),
        "eye_size": (0.075, 0.11), "muzzle_kind": "trunk", "muzzle_length": (1.3, 1.9),
        "muzzle_width": (0.3, 0.38), "whiskers": 0.0, "mouth_open": False,
        "tail_kind": "tuft", "build": (1.25, 1.5), "legs": (1.0, 1.3), "bulk": (1.3, 1.6),
        "hair": (0.02, 0.04), "poses": ("portrait", "standing"),
    },
    "owl": {
        "skull_width": (1.0, 1.14), "skull_height": (0.88, 1.0), "jaw_width": (0.85, 1.0),
        "ear_kind": "none", "crown": {"tufts": 0.5, "none": 0.5}, "crown_size": (0.7, 1.2),
        "eye_apart": (0.36, 0.46), "eye_size": (0.24, 0.34), "eye_opening": (0.92, 1.0),
        "iris": [*GREENS, *GREENS, *BROWNS], "pupil_width": (0.35, 0.65), "muzzle_kind": "beak",
        "muzzle_length": (0.1, 0.3), "muzzle_width": (0.1, 0.17), "face": "disc",
        "whiskers": 0.0, "mouth_open": False, "hair": (0.06, 0.14),
        "poses": ("portrait", "perched"),
    },
    "frog": {
        "skull_width": (1.12, 1.3), "skull_height": (0.58, 0.7), "jaw_width": (1.0, 1.2),
        "cheek_tufts": 0.0, "ear_kind": "none", "eye_apart": (0.56, 0.74),
        "eye_height": (-0.66, -0.5), "eye_size": (0.2, 0.28), "eye_bulge": (1.4, 1.7),
        "eye_opening": (0.9, 1.0), "iris": [*GREENS, *GREENS, *BROWNS[2:]],
        "pupil_bar": {True: 0.6, False: 0.4}, "muzzle_kind": "wide", "muzzle_length": 0.1,
        "muzzle_width": (0.75, 0.95), "whiskers": 0.0, "mouth_open": False, "hair": 0.01,
        "bulk": (0.9, 1.15), "poses": ("portrait", "squatting"),
    },
    # Hoofed. Cow, sheep, goat, deer and horse differ in ears, crowns, noses and necks.
    "cow": _HOOFED | {
        "skull_width": (0.8, 0.95), "muzzle_width": (0.46, 0.58), "muzzle_height": (0.34, 0.44),
        "nose_size": (0.3, 0.4), "crown": {"horns": 0.75, "none": 0.25},
        "crown_size": (0.6, 1.2), "tail_kind": "tuft", "build": (1.1, 1.35),
        "bulk": (1.4, 1.8), "headroom": 0.1,
    },
    "sheep": _HOOFED | {
        "muzzle_width": (0.3, 0.38), "muzzle_length": (0.4, 0.7), "nose_size": (0.07, 0.11),
        "pupil_bar": {True: 0.7, False: 0.3}, "crown": {"wool": 0.65, "curled": 0.35},
        "ear_length": (0.5, 0.75), "ear_turn": (1.4, 2.0), "hair": (0.16, 0.26),
        "build": (1.15, 1.4), "legs": (0.75, 1.0), "neck": (0.0, 0.2),
    },
    "goat": _HOOFED | {
        "ear_kind": {"leaf": 0.6, "hanging": 0.4}, "ear_turn": (1.2, 2.0),
        "ear_length": (0.7, 1.15), "muzzle_width": (0.3, 0.38), "muzzle_length": (0.6, 0.95),
        "nose_size": (0.07, 0.11), "pupil_bar": {True: 0.7, False: 0.3},
        "iris": [*GREENS, *BROWNS[2:], BLUE], "crown": "swept", "crown_size": (0.7, 1.3),
        "beard": (0.5, 1.0), "headroom": 0.35,
    },
    "deer": _HOOFED | {
        "skull_width": (0.7, 0.82), "ear_length": (0.85, 1.2), "ear_turn": (0.7, 1.2),
        "ear_width": (0.24, 0.34), "eye_size": (0.15, 0.21), "muzzle_width": (0.28, 0.36),
        "nose_size": (0.16, 0.22), "crown": {"antlers": 0.7, "none": 0.3},
        "crown_size": (0.7, 1.2), "build": (0.8, 1.0), "legs": (1.3, 1.7), "neck": (0.5, 1.0),
        "headroom": 0.7,
    },
    "horse": _HOOFED | {
        "skull_width": (0.68, 0.8), "ear_length": (0.5, 0.75), "ear_turn": (0.0, 0.35),
        "ear_place": (0.5, 0.65), "ear_width": (0.15, 0.22), "muzzle_length": (0.85, 1.2),
        "muzzle_width": (0.33, 0.42), "nose_size": (0.12, 0.17), "nose_pad": False,
        "crown": "mane", "tail_kind": "mane", "legs": (1.3, 1.7), "neck": (0.8, 1.3),
        "bulk": (1.5, 1.9),
    },
}  # fmt: skip
"""Name of a creature -> what sets it apart from `_MAMMAL`."""


def sample_features(name: str, rng: Rng) -> Features:
    """Draw the anatomy of one creature, given its name in `SAMPLERS` or `TABLES`."""
    if name in SAMPLERS:
        return SAMPLERS[name](rng)
    table = _MAMMAL | TABLES[name]
    return Features(**{feature: _drawn(rng, value) for feature, value in table.items()})


def _drawn(rng: Rng, value):
    """A value at random from an entry of a table, by the form of the entry."""
    if isinstance(value, dict):
        return _drawn(rng, _kind(rng, value))
    if isinstance(value, list):
        return pick(rng, value)
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str):
        return float(rng.uniform(*value))
    return value


def _kind(rng: Rng, shares: dict):
    """One of the keys, with the shares as probabilities."""
    options = list(shares)
    return options[int(rng.choice(len(options), p=list(shares.values())))]
