/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* systemctl(1), by which systemd is asked about its units. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/**
 * systemctl_takes() - can a unit be called so (systemd.unit(5))?
 *
 * systemctl takes others for patterns, or prints them as they are, and a cgroup may have any name.
 */
bool systemctl_takes(const char *unit);

/**
 * systemctl_start() - run systemctl, which is looked up in PATH.
 * @words: its command line, ended by NULL
 * @output: receives a descriptor of what it prints, to be given to close()
 * @pid: receives its process, to be waited for
 *
 * Return: 0 or an errno.
 */
int systemctl_start(const char *const *words, int *output, pid_t *pid);

/** A function that is given a property and its value, and keeps neither. */
typedef void systemctl_visitor(const char *name, const char *value, void *context);

/**
 * systemctl_show() - read properties of a unit of the system's manager.
 * @properties: their names, with commas
 * @visit: called for each; a list may come as several of one name. Not called where systemd cannot be asked, or
 *	does not answer in some seconds
 */
void systemctl_show(const char *unit, const char *properties, systemctl_visitor *visit,
		    void *context);
