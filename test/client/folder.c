#include "client/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

void folder_make(struct folder *place)
{
    (void)snprintf(place->folder, sizeof place->folder,
                   "/tmp/stay-vault-XXXXXX");
    if (mkdtemp(place->folder) == NULL)
        abort();
    (void)snprintf(place->path, sizeof place->path, "%s/v.json", place->folder);
}

void folder_remove(struct folder *place)
{
    static const char *const endings[] = {"", ".lock", ".refresh", ".new"};
    char name[96];

    for (size_t i = 0; i < COUNT(endings); i++) {
        (void)snprintf(name, sizeof name, "%s%s", place->path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(place->folder);
}
