# IMAP as imapflow (JavaScript) speaks it: with each of its ways to log in, right and wrong passwords, once with COMPRESS. A mail
# that quotes dialogues goes in by APPEND and comes out by FETCH.
# An analyst should see: the passwords of alice, bob and carol exposed, the wrong ones too. Nothing of what eve does in the quoted
# mail happened here.
about="IMAP by imapflow (AUTHENTICATE PLAIN and LOGIN, LOGIN): APPEND and FETCH of a mail that quotes dialogues, IDLE, COMPRESS, right and wrong passwords"
made_with="dovecot-imapd imapflow nodejs"
people alice bob carol
unpack_node imapflow 1.7.8
dovecot_start mailboxes imap <<'CF'
mail_plugins = zlib
protocol imap {
  mail_plugins = $mail_plugins imap_zlib
}
CF
wait_for_port 192.0.2.25 143
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
cat >"$work/read.js" <<'JAVASCRIPT'
const { readFileSync } = require("fs");
const { ImapFlow } = require(process.env.IMAPFLOW);
const [user, pass, loginMethod, compress] = process.argv.slice(2);
const client = new ImapFlow({
  host: "192.0.2.25", port: 143, secure: false, doSTARTTLS: false, logger: false, disableAutoIdle: true,
  disableCompression: !compress, auth: { user: `${user}@example.org`, pass, loginMethod },
});
async function read() {
  await client.connect();
  await client.append("INBOX", readFileSync(process.env.LOGS, "utf8").replace(/\n/g, "\r\n"));
  const lock = await client.getMailboxLock("INBOX");
  const idle = client.idle();
  await client.fetchOne("*", { source: true, envelope: true });
  await idle;
  lock.release();
  await client.logout();
}
client.on("error", (error) => console.error(error.message));
read().catch((error) => {
  console.error(loginMethod, error.message, error.responseText);
  client.close();
});
JAVASCRIPT
# imapflow_reads NAME PASSWORD METHOD [compress]
imapflow_reads() {
    attempt timeout 30 env IMAPFLOW="$unpacked/imapflow/node_modules/imapflow" LOGS="$work/logs.txt" node "$work/read.js" "$@"
}
capture_start pcap
imapflow_reads alice "$alice_password" AUTH=PLAIN
imapflow_reads alice "$(secret Plum-Mistake)" AUTH=PLAIN
imapflow_reads bob "$bob_password" AUTH=LOGIN
imapflow_reads bob "$(secret Grape-Mistake)" AUTH=LOGIN
imapflow_reads carol "$carol_password" LOGIN
imapflow_reads carol "$(secret Lemon-Mistake)" LOGIN
imapflow_reads carol "$carol_password" LOGIN compress
capture_stop
