/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The use of inotify(7) that the monitors share. */
#pragma once

#include <cgfence/cgfence.h>
#include <sys/inotify.h>

/**
 * inotify_open() - make an inotify instance.
 * @fd: receives it, for the caller to close
 *
 * Return: 0, or -errno with a remedy in the text.
 */
int inotify_open(int *fd, struct cgfence_error *error);

/**
 * inotify_add() - watch a path.
 * @events: IN_*
 *
 * Return: the watch descriptor, or -errno with a remedy in the text.
 */
int inotify_add(int fd, const char *path, uint32_t events, struct cgfence_error *error);

/** inotify_is_limit() - does a failure come from a limit, so that the program can go on without notice of changes? */
bool inotify_is_limit(int result);

/** inotify_read() - call @handle for each pending event. */
void inotify_read(int fd, void (*handle)(const struct inotify_event *event, void *context),
		  void *context);
