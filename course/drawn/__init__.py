"""Stand-ins for Fashion-MNIST, SVHN and cats-vs-dogs, drawn here, for a machine with no network.

`draw_garments` draws grey 28 x 28 clothes in the ten classes of Fashion-MNIST,
`draw_house_numbers` draws colour 32 x 32 digits as SVHN crops them from photographs, and
`draw_pets` draws cats and dogs in colour at any size, with masks of their parts when asked;
`save_pets` writes them as JPEG files. `draw_kinds` draws other creatures, things and textures, to
train a general network on. Picture i depends on the seed and on i alone, so a small draw is the
beginning of a large one.

`block_ideas` is no picture to train on: it draws what well-known networks are built of.
"""

from course.drawn.diagrams import block_ideas
from course.drawn.garments import GARMENT_NAMES, GARMENT_SIZE, draw_garments
from course.drawn.house_numbers import NUMBER_SIZE, draw_house_numbers
from course.drawn.kinds import CREATURES, KIND_NAMES, TEXTURES, THINGS, draw_kinds
from course.drawn.pets import (
    PET_NAMES,
    PETS_VERSION,
    SHORTCUTS,
    PetParts,
    draw_pets,
    save_pets,
)
from course.drawn.seeds import N_CLASSES

__all__ = [
    "CREATURES",
    "GARMENT_NAMES",
    "GARMENT_SIZE",
    "KIND_NAMES",
    "NUMBER_SIZE",
    "N_CLASSES",
    "PETS_VERSION",
    "PET_NAMES",
    "SHORTCUTS",
    "TEXTURES",
    "THINGS",
    "PetParts",
    "block_ideas",
    "draw_garments",
    "draw_house_numbers",
    "draw_kinds",
    "draw_pets",
    "save_pets",
]
