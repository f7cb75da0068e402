/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which tasks in the fences hold a descriptor of a listening socket. */
#pragma once

#include <cgfence/cgfence.h>

/* The descriptor of the holder is not known. */
#define HOLDER_FD_UNKNOWN UINT32_MAX

struct holders {
	struct cgfence_holder *items;
	size_t count;
	size_t capacity;
};

/** holders_add() - append a copy. Return: 0 or -ENOMEM. */
int holders_add(struct holders *list, const struct cgfence_holder *holder);

/** holders_free() - free the items. */
void holders_free(struct holders *list);

/* A report without a command line is better than a listener of another fence that waits for its turn. */
#define HOLDER_MS 100

/** holder_answers() - as cmdline_links_answer(), of the thread, and of each fence at most one at a time is waited for. */
bool holder_answers(const struct cgfence_holder *holder);

/** holder_still_holds() - does /proc still show the descriptor? Good for reports; socket_borrow() is certain. */
bool holder_still_holds(const struct cgfence_holder *holder);
