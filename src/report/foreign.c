// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/foreign.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/output.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

/* A comma, a name, and the ellipsis for the rest. */
#define NAME_ROOM 24

#define NAME_SIZE 17

void others_release(struct others *others)
{
	for (int topic = 0; topic < CGFENCE_TOPIC_COUNT; topic++)
		free(others->blocks[topic]);
	free(others->programs);
}

int others_add(const struct cgfence_cgroup *cgroup, enum cgfence_topic topic, struct others *others,
	       struct cgfence_error *error)
{
	struct cgfence_foreign_program *programs = NULL;
	struct cgfence_foreign_program *larger;
	size_t count = 0;
	int result = cgfence_fence_list_foreign(cgroup, topic, &programs, &count, error);

	if (result)
		return result;
	others->blocks[topic] = programs;
	larger = reallocarray(others->programs, others->count + count + 1, sizeof(*larger));
	if (!larger)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++)
		larger[others->count++] = programs[i];
	others->programs = larger;
	return 0;
}

int others_of_fence(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence,
		    struct others *others, struct cgfence_error *error)
{
	int result = 0;

	for (int topic = 0; topic < CGFENCE_TOPIC_COUNT && result == 0; topic++) {
		if (cgfence_policy_fences(cgfence_fence_policy(fence), (enum cgfence_topic)topic))
			result = others_add(cgroup, (enum cgfence_topic)topic, others, error);
	}
	return result;
}

static const char *attach_flags_name(uint32_t flags)
{
	return flags & BPF_F_ALLOW_MULTI      ? "multi"
	       : flags & BPF_F_ALLOW_OVERRIDE ? "override"
					      : "none";
}

json_t *other_json(const struct cgfence_foreign_program *program)
{
	char owner[CGFENCE_OWNER_TEXT_SIZE];

	cgfence_cgroup_owner(program->cgroup, owner);
	return json_pack("{s:o, s:s, s:I, s:o, s:s, s:o}", "cgroup",
			 output_json_string(program->cgroup), "hook", program->hook, "id",
			 (json_int_t)program->id, "name", output_json_string(program->name),
			 "attach_flags", attach_flags_name(program->attach_flags), "owner",
			 *owner ? output_json_string(owner) : json_null());
}

json_t *others_json_adopted(const struct cgfence_foreign_program *programs, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, other_json(&programs[i]));
	return list;
}

json_t *others_json(const struct others *others)
{
	json_t *list = json_array();

	for (size_t i = 0; i < others->count; i++)
		json_array_append_new(list, other_json(&others->programs[i]));
	return list;
}

/* Some owners attach the same program to several hooks. */
static bool is_repeated(const struct others *others, size_t index)
{
	const char *name = others->programs[index].name;

	for (size_t i = 0; i < index && *name; i++) {
		if (strcmp(others->programs[i].name, name) == 0)
			return true;
	}
	return false;
}

static void print_name(const struct cgfence_foreign_program *program, char name[NAME_SIZE])
{
	if (*program->name)
		snprintf(name, NAME_SIZE, "%.16s", program->name);
	else
		snprintf(name, NAME_SIZE, "#%u", program->id);
}

void others_print(const struct others *others, char *names, size_t size)
{
	names[0] = '\0';
	for (size_t i = 0; i < others->count; i++) {
		size_t used = strlen(names);
		char name[NAME_SIZE];

		if (is_repeated(others, i))
			continue;
		print_name(&others->programs[i], name);
		/* The JSON output has all of them. */
		if (used + NAME_ROOM > size) {
			snprintf(names + used, size - used, ",...");
			break;
		}
		snprintf(names + used, size - used, "%s%s", used ? "," : "", name);
	}
	if (others->count == 0)
		snprintf(names, size, "-");
}
