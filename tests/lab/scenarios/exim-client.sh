# Exim as the client of Exim: it logs in before it sends, with the one mechanism it is told, then pipelines the rest and sends the
# text by BDAT. After a refused login it goes on without, as Exim does unless told otherwise; then RCPT and BDAT are refused too.
# For NTLM it takes "alice" as the user and "example.org" as the domain.
# An analyst should see: alice's password exposed by PLAIN and LOGIN, a wrong one by PLAIN; of CRAM-MD5 and NTLM only responses.
about="Exim to Exim: AUTH PLAIN, LOGIN, CRAM-MD5 and NTLM with mails by BDAT; PLAIN and NTLM refused, then RCPT and BDAT too"
made_with="exim"
people alice
start_exim_with_logins 587
# to_send NAME MECHANISM PASSWORD: the Exim that has only this one login.
to_send() {
    {
        printf '%s\n' "  port = 587" "  hosts_try_auth = *" "begin authenticators" "login:"
        case $2 in
        PLAIN) printf '  %s\n' "driver = plaintext" "client_send = ^alice@example.org^$3" ;;
        LOGIN) printf '  %s\n' "driver = plaintext" "client_send = : alice@example.org : $3" ;;
        CRAM-MD5) printf '  %s\n' "driver = cram_md5" "client_name = alice@example.org" "client_secret = $3" ;;
        NTLM) printf '  %s\n' "driver = spa" "client_username = alice@example.org" "client_password = $3" ;;
        esac
        echo "  public_name = $2"
    } | exim_sender "$1"
}
for mechanism in PLAIN LOGIN CRAM-MD5 NTLM; do to_send $mechanism $mechanism "$alice_password"; done
for mechanism in PLAIN NTLM; do to_send wrong-$mechanism $mechanism "$(secret Cherry-Mistake)"; done
capture_start pcap
for name in PLAIN LOGIN CRAM-MD5 NTLM wrong-PLAIN wrong-NTLM; do
    printf 'Subject: %s\n\ntext\n' $name | with_exim $name -odi -oi -f alice@example.org bob@example.org nobody@example.org
done
capture_stop
