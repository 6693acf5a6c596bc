#!/usr/bin/env python3
"""The rules of the house that no compiler checks.

First each fault is planted in a scratch folder, to see that it would be found; then the project itself is looked at.
With a folder as argument only that folder is.
"""
import os
import re
import sys
import tempfile

# Unsafe, locale-dependent or not thread-safe: views, the cursor, snprintf and time_print() take their place.
BANNED = "strcpy strcat sprintf vsprintf strtok atoi gmtime localtime gets alloca".split()
BANNED_CALL = re.compile(r"\b(%s)\s*\(" % "|".join(BANNED))
CLOCK_CALL = re.compile(r"\b(clock_gettime|gettimeofday|timespec_get|clock)\s*\(|\btime\s*\(\s*(NULL|0|&)")
# Folders that are not the project's: on the machine of whoever built it.
ELSEWHERE = re.compile(r"(\.\./|/work/)" r"shared|/work/" r"main")


def files_of(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders
                            if f not in (".git", "node_modules", "__pycache__") and not f.startswith("build"))
        for name in sorted(set(files) - {".git"}):
            yield os.path.relpath(os.path.join(folder, name), root)


def may_read_clocks(path):
    """The packet is the clock. The doorbell sleeps, sinks wait for servers, and the top floor may look at the wall."""
    floor = path.split("/")
    return not (floor[0] == "dissectors" or (floor[0] == "sensor" and len(floor) > 2)) \
        or path == "sensor/base/doorbell.c" or path.startswith("sensor/output/")


def has_head_comment(path, text):
    if re.search(r"\.([ch]|def)$", path):
        return text.startswith("/*")
    if re.search(r"\.(sh|py)$|(^|/)CMakeLists\.txt$|^dev$|^\.ci/run$", path):
        return any(re.match(r'# |"""', line) for line in text.split("\n")[:2])
    return True


def fact_faults(facts, dialogues):
    """Facts without a dialogue, dialogues without a fact: of FACTS.md and the dialogues, path to text."""
    listed = re.findall(r"^- (\w+): .*?(\(no dialogue yet\))?$", facts, re.M)
    proved = set()
    for path, text in dialogues.items():
        head = re.match(r"# \[((\w+(, \w+)*)?)\] \S", text)
        if not head:
            yield "%s: its first line is not \"# [P17, S1] what is shown\"" % path
            continue
        cited = set(head[1].split(", ")) - {""}
        proved |= cited
        for fact in sorted(cited - {fact for fact, _ in listed}):
            yield "%s: cites %s, which is not in the list of facts" % (path, fact)
    for number, (fact, owed) in enumerate(listed):
        if fact in [earlier for earlier, _ in listed[:number]]:
            yield "FACTS.md: %s stands twice" % fact
        if owed and fact in proved:
            yield "FACTS.md: %s has a dialogue now" % fact
    missing = [fact for fact, owed in listed if not owed and fact not in proved]
    if missing:
        yield "FACTS.md: no dialogue proves %s" % ", ".join(missing)


def faults_in(root):
    """Lines "path:line: what is wrong"."""
    owners, facts, dialogues = {}, "", {}
    for path in files_of(root):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            text = None
        parts = path.split("/")
        for depth in (1, 2 if parts[0] == "sensor" else 1):
            if len(parts) > depth and not parts[0].startswith("."):
                owners.setdefault("/".join(parts[:depth]), set()).add("/".join(parts[depth:]))
        if text is None:
            continue
        if path == "tests/dialogues/FACTS.md":
            facts = text
        elif path.endswith(".dialogue"):
            dialogues[path] = text
        if not has_head_comment(path, text):
            yield "%s: no head comment" % path
        ours = re.match(r"(sensor|dissectors|dashboards)/.*\.[ch]$", path)
        for number, line in enumerate(text.split("\n"), 1):
            if ours and BANNED_CALL.search(line):
                yield "%s:%d: banned function: %s" % (path, number, line.strip())
            if ours and not may_read_clocks(path) and CLOCK_CALL.search(line):
                yield "%s:%d: reads a clock: %s" % (path, number, line.strip())
            if not path.startswith("tests/") and ELSEWHERE.search(line):
                yield "%s:%d: refers to a folder that is not the project's" % (path, number)
    for folder, files in sorted(owners.items()):
        if "README.md" not in files:
            yield "%s: no README.md" % folder
    yield from fact_faults(facts, dialogues)


GOOD = {
    "README.md": "# here\n",
    "sensor/README.md": "# here\n",
    "sensor/base/README.md": "# here\n",
    "sensor/output/README.md": "# here\n",
    "dissectors/README.md": "# here\n",
    "tests/README.md": "# here\n",
    "sensor/base/good.c": "/* Good. */\n/* one gets nothing; strcpy is only named */\nmy_atoi(1); localtime_r(a, b);\n",
    "sensor/base/doorbell.c": "/* Sleeps. */\nclock_gettime(CLOCK_MONOTONIC, &now);\n",
    "sensor/output/sink.c": "/* Waits. */\nclock_gettime(CLOCK_MONOTONIC, &now);\n",
    "sensor/top.c": "/* Looks at the wall. */\nnow = time(NULL);\n",
    "tests/corpus_test.py": '"""Uses it when it is there."""\nlook_in("../sha' 'red/corpus")\n',
    "tests/dialogues/FACTS.md": "# Facts\n- P1: One.\n- P2: Two.\n- S1: Three. (no dialogue yet)\n",
    "tests/dialogues/x/a.dialogue": "# [P1, P2] Shows two.\n# [P9] is only prose here\n",
    "tests/dialogues/x/b.dialogue": "# [] Shows what no fact says.\n",
    "build/generated.c": "x = atoi(y);\n",
    ".ci/run": "#!/usr/bin/env bash\n# Runs.\n",
}

BAD = [("sensor/base/bad.c", "/* Bad. */\nint x = %s (y);\n" % name, "banned function") for name in BANNED] + [
    ("dissectors/bad.h", "/* Bad. */\nreturn sprintf(to, from);\n", "banned function"),
    ("dashboards/README.md", "", None),  # an empty folder's README is fine
    ("dissectors/bad.c", "/* Bad. */\nnow = time(NULL);\n", "reads a clock"),
    ("dissectors/bad.c", "/* Bad. */\nnow = time( &then );\n", "reads a clock"),
    ("sensor/base/bad.c", "/* Bad. */\nclock_gettime(CLOCK_REALTIME, &now);\n", "reads a clock"),
    ("sensor/base/bad.c", "/* See ../sha" "red/DESIGN.md. */\n", "not the project's"),
    ("sensor/README.md", "# See /work/" "main.\n", "not the project's"),
    ("sensor/bad.c", "int x;\n", "no head comment"),
    ("sensor/base/bad.def", "ROW(X)\n", "no head comment"),
    ("tests/bad.py", "import sys\n", "no head comment"),
    ("tests/bad.sh", "#!/bin/sh\nexit 0\n", "no head comment"),
    ("dev", "#!/bin/sh\nexit 0\n", "no head comment"),
    ("sensor/network/new.c", "/* New. */\n", "no README.md"),
    ("tests/dialogues/x/a.dialogue", "# [P2] Shows one.\n", "no dialogue proves P1"),
    ("tests/dialogues/x/a.dialogue", "# [] Shows none.\n", "no dialogue proves P1, P2"),
    ("tests/dialogues/x/b.dialogue", "# [P1, P3] Shows what is not listed.\n", "cites P3, which is not"),
    ("tests/dialogues/x/b.dialogue", "# [P1 P2] No commas.\n", "b.dialogue: its first line"),
    ("tests/dialogues/x/b.dialogue", "# Shows something.\n", "b.dialogue: its first line"),
    ("tests/dialogues/x/b.dialogue", "# [P1]\n", "b.dialogue: its first line"),
    ("tests/dialogues/x/b.dialogue", "# [S1] Three.\n", "S1 has a dialogue now"),
    ("tests/dialogues/FACTS.md", "- P1: One.\n- P2: Two.\n- P1: One.\n", "P1 stands twice"),
    ("packaging/new.service", "[Unit]\n", "no README.md"),
]


def would_find_faults():
    """What is wrong with this test itself."""
    for path, text, expected in [(None, None, None)] + BAD:
        with tempfile.TemporaryDirectory() as root:
            house = dict(GOOD, **({path: text} if path else {}))
            for name, content in house.items():
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(content)
            found = list(faults_in(root))
        if expected is None and found:
            yield "sees a fault where there is none: %s" % found
        elif expected and not (len(found) == 1 and expected in found[0]):
            yield "%s, %s: found %s" % (path, expected, found)


def main():
    faults = list(faults_in(sys.argv[1])) if len(sys.argv) > 1 else \
        ["house_test: " + text for text in would_find_faults()] + \
        list(faults_in(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")))
    for fault in faults:
        print(fault)
    print("%d faults" % len(faults) if faults else "all rules of the house are kept")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
