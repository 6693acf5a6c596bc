#!/usr/bin/env bash
# The rules of the house that no compiler checks. With --check FOLDER it says what is wrong there; without, it first plants each
# fault in a scratch folder, to see that it would be found, and then looks at the project itself.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

# Unsafe, locale-dependent or not thread-safe: view, cursor, snprintf and time_print() take their place.
banned='strcpy|strcat|sprintf|vsprintf|strtok|atoi|gmtime|localtime|gets|alloca'
clocks='clock_gettime|gettimeofday|timespec_get|clock'
# Folders that stand apart from the project, on the machine of whoever built it.
elsewhere='(\.\./|/work/)shared|/work/main'

# sources FOLDER...: the files of the project in these folders, without what is built.
sources() { find "$@" \( -name .git -o -name 'build*' -o -name node_modules -o -name __pycache__ \) -prune -o -type f -print | sort; }

# report TEXT: one line per file that standard input names.
report() { sed "s|\$|: $1|"; }

check() (
    cd "$1"
    # "|| true": finding nothing is what is hoped for.
    {
        { sources sensor dissectors dashboards | grep '\.[ch]$' | xargs -r grep -nHE "\b($banned)[[:space:]]*\(" || true; } |
            report "banned function"
        # The packet is the clock. The doorbell sleeps, sinks wait for servers, and the top floor may look at the wall.
        { sources sensor/*/ dissectors | grep '\.[ch]$' | grep -vE '^sensor/(base/doorbell\.c|output/)' |
            xargs -r grep -nHE "\b($clocks)[[:space:]]*\(|\btime[[:space:]]*\([[:space:]]*(NULL|0|&)" || true; } |
            report "reads a clock"
        { sources . | grep -v '^\./tests/' | xargs -r grep -nHIE "$elsewhere" || true; } | report "refers to a folder that is not the project's"
        for file in $(sources . | grep -E '\.([ch]|def)$'); do
            [ "$(head -c 2 "$file")" = '/*' ] || echo "$file: no head comment"
        done
        for file in $(sources . | grep -E '(\.(sh|py)|/CMakeLists\.txt|^\./dev|/\.ci/run)$'); do
            head -n 2 "$file" | grep -qE '^(# |""")' || echo "$file: no head comment"
        done
        for folder in */ sensor/*/; do
            case $folder in build*) continue ;; esac
            [ -z "$(sources "$folder")" ] || [ -f "${folder}README.md" ] || echo "$folder: no README.md"
        done
    } >&3
) 3>&1

if [ "${1:-}" = --check ]; then
    found=$(check "$2")
    [ -z "$found" ] || printf '%s\n' "$found"
    [ -z "$found" ]
    exit
fi

# A small house without a fault.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
clean() {
    rm -rf "${scratch:?}"/house
    mkdir -p "$scratch"/house/{sensor/{base,output},dissectors,dashboards,tests/unit,build}
    for folder in sensor sensor/base sensor/output dissectors dashboards tests; do
        echo "# here" >"$scratch/house/$folder/README.md"
    done
    printf '/* Good. */\nint good(void); /* gets nothing; strcpy is only named; my_atoi(1) */\n' >"$scratch/house/sensor/base/good.c"
    printf '/* Sleeps. */\nclock_gettime(CLOCK_MONOTONIC, &now);\n' >"$scratch/house/sensor/base/doorbell.c"
    cp "$scratch/house/sensor/base/doorbell.c" "$scratch/house/sensor/output/sink.c"
    cp "$scratch/house/sensor/base/doorbell.c" "$scratch/house/sensor/top.c"
    printf '# A script.\nuse("../shared/corpus")\n' >"$scratch/house/tests/corpus_test.py"
    printf 'x = atoi(y); /work/main\n' >"$scratch/house/build/generated.c"
}

failures=0
fail() {
    echo "house_test: $*" >&2
    failures=$((failures + 1))
}

clean
found=$(check "$scratch/house")
[ -z "$found" ] || fail "sees a fault where there is none: $found"

# planted FILE TEXT WORDS: this text in this file must be reported with these words, and nothing else with it.
planted() {
    clean
    printf "$2" >"$scratch/house/$1"
    found=$(check "$scratch/house")
    case $found in
    *"$1"*"$3"*) [ "$(printf '%s\n' "$found" | wc -l)" = 1 ] || fail "says too much of $1: $found" ;;
    *) fail "does not see: $1: $3 ($2)" ;;
    esac
}
for name in ${banned//|/ }; do
    planted sensor/base/bad.c "/* Bad. */\nint x = $name (y);\n" "banned function"
done
planted dissectors/bad.h '/* Bad. */\nreturn sprintf(to, from);\n' "banned function"
planted dashboards/bad.c '/* Bad. */\n  strtok(a, b);\n' "banned function"
planted dissectors/bad.c '/* Bad. */\nnow = time(NULL);\n' "reads a clock"
planted dissectors/bad.c '/* Bad. */\nnow = time( &then );\n' "reads a clock"
planted sensor/base/bad.c '/* Bad. */\nclock_gettime(CLOCK_REALTIME, &now);\n' "reads a clock"
planted sensor/base/bad.c '/* See ../shared/DESIGN.md. */\n' "not the project"
planted sensor/README.md '# See /work/main.\n' "not the project"
planted sensor/bad.c 'int x;\n' "no head comment"
planted sensor/base/bad.def 'ROW(X)\n' "no head comment"
planted tests/bad.py 'import sys\n' "no head comment"
planted tests/bad.sh '#!/bin/sh\nexit 0\n' "no head comment"
planted dev '#!/bin/sh\nexit 0\n' "no head comment"
clean
rm "$scratch/house/sensor/base/README.md"
[ "$(check "$scratch/house")" = "sensor/base/: no README.md" ] || fail "does not see: no README.md"

found=$(check .)
[ -z "$found" ] || fail "$found"
[ $failures = 0 ] && echo "house_test: all rules kept"
