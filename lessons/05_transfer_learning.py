# %% [markdown]
# # 5. Transfer learning
#
# **How can two hundred photos be enough?**
#
# In [lesson 4](04_augmentation.ipynb) a small network learnt from 2,000 photos of cats and dogs all that it could: it was
# right in some 87 % of others. A child needs far fewer, because it has seen much else before. So here the network has, too:
# you take one that was trained on other pictures, a **pretrained base**, and train only what is new.
#
# **You will learn**
#
# 1. what well-known networks are built of, what they cost, and which of their layers to reuse;
# 2. the three ways to use a base: features computed once, a frozen base in a new network, and fine-tuning, each with
#    the mistake that most often spoils it;
# 3. to tell how much a base is worth: for twenty photos or two thousand, and for pictures unlike those it knows.

# %%
from course_utils import figures, recorded, sliders, start
import numpy as np
from course import data, drawn, instruments
from course.data import bases, features

# COURSE_SCALE=full, or scale="full" here, takes all photos, and an hour or two
SCALE = start.begin_lesson(seed=5)
instruments.open_lesson("05_transfer_learning")

import keras
from keras import layers

# %% [markdown]
# ## 5.1 A base
#
# **ImageNet**, in the part that everybody uses, is 1.28 million photos in 1,000 classes, from ambulances to zebras, 118
# of them breeds of dogs. You can get networks that are trained on it. Their last layers, which name the 1,000 classes,
# are of no use here. They are called the *top*, and you leave them out. The rest is the **base**.
#
# `load_base("vgg16", ...)` chooses another base, and COURSE_BASE=vgg16 does so for all lessons. Without an internet
# connection you get the course's own base: a small one, which the course's makers trained on drawings. The line below
# says which of them you have.

# %%
SIZE = 96 if SCALE == "quick" else 160
base = bases.load_base(size=SIZE)
if base.knows == "drawings":  # of 64 × 64 pixels
    SIZE = 64
    base = bases.load_base("course", size=SIZE, verbose=False)
shape = " × ".join(map(str, base.model.output_shape[1:]))
print(f"images of {SIZE} × {SIZE}, feature maps of {shape}")

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
# and tails, as cats and dogs do. So when you use this base on drawn pets, it is at home, more than ImageNet's bases are on your holiday photos.
# (ImageNet's, on the other hand, have seen cats and dogs. No base comes from nowhere.)
#
# The pictures that are to be told apart are cats and dogs, or your own two classes, if you have added photos. (What the
# course's makers recorded is always of *pets*, cats and dogs.)

# %%
n_train, n_validation = (200, 256) if SCALE == "quick" else (None, None)
folder, origin = data.load_pets(n_train, n_validation, size=SIZE)
short = data.class_names(folder, most=12)
task = " and ".join(short)

# %% [markdown]
# There are few enough to hold them all in memory, as whole numbers. (The course's own base knows animals in their true proportions
# only; for it, photos are cropped to a square instead of squeezed.)

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
# - **Inception** (2014): small and large kernels *side by side*; the next layer picks what it needs. A 1 × 1 convolution first makes
#   the input thinner, so that the large kernels become cheap.
# - **ResNet** (2015): the block's input is added to its output, so that gradients find a way past a hundred layers
#   ([lesson 2](02_mnist.ipynb)). The 3 × 3 convolution works on few channels, between two 1 × 1 ones: a bottleneck.
# - **MobileNetV2** (2018): the other way round, wide inside and thin outside. Each of the many maps has a 3 × 3 kernel of
#   its own (a *depthwise* convolution), which costs next to nothing.
#
# Build two of them. First an Inception block, as it stands in the first network of that family:

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
# What do they cost? The number of weights you know how to count. The time goes rather with the **multiply-adds**: each weight of a kernel is
# used once at every position of the output. And the **depth** is the number of layers with weights on the longest way through.

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
# **Predict.** On 28 × 28 maps: how many times cheaper are an Inception block and a residual block than plain 3 × 3
# convolutions with as many maps?

# %% tags=["nbval-check-output"]
thin, wide = keras.Input((28, 28, 192)), keras.Input((28, 28, 256))
blocks = {
    "one 3 × 3, 192 to 256 maps": keras.Model(thin, plain_block(thin)),
    "Inception": keras.Model(thin, inception_block(thin)),
    "two 3 × 3, 256 to 256 maps": keras.Model(wide, plain_block(wide, depth=2)),
    "residual, with bottleneck": keras.Model(wide, residual_block(wide)),
}
for name, block in blocks.items():
    millions = multiply_adds(block) / 1e6
    print(f"{name:28} {block.count_params():9,} weights, ", end="")
    print(f"{millions:5.0f} million multiply-adds, depth {depth(block)}")

# %% [markdown]
# Little more than a third of the weights, and a seventeenth; and both are deeper. And in time?

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
#
# The largest kernels are made cheaper by taking them to pieces. **Predict.** How many weights has, from 64 maps to 64 and without biases, a 5 × 5
# convolution; two of 3 × 3, one after the other; a 7 × 7; and one of 1 × 7 followed by one of 7 × 1?

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
# The same field of view each time, for 72 % and 29 % of the weights. InceptionV3 is full of such pieces.
#
# ### The four, side by side
#
# VGG16's top would fill half a gigabyte, so it isn't built here but counted:

# %% tags=["nbval-check-output"]
apps = keras.applications
vgg = apps.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
top = [(7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)]
top_weights = sum((inputs + 1) * outputs for inputs, outputs in top)
together = vgg.count_params() + top_weights
print(f"VGG16: base {vgg.count_params():,}, top {top_weights:,}, together {together:,}")
assert vgg.count_params() == 14_714_688 and together == 138_357_544
adds = multiply_adds(vgg) + sum(a * b for a, b in top)
row = {"weights": together, "depth": depth(vgg) + len(top), "multiply-adds": adds}
nets = {"VGG16": row}
del vgg  # large networks go as soon as they are counted

# %% [markdown]
# Nine tenths of its weights are in the three dense layers that you leave behind. The other three with their tops, one after the other:

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
for name, row in nets.items():
    print(f"{name:12} {row['weights']:11,} weights, depth {row['depth']}, ", end="")
    print(f"{row['multiply-adds'] / 1e9:5.2f} billion multiply-adds")
weights = [row["weights"] for row in nets.values()]
assert weights == [138_357_544, 25_636_712, 23_851_784, 3_538_984]
assert [row["depth"] for row in nets.values()] == [16, 50, 48, 53]

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

# %% [markdown]
# MobileNetV2 needs a fiftieth of VGG16's multiply-adds, and a seventh of its time: its many thin layers wait for
# memory rather than for arithmetic. On ImageNet's own validation photos Keras lists .713 for VGG16 and for MobileNetV2, .749 for
# ResNet50, .779 for InceptionV3 (InceptionV3 from 299 × 299 pixels, the others from 224 × 224).
#
# What comes out of VGG16, which many books use? And how large is their usual *head* on it, the new top that you train?

# %% tags=["nbval-check-output"]
for size in (150, 180):
    gc.collect()
    vgg = apps.VGG16(weights=None, include_top=False, input_shape=(size, size, 3))
    print(f"{size} × {size} pixels: feature maps {vgg.output_shape[1:]}")
    del vgg
head = keras.Sequential(
    [keras.Input((4 * 4 * 512,)), layers.Dense(256, activation="relu"), layers.Dense(1)]
)
print(f"a head 4·4·512 – 256 – 1 on the first: {head.count_params():,} weights")
small = apps.MobileNetV2(weights=None, include_top=False, input_shape=(160, 160, 3))
print(f"MobileNetV2 without its top: {small.count_params():,}")
assert (head.count_params(), small.count_params()) == (2_097_665, 2_257_984)

# %% [markdown]
# Two million weights, to be learnt from two thousand photos. Take the *mean* of each map instead (global average pooling), and one neuron on
# the means has 513. That is what this lesson does.
#
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
# For all photos `compute_features` does the same, in batches and with a progress bar, and keeps the result on disk: next
# time it is there at once. (It recognises photos by their content, and the base by its weights.)

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
# What would one get for nothing? **Chance** is, as in lesson 3, what one is right in who always names the larger class:

# %%
counts = np.bincount(validation_labels)
chance = counts.max() / counts.sum()
print(f"chance {chance:.3f}: always {short[counts.argmax()]}")

# %% [markdown]
# Now the new classifier, a single neuron behind a dropout. **Predict.** How long does it take to train, and how good will
# it be?

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
# Seconds, and with pets it is right some nine times in ten or better. All the work was done before, when the base was
# trained.
#
# A neuron behind a sigmoid is a logistic regression. scikit-learn trains it with a solver of its own and a penalty in
# place of dropout, in less than a second. From here on it serves where many of them are needed:

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
# A base understands pixels only as it has learnt them. MobileNetV2 learnt values in [−1, 1]; so did the course's own. VGG16 and ResNet50 take [0, 255]
# less the mean colour, and blue before red. Each family of `keras.applications` has its `preprocess_input`.
#
# **Predict.** What happens to the accuracy if you feed [0, 1]? And [0, 255]?

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
# The mistake gives no error, only a worse network. A good base forgives [0, 1], which is a paler version of the right
# thing, with half the contrast, and so it goes unnoticed for years. With [0, 255] almost all values are far beyond what
# any layer has met. (Classes that colour alone tells apart survive even that. Here the classifier learnt from the wrong
# diet and was asked on the same one. If only the use is wrong, after a right training, expect worse.)

# %%
assert origin == "own" or duel["as it was trained"] > duel["[0, 255]"]

# %% [markdown]
# `compute_features` looks at the pixels before it preprocesses them. (In the duel above they were whole numbers up to
# 255, and only the preprocessing was swapped, which it can't see.) **Predict.** What does it say to photos that were
# divided by 255 already?

# %% tags=["nbval-check-output"]
try:
    features.compute_features(base, np.full((4, SIZE, SIZE, 3), 255.0) / 255.0)
except ValueError as error:
    print(error)

# %% [markdown]
# ## 5.5 Which layers to reuse?
#
# Early layers see edges and colours, which all pictures have. Late layers see what their training asked for. So what
# lies close to the base's own task should go well with its last layers, and what lies far with those in the middle. Test
# it: the means of the last feature maps of each size, for two tasks: your two classes, and (drawn) house numbers.

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
some = slice(0, n) if origin != "own" else slice(None)  # that might be one class
to_size = layers.Resizing(SIZE, SIZE)
digits, digit_labels = drawn.draw_house_numbers(2 * n, seed=1)
far = to_size(digits).numpy().astype("uint8")
mine = [of[some] for of in (photos, labels, validation_photos, validation_labels)]
tasks = {task: mine}
tasks["house numbers"] = far[:n], digit_labels[:n], far[n:], digit_labels[n:]

# %% [markdown]
# **Predict.** At which stage does each of them do best? (Chance for your classes stands in section 5.3; for digits it is
# .10.)

# %%
probes = {}
for name, (x, y, x_test, y_test) in tasks.items():
    seen, asked = (
        everywhere.predict(base.preprocess(images), verbose=0) for images in (x, x_test)
    )
    probes[name] = [fit_linear(a, y).score(b, y_test) for a, b in zip(seen, asked)]
    print(f"{name:14}", ", ".join(f"{score:.2f}" for score in probes[name]))
figures.line_plot(
    {name: (list(stages), scores) for name, scores in probes.items()},
    xlabel="stage: how often the maps were halved", ylabel="accuracy",
    title="The two tasks, from the maps of each stage",
)

# %% [markdown]
# Cats and dogs gain most in the last stages: to tell creatures apart is what the base has learnt. Digits gain little from
# the last one, or even lose, as in the full run (section 5.11): what told digits apart was of no use in the base's
# training, and need not be kept. (Later stages also have more maps, which helps both tasks.) So *the further your
# pictures from the base's, the more it pays to try an earlier cut*. Have you added your own? Then read off which of the
# two they resemble. What the layers see, lesson 6 will show.

# %%
gain = {name: scores[-1] - scores[-3] for name, scores in probes.items()}
for name, points in gain.items():
    print(f"{name}: {points:+.2f} in the last two stages")
assert origin == "own" or gain[task] > gain["house numbers"]

# %% [markdown]
# ## 5.6 Second way: the frozen base in a new network
#
# Features computed once can't be augmented: each photo is seen in one version only. If the base is part of the network,
# it sees a new version in every epoch. The price: all of the base has to be run for each photo each time.

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
# run through the whole base. So freeze first, compile then, and count what is left. **Predict.** How many weight
# tensors is that?

# %%
base.model.trainable = False
network = make_network(base, make_augmentation())

def count(tensors):
    return sum(tensor.shape.num_elements() for tensor in tensors)

trained = network.trainable_weights
print(f"{len(trained)} tensors to train, with {count(trained):,} weights, ", end="")
print(f"of {len(network.weights)} with {network.count_params():,}")

# %% [markdown]
# The kernel and the bias of the one neuron.

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
assert all(np.array_equal(a, b) for a, b in zip(before_training, base.model.weights))

# %% [markdown]
# Is it worse than features and a single neuron? After the few epochs of the quick version, very likely: it has seen each
# photo a few times only, each time in another version, and its neuron begins at random. The full run (section 5.11)
# gave it more epochs, on two thousand photos.
#
# The assert shows that no number of the base has changed. Augmentation is off outside training, so the features of the
# validation photos are still those of the first way: validation needn't run the base again.
#
# ## 5.7 Third way: fine-tuning
#
# The last layers of the base may learn too, with a small learning rate, once the head is good. Why only then? A head
# of random numbers sends back large gradients that mean nothing, and they would wreck what the base knows. So: head first
# (done), then unfreeze the top block.
#
# Here earlier courses went wrong. They set `trainable` and forgot to compile again; or unfroze one layer of a block of
# three. So count. In VGG16, block 5 has three convolutions:

# %%
def unfreeze_from(model, first):
    """Train only the layers from `first` on, and leave batch norm alone (see 5.8)."""
    names = [layer.name for layer in model.layers]
    model.trainable = True
    for position, layer in enumerate(model.layers):
        is_norm = isinstance(layer, layers.BatchNormalization)
        layer.trainable = position >= names.index(first) and not is_norm

# %% [markdown]
# **Predict.** How many weight tensors does VGG16's base have, and how many of them are in block 5? What share of the
# block's weights would you train if you unfroze only one of its layers?

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
# and you train a third of what you say.

# %%
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
# A small learning rate: 10⁻³ is usual for a new network, and here it is a thirtieth of that. (The course's own base is small and can take more: a fifth.)

# %%
RATE = 3e-5 if base.knows == "ImageNet" else 2e-4
tuned_history, seconds_tuned = fit(network, RATE, epochs=2 if SCALE == "quick" else 8)
tuned_accuracy = network.evaluate(validation_photos, validation_labels, verbose=0)[1]
print(f"{seconds_tuned[0]:.0f} s, validation accuracy {tuned_accuracy:.3f}")

# %% [markdown]
# (In quick size these are two epochs, to see that it works; what it brings you see in section 5.11.)
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
# Batch norm has two faces. In training it normalises with the mean and deviation of the *batch*, and lets its running averages
# follow. In use it takes the running averages. When you fine-tune, you want to keep these averages: they come from very
# many photos, and the layers after them were trained on what they give. Small batches of yours give noisy averages in
# their place. And while `fit` uses the batch's own mean and deviation, the block learns under conditions that it doesn't
# have in use.
#
# Many texts say: call the base with `training=False`, and it will keep still. Don't believe it; look. To be quick, this
# experiment leaves all but the top block aside. What comes before is frozen, so its output can be computed once, like
# the features of the first way:

# %%
cut = base.model.get_layer(base.top_block).input
below = base._replace(model=keras.Model(base.model.input, cut))
maps, validation_maps = (
    features.compute_features(below, images, pooled=False)
    for images in (photos, validation_photos)
)
top_weights = keras.Model(cut, base.model.output).get_weights()
print(f"what the top block sees: {maps.shape[1:]}")

# %% [markdown]
# From the maps on, a network with the block as the base has it, and a head that the linear classifier sets: "head
# first", in no time.

# %%
def set_head(dense, x, y):
    """Give a neuron the weights of the linear classifier on features x."""
    scaler, linear = fit_linear(x, y)
    kernel = linear.coef_[0] / scaler.scale_
    dense.set_weights([kernel[:, None], linear.intercept_ - kernel @ scaler.mean_])

def top_network(keep_still=True):
    """Maps to the probability of class 1; batch norm is frozen if it keeps still."""
    block = keras.models.clone_model(keras.Model(cut, base.model.output))
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
    network.layers[1].set_weights(top_weights)
    set_head(network.layers[-1], x_train[chosen], labels[chosen])
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))

def score(network):
    said = network(validation_maps, training=False).numpy()[:, 0] > 0.5
    return np.mean(said == validation_labels)

# %% [markdown]
# Then it trains; what comes back is the validation accuracy before, and after each round of epochs:

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
# **Predict.** The block is called with `training=False`, twice: once with its batch norm layers frozen as well
# (`layer.trainable = False`), once without. Will the averages move? And what does it do to validation accuracy?

# %%
def moving_averages(network):
    weights = network.non_trainable_weights
    return np.concatenate([w.numpy() for w in weights if "/moving" in w.path])

rounds = 2 if SCALE == "quick" else 4
bn_runs = {}
for name, still in (("training=False alone", False), ("frozen too", True)):
    network_on_maps = top_network(keep_still=still)
    network_on_maps.layers[1].set_weights(top_weights)
    averages = moving_averages(network_on_maps)
    scores = train_top(network_on_maps, 1e-5, epochs=1, rounds=rounds, batch_size=8)
    moved = not np.array_equal(averages, moving_averages(network_on_maps))
    bn_runs[name] = {"moved": moved, "accuracy": scores}
    shown = " ".join(f"{s:.3f}" for s in scores)
    print(f"batch norm {name:21} averages moved: {moved!s:5}  validation {shown}")

# %% [markdown]
# With this version of Keras, `training=False` in a functional model is overruled by `fit`, and the averages move. What
# that costs depends on the base and on your images. For the course's own base and drawn pets it is next to nothing,
# since these pets resemble the creatures it has learnt from. On photos, in the full run, the makers' copy of MobileNetV2
# was ruined; section 5.11 says why that copy is an extreme case.
#
# Freezing the batch norm layers does hold them, and not their scale and offset only: a batch norm layer with `trainable = False` works in inference
# mode. So `unfreeze_from` leaves them out, and the proof stands above: of all tensors only those meant had changed, and no moving average was among them.

# %%
assert not bn_runs["frozen too"]["moved"]
assert not any("moving" in path for path in changed)

# %% [markdown]
# ## 5.9 A learning rate for each layer
#
# The head is new and may take large steps; the lower a layer of the base, the less it should change. Between "frozen" and "free" there
# is every degree: **discriminative learning rates**. Keras has no switch for it, but an optimiser passes each weight through
# one method, where you can multiply:

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
# Here the head learns at the full rate, and each tensor below it at a share that falls step by step. (Multiplying the *gradients* instead would do nothing:
# Adam divides by their size.) **Predict.** By how much does Adam's very first step change a weight, at most?

# %%
layerwise = top_network()
train_top(layerwise, 0, rounds=0)
# In the order of the layers; the last two are the head's:
weights = layerwise.trainable_weights
shares = [*(0.5 ** np.arange(len(weights) - 2, 0, -1)), 1.0, 1.0]
layerwise.compile(LayerwiseAdam(1e-3, shares), "binary_crossentropy")
before = [weight.numpy() for weight in weights]
layerwise.train_on_batch(maps[:32], labels[:32])
steps = [np.abs(weight.numpy() - old).max() for weight, old in zip(weights, before)]
for weight, step, share in zip(weights, steps, shares):
    name = "/".join(weight.path.split("/")[-2:])
    print(f"{name:34} share {share:.4f}, step {step:.1e}")

# %% [markdown]
# By its learning rate, whatever the gradient: in the first step mean and root mean square are the same number. So you can
# read off that each tensor has the rate that it should have. (Only where there is next to no gradient, because every
# photo is named rightly and surely, are steps smaller.) Whether it pays you find out in exercise 5; with one block and
# few photos don't expect much. (The order in the list isn't always that in the network: the `skip` convolution of the
# course's own base lies beside the others, not above them.)

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

train_top(network_on_maps, 0, rounds=0)  # the block as it was
old_features = block_features(network_on_maps)
reader = fit_linear(old_features[known], old_labels[known])
right = reader.score(old_features[asked], old_labels[asked])
print(f"kinds named rightly before: {right:.2f} (chance is {1 / n_kinds:.2f})")

# %% [markdown]
# **Predict.** Which learning rates make it forget, and does the new task profit from it?

# %%
rates = (1e-5, 1e-4, 1e-3, 1e-2)
forgetting = {task: [], "the old kinds": []}
for rate in rates:
    forgetting[task].append(train_top(network_on_maps, rate)[-1])
    new_features = block_features(network_on_maps)[asked]
    forgetting["the old kinds"].append(reader.score(new_features, old_labels[asked]))
figures.line_plot(
    {name: (rates, values) for name, values in forgetting.items()}, log_x=True,
    xlabel="learning rate of the top block", ylabel="accuracy",
    title="Both tasks after training at each rate",
)

# %% [markdown]
# Up to a point little is lost. Then the old kinds go. With pets, the new task hardly suffers meanwhile, so its validation
# accuracy doesn't warn you. (A handful of photos makes few steps, and few steps forget less.) This is **catastrophic forgetting**: what served the old kinds is overwritten, or moved to
# where the old classifier doesn't find it. If the base is to serve anything else as well, keep the learning rate small.

# %%
print("rates  ", "  ".join(f"{rate:.0e}" for rate in rates))
for name, values in forgetting.items():
    print(f"{name:14}", "  ".join(f"{value:.3f}" for value in values))
kept = forgetting["the old kinds"]
assert origin == "own" or kept[0] > kept[-1] + 0.2

# %% [markdown]
# ## 5.11 The full runs
#
# In quick size, what you have measured is a small version. In full size, all photos and 160 × 160 pixels, this is where the
# numbers are written down, if the course's makers ask for it:

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
# One photo in eight wrong became one in fifty, in a fraction of the time. (Not counted: the days that somebody else spent
# on training the base. And fine-tuning comes on top of (b), so together they take twelve minutes; other work ran on the
# machine, from which the processor time suffers less.) The three ways lie close together: with 1,000 validation photos
# two standard errors are about one point at 98 %, three at lesson 3's accuracy. So don't make much of their order. What
# decides between them is the price. Features first, always; then, if it pays, the rest.

# %%
assert table["(a) features once"][0] >= 0.96 and table["(b) frozen base"][0] >= 0.97
assert table["(c) fine-tuned, after (b)"][0] >= 0.975
with_base = [accuracy for accuracy, _ in list(table.values())[1:]]
assert from_scratch < 0.88 and min(with_base) > 0.97
two_errors = 2 * np.sqrt(0.98 * 0.02 / 1000)
print(f"two standard errors at .98 are {two_errors:.3f}; ", end="")
print(f"the three lie within {np.ptp(with_base):.3f}")

# %% [markdown]
# And the experiments of this lesson, as that recorded run measured them:

# %%
def row(values, digits=2):
    return ", ".join(f"{value:.{digits}f}" for value in values)

meals_shown = (f"{name} {value:.3f}" for name, value in full["duel"].items())
print("preprocessing:", ", ".join(meals_shown))
for name, scores in full["probes"].items():
    print(f"recorded, stages, {name}: {row(scores)}")
for name, run in full["batch_norm"].items():
    validated = row(run["accuracy"], 3)
    print(f"batch norm {name}: averages moved: {run['moved']}, validation {validated}")
for name, values in full["forgetting"].items():
    rates_shown = f"{full['rates'][0]:.0e} to {full['rates'][-1]:.0e}"
    print(f"recorded, rates {rates_shown}, {name}: {row(values)}")

# %% [markdown]
# - *Preprocessing.* [0, 1] costs one or two points, and nobody would notice. [0, 255] costs over twenty.
# - *Stages.* Cats and dogs are best after the last stage; for house numbers it is the last but one.
# - *Batch norm.* Where its averages moved, three epochs took the network from .97 down to chance. This is an extreme
#   case. In the makers' copy of MobileNetV2 batch norm is folded into the convolutions: it has averages of 0, deviations
#   of 1, and offsets that fit convolutions nobody normalises. `fit` normalises with the batch all the same, and the
#   offsets no longer fit. The usual weights should suffer less. That the averages move is true of all of them.
# - *Forgetting.* The old kinds go from .49 at a hundredth of the usual rate to .32 at the usual one, and to chance at ten
#   times it. Cats and dogs lose two points in all.

# %%
right, unit, raw = full["duel"].values()
near, far_task = full["probes"].values()
assert 0.005 < right - unit < 0.025 and right - raw > 0.2
assert np.argmax(near) == len(near) - 1 and np.argmax(far_task) == len(far_task) - 2
assert full["batch_norm"]["training=False alone"]["accuracy"][3] < 0.55
assert full["batch_norm"]["frozen too"]["accuracy"][-1] > 0.97
kept = np.array(full["forgetting"]["the old kinds"])
assert full["rates"] == [1e-5, 1e-4, 1e-3, 1e-2]
assert abs(kept[0] - 0.49) < 0.006 and abs(kept[2] - 0.32) < 0.006 and kept[-1] < 0.05
assert 0.015 < np.ptp(full["forgetting"]["cats and dogs"]) < 0.025
assert round((full["frozen"]["seconds"][0] + full["tuned"]["seconds"][0]) / 60) == 12

# %% [markdown]
# ## 5.12 How many photos?
#
# **Predict.** How many photos does each need to be right nine times in ten: a network from scratch, a classifier on features, a fine-tuned block?

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
    return train_top(network_on_maps, RATE, pick(n, seed), epochs, seed=seed)[-1]

# %% [markdown]
# From scratch: lesson 4's network with all its cures, on 64 × 64 pixels, which is as large as these many runs allow.

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
# In quick size yours are the features; the others would take too long.

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
# Of pets, twenty come close to all of them. (Of each number half is of each class, so the smaller one says how far it
# goes. Where there aren't even ten of each, the figure shows what there is.) And the recorded full run on photos of pets:

# %%
many = recorded.load_run("05_how_many")
photo_curves = {
    way: {int(n): scores for n, scores in curve.items()}
    for way, curve in many["curves"].items()
}
figures.spread_plot(
    photo_curves, xlabel="training photos of pets", ylabel="validation accuracy",
    title="The full run: from twenty photos to two thousand", level=(0.5, "chance"),
)

# %% [markdown]
# To be right nine times in ten: twenty photos, or fewer, for both ways with a base; more than 2,000 from scratch (and
# lesson 4's 87 %, from larger photos and longer training, isn't there either). Two hundred, with a base, are enough for
# 97 %. See how the dots spread: with twenty photos it matters which twenty. After that progress is slow: it takes
# twenty times as many photos, from 100 to 2,000, to halve the features' errors. In this run fine-tuning is ahead at every
# number, most with twenty photos, and never by more than two points.

# %%
average = {}
for way, curve in photo_curves.items():
    average[way] = {n: np.mean(scores) for n, scores in curve.items()}
    shown = ", ".join(f"{n:,}: {value:.3f}" for n, value in average[way].items())
    print(f"{way:12} {shown}")
on_features, fine = average["features"], average["fine-tuned"]
assert min(many["curves"]["features"]["20"]) > 0.9 > from_scratch
assert from_scratch > average["from scratch"][2000]
lead = [fine[n] - on_features[n] for n in fine]
print(f"fine-tuning is ahead by {min(lead):.3f} to {max(lead):.3f}")
assert min(lead) > 0 and lead[0] == max(lead) < 0.0205
assert min(on_features[200], fine[200]) > 0.965
assert 0.45 < (1 - on_features[2000]) / (1 - on_features[100]) < 0.55

# %% [markdown]
# With no ImageNet at hand, on drawn cats and dogs and with the course's own base: the makers' five runs from 200 drawings each.

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

# %% [markdown]
# ## 5.13 Smooth curves, and how they fool you
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
# **Predict.** A curve rises by one each epoch. How far is its smoothed version behind, with a weight of .8, once it has settled? And pure
# noise: what is left of its standard deviation?

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
# Now on the curve of lesson 4. Move the slider: from which weight on does it mislead you?

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
# - *It lags.* A smoothed curve still rises when the real one has turned; and a heavily smoothed one lies far below what the network
#   can do now.
# - *It hides the spread*, which you need in order to judge whether a difference means anything. So draw the raw values as well, thin.
# - *It makes waves out of nothing.* Neighbouring values share most of what they are the mean of, so noise looks like a story.
#
# The third in a picture. Three networks, whose true accuracy is .85 in every epoch; only the luck of 400 validation
# photos, drawn anew each time, changes. (Real validation photos are the same in each epoch, so that the luck is partly
# shared; but the networks wobble as well.) **Predict.** Will the smoothed curves show that they are equal?

# %%
luck = np.random.RandomState(37).binomial(400, 0.85, size=(3, 60)) / 400
figures.line_plot(
    {
        f"network {name}, smoothed, .9": (range(1, 61), smoothed(one, 0.9))
        for name, one in zip("ABC", luck)
    },
    level=(0.85, "the truth"), xlabel="epoch", ylabel="validation accuracy",
    title="Three networks, smoothed",
)

# %% [markdown]
# A seems to learn, B to pull away at the end, C to lie between; all of it is luck. (Not every draw tempts as much as this
# one. But nobody draws many.) A's slow climb even comes from a single epoch: the running mean *starts* at the first value,
# which was unlucky here, and takes twenty epochs to forget it.
#
# And the best epoch of sixty? It is no result either, but the luckiest draw:

# %%
best = np.random.RandomState(2).binomial(400, 0.85, size=(2000, 60)).max(axis=1) / 400
print(f"the best of 60 epochs is on average {best.mean():.3f}, ", end="")
print("though each has a true accuracy of .85")
assert best.mean() > 0.885

# %% [markdown]
# Four points for nothing. Give the last epochs' mean, fix the number of epochs before, or choose the epoch on photos that
# you don't report.
#
# ## 5.14 From drawings to photographs
#
# How far does a base carry? Train on *drawings* of cats and dogs, and test on *photos*. The classifier has never seen a photo, the base
# hardly a drawing.
#
# **Predict.** 200 drawings, then 1,000. How often are photos named rightly? Which does better: the
# linear classifier that you know, with a weight for each feature, or one so simple that it knows two means only?
#
# The simple one: the mean features of the drawn cats and of the drawn dogs; a photo belongs to the nearer mean. Written as a direction and a
# threshold in the middle between both:

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
# The third moves the threshold to the middle of the photos. For that it needs photos, but no labels. (If your images are
# drawn, or of other classes, or your base is the course's own, this is no test of drawings against photos; then only the
# recorded run is.)

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
# The full run, on the 1,000 validation photos; means and extremes of three sets of drawings:

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

# %% [markdown]
# From drawings only, with no photo at all, the two classifiers name 84 and 87 of a hundred photos rightly. With the
# threshold moved, it is 92. (That one has seen the photos, without their labels, and it relies on as many cats as dogs
# among them. With nine cats to one dog the middle would be the wrong place.) It says less about the drawings than about
# the base: among ImageNet's classes are 118 breeds of dogs and five kinds of cats, so the direction from cat to dog is
# probably there already. Two hundred drawings suffice to *point* at it.
#
# Why does moving help? Drawings as a whole lie elsewhere than photos, and a threshold between drawn cats and drawn dogs
# isn't in the right place. The *direction* carries over better than the place.
#
# And a thousand drawings are no better than two hundred. More drawings show more exactly how *drawings* differ; how
# photos differ they don't show. If training and use differ (a **domain shift**), more of the same data doesn't help;
# other data does.

# %%
assert [round(100 * mean_of[200, name]) for name in runs[0]] == [84, 87, 92]
assert all(mean_of[1000, name] < mean_of[200, name] + 0.005 for name in runs[0])

# %% [markdown]
# ## 5.15 Little data: what to do, in one page
#
# 1. **Look at your images**, all of them if there are few. Wrong labels and duplicates cost more than any method brings.
# 2. **Set a test part aside**, and split by what your images share: the same animal, place, camera, day (lesson 3).
# 3. **Features and a linear classifier first.** A base with the right preprocessing, global average pooling, a strong penalty. It takes
#    minutes and has hardly a setting. It shows what you can get, and is what everything else has to beat.
# 4. **Try another base, or larger images**, before you tune anything. Which base knows pictures like yours? If none does, cut earlier (5.5).
# 5. **Augment** with what keeps your labels (lesson 4), and train the head end to end.
# 6. **Fine-tune last**: head first, then the top block, with a thirtieth of the usual learning rate and batch norm frozen.
#    Count the weights before, and prove afterwards which have changed.
# 7. **Repeat with other seeds and other splits.** With few images luck is large; report the spread.
# 8. **More images of the kind that goes wrong**: look at the worst mistakes and collect there. A few chosen well
#    can be worth more than many at random.
# 9. **Use images without labels**: to find the middle of a shifted domain (5.14), or to have a base go on learning without labels (self-supervised learning).
#
# ## Take-aways
#
# - A pretrained base turns two thousand photos of pets from 87 % into 98 %. Two hundred give 97 %, and even twenty beat
#   two thousand without a base.
# - Preprocess as the base was trained; a wrong range gives no error, only a worse network.
# - Compute features once for speed; freeze the base if you augment; fine-tune last: head first, a small rate, and only
#   the layers you mean. Count them, and check which changed.
# - Freeze batch norm layers themselves; `training=False` is not enough in this Keras.
# - Smoothed curves lag and invent; the best of many epochs is luck.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/05_transfer_learning.ipynb): each answers at once what is right, with hints. And to go further
# on your own:
#
# 1. **Another base.** Run the lesson with `load_base("efficientnetv2b0", ...)` or `"vgg16"` (a download of 24 or 59 MB; VGG16 takes some seven times as long). Which does best on features?
#    <details><summary>Hint</summary>Compare linear classifiers on the same 200 photos. VGG16's <code>preprocess</code> swaps the colours' order: look at <code>base.preprocess(np.float32([[[255, 0, 0]]]))</code>.</details>
# 2. **Twice preprocessed.** Feed <code>base.preprocess(base.preprocess(photos))</code>. Predict the accuracy, then measure.
#    <details><summary>Check</summary>Everything lies within a hundredth of −1: nearly black. What contrast is left the first layers hardly pass on. <code>compute_features</code> refuses it, because it sees negative numbers.</details>
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
# A network that is right forty-nine times in fifty: but what does it look at? [Lesson 6](06_interpretation.ipynb) asks it, and puts the answers to
# the test.
