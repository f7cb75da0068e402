/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host with devices that a test knows, and lessons on it. */
#pragma once

#include "policy/lesson.h"

/** The host: null, fuse, kvm (without a node), two serial adapters, loops, disks with links, terminals. */
extern const struct device_host lesson_host;

/** lesson_host_lesson() - an empty lesson on that host, to be given to cgfence_lesson_free(). */
struct cgfence_lesson *lesson_host_lesson(void);

/** lesson_host_use() - a process used a device, such as "c 10:229 rw", or without letters for access(F_OK). */
void lesson_host_use(struct cgfence_lesson *lesson, const char *comm, const char *device);

/** lesson_host_port() - a process bound a port, or listened on one. */
void lesson_host_port(struct cgfence_lesson *lesson, enum cgfence_hook hook, uint8_t ip_protocol,
		      enum cgfence_family family, uint16_t port);
