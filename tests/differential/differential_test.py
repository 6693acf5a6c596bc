"""What tshark says of every capture against what mailtap says: envelopes, logins, STARTTLS, mails read and TLS, per TCP connection.

tshark decodes, and the few rules below pair its commands with its replies; nothing of mailtap's is used but the ports, for -d.
Cipher suites and alerts have the names that tshark has for their numbers.
Where the two differ the difference stands in DIFFERENCES with its reason; one that is gone has to go from there too.

usage: differential_test.py MAILTAP SOURCE_FOLDER [CAPTURE...]          (exit 77: no tshark here)
"""
import collections
import concurrent.futures
import functools
import glob
import json
import os
import re
import shutil
import subprocess
import sys

MAILTAP, SOURCE = sys.argv[1], sys.argv[2]
CAPTURES = sys.argv[3:] or sorted(glob.glob(os.path.join(SOURCE, "tests/captures/*.pcap*")))

# Where tshark's decoding falls short.
BDAT = "tshark takes commands in one packet with BDAT and text for a DATA fragment"
REFUSED_DATA = "tshark takes what follows a DATA for text although it was refused with 554, up to the next 354 and its text"
LITERAL = "tshark takes the lines of a literal for commands: the mail that is appended quotes them"
ONE_LINE = "tshark decodes the first line of a POP3 packet only, here commands were pipelined"
NOT_POP = "tshark takes Redis on port 110 for POP3"
# Where mailtap says less, on purpose.
NO_MECHANISM = "a word that the server does not know as a mechanism may be a password: mailtap does not show it"
MIDSTREAM = "the start was not seen: mailtap believes no client line before a reply that proves the dialogue"
CUT = "each packet was cut: what is missing is loss, and the start of a line is no fact; tshark decodes it as if it were whole"
SPOILED = "STARTTLS was written over on its way: tshark sees an unknown command, mailtap what it was"
CLEAR_ANSWER = "the server answered the ClientHello in clear: no handshake for mailtap, and so no event of one"
UNANSWERED = "in clear behind an accepted STARTTLS, and never answered: no envelope"
NULL_CIPHER = "with a suite that does not encrypt tshark reads alerts behind the handshake; mailtap reads none there"
INJECTED = "in the packet of STARTTLS, dropped by the server: a weird of mailtap's, not an envelope"

# Capture: the reason, then what differs: "+" only mailtap says so, "-" only tshark does.
DIFFERENCES = {
    "bdat-refused": [
        (BDAT, 3 * ["+MAIL <news@example.net>", "+RCPT <bob@example.org> 250"]
         + 2 * ["+RCPT <nobody@example.org> 550"] + ["+MAIL <mallory@example.net>"])],
    "cyrus-imap": [
        (LITERAL, 3 * ["-AUTH LOGIN -"] + ["-AUTH LOGIN OK", "-AUTH PLAIN -", "-AUTH PLAIN OK"]),
        (NO_MECHANISM, ["+AUTH ? NO", "-AUTH X-NEVER-HEARD-OF NO"])],
    "cyrus-pop3": [
        (ONE_LINE, ["+RETR +OK"]),
        (NO_MECHANISM, ["+AUTH ? -ERR", "-AUTH X-NEVER-HEARD-OF -ERR"])],
    "dovecot-imap-open": [
        (LITERAL, 4 * ["-AUTH LOGIN -"] + 2 * ["-AUTH PLAIN -"]),
        (NO_MECHANISM, ["+AUTH ? NO", "-AUTH X-NEVER-HEARD-OF NO"])],
    "dovecot-pop3-open": [
        (ONE_LINE, ["+RETR +OK", "+AUTH USER/PASS +OK"]),
        (NO_MECHANISM, ["+AUTH ? -ERR", "-AUTH X-NEVER-HEARD-OF -ERR"])],
    "dovecot-pop3-stls": [
        (ONE_LINE, ["+AUTH USER/PASS -ERR", "+AUTH USER/PASS -"])],
    "exim-bdat": [
        (BDAT, ["+MAIL <news@example.net>", "+RCPT <bob@example.org> 250", "+RCPT <nobody@example.org> 550"])],
    "exim-client": [
        (BDAT, 6 * ["+MAIL <alice@example.org>", "+RCPT <nobody@example.org> 550"]
         + 4 * ["+RCPT <bob@example.org> 250"] + 2 * ["+RCPT <bob@example.org> 550"])],
    "imapflow": [
        (LITERAL, 6 * ["-AUTH LOGIN -"] + 3 * ["-AUTH PLAIN -"])],
    "joined-late": [
        (MIDSTREAM, ["-AUTH PLAIN 235", "-MAIL <alice@example.org>", "-RCPT <bob@example.org> 250"])],
    "mailutils-imap": [
        (LITERAL, 4 * ["-AUTH LOGIN -"] + 2 * ["-AUTH PLAIN -"] + ["-AUTH LOGIN OK", "-AUTH PLAIN NO"]),
        (NO_MECHANISM, ["+AUTH ? NO", "-AUTH X-NEVER-HEARD-OF NO"])],
    "mailutils-pop3": [
        (ONE_LINE, ["+RETR +OK"])],
    "not-mail-imap-ports": [
        (NOT_POP, ["-AUTH ? +OK"])],
    "perl-readers": [
        (LITERAL, 4 * ["-AUTH LOGIN -"] + 2 * ["-AUTH PLAIN -"])],
    "postfix-relay-pipelining": [
        (REFUSED_DATA, ["+MAIL <>", "+RCPT <news@example.net> 454", "+MAIL <news@example.net>", "+RCPT <bob@example.org> 250"])],
    "sasl-refused": [
        (NO_MECHANISM, ["+AUTH ? 535", "-AUTH X-NEVER-HEARD-OF 535"])],
    "snaplen": [
        (CUT, ["-AUTH PLAIN 235", "-MAIL <alice@example.org>"])],
    "starttls-failed": [
        (UNANSWERED, ["-MAIL <alice@example.net>"])],
    "starttls-injection": [
        (INJECTED, ["-MAIL <mallory@example.com>", "-RCPT <bob@example.org> -"])],
    "starttls-stripped": [
        (SPOILED, ["+STARTTLS 500"])],
    "starttls-tamper": [
        (INJECTED, ["-MAIL <mallory@example.com>"])],
    "tls-ports-in-clear": [
        (CLEAR_ANSWER, ["-JA3 c216e752cae6f8755fd27f561d031636"])],
    "tls-suites": [
        (NULL_CIPHER, 4 * ["-TLS alert warning close_notify by the server"])],
}

# Our names of what tshark decodes, its names, and the ports where it needs no telling. It knows no ManageSieve, but its TLS
# passes over the text that comes before.
DECODED = {"smtp": ("smtp", {25, 587}), "imap": ("imap", {143}), "pop3": ("pop", {110}),
           "tls": ("tls", {443, 465, 993, 995}), "managesieve": ("tls", set())}
# What a word must look like to be printed as a mechanism: in the wrong place it may be a password.
MECHANISM = re.compile(r"[A-Z0-9_-]{3,20}$")


def connection_of(one, other):
    """The same for both directions."""
    return tuple(sorted([one, other]))


def mechanism_of(words):
    word = words[0].upper() if words else ""
    return word if MECHANISM.match(word) else "?"


def tshark(arguments):
    """What it prints, whatever this user's settings are."""
    home = {**os.environ, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
    return subprocess.run(["tshark", *arguments], capture_output=True, timeout=300, check=True, env=home).stdout.decode(errors="replace")


# ---- TLS: what both say the same way

VERSIONS = {0x0002: "2.0", 0x0300: "3.0", 0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}


@functools.lru_cache(None)
def names_of(field):
    """tshark's names of the values of a field."""
    values = {}
    for line in tshark(["-G", "values"]).splitlines():
        if line.startswith(f"V\t{field}\t"):
            number, name = line.split("\t")[2:4]
            values[int(number, 0)] = name
    return values


def suite_of(number):
    if number > 0xFFFF:  # of SSL 2.0
        return names_of("tls.handshake.cipherspec")[number].replace("SSL2_", "SSL_CK_")
    return names_of("tls.handshake.ciphersuite").get(number, f"0x{number:04X}")


def alert_of(number):
    """By its name in the RFCs."""
    return names_of("tls.alert_message.desc").get(number, f"0x{number:02X}").lower().replace(" ", "_")


# ---- mailtap: facts of its events


def first_word(text):
    return text.split()[0] if text else "-"


def facts_of_event(event):
    """Facts as text, "VERB [argument] code", with - for an answer that was not seen."""
    kind, said = event["event"]["dataset"], event["mailtap"]
    code = first_word(event["event"].get("code"))
    if kind == "mailtap.auth":
        yield f"AUTH {said['auth'].get('mechanism', '?')} {code}"
    elif kind == "mailtap.starttls":
        if said["starttls"]["offered"] == "yes" and event["network"]["protocol"] != "pop3":
            yield "STARTTLS offered"
        if said["starttls"]["requested"] == "yes":
            yield f"STARTTLS {first_word(said['starttls'].get('response_code'))}"
    elif kind == "mailtap.tls":
        yield from facts_of_handshake(event.get("tls", {}), said["tls"])
    elif event["event"]["action"] == "pop3-retr" and code == "+OK":
        yield "RETR +OK"
    elif kind == "mailtap.message" and event["network"]["protocol"] == "smtp":
        if "mail_from" in said["smtp"]:
            yield f"MAIL <{said['smtp']['mail_from']}>"
        for recipient in said["smtp"].get("recipients", []):
            yield f"RCPT <{recipient['address']}> {recipient.get('code', '-')}"


def facts_of_handshake(tls, more):
    if "version" in tls:
        yield f"TLS version {tls['version']}"
    if "cipher" in tls:
        yield f"TLS suite {tls['cipher']}"
    if "server_name" in tls.get("client", {}):
        yield f"TLS name {tls['client']['server_name']}"
    if "ja3" in tls.get("client", {}):
        yield f"JA3 {tls['client']['ja3']}"
    if "ja3s" in tls.get("server", {}):
        yield f"JA3S {tls['server']['ja3s']}"
    if tls.get("resumed"):
        yield "TLS resumed"
    if more.get("alert", "encrypted") != "encrypted":
        yield f"TLS alert {more['alert_level']} {more['alert']} by the {more['alert_by']}"


def facts_of_mailtap(capture):
    """Facts per connection, and what tshark is told of ports: (port, its protocol)."""
    result = subprocess.run([MAILTAP, "-r", capture, "-o", "json"], capture_output=True, timeout=120, check=True)
    facts, ports = collections.defaultdict(collections.Counter), set()
    for event in map(json.loads, result.stdout.splitlines()):
        protocol = event.get("network", {}).get("protocol")
        if protocol not in DECODED or event["event"]["dataset"] == "mailtap.finding":
            continue
        ends = [(event[end]["ip"], event[end]["port"]) for end in ("client", "server")]
        if protocol != "managesieve" or event["event"]["dataset"] == "mailtap.tls":
            facts[connection_of(*ends)].update(facts_of_event(event))
        decoder, known = DECODED[protocol]
        # TLS behind STARTTLS is found by the decoder of what was before.
        if ends[1][1] not in known and event["mailtap"].get("tls", {}).get("mode") != "starttls":
            ports.add((ends[1][1], decoder))
    return facts, ports


# ---- tshark: its decoding, and the pairing


class Smtp:
    """Commands wait for their replies in order; the text of a DATA has a reply of its own, with LMTP one for each recipient."""

    def __init__(self, facts):
        self.facts, self.waiting, self.greeted, self.lmtp, self.accepted = facts, [], False, False, 0

    def client(self, fields):
        for name, text in fields:
            # After 334 the client answers; some answers look like commands.
            if name == "smtp.command_line" and not (self.waiting and self.waiting[0][0] == "answer"):
                verb, _, rest = text.strip().partition(" ")
                self.waiting.append((verb.upper(), rest))

    def server(self, fields):
        for name, value in fields:
            if name == "smtp.response.code":
                self.reply(value)
            elif name == "smtp.rsp.parameter" and value.upper() == "STARTTLS":
                self.facts["STARTTLS offered"] = 1

    def reply(self, code):
        if not self.greeted and code in ("220", "554"):
            self.greeted = True
            return
        self.greeted = True
        if not self.waiting or code == "421":
            return
        verb, rest = self.waiting.pop(0)
        if verb == "LHLO":
            self.lmtp = True
        elif verb == "DATA" and code == "354":
            self.waiting[:0] = [("text", "")] * (self.accepted if self.lmtp else 1)
        elif verb == "RCPT" and code[0] == "2":
            self.accepted += 1
        if verb in ("AUTH", "answer") and code == "334":
            self.waiting.insert(0, ("answer", rest))
        else:
            self.fact(verb, rest, code)

    def fact(self, verb, rest, code):
        address = re.match(r"\w+:\s*<?([^>\s]*)", rest)
        if verb == "MAIL":
            self.accepted = 0
            if address:
                self.facts[f"MAIL <{address[1]}>"] += 1
        elif verb == "RCPT" and address:
            self.facts[f"RCPT <{address[1]}> {code}"] += 1
        elif verb in ("AUTH", "answer"):
            self.facts[f"AUTH {mechanism_of(rest.split())} {code}"] += 1
        elif verb == "STARTTLS":
            self.facts[f"STARTTLS {code}"] += 1

    def end(self):
        for verb, rest in self.waiting:
            self.fact(verb, rest, "-")


class Imap:
    """Commands and replies have tags."""

    def __init__(self, facts):
        self.facts, self.waiting = facts, {}

    def client(self, fields):
        for name, text in fields:
            words = text.split()
            if name != "imap.request" or len(words) < 2:
                continue
            verb = words[1].upper()
            if verb == "AUTHENTICATE":
                self.waiting[words[0]] = f"AUTH {mechanism_of(words[2:])}"
            elif verb == "LOGIN":
                self.waiting[words[0]] = "AUTH LOGIN"
            elif verb == "STARTTLS":
                self.waiting[words[0]] = "STARTTLS"

    def server(self, fields):
        for name, text in fields:
            words = text.split()
            if name == "imap.line" and "CAPABILITY" in text and "STARTTLS" in words:
                self.facts["STARTTLS offered"] = 1
            elif name == "imap.response" and len(words) > 1 and words[0] in self.waiting:
                self.facts[f"{self.waiting.pop(words[0])} {words[1]}"] += 1

    def end(self):
        for command in self.waiting.values():
            self.facts[f"{command} -"] += 1


class Pop:
    """Commands wait for their replies in order. A login is told by its PASS: USER alone sends no secret."""

    def __init__(self, facts):
        self.facts, self.waiting, self.greeted, self.answering = facts, [], False, False

    def client(self, fields):
        fields = dict(fields)
        if "pop.request.command" in fields and not self.answering:
            self.waiting.append((fields["pop.request.command"].upper(), fields.get("pop.request.parameter", "")))
        self.answering = False

    def server(self, fields):
        fields = dict(fields)
        indicator = fields.get("pop.response.indicator")
        if not self.greeted:
            self.greeted = indicator is not None
        elif indicator and self.waiting:
            self.fact(*self.waiting.pop(0), indicator)
        elif self.waiting and self.waiting[0][0] == "AUTH":
            self.answering = True  # a "+", which tshark takes for the text of a mail

    def fact(self, verb, rest, code):
        if verb in ("PASS", "APOP"):
            self.facts[f"AUTH {'USER/PASS' if verb == 'PASS' else verb} {code}"] += 1
        elif verb == "AUTH" and rest:
            self.facts[f"AUTH {mechanism_of(rest.split())} {code}"] += 1
        elif verb == "STLS":
            self.facts[f"STARTTLS {code}"] += 1
        elif verb == "RETR" and code == "+OK":
            self.facts["RETR +OK"] += 1

    def end(self):
        for verb, rest in self.waiting:
            self.fact(verb, rest, "-")


class Tls:
    """Of the first ClientHello, of the ServerHello that does not ask for another, and the first fatal alert or else the first."""

    # RFC 9846 section 4.2.3
    RETRY = "cf:21:ad:74:e5:9a:61:11:be:1d:8c:02:1e:65:b8:91:c2:a2:11:16:7a:bb:8c:5e:07:9e:09:e2:c8:a8:33:9c"

    def __init__(self, facts):
        self.facts, self.messages, self.alerts = facts, [], []

    def client(self, fields):
        self.read("client", fields)

    def server(self, fields):
        self.read("server", fields)

    def read(self, side, fields):
        message = {}
        for name, value in fields:
            if name == "tls.handshake.type":
                message = {}
                self.messages.append(message)
            elif name == "tls.alert_message.level":
                self.alerts.append({"by": side})
                message = self.alerts[-1]
            message.setdefault(name, value)

    def first(self, kind, wanted=lambda message: True):
        return next((m for m in self.messages if m["tls.handshake.type"] == kind and wanted(m)), {})

    def end(self):
        client = self.first("1")
        server = self.first("2", lambda message: message.get("tls.handshake.random") != self.RETRY)
        for message, field, name in ((client, "tls.handshake.extensions_server_name", "TLS name"), (client, "tls.handshake.ja3", "JA3"),
                                     (server, "tls.handshake.ja3s", "JA3S")):
            if field in message:
                self.facts[f"{name} {message[field]}"] += 1
        if server:
            version = server.get("tls.handshake.extensions.supported_version", server["tls.handshake.version"])
            self.facts[f"TLS version {VERSIONS.get(int(version, 0), version)}"] += 1
            self.facts[f"TLS suite {suite_of(int(server['tls.handshake.ciphersuite'], 0))}"] += 1
        # Of TLS 1.3 tshark draws no conclusion from the key that the server takes.
        if "tls.resumed" in server or "tls.handshake.extensions.psk.identity.selected" in server:
            self.facts["TLS resumed"] += 1
        for alert in sorted(self.alerts, key=lambda alert: alert["tls.alert_message.level"] != "2")[:1]:
            level = {"1": "warning", "2": "fatal"}[alert["tls.alert_message.level"]]
            self.facts[f"TLS alert {level} {alert_of(int(alert['tls.alert_message.desc']))} by the {alert['by']}"] += 1


READERS = {"smtp": Smtp, "imap": Imap, "pop": Pop, "tls": Tls}


def leaves(tree):
    """All (field, value) of a layer in the order of the packet; names come more than once. Objects are lists of tuples."""
    for branch in tree:
        if isinstance(branch, list):
            yield from leaves(branch)
        elif isinstance(branch, tuple):
            name, value = branch
            if isinstance(value, list):
                yield from leaves(value)
            else:
                yield name, value


# Handshakes and alerts are all that is read of TLS; the rest is many times as much.
FRAMES = "smtp or imap or pop or tls.handshake or tls.alert_message"


def frames_of(capture, ports):
    decode = [f"-dtcp.port=={port},{decoder}" for port, decoder in sorted(ports)]
    text = tshark(["-n", "-r", capture, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", FRAMES, "-T", "json",
                   "-J", "ip ipv6 tcp smtp imap pop tls", *decode])
    for frame in json.loads(text or "[]", object_pairs_hook=list):
        yield dict(dict(frame)["_source"])["layers"]


def facts_of_tshark(capture, ports):
    facts, readers = collections.defaultdict(collections.Counter), {}
    for layers in frames_of(capture, ports):
        network = {name: value for layer, pairs in layers if layer in ("ip", "ipv6", "tcp") for name, value in leaves(pairs)}
        source, destination = ((network.get(f"ip.{end}") or network[f"ipv6.{end}"], int(network[f"tcp.{end}port"]))
                               for end in ("src", "dst"))
        connection = connection_of(source, destination)
        for layer, pairs in layers:
            if layer not in READERS:
                continue
            reader = readers.setdefault((network["tcp.stream"], layer), READERS[layer](facts[connection]))
            # The server's port is the lower one in all captures.
            (reader.client if source[1] > destination[1] else reader.server)(leaves(pairs))
    for reader in readers.values():
        reader.end()
    return facts


# ---- both


def compare(capture):
    """(sessions, facts that agree, differences): "+fact" is mailtap's alone, "-fact" tshark's alone, once for each count."""
    ours, ports = facts_of_mailtap(capture)
    theirs = facts_of_tshark(capture, ports)
    agreed, differences = 0, []
    for connection in ours.keys() | theirs.keys():
        mine, other = ours[connection], theirs[connection]
        agreed += sum((mine & other).values())
        differences += ["+" + fact for fact in (mine - other).elements()]
        differences += ["-" + fact for fact in (other - mine).elements()]
    return len(ours.keys() | theirs.keys()), agreed, sorted(differences)


def faults_in(name, differences):
    """What is not as listed, either way."""
    found, listed = collections.Counter(differences), collections.Counter()
    for reason, expected in DIFFERENCES.get(name, []):
        listed.update(expected)
    for fact in (found - listed).elements():
        yield f"{name}: {fact}: not listed (+ only mailtap says so, - only tshark)"
    for fact in (listed - found).elements():
        yield f"{name}: {fact}: listed, but it differs no more"


def main():
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(compare, CAPTURES))
    names = [os.path.basename(capture).split(".")[0] for capture in CAPTURES]
    faults = [fault for name, result in zip(names, results) for fault in faults_in(name, result[2])]
    if len(sys.argv) == 3:
        faults += [f"{name}: listed, but there is no such capture" for name in DIFFERENCES.keys() - set(names)]
    reasons = collections.Counter()
    for name in names:
        for reason, expected in DIFFERENCES.get(name, []):
            reasons[reason] += len(expected)
    print("\n".join(faults))
    print(f"{len(CAPTURES)} captures, {sum(result[0] for result in results)} sessions, "
          f"{sum(result[1] for result in results)} facts agree, {sum(reasons.values())} differences are listed:")
    for reason, count in reasons.most_common():
        print(f"{count:6} {reason}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
