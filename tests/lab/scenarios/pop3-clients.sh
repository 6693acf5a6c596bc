# POP3 as programs speak it: curl, mpop, mutt and fetchmail, with right and wrong passwords.
# mpop declines APOP without TLS and leaves after CAPA.
# An analyst should see: the passwords of alice, bob and carol exposed, the wrong ones too; none with APOP and CRAM-MD5.
about="POP3 without TLS by curl (USER, APOP, AUTH), mpop (USER, CRAM-MD5, PLAIN; APOP declined), mutt and fetchmail, right and wrong passwords"
made_with="dovecot-pop3d curl mpop mutt fetchmail"
mechanisms="plain login cram-md5 apop"
people alice bob carol
dovecot_start mailboxes pop3 </dev/null
wait_for_port 192.0.2.25 110
printf 'From: news@example.net\nTo: bob@example.org\nSubject: hello\n\nA short text.\n.\n' >"$work/mail.txt"
for name in alice bob carol; do put_mail $name "$work/mail.txt"; done
wrong=$(secret Plum-Mistake)
capture_start pcap
for options in AUTH=PLAIN AUTH=LOGIN AUTH=+APOP; do
    curl_reads alice "$alice_password" pop3://192.0.2.25/1 --login-options $options
    curl_reads alice "$wrong" pop3://192.0.2.25/1 --login-options $options
done
for way in user apop cram-md5 plain; do mpop_reads bob "$bob_password" --auth=$way; done
mpop_reads bob "$(secret Grape-Mistake)" --auth=user
mutt_reads pop://bob%40example.org@192.0.2.25/ "$bob_password" "set pop_authenticators = user"
mutt_reads pop://bob%40example.org@192.0.2.25/ "$(secret Olive-Mistake)" "set pop_authenticators = plain"
fetchmail_reads pop3 carol "$carol_password"
fetchmail_reads apop carol "$carol_password"
fetchmail_reads pop3 carol "$(secret Lemon-Mistake)" --auth password
capture_stop
