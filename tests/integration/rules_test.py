"""Rules as an operator meets them: listed, checked, explained, tried, added, replaced, tuned; and what is said when one is wrong.

usage: rules_test.py MAILTAP SOURCE_FOLDER
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crafted  # noqa: E402

MAILTAP, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SHIPPED = os.path.join(SOURCE, "rules")
USAGE, INCOMPLETE, CONFIG = 2, 1, 78

LOGIN_RULE = """
    title: Somebody logged in
    id: 11111111-2222-4333-8444-555555555555
    logsource:
      service: auth
    detection:
      login:
        event.outcome: success
      condition: login
    level: low
    mailtap:
      id: test.login
      group: [user.name]
    """


def run(*arguments, **options):
    return subprocess.run([MAILTAP, *arguments], capture_output=True, text=True, timeout=60, **options)


class Rules(unittest.TestCase):
    def setUp(self):
        self.held = tempfile.TemporaryDirectory()
        self.addCleanup(self.held.cleanup)
        self.folder = self.held.name
        self.login = self.path("login.pcap")
        crafted.write(self.login, crafted.session(crafted.login()))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(textwrap.dedent(text).lstrip("\n"))
        return self.path(name)

    def config(self, text="", rules=None):
        """The file for -c, and what lies in rules.d beside it."""
        if rules is not None:
            self.write("rules.d/own.yml", rules)
        return self.write("mailtap.yaml", text)

    def good(self, *arguments):
        result = run(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def findings(self, *arguments, capture=None):
        """(id, severity, user) of what is new or has become worse."""
        lines = self.good("-r", capture or self.login, "-o", "json", *arguments).stdout.splitlines()
        events = [json.loads(line) for line in lines]
        return sorted((e["rule"]["id"], e["event"]["severity"], e.get("user", {}).get("name")) for e in events
                      if e["event"]["dataset"] == "mailtap.finding" and e["mailtap"]["finding"]["state"] != "closed")

    def ids(self, *arguments, **options):
        return sorted({finding[0] for finding in self.findings(*arguments, **options)})

    def fails(self, code, arguments, *words):
        """It ends with this code; what it says is about these, and no more than one line."""
        result = run(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        return result

    # --- the commands ---

    def test_list(self):
        text = self.good("rules", "list").stdout
        for word in ("smtp.auth.cleartext", "critical", "feeds others", "waits for own.domains"):
            self.assertIn(word, text)
        counted = re.search(r"^(\d+) rules, (\d+) of them make findings; (\d+) wait for options", text, re.M)
        rules, reporting, waiting = map(int, counted.groups())
        self.assertEqual(len(text.splitlines()), rules + 3)
        self.assertEqual(text.count("(waits for"), waiting)
        self.assertLess(reporting, rules)

    def test_list_says_what_is_disabled(self):
        config = self.config(rules="tuning:\n  - rule: mail.odd_port\n    disable: true\n")
        for line in self.good("rules", "list", "-c", config).stdout.splitlines():
            self.assertEqual("(disabled)" in line, "mail.odd_port " in line, line)

    def test_check_of_what_a_run_would_load(self):
        self.assertRegex(self.good("rules", "check").stdout, r"^\d+ rules are well, 0 errors, 0 warnings; read: .*/rules\n$")
        self.assertRegex(self.good("rules", "check", "-S", self.write("a.yml", LOGIN_RULE)).stdout, "^1 rule is well")

    def test_check_of_files_and_folders(self):
        self.write("rules/a.yml", LOGIN_RULE)
        self.write("rules/below/b.yaml", LOGIN_RULE.replace("11111111", "22222222").replace("test.login", "test.other"))
        self.write("rules/below/notes.txt", "no rule at all")
        self.write("rules/.hidden.yml", "no rule at all")
        self.assertRegex(self.good("rules", "check", self.path("rules")).stdout, "^2 rules are well, 0 errors")

    def test_check_shows_all_errors_at_once(self):
        wrong = self.write("wrong.yml", LOGIN_RULE.replace("event.outcome", "event.outcom").replace("level: low", "level: lowest"))
        result = run("rules", "check", wrong)
        self.assertEqual(result.returncode, CONFIG)
        self.assertIn(f"{wrong}:7:5: ", result.stderr)
        self.assertIn("did you mean event.outcome?", result.stderr.replace('"', ""))
        self.assertRegex(result.stderr, f"{re.escape(wrong)}:9:8: .*lowest")
        self.assertIn("2 errors", result.stdout)

    def test_check_foreign(self):
        other = self.write("other.yml", """
            title: Of another product
            logsource:
              product: windows
              service: security
            detection:
              selection:
                EventID: 4624
              condition: selection
            """)
        self.assertEqual(run("rules", "check", other).returncode, CONFIG)
        self.assertIn("1 rule is well, 0 errors", self.good("rules", "check", "--foreign", other).stdout)

    def test_check_finds_a_regular_expression_that_does_not_compile(self):
        wrong = self.write("re.yml", LOGIN_RULE.replace("event.outcome: success", "user.name|re: 'a(b'"))
        self.fails(CONFIG, ("rules", "check", wrong), "re.yml:7:19: ", "parenthes")
        self.fails(CONFIG, ("-r", self.login, "-s", wrong), "re.yml:7:19: ", "parenthes")

    def test_explain(self):
        text = self.good("rules", "explain", "smtp.auth.cleartext").stdout
        for word in ("Password or token sent by SMTP AUTH without TLS", "T1040", "mailtap.auth.exposed", "smtpd_tls_auth_only"):
            self.assertIn(word, text)
        by_uuid = self.good("rules", "explain", "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01").stdout
        self.assertLess(len(by_uuid), len(text), "one of the bands")
        both = self.good("rules", "explain", "mail.auth.spray", "mail_auth_bruteforce").stdout
        self.assertIn("Password guessing on one account", both)
        self.assertIn("own.domains", self.good("rules", "explain", "smtp.relay.open").stdout)

    def test_explain_each_that_there_is(self):
        names = {line.split()[1] for line in self.good("rules", "list").stdout.splitlines()[1:-2]}
        self.assertGreater(len(names), 20)
        text = self.good("rules", "explain", *sorted(names)).stdout
        self.assertNotIn("(null)", text)

    def test_no_such_rule(self):
        self.fails(USAGE, ("rules", "explain", "smtp.auth.cleartexts"), "did you mean smtp.auth.cleartext?")
        self.fails(USAGE, ("rules", "explain", "mail_login_refuse"), "did you mean mail_login_refused?")
        self.fails(USAGE, ("rules", "explain", "xyzzy"), "rules list")
        self.fails(USAGE, ("rules", "test", self.login, "smtp.auth.cleartexts"), "smtp.auth.cleartexts")

    def test_try_rules_on_a_capture(self):
        text = self.good("rules", "test", self.login).stdout
        self.assertIn("holds: smtp.auth.cleartext (critical)", text)
        self.assertRegex(text, r"frame 8 \S+ auth: ")
        self.assertNotIn("Crafted-Secret", text)
        text = self.good("rules", "test", self.login, "test.login", "-s", self.write("a.yml", LOGIN_RULE)).stdout
        self.assertIn("holds: test.login", text)
        self.assertNotIn("cleartext", text)

    def test_why_a_rule_does_not_hold(self):
        failed = self.path("failed.pcap")
        crafted.write(failed, crafted.session(crafted.login(code="535 5.7.8 no")))
        text = self.good("rules", "test", failed, "test.login", "-s", self.write("a.yml", LOGIN_RULE)).stdout
        self.assertRegex(text, r"no: .*event\.outcome")
        self.assertIn("holds for none", text)

    def test_verbs_and_their_arguments(self):
        self.fails(USAGE, ("rules",), "list, check, explain, test")
        self.fails(USAGE, ("rules", "lits"), "list, check, explain, test")
        self.fails(USAGE, ("rules", "list", "more"), "no arguments")
        self.fails(USAGE, ("rules", "explain"), "ids, names or uuids")
        self.fails(USAGE, ("rules", "test"), "a capture file")
        self.fails(USAGE, ("rules", "list", "-r", self.login), "neither -r nor -i")
        self.fails(INCOMPLETE, ("rules", "test", "/nowhere/x.pcap"), "/nowhere/x.pcap")

    # --- adding, replacing, tuning ---

    def test_adding_and_replacing(self):
        shipped = self.ids()
        self.assertIn("smtp.auth.cleartext", shipped)
        rule = self.write("own/login.yml", LOGIN_RULE)
        self.assertEqual(self.ids("-s", rule), sorted(shipped + ["test.login"]))
        self.assertEqual(self.ids("-s", self.path("own")), sorted(shipped + ["test.login"]))
        self.assertEqual(self.ids("-S", rule), ["test.login"])
        other = self.write("other.yml", LOGIN_RULE.replace("11111111", "22222222").replace("test.login", "test.other"))
        self.assertEqual(self.ids("-S", rule, "-S", other), ["test.login", "test.other"])
        self.assertEqual(self.ids("-S", rule, "-s", other), ["test.login", "test.other"])
        config = self.write("lists.yaml", f"rules:\n  replace: {rule}\n  add: [{other}]\n")
        self.assertEqual(self.ids("-c", config), ["test.login", "test.other"])

    def test_rules_beside_the_configuration(self):
        rule = self.config(rules=LOGIN_RULE)
        self.assertIn("test.login", self.ids("-c", rule))
        here = run("-r", self.login, "-o", "json", "-c", "mailtap.yaml", cwd=self.folder)
        self.assertIn("test.login", here.stdout, here.stderr)
        self.assertNotIn("test.login", self.ids())

    def test_no_rules_at_all(self):
        os.mkdir(self.path("empty"))
        self.assertEqual(self.findings("-S", self.path("empty")), [])
        self.assertIn("0 rules", self.good("rules", "list", "-S", self.path("empty")).stdout)

    def tuned(self, text, *arguments, capture=None):
        return self.findings("-c", self.config(rules=text), *arguments, capture=capture)

    def test_tuning(self):
        alice = "alice@example.org"
        leak = ("smtp.auth.cleartext", 99, alice)
        self.assertIn(leak, self.findings())
        rest = [finding for finding in self.findings() if finding != leak]
        rule = "tuning:\n  - rule: smtp.auth.cleartext\n    "
        self.assertEqual(self.tuned(rule + "disable: true\n"), rest)
        self.assertIn(("smtp.auth.cleartext", 21, alice), self.tuned(rule + "level: low\n"))
        for excepted in ("client.ip|cidr: 192.0.2.0/28", "user.name: alice@example.org", "client.ip: 192.0.2.10"):
            self.assertEqual(self.tuned(rule + f"except:\n      {excepted}\n"), rest, excepted)
        for other in ("client.ip|cidr: 192.0.3.0/24", "user.name: bob@example.org"):
            self.assertIn(leak, self.tuned(rule + f"except:\n      {other}\n"), other)
        self.assertEqual(self.tuned(rule + "except:\n      - user.name: bob\n      - client.ip|cidr: 192.0.2.8/29\n"), rest)

    def test_tuning_of_thresholds(self):
        capture = os.path.join(SOURCE, "tests/captures/bruteforce-imap.pcap")
        self.assertIn("mail.auth.bruteforce", self.ids(capture=capture))
        rule = "tuning:\n  - rule: mail.auth.bruteforce\n    threshold: "
        self.assertNotIn("mail.auth.bruteforce", {f[0] for f in self.tuned(rule + "5000\n", capture=capture)})
        self.assertIn("mail.auth.bruteforce", {f[0] for f in self.tuned(rule + "3\n", capture=capture)})

    def test_what_is_tuned_stays_tuned_over_an_upgrade(self):
        """The next version of the rules: same ids, other texts and conditions, more documents."""
        config = self.config(rules="tuning:\n  - rule: test.login\n    level: high\n    except:\n      user.name: bob\n")
        before = self.write("before/login.yml", LOGIN_RULE)
        after = self.write("after/renamed.yml", LOGIN_RULE.replace("Somebody logged in", "A login").replace(
            "event.outcome: success", "event.outcome: [success, failure]"))
        for rules in (before, after):
            self.assertEqual(self.findings("-c", config, "-S", rules), [("test.login", 73, "alice@example.org")])
        bob = self.path("bob.pcap")
        crafted.write(bob, crafted.session(crafted.login(user="bob")))
        for rules in (before, after):
            self.assertEqual(self.findings("-c", config, "-S", rules, capture=bob), [])

    def test_tuning_of_what_is_not_there(self):
        config = self.config(rules="tuning:\n  - rule: smtp.auth.cleartexts\n    disable: true\n")
        result = run("-r", self.login, "-c", config)
        self.assertIn("own.yml:2:11: ", result.stderr)
        self.assertIn("smtp.auth.cleartext?", result.stderr.replace('"', ""))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    # --- lists of the configuration ---

    def relay(self):
        """A stranger's mail for a domain, taken by a server within the usual networks of one's own."""
        path = self.path("relay.pcap")
        turns = [turn for turn in crafted.login() if b"AUTH PLAIN" not in turn[1] or turn[0] == "S"]
        turns = [turn for turn in turns if b"235" not in turn[1]]
        crafted.write(path, crafted.session(turns, client="198.51.100.7", server="10.0.0.25"))
        return path

    def test_rules_that_wait_wake(self):
        relay = self.relay()
        self.assertNotIn("smtp.relay.open", self.ids(capture=relay))
        woken = self.config("own:\n  domains: example.org\n")
        self.assertIn("smtp.relay.open", self.ids("-c", woken, capture=relay))
        self.assertNotIn("waits for own.domains", self.good("rules", "list", "-c", woken).stdout)
        self.assertNotIn("smtp.relay.open", self.ids("-c", self.config("own:\n  domains: [example.org, example.net]\n"), capture=relay))
        self.assertNotIn("smtp.relay.open", self.ids("-c", self.config("own:\n  domains: [NET]\n"), capture=relay), "net is above it")
        self.assertNotIn("smtp.relay.open", self.ids("-c", self.config("own:\n  domains: []\n"), capture=relay))
        inside = "own:\n  domains: example.org\n  networks: [198.51.100.0/24, 10.0.0.0/8]\n"
        self.assertNotIn("smtp.relay.open", self.ids("-c", self.config(inside), capture=relay))
        nobody = "own:\n  domains: example.org\n  networks: []\n"
        self.assertNotIn("smtp.relay.open", self.ids("-c", self.config(nobody), capture=relay), "the server is not ours")

    def test_mail_that_needs_tls(self):
        """Each of the two options wakes its own rule, for its own domains or servers."""
        relay = self.relay()
        self.assertNotIn("policy.tls.violation", self.ids(capture=relay))
        for option, this, another in (("domains", "example.net", "xample.net"), ("servers", "10.0.0.0/30, 10.0.0.25", "10.0.0.24/32")):
            with self.subTest(option):
                text = "own:\n  tls_required:\n    %s: [%s]\n"
                self.assertIn(f"waits for own.tls_required.{option}", self.good("rules", "list").stdout)
                woken = self.config(text % (option, this))
                self.assertNotIn(f"waits for own.tls_required.{option}", self.good("rules", "list", "-c", woken).stdout)
                self.assertIn("policy.tls.violation", self.ids("-c", woken, capture=relay))
                self.assertNotIn("policy.tls.violation", self.ids("-c", self.config(text % (option, another)), capture=relay))
        trusted = self.config("own:\n  tls_required: {servers: 10.0.0.25}\n  trusted_clear: [10.0.0.25, 198.51.100.7]\n")
        self.assertNotIn("policy.tls.violation", self.ids("-c", trusted, capture=relay))

    def test_trusted_clear(self):
        trusted = self.config("own:\n  trusted_clear:\n    - 192.0.2.10\n    - 192.0.2.25/32\n")
        self.assertNotIn("smtp.auth.cleartext", self.ids("-c", trusted))
        self.assertIn("smtp.auth.cleartext", self.ids("-c", self.config("own:\n  trusted_clear: 192.0.2.10\n")))

    def test_evidence_shows_what_privacy_lets_it(self):
        """Text that is made of facts hides what the facts hide."""
        told = self.write("told.yml", """
            title: Told
            logsource: {service: auth}
            detection:
              any:
                user.name|exists: true
              condition: any
            level: low
            mailtap: {id: test.told, group: [client.ip], evidence: 'by {user.name}[ as {user.name}] from {client.ip}'}
            """)
        user = "alice@example.org"
        shown = self.good("-r", self.login, "-o", "json", "-S", told).stdout
        self.assertIn(f"by {user} as {user} from", shown)
        hidden = self.good("-r", self.login, "-o", "json", "-S", told, "--privacy", "drop").stdout
        self.assertNotIn(user, hidden)
        self.assertRegex(hidden, r'"evidence":"by +from')
        self.assertNotIn(user, self.good("-r", self.login, "-S", told, "--privacy", "drop").stdout)

    def test_ports_of_ones_own(self):
        self.assertNotIn("mail.odd_port", self.ids())
        self.assertIn("mail.odd_port", self.ids("-c", self.config("own:\n  ports:\n    smtp: [587]\n")))

    def test_lists_with_wrong_values(self):
        wrong = {
            "own:\n  networks: [10.0.0.0/8, 10.0.0.0/33]\n": ("2:26", "10.0.0.0/33", "192.0.2.0/24"),
            "own:\n  networks: nonsense\n": ("2:13", "nonsense"),
            "own:\n  domains:\n    - example.org\n    - .example.net\n": ("4:7", ".example.net"),
            "own:\n  domains: ['']\n": ("2:13", "must not be empty"),
            "own:\n  domains: [~]\n": ("2:13", "list of words"),
            "own:\n  domains: [[a], b]\n": ("2:13", "list of words"),
            "own:\n  domains: {a: b}\n": ("2:12", "one value"),
            "own:\n  ports:\n    smtp: [25, 65536]\n": ("3:16", "65536"),
            "own:\n  ports:\n    smpt: [25]\n": ("3:5", "own.ports.smtp"),
            "own:\n  domain: example.org\n": ("2:3", "own.domains"),
            "own:\n  servers:\n    relay: [10.0.0.0/x]\n": ("3:13", "10.0.0.0/x"),
            "own:\n  tls_required:\n    domains: ['@example.org']\n": ("3:15", "@example.org"),
            "own:\n  tls_required:\n    servers: [mx.example.org]\n": ("3:15", "mx.example.org"),
        }
        for text, words in wrong.items():
            with self.subTest(text):
                self.fails(CONFIG, ("-T", "-c", self.config(text)), "mailtap.yaml:" + words[0] + ": ", *words[1:])

    def test_lists_printed_can_be_read_back(self):
        config = self.config("""
            own:
              networks: [192.0.2.0/24, "2001:db8::/32"]
              domains: example.org
              trusted_clear: []
              tls_required: {domains: [example.net], servers: 192.0.2.25}
              ports: {smtp: [25, 2525], imap: []}
            """)
        rule = self.write('we"ird \\ name.yml', LOGIN_RULE)
        printed = self.good("--print-config", "-c", config, "-s", rule).stdout
        for line in ('networks: ["192.0.2.0/24", "2001:db8::/32"]', 'domains: ["example.org"]', "trusted_clear: []", 'smtp: ["25", "2525"]',
                     'domains: ["example.net"]', 'servers: ["192.0.2.25"]', "imap: []", 'pop3: ["110", "995"]'):
            self.assertIn(line, printed)
        again = self.write("printed/again.yaml", printed)
        self.assertEqual(self.good("--print-config", "-c", again).stdout, printed)
        self.assertIn("test.login", self.ids("-c", again))

    # --- what is wrong ---

    def test_a_broken_rule_stops_a_run_before_it_begins(self):
        wrong = self.write("wrong.yml", LOGIN_RULE.replace("event.outcome", "event.outcom"))
        for arguments in (("-r", self.login), ("-T",), ("rules", "test", self.login)):
            result = self.fails(CONFIG, (*arguments, "-s", wrong), "wrong.yml:7:5: ", "event.outcome")
            self.assertEqual(result.stdout, "")
        self.fails(CONFIG, ("-T", "-c", self.config(rules="title: [\n")), "rules.d/own.yml:")
        self.assertIn("is ok", self.good("-T", "-s", self.write("right.yml", LOGIN_RULE)).stdout)

    def test_what_is_not_there_or_cannot_be_read(self):
        for option in ("-s", "-S"):
            self.fails(CONFIG, ("-r", self.login, option, "/nowhere/rules"), "/nowhere/rules: No such file")
            self.fails(USAGE, ("-r", self.login, option, ""), "must not be empty")
        self.fails(CONFIG, ("rules", "check", "/nowhere/rules"), "/nowhere/rules: No such file")
        self.fails(CONFIG, ("-T", "-s", "/dev/null"), "/dev/null: not a file")
        os.mkdir(self.path("dangling"))
        os.symlink("nowhere.yml", self.path("dangling/a.yml"))
        self.fails(CONFIG, ("-T", "-s", self.path("dangling")), "dangling/a.yml: No such file")
        closed = self.write("closed.yml", LOGIN_RULE)
        os.chmod(closed, 0)
        self.nobody_reads(closed)

    def nobody_reads(self, closed):
        """Root may read everything, so somebody else tries."""
        os.chmod(self.folder, 0o755)
        somebody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            result = run("-T", "-s", closed, **somebody)
        except PermissionError:
            self.skipTest("the program is where nobody else may start it")
        self.assertEqual(result.returncode, CONFIG, result.stderr)
        self.assertIn("closed.yml: Permission denied", result.stderr)

    def test_rules_d_is_a_dangling_link_or_a_file(self):
        config = self.config()
        os.symlink("nowhere", self.path("rules.d"))
        self.fails(CONFIG, ("-T", "-c", config), "rules.d: No such file")
        os.unlink(self.path("rules.d"))
        self.write("rules.d", LOGIN_RULE)
        self.assertIn("test.login", self.ids("-c", config))

    def test_the_same_rule_twice(self):
        self.write("twice/a.yml", LOGIN_RULE)
        self.write("twice/b.yml", LOGIN_RULE)
        self.fails(CONFIG, ("-T", "-s", self.path("twice")), "twice/b.yml:", "a.yml")

    def test_a_warning_is_no_error(self):
        doubtful = self.write("doubtful.yml", LOGIN_RULE.replace(
            "condition: login", "clear:\n        mailtap.auth.cleartext: 'yes'\n      condition: login and not clear"))
        result = run("rules", "check", doubtful)
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"doubtful\.yml:\d+:\d+: ")
        self.assertIn("1 warning\n", result.stdout)

    # --- where it is installed ---

    def test_an_installed_program_finds_its_rules(self):
        os.makedirs(self.path("usr/bin"))
        os.makedirs(self.path("usr/share/mailtap"))
        os.symlink(SHIPPED, self.path("usr/share/mailtap/rules"))
        program = self.path("usr/bin/mailtap")
        with open(MAILTAP, "rb") as source, open(program, "wb") as copy:
            copy.write(source.read())
        os.chmod(program, 0o755)
        result = subprocess.run([program, "rules", "list"], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.stdout, run("rules", "list").stdout, result.stderr)
        os.unlink(self.path("usr/share/mailtap/rules"))
        result = subprocess.run([program, "-r", self.login], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, CONFIG)
        self.assertIn("share/mailtap/rules: No such file", result.stderr)


unittest.main(argv=sys.argv[:1])
