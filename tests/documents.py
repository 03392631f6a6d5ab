"""What documents for users promise, for the tests that hold them to it."""

import re
from collections.abc import Mapping
from pathlib import Path


def snippet(document: Path, names: Mapping[str, Path]) -> str:
    """The first Python of a document, with folders in the place of the names in it, each of which stands there once."""
    text = re.search(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL).group(1)
    for name, folder in names.items():
        assert text.count(f'"{name}"') == 1
        text = text.replace(f'"{name}"', repr(str(folder)))
    return text


def local_links(document: Path) -> list[str]:
    """The files that a document links to; each is there, and has the head that is named."""
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", document.read_text(encoding="utf-8"))
    local = [(path, anchor) for path, anchor in links if "://" not in path]
    for path, anchor in local:
        assert (document.parent / path).exists(), path
        if anchor:
            heads = re.findall(r"^#+ (.+)$", (document.parent / path).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, anchor
    return [path for path, _ in local]
