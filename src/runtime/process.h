/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What proc(5) tells of a process. */
#pragma once

#include "base/cmdline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Longer ones are cut. */
#define PROCESS_PATH_SIZE 256

struct process {
	pid_t pid;
	pid_t parent; /* 0 if there is none that this process can see */
	uint64_t age_ns;
	char comm[16];
	bool is_root; /* by its real and its effective user, in the user namespace of this process */

	char program[PROCESS_PATH_SIZE]; /* the path of its executable, as far as it has one */
	dev_t program_device;
	ino_t program_inode;
	char arguments[CMDLINE_SIZE]; /* each ended by a null byte */
	size_t arguments_length;
};

/** process_read() - read pid, parent, age and comm; the rest is empty. Return: false if it is gone. */
bool process_read(pid_t pid, struct process *process);

/** process_read_user() - find out if it is root's, and return that. */
bool process_read_user(struct process *process);

/** process_read_more() - read the rest; what cannot be read stays empty. */
void process_read_more(struct process *process);

/** process_argument() - the @index-th word of its command line, NULL past the last. */
const char *process_argument(const struct process *process, size_t index);

/**
 * process_base_name() - the name of a file.
 * @path: as proc(5) gives it; one in memory has no path, but the name that was given to memfd_create(2)
 */
const char *process_base_name(const char *path);
