"""What the stepper shows on paper."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.signal import correlate2d

from course.instruments.convolution_strip import convolution_strip


def test_it_strikes_what_is_negative():
    image = np.eye(5)
    output = correlate2d(image, [[1, -1]], mode="valid")
    settings = {"padding": 0, "stride": 1, "dilation": 1, "bias": 0.0, "flip": False}
    figure = convolution_strip(image, [[1, -1]], output, settings, [7, output.size - 1])
    for axes, shown in ((figure.axes[2], 8), (figure.axes[5], output.size)):
        struck = [
            segment.mean(axis=0)
            for strokes in axes.collections
            for segment in strokes.get_segments()
        ]
        negative = np.argwhere((output < 0) & (np.arange(output.size).reshape(5, 4) < shown))
        assert sorted(map(tuple, struck)) == sorted((x, y) for y, x in negative.astype(float))
        assert len(struck) in (1, 4)
    FigureCanvasAgg(figure).draw()
