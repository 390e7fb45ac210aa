"""ECMAScript regular expressions as a tree (ECMA-262, 22.2.1 and, without the flag `u`, annex B.1.2)."""

from __future__ import annotations

from idemlint.openapi.ecma_regex.charset import LINE_END, CharSet, complement, merge
from idemlint.openapi.ecma_regex.escapes import DIGITS, Reader, group_name
from idemlint.openapi.ecma_regex.tree import (
    Alternatives,
    Assertion,
    Chars,
    Group,
    Look,
    Node,
    Reference,
    Repeat,
    Sequence,
    Tree,
)

DEEPEST = 50
"""Groups within groups; far beyond what people write, and safe for Python's stack."""


def parse(source: str, flags: str) -> Tree:
    """`source` holds UTF-16 code units, or code points with the flag `u`. Raises `PatternError`."""
    return _Parser(source, flags).tree()


class _Parser(Reader):
    def __init__(self, source: str, flags: str) -> None:
        super().__init__(source, flags)
        self.depth = 0
        self.opened = 0
        self.looks: list[Look] = []
        self.references = False

    def tree(self) -> Tree:
        root = self.alternatives()
        if self.at < len(self.source):
            self.fail("unmatched )")
        return Tree(root, self.total, self.names, self.looks, self.references, self.properties, self.flags)

    def alternatives(self) -> Node:
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        if len(branches) == 1:
            return branches[0]
        if all(isinstance(branch, Chars) and not branch.set.properties for branch in branches):
            ranges = (pair for branch in branches if isinstance(branch, Chars) for pair in branch.set.ranges)
            return Chars(CharSet(merge(ranges)))
        return Alternatives(tuple(branches))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            first = self.opened + 1
            start = self.at
            item = self.term()
            items.append(self.quantified(item, first, start))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def quantified(self, item: Node, first: int, start: int) -> Node:
        bounds = self.quantifier()
        if bounds is None:
            return item
        if isinstance(item, Assertion) or (isinstance(item, Look) and (self.unicode or not item.ahead)):
            self.fail("nothing to repeat", start)
        least, most = bounds
        greedy = not self.take("?")
        return Repeat(item, least, most, greedy, (first, self.opened + 1))

    def quantifier(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        counts = self.counts()
        if counts is None:
            return None
        least, comma, most = counts
        if most and _bounded(most) < _bounded(least):
            self.fail("numbers out of order in {} quantifier")
        self.at += len(least) + len(comma) + len(most) + 2
        return _bounded(least), _bounded(most or least) if most or not comma else None

    def counts(self) -> tuple[str, str, str] | None:
        """`{n}`, `{n,}` or `{n,m}` that stands here, in its parts."""
        if not self.source.startswith("{", self.at):
            return None
        least = self.run(DIGITS, self.at + 1, len(self.source))
        at = self.at + 1 + len(least)
        comma = "," if self.source.startswith(",", at) else ""
        most = self.run(DIGITS, at + 1, len(self.source)) if comma else ""
        closed = self.source.startswith("}", at + len(comma) + len(most))
        return (least, comma, most) if least and closed else None

    def term(self) -> Node:
        char = self.source[self.at]
        if char == "(":
            return self.group()
        if char in "*+?" or (char == "{" and (self.unicode or self.counts())):
            self.fail("nothing to repeat")
        if self.unicode and char in "]}":
            self.fail(f"lone {char}")
        self.at += 1
        if char in "^$":
            return Assertion(char + ("m" if "m" in self.flags else ""))
        if char == ".":
            return Chars(CharSet(complement(() if "s" in self.flags else LINE_END)))
        if char == "[":
            return Chars(self.char_class())
        if char == "\\":
            return self.escape()
        return self.literal(ord(char))

    def literal(self, code: int) -> Chars:
        return Chars(CharSet(self.folded(((code, code),))))

    def group(self) -> Node:
        start = self.at
        self.at += 1
        number = 0
        look = None
        for opening in ("?:", "?=", "?!", "?<=", "?<!"):
            if self.take(opening):
                look = opening
                break
        else:
            if self.source.startswith("?", self.at) and not self.source.startswith("?<", self.at):
                self.fail("invalid group; inline flags such as (?i) are not ECMAScript", start)
            self.opened += 1
            number = self.opened
            if self.take("?<"):
                name = self.group_name()
                if self.names.get(name) != number:
                    self.fail(f"duplicate group name {name!r}", start)
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"groups nested more than {DEEPEST} deep", start)
        body = self.alternatives()
        self.depth -= 1
        if not self.take(")"):
            self.fail("unterminated group", start)
        if number:
            return Group(body, number)
        if look == "?:" or look is None:
            return Sequence((body,)) if isinstance(body, Assertion | Look) else body  # not bare: it may be repeated
        node = Look(body, "<" not in look, look.endswith("!"), len(self.looks))
        self.looks.append(node)
        return node

    def group_name(self) -> str:
        name = group_name(self.source, self.at)
        if not name.replace("$", "_").isidentifier():
            self.fail("invalid group name")
        self.at += len(name) + 1
        return name

    def escape(self) -> Node:
        """Behind a backslash, outside a class."""
        start = self.at - 1
        if self.at == len(self.source):
            self.fail("\\ at the end of the pattern", start)
        char = self.source[self.at]
        if char in "bB":
            self.at += 1
            return Assertion(char)
        if char == "k" and (self.unicode or self.names):
            self.at += 1
            if not self.take("<"):
                self.fail("invalid named reference", start)
            name = self.group_name()
            if name not in self.names:
                self.fail(f"no group is named {name!r}", start)
            self.references = True
            return Reference(self.names[name])
        if "1" <= char <= "9":
            digits = self.run(DIGITS, self.at)
            if len(digits) < 6 and int(digits) <= self.total:
                self.at += len(digits)
                self.references = True
                return Reference(int(digits))
            if self.unicode:
                self.fail("no such group", start)
        charset = self.class_escape()
        return Chars(charset) if charset is not None else self.literal(self.char_escape(in_class=False))


def _bounded(digits: str) -> int:
    """A count; beyond a billion it is no different, and Python refuses to read thousands of digits."""
    return min(int(digits[:12]), 10**9) if len(digits) <= 12 else 10**9
