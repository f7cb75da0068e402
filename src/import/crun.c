// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "import/dialects.h"
#include "import/json_source.h"
#include "import/oci_spec.h"
#include "import/ordered.h"

#include <cgfence/abi.h>
#include <linux/bpf.h>

#define M BPF_DEVCG_ACC_MKNOD
#define RWM (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | M)

/* What crun asks first (src/libcrun/cgroup-resources.c). */
static const struct {
	int major; /* or -1 for any */
	int minor; /* or -1 for any */
	char type;
	uint8_t access;
} own_rules[] = {
	{ -1, -1, 'c', M }, { -1, -1, 'b', M },	   { 1, 3, 'c', RWM }, { 1, 8, 'c', RWM },
	{ 1, 7, 'c', RWM }, { 5, 0, 'c', RWM },	   { 1, 5, 'c', RWM }, { 1, 9, 'c', RWM },
	{ 5, 1, 'c', RWM }, { 136, -1, 'c', RWM }, { 5, 2, 'c', RWM },
};

static int add_own_rules(const struct importing *import, struct list_rules *list)
{
	for (size_t i = 0; i < sizeof(own_rules) / sizeof(own_rules[0]); i++) {
		if (list_rules_add_built_in(list, own_rules[i].type, own_rules[i].major,
					    own_rules[i].minor, own_rules[i].access))
			return error_out_of_memory(import->error);
	}
	importing_remark(
		import,
		"%s: what crun allows by itself is in the policy: mknod of all and the usual devices; c 10:200 is not, which crun allows before 1.5 and since 1.20",
		import->sources[0].name);
	return 0;
}

/* Without rules crun attaches no program. */
static int allow_all(struct importing *import)
{
	const struct list_rule all = { .allow = true,
				       .type = 'a',
				       .any_major = true,
				       .any_minor = true,
				       .access = RWM,
				       .built_in = true };
	cleanup_device_list struct device_list list = { 0 };

	importing_remark(
		import,
		"%s: linux.resources.devices has no rules: crun attaches no program, and everything is allowed",
		import->sources[0].name);
	if (list_rules_add(&list.rules, &all))
		return error_out_of_memory(import->error);
	return ordered_finish(import, &list);
}

int import_read_crun(struct importing *import)
{
	cleanup_device_list struct device_list list = { 0 };
	cleanup_list_rules struct list_rules rules = { 0 };
	cleanup_json json_t *spec = NULL;
	int result = oci_spec_read(import, &spec, &rules);

	if (result)
		return result;
	if (rules.count == 0)
		return allow_all(import);
	result = add_own_rules(import, &list.rules);
	/* The last rule that matches wins, so it is asked first (create_dev_bpf). */
	for (size_t i = rules.count; i > 0 && result == 0; i--) {
		const struct list_rule *rule = &rules.items[i - 1];

		if (!rule->access)
			ordered_remark(import, rule,
				       "has no access, so that it matches nothing; it is left out");
		else if (list_rules_add(&list.rules, rule))
			result = error_out_of_memory(import->error);
	}
	return result ? result : ordered_finish(import, &list);
}
