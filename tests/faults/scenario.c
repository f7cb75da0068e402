// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "scenario.h"
#include "probe.h"
#include "remains.h"
#include "tracer.h"
#include "../harness.h"
#include "../system/sockets.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define WORDS_MAX 8
#define FAILURES_MAX 8

/* A cgroup of the scenario that runs. */
struct place {
	const struct scenario_place *plan;
	struct cgfence_cgroup *cgroup;
	char policy_path[2][128]; /* of the policy before and after */
	json_t *status[2];	  /* likewise, what status says; NULL if there is no fence */
	json_int_t denied;	  /* how many devices were refused when it was last asked */
};

static struct {
	const struct scenario *scenario;
	struct place places[SCENARIO_PLACES];
	struct cgfence_cgroup *cgroups[SCENARIO_PLACES];
	size_t count;
	char directory[128]; /* of the policies for apply */
	struct tracer_options fault;
	struct tracer_result struck;
	unsigned int failures;
	unsigned int faults;
	unsigned int ended_old;
	unsigned int ended_new;
	unsigned int ended_mixed;
	unsigned int repaired;
	unsigned int succeeded; /* commands that did it all the same */
} run;

static bool wants_all(void)
{
	const char *wanted = getenv("CGFENCE_FAULTS");

	return wanted && strcmp(wanted, "all") == 0;
}

/* Return: false, after it was said where the fault was. */
static __attribute__((format(printf, 1, 2))) bool complain(const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	run.failures++;
	cr_expect_fail("%s, %s%s at call %zu, %s: %s; errors '%s'", run.scenario->command,
		       run.fault.fault == TRACER_KILL ? "killed" : "failed with ",
		       run.fault.fault == TRACER_KILL ? "" : strerrorname_np(run.fault.code),
		       run.fault.index, run.struck.call, text, run.struck.errors);
	return false;
}

static const char *program_path(void)
{
	const char *path = getenv("CGFENCE_FAULTS_PROGRAM");

	/* Not the one with sanitizers: LeakSanitizer does not work under ptrace. */
	return path ? path : "build/cgfence";
}

/* Runs cgfence with @words, ended by NULL. */
static void run_program(const char *const *words, const struct tracer_options *options,
			struct tracer_result *result)
{
	const char *argv[WORDS_MAX + 2] = { program_path() };
	int code;

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		argv[i + 1] = words[i];
	code = tracer_run(argv, options, result);
	cr_assert_eq(code, 0, "%s: %s", argv[0], strerror(-code));
}

static struct tracer_options no_fault(void)
{
	return (struct tracer_options){ .old_kernel = run.scenario->old_kernel };
}

/* Runs the command of the scenario. */
static void run_command(const struct tracer_options *options, struct tracer_result *result)
{
	const struct scenario *scenario = run.scenario;
	const struct place *place = &run.places[0];
	const char *words[WORDS_MAX + 1] = { scenario->command };
	size_t used = 1;

	if (strcmp(scenario->command, "apply") == 0) {
		words[used++] = "--prune";
		words[used++] = run.directory;
	} else {
		words[used++] = cgfence_cgroup_path(place->cgroup);
	}
	if (strcmp(scenario->command, "attach") == 0)
		words[used++] = place->policy_path[1];
	for (size_t i = 0;
	     i < sizeof(scenario->what) / sizeof(scenario->what[0]) && scenario->what[i]; i++)
		words[used++] = scenario->what[i];
	run_program(words, options, result);
}

/* What must be equal of two fences with the same policy. */
static json_t *essence(const json_t *element)
{
	return json_pack("{s:O, s:O, s:O, s:O}", "policy", json_object_get(element, "policy"),
			 "mode", json_object_get(element, "mode"), "hooks",
			 json_object_get(element, "hooks"), "listen_guard",
			 json_object_get(element, "listen_guard"));
}

struct seen {
	json_t *status; /* NULL if there is no fence */
	json_int_t generation;
	json_int_t denied;
};

static bool read_status(const struct place *place, struct seen *seen)
{
	static struct tracer_result result;
	const struct tracer_options options = no_fault();
	const json_t *element;
	json_t *list;

	*seen = (struct seen){ 0 };
	run_program((const char *const[]){ "status", cgfence_cgroup_path(place->cgroup), "--json",
					   NULL },
		    &options, &result);
	if (result.status == 1 && strstr(result.errors, "has no fence of its own"))
		return true;
	list = json_loads(result.output, 0, NULL);
	element = json_array_get(list, 0);
	if (result.status == 0 && element) {
		seen->status = essence(element);
		seen->generation = json_integer_value(json_object_get(element, "generation"));
		seen->denied = json_integer_value(json_object_get(
			json_object_get(json_object_get(element, "counters"), "device"), "denied"));
	}
	json_decref(list);
	return seen->status ||
	       complain("status of %s: status %d, errors '%s'", cgfence_cgroup_path(place->cgroup),
			result.status, result.errors);
}

static bool check_verdicts(const struct place *place, const char *one, const char *other,
			   const char *when)
{
	struct probe_verdicts verdicts = probe_run(place->cgroup);

	return probe_match_either(verdicts.text, one, other) ||
	       complain("%s, %s: saw %s, not %s or %s", place->plan->cgroup, when, verdicts.text,
			one, other);
}

static bool status_is(const struct place *place, const struct seen *seen, bool after)
{
	return seen->status ? json_equal(seen->status, place->status[after])
			    : !place->status[after];
}

/* Which of both is in force, if it is one of them and holds. */
static bool find_state(struct place *place, struct seen *seen, bool *after)
{
	const struct scenario_place *plan = place->plan;
	bool found;

	if (!read_status(place, seen))
		return false;
	*after = status_is(place, seen, true);
	found = *after || status_is(place, seen, false);
	if (!found) {
		char *text = json_dumps(seen->status, 0);

		complain("%s: status shows neither policy but %s", plan->cgroup, text);
		free(text);
	}
	json_decref(seen->status);
	if (!found)
		return false;
	/* What the fence refused before must not be forgotten while there is one. */
	if (seen->status && plan->before.policy && seen->denied < place->denied)
		return complain("%s: counters went from %lld to %lld", plan->cgroup,
				(long long)place->denied, (long long)seen->denied);
	place->denied = seen->denied;
	return check_verdicts(place, *after ? plan->after.verdicts : plan->before.verdicts,
			      *after ? plan->after.verdicts : plan->before.verdicts,
			      *after ? "with the new policy" : "with the old policy");
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
	const struct tracer_options options = no_fault();

	if (run.scenario->new_host)
		forget_host();
	remains_begin();
	for (size_t i = 0; i < run.count; i++) {
		struct place *place = &run.places[i];

		place->denied = 0;
		if (!place->plan->before.policy)
			continue;
		run_program((const char *const[]){ "attach", cgfence_cgroup_path(place->cgroup),
						   place->policy_path[0], NULL },
			    &options, &result);
		cr_assert_eq(result.status, 0, "%s", result.errors);
		cr_assert(check_verdicts(place, place->plan->before.verdicts,
					 place->plan->before.verdicts, "at first"));
		for (size_t device = 0; device < PROBE_DEVICES; device++)
			place->denied += place->plan->before.verdicts[device] == '-';
	}
}

static bool tear_down(void)
{
	static struct tracer_result result;
	const struct tracer_options options = no_fault();
	char text[REMAINS_TEXT_SIZE];

	for (size_t i = 0; i < run.count; i++) {
		run_program((const char *const[]){ "detach", cgfence_cgroup_path(run.cgroups[i]),
						   NULL },
			    &options, &result);
		if (result.status)
			return complain("detach: status %d, errors '%s'", result.status,
					result.errors);
	}
	return remains_none(run.cgroups, run.count, text) || complain("after detach, %s", text);
}

/* A sentence that says what it was doing, and neither a bare number nor what is not true. */
static bool check_message(void)
{
	const char *errors = run.struck.errors;
	size_t length = strlen(errors);

	return (strncmp(errors, "cgfence: ", 9) == 0 && length > 2 &&
		strcmp(errors + length - 2, ".\n") == 0 &&
		(strstr(errors, "cannot ") || strstr(errors, "fails")) && !strstr(errors, ": -") &&
		!strstr(errors, "error -") && !strstr(errors, "another version") &&
		!strstr(errors, "damaged") && !strstr(errors, "no fence") &&
		!strstr(errors, "Success")) ||
	       complain("this message is not clear");
}

/* What one fault has left: nothing that both policies would not, and a whole policy from the next command on. */
static bool check_aftermath(void)
{
	bool killed = run.fault.fault == TRACER_KILL;
	unsigned int new_count = 0;
	bool torn = false;

	for (size_t i = 0; i < run.count; i++) {
		const struct scenario_place *plan = run.places[i].plan;

		if (!check_verdicts(&run.places[i], plan->before.verdicts, plan->after.verdicts,
				    "at once"))
			return false;
	}
	for (size_t i = 0; i < run.count; i++) {
		char text[REMAINS_TEXT_SIZE];

		if (!remains_settle(run.cgroups[i], text))
			return complain("%s", text);
		torn = torn || remains_torn(run.cgroups[i]);
	}
	for (size_t i = 0; i < run.count; i++) {
		struct place *place = &run.places[i];
		struct seen seen;
		bool after;

		if (!find_state(place, &seen, &after))
			return false;
		new_count += after;
		if (!after && seen.generation != (place->status[0] ? 1 : 0))
			return complain("the old policy has generation %lld",
					(long long)seen.generation);
		/* Of several cgroups, those that did not fail have the new policy. */
		if (!killed && run.struck.status && after && run.count == 1)
			return complain("it failed with the new policy in force");
		if (!killed && !run.struck.status && !after)
			return complain("it succeeded with the old policy in force");
	}
	if (!killed && torn)
		return complain("it left something to repair");
	run.repaired += torn;
	run.ended_new += new_count == run.count;
	run.ended_old += new_count == 0;
	run.ended_mixed += new_count && new_count != run.count;
	return killed || !run.struck.status || check_message();
}

static bool check_repetition(void)
{
	static struct tracer_result result;
	const struct tracer_options options = no_fault();

	run_command(&options, &result);
	if (result.status)
		return complain("again: status %d, errors '%s'", result.status, result.errors);
	for (size_t i = 0; i < run.count; i++) {
		struct seen seen;
		bool after;

		if (!find_state(&run.places[i], &seen, &after))
			return false;
		if (!after)
			return complain("again: the old policy is in force");
	}
	return true;
}

/* Return: false once the command ends before the fault. */
static bool strike(void)
{
	bool well;

	set_up();
	run.struck.call[0] = '\0';
	run_command(&run.fault, &run.struck);
	if (run.struck.struck)
		run.faults++;
	else if (run.struck.status)
		complain("it failed without a fault, with status %d", run.struck.status);
	run.succeeded += run.struck.struck && run.struck.status == 0;
	well = check_aftermath() && check_repetition();
	well = tear_down() && well;
	return run.struck.struck && run.failures < FAILURES_MAX;
}

static void write_policy(const struct place *place, const char *policy, char path[128],
			 const char *directory, const char *suffix)
{
	FILE *file;

	snprintf(path, 128, "%s/%s%s.json", directory, place->plan->cgroup, suffix);
	file = fopen(path, "we");
	cr_assert(file, "%s: %s", path, strerror(errno));
	fprintf(file, "{\"cgroup\": \"%s\", ", cgfence_cgroup_path(place->cgroup));
	for (policy++; *policy; policy++)
		putc(*policy == '\'' ? '"' : *policy, file);
	cr_assert_eq(fclose(file), 0);
}

static void write_policies(struct place *place)
{
	const struct scenario_place *plan = place->plan;

	if (plan->before.policy)
		write_policy(place, plan->before.policy, place->policy_path[0], harness_directory(),
			     "-before");
	if (plan->after.policy)
		write_policy(place, plan->after.policy, place->policy_path[1], run.directory, "");
}

/* What status says before and after, when nothing fails. */
static void learn(void)
{
	static struct tracer_result result;
	const struct tracer_options options = no_fault();

	set_up();
	for (int after = 0; after < 2; after++) {
		for (size_t i = 0; i < run.count; i++) {
			struct place *place = &run.places[i];
			const struct scenario_state *state = after ? &place->plan->after
								   : &place->plan->before;
			struct seen seen;

			cr_assert(read_status(place, &seen));
			cr_assert_eq(!seen.status, !state->policy, "%s", place->plan->cgroup);
			place->status[after] = seen.status;
			cr_assert(check_verdicts(place, state->verdicts, state->verdicts,
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
	snprintf(run.directory, sizeof(run.directory), "%s/policies", harness_directory());
	cr_assert_eq(mkdir(run.directory, 0700), 0);
	for (; scenario->places[run.count].cgroup; run.count++) {
		struct place *place = &run.places[run.count];

		place->plan = &scenario->places[run.count];
		place->cgroup = harness_child_cgroup(harness_cgroup(), place->plan->cgroup);
		run.cgroups[run.count] = place->cgroup;
		write_policies(place);
	}
	learn();
}

static void end(const char *faults)
{
	for (size_t i = 0; i < run.count; i++) {
		json_decref(run.places[i].status[0]);
		json_decref(run.places[i].status[1]);
	}
	if (!wants_all())
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
	cr_assert_eq(sockets_enter_namespace(), 0, "network namespace: %s", strerror(errno));
}

void scenario_kill(const struct scenario *scenario)
{
	begin(scenario);
	run.fault = no_fault();
	run.fault.scope = wants_all() ? TRACER_ALL : TRACER_CHANGES;
	run.fault.fault = TRACER_KILL;
	while (strike())
		run.fault.index++;
	end("kills");
}

void scenario_fail(const struct scenario *scenario)
{
	static const int codes[] = { EPERM, ENOMEM, E2BIG, EBUSY };
	const size_t code_count = sizeof(codes) / sizeof(codes[0]);
	size_t step = wants_all() ? 1 : 5;

	if (!tracer_can_fail_calls()) {
		harness_end();
		cr_skip_test("system calls cannot be failed on this architecture");
	}
	begin(scenario);
	run.fault = no_fault();
	run.fault.scope = TRACER_BPF;
	run.fault.fault = TRACER_ERROR;
	for (size_t i = 0;; i += step) {
		run.fault.index = i / code_count;
		run.fault.code = codes[i % code_count];
		if (!strike())
			break;
	}
	end("errors");
}
