// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "scenario.h"
#include "place.h"
#include "probe.h"
#include "remains.h"
#include "runner.h"
#include "support/harness.h"
#include "support/whitelist.h"
#include "support/sockets.h"
#include "support/namespaces.h"
#include "support/fences.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FAILURES_MAX 8

/* Of the faults that changed nothing, one in this many gets all the checks of the others. */
#define FULL_CHECK_STEP 16

/* One in so many of the calls that change nothing lasting, unless all are wanted. */
#define OTHERS_STEP 7

static struct {
	const struct scenario *scenario;
	struct place places[SCENARIO_PLACES];
	struct cgfence_cgroup *cgroups[SCENARIO_PLACES];
	size_t count;
	char directory[128]; /* of the policies for apply */
	unsigned int faults;
	unsigned int ended_old;
	unsigned int ended_new;
	unsigned int ended_mixed;
	unsigned int repaired;
	unsigned int succeeded; /* commands that succeeded all the same */
	bool is_set_up;
	struct whitelist foreign; /* of the first cgroup */
	unsigned int host_pins;	  /* when it was set up */
} run;

static bool wants_all(void)
{
	const char *wanted = getenv("CGFENCE_FAULTS");

	return wanted && strcmp(wanted, "all") == 0;
}

/* A policy that does not kill needs no program that an old kernel would refuse. */
static struct tracer_options options_for(const struct tracer_options *options, const char *policy)
{
	struct tracer_options made = *options;

	made.old_kernel = made.old_kernel && (!policy || strstr(policy, "kill"));
	return made;
}

/* Runs the command of the scenario. */
static void run_command(const struct tracer_options *given, struct tracer_result *result)
{
	const struct scenario *scenario = run.scenario;
	const struct place *place = &run.places[0];
	const struct tracer_options options = options_for(given, place->plan->after.policy);
	const char *words[RUNNER_WORDS_MAX + 1] = { scenario->command };
	size_t used = 1;

	if (strcmp(scenario->command, "apply") == 0) {
		words[used++] = "--prune";
		words[used++] = run.directory;
	} else {
		/* The test is in a mount namespace of its own. */
		if (scenario->new_host)
			words[used++] = "--private";
		words[used++] = cgfence_cgroup_path(place->cgroup);
	}
	if (strcmp(scenario->command, "adopt") == 0)
		words[used++] = "--with";
	if (strcmp(scenario->command, "attach") == 0 || strcmp(scenario->command, "adopt") == 0)
		words[used++] = place->policy_path[1];
	for (size_t i = 0;
	     i < sizeof(scenario->what) / sizeof(scenario->what[0]) && scenario->what[i]; i++)
		words[used++] = scenario->what[i];
	runner_run(words, &options, result);
}

static void forget_host(void)
{
	while (umount2("/sys/fs/bpf", MNT_DETACH) == 0)
		;
	cr_assert_eq(mount("tmpfs", "/sys/fs/bpf", "tmpfs", 0, NULL), 0);
}

/* The state before the command. */
static void set_up(void)
{
	static struct tracer_result result;

	if (run.is_set_up)
		return;
	run.is_set_up = true;
	if (run.scenario->new_host)
		forget_host();
	remains_begin();
	for (size_t i = 0; i < run.count; i++) {
		struct place *place = &run.places[i];
		const struct tracer_options options =
			options_for(&(struct tracer_options){ .old_kernel = runner.old_kernel },
				    place->plan->before.policy);

		place->denied = 0;
		if (!place->plan->before.policy)
			continue;
		runner_run((const char *const[]){ "attach", cgfence_cgroup_path(place->cgroup),
						  place->policy_path[0], NULL },
			   &options, &result);
		cr_assert_eq(result.status, 0, "%s", result.errors);
		cr_assert(place_check_verdicts(place, place->plan->before.verdicts,
					       place->plan->before.verdicts, "at first"));
		for (size_t device = 0; device < PROBE_DEVICES; device++)
			place->denied += place->plan->before.verdicts[device] == '-';
	}
	run.host_pins = remains_host_pins();
}

/* Attached as it was, and alone. */
static bool check_foreign(void)
{
	struct whitelist_programs programs = whitelist_query(run.cgroups[0]);

	return (programs.count == 1 && programs.ids[0] == run.foreign.id &&
		programs.flags == BPF_F_ALLOW_MULTI) ||
	       runner_complain("%u programs are attached, not that of others alone",
			       programs.count);
}

static bool tear_down(void)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();
	char text[REMAINS_TEXT_SIZE];

	run.is_set_up = false;
	for (size_t i = 0; i < run.count; i++) {
		runner_run((const char *const[]){ "detach", cgfence_cgroup_path(run.cgroups[i]),
						  NULL },
			   &options, &result);
		if (result.status)
			return runner_complain("detach: status %d, errors '%s'", result.status,
					       result.errors);
	}
	if (run.scenario->foreign && !check_foreign())
		return false;
	return remains_none(run.cgroups, run.count, text) ||
	       runner_complain("after detach, %s", text);
}

/* A sentence that names the action, without a bare number and without an untruth. */
static bool check_message(void)
{
	const char *errors = runner.struck.errors;
	size_t length = strlen(errors);

	return (strncmp(errors, "cgfence: ", 9) == 0 && length > 2 &&
		strcmp(errors + length - 2, ".\n") == 0 &&
		(strstr(errors, "cannot ") || strstr(errors, "fails")) && !strstr(errors, ": -") &&
		!strstr(errors, "error -") && !strstr(errors, "another version") &&
		!strstr(errors, "damaged") && !strstr(errors, "no fence") &&
		!strstr(errors, "Success")) ||
	       runner_complain("this message is not clear");
}

static void count_end(unsigned int new_count, bool torn)
{
	if (!runner.struck.struck)
		return;
	run.repaired += torn;
	run.ended_new += new_count == run.count;
	run.ended_old += new_count == 0;
	run.ended_mixed += new_count && new_count != run.count;
}

/* Checks after a fault: no verdict that both policies would not give, and a whole policy from the next command on. */
static bool check_aftermath(void)
{
	bool killed = runner.fault.fault == TRACER_KILL;
	unsigned int new_count = 0;
	bool torn = false;

	for (size_t i = 0; i < run.count; i++) {
		const struct scenario_place *plan = run.places[i].plan;

		if (!place_check_verdicts(&run.places[i], plan->before.verdicts,
					  plan->after.verdicts, "at once"))
			return false;
	}
	for (size_t i = 0; i < run.count; i++) {
		char text[REMAINS_TEXT_SIZE];

		if (!remains_settle(run.cgroups[i], text))
			return runner_complain("%s", text);
		torn = torn || remains_torn(run.cgroups[i]);
	}
	for (size_t i = 0; i < run.count; i++) {
		struct place *place = &run.places[i];
		struct seen seen;
		bool after;

		if (!place_find_state(place, &seen, &after))
			return false;
		new_count += after;
		/* A repair counts as a change. */
		if (!after && !torn && seen.generation != (place->status[0] ? 1 : 0))
			return runner_complain("the old policy has generation %lld",
					       (long long)seen.generation);
		/* Of several cgroups, those that did not fail have the new policy. */
		if (!killed && runner.struck.status && after && run.count == 1)
			return runner_complain("it failed with the new policy in force");
		if (!killed && !runner.struck.status && !after)
			return runner_complain("it succeeded with the old policy in force");
	}
	if (!killed && torn)
		return runner_complain("it left something to repair");
	count_end(new_count, torn);
	return killed || !runner.struck.status || check_message();
}

static bool check_repetition(void)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();

	run_command(&options, &result);
	if (result.status)
		return runner_complain("again: status %d, errors '%s'", result.status,
				       result.errors);
	for (size_t i = 0; i < run.count; i++) {
		struct seen seen;
		bool after;

		if (!place_find_state(&run.places[i], &seen, &after))
			return false;
		if (!after)
			return runner_complain("again: the old policy is in force");
	}
	return true;
}

/* Return: false once the command ends before the fault. */
static bool strike(void)
{
	unsigned int old_count;
	unsigned int repaired;
	bool well;

	set_up();
	runner.struck.call[0] = '\0';
	run_command(&runner.fault, &runner.struck);
	if (runner.struck.struck)
		run.faults++;
	else if (runner.struck.status)
		runner_complain("it failed without a fault, with status %d", runner.struck.status);
	run.succeeded += runner.struck.struck && runner.struck.status == 0;
	old_count = run.ended_old;
	repaired = run.repaired;
	well = check_aftermath();
	/* If nothing has changed, the next run of the command serves as the repetition. */
	if (well && run.ended_old > old_count && run.repaired == repaired && runner.struck.struck &&
	    !run.scenario->new_host && run.host_pins == remains_host_pins() &&
	    run.faults % FULL_CHECK_STEP)
		return true;
	well = well && check_repetition();
	well = tear_down() && well;
	return runner.struck.struck && runner.failures < FAILURES_MAX;
}

/* The output of status before and after a run without faults. */
static void learn(void)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();

	set_up();
	for (int after = 0; after < 2; after++) {
		for (size_t i = 0; i < run.count; i++) {
			struct place *place = &run.places[i];
			const struct scenario_state *state = after ? &place->plan->after
								   : &place->plan->before;
			struct seen seen;

			cr_assert(place_read_status(place, &seen));
			cr_assert_eq(!seen.status, !state->policy, "%s", place->plan->cgroup);
			place->status[after] = seen.status;
			cr_assert(place_check_verdicts(place, state->verdicts, state->verdicts,
						       after ? "after" : "before"));
		}
		if (!after) {
			run_command(&options, &result);
			cr_assert_eq(result.status, 0, "%s", result.errors);
		}
	}
	cr_assert(tear_down());
}

static void begin(const struct scenario *scenario)
{
	run.scenario = scenario;
	runner.command = scenario->command;
	runner.old_kernel = scenario->old_kernel;
	snprintf(run.directory, sizeof(run.directory), "%s/policies", harness_directory());
	cr_assert_eq(mkdir(run.directory, 0700), 0);
	for (; scenario->places[run.count].cgroup; run.count++) {
		struct place *place = &run.places[run.count];

		place->plan = &scenario->places[run.count];
		place->cgroup = harness_child_cgroup(harness_cgroup(), place->plan->cgroup);
		run.cgroups[run.count] = place->cgroup;
		place_write_policies(place, run.directory);
	}
	if (scenario->foreign) {
		run.foreign = whitelist_put(run.cgroups[0]);
		remains_tolerate(run.foreign.id);
	}
	learn();
}

static void end(const char *faults)
{
	for (size_t i = 0; i < run.count; i++) {
		json_decref(run.places[i].status[0]);
		json_decref(run.places[i].status[1]);
	}
	if (!getenv("CGFENCE_FAULTS"))
		return;
	fprintf(stderr, "faults: %s", run.scenario->command);
	for (size_t i = 0; i < run.count; i++)
		fprintf(stderr, ", %s to %s",
			run.places[i].plan->before.policy ? run.places[i].plan->before.policy
							  : "none",
			run.places[i].plan->after.policy ? run.places[i].plan->after.policy
							 : "none");
	fprintf(stderr,
		"%s: %u %s; %u ended old, %u new, %u mixed; %u needed repair, %u succeeded all the same\n",
		run.scenario->old_kernel ? " (old kernel)"
		: run.scenario->new_host ? " (new host)"
					 : "",
		run.faults, faults, run.ended_old, run.ended_new, run.ended_mixed, run.repaired,
		run.succeeded);
}

void scenario_begin(void)
{
	harness_begin();
	cr_assert_eq(namespaces_enter_net(), 0, "network namespace: %s", strerror(errno));
}

void scenario_kill(const struct scenario *scenario)
{
	begin(scenario);
	runner.fault = runner_options();
	runner.fault.scope = wants_all() ? TRACER_ALL : TRACER_CHANGES;
	runner.fault.fault = TRACER_KILL;
	while (strike())
		runner.fault.index++;
	end("kills");
}

/* One call in @step, with each error or, one call after the other, with one of them. */
static void fail_calls(enum tracer_scope scope, size_t step, bool each_error)
{
	static const int codes[] = { EPERM, ENOMEM, E2BIG, EBUSY };
	const size_t code_count = sizeof(codes) / sizeof(codes[0]);

	runner.fault.scope = scope;
	for (size_t i = 0;; i++) {
		runner.fault.index = (each_error ? i / code_count : i) * step;
		runner.fault.code = codes[i % code_count];
		if (!strike())
			break;
	}
}

void scenario_fail(const struct scenario *scenario)
{
	if (!tracer_can_fail_calls()) {
		harness_end();
		cr_skip_test("system calls cannot be failed on this architecture");
	}
	begin(scenario);
	runner.fault = runner_options();
	runner.fault.fault = TRACER_ERROR;
	if (wants_all()) {
		fail_calls(TRACER_BPF, 1, true);
	} else {
		fail_calls(TRACER_BPF_CHANGES, 1, false);
		fail_calls(TRACER_BPF, OTHERS_STEP, false);
	}
	end("errors");
}
