"""mailtap on interfaces: veth pairs in a network namespace that this test makes for itself, frames sent into one end, mailtap
at the other. Without the right to make namespaces nothing is tested, and it says so.

usage: live_test.py MAILTAP SOURCE_FOLDER
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crafted  # noqa: E402

MAILTAP = os.path.abspath(sys.argv[1])
INSIDE = "MAILTAP_LIVE_TEST"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def wait_for(what, condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


class Wire:
    """A veth pair; what is sent into it comes out at `name`."""

    def __init__(self, name):
        self.name = name
        run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "x")
        self.up()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((name + "x", 0))

    def up(self):
        for end in (self.name, self.name + "x"):
            with open(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6", "w", encoding="ascii") as setting:
                setting.write("1")
            run("ip", "link", "set", end, "up")

    def send(self, frames):
        for frame in frames:
            self.socket.send(frame)

    def remove(self):
        self.socket.close()
        run("ip", "link", "del", self.name)


class Sensor:
    """A mailtap that listens. Ended by SIGINT, its events are read."""

    def __init__(self, interface, *options, prefix=(), stdout=None):
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*prefix, MAILTAP, "-v", "-i", interface, "-o", "json", *options],
                                        stdout=stdout or self.out, stderr=self.err)
        wait_for("mailtap to listen: " + self.said(), lambda: "listening on" in self.said() or self.process.poll() is not None)

    # By offset: mailtap shares our place in these files.
    def said(self):
        return os.pread(self.err.fileno(), 1 << 20, 0).decode()

    def read(self):
        return os.pread(self.out.fileno(), 1 << 26, 0)

    def stop(self, with_signal=signal.SIGINT):
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=20)
        return code, [json.loads(line) for line in self.read().splitlines()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.err.close()


class Redis:
    """A private one, on a unix socket."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "redis")
        self.url = "unix://" + path
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", self.folder.name],
                                        stdout=subprocess.DEVNULL)
        self.path = path
        wait_for("Redis", lambda: os.path.exists(path) and self.ask("XLEN x") == 0)

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self.path)
            except OSError:
                return -1
            connection.sendall(command.encode() + b"\r\n")
            return int(connection.recv(64)[1:])

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def logins(events):
    return [(e["user"]["name"], e["mailtap"]["auth"]["mechanism"], e["event"]["outcome"], e["mailtap"]["coverage"])
            for e in events if e["event"]["dataset"] == "mailtap.auth"]


def session(user, port):
    return list(crafted.session(crafted.login(user=user), sport=port))


def is_client(frame):
    return frame[26:30] == socket.inet_aton("192.0.2.10")


class Live(unittest.TestCase):
    def setUp(self):
        self.wires = [Wire("tapa"), Wire("tapb")]

    def tearDown(self):
        for wire in self.wires:
            wire.remove()

    def sensor(self, *arguments, **options):
        sensor = Sensor(*arguments, **options)
        self.addCleanup(sensor.close)
        return sensor

    @staticmethod
    def arrived(sensor, sessions=1):
        """Sent is not read: the sensor's own output shows that the ends of so many sessions were."""
        wait_for("the end of a session", lambda: sensor.read().count(b'"mailtap.starttls"') >= sessions)

    def test_one_interface(self):
        sensor = self.sensor("tapa")
        frames = session("alice", 40000)
        self.wires[0].send(frames)
        self.arrived(sensor)
        code, events = sensor.stop()
        self.assertEqual(code, 0, sensor.said())
        self.assertEqual(logins(events), [("alice", "PLAIN", "success", "full")])
        self.assertNotIn("frame", events[0]["mailtap"])
        self.assertNotIn("file", events[0]["mailtap"])

    def test_a_tap_of_two(self):
        """Each direction on its own interface: one connection, seen whole."""
        sensor = self.sensor("tapa+tapb")
        for frame in session("bob", 40001):
            self.wires[0 if is_client(frame) else 1].send([frame])
        self.arrived(sensor)
        code, events = sensor.stop(signal.SIGTERM)
        self.assertEqual(code, 0, sensor.said())
        self.assertEqual(logins(events), [("bob", "PLAIN", "success", "full")])

    def test_the_interface_goes_down_and_comes_back(self):
        sensor = self.sensor("tapa")
        self.wires[0].send(session("carol", 40002))
        self.arrived(sensor)
        run("ip", "link", "set", "tapa", "down")
        wait_for("word of it", lambda: "went down" in sensor.said())
        self.wires[0].up()
        wait_for("its return", lambda: "is back" in sensor.said())
        self.wires[0].send(session("dave", 40003))
        self.arrived(sensor, 2)
        code, events = sensor.stop()
        self.assertEqual(code, 0, sensor.said())
        self.assertEqual([login[0] for login in logins(events)], ["carol", "dave"])

    def test_cap_net_raw_is_enough(self):
        prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+net_raw",
                  "--ambient-caps", "-all,+net_raw", "--bounding-set", "-all,+net_raw")
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("setpriv may not do this here")
        sensor = self.sensor("tapa", prefix=prefix)
        self.wires[0].send(session("erin", 40004))
        self.arrived(sensor)
        code, events = sensor.stop()
        self.assertEqual(code, 0, sensor.said())
        self.assertEqual([login[0] for login in logins(events)], ["erin"])

    def test_without_rights_and_without_interface(self):
        prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all", "--bounding-set", "-all")
        for options, text in (((*prefix, MAILTAP, "-i", "tapa"), "CAP_NET_RAW"), ((MAILTAP, "-i", "nosuch"), "nosuch is no interface"),
                              ((MAILTAP, "-i", "tapa+tapb+lo"), "more interfaces")):
            result = subprocess.run(options, capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_nobody_reads_the_output(self):
        """A stopped terminal stalls neither the capture nor another sink; told twice, the sensor ends all the same."""
        redis = Redis()
        self.addCleanup(redis.close)
        reader, writer = os.pipe()
        sensor = self.sensor("tapa", "--redis", redis.url, stdout=writer)
        os.close(writer)
        for port in range(41000, 41300):
            self.wires[0].send(session(f"user{port}", port))
        wait_for("the events of all sessions in Redis", lambda: redis.ask("XLEN mailtap:events") >= 3 * 300)
        sensor.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(sensor.process.poll(), "it still tries to deliver")
        sensor.process.send_signal(signal.SIGINT)
        sensor.process.wait(timeout=20)
        os.close(reader)

    def test_redis_stops(self):
        redis = Redis()
        self.addCleanup(redis.close)
        sensor = self.sensor("tapa", "--redis", redis.url)
        redis.process.send_signal(signal.SIGSTOP)
        for port in range(41000, 41100):
            self.wires[0].send(session(f"user{port}", port))
        self.arrived(sensor, 100)
        redis.process.send_signal(signal.SIGCONT)
        code, events = sensor.stop()
        self.assertEqual(code, 0, sensor.said())
        self.assertEqual(len(logins(events)), 100)
        self.assertGreaterEqual(redis.ask("XLEN mailtap:events"), 300)

    def test_findings_as_they_come(self):
        sensor = self.sensor("tapa", "-o", "pretty")
        self.wires[0].send(session("frank", 40005))

        def lines():
            return sensor.read().decode()

        wait_for("the finding", lambda: "CRITICAL  Password or token sent" in lines())
        sensor.process.send_signal(signal.SIGINT)
        self.assertEqual(sensor.process.wait(timeout=20), 0)
        self.assertIn("Findings", lines())
        self.assertIn("frank", lines())

    def test_doctor(self):
        doctor = subprocess.Popen([MAILTAP, "doctor", "-i", "tapa", "--seconds", "3"], stdout=subprocess.PIPE, text=True)
        until = time.monotonic() + 2
        port = 42000
        while time.monotonic() < until:
            self.wires[0].send([frame for frame in session("alice", port) if is_client(frame)])
            port += 1
            time.sleep(0.05)
        text = doctor.communicate(timeout=20)[0]
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("only the client's packets are seen", " ".join(text.split()))
        self.assertIn("-i tapa+OTHER", text)


def main():
    if os.environ.get(INSIDE):
        unittest.main(argv=sys.argv[:1], verbosity=1)
    trial = ["unshare", "-n", "ip", "link", "add", "tapa", "type", "veth", "peer", "name", "tapax"]
    if os.geteuid() != 0 or subprocess.run(trial, stderr=subprocess.DEVNULL).returncode != 0:
        print("not tested: no right to make a network namespace with a veth pair")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])


main()
