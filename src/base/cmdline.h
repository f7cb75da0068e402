/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line of a process that may not want it to be read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Longer ones are cut. */
#define CMDLINE_SIZE 4096

/* How to read one. */
struct cmdline_way {
	uint64_t
		group; /* of processes: of those of a group that keep one waiting, one is waited for at a time */
	unsigned int wait_ms; /* at most */
};

/**
 * cmdline_read() - read the command line of a process.
 * @thread: any of its threads
 * @text: receives the words, each ended by a null byte, and one more null byte
 *
 * The kernel reads it from the memory of the process (get_mm_cmdline, fs/proc/base.c) and waits for a lock of that, which
 * threads of the process can keep as long as they like: one fills a large mapping, and others wait to change the mappings.
 *
 * Return: the length; 0 if there is none or the time was not enough.
 */
size_t cmdline_read(pid_t thread, const struct cmdline_way *way, char text[CMDLINE_SIZE]);

/**
 * cmdline_links_answer() - does a process let others at its descriptors, its namespaces and its program in /proc?
 *
 * Newer kernels hold the same lock for these as for pidfd_getfd(2), and a process in execve(2) keeps it: for as long as
 * another one that shares its memory keeps the lock of that. It sleeps without being interrupted then, so most processes
 * cost no more than a look at their state. One that begins with that right after this is waited for all the same.
 */
bool cmdline_links_answer(pid_t thread, const struct cmdline_way *way);
