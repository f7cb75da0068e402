// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/runc.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/exceptions.h"
#include "import/json_source.h"
#include "import/oci_spec.h"
#include "import/ordered.h"

#include <cgfence/abi.h>
#include <errno.h>
#include <linux/bpf.h>

#define M BPF_DEVCG_ACC_MKNOD
#define RWM (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | M)

/* What runc adds after the rules that it is given (libcontainer/specconv, AllowedDevices). */
static const struct {
	char type;
	int major; /* or -1 for any */
	int minor; /* or -1 for any */
	uint8_t access;
	const char *node; /* left out if the specification has a node of this path */
} own_rules[] = {
	{ 'c', -1, -1, M, NULL },	 { 'b', -1, -1, M, NULL },
	{ 'c', 1, 3, RWM, "/dev/null" }, { 'c', 1, 8, RWM, "/dev/random" },
	{ 'c', 1, 7, RWM, "/dev/full" }, { 'c', 5, 0, RWM, "/dev/tty" },
	{ 'c', 1, 5, RWM, "/dev/zero" }, { 'c', 1, 9, RWM, "/dev/urandom" },
	{ 'c', 136, -1, RWM, NULL },	 { 'c', 5, 2, RWM, NULL },
	{ 'c', 10, 200, RWM, NULL },
};

static int add_own_rules(const struct importing *import, const json_t *spec,
			 struct list_rules *rules)
{
	for (size_t i = 0; i < sizeof(own_rules) / sizeof(own_rules[0]); i++) {
		if (own_rules[i].node && oci_spec_has_node(spec, own_rules[i].node))
			continue;
		if (list_rules_add_built_in(rules, own_rules[i].type, own_rules[i].major,
					    own_rules[i].minor, own_rules[i].access))
			return error_out_of_memory(import->error);
	}
	importing_remark(
		import,
		"%s: what runc adds to every list is in the policy: mknod of all, the usual devices, and c 10:200, which runc 1.2 alone leaves out",
		import->sources[0].name);
	return 0;
}

static int refuse_without_access(const struct importing *import, const struct list_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!rules->items[i].access)
			return ordered_refuse(import, &rules->items[i],
					      "has no access, which runc refuses; give rwm");
	}
	return 0;
}

int runc_finish(struct importing *import, const json_t *spec, struct list_rules *rules)
{
	cleanup_device_list struct device_list list = { 0 };
	const struct list_rule *hole = NULL;
	int result = add_own_rules(import, spec, rules);

	if (result)
		return result;
	result = exceptions_make_list(rules, EXCEPTIONS_REFUSE_HOLES, ordered_remark_useless,
				      import, &list, &hole);
	if (result == -EINVAL)
		return ordered_refuse(
			import, hole,
			hole->built_in
				? "is added by runc, and does not go with a rule with '*' that denies it: runc does not start such a container"
				: "takes a part out of an earlier rule with '*': runc does not start such a container");
	if (result)
		return error_out_of_memory(import->error);
	return ordered_finish(import, &list);
}

int import_read_runc(struct importing *import)
{
	cleanup_list_rules struct list_rules rules = { 0 };
	cleanup_json json_t *spec = NULL;
	int result = oci_spec_read(import, &spec, &rules);

	if (result == 0)
		result = refuse_without_access(import, &rules);
	return result ? result : runc_finish(import, spec, &rules);
}
