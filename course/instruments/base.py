"""What every instrument has: a module for the browser, and a picture for readers without one."""

import base64
import io
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from course_utils.figures import cell_output

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "([\w./]+)\.mjs";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
PNG_DPI = 72


def module_text(name):
    """An instrument's ES module in one piece: what it imports stands before it.

    Front ends take one module without neighbours; the files stay apart, so that they can be read,
    and imported by Node's tests.

    Args:
        name: the module's file name in this folder, without ".mjs".
    """
    texts = {}

    def collect(name):
        text = (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")
        for imported in IMPORT.findall(text):
            if imported not in texts:
                collect(imported)
        texts[name] = EXPORT.sub("", IMPORT.sub("", text))

    collect(name)
    return "\n".join(texts.values())


def style_text(*names):
    """The instruments' common style, and what these modules add in a file of their own."""
    files = [FOLDER / f"{name}.css" for name in ("instruments", *names)]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())


def packed(array, dtype="float32"):
    """An array as the front end takes it: `unpack` in elements.mjs is its counterpart.

    Args:
        array: anything NumPy makes an array of.
        dtype: "float32" or "uint8".
    """
    array = np.ascontiguousarray(array, dtype)
    return {"shape": list(array.shape), "dtype": dtype, "data": array.tobytes()}


def unpacked(packet):
    """The array of a packet that `packed` made."""
    return np.frombuffer(packet["data"], packet["dtype"]).reshape(packet["shape"])


class Instrument(anywidget.AnyWidget):
    """A widget with a picture beside it.

    Subclasses name their `module`, and draw themselves as a matplotlib figure in `picture()`: a
    strip of telling states, from the same parameters, which `alt` puts in words. An instrument
    that computes in the browser `lives_alone`: pages without a kernel, and notebooks that are
    opened again, keep it alive. Others derive from `AskingInstrument`.
    """

    module = None
    lives_alone = True
    # With ipywidgets 7, which Colab has, this method would show the widget without its picture.
    _ipython_display_ = None

    def __init_subclass__(cls, **keywords):
        if "module" in vars(cls):  # not in the subclass that traitlets makes for each widget
            cls._esm = module_text(cls.module)
            cls._css = style_text(cls.module)
        super().__init_subclass__(**keywords)

    def picture(self):
        """The instrument in a few telling states, as a matplotlib Figure at most 9 inches wide."""
        raise NotImplementedError

    @property
    def alt(self):
        """What one sees in the picture, in one sentence."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure, buffer = self.picture(), io.BytesIO()
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Description": self.alt})
        width = round(figure.get_figwidth() * PNG_DPI)
        shown, about = cell_output(buffer.getvalue(), self.alt, width=width)
        return data | shown, metadata | about


class AskingInstrument(Instrument):
    """An instrument whose answers come from the kernel, one at a time.

    The front end's `asker` (elements.mjs) sets `question`, a dict with a "number", and waits for
    the `answer` of that number before it sends another. Subclasses give `respond`. Where no kernel
    is left, the front end shows the picture.
    """

    lives_alone = False
    question = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    still = traitlets.Dict().tag(sync=True)  # the picture, {"png": bytes, "alt": text}

    def respond(self, question):
        """The answer to a question, a dict that JSON or `packed` can carry."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        self.still = {"png": base64.b64decode(data["image/png"]), "alt": self.alt}
        return data, metadata

    @traitlets.observe("question")
    def _answer(self, change):
        question = change["new"]
        try:
            answer = self.respond(question)
        except Exception as error:  # a callback's traceback goes to a log that nobody looks at
            self.answer = {
                "number": question.get("number"),
                "error": f"{type(error).__name__}: {error}",
            }
            raise
        self.answer = answer | {"number": question.get("number")}
