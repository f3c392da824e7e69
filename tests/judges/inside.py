"""Runs inside a network namespace: brings its loopback up and lets the outside in through a Unix socket.

A Unix socket is a file, so it crosses the namespace; nothing else does. Usage: inside.py SOCKET PORT.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x1 | 0x40


def raise_loopback() -> None:
    """Bring up `lo`, which a new namespace has but leaves down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_RUNNING))


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes until one side has had enough."""
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    sink.close()


async def main(path: str, port: int) -> None:
    """Relay every connection to the Unix socket on to the port on loopback, until killed."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            writer.close()
            return
        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))

    raise_loopback()
    server = await asyncio.start_unix_server(relay, path)
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
