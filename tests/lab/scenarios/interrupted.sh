# Sessions that end where they should not: after the user name of AUTH LOGIN (RST), after the password but before its answer
# (RST), in the middle of a mail's text (FIN), by a cancelled AUTH ("*"), and one where the server times out (421).
# An analyst should see: one password exposed with an unknown outcome; no mail was accepted.
about="sessions cut by the client during AUTH LOGIN and during DATA, AUTH cancelled by *, and one closed by the server's time limit"
made_with="postfix dovecot-core python"
people alice
start_users
start_submission 587 "smtpd_timeout = 2s"
capture_start pcap
in_client_python "$alice_password" <<'PYTHON'
import base64
import socket
import struct
import sys


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("192.0.2.25", 587))
        self.replies = self.socket.makefile("rb")
        self.reply()
        self.say("EHLO pc.example.net")

    def reply(self):
        while (line := self.replies.readline())[3:4] == b"-":
            pass
        return line

    def say(self, line):
        self.send(line)
        return self.reply()

    def send(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def end(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.replies.close()
        self.socket.close()


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


client = Client()
client.say("AUTH LOGIN")
client.say(base64_of("alice@example.org"))
client.end(reset=True)

client = Client()
client.say("AUTH LOGIN")
client.say(base64_of("alice@example.org"))
client.send(base64_of(sys.argv[1]))
client.end(reset=True)

client = Client()
client.say("AUTH LOGIN")
client.say("*")
client.say("MAIL FROM:<alice@example.org>")
client.say("RCPT TO:<bob@example.org>")
client.say("DATA")
client.send("Subject: half\r\n\r\nThis text ends")
client.end()

client = Client()
client.say("MAIL FROM:<alice@example.org>")
client.reply()
client.end()
PYTHON
capture_stop
