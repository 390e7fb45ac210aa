"""A server with good intentions and bad manners, as a program: `python hostile_server.py MANNER` prints its URL.

Whatever the path, POST makes a thing for its key and GET lists the things of the path. Manners: `kind`, `resets` (one
request in five), `stalls` (one in fifty for two seconds), `chunked`, `gzip`, `large` (10 MB answers), `invalid` (one answer
in five is no HTTP), `dies` (after 150 requests), `goaway` (HTTP/2, three requests a connection), and `everything` but the last two.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import socket
import struct
import sys
from collections import defaultdict
from typing import Any

MANNERS = ("resets", "stalls", "chunked", "gzip", "large", "invalid")
LARGE = 10 * 1024 * 1024
GARBAGE = (
    b"\x00\xff\x16\x03\x01 no HTTP at all\r\n\r\n",
    b"HTTP/1.1 twohundred OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 12\r\n\r\n0123456789",
    b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort",
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000,
    b"",
)


class Things:
    def __init__(self, manner: str) -> None:
        self.manner = manner
        self.chance = random.Random(7)
        self.things: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.keys: dict[tuple[str, str], tuple[bytes, bytes | None]] = {}
        self.count = 0

    def answer(self, method: str, path: str, key: str, body: bytes) -> tuple[int, bytes, bool]:
        """Status, body, and whether it is a replay."""
        if method != "POST":
            return 200, json.dumps(self.things[path][-50:]).encode(), False
        key = key.strip('"')
        if not key:
            return 400, b'{"title": "no key"}', False
        known = self.keys.get((path, key))
        if known is not None:
            if known[0] != body:
                return 422, b'{"title": "another payload"}', False
            return (201, known[1], True) if known[1] is not None else (409, b'{"title": "at work"}', False)
        thing = {"id": f"t{self.count}-{len(self.things[path])}", **json.loads(body)}
        self.things[path].append(thing)
        if "large" in self.manner or self.manner == "everything":
            thing = {**thing, "blob": "x" * (LARGE if self.manner == "large" or self.chance.random() < 0.05 else 10)}
        answer = json.dumps(thing).encode()
        self.keys[path, key] = (body, answer)
        if len(self.keys) > 50:  # ours may grow as little as the probe
            del self.keys[next(iter(self.keys))]
        return 201, answer, False

    def is_now(self, manner: str, share: float) -> bool:
        return self.manner in (manner, "everything") and self.chance.random() < share


async def serve(things: Things, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await exchange(things, reader, writer):
            pass
    except (ConnectionError, asyncio.IncompleteReadError, ValueError, KeyError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def exchange(things: Things, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    things.count += 1
    if things.manner == "dies" and things.count > 150:
        os._exit(0)
    if things.is_now("stalls", 0.02 if things.manner == "stalls" else 0.002):
        await asyncio.sleep(2)
    reset_before = things.is_now("resets", 0.1)
    if reset_before:
        reset(writer)
        return False
    status, content, replay = things.answer(method, path, headers.get("idempotency-key", ""), body)
    if things.is_now("resets", 0.1):
        reset(writer)
        return False
    if things.is_now("invalid", 0.2):
        writer.write(things.chance.choice(GARBAGE))
        await writer.drain()
        return False
    lines = [f"HTTP/1.1 {status} -", "Content-Type: application/json"] + ["Idempotent-Replayed: true"] * replay
    if things.manner in ("gzip", "everything") and len(content) < 10_000:
        content = gzip.compress(content)
        lines.append("Content-Encoding: gzip")
    if things.manner in ("chunked", "everything") and len(content) < 10_000:
        lines.append("Transfer-Encoding: chunked")
        pieces = [content[place : place + 7] for place in range(0, len(content), 7)]
        content = b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: 1\r\n\r\n"
    else:
        lines.append(f"Content-Length: {len(content)}")
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if method == "HEAD" else content))
    await writer.drain()
    return True


def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve_http2(things: Things, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Three requests a connection; the next streams are told to go away, and the connection is closed."""
    import h2.config
    import h2.connection
    import h2.events

    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    bodies: defaultdict[int, bytearray] = defaultdict(bytearray)
    heads: dict[int, dict[str, str]] = {}
    served = 0
    try:
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    served += 1
                    if served > 3:
                        connection.close_connection(last_stream_id=event.stream_id - 2)
                        writer.write(connection.data_to_send())
                        return
                    head = heads[event.stream_id]
                    key = head.get("idempotency-key", "")
                    status, content, _ = things.answer(
                        head[":method"], head[":path"], key, bytes(bodies[event.stream_id])
                    )
                    fields = [(":status", str(status)), ("content-type", "application/json")]
                    connection.send_headers(event.stream_id, fields)
                    if head[":method"] == "HEAD":
                        content = b""
                    connection.send_data(event.stream_id, content[:16_000], end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()
    except (ConnectionError, h2.exceptions.ProtocolError, KeyError, ValueError):
        pass
    finally:
        writer.close()


async def main(manner: str, certificate: str) -> None:
    things = Things(manner)
    context = None
    handler = serve_http2 if manner == "goaway" else serve
    if certificate:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(
        lambda reader, writer: handler(things, reader, writer), "127.0.0.1", 0, ssl=context, limit=1 << 20
    )
    scheme = "https" if certificate else "http"
    print(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
