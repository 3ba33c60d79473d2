# %% [markdown]
# # 5. Transfer learning
#
# **How can two hundred photos be enough?**
#
# In [lesson 4](04_augmentation.ipynb) a small network learned all that it could from 2,000 photos of cats and dogs, and
# was right about some 87 % of new ones. A child needs far fewer, because it has seen so much else before. Give your
# network the same advantage: take one that was trained on other pictures, a **pretrained base**, and train only what is
# new.
#
# **You will learn**
#
# 1. what well-known networks are built of, what they cost, and which of their layers to reuse;
# 2. the three ways to use a base: features computed once, a frozen base in a new network, and fine-tuning, each with
#    the mistake that most often spoils it;
# 3. to tell how much a base is worth: for twenty photos or two thousand, and for pictures unlike those it knows.
#
# Sections marked *optional* can be left out.

# %%
from course_utils import figures, recorded, sliders, start
import numpy as np
from course import data, drawn, instruments
from course.data import bases, features

# COURSE_SCALE=full, or scale="full" here, takes all photos, and an hour or two
SCALE = start.begin_lesson(seed=5)
predict = instruments.open_lesson("05_transfer_learning")

import keras
from keras import layers

# %% [markdown] given=["1.28 million", "1,000", "1,000", "118"]
# ## 5.1 A base
#
# **ImageNet**, in the part that everybody uses, is 1.28 million photos in 1,000 classes, from ambulances to zebras; 118
# of the classes are breeds of dogs. You can get networks that were trained on it. Their last layers, which name the
# 1,000 classes, are of no use here. They are called the *top*, and you leave them out. The rest is the **base**.
#
# In Keras a base takes two lines: the network, and the function that prepares its pixels.

# %%
SIZE = 96 if SCALE == "quick" else 160
mobilenet = keras.applications.MobileNetV2(
    weights=None,  # "imagenet" for the trained weights: a download
    include_top=False, input_shape=(SIZE, SIZE, 3),
)
preprocess = keras.applications.mobilenet_v2.preprocess_input
print(f"{mobilenet.count_params():,} weights, maps {mobilenet.output_shape[1:]}")

# %% [markdown]
# That is the recipe you will find everywhere, and with `weights="imagenet"` it is all that you need in your own
# programs. With `weights=None`, as here, the numbers are random: right for counting layers, useless for seeing.
#
# The other line matters just as much. **Predict.** An image has pixels from 0 to 255. What does MobileNetV2's
# `preprocess_input` make of a black one, a 0?

# %%
predict.number(
    "black", -1, label="A black pixel becomes",
    mistakes={
        0: "Dividing by 255 would do that. MobileNetV2 was trained on another range.",
        -127.5: "The middle is taken away, that's right. Then it is divided as well.",
        -0.5: "The middle is right. But the range is twice as wide.",
        1: "That is what white becomes.",
    },
)

# %% [markdown]
# Black, grey and white:

# %% tags=["nbval-check-output"]
pixels = np.float32([0, 127.5, 255])
print(preprocess(pixels.copy()))

# %% [markdown]
# Black becomes −1, and white 1. (Why the copy? For an array of floating-point numbers, `preprocess_input` overwrites
# the array that you give it. Whoever runs such a cell twice has prepared the pixels twice.)

# %%
assert np.allclose(preprocess(pixels.copy()), [-1, 0, 1])
overwritten = pixels.copy()
preprocess(overwritten)
assert overwritten[0] == -1

# %% [markdown]
# The course wraps the two lines in a function, `load_base`, for three reasons. It still works without an internet
# connection: then you get the course's own base, a small one that the course's makers trained on drawings. It checks
# the file with the weights before it uses them. And its `preprocess` leaves your array alone. The line below says which
# base you have. (`load_base("vgg16", ...)` chooses another, and COURSE_BASE=vgg16 does so for all lessons.)

# %%
base = bases.load_base(size=SIZE)
if base.knows == "drawings":  # of 64 × 64 pixels
    SIZE = 64
    base = bases.load_base("course", size=SIZE, verbose=False)
shape = " × ".join(map(str, base.model.output_shape[1:]))
print(f"images of {SIZE} × {SIZE}, feature maps of {shape}")

# %% [markdown]
# Nothing else is hidden in it. Where your base is MobileNetV2, its layers are those of the plain recipe, one by one,
# and so are the shapes of its weights; and the preprocessing gives the same numbers:

# %%
def anatomy(model):
    """The kind of each layer, and the shapes of its weights."""
    return [
        (type(layer).__name__, [tuple(weight.shape) for weight in layer.weights])
        for layer in model.layers
    ]

if base.name == "mobilenetv2":
    assert anatomy(base.model) == anatomy(mobilenet)
loaded = bases.preprocessing("mobilenetv2")
assert np.array_equal(loaded(pixels), preprocess(pixels.copy()))
assert pixels[0] == 0  # left alone

# %% [markdown]
# What did the course's own base learn from? From these kinds:

# %%
pictures, kinds = drawn.draw_kinds(len(drawn.KIND_NAMES), size=64, seed=8)
order = np.argsort(kinds)
figures.image_grid(
    pictures[order], titles=list(drawn.KIND_NAMES), columns=11, size=0.8,
    title="One of each kind that the course's own base can name",
)

# %% [markdown]
# No cats, no dogs, and none of their families. But be fair: they are related. The creatures are drawn by the same
# hand as the course's cats and dogs, in the same poses, coats and places; they differ in ears, eyes, muzzles, noses
# and tails, as cats and dogs do. So on drawn pets this base is at home, more than ImageNet's bases are on your holiday
# photos. (ImageNet's, on the other hand, have seen cats and dogs. No base comes from nowhere.)
#
# You will tell cats from dogs, or your own two classes, if you have added photos. (What the course's makers recorded is
# always about *pets*, cats and dogs.)

# %%
n_train, n_validation = (200, 256) if SCALE == "quick" else (None, None)
folder, origin = data.load_pets(n_train, n_validation, size=SIZE)
short = data.class_names(folder, most=12)
task = " and ".join(short)

# %% [markdown]
# They are few enough to be held in memory all at once, as whole numbers. (The course's own base knows animals only in
# their true proportions; for it, photos are cropped to a square instead of squeezed.)

# %%
def read_part(part):
    """The photos of one part, mixed, uint8 (N, SIZE, SIZE, 3); their labels, 0 or 1."""
    batches = keras.utils.image_dataset_from_directory(
        folder / part, label_mode="int", image_size=(SIZE, SIZE), interpolation="area",
        shuffle=False, verbose=False, crop_to_aspect_ratio=base.knows == "drawings",
    )
    pairs = [
        (images.round().astype("uint8"), labels)
        for images, labels in batches.as_numpy_iterator()
    ]
    photos, labels = (np.concatenate(column) for column in zip(*pairs))
    order = np.random.default_rng(5).permutation(len(labels))  # mixes the classes
    return photos[order], labels[order]

# %% [markdown]
# The training photos, and those for validation:

# %%
photos, labels = read_part("train")
validation_photos, validation_labels = read_part("validation")
assert origin == "own" or 0 < labels[:20].mean() < 1

# %% [markdown]
# ## 5.2 What bases are built of
#
# Four families, four ideas. Each box is a layer; broad boxes have many channels, narrow ones few (not to scale):

# %% tags=["thumbnail"]
drawn.block_ideas()

# %% [markdown]
# - **VGG** (2014): nothing but 3 × 3 convolutions, one after the other. Two of them see 5 × 5 pixels, three 7 × 7, with
#   fewer weights than one large kernel.
# - **Inception** (2014): small and large kernels *side by side*; the next layer picks what it needs. A 1 × 1 convolution
#   first makes the input thinner, so that the large kernels become cheap.
# - **ResNet** (2015): the block's input is added to its output, so that gradients find a way past a hundred layers
#   ([lesson 2](02_mnist.ipynb)). The 3 × 3 convolution works on few channels, between two 1 × 1 ones: a bottleneck.
# - **MobileNetV2** (2018): the other way round, wide inside and thin outside, which is called an *inverted* residual
#   block. Inside, each map has one 3 × 3 kernel to itself: a *depthwise* convolution.
#
# Build the last three. First an Inception block, as it stands in the first network of that family:

# %%
def inception_block(x):
    """Four branches, 64 + 128 + 32 + 32 maps."""
    def conv(x, filters, side):
        return layers.Conv2D(filters, side, padding="same", activation="relu")(x)

    narrow = conv(x, 64, 1)
    medium = conv(conv(x, 96, 1), 128, 3)
    wide = conv(conv(x, 16, 1), 32, 5)
    pooled = conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), 32, 1)
    return layers.Concatenate()([narrow, medium, wide, pooled])

# %% [markdown]
# A residual block with its bottleneck, and the plain convolutions that each of them replaces:

# %%
def residual_block(x, filters=64):
    """Thinner, 3 × 3, wide again, and the input added."""
    y = layers.Conv2D(filters, 1, activation="relu")(x)
    y = layers.Conv2D(filters, 3, padding="same", activation="relu")(y)
    y = layers.Conv2D(x.shape[-1], 1)(y)
    return layers.ReLU()(layers.Add()([x, y]))

def plain_block(x, filters=256, depth=1):
    for _ in range(depth):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x

# %% [markdown]
# Now the inverted residual block of MobileNetV2, the base that this course uses most. A 1 × 1 convolution makes six
# times as many maps, each of them is filtered by itself, and another 1 × 1 convolution mixes them and makes them few
# again. For comparison, the middle can be an ordinary convolution. (Batch norm is left out, as in the other blocks;
# ReLU6 is a ReLU that stops at 6.)

# %%
def inverted_residual_block(x, depthwise=True):
    """Wider, 3 × 3, thin again, and the input added."""
    wider = 6 * x.shape[-1]
    y = layers.Conv2D(wider, 1, activation="relu6")(x)
    if depthwise:
        y = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(y)
    else:
        y = layers.Conv2D(wider, 3, padding="same", activation="relu6")(y)
    y = layers.Conv2D(x.shape[-1], 1)(y)
    return layers.Add()([x, y])

# %% [markdown]
# With 24 maps outside there are 6 · 24 = 144 inside. An ordinary 3 × 3 convolution from 144 maps to 144 has
# 144 · 144 · 9 = 186,624 weights (without biases): each of its 144 kernels reads all the maps.
#
# **Predict.** How many weights does the depthwise 3 × 3 convolution have on these 144 maps, without biases?

# %%
predict.number(
    "depthwise", 1296, label="Number of weights",
    mistakes={
        9: "That is one kernel for all of them. Each map has its own.",
        186624: "That is the ordinary one. Here a kernel reads one map only.",
        20736: "That is a 1 × 1 convolution: it mixes maps and looks at no neighbours.",
        1440: "You counted a bias for each map as well.",
    },
)

# %% [markdown]
# The two layers, and the same place in the network of section 5.1:

# %% tags=["nbval-check-output"]
ordinary = layers.Conv2D(144, 3, use_bias=False)
depthwise = layers.DepthwiseConv2D(3, use_bias=False)
for layer in (ordinary, depthwise):
    layer.build((None, 28, 28, 144))
    print(f"{type(layer).__name__:16} {layer.count_params():7,} weights")
in_mobilenet = mobilenet.get_layer("block_2_depthwise")
print(f"in MobileNetV2   {in_mobilenet.count_params():7,} weights")

# %% [markdown]
# 144 · 9 = 1,296, and so in MobileNetV2 itself: 144 times fewer. What it can't do is mix the maps. The 1 × 1
# convolutions before and after it do that.

# %%
assert (ordinary.count_params(), depthwise.count_params()) == (186_624, 1_296)
assert in_mobilenet.count_params() == 1_296
assert ordinary.count_params() == 144 * depthwise.count_params()

# %% [markdown]
# What does a whole block cost? You know how to count its weights. Its time depends more on the **multiply-adds**: each
# weight of a kernel is used once at every position of the output. And the **depth** is the number of layers with
# weights on the longest way through.

# %%
WITH_WEIGHTS = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)

def multiply_adds(model):
    """For one image: positions of the output times weights of the kernel, in all."""
    return sum(
        int(np.prod(layer.output.shape[1:-1])) * int(np.prod(layer.kernel.shape))
        for layer in model.layers if isinstance(layer, WITH_WEIGHTS)
    )

def depth(model):
    """How many layers with weights lie on the longest way from input to output."""
    reached = {}
    for layer in model.layers:  # none comes before those that it needs
        before = layer.input if isinstance(layer.input, list) else [layer.input]
        longest = max([0, *(reached[id(x)] for x in before)])
        reached[id(layer.output)] = longest + isinstance(layer, WITH_WEIGHTS)
    return reached[id(model.output)]

# %% [markdown]
# The residual block turns 256 maps into 64, works on these, and turns them into 256 again. In its place there could be
# two plain 3 × 3 convolutions, each from 256 maps to 256.
#
# **Predict.** How many times as many multiply-adds would these need?

# %%
predict.number(
    "bottleneck", 17, tolerance=0.5, label="Times as many",
    mistakes={
        4: "A quarter of the maps go in, and a quarter come out: that counts twice.",
        8: "You compared with one plain convolution. There are two.",
        16: "A 3 × 3 is 16 times cheaper on 64 maps. Count both, and the two 1 × 1.",
        32: "Two against one: right. But the two 1 × 1 convolutions aren't free.",
    },
)

# %% [markdown]
# Each block, below the plain convolutions that it replaces, on 28 × 28 maps:

# %%
thin, wide = keras.Input((28, 28, 192)), keras.Input((28, 28, 256))
few_maps = keras.Input((28, 28, 24))
blocks = {
    "one 3 × 3, 192 to 256 maps": keras.Model(thin, plain_block(thin)),
    "Inception": keras.Model(thin, inception_block(thin)),
    "two 3 × 3, 256 to 256 maps": keras.Model(wide, plain_block(wide, depth=2)),
    "residual, with bottleneck": keras.Model(wide, residual_block(wide)),
    "ordinary 3 × 3 inside": keras.Model(
        few_maps, inverted_residual_block(few_maps, depthwise=False)
    ),
    "inverted residual": keras.Model(few_maps, inverted_residual_block(few_maps)),
}

# %% [markdown]
# Their costs:

# %% tags=["nbval-check-output"]
millions = {name: multiply_adds(block) / 1e6 for name, block in blocks.items()}
for name, block in blocks.items():
    print(f"{name:28} {block.count_params():9,} weights, ", end="")
    print(f"{millions[name]:5.1f} million multiply-adds, depth {depth(block)}")

# %% [markdown]
# Inception needs little more than a third of the multiply-adds. Two plain convolutions need 17 times as many as the
# residual block with its bottleneck. Both blocks are deeper than what they replace. And with an ordinary convolution
# inside, the inverted residual block would need over 23 times as many. Of what it needs now, more than four fifths goes
# into its two 1 × 1 convolutions.

# %%
counts = list(millions.values())
assert 1 / 3 < counts[1] / counts[0] < 0.4
assert 16.5 < counts[2] / counts[3] < 17.5
assert 23 < counts[4] / counts[5] < 24
assert 1 - 28 * 28 * depthwise.count_params() / (1e6 * counts[5]) > 4 / 5

# %% [markdown]
# And in time?

# %%
import time

def milliseconds(model, repeats=5):
    """Median time for one image, after a first call that doesn't count."""
    image = np.zeros((1, *model.input_shape[1:]), "float32")
    model.predict_on_batch(image)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        model.predict_on_batch(image)
        times.append(1000 * (time.perf_counter() - begin))
    return np.median(times)

for name, block in blocks.items():
    print(f"{name:28} {milliseconds(block, 15):5.1f} ms")

# %% [markdown]
# In multiply-adds the Inception block saves nearly two thirds; in time, as a rule, less. Each of its six convolutions
# has a price of its own, however small it is. The residual block does so much less that it wins in any case. Measure
# before you believe.

# %%
convolutions = [x for x in blocks["Inception"].layers if isinstance(x, layers.Conv2D)]
assert len(convolutions) == 6

# %% [markdown]
# The largest kernels become cheaper when you take them to pieces. From 64 maps to 64, a 7 × 7 convolution without
# biases has 64 · 64 · 49 = 200,704 weights. **Predict.** How many do a 1 × 7 convolution and a 7 × 1 convolution have
# together, if one follows the other (64 maps before, between and after)?

# %%
predict.number(
    "pieces", 57344, label="Number of weights",
    mistakes={
        28672: "That is one of them. There are two.",
        896: "You forgot the depth: each kernel reads 64 maps.",
        200704: "That is the 7 × 7. Its two pieces have seven weights for each map.",
        57472: "You counted biases. Leave them out here.",
    },
)

# %% [markdown]
# These, and a 5 × 5 convolution that becomes two of 3 × 3:

# %% tags=["nbval-check-output"]
pieces = {
    "5 × 5": [(5, 5)], "two 3 × 3": [(3, 3), (3, 3)], "7 × 7": [(7, 7)],
    "1 × 7 and 7 × 1": [(1, 7), (7, 1)],
}
for name, kernels in pieces.items():
    convolutions = [layers.Conv2D(64, k, use_bias=False) for k in kernels]
    stack = keras.Sequential([keras.Input((28, 28, 64)), *convolutions])
    height, width = stack.output_shape[1:3]
    print(f"{name:16} {stack.count_params():7,} weights, ", end="")
    print(f"and 28 × 28 becomes {height} × {width}")

# %% [markdown]
# The same field of view each time: two 3 × 3 convolutions have 73,728 / 102,400 = 72 % of the weights of a 5 × 5, and
# the two thin ones, with 57,344, have 57,344 / 200,704 = 29 % of those of a 7 × 7. InceptionV3 is full of such pieces.
#
# ### The four, side by side
#
# VGG16's top would fill half a gigabyte, so it isn't built here, only counted:

# %% tags=["nbval-check-output"]
apps = keras.applications
vgg = apps.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
top = [(7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)]
in_top = sum((inputs + 1) * outputs for inputs, outputs in top)
together = vgg.count_params() + in_top
print(f"VGG16: base {vgg.count_params():,}, top {in_top:,}, together {together:,}")
assert vgg.count_params() == 14_714_688 and together == 138_357_544
assert 0.89 < in_top / together < 0.9
adds = multiply_adds(vgg) + sum(a * b for a, b in top)
nets = {"VGG16": {
    "weights": together, "depth": depth(vgg) + len(top), "multiply-adds": adds,
}}
del vgg  # large networks go as soon as they are counted

# %% [markdown]
# Nearly nine tenths of its weights are in the three dense layers that you leave behind. The other three with their
# tops, one after the other:

# %% tags=["nbval-check-output"]
import gc

for make in (apps.ResNet50, apps.InceptionV3, apps.MobileNetV2):
    gc.collect()
    net = make(weights=None)
    nets[make.__name__] = {
        "weights": net.count_params(), "depth": depth(net),
        "multiply-adds": multiply_adds(net),
    }
    del net
for name, costs in nets.items():
    print(f"{name:12} {costs['weights']:11,} weights, depth {costs['depth']}, ", end="")
    print(f"{costs['multiply-adds'] / 1e9:5.2f} billion multiply-adds")
sizes = [costs["weights"] for costs in nets.values()]
assert sizes == [138_357_544, 25_636_712, 23_851_784, 3_538_984]
assert [costs["depth"] for costs in nets.values()] == [16, 50, 48, 53]

# %% [markdown]
# And the time for one image, measured in full size, since it takes memory as well (VGG16 without its top):

# %%
if SCALE == "full":
    times = {}
    for name in nets:
        side = 299 if name == "InceptionV3" else 224
        options = {"include_top": name != "VGG16", "input_shape": (side, side, 3)}
        times[name] = milliseconds(getattr(apps, name)(weights=None, **options))
    recorded.keep_run(
        "05_networks", scale=SCALE, seed=5, data="one image", milliseconds=times
    )
timed = recorded.load_run("05_networks")
print(timed["machine"])
for name in nets:
    print(f"{name:12} {timed['milliseconds'][name]:4.0f} ms")
assert 45 < nets["VGG16"]["multiply-adds"] / nets["MobileNetV2"]["multiply-adds"] < 55
assert 5 < timed["milliseconds"]["VGG16"] / timed["milliseconds"]["MobileNetV2"] < 9

# %% [markdown] given=[".713", ".749", ".779"]
# MobileNetV2 needs a fiftieth of VGG16's multiply-adds, and a seventh of its time: its many thin layers wait for memory
# rather than for arithmetic. On ImageNet's own validation photos Keras lists .713 for VGG16 and for MobileNetV2, .749
# for ResNet50, .779 for InceptionV3 (InceptionV3 from 299 × 299 pixels, the others from 224 × 224).
#
# Many books take VGG16 for photos of 150 × 150 pixels. Its last maps are 4 × 4, 512 of them. The books flatten these,
# and add a *head*, the new top that you train: 256 neurons, then a single one.
#
# **Predict.** How many weights does this head have, biases included?

# %%
predict.number(
    "head", 2097665, label="Number of weights",
    mistakes={
        2097408: "Either the single neuron's weights or the 256 biases are missing.",
        2097152: "That leads to the 256 neurons. Add biases, and the last neuron.",
        131585: "You averaged the maps. Flattened, they are 4 · 4 · 512 numbers.",
        8449: "8,192 + 256 + 1 counts the numbers. The weights are between them.",
    },
)

# %% [markdown]
# The maps, the head, and MobileNetV2's base for comparison:

# %% tags=["nbval-check-output"]
for size in (150, 180):
    gc.collect()
    vgg = apps.VGG16(weights=None, include_top=False, input_shape=(size, size, 3))
    print(f"{size} × {size} pixels: feature maps {vgg.output_shape[1:]}")
    del vgg
large_head = keras.Sequential(
    [keras.Input((4 * 4 * 512,)), layers.Dense(256, activation="relu"), layers.Dense(1)]
)
print(f"a head 4·4·512 – 256 – 1 on the first: {large_head.count_params():,} weights")
small = apps.MobileNetV2(weights=None, include_top=False, input_shape=(160, 160, 3))
print(f"MobileNetV2 without its top: {small.count_params():,}")

# %% [markdown]
# 2,097,665 weights: two million, to be learned from a few thousand photos at best. Take the *mean* of each map instead
# (global average pooling), and one neuron on the means has 512 + 1 = 513. That is what this lesson does.

# %%
assert (large_head.count_params(), small.count_params()) == (2_097_665, 2_257_984)

# %% [markdown]
# ## 5.3 First way: features computed once
#
# A frozen base gives the same answer each time it sees the same photo. So let it see each photo once, keep what comes
# out, and train on that:

# %%
def pooled_features(base, photos):
    """The mean of each feature map: (N, channels)."""
    maps = base.model.predict_on_batch(base.preprocess(photos))
    return np.mean(maps, axis=(1, 2))

few = pooled_features(base, photos[:32])
print(f"{photos[:32].shape} pixels became {few.shape} features")

# %% [markdown]
# `compute_features` does the same for all photos, in batches and with a progress bar, and keeps the result on disk, so
# that it is there at once next time. (It recognises photos by their content, and the base by its weights.)

# %%
def now():
    """Seconds on the clock, and of processor time, which other work disturbs less."""
    return np.array([time.perf_counter(), time.process_time()])

begin = now()
x_train = features.compute_features(base, photos)
x_validation = features.compute_features(base, validation_photos)
seconds_for_features = now() - begin
assert np.allclose(x_train[: len(few)], few, atol=1e-3)
n_photos = len(x_train) + len(x_validation)
print(f"features of {n_photos:,} photos: {seconds_for_features[0]:.1f} s")

# %% [markdown]
# What would you get for nothing? **Chance** is, as in lesson 3, the share that you get right by always naming the larger
# class:

# %%
counts = np.bincount(validation_labels)
chance = counts.max() / counts.sum()
print(f"chance {chance:.3f}: always {short[counts.argmax()]}")

# %% [markdown]
# Now the new classifier: a dropout, and a single neuron.
#
# **Predict.** It is trained on no more photos than lesson 4's network was. If they are of cats and dogs, how well will
# this one neuron tell new ones apart?

# %%
predict.choice(
    "first way", "right about nine times in ten",
    options=["hardly better than chance", "right about two times in three",
             "right about nine times in ten", "right every time"],
    mistakes={
        "hardly better than chance":
            "So it would be on the pixels. But it gets what the base makes of them.",
        "right about two times in three":
            "That is what two hundred photos give a network that begins from nothing.",
        "right every time": "The base was never asked for just these two classes.",
    },
)

# %% [markdown]
# Train it, with the clock running:

# %%
def train_head(x, y, epochs, rate=2e-3):
    """One neuron on standardised features."""
    scaling = layers.Normalization()
    scaling.adapt(x)
    head = keras.Sequential([
        keras.Input(x.shape[1:]), scaling, layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ])
    head.compile(
        keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"]
    )
    history = head.fit(
        x, y, epochs=epochs, batch_size=32, verbose=0,
        validation_data=(x_validation, validation_labels),
    )
    return head, history.history

begin = now()
epochs = 20 if SCALE == "quick" else 30
head, features_history = train_head(x_train, labels, epochs)
seconds_for_head = now() - begin
settled = np.mean(features_history["val_accuracy"][-3:])
print(f"{seconds_for_head[0]:.0f} s; validation accuracy {settled:.3f}")

# %% [markdown]
# It takes seconds, and with pets, drawn or real, it is right about nine times in ten, or better. All the work was done
# before, when the base was trained.

# %%
assert origin == "own" or settled > 0.8

# %% [markdown]
# A neuron behind a sigmoid is a logistic regression. scikit-learn trains it with a solver of its own and a penalty in
# place of dropout, and takes less than a second. You will use it from here on, wherever many classifiers are needed:

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

def fit_linear(x, y):
    """A linear classifier, its penalty strong: there are more weights than photos."""
    linear = LogisticRegression(C=0.003, max_iter=2000)
    return make_pipeline(StandardScaler(), linear).fit(x, y)

linear_accuracy = fit_linear(x_train, labels).score(x_validation, validation_labels)
print(f"validation accuracy {linear_accuracy:.3f}")
assert origin == "own" or linear_accuracy > 0.7

# %% [markdown]
# ## 5.4 The most common mistake: the wrong preprocessing
#
# A base understands pixels only in the form in which it learned them. MobileNetV2 learned from values in [−1, 1], and so
# did the course's own. VGG16 and ResNet50 take [0, 255] less the mean colour, and blue before red. Each family of
# `keras.applications` has its own `preprocess_input`.
#
# **Predict.** Feed the base pixels divided by 255, in [0, 1]; or pixels as they are, in [0, 255]. Which spoils the
# accuracy more?

# %%
predict.choice(
    "wrong range", "pixels as they are",
    options=["pixels divided by 255", "pixels as they are", "both alike",
             "neither spoils it"],
    mistakes={
        "pixels divided by 255":
            "That is the right image with half the contrast. You would still know it.",
        "both alike":
            "One of them stays within the range that the base knows, and the other "
            "is far out.",
        "neither spoils it":
            "The new classifier adapts, but the base's layers can't: they are frozen.",
    },
)

# %% [markdown]
# The right preprocessing, and the two wrong ones:

# %%
some = slice(0, 96) if SCALE == "quick" and origin != "own" else slice(None)
meals = {
    "as it was trained": base.preprocess,
    "[0, 1]": lambda pixels: pixels / 255.0,
    "[0, 255]": lambda pixels: pixels.astype("float32"),
}
duel = {}
for name, prepare in meals.items():
    eater = base._replace(preprocess=prepare)
    fed = features.compute_features(eater, photos[some])
    asked = features.compute_features(eater, validation_photos[some])
    duel[name] = fit_linear(fed, labels[some]).score(asked, validation_labels[some])
    print(f"{name:18} {duel[name]:.3f}")

# %% [markdown]
# Pixels as they are, [0, 255], spoil it more: almost all values are far beyond what any layer has met. A good base
# forgives [0, 1], which is only a paler version of the right thing. So that mistake can
# go unnoticed for years. Neither gives an error, only a worse network. (Classes that colour alone tells apart survive
# even [0, 255]. And here the classifier was trained and tested on the same wrong diet. If only the use is wrong, after a
# right training, expect worse.)

# %%
assert origin == "own" or duel["as it was trained"] > duel["[0, 255]"]

# %% [markdown]
# `compute_features` looks at the pixels before it preprocesses them. (In the duel above they were whole numbers up to
# 255, and only the preprocessing was swapped, which it can't see.)
#
# **Predict.** What does it do with photos that were already divided by 255?

# %%
predict.choice(
    "divided already", "it refuses them",
    options=["it refuses them", "it multiplies them by 255",
             "it computes features, and they are poor"],
    mistakes={
        "it multiplies them by 255":
            "That would be a guess: a very dark photo has small numbers, too.",
        "it computes features, and they are poor":
            "Keras's own preprocessing would, without a word. This function looks "
            "first.",
    },
)

# %% [markdown]
# Four white photos, divided by 255:

# %% tags=["nbval-check-output"]
try:
    features.compute_features(base, np.full((4, SIZE, SIZE, 3), 255.0) / 255.0)
except ValueError as error:
    print(error)

# %% [markdown]
# It refuses them, and says why. Better an error now than a poor network that nobody notices.
#
# ## 5.5 Which layers to reuse?
#
# Early layers see edges and colours, which all pictures have. Late layers see what their training asked for. So pictures
# close to the base's own task should go well with its last layers, and pictures far from it with those in the middle.
# Test it, with the means of the last feature maps of each size, on two tasks: your two classes, and (drawn) house
# numbers.

# %%
stages = {}
for layer in base.model.layers:
    if not isinstance(layer, layers.ZeroPadding2D):
        halvings = round(np.log2(SIZE / layer.output.shape[1]))
        stages[halvings] = layer.output  # a later layer of the same size replaces it
means = [keras.ops.mean(maps, axis=(1, 2)) for maps in stages.values()]
everywhere = keras.Model(base.model.input, means)
print("sides of the maps:", [maps.shape[1] for maps in stages.values()])

# %% [markdown]
# The tasks:

# %%
n = 96 if SCALE == "quick" else 200
part = slice(0, n) if origin != "own" else slice(None)  # that might be one class
to_size = layers.Resizing(SIZE, SIZE)
digits, digit_labels = drawn.draw_house_numbers(2 * n, seed=1)
far = to_size(digits).numpy().astype("uint8")
mine = [of[part] for of in (photos, labels, validation_photos, validation_labels)]
tasks = {task: mine}
tasks["house numbers"] = far[:n], digit_labels[:n], far[n:], digit_labels[n:]

# %% [markdown] given="ten"
# Chance for your classes stands in section 5.3; with ten digits it is 1/10.
#
# **Predict.** Which of the two gains more from the base's last two stages? (If the photos are your own, think of cats
# and dogs.)

# %%
predict.choice(
    "last stages", "cats and dogs", options=["cats and dogs", "digits", "both alike"],
    mistakes={
        "digits":
            "What tells digits apart was of no use in the base's training: the last "
            "stages needn't keep it.",
        "both alike":
            "It would be so if the last stages were good for everything. They were "
            "trained for one task.",
    },
)

# %% [markdown]
# A linear classifier on each stage:

# %%
hits = {}  # of each stage, for each test image: was it named rightly?
for name, (x, y, x_test, y_test) in tasks.items():
    seen, asked = (
        everywhere.predict(base.preprocess(images), verbose=0) for images in (x, x_test)
    )
    hits[name] = [fit_linear(a, y).predict(b) == y_test for a, b in zip(seen, asked)]
probes = {name: [right.mean() for right in stage] for name, stage in hits.items()}
for name, scores in probes.items():
    print(f"{name:14}", ", ".join(f"{score:.2f}" for score in scores))
figures.line_plot(
    {name: (list(stages), scores) for name, scores in probes.items()},
    xlabel="stage: how often the maps were halved", ylabel="accuracy",
    title="The two tasks, from the maps of each stage",
)

# %% [markdown]
# These are few test images. How much of a difference could be luck? Both stages were asked about the same images, so
# subtract image by image, as in a paired comparison. Two standard errors of the mean difference make the interval:

# %%
def paired_gain(later, earlier):
    """Mean of the differences, image by image, and two standard errors of it."""
    differences = later.astype(float) - earlier
    return differences.mean(), 2 * differences.std() / np.sqrt(len(differences))

gain, last_step = {}, {}
for name, stage in hits.items():
    gain[name] = paired_gain(stage[-1], stage[-3])
    last_step[name] = paired_gain(stage[-1], stage[-2])
    (two, two_off), (one, one_off) = gain[name], last_step[name]
    print(f"{name:14} last two stages {two:+.2f} ± {two_off:.2f}, ", end="")
    print(f"the last one alone {one:+.2f} ± {one_off:.2f}")

# %% [markdown]
# Cats and dogs gain most in the last stages: to tell creatures apart is what the base learned. Digits gain less there.
# Whether the last stage even harms them you can't tell from so few: an interval that contains zero, or only just misses
# it, decides nothing, and another draw of digits may turn it round. (Later stages also have more maps, which helps both
# tasks.)
#
# So take it as advice, not as a law: *if your pictures are far from the base's, try an earlier cut as well*, and let
# your validation images decide. Have you added your own photos? Then read off which of the two tasks they resemble.
# What the layers see, lesson 6 will show.

# %%
assert origin == "own" or gain[task][0] > gain["house numbers"][0]
assert origin == "own" or gain[task][0] > gain[task][1]

# %% [markdown]
# ## 5.6 Second way: the frozen base in a new network
#
# Features computed once can't be augmented: each photo is seen in one version only. If the base is part of the network,
# it sees a new version in every epoch. The price: the whole base has to run for each photo, in every epoch.

# %%
def make_augmentation():
    """As in lesson 4."""
    return [
        layers.RandomFlip("horizontal"), layers.RandomRotation(0.1),
        layers.RandomZoom(0.2), layers.RandomTranslation(0.1, 0.1),
    ]

def make_network(base, augment=()):
    """Photos to the probability of class 1: augmentation, the base, a new top."""
    x = inputs = keras.Input((SIZE, SIZE, 3))
    for layer in augment:
        x = layer(x)
    maps = base.model(base.preprocess(x))
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))

# %% [markdown]
# The usual mistake here: `trainable` is set *after* compiling, or not at all. Then the new top's first, wild gradients
# run through the whole base. So freeze first, then compile, and count what is left.
#
# **Predict.** How many weight tensors are left to train?

# %%
predict.number(
    "tensors left", 2, label="Number of tensors",
    mistakes={
        0: "The base is frozen. The new neuron isn't.",
        1: "That is the neuron's kernel. There is something else.",
        4: "Dropout and pooling have no weights.",
    },
)

# %% [markdown]
# Freeze, build, count:

# %%
base.model.trainable = False
network = make_network(base, make_augmentation())

def count(tensors):
    return sum(tensor.shape.num_elements() for tensor in tensors)

trained = network.trainable_weights
print(f"{len(trained)} tensors to train, with {count(trained):,} weights, ", end="")
print(f"of {len(network.weights)} with {network.count_params():,}")

# %% [markdown]
# Two: the kernel and the bias of the one neuron.

# %%
assert len(network.trainable_weights) == 2

# %% [markdown]
# One function compiles and trains:

# %%
def fit(network, rate, epochs):
    """Compile and train; the history, and the seconds it took."""
    network.compile(
        keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"]
    )
    # Costs half as much again:
    validation = (validation_photos, validation_labels) if SCALE == "full" else None
    begin = now()
    history = network.fit(
        photos, labels, batch_size=32, epochs=epochs, validation_data=validation,
        verbose=2,
    ).history
    return history, now() - begin

# %% [markdown]
# Train it:

# %%
before_training = [weight.numpy() for weight in base.model.weights]
rate, epochs = (1e-2, 3) if SCALE == "quick" else (1e-3, 8)
frozen_history, seconds_frozen = fit(network, rate, epochs)
kernel, bias = network.layers[-1].get_weights()
frozen_accuracy = np.mean((x_validation @ kernel + bias > 0)[:, 0] == validation_labels)
print(f"{seconds_frozen[0]:.0f} s, validation accuracy {frozen_accuracy:.3f}")
print(f"(the first way: {settled:.3f})")
assert all(np.array_equal(a, b) for a, b in zip(before_training, base.model.weights))

# %% [markdown]
# Is it better or worse than the first way? In quick size the two lines can't tell: this neuron began at random and
# had three epochs only, and with 256 validation photos two standard errors at .9 are .04. The
# full run (section 5.11) gave it more epochs, and 2,000 photos.
#
# The assert shows that no number in the base has changed. Augmentation is off outside training, so the features of the
# validation photos are still those of the first way: validation needn't run the base again.

# %%
error = np.sqrt(0.9 * 0.1 / 256)
print(f"two standard errors at .9, with 256 photos: {2 * error:.3f}")

# %% [markdown]
# ## 5.7 Third way: fine-tuning
#
# The last layers of the base may learn too, with a small learning rate, once the head is good. That is
# **fine-tuning**. Why only once the head is good? A head of random numbers sends back large gradients that mean nothing,
# and they would wreck what the base knows. So: head first (done), then unfreeze the top block.
#
# Two mistakes are common here: to set `trainable` and forget to compile again, and to unfreeze one layer of a block that
# has several. So count.

# %%
def unfreeze_from(model, first):
    """Train only the layers from `first` on, and leave batch norm alone (see 5.8)."""
    names = [layer.name for layer in model.layers]
    model.trainable = True
    for position, layer in enumerate(model.layers):
        is_norm = isinstance(layer, layers.BatchNormalization)
        layer.trainable = position >= names.index(first) and not is_norm

# %% [markdown]
# In VGG16, block 5 has three convolutions. **Predict.** How many weight tensors does the block have?

# %%
predict.number(
    "block 5", 6, label="Tensors in block 5",
    mistakes={
        3: "Those are the kernels. A layer has something else to train.",
        4: "The pooling layer at the end of the block has no weights.",
        9: "VGG16 has no batch norm: a kernel and a bias are all that a layer has.",
    },
)

# %% [markdown]
# And how much of it would you train if you unfroze only one of its layers?

# %% tags=["nbval-check-output"]
vgg = apps.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
unfreeze_from(vgg, "block5_conv1")
block5 = vgg.trainable_weights
print(f"{len(vgg.weights)} tensors in the base; ", end="")
print(f"block 5: {len(block5)} tensors, {count(block5):,} weights")
one_layer = vgg.get_layer("block5_conv3").count_params()
print(f"one layer of it: {one_layer:,}")

# %% [markdown]
# Thirteen convolutions, each with a kernel and a bias, make 26 tensors; block 5 has six of them. Unfreeze one layer,
# and you train 2,359,808 / 7,079,424 = 1/3 of what you say.

# %%
assert sum(isinstance(layer, layers.Conv2D) for layer in vgg.layers) == 13
assert 3 * one_layer == count(block5)
assert (len(vgg.weights), len(block5), one_layer) == (26, 6, 2_359_808)
assert count(block5) == 7_079_424
del vgg, block5

# %% [markdown]
# Now your base. (`fit` above compiles each time, so nobody can forget it.)

# %%
unfreeze_from(base.model, base.top_block)
tuned = {weight.path for weight in network.trainable_weights}
print(f"from {base.top_block} on: {len(tuned)} tensors, ", end="")
print(f"{count(network.trainable_weights):,} weights")
before = {weight.path: weight.numpy() for weight in network.weights}
assert len(before) == len(network.weights)  # no two have the same name

# %% [markdown]
# Now train, at a small learning rate. For a new network 10⁻³ is usual; here it is a thirtieth of that. (The course's own
# base is small and can take more: a fifth.)

# %%
RATE = 3e-5 if base.knows == "ImageNet" else 2e-4
tuned_history, seconds_tuned = fit(network, RATE, epochs=2 if SCALE == "quick" else 8)
tuned_accuracy = network.evaluate(validation_photos, validation_labels, verbose=0)[1]
print(f"{seconds_tuned[0]:.0f} s, validation accuracy {tuned_accuracy:.3f}")

# %% [markdown]
# (In quick size these are only two epochs, to see that it works. What it is worth, section 5.11 shows.)
#
# Which weights did the training change? Exactly those that it should have:

# %%
changed = {
    weight.path
    for weight in network.weights
    if not np.array_equal(before[weight.path], weight)
}
print(f"{len(changed)} of {len(before)} tensors changed; ", end="")
print(f"just those meant: {changed == tuned}")
assert changed == tuned

# %% [markdown]
# ## 5.8 Batch norm must keep still
#
# Batch norm has two faces. In training it normalises with the mean and deviation of the *batch*, and lets its running
# averages follow. In use it takes the running averages. When you fine-tune, you want to keep these: they come from very
# many photos, and the layers after them were trained on what they give. Your small batches would put noisier ones in
# their place. And while `fit` uses the batch's own mean and deviation, the block learns under conditions that it
# doesn't meet in use.
#
# Many texts say: call the base with `training=False`, and it will keep still. Test it. To be quick, this experiment
# trains nothing but the top block. What comes before is frozen, so its output can be computed once, like the features of
# the first way:

# %%
cut = base.model.get_layer(base.top_block).input
below = base._replace(model=keras.Model(base.model.input, cut))
maps, validation_maps = (
    features.compute_features(below, images, pooled=False)
    for images in (photos, validation_photos)
)
block_weights = keras.Model(cut, base.model.output).get_weights()
print(f"what the top block sees: {maps.shape[1:]}")

# %% [markdown]
# The network from these maps on has the block just as the base has it, and a head whose weights come from the linear
# classifier. So "head first" takes no time at all.

# %%
def set_head(dense, x, y):
    """Give a neuron the weights of the linear classifier on features x."""
    scaler, linear = fit_linear(x, y)
    kernel = linear.coef_[0] / scaler.scale_
    dense.set_weights([kernel[:, None], linear.intercept_ - kernel @ scaler.mean_])

def top_network(keep_still=True):
    """Maps to the probability of class 1; batch norm is frozen if it keeps still."""
    block = keras.models.clone_model(keras.Model(cut, base.model.output))
    block.set_weights(block_weights)
    for layer in block.layers:
        is_norm = isinstance(layer, layers.BatchNormalization)
        layer.trainable = not (keep_still and is_norm)
    inputs, head = keras.Input(maps.shape[1:]), layers.Dense(1, activation="sigmoid")
    pooled = layers.GlobalAveragePooling2D()(block(inputs, training=False))
    network = keras.Model(inputs, head(pooled))
    network.compile(keras.optimizers.Adam(), "binary_crossentropy")
    return network

# %% [markdown]
# Each experiment begins anew: with the block as it was, a head fitted to the chosen photos, and an optimiser that
# remembers nothing.

# %%
def begin_anew(network, chosen, seed):
    keras.utils.set_random_seed(seed)
    network.layers[1].set_weights(block_weights)
    set_head(network.layers[-1], x_train[chosen], labels[chosen])
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))

def score(network):
    said = network(validation_maps, training=False).numpy()[:, 0] > 0.5
    return np.mean(said == validation_labels)

# %% [markdown]
# Then it trains. It returns the validation accuracy before training, and after each round of epochs:

# %%
def train_top(
    network, rate, chosen=slice(None), epochs=4, rounds=1, batch_size=32, seed=5
):
    """Start again and train on the chosen photos; accuracies."""
    begin_anew(network, chosen, seed)
    network.optimizer.learning_rate = rate
    scores = [score(network)]
    x, y = maps[chosen], labels[chosen]
    for _ in range(rounds):
        network.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
        scores.append(score(network))
    return scores

# %% [markdown]
# Two such networks, both of which call the block with `training=False`. In one, the batch norm layers are frozen as well
# (`layer.trainable = False`); in the other they aren't. The frozen one will be needed again, up to section 5.12.

# %%
frozen_norm = top_network()
free_norm = top_network(keep_still=False)

def moving_averages(network):
    weights = network.non_trainable_weights
    return [weight.numpy() for weight in weights if "/moving" in weight.path]

# %% [markdown]
# **Predict.** Where `training=False` is all there is, what do the running averages do during `fit`?

# %%
predict.choice(
    "averages", "they change", options=["they keep still", "they change"],
    mistakes={
        "they keep still":
            "So many texts say. But the network as a whole is trained by `fit`, which "
            "has a say in it, too.",
    },
)

# %% [markdown]
# Train both, on batches of eight:

# %%
rounds = 2 if SCALE == "quick" else 4
bn_runs = {}
for name, network_now in {
    "training=False alone": free_norm, "frozen too": frozen_norm,
}.items():
    averages = moving_averages(network_now)
    scores = train_top(network_now, 1e-5, epochs=1, rounds=rounds, batch_size=8)
    pairs = zip(averages, moving_averages(network_now))
    moved = any(not np.array_equal(old, new) for old, new in pairs)
    bn_runs[name] = {"moved": moved, "accuracy": scores}
    shown = " ".join(f"{s:.3f}" for s in scores)
    print(f"batch norm {name:21} averages moved: {moved!s:5}  validation {shown}")

# %% [markdown]
# Where nothing but `training=False` held them, they change: in this version of Keras, `fit` overrules it in a functional
# model. Did it do any harm? How far the averages have gone depends on the number of steps and on the layers' *momentum*,
# the share of its old value that an average keeps at each step:

# %%
norms = [x for x in base.model.layers if isinstance(x, layers.BatchNormalization)]
steps_taken = rounds * -(-len(maps) // 8)
if norms:
    momentum = norms[-1].momentum
    gone = 1 - momentum**steps_taken
    print(f"momentum {momentum}, {steps_taken} steps: ", end="")
    print(f"the averages are {gone:.0%} of the way to those of your batches")
    shift = max(abs(norm.moving_mean.numpy()).max() for norm in norms)
    print(f"the largest running mean in this base: {shift:.2f}")

# %% [markdown]
# In quick size, on pets, the two networks end up a few points apart at most, which proves little with so few validation
# photos. In the makers' full run, which took more and longer epochs, the difference was large. Section 5.11 shows it,
# and says why that case is special. What holds for every base with batch norm is that the averages change.
#
# Freezing the batch norm layers does hold the averages, and not only scale and offset: a batch norm layer with
# `trainable = False` works as in use. So `unfreeze_from` leaves these layers out, and the proof is above: only the
# tensors that were meant to had changed, and no moving average was among them.

# %%
assert bn_runs["training=False alone"]["moved"] or not norms
assert not bn_runs["frozen too"]["moved"]
assert not any("moving" in path for path in changed)
ends = [run["accuracy"][-1] for run in bn_runs.values()]
assert SCALE == "full" or origin == "own" or abs(ends[0] - ends[1]) < 0.1

# %% [markdown]
# ## 5.9 A learning rate for each layer
#
# The head is new and may take large steps; the lower a layer of the base, the less it should change. Between "frozen"
# and "free" there is every degree: **discriminative learning rates**. Keras has no switch for them, but an optimiser
# passes each weight through one method, where you can multiply:

# %%
class LayerwiseAdam(keras.optimizers.Adam):
    """Adam whose learning rate is multiplied by a share for each trainable weight."""

    def __init__(self, learning_rate, shares):
        super().__init__(learning_rate)
        self.shares = shares

    def update_step(self, gradient, variable, learning_rate):
        share = self.shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)

# %% [markdown]
# Here the head learns at the full rate, and each tensor below it at a share that falls step by step. (Multiplying the
# *gradients* instead would do nothing: Adam divides by their size.)
#
# **Predict.** How much does Adam's very first step change a weight, if its gradient isn't zero?

# %%
predict.choice(
    "first step", "by its learning rate",
    options=["by its learning rate", "by the learning rate times the gradient",
             "by next to nothing: Adam warms up"],
    mistakes={
        "by the learning rate times the gradient":
            "Plain gradient descent does that. Adam divides by the gradient's size.",
        "by next to nothing: Adam warms up":
            "The running means begin at zero, but Adam corrects for that.",
    },
)

# %% [markdown]
# One step, and by how much it changed each tensor:

# %%
layerwise = top_network()
train_top(layerwise, 0, rounds=0)
# In the order of the layers; the last two are the head's:
weights = layerwise.trainable_weights
shares = [*(0.5 ** np.arange(len(weights) - 2, 0, -1)), 1.0, 1.0]
layerwise.compile(LayerwiseAdam(1e-3, shares), "binary_crossentropy")
at_first = [weight.numpy() for weight in weights]
layerwise.train_on_batch(maps[:32], labels[:32])
steps = [np.abs(weight.numpy() - old).max() for weight, old in zip(weights, at_first)]
for weight, step, share in zip(weights, steps, shares):
    name = "/".join(weight.path.split("/")[-2:])
    print(f"{name:34} share {share:.4f}, step {step:.1e}")

# %% [markdown]
# By its learning rate, whatever the gradient: in the first step, the mean of the gradients and the root of their mean
# square are the same number, up to the sign. So you can read off that each tensor has the rate that it should have.
# (Steps are smaller only where there is next to no gradient, because the network is right, and sure, about every
# photo.) Exercise 5 asks whether it pays; with one block and few photos, don't expect much. (The list isn't always in
# the order of the network: the `skip` convolution of the course's own base lies beside the others, not above them.)

# %%
for step, share in zip(steps, shares, strict=True):
    assert step < 1.05e-3 * share and (origin == "own" or step > 0.95e-3 * share)

# %% [markdown]
# ## 5.10 Forgetting
#
# What does the base lose while it learns your two classes? Let a linear classifier name the kinds of drawings of section
# 5.1 from the base's features. (The course's own base was trained on them. A base from ImageNet wasn't, but its
# features tell many of them apart.) Then fine-tune on your photos, and let *the same* classifier read the new features.

# %%
n_kinds = len(drawn.KIND_NAMES)
copies = 6 if SCALE == "quick" else 9
old_images, old_labels = drawn.draw_kinds(copies * n_kinds, size=64, seed=9, workers=1)
old_maps = features.compute_features(below, to_size(old_images).numpy(), pooled=False)
n_known = 2 * copies // 3 * n_kinds
known, asked = slice(0, n_known), slice(n_known, None)

def block_features(network):
    """What the network's head would get from the old images' maps."""
    below_head = keras.Model(network.input, network.layers[-1].input)
    return below_head(old_maps, training=False).numpy()

train_top(frozen_norm, 0, rounds=0)  # the block as it was
old_features = block_features(frozen_norm)
reader = fit_linear(old_features[known], old_labels[known])
known_before = reader.score(old_features[asked], old_labels[asked])
print(f"kinds named rightly before: {known_before:.2f} (chance is {1 / n_kinds:.2f})")

# %% [markdown]
# Now fine-tune at four learning rates, from 10⁻⁵ up to 10⁻².
#
# **Predict.** At the highest, most of the old kinds are lost. What becomes of the accuracy on your own task, if it is
# pets?

# %%
predict.choice(
    "new task", "it loses far less",
    options=["it loses as much", "it loses far less", "it clearly gains"],
    mistakes={
        "it loses as much":
            "It would, if both used the same features. But training looks after the "
            "new task all the time.",
        "it clearly gains":
            "Nothing that the old kinds needed stood in its way. It was good before.",
    },
)

# %% [markdown]
# Each rate starts from the block as it was:

# %%
rates = (1e-5, 1e-4, 1e-3, 1e-2)
forgetting = {task: [], "the old kinds": []}
for rate in rates:
    forgetting[task].append(train_top(frozen_norm, rate)[-1])
    new_features = block_features(frozen_norm)[asked]
    forgetting["the old kinds"].append(reader.score(new_features, old_labels[asked]))
figures.line_plot(
    {name: (rates, values) for name, values in forgetting.items()}, log_x=True,
    xlabel="learning rate of the top block", ylabel="accuracy",
    title="Both tasks after training at each rate",
)

# %% [markdown]
# At small rates little is lost. At large ones the old kinds go. And with pets, the new task? It loses far less, so its
# validation accuracy doesn't warn you. (With a handful of photos there are few steps, and few steps forget less.) This
# is **catastrophic forgetting**: what served the old kinds is overwritten, or moved to where the old classifier doesn't
# find it. If the base has to serve anything else as well, keep the learning rate small.

# %%
print("rates  ", "  ".join(f"{rate:.0e}" for rate in rates))
for name, values in forgetting.items():
    print(f"{name:14}", "  ".join(f"{value:.3f}" for value in values))
kept, own_task = forgetting["the old kinds"], forgetting[task]
assert origin == "own" or kept[0] > kept[-1] + 0.2
assert origin == "own" or own_task[0] - own_task[-1] < (kept[0] - kept[-1]) / 4

# %% [markdown]
# ## 5.11 The full runs
#
# In quick size you have measured a small version of everything. In full size, with all photos and 160 × 160 pixels, this
# is where the numbers are written down, if the course's makers ask for it:

# %%
n_images = f"{len(photos):,} training and {len(validation_photos):,} validation images"
n_images += f" ({origin})"
if SCALE == "full":
    def way(history, seconds, **more):
        return {"history": history, "seconds": seconds.tolist(), **more}

    seconds = seconds_for_features + seconds_for_head
    recorded.keep_run(
        "05_three_ways", scale=SCALE, seed=5, data=n_images, base=base.title, size=SIZE,
        features=way(features_history, seconds, linear=linear_accuracy),
        frozen=way(frozen_history, seconds_frozen, accuracy=frozen_accuracy),
        tuned=way(tuned_history, seconds_tuned, accuracy=tuned_accuracy),
        duel=duel, probes=probes, batch_norm=bn_runs, rates=rates,
        forgetting=forgetting,
    )

# %% [markdown]
# And this is what a full run on real photos of cats and dogs gave, on MobileNetV2, beside the network of lesson 4, which
# was trained from scratch on the same photos:

# %%
full = recorded.load_run("05_three_ways")
scratch = recorded.load_run("04_cured")
frozen, tuned_run = full["frozen"]["history"], full["tuned"]["history"]
both = {key: frozen[key] + tuned_run[key] for key in frozen}
# More than in any of those 80 epochs:
assert frozen["val_accuracy"][0] > max(scratch["cured"]["val_accuracy"])
runs = {
    "from scratch (recorded)": scratch["cured"],
    "frozen, then fine-tuned (recorded)": both,
}
figures.learning_curves(
    runs, low=0.45,
    title="With a base, the first epoch beats all that a network learns from scratch",
)

# %% [markdown]
# In numbers:

# %%
print(f"{full['base']}, {full['size']} × {full['size']}; ", end="")
print(f"{full['date']}, {full['data']}, {full['machine']}")
from_scratch, once = (
    np.mean(run["val_accuracy"][-3:])
    for run in (scratch["cured"], full["features"]["history"])
)
table = {
    "from scratch, 80 epochs": (from_scratch, scratch["seconds"].values()),
    "(a) features once": (once, full["features"]["seconds"]),
    "(b) frozen base": (full["frozen"]["accuracy"], full["frozen"]["seconds"]),
    "(c) fine-tuned, after (b)": (full["tuned"]["accuracy"], full["tuned"]["seconds"]),
}
for name, (accuracy, (wall, processor)) in table.items():
    print(f"{name:26} validation {accuracy:.3f}, {wall / 60:5.1f} minutes, ", end="")
    print(f"{processor / 60:5.1f} of processor time")

# %% [markdown]
# One photo in eight wrong became one in 40 at most, in a fraction of the time. (Not counted: the days that
# somebody else spent on training the base. And fine-tuning comes on top of (b), so together they take twelve minutes.
# Other work ran on the machine; processor time suffers less from that.) The three ways lie close together: with 1,000
# validation photos two standard errors are about one point at 98 %, so don't make much of their order. What decides
# between them is the price. Features first, always; then, if it pays, the rest.

# %%
assert table["(a) features once"][0] >= 0.96 and table["(b) frozen base"][0] >= 0.97
assert table["(c) fine-tuned, after (b)"][0] >= 0.975
with_base = [accuracy for accuracy, _ in list(table.values())[1:]]
assert from_scratch < 0.88 and min(with_base) > 0.97
assert 0.12 < 1 - from_scratch < 0.13 and 0.015 < 1 - max(with_base) < 0.021
print(f"wrong: {from_scratch:.3f} is one in {1 / (1 - from_scratch):.0f}, ", end="")
print("the three with a base: one in", [round(1 / (1 - a)) for a in with_base])
two_errors = 2 * np.sqrt(0.98 * 0.02 / 1000)
print(f"two standard errors at .98 are {two_errors:.3f}; ", end="")
print(f"the three lie within {np.ptp(with_base):.3f}")

# %% [markdown]
# And the experiments of this lesson, as that recorded run measured them:

# %%
def in_a_row(values, digits=2):
    return ", ".join(f"{value:.{digits}f}" for value in values)

meals_shown = (f"{name} {value:.3f}" for name, value in full["duel"].items())
print("preprocessing:", ", ".join(meals_shown))
for name, scores in full["probes"].items():
    print(f"recorded, stages, {name}: {in_a_row(scores)}")
for name, run in full["batch_norm"].items():
    validated = in_a_row(run["accuracy"], 3)
    print(f"batch norm {name}: averages moved: {run['moved']}, validation {validated}")
for name, values in full["forgetting"].items():
    rates_shown = f"{full['rates'][0]:.0e} to {full['rates'][-1]:.0e}"
    print(f"recorded, rates {rates_shown}, {name}: {in_a_row(values)}")

# %% [markdown] given="ten times"
# - *Preprocessing.* [0, 1] costs one or two points, and nobody would notice. [0, 255] costs over twenty.
# - *Stages.* Cats and dogs are best after the last stage. House numbers were ten points better after the last but one;
#   if their 200 test images had been drawn anew for each stage, two standard errors of that would be ten points as
#   well. So it is a hint.
# - *Batch norm.* Where its averages moved, validation accuracy was .50 after three epochs, which is chance. Don't
#   expect that of other weights: in the makers' copy of MobileNetV2 batch norm is *folded* into the convolutions. Its
#   running means are 0 and its variances 1, so in use these layers hardly do anything. Once the averages move towards
#   those of real batches, they normalise what was never meant to be normalised. (Section 5.8 printed the largest
#   running mean of your own base; if it is 0.00, you have such a copy.) And there were many steps: by then the averages
#   were half of the way to those of the batches. How far yours went is printed in section 5.8 as well.
# - *Forgetting.* The old kinds go from .49 at a hundredth of the usual rate to .32 at the usual one, and to chance at
#   ten times it. Cats and dogs lose two points in all.

# %%
gone = 1 - 0.999 ** (3 * 2000 / 8)  # MobileNetV2's momentum, 3 epochs in batches of 8
print(f"the averages had gone {gone:.2f} of the way")
luck = 2 * np.sqrt(2 * 0.5 * 0.5 / 200)
print(f"two standard errors of a difference, near .5, with 200 images: {luck:.2f}")
assert 0.5 < gone < 0.55

# %% [markdown]
# And the rest of what was said, checked:

# %%
as_trained, unit, raw = full["duel"].values()
near, far_task = full["probes"].values()
assert 0.005 < as_trained - unit < 0.025 and as_trained - raw > 0.2
assert 0.095 < far_task[-2] - far_task[-1] < 0.105
assert np.argmax(near) == len(near) - 1 and np.argmax(far_task) == len(far_task) - 2
assert full["batch_norm"]["training=False alone"]["accuracy"][3] < 0.55
assert full["batch_norm"]["frozen too"]["accuracy"][-1] > 0.97
old = np.array(full["forgetting"]["the old kinds"])
assert full["rates"] == [1e-5, 1e-4, 1e-3, 1e-2]
assert abs(old[0] - 0.49) < 0.006 and abs(old[2] - 0.32) < 0.006 and old[-1] < 0.05
assert 0.015 < np.ptp(full["forgetting"]["cats and dogs"]) < 0.025
assert round((full["frozen"]["seconds"][0] + full["tuned"]["seconds"][0]) / 60) == 12

# %% [markdown]
# ## 5.12 How many photos?
#
# Three candidates: a classifier on features, a fine-tuned block, and a network from scratch. To see what luck does, each
# is trained on several draws of photos.

# %%
def pick(n, seed):
    """The positions of n photos, half of each class."""
    random = np.random.default_rng(seed)
    places = [np.flatnonzero(labels == k) for k in (0, 1)]
    return np.concatenate([random.choice(p, n // 2, replace=False) for p in places])

def features_score(n, seed):
    chosen = pick(n, seed)
    linear = fit_linear(x_train[chosen], labels[chosen])
    return linear.score(x_validation, validation_labels)

def fine_tuned_score(n, seed):
    """The head from the features, then the top block, for 60 steps or four epochs."""
    epochs = max(4, 60 * 32 // n)
    return train_top(frozen_norm, RATE, pick(n, seed), epochs, seed=seed)[-1]

# %% [markdown]
# From scratch: lesson 4's network with all its cures, on 64 × 64 pixels. Larger ones would take too long in so many
# runs.

# %%
def scratch_network(size=64):
    """Augmentation, four blocks with batch norm, dropout."""
    scale = layers.Rescaling(1 / 127.5, offset=-1)
    network = keras.Sequential(
        [keras.Input((size, size, 3)), *make_augmentation(), scale]
    )
    for filters in (32, 64, 128, 128):
        network.add(layers.Conv2D(filters, 3, use_bias=False))
        network.add(layers.MaxPooling2D(2))
        network.add(layers.BatchNormalization(momentum=0.9))
        network.add(layers.ReLU())
    network.add(layers.Flatten())
    network.add(layers.Dropout(0.5))
    network.add(layers.Dense(512, activation="relu"))
    network.add(layers.Dense(1, activation="sigmoid"))
    return network

# %% [markdown]
# And how it trains:

# %%
def scratch_score(n, seed):
    """At least 30 epochs and 400 steps; the mean over the last three epochs."""
    keras.utils.set_random_seed(seed)
    chosen, network = pick(n, seed), scratch_network()
    adam = keras.optimizers.Adam(1e-3)
    network.compile(adam, "binary_crossentropy", metrics=["accuracy"])
    epochs, x, y = max(30, 400 * 32 // n), small_photos[chosen], labels[chosen]
    network.fit(x, y, batch_size=32, epochs=epochs - 3, verbose=0)
    validation = small_validation, validation_labels
    last = network.fit(x, y, epochs=3, verbose=0, validation_data=validation)
    return np.mean(last.history["val_accuracy"])

# %% [markdown]
# **Predict.** How many photos of pets does the classifier on features need to be right nine times in ten, as the makers'
# full run measured it? And how many does the network from scratch need?

# %%
predict.choice(
    "enough, on features", "some twenty",
    options=["some twenty", "some two hundred", "some two thousand"],
    mistakes={
        "some two hundred": "Fewer will do. The base has seen so much else before.",
        "some two thousand":
            "The base has learned to see; only one direction in its features is new.",
    },
)

# %% [markdown]
# (And for the network from scratch:)

# %%
predict.choice(
    "enough, from scratch", "more than there are",
    options=["some two hundred", "some two thousand", "more than there are"],
    mistakes={
        "some two hundred": "Lesson 4 had ten times as many, and fell short of it.",
        "some two thousand":
            "Lesson 4 had as many, at a larger size and with longer training, and "
            "fell short of it.",
    },
)

# %% [markdown]
# In quick size you run the features yourself; the others would take too long.

# %%
ways, numbers, seeds = {"features": features_score}, (20, 50, 100, 200), (1, 2, 3)
if SCALE == "full":
    small_photos, small_validation = (
        layers.Resizing(64, 64)(images).numpy().round().astype("uint8")
        for images in (photos, validation_photos)
    )
    ways |= {"fine-tuned": fine_tuned_score, "from scratch": scratch_score}
    numbers = (20, 50, 100, 200, 500, 1000, 2000)
there = 2 * int(np.bincount(labels).min())
numbers = [*([n for n in numbers if n < there] or [4]), there]
curves = {w: {n: [f(n, s) for s in seeds] for n in numbers} for w, f in ways.items()}

# %% [markdown]
# A dot for each seed:

# %%
if SCALE == "full":
    recorded.keep_run(
        "05_how_many", scale=SCALE, seed=list(seeds), data=n_images, base=base.title,
        size=SIZE, curves=curves,
    )
figures.spread_plot(
    curves, xlabel="training images", ylabel="validation accuracy",
    level=(chance, "chance"),
    title=f"Yours: what {numbers[0]} images are worth, and what {there} are",
)

# %% [markdown]
# The means of the dots:

# %%
own_means = {n: np.mean(scores) for n, scores in curves["features"].items()}
shown = ", ".join(f"{n:,}: {value:.3f}" for n, value in own_means.items())
print(f"{base.title}, {SIZE} × {SIZE}, {len(labels)} photos or drawings: {shown}")
error = np.sqrt(0.9 * 0.1 / len(validation_labels))
print(f"tested on {len(validation_labels)}; two standard errors at .9: {2 * error:.3f}")

# %% [markdown] given="ten"
# With pets, the smallest number already takes you most of the way from chance to what all of them give, and the rest
# brings some points more. (Of each number half is of each class, so the smaller class says how far it goes. If there
# aren't even ten of each, the figure shows what there is.)

# %%
first, last = list(own_means.values())[0], list(own_means.values())[-1]
assert origin == "own" or chance + (last - chance) / 2 < first < last

# %% [markdown]
# And the recorded full run on photos of pets:

# %%
many = recorded.load_run("05_how_many")
print(f"{many['base']}, {many['size']} × {many['size']}; {many['data']}")
photo_curves = {
    way: {int(n): scores for n, scores in curve.items()}
    for way, curve in many["curves"].items()
}
figures.spread_plot(
    photo_curves, xlabel="training photos of pets", ylabel="validation accuracy",
    title="The full run: from twenty photos to two thousand", level=(0.5, "chance"),
)

# %% [markdown] given=["96 × 96", "twenty times"]
# To be right nine times in ten, on these photos:
#
# - on features, some twenty are enough, and fine-tuning needs no more;
# - from scratch, it takes more than there are: 2,000 photos give three in four. (Nor do lesson 4's 87 %, from larger
#   photos and longer training, come up to it.)
#
# Two hundred photos, with a base, gave 97 %. If yours gave less, compare what is printed above: this run used
# MobileNetV2 on 160 × 160 pixels, and was tested on 1,000 photos. The pixels matter most. The makers gave MobileNetV2
# the same two hundred photos in both sizes, and tested on the same 256: .90 from 96 × 96 pixels, .98 from 160 × 160.
# The quick version takes the smaller size, for speed.
#
# See how the dots spread: with twenty photos it matters which twenty. After that progress is slow: from 100 photos to
# 2,000, twenty times as many, the features' errors are halved. In this run fine-tuning is ahead at every number, most
# with twenty photos, and never by more than two points.

# %%
average = {}
for way, curve in photo_curves.items():
    average[way] = {n: np.mean(scores) for n, scores in curve.items()}
    shown = ", ".join(f"{n:,}: {value:.3f}" for n, value in average[way].items())
    print(f"{way:12} {shown}")
on_features, fine = average["features"], average["fine-tuned"]
assert min(many["curves"]["features"]["20"]) > 0.9 > from_scratch
assert from_scratch > average["from scratch"][2000]
assert abs(average["from scratch"][2000] - 3 / 4) < 0.02
lead = [fine[n] - on_features[n] for n in fine]
print(f"fine-tuning is ahead by {min(lead):.3f} to {max(lead):.3f}")
assert min(lead) > 0 and lead[0] == max(lead) < 0.0205
assert min(on_features[200], fine[200]) > 0.965
assert 0.45 < (1 - on_features[2000]) / (1 - on_features[100]) < 0.55

# %% [markdown]
# And without ImageNet: the makers' five runs on drawn cats and dogs, with the course's own base and 200 drawings each.

# %%
own = recorded.load_run("course_base")
for seed, (one, other) in enumerate(
    zip(own["transfer"]["features"], own["transfer"]["scratch"]), start=1
):
    print(f"seed {seed}: from scratch {other:.3f}, ", end="")
    print(f"on the features of the course's own base {one:.3f}")
    assert one - other >= 0.2 and one >= 0.85
named = own["history"]["val_accuracy"][-1]
print(f"(It named {named:.0%} of the drawings of its {own['n_kinds']} kinds.)")

# %% [markdown] tags=["optional"]
# ## 5.13 Smooth curves, and how they fool you
#
# *Optional.*
#
# Curves jump from epoch to epoch. Many plots show an **exponential moving average** instead: each value is mixed into a
# running mean.

# %%
def smoothed(values, weight=0.8):
    """Running mean that keeps `weight` of itself at each step."""
    running, result = values[0], []
    for value in values:
        running = weight * running + (1 - weight) * value
        result.append(running)
    return np.array(result)

# %% [markdown]
# **Predict.** A curve rises by one each epoch. How far is its smoothed version behind, with a weight of .8, once it has
# settled?

# %%
predict.number(
    "lag", 4, tolerance=0.1, label="Behind by",
    mistakes={
        5: "That is 1 / (1 − .8). But the newest value is in the mean already.",
        0.8: "That is the lag after the second value. It goes on growing for a while.",
        1.25: "That is 1 / .8. It is the new value's share, .2, that decides.",
        0: "It would be so for a level curve. This one rises.",
    },
)

# %% [markdown]
# The rising curve; and pure noise, to see how much smoothing takes away:

# %% tags=["nbval-check-output"]
ramp = np.arange(200.0)
noise = np.random.RandomState(5).normal(size=100_000)
behind, left = ramp[-1] - smoothed(ramp)[-1], smoothed(noise).std()
print(f"behind by {behind:.1f} epochs; {left / noise.std():.2f} of the noise is left")

# %% [markdown]
# Behind by $w / (1 - w) = 4$ epochs, and $\sqrt{(1 - w) / (1 + w)} = 1/3$ of the noise.

# %%
assert np.isclose(behind, 0.8 / 0.2)
assert np.isclose(left, np.sqrt(0.2 / 1.8), rtol=0.02)

# %% [markdown]
# Now on the curve from lesson 4. Move the slider: from which weight on does it mislead you?

# %%
validated = np.array(scratch["cured"]["val_accuracy"])
figure, update = figures.smoothing_bench(
    validated, smoothed, ylabel="validation accuracy"
)
sliders.live_figure(
    figure, update, weight=(0, 0.98, 0.02), stills=[{"weight": 0.8}, {"weight": 0.96}]
)

# %% [markdown]
# It helps the eye, and deceives it in three ways.
#
# - *It lags.* A smoothed curve still rises when the real one has turned; and a heavily smoothed one lies far below what
#   the network can do now.
# - *It hides the spread*, which you need in order to judge whether a difference means anything. So draw the raw values
#   as well, with a thin line.
# - *It makes waves out of nothing.* Neighbouring values share most of what they are the mean of, so noise looks like a
#   story.
#
# The third in a picture. Three networks, whose true accuracy is .85 in every epoch; only the luck of 400 validation
# photos, drawn anew each time, changes. (Real validation photos are the same in each epoch, so that the luck is partly
# shared; but the networks wobble as well.)
#
# **Predict.** How will the three curves look, smoothed with a weight of .9?

# %%
predict.choice(
    "three networks", "as if they differed",
    options=["like a single curve", "as if they differed"],
    mistakes={
        "like a single curve":
            "Smoothing leaves less noise, but what is left no longer looks like noise.",
    },
)

# %% [markdown]
# Draw them:

# %%
luck_of = np.random.RandomState(37).binomial(400, 0.85, size=(3, 60)) / 400
figures.line_plot(
    {
        f"network {name}, smoothed, .9": (range(1, 61), smoothed(one, 0.9))
        for name, one in zip("ABC", luck_of)
    },
    level=(0.85, "the truth"), xlabel="epoch", ylabel="validation accuracy",
    title="Three networks, smoothed",
)

# %% [markdown]
# They look as if they differed: A seems to learn, B to pull away at the end, C to lie between; all of it is luck. (Not
# every draw tempts as much as this one. But in practice you see only one.) A's slow climb even comes from a single
# epoch: the running mean *starts* at the first value, which was unlucky here, and takes long to forget it.
#
# And the best epoch of sixty? That is no result either, only the luckiest draw:

# %%
best = np.random.RandomState(2).binomial(400, 0.85, size=(2000, 60)).max(axis=1) / 400
print(f"the best of 60 epochs is on average {best.mean():.3f}, ", end="")
print("though each has a true accuracy of .85")
assert best.mean() > 0.885

# %% [markdown]
# Four points for nothing. Report the mean of the last epochs, fix the number of epochs beforehand, or choose the epoch
# on photos that you don't report.

# %% [markdown] tags=["optional"]
# ## 5.14 From drawings to photographs
#
# *Optional.*
#
# How far does a base carry? Train on *drawings* of cats and dogs, and test on *photos*. The classifier has never seen a
# photo, the base hardly a drawing.
#
# Two classifiers compete: the linear one that you know, with a weight for each feature, and one so simple that it knows
# only two means, that of the drawn cats' features and that of the drawn dogs'. A photo belongs to the nearer one.
# Written as a direction, and a threshold halfway between the two:

# %%
def nearest_mean(x, y):
    """Direction from the mean cat to the mean dog, and the middle between them."""
    cat, dog = x[y == 0].mean(axis=0), x[y == 1].mean(axis=0)
    return dog - cat, (dog - cat) @ (cat + dog) / 2

# %% [markdown]
# How well both do, on the features `x` and labels `y` of photos:

# %%
def from_drawings(n, seed, x, y):
    """Accuracies of both, and of the direction, moved to the photos' own middle."""
    workers = 1 if SCALE == "quick" else None
    images, kinds = drawn.draw_pets(n, size=SIZE, seed=seed, workers=workers)
    seen = features.compute_features(base, images)
    direction, threshold = nearest_mean(seen, kinds)
    dogness = x @ direction
    return {
        "linear classifier": fit_linear(seen, kinds).score(x, y),
        "nearest mean": np.mean((dogness > threshold) == y),
        "its direction, moved": np.mean((dogness > dogness.mean()) == y),
    }

# %% [markdown]
# The third moves the threshold to the middle of the photos. For that it needs photos, but no labels.
#
# **Predict.** Trained on drawings, tested on photos: which of the two classifiers is better in the makers' full run?

# %%
predict.choice(
    "crossing", "the simple one",
    options=["the linear classifier", "the simple one", "neither beats chance"],
    mistakes={
        "the linear classifier":
            "It has more freedom to fit the drawings. But photos differ in other ways.",
        "neither beats chance":
            "What the base learned from photos helps with drawings, too.",
    },
)

# %% [markdown]
# First on your photos. (If your images are drawn, or of other classes, or if your base is the course's own, this is no
# test of drawings against photos, and nothing is printed.)

# %%
if base.knows == "ImageNet" and origin == "photos":
    to_name = x_validation, validation_labels
    crossing = {200: [from_drawings(200, 10, *to_name)]}
    if SCALE == "full":
        for n in (200, 1000):
            crossing[n] = [from_drawings(n, seed, *to_name) for seed in (10, 11, 12)]
        recorded.keep_run(
            "05_from_drawings", scale=SCALE, seed=[10, 11, 12], data=n_images,
            base=base.title, size=SIZE, crossing=crossing,
        )
    shown = (f"{name} {value:.3f}" for name, value in crossing[200][0].items())
    print("yours:", ", ".join(shown))

# %% [markdown]
# The full run, on the 1,000 validation photos, with the means and extremes of three sets of drawings:

# %%
crossing = {
    int(n): runs
    for n, runs in recorded.load_run("05_from_drawings")["crossing"].items()
}
mean_of = {}
for n, runs in crossing.items():
    for name in runs[0]:
        values = [run[name] for run in runs]
        mean_of[n, name] = np.mean(values)
        print(f"{n:5,} drawings, {name:21} {np.mean(values):.3f} ", end="")
        print(f"({min(values):.3f} to {max(values):.3f})")

# %% [markdown] given=["nine", "118"]
# Trained on 200 drawings, with no photo at all, the two classifiers get 84 and 87 of a hundred photos right: the simple
# one is better, in each of the three sets. With its threshold moved, it gets 92. (That one has seen the photos, without
# their labels, and it relies on there being as many cats as dogs. With nine cats to one dog the middle would be the
# wrong place.) This says less about the drawings than about the base: among ImageNet's classes are 118 breeds of dogs
# and five kinds of cats, so the direction from cat to dog is probably there already. Two hundred drawings are enough to
# *point* at it.
#
# Why does moving help? Drawings as a whole lie elsewhere than photos, and a threshold between drawn cats and drawn dogs
# isn't in the right place. The *direction* carries over better than the place.
#
# And a thousand drawings are no better than two hundred. More drawings show more exactly how *drawings* differ; they
# don't show how photos differ. If training and use differ (a **domain shift**), more of the same data doesn't help;
# other data does.

# %%
for linear, simple in ([run[k] for k in list(run)[:2]] for run in crossing[200]):
    assert simple > linear
assert [round(100 * mean_of[200, name]) for name in runs[0]] == [84, 87, 92]
assert all(mean_of[1000, name] < mean_of[200, name] + 0.005 for name in runs[0])

# %% [markdown]
# ## 5.15 Little data: what to do, in one page
#
# 1. **Look at your images**, all of them if there are few. Wrong labels and duplicates cost more than any method brings.
# 2. **Set a test part aside**, and split by what your images share: the same animal, place, camera, day (lesson 3).
# 3. **Features and a linear classifier first.** A base with the right preprocessing, global average pooling, a strong
#    penalty. It takes minutes and has hardly a setting. It shows what you can get, and is what everything else has to
#    beat.
# 4. **Try another base, or larger images**, before you tune anything. Which base knows pictures like yours? If none
#    does, try an earlier cut as well (5.5).
# 5. **Augment** with what keeps your labels (lesson 4), and train the head end to end.
# 6. **Fine-tune last**: head first, then the top block, with a thirtieth of the usual learning rate and batch norm
#    frozen. Count the weights before, and prove afterwards which have changed.
# 7. **Repeat with other seeds and other splits.** With few images luck is large; report the spread.
# 8. **Collect more images of the kind that goes wrong**: look at the worst mistakes. A few well-chosen images can be
#    worth more than many at random.
# 9. **Use images without labels**: to find the middle of a shifted domain (5.14), or to let a base go on learning
#    without labels (self-supervised learning).
#
# Which of your predictions came true?

# %%
predict.score()

# %% [markdown] given="59"
# ## Take-aways
#
# - With MobileNetV2, on 160 × 160 pixels, two thousand photos of pets gave 98 % instead of 87 %. Two hundred gave 97 %,
#   and even twenty beat two thousand without a base.
# - Preprocess as the base was trained; a wrong range gives no error, only a worse network.
# - Compute features once for speed; freeze the base if you augment; fine-tune last: head first, a small rate, and only
#   the layers you mean. Count them, and check which changed.
# - Freeze batch norm layers themselves; `training=False` is not enough in this Keras.
# - Smoothed curves lag and invent; the best of many epochs is luck.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/05_transfer_learning.ipynb) tell you at once what is right, and give hints.
# And to go further on your own:
#
# 1. **Another base.** Run the lesson with `load_base("efficientnetv2b0", ...)` or `"vgg16"` (a download of 24 or 59 MB; VGG16 takes several times as long). Which does best on features?
#    <details><summary>Hint</summary>Compare linear classifiers on the same 200 photos. VGG16's <code>preprocess</code> swaps the colours' order: look at <code>base.preprocess(np.float32([[[255, 0, 0]]]))</code>.</details>
# 2. **Twice preprocessed.** Feed <code>base.preprocess(base.preprocess(photos))</code>. Predict the accuracy, then measure.
#    <details><summary>Check</summary>Everything lies within a hundredth of −1: nearly black. The first layers hardly pass on what contrast is left. <code>compute_features</code> refuses it, because it sees negative numbers.</details>
# 3. **Other means.** Replace global average pooling by the *largest* value of each map, or keep all positions (<code>pooled=False</code>, flattened). What happens with 20 photos, what with all?
#    <details><summary>Hint</summary>With positions kept there are many times as many weights: compare with the head of 2,097,665 in section 5.2.</details>
# 4. **Fine-tune without a head first.** Give <code>top_network</code> a random head, and train with a rate of 10⁻³. What becomes of the old kinds (5.10)?
#    <details><summary>Hint</summary>Leave out <code>set_head</code>; then compare with training the head alone for some epochs before.</details>
# 5. **Deeper.** Unfreeze two blocks instead of one, with a falling rate (5.9). Is it worth the time?
#    <details><summary>Hint</summary><code>unfreeze_from(base.model, "block_15_expand")</code> for MobileNetV2, <code>"block3_1_conv"</code> for the course's own base; count first.</details>
# 6. **Your own two classes.** Put fifty photos of each of two things into two folders, <code>course data add pets FOLDER</code>, and run the lesson.
#    <details><summary>Check</summary>If it is above 95 %: is it the things that it tells apart, or their backgrounds? Lesson 6 finds out.</details>
#
# ## Where next
#
# Here is a network that is right forty-nine times in fifty. But what does it look at?
# [Lesson 6](06_interpretation.ipynb) asks it, and puts the answers to the test.
