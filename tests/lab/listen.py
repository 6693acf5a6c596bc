"""A server made by hand, for what no server does: a function for each port says what it likes to one client after the other."""
import socket
import ssl
import threading


class Line:
    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(20)
        self.reader = connection.makefile("rb")

    def say(self, *lines):
        """All lines in one piece."""
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self):
        """The next line without its end; EOFError if there is none."""
        line = self.reader.readline().decode("utf-8", "replace")
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def answer(self, replies, last):
        """Hears commands and answers each with the reply to its first word, up to and with the word last. The tag goes first where
        there is one, and the reply has {} in its place."""
        while True:
            words = self.hear().split()
            tag = words.pop(0) if len(words) > 1 and words[0][-1].isdigit() else ""
            word = words[0].upper() if words else ""
            self.say(*[reply.format(tag) for reply in replies.get(word, replies[""])])
            if word == last:
                return

    def start_tls(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.reader.close()
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.reader = self.socket.makefile("rb")

    def close(self):
        self.reader.close()
        self.socket.close()


def listen(port, talk, host="192.0.2.25"):
    """Listens from now on, in a thread of its own."""
    listener = socket.create_server((host, port))

    def serve():
        while True:
            line = Line(listener.accept()[0])
            try:
                talk(line)
            except (EOFError, OSError):
                pass
            line.close()

    threading.Thread(target=serve).start()
