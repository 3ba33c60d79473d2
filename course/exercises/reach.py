"""Which names a piece of code defines and uses, and what leads to what by them.

Code that is set aside is run only as far as other code needs it, whatever its cell is for.
"""

import ast
import functools
import re
import symtable

_ASIDE = "# %% set aside\n"  # the first line of such a cell
_FILE = re.compile(r"%%(writefile|file)\b")  # magics that write the rest of the cell to a file
_TIMED = re.compile(r"%%(time|timeit|capture|prun)\b.*\n")  # magics that run the cell below them


def statements(cells):
    """The statements at top level, as source.

    Args:
        cells: list of str.
    Returns:
        set of str, in the form of `ast.unparse`.
    """
    return {ast.unparse(node) for cell in cells for node in ast.parse(cell).body}


@functools.cache
def names_of(code):
    """Names at top level that code defines, and those that it uses in whatever depth.

    Args:
        code: str.
    Returns:
        two frozensets of str.
    Example:
        >>> defined, used = names_of("def half(x):\\n    return x / TWO")
        >>> sorted(defined), sorted(used)
        (['half'], ['TWO'])

    """
    top = symtable.symtable(code, "<code>", "exec")
    defined, used, tables = set(), set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported():
                    defined.add(symbol.get_name())
                if symbol.is_referenced():
                    used.add(symbol.get_name())
    return frozenset(defined), frozenset(used)


@functools.cache
def words_of(code):
    """All names that code uses, those after a dot, and its texts, which may be names: frozenset."""
    words = set(names_of(code)[1])
    for part in ast.walk(ast.parse(code)):
        word = getattr(part, "attr", getattr(part, "value", None))
        words |= {word} if isinstance(word, str) else set()
    return frozenset(words)


def reached(names, steps):
    """These names, and all that they lead to.

    Args:
        names: set of str.
        steps: pairs of sets: if one of these names, then all of those.
    Returns:
        set of str.
    Example:
        >>> sorted(reached({"a"}, [({"b"}, {"c"}), ({"a"}, {"b"})]))
        ['a', 'b', 'c']

    """
    steps, names, before = list(steps), set(names), None
    while names != before:
        before = names
        names = names.union(*(then for some, then in steps if some & names))
    return names


def set_aside(source):
    """A cell that is there for a look: `to_run` keeps of it only what others need."""
    return _ASIDE + source


def is_aside(source):
    """Whether a cell has been set aside."""
    return source.startswith(_ASIDE)


def to_run(cells, asked=(), again=()):
    """What to run of each cell of a notebook, to have the definitions that Jupyter would give.

    Cells that were set aside, and those of `again`, are cut down to the statements that the other
    cells and the names that are asked for need: a slow demo needn't be run, a helper must be.

    Args:
        cells: list of str, magics in them or not.
        asked: names that somebody will ask for.
        again: indices of cells that can't be run whole.
    Returns:
        list of str, one for each cell; empty where nothing of it is needed.
    """
    cut = {n for n, cell in enumerate(cells) if n in again or is_aside(cell)}
    if not cut:
        return list(cells)
    read = [_read(cell) for cell in cells]
    needed, modules = set(asked), set()
    for n, (code, nodes) in enumerate(read):
        if n not in cut:
            needed |= _words(code) if nodes is None else names_of(code)[1]
        for node in nodes or ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules |= {name.asname or name.name.partition(".")[0] for name in node.names}
    parts = {}
    for n in cut:
        code, nodes = read[n]
        parts[n] = [(node, *_reach(node, code.split("\n"), modules)) for node in nodes or ()]
    steps = [(makes, uses) for part in parts.values() for _, makes, uses in part]
    needed = reached(needed, steps)
    run = list(cells)
    for n, part in parts.items():
        kept = [node for node, makes, _ in part if makes & needed or "*" in makes]
        if _FILE.match(read[n][0]):
            run[n] = read[n][0]
            continue
        run[n] = "\n".join(map(ast.unparse, kept))
    return run


def _read(cell):
    """A cell's code without magics, and its statements; (as it is, None) if it isn't Python."""
    code = _TIMED.sub("", cell.removeprefix(_ASIDE).lstrip("\n"), count=1)
    if code.startswith("%%"):
        return code, None  # another language, or a file
    for transform in (str, _without_magics):
        try:
            plain = transform(code)
            return plain, ast.parse(plain).body
        except (SyntaxError, ValueError):
            continue
    return code, None


def _without_magics(code):
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(code)


def _words(text):
    return set(re.findall(r"\w+", text))


def _reach(node, lines, modules):
    """What a statement of these lines makes or changes, and what it uses: two sets of names."""
    first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
    makes, uses = map(set, names_of("\n".join(lines[first - 1 : node.end_lineno])))
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return {"*"}, uses
    for part in ast.walk(node):
        changed = None
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            changed = part
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            changed = part.func if isinstance(node, ast.Expr) and part is node.value else None
        while isinstance(changed, ast.Attribute | ast.Subscript | ast.Call):
            changed = changed.func if isinstance(changed, ast.Call) else changed.value
        if isinstance(changed, ast.Name) and changed.id not in modules:
            makes.add(changed.id)
    return makes, uses
