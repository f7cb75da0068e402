// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/audit.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/learner.h"
#include "cli/spawn.h"
#include "report/output.h"
#include "report/touched.h"

#include <fcntl.h>
#include <string.h>

static void decref(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(decref)))

struct audit {
	json_t *touched;
	bool is_short; /* of memory */
};

static void take(const struct cgfence_learnt *learnt, void *context)
{
	struct audit *audit = context;

	if (json_array_append_new(audit->touched, touched_json(learnt)))
		audit->is_short = true;
	if (!learnt->allowed)
		output_complain(
			"the policy would have refused %s to %s, %llu time%s: %s", learnt->what,
			*learnt->who ? learnt->who : "processes that this kernel does not name",
			(unsigned long long)learnt->count, learnt->count == 1 ? "" : "s",
			learnt->reason);
}

static json_t *describe(char *const *command, const char *policy_name, int exit_status,
			size_t refused)
{
	json_t *words = json_array();

	for (; *command; command++)
		json_array_append_new(words, output_json_string(*command));
	return json_pack("{s:o, s:o, s:i, s:I}", "command", words, "policy",
			 output_json_string(policy_name), "exit", exit_status, "refused",
			 (json_int_t)refused);
}

static bool is_xml(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && strcmp(path + length - 4, ".xml") == 0;
}

/* Before the command runs, since it may run for long. */
static int try_report(const char *path, struct cgfence_error *error)
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

	/* Nobody reads from a FIFO yet. */
	return fd >= 0 || errno == ENXIO
		       ? 0
		       : error_set(error, errno, "cannot write the report '%s': %s", path,
				   strerror(errno));
}

/* Likewise: a policy whose devices only a container has can judge none. */
static int try_policy(const struct cgfence_policy *policy, struct cgfence_error *error)
{
	const struct cgfence_device_request any = {
		.type = BPF_DEVCG_DEV_CHAR,
		.major = 1,
		.minor = 3,
		.access = BPF_DEVCG_ACC_READ,
	};
	struct cgfence_explanation explanation;

	return cgfence_policy_explain_device(policy, &any, &explanation, error);
}

static int write_report(const char *path, const struct audit *audit, json_t *head, size_t refused,
			struct cgfence_error *error)
{
	FILE *file = fopen(path, "we");
	bool is_written = file;

	if (file) {
		is_written = is_xml(path)
				     ? touched_write_junit(file, audit->touched, refused)
				     : touched_write_json(file, audit->touched, json_incref(head));
		is_written = fclose(file) == 0 && is_written;
	}
	json_decref(head);
	return is_written ? 0
			  : error_set(error, errno ? errno : EIO, "cannot write the report %s: %s",
				      path, strerror(errno ? errno : EIO));
}

static int judge(const struct learner *learner, const struct cgfence_policy *policy,
		 struct audit *audit, size_t *refused, struct cgfence_error *error)
{
	int result = cgfence_lesson_judge(learner->lesson, policy, take, audit, refused, error);

	return result || !audit->is_short ? result : error_out_of_memory(error);
}

int audit_run(struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
	      char *const *command, const char *report, const char *policy_name, int *exit_status,
	      size_t *refused, struct cgfence_error *error)
{
	cleanup_learner struct learner learner = { 0 };
	const struct spawn_options options = { .tick = learner_tick, .context = &learner };
	struct audit audit = { .touched = json_array() };
	cleanup_json json_t *touched = audit.touched;
	int status = STATUS_RUN_FAILED;
	int result = try_policy(policy, error);

	if (result == 0 && report)
		result = try_report(report, error);
	if (result == 0)
		result = learner_begin(NULL, cgroup, policy, CGFENCE_ATTACH_EPHEMERAL, &learner,
				       error);
	if (result == 0)
		result = spawn_and_wait(cgroup, command, &options, &status, error);
	if (result == 0)
		result = learner_finish(&learner, error);
	if (result == 0)
		result = judge(&learner, policy, &audit, refused, error);
	if (result == 0 && report)
		result = write_report(report, &audit,
				      describe(command, policy_name, status, *refused), *refused,
				      error);
	if (result == 0)
		*exit_status = status;
	return result;
}
