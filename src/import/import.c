// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/import.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"
#include "import/dialects.h"
#include "import/host.h"
#include "policy/policy.h"
#include "policy/read.h"

#include <string.h>

static const struct {
	const char *name;
	int (*read)(struct importing *import);
	bool several; /* it has drop-ins */
	bool parts;   /* its files are of several things */
	bool marked;  /* a byte order mark before them is passed over */
} dialects[] = {
	/* clang-format off */
	{ "systemd", import_read_systemd, true, false, true },
	{ "runc", import_read_runc, false, false, false },
	{ "crun", import_read_crun, false, false, false },
	{ "lxc", import_read_lxc, false, false, false },
	{ "cgroup1", import_read_cgroup1, false, false, false },
	{ "compose", import_read_compose, false, true, true },
	{ "cdi", import_read_cdi, false, true, true },
	{ "k8s", import_read_k8s, false, true, true },
	{ "mesos", import_read_mesos, false, false, false },
	{ "marathon", import_read_marathon, false, true, false },
	{ "nomad", import_read_nomad, false, true, false },
	{ "slurm", import_read_slurm, false, true, false },
	{ "libvirt", import_read_libvirt, false, false, false },
	{ "snapd", import_read_snapd, false, true, false },
	/* clang-format on */
};

#define DIALECT_COUNT (sizeof(dialects) / sizeof(dialects[0]))

const char *cgfence_import_dialect(size_t index)
{
	return index < DIALECT_COUNT ? dialects[index].name : NULL;
}

static int refuse_dialect(const char *name, struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(name);
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < DIALECT_COUNT; i++)
		nearest_try(&nearest, dialects[i].name);
	return error_set_invalid(error, "unknown dialect '%s'%s", name,
				 nearest_hint(&nearest, hint));
}

/* What is printed is always a policy, whatever was read. */
static int check(const char *text, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;

	return policy_read(text, strlen(text), "the imported policy", POLICY_READ_OFFLINE, &policy,
			   error);
}

static int finish(const struct importing *import, char **text)
{
	cleanup_free char *dump = NULL;
	int result;

	if (json_object_size(import->policy) == 0)
		return error_set(
			import->error, ENODATA,
			"%s: this restricts neither devices nor ports, so there is no policy to make of it",
			import->sources[0].name);
	dump = json_dumps(import->policy, JSON_INDENT(2));
	if (!dump)
		return error_out_of_memory(import->error);
	result = check(dump, import->error);
	if (result == 0)
		*text = cleanup_steal(dump);
	return result;
}

/* Behind a NUL most readers would see nothing, and a byte order mark would hide what is in the first line. */
static int check_texts(const struct importing *import, bool marked)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	for (size_t i = 0; i < import->source_count; i++) {
		const struct cgfence_import_source *source = &import->sources[i];

		if (source->length && memchr(source->text, '\0', source->length))
			return error_set_invalid(import->error,
						 "%s: this is no text, since it has a NUL",
						 source->name);
		if (!marked && source->length >= sizeof(mark) &&
		    memcmp(source->text, mark, sizeof(mark)) == 0)
			return error_set_invalid(
				import->error,
				"%s: a byte order mark is before the text, which %s does not take; save it as UTF-8 without one",
				source->name, import->dialect);
	}
	return 0;
}

int import_run(const char *dialect, const char *part, const struct cgfence_import_source *sources,
	       size_t count, const struct import_host *host, cgfence_import_remark *remark,
	       void *context, char **text, struct cgfence_error *error)
{
	struct importing import = { .dialect = dialect,
				    .part = part,
				    .sources = sources,
				    .source_count = count,
				    .host = host,
				    .remark = remark,
				    .context = context,
				    .error = error };
	size_t which = 0;
	int result;

	while (which < DIALECT_COUNT && strcmp(dialects[which].name, dialect) != 0)
		which++;
	if (which == DIALECT_COUNT)
		return refuse_dialect(dialect, error);
	if (count > 1 && !dialects[which].several)
		return error_set_invalid(error, "%s has no drop-ins; give one file", dialect);
	if (part && !dialects[which].parts)
		return error_set_invalid(error, "%s has no parts; leave out '%s'", dialect, part);
	result = check_texts(&import, dialects[which].marked);
	if (result)
		return result;
	import.policy = json_object();
	if (!import.policy)
		return error_out_of_memory(error);
	result = dialects[which].read(&import);
	if (result == 0)
		result = finish(&import, text);
	json_decref(import.policy);
	return result;
}

int cgfence_import(const char *dialect, const char *part,
		   const struct cgfence_import_source *sources, size_t count,
		   cgfence_import_remark *remark, void *context, char **text,
		   struct cgfence_error *error)
{
	return import_run(dialect, part, sources, count, &import_host_here, remark, context, text,
			  error);
}
