/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cleanup attributes: they release a variable when it goes out of scope. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

/* errno must survive: descriptors are closed on the way out of a failure. */
static inline void cleanup_close_descriptor(const int *descriptor)
{
	int saved = errno;

	if (*descriptor >= 0)
		close(*descriptor);
	errno = saved;
}

#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close __attribute__((cleanup(cleanup_close_descriptor)))

/* Gives a pointer to the caller and clears the variable, so that the cleanup does not free it. */
#define cleanup_steal(pointer)                  \
	({                                      \
		typeof(pointer) _p = (pointer); \
		(pointer) = NULL;               \
		_p;                             \
	})

static inline int cleanup_steal_descriptor(int *descriptor)
{
	int stolen = *descriptor;

	*descriptor = -1;
	return stolen;
}
