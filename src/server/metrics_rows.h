/*
 * What the counters stand for; between counting and writing.
 */
#ifndef SERVER_METRICS_ROWS_H
#define SERVER_METRICS_ROWS_H

#include "server/metrics.h"

/* Of a counter of answers; any other status is the last one. */
extern const int metrics_statuses[METRICS_STATUSES - 1];

/* Up to and with which a bucket counts; the last one counts the rest. */
extern const int64_t metrics_bounds_us[METRICS_BUCKETS - 1];

#endif
