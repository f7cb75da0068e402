// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/source.h"
#include "report/output.h"

#include <cgfence/import.h>
#include <errno.h>
#include <string.h>

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

static int run(const struct arguments *arguments)
{
	size_t count = arguments->operand_count;
	cleanup_free struct cgfence_import_source *sources = calloc(count, sizeof(*sources));
	struct cgfence_error error = { 0 };
	int status = STATUS_DONE;

	if (!dialect)
		return help_refuse_usage(&command_import, "--from DIALECT is missing");
	if (!is_known(&error))
		return output_failure(&error);
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
	.synopsis = "--from DIALECT FILE|-...",
	.summary = "make a policy of another system's configuration",
	.description =
		"Prints a policy that allows nothing that the other system refuses. What the policy leaves out,\n"
		"tightens or cannot say goes to standard error, a line each with its place. Lists whose order counts\n"
		"are judged as that system judges them; drivers and devices keep their names. Of systemd, drop-ins may\n"
		"follow the unit, and a unit that is no file is asked of systemctl. Exits with 1 if the configuration\n"
		"restricts nothing. Needs no privilege. With --from slurm, PART is the devices that the job was given,\n"
		"with commas between them.\n"
		"\n"
		"Dialects: systemd, runc, crun, lxc, cgroup1, compose, cdi, k8s, mesos, marathon, nomad, slurm, libvirt, snapd",
	.example = "cgfence import --from systemd nginx.service > nginx.json",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.usage_status = STATUS_INVALID,
	.run = run,
};
