"""What a convnet sees, and whether the pictures of it are true.

    heat = explain.grad_cam(model, image)  # (h, w)
    picture = explain.overlay(image, heat)  # (H, W, 3)

All of it works on Sequential, functional and nested models, on logits, in inference mode, on one
image or a batch, and leaves the model as it was. A layer is named as in its own model, also
when that model is part of another; of several layers of one name, "outer/inner" tells which.

`network` runs a model and notes what its layers put out, `arguments` is about what is given,
`outputs` tells layers and answers, `heat` makes maps of one image each, `filters` draws what a
channel responds to, `truth` tests the maps.
"""

from course.explain.arguments import check_images, count_classes
from course.explain.fields import Field, fields_of
from course.explain.filters import visualise_filters
from course.explain.heat import (
    class_activation_map,
    grad_cam,
    integrated_gradients,
    occlusion,
    overlay,
    saliency,
    smooth_grad,
    spread_windows,
)
from course.explain.outputs import (
    class_probabilities,
    feature_maps,
    map_layers,
    outputs_and_maps,
    stages_of,
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
    "check_images",
    "class_activation_map",
    "class_probabilities",
    "count_classes",
    "deletion_curve",
    "feature_maps",
    "fields_of",
    "grad_cam",
    "insertion_curve",
    "integrated_gradients",
    "map_layers",
    "occlusion",
    "outputs_and_maps",
    "overlay",
    "pointing_game",
    "random_heatmaps",
    "randomise_layers",
    "saliency",
    "share_inside",
    "smooth_grad",
    "spread_windows",
    "stages_of",
    "visualise_filters",
]
