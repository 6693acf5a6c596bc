/* Puts handshake messages together. */
#include "tls_handshake.h"

void tls_messages_init(struct tls_messages *m, struct pool *pool)
{
    *m = (struct tls_messages){ .left = 0 };
    buffer_init(&m->kept, TLS_MESSAGE_MAX, pool);
}

void tls_messages_free(struct tls_messages *m)
{
    buffer_free(&m->kept);
    m->left = 0;
    m->head_len = 0;
    m->keeping = m->told = false;
}

static struct bytes take(struct bytes *in, size_t n)
{
    struct bytes taken = bytes_first(*in, n);
    *in = bytes_after(*in, n);
    return taken;
}

/* Goes on with the body under way. True once a wanted one is whole. Without memory for it, it is
 * one that is skipped. */
static bool read_body(struct tls_messages *m, struct bytes *in)
{
    struct bytes part = take(in, m->left);
    m->left -= (uint32_t)part.len;
    if (m->keeping && !buffer_append(&m->kept, part)) {
        buffer_free(&m->kept);
        m->keeping = false;
    }
    return m->keeping && m->left == 0;
}

static bool read_head(struct tls_messages *m, struct bytes *in)
{
    while (m->head_len < TLS_MESSAGE_HEAD && in->len > 0)
        m->head[m->head_len++] = take(in, 1).data[0];
    return m->head_len == TLS_MESSAGE_HEAD;
}

/* A message begins: whether it can be told at once. */
static bool begin(struct tls_messages *m, struct bytes *in, bool wanted,
                  struct tls_message *message)
{
    uint32_t len = (uint32_t)m->head[1] << 16 | (uint32_t)m->head[2] << 8 | m->head[3];
    m->head_len = 0;
    *message = (struct tls_message){ .type = m->head[0] };
    if (wanted && len <= in->len) {
        message->whole = true;
        message->body = take(in, len);
        return true;
    }
    m->left = len;
    m->keeping = wanted && len <= TLS_MESSAGE_MAX;
    return !m->keeping;
}

bool tls_messages_next(struct tls_messages *m, struct bytes *in, uint32_t wanted,
                       struct tls_message *message)
{
    if (m->told) {
        buffer_free(&m->kept);
        m->told = m->keeping = false;
    }
    while (in->len > 0) {
        if (m->left > 0) {
            if (!read_body(m, in))
                continue;
            m->told = true;
            *message = (struct tls_message){ m->head[0], true, buffer_view(&m->kept) };
            return true;
        }
        if (!read_head(m, in))
            return false;
        bool is_wanted = m->head[0] < 32 && wanted >> m->head[0] & 1;
        if (begin(m, in, is_wanted, message))
            return true;
    }
    return false;
}
