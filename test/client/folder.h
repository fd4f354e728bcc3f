/*
 * A temporary folder with the path of a vault in it.
 */
#ifndef TEST_CLIENT_FOLDER_H
#define TEST_CLIENT_FOLDER_H

struct folder {
    char folder[32];
    char path[64]; /* v.json in it; nothing is there at first */
};

void folder_make(struct folder *place);
/* With the vault and what is beside it. */
void folder_remove(struct folder *place);

#endif
