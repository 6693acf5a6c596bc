"""Law 4: a capture gives the same output, byte for byte, however many workers read it.

usage: workers_test.py MAILTAP SOURCE_FOLDER       (also over the corpus beside the project, where there is one)
"""
import glob
import itertools
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crafted  # noqa: E402

MAILTAP, SOURCE = sys.argv[1], sys.argv[2]
CAPTURES = sorted(glob.glob(os.path.join(SOURCE, "tests/captures/*.pcap*")))
CORPUS = sorted(path for path in glob.glob(os.path.join(os.environ.get("MAILTAP_CORPUS", os.path.join(SOURCE, "../shared/corpus")),
                                                        "captures/**/*"), recursive=True) if os.path.isfile(path))
OUTPUTS = (["-o", "json", "--flows", "all"], [])
SESSIONS = 400


def output(files, options, workers):
    command = [MAILTAP, *options, "--workers", str(workers)]
    for path in files:
        command += ["-r", path]
    result = subprocess.run(command, capture_output=True, timeout=300)
    return result.returncode, result.stdout


class Workers(unittest.TestCase):
    def same(self, name, files, counts):
        for options in OUTPUTS:
            one = output(files, options, 1)
            self.assertGreater(len(one[1]), 0, name)
            for count in counts:
                with self.subTest(f"{name} {count} {options}"):
                    self.assertTrue(output(files, options, count) == one)  # not assertEqual: megabytes of difference

    def test_each_capture(self):
        for path in CAPTURES:
            self.same(os.path.basename(path), [path], (4,))

    def test_all_as_one(self):
        links = [path for path in CAPTURES if "any-interface" not in path]
        self.same("all", links, (2, 3, 8))

    def test_corpus(self):
        for path in CORPUS:
            with self.subTest(os.path.basename(path)):
                self.assertTrue(output([path], OUTPUTS[0], 4) == output([path], OUTPUTS[0], 1))

    def test_many_sessions_at_once(self):
        """Sessions mixed, one packet in a hundred lost, over more than a minute of packet time."""
        chooser = random.Random(4)
        frames = [list(crafted.session(crafted.login(user=f"user{k}@example.org"), client=f"10.{k >> 8}.{k & 255}.7", sport=1024 + k))
                  for k in range(SESSIONS)]
        turns = [k for k, flow in enumerate(frames) for _ in flow]
        chooser.shuffle(turns)
        left = [iter(flow) for flow in frames]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "many.pcap")
            crafted.write(path, (frame for frame in (next(left[k]) for k in turns) if chooser.random() > 0.01), step=150 / len(turns))
            self.same("many", [path], (2, 4, 16))
            one = output([path], OUTPUTS[0], 1)[1]
        self.assertGreater(one.count(b'"dataset":"mailtap.stats"'), 0)
        self.assertGreater(one.count(b'"dataset":"mailtap.auth"'), SESSIONS // 2)

    def test_many_sessions_at_one_time(self):
        """Packets that share their time, by dozens: then the order of events is that of the flows alone."""
        flows = [crafted.session(crafted.login(user=f"user{k}@example.org"), client=f"10.{k >> 8}.{k & 255}.7", sport=1024 + k)
                 for k in range(SESSIONS)]
        frames = (frame for turn in itertools.zip_longest(*flows) for frame in turn if frame)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "together.pcap")
            crafted.write_records(path, ((1_700_000_000 + i // 50 * 0.001, frame, len(frame)) for i, frame in enumerate(frames)))
            self.same("together", [path], (2, 4))

    def test_what_one_worker_reads(self):
        for words in (["-r", "-"], ["-r", CAPTURES[0], "--trace", "smtp"], ["-i", "lo"]):
            result = subprocess.run([MAILTAP, *words, "--workers", "2"], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(b"--workers is for capture files", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
