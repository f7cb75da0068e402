// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/inotify.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

int inotify_explain(int code, const char *path, struct cgfence_error *error)
{
	return error_set(error, code, "cannot watch %s: %s", path,
			 code == ENOSPC || code == EMFILE
				 ? "raise fs.inotify.max_user_watches or max_user_instances"
				 : strerror(code));
}

int inotify_open(const char *directory, uint32_t events, int *fd, int *watch,
		 struct cgfence_error *error)
{
	cleanup_close int made = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	*watch = made < 0 ? -1 : inotify_add_watch(made, directory, events);
	if (*watch < 0)
		return inotify_explain(errno, directory, error);
	*fd = cleanup_steal_descriptor(&made);
	return 0;
}

void inotify_read(int fd, void (*handle)(const struct inotify_event *event, void *context),
		  void *context)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
		const char *at = buffer;

		while (at < buffer + length) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			handle(event, context);
			at += sizeof(*event) + event->len;
		}
	}
}
