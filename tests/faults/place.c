// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "place.h"
#include "probe.h"
#include "runner.h"
#include "support/fences.h"
#include "support/harness.h"

#include <string.h>

/* The parts that two fences with the same policy share. */
static json_t *essence(const json_t *element)
{
	return json_pack("{s:O, s:O, s:O, s:O}", "policy", json_object_get(element, "policy"),
			 "mode", json_object_get(element, "mode"), "hooks",
			 json_object_get(element, "hooks"), "listen_guard",
			 json_object_get(element, "listen_guard"));
}

bool place_read_status(const struct place *place, struct seen *seen)
{
	static struct tracer_result result;
	/* A repair, of whichever policy, by the kernel as it is: what status shows does not tell who kills. */
	const struct tracer_options options = { 0 };
	const json_t *element;
	json_t *list;

	*seen = (struct seen){ 0 };
	runner_run((const char *const[]){ "status", cgfence_cgroup_path(place->cgroup), "--json",
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
	       runner_complain("status of %s: status %d, errors '%s'",
			       cgfence_cgroup_path(place->cgroup), result.status, result.errors);
}

bool place_check_verdicts(const struct place *place, const char *one, const char *other,
			  const char *when)
{
	struct probe_verdicts verdicts = probe_run(place->cgroup);

	return probe_match_either(verdicts.text, one, other) ||
	       runner_complain("%s, %s: saw %s, not %s or %s", place->plan->cgroup, when,
			       verdicts.text, one, other);
}

static bool status_is(const struct place *place, const struct seen *seen, bool after)
{
	return seen->status ? json_equal(seen->status, place->status[after])
			    : !place->status[after];
}

/* A policy in words is remembered whole, with its numbers or not at all. */
static bool check_source(const struct place *place, bool after)
{
	static struct tracer_result result;
	const struct tracer_options options = { 0 };
	const struct scenario_state *state = after ? &place->plan->after : &place->plan->before;
	json_t *wanted = NULL;
	json_t *source = NULL;
	bool same;

	if (!state->policy || !strstr(state->policy, "/dev/"))
		return true;
	runner_run((const char *const[]){ "show", "--source", cgfence_cgroup_path(place->cgroup),
					  NULL },
		   &options, &result);
	source = json_loads(result.output, 0, NULL);
	wanted = json_load_file(place->policy_path[after], 0, NULL);
	same = json_equal(source, wanted);
	json_decref(source);
	json_decref(wanted);
	return same || runner_complain("%s: the source is '%s', errors '%s'", place->plan->cgroup,
				       result.output, result.errors);
}

bool place_find_state(struct place *place, struct seen *seen, bool *after)
{
	const struct scenario_place *plan = place->plan;
	const char *verdicts;
	bool fenced;
	bool found;

	if (!place_read_status(place, seen))
		return false;
	fenced = seen->status;
	*after = status_is(place, seen, true);
	found = *after || status_is(place, seen, false);
	if (!found) {
		char *text = fenced ? json_dumps(seen->status, 0) : NULL;

		runner_complain("%s: status shows neither policy but %s", plan->cgroup,
				text ? text : "no fence");
		free(text);
	}
	json_decref(seen->status);
	seen->status = NULL;
	if (!found)
		return false;
	/* While there is a fence, its counts of refusals must not get lost. */
	if (fenced && plan->before.policy && seen->denied < place->denied)
		return runner_complain("%s: counters went from %lld to %lld", plan->cgroup,
				       (long long)place->denied, (long long)seen->denied);
	place->denied = seen->denied;
	verdicts = *after ? plan->after.verdicts : plan->before.verdicts;
	return check_source(place, *after) &&
	       place_check_verdicts(place, verdicts, verdicts,
				    *after ? "with the new policy" : "with the old policy");
}

static void write_policy(const struct place *place, const char *policy, char path[128],
			 const char *directory, const char *suffix)
{
	char text[1024];
	int code;

	snprintf(path, 128, "%s/%s%s.json", directory, place->plan->cgroup, suffix);
	snprintf(text, sizeof(text), "{'cgroup': '%s', %s", cgfence_cgroup_path(place->cgroup),
		 policy + 1);
	code = fences_write_json(path, text);
	cr_assert_eq(code, 0, "%s: %s", path, strerror(-code));
}

void place_write_policies(struct place *place, const char *directory)
{
	const struct scenario_place *plan = place->plan;

	if (plan->before.policy)
		write_policy(place, plan->before.policy, place->policy_path[0], harness_directory(),
			     "-before");
	if (plan->after.policy)
		write_policy(place, plan->after.policy, place->policy_path[1], directory, "");
}
