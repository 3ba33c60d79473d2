"""What a convnet sees, and whether the pictures of it are true.

    heat = explain.grad_cam(model, image)  # (h, w)
    picture = explain.overlay(image, heat)  # (H, W, 3)

All of it works on Sequential, functional and nested models, on logits, in inference mode, on one
image or a batch, and leaves the model as it was. A layer is named as in its own model, also
when that model is part of another; of several layers of one name, "outer/inner" tells which.

`network` runs a model and notes what its layers put out, `arguments` is about what is given, `heat`
makes maps of one image each, `filters` draws what a channel responds to, `truth` tests the maps.
"""

from course.explain.fields import Field, fields_of
from course.explain.filters import visualise_filters
from course.explain.heat import (
    class_activation_map,
    feature_maps,
    grad_cam,
    integrated_gradients,
    occlusion,
    overlay,
    saliency,
    smooth_grad,
    spread_windows,
)
from course.explain.truth import (
    PointingGame,
    centre_heatmaps,
    deletion_curve,
    insertion_curve,
    pointing_game,
    random_heatmaps,
    randomise_layers,
    share_inside,
)

__all__ = [
    "Field",
    "PointingGame",
    "centre_heatmaps",
    "class_activation_map",
    "deletion_curve",
    "feature_maps",
    "fields_of",
    "grad_cam",
    "insertion_curve",
    "integrated_gradients",
    "occlusion",
    "overlay",
    "pointing_game",
    "random_heatmaps",
    "randomise_layers",
    "saliency",
    "share_inside",
    "smooth_grad",
    "spread_windows",
    "visualise_filters",
]
