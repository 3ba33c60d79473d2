"""Instruments on a page without a kernel: their modules, state and picture as HTML."""

import html
import json
from pathlib import Path

from course.instruments.base import module_text, style_text

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
SHIM = Path(__file__).resolve().parent / "site" / "exported.js"
IDENTITY = "_anywidget_id"
OWN = "course.instruments."


def live_instruments(notebook):
    """The instruments of an executed notebook that need no kernel.

    Args:
        notebook: as nbclient leaves it, with the widgets' state in its metadata.
    Returns:
        dict from the widget's model id to (module's name, state), the state as the page's script
        reads it: {"attributes": ..., "buffers": [{"path": ..., "data": base64}, ...]}.
    """
    from course import instruments

    live = {}
    states = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for model_id, model in states.items():
        attributes = model["state"]
        identity = attributes.get(IDENTITY, "")
        if not identity.startswith(OWN):
            continue
        kind = getattr(instruments, identity.rpartition(".")[2])
        if kind.lives_alone:
            own = {name: value for name, value in attributes.items() if not name.startswith("_")}
            own.pop("layout", None)
            buffers = [
                {"path": buffer["path"], "data": buffer["data"]}
                for buffer in model.get("buffers", [])
            ]
            live[model_id] = kind.module, {"attributes": own, "buffers": buffers}
    return live


def instead_of(data, alt):
    """What stands for an instrument that isn't alive, as HTML: its picture, or its line of text.

    Args:
        data: its output's, by kind.
        alt: text for those who don't see the picture.
    """
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return f'<img alt="{html.escape(alt)}" src="data:{kind};base64,{data[kind]}">'
    return f"<p>{html.escape(data['text/plain'])}</p>"


def instrument_html(module, state, instead):
    """One instrument of a page: what stands there without a script, and what brings it to life.

    Args:
        module, state: as from `live_instruments`.
        instead: HTML of one element, shown until the script has run, and where none runs.
    """
    text = json.dumps(state, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div data-instrument="{html.escape(module)}">'
        f"{instead}"
        f'<script type="application/json">{text}</script></div>'
    )


def script(modules):
    """The classic script that brings a page's instruments to life; it goes at the end of the body.

    Args:
        modules: names of the instruments' modules.
    """
    parts = ["window.courseInstruments = {};"]
    for module in sorted(set(modules)):
        body = module_text(module).replace("export default", "return")
        parts.append(f"window.courseInstruments.{module} = (() => {{\n{body}\n}})();")
    return "\n".join([*parts, SHIM.read_text(encoding="utf-8")])


def page(notebook):
    """A whole page with all live instruments of an executed notebook, and nothing else."""
    live = live_instruments(notebook)
    modules = {module for module, _ in live.values()}
    blocks = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if (model_id := data.get(VIEW, {}).get("model_id")) in live:
                instead = instead_of(data, "An instrument")
                blocks.append(instrument_html(*live[model_id], instead))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Instruments</title>'
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<style>{style_text(*sorted(modules))}</style>{''.join(blocks)}"
        f"<script>{script(modules)}</script></html>"
    )
