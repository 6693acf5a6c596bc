/* Interfaces through libpcap. A tap with an interface for each direction is one source: what both
 * have is handed over in the order of its time. */
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture_internal.h"

#define INTERFACES_MAX     2
#define IDLE_MS            100
/* An interface that is down is tried again after a second of silence, or so many batches of
 * another.
 */
#define REOPEN_BATCHES     1000
#define BATCHES_OF_SILENCE (REOPEN_BATCHES * IDLE_MS / 1000)
#define NS_PER_US          1000

struct interface {
    char name[64];
    pcap_t *pcap; /* NULL: it is down and waited for */
    int fd;
    unsigned time_unit;            /* what its time stamps count, in ns */
    struct capture_losses earlier; /* of handles that are gone */
    int batches_to_try;            /* while it is down */
};

struct source {
    struct interface interface[INTERFACES_MAX];
    unsigned count;
    struct capture_interface_options options;
    struct packet *batch; /* that is being filled, with so many packets and bytes in the arena */
    int filled;
    size_t used;
    struct capture *capture;
};

/* --- opening ------------------------------------------------------------------------------------
 */

/* What libpcap's result means to whoever runs the sensor. */
static void say_why_not(struct capture *capture, pcap_t *pcap, int result)
{
    switch (result) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        capture_say(capture, "is no interface here: \"ip link\" lists them");
        break;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        capture_say(capture, "cannot be captured from without CAP_NET_RAW: run as root, or once "
                             "\"setcap cap_net_raw+ep\" on mailtap");
        break;
    case PCAP_ERROR_IFACE_NOT_UP:
        capture_say(capture, "is down: \"ip link set %s up\" brings it up", capture->name);
        break;
    default:
        capture_say(capture, "cannot be captured from: %s: %s", pcap_statustostr(result),
                    pcap_geterr(pcap));
    }
}

static bool install_filter(struct capture *capture, pcap_t *pcap)
{
    struct bpf_program program;
    bool filtered;
    if (!capture_compile(capture, pcap, &program, &filtered))
        return false;
    if (!filtered)
        return true;
    bool installed = pcap_setfilter(pcap, &program) == 0;
    if (!installed)
        capture_say(capture, "does not take the filter: %s", pcap_geterr(pcap));
    pcap_freecode(&program);
    return installed;
}

static bool activate(struct capture *capture, struct interface *interface, pcap_t *pcap)
{
    const struct capture_interface_options *options =
        &((const struct source *)capture->source)->options;
    char reason[PCAP_ERRBUF_SIZE];
    pcap_set_snaplen(pcap, (int)options->snap_len);
    pcap_set_promisc(pcap, options->promiscuous);
    pcap_set_timeout(pcap, IDLE_MS);
    pcap_set_buffer_size(pcap, (int)(options->buffer_mib << 20));
    bool ns = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int result = pcap_activate(pcap);
    if (result < 0) {
        say_why_not(capture, pcap, result);
        return false;
    }
    interface->time_unit = ns ? 1 : NS_PER_US;
    interface->fd = pcap_get_selectable_fd(pcap);
    if (interface->fd < 0 || pcap_setnonblock(pcap, 1, reason) != 0) {
        capture_say(capture, "cannot be waited for");
        return false;
    }
    return capture_take_link_type(capture, pcap) && install_filter(capture, pcap);
}

static bool open_interface(struct capture *capture, struct interface *interface)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    snprintf(capture->name, sizeof capture->name, "%s", interface->name);
    pcap_t *pcap = pcap_create(interface->name, reason);
    if (!pcap) {
        capture_say(capture, "cannot be captured from: %s", reason);
        return false;
    }
    if (!activate(capture, interface, pcap)) {
        pcap_close(pcap);
        return false;
    }
    interface->pcap = pcap;
    return true;
}

/* "eth1+eth2" into its parts. */
static bool split_names(struct capture *capture, struct source *source, const char *names)
{
    snprintf(capture->name, sizeof capture->name, "%s", names);
    for (const char *at = names; at; at = strchr(at, '+') ? strchr(at, '+') + 1 : NULL) {
        size_t len = strcspn(at, "+");
        if (source->count == INTERFACES_MAX) {
            capture_say(capture, "names more interfaces than a tap has: at most %d, as eth1+eth2",
                        INTERFACES_MAX);
            return false;
        }
        struct interface *interface = &source->interface[source->count++];
        if (len == 0 || len >= sizeof interface->name) {
            capture_say(capture, "is no name of an interface");
            return false;
        }
        memcpy(interface->name, at, len);
    }
    return true;
}

static bool open_all(struct capture *capture, struct source *source)
{
    for (unsigned i = 0; i < source->count; i++) {
        int first = capture->link_type;
        if (!open_interface(capture, &source->interface[i]))
            return false;
        if (i > 0 && capture->link_type != first) {
            capture_say(capture, "has another link type than %s: the two are no tap",
                        source->interface[0].name);
            return false;
        }
    }
    return true;
}

static void close_source(struct capture *capture)
{
    struct source *source = capture->source;
    for (unsigned i = 0; i < source->count; i++) {
        if (source->interface[i].pcap)
            pcap_close(source->interface[i].pcap);
    }
    free(source);
}

/* --- up and down --------------------------------------------------------------------------------
 */

static void add_losses(const struct interface *interface, struct capture_losses *losses)
{
    struct pcap_stat stat;
    losses->kernel += interface->earlier.kernel;
    losses->interface += interface->earlier.interface;
    if (interface->pcap && pcap_stats(interface->pcap, &stat) == 0) {
        losses->kernel += stat.ps_drop;
        losses->interface += stat.ps_ifdrop;
    }
}

static void went_down(struct capture *capture, struct interface *interface, const char *why)
{
    struct capture_losses losses = { 0 };
    snprintf(capture->notice, MESSAGE_LEN, "%s went down (%s): waiting for it", interface->name,
             why);
    add_losses(interface, &losses);
    interface->earlier = losses;
    pcap_close(interface->pcap);
    interface->pcap = NULL;
    interface->batches_to_try = REOPEN_BATCHES;
}

static void try_again(struct capture *capture, struct interface *interface)
{
    int link_type = capture->link_type;
    if (--interface->batches_to_try > 0)
        return;
    interface->batches_to_try = REOPEN_BATCHES;
    if (open_interface(capture, interface) && capture->link_type == link_type) {
        snprintf(capture->notice, MESSAGE_LEN, "%s is back", interface->name);
        return;
    }
    capture->link_type = link_type;
    if (interface->pcap)
        pcap_close(interface->pcap);
    interface->pcap = NULL;
}

/* --- reading ------------------------------------------------------------------------------------
 */

struct taker {
    struct source *source;
    unsigned time_unit;
};

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    const struct taker *taker = (const struct taker *)(void *)user;
    struct source *source = taker->source;
    struct packet *packet = &source->batch[source->filled];
    if (capture_pack(source->capture, packet, header, data, &source->used, taker->time_unit)) {
        packet->frame = ++source->capture->frames;
        source->filled++;
    }
}

static void read_interface(struct capture *capture, struct interface *interface, unsigned shares)
{
    struct source *source = capture->source;
    struct taker taker = { source, interface->time_unit };
    int max = (CAPTURE_BATCH - source->filled) / (int)shares;
    if (!interface->pcap)
        try_again(capture, interface);
    else if (max > 0 && pcap_dispatch(interface->pcap, max, take, (u_char *)&taker) < 0)
        went_down(capture, interface, pcap_geterr(interface->pcap));
}

/* Two interfaces were read one after the other: back into the order of time. Few packets, and
 * mostly in order already. */
static void sort_by_time(struct packet *batch, int count)
{
    for (int i = 1; i < count; i++) {
        struct packet packet = batch[i];
        int at = i;
        for (; at > 0 && batch[at - 1].time_ns > packet.time_ns; at--)
            batch[at] = batch[at - 1];
        batch[at] = packet;
    }
}

/* That an interface went down shows at its socket only: libpcap does not look while there are no
 * packets. */
static void look_for_errors(struct capture *capture, struct interface *interface)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(interface->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0)
        went_down(capture, interface, strerror(error));
}

static void wait_for_packets(struct capture *capture, struct source *source)
{
    struct pollfd fds[INTERFACES_MAX];
    for (unsigned i = 0; i < source->count; i++) {
        const struct interface *interface = &source->interface[i];
        fds[i] = (struct pollfd){ .fd = interface->pcap ? interface->fd : -1, .events = POLLIN };
    }
    bool silence = poll(fds, source->count, IDLE_MS) == 0;
    for (unsigned i = 0; i < source->count; i++) {
        source->interface[i].batches_to_try -= silence ? BATCHES_OF_SILENCE : 0;
        if (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL))
            look_for_errors(capture, &source->interface[i]);
    }
}

static void read_all(struct capture *capture, struct source *source)
{
    for (unsigned i = 0; i < source->count; i++)
        read_interface(capture, &source->interface[i], source->count - i);
}

static int read_batch(struct capture *capture, struct packet batch[CAPTURE_BATCH])
{
    struct source *source = capture->source;
    source->batch = batch;
    source->filled = 0;
    source->used = 0;
    read_all(capture, source);
    if (source->filled == 0) {
        wait_for_packets(capture, source);
        read_all(capture, source);
    }
    if (source->count > 1)
        sort_by_time(batch, source->filled);
    return source->filled > 0 ? source->filled : CAPTURE_IDLE;
}

static void losses(struct capture *capture, struct capture_losses *sum)
{
    const struct source *source = capture->source;
    for (unsigned i = 0; i < source->count; i++)
        add_losses(&source->interface[i], sum);
}

static const struct capture_type type = {
    .batch = read_batch,
    .close = close_source,
    .losses = losses,
};

struct capture *capture_open_interface(const struct capture_interface_options *options, char *error,
                                       size_t error_size)
{
    struct capture *capture =
        capture_new(&type, options->filter, (size_t)CAPTURE_BATCH * options->snap_len,
                    sizeof(struct source), error, error_size);
    if (!capture)
        return NULL;
    struct source *source = capture->source;
    source->capture = capture;
    source->options = *options;
    bool opened = split_names(capture, source, options->names) && open_all(capture, source);
    return capture_opened(capture, opened, error, error_size);
}
