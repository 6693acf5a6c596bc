"""A flood of connections that never open: memory stays under the bound that mailtap prints, and mail sessions that were
open before, during and after it are told whole.

usage: flood_test.py MAILTAP SOURCE_FOLDER
"""
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crafted  # noqa: E402

MAILTAP = sys.argv[1]
SANITIZED = b"__asan" in open(MAILTAP, "rb").read()
SYNS = 100_000 if SANITIZED else 1_000_000
SESSIONS = 50
MIB = 1 << 20


def syn_frames(count):
    """One SYN each from ever new addresses; checksums are not looked at in packets without payload."""
    template = bytearray(crafted.tcp_frame("10.0.0.0", "192.0.2.25", 1024, 25, 1, 0, crafted.SYN))
    for i in range(count):
        struct.pack_into("!I", template, 26, 0x0A000000 + i)
        struct.pack_into("!H", template, 34, 1024 + i % 60000)
        yield bytes(template)


def mixed(sessions, syns):
    """The sessions' frames, in their order, spread over the flood."""
    chooser = random.Random(1)
    frames = [list(session) for session in sessions]
    turns = [k for k, session in enumerate(frames) for _ in session]
    chooser.shuffle(turns)
    at = [0] * len(frames)
    share = syns // len(turns)
    flood = syn_frames(syns)
    for k in turns:
        yield frames[k][at[k]]
        at[k] += 1
        for _ in range(share):
            yield next(flood)


class Flood(unittest.TestCase):
    def test_half_open(self):
        sessions = (crafted.session(crafted.login(user=f"user{k}@example.org"), client=f"198.51.100.{k + 1}") for k in range(SESSIONS))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "flood.pcap")
            crafted.write(path, mixed(sessions, SYNS), step=20 / SYNS)
            out = os.path.join(folder, "out.jsonl")
            with open(out, "wb") as stdout, open(os.path.join(folder, "err"), "w+b") as stderr:
                process = subprocess.Popen([MAILTAP, "-v", "-r", path, "-o", "json", "--flows", "none"], stdout=stdout, stderr=stderr)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                stderr.seek(0)
                said = stderr.read().decode()
            self.assertEqual(process.returncode, 0, said)
            with open(out, encoding="utf-8") as lines:
                events = [json.loads(line) for line in lines]
        logins = [e["user"]["name"] for e in events if e["event"]["dataset"] == "mailtap.auth" and e["event"]["outcome"] == "success"]
        self.assertEqual(sorted(logins), sorted(f"user{k}@example.org" for k in range(SESSIONS)))
        bound = int(re.search(r"at most (\d+) MiB", said).group(1)) * MIB
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss * 1024, bound + 32 * MIB, "32 MiB are for the program, its rings and buffers")


    def test_hoarders(self):
        """Connections with a hole behind which as much waits as may: they give way, the mail sessions do not."""
        hoarders = 60

        def hoarder(k):
            client, turns = f"203.0.113.{k + 1}", [("S", b"220 mx ESMTP\r\n"), ("C", b"EHLO a\r\n")]
            yield from crafted.session(turns, client=client, close=False)
            for i in range(150):  # the byte in front of these never comes
                yield crafted.tcp_frame(client, "192.0.2.25", 40000, 25, 1000 + 10 + i * 1460, 0, 0, b"x" * 1460)

        def session(k):
            return crafted.session(crafted.login(user=f"user{k}@example.org"), client=f"198.51.100.{k + 1}")
        chooser = random.Random(2)
        frames = [list(hoarder(k)) for k in range(hoarders)] + [list(session(k)) for k in range(SESSIONS)]
        turns = [k for k, flow in enumerate(frames) for _ in flow]
        chooser.shuffle(turns)
        left = [iter(flow) for flow in frames]
        with tempfile.TemporaryDirectory() as folder:
            path, config = os.path.join(folder, "hoarders.pcap"), os.path.join(folder, "mailtap.yaml")
            crafted.write(path, (next(left[k]) for k in turns), step=0.9 / len(turns))
            with open(config, "w", encoding="ascii") as out:
                out.write("memory:\n  streams_mib: 2\n")
            run = [MAILTAP, "-c", config, "-r", path]
            events = [json.loads(line) for line in subprocess.run([*run, "-o", "json"], capture_output=True, check=True).stdout.splitlines()]
            report = subprocess.run(run, capture_output=True, check=True, text=True).stdout
        logins = [(e["user"]["name"], e["mailtap"]["coverage"]) for e in events
                  if e["event"]["dataset"] == "mailtap.auth" and e["event"]["outcome"] == "success"]
        self.assertEqual(sorted(logins), sorted((f"user{k}@example.org", "full") for k in range(SESSIONS)))
        self.assertRegex(report, r"[1-9]\d* times the largest session gave up memory")
        self.assertNotIn("no memory within the budget", report)
        gave_way = [e for e in events if e["event"]["dataset"] == "mailtap.starttls" and
                    "memory" in e["mailtap"].get("coverage_reason", [])]
        self.assertGreater(len(gave_way), 0)
        self.assertEqual({e["client"]["ip"].rsplit(".", 1)[0] for e in gave_way}, {"203.0.113"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
