"""Wrong solutions of exercise 1: mistakes that people make, and what each must lose."""

from course.exercises import mutant

# 1.1

mutant(
    "bytes_wrap",
    "subtracts bytes, which wrap round below zero",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by='(after - before).astype("float32") / 255',
    loses=["brighter_and_darker", "colours_too", "in_four_bytes"],
)
mutant(
    "absolute_change",
    "gives the size of the change without its sign",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by='np.abs(after.astype("float32") - before.astype("float32")) / 255',
    loses=["brighter_and_darker", "colours_too", "in_four_bytes"],
)
mutant(
    "before_less_after",
    "subtracts the wrong way round",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by='(before.astype("float32") - after.astype("float32")) / 255',
    loses=["brighter_and_darker", "colours_too", "in_four_bytes"],
)
mutant(
    "darker_counts_as_zero",
    "makes zeros where a pixel gets darker",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by='np.maximum(after.astype("float32") - before.astype("float32"), 0) / 255',
    loses=["brighter_and_darker", "colours_too", "in_four_bytes"],
)
mutant(
    "left_in_bytes",
    "forgets to divide by 255",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by='after.astype("float32") - before.astype("float32")',
    loses=["brighter_and_darker", "colours_too", "in_four_bytes"],
)
mutant(
    "eight_bytes",
    "computes with float64",
    replace='(after.astype("float32") - before.astype("float32")) / 255',
    by="after / 255 - before / 255",
    loses=["in_four_bytes"],
)
mutant(
    "two_axes_only",
    "loops over rows and columns, and has no room for colours",
    task="changes",
    loses=["colours_too"],
    by="""
def changes(before, after):
    height, width = before.shape
    output = np.zeros((height, width), "float32")
    for i in range(height):
        for j in range(width):
            output[i, j] = (float(after[i, j]) - float(before[i, j])) / 255
    return output
""",
)

# 1.2

mutant(
    "turned_anyway",
    "turns the kernel in the cross-correlation",
    replace='np.einsum("ijab,ab->ij", patches, kernel)',
    by='np.einsum("ijab,ab->ij", patches, kernel[::-1, ::-1])',
    loses=[
        "plain_sliding",
        "with_padding",
        "with_stride",
        "padding_and_stride",
        "images_of_bytes",
        "half_a_turn",
        "convolve_with_both",
    ],
)
mutant(
    "last_place_missing",
    "stops one place before the end, in rows and in columns",
    replace="sliding_window_view(padded, kernel.shape)[::stride, ::stride]",
    by="sliding_window_view(padded, kernel.shape)[::stride, ::stride][:-1, :-1]",
    loses=[
        "plain_sliding",
        "with_padding",
        "with_stride",
        "padding_and_stride",
        "images_of_bytes",
        "half_a_turn",
        "convolve_with_both",
    ],
)
mutant(
    "padded_at_the_end",
    "puts all the zeros below and to the right",
    replace="np.pad(image, padding)",
    by="np.pad(image, (0, 2 * padding))",
    loses=["with_padding", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "padded_with_the_border",
    "repeats the border's pixels instead of zeros",
    replace="np.pad(image, padding)",
    by='np.pad(image, padding, mode="edge")',
    loses=["with_padding", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "one_zero_row_in_all",
    "pads at one end only, as if one row and one column were enough in all",
    replace="np.pad(image, padding)",
    by="np.pad(image, (0, padding))",
    loses=["with_padding", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "padded_at_the_start_only",
    "puts zeros above and to the left, and none below and to the right",
    replace="np.pad(image, padding)",
    by="np.pad(image, (padding, 0))",
    loses=["with_padding", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "stride_on_the_image",
    "thins the image out instead of skipping places",
    task="slide",
    replace="""    padded = np.pad(image, padding)
    patches = sliding_window_view(padded, kernel.shape)[::stride, ::stride]
""",
    by="""    padded = np.pad(image[::stride, ::stride], padding)
    patches = sliding_window_view(padded, kernel.shape)
""",
    loses=["with_stride", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "size_divided_by_stride",
    "makes the output as large as the image divided by the stride, with zeros where nothing fits",
    task="slide",
    replace='    return np.einsum("ijab,ab->ij", patches, kernel)',
    by="""    output = np.zeros((image.shape[0] // stride, image.shape[1] // stride))
    fits = np.einsum("ijab,ab->ij", patches, kernel)[: output.shape[0], : output.shape[1]]
    output[: fits.shape[0], : fits.shape[1]] = fits
    return output""",
    loses=[
        "plain_sliding",
        "with_padding",
        "with_stride",
        "padding_and_stride",
        "images_of_bytes",
        "half_a_turn",
        "convolve_with_both",
    ],
)
mutant(
    "stride_in_rows_only",
    "moves by the stride downwards, but by one to the right",
    replace="[::stride, ::stride]",
    by="[::stride]",
    loses=["with_stride", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "patch_at_i_j",
    "begins the patch at row i, column j, whatever the stride",
    task="slide",
    replace="""    patches = sliding_window_view(padded, kernel.shape)[::stride, ::stride]
""",
    by="""    patches = sliding_window_view(padded, kernel.shape)
    height, width = patches[::stride, ::stride].shape[:2]
    patches = patches[:height, :width]
""",
    loses=["with_stride", "padding_and_stride", "convolve_with_both"],
)
mutant(
    "sums_in_bytes",
    "collects the sums in an array of the image's type",
    task="slide",
    replace='np.einsum("ijab,ab->ij", patches, kernel)',
    by='np.einsum("ijab,ab->ij", patches, kernel).astype(image.dtype)',
    loses=["images_of_bytes"],
)
mutant(
    "square_shapes_only",
    "takes the number of rows for both sides of the kernel",
    task="slide",
    replace="""    patches = sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    return np.einsum("ijab,ab->ij", patches, kernel)""",
    by="""    k = len(kernel)
    patches = sliding_window_view(padded, (k, k))[::stride, ::stride]
    return np.einsum("ijab,ab->ij", patches, kernel[:, :k])""",
    loses=[
        "plain_sliding",
        "with_padding",
        "with_stride",
        "padding_and_stride",
        "images_of_bytes",
        "half_a_turn",
        "convolve_with_both",
    ],
)
mutant(
    "upside_down_only",
    "turns the kernel upside down, but not left to right",
    replace="kernel[::-1, ::-1]",
    by="kernel[::-1]",
    loses=["half_a_turn", "convolve_with_both"],
)
mutant(
    "quarter_turn",
    "turns the kernel by a quarter of a turn",
    replace="kernel[::-1, ::-1]",
    by="np.rot90(kernel)",
    loses=["half_a_turn", "convolve_with_both"],
)
mutant(
    "image_turned",
    "turns the image instead of the kernel",
    replace="correlate(image, kernel[::-1, ::-1], padding, stride)",
    by="correlate(image[::-1, ::-1], kernel, padding, stride)",
    loses=["half_a_turn", "convolve_with_both"],
)
mutant(
    "not_turned",
    "takes convolution and cross-correlation for the same",
    replace="correlate(image, kernel[::-1, ::-1], padding, stride)",
    by="correlate(image, kernel, padding, stride)",
    loses=["half_a_turn", "convolve_with_both"],
)
mutant(
    "transposed",
    "exchanges rows and columns instead of turning the kernel",
    replace="kernel[::-1, ::-1]",
    by="kernel.T",
    loses=["half_a_turn", "convolve_with_both"],
)
mutant(
    "not_handed_on",
    "forgets padding and stride in the convolution",
    replace="correlate(image, kernel[::-1, ::-1], padding, stride)",
    by="correlate(image, kernel[::-1, ::-1])",
    loses=["convolve_with_both"],
)

# 1.3

mutant(
    "rounded_up",
    "rounds the size up, as if a last step that doesn't fit counted",
    replace="(n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1",
    by="-(-(n + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1",
    loses=["one_layer", "whole_stack", "dilated_sizes"],
)
mutant(
    "padding_once",
    "counts the padding at one end only",
    replace="n + 2 * padding",
    by="n + padding",
    loses=["one_layer", "whole_stack", "dilated_sizes"],
)
mutant(
    "one_place_short",
    "counts the steps, not the places",
    replace="// stride + 1",
    by="// stride",
    loses=["one_layer", "whole_stack", "dilated_sizes"],
)
mutant(
    "from_the_image_again",
    "gives every layer the image's size, not the map's",
    replace="n = (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1\n    return n",
    by="size = (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1\n    return size",
    loses=["whole_stack", "dilated_sizes"],
)
mutant(
    "dilated_by_d_times_k",
    "lets a dilated kernel cover d · k pixels",
    replace="dilation * (kernel - 1) - 1) // stride",
    by="dilation * kernel) // stride",
    loses=["dilated_sizes"],
)
mutant(
    "sizes_without_dilation",
    "leaves the dilation out of the size",
    replace="dilation * (kernel - 1) - 1) // stride",
    by="kernel) // stride",
    loses=["dilated_sizes"],
)
mutant(
    "own_stride_first",
    "multiplies by the layer's own stride, too",
    replace="        field += dilation * (kernel - 1) * step\n        step *= stride",
    by="        step *= stride\n        field += dilation * (kernel - 1) * step",
    loses=["field_of_a_stack", "dilated_field"],
)
mutant(
    "strides_forgotten",
    "adds the kernels up without the strides",
    replace="dilation * (kernel - 1) * step",
    by="dilation * (kernel - 1)",
    loses=["field_of_a_stack", "dilated_field"],
)
mutant(
    "last_stride_only",
    "remembers the stride of the layer before, not of all before",
    replace="step *= stride",
    by="step = stride",
    loses=["field_of_a_stack", "dilated_field"],
)
mutant(
    "nothing_at_first",
    "begins with a receptive field of 0",
    replace="field, step = 1, 1",
    by="field, step = 0, 1",
    loses=["field_of_a_stack", "dilated_field"],
)
mutant(
    "backwards_formula_forwards",
    "uses the formula that goes from the last layer back, first to last",
    replace="field += dilation * (kernel - 1) * step",
    by="field = (field - 1) * stride + dilation * (kernel - 1) + 1",
    loses=["field_of_a_stack", "dilated_field"],
)
mutant(
    "field_without_dilation",
    "leaves the dilation out of the receptive field",
    replace="dilation * (kernel - 1) * step",
    by="(kernel - 1) * step",
    loses=["dilated_field"],
)

# 1.4

GABORS = ["balanced_and_of_length_one", "wave_to_the_right", "turned_wave", "any_gabor"]
VALUES = ["wave_to_the_right", "turned_wave", "any_gabor"]

mutant(
    "radius_rounded_down",
    "cuts the bell at three sigma rounded down",
    replace="int(np.ceil(3 * sigma))",
    by="int(3 * sigma)",
    loses=["reaches_three_sigma", *VALUES],
)
mutant(
    "even_number_of_pixels",
    "leaves out the last row and column",
    replace="np.mgrid[-radius : radius + 1, -radius : radius + 1]",
    by="np.mgrid[-radius:radius, -radius:radius]",
    loses=["reaches_three_sigma", *VALUES],
)
mutant(
    "wavelength_as_frequency",
    "multiplies by the wavelength instead of dividing",
    replace="2 * np.pi / wavelength",
    by="2 * np.pi * wavelength",
    loses=VALUES,
)
mutant(
    "without_two_pi",
    "forgets that a whole wave is 2π",
    replace="2 * np.pi / wavelength",
    by="1 / wavelength",
    loses=VALUES,
)
mutant(
    "bracket_forgotten",
    "divides by 2 and multiplies by the square of sigma",
    replace="/ (2 * sigma**2)",
    by="/ 2 * sigma**2",
    loses=VALUES,
)
mutant(
    "bell_without_two",
    "leaves the 2 out of the bell",
    replace="/ (2 * sigma**2)",
    by="/ sigma**2",
    loses=VALUES,
)
mutant(
    "sigma_not_squared",
    "leaves sigma in the bell as it is, without its square",
    replace="/ (2 * sigma**2)",
    by="/ (2 * sigma)",
    loses=VALUES,
)
mutant(
    "grid_that_is_not_of_pixels",
    "spreads the grid from -3 sigma to 3 sigma, so that its steps aren't pixels",
    replace="np.mgrid[-radius : radius + 1, -radius : radius + 1]",
    by="np.mgrid[-radius : radius + 1, -radius : radius + 1] * 3 * sigma / radius",
    loses=VALUES,
)
mutant(
    "rows_for_columns",
    "takes the first array of np.mgrid for x",
    replace="y, x = np.mgrid",
    by="x, y = np.mgrid",
    loses=VALUES,
)
mutant(
    "degrees_as_radians",
    "hands degrees to sine and cosine",
    replace="np.deg2rad(degrees)",
    by="degrees",
    loses=["turned_wave", "any_gabor"],
)
mutant(
    "y_upwards",
    "turns the other way, as if y grew upwards",
    replace="x * np.cos(theta) + y * np.sin(theta)",
    by="x * np.cos(theta) - y * np.sin(theta)",
    loses=["turned_wave", "any_gabor"],
)
mutant(
    "not_balanced",
    "leaves the weights' sum as it comes",
    replace="balanced = wave - bell * wave.sum() / bell.sum()",
    by="balanced = wave",
    loses=GABORS,
)
mutant(
    "mean_taken_away",
    "balances by taking the mean away, from the flat corners as well",
    hint="You take the same number away from every weight, also in the corners, where the bell is "
    "nearly zero. The second step of the task takes something else away.",
    replace="wave - bell * wave.sum() / bell.sum()",
    by="wave - wave.mean()",
    loses=VALUES,
)
mutant(
    "scaled_first",
    "scales to length 1 before balancing",
    replace="    balanced = wave - bell * wave.sum() / bell.sum()\n"
    "    return balanced / np.linalg.norm(balanced)",
    by="    wave = wave / np.linalg.norm(wave)\n    return wave - bell * wave.sum() / bell.sum()",
    loses=GABORS,
)
mutant(
    "not_scaled",
    "balances the weights, and leaves their length as it comes",
    replace="balanced / np.linalg.norm(balanced)",
    by="balanced",
    loses=GABORS,
)
mutant(
    "largest_weight_one",
    "divides by the largest weight",
    replace="balanced / np.linalg.norm(balanced)",
    by="balanced / balanced.max()",
    loses=GABORS,
)
mutant(
    "root_forgotten",
    "divides by the sum of the squared weights, without a root",
    replace="balanced / np.linalg.norm(balanced)",
    by="balanced / (balanced**2).sum()",
    loses=GABORS,
)
mutant(
    "absolute_weights_sum_to_one",
    "divides by the sum of the absolute weights",
    replace="balanced / np.linalg.norm(balanced)",
    by="balanced / np.abs(balanced).sum()",
    loses=GABORS,
)
mutant(
    "first_direction_again",
    "spreads the directions up to 180° inclusive",
    replace="[gabor(wavelength, 180 * i / n, sigma) for i in range(n)]",
    by="[gabor(wavelength, degrees, sigma) for degrees in np.linspace(0, 180, n)]",
    loses=["bank_of_directions", "any_number_of_directions"],
)
mutant(
    "begins_with_a_step",
    "begins the directions one step after 0°",
    replace="for i in range(n)]",
    by="for i in range(1, n + 1)]",
    loses=["bank_of_directions", "any_number_of_directions"],
)
mutant(
    "whole_turn",
    "spreads the directions over a whole turn",
    replace="180 * i / n",
    by="360 * i / n",
    loses=["bank_of_directions", "any_number_of_directions"],
)
mutant(
    "steps_of_45",
    "always takes steps of 45°, as in the example",
    replace="180 * i / n",
    by="45 * i",
    loses=["any_number_of_directions"],
)

# 1.5

mutant(
    "kernels_not_scaled",
    "lets loud kernels win",
    hint="Your shares are those of the kernels as they come: one with large weights has more "
    "energy. What does the task say of their length?",
    replace="kernel / np.linalg.norm(kernel)",
    by="kernel",
    loses=["shares_of_energy", "loud_filters_win_nothing"],
)
mutant(
    "kernels_scaled_in_place",
    "scales the caller's kernels",
    replace="        scaled = kernel / np.linalg.norm(kernel)\n",
    by="        kernel /= np.linalg.norm(kernel)\n        scaled = kernel\n",
    loses=["leaves_the_bank_alone"],
)
mutant(
    "answers_not_squared",
    "takes the mean of the absolute answers",
    replace="respond(image, scaled) ** 2",
    by="np.abs(respond(image, scaled))",
    loses=["shares_of_energy"],
)
mutant(
    "mean_before_square",
    "squares the mean answer instead of taking the mean square",
    replace="np.mean([respond(image, scaled) ** 2 for image in images])",
    by="np.mean([respond(image, scaled) for image in images]) ** 2",
    loses=["shares_of_energy"],
)
mutant(
    "first_picture_only",
    "looks at the first picture only",
    replace="np.mean([respond(image, scaled) ** 2 for image in images])",
    by="np.mean(respond(images[0], scaled) ** 2)",
    loses=["shares_of_energy"],
)
mutant(
    "energies_for_shares",
    "gives the energies, not their shares",
    replace="np.array(energies) / np.sum(energies)",
    by="np.array(energies)",
    loses=["shares_of_energy"],
)
mutant(
    "opposites_missed",
    "forgets that a filter may say the opposite",
    replace="np.abs(np.corrcoef(answers))",
    by="np.corrcoef(answers)",
    loses=["finds_the_doubles"],
)
mutant(
    "indices_of_the_rest",
    "numbers the filters anew once the silent ones are gone",
    replace="(speaking[a], speaking[b]) for a",
    by="(a, b) for a",
    loses=["finds_the_doubles", "doubles_in_these_pictures", "silent_are_no_doubles"],
)
mutant(
    "silent_doubles",
    "looks for doubles among the silent filters, too",
    replace="if shares[i] >= 0.001",
    by="if shares[i] >= 0",
    loses=["silent_are_no_doubles"],
)
mutant(
    "kernels_compared",
    "compares the kernels' weights instead of their answers",
    task="useless",
    replace="""    answers = [np.ravel([respond(image, bank[i]) for image in images]) for i in speaking]
    alike = np.abs(np.corrcoef(answers)) > 0.99
""",
    by="""    def same(one, other):
        if one.shape != other.shape:
            return False
        return abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) > 0.99

    alike = np.array([[same(bank[i], bank[j]) for j in speaking] for i in speaking])
""",
    loses=["doubles_in_these_pictures"],
)
mutant(
    "silent_by_weights",
    "takes kernels whose weights sum to zero for silent",
    replace="silent = [i for i in range(len(bank)) if shares[i] < 0.001]",
    by="silent = [i for i in range(len(bank)) if abs(bank[i].sum()) < 0.001]",
    loses=["finds_the_silent", "silent_are_no_doubles"],
)
mutant(
    "doubles_both_ways",
    "names each pair twice",
    replace="for b in range(a + 1, n)",
    by="for b in range(n) if a != b",
    loses=["finds_the_doubles", "doubles_in_these_pictures", "silent_are_no_doubles"],
)

# 1.6

mutant(
    "strength_forgotten",
    "leaves the singular value out",
    replace="strengths[0] * columns[:, 0], rows[0]",
    by="columns[:, 0], rows[0]",
    loses=["takes_it_apart", "zeros_at_the_corner", "tiny_and_huge", "says_so_if_not"],
)
mutant(
    "row_of_the_wrong_axis",
    "takes the first column of the rows' matrix",
    replace="strengths[0] * columns[:, 0], rows[0]",
    by="strengths[0] * columns[:, 0], rows[:, 0]",
    loses=["takes_it_apart", "zeros_at_the_corner", "tiny_and_huge", "says_so_if_not"],
)
mutant(
    "always_separable",
    "gives the nearest column and row, separable or not",
    replace="    if strengths[1:].max(initial=0) > 1e-6 * strengths[0]:\n        return None\n",
    by="",
    loses=["says_so_if_not", "tiny_and_huge"],
)
mutant(
    "false_for_none",
    "gives False for a kernel that isn't separable",
    replace="        return None\n",
    by="        return False\n",
    loses=["says_so_if_not", "tiny_and_huge"],
)
mutant(
    "no_tolerance",
    "wants the other singular values to be exactly zero",
    replace="> 1e-6 * strengths[0]",
    by="> 0",
    loses=["takes_it_apart", "zeros_at_the_corner", "tiny_and_huge", "says_so_if_not"],
)
mutant(
    "fixed_tolerance",
    "compares with a fixed number, whatever the weights' size",
    replace="> 1e-6 * strengths[0]",
    by="> 1e-6",
    loses=["tiny_and_huge"],
)
mutant(
    "divides_by_the_corner",
    "takes the first row and column, and divides by the weight at the corner",
    task="separate",
    loses=["zeros_at_the_corner"],
    by="""
def separate(kernel):
    column, row = kernel[:, 0], kernel[0] / kernel[0, 0]
    if not np.allclose(np.outer(column, row), kernel, atol=1e-6 * np.abs(kernel).max()):
        return None
    return column, row
""",
)
mutant(
    "sums_of_rows_and_columns",
    "takes row sums and column sums, which may be zero",
    task="separate",
    loses=["takes_it_apart", "zeros_at_the_corner", "tiny_and_huge", "says_so_if_not"],
    by="""
def separate(kernel):
    column, row = kernel.sum(1), kernel.sum(0) / kernel.sum()
    if not np.allclose(np.outer(column, row), kernel, rtol=0, atol=1e-6 * np.abs(kernel).max()):
        return None
    return column, row
""",
)

# 1.7

WAY_FORWARD = [
    "one_channel_one_kernel",
    "channels_and_kernels",
    "images_and_bias",
    "padded_and_in_steps",
    "layer_on_bytes",
]
WITH_BIAS = ["images_and_bias", "padded_and_in_steps", "layer_on_bytes"]
WITH_STEPS = ["padded_and_in_steps", "layer_on_bytes"]

mutant(
    "layer_turns_its_kernels",
    "turns the kernels, as mathematics does",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels)',
    by='np.einsum("nijcab,abcf->nijf", windows, kernels[::-1, ::-1])',
    loses=WAY_FORWARD,
)
mutant(
    "first_channel_only",
    "looks at the first channel alone",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels)',
    by='np.einsum("nijab,abf->nijf", windows[:, :, :, 0], kernels[:, :, 0])',
    loses=WAY_FORWARD[1:],
)
mutant(
    "channels_averaged",
    "takes the mean over the channels",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels)',
    by='np.einsum("nijcab,abcf->nijf", windows, kernels) / kernels.shape[2]',
    loses=WAY_FORWARD[1:],
)
mutant(
    "maps_in_front",
    "puts the maps' axis before rows and columns",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels) + bias',
    by='np.moveaxis(np.einsum("nijcab,abcf->nijf", windows, kernels) + bias, 3, 1)',
    loses=WAY_FORWARD,
)
mutant(
    "bias_forgotten",
    "leaves the bias out",
    replace="windows, kernels) + bias",
    by="windows, kernels)",
    loses=WITH_BIAS,
)
mutant(
    "bias_for_each_channel",
    "adds the bias once for every channel",
    replace="windows, kernels) + bias",
    by="windows, kernels) + bias * kernels.shape[2]",
    loses=WITH_BIAS,
)
mutant(
    "first_bias_for_all",
    "adds the first kernel's bias to all maps",
    replace="windows, kernels) + bias",
    by="windows, kernels) + bias[0]",
    loses=WITH_BIAS,
)
mutant(
    "first_image_only",
    "handles the first image alone",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels)',
    by='np.einsum("nijcab,abcf->nijf", windows[:1], kernels)',
    loses=WITH_BIAS,
)
mutant(
    "layer_padded_at_the_end",
    "puts all the zeros of a layer below and to the right",
    task="layer",
    replace="    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))\n"
    "    windows",
    by="    padded = np.pad(images, ((0, 0), (0, 2 * padding), (0, 2 * padding), (0, 0)))\n"
    "    windows",
    loses=WITH_STEPS,
)
mutant(
    "layer_steps_in_rows_only",
    "moves a layer's windows by the stride downwards, but by one to the right",
    replace="axis=(1, 2))[:, ::stride, ::stride]",
    by="axis=(1, 2))[:, ::stride]",
    loses=WITH_STEPS,
)
mutant(
    "layer_steps_by_one",
    "makes a smaller output for a stride, from windows that still lie side by side",
    task="layer",
    replace="[:, ::stride, ::stride]\n    return np.einsum",
    by="""
    rows, columns = windows[:, ::stride, ::stride].shape[1:3]
    windows = windows[:, :rows, :columns]
    return np.einsum""",
    loses=WITH_STEPS,
)
mutant(
    "layer_thins_its_images_out",
    "thins the images out instead of skipping windows",
    task="layer",
    replace="    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))\n"
    "    windows = sliding_window_view(padded, kernels.shape[:2], axis=(1, 2))"
    "[:, ::stride, ::stride]\n",
    by="    padded = np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0)))\n"
    "    padded = padded[:, ::stride, ::stride]\n"
    "    windows = sliding_window_view(padded, kernels.shape[:2], axis=(1, 2))\n",
    loses=WITH_STEPS,
)
mutant(
    "output_in_bytes",
    "collects the output in an array of the images' type",
    replace='np.einsum("nijcab,abcf->nijf", windows, kernels) + bias',
    by='(np.einsum("nijcab,abcf->nijf", windows, kernels) + bias).astype(images.dtype)',
    loses=["layer_on_bytes"],
)

SLOPES = ["slope_between_two_sides", "each_value_by_itself", "slope_of_any_type"]

mutant(
    "one_sided",
    "compares a step up with the place itself",
    task="layer",
    replace="""        x[place] = value - step
        below = f(x)
        x[place] = value
        gradient[place] = (above - below) / (2 * step)
""",
    by="""        x[place] = value
        gradient[place] = (above - f(x)) / step
""",
    loses=SLOPES,
)
mutant(
    "divided_by_one_step",
    "takes both sides, and divides by one step",
    replace="(above - below) / (2 * step)",
    by="(above - below) / step",
    loses=SLOPES,
)
mutant(
    "up_and_back_again",
    "goes a step up and the same step back, to where it was",
    replace="x[place] = value - step",
    by="x[place] = value",
    loses=SLOPES,
)
mutant(
    "bracket_around_two_steps_forgotten",
    "divides by 2 and multiplies by the step",
    replace="(above - below) / (2 * step)",
    by="(above - below) / 2 * step",
    loses=SLOPES,
)
mutant(
    "step_of_its_own",
    "takes a step of 1e-5, whatever it is told",
    task="layer",
    replace="    x = np.array(x, dtype=float)\n",
    by="    x, step = np.array(x, dtype=float), 1e-5\n",
    loses=["slope_between_two_sides", "each_value_by_itself"],
)
mutant(
    "all_values_at_once",
    "moves all values at once",
    task="layer",
    replace="""        x[place] = value + step
        above = f(x)
        x[place] = value - step
        below = f(x)
        x[place] = value
""",
    by="""        above, below = f(x + step), f(x - step)
""",
    loses=SLOPES,
)
mutant(
    "not_put_back",
    "leaves each value a step too low when the next one moves",
    task="layer",
    replace="        x[place] = value\n",
    by="",
    loses=["each_value_by_itself"],
)
mutant(
    "callers_x_moved",
    "moves the caller's own x, and leaves each value a step too low",
    task="layer",
    replace="""    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        value = x[place]
        x[place] = value + step
        above = f(x)
        x[place] = value - step
        below = f(x)
        x[place] = value
""",
    by="""    x = np.asarray(x, dtype=float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += step
        above = f(x)
        x[place] -= 2 * step
        below = f(x)
""",
    loses=["each_value_by_itself"],
)
mutant(
    "slopes_in_a_row",
    "gives the gradient in one long row",
    task="layer",
    replace="return gradient",
    by="return gradient.ravel()",
    loses=["each_value_by_itself", "slope_of_any_type"],
)
mutant(
    "type_of_x_kept",
    "moves x in an array of its own type",
    replace="x = np.array(x, dtype=float)",
    by="x = np.array(x)",
    loses=["slope_of_any_type"],
)

FOR_KERNELS = [
    "error_for_the_kernels",
    "back_through_padding",
    "back_through_stride",
    "back_through_both",
    "back_to_bytes",
]
FOR_IMAGES = ["error_for_the_images", *FOR_KERNELS[1:], "pixels_in_no_window"]

mutant(
    "bias_averaged",
    "takes the mean of the errors for the bias",
    replace="error.sum(axis=(0, 1, 2))",
    by="error.mean(axis=(0, 1, 2))",
    loses=["error_for_the_bias", "back_through_both"],
)
mutant(
    "bias_summed_over_images_only",
    "adds the bias's errors up over the images, and not over the places",
    replace="error.sum(axis=(0, 1, 2))",
    by="error.sum(axis=0)",
    loses=["error_for_the_bias", "back_through_both"],
)
mutant(
    "kernels_from_the_first_image",
    "takes the gradient for the kernels from the first image alone",
    replace='np.einsum("nijc,nijf->cf", padded[seen], error)',
    by='np.einsum("nijc,nijf->cf", padded[seen][:1], error[:1])',
    loses=FOR_KERNELS,
)
mutant(
    "kernels_averaged_over_images",
    "divides the gradient for the kernels by the number of images",
    replace='np.einsum("nijc,nijf->cf", padded[seen], error)',
    by='np.einsum("nijc,nijf->cf", padded[seen], error) / len(images)',
    loses=FOR_KERNELS,
)
mutant(
    "gradient_for_kernels_turned",
    "turns the gradient for the kernels by half a turn",
    replace="for_kernels[a, b] = ",
    by="for_kernels[-1 - a, -1 - b] = ",
    loses=FOR_KERNELS,
)
mutant(
    "kernels_without_steps",
    "finds the kernels' gradient with neighbouring windows, whatever the stride",
    task="layer",
    replace='np.einsum("nijc,nijf->cf", padded[seen], error)',
    by='np.einsum("nijc,nijf->cf", padded[:, a:, b:][:, : error.shape[1], : error.shape[2]], error)',
    loses=["back_through_stride", "back_through_both"],
)
mutant(
    "not_turned_on_the_way_back",
    "slides the kernels over the error without turning them",
    replace="error @ kernels[a, b].T",
    by="error @ kernels[-1 - a, -1 - b].T",
    loses=FOR_IMAGES,
)
mutant(
    "overwritten_where_windows_overlap",
    "lets each window overwrite what the ones before it gave to a pixel",
    task="layer",
    replace="        for_padded[seen] += error @ kernels[a, b].T\n",
    by="""    for i, j in np.ndindex(error.shape[1:3]):
        for_padded[:, i * stride :, j * stride :][:, : a + 1, : b + 1] = np.einsum(
            "nf,abcf->nabc", error[:, i, j], kernels
        )
""",
    loses=FOR_IMAGES,
)
mutant(
    "overwritten_by_every_kernel",
    "lets each kernel overwrite what the others gave to a pixel",
    task="layer",
    replace="        for_padded[seen] += error @ kernels[a, b].T\n",
    by="""    for i, j, f in np.ndindex(error.shape[1:]):
        for_padded[:, i * stride :, j * stride :][:, : a + 1, : b + 1] = np.einsum(
            "n,abc->nabc", error[:, i, j, f], kernels[..., f]
        )
""",
    loses=FOR_IMAGES,
)
mutant(
    "from_the_first_kernel_only",
    "hands back the first kernel's error alone",
    replace="error @ kernels[a, b].T",
    by="error[..., :1] @ kernels[a, b, :, :1].T",
    loses=FOR_IMAGES,
)
mutant(
    "error_not_spread",
    "lays the error down with its numbers side by side, whatever the stride",
    replace="        for_padded[seen] += ",
    by="        for_padded[:, a:, b:][:, : error.shape[1], : error.shape[2]] += ",
    loses=["back_through_stride", "pixels_in_no_window", "back_through_both"],
)
mutant(
    "back_through_neighbouring_windows",
    "goes back through windows side by side, whatever the stride",
    replace="a : a + rows : stride, b : b + columns : stride]",
    by="a : a + rows // stride, b : b + columns // stride]",
    loses=["back_through_stride", "pixels_in_no_window", "back_through_both"],
)
mutant(
    "error_repeated",
    "fills the gaps between the errors with copies of them",
    task="layer",
    replace="        for_padded[seen] += error @ kernels[a, b].T\n",
    by="""        block = for_padded[:, a : a + rows, b : b + columns]
        spread = error.repeat(stride, 1).repeat(stride, 2) @ kernels[a, b].T
        block += spread[:, : block.shape[1], : block.shape[2]]
""",
    loses=["back_through_stride", "pixels_in_no_window", "back_through_both"],
)
mutant(
    "padding_left_on",
    "leaves the padding on",
    task="layer",
    replace="    return for_images, for_kernels",
    by="    return for_padded, for_kernels",
    loses=["back_through_padding", "back_through_both", "back_to_bytes"],
)
mutant(
    "padding_cut_at_the_end_only",
    "cuts the whole padding off below and to the right",
    replace="for_padded[:, padding : padding + height, padding : padding + width]",
    by="for_padded[:, :height, :width]",
    loses=["back_through_padding", "back_through_both", "back_to_bytes"],
)
mutant(
    "nothing_left_without_padding",
    "ends a slice at -padding, which is empty without padding",
    hint="A slice such as [0:-0] is empty: your gradient for the images has no rows where the "
    "padding is 0.",
    replace="for_padded[:, padding : padding + height, padding : padding + width]",
    by="for_padded[:, padding:-padding, padding:-padding]",
    loses=["error_for_the_images", "back_through_stride", "pixels_in_no_window"],
)
mutant(
    "as_far_as_windows_reach",
    "makes the gradient as large as the windows reach",
    task="layer",
    replace="    height, width = images.shape[1:3]\n",
    by="""    for_padded = for_padded[:, : rows - stride + len(kernels)]
    for_padded = for_padded[:, :, : columns - stride + kernels.shape[1]]
    height, width = images.shape[1:3]
""",
    loses=["pixels_in_no_window"],
)
mutant(
    "order_of_the_answers",
    "gives the gradient for the kernels first",
    replace="return for_images, for_kernels, ",
    by="return for_kernels, for_images, ",
    loses=sorted({*FOR_KERNELS, *FOR_IMAGES}),
)
mutant(
    "gradient_in_bytes",
    "collects the images' gradient in an array of the images' type",
    replace="return for_images, for_kernels, ",
    by="return for_images.astype(images.dtype), for_kernels, ",
    loses=["back_to_bytes"],
)
