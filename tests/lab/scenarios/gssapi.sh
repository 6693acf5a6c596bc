# Kerberos: alice has a ticket from the KDC, which is on the server's side too, and logs in with GSSAPI. No password crosses the
# wire. Her name is encrypted in the ticket; whom she acts as can be read in GNU SASL's last answer, once base64 is taken off, and
# curl does not say.
# An analyst should see: alice logged in twice, once with a mail; alice refused, who wanted to act as bob; no password exposed.
about="GSSAPI with a Kerberos ticket: curl and GNU SASL accepted, one acting as another refused; tickets fetched over UDP"
made_with="postfix dovecot-core dovecot-gssapi krb5-kdc gsasl curl"
# Neither the password nor what is made of it is recorded: the ticket is there before.
alice_password=$(openssl rand -hex 16)
touch "$work/passwords"
realm=$work/kerberos
mkdir "$realm"
cat >"$realm/krb5.conf" <<CF
[libdefaults]
  default_realm = EXAMPLE.ORG
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  default_ccache_name = FILE:$realm/tickets
[realms]
  EXAMPLE.ORG = {
    kdc = 192.0.2.25
  }
[domain_realm]
  .example.org = EXAMPLE.ORG
CF
cat >"$realm/kdc.conf" <<CF
[kdcdefaults]
  kdc_listen = 192.0.2.25:88
  kdc_tcp_listen = 192.0.2.25:88
[realms]
  EXAMPLE.ORG = {
    database_name = $realm/principal
    key_stash_file = $realm/stash
    acl_file = $realm/acl
  }
CF
export KRB5_CONFIG=$realm/krb5.conf KRB5_KDC_PROFILE=$realm/kdc.conf
kdb5_util create -s -P "$(openssl rand -hex 16)" >"$realm/log" 2>&1
kadmin.local addprinc -pw "$alice_password" alice >>"$realm/log" 2>&1
kadmin.local addprinc -randkey smtp/mx.example.org >>"$realm/log" 2>&1
kadmin.local ktadd -k "$realm/keytab" smtp/mx.example.org >>"$realm/log" 2>&1
chmod 644 "$realm/keytab" "$realm/krb5.conf"
chmod 755 "$realm"
serve krb5kdc -n
wait_for_port 192.0.2.25 88
printf '%s\n' "$alice_password" | in_client kinit alice >>"$realm/log" 2>&1
mechanisms="gssapi plain"
more_passdb="auth_krb5_keytab = $realm/keytab
auth_gssapi_hostname = mx.example.org
import_environment = KRB5_CONFIG=$realm/krb5.conf"
start_users
start_submission
printf 'Subject: from curl\r\n\r\ntext\r\n' >"$work/mail.txt"
log_in() {
    in_client gsasl --smtp --connect 192.0.2.25:587 --no-starttls --hostname mx.example.org --service smtp --mechanism GSSAPI \
        --authentication-id alice --authorization-id "$1" --no-cb --quiet >>"$work/gsasl.log" 2>&1 </dev/null || true
}
capture_start pcap
curl_mail smtp://mx.example.org:587/pc.example.net --resolve mx.example.org:587:192.0.2.25 --login-options AUTH=GSSAPI -u alice@example.org:
log_in alice
log_in bob
capture_stop
