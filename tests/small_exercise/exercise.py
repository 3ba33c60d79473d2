# %% [markdown]
# # Small exercises
#
# They are there for the tests of the grader.

# %% tags=["setup"]
import numpy as np

from course.exercises import open_exercise

check = open_exercise("tests/small_exercise")

# %% [markdown] task="add_frame"
# ## 1 A frame of zeros
#
# Surround an image by `width` rows and columns of zeros.

# %% task="add_frame"
def add_frame(image, width):
    """Surround an image, shape (H, W), by zeros: shape (H + 2 width, W + 2 width)."""
    ### BEGIN SOLUTION
    return np.pad(image, width)
    ### END SOLUTION

# %% tags=["expected"]
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(2, 2))
axes.imshow(add_frame(np.ones((4, 6)), 1), cmap="gray")
figure

# %% tags=["check"]
check("add_frame")

# %% [markdown] task="brightest"
# ## 2 The brightest pixel
#
# Give its row and column, as a tuple of two ints; and set `levels` to the number of grey levels
# of 8 bits.

# %% task="brightest"
### BEGIN SOLUTION
levels = 2**8
### END SOLUTION

# %% task="brightest"
def brightest(image):
    """Row and column of the largest value of an image, shape (H, W)."""
    ### BEGIN SOLUTION
    row, column = np.unravel_index(image.argmax(), image.shape)
    return int(row), int(column)
    ### END SOLUTION

# %% tags=["try"]
print(levels)

# %% tags=["check"]
check("brightest")
