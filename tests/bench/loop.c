/* The least that reading a capture costs: libpcap, and nothing done with the packets.
 *
 *   bench_loop PCAP
 *
 * Prints packets and bytes. */
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const uint8_t *data;
    uint64_t packets = 0, bytes = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        fputs("usage: bench_loop PCAP\n", stderr);
        return 2;
    }
    setvbuf(file, NULL, _IOFBF, 1 << 20);
    pcap_t *pcap = pcap_fopen_offline(file, error);
    if (!pcap) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    while (pcap_next_ex(pcap, &head, &data) == 1) {
        packets++;
        bytes += head->caplen;
    }
    printf("%llu %llu\n", (unsigned long long)packets, (unsigned long long)bytes);
    pcap_close(pcap);
    return 0;
}
