// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/doctor_others.h"
#include "cli/doctor_refused.h"
#include "cli/named.h"
#include "report/foreign.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/foreign.h>
#include <cgfence/standing.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

/* ---- fences ---- */

/* " since ...", or nothing if that is not known. */
static void format_since(uint64_t boot_ns, char text[OUTPUT_TIME_SIZE + 8])
{
	char time[OUTPUT_TIME_SIZE];

	*text = '\0';
	if (!boot_ns)
		return;
	output_time(boot_ns, time);
	snprintf(text, OUTPUT_TIME_SIZE + 8, ", since %s", time);
}

static void add_missing(const struct cgfence_fence *fence, char *text, size_t size)
{
	const char *name;

	*text = '\0';
	for (size_t i = 0; (name = cgfence_fence_missing_name(fence, i)); i++) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%s%s", used ? "," : ", without ", name);
	}
}

static void report_fence(const struct cgfence_fence *fence, const char *where, const char *check,
			 struct findings *findings)
{
	const struct cgfence_policy *policy = cgfence_fence_policy(fence);
	bool enforces = cgfence_policy_enforces(policy);
	const char *name = cgfence_policy_name(policy);
	char since[OUTPUT_TIME_SIZE + 8];
	char missing[128];

	format_since(cgfence_fence_since_ns(fence), since);
	add_missing(fence, missing, sizeof(missing));
	findings_add(findings, enforces ? FINDING_OK : FINDING_NOTE, check,
		     enforces ? NULL
			      : "see ROLLOUT BY AUDIT in cgfence-troubleshooting(7) to enforce it",
		     "%s: policy %s, %s%s, generation %llu, guard %s%s", where,
		     name ? name : "without a name", enforces ? "enforced" : "audited only", since,
		     (unsigned long long)cgfence_fence_generation(fence),
		     cgfence_guard_name(cgfence_fence_listen_guard(fence)), missing);
}

/* @member: NULL for the fence as a whole */
static int report_standing(uint64_t id, const struct cgfence_cgroup *member,
			   struct findings *findings, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(id, &fence, error);

	if (result)
		return result;
	report_fence(fence, cgfence_fence_pattern(fence), "standing", findings);
	return doctor_report_refused(fence, cgfence_fence_pattern(fence),
				     member ? cgfence_cgroup_id(member) : 0, findings, error);
}

static int report_own(const struct cgfence_cgroup *cgroup, const char *check,
		      struct findings *findings, bool *found, struct cgfence_error *error)
{
	const char *path = cgfence_cgroup_path(cgroup);
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, error);

	if (result)
		return result == -ENOENT ? 0 : result;
	*found = true;
	report_fence(fence, path, check, findings);
	return doctor_report_refused(fence, path, 0, findings, error);
}

/* The fences that have a say on one level: its own, and the standing fences that it is a member of. */
static int report_level(const struct cgfence_cgroup *cgroup, const char *check,
			struct findings *findings, bool *found, struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = report_own(cgroup, check, findings, found, error);

	if (result == 0)
		result = cgfence_standing_of(cgfence_cgroup_id(cgroup), &ids, &count, error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = report_standing(ids[i], cgroup, findings, error);
	*found |= count;
	return result;
}

/* ---- programs of others ---- */

static void report_other(const struct cgfence_foreign_program *program, const char *path,
			 struct findings *findings)
{
	bool device = strcmp(program->hook, "device") == 0;
	cleanup_free char *quoted = doctor_quote(path);
	char owner[CGFENCE_OWNER_TEXT_SIZE];
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	char since[OUTPUT_TIME_SIZE + 8];
	cleanup_free char *remedy = NULL;
	int length;

	cgfence_foreign_describe(program, text);
	cgfence_cgroup_owner(program->cgroup, owner);
	format_since(program->loaded_ns, since);
	if (program->attach_flags & BPF_F_ALLOW_MULTI && device && !program->above)
		length = asprintf(
			&remedy,
			"cgfence explain %s device ENTRY asks it; cgfence adopt %s takes its place",
			quoted ? quoted : path, quoted ? quoted : path);
	else
		length = asprintf(&remedy, "cgfence explain %s %s", quoted ? quoted : path,
				  device ? "device ENTRY asks it"
					 : "port tcp N says whether it is asked");
	if (length < 0)
		remedy = NULL;
	findings_add(findings, FINDING_NOTE, "others", remedy, "%s on the %s hook of %s%s%s%s",
		     text, program->hook, program->cgroup, *owner ? ", of " : "", owner, since);
}

static int find_others(const struct cgfence_cgroup *cgroup, struct others *others,
		       struct cgfence_error *error)
{
	int result = 0;

	for (int topic = 0; topic < CGFENCE_TOPIC_COUNT && result == 0; topic++)
		result = others_add(cgroup, (enum cgfence_topic)topic, others, error);
	return result;
}

static void report_others(const struct cgfence_cgroup *cgroup, const struct others *others,
			  struct findings *findings)
{
	for (size_t i = 0; i < others->count; i++) {
		/* Those of cgfence are told of as a hidden fence. */
		if (!others->programs[i].hidden)
			report_other(&others->programs[i], cgfence_cgroup_path(cgroup), findings);
	}
}

/* The highest cgroup with a program that keeps a fence from it and from those below; NULL if there is none. */
static const char *find_exclusive(const struct others *others)
{
	const struct cgfence_foreign_program *found = NULL;

	for (size_t i = 0; i < others->count; i++) {
		const struct cgfence_foreign_program *program = &others->programs[i];

		if (!program->hidden && !(program->attach_flags & BPF_F_ALLOW_MULTI) &&
		    (!found || program->above > found->above))
			found = program;
	}
	return found ? found->cgroup : NULL;
}

/* ---- all of them ---- */

/* @exclusive: of find_exclusive(); a standing fence of its name is attached above it. */
static void report_nobody(const struct cgfence_cgroup *cgroup, const char *exclusive,
			  struct findings *findings)
{
	cleanup_free char *remedy = NULL;

	if (exclusive) {
		remedy = doctor_exclusive_remedy(exclusive);
	} else if (cgfence_cgroup_is_root(cgroup)) {
		/* attach refuses it without --force, for a mistake there locks the host out. */
		remedy = strdup("fence the cgroups below that are to be fenced");
	} else {
		cleanup_free char *quoted = doctor_quote(cgfence_cgroup_path(cgroup));

		if (asprintf(&remedy, "cgfence attach %s POLICY.json", quoted ? quoted : "CGROUP") <
		    0)
			remedy = NULL;
	}
	findings_add(findings, FINDING_NOTE, "fence", remedy, "%s has no fence%s%s%s",
		     cgfence_cgroup_path(cgroup),
		     cgfence_cgroup_is_root(cgroup) ? "" : ", and neither has a cgroup above it",
		     exclusive ? "; it can have none beside the program on " : "",
		     exclusive ? exclusive : "");
}

static int report_nobody_and_others(const struct cgfence_cgroup *cgroup, bool found,
				    struct findings *findings, struct cgfence_error *error)
{
	cleanup_others struct others others = { 0 };
	int result = find_others(cgroup, &others, error);

	if (!found)
		report_nobody(cgroup, find_exclusive(&others), findings);
	if (result == 0)
		report_others(cgroup, &others, findings);
	return result;
}

static int look_upwards(const struct cgfence_cgroup *lowest, struct findings *findings,
			struct cgfence_error *error)
{
	const struct cgfence_cgroup *cgroup = lowest;
	cleanup_cgroup struct cgfence_cgroup *above = NULL;
	bool found = false;
	int result = 0;

	while (result == 0) {
		struct cgfence_cgroup *parent = NULL;
		struct cgfence_error hidden = { 0 };

		if (cgfence_fence_check_hidden(cgroup, &hidden) == -EBUSY) {
			findings_add(
				findings, FINDING_BAD, "hidden",
				"nsenter -t PID -m cgfence doctor, PID a process where it is mounted",
				"%s", hidden.text);
			found = true;
		}
		result = report_level(cgroup, cgroup == lowest ? "fence" : "above", findings,
				      &found, error);
		if (result == 0)
			result = cgfence_cgroup_open_parent(cgroup, &parent, error);
		if (result == 0) {
			cgfence_cgroup_close(above);
			cgroup = above = parent;
		}
	}
	return result == -ENOENT ? report_nobody_and_others(lowest, found, findings, error)
				 : result;
}

static int look_at_standing(const char *name, struct findings *findings, char **path,
			    struct cgfence_error *error)
{
	cleanup_named struct named_fence named = { 0 };
	int result = named_open(name, true, &named, error);

	if (result)
		return result;
	*path = cleanup_steal(named.name);
	return report_standing(named.id, NULL, findings, error);
}

int doctor_look_at_cgroup(const char *name, struct findings *findings, char **path,
			  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result;

	if (cgfence_standing_is_pattern(name))
		return look_at_standing(name, findings, path, error);
	result = cgfence_cgroup_open(name, &cgroup, error);
	if (result == -ENOENT && look_at_standing(name, findings, path, NULL) == 0)
		return 0;
	if (result)
		return result;
	*path = strdup(cgfence_cgroup_path(cgroup));
	return *path ? look_upwards(cgroup, findings, error) : error_out_of_memory(error);
}
