"""Captures made by hand: TCP sessions of turns, written as pcap. For tests that need a capture of a certain shape."""
import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_frame(source, destination, sport, dport, seq, ack, flags, payload=b""):
    """An Ethernet frame with an IPv4 TCP segment."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0)
    total = checksum(ends + struct.pack("!BBH", 0, 6, len(tcp) + len(payload)) + tcp + payload)
    tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0x4000, 64, 6, 0) + ends
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + b"\x08\0" + ip + tcp + payload


def session(turns, client="192.0.2.10", server="192.0.2.25", sport=40000, dport=25, isn=(1000, 5000), close=True):
    """Frames of one connection. A turn is ("C" or "S", bytes)."""
    seq = {"C": isn[0], "S": isn[1]}

    def frame(side, flags, payload=b"", ack=True):
        other = "S" if side == "C" else "C"
        ends = (client, server, sport, dport) if side == "C" else (server, client, dport, sport)
        made = tcp_frame(*ends, seq[side], seq[other] if ack else 0, flags, payload)
        seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)
        return made

    yield frame("C", SYN, ack=False)
    yield frame("S", SYN | ACK)
    yield frame("C", ACK)
    for side, data in turns:
        for at in range(0, len(data), 1400):
            yield frame(side, PSH | ACK, data[at:at + 1400])
    if close:
        yield frame("C", FIN | ACK)
        yield frame("S", FIN | ACK)
        yield frame("C", ACK)


def write_records(path, records, link_type=1, nanoseconds=False):
    """Writes a pcap of (time, bytes captured, length on the wire); returns the number of frames."""
    count = 0
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type))
        for count, (when, frame, length) in enumerate(records, 1):
            out.write(struct.pack("<IIII", int(when), int((when % 1) * (1e9 if nanoseconds else 1e6)), len(frame), length))
            out.write(frame)
    return count


def write(path, frames, link_type=1, start=1_700_000_000.0, step=0.001, nanoseconds=False):
    """Writes a pcap of whole frames, `step` seconds apart; returns the number of frames."""
    records = ((start + count * step, frame, len(frame)) for count, frame in enumerate(frames, 1))
    return write_records(path, records, link_type, nanoseconds)


def lines(*texts):
    return "".join(text + "\r\n" for text in texts).encode()


def login(user="alice@example.org", password="Crafted-Secret-1", code="235 2.7.0 ok"):
    """The turns of a session that logs in with AUTH PLAIN and sends one mail."""
    import base64
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    return [
        ("S", lines("220 mx.example.org ESMTP")),
        ("C", lines("EHLO client.example.net")),
        ("S", lines("250-mx.example.org", "250-AUTH PLAIN LOGIN", "250 8BITMIME")),
        ("C", lines("AUTH PLAIN " + response)),
        ("S", lines(code)),
        ("C", lines("MAIL FROM:<alice@example.org>")),
        ("S", lines("250 2.1.0 ok")),
        ("C", lines("RCPT TO:<bob@example.net>")),
        ("S", lines("250 2.1.5 ok")),
        ("C", lines("DATA")),
        ("S", lines("354 go")),
        ("C", lines("Subject: hello", "", "text", ".")),
        ("S", lines("250 2.0.0 queued")),
        ("C", lines("QUIT")),
        ("S", lines("221 2.0.0 bye")),
    ]
