// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A SPANK plugin (spank(7)): the tasks of a step are fenced before their first instruction. In plugstack.conf:
 *
 *	required cgfence.so mandatory=batch ports=12000-12999
 *
 * mandatory=NAME is the policy of every step, policies=DIR where policies are, and ports=PORTS those that a step may be
 * assigned: what --cgfence-ports and SLURM_STEP_RESV_PORTS name comes from the user, who may write there what he likes.
 */
#include "ports.h"
#include "step.h"

#include <slurm/spank.h>
#include <stdlib.h>
#include <string.h>

SPANK_PLUGIN(cgfence, 1)

static struct step_wish wish;
static const char *limit;
static char *wanted_ports;

static int take_policy(int value, const char *argument, int remote)
{
	(void)value;
	(void)remote;
	wish.chosen = strdup(argument);
	return wish.chosen ? 0 : -1;
}

static int take_ports(int value, const char *argument, int remote)
{
	(void)value;
	(void)remote;
	wanted_ports = strdup(argument);
	return wanted_ports ? 0 : -1;
}

static struct spank_option options[] = {
	{ "cgfence", "NAME", "fence the tasks with this policy of the node", 1, 0, take_policy },
	{ "cgfence-ports", "PORTS", "assign these ports to the tasks, such as 12000-12003", 1, 0,
	  take_ports },
};

/* Return: what follows @key, or NULL. */
static const char *value_of(const char *argument, const char *key)
{
	size_t length = strlen(key);

	return strncmp(argument, key, length) == 0 ? argument + length : NULL;
}

int slurm_spank_init(spank_t spank, int count, char **arguments)
{
	for (int i = 0; i < count; i++) {
		const char *value;

		if ((value = value_of(arguments[i], "mandatory=")))
			wish.mandatory = value;
		else if ((value = value_of(arguments[i], "policies=")))
			wish.directory = value;
		else if ((value = value_of(arguments[i], "ports=")))
			limit = value;
		else {
			slurm_error("cgfence: plugstack.conf: unknown argument '%s'", arguments[i]);
			return -1;
		}
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (spank_option_register(spank, &options[i]) != ESPANK_SUCCESS)
			return -1;
	}
	return 0;
}

/* Return: the ports to assign, NULL for none, to be given to free(); @refused receives whether there is one too many. */
static char *choose_ports(spank_t spank, bool *refused)
{
	char reserved[4096] = "";
	char *ports = NULL;

	spank_getenv(spank, "SLURM_STEP_RESV_PORTS", reserved, sizeof(reserved));
	if (wanted_ports && !ports_are_within(wanted_ports, limit)) {
		slurm_error(
			"cgfence: --cgfence-ports=%s is not within what the administrator permits, %s",
			wanted_ports, limit ? limit : "no port");
		*refused = true;
	} else if (*reserved && limit && !ports_are_within(reserved, limit)) {
		slurm_error("cgfence: the reserved ports are not within %s", limit);
		*refused = true;
	} else if (wanted_ports || (*reserved && limit)) {
		size_t size = sizeof(reserved) + (wanted_ports ? strlen(wanted_ports) : 0) + 2;

		ports = calloc(1, size);
		if (ports && wanted_ports)
			strcpy(ports, wanted_ports);
		if (ports && wanted_ports && *reserved && limit)
			strcat(ports, ",");
		if (ports && *reserved && limit)
			strcat(ports, reserved);
		*refused = !ports;
	}
	return ports;
}

int slurm_spank_task_init_privileged(spank_t spank, int count, char **arguments)
{
	struct cgfence_error error = { .text = "" };
	bool refused = false;
	bool above = false;
	char *ports;
	int result = 0;

	(void)count;
	(void)arguments;
	if (!wish.mandatory && !wish.chosen) {
		if (wanted_ports)
			slurm_error("cgfence: --cgfence-ports needs --cgfence=NAME");
		return wanted_ports ? -1 : 0;
	}
	ports = choose_ports(spank, &refused);
	wish.ports = ports;
	if (!refused)
		result = step_fence(&wish, &above, &error);
	wish.ports = NULL;
	free(ports);
	if (result)
		slurm_error("cgfence: the task is not started without its fence: %s", error.text);
	else if (above)
		slurm_debug("cgfence: the fence is above the device programs of Slurm");
	return result || refused ? -1 : 0;
}

/* In the output of the job. */
static void tell(const char *line, void *context)
{
	(void)context;
	slurm_spank_log("cgfence: %s", line);
}

/* In slurmstepd, when each task ends; its output is open until the last one has. */
int slurm_spank_task_exit(spank_t spank, int count, char **arguments)
{
	static uint32_t ended;
	struct cgfence_error error = { .text = "" };
	uint32_t tasks = 1;

	(void)count;
	(void)arguments;
	if (!wish.mandatory && !wish.chosen)
		return 0;
	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &tasks);
	if (++ended == tasks && step_tell(tell, NULL, &error))
		slurm_error("cgfence: cannot say what the tasks were refused: %s", error.text);
	return 0;
}

/* What the tasks left running has been killed by now. */
int slurm_spank_exit(spank_t spank, int count, char **arguments)
{
	struct cgfence_error error = { .text = "" };

	(void)count;
	(void)arguments;
	if (spank_context() != S_CTX_REMOTE || spank_remote(spank) != 1 ||
	    (!wish.mandatory && !wish.chosen))
		return 0;
	if (step_end(&error))
		slurm_error("cgfence: cannot take the fence of the step away: %s", error.text);
	return 0;
}
