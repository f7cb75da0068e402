// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel refuses to programs costs just that. Most kernels let programs read their memory; here some are said not
 * to, by the answer of a trial in the test's own bpffs, and in virtual machines some are locked down.
 */
#include "kernel/pins.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"
#include "support/fences.h"
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(missing, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define IPV6_ONLY "{'devices': {'defaults': true}, 'ports': ['ipv6:8080']}"

static void refuse_reads(void)
{
	/* The directory of answers is made with the first fence. */
	harness_attach(sockets_fence(), "{'devices': {}}");
	trial_remember("reads", TRIAL_REFUSED);
	cr_assert(refusal_of_reads_known());
}

static void expect_refusals_with_and_without(int v6only)
{
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp :: 8080 v6only"), v6only);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp :: 8080"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 8080"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 9"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 0"), 0);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:11", O_WRONLY), EPERM);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDWR), 0);
}

/* Without the option a socket of all addresses counts as one that serves both families. */
Test(missing, a_kernel_that_refuses_reads_has_the_fence)
{
	refuse_reads();
	harness_attach(sockets_fence(), IPV6_ONLY);
	cr_expect(sockets_misses("v6only"));
	expect_refusals_with_and_without(EPERM);
}

Test(missing, what_is_not_named_works)
{
	harness_attach(sockets_fence(), IPV6_ONLY);
	expect_refusals_with_and_without(sockets_misses("v6only") ? EPERM : 0);
}

Test(missing, what_no_policy_needs_is_not_missing)
{
	refuse_reads();
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_not(sockets_misses("v6only"));
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp :: 8080 v6only"), 0);
	harness_attach(sockets_fence(), "{'devices': {}}");
	cr_expect_not(sockets_misses("port_range"));
}

Test(missing, the_same_policy_is_attached_anew_if_more_can_be_read)
{
	harness_attach(sockets_fence(), IPV6_ONLY);
	if (sockets_misses("v6only"))
		sockets_skip("this kernel refuses reads");
	cr_expect_eq(harness_attach(sockets_fence(), IPV6_ONLY), CGFENCE_UNCHANGED);
	trial_remember("reads", TRIAL_REFUSED);
	cr_expect_eq(harness_attach(sockets_fence(), IPV6_ONLY), CGFENCE_REPLACED);
	cr_expect(sockets_misses("v6only"));
	cr_expect_eq(harness_attach(sockets_fence(), IPV6_ONLY), CGFENCE_UNCHANGED);
	trial_remember("reads", TRIAL_TAKEN);
	cr_expect_eq(harness_attach(sockets_fence(), IPV6_ONLY), CGFENCE_REPLACED);
	cr_expect_not(sockets_misses("v6only"));
}

/* The guard of this kernel does not depend on it, nor does a fence of another cgroup. */
Test(missing, a_guard_is_chosen_anew_for_each_fence)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	enum cgfence_listen_guard guard;

	harness_attach(other, "{'ports': [8080]}");
	guard = sockets_guard(other);
	harness_attach(sockets_fence(), "{'ports': ['ipv6:8080'], 'on_violation': 'kill'}");
	harness_attach(other, "{'ports': [8081]}");
	cr_expect_eq(sockets_guard(other), guard);
	trial_remember("reads", TRIAL_REFUSED);
	harness_attach(sockets_fence(), IPV6_ONLY);
	cr_expect_eq(sockets_guard(sockets_fence()), guard);
}

/* Its programs may have been those that the kernel refused. */
Test(missing, what_another_version_found_is_asked_again)
{
	static const char other[] = PINS_KERNEL "/asked_refused";

	harness_attach(sockets_fence(), "{'devices': {}}");
	cr_assert_eq(mkdir(other, 0700), 0);
	cr_expect_eq(trial_recall("asked"), TRIAL_UNKNOWN);
	trial_remember("asked", TRIAL_REFUSED);
	cr_expect_eq(trial_recall("asked"), TRIAL_REFUSED);
	rmdir(other);
}

/* What is remembered until the next boot must not come from who may not ask. */
static int is_refusal_without_rights(void *unused)
{
	(void)unused;
	return !refusal_is(-EPERM) || setresuid(65534, 65534, 65534) < 0 || refusal_is(-EPERM);
}

Test(missing, who_lacks_rights_learns_nothing_of_the_kernel)
{
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), is_refusal_without_rights, NULL), 0);
}
