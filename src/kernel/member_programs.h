/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two programs on tracepoints that decide which cgroups are members of the standing fences of the host. The first such
 * fence loads them, and they are pinned until the last one is gone. What is here is called with pins_lock_shared() held,
 * except where it only reads.
 */
#pragma once

#include "kernel/pins.h"

#define MEMBER_PROGRAMS_TEXT_OF(number) #number
#define MEMBER_PROGRAMS_TEXT(number) MEMBER_PROGRAMS_TEXT_OF(number)

/* Where they are pinned. Another version has its own, with maps of its own layout. */
#define MEMBER_PROGRAMS_DIRECTORY PINS_ROOT "/members-" MEMBER_PROGRAMS_TEXT(CGFENCE_ABI_VERSION)

/* Descriptors of their maps (<cgfence/abi.h>). */
struct member_programs {
	int state;
	int anchors;
	int members;
	int globs;
	int gone;
	int lost;
};

#define MEMBER_PROGRAMS_CLOSED                                                                 \
	{                                                                                      \
		.state = -1, .anchors = -1, .members = -1, .globs = -1, .gone = -1, .lost = -1 \
	}

/**
 * member_programs_open() - open the maps of the programs that are attached.
 *
 * Return: 0, -ENOENT if they are not there or not whole, another -errno.
 */
int member_programs_open(struct member_programs *programs, struct cgfence_error *error);

/** member_programs_make() - the same; loads and attaches them if needed, with new maps. */
int member_programs_make(struct member_programs *programs, struct cgfence_error *error);

/** member_programs_leave() - remove them, if there is no standing fence any more. Without the lock. */
void member_programs_leave(void);

/** member_programs_close() - close the descriptors. */
void member_programs_close(struct member_programs *programs);

#define cleanup_member_programs __attribute__((cleanup(member_programs_close)))
