"""Law 6: whichever allocation fails, the program does not crash, leaks nothing and says nothing false; it ends with one of its exit codes.

With a small folder of rules each of them, those of start-up once; with the shipped rules, a seeded choice.

usage: allocation_test.py MAILTAP_FAILING SOURCE_FOLDER        (EFFORT=0 in the environment: no choice, each)
"""
import concurrent.futures
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
CAPTURES = ("postfix-auth-clear", "postfix-starttls", "imap-pop3-odd-ports", "managesieve", "dovecot-imap-tls-only", "snaplen")
EXIT_CODES = (0, 1, 2, 78)
EFFORT = int(os.environ.get("EFFORT", "1"))
SEED = int(os.environ.get("SEED", "1"))
CHOSEN = 120 * EFFORT     # with the shipped rules
MARGIN = 10               # of what start-up takes, in part it is asked for only when it ends
RULES = """title: Somebody logged in
name: login
logsource: {service: auth}
detection:
  login: {event.outcome: success, client.ip|expand|cidr: '%own_networks%'}
  condition: login
level: low
mailtap: {id: test.login, evidence: 'by {user.name}[ with {mailtap.auth.mechanism}]', group: [client.ip]}
---
title: Somebody whose name has letters
logsource: {service: auth}
detection:
  name: {user.name|re|i: '^[a-z]+'}
  words: [nowhere, else]
  condition: name and not words
level: medium
mailtap: {id: test.name, remediation: Nothing.}
---
title: Logins
correlation: {type: event_count, rules: [login], group-by: [client.ip], timespan: 1h, condition: {gte: 1}}
level: high
mailtap: {id: test.logins}
"""
TUNING = "tuning:\n  - {rule: test.name, level: low, except: {user.name: nobody}}\n"
# Of what was read in part only, these may be others; ids and numbers follow from what else is told.
FREE = ("event.sequence", "event.id", "mailtap.coverage", "mailtap.coverage_reason", "mailtap.finding.", "event.severity", "event.risk_score",
        "message", "related.user", "threat.", "rule.", "mailtap.auth.attempt", "mailtap.email.size", "mailtap.smtp.rcpt_count", "event.duration",
        "network.bytes", "network.packets", "source.bytes", "source.packets", "destination.bytes", "destination.packets", "event.end",
        "mailtap.flow.", "mailtap.starttls.state", "event.action", "mailtap.frame", "@timestamp", "mailtap.smtp.transaction_depth",
        "mailtap.track.")
UNKNOWN = ("unknown", "********")


def run(capture, rules, at, count=None):
    """`capture` is one of ours, or a path."""
    environment = dict(os.environ, MAILTAP_FAIL_AT=str(at))
    if count:
        environment["MAILTAP_COUNT"] = count
    return subprocess.run([PROGRAM, "-r", os.path.join(SOURCE, "tests/captures", f"{capture}.pcap"), "-o", "json", *rules],
                          capture_output=True, env=environment, timeout=120)


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def facts_of(event):
    return {(path, value) for path, value in leaves(event) if value not in UNKNOWN and not path.startswith(FREE)}


def about_the_sensor(event):
    """It may say that it lost something."""
    name = event.get("rule", {}).get("id") or event["mailtap"].get("weird", {}).get("name") or event["event"]["dataset"]
    return name == "mailtap.stats" or name.startswith("sensor.")


def subject(event):
    """What a finding is about; the session that tells it may be another one."""
    user = event.get("user", {}).get("name")
    return (event["rule"]["id"], event["server"]["ip"], event["server"]["port"], user if user not in UNKNOWN else None)


class Known:
    def __init__(self, events):
        self.events = [facts_of(event) for event in events]
        self.findings = {subject(event) for event in events if event["event"]["kind"] == "alert" and not about_the_sensor(event)}


def fault(result, known):
    """What is wrong with this run, or None."""
    err = result.stderr.decode(errors="replace")
    if result.returncode not in EXIT_CODES:
        return f"exit code {result.returncode}: {err[-1500:]}"
    if "Sanitizer" in err or "runtime error" in err:
        return err[:2000]
    for line in result.stdout.splitlines():
        event = json.loads(line)
        facts = facts_of(event)
        if about_the_sensor(event):
            continue
        if event["event"]["kind"] == "alert":
            if not any(subject(event)[:3] == other[:3] and subject(event)[3] in (other[3], None) for other in known.findings):
                return f"finds what is not there: {subject(event)}"
        elif not any(facts <= other for other in known.events):
            nearest = max(known.events, key=lambda other: len(facts & other))
            return f"says what is not so: {sorted(facts - nearest, key=str)} in {line.decode()[:600]}"
    if result.returncode != 0 and not err.strip():
        return "ends with an error and does not say which"
    return None


def allocations(capture, rules):
    with tempfile.NamedTemporaryFile() as count:
        whole = run(capture, rules, 0, count.name)
        assert whole.returncode == 0, whole.stderr
        return whole, int(open(count.name, encoding="ascii").read())


def test(capture, rules, choose, pool):
    whole, total = allocations(capture, rules)
    known = Known([json.loads(line) for line in whole.stdout.splitlines()])
    numbers = range(1, total + 1) if EFFORT == 0 else choose(total)
    failures = 0
    for at, why in zip(numbers, pool.map(lambda at: fault(run(capture, rules, at), known), numbers)):
        if why:
            failures += 1
            print(f"FAIL {capture}, allocation {at}: {why}\n"
                  f"  MAILTAP_FAIL_AT={at} {PROGRAM} -r tests/captures/{capture}.pcap -o json {' '.join(rules)}")
            if failures > 5:
                break
    print(f"{capture} {' '.join(rules)}: {len(numbers)} of {total} allocations failed in turn, {failures} faults", flush=True)
    return failures


def seeded(total):
    return sorted(random.Random(SEED).sample(range(1, total + 1), min(CHOSEN, total)))


def start_up(rules, folder):
    """How many allocations it takes to read nothing: the same ones for each capture."""
    empty = os.path.join(folder, "empty")
    with open(empty + ".pcap", "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    return allocations(empty, rules)[1]


def main():
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as folder:
        small = ("-S", os.path.join(folder, "rules"))
        os.mkdir(small[1])
        for name, text in (("rules.yml", RULES), ("tuning.yml", TUNING)):
            with open(os.path.join(small[1], name), "w", encoding="ascii") as out:
                out.write(text)
        known = start_up(small, folder)
        failures += test(CAPTURES[0], small, lambda total: range(1, total + 1), pool)
        for capture in CAPTURES[1:]:
            failures += test(capture, small, lambda total: range(known - MARGIN, total + 1), pool)
        failures += test(CAPTURES[0], (), seeded, pool)
    return 1 if failures else 0


sys.exit(main())
