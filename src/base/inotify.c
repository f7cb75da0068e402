// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/inotify.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READS_MAX 64

bool inotify_is_limit(int result)
{
	return result == -ENOSPC || result == -EMFILE || result == -ENFILE || result == -ENOMEM;
}

static const char *reason(int code)
{
	switch (code) {
	case ENOSPC:
		return "raise fs.inotify.max_user_watches";
	case EMFILE:
		return "raise fs.inotify.max_user_instances, or the limit of descriptors (ulimit -n)";
	default:
		return strerror(code);
	}
}

int inotify_open(int *fd, struct cgfence_error *error)
{
	int made = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (made < 0)
		return error_set(error, errno, "cannot use inotify(7): %s", reason(errno));
	*fd = made;
	return 0;
}

int inotify_add(int fd, const char *path, uint32_t events, struct cgfence_error *error)
{
	int watch = inotify_add_watch(fd, path, events);

	return watch < 0 ? error_set(error, errno, "cannot watch %s: %s", path, reason(errno))
			 : watch;
}

void inotify_read(int fd, void (*handle)(const struct inotify_event *event, void *context),
		  void *context)
{
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));

	/* A full queue is read in fewer, and whoever fills it again and again cannot keep the reader. */
	for (int reads = 0; reads < READS_MAX; reads++) {
		ssize_t length = read(fd, buffer, sizeof(buffer));
		const char *at = buffer;

		if (length <= 0)
			return;
		while (at < buffer + length) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			handle(event, context);
			at += sizeof(*event) + event->len;
		}
	}
}
