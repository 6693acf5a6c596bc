"""The project's own captures of real servers and clients: golden events, no secret in any form in any output, the same
output each time.

usage: captures_test.py MAILTAP SOURCE_FOLDER
"""
import base64
import glob
import json
import os
import subprocess
import sys
import unittest

MAILTAP, SOURCE = sys.argv[1], sys.argv[2]
CAPTURES = sorted(glob.glob(os.path.join(SOURCE, "tests/captures/*.pcap*")))


def run(*arguments):
    return subprocess.run([MAILTAP, *arguments], capture_output=True, timeout=120)


def forms(secret):
    """The secret as it may stand in text: raw, escaped as in JSON and in IMAP (once and twice), UTF-16, hex, and in base64 at each
    alignment, less the uncertain ends."""
    raw = secret.encode()
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()
    yield secret.encode("utf-16le")
    yield raw.hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw + b"\0\0")
        yield encoded[4 if shift else 0:len(encoded) // 4 * 4 - 8]


def secrets():
    with open(os.path.join(SOURCE, "tests/captures/secrets.txt"), encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class Captures(unittest.TestCase):
    def test_there_are_some(self):
        self.assertGreater(len(CAPTURES), 5)
        self.assertGreater(len(secrets()), 5)

    def test_golden_events(self):
        for capture in CAPTURES:
            with self.subTest(os.path.basename(capture)):
                result = run("-r", capture, "-o", "json")
                self.assertEqual(result.returncode, 0, result.stderr)
                with open(os.path.splitext(capture)[0] + ".jsonl", "rb") as golden:
                    self.assertEqual(result.stdout.decode(), golden.read().decode())

    def test_no_secret_in_any_output(self):
        wanted = [form for secret in secrets() for form in forms(secret)]
        for capture in CAPTURES:
            for arguments in (("-o", "json", "--flows", "all"), (), ("--trace", "all"), ("-v", "-v")):
                with self.subTest(capture=os.path.basename(capture), arguments=arguments):
                    result = run("-r", capture, *arguments)
                    for form in wanted:
                        self.assertNotIn(form, result.stdout + result.stderr)

    def test_secrets_are_there_to_be_found(self):
        """The test above can fail: the captures do hold the secrets."""
        content = b""
        for capture in CAPTURES:
            with open(capture, "rb") as file:
                content += file.read()
        found = [secret for secret in secrets() if any(form in content for form in forms(secret))]
        self.assertGreater(len(found), len(secrets()) // 3)

    def test_silence_on_what_is_not_mail(self):
        for name in ("not-mail",):
            for capture in glob.glob(os.path.join(SOURCE, f"tests/captures/{name}*.pcap*")):
                result = run("-r", capture, "-o", "json")
                kinds = {json.loads(line)["event"]["dataset"] for line in result.stdout.splitlines()}
                self.assertEqual(kinds - {"mailtap.flow"}, set(), capture)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
