"""The links within a site, or another folder of HTML pages, that lead nowhere."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

LINKS = "href", "src", "action"


class Links(HTMLParser):
    """What a page links to, and what can be linked to in it.

    Args:
        text: of the page.
    """

    def __init__(self, text):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[name] for name in LINKS if given.get(name)]
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}

    handle_startendtag = handle_starttag


def dead_links(folder):
    """The links from page to page, to files, and to places in a page, that lead nowhere.

    Args:
        folder: path; its pages are *.html, in folders too.
    Returns:
        list of "page: link"; empty if all is well. Links to other servers are not followed.
    """
    pages = {
        path.resolve(): Links(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.html"))
    }
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            found = target.is_file() and (
                not fragment or target not in pages or fragment in pages[target].ids
            )
            if not found:
                dead.append(f"{path.relative_to(folder.resolve()).as_posix()}: {link}")
    return dead
