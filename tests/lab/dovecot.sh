# Private Dovecot instances: the keeper of passwords for other servers, and mailboxes over IMAP, POP3, LMTP and ManageSieve.
# Sourced by record.

# dovecot_start NAME PROTOCOLS [ADDRESSES]: standard input has the lines of dovecot.conf that only this one has; of two lines
# that say the same thing Dovecot takes the later. Unless they say otherwise, logins in clear are allowed, there is no TLS, and
# nobody waits after a mistake. Each of the people has one mailbox, $work/mail/NAME, for all instances of a scenario.
dovecot_start() {
    local dir=$work/$1
    mkdir -p "$dir" "$work/mail"
    chown nobody:nogroup "$work/mail"
    [ -f "$work/passwords" ] || : >"$work/passwords"
    {
        cat <<CF
base_dir = $dir/run
protocols = $2
listen = ${3:-192.0.2.25, 2001:db8::25}
hostname = mx.example.org
ssl = no
log_path = $dir/log
auth_mechanisms = ${mechanisms:-plain login}
auth_failure_delay = 0
disable_plaintext_auth = no
mail_location = maildir:~/Mail
${more_passdb:-}
passdb {
  driver = passwd-file
  args = $work/passwords
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$work/mail/%n
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
CF
        cat
    } >"$dir/dovecot.conf"
    serve dovecot -F -c "$dir/dovecot.conf"
}

# Dovecot listens on $work/users/auth for other servers and knows the people. $mechanisms says what it offers.
start_users() {
    dovecot_start users "" <<CF
service auth {
  unix_listener $work/users/auth {
    mode = 0666
  }
}
CF
    wait_for Dovecot test -S "$work/users/auth"
}

# dovecot_tls WHEN: the lines of a Dovecot that has a certificate; WHEN is yes, or required, then nobody logs in without TLS.
dovecot_tls() {
    make_certificate
    printf '%s\n' "ssl = $1" "ssl_cert = <$work/cert.pem" "ssl_key = <$work/key.pem"
    [ "$1" != required ] || echo "disable_plaintext_auth = yes"
}

# start_tokens USER TOKEN: from now on Dovecot takes bearer tokens instead of passwords, and asks this server about them.
start_tokens() {
    cat >"$work/tokens.py" <<'PYTHON'
import http.server
import json
import sys


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/" + sys.argv[2]
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"email": sys.argv[1]} if known else {"error": "invalid_token"}).encode())


http.server.HTTPServer(("127.0.0.1", 8080), Tokens).serve_forever()
PYTHON
    serve /usr/bin/python3 "$work/tokens.py" "$1" "$2"
    wait_for_port 127.0.0.1 8080
    printf '%s\n' "tokeninfo_url = http://127.0.0.1:8080/" "username_attribute = email" >"$work/oauth2.conf"
    mechanisms="xoauth2 oauthbearer"
    more_passdb="passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $work/oauth2.conf
}"
}

# put_mail NAME FILE: a mail that was there before.
put_mail() {
    local folder=$work/mail/$1/Mail
    mkdir -p "$folder/new" "$folder/cur" "$folder/tmp"
    put_mails=$((${put_mails:-0} + 1))
    cp "$2" "$folder/new/$((1000 + put_mails)).lab.mx"
    chown nobody:nogroup "$work/mail"
    chown -R nobody:nogroup "$work/mail/$1"
}
