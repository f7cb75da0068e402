// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_others.h"
#include "base/cleanup.h"
#include "base/entries.h"
#include "cli/doctor_refused.h"
#include "report/foreign.h"
#include "report/handles.h"

#include <cgfence/foreign.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

/* A host may have tens of thousands, and each takes some system calls. */
#define CGROUPS_MAX 2000

/* So many of those that forbid fences are named. */
#define NAMED_MAX 3

struct search {
	struct findings *findings;
	size_t cgroups;
	size_t programs;
	size_t with_programs; /* cgroups */
	size_t named;
	char owners[256];
};

static void name_owner(struct search *search, const char *cgroup)
{
	char owner[CGFENCE_OWNER_TEXT_SIZE];
	size_t used = strlen(search->owners);

	cgfence_cgroup_owner(cgroup, owner);
	if (*owner && used + strlen(owner) + 3 < sizeof(search->owners))
		snprintf(search->owners + used, sizeof(search->owners) - used, "%s%s",
			 used ? ", " : ": ", owner);
}

/* A standing fence of a plain name has its programs on the cgroup above, where they judge what is below as well. */
char *doctor_exclusive_remedy(const char *cgroup)
{
	static const char owner[] = "have its owner attach it with BPF_F_ALLOW_MULTI";
	cleanup_free char *quoted = doctor_quote(cgroup);
	char *remedy = NULL;

	/* Nothing is above the root. */
	if (!cgroup[1])
		return strdup(owner);
	if (asprintf(&remedy,
		     "fence it from above: cgfence attach --standing %s POLICY.json; or %s",
		     quoted ? quoted : "CGROUP", owner) < 0)
		return NULL;
	return remedy;
}

static void report_exclusive(struct search *search, const struct cgfence_foreign_program *program)
{
	cleanup_free char *remedy = NULL;
	char text[CGFENCE_FOREIGN_TEXT_SIZE];

	if (program->attach_flags & BPF_F_ALLOW_MULTI || search->named++ >= NAMED_MAX)
		return;
	cgfence_foreign_describe(program, text);
	remedy = doctor_exclusive_remedy(program->cgroup);
	findings_add(search->findings, FINDING_NOTE, "others", remedy,
		     "%s on the %s hook of %s leaves no place for a fence there or below", text,
		     program->hook, program->cgroup);
}

static void look_at(struct search *search, const struct cgfence_cgroup *cgroup)
{
	cleanup_others struct others others = { 0 };
	size_t here = 0;

	for (int topic = 0; topic < CGFENCE_TOPIC_COUNT; topic++) {
		if (others_add(cgroup, (enum cgfence_topic)topic, &others, NULL))
			return;
	}
	for (size_t i = 0; i < others.count; i++) {
		/* What is above was seen there. */
		if (others.programs[i].above || others.programs[i].hidden)
			continue;
		here++;
		report_exclusive(search, &others.programs[i]);
	}
	if (!here)
		return;
	search->programs += here;
	search->with_programs++;
	name_owner(search, cgfence_cgroup_path(cgroup));
}

static void visit(struct search *search, const char *path)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_entries DIR *directory = NULL;
	const struct dirent *entry;

	if (search->cgroups == CGROUPS_MAX || cgfence_cgroup_open(path, &cgroup, NULL))
		return;
	search->cgroups++;
	look_at(search, cgroup);
	directory = entries_open(cgfence_cgroup_fd(cgroup), ".");
	while (directory && (entry = readdir(directory))) {
		cleanup_free char *below = NULL;

		if (!entries_is_directory(entry))
			continue;
		if (asprintf(&below, "%s%s%s", path, path[1] ? "/" : "", entry->d_name) < 0)
			below = NULL;
		if (below)
			visit(search, below);
	}
}

void doctor_look_at_others(struct findings *findings)
{
	struct search search = { .findings = findings };

	visit(&search, "/");
	findings_add(findings, FINDING_OK, "others", NULL,
		     "%zu program%s of others on %zu%s cgroup%s%s", search.programs,
		     search.programs == 1 ? "" : "s", search.with_programs,
		     search.cgroups == CGROUPS_MAX ? " of the first 2000" : "",
		     search.with_programs == 1 ? "" : "s", search.owners);
}
