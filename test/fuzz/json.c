/* base/json must not crash, and must agree with jansson. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why;

    if (json_compare((const char *)data, size, &why) != COMPARE_DIFFER)
        return 0;
    (void)fprintf(stderr, "%s\n", why);
    abort();
}
