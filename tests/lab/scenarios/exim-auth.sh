# Exim as the server, logins in clear, each mechanism right and wrong. Exim's replies have no enhanced codes.
# NTLM takes three messages; the user's name is in the last one of the client, in UTF-16, and the password in none. GNU SASL
# stumbles over Exim's "334 NTLM supported", which is no base64, and closes the connection; Exim says 535 after that.
# Who connects from 192.0.2.11 is bob without a password (EXTERNAL), but not alice.
# An analyst should see: the passwords of alice and bob and two wrong ones of carol exposed; of CRAM-MD5 and NTLM only responses.
about="Exim: AUTH PLAIN, LOGIN, CRAM-MD5, NTLM and EXTERNAL, right ones with a mail, wrong ones without; one recipient refused"
made_with="exim swaks libauthen-ntlm-perl curl gsasl"
people alice bob carol
start_exim_with_logins 587
printf 'Subject: from curl\r\n\r\ntext\r\n' >"$work/mail.txt"
ntlm="smtp://192.0.2.25:587/pc.example.net --login-options AUTH=NTLM"
external="--interface 192.0.2.11 smtp://192.0.2.25:587/pc-11.example.net --login-options AUTH=EXTERNAL"
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice --to bob@example.org,nobody@example.org
mail 192.0.2.12 192.0.2.25:587 --auth PLAIN $(carol_mistakes Plum)
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $(carol_mistakes Grape)
mail 192.0.2.12 192.0.2.25:587 --auth CRAM-MD5 $carol
mail 192.0.2.12 192.0.2.25:587 --auth CRAM-MD5 $(carol_mistakes Lemon)
mail 192.0.2.12 192.0.2.25:587 --auth NTLM $(carol_mistakes Olive)
curl_mail $ntlm -u "alice@example.org:$alice_password"
curl_mail $ntlm -u "alice@example.org:$(secret Cherry-Mistake)"
curl_mail $external -u bob@example.org:
curl_mail $external -u alice@example.org:
in_client gsasl --smtp --connect 192.0.2.25:587 --no-starttls --hostname mx.example.org --service smtp --mechanism NTLM \
    --authentication-id alice@example.org --password "$alice_password" --no-cb --quiet >>"$work/gsasl.log" 2>&1 </dev/null || true
capture_stop
