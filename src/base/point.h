/*
 * Named points at which a test stops a program, as a power cut would.
 *
 * In every build but the tests' own (STAY_POINTS) POINT is nothing at all.
 */
#ifndef BASE_POINT_H
#define BASE_POINT_H

#ifdef STAY_POINTS
/*
 * Ends the process by SIGKILL when the environment's STAY_POINT is `name`, or
 * "name:N" and this is the N-th time, counted from 1 over all threads.
 */
void point_reached(const char *name);
#define POINT(name) point_reached(name)
#else
#define POINT(name) ((void)0)
#endif

#endif
