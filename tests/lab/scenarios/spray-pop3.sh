# Somebody tries one password on twelve accounts over POP3, and a second one on three of them. Nine of the accounts do not exist; the
# server does not say which.
# An analyst should see: twelve accounts, one client, at most two tries each, no success: spraying, and one finding about it; no
# account was guessed at often enough to notice by itself.
about="POP3: the same one or two wrong passwords for twelve accounts, one connection each"
made_with="dovecot-pop3d poplib"
people alice bob carol
dovecot_start mailboxes pop3 </dev/null
wait_for_port 192.0.2.25 110
capture_start pcap
in_client_python "$(secret Winter-Guess)" "$(secret Summer-Guess)" <<'PYTHON'
import poplib
import sys

first, second = sys.argv[1:]
NAMES = "alice bob carol dave erin frank grace heidi ivan judy mallory peggy".split()
for name in NAMES:
    client = poplib.POP3("192.0.2.25", 110, timeout=20)
    for password in (first, second) if name in ("alice", "dave", "judy") else (first,):
        client.user(f"{name}@example.org")
        try:
            client.pass_(password)
            raise SystemExit(f"the guess for {name} is right")
        except poplib.error_proto:
            pass
    client.quit()
PYTHON
capture_stop
