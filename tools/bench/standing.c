// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a standing fence costs where cgroups are made and removed. */
#include "kernel/member_programs.h"
#include "check.h"
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/fences.h"

#include <bpf/bpf.h>
#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

/* Making and removing: what the programs take that see it. Entering a cgroup runs none. */

/* By whether it is a member; two rows each. */
static const char *const cgroups[] = { "other", "job" };
static const char *const names[] = { "mkdir, no member", "rmdir, no member", "mkdir, a member",
				     "rmdir, a member" };

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

void suite_standing(void)
{
	struct table *table =
		table_new("ns", "standing-programs",
			  "Standing fence: its programs where cgroups are made and removed");
	struct cgfence_cgroup *anchor = probe_cgroup(NULL, "anchor");
	int directory = cgfence_cgroup_fd(anchor);
	int statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	double ns;

	for (size_t i = 0; i < 4; i++)
		table_add(table, NULL, NULL, names[i]);
	for (size_t round = 0; round < 2 * ROUNDS; round++) {
		size_t i = round % 2;
		uint64_t id = attach(anchor, "job-*");

		for (int name = 0; name < CGROUPS; name++) {
			const char *path = text("%s-%d", cgroups[i], name);

			if (mkdirat(directory, path, 0755) < 0 ||
			    unlinkat(directory, path, AT_REMOVEDIR) < 0)
				report_fail("cannot make or remove a cgroup: %s", strerror(errno));
		}
		table_put(&table->rows[2 * i], run_ns("mkdir"));
		table_put(&table->rows[2 * i + 1], run_ns("rmdir"));
		detach(id);
	}
	close(statistics);
	report_table(table, NULL);
	ns = row_quantile(&table->rows[2], 0.5) + row_quantile(&table->rows[3], 0.5);
	/* A hundred of a second, of the 10^9 ns that it has. */
	report_at_most(ns * 100 / 1e9 * 100, 5, "%",
		       "standing fence: of a processor for 100 cgroups a second");
	fences_remove(anchor);
}

/* Judging: calls are made in the cgroup "inner". */
bool standing_make(struct filter *filter)
{
	static uint64_t id;

	detach(id);
	id = filter ? attach(filter->cgroup, "inn*") : 0;
	return true;
}
