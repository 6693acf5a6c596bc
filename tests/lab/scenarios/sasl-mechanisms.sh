# Challenge-response mechanisms in clear: CRAM-MD5, DIGEST-MD5, SCRAM-SHA-1, SCRAM-SHA-256, each right, the last also wrong. The
# password does not cross the wire, though what does can be attacked off line. ANONYMOUS has no password at all.
about="GNU SASL: CRAM-MD5, DIGEST-MD5, SCRAM-SHA-1, SCRAM-SHA-256 accepted, SCRAM-SHA-256 refused, without TLS"
made_with="postfix dovecot-core gsasl"
mechanisms="plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256"
people alice
start_users
start_submission
log_in() {
    in_client gsasl --smtp --connect 192.0.2.25:587 --no-starttls --hostname mx.example.org --service smtp --mechanism "$1" \
        --authentication-id alice@example.org --password "$2" --no-cb --quiet \
        >>"$work/gsasl.log" 2>&1 </dev/null || true
}
capture_start pcap
for mechanism in CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do log_in $mechanism "$alice_password"; done
log_in SCRAM-SHA-256 "$(secret Cherry-Mistake)"
capture_stop
