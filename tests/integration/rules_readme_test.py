#!/usr/bin/env python3
"""The examples of rules/README.md load as they stand, and do what the page says of them: MAILTAP SOURCE."""
import os
import re
import subprocess
import sys
import tempfile

mailtap, source = os.path.abspath(sys.argv[1]), sys.argv[2]


def run(*arguments):
    return subprocess.run([mailtap, *arguments], capture_output=True, text=True, check=False)


with open(os.path.join(source, "rules/README.md"), encoding="utf-8") as file:
    page = file.read()
blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.S | re.M)
configurations = re.findall(r"^```yml\n(.*?)^```$", page, re.S | re.M)
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
    # What it says to write in the place of the built-in networks has all of these.
    for number, block in enumerate(configurations):
        path = os.path.join(folder, "example_%d.yaml" % number)
        with open(path, "w", encoding="utf-8") as file:
            file.write(block)
        networks = [re.search(r"^own:.*?^  networks: \[(.*?)\]", result.stdout, re.S | re.M).group(1).split(", ")
                    for result in (run("--print-config"), run("--print-config", "-c", path))]
        assert set(networks[0]) < set(networks[1]), networks
        assert run("rules", "check", "-c", path).returncode == 0
    assert len(configurations) == 1
    # One recipient left out by neq in the row; the mail as a whole by except.
    rows = [path for path, block in zip(paths, blocks) if "|neq: list@example.org" in block]
    capture = os.path.join(source, "tests/captures/harvest-postfix.pcap")
    name = "recipients.refused.but.for.the.old.list"
    with open(rows[0], encoding="utf-8") as file:
        rule = file.read().replace("list@example.org", "anna@example.org")
    path = os.path.join(folder, "row.yml")
    for document, expected in (("", "holds: " + name), (
            "---\ntuning:\n  - rule: %s\n    except:\n      mailtap.smtp.recipients.address: anna@example.org\n" % name,
            "no: taken away by except: mailtap.smtp.recipients.address is anna@example.org")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(rule + document)
        result = run("rules", "test", capture, name, "-s", path)
        assert expected in result.stdout, result.stdout + result.stderr
print("%d examples" % len(blocks))
