// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a standing fence costs: where cgroups are made and removed, and where a device is opened below its anchor. */
#include "check.h"
#include "kernel/member_programs.h"
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/clock.h"
#include "support/fences.h"

#include <bpf/bpf.h>
#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define POLICY "{'devices': {'allow': ['c 1:3 rwm']}}"
#define ROUNDS 60
#define CGROUPS 50

static uint64_t attach(const struct cgfence_cgroup *anchor, const char *below)
{
	const char *pattern = text("%s/%s", cgfence_cgroup_path(anchor), below);
	struct cgfence_policy *policy = NULL;
	enum cgfence_attach_result ignored;
	struct cgfence_error error = { 0 };
	uint64_t id = 0;

	if (fences_parse(POLICY, &policy, &error) ||
	    cgfence_standing_attach(pattern, policy, 0, &ignored, &error) ||
	    cgfence_standing_find(pattern, &id, &error))
		report_fail("%s", error.text);
	cgfence_policy_free(policy);
	return id;
}

static void detach(uint64_t id)
{
	bool detached;

	if (id && cgfence_fence_detach(id, &detached, NULL))
		report_fail("cannot detach a standing fence");
}

/* Making and removing. */

static struct cgfence_cgroup *anchor;

/* A row: cgroups that are made, under a standing fence or without one, and what they are for it. */
struct making {
	const char *name;
	const char *cgroup;
	bool fenced;
};

static const struct making makings[] = {
	{ "without a standing fence", "job", false },
	{ "no member", "other", true },
	{ "a member", "job", true },
};

#define MAKINGS (sizeof(makings) / sizeof(makings[0]))

static double rmdir_us[MAKINGS]; /* of the last round */

/* Of the programs that see them. */
static struct row *mkdir_rows[MAKINGS], *rmdir_rows[MAKINGS];

static double run_ns(const char *pin)
{
	struct bpf_link_info link = { 0 };
	struct bpf_prog_info program = { 0 };
	uint32_t link_size = sizeof(link);
	uint32_t size = sizeof(program);
	int fd = bpf_obj_get(text(MEMBER_PROGRAMS_DIRECTORY "/%s", pin));
	int program_fd = -1;

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &link, &link_size) == 0)
		program_fd = bpf_prog_get_fd_by_id(link.prog_id);
	if (program_fd < 0 || bpf_obj_get_info_by_fd(program_fd, &program, &size) < 0)
		report_fail("cannot read the cost of a program: %s", strerror(errno));
	close(program_fd);
	close(fd);
	return (double)program.run_time_ns / (double)program.run_cnt;
}

/* Return: microseconds of a call. */
static double each(const struct making *making, int (*call)(int directory, const char *name))
{
	uint64_t begin_ns = clock_ns();

	for (int i = 0; i < CGROUPS; i++) {
		if (call(cgfence_cgroup_fd(anchor), text("%s-%d", making->cgroup, i)))
			report_fail("cannot make or remove a cgroup: %s", strerror(errno));
	}
	return (double)(clock_ns() - begin_ns) / CGROUPS / 1e3;
}

static int make(int directory, const char *name)
{
	return mkdirat(directory, name, 0755);
}

static int unmake(int directory, const char *name)
{
	return unlinkat(directory, name, AT_REMOVEDIR);
}

/* The calls are timed without the statistics of the kernel, which take time, and the programs after that. */
static double measure(const void *subject)
{
	const struct making *making = subject;
	size_t index = (size_t)(making - makings);
	uint64_t id = making->fenced ? attach(anchor, "job-*") : 0;
	double us = each(making, make);
	int statistics;

	rmdir_us[index] = each(making, unmake);
	if (id) {
		statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
		each(making, make);
		each(making, unmake);
		table_put(mkdir_rows[index], run_ns("mkdir"));
		table_put(rmdir_rows[index], run_ns("rmdir"));
		close(statistics);
	}
	detach(id);
	return us;
}

static void judge(struct table *calls, struct table *programs)
{
	double made = table_median(programs, "mkdir, a member");
	double other = table_median(programs, "mkdir, no member");
	double removed = table_median(programs, "rmdir, a member");
	double call_us = table_median(calls, "mkdir, without a standing fence");

	/* A hundred of a second, of the 10^9 ns that it has. */
	report_target(
		(made + removed) * 100 <= 0.05 * 1e9,
		"standing fence: 100 cgroups made and removed in a second take at most 5 %% of a "
		"processor (%.4f %%; mkdir of a member %.0f ns, %.2f %% of mkdir, of another "
		"%.0f ns, %.2f %%)",
		(made + removed) * 100 / 1e7, made, made / call_us / 10, other,
		other / call_us / 10);
}

static void measure_makings(void)
{
	struct table *calls = table_new("us", "standing-mkdir", "Standing fence: mkdir and rmdir");
	struct table *programs =
		table_new("ns", "standing-programs", "Standing fence: its programs in them");

	anchor = probe_cgroup(NULL, "anchor");
	for (size_t i = 0; i < MAKINGS; i++)
		table_add(calls, measure, &makings[i], text("mkdir, %s", makings[i].name));
	for (size_t i = 0; i < MAKINGS; i++)
		table_add(calls, NULL, &rmdir_us[i], text("rmdir, %s", makings[i].name));
	for (size_t i = 1; i < MAKINGS; i++) {
		mkdir_rows[i] = table_add(programs, NULL, NULL, text("mkdir, %s", makings[i].name));
		rmdir_rows[i] = table_add(programs, NULL, NULL, text("rmdir, %s", makings[i].name));
	}
	table_measure(calls, ROUNDS);
	report_table(calls, NULL);
	report_table(programs, NULL);
	judge(calls, programs);
	fences_remove(anchor);
}

/* Judging, always of /dev/null in the cgroup "inner" of a filter. */

enum { EMPTY, FENCE, OTHER, MEMBER, FILTERS };

static uint64_t ids[FILTERS];

static bool make_fence(struct filter *filter)
{
	probe_fence(filter->cgroup, POLICY);
	return true;
}

static bool make_standing(struct filter *filter);

static struct filter filters[FILTERS] = {
	[EMPTY] = { "empty program", check_make_empty },
	[FENCE] = { "a fence on a cgroup", make_fence },
	[OTHER] = { "no member of a standing fence", make_standing, 0, "job-*" },
	[MEMBER] = { "a member of a standing fence", make_standing, 0, "inn*" },
};

/* That of the last time has outlived its anchor. */
static bool make_standing(struct filter *filter)
{
	uint64_t *id = &ids[filter - filters];

	detach(*id);
	*id = attach(filter->cgroup, filter->parameter);
	return true;
}

static struct check_suite suite = {
	.filters = filters,
	.filter_count = FILTERS,
	.hooks = { { BPF_CGROUP_DEVICE, "empty_device" } },
	.hook_count = 1,
	.tables = { { "standing-check",
		      "Standing fence: time of the device program above an empty one, /dev/null",
		      "a member of a standing fence", &check_access_call, false, NULL } },
	.table_count = 1,
};

void suite_standing(void)
{
	measure_makings();
	check_begin(&suite, "");
	for (size_t i = 0; i < FILTERS; i++)
		check_add(&suite, 0, i, (uint32_t)makedev(1, 3), "");
	check_run(&suite, 4, 4);
	for (size_t i = 0; i < FILTERS; i++)
		detach(ids[i]);
}
