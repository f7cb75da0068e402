// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/help.h"
#include "base/privilege.h"
#include "cli/rules.h"
#include "cli/source.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/import.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *dialect;
static const char *part;

/* Each line is of its own, so that what is left out is seen beside the policy. */
static void remark(const char *text, void *context)
{
	(void)context;
	output_complain("%s", text);
}

/* What is no file may be a unit, in the dialect that has them. */
static int read_operand(const char *operand, struct cgfence_import_source *source,
			struct cgfence_error *error)
{
	int result = source_read(operand, source, error);

	if (result != -ENOENT || strcmp(dialect, "systemd") != 0 || strchr(operand, '/'))
		return result;
	return source_read_unit(operand, source, error);
}

static int import(const struct cgfence_import_source *sources, size_t count,
		  struct cgfence_error *error)
{
	cleanup_free char *text = NULL;

	if (cgfence_import(dialect, part, sources, count, remark, NULL, &text, error))
		return output_failure(error);
	return output_json(json_loads(text, 0, NULL));
}

/* A wrong word is told before any file is read. */
static bool is_known(struct cgfence_error *error)
{
	const struct cgfence_import_source empty = { "-", "", 0 };
	const char *name;
	char *text = NULL;

	for (size_t i = 0; (name = cgfence_import_dialect(i)); i++) {
		if (strcmp(name, dialect) == 0)
			return true;
	}
	cgfence_import(dialect, NULL, &empty, 1, NULL, NULL, &text, error);
	free(text);
	return false;
}

/* Where no dialect is alike, all are named. */
static int refuse_unknown(const struct cgfence_error *error)
{
	char known[256] = "";
	size_t used = 0;
	const char *name;

	if (strchr(error->text, '?'))
		return output_failure(error);
	for (size_t i = 0; (name = cgfence_import_dialect(i)) && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", name);
	output_complain("%s; the dialects are %s", error->text, known);
	return STATUS_INVALID;
}

/* What has a say on a cgroup that is there. */
static int import_cgroup(const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_free char *as_written = NULL;
	cleanup_free char *other = NULL;
	const char *written[3] = { NULL };
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;

	if (cgfence_cgroup_open(name, &cgroup, &error))
		return output_failure(&error);
	/* Without rules that are written the kernel is asked. */
	if (rules_read_text(cgroup, RULES_AS_WRITTEN, &as_written, NULL) == 0)
		written[0] = as_written;
	if (as_written && rules_read_text(cgroup, RULES_OF_OTHER_VERSION, &other, NULL) == 0)
		written[1] = other;
	if (cgfence_import_cgroup(cgroup, written, remark, NULL, &text, &error))
		return output_failure(&error);
	return output_json(json_loads(text, 0, NULL));
}

static bool is_file(const char *name)
{
	struct stat status;

	return strcmp(name, "-") == 0 || (stat(name, &status) == 0 && S_ISREG(status.st_mode));
}

static int run_live(const struct arguments *arguments)
{
	if (part)
		return help_refuse_usage(&command_import, "--part is for a file");
	if (arguments->operand_count > 1)
		return help_refuse_usage(&command_import, "give one cgroup");
	if (!privilege_has_admin())
		return help_refuse_privilege("import of a cgroup", STATUS_FAILED);
	return import_cgroup(arguments->operands[0]);
}

static int run(const struct arguments *arguments)
{
	size_t count = arguments->operand_count;
	cleanup_free struct cgfence_import_source *sources = calloc(count, sizeof(*sources));
	struct cgfence_error error = { 0 };
	int status = STATUS_DONE;

	if (!dialect && is_file(arguments->operands[0]))
		return help_refuse_usage(&command_import, "--from DIALECT is missing");
	if (!dialect)
		return run_live(arguments);
	if (!is_known(&error))
		return refuse_unknown(&error);
	if (!sources) {
		error_out_of_memory(&error);
		return output_failure(&error);
	}
	for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
		if (read_operand(arguments->operands[i], &sources[i], &error))
			status = output_failure(&error);
	}
	if (status == STATUS_DONE)
		status = import(sources, count, &error);
	for (size_t i = 0; i < count; i++)
		source_free(&sources[i]);
	return status;
}

static const struct command_option options[] = {
	{ 0, "part", "PART", "which of the services, devices, pods, groups, apps in the file", NULL,
	  &part },
	{ 0, "from", "DIALECT", "what the file is a configuration of", NULL, &dialect },
	{ 0 },
};

const struct command command_import = {
	.name = "import",
	.synopsis = "--from DIALECT [--part PART] FILE|-...\nCGROUP",
	.summary = "make a policy of another system's configuration, or of a cgroup",
	.description =
		"Prints a policy that allows nothing that the other system refuses. What the policy leaves out,\n"
		"tightens or cannot say goes to standard error, a line each with its place. Lists whose order counts\n"
		"are judged as that system judges them; drivers and devices keep their names. Of systemd, drop-ins may\n"
		"follow the unit, and a unit that is no file is asked of systemctl. Exits with 1 if the configuration\n"
		"restricts nothing. Needs no privilege. With --from slurm, PART is the devices that the job was given,\n"
		"with commas between them.\n"
		"\n"
		"Of a CGROUP, what has a say on it is imported: fences, its own and those above, and device programs that\n"
		"others attached. These are asked by way of the kernel. If they agree with the rules of their owner, as\n"
		"config.json or the unit has them, these are taken; otherwise the devices that exist here and that they\n"
		"allow. This needs privilege.\n"
		"\n"
		"Dialects: systemd, runc, crun, lxc, cgroup1, compose, cdi, k8s, mesos, marathon, nomad, slurm, libvirt, snapd",
	.example = "cgfence import --from systemd nginx.service > nginx.json",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.usage_status = STATUS_INVALID,
	.run = run,
};
