/* Reads the headers of the PROXY protocol. */
#include "proxy_header.h"

#include <string.h>

#include "text.h"

#define V1_MAX 107 /* section 2.1, with CRLF */
#define V2_MAX (16 + 2048)

static const struct bytes v1_start = { (const uint8_t *)"PROXY ", 6 };
static const struct bytes v2_start = { (const uint8_t *)"\r\n\r\n\0\r\nQUIT\n", 12 };

static bool begins(struct bytes text, struct bytes start)
{
    return bytes_equal(bytes_first(text, start.len), bytes_first(start, text.len));
}

static uint16_t port_of(struct bytes text)
{
    uint64_t port;
    return text_to_u64(text, &port) && port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* "PROXY TCP4 source destination port port" CRLF, or "PROXY UNKNOWN" and anything. */
static enum proxy_verdict read_v1(struct bytes text, struct proxy_header *header)
{
    struct bytes rest = bytes_first(text, bytes_index(text, '\n'));
    if (rest.len == text.len)
        return text.len < V1_MAX ? PROXY_MORE : PROXY_NONE;
    header->len = rest.len + 1;
    if (header->len > V1_MAX || rest.data[rest.len - 1] != '\r')
        return PROXY_NONE;
    rest = bytes_after(bytes_first(rest, rest.len - 1), v1_start.len);
    struct bytes family = text_next_word(&rest);
    if (bytes_equal(family, BYTES_LITERAL("UNKNOWN")))
        return PROXY_WHOLE;
    struct bytes source = text_next_word(&rest);
    text_next_word(&rest); /* destination */
    header->port = port_of(text_next_word(&rest));
    header->address_len = text_to_address(source, header->address);
    bool fits = bytes_equal(family, header->address_len == 4 ? BYTES_LITERAL("TCP4")
                                                             : BYTES_LITERAL("TCP6"));
    return fits && header->address_len > 0 && header->port > 0 ? PROXY_WHOLE : PROXY_NONE;
}

/* Signature, version and command, family and transport, length; then source, destination, ports and
 * whatever the proxy adds. */
static enum proxy_verdict read_v2(struct bytes text, struct proxy_header *header)
{
    struct cursor in = cursor_over(bytes_after(text, v2_start.len));
    uint8_t command = cursor_u8(&in), family = cursor_u8(&in);
    uint16_t len = cursor_u16(&in);
    if (in.failed)
        return PROXY_MORE;
    if (command >> 4 != 2 || (command & 0xF) > 1 || len > V2_MAX)
        return PROXY_NONE;
    struct cursor block = cursor_sub(&in, len);
    if (block.failed)
        return PROXY_MORE;
    header->len = v2_start.len + 4 + len;
    bool local = (command & 0xF) == 0;
    size_t size = local ? 0 : family == 0x11 ? 4 : family == 0x21 ? 16 : 0;
    struct bytes source = cursor_take(&block, size);
    cursor_take(&block, size);
    uint16_t port = cursor_u16(&block);
    if (size == 0)
        return PROXY_WHOLE;
    if (block.failed)
        return PROXY_NONE;
    memcpy(header->address, source.data, size);
    header->address_len = size;
    header->port = port;
    return PROXY_WHOLE;
}

enum proxy_verdict proxy_header_read(struct bytes text, struct proxy_header *header)
{
    *header = (struct proxy_header){ 0 };
    bool v1 = begins(text, v1_start), v2 = begins(text, v2_start);
    if (!v1 && !v2)
        return PROXY_NONE;
    header->by = v1 ? PROXIED_BY_V1 : PROXIED_BY_V2;
    if (text.len < (v1 ? v1_start.len : v2_start.len))
        return PROXY_MORE;
    return v1 ? read_v1(text, header) : read_v2(text, header);
}
