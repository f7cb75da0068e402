/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that find who holds a socket, which the kernel verifies for 8 ms, are loaded once and pinned until the last
 * fence goes. They have one map of the fences they look for, so passes that use them take turns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct holders_programs {
	int files;  /* iter/task_file */
	int tasks;  /* iter/task */
	int tables; /* iter/task for both, which visits the files itself; -1 before 5.17 */
	int roots;  /* the map of the fences */
};

#define HOLDERS_PROGRAMS_CLOSED \
	{                       \
		-1, -1, -1, -1  \
	}

/* Keys of the map that are no ids of cgroups: what is to be compared to know the programs again, and who wrote the rest. */
#define HOLDERS_KEY_VERSION UINT64_MAX
#define HOLDERS_KEY_WRITER 0
#define HOLDERS_KEY_COUNT 2

/** holders_programs_close() - close the descriptors. */
void holders_programs_close(struct holders_programs *programs);

/** holders_pins_open() - open what is pinned. Return: false if that is not all there, or another version. */
bool holders_pins_open(struct holders_programs *programs, uint64_t version);

/** holders_pins_lock() - begin a turn, without waiting. Return: what ends it by close(2), or -1. */
int holders_pins_lock(void);

/** holders_pins_keep() - pin programs in place of others, during a turn. Return: are they pinned? */
bool holders_pins_keep(const struct holders_programs *programs, uint64_t version);

/** holders_pins_leave() - remove the pins, if there is no fence any more. */
void holders_pins_leave(void);
