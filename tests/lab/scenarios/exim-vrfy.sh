# Somebody asks an Exim for seven addresses by VRFY and for one by EXPN; it knows two of them.
# An analyst should see: VRFY answered, which reveals who exists; addresses are being collected: one finding each.
about="VRFY of seven addresses, five of them unknown, and EXPN of one that stands for two"
made_with="exim python"
exim_config server mx.example.org <<'CF'
local_interfaces = 192.0.2.25
acl_smtp_vrfy = accept
acl_smtp_expn = accept
acl_smtp_rcpt = accept
begin routers
staff:
  driver = redirect
  local_parts = staff
  data = alice@example.org, bob@example.org
  forbid_file
people:
  driver = accept
  domains = example.org
  local_parts = alice : bob
  transport = sink
begin transports
sink:
  driver = appendfile
  file = /dev/null
CF
start_exim 25
capture_start pcap
in_client_python <<'PYTHON'
from talk import Talk

client = Talk("192.0.2.25", 25, "220 ")
client.say("EHLO pc-12.example.net", "250 ")
for name in "alice anna bob barbara carl clara daniel".split():
    client.say(f"VRFY {name}@example.org", "250 ", "550 ")
client.say("EXPN staff@example.org", "250 ")
client.say("QUIT", "221 ")
client.close()
PYTHON
capture_stop
