"""Captures that others made, where they are at hand: every one is read without a crash and gives valid JSON; logins
are those that an independent decoder found, none invented, and so are TLS handshakes; what is not mail stays silent.

usage: corpus_test.py MAILTAP SOURCE_FOLDER          (the corpus lies beside the project; without it nothing is tested)
"""
import glob
import json
import os
import subprocess
import sys
import unittest
from collections import Counter

MAILTAP, SOURCE = sys.argv[1], sys.argv[2]
CORPUS = os.environ.get("MAILTAP_CORPUS", os.path.join(SOURCE, "../shared/corpus"))
CAPTURES = sorted(path for path in glob.glob(os.path.join(CORPUS, "captures/**/*"), recursive=True) if os.path.isfile(path))

# Protocols whose sessions we read.
READ = ("smtp", "imap", "pop3", "managesieve")

# Where the truth is not the last word, and why.
LOGINS_OF_OURS = {
    # The user name sent there is no text: we say that one was sent (masked), the truth leaves it out.
    "tests__smtp-long-command__input.pcap": [("LOGIN", "********", "unknown")],
}
SESSIONS_OF_OURS = {
    # A server that speaks SMTP in clear on 465 while the client tries TLS: the truth calls it smtps by its port.
    ("tests__smtp-errors__smtperr.pcap", "10.4.16.101:50649"),
}


# What the truth calls versions; drafts of TLS 1.3 as the version that they became.
VERSIONS = {"SSLv2": "2.0", "SSLv3": "3.0", "TLSv1.0": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3",
            "TLSv1.3-draft23": "1.3", "TLSv1.3-draft28": "1.3", "TLSv1.3-fb26": "1.3"}
NO_TLS = dict.fromkeys(("version", "cipher_name", "sni", "ja3"))

# What follows the command of another protocol than mail.
INSIDE = "TLS within another protocol"
TUNNEL = "in a tunnel that is not decoded"
DRAFT = "a draft or an experiment with a ServerHello of its own"
CUT = "the truth does not read a ServerHello whose flight is cut behind it"
CLEAR = "the other side does not speak TLS, or not from its first byte"
MALFORMED = "a ClientHello that ends within a list"
TLS_OF_OURS = {
    ("tests__cfgs__default__pcap__tls_invalid_reads.pcap", "10.191.139.17:58552"): MALFORMED,
    ("tests__firewall__app-layer-protocol-negated-unknown-shortcircuit__input.pcap", "192.0.2.10:43210"): CLEAR,
    ("tests__smtp-errors__smtperr.pcap", "10.4.16.101:50649"): CLEAR,
    ("tests__cfgs__default__pcap__KakaoTalk_chat.pcap", "10.24.82.188:58964"): CUT,
    ("tests__cfgs__default__pcap__KakaoTalk_chat.pcap", "10.24.82.188:35503"): CUT,
    ("testing__btest__Traces__tls__chrome-63.0.3211.0-canary-tls_experiment.pcap", "192.168.0.2:62873"): DRAFT,
    ("testing__btest__Traces__tls__tls13draft16-chrome55.0.2879.0-canary.pcap", "192.168.6.203:53994"): DRAFT,
    ("testing__btest__Traces__tls__tls13draft16-chrome55.0.2879.0-canary.pcap", "192.168.6.203:53996"): DRAFT,
    ("tests__pcap__tls13.pcap", "[2001:16d8:ffce:10:aca8:353c:291d:a9b3]:62510"): DRAFT,
    ("tests__tls__tls13-draft14__tls13_draft14.pcap", "10.0.2.15:54049"): DRAFT,
    ("Tests__Pcap++Test__PcapExamples__file_heuristics__pcapng-example.pcapng.zst", "127.0.0.1:40304"): INSIDE,
    ("testing__btest__Traces__mysql__encrypted.pcap", "127.0.0.1:59272"): INSIDE,
    ("testing__btest__Traces__socks-with-ssl.pcap", "10.0.0.50:59580"): INSIDE,
    ("tests__cfgs__default__pcap__tls_heur__shadowsocks-tcp.pcapng", "127.0.0.1:44424"): INSIDE,
    ("tests__cfgs__default__pcap__tls_heur__vmess-websocket.pcapng", "127.0.0.1:44532"): INSIDE,
    ("tests__pcap__ldap-ssl.pcap", "[::1]:37386"): INSIDE,
    ("tests__pgsql__pgsql-upgrade-tls__input.pcap", "192.168.50.11:60358"): INSIDE,
    ("tests__cfgs__default__pcap__4in6tunnel.pcap", "192.168.0.1:64455"): TUNNEL,
    ("tests__cfgs__default__pcap__6in4tunnel.pcap", "[2001:470:1f17:13f:3e97:eff:fe73:4dec]:60205"): TUNNEL,
}


def address_of(path):
    """Without brackets and parameters."""
    return path.strip("< ").split(">")[0].lower()


def end_of(end):
    return f"[{end['ip']}]:{end['port']}" if ":" in end["ip"] else f"{end['ip']}:{end['port']}"


def facts_of_tls(event):
    tls = event.get("tls", {})
    facts = {"version": tls.get("version"), "cipher": tls.get("cipher"), "name": tls.get("client", {}).get("server_name"),
             "ja3": tls.get("client", {}).get("ja3")}
    return {fact: value for fact, value in facts.items() if value is not None}


def events_of(path):
    result = subprocess.run([MAILTAP, "-r", path, "-o", "json", "--flows", "all"], capture_output=True, timeout=120)
    if result.returncode not in (0, 1):
        raise AssertionError(f"{path}: exit {result.returncode}: {result.stderr.decode()[-2000:]}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def truth_of(path):
    name = os.path.join(CORPUS, "truth", os.path.relpath(path, os.path.join(CORPUS, "captures")) + ".json")
    with open(name, encoding="utf-8") as file:
        return json.load(file)


@unittest.skipUnless(CAPTURES, "no corpus here")
class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.events = {path: events_of(path) for path in CAPTURES}
        cls.compared = Counter()

    @classmethod
    def tearDownClass(cls):
        print(f"{len(CAPTURES)} captures; compared: {dict(sorted(cls.compared.items()))}", file=sys.stderr)

    def test_logins(self):
        """Every login of the truth with mechanism, user and outcome; and no other."""
        outcome = {"success": "success", "failure": "failure", "no final reply": "unknown"}
        for path, events in self.events.items():
            truth = truth_of(path)
            wanted = []
            for mail in truth.get("mail", []):
                if mail["protocol"] in READ:
                    for auth in mail.get("auth", []):
                        wanted.append((auth["mechanism"].replace("LOGIN-command", "LOGIN"), auth.get("username") or "", outcome[auth["result"]]))
            got = [(e["mailtap"]["auth"]["mechanism"], e.get("user", {}).get("name", ""), e["event"]["outcome"])
                   for e in events if e["event"]["dataset"] == "mailtap.auth"]
            self.compared["logins"] += len(wanted)
            self.compared["logins that differ, with a reason"] += len(LOGINS_OF_OURS.get(os.path.basename(path), []))
            with self.subTest(os.path.basename(path)):
                self.assertEqual(sorted(got), sorted(LOGINS_OF_OURS.get(os.path.basename(path), wanted)))

    def test_starttls(self):
        """Where the truth saw a whole session: the same offers, requests and answers; and no claim of "no" elsewhere
        that the truth contradicts."""
        for path, events in self.events.items():
            truth = {}
            for mail in truth_of(path).get("mail", []):
                if mail["protocol"] in READ and mail.get("starttls"):
                    truth.setdefault(mail["client"], []).append(mail)
            for event in events:
                if event["event"]["dataset"] != "mailtap.starttls":
                    continue
                ip, port = event["client"]["ip"], event["client"]["port"]
                if (os.path.basename(path), f"{ip}:{port}") in SESSIONS_OF_OURS:
                    self.compared["sessions that differ, with a reason"] += 1
                    continue
                sessions = truth.get(f"{ip}:{port}", []) + truth.get(f"[{ip}]:{port}", [])
                for claim in ("offered", "requested", "accepted"):
                    said = event["mailtap"]["starttls"][claim]
                    self.compared["claims of STARTTLS" if said != "unknown" else "claims not made"] += 1
                    with self.subTest(capture=os.path.basename(path), claim=claim, client=f"{ip}:{port}"):
                        self.assertTrue(sessions, "a session that the truth does not have")
                        if said != "unknown":
                            self.assertIn(said == "yes", [session["starttls"][claim] for session in sessions])

    def test_envelopes(self):
        """Each sender of ours is one of the truth's; and so is each recipient."""
        for path, events in self.events.items():
            senders, recipients = set(), set()
            for mail in truth_of(path).get("mail", []):
                senders |= {address_of(text) for text in mail.get("mail_from") or []}
                recipients |= {address_of(text) for text in mail.get("rcpt_to") or []}
                for message in mail.get("messages", []):
                    senders.add(address_of(message.get("mail_from") or ""))
                    recipients |= {address_of(text) for text in message.get("rcpt_to") or []}
            for event in events:
                smtp = event["mailtap"].get("smtp", {})
                with self.subTest(os.path.basename(path)):
                    self.compared["senders"] += "mail_from" in smtp
                    self.compared["recipients"] += len(smtp.get("rcpt_to", []))
                    if "mail_from" in smtp:
                        self.assertIn(smtp["mail_from"].lower(), senders)
                    for address in smtp.get("rcpt_to", []):
                        self.assertIn(address.lower(), recipients)

    def test_tls(self):
        """Version, suite, name and JA3 of each handshake of the truth, on any port; where bytes were lost or the start is not
        there, nothing else than the truth has."""
        for path, events in self.events.items():
            name, ours = os.path.basename(path), {}
            truth = {(tls["client"], tls["server"]): tls for tls in truth_of(path).get("tls", [])}
            for event in events:
                if event["event"]["dataset"] == "mailtap.tls":
                    ours.setdefault(tuple(end_of(event[side]) for side in ("client", "server")), event)
            for ends in truth.keys() | ours.keys():
                differences = self.tls_differences(facts_of_tls(ours.get(ends, {})), truth.get(ends, NO_TLS))
                reason = TLS_OF_OURS.get((name, ends[0]))
                self.compared["TLS sessions that differ, with a reason"] += bool(reason)
                with self.subTest(capture=name, ends=ends, differences=differences):
                    self.assertEqual(bool(differences), bool(reason))

    def tls_differences(self, said, truth):
        """Facts that are not those of the truth."""
        version = VERSIONS.get(truth["version"], truth["version"])
        for fact, true in (("version", version), ("cipher", truth["cipher_name"]), ("name", truth["sni"]), ("ja3", truth["ja3"])):
            if said.get(fact) == true:
                self.compared[f"TLS: {fact}"] += fact in said
            elif fact in said or not truth.get("caution"):
                return {fact: (said.get(fact), true)}
            else:
                self.compared[f"TLS: {fact} not said after a loss"] += 1
        return {}

    def test_silence(self):
        """A capture without mail in the truth gives flows and handshakes only, and what the sensor says of itself."""
        for path, events in self.events.items():
            if any(mail["protocol"] in READ for mail in truth_of(path).get("mail", [])):
                continue
            with self.subTest(os.path.basename(path)):
                names = [(e, e.get("rule", {}).get("id") or e["mailtap"].get("weird", {}).get("name", "")) for e in events]
                about_mail = [e for e, name in names if not name.startswith("sensor.")]
                self.assertEqual({e["event"]["dataset"] for e in about_mail} - {"mailtap.flow", "mailtap.stats", "mailtap.tls"}, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
