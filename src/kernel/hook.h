/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hooks a fence can have, each a link that is pinned under the hook's name. */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>

/* The BPF objects, one for each file in bpf/. */
enum hook_object {
	HOOK_OBJECT_DEVICE,
	HOOK_OBJECT_PORTS,
	HOOK_OBJECT_LISTEN,
	HOOK_OBJECT_LISTEN_LSM,
	HOOK_OBJECT_COUNT,
};

struct hook {
	const char *name;    /* of the pin, and in status */
	const char *program; /* in the object */
	enum hook_object object;
	enum bpf_attach_type attach_type;
	bool (*wanted)(const struct cgfence_image *image);
};

#define HOOK_COUNT 8

extern const struct hook hooks[HOOK_COUNT];

/** hook_guards_tcp() - is there a port on which a TCP socket of the fence may not listen? */
bool hook_guards_tcp(const struct cgfence_image *image);
