# Perl's Mail::IMAPClient and Net::POP3 read mail, with right and wrong passwords.
# An analyst should see: the passwords of alice, bob and carol exposed, the wrong ones too; none with APOP and CRAM-MD5.
about="Perl's Mail::IMAPClient (LOGIN, AUTHENTICATE PLAIN, LOGIN, CRAM-MD5; APPEND and FETCH of a mail that quotes dialogues) and Net::POP3 (USER and PASS, APOP, AUTH), right and wrong passwords"
made_with="dovecot-imapd dovecot-pop3d libmail-imapclient-perl perl libauthen-sasl-perl"
mechanisms="plain login cram-md5 apop"
people alice bob carol
dovecot_start mailboxes "imap pop3" </dev/null
wait_for_port 192.0.2.25 143
wait_for_port 192.0.2.25 110
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
cat >"$work/imap.pl" <<'PERL'
use Mail::IMAPClient;
my ($user, $password, $mechanism, $file) = @ARGV;
my $imap = Mail::IMAPClient->new(Server => "192.0.2.25", User => "$user\@example.org", Password => $password,
    $mechanism ? (Authmechanism => $mechanism) : ()) or die "$@\n";
!$file or $imap->append_file("INBOX", $file) or die $imap->LastError;
$imap->select("INBOX") or die $imap->LastError;
print $imap->message_string($_) for $imap->messages;
$imap->logout;
PERL
cat >"$work/pop3.pl" <<'PERL'
use Authen::SASL;
use Net::POP3;
my ($how, $user, $password) = @ARGV;
my $pop = Net::POP3->new("192.0.2.25") or die;
my $count = $how eq "apop" ? $pop->apop("$user\@example.org", $password)
    : $how eq "user" ? $pop->login("$user\@example.org", $password)
    : $pop->auth(Authen::SASL->new(mechanism => $how, callback => { user => "$user\@example.org", pass => $password,
        authname => "" }));
if (defined $count) {
    my $list = $pop->list;
    print @{$pop->get($_)} for keys %$list;
}
$pop->quit;
PERL
capture_start pcap
attempt perl "$work/imap.pl" alice "$alice_password" "" "$work/logs.txt"
attempt perl "$work/imap.pl" alice "$(secret Plum-Mistake)"
attempt perl "$work/imap.pl" bob "$bob_password" PLAIN "$work/logs.txt"
for mechanism in LOGIN CRAM-MD5; do attempt perl "$work/imap.pl" bob "$bob_password" $mechanism; done
attempt perl "$work/imap.pl" bob "$(secret Grape-Mistake)" PLAIN
for how in user apop PLAIN CRAM-MD5; do attempt perl "$work/pop3.pl" $how alice "$alice_password"; done
attempt perl "$work/pop3.pl" user carol "$(secret Lemon-Mistake)"
attempt perl "$work/pop3.pl" apop carol "$(secret Olive-Mistake)"
capture_stop
