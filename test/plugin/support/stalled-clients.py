"""Clients that stop reading: stalled-clients.py PORT READ_BYTES, with the request on the first line of stdin as JSON.

Each further line of stdin is a number of new clients. Their statuses are printed as JSON once all of them have read the
head and READ_BYTES of what comes from there on. They stay connected until stdin ends. "{n}" in the request stands for
the number of the client, from 0.
"""
import json
import socket
import sys

# Segments as over Ethernet, and a small buffer. Else the system keeps some MiB for each connection that is not read
# from, and hundreds of them use up the memory that it has for all connections.
SEGMENT_BYTES = 1460
BUFFER_BYTES = 32768


def connect(port):
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    client.connect(("127.0.0.1", port))
    return client


def status_of(client, read_bytes):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.recv(1024)
        if not piece:
            raise EOFError("the server closed the connection before a head came")
        received += piece
    left = read_bytes
    while left > 0:
        piece = client.recv(min(left, 65536))
        if not piece:
            raise EOFError("the server closed the connection")
        left -= len(piece)
    return int(received.split(b" ", 2)[1])


def main():
    port, read_bytes = int(sys.argv[1]), int(sys.argv[2])
    request = json.loads(sys.stdin.readline())
    clients = []
    while line := sys.stdin.readline():
        new = [connect(port) for _ in range(int(line))]
        for number, client in enumerate(new, len(clients)):
            client.sendall(request.replace("{n}", str(number)).encode())
        clients += new
        print(json.dumps([status_of(client, read_bytes) for client in new]), flush=True)


main()
