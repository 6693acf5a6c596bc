"""The program as a person meets it: what it prints, what it says when something is wrong, how it exits.

usage: command_line_test.py MAILTAP SOURCE_FOLDER
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import crafted

MAILTAP, SOURCE = sys.argv[1], sys.argv[2]
SECRET = "Crafted-Secret-1"


def run(*arguments, env=None, **options):
    return subprocess.run([MAILTAP, *arguments], capture_output=True, timeout=60, env={**os.environ, **(env or {})},
                          **options)


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.login = cls.path("login.pcap")
        crafted.write(cls.login, crafted.session(crafted.login()))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name, content=None):
        path = os.path.join(cls.folder.name, name)
        if content is not None:
            with open(path, "wb") as out:
                out.write(content)
        return path

    def one_line(self, result, code, *words):
        """Exit code, and exactly one clear line on standard error (and perhaps where to find help)."""
        text = result.stderr.decode()
        self.assertEqual(result.returncode, code, text)
        said = [line for line in text.splitlines() if "--help" not in line or "mailtap: " in line]
        self.assertEqual(len(said), 1, text)
        for word in words:
            self.assertIn(word, text)

    def events(self, *arguments):
        result = run("-r", self.login, "-o", "json", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_report_names_who_where_how_and_what_to_do(self):
        result = run("-r", self.login)
        text = result.stdout.decode()
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in ("CRITICAL", "alice@example.org", "192.0.2.10", "192.0.2.25:25", "PLAIN", "accepted", "235 2.7.0",
                     "What to do", "smtp.auth.cleartext"):
            self.assertIn(word, text)
        self.assertNotIn(SECRET, text)
        self.assertNotIn("\033", text, "colour is for terminals")

    def test_json_has_the_kinds_and_their_numbers(self):
        events = self.events()
        kinds = [event["event"]["dataset"] for event in events]
        self.assertEqual(sorted(set(kinds)), ["mailtap.auth", "mailtap.finding", "mailtap.flow", "mailtap.message",
                                              "mailtap.starttls"])
        self.assertEqual([(e["rule"]["id"], e["mailtap"]["finding"]["state"]) for e in events if "finding" in e["mailtap"]],
                         [("smtp.auth.cleartext", "new"), ("mail.auth.offered_clear", "new"),
                          ("smtp.auth.cleartext", "closed"), ("mail.auth.offered_clear", "closed")])
        auth = next(e for e in events if e["event"]["dataset"] == "mailtap.auth")
        self.assertEqual(auth["user"]["name"], "alice@example.org")
        self.assertEqual(auth["event"]["outcome"], "success")
        self.assertEqual(auth["mailtap"]["frame"], 8)
        self.assertEqual(auth["mailtap"]["file"], "login.pcap")
        self.assertEqual(auth["observer"]["name"], "mailtap")
        self.assertIsInstance(auth["event"]["category"], list)
        ids = [event["event"]["id"] for event in events]
        self.assertEqual(len(ids), len(set(ids)))
        source = next(e for e in events if e["event"]["dataset"] == "mailtap.finding")["mailtap"]["finding"]["source_event_ids"]
        self.assertEqual(source, [auth["event"]["id"]])
        for stream in (("mailtap.finding",), set(kinds) - {"mailtap.finding"}):
            sequence = [e["event"]["sequence"] for e in events if e["event"]["dataset"] in stream]
            self.assertEqual(sequence, list(range(1, len(sequence) + 1)))

    def test_reading_twice_gives_the_same_bytes(self):
        first, second = (run("-r", self.login, "-o", "json").stdout for _ in range(2))
        self.assertEqual(first, second)
        self.assertNotIn(SECRET.encode(), first)

    def test_observer_names_the_sensor(self):
        self.assertEqual({e["observer"]["name"] for e in self.events("--observer", "tap-7")}, {"tap-7"})

    def test_flows_option(self):
        def flows(which):
            return [e for e in self.events("--flows", which) if e["event"]["dataset"] == "mailtap.flow"]
        self.assertEqual(len(flows("mail")), 1)
        self.assertEqual(len(flows("none")), 0)
        self.assertEqual(len(flows("all")), 1)

    def test_filter_leaves_out(self):
        result = run("-r", self.login, "-o", "json", "port", "26")
        self.assertEqual((result.returncode, result.stdout), (0, b""), result.stderr)
        self.assertNotEqual(run("-r", self.login, "-o", "json", "tcp", "and", "port", "25").stdout, b"")

    def test_privacy(self):
        dropped = json.dumps(self.events("--privacy", "drop"))
        self.assertNotIn("alice", dropped)
        key = self.path("key", b"0123456789abcdef0123456789abcdef")
        config = self.path("privacy.yaml", f"privacy:\n  key_file: {key}\n".encode())
        os.chmod(key, 0o600)
        hashed = self.events("--privacy", "hash", "-c", config)
        self.assertNotIn("alice", json.dumps(hashed))
        auth = next(e for e in hashed if e["event"]["dataset"] == "mailtap.auth")
        self.assertRegex(auth["user"]["hash"], "^[0-9a-f]{32}$")
        self.assertNotIn("name", auth["user"])
        self.one_line(run("-r", self.login, "--privacy", "hash"), 2, "key_file")

    def test_trace_shows_only_public_bytes(self):
        result = run("-r", self.login, "--trace", "smtp")
        text = (result.stdout + result.stderr).decode()
        self.assertIn("AUTH PLAIN", text)
        self.assertIn("MAIL FROM:<alice@example.org>", text)
        for form in (SECRET, "Q3JhZnRlZC1TZWNyZXQtM", "Subject: hello"):
            self.assertNotIn(form, text)

    def test_missing_file(self):
        self.one_line(run("-r", "/nowhere/x.pcap"), 1, "/nowhere/x.pcap", "No such file")

    def test_not_a_capture(self):
        self.one_line(run("-r", self.path("text.pcap", b"this is not a capture at all")), 1, "text.pcap")
        self.one_line(run("-r", self.path("empty.pcap", b"")), 1, "empty.pcap")
        self.one_line(run("-r", self.folder.name), 1, self.folder.name)

    def test_truncated_capture_is_reported_as_far_as_it_goes(self):
        with open(self.login, "rb") as whole:
            content = whole.read()
        path = self.path("cut.pcap", content[:-30])
        result = run("-r", path)
        self.one_line(result, 1, "cut.pcap")
        self.assertIn("INCOMPLETE", result.stdout.decode())
        self.assertIn("alice@example.org", result.stdout.decode())
        self.one_line(run("-r", path, "-o", "json"), 1, "cut.pcap")

    def test_an_upgrade_whose_end_was_not_seen_is_not_counted_as_clear(self):
        with open(os.path.join(SOURCE, "tests/captures/starttls-relay.pcap"), "rb") as whole:
            content = whole.read()
        end = 24
        for _ in range(14):  # up to the answer to the ClientHello
            end += 16 + int.from_bytes(content[end + 8:end + 12], "little")
        text = run("-r", self.path("upgrade.pcap", content[:end])).stdout.decode()
        self.assertIn("STARTTLS: 1 unknown", text)
        self.assertRegex(text, r"smtp +0 +0 +0")

    def test_corrupt_capture_is_reported_as_far_as_it_goes(self):
        with open(self.login, "rb") as whole:
            content = bytearray(whole.read())
        content[-70 + 8:-70 + 12] = b"\xff" * 4  # the length in the last record's header
        result = run("-r", self.path("corrupt.pcap", bytes(content)))
        self.one_line(result, 1, "corrupt.pcap")
        self.assertIn("alice@example.org", result.stdout.decode())

    def test_unknown_link_type(self):
        path = self.path("link.pcap")
        crafted.write(path, [b"\0" * 60], link_type=147)
        self.one_line(run("-r", path), 1, "link.pcap", "link")

    def test_bad_filter(self):
        self.one_line(run("-r", self.login, "port", "nonsense-port"), 2, "port nonsense-port")

    def test_usage_errors(self):
        self.one_line(run("--no-such-option"), 2, "no-such-option")
        self.one_line(run(), 2, "-r")
        self.one_line(run("-r", self.login, "-o", "xml"), 2, "xml")
        self.one_line(run("-r", self.login, "--trace", "gopher"), 2, "gopher")
        self.one_line(run("-r", self.login, "--flows", "some"), 2, "some")
        self.one_line(run("-r", self.login, "--redis", "http://x"), 2, "http")

    def test_configuration_errors(self):
        unknown = self.path("unknown.yaml", b"output:\n  fromat: json\n")
        self.one_line(run("-c", unknown, "-r", self.login), 78, "unknown.yaml:2:3", "output.fromat", "output.format")
        self.one_line(run("-c", self.path("bad.yaml", b"output: [unclosed\n"), "-T"), 78, "bad.yaml:")
        self.one_line(run("-c", "/nowhere/mailtap.yaml", "-T"), 78, "/nowhere/mailtap.yaml")
        result = run("-c", self.path("good.yaml", b"output:\n  format: json\n"), "-T")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_print_config_can_be_read_back(self):
        printed = run("--print-config", "--flows", "all")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        again = run("-c", self.path("printed.yaml", printed.stdout), "--print-config")
        self.assertEqual(again.stdout, printed.stdout, again.stderr)

    def test_redis_down(self):
        self.one_line(run("-r", self.login, "--redis", "unix:///nowhere/redis.sock"), 1, "redis", "/nowhere/redis.sock")

    def test_broken_pipe_is_an_error_not_a_signal(self):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([MAILTAP, "-r", self.login, "-o", "json"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_help_version_fields(self):
        text = run("--help").stdout.decode()
        for option in ("-r", "-o", "-c", "-T", "-v", "-V", "-h", "--fields", "--print-config", "--redis", "--privacy",
                       "--observer", "--flows", "--trace"):
            self.assertIn(option, text)
        self.assertRegex(run("-V").stdout.decode(), r"^mailtap \d+\.\d+\.\d+")
        fields = run("--fields").stdout.decode()
        self.assertIn("mailtap.auth.mechanism", fields)
        self.assertNotIn("secret_hash", fields)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
