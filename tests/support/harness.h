/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the tests on the real kernel. Each test has a mount namespace with a bpffs of its own, so that no pin
 * outlives it, and a cgroup of its own, which is removed at its end.
 */
#pragma once

#include <cgfence/cgfence.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/** harness_begin() - prepare the test; for .init of a suite. */
void harness_begin(void);

/** harness_end() - remove all that the test made; for .fini of a suite. */
void harness_end(void);

/** harness_skip() - skip the test, or fail it where CGFENCE_TEST_STRICT is set. */
void harness_skip(const char *reason) __attribute__((noreturn));

/** harness_cgroup() - the cgroup of this test, with nothing attached; it lives as long as the test. */
struct cgfence_cgroup *harness_cgroup(void);

/** harness_child_cgroup() - a new cgroup below another, removed at the end. */
struct cgfence_cgroup *harness_child_cgroup(const struct cgfence_cgroup *parent, const char *name);

/** harness_directory() - a directory of this test on a tmpfs, for device nodes and files. */
const char *harness_directory(void);

/** harness_attach() - attach a policy given as JSON, with ' for "; fails the test if that fails. */
enum cgfence_attach_result harness_attach(const struct cgfence_cgroup *cgroup, const char *json);

/** harness_policy() - the policy of JSON text, with ' for "; the caller frees it. */
struct cgfence_policy *harness_policy(const char *json);

/** harness_misses() - does `status` say that the fence of @cgroup does without this, because the kernel refuses it? */
bool harness_misses(const struct cgfence_cgroup *cgroup, const char *name);

/** harness_fork() - fork(2) of a child that does not outlive the test. */
pid_t harness_fork(void);

/** harness_share() - zeroed memory that the test and its children share. */
void *harness_share(size_t size);

/** harness_enter() - move the calling process into a cgroup. Return: 0 or -errno. */
int harness_enter(const struct cgfence_cgroup *cgroup);

/**
 * harness_in_cgroup() - run a function in a child process in a cgroup.
 * @function: returns 0 to 255
 *
 * Return: what @function returned, 1000 + N if signal N ended it.
 */
int harness_in_cgroup(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		      void *argument);

/** harness_node() - a device node for "c 1:3" in the test's directory; the path lives as long as the test. */
const char *harness_node(const char *device);

/** harness_open() - in @cgroup, open the node of @device with @flags; return errno or 0. */
int harness_open(const struct cgfence_cgroup *cgroup, const char *device, int flags);

/** harness_access() - in @cgroup, access(2) the node of @device with @mode; return errno or 0. */
int harness_access(const struct cgfence_cgroup *cgroup, const char *device, int mode);

/** harness_mknod() - in @cgroup, make a node for @device; return errno or 0. */
int harness_mknod(const struct cgfence_cgroup *cgroup, const char *device);

/** harness_hook_programs() - how many programs are attached to the device hook of a cgroup itself. */
unsigned int harness_hook_programs(const struct cgfence_cgroup *cgroup);

/**
 * harness_rounds() - how many rounds a test makes.
 * @rounds: on a machine of usual speed; less where CGFENCE_TEST_SLOWNESS divides it, as under emulation
 */
unsigned int harness_rounds(unsigned int rounds);

/** harness_is_slow() - does CGFENCE_TEST_SLOWNESS say that this machine is slow? */
bool harness_is_slow(void);
