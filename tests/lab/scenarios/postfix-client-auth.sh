# Postfix as the client logs in at its provider before it relays, by PLAIN, by LOGIN, by the mechanism it likes best, and with a
# wrong password; that mail stays with it. What Postfix sends after the login is pipelined.
# An analyst should see: alice's password exposed by PLAIN and LOGIN and a wrong one of carol; one login shows a response only.
about="Postfix relays with a login: PLAIN, LOGIN and SCRAM-SHA-256 accepted, PLAIN refused"
made_with="postfix dovecot-core libsasl2-modules"
mechanisms="plain login cram-md5 scram-sha-256"
people alice
start_users
start_submission
login() { echo "inline:{{[192.0.2.25]:587 = $1@example.org:$2}}"; }
{
    printf '%s\n' "myhostname = out.example.net" "mydestination =" "inet_interfaces = 127.0.0.1" "inet_protocols = ipv4" \
        "smtpd_recipient_restrictions = permit_mynetworks, reject" "smtp_bind_address = 198.51.100.7" \
        "smtp_sasl_auth_enable = yes" "smtp_sasl_security_options =" "smtp_tls_security_level = none" \
        "smtp_sasl_password_maps = $(login alice "$alice_password")"
    echo "transport_maps = inline:{"
    for way in plain login best wrong; do echo "    {$way@example.com = $way:[192.0.2.25]:587},"; done
    cat <<CF
    }
--
2526     inet  n - n - - smtpd
plain    unix  - - n - - smtp -o smtp_sasl_mechanism_filter=plain
login    unix  - - n - - smtp -o smtp_sasl_mechanism_filter=login
best     unix  - - n - - smtp
wrong    unix  - - n - - smtp -o smtp_sasl_mechanism_filter=plain
    -o { smtp_sasl_password_maps = $(login carol "$(secret Plum-Mistake)") }
CF
} | postfix_start outbound "$client_ns"
wait_for "the outbound Postfix" client_listens 2526
done=0
capture_start pcap
for way in plain login best; do
    hand_over "$way@example.com"
    outbound_done $((done += 1))
done
hand_over wrong@example.com
wait_for "the refusal" grep -q status=deferred "$work/postfix-outbound/log/mail"
capture_stop
