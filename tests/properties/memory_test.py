"""Law 5: whatever comes, memory stays under the bound that mailtap prints, and the session of somebody else is read whole.

usage: memory_test.py MAILTAP SOURCE_FOLDER    (of a sanitized build only the second half is checked: its memory is not its own)
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

MAILTAP, SOURCE = os.path.abspath(sys.argv[1]), sys.argv[2]
sys.path.insert(0, os.path.join(SOURCE, "tests/integration"))
import crafted  # noqa: E402

SANITIZED = b"__asan" in open(MAILTAP, "rb").read()
FLOWS = 60 if SANITIZED else 1500
BUDGETS = "flows:\n  max: 4096\nmemory:\n  streams_mib: 4\n  tables_mib: 4\n  fragments_mib: 1\n"
PROGRAM = 24  # MiB: the program, its ring, its outputs

GREETING = {25: b"220 mx ESMTP\r\n", 143: b"* OK [CAPABILITY IMAP4rev1] ready\r\n", 110: b"+OK POP3 ready\r\n",
            4190: b'"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\nOK\r\n'}
HELLO = {25: b"EHLO a\r\n", 143: b"a1 NOOP\r\n", 110: b"CAPA\r\n", 4190: b"NOOP\r\n"}


def frame(source, destination, sport, dport, seq, ack, flags, payload=b""):
    """Without checksums, which nobody believes by default; so it is quick."""
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0)
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, source, destination)
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\10\0" + ip + tcp + payload


def conversation(k, port, turns):
    """Frames of one connection that never ends; a turn is (side, bytes, what is missing before them)."""
    ends = {"C": (0x0A000000 + k, 0xC0000219, 2000 + k, port), "S": (0xC0000219, 0x0A000000 + k, port, 2000 + k)}
    seq = {"C": 1001, "S": 5001}
    yield frame(*ends["C"], 1000, 0, crafted.SYN)
    yield frame(*ends["S"], 5000, 1001, crafted.SYN | crafted.ACK)
    for side, data, missing in turns:
        seq[side] += missing
        for at in range(0, len(data), 1400):
            part = data[at:at + 1400]
            yield frame(*ends[side], seq[side], seq["S" if side == "C" else "C"], crafted.ACK, part)
            seq[side] += len(part)


def greeted(port, *turns):
    return [("S", GREETING[port], 0), ("C", HELLO[port], 0), *turns]


KINDS = {
    "endless line": (25, [("C", b"MAIL FROM:<" + b"x" * 80000, 0)]),
    "endless reply": (25, [("S", b"250-" + b"x" * 80000, 0)]),
    "endless list": (25, [("S", b"".join(b"250-KEYWORD%d and more\r\n" % i for i in range(3000)), 0)]),
    "many recipients": (25, [("C", b"MAIL FROM:<a@b>\r\n" + b"RCPT TO:<someone-with-a-long-name@example.org>\r\n" * 1500, 0)]),
    "a thousand commands": (25, [("C", b"NOOP\r\nRSET\r\n" * 500, 0)]),
    "all behind a hole": (25, [("C", b"x" * 80000, 1)]),
    "drips behind a hole": (25, [("C", b"x", 1 if i == 0 else 0) for i in range(400)]),
    "literal without end": (143, [("C", b"a2 LOGIN {4000000000+}\r\n" + b"x" * 80000, 0)]),
    "literals of IMAP": (143, [("C", b"a2 LOGIN {300+}\r\n" + b"x" * 300 + b" {2000+}\r\n" + b"y" * 2000 + b"\r\n", 0)] * 30),
    "tags": (143, [("C", b"".join(b"tag%d NOOP\r\n" % i for i in range(1000)), 0)]),
    "endless line of POP3": (110, [("C", b"PASS " + b"x" * 80000, 0)]),
    "commands of POP3": (110, [("C", b"RETR 1\r\n" * 1000, 0)]),
    "commands of ManageSieve": (4190, [("C", b"NOOP\r\nCAPABILITY\r\n" * 500, 0)]),
    "drips of SMTP": (25, [("C", b"x", 0)] * 400),
    "drips of IMAP": (143, [("C", b"(", 0)] * 400),
    "drips of POP3": (110, [("S", b"+", 0), ("C", b"U", 0)] * 200),
    "drips of ManageSieve": (4190, [("C", b'"', 0), ("S", b'"', 0)] * 200),
    "strings of ManageSieve": (4190, [("C", b'AUTHENTICATE "PLAIN" {60000+}\r\n' + b"x" * 60000, 0)]),
}


def write(path, port, turns):
    flows = [list(conversation(k, port, greeted(port, *turns))) for k in range(FLOWS)]
    victim = list(crafted.session(crafted.login(user="victim@example.org"), client="198.51.100.1"))
    longest = max(len(flow) for flow in flows)
    frames = []
    for i in range(longest):  # side by side, the victim's packets spread among them
        frames += [flow[i] for flow in flows if i < len(flow)]
        frames += victim[i * len(victim) // longest:(i + 1) * len(victim) // longest]
    crafted.write(path, frames, step=0.9 / len(frames))


def in_a_child(function, *arguments):
    """So that this process stays small: what it starts would count its peak as its own."""
    child = os.fork()
    if child == 0:
        function(*arguments)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def check(port, turns):
    """What is wrong with a run over such flows, or None."""
    with tempfile.TemporaryDirectory() as folder:
        path, config = os.path.join(folder, "x.pcap"), os.path.join(folder, "x.yaml")
        in_a_child(write, path, port, turns)
        with open(config, "w", encoding="ascii") as out:
            out.write(BUDGETS)
        with open(os.path.join(folder, "out"), "w+b") as stdout, open(os.path.join(folder, "err"), "w+b") as stderr:
            process = subprocess.Popen([MAILTAP, "-v", "-c", config, "-r", path, "-o", "json"], stdout=stdout, stderr=stderr)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            stderr.seek(0)
            stdout.seek(0)
            said, events = stderr.read().decode(), [json.loads(line) for line in stdout]
    if process.returncode != 0:
        return f"exit code {process.returncode}: {said}"
    logins = [(e["event"]["outcome"], e["mailtap"]["coverage"]) for e in events
              if e["event"]["dataset"] == "mailtap.auth" and e.get("user", {}).get("name") == "victim@example.org"]
    if logins != [("success", "full")]:
        return f"the login of somebody else: {logins}"
    bound, used = int(re.search(r"at most (\d+) MiB", said).group(1)), usage.ru_maxrss // 1024
    return f"{used} MiB, the bound is {bound}" if not SANITIZED and used >= bound + PROGRAM else None


class Memory(unittest.TestCase):
    """Each in a process of its own: what is started counts the peak of who starts it as its own."""


def add(kind):
    def run(self):
        result = subprocess.run([sys.executable, *sys.argv, "--kind", kind], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
    setattr(Memory, "test_" + kind.replace(" ", "_"), run)


if __name__ == "__main__":
    if "--kind" in sys.argv:
        wrong = check(*KINDS[sys.argv[-1]])
        print(wrong or "", end="")
        sys.exit(1 if wrong else 0)
    for name in KINDS:
        add(name)
    unittest.main(argv=sys.argv[:1], verbosity=1)
