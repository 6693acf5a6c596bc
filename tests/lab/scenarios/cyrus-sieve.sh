# ManageSieve with a Cyrus, whose timsieved takes logins in clear. Scripts go up, one of them looks like a dialogue.
# An analyst should see: the passwords of alice and carol exposed, carol's mistake too. sieve-connect leaves without a login, for want of TLS.
about="ManageSieve of Cyrus: AUTHENTICATE PLAIN and LOGIN accepted and refused in clear, UNAUTHENTICATE, PUTSCRIPT and GETSCRIPT of a script that quotes dialogues"
made_with="cyrus python sieve-connect"
people alice bob carol
start_cyrus imap sieve </dev/null
{ quoting_mail "$(secret Fig-Quoted)" | sed 's/^/# /'; printf 'keep;\n'; } >"$work/logs.sieve"
cyrus_mailboxes
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


def connect():
    return Talk("192.0.2.25", 4190, "OK")


def coded(text):
    return base64.b64encode(text.encode()).decode()


def plain(user, password):
    return coded(f"\0{user}\0{password}")


client = connect()
client.say(f'AUTHENTICATE "PLAIN" "{plain("alice@example.org", alice)}"', "OK")
client.say("CAPABILITY", "OK")
client.say(f'PUTSCRIPT "logs" {{{len(script)}+}}\r\n{script}', "OK")
client.say('PUTSCRIPT "broken" {7+}\r\nnever;;', "NO")
client.until("\r\n")
client.say("LISTSCRIPTS", "OK")
client.say('SETACTIVE "logs"', "OK")
client.say('GETSCRIPT "logs"', "OK\r\n")
client.say('HAVESPACE "more" 100', "OK")
client.say("LOGOUT", "OK")
client.close()

client = connect()
first = plain("carol@example.org", mistake)
client.say(f'AUTHENTICATE "PLAIN" {{{len(first)}+}}\r\n{first}', "NO")
client.say('AUTHENTICATE "X-NEVER-HEARD-OF"', "NO")
client.say(f'AUTHENTICATE "PLAIN" "{plain("carol@example.org", carol)}"', "OK")
client.say('NOOP "here"', "here")
client.say("UNAUTHENTICATE", "OK")
client.say(f'AUTHENTICATE "PLAIN" "{plain("alice@example.org", alice)}"', "OK")
client.say("LOGOUT", "OK")
client.close()

client = connect()
client.say('AUTHENTICATE "LOGIN"', "{")
client.until("VXNl")
client.say('"*"', "NO")
client.say('AUTHENTICATE "LOGIN"', "{")
client.until("VXNl")
client.say('"' + coded("carol@example.org") + '"', "{")
client.until("UGFz")
client.say('"' + coded(carol) + '"', "OK")
client.say("LOGOUT", "OK")
client.close()
PYTHON
# by_sieve_connect OPTION...
by_sieve_connect() {
    in_client env HOME="$work" sieve-connect --nosrv --server 192.0.2.25 --user bob@example.org --passwordfd 0 "$@" \
        >>"$work/sieve-connect.log" 2>&1 || true
}
printf 'keep;\n' >"$work/keep.sieve"
echo "$bob_password" | by_sieve_connect --localsieve "$work/keep.sieve" --upload
capture_stop
