"""A client made by hand, for what no program does: it says each line when it is told to and reads until the answer is there."""
import socket
import ssl


class Talk:
    def __init__(self, host, port, greeting=None):
        """Reads up to a line that begins with the greeting, if the server speaks first."""
        self.socket = socket.create_connection((host, port), timeout=20)
        self.reader = self.socket.makefile("rb")
        if greeting:
            self.until(greeting)

    def send(self, text):
        self.socket.sendall(text.encode())

    def say(self, line, *answers):
        """Sends a line in one piece, then reads until a line begins with one of the answers."""
        self.send(line + "\r\n")
        return self.until(*answers)

    def until(self, *prefixes):
        lines = []
        while not lines or not lines[-1].startswith(prefixes):
            line = self.reader.readline().decode("utf-8", "replace")
            if not line:
                raise EOFError(f"the server closed; it said {lines}")
            lines.append(line)
        return lines

    def start_tls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.reader.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="mx.example.org")
        self.reader = self.socket.makefile("rb")

    def close(self):
        """Waits until the server closes."""
        try:
            while self.reader.readline():
                pass
        except OSError:
            pass
        self.reader.close()
        self.socket.close()
