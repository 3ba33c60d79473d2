"""What the checks ask of a submission besides plain calls."""

import numpy as np


def slopes(student, weights, coupling, x, step):
    """`numerical_gradient` of Σ weights · x³ + coupling · (Σ x)², and what is then in x."""

    def f(values):
        if np.shape(values) != x.shape:
            unlike_x = f"f got an array of shape {np.shape(values)}, and x has {x.shape}"
            raise ValueError(unlike_x)
        return float(np.sum(weights * values**3) + coupling * np.sum(values) ** 2)

    return student.numerical_gradient(f, x, step), x
