"""Other rules while mailtap listens: SIGHUP between real dialogues, in a network namespace of its own. Without the right to make one
nothing is tested, and it says so.

usage: reload_test.py MAILTAP SOURCE_FOLDER
"""
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

MAILTAP = os.path.abspath(sys.argv[1])
INSIDE = "MAILTAP_RELOAD_TEST"
PORT = 25
BRUTEFORCE, OPENED = "mail.auth.bruteforce", "test.opened"

LOGIN = """title: Somebody tried to log in
logsource: {service: auth}
detection: {any: {user.name: '*'}, condition: any}
level: low
mailtap: {id: %s, group: [client.ip]}
"""
OUTSIDE = """title: From outside
logsource: {service: auth}
detection: {inside: {'client.ip|expand|cidr': '%own_networks%'}, condition: not inside}
level: low
mailtap: {id: test.outside, group: [client.ip]}
"""


def wait_for(what, condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


class Server(threading.Thread):
    """SMTP, as far as AUTH PLAIN goes; every password is wrong."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", PORT))

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb", buffering=0) as lines:
                self.serve(lines)

    @staticmethod
    def serve(lines):
        lines.write(b"220 mx.example.org ESMTP\r\n")
        while line := lines.readline():
            verb = line.split()[0].upper()
            if verb == b"EHLO":
                lines.write(b"250-mx.example.org\r\n250 AUTH PLAIN\r\n")
            elif verb == b"AUTH":
                lines.write(b"535 5.7.8 no\r\n")
            else:
                lines.write(b"221 2.0.0 bye\r\n")
                return


def try_login(user):
    response = base64.b64encode(f"\0{user}\0wrong".encode())
    with socket.create_connection(("127.0.0.1", PORT)) as connection, connection.makefile("rwb", buffering=0) as lines:
        lines.readline()
        for command, replies in ((b"EHLO localhost", 2), (b"AUTH PLAIN " + response, 1), (b"QUIT", 1)):
            lines.write(command + b"\r\n")
            for _ in range(replies):
                lines.readline()


class Reload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        cls.server = Server()
        cls.server.start()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = None
        self.tries = 0
        self.write("mailtap.yaml", "")
        self.addCleanup(self.close)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for held in (self.out, self.err):
            held.close()
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)

    # By offset: mailtap shares our place in these files.
    def said(self):
        return os.pread(self.err.fileno(), 1 << 20, 0).decode()

    def events(self):
        whole = os.pread(self.out.fileno(), 1 << 26, 0)
        return [json.loads(line) for line in whole[:whole.rfind(b"\n") + 1].splitlines()]

    def start(self, *options):
        self.process = subprocess.Popen([MAILTAP, "-v", "-i", "lo", "-o", "json", "-c", self.path("mailtap.yaml"), *options],
                                        stdout=self.out, stderr=self.err)
        wait_for("mailtap to listen", lambda: "listening on" in self.said() or self.process.poll() is not None)
        self.assertIsNone(self.process.poll(), self.said())

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(timeout=20), 0, self.said())

    def reload(self, expected="rules from now on"):
        before = self.said().count(expected)
        self.process.send_signal(signal.SIGHUP)
        wait_for(expected, lambda: self.said().count(expected) > before)

    def attack(self, times, user="victim"):
        """So many logins that fail, told of before this returns; judged they are in the same breath."""
        for _ in range(times):
            try_login(user)
        self.tries += times
        wait_for("the logins", lambda: sum(e["event"]["dataset"] == "mailtap.auth" for e in self.events()) >= self.tries)

    def findings(self, rule):
        return [e for e in self.events() if e.get("rule", {}).get("id") == rule]

    def states(self, rule):
        return [(e["mailtap"]["finding"]["state"], e["mailtap"]["finding"]["count"]) for e in self.findings(rule)]

    def become(self, rule, *states):
        wait_for(f"{rule} to be {states}", lambda: self.states(rule)[-1:] == [states[-1]])
        self.assertEqual(self.states(rule), list(states))

    def test_a_rule_that_comes_judges_from_then_on(self):
        self.start()
        self.attack(2)
        self.assertEqual(self.states(OPENED), [])
        self.write("rules.d/own.yml", LOGIN % OPENED)  # the folder is new, too
        self.reload()
        self.attack(3)
        self.become(OPENED, ("new", 1))
        self.stop()
        self.become(OPENED, ("new", 1), ("closed", 3))

    def test_what_did_not_change_goes_on(self):
        self.write("rules.d/own.yml", LOGIN % OPENED)
        self.start()
        self.attack(6)
        self.write("rules.d/more.yml", (LOGIN % "test.later").replace("Somebody", "Anybody"))
        self.reload()
        self.attack(3)
        self.assertEqual(self.states(BRUTEFORCE), [])
        self.attack(1)
        self.become(BRUTEFORCE, ("new", 10))
        self.stop()
        self.become(BRUTEFORCE, ("new", 10), ("closed", 10))
        self.become(OPENED, ("new", 1), ("closed", 10))
        self.assertEqual(len({e["mailtap"]["finding"]["id"] for e in self.findings(OPENED)}), 1)
        self.become("test.later", ("new", 1), ("closed", 4))

    def test_what_changed_begins_anew(self):
        self.start()
        self.attack(6)
        self.write("rules.d/tuning.yml", "tuning:\n  - {rule: %s, threshold: 5}\n" % BRUTEFORCE)
        self.reload()
        self.attack(4)
        self.assertEqual(self.states(BRUTEFORCE), [])
        self.attack(1)
        self.become(BRUTEFORCE, ("new", 5))
        self.stop()

    def test_what_goes_is_closed(self):
        self.write("rules.d/own.yml", LOGIN % OPENED)
        self.start()
        self.attack(1)
        os.unlink(self.path("rules.d/own.yml"))
        self.reload()
        self.become(OPENED, ("new", 1), ("closed", 1))
        self.attack(1)
        self.become(OPENED, ("new", 1), ("closed", 1))
        self.stop()

    def test_what_is_broken_changes_nothing(self):
        self.write("rules.d/own.yml", LOGIN % OPENED)
        self.start()
        self.attack(6)
        self.write("rules.d/own.yml", (LOGIN % OPENED).replace("user.name", "user.nam"))
        self.reload("the rules stay as they were")
        self.assertIn("rules.d/own.yml:3:19: ", self.said())
        self.assertNotIn("from now on", self.said())
        self.write("rules.d/own.yml", LOGIN % OPENED)
        self.write("mailtap.yaml", "own:\n  networks: [10.0.0.0/8, nonsense]\n")
        self.reload("the rules stay as they were")
        self.assertIn("mailtap.yaml:2:26: ", self.said())
        self.attack(4)
        self.become(BRUTEFORCE, ("new", 10))
        self.stop()
        self.become(OPENED, ("new", 1), ("closed", 10))

    def test_lists_are_read_anew(self):
        self.write("mine.yml", OUTSIDE)
        self.start("-s", self.path("mine.yml"))
        self.attack(1)
        self.assertEqual(self.states("test.outside"), [])
        self.write("mailtap.yaml", "own:\n  networks: 192.0.2.0/24\n")
        self.reload()
        self.attack(1)
        self.become("test.outside", ("new", 1))
        self.stop()

    def test_many_in_a_row(self):
        """Signals that come faster than rules are read; nothing that is open is lost."""
        self.write("rules.d/own.yml", LOGIN % OPENED)
        self.start()
        for i in range(8):
            self.write("rules.d/more.yml", (LOGIN % f"test.later{i}").replace("Somebody", f"Anybody {i}"))
            self.process.send_signal(signal.SIGHUP)
            self.attack(1)
        self.reload()
        self.attack(2)
        self.become(BRUTEFORCE, ("new", 10))
        self.stop()
        self.become(OPENED, ("new", 1), ("closed", 10))


def main():
    if os.environ.get(INSIDE):
        unittest.main(argv=sys.argv[:1], verbosity=1)
    trial = ["unshare", "-n", "ip", "link", "set", "lo", "up"]
    if os.geteuid() != 0 or subprocess.run(trial, stderr=subprocess.DEVNULL).returncode != 0:
        print("not tested: no right to make a network namespace")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])


main()
