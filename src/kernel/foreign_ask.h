/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a device program of somebody else says of a request: the kernel is asked, on a cgroup of ours. */
#pragma once

#include <cgfence/cgfence.h>

struct foreign_question {
	struct cgfence_device_request request;
	int without; /* errno of the request where the program has no say; 0 if it passes */
	int with;    /* the same where it has */
};

/**
 * foreign_ask_device() - put requests to a program.
 * @program: its id
 * @questions: receives the answers; a request with several accesses passes if all of them pass
 *
 * The program is attached to a cgroup that is there for a moment, in which a child makes nodes and tries them with
 * access(2) and mknod(2), which ask as open(2) does and open nothing. A program that goes by the cgroup of who asks is
 * asked about that cgroup. One that keeps something for each cgroup cannot be asked.
 *
 * Return: 0, or -errno if it cannot be asked, with the reason.
 */
int foreign_ask_device(uint32_t program, struct foreign_question *questions, size_t count,
		       struct cgfence_error *error);
