#include "load.h"

#include <stdio.h>
#include <string.h>

enum {
    BODY_SIZE = 2560,
    TOKEN_USUAL = 480, /* characters of an access token */
};

static void send_sign_in(struct connection *c)
{
    char body[BODY_SIZE];

    chain_sign_in_body(c->chain, body, sizeof body);
    talk_post(&c->talk, "/api/session", body);
}

static void send_refresh(struct connection *c)
{
    char body[BODY_SIZE];

    chain_refresh_body(c->chain, body, sizeof body);
    talk_post(&c->talk, "/api/session/refresh", body);
}

static bool is_in_work(const struct load *load, const struct chain *chain)
{
    for (unsigned i = 0; i < load->count; i++)
        if (load->connections[i].chain == chain)
            return true;
    return false;
}

/*
 * The next session of all that is in no other request: one answer may be late,
 * and there are more of them than of connections.
 */
static struct chain *next_spread(struct load *load)
{
    size_t i;

    do
        i = load->spread_next++ % load->spread_count;
    while (is_in_work(load, &load->spread[i]));
    if (i == load->spread_ready) {
        chain_init(&load->spread[i],
                   load->spread_first + (unsigned)i * load->spread_step);
        load->spread_ready++;
    }
    return &load->spread[i];
}

static void send_peer_refresh(struct connection *c)
{
    char body[BODY_SIZE];

    (void)snprintf(body, sizeof body, "{\"refresh\":\"%s\"}", c->refresh);
    talk_post(&c->talk, "/refresh", body);
}

void load_send(struct load *load, struct connection *c)
{
    switch (load->mode) {
    case SPREAD:
        c->chain = NULL;
        c->chain = next_spread(load);
        send_refresh(c);
        return;
    case REFRESH:
        send_refresh(c);
        return;
    case PEER:
        send_peer_refresh(c);
        return;
    case SIGN_IN:
        chain_init(&c->own, load->next_chain++);
        send_sign_in(c);
        return;
    case GET:
        talk_get(&c->talk, "/api/test/user", load->token);
        return;
    case IDLE:
    case LOAD_MODES:
        talk_get(&c->talk, "/api/test/all", NULL);
    }
}

bool load_take(struct load *load, struct connection *c,
               const struct talk_reply *reply)
{
    if (reply->status / 100 != 2)
        return false;
    if (load->mode == REFRESH || load->mode == SPREAD)
        chain_advance(c->chain);
    if (load->mode == PEER)
        return token_check_text(reply->body, "refresh", c->refresh);
    return true;
}

/*
 * The server's own, or 404: it knows the sessions already, or looks at no token
 * and gets one that is as long as ours.
 */
static void sign_in(struct load *load, struct connection *c)
{
    struct talk_reply reply = {0};

    send_sign_in(c);
    while (!talk_receive(&c->talk, &reply))
        ;
    if (reply.status != 201 && reply.status != 404)
        talk_fail(reply.body);
    if (!token_check_text(reply.body, "access_token", load->token))
        memset(load->token, 'A', TOKEN_USUAL);
}

static void sign_in_at_peer(struct connection *c)
{
    talk_post(&c->talk, "/sign-in",
              "{\"username\":\"ada\",\"password\":\"lovelace\"}");
    if (!token_check_text(talk_expect(&c->talk, 200), "refresh", c->refresh))
        talk_fail("no refresh token in the peer's answer");
}

/* One refresh, whose token the server's published key must have signed. */
static void verify_first(struct load *load, struct connection *c)
{
    char token[TOKEN_CHECK_SIZE];

    load_send(load, c);
    if (!token_check_text(talk_expect(&c->talk, 200), "access_token", token))
        talk_fail("the first reply holds no token");
    chain_advance(c->chain);
    talk_get(&c->talk, "/.well-known/jwks.json", NULL);
    if (!token_check_signed(token, talk_expect(&c->talk, 200)))
        talk_fail("the first token is not signed by the published key");
}

void load_prepare(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct connection *c = &load->connections[i];

        c->chain = &c->own;
        chain_init(&c->own, load->next_chain++);
        talk_open(&c->talk, load->ports[i % load->ports_count]);
        if (load->mode == REFRESH || (load->mode == GET && i == 0))
            sign_in(load, c);
        if (load->mode == PEER)
            sign_in_at_peer(c);
    }
    if (load->mode == REFRESH || load->mode == SPREAD)
        verify_first(load, &load->connections[0]);
}
