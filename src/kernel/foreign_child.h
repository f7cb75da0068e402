/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A child process that asks a program of somebody else, which is attached to a cgroup that is there for a moment. */
#pragma once

#include <bpf/bpf.h>
#include <cgfence/cgfence.h>

/* How far the child got; the words of an error depend on it. */
enum foreign_stage {
	FOREIGN_SETS_UP,
	FOREIGN_ATTACHES,
	FOREIGN_ASKS,
};

/** struct foreign_child - begins the memory that is shared with the child. */
struct foreign_child {
	int program;
	int cgroup;
	enum bpf_attach_type attach_type;
	enum foreign_stage stage;
};

/**
 * foreign_child_new() - zeroed memory to share with a child.
 * @size: of a struct that begins with a struct foreign_child
 *
 * Return: the memory, to be given to foreign_child_free(), or NULL.
 */
void *foreign_child_new(size_t size);

/** foreign_child_free() - release that; NULL is fine. */
void foreign_child_free(void *child, size_t size);

/**
 * foreign_child_run() - run the child.
 * @program: the id of the program
 * @ask: gets @child; makes only calls that are async-signal-safe, and returns 0 or errno
 * @setting_up: the words for what it does before foreign_child_attach()
 *
 * Return: 0, or -errno if it could not ask, with the reason.
 */
int foreign_child_run(struct foreign_child *child, uint32_t program, int (*ask)(void *child),
		      const char *setting_up, struct cgfence_error *error);

/** foreign_child_attach() - in the child: from now on the program has a say. Return: 0 or errno. */
int foreign_child_attach(struct foreign_child *child);
