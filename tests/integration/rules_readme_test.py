#!/usr/bin/env python3
"""The examples of rules/README.md load as they stand, and the first one does what the page says: MAILTAP SOURCE."""
import os
import re
import subprocess
import sys
import tempfile

mailtap, source = os.path.abspath(sys.argv[1]), sys.argv[2]


def run(*arguments):
    return subprocess.run([mailtap, *arguments], capture_output=True, text=True, check=False)


with open(os.path.join(source, "rules/README.md"), encoding="utf-8") as file:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", file.read(), re.S | re.M)
assert len(blocks) >= 6, "the page has lost its examples"
with tempfile.TemporaryDirectory() as folder:
    paths = []
    for number, block in enumerate(blocks):
        paths.append(os.path.join(folder, "example_%d.yml" % number))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(block)
        # Tuning is about the shipped rules, so each is loaded beside them.
        result = run("rules", "list", "-s", paths[-1])
        assert result.returncode == 0 and result.stderr == "", "example %d: %s" % (number + 1, result.stderr)
    first = ("-s", paths[0])
    capture = os.path.join(source, "tests/captures/dovecot-pop3-open.pcap")
    result = run("rules", "check", paths[0])
    assert result.returncode == 0, result.stderr
    result = run("rules", "test", capture, *first)
    assert "pop3.login.from.outside (medium)" in result.stdout, result.stdout
    result = run("rules", "test", capture, "pop3.login.from.outside", *first)
    assert re.search(r"no: .*failure", result.stdout), result.stdout
print("%d examples" % len(blocks))
