/*
 * What a database must do: hold a transaction, and run a statement with values
 * and give back its rows. The operations of store.h stand on that and know no
 * database, so all drivers share them. Only files of src/store include this.
 */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/statement.h"
#include "store/store.h"

enum store_value_type {
    STORE_NULL = 0,
    STORE_INT,
    STORE_TEXT,
    STORE_BLOB,
};

/* One value on its way in or out; bytes are borrowed. */
struct store_value_ref {
    enum store_value_type type;
    int64_t number;    /* STORE_INT */
    const void *bytes; /* STORE_TEXT, STORE_BLOB: not NULL; no NUL behind */
    size_t length;
};

struct store_driver {
    const char *scheme; /* "sqlite:": what its addresses begin with */
    bool file;          /* the rest of the address is a path */
    /* Of an address: it is well formed. *password: it holds one. */
    bool (*understands)(const char *url, bool *password);
    enum store_result (*open)(struct store **out,
                              const struct store_config *config,
                              struct store_why *why);
    void (*close)(struct store *store);
    const char *(*message)(const struct store *store);
    enum store_result (*check)(struct store *store, struct store_why *why);
    /* NULL: its own tools do that. */
    enum store_result (*backup)(struct store *store, const char *path,
                                struct store_why *why);

    enum store_result (*begin)(struct store *store);
    enum store_result (*commit)(struct store *store);
    void (*rollback)(struct store *store);
    enum store_result (*save)(struct store *store);
    enum store_result (*keep)(struct store *store);
    enum store_result (*revert)(struct store *store);
    bool (*in_transaction)(struct store *store);
    enum store_result (*checkpoint)(struct store *store, struct store_log *out);
    int64_t (*log_pages)(const struct store *store);

    /* NULL: each statement sees a moment of its own. */
    enum store_result (*hold)(struct store *store, uint64_t *version);
    void (*let_go)(struct store *store);

    /*
     * A statement's run: bind its values, call `row` until it says other than
     * STORE_OK, then `finish`, always. `row` gives STORE_NONE when the statement
     * is done to its very end; only then is a row to be believed. Values from
     * `column` live until the next `row`.
     */
    enum store_result (*bind)(struct store *store, enum statement which,
                              const struct store_value_ref *values,
                              size_t count);
    enum store_result (*row)(struct store *store, enum statement which);
    struct store_value_ref (*column)(struct store *store, enum statement which,
                                     int index);
    int64_t (*changed)(struct store *store); /* rows, by the last run */
    void (*finish)(struct store *store, enum statement which);

    /* NULL: none but the one in its address. */
    void (*files)(struct store *store,
                  void (*each)(void *context, const char *path), void *context);

    /* Connections and talks, as store.h says; all NULL where there are none. */
    bool (*ready)(struct store *store);
    enum store_result (*mend)(struct store *store);
    void (*listen)(struct store *store, struct store_talk *talk);
    enum store_result (*collect)(struct store *store);
    void (*forget)(void *answer);
};

/* The first member of every driver's own struct. */
struct store {
    const struct store_driver *driver; /* constant */
};

#endif
