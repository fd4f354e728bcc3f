/*
 * Writes the migrations as a C table: embed_sql OUT FILE..., at build time.
 *
 * The files come in the order of their numbers, which must be 001, 002, ...
 * without a gap, because a database remembers only the last one's number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Characters as a string literal, a line of the file a line of the literal. */
static void put_text(FILE *out, FILE *in)
{
    int c;

    fputs("     \"", out);
    while ((c = getc(in)) != EOF) {
        if (c == '\n')
            fputs("\\n\"\n     \"", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else
            putc(c, out);
    }
    fputs("\"},\n", out);
}

static int put_file(FILE *out, const char *path, long number)
{
    const char *name = base_name(path);
    FILE *in = fopen(path, "r");

    if (in == NULL || strtol(name, NULL, 10) != number) {
        fprintf(stderr, "embed_sql: %s: %s\n", path,
                in == NULL ? "cannot be read" : "not the next number");
        if (in != NULL)
            fclose(in);
        return 1;
    }
    fprintf(out, "    {\"%s\",\n", name);
    put_text(out, in);
    fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    FILE *out = argc < 3 ? NULL : fopen(argv[1], "w");
    int failed = 0;

    if (out == NULL) {
        fputs("usage: embed_sql OUT FILE...\n", stderr);
        return 1;
    }
    fputs("#include \"store/sqlite_migration.h\"\n\n"
          "const struct sqlite_migration sqlite_migrations[] = {\n",
          out);
    for (int i = 2; i < argc; i++)
        failed |= put_file(out, argv[i], i - 1);
    fprintf(out, "};\nconst size_t sqlite_migration_count = %d;\n", argc - 2);
    if (fclose(out) != 0)
        failed = 1;
    return failed;
}
