/*
 * Files into a C table, when the program is built:
 *
 *     embed OUTPUT.c HEADER STRUCT TABLE FILE...
 *
 * writes `const struct STRUCT TABLE[]`, a row {name, text, length} for each
 * file, its name without folder and ending, and `const size_t TABLE_count`.
 * HEADER declares all three. A NUL follows each text.
 */
#include <stdio.h>
#include <string.h>

/* "folder/name.json" gives "name". */
static int print_name(FILE *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int length = (int)strcspn(name, ".");

    return fprintf(out, "    {\"%.*s\", ", length, name);
}

static int copy_bytes(FILE *out, FILE *in, int number)
{
    int c;
    int column = 0;

    (void)fprintf(out, "static const char text_%d[] = {\n", number);
    while ((c = getc(in)) != EOF)
        (void)fprintf(out, "%d,%s", c > 127 ? c - 256 : c,
                      ++column % 16 == 0 ? "\n" : "");
    (void)fprintf(out, "0};\n");
    return ferror(in) || ferror(out) ? -1 : 0;
}

static int embed_file(FILE *out, const char *path, int number)
{
    FILE *in = fopen(path, "rb");
    int result;

    if (in == NULL) {
        perror(path);
        return -1;
    }
    result = copy_bytes(out, in, number);
    (void)fclose(in); // only read
    return result;
}

static void print_table(FILE *out, char **arguments, int count)
{
    (void)fprintf(out, "const struct %s %s[] = {\n", arguments[3],
                  arguments[4]);
    for (int i = 0; i < count; i++) {
        (void)print_name(out, arguments[5 + i]);
        (void)fprintf(out, "text_%d, sizeof text_%d - 1},\n", i, i);
    }
    (void)fprintf(out, "};\nconst size_t %s_count = %d;\n", arguments[4],
                  count);
}

int main(int count, char **arguments)
{
    FILE *out;
    int result = 0;

    if (count < 6) {
        (void)fputs("embed OUTPUT.c HEADER STRUCT TABLE FILE...\n", stderr);
        return 2;
    }
    out = fopen(arguments[1], "wb");
    if (out == NULL) {
        perror(arguments[1]);
        return 1;
    }
    (void)fprintf(out, "#include \"%s\"\n", arguments[2]);
    for (int i = 5; i < count && result == 0; i++)
        result = embed_file(out, arguments[i], i - 5);
    if (result == 0)
        print_table(out, arguments, count - 5);
    if (ferror(out) || fclose(out) != 0)
        result = -1;
    return result == 0 ? 0 : 1;
}
