/* What a tap shows: packets into counts, counts into sentences. */
#include "doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode.h"
#include "lru.h"

#define FLOWS_MAX      65536
#define LONGEST_FRAME  1600 /* on a wire without jumbo frames: 1500, headers, tags */
#define TAGS_MAX       8
#define ENOUGH_FLOWS   20 /* mail connections after which nothing new is to be expected */
#define ENOUGH_SECONDS 10

static const struct {
    uint16_t port;
    const char *name;
} mail_ports[] = {
    { 25, "smtp" },   { 587, "submission" },  { 465, "submissions (TLS)" },
    { 2525, "smtp" }, { 143, "imap" },        { 993, "imaps (TLS)" },
    { 110, "pop3" },  { 995, "pop3s (TLS)" }, { 4190, "sieve" },
};
#define PORTS (sizeof mail_ports / sizeof mail_ports[0])

struct flow_key {
    struct endpoint client, server;
    uint8_t address_len, zero[3];
};

/* A mail connection, by its server's port. */
struct mail_flow {
    bool seen[DIRECTIONS];
    uint16_t vlan[DIRECTIONS];
};

struct look {
    uint64_t packets, not_ip, fragments, malformed, truncated, super_frames, checked, bad_checksums;
    uint32_t longest;
    uint64_t by_port[PORTS];
    uint16_t tag[TAGS_MAX];
    unsigned tags;
    struct lru *flows;
    uint64_t first_ns, last_ns;
    struct capture_losses losses;
};

/* --- looking ------------------------------------------------------------------------------------
 */

static size_t port_place(uint16_t port)
{
    size_t i = 0;
    while (i < PORTS && mail_ports[i].port != port)
        i++;
    return i;
}

static void take_tag(struct look *look, uint16_t tag)
{
    for (unsigned i = 0; i < look->tags; i++) {
        if (look->tag[i] == tag)
            return;
    }
    if (tag != 0 && look->tags < TAGS_MAX)
        look->tag[look->tags++] = tag;
}

static void take_mail(struct look *look, const struct segment *s, enum direction d, size_t port,
                      uint64_t now_ns)
{
    struct flow_key key;
    memset(&key, 0, sizeof key);
    key.client = d == FROM_CLIENT ? s->source : s->destination;
    key.server = d == FROM_CLIENT ? s->destination : s->source;
    key.address_len = s->address_len;
    uint64_t hash = lru_hash(look->flows, &key);
    struct mail_flow *flow = lru_find(look->flows, hash, &key, now_ns);
    if (!flow) {
        flow = lru_add(look->flows, hash, &key, now_ns);
        look->by_port[port]++;
    }
    flow->seen[d] = true;
    flow->vlan[d] = s->vlan;
}

static void take_segment(struct look *look, const struct segment *s, uint64_t now_ns)
{
    size_t to = port_place(s->destination.port), from = port_place(s->source.port);
    take_tag(look, s->vlan);
    if (s->missing == 0) {
        look->checked++;
        look->bad_checksums += !segment_checksum_fits(s);
    }
    if (to < PORTS)
        take_mail(look, s, FROM_CLIENT, to, now_ns);
    else if (from < PORTS)
        take_mail(look, s, FROM_SERVER, from, now_ns);
}

static void take_packet(struct look *look, int link_type, const struct packet *packet)
{
    struct segment segment;
    struct fragment fragment;
    enum decode_result result = decode(link_type, packet, &segment, &fragment);
    if (look->packets++ == 0)
        look->first_ns = packet->time_ns;
    look->last_ns = packet->time_ns;
    look->truncated += packet->captured < packet->length;
    look->super_frames += packet->length > LONGEST_FRAME;
    if (packet->length > look->longest)
        look->longest = packet->length;
    look->not_ip += result == DECODE_UNKNOWN;
    look->fragments += result == DECODE_FRAGMENT;
    look->malformed += result == DECODE_MALFORMED;
    if (result == DECODE_TCP)
        take_segment(look, &segment, packet->time_ns);
}

static bool seen_enough(const struct look *look)
{
    return lru_count(look->flows) >= ENOUGH_FLOWS &&
           look->last_ns > look->first_ns + (uint64_t)ENOUGH_SECONDS * 1000000000;
}

/* A file is read to its end; an interface is looked at for so long. */
static void watch(struct look *look, struct capture *capture, const struct config *config)
{
    struct packet batch[CAPTURE_BATCH];
    bool live = config->files == 0;
    time_t until = time(NULL) + (time_t)config->doctor_seconds;
    for (;;) {
        int n = capture_batch(capture, batch);
        if (n == CAPTURE_OVER || n == CAPTURE_DAMAGED)
            break;
        for (int i = 0; i < n; i++)
            take_packet(look, capture_link_type(capture), &batch[i]);
        if (live && (time(NULL) >= until || seen_enough(look)))
            break;
    }
    capture_losses(capture, &look->losses);
}

/* --- saying -------------------------------------------------------------------------------------
 */

enum grade { FINE, NOTE, WRONG };

static void say(FILE *out, bool *well, enum grade grade, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One paragraph, broken between words. */
static void say(FILE *out, bool *well, enum grade grade, const char *format, ...)
{
    static const char *const names[] = { [FINE] = "ok", [NOTE] = "note", [WRONG] = "WRONG" };
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *well &= grade != WRONG;
    fprintf(out, "  %-6s", names[grade]);
    size_t column = 8;
    for (char *save = NULL, *word = strtok_r(text, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        if (column + strlen(word) > 98) {
            fprintf(out, "\n%8s", "");
            column = 8;
        }
        fprintf(out, "%s%s", column > 8 ? " " : "", word);
        column += strlen(word) + 1;
    }
    fputc('\n', out);
}

struct sides {
    uint64_t both, only[DIRECTIONS], different_tags;
};

static struct sides count_sides(struct look *look)
{
    struct sides sides = { 0 };
    for (struct mail_flow *flow = lru_oldest(look->flows); flow;
         flow = lru_newer(look->flows, flow)) {
        bool both = flow->seen[FROM_CLIENT] && flow->seen[FROM_SERVER];
        sides.both += both;
        sides.only[FROM_CLIENT] += !flow->seen[FROM_SERVER];
        sides.only[FROM_SERVER] += !flow->seen[FROM_CLIENT];
        sides.different_tags += both && flow->vlan[FROM_CLIENT] != flow->vlan[FROM_SERVER];
    }
    return sides;
}

static unsigned long long ull(uint64_t n)
{
    return n;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void say_ports(struct look *look, FILE *out, bool *well)
{
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < PORTS; i++) {
        if (look->by_port[i] > 0)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%u %s (%llu)",
                                    len > 0 ? ", " : "", mail_ports[i].port, mail_ports[i].name,
                                    ull(look->by_port[i]));
    }
    if (len > 0)
        say(out, well, FINE, "Mail: connections to port %s.", text);
    else
        say(out, well, NOTE,
            "Mail: no connection to a mail port in this time. Is this the segment in front of the "
            "mail servers? A quiet hour looks the same: try again when people work.");
}

static void say_directions(struct look *look, const char *name, FILE *out, bool *well)
{
    struct sides sides = count_sides(look);
    uint64_t one_sided = sides.only[FROM_CLIENT] + sides.only[FROM_SERVER];
    uint64_t all = sides.both + one_sided;
    if (all == 0)
        return;
    if (percent(one_sided, all) <= 5) {
        say(out, well, FINE, "Both directions: seen in %llu of %llu mail connections.",
            ull(sides.both), ull(all));
    } else {
        bool client = sides.only[FROM_CLIENT] >= sides.only[FROM_SERVER];
        say(out, well, WRONG,
            "Both directions: in %llu of %llu mail connections only the %s's packets are seen. "
            "Without the other side mailtap cannot tell whether a login worked or STARTTLS was "
            "offered. Mirror both directions of the port (rx and tx) on the switch; if the tap has "
            "an interface for each, name both: -i %s+OTHER.",
            ull(one_sided), ull(all), client ? "client" : "server", name);
    }
    if (sides.different_tags > 0)
        say(out, well, NOTE,
            "VLAN: the two directions of %llu connections carry different tags, so they are taken "
            "for two. Mirror without tags, or with the same one.",
            ull(sides.different_tags));
}

static void say_tags(const struct look *look, FILE *out, bool *well)
{
    char text[128] = "";
    size_t len = 0;
    for (unsigned i = 0; i < look->tags; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", i > 0 ? ", " : "",
                                look->tag[i]);
    if (look->tags > 0)
        say(out, well, FINE, "VLAN tags: %s%s. They are read, also one inside the other.", text,
            look->tags == TAGS_MAX ? " and more" : "");
}

static void say_frames(const struct look *look, const char *name, FILE *out, bool *well)
{
    if (look->truncated > 0)
        say(out, well, percent(look->truncated, look->packets) > 0.1 ? WRONG : NOTE,
            "Cut packets: %llu (%.1f %%) are longer than the snap length. Capture them whole: "
            "leave --snaplen at 262144.",
            ull(look->truncated), percent(look->truncated, look->packets));
    if (look->super_frames > 0)
        say(out, well, NOTE,
            "Super-frames: %llu packets are longer than a wire carries, up to %u bytes: the card "
            "or the kernel joins segments (GRO, LRO). They are read all the same; to see the wire "
            "as it is: ethtool -K %s gro off lro off.",
            ull(look->super_frames), look->longest, name);
    if (percent(look->bad_checksums, look->checked) > 1)
        say(out, well, NOTE,
            "Checksums: %.0f %% of the TCP checksums are wrong, as in packets of this very host, "
            "whose card fills them in later. Do not use -k all here.",
            percent(look->bad_checksums, look->checked));
}

static void say_losses(const struct look *look, FILE *out, bool *well)
{
    uint64_t lost = look->losses.kernel + look->losses.interface;
    uint64_t all = look->packets + lost;
    if (lost == 0) {
        say(out, well, FINE, "Loss: none.");
        return;
    }
    say(out, well, percent(lost, all) > 0.1 ? WRONG : NOTE,
        "Loss: %llu packets (%.2f %%) were dropped, %llu by the kernel's buffer and %llu by the "
        "interface. For the first a larger buffer (-B 512) or a filter (\"port 25 or port 587 or "
        "port 143 or port 110\"); for the second a look at ethtool -S.",
        ull(lost), percent(lost, all), ull(look->losses.kernel), ull(look->losses.interface));
}

static void say_decoding(const struct look *look, FILE *out, bool *well)
{
    if (percent(look->not_ip, look->packets) > 20)
        say(out, well, NOTE,
            "Encapsulation: %.0f %% of the packets are not IP as far as mailtap decodes: a tunnel "
            "(GRE, VXLAN) perhaps. Mirror behind its end.",
            percent(look->not_ip, look->packets));
    if (percent(look->fragments, look->packets) > 1)
        say(out, well, NOTE, "Fragments: %.1f %% of the packets are parts of IP packets.",
            percent(look->fragments, look->packets));
}

static bool print(struct look *look, const char *name, bool live, FILE *out)
{
    bool well = true;
    double seconds = (double)(look->last_ns - look->first_ns) / 1e9;
    fprintf(out, "mailtap doctor: %s, %llu packets in %.1f s\n\n", name, ull(look->packets),
            seconds);
    if (look->packets == 0) {
        say(out, &well, WRONG,
            "Nothing arrives. Is the mirror session on, is its destination this port, is the link "
            "up? %s%s tells of the link; a filter may be too narrow.",
            live ? "ip -s link show " : "", live ? name : "The file's maker");
        return well;
    }
    say_ports(look, out, &well);
    say_directions(look, live ? name : "IFACE", out, &well);
    say_tags(look, out, &well);
    say_frames(look, live ? name : "IFACE", out, &well);
    if (live)
        say_losses(look, out, &well);
    say_decoding(look, out, &well);
    fprintf(out, "\n  %s\n",
            well ? "mailtap can work here."
                 : "What is WRONG keeps mailtap from seeing mail whole.");
    return well;
}

bool doctor(struct capture *capture, const struct config *config, const char *name, FILE *out)
{
    struct look look = { 0 };
    look.flows = lru_new(&(struct lru_options){ .key_size = sizeof(struct flow_key),
                                                .value_size = sizeof(struct mail_flow),
                                                .max_entries = FLOWS_MAX });
    if (!look.flows)
        return false;
    watch(&look, capture, config);
    bool well = print(&look, name, config->files == 0, out);
    lru_free(look.flows);
    return well;
}
