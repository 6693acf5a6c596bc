# COMPRESS=DEFLATE: after the login both directions are raw deflate. mutt reads a mail through it; so does a client made by hand, which
# asked for it before the login already, in vain. Another asks for a compression that nobody knows and goes on in the open.
# An analyst should see: the passwords of alice, bob and carol exposed; that the rest is compressed, which is no encryption.
about="IMAP with COMPRESS=DEFLATE: mutt and a client made by hand read mails that quote dialogues; COMPRESS refused"
made_with="dovecot-imapd mutt python"
people alice bob carol
dovecot_start mailboxes imap <<'CF'
mail_plugins = zlib
protocol imap {
  mail_plugins = $mail_plugins imap_zlib
}
CF
wait_for_port 192.0.2.25 143
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
for name in alice bob carol; do put_mail $name "$work/logs.txt"; done
capture_start pcap
mutt_reads imap://alice%40example.org@192.0.2.25/ "$alice_password" "set imap_deflate = yes"
in_client_python "$bob_password" "$carol_password" <<'PYTHON'
import sys
import zlib

from talk import Talk

bob, carol = sys.argv[1:3]


class Deflated(Talk):
    """After COMPRESS: what is sent and read goes through deflate without a header."""

    packer = None

    def compress(self):
        self.packer = zlib.compressobj(wbits=-15)
        self.unpacker = zlib.decompressobj(wbits=-15)
        self.reader = self
        self.text = b""

    def send(self, text):
        if self.packer is None:
            return super().send(text)
        self.socket.sendall(self.packer.compress(text.encode()) + self.packer.flush(zlib.Z_SYNC_FLUSH))

    def readline(self):
        while b"\n" not in self.text:
            data = self.socket.recv(4096)
            if not data:
                break
            self.text += self.unpacker.decompress(data)
        line, end, self.text = self.text.partition(b"\n")
        return line + end


client = Deflated("192.0.2.25", 143, "* OK")
client.say("a0 COMPRESS DEFLATE", "a0 BAD")
client.say(f"a1 LOGIN bob@example.org {bob}", "a1 OK")
client.say("a2 COMPRESS DEFLATE", "a2 OK")
client.compress()
client.say("a3 SELECT INBOX", "a3 OK")
client.say("a4 FETCH 1 BODY[]", "a4 OK Fetch")
client.say("a5 COMPRESS DEFLATE", "a5 NO")
client.say("a6 LOGOUT", "a6 OK")
client.socket.close()

client = Deflated("192.0.2.25", 143, "* OK")
client.say(f"a1 LOGIN carol@example.org {carol}", "a1 OK")
client.say("a2 COMPRESS LZW", "a2 BAD", "a2 NO")
client.say("a3 SELECT INBOX", "a3 OK")
client.say("a4 LOGOUT", "a4 OK")
client.close()
PYTHON
capture_stop
