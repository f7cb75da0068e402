// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "base/cleanup.h"
#include "cli/doctor_cgroup.h"
#include "cli/doctor_host.h"
#include "cli/doctor_kernel.h"
#include "cli/help.h"
#include "base/privilege.h"

#include <stdlib.h>

static bool json;

static int print(const struct findings *findings, json_t *object)
{
	int status = findings->bad ? STATUS_FAILED : STATUS_DONE;

	if (!json) {
		findings_print(findings);
		json_decref(object);
		return status;
	}
	json_object_set_new(object, "checks", findings_json(findings));
	return output_json(object) == STATUS_DONE ? status : STATUS_FAILED;
}

static int look_at_host(void)
{
	cleanup_findings struct findings findings = { 0 };

	doctor_look_at_place(&findings);
	if (privilege_has_admin()) {
		doctor_look_at_kernel(&findings);
		doctor_look_at_host(&findings);
	}
	return print(&findings, json_pack("{s:b}", "fences_hold", !findings.bad));
}

static int look_at_cgroup(const char *name)
{
	cleanup_findings struct findings findings = { 0 };
	struct cgfence_error error = { 0 };
	cleanup_free char *path = NULL;

	cgfence_fence_sweep_some();
	if (doctor_look_at_cgroup(name, &findings, &path, &error))
		return output_failure(&error);
	return print(&findings, json_pack("{s:o}", "cgroup", output_json_string(path)));
}

static int run(const struct arguments *arguments)
{
	if (!arguments->operand_count)
		return look_at_host();
	if (!privilege_has_admin())
		return help_refuse_privilege("doctor of a cgroup", STATUS_FAILED);
	return look_at_cgroup(arguments->operands[0]);
}

static const struct command_option options[] = {
	COMMAND_OPTION_JSON(json, "one JSON object"),
	{ 0 },
};

const struct command command_doctor = {
	.name = "doctor",
	.synopsis = "[-j] [CGROUP|PATTERN]",
	.summary = "say what this host can do, or what is wrong with a fence",
	.description =
		"Tries what fences need, on a cgroup that is there for a moment: that devices and ports are refused, what\n"
		"the listen guard does, standing fences, and a pass of the reconciler. Says what it found, a line each, and\n"
		"what would mend it: 'ok', 'note' for what can be lived with, 'bad' for what keeps fences from holding,\n"
		"with which it exits with 1. It changes nothing.\n"
		"\n"
		"With CGROUP it says who has a say there and since when, what was refused lately, and the command that\n"
		"would allow it. cgfence-troubleshooting(7) goes by symptoms.",
	.example = "cgfence doctor /machine/web",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = false,
	.usage_status = STATUS_INVALID,
	.run = run,
};
