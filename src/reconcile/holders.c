// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/holders.h"
#include "base/array.h"
#include "base/cmdline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int holders_add(struct holders *list, const struct cgfence_holder *holder)
{
	struct cgfence_holder *items =
		array_with_room(list->items, list->count, &list->capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->count++] = *holder;
	return 0;
}

void holders_free(struct holders *list)
{
	free(list->items);
	*list = (struct holders){ 0 };
}

bool holder_answers(const struct cgfence_holder *holder)
{
	const struct cmdline_way way = {
		.group = holder->fence_id ? holder->fence_id : holder->cgroup_id,
		.wait_ms = HOLDER_MS,
	};

	return cmdline_links_answer((pid_t)holder->thread, &way);
}

bool holder_still_holds(const struct cgfence_holder *holder)
{
	char expected[32];
	char target[32];
	char path[64];
	ssize_t length;

	if (!holder_answers(holder))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", holder->thread, holder->fd);
	snprintf(expected, sizeof(expected), "socket:[%u]", holder->inode);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return strcmp(target, expected) == 0;
}
