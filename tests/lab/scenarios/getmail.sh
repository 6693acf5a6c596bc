# getmail6 fetches mail by POP3 and by IMAP, with right and wrong passwords.
# An analyst should see: the passwords of alice and bob exposed, over POP3 and over IMAP, the wrong ones too; none with APOP.
about="getmail6 over POP3 (USER and PASS, APOP) and IMAP (LOGIN), right and wrong passwords"
made_with="dovecot-pop3d dovecot-imapd getmail6"
mechanisms="plain login cram-md5 apop"
people alice bob
dovecot_start mailboxes "imap pop3" </dev/null
wait_for_port 192.0.2.25 143
wait_for_port 192.0.2.25 110
printf 'From: news@example.net\nTo: bob@example.org\nSubject: hello\n\nA short text.\n.\n' >"$work/mail.txt"
for name in alice bob; do put_mail $name "$work/mail.txt"; done
# getmail_reads TYPE NAME PASSWORD [LINE...]: LINE is one of the retriever's settings. What comes goes nowhere.
getmail_reads() {
    mkdir -p "$work/getmail"
    printf '%s\n' "[retriever]" "type = Simple$1Retriever" "server = 192.0.2.25" "username = $2@example.org" "password = $3" \
        "${@:4}" "[destination]" "type = MDA_external" "path = /usr/bin/true" "allow_root_commands = true" "[options]" \
        "read_all = true" "delete = false" >"$work/getmail/getmailrc"
    chmod 600 "$work/getmail/getmailrc"
    attempt getmail --getmaildir "$work/getmail" --rcfile "$work/getmail/getmailrc"
}
capture_start pcap
getmail_reads POP3 alice "$alice_password"
getmail_reads POP3 alice "$(secret Plum-Mistake)"
getmail_reads POP3 bob "$bob_password" "use_apop = true"
getmail_reads POP3 bob "$(secret Grape-Mistake)" "use_apop = true"
getmail_reads IMAP alice "$alice_password"
getmail_reads IMAP alice "$(secret Lemon-Mistake)"
getmail_reads IMAP bob "$bob_password" "use_peek = false" 'mailboxes = ("INBOX",)'
capture_stop
