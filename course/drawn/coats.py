"""Coats of fur: natural colours, and patterns that follow the body."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from course.drawn.seeds import Rng, chance, pick

AREAS = ("head", "muzzle", "ear", "chest", "trunk", "leg", "paw", "tail")

COLOURS = {
    "black": (0.11, 0.105, 0.11),
    "charcoal": (0.25, 0.245, 0.25),
    "slate": (0.43, 0.44, 0.46),
    "silver": (0.66, 0.65, 0.64),
    "white": (0.92, 0.90, 0.87),
    "cream": (0.88, 0.78, 0.62),
    "sand": (0.77, 0.63, 0.45),
    "fawn": (0.66, 0.51, 0.37),
    "ginger": (0.79, 0.49, 0.24),
    "rust": (0.57, 0.32, 0.17),
    "brown": (0.41, 0.28, 0.19),
    "chocolate": (0.27, 0.18, 0.13),
}
_LIGHT = ("white", "white", "cream")
PATTERNS = ("plain", "tabby", "spots", "patches", "mask", "points", "tuxedo", "saddle")
_PATTERN_SHARES = (0.2, 0.22, 0.06, 0.14, 0.08, 0.08, 0.14, 0.08)

# How much of the marking each area takes, for patterns that go by area.
_BY_AREA = {
    "mask": {"muzzle": 0.85, "ear": 0.75},
    "points": {"muzzle": 0.75, "ear": 0.9, "tail": 0.85, "paw": 0.85, "leg": 0.45},
    "tuxedo": {"muzzle": 0.95, "chest": 0.95, "paw": 0.95},
    "saddle": {"trunk": 0.9, "ear": 0.7, "tail": 0.8, "head": 0.25},
}


@dataclass(frozen=True)
class Coat:
    """The fur of one animal, as it covers one canvas.

    `unit` is the radius of the head and `hair` the length of a hair, both in pixels; `strands` is
    how strongly single hairs show. `blots` is smooth noise, shape (height, width).
    """

    base: np.ndarray
    marking: np.ndarray
    chest: np.ndarray
    pattern: str
    unit: float
    hair: float
    strands: float
    stripes: float  # a head radius
    level: float  # where a marking begins
    depth: float  # how far a marking covers the base colour
    belly: float  # how much lighter the underside is
    blots: np.ndarray

    def colours(self, area: str, window, distance: np.ndarray, direction: np.ndarray):
        """Colours of a window of the canvas.

        Args:
            area: one of `AREAS`.
            window: rows and columns of the canvas, as slices.
            distance, direction: arrays, shape (height, width) of the window: each pixel seen from
                the root of the hair, in pixels and in radians.
        Returns:
            float32 array, shape (height, width, 3).
        """
        blots = self.blots[window]
        covered = self._markings(area, blots, distance / self.unit, direction)
        colour = self.base + covered[..., None] * (self.marking - self.base)
        if self.belly and area in ("trunk", "chest", "muzzle"):
            height = len(blots)
            low = np.clip(np.linspace(-0.9, 1, height, dtype=np.float32), 0, 1)[:, None, None]
            share = self.belly * (low if area == "trunk" else 0.7)
            colour = colour + share * (self.chest - colour)
        return colour * (1 + 0.045 * blots)[..., None]

    def _markings(self, area, blots, distance, direction) -> np.ndarray:
        """How much of the marking shows at each pixel, 0 to 1."""
        none = np.zeros_like(blots)
        if self.pattern == "plain":
            return none
        if self.pattern == "tabby":
            if area in ("chest", "paw", "muzzle"):
                return none
            if area == "head":  # lines that meet above the nose, as the M on a tabby's forehead
                wave = np.sin(9 * direction + 0.7 * blots) * np.clip(2 * distance - 0.9, 0, 1)
            else:
                wave = np.sin(self.stripes * distance + 1.3 * blots)
                wave = wave - np.clip(0.6 - 0.7 * blots, 0, 0.9)  # stripes that break off
            return self.depth * _step(wave - self.level, 3.5)
        if self.pattern in ("patches", "spots"):
            return self.depth * _step(blots - self.level, 7)
        share = _BY_AREA[self.pattern].get(area, 0.0)
        if self.pattern in ("mask", "points") and area == "head":
            return 0.8 * _step(0.62 + 0.1 * blots - distance, 7)
        if self.pattern == "tuxedo" and area == "head":  # a blaze between the eyes
            width = 0.16 + 0.1 * self.level
            up = np.abs(np.abs(direction + math.pi / 2)) * distance
            return 0.9 * _step(width - up, 14) * (direction < 0)
        if self.pattern == "saddle" and area == "trunk":
            height = len(blots)
            high = np.linspace(1.0, -1.2, height, dtype=np.float32)[:, None]
            return share * _step(high + 0.25 * blots, 5)
        return none + share * _step(blots + 2.2, 3)


def sample_coat(rng: Rng, unit: float, height: int, width: int, hair: float) -> Coat:
    """Draw the coat of one animal at random; the same for every creature.

    Args:
        rng: source of randomness.
        unit: radius of the head in pixels.
        height, width: of the canvas in pixels.
        hair: length of hair in head radii.
    """
    names = list(COLOURS)
    pattern = PATTERNS[int(rng.choice(len(PATTERNS), p=_PATTERN_SHARES))]
    base_name = pick(rng, names)
    base = np.array(COLOURS[base_name], np.float32) * rng.uniform(0.92, 1.08)
    base = base * (1 + rng.normal(0, 0.012, 3).astype(np.float32))
    brightness = base.mean()
    chest = np.array(COLOURS[pick(rng, _LIGHT)], np.float32)
    if pattern == "tuxedo":
        marking = chest
    elif pattern in ("tabby", "mask", "points", "saddle"):
        if brightness < 0.3:  # dark on dark would not show
            base = np.array(COLOURS[pick(rng, ("fawn", "silver", "sand", "slate"))], np.float32)
        marking = base * rng.uniform(0.3, 0.55)
    else:
        others = [n for n in names if abs(np.mean(COLOURS[n]) - brightness) > 0.15]
        marking = np.array(COLOURS[pick(rng, others)], np.float32)
    grain = unit * (rng.uniform(0.25, 0.4) if pattern == "spots" else rng.uniform(0.7, 1.3))
    levels = {"spots": (0.7, 1.1), "patches": (-0.2, 0.6), "tabby": (-0.1, 0.5)}
    return Coat(
        base=np.clip(base, 0.06, 0.95).astype(np.float32),
        marking=np.clip(marking, 0.05, 0.95).astype(np.float32),
        chest=chest,
        pattern=pattern,
        unit=unit,
        hair=hair * unit,
        strands=float(rng.uniform(0.06, 0.13)),
        stripes=float(rng.uniform(9, 16)),
        level=float(rng.uniform(*levels.get(pattern, (0, 1)))),
        depth=float(rng.uniform(0.5, 0.85) if pattern == "tabby" else rng.uniform(0.8, 1)),
        belly=float(rng.uniform(0.2, 0.8) if chance(rng, 0.45) else 0),
        blots=_noise(rng, height, width, grain),
    )


def _step(x: np.ndarray, sharpness: float) -> np.ndarray:
    """0 where x is well below 0, 1 where it is well above."""
    return 0.5 + 0.5 * np.tanh(sharpness * x / 2)


def _noise(rng: Rng, height: int, width: int, grain: float) -> np.ndarray:
    """Smooth noise around 0 with spread 1, whose blots are about `grain` pixels wide."""
    rows, columns = (max(2, math.ceil(side / grain) + 1) for side in (height, width))
    coarse = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.BICUBIC)) * 1.2
