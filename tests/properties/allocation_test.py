"""Law 6: whichever allocation fails, the program does not crash, leaks nothing and says nothing false; it ends with one of its exit codes.

usage: allocation_test.py MAILTAP_FAILING SOURCE_FOLDER        (EFFORT=0 in the environment: each of them; else a seeded choice)
"""
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
CAPTURES = ("postfix-auth-clear", "postfix-starttls", "imap-pop3-odd-ports", "managesieve", "dovecot-imap-tls-only", "snaplen")
EXIT_CODES = (0, 1, 2, 78)
EFFORT = int(os.environ.get("EFFORT", "1"))
SEED = int(os.environ.get("SEED", "1"))
EACH_UP_TO = 150          # start-up and the first session: every one of these
CHOSEN = 120 * EFFORT     # of those behind
# Of what was read in part only, these may be others; ids and numbers follow from what else is told.
FREE = ("event.sequence", "event.id", "mailtap.coverage", "mailtap.coverage_reason", "mailtap.finding.", "event.severity", "event.risk_score",
        "message", "related.user", "threat.", "rule.", "mailtap.auth.attempt", "mailtap.email.size", "mailtap.smtp.rcpt_count", "event.duration",
        "network.bytes", "network.packets", "source.bytes", "source.packets", "destination.bytes", "destination.packets", "event.end",
        "mailtap.flow.", "mailtap.starttls.state", "event.action", "mailtap.frame", "@timestamp", "mailtap.smtp.transaction_depth")
UNKNOWN = ("unknown", "********")


def run(capture, at, count=None):
    environment = dict(os.environ, MAILTAP_FAIL_AT=str(at))
    if count:
        environment["MAILTAP_COUNT"] = count
    return subprocess.run([PROGRAM, "-r", os.path.join(SOURCE, f"tests/captures/{capture}.pcap"), "-o", "json"],
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


def test(capture, pool):
    with tempfile.NamedTemporaryFile() as count:
        whole = run(capture, 0, count.name)
        total = int(open(count.name, encoding="ascii").read())
    assert whole.returncode == 0, whole.stderr
    known = Known([json.loads(line) for line in whole.stdout.splitlines()])
    numbers = list(range(1, min(total, EACH_UP_TO) + 1))
    behind = range(EACH_UP_TO + 1, total + 1)
    chosen = behind if EFFORT == 0 else random.Random(SEED).sample(behind, min(CHOSEN, len(behind)))
    numbers += sorted(chosen)
    failures = 0
    for at, why in zip(numbers, pool.map(lambda at: fault(run(capture, at), known), numbers)):
        if why:
            failures += 1
            print(f"FAIL {capture}, allocation {at}: {why}\n  MAILTAP_FAIL_AT={at} {PROGRAM} -r tests/captures/{capture}.pcap -o json")
            if failures > 5:
                break
    print(f"{capture}: {len(numbers)} of {total} allocations failed in turn, {failures} faults", flush=True)
    return failures


def main():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return 1 if sum(test(capture, pool) for capture in CAPTURES) else 0


sys.exit(main())
