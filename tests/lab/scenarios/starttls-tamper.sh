# Servers made by hand that do what a man in the middle does around STARTTLS, each with SMTP, IMAP, POP3 and ManageSieve:
# .25 puts text behind its OK to STARTTLS, in the same packet, before a good TLS; .26 says OK and goes on in clear, and so does the
# client, with its password; .27 is honest, and the client puts a command into the packet of STARTTLS. On .28 IMAP says before TLS what
# only belongs behind it: an alert, mails, folders, a referral; on .29 PREAUTH, on .30 BYE with a referral.
# An analyst should see: each of these, and the passwords of alice exposed on .26.
about="around STARTTLS in SMTP, IMAP, POP3 and ManageSieve: text behind the server's OK, then TLS 1.3; OK, then everything in clear with a login; commands behind the client's STARTTLS, then TLS 1.3. IMAP before TLS: ALERT, EXISTS, LIST and REFERRAL, PREAUTH, BYE with REFERRAL"
made_with="python openssl"
people alice
make_authority
for number in 27 28 29 30; do ip -n "$server_ns" addr add 192.0.2.$number/24 dev eth0; done
serve_python 192.0.2.30:143 "$work/server.pem" "$work/server-key.pem" <<'PYTHON'
import sys

from listen import listen

PORTS = {"smtp": 25, "imap": 143, "pop3": 110, "sieve": 4190}
GREETINGS = {
    "smtp": ["220 mx.example.org ESMTP"],
    "imap": ["* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready"],
    "pop3": ["+OK ready"],
    "sieve": ['"IMPLEMENTATION" "lab"', '"SASL" "PLAIN"', '"STARTTLS"', 'OK "ready"'],
}
ANSWERS = {
    "smtp": {
        "EHLO": ["250-mx.example.org", "250-STARTTLS", "250 AUTH PLAIN"],
        "STARTTLS": ["220 2.0.0 go ahead"],
        "AUTH": ["235 2.7.0 welcome"],
        "QUIT": ["221 2.0.0 bye"],
        "": ["250 2.0.0 fine"],
    },
    "imap": {
        "CAPABILITY": ["* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN", "{} OK done"],
        "STARTTLS": ["{} OK go ahead"],
        "LOGOUT": ["* BYE bye", "{} OK done"],
        "": ["{} OK fine"],
    },
    "pop3": {
        "CAPA": ["+OK", "STLS", "USER", "."],
        "STLS": ["+OK go ahead"],
        "": ["+OK fine"],
    },
    "sieve": {
        "STARTTLS": ['OK "go ahead"'],
        "": ['OK "fine"'],
    },
}
UPGRADE = {"smtp": "STARTTLS", "imap": "STARTTLS", "pop3": "STLS", "sieve": "STARTTLS"}
END = {"smtp": "QUIT", "imap": "LOGOUT", "pop3": "QUIT", "sieve": "LOGOUT"}
INJECTED = {
    "smtp": ["250-mx.example.org", "250 AUTH LOGIN"],
    "imap": ["* CAPABILITY IMAP4rev1 AUTH=LOGIN", "a3 OK Logged in."],
    "pop3": ["+OK", "+OK Logged in."],
    "sieve": ['"SASL" "LOGIN"', 'OK "TLS negotiation successful."'],
}


def server(protocol, injected=(), tls=True):
    answers = dict(ANSWERS[protocol])
    upgrade = UPGRADE[protocol]

    def talk(client):
        client.say(*GREETINGS[protocol])
        client.answer({**answers, upgrade: answers[upgrade] + list(injected)}, upgrade)
        if tls:
            client.start_tls(*sys.argv[1:3])
        if protocol == "sieve":
            client.say(*GREETINGS[protocol])
        client.answer(answers, END[protocol])

    return talk


def chatter(client):
    client.say("* OK [ALERT] Update your password at http://www.example.com/")
    answers = dict(ANSWERS["imap"])
    answers["CAPABILITY"] = ["* 5 EXISTS", '* LIST () "/" INBOX', "* OK [REFERRAL imap://bob@imap.example.com/] moved",
                             *answers["CAPABILITY"]]
    client.answer(answers, "STARTTLS")
    client.start_tls(*sys.argv[1:3])
    client.answer(answers, "LOGOUT")


def preauth(client):
    client.say("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] Logged in as bob@example.org")
    client.answer({**ANSWERS["imap"], "STARTTLS": ["{} BAD not now"]}, "LOGOUT")


for protocol, port in PORTS.items():
    listen(port, server(protocol, INJECTED[protocol]))
    listen(port, server(protocol, tls=False), "192.0.2.26")
    listen(port, server(protocol), "192.0.2.27")
listen(143, chatter, "192.0.2.28")
listen(143, preauth, "192.0.2.29")
listen(143, lambda client: client.say("* BYE [REFERRAL imap://bob@imap.example.com/] moved"), "192.0.2.30")
PYTHON
capture_start pcap
in_client_python "$alice_password" <<'PYTHON'
import base64
import sys

from talk import Talk

plain = base64.b64encode(f"\0alice@example.org\0{sys.argv[1]}".encode()).decode()
# What is said, and how the line begins up to which the answer goes: first, to upgrade, to log in, to leave.
DIALOGUES = {
    25: ("220 ", ("EHLO pc.example.net", "250 "), ("STARTTLS", "220 "), ("AUTH PLAIN " + plain, "235 "), ("QUIT", "221 ")),
    143: ("* OK", ("a1 CAPABILITY", "a1 OK"), ("a2 STARTTLS", "a2 OK"), ("a3 AUTHENTICATE PLAIN " + plain, "a3 OK"),
          ("a4 LOGOUT", "a4 OK")),
    110: ("+OK", ("CAPA", "."), ("STLS", "+OK"), ("AUTH PLAIN " + plain, "+OK"), ("QUIT", "+OK")),
    4190: ("OK", ('NOOP "a"', "OK"), ("STARTTLS", "OK"), (f'AUTHENTICATE "PLAIN" "{plain}"', "OK"), ("LOGOUT", "OK")),
}
BEHIND = {25: "MAIL FROM:<mallory@example.com>\r\n", 143: "b1 LIST \"\" *\r\n", 110: "CAPA\r\n", 4190: "CAPABILITY\r\n"}


def session(host, port, behind="", tls=True):
    greeting, first, (upgrade, agreed), log_in, leave = DIALOGUES[port]
    client = Talk(host, port, greeting)
    client.say(*first)
    client.send(upgrade + "\r\n" + behind)
    client.until(agreed)
    if tls:
        client.start_tls()
    if port == 4190:
        client.until("OK")
    client.say(*log_in)
    client.say(*leave)
    client.close()


for port in DIALOGUES:
    session("192.0.2.25", port)
    session("192.0.2.26", port, tls=False)
    session("192.0.2.27", port, BEHIND[port])
session("192.0.2.28", 143)
client = Talk("192.0.2.29", 143, "* PREAUTH")
client.say("a1 STARTTLS", "a1 BAD")
client.say("a2 SELECT INBOX", "a2 OK")
client.say("a3 LOGOUT", "a3 OK")
client.close()
Talk("192.0.2.30", 143, "* BYE").close()
PYTHON
capture_stop
