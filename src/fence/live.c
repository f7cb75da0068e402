// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The policy of all that has a say on a cgroup: its fences, those above, and device programs of others. */
#include "base/cleanup.h"
#include "base/remark.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "fence/fence.h"
#include "fence/live_foreign.h"
#include "fence/live_ports.h"
#include "fence/proof.h"
#include "policy/device_intersect.h"
#include "policy/write.h"

#include <cgfence/foreign.h>
#include <cgfence/import.h>
#include <cgfence/standing.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct live {
	const struct cgfence_cgroup *cgroup;
	cgfence_import_remark *remark;
	void *context;
	struct cgfence_policy *policy; /* of all so far; NULL for none */
	const char *words;	       /* what it was written as, if that is all of it */
};

static void release(struct live *live)
{
	cgfence_policy_free(live->policy);
}

#define cleanup_live __attribute__((cleanup(release)))

static void remark(const struct live *live, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void remark(const struct live *live, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark_format(live->remark, live->context, format, arguments);
	va_end(arguments);
}

/* ---- adding up ---- */

static int restrict_devices(struct live *live, const struct device_rules *rules, const char *place)
{
	struct cgfence_policy *policy = live->policy;
	struct device_rules both = { 0 };
	bool tightened = false;

	if (!policy->devices_fenced) {
		policy->devices_fenced = true;
		return device_rules_copy(rules, &policy->devices);
	}
	if (device_rules_intersect(&policy->devices, rules, &both, &tightened))
		return -ENOMEM;
	if (tightened)
		remark(live,
		       "%s: with what else has a say, a device may be read, or written, but not opened for both; the policy allows less",
		       place);
	device_rules_free(&policy->devices);
	policy->devices = both;
	policy->devices_base = DEVICE_BASE_NONE;
	return 0;
}

/* Ports outside of the isolated range are allowed, too. */
static struct port_set allowed_ports(const struct cgfence_policy *policy,
				     enum cgfence_protocol protocol)
{
	struct port_set allowed = { 0 };

	if (policy->has_isolated_range) {
		port_set_add_any(&allowed);
		port_set_subtract(&allowed, &policy->isolated_range);
	}
	port_set_unite(&allowed, &policy->ports[protocol]);
	return allowed;
}

static void restrict_ports(struct live *live, const struct cgfence_policy *other, const char *place)
{
	struct cgfence_policy *policy = live->policy;

	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		struct port_set both = allowed_ports(policy, (enum cgfence_protocol)i);
		struct port_set allowed = allowed_ports(other, (enum cgfence_protocol)i);
		struct port_set lost = both;

		port_set_subtract(&lost, &allowed);
		port_set_subtract(&both, &lost);
		policy->ports[i] = both;
	}
	policy->has_isolated_range = false;
	policy->sctp_any = policy->sctp_any && other->sctp_any;
	policy->privileged_ports = policy->privileged_ports && other->privileged_ports;
	if (other->netns == POLICY_NETNS_ANY)
		policy->netns = POLICY_NETNS_ANY;
	if (other->on_violation > policy->on_violation)
		policy->on_violation = other->on_violation;
	remark(live,
	       "%s: several have a say on ports; the policy assigns those that all allow, and has the strictest of their other keys",
	       place);
}

static void take_ports(struct cgfence_policy *policy, const struct cgfence_policy *other)
{
	policy->ports_fenced = true;
	policy->sctp_any = other->sctp_any;
	memcpy(policy->ports, other->ports, sizeof(policy->ports));
	policy->has_isolated_range = other->has_isolated_range;
	policy->isolated_range = other->isolated_range;
	policy->netns = other->netns;
	policy->privileged_ports = other->privileged_ports;
	policy->on_violation = other->on_violation;
}

static int add_policy(struct live *live, const struct cgfence_policy *policy, const char *place,
		      struct cgfence_error *error)
{
	if (!policy->enforce) {
		remark(live, "%s: this fence only audits, and refuses nothing; it is left out",
		       place);
		return 0;
	}
	live->words = NULL;
	if (!live->policy) {
		live->policy = policy_copy(policy);
		if (!live->policy)
			return error_out_of_memory(error);
		live->policy->adopt = false;
		return 0;
	}
	if (policy->devices_fenced && restrict_devices(live, &policy->devices, place))
		return error_out_of_memory(error);
	if (!policy->ports_fenced)
		return 0;
	if (live->policy->ports_fenced)
		restrict_ports(live, policy, place);
	else
		take_ports(live->policy, policy);
	return 0;
}

/* ---- fences ---- */

static int add_fence(struct live *live, uint64_t id, const char *place, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(id, &fence, error);

	if (result)
		return result == -ENOENT ? 0 : result;
	return add_policy(live, cgfence_fence_policy(fence),
			  place ? place : cgfence_fence_pattern(fence), error);
}

static int add_fences_of(struct live *live, const struct cgfence_cgroup *cgroup,
			 struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = cgfence_fence_check_hidden(cgroup, error);

	if (result == 0)
		result = add_fence(live, cgfence_cgroup_id(cgroup), cgfence_cgroup_path(cgroup),
				   error);
	if (result == 0)
		result = cgfence_standing_of(cgfence_cgroup_id(cgroup), &ids, &count, error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_fence(live, ids[i], NULL, error);
	return result;
}

/* From the cgroup upwards. */
static int add_fences(struct live *live, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = cgfence_cgroup_open_id(cgfence_cgroup_id(live->cgroup), &cgroup, error);

	while (result == 0) {
		struct cgfence_cgroup *parent = NULL;

		result = add_fences_of(live, cgroup, error);
		if (result)
			return result;
		result = cgfence_cgroup_open_parent(cgroup, &parent, error);
		if (result == -ENOENT)
			return 0;
		cgfence_cgroup_close(cgroup);
		cgroup = parent;
	}
	return result;
}

/* ---- programs of others ---- */

static void remark_program(const struct live *live, const struct cgfence_foreign_program *program,
			   const char *what)
{
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	char owner[CGFENCE_OWNER_TEXT_SIZE];

	cgfence_foreign_describe(program, text);
	cgfence_cgroup_owner(program->cgroup, owner);
	remark(live, "%s: %s on the %s hook%s%s: %s", program->cgroup, text, program->hook,
	       *owner ? ", of " : "", owner, what);
}

static int add_rules(struct live *live, const struct device_rules *rules, const char *place,
		     struct cgfence_error *error)
{
	if (!live->policy) {
		live->policy = policy_new();
		if (!live->policy)
			return error_out_of_memory(error);
	}
	return restrict_devices(live, rules, place) ? error_out_of_memory(error) : 0;
}

/* Does the kernel say of the programs what their owner has written? */
static bool try_written(struct live *live, const struct adopted *programs, const char *written,
			struct cgfence_policy **policy)
{
	struct cgfence_error error = { 0 };
	int result = cgfence_policy_parse(written, strlen(written), "the rules of its owner",
					  policy, &error);

	if (result == 0)
		result = fence_prove_policy(*policy, programs, &error);
	if (result == 0)
		return true;
	remark(live, "%s: the rules of its owner are not taken: %s",
	       cgfence_cgroup_path(live->cgroup), error.text);
	cgfence_policy_free(*policy);
	*policy = NULL;
	return false;
}

static int add_written(struct live *live, const struct adopted *programs,
		       const char *const *written, bool *added, struct cgfence_error *error)
{
	const char *place = cgfence_cgroup_path(live->cgroup);

	for (; written && *written && !*added; written++) {
		__attribute__((cleanup(cleanup_free_policy))) struct cgfence_policy *policy = NULL;
		bool is_alone = !live->policy;
		int result;

		if (!try_written(live, programs, *written, &policy))
			continue;
		result = add_policy(live, policy, place, error);
		if (result)
			return result;
		live->words = is_alone ? *written : NULL;
		*added = true;
	}
	return 0;
}

static int add_asked(struct live *live, const struct adopted *programs, struct cgfence_error *error)
{
	const char *place = cgfence_cgroup_path(live->cgroup);
	struct live_asked asked = { 0 };
	int result = live_ask(programs, &asked, error);

	if (result)
		return result;
	remark(live,
	       "%s: the kernel was asked about %zu devices; the policy has those that exist here, by their numbers, and none with '*'",
	       place, asked.devices);
	if (asked.left_out)
		remark(live,
		       "%s: of devices that do not exist here, they allow %zu of those that they were asked about; these are left out",
		       place, asked.left_out);
	result = add_rules(live, &asked.rules, place, error);
	device_rules_free(&asked.rules);
	return result;
}

static int add_foreign(struct live *live, const char *const *written, struct cgfence_error *error)
{
	cleanup_free struct cgfence_foreign_program *programs = NULL;
	cleanup_adopted struct adopted opened = { 0 };
	bool added = false;
	size_t count = 0;
	int result = cgfence_fence_list_foreign(live->cgroup, CGFENCE_TOPIC_DEVICES, &programs,
						&count, error);

	if (result || !count)
		return result;
	for (size_t i = 0; i < count; i++)
		remark_program(live, &programs[i], "it has a say on devices");
	result = live_open_programs(programs, count, &opened, error);
	if (result == 0)
		result = add_written(live, &opened, written, &added, error);
	if (result == 0 && !added)
		result = add_asked(live, &opened, error);
	return result;
}

/* ---- port programs of others ---- */

static int add_ports(struct live *live, const struct live_ports *ports, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = live_ports_policy(ports);
	const char *place = cgfence_cgroup_path(live->cgroup);

	if (!policy)
		return error_out_of_memory(error);
	remark(live,
	       "%s: the kernel was asked about each port; sockets of SCTP, which such programs do not see, are refused",
	       place);
	if (ports->refuses_chosen)
		remark(live,
		       "%s: a port that the kernel chooses is refused too, which a policy of ports does not do",
		       place);
	return add_policy(live, policy, place, error);
}

static int add_foreign_ports(struct live *live, struct cgfence_error *error)
{
	cleanup_free struct cgfence_foreign_program *programs = NULL;
	struct live_ports ports = { 0 };
	size_t count = 0;
	int result = cgfence_fence_list_foreign(live->cgroup, CGFENCE_TOPIC_PORTS, &programs,
						&count, error);

	for (size_t i = 0; i < count && result == 0; i++) {
		struct cgfence_error reason = { 0 };

		if (live_ports_ask(&programs[i], &ports, &reason) == 0) {
			remark_program(live, &programs[i], "it has a say on ports");
			continue;
		}
		error_wrap(&reason, "it cannot be asked what it refuses, and is left out");
		remark_program(live, &programs[i], reason.text);
	}
	return result == 0 && ports.asked ? add_ports(live, &ports, error) : result;
}

/* ---- the policy ---- */

static int write_policy(const struct live *live, char **text, struct cgfence_error *error)
{
	if (!live->policy)
		return error_set(
			error, ENODATA,
			"%s has neither a fence nor a program of others, so there is no policy to make of it",
			cgfence_cgroup_path(live->cgroup));
	if (!live->words)
		return cgfence_policy_format(live->policy, text, error);
	*text = strdup(live->words);
	return *text ? 0 : error_out_of_memory(error);
}

int cgfence_import_cgroup(const struct cgfence_cgroup *cgroup, const char *const *written,
			  cgfence_import_remark *say, void *context, char **text,
			  struct cgfence_error *error)
{
	cleanup_live struct live live = { .cgroup = cgroup, .remark = say, .context = context };
	int result = add_fences(&live, error);

	if (result == 0)
		result = add_foreign(&live, written, error);
	if (result == 0)
		result = add_foreign_ports(&live, error);
	return result ? result : write_policy(&live, text, error);
}
