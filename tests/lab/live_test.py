"""An interface and a file of the same packets give the same events: real servers and clients in network namespaces, mailtap
listening beside tcpdump.

usage: live_test.py MAILTAP SOURCE_FOLDER [SCENARIO...]          (needs root; installs the servers it records)
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

MAILTAP, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
SCENARIOS = sys.argv[3:] or ["postfix-auth-clear", "postfix-starttls", "quoting-mail", "dovecot-imap-open", "dovecot-pop3-open"]
# What depends on the run, not on the packets. The kernel stamps a packet for each socket anew, a microsecond apart, and
# the names of flows and findings come from these times.
OF_THE_RUN = (("event", "id"), ("event", "sequence"), ("mailtap", "file"), ("mailtap", "frame"), ("mailtap", "finding", "id"),
              ("mailtap", "finding", "source_event_ids"), ("@timestamp",), ("event", "start"), ("event", "end"),
              ("event", "duration"), ("mailtap", "flow", "uid"), ("mailtap", "finding", "first_seen"),
              ("mailtap", "finding", "last_seen"))


def without(event, path):
    for key in path[:-1]:
        event = event.get(key, {})
    event.pop(path[-1], None)


def events(lines):
    """Without the stats: live, each minute has one; of a file only where something is wrong."""
    found = [event for event in map(json.loads, lines.splitlines()) if event["event"]["dataset"] != "mailtap.stats"]
    for event in found:
        for path in OF_THE_RUN:
            without(event, path)
    return sorted(json.dumps(event, sort_keys=True) for event in found)


class Live(unittest.TestCase):
    def test_live_and_file_say_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            for scenario in SCENARIOS:
                with self.subTest(scenario), open(os.path.join(folder, "log"), "w+", encoding="utf-8") as log:
                    record = [os.path.join(SOURCE, "tests/lab/record"), "--out", folder, "--sensor", MAILTAP, scenario]
                    status = subprocess.run(record, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=300).returncode
                    log.seek(0)
                    self.assertEqual(status, 0, log.read()[-2000:])
                    read = subprocess.run([MAILTAP, "-r", os.path.join(folder, scenario + ".pcap"), "-o", "json"],
                                          capture_output=True, text=True, timeout=60)
                    with open(os.path.join(folder, scenario + ".live.jsonl"), encoding="utf-8") as live:
                        seen = events(live.read())
                    self.assertGreater(len(seen), 2)
                    self.assertEqual(seen, events(read.stdout))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
