"""A TCP relay that delays every piece by 0 to 5 ms, in order: `python jitter.py PORT` prints the port that it listens on."""

from __future__ import annotations

import asyncio
import random
import sys

LONGEST = 0.005


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    try:
        while piece := await reader.read(65_536):
            due = max(due + 1e-6, loop.time() + random.uniform(0, LONGEST))
            loop.call_at(due, _write, writer, piece)
        await asyncio.sleep(max(0.0, due - loop.time()) + 0.01)
    except ConnectionError:
        pass
    finally:
        writer.close()


def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if not writer.is_closing():
        writer.write(piece)


async def _relay(port: int) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_relay(int(sys.argv[1])))
