"""Prints what lies in mailtap's Redis streams: all findings and the latest events, a line each.

usage: show_streams.py SOCKET [COUNT]
"""
import json
import socket
import sys


class Redis:
    """As much of RESP2 as XREVRANGE needs."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def command(self, *words):
        data = [b"*%d\r\n" % len(words)]
        for word in map(str.encode, words):
            data.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(data))
        return self.reply()

    def reply(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"$":
            if int(rest) < 0:
                return None
            data = self.file.read(int(rest) + 2)
            return data[:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        return rest


def latest(redis, stream, count):
    """The entries' columns and events, oldest first."""
    entries = redis.command("XREVRANGE", stream, "+", "-", "COUNT", str(count))
    for _, fields in reversed(entries):
        yield {fields[i].decode(): fields[i + 1] for i in range(0, len(fields), 2)}


def show(entry):
    event = json.loads(entry["event"])
    columns = " ".join(f"{name}={entry[name].decode() or '-'}" for name in ("dataset", "severity", "rule", "src", "dst", "proto"))
    printable = "".join(c if c.isprintable() else "?" for c in event["message"])
    print(f"  {event['@timestamp'][11:23]}  {columns}\n      {printable}")


def main():
    redis = Redis(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    print("\nmailtap:findings")
    for entry in latest(redis, "mailtap:findings", 100):
        show(entry)
    print(f"\nmailtap:events, the latest {count}")
    for entry in latest(redis, "mailtap:events", count):
        show(entry)
    for entry in latest(redis, "mailtap:findings", 1):
        print("\none finding, whole")
        print(json.dumps(json.loads(entry["event"]), indent=2, ensure_ascii=False))


main()
