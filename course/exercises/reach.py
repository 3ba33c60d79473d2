"""Which names a piece of code defines and uses, and what leads to what by them."""

import ast
import functools
import symtable


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
