"""How much memory a network takes, and whether it is there."""

import math

from course_utils import memory
from course_utils.memory import GB

# A forward pass beside its three largest neighbouring feature maps: see `needed`.
MORE, OTHER = 1.25, 100e6  # times as much; bytes


def needed(model, batch_size: int) -> float:
    """Estimate the memory that a forward pass takes, beside the weights.

    Args:
        model: keras.Model whose layers run one after the other, more or less.
        batch_size: images at once, >= 1.
    Returns:
        bytes: what the three largest neighbouring layers put out, in float32, a quarter more for
        copies of the images and buffers, and 100 MB for code. Measured beside it: VGG16 at 224
        pixels takes 1.18 GB for 32 images (estimate 1.26), 0.31 GB for 8 (0.39); at 224 pixels
        and 32 images ResNet50 .47 (.49), InceptionV3 .37 (.47), EfficientNetV2B0 .31 (.29) and
        MobileNetV2 .57 (.68).
    """
    sizes = [math.prod(layer.output.shape[1:]) for layer in model.layers]
    most = max(sum(sizes[i : i + 3]) for i in range(len(sizes)))
    return MORE * 4 * batch_size * most + OTHER


def check_forward_pass(model, title: str, batch_size: int) -> None:
    """Make sure that a forward pass fits into the memory that is free.

    Args:
        model: keras.Model of images.
        title: its name, for the message.
        batch_size: images at once, >= 1.
    Raises:
        MemoryError: it does not fit; the message says what is needed and free, and what to do.
    """
    need, free, side = needed(model, batch_size), memory.available(), model.input_shape[1]
    if need > free:
        raise MemoryError(
            f"{title} needs about {need / GB:.1f} GB for {batch_size} images of {side} x {side} "
            f"pixels at once, and {free / GB:.1f} GB are free. Take a smaller batch_size, a "
            "smaller size, or MobileNetV2; or close other notebooks"
        )
