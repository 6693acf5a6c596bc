"""Stands between clients and a server and changes what they say, as some firewalls and attackers do."""
import socket
import threading


def pass_on(source, sink, changes):
    while data := source.recv(65536):
        for said, heard in changes:
            data = data.replace(said, heard)
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def stand_between(here, server, rules):
    """Listens at the address here from now on. The rules are a function of the client's address to what is changed on the way to
    the client and on the way to the server, each a list of pairs."""
    listener = socket.create_server(here)

    def serve():
        while True:
            client, address = listener.accept()
            remote = socket.create_connection(server)
            to_client, to_server = rules(address[0])
            for way in (remote, client, to_client), (client, remote, to_server):
                threading.Thread(target=quietly, args=way).start()

    def quietly(*way):
        try:
            pass_on(*way)
        except OSError:
            pass

    threading.Thread(target=serve).start()
