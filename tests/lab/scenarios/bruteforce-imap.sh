# Somebody guesses alice's password over IMAP: fourteen tries within a second, a connection for each, none of them right.
# An analyst should see: one account, one client, fourteen failures, no success: guessing, and one finding about it.
about="IMAP: fourteen wrong passwords for one account, a connection for each"
made_with="dovecot-imapd imaplib"
people alice
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
capture_start pcap
guess_imap alice $(guesses 14)
capture_stop
