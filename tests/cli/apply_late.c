// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Policies with patterns where the kernel takes no standing fences: each cgroup gets a fence of its own. */
#include "applying.h"
#include "holder.h"
#include "kernel/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINT "/sys/fs/bpf"

/* As if the kernel had been asked and were locked down. The mount namespace is that of the test. */
static void begin(void)
{
	static const char *const directories[] = {
		POINT "/cgfence",
		POINT "/cgfence/kernel",
	};

	sockets_begin();
	cr_assert_eq(umount2(POINT, MNT_DETACH), 0, "%s", strerror(errno));
	cr_assert_eq(mount("bpf", POINT, "bpf", 0, "mode=0700"), 0, "%s", strerror(errno));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		cr_assert_eq(mkdir(directories[i], 0700), 0, "%s", strerror(errno));
	trial_remember("reads", TRIAL_REFUSED);
}

TestSuite(apply_late, .init = begin, .fini = harness_end, .timeout = 600);

Test(apply_late, apply_fences_what_is_there)
{
	struct cgfence_cgroup *match = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_cgroup *excepted = harness_child_cgroup(harness_cgroup(), "job-x");
	struct program_result result;
	char text[512];

	applying_write_policy("1.json", "/job-*", "'except': ['*-x'], 'devices': {}");
	result = program_run(NULL, WORDS("apply", applying_directory()));
	snprintf(text, sizeof(text), "Fenced %s.\n", cgfence_cgroup_path(match));
	assert_done(result);
	cr_expect_str_eq(result.output, text);
	cr_expect_eq(harness_open(match, "c 1:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(excepted, "c 1:5", O_RDONLY), 0);
	/* What status shows are fences on cgroups. */
	result = program_run(NULL, WORDS("status", "--json"));
	assert_has(result.output, cgfence_cgroup_path(match));
	assert_lacks(result.output, "\"anchor\"");
	applying_write_policy("1.json", "/absent", "'devices': {}");
	assert_fails(program_run(NULL, WORDS("apply", applying_directory())), 1,
		     "there is no such cgroup");
}

Test(apply_late, watch_fences_what_comes)
{
	struct cgfence_cgroup *plain;
	struct cgfence_cgroup *inner;
	struct watching watching;

	applying_write_policy("plain.json", "/plain", "'ports': [80]");
	applying_write_policy("deep.json", "/web-*/inner", "'ports': [81]");
	applying_start(&watching);
	plain = harness_child_cgroup(harness_cgroup(), "plain");
	applying_expect_applied(&watching, plain, "plain.json");
	cr_expect_eq(applying_ports_of(plain), 80);
	/* A directory in between appears first. */
	inner = harness_child_cgroup(harness_child_cgroup(harness_cgroup(), "web-1"), "inner");
	applying_expect_applied(&watching, inner, "deep.json");
	cr_expect_eq(applying_ports_of(inner), 81);
	watching_stop(&watching);
}

#define MANY_CGROUPS 200

/* Applying takes turns with all else. */
Test(apply_late, many_cgroups_at_once_do_not_keep_it_from_a_listener)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	struct holder holder;
	char violation[64];
	const char *one;
	size_t applied = 0;

	harness_attach(other, "{'ports': [1], 'on_violation': 'close'}");
	applying_write_policy("a.json", "/job-*", "'ports': [80]");
	applying_start(&watching);
	kill(watching.program.pid, SIGSTOP);
	for (int i = 0; i < MANY_CGROUPS; i++) {
		struct cgfence_cgroup *cgroup = NULL;
		char name[16];

		snprintf(name, sizeof(name), "job-%03d", i);
		cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), name, &cgroup, NULL), 0);
		cgfence_cgroup_close(cgroup);
	}
	kill(watching.program.pid, SIGCONT);
	watching_skip(&watching, "applied");
	kill(watching.program.pid, SIGSTOP);
	holder_start(&holder, &(const struct holder_options){ .cgroup = other,
							      .endpoint = "tcp 127.0.0.1 0",
							      .moved_in = true });
	kill(watching.program.pid, SIGHUP);
	kill(watching.program.pid, SIGCONT);
	watching_skip(&watching, "violation");
	snprintf(violation, sizeof(violation), "\"pid\":%d,", holder.pid);
	program_expect(&watching.program, "job-199\"");
	kill(watching.program.pid, SIGTERM);
	program_finish(&watching.program);
	close(watching.notify);
	one = strstr(watching.program.result.output, violation);
	cr_assert(one, "it is not told of");
	for (const char *at = one; (at = strstr(at, "\"event\":\"applied\"")); at++)
		applied++;
	cr_expect_gt(applied, 0, "it came after all of them");
	holder_stop(&holder);
}
