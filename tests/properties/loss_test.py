"""Runs loss_test and reads every event it emitted as strict JSON (law 7): one object a line, UTF-8, no key twice."""
import json
import os
import subprocess
import sys
import tempfile


def no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def main():
    program, dialogues = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.jsonl")
        seed = os.environ.get("SEED", "1")
        if subprocess.run([program, "--json", path, "--seed", seed, *dialogues]).returncode != 0:
            return 1
        lines = 0
        with open(path, encoding="utf-8", errors="strict") as events:
            for lines, line in enumerate(events, 1):
                event = json.loads(line, object_pairs_hook=no_key_twice)
                if not isinstance(event, dict) or "secret_hash" in line:
                    raise ValueError(f"line {lines}: {line[:200]}")
        print(f"{lines} events are JSON")
        return 0 if lines > 0 else 1


sys.exit(main())
