# IMAP as programs speak it: curl with each mechanism, mutt, fetchmail and mbsync, with right and wrong passwords.
# An analyst should see: the passwords of alice, bob and carol exposed, the wrong ones too; none where CRAM-MD5 was used.
about="IMAP without TLS by curl (AUTHENTICATE PLAIN, LOGIN, CRAM-MD5), mutt, fetchmail and mbsync, right and wrong passwords"
made_with="dovecot-imapd curl mutt fetchmail isync"
mechanisms="plain login cram-md5"
people alice bob carol
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
printf 'From: news@example.net\nTo: bob@example.org\nSubject: hello\n\nA short text.\n' >"$work/mail.txt"
for name in alice bob carol; do put_mail $name "$work/mail.txt"; done
inbox="imap://192.0.2.25/INBOX;MAILINDEX=1"
capture_start pcap
for options in AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5; do
    curl_reads alice "$alice_password" "$inbox" --login-options $options
done
curl_reads alice "$alice_password" "$inbox" --login-options AUTH=PLAIN --sasl-ir
wrong=$(secret Plum-Mistake)
curl_reads alice "$wrong" "$inbox" --login-options AUTH=LOGIN
curl_reads alice "$wrong" "$inbox" --login-options AUTH=PLAIN --sasl-ir
mutt_reads imap://bob%40example.org@192.0.2.25/ "$bob_password"
mutt_reads imap://bob%40example.org@192.0.2.25/ "$bob_password" "set imap_authenticators = plain"
mutt_reads imap://bob%40example.org@192.0.2.25/ "$(secret Grape-Mistake)" "set imap_authenticators = login"
fetchmail_reads imap carol "$carol_password"
fetchmail_reads imap carol "$carol_password" --auth password
fetchmail_reads imap carol "$(secret Lemon-Mistake)" --auth password
mbsync_reads carol "$carol_password" "AuthMechs LOGIN"
mbsync_reads carol "$(secret Olive-Mistake)" "AuthMechs LOGIN"
capture_stop
