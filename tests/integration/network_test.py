"""One SMTP login, sent in every way that a network, or somebody hostile in it, may send it: the login must be found as in
the plain capture, or less of it where bytes are missing, and nothing must be invented.

usage: network_test.py MAILTAP SOURCE_FOLDER          (MAILTAP_KEEP=FOLDER keeps the captures)
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import crafted

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
                                fragment6)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Raw

MAILTAP = sys.argv[1]
START = 1_700_000_000.0
SIZES = (8, 24, 64, 200, 1400)
SECRET = "Crafted-Secret-1"


# --- packets --------------------------------------------------------------------------------------------------------------

def base(**options):
    """The plain session as scapy packets."""
    return [Ether(frame) for frame in crafted.session(crafted.login(), **options)]


def number(packets):
    """Gives each packet its own number, as fragments need it, and lets routers cut it."""
    for count, packet in enumerate(packets, 1):
        packet[IP].id, packet[IP].flags = count, 0
        del packet[IP].chksum
    return packets


def as_ipv6(packets):
    """The same segments over IPv6: the addresses' last two bytes stay."""
    made = []
    for packet in packets:
        tcp = packet[TCP].copy()
        del tcp.chksum
        ends = {"src": "2001:db8::" + packet[IP].src.split(".")[-1], "dst": "2001:db8::" + packet[IP].dst.split(".")[-1]}
        made.append(Ether(bytes(Ether(src=packet.src, dst=packet.dst) / IPv6(**ends) / tcp)))
    return made


def parts(total, size):
    """(from, to) of the pieces of so many bytes."""
    return [(at, min(at + size, total)) for at in range(0, total, size)]


def ipv4_piece(packet, start, end, total, payload=None):
    """One fragment of a packet: bytes start to end of its payload, or these bytes in their place."""
    payload = bytes(packet[IP].payload)[start:end] if payload is None else payload
    ip = IP(src=packet[IP].src, dst=packet[IP].dst, id=packet[IP].id, proto=6, frag=start // 8, flags="MF" if end < total else 0)
    return Ether(src=packet.src, dst=packet.dst) / ip / Raw(payload)


def fragmented(packets, size, arrange=lambda pieces: pieces):
    """Each packet in pieces of so many bytes, arranged."""
    made = []
    for packet in number(packets):
        total = len(bytes(packet[IP].payload))
        made += arrange([ipv4_piece(packet, a, b, total) for a, b in parts(total, size)])
    return made


def fragmented6(packets, size, arrange=lambda pieces: pieces, before=None, behind=None):
    """The same for IPv6, with extension headers before the fragment header and in the part that is cut."""
    made = []
    for count, packet in enumerate(as_ipv6(packets), 1):
        ip, tcp = packet[IPv6], packet[TCP]
        head = IPv6(src=ip.src, dst=ip.dst)
        whole = head / tcp if behind is None else head / behind / tcp
        payload, first = bytes(whole)[40:], whole.nh
        pieces = []
        for a, b in parts(len(payload), size):
            header = IPv6ExtHdrFragment(nh=first, id=count, offset=a // 8, m=int(b < len(payload)))
            chain = head / header if before is None else head / before / header
            pieces.append(Ether(src=packet.src, dst=packet.dst) / chain / Raw(payload[a:b]))
        made += arrange(pieces)
    return made


def extended(packets, *headers):
    """IPv6 with extension headers, given as functions of the next header's number that make bytes and say their own."""
    made = []
    for packet in as_ipv6(packets):
        nh, payload = 6, bytes(packet[TCP])
        for kind, make in reversed(headers):
            nh, payload = kind, make(nh) + payload
        made.append(Ether(src=packet.src, dst=packet.dst) / IPv6(src=packet[IPv6].src, dst=packet[IPv6].dst, nh=nh) / Raw(payload))
    return made


HOP_BY_HOP = (0, lambda nh: bytes(IPv6ExtHdrHopByHop(nh=nh)))
DESTINATION = (60, lambda nh: bytes(IPv6ExtHdrDestOpt(nh=nh, options=[PadN(optdata=b"\0" * 12)])))
ROUTING = (43, lambda nh: bytes(IPv6ExtHdrRouting(nh=nh, addresses=["2001:db8::77"], segleft=0)))
ATOMIC = (44, lambda nh: bytes(IPv6ExtHdrFragment(nh=nh, id=7)))
AUTHENTICATION = (51, lambda nh: struct.pack("!BBHII", nh, 4, 0, 0x1234, 1) + b"\xa5" * 12)  # RFC 4302: 24 bytes
MOBILITY = (135, lambda nh: struct.pack("!BBBBHH", nh, 0, 0, 0, 0, 0))


def resealed(packet):
    """With the checksums made anew."""
    del packet[IP].chksum, packet[IP].len, packet[TCP].chksum
    return Ether(bytes(packet))


def tagged(packets, *layers):
    """With these layers between Ethernet and IP."""
    made = []
    for packet in packets:
        frame = Ether(src=packet.src, dst=packet.dst)
        for layer in layers:
            frame = frame / layer.copy()
        made.append(frame / packet.payload.copy())
    return made


# --- what came of it ------------------------------------------------------------------------------------------------------

def run(path, *options):
    result = subprocess.run([MAILTAP, "-r", path, *options], capture_output=True, timeout=120)
    assert result.returncode == 0, (path, result.stderr)
    assert SECRET.encode() not in result.stdout, path
    return result.stdout.decode()


def get(event, path):
    for name in path.split("."):
        event = event.get(name, {}) if isinstance(event, dict) else {}
    return event or None


LOGIN = ("user.name", "event.outcome", "event.code", "mailtap.auth.mechanism", "mailtap.auth.exposed", "mailtap.auth.cleartext",
         "mailtap.coverage")
MESSAGE = ("event.outcome", "event.code", "mailtap.smtp.mail_from", "mailtap.smtp.rcpt_to", "mailtap.smtp.rcpt_count",
           "mailtap.email.size", "mailtap.coverage")
COLUMNS = {"mailtap.auth": LOGIN, "mailtap.message": MESSAGE, "mailtap.weird": ("mailtap.weird.name", "mailtap.coverage"),
           "mailtap.starttls": ("mailtap.coverage",), "mailtap.finding": ("rule.id", "mailtap.finding.state", "user.name")}


# What a loss may add: it is told.
OF_THE_SENSOR = ("sensor.tcp.gap", "sensor.truncated", "sensor.partial_view", "sensor.tcp.ambiguous")


def essence(events):
    """What the events say, without numbers, times and addresses."""
    return [(e["event"]["dataset"], *(str(get(e, path)) for path in COLUMNS[e["event"]["dataset"]]))
            for e in events if e["event"]["dataset"] in COLUMNS]


class Network(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.plain = essence(cls.events_of("plain", base()))
        cls.login = next(row for row in cls.plain if row[0] == "mailtap.auth")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(os.environ.get("MAILTAP_KEEP", cls.folder.name), name + ".pcap")

    @classmethod
    def events_of(cls, name, packets, times=None, snap=None):
        frames = [bytes(packet) for packet in packets]
        times = times or [START + 0.0001 * i for i in range(len(frames))]
        crafted.write_records(cls.path(name), [(t, f[:snap], len(f)) for t, f in zip(times, frames)])
        return [json.loads(line) for line in run(cls.path(name), "-o", "json", "--flows", "none").splitlines()]

    def same(self, name, packets, **options):
        with self.subTest(name):
            self.assertEqual(essence(self.events_of(name, packets, **options)), self.plain)

    def less(self, name, packets, **options):
        """Facts may be missing, but none is another one. Returns the rows."""
        rows = essence(self.events_of(name, packets, **options))
        with self.subTest(name):
            for row in rows:
                if row[0] in ("mailtap.auth", "mailtap.message"):
                    known = next(known for known in self.plain if known[0] == row[0])
                    self.assertIn(row[-1], ("partial", "full"))
                    for path, value, whole in zip(("event.dataset", *COLUMNS[row[0]]), row[:-1], known):
                        if path == "mailtap.email.size" and row[-1] == "partial":
                            continue  # law 3: totals of what was not seen whole may be others
                        self.assertIn(value, (whole, "None", "unknown", "********"), row)
                elif row[0] == "mailtap.finding":
                    self.assertIn(row[1], ("smtp.auth.cleartext", "mail.auth.offered_clear", *OF_THE_SENSOR))
                    self.assertIn(row[3], ("alice@example.org", "None", "********"))
        return rows

    def counters(self, name):
        return run(self.path(name)).split("Not seen, or in doubt")[1]

    def test_plain(self):
        self.assertEqual(self.login, ("mailtap.auth", "alice@example.org", "success", "235 2.7.0", "PLAIN", "password", "yes",
                                      "full"))
        self.assertIn("nothing is missing", self.counters("plain"))

    # --- fragments

    def test_fragments(self):
        shuffle = random.Random(7).shuffle
        arrangements = {
            "in-order": lambda p: p,
            "reversed": lambda p: p[::-1],
            "doubled": lambda p: [piece for piece in p for _ in range(2)],
            "twice": lambda p: p + p,
            "twice-reversed": lambda p: p[::-1] + p[::-1],
            "last-first": lambda p: p[-1:] + p[:-1],
            "shuffled": lambda p: (shuffle(p), p)[1],
        }
        for size in SIZES:
            for name, arrange in arrangements.items():
                self.same(f"fragments-{name}-{size}", fragmented(base(), size, arrange))
                self.same(f"fragments6-{name}-{size}", fragmented6(base(), size, arrange))
            for version in ("", "6"):
                self.assertIn("nothing is missing", self.counters(f"fragments{version}-twice-reversed-{size}"))

    def test_fragments_by_scapy(self):
        """Its own idea of how a packet is cut, as a check of ours."""
        self.same("scapy-ipv4", [p for packet in number(base()) for p in packet.fragment(40)])
        made = []
        for count, packet in enumerate(as_ipv6(base()), 1):
            ip = IPv6(src=packet[IPv6].src, dst=packet[IPv6].dst) / IPv6ExtHdrFragment(id=count) / packet[TCP]
            pieces = [p for p in fragment6(ip, 1280)]
            made += [Ether(src=packet.src, dst=packet.dst) / p for p in pieces]
        self.same("scapy-ipv6", made)

    def test_fragments_that_mix(self):
        """Pieces of several packets of both directions between each other."""
        for size in (8, 24, 64):
            queue = [fragmented([packet], size) for packet in base()]
            mixed = []
            for count, pieces in enumerate(queue, 1):
                for piece in pieces:
                    piece[IP].id = count
            for a in range(0, len(queue), 3):
                group = queue[a:a + 3]
                for i in range(max(len(pieces) for pieces in group)):
                    mixed += [pieces[i] for pieces in group if i < len(pieces)]
            self.same(f"fragments-mixed-{size}", mixed)

    def test_fragments_that_overlap_and_agree(self):
        for size in (16, 40, 200):
            made = []
            for packet in number(base()):
                total = len(bytes(packet[IP].payload))
                for a, b in parts(total, size):
                    made.append(ipv4_piece(packet, max(a - 8, 0), b, total))
            self.same(f"overlap-agrees-{size}", made)

    def forged(self, make, before):
        """Fragments of the packet that logs in, and pieces of the same place that name mallory."""
        packets = number(base())
        made = []
        for packet in packets:
            tcp = bytes(packet[IP].payload)
            total = len(tcp)
            pieces = [ipv4_piece(packet, a, b, total) for a, b in parts(total, 16)]
            if b"AUTH PLAIN A" in tcp:
                lies = [ipv4_piece(packet, a, b, total, b"bWFsbG9yeQBtYWxsb3J5"[:b - a]) for a, b in parts(total, 16)[2:-2]]
                pieces = make(lies, pieces) if before else make(pieces[:-1], lies) + pieces[-1:]
            made += pieces
        return made

    def test_overlap_that_differs_ipv4(self):
        """The first copy wins, and that there was a second one is told."""
        rows = essence(self.events_of("overlap-differs", self.forged(lambda a, b: a + b, False)))
        self.assertEqual([row for row in rows if "sensor.tcp.ambiguous" not in row], self.plain)
        self.assertEqual([(row[0], *row[2:3]) for row in rows if row[1] == "sensor.tcp.ambiguous"],
                         [("mailtap.weird", "full"), ("mailtap.finding", "new"), ("mailtap.finding", "closed")])
        rows = essence(self.events_of("overlap-differs-first", self.forged(lambda a, b: a + b, True)))
        self.assertEqual([row[1] for row in rows if row[0] == "mailtap.weird" and row[1].startswith("sensor.")],
                         ["sensor.tcp.ambiguous"])
        self.assertNotIn(self.login, rows, "the forged copy came first")

    def test_overlap_that_differs_ipv6(self):
        """Nobody accepts such a packet: its bytes are missing."""
        def lie(pieces):
            if not any(b"QUlMIEZ" in bytes(p) or b"AUTH" in bytes(p) for p in pieces):
                return pieces
            forged = pieces[2].copy()
            forged[Raw].load = b"M" * len(forged[Raw].load)
            return pieces[:-1] + [forged] + pieces[-1:]
        rows = self.less("overlap-differs-6", fragmented6(base(), 16, lie))
        self.assertNotIn(self.login, rows)
        self.assertRegex(self.counters("overlap-differs-6"), r"[1-9] packets? came in IP fragments that could not be put together")

    def test_lost_fragments(self):
        """Each piece of the session lost by itself."""
        whole = fragmented(base(), 64)
        for i in range(len(whole)):
            self.less("lost-fragment", whole[:i] + whole[i + 1:])
            if i % 5 == 0 and (whole[i][IP].frag or whole[i][IP].flags.MF):
                self.assertIn("came in IP fragments that could not be put together", self.counters("lost-fragment"))

    def test_contradicting_fragments(self):
        """A piece that no packet can have, between the others of each."""
        for name, start, end in (("oversize", 65528, 65600), ("behind-the-end", 2000, 2008), ("odd", 8, 13)):
            def spoil(packet_pieces):
                bad = packet_pieces[0].copy()
                bad[IP].frag, bad[IP].flags = start // 8, "MF"
                bad[Raw].load = b"x" * (end - start)
                return packet_pieces[:-1] + [bad] + packet_pieces[-1:]
            rows = self.less(f"contradiction-{name}", fragmented(base(), 24, spoil))
            self.assertEqual([row for row in rows if row[0] in ("mailtap.auth", "mailtap.message")], [])

    def test_fragments_of_something_else(self):
        flood = [Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="192.0.2.10", dst="192.0.2.25", id=i, proto=17, flags="MF") / Raw(b"x" * 1400)
                 for i in range(2000)]
        self.same("udp-fragments", [p for pair in zip(flood, fragmented(base(), 24)) for p in pair] + flood)

    # --- headers

    def test_ipv6_extension_headers(self):
        self.same("ipv6", as_ipv6(base()))
        for name, header in (("hop-by-hop", HOP_BY_HOP), ("destination", DESTINATION), ("routing", ROUTING),
                             ("atomic", ATOMIC), ("authentication", AUTHENTICATION), ("mobility", MOBILITY)):
            self.same(f"ipv6-{name}", extended(base(), header))
        self.same("ipv6-all", extended(base(), HOP_BY_HOP, DESTINATION, ROUTING, ATOMIC, AUTHENTICATION, DESTINATION))
        self.same("ipv6-eight", extended(base(), *[DESTINATION] * 8))
        for size in (8, 64):
            self.same(f"ipv6-before-{size}", fragmented6(base(), size, before=IPv6ExtHdrHopByHop()))
            self.same(f"ipv6-behind-{size}", fragmented6(base(), size, behind=IPv6ExtHdrDestOpt()))
            self.same(f"ipv6-both-{size}", fragmented6(base(), size, lambda p: p[::-1], IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()))

    def test_tags(self):
        for name, layers in {
            "vlan": [Dot1Q(vlan=7)],
            "qinq": [Dot1AD(vlan=7), Dot1Q(vlan=8)],
            "old-qinq": [Dot1Q(vlan=7, type=0x9100), Dot1Q(vlan=8)],
            "four": [Dot1AD(vlan=7), Dot1AD(vlan=8), Dot1Q(vlan=9), Dot1Q(vlan=10)],
            "mpls": [MPLS(label=1000, s=1)],
            "mpls-3": [MPLS(label=1000, s=0), MPLS(label=2000, s=0), MPLS(label=3, s=1)],
            "pppoe": [PPPoE(sessionid=5), PPP()],
            "pppoe-long": [PPPoE(sessionid=5), Raw(b"\0!")],
            "vlan-mpls": [Dot1Q(vlan=7), MPLS(label=1000, s=1)],
            "vlan-pppoe": [Dot1Q(vlan=7), PPPoE(sessionid=5), PPP()],
        }.items():
            self.same(f"tag-{name}", tagged(base(), *layers))
            self.same(f"tag-{name}-fragments", tagged(fragmented(base(), 40), *layers))
            if name != "pppoe-long":  # these two bytes say IPv4
                self.same(f"tag-{name}-ipv6", tagged(as_ipv6(base()), *layers))

    def test_padding(self):
        self.same("padding", [bytes(p).ljust(60, b"\0") for p in base()])
        self.same("padding-lies", [bytes(p) + b"\r\n250 x\r\nAUTH PLAIN eA==\r\n" for p in base()])
        self.same("padding-fragments", [bytes(p) + b"\r\nRSET\r\n" for p in fragmented(base(), 8)])

    def test_ip_options(self):
        for options in (b"\x01" * 4, b"\x94\x04\x00\x00", b"\x01" * 40):
            made = []
            for packet in base():
                packet[IP].options, packet[IP].ihl = options, 5 + len(options) // 4
                made.append(Ether(bytes(resealed(packet))))
            self.same(f"ip-options-{len(options)}", made)

    def test_bad_checksums(self):
        made = base()
        for packet in made:
            packet[TCP].chksum ^= 0x5555
        self.same("checksums", made)
        self.assertIn("segments had a checksum that does not fit", self.counters("checksums"))
        self.same("checksums-fragments", fragmented(made, 24))

    # --- TCP

    def test_keep_alive(self):
        """Probes repeat the byte before the next one, with a value of their own or none, and are answered."""
        made = []
        for packet in base():
            made.append(packet)
            if not packet[TCP].flags & 0x17 == 0x10 and not packet[TCP].payload:
                continue
            for byte in (b"", b"\0"):
                probe = packet.copy()
                probe[TCP].flags = "A"
                probe[TCP].remove_payload()
                probe[TCP].seq = (packet[TCP].seq + len(packet[TCP].payload) - 1) & 0xFFFFFFFF
                if byte:
                    probe = probe / Raw(byte)
                made.append(resealed(probe))
        self.same("keep-alive", made)

    def test_urgent(self):
        for pointer in (0, 1, 5, 65535):
            made = base()
            for packet in made:
                if packet[TCP].payload:
                    packet[TCP].flags |= "U"
                    packet[TCP].urgptr = pointer
            self.same(f"urgent-{pointer}", [resealed(p) for p in made])

    def test_data_in_the_syn(self):
        """The greeting comes with the server's SYN (RFC 9293 section 3.4 allows it, RFC 7413 uses it)."""
        made = base()
        made[1] = resealed(made[1] / Raw(bytes(made[3][TCP].payload)))
        made[2][TCP].ack = made[4][TCP].ack
        self.same("data-in-syn", made[:2] + [resealed(made[2])] + made[4:])

    def test_fin_with_data(self):
        """QUIT and its reply carry the FINs."""
        made = base()
        for packet in made[-5:-3]:
            packet[TCP].flags |= "F"
        made[-4][TCP].ack += 1
        made[-1][TCP].seq = made[-3][TCP].seq + 1
        self.assertIn(b"QUIT", bytes(made[-5]))
        self.assertIn(b"221", bytes(made[-4]))
        self.same("fin-with-data", [resealed(p) for p in made[:-3] + made[-1:]])

    def test_sequence_wrap(self):
        for before in (0, 1, 20, 60, 100, 200):
            isn = ((2**32 - before) % 2**32, (2**32 - before // 2) % 2**32)
            self.same(f"wrap-{before}", base(isn=isn))
            self.same(f"wrap-{before}-fragments", fragmented(base(isn=isn), 24))

    # --- the capture

    def test_snap_length(self):
        """Cut frames: never another fact, the whole one again where nothing that counts is cut."""
        frames = base()
        longest = max(len(bytes(p)) for p in frames)
        for snap in range(54, longest + 1, 5):
            self.less(f"snap-{snap}", frames, snap=snap)
        self.same("snap-none", frames, snap=longest)
        for size in (24, 64):
            pieces = fragmented(base(), size)
            for snap in range(34, 34 + size, 5):
                rows = self.less(f"snap-{snap}-fragments-{size}", pieces, snap=snap)
                self.assertNotIn(self.login, rows)

    def identical(self, name, packets, times):
        """All that the events of the plain capture say is said again, but for frame numbers and ids."""
        def strip(event):
            event["mailtap"].pop("frame", None)
            event["mailtap"].pop("file", None)
            event["event"].pop("id")
            event["mailtap"].get("finding", {}).pop("source_event_ids", None)
            return event
        plain = [strip(e) for e in self.events_of("plain", base())]
        with self.subTest(name):
            self.assertEqual([strip(e) for e in self.events_of(name, packets, times=times)], plain)

    def test_every_packet_doubled(self):
        """A port mirror that sees each packet twice: at once, or the copy some packets later, perhaps of one side only."""
        packets = base()
        times = [START + 0.0001 * i for i in range(len(packets))]
        order = [(i, i) for i in range(len(packets))]
        for lag in (0, 1, 2, 5, 100):
            copies = sorted(order + [(min(i + lag, len(packets)) + 0.5, i) for i in range(len(packets))])
            clock = [times[min(int(place), len(packets) - 1)] for place, _ in copies]
            self.identical(f"doubled-{lag}", [packets[i] for _, i in copies], clock)
            for side in ("192.0.2.10", "192.0.2.25"):
                some = sorted(order + [(i + lag + 0.5, i) for i in range(len(packets)) if packets[i][IP].src == side])
                clock = [times[min(int(place), len(packets) - 1)] for place, _ in some]
                self.identical(f"doubled-{lag}-{side}", [packets[i] for _, i in some], clock)

    def test_time_runs_backwards(self):
        packets = base()
        n = len(packets)
        self.same("time-backwards", packets, times=[START - 0.5 * i for i in range(n)])
        self.same("time-jitters", packets, times=[START + (-1) ** i * 0.4 for i in range(n)])
        self.same("time-stands", packets, times=[START] * n)
        pieces = fragmented(base(), 24)
        self.same("time-backwards-fragments", pieces, times=[START - 40 * i for i in range(len(pieces))])

    def test_fragments_too_late(self):
        """The last piece of each packet comes after the 30 seconds."""
        made, times, now = [], [], START
        for packet in number(base()):
            total = len(bytes(packet[IP].payload))
            pieces = [ipv4_piece(packet, a, b, total) for a, b in parts(total, 16)]
            made += pieces
            times += [now] * (len(pieces) - 1) + [now + 31]
            now += 31
        rows = self.less("late-fragments", made, times=times)
        self.assertEqual([row for row in rows if row[0] == "mailtap.auth"], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
