// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/whitelist.h"

#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

TestSuite(adopt, .init = harness_begin, .fini = harness_end);

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

static struct program_result adopt_with(const char *policy)
{
	return program_run(NULL,
			   WORDS("adopt", "--with", program_file("policy.json", policy), path()));
}

static void assert_says(struct program_result result, const char *format)
{
	char expected[512];

	assert_done(result);
	snprintf(expected, sizeof(expected), format, path());
	cr_assert_str_eq(result.output, expected, "'%s', not '%s'", result.output, expected);
}

Test(adopt, takes_the_place_and_gives_it_back)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	const json_t *adopted;
	json_t *status;

	assert_says(adopt_with(WHITELIST_USUAL_POLICY),
		    "Took the place of 1 program of others on %s.\n");
	assert_says(adopt_with(WHITELIST_USUAL_POLICY),
		    "%s is adopted already; nothing changed.\n");
	assert_says(program_run(NULL, WORDS("adopt", path())),
		    "%s is adopted already; nothing changed.\n");
	status = program_status(harness_cgroup());
	adopted = json_array_get(json_object_get(status, "adopted"), 0);
	cr_expect_eq(json_integer_value(json_object_get(adopted, "id")), whitelist.id);
	cr_expect_str_eq(json_string_value(json_object_get(adopted, "cgroup")), path());
	cr_expect_str_eq(json_string_value(json_object_get(adopted, "hook")), "device");
	cr_expect_str_eq(json_string_value(json_object_get(adopted, "name")), "whitelist");
	cr_expect_str_eq(json_string_value(json_object_get(adopted, "attach_flags")), "multi");
	cr_expect_eq(json_array_size(json_object_get(status, "others")), 0);
	cr_expect(json_is_true(json_object_get(json_object_get(status, "policy"), "adopt")));
	json_decref(status);
	assert_done(program_run(NULL, WORDS("allow", path(), "device", "c 1:7 rw")));
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:7", O_RDONLY), 0);
	assert_says(program_run(NULL, WORDS("release", path())),
		    "Gave 1 program back and detached the fence of %s.\n");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:7", O_RDONLY), EPERM);
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], whitelist.id);
	assert_says(program_run(NULL, WORDS("release", path())),
		    "%s has no fence of its own; nothing changed.\n");
	whitelist_close(&whitelist);
}

Test(adopt, other_fences_keep_nothing)
{
	json_t *status;
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	status = program_status(harness_cgroup());
	cr_expect(json_is_array(json_object_get(status, "adopted")));
	cr_expect_eq(json_array_size(json_object_get(status, "adopted")), 0);
	json_decref(status);
	result = program_run(NULL, WORDS("release", path()));
	assert_status(result, 1);
	assert_has(result.errors, "is not an adopted one");
}

Test(adopt, what_differs_is_told)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct program_result result = adopt_with("{'devices': {'defaults': 'oci'}}");

	assert_status(result, 1);
	assert_has(result.errors, "the policy and the programs attached do not agree: ");
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], whitelist.id);
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	whitelist_close(&whitelist);
}

Test(adopt, without_rules_a_policy_is_asked_for)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct program_result result = program_run(NULL, WORDS("adopt", path()));

	assert_status(result, 1);
	assert_has(result.errors, "give a policy that says the same with --with");
	assert_has(result.errors, "no state of runc or crun names");
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	whitelist_close(&whitelist);
}

static void make_place(const char *folder, const char *state)
{
	mkdir(folder, 0700);
	cr_assert_eq(mount("tmpfs", folder, "tmpfs", 0, "mode=0700"), 0, "%s", strerror(errno));
	cr_assert_eq(mkdir(state, 0700), 0);
}

/* Of it only these are read. */
static void keep_state_of_crun(const char *cgroup, const char *annotations)
{
	char text[512];

	make_place("/run/crun", "/run/crun/box");
	snprintf(text, sizeof(text), "{'cgroup-path': '%s', 'bundle': '%s'}", cgroup,
		 harness_directory());
	cr_assert_eq(fences_write_json("/run/crun/box/status", text), 0);
	snprintf(text, sizeof(text),
		 "{'annotations': %s, 'linux': {'resources': {'devices': ["
		 "{'allow': false, 'access': 'rwm'},"
		 " {'allow': true, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw'}]}}}",
		 annotations);
	program_file("config.json", text);
}

/* What a list of the dialect of crun comes to in its program; one version allows the last by itself, another does not. */
static const struct whitelist_entry of_crun[] = {
	{ BPF_DEVCG_DEV_CHAR, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_BLOCK, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_CHAR, 1, 3, 7 },
	{ BPF_DEVCG_DEV_CHAR, 1, 8, 7 },
	{ BPF_DEVCG_DEV_CHAR, 1, 7, 7 },
	{ BPF_DEVCG_DEV_CHAR, 5, 0, 7 },
	{ BPF_DEVCG_DEV_CHAR, 1, 5, 7 },
	{ BPF_DEVCG_DEV_CHAR, 1, 9, 7 },
	{ BPF_DEVCG_DEV_CHAR, 5, 1, 7 },
	{ BPF_DEVCG_DEV_CHAR, 136, -1, 7 },
	{ BPF_DEVCG_DEV_CHAR, 5, 2, 7 },
	{ BPF_DEVCG_DEV_CHAR, 10, 229, 6 },
	{ BPF_DEVCG_DEV_CHAR, 10, 200, 7 },
};
#define OF_CRUN_COUNT (sizeof(of_crun) / sizeof(of_crun[0]))

Test(adopt, rules_are_found_where_crun_keeps_them)
{
	struct cgfence_cgroup *container = harness_child_cgroup(harness_cgroup(), "container");

	keep_state_of_crun(path(), "{}");
	for (size_t left_out = 0; left_out < 2; left_out++) {
		struct whitelist whitelist = whitelist_load(of_crun, OF_CRUN_COUNT - left_out);

		whitelist_attach(&whitelist, container, BPF_F_ALLOW_MULTI);
		assert_says(program_run(NULL, WORDS("adopt", path())),
			    "Took the place of 1 program of others on %s.\n");
		cr_expect_eq(harness_open(container, "c 1:5", O_RDONLY), 0);
		cr_expect_eq(harness_open(container, "c 10:231", O_RDONLY), EPERM);
		assert_done(program_run(NULL, WORDS("release", path())));
		cr_expect_eq(whitelist_query(container).ids[0], whitelist.id);
		cr_assert_eq(whitelist_take(&whitelist), 0);
		whitelist_close(&whitelist);
	}
	umount2("/run/crun", MNT_DETACH);
}

/*
 * With its manager systemd, the state names the cgroup below that of the unit, and systemd is told of all minors for a
 * minor 0: its list is not the rule.
 */
static void expect_rules_of_unit(const char *subgroup, const char *annotations)
{
	struct cgfence_cgroup *scope = harness_child_cgroup(harness_cgroup(), "crun-box.scope");
	struct cgfence_cgroup *container = harness_child_cgroup(scope, subgroup);
	struct whitelist below = whitelist_load(of_crun, OF_CRUN_COUNT);
	struct whitelist_entry wider[OF_CRUN_COUNT];
	struct whitelist of_systemd;

	memcpy(wider, of_crun, sizeof(wider));
	wider[5].minor = -1;
	of_systemd = whitelist_load_named("sd_devices", wider, OF_CRUN_COUNT);
	whitelist_attach(&of_systemd, scope, BPF_F_ALLOW_MULTI);
	whitelist_attach(&below, container, BPF_F_ALLOW_MULTI);
	keep_state_of_crun(cgfence_cgroup_path(container), annotations);
	assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(scope))));
	cr_expect_eq(whitelist_query(container).count, 0);
	cr_expect_eq(harness_open(container, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(container, "c 5:3", O_RDONLY), EPERM);
	assert_done(program_run(NULL, WORDS("release", cgfence_cgroup_path(scope))));
	cr_expect_eq(whitelist_query(scope).ids[0], of_systemd.id);
	cr_expect_eq(whitelist_query(container).ids[0], below.id);
	whitelist_close(&of_systemd);
	whitelist_close(&below);
	umount2("/run/crun", MNT_DETACH);
}

Test(adopt, the_rules_of_crun_are_those_of_its_unit)
{
	expect_rules_of_unit("container", "{}");
}

Test(adopt, an_annotation_names_the_cgroup_below_the_unit)
{
	expect_rules_of_unit("app", "{'run.oci.systemd.subgroup': 'app'}");
}

/* runc writes where its hierarchy is mounted before the path, which must be the same as a whole. */
Test(adopt, a_path_that_ends_alike_is_of_another_container)
{
	static const struct {
		const char *above;
		const char *owner;
	} cases[] = {
		{ "/sys/fs/cgroup", "the container box of runc" },
		{ "/sys/fs/cgroup/other", "" },
		{ "/sys/fs/cgroup/other/more", "" },
		{ "/somewhere", "" },
		{ "", "" },
	};
	char owner[CGFENCE_OWNER_TEXT_SIZE];
	char text[512];

	make_place("/run/runc", "/run/runc/box");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{'cgroup_paths': {'': '%s%s'}}", cases[i].above,
			 path());
		cr_assert_eq(fences_write_json("/run/runc/box/state.json", text), 0);
		cgfence_cgroup_owner(path(), owner);
		cr_expect_str_eq(owner, cases[i].owner, "%s: '%s'", cases[i].above, owner);
	}
	umount2("/run/runc", MNT_DETACH);
}

static struct program_result apply(const char *below, const char *devices)
{
	char policy[512];

	snprintf(policy, sizeof(policy), "{'cgroup': '%s%s', 'adopt': true, %s}", path(), below,
		 devices);
	return program_run(NULL, WORDS("apply", program_file("policy.json", policy)));
}

#define USUAL_DEVICES "'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}"

Test(adopt, apply_does_it_and_does_it_again)
{
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist second;

	assert_says(apply("", USUAL_DEVICES), "Fenced %s.\n");
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	second = whitelist_put(harness_cgroup());
	assert_says(apply("", USUAL_DEVICES), "%s has its policy already; nothing changed.\n");
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	assert_says(program_run(NULL, WORDS("release", path())),
		    "Gave 1 program back and detached the fence of %s.\n");
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], second.id);
	whitelist_close(&first);
	whitelist_close(&second);
}

Test(adopt, apply_does_it_for_members_and_says_which_are_left)
{
	struct cgfence_cgroup *one = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_cgroup *two = harness_child_cgroup(harness_cgroup(), "job-2");
	struct whitelist usual = whitelist_put(one);
	struct whitelist narrow = whitelist_load(whitelist_usual, 4);
	struct program_result result;

	whitelist_attach(&narrow, two, BPF_F_ALLOW_MULTI);
	assert_has(apply("/job-*", "'devices': {'allow': ['c 1:3 r', 'c 1:9 r']}").errors,
		   "judge beside the fence in ");
	cr_expect_eq(whitelist_query(one).count, 1);
	result = apply("/job-*", USUAL_DEVICES);
	assert_status(result, 0);
	cr_expect_eq(whitelist_query(one).count, 0);
	cr_expect_eq(whitelist_query(two).ids[0], narrow.id);
	assert_has(result.errors, "/job-2: the policy and the programs attached do not agree: "
				  "the policy allows c 136:");
	assert_lacks(result.errors, "/job-1: ");
	whitelist_close(&usual);
	usual = whitelist_put(one);
	assert_status(apply("/job-*", USUAL_DEVICES), 0);
	cr_expect_eq(whitelist_query(one).count, 0);
	assert_done(program_run(NULL, WORDS("detach", "--all")));
	cr_expect_eq(whitelist_query(one).ids[0], usual.id);
	whitelist_close(&usual);
	whitelist_close(&narrow);
}

/* The name alone says that systemd may have a say. */
Test(adopt, a_policy_from_a_standard_input_that_is_closed)
{
	const struct program_options options = { .by_words = true };
	struct program_result result =
		program_run(&options, WORDS("sh", "-c", "exec \"$0\" adopt --with - \"$1\" <&-",
					    program_path(), cgfence_cgroup_path(harness_cgroup())));

	assert_fails(result, 1, "cannot read the policy: standard input is closed");
}

Test(adopt, a_unit_without_systemd_is_told)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "web.service");
	struct whitelist whitelist = whitelist_put(unit);
	const char *name = cgfence_cgroup_path(unit);
	struct program_result result;

	cr_assert_eq(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0, "%s", strerror(errno));
	result =
		program_run(NULL, WORDS("adopt", "--with",
					program_file("policy.json", WHITELIST_USUAL_POLICY), name));
	assert_done(result);
	result = program_run(NULL, WORDS("allow", name, "device", "c 1:7 rw"));
	cr_expect_eq(result.status, 0);
	assert_has(result.output, "Allowed device c 1:7 rw");
	assert_has(result.errors,
		   "cgfence: systemd was not told, so its own program will not agree");
	/* Ports are no business of DeviceAllow=, and neither is a fence beside the program of systemd. */
	assert_done(program_run(NULL, WORDS("release", name)));
	assert_done(program_run(NULL, WORDS("attach", name,
					    program_file("policy.json", "{'devices': {}}"))));
	assert_done(program_run(NULL, WORDS("allow", name, "device", "c 1:7 rw")));
	umount2("/run", MNT_DETACH);
	whitelist_close(&whitelist);
}
