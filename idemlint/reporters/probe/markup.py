"""HTML and SVG put together from parts: whatever is no markup of ours is escaped here and nowhere else."""

from __future__ import annotations

from idemlint.reporters.escaping import terminal, terminal_lines, xml


def word(text: str) -> str:
    """One line of hostile text, for an element or a quoted attribute."""
    return xml(terminal(text))


def lines(text: str) -> str:
    """Hostile text that keeps its line breaks, for a `pre`."""
    return xml(terminal_lines(text)).replace("&#10;", "\n")


def element(name: str, content: str, classes: str = "", **attributes: str) -> str:
    """`content` is markup already; attribute values are not. `id_` and `for_` lose their underscore, `_` becomes `-`."""
    attributes = {"class": classes, **attributes} if classes else attributes
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{word(value)}"' for key, value in attributes.items())
    return f"<{name}{told}>{content}</{name}>"


def fold(title: str, content: str, classes: str = "", **attributes: str) -> str:
    """A part that opens when its title is clicked; both are markup."""
    return element("details", f"<summary>{title}</summary>{content}", classes, **attributes)
