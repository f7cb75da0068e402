/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs of others that have a say on a cgroup: which they are, whose, and what they answer. */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct cgfence_foreign_program - a program of somebody else that the kernel asks too. */
struct cgfence_foreign_program {
	uint32_t id;
	char name[16];	  /* empty if it has none */
	const char *hook; /* such as "device"; static */
	/* The path of the cgroup that it is attached to, relative to the cgroup2 root; in the block of the array. */
	const char *cgroup;
	unsigned int above; /* how many levels above the cgroup in question that is; 0 for itself */
	bool hidden;	    /* it belongs to a fence of cgfence that is pinned in another bpffs */
	uint32_t
		attach_flags; /* BPF_F_ALLOW_OVERRIDE, BPF_F_ALLOW_MULTI, or 0: it forbids all others */
	uint64_t
		loaded_ns; /* when it was loaded (CLOCK_BOOTTIME), mostly just before it was attached; 0 if unknown */
};

/**
 * cgfence_fence_list_foreign() - the programs of others that have a say on a cgroup.
 * @cgroup: fenced or not; programs that are attached above it and in effect here count too
 * @topic: what the programs judge
 * @programs: receives an array to be given to free(), the paths in it included
 * @count: receives its length
 *
 * It leaves out programs of cgroup/sock_ops, which cannot refuse a listener, and those on LSM hooks other than
 * socket_listen.
 */
CGFENCE_API int cgfence_fence_list_foreign(const struct cgfence_cgroup *cgroup,
					   enum cgfence_topic topic,
					   struct cgfence_foreign_program **programs, size_t *count,
					   struct cgfence_error *error);

/** cgfence_foreign_judges_port() - is a program that has a say on ports asked for such a request? */
CGFENCE_API bool cgfence_foreign_judges_port(const struct cgfence_foreign_program *program,
					     const struct cgfence_port_request *request);

/**
 * cgfence_foreign_ask_device() - does a device program let a request pass?
 * @program: one on the device hook
 * @allowed: receives the answer
 *
 * The kernel is asked: the program is attached for a moment to a cgroup that is made for it, below the cgroup2 root, where
 * a child process tries nodes of these numbers in a file system of its own. Nobody else is asked or disturbed; a program
 * that counts counts this too, and one that goes by the cgroup of who asks is asked about that cgroup.
 *
 * Return: 0, or -errno if it cannot be asked, with the reason: without capabilities, or if a program on the root cgroup
 * has it that nothing can be tried.
 */
CGFENCE_API int cgfence_foreign_ask_device(const struct cgfence_foreign_program *program,
					   const struct cgfence_device_request *request,
					   bool *allowed, struct cgfence_error *error);

/**
 * cgfence_foreign_ask_port() - does a program on a hook of ports let a request pass?
 * @program: one that cgfence_foreign_judges_port()
 * @allowed: receives the answer
 *
 * The kernel is asked likewise: a child process in a network namespace of its own binds a socket to the port, of any
 * address, and listens. A program that goes by the address, the network namespace or the cgroup of who asks is asked
 * about those.
 *
 * Return: 0, or -errno if it cannot be asked, with the reason.
 */
CGFENCE_API int cgfence_foreign_ask_port(const struct cgfence_foreign_program *program,
					 const struct cgfence_port_request *request, bool *allowed,
					 struct cgfence_error *error);

/* Long enough for the longest name of a unit. */
#define CGFENCE_OWNER_TEXT_SIZE 288

/**
 * cgfence_cgroup_owner() - who made a cgroup, and so attached what is on it.
 * @cgroup: its path below the cgroup2 root
 * @text: receives such as "the container 3f2a of runc", by the state that runtimes keep below /run, or "the unit
 *	nginx.service", by the name of the cgroup; empty if neither says
 */
CGFENCE_API void cgfence_cgroup_owner(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE]);

/* Long enough for any program. */
#define CGFENCE_FOREIGN_TEXT_SIZE 48

/** cgfence_foreign_describe() - what a message calls a program: "program 12 'name'", or "program 12" without a name. */
CGFENCE_API void cgfence_foreign_describe(const struct cgfence_foreign_program *program,
					  char text[CGFENCE_FOREIGN_TEXT_SIZE]);

#ifdef __cplusplus
}
#endif
