# Somebody asks a mail server for thirty addresses in three connections, and sends nothing: five of them exist.
# An analyst should see: thirty recipients of one client, twenty-five unknown: addresses are being collected. One finding, not one
# for each connection.
about="thirty recipients asked for by one client in three connections, twenty-five of them unknown (550 5.1.1), no mail"
made_with="postfix swaks"
start_relay "local_recipient_maps = inline:{alice=1, bob=1, carol=1, sales=1, info=1}" "smtpd_error_sleep_time = 0" \
    "smtpd_recipient_restrictions = reject_unauth_destination"
capture_start pcap
for names in "alice anna adam andrew angela anton barbara ben bob bernd" \
    "carol carla carl chris clara daniel dave debby dennis diana" \
    "sales support hostmaster webmail office info contact hr jobs press"; do
    recipients=$(printf '%s@example.org,' $names)
    # swaks goes on to DATA once somebody was accepted; this one has seen enough.
    mail 192.0.2.12 192.0.2.25:25 --from mallory@example.net --to "${recipients%,}" --quit-after RCPT
done
capture_stop
