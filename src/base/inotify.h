/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The use of inotify(7) that the monitors share. */
#pragma once

#include <cgfence/cgfence.h>
#include <sys/inotify.h>

/**
 * inotify_open() - make an inotify instance that watches a directory.
 * @events: IN_* of the directory
 * @fd: receives the instance, for the caller to close
 * @watch: receives the watch descriptor of the directory
 *
 * Return: 0, or -errno with a remedy in the text.
 */
int inotify_open(const char *directory, uint32_t events, int *fd, int *watch,
		 struct cgfence_error *error);

/** inotify_explain() - say why @path cannot be watched. @code: errno value, positive. Return: -@code. */
int inotify_explain(int code, const char *path, struct cgfence_error *error);

/** inotify_read() - call @handle for each pending event. */
void inotify_read(int fd, void (*handle)(const struct inotify_event *event, void *context),
		  void *context);
