"""A lesson with one question of each kind, for tests of predictions."""

from tools.lesson_source import questions_text, read_lesson

NAME = "90_small"
SOURCE = """\
# %% [markdown]
# # 90. A small lesson

# %%
from course import instruments
predict = instruments.open_lesson("90_small")

# %% [markdown]
# ## 90.1 Bytes
# **Predict.** What is 200 + 100 in a byte?

# %%
predict.number(
    "wrap", 44, mistakes={300: "A byte holds no more than 255.", 255: "It doesn't stop at the top."}
)

# %%
total = 1

# %% [markdown]
# It is 44.
#
# ## 90.2 Maps
# **Predict.** A 28 × 28 image, a 3 × 3 kernel: which shape?

# %%
predict.shape("map", (26, 26), label="height, width", mistakes={(28, 28): "No padding here."})

# %% [markdown]
# **Predict.** Which side?

# %%
predict.choice(
    "side", "the left", options=["the left", "the right"], mistakes={"the right": "Mirrored."}
)

# %% [markdown]
# **Predict.** Which comes first?

# %%
predict.order(
    "steps", ["look", "guess", "run"], mistakes={("guess", "run", "look"): "Look before you guess."}
)

# %%
total += 1

# %% [markdown]
# ## Take-aways

# %%
predict.score()
"""


def write_small_lesson(folder):
    """Write its source, and its questions' file into a folder of their own.

    Args:
        folder: path.
    Returns:
        its notebook, and the questions' folder.
    """
    source = folder / f"{NAME}.py"
    source.write_text(SOURCE, encoding="utf-8")
    questions = folder / "questions"
    questions.mkdir()
    (questions / f"{NAME}.json").write_text(questions_text(source), encoding="utf-8")
    return read_lesson(source), questions
