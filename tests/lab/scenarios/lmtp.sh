# LMTP, as between a mail server and its mailboxes, here over the network on port 24: LHLO in place of EHLO, and after the text
# one reply for each recipient that was accepted. Dovecot takes the mails, from swaks and from Postfix, which pipelines.
# An analyst should see: three mails delivered, one of them not to alice, whose reply after the text differs from bob's; unknown
# recipients; a bounce that nobody takes; no login, no TLS on offer.
about="LMTP to Dovecot on port 24, from swaks and from Postfix: several recipients, unknown ones refused, one refused after the text"
made_with="dovecot-lmtpd swaks postfix"
# Nobody asks for a password here; the list says who is known.
printf '%s@example.org:{PLAIN}\n' alice bob carol >"$work/passwords"
dovecot_start lmtp lmtp <<'CF'
service lmtp {
  inet_listener lmtp {
    address = 192.0.2.25
    port = 24
  }
}
CF
# alice's mailbox cannot be written.
mkdir -p "$work/mail/alice"
wait_for_port 192.0.2.25 24
start_outbound "default_transport = lmtp:inet:192.0.2.25:24" "relayhost =" "lmtp_bind_address = 198.51.100.7" \
    "notify_classes =" "bounce_notice_recipient = nobody@example.com"
capture_start pcap
mail 192.0.2.10 192.0.2.25:24 --protocol LMTP --to bob@example.org,nobody@example.org,carol@example.org
mail 192.0.2.10 192.0.2.25:24 --protocol LMTP --to nobody@example.org
mail 192.0.2.10 192.0.2.25:24 --protocol LMTP --to bob@example.org,alice@example.org
hand_over bob@example.org nobody@example.org carol@example.org
outbound_done 2 # the mail and the bounce that it brings about
capture_stop
