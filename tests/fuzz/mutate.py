"""The child process of the fuzz test: `python mutate.py INPUTS SEED`. Prints one line of JSON; exits 1 at the first failure.

Takes real documents (those beside the checkout, else the project's fixtures), breaks them byte by byte and line by line, and
lints them in this process. A failure is any exception but IdemlintError, a run over 10 s, or memory over 1 GB.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import corpus

from idemlint.check.linting import lint
from idemlint.check.loading import RulesetLoader
from idemlint.contract.contract import DEFAULT
from idemlint.errors import IdemlintError
from idemlint.openapi.document import parse
from idemlint.openapi.references import Policy

if TYPE_CHECKING:
    from idemlint.check.ruleset import Ruleset

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "tests/conformance/scenarios").glob("*.yaml"))
SECONDS = 10
MEMORY = 1 << 30
LARGEST = 60_000
TOKENS = [
    *(
        b": ",
        b"- ",
        b"? ",
        b"| ",
        b"> ",
        b"&a ",
        b"*a ",
        b"<<: *a",
        b"!!binary ",
        b"!x ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"#",
        b",",
        b"\t",
    ),
    *(
        b"'",
        b'"',
        b"\\",
        b"\\u",
        b"\\ud83d",
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xe2\x80\xa8",
    ),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"~",
        b"null",
        b".nan",
        b"1e999",
        b"-0",
        b"0x",
        b"9" * 400,
        b"[" * 200,
        b"{a: " * 200,
    ),
    *(
        b"$ref: '#'",
        b"$ref: '#/paths'",
        b"$ref: 'x.yaml#/a'",
        b'{"$ref": "#/components"}',
        b"$ref: [1]",
        b"$ref: '%zz#/~2'",
    ),
    *(
        b"required: true",
        b"in: header",
        b"name: Idempotency-Key",
        b"pattern: '(a+)+$'",
        b"pattern: '['",
        b"format: uuid",
    ),
    *(b"post:", b"409:", b"parameters: {}", b"responses: []", b"paths: 5", b"openapi: [3]", b"x-idempotency: false"),
]


WEIRD = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    "",
    "x",
    "409",
    "\U0001f600",
    "#/",
    [],
    {},
    [[]],
    [None],
    {"": {}},
    {"$ref": 5},
]


class Slow(BaseException):
    """Not an Exception: nothing on the way may take it for an ordinary one."""


def ring(_signal: int, _frame: object) -> None:
    raise Slow


def mutate(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    if chance.random() < 0.3 and len(data) > 4000:  # a window of whole lines, with the head kept half of the time
        start = data.find(b"\n", chance.randrange(len(data)))
        head = data[: chance.choice([0, 300])]
        data = head + data[start : start + chance.randrange(200, 4000)]
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        at = chance.randrange(len(data) + 1)
        length = chance.choice([1, 1, 2, 8, 40, 400])
        kind = chance.randrange(7)
        if kind == 0:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 1:
            data[at : at + length] = chance.choice(TOKENS)
        elif kind == 2:
            del data[at : at + length]
        elif kind == 3:
            data[at:at] = data[at : at + length]
        elif kind == 4 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 5:
            lines = data.splitlines(keepends=True)
            if len(lines) > 2:
                one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
                lines[one], lines[two] = lines[two], lines[one]
                data = bytearray(b"".join(lines))
        elif chance.random() < 0.2:
            del data[at:]
    return bytes(data)


def regrow(tree: Any, chance: random.Random) -> bytes:
    """The same document, readable still, with some nodes replaced by what nobody expects there."""
    tree = json.loads(json.dumps(tree))
    places: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        places += [(node, key) for key in keys]
        waiting += [node[key] for key in keys]
    for _ in range(chance.choice([1, 2, 5])):
        if not places:
            break
        node, key = chance.choice(places)
        other, at = chance.choice(places)
        pointer = "#/" + "/".join(str(chance.choice(places)[1]).replace("~", "~0").replace("/", "~1") for _ in range(3))
        node[key] = chance.choice(
            [chance.choice(WEIRD), json.loads(json.dumps(other[at])), {"$ref": pointer}, {"$ref": "#"}]
        )
    return json.dumps(tree, indent=chance.choice([None, 2])).encode()


def seeds() -> list[bytes]:
    """Real documents and fixtures, as many of the one as of the other."""
    real = [entry.path for entry in corpus.entries() if entry.path.stat().st_size <= LARGEST]
    own = [*(ROOT / "fixtures").rglob("*.yaml"), ROOT / "tests/conformance/payments.yaml"]
    return [path.read_bytes() for path in own + real * (len(own) // max(len(real), 1))]


def readable(originals: list[bytes]) -> list[Any]:
    """The seeds as trees, but for those that are broken on purpose."""
    trees = []
    for raw in originals:
        with contextlib.suppress(IdemlintError):
            trees.append(parse(raw, "seed.yaml").data)
    return trees


def rulesets(folder: Path) -> list[Ruleset]:
    from conformance import harness

    names = ("path-filters", "field-jsonpath", "message-value", "casing-separator", "schema-combined", "path-descent")
    jobs = [harness.lay_out(path, folder) for path in SCENARIOS if path.stem in names]
    loaded = [RulesetLoader().load([str(job.folder / job.ruleset)], str(job.folder)) for job in jobs]
    return [*loaded, *(RulesetLoader().load([name], str(folder)) for name in ("idemlint:recommended", "idemlint:seed"))]


def limit_memory() -> None:
    import resource

    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)


def main(inputs: int, seed: int) -> int:
    faulthandler.enable()
    signal.signal(signal.SIGALRM, ring)
    folder = Path(tempfile.mkdtemp(prefix="idemlint-fuzz-"))
    prepared = rulesets(folder)
    originals = seeds()
    trees = readable(originals)
    texts = [path.read_bytes() for path in SCENARIOS]
    if Path("/proc/self/statm").exists():
        limit_memory()
    policy = Policy(root=str(folder), allow_remote=False)
    linted = 0
    slowest = 0.0
    started = time.monotonic()
    for number in range(inputs):
        chance = random.Random(f"{seed}/{number}")
        as_ruleset = number % 10 == 0
        if number % 3 == 1 and not as_ruleset:
            raw = regrow(chance.choice(trees), chance)
        else:
            raw = mutate(chance.choice(texts if as_ruleset else originals), chance)
        begun = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            if as_ruleset:
                broken = folder / "broken.yaml"
                broken.write_bytes(raw.partition(b"ruleset: |\n")[2].replace(b"\n  ", b"\n") or raw)
                RulesetLoader().load([str(broken)], str(folder))
            else:
                document = parse(raw, str(folder / "broken.yaml"))
                if isinstance(document.data, dict):
                    for finding in lint(document, chance.choice(prepared), DEFAULT, policy).findings:
                        assert finding.range.start.line <= document.text.count("\n") + 1
            linted += 1
        except IdemlintError as error:
            assert str(error)
        except BaseException as error:  # every other one is what is looked for
            signal.setitimer(signal.ITIMER_REAL, 0)
            kept = folder / f"failed-{number}.yaml"
            kept.write_bytes(raw)
            traceback.print_exc(limit=-12)
            print(f"input {number} of seed {seed}: {type(error).__name__}; kept as {kept}")
            return 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, time.monotonic() - begun)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({"inputs": inputs, "linted": linted, "slowest": round(slowest, 2), "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.stdout.flush()
    code = main(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.flush()
    os._exit(code)
