// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process opens devices without a pause while a fence takes the place of a program and gives it back. */
#include "support/harness.h"
#include "support/whitelist.h"

#include <cgfence/adopt.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(adopt_hammer, .init = harness_begin, .fini = harness_end);

#define ROUNDS 100

struct counts {
	atomic_ulong opened; /* the device that is allowed */
	atomic_ulong refused_wrongly;
	atomic_ulong opened_wrongly; /* the device that is refused */
};

static bool opens(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void hammer(const char *allowed, const char *refused, struct counts *counts)
{
	for (;;) {
		if (opens(allowed))
			counts->opened++;
		else
			counts->refused_wrongly++;
		if (opens(refused))
			counts->opened_wrongly++;
	}
}

static pid_t start_hammer(struct counts *counts)
{
	char allowed[128];
	char refused[128];
	pid_t child;

	snprintf(allowed, sizeof(allowed), "%s", harness_node("c 1:3"));
	snprintf(refused, sizeof(refused), "%s", harness_node("c 1:7"));
	child = harness_fork();

	if (child == 0) {
		if (harness_enter(harness_cgroup()))
			_exit(1);
		hammer(allowed, refused, counts);
	}
	return child;
}

static void wait_for_more(const struct counts *counts)
{
	unsigned long before = counts->opened;

	while (counts->opened < before + 10)
		usleep(100);
}

Test(adopt_hammer, neither_is_there_at_no_instant, .timeout = 300)
{
	struct counts *counts = harness_share(sizeof(*counts));
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct cgfence_policy *policy = harness_policy(WHITELIST_USUAL_POLICY);
	unsigned int rounds = harness_rounds(ROUNDS);
	pid_t child = start_hammer(counts);

	wait_for_more(counts);
	for (unsigned int i = 0; i < rounds; i++) {
		struct cgfence_error error = { 0 };
		bool released = false;
		size_t count = 0;

		cr_assert_eq(cgfence_fence_adopt(harness_cgroup(), policy, &count, &error), 0,
			     "%u: %s", i, error.text);
		cr_assert_eq(count, 1);
		wait_for_more(counts);
		cr_assert_eq(cgfence_fence_release(harness_cgroup(), &released, &count, &error), 0,
			     "%u: %s", i, error.text);
		cr_assert(released);
		wait_for_more(counts);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_expect_eq(counts->refused_wrongly, 0);
	cr_expect_eq(counts->opened_wrongly, 0);
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], whitelist.id);
	cgfence_policy_free(policy);
	whitelist_close(&whitelist);
}

/* As watch does where the owner of the program attaches it again and again. */
Test(adopt_hammer, what_comes_back_makes_no_difference, .timeout = 300)
{
	struct counts *counts = harness_share(sizeof(*counts));
	struct whitelist first = whitelist_put(harness_cgroup());
	unsigned int rounds = harness_rounds(ROUNDS);
	pid_t child;

	harness_attach(
		harness_cgroup(),
		"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}");
	child = start_hammer(counts);
	wait_for_more(counts);
	for (unsigned int i = 0; i < rounds; i++) {
		struct whitelist next = whitelist_put(harness_cgroup());
		struct cgfence_error error = { 0 };
		size_t count = 0;

		wait_for_more(counts);
		cr_assert_eq(cgfence_fence_adopt(harness_cgroup(), NULL, &count, &error), 0,
			     "%u: %s", i, error.text);
		cr_assert_eq(count, 1);
		cr_assert_eq(whitelist_query(harness_cgroup()).count, 1);
		wait_for_more(counts);
		whitelist_close(&next);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_expect_eq(counts->refused_wrongly, 0);
	cr_expect_eq(counts->opened_wrongly, 0);
	whitelist_close(&first);
}
