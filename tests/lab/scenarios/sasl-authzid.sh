# One logs in with his own password but wants to act as another: an authorisation identity that is not the user. alice may act
# for all here, carol may not, so her right password is refused; the reply does not tell that from a wrong one.
# At last bob says that he acts as himself, which is the same as saying nothing.
# An analyst should see: the passwords of alice, acting as bob, of carol, refused, and of bob exposed by PLAIN; else responses.
about="GNU SASL: an authorisation identity other than the user with PLAIN, DIGEST-MD5, SCRAM-SHA-1 and SCRAM-SHA-256"
made_with="postfix dovecot-core gsasl"
mechanisms="plain login digest-md5 scram-sha-1 scram-sha-256"
people alice
mv "$work/passwords" "$work/masters"
people bob carol
more_passdb="passdb {
  driver = passwd-file
  master = yes
  args = $work/masters
}"
start_users
start_submission
# log_in MECHANISM USER PASSWORD ACTING-AS
log_in() {
    in_client gsasl --smtp --connect 192.0.2.25:587 --no-starttls --hostname mx.example.org --service smtp --mechanism "$1" \
        --authentication-id "$2@example.org" --password "$3" --authorization-id "$4@example.org" --no-cb --quiet \
        >>"$work/gsasl.log" 2>&1 </dev/null || true
}
capture_start pcap
for mechanism in PLAIN DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do log_in $mechanism alice "$alice_password" bob; done
log_in PLAIN carol "$carol_password" bob
log_in SCRAM-SHA-256 carol "$carol_password" bob
log_in PLAIN bob "$bob_password" bob
capture_stop
