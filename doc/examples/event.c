/* Says what happens to a session. */
#include <stdio.h>

#include <stay.h>

static void tell(const struct stay_event *event, void *data)
{
    FILE *out = data;

    switch (event->kind) {
    case STAY_EVENT_SIGNED_IN:
        fprintf(out, "signed in\n");
        break;
    case STAY_EVENT_REFRESHED:
        fprintf(out, "token %llu\n", (unsigned long long)event->generation);
        break;
    case STAY_EVENT_SIGNED_OUT:
        fprintf(out, "over: %s\n", stay_reason_text(event->reason));
        break;
    case STAY_EVENT_RESTING:
        fprintf(out, "%s; again in %lld ms\n", stay_reason_text(event->reason),
                (long long)event->wait_ms);
        break;
    default:
        break;
    }
}

int main(void)
{
    const struct stay_config config = {.url = "http://127.0.0.1:8080"};
    const unsigned kinds = STAY_EVENT_SIGNED_IN | STAY_EVENT_REFRESHED |
                           STAY_EVENT_SIGNED_OUT | STAY_EVENT_RESTING;
    struct stay *stay;

    if (stay_open(&stay, &config) != STAY_OK)
        return 1;
    if (stay_on_event(stay, kinds, tell, stdout) == STAY_OK &&
        stay_sign_in(stay, "ada", "lovelace") == STAY_OK)
        stay_sign_out(stay);
    stay_on_event(stay, 0, tell, stdout);
    stay_close(stay);
    return 0;
}
