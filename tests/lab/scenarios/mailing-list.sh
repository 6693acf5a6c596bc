# A list server sends one mail to forty subscribers. Two mailboxes are full and two servers ask to come back later; these four it
# tries again, in vain so far.
# An analyst should see: many recipients of one client, none of them unknown: a mailing list at work, and no finding about it.
about="one mail to forty recipients, four of them refused for now (452 4.2.2, 450 4.7.1), these four again, still refused"
made_with="postfix swaks"
start_relay "smtpd_recipient_restrictions = check_recipient_access inline:{{dave@example.org = 452 4.2.2 mailbox full}, {erin@example.org = 452 4.2.2 mailbox full}, {frank@example.org = 450 4.7.1 come back later}, {grace@example.org = 450 4.7.1 come back later}}, reject_unauth_destination" \
    "smtpd_recipient_limit = 100"
subscribers=$(for number in $(seq 36); do printf 'subscriber%02d@example.org,' "$number"; done)
later=dave@example.org,erin@example.org,frank@example.org,grace@example.org
capture_start pcap
mail 198.51.100.7 192.0.2.25:25 --from list-bounces@lists.example.net --to "$subscribers$later"
mail 198.51.100.7 192.0.2.25:25 --from list-bounces@lists.example.net --to "$later,subscriber01@example.org"
capture_stop
