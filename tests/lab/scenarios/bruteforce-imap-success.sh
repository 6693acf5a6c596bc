# As bruteforce-imap, but the fifteenth try is right.
# An analyst should see: guessing, then a login that works from where it came: whoever guesses now reads this mailbox.
about="IMAP: fourteen wrong passwords for one account, a connection for each, then the right one"
made_with="dovecot-imapd imaplib"
people alice
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
capture_start pcap
guess_imap alice $(guesses 14) "$alice_password"
capture_stop
