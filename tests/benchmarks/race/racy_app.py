"""The racy server over TLS with HTTP/1.1 and HTTP/2: `python racy_app.py CA_FILE` prints its port. Paths as in racy.c.

`POST /after/US` and `GET /stats` only; in the window the event loop is free for others. It does not sleep: its own
clock knows nothing shorter than a millisecond.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

arrived: Counter[str] = Counter()
ran: Counter[str] = Counter()
windows: list[float] = []


async def app(scope, receive, send) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    status, body = 200, b"{}"
    if scope["path"] == "/stats":
        keys = [key for key, count in arrived.items() if count > 1]
        doubled = sum(ran[key] > 1 for key in keys)
        window = statistics.median(windows) * 1e6 if windows else 0.0
        body = json.dumps({"keys": len(keys), "doubled": doubled, "window": window}).encode()
        arrived.clear(), ran.clear(), windows.clear()
    else:
        key = dict(scope["headers"])[b"idempotency-key"].decode()
        since = time.perf_counter()
        arrived[key] += 1
        if not ran[key]:
            until = since + float(scope["path"].rsplit("/", 1)[1]) / 1e6
            while time.perf_counter() < until:  # noqa: ASYNC110 - busy on purpose
                await asyncio.sleep(0)
            ran[key] += 1
            windows.append(time.perf_counter() - since)
            status = 201
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _main(ca_file: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "server.pem"
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(chain))
        config = Config()
        config.bind, config.certfile, config.keyfile = [f"fd://{listener.fileno()}"], str(chain), str(chain)
        config.loglevel = "CRITICAL"
        config.keep_alive_max_requests = 1_000_000
        await serve(app, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
