# Four programs log in and send, each once with a right and once with a wrong password: mutt, s-nail, nodemailer (JavaScript) and
# Perl's Net::SMTP. Each takes the mechanism it likes best of those on offer, then the one it is told.
about="mutt, s-nail, nodemailer and Perl's Net::SMTP: logins in clear, right ones with a mail and wrong ones without"
made_with="postfix dovecot-core mutt s-nail nodejs node-nodemailer perl libauthen-sasl-perl"
mechanisms="plain login cram-md5"
people alice bob carol
start_users
start_submission
cat >"$work/muttrc" <<'CF'
set smtp_url = "smtp://alice%40example.org@192.0.2.25:587"
set from = alice@example.org
set realname = ""
set hostname = pc.example.net
set use_envelope_from = yes
set ssl_starttls = no
set ssl_force_tls = no
set copy = no
CF
# mutt_mail PASSWORD [COMMAND...]
mutt_mail() {
    local password=$1
    shift
    echo text | in_client env HOME="$work" mutt -n -F "$work/muttrc" -e "set smtp_pass = $password" "$@" -s "from mutt" \
        bob@example.org >>"$work/mutt.log" 2>&1 || true
}
# snail_mail PASSWORD [OPTION...]
snail_mail() {
    local password=$1
    shift
    echo text | in_client env HOME="$work" s-nail -:/ -Sv15-compat -Snosave -Snosmtp-use-starttls -Ssendwait \
        -Sfrom=bob@example.org -Shostname=pc.example.net -Smta="smtp://bob%40example.org:$password@192.0.2.25:587" "$@" \
        -s "from s-nail" carol@example.org >>"$work/s-nail.log" 2>&1 || true
}
cat >"$work/send.js" <<'JAVASCRIPT'
const nodemailer = require("/usr/share/nodejs/nodemailer");
const [pass, authMethod] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host: "192.0.2.25", port: 587, ignoreTLS: true, name: "pc.example.net", authMethod,
  auth: { user: "carol@example.org", pass },
});
transport.sendMail({ from: "carol@example.org", to: "alice@example.org", subject: "from nodemailer", text: "text" })
  .catch((error) => console.error(error.message));
JAVASCRIPT
cat >"$work/send.pl" <<'PERL'
use Authen::SASL;
use Net::SMTP;
my ($password, $mechanisms) = @ARGV;
my $smtp = Net::SMTP->new("192.0.2.25", Port => 587, Hello => "pc.example.net") or die;
my $sasl = Authen::SASL->new(mechanism => $mechanisms, callback => { user => 'alice@example.org', pass => $password,
    authname => '' });
if ($smtp->auth($sasl)) {
    $smtp->mail('alice@example.org');
    $smtp->to('bob@example.org', 'nobody@example.org', { SkipBad => 1 });
    $smtp->data("Subject: from Perl\n\ntext\n");
}
$smtp->quit;
PERL
in_node() { in_client node "$work/send.js" "$@" >>"$work/node.log" 2>&1 || true; }
in_perl() { in_client perl "$work/send.pl" "$@" >>"$work/perl.log" 2>&1 || true; }
capture_start pcap
mutt_mail "$alice_password"
mutt_mail "$(secret Plum-Mistake)" -e "set smtp_authenticators = plain"
snail_mail "$bob_password"
snail_mail "$(secret Grape-Mistake)" -Ssmtp-auth=login
in_node "$carol_password"
in_node "$(secret Lemon-Mistake)" LOGIN
in_perl "$alice_password" "PLAIN LOGIN CRAM-MD5"
in_perl "$(secret Olive-Mistake)" LOGIN
capture_stop
