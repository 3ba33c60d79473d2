"""The course's own pretrained base: a small convnet for machines without ImageNet weights.

`tools/train_base.py` trains it to name kinds of creatures, things and textures that the course
draws, cats and dogs not among them. Its weights come with the course.
"""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights" / "course_base.weights.h5"
RECORD = "course_base"  # of its training, in course_utils/recorded
WIDTHS = (24, 32, 64, 96, 120)  # channels of the stem and of the four blocks


def build_course_base(size):
    """Build the base with random weights: a stem, then four residual blocks that halve the maps.

    Args:
        size: side of its input in pixels, >= 32.
    Returns:
        keras.Model from preprocessed images, shape (N, size, size, 3), to feature maps, shape
        (N, h, w, 120) with h = w = size / 16, rounded up.
    Source: the blocks are those of ResNet-v1 (He et al., 2015), with depth 2 each.
    """
    import keras
    from keras import layers

    def normalised(x, name, active=True):
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x) if active else x

    def convolution(x, width, name, stride=1, side=3):
        return layers.Conv2D(
            width, side, stride, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)

    inputs = keras.Input((size, size, 3))
    x = normalised(convolution(inputs, WIDTHS[0], "stem"), "stem")
    for number, width in enumerate(WIDTHS[1:], start=1):
        name = f"block{number}"
        around = normalised(convolution(x, width, f"{name}_skip", 2, 1), f"{name}_skip", False)
        x = normalised(convolution(x, width, f"{name}_1", 2), f"{name}_1")
        x = normalised(convolution(x, width, f"{name}_2"), f"{name}_2", False)
        x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, around]))
    return keras.Model(inputs, x, name="course_base")


def preprocess(pixels):
    """Pixels in [0, 255] to [-1, 1], as in the training of this base."""
    return pixels / 127.5 - 1.0
