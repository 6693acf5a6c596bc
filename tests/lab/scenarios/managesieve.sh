# ManageSieve, by which people change the filters of their mail. On 192.0.2.25 a server that offers STARTTLS and takes logins in clear;
# on 192.0.2.26 one that wants TLS first ("SASL" ""). Scripts go up, one of them looks like a dialogue.
# An analyst should see: the passwords of alice, bob and carol exposed, the wrong one too, and bob's on a server that refused it.
about="ManageSieve: AUTHENTICATE PLAIN and LOGIN accepted and refused in clear, PUTSCRIPT of a script that quotes dialogues, STARTTLS (sieve-connect and by hand), login refused without TLS"
made_with="dovecot-managesieved sieve-connect python openssl"
people alice bob carol
dovecot_tls yes | dovecot_start filters sieve
dovecot_tls required | dovecot_start strict sieve 192.0.2.26
wait_for_port 192.0.2.25 4190
wait_for_port 192.0.2.26 4190
{ quoting_mail "$(secret Fig-Quoted)" | sed 's/^/# /'; printf 'keep;\n'; } >"$work/logs.sieve"
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" "$(secret Plum-Mistake)" "$work/logs.sieve" <<'PYTHON'
import base64
import sys

from talk import Talk

alice, bob, carol, mistake = sys.argv[1:5]
with open(sys.argv[5]) as file:
    script = file.read().replace("\n", "\r\n")
# A comment over lines, which looks like what a server and a client say.
script = '/*\r\nOK "Logged in."\r\nAUTHENTICATE "PLAIN"\r\nNO "no"\r\n*/\r\n' + script


def connect(host="192.0.2.25"):
    return Talk(host, 4190, "OK")


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


client = connect()
client.say(f'AUTHENTICATE "PLAIN" "{plain("alice@example.org", alice)}"', "OK")
client.say(f'PUTSCRIPT "logs" {{{len(script)}+}}\r\n{script}', "OK")
client.say('PUTSCRIPT "broken" {7+}\r\nnever;;', "\r\n")
client.say("LISTSCRIPTS", "OK")
client.say('SETACTIVE "logs"', "OK")
client.say('GETSCRIPT "logs"', 'OK "Getscript')
client.say('HAVESPACE "more" 100', "OK")
client.say("LOGOUT", "OK")
client.close()

client = connect()
first = plain("carol@example.org", mistake)
client.say(f'AUTHENTICATE "PLAIN" {{{len(first)}+}}\r\n{first}', "NO")
client.say('AUTHENTICATE "X-NEVER-HEARD-OF"', "NO")
client.say('AUTHENTICATE "PLAIN"', "NO")
client.say('AUTHENTICATE "LOGIN"', '"')
client.say('"*"', "NO")
client.say('AUTHENTICATE "LOGIN"', '"')
client.say('"' + base64.b64encode(b"carol@example.org").decode() + '"', '"')
client.say('"' + base64.b64encode(carol.encode()).decode() + '"', "OK")
client.say('NOOP "here"', "OK")
client.say("LOGOUT", "OK")
client.close()

client = connect("192.0.2.26")
client.say(f'AUTHENTICATE "PLAIN" "{plain("bob@example.org", bob)}"', "NO")
client.say("LOGOUT", "OK")
client.close()
client = connect("192.0.2.26")
client.say("STARTTLS", "OK")
client.start_tls()
client.until("OK")
client.say(f'AUTHENTICATE "PLAIN" "{plain("bob@example.org", bob)}"', "OK")
client.say("LOGOUT", "OK")
client.close()
PYTHON
# by_sieve_connect OPTION...
by_sieve_connect() {
    in_client env HOME="$work" sieve-connect --nosrv --server 192.0.2.25 --user bob@example.org --passwordfd 0 "$@" \
        >>"$work/sieve-connect.log" 2>&1 || true
}
printf 'keep;\n' >"$work/keep.sieve"
echo "$bob_password" | by_sieve_connect --notlsverify --localsieve "$work/keep.sieve" --upload
capture_stop
