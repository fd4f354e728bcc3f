#include "peer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* What it needs to find beside itself when it was only unpacked. */
static void set_environment(struct peer *peer)
{
    const char *at = strstr(peer->found, "/usr/");

    if (at == NULL || at == peer->found)
        return;
    (void)snprintf(peer->libraries, sizeof peer->libraries,
                   "LD_LIBRARY_PATH=%.*s/usr/lib/" MACHINE,
                   (int)(at - peer->found), peer->found);
    peer->environment[0] = peer->libraries;
}

const char *peer_find(struct peer *peer)
{
    const char *const argv[] = {PEERS, peer->name, NULL};
    struct process_result result;

    if (!peer->looked) {
        peer->looked = true;
        result = process_run(argv, NULL, NULL);
        if (result.code == 0)
            (void)snprintf(peer->found, sizeof peer->found, "%.*s",
                           (int)strcspn(result.out, "\n"), result.out);
        process_result_clear(&result);
        set_environment(peer);
    }
    return peer->found[0] != '\0' ? peer->found : NULL;
}

/* Everybody may walk to it: root's own folder, for one, lets nobody in. */
static bool is_open(const char *program)
{
    char folder[PEER_PATH_SIZE];
    struct stat is;

    (void)snprintf(folder, sizeof folder, "%s", program);
    for (char *end = strrchr(folder, '/'); end != NULL && end != folder;
         end = strrchr(folder, '/')) {
        *end = '\0';
        if (stat(folder, &is) != 0 || (is.st_mode & S_IXOTH) == 0)
            return false;
    }
    return true;
}

void peer_command(const char *argv[PEER_WORDS_MAX], const char *death_signal,
                  const char *program, const char *const words[])
{
    const char *const drop[] = {"/usr/bin/setpriv", "--reuid=65534",
                                "--regid=65534",    "--clear-groups",
                                "--pdeathsig",      death_signal};
    const char *const let_in[] = {"--inh-caps=+dac_override",
                                  "--ambient-caps=+dac_override",
                                  // access() asks without it otherwise
                                  "--securebits=+no_setuid_fixup"};
    bool root = geteuid() == 0;
    size_t count = 0;

    for (size_t i = 0; root && i < sizeof drop / sizeof *drop; i++)
        argv[count++] = drop[i];
    for (size_t i = 0;
         root && !is_open(program) && i < sizeof let_in / sizeof *let_in; i++)
        argv[count++] = let_in[i];
    argv[count++] = program;
    for (size_t i = 0; words[i] != NULL && count < PEER_WORDS_MAX - 1; i++)
        argv[count++] = words[i];
    argv[count] = NULL;
}

bool peer_give(const char *path)
{
    return geteuid() != 0 || chown(path, NOBODY, NOBODY) == 0;
}

int peer_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return 0;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        at.sin_port = 0;
    (void)close(fd);
    return ntohs(at.sin_port);
}
