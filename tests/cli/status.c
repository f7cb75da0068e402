// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "kernel/trial.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(status, .init = harness_begin, .fini = harness_end);

static void assert_member(const json_t *object, const char *name, json_type type)
{
	const json_t *member = json_object_get(object, name);

	cr_assert(member, "%s is missing", name);
	cr_assert_eq(json_typeof(member), type, "%s has type %d", name, json_typeof(member));
}

static void assert_counters(const json_t *counters)
{
	static const char *const names[] = { "device", "bind", "listen", "create" };

	cr_assert_eq(json_object_size(counters), 4);
	for (int i = 0; i < 4; i++) {
		const json_t *counter;

		assert_member(counters, names[i], JSON_OBJECT);
		counter = json_object_get(counters, names[i]);
		cr_assert_eq(json_object_size(counter), 2);
		assert_member(counter, "denied", JSON_INTEGER);
		assert_member(counter, "audited", JSON_INTEGER);
	}
}

static json_int_t device_counter(const json_t *status, const char *name)
{
	return json_integer_value(json_object_get(
		json_object_get(json_object_get(status, "counters"), "device"), name));
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool has_text(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return true;
	}
	return false;
}

Test(status, json_has_the_shape_of_the_specification)
{
	json_t *status;
	json_t *hooks;

	harness_attach(harness_cgroup(), "{'name': 'web', 'devices': {'defaults': true}}");
	status = program_status(harness_cgroup());
	cr_assert_eq(json_object_size(status), 12);
	assert_member(status, "adopted", JSON_ARRAY);
	assert_member(status, "cgroup", JSON_STRING);
	assert_member(status, "cgroup_id", JSON_INTEGER);
	assert_member(status, "name", JSON_STRING);
	assert_member(status, "mode", JSON_STRING);
	assert_member(status, "hooks", JSON_ARRAY);
	assert_member(status, "listen_guard", JSON_STRING);
	assert_member(status, "missing", JSON_ARRAY);
	assert_member(status, "policy", JSON_OBJECT);
	assert_member(status, "counters", JSON_OBJECT);
	assert_member(status, "generation", JSON_INTEGER);
	assert_member(status, "others", JSON_ARRAY);
	assert_counters(json_object_get(status, "counters"));

	cr_assert_str_eq(text_of(status, "cgroup"), cgfence_cgroup_path(harness_cgroup()));
	cr_assert_eq((uint64_t)json_integer_value(json_object_get(status, "cgroup_id")),
		     cgfence_cgroup_id(harness_cgroup()));
	cr_assert_str_eq(text_of(status, "name"), "web");
	cr_assert_str_eq(text_of(status, "mode"), "enforce");
	cr_assert_str_eq(text_of(status, "listen_guard"), "none");
	cr_assert_eq(json_integer_value(json_object_get(status, "generation")), 1);
	hooks = json_object_get(status, "hooks");
	cr_assert_eq(json_array_size(hooks), 1);
	cr_assert_str_eq(json_string_value(json_array_get(hooks, 0)), "device");
	json_decref(status);
}

/* The answer that the kernel would give if it were locked down stands in the bpffs of the test. */
Test(status, what_the_kernel_refuses_is_missing)
{
	struct program_result result;
	json_t *status;
	json_t *missing;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	trial_remember("reads", TRIAL_REFUSED);
	harness_attach(harness_cgroup(), "{'ports': ['ipv6:8080']}");
	status = program_status(harness_cgroup());
	missing = json_object_get(status, "missing");
	cr_assert(has_text(missing, "v6only"));
	json_decref(status);
	result = program_run(NULL, WORDS("status", cgfence_cgroup_path(harness_cgroup())));
	assert_done(result);
	assert_has(strchr(result.output, '\n'), "v6only");
}

Test(status, json_policy_is_what_show_prints)
{
	struct program_result shown;
	json_t *status;
	json_t *policy;

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['c 10:* rw'], 'deny': ['b 8:0 w']}}");
	shown = program_run(NULL, WORDS("show", cgfence_cgroup_path(harness_cgroup())));
	status = program_status(harness_cgroup());
	policy = program_json(&shown);
	cr_assert(json_equal(json_object_get(status, "policy"), policy));
	json_decref(policy);
	json_decref(status);
}

Test(status, a_fence_without_a_name_has_null)
{
	json_t *status;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	status = program_status(harness_cgroup());
	assert_member(status, "name", JSON_NULL);
	json_decref(status);
}

Test(status, refusals_are_counted)
{
	json_t *status;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	harness_open(harness_cgroup(), "c 1:3", O_RDWR);
	harness_open(harness_cgroup(), "c 1:11", O_WRONLY);
	harness_open(harness_cgroup(), "c 1:11", O_WRONLY);
	status = program_status(harness_cgroup());
	cr_assert_eq(device_counter(status, "denied"), 2);
	cr_assert_eq(device_counter(status, "audited"), 0);
	json_decref(status);
}

Test(status, audits_are_counted_apart)
{
	json_t *status;

	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	status = program_status(harness_cgroup());
	cr_assert_str_eq(text_of(status, "mode"), "audit");
	cr_assert_eq(device_counter(status, "denied"), 0);
	cr_assert_eq(device_counter(status, "audited"), 1);
	json_decref(status);
}

Test(status, lists_every_fence)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;
	json_t *list;

	harness_child_cgroup(harness_cgroup(), "unfenced");
	harness_attach(harness_cgroup(), "{'devices': {}}");
	harness_attach(child, "{'devices': {}}");
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	list = program_json(&result);
	cr_assert_eq(json_array_size(list), 2);
	cr_assert_str_eq(text_of(json_array_get(list, 0), "cgroup"),
			 cgfence_cgroup_path(harness_cgroup()));
	cr_assert_str_eq(text_of(json_array_get(list, 1), "cgroup"), cgfence_cgroup_path(child));
	json_decref(list);
}

Test(status, no_fence_at_all)
{
	struct program_result result = program_run(NULL, WORDS("status", "--json"));

	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
	result = program_run(NULL, WORDS("status"));
	assert_done(result);
	cr_assert_str_eq(
		result.output,
		"CGROUP\tNAME\tMODE\tHOOKS\tLISTEN-GUARD\tDENIED\tAUDITED\tGENERATION\tOTHERS\tMISSING\tMEMBERS\n");
}

Test(status, a_cgroup_without_a_fence)
{
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());
	struct program_result result = program_run(NULL, WORDS("status", cgroup));

	assert_status(result, 1);
	assert_has(result.errors, "has no fence of its own");
	assert_has(result.errors, cgroup);
}

Test(status, no_such_cgroup)
{
	struct program_result result = program_run(NULL, WORDS("status", "cgfence-test-none"));

	assert_status(result, 1);
	assert_has(result.errors, "cgfence-test-none");
}

Test(status, text_in_a_pipe_is_separated_by_tabs)
{
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;
	char row[256];

	harness_attach(harness_cgroup(), "{'name': 'web', 'devices': {'defaults': true}}");
	harness_open(harness_cgroup(), "c 1:11", O_WRONLY);
	result = program_run(NULL, WORDS("status", cgroup));
	assert_done(result);
	snprintf(row, sizeof(row), "\n%s\tweb\tenforce\tdevice\tnone\t1\t0\t1\t-\t-\t-\n", cgroup);
	assert_has(result.output, row);
}

Test(status, text_on_a_terminal_is_aligned)
{
	const struct program_options options = { .terminal = true };
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;
	const char *second_line;
	const char *column;

	harness_attach(harness_cgroup(), "{'name': 'web', 'devices': {'defaults': true}}");
	result = program_run(&options, WORDS("status", cgroup));
	assert_status(result, 0);
	assert_lacks(result.output, "\t");
	second_line = strchr(result.output, '\n');
	column = strstr(result.output, "MODE");
	cr_assert(second_line && column);
	cr_assert_eq(strncmp(second_line + 1 + (column - result.output), "enforce", 7), 0, "'%s'",
		     result.output);
}

Test(status, names_cannot_steer_the_terminal)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'name': 'a\\u001b[2J\\tb', 'devices': {}}");
	result = program_run(NULL, WORDS("status", cgfence_cgroup_path(harness_cgroup())));
	assert_done(result);
	assert_has(result.output, "\ta\\x1b[2J\\x09b\t");
}

Test(status, a_cgroup_may_be_named_by_any_bytes)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "odd\xff");
	struct program_result result;
	json_t *list;

	harness_attach(child, "{'devices': {}}");
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	list = program_json(&result);
	cr_assert_eq(json_array_size(list), 1);
	json_decref(list);
}

Test(status, a_removed_cgroup_is_swept)
{
	struct cgfence_cgroup *child = NULL;
	struct program_result result;
	struct stat status;
	char pins[64];

	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "gone", &child, NULL), 0);
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(child));
	harness_attach(child, "{'devices': {}}");
	cr_assert_eq(stat(pins, &status), 0);
	cr_assert_eq(cgfence_cgroup_remove(child, NULL), 0);
	cgfence_cgroup_close(child);
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
	cr_assert_eq(stat(pins, &status), -1);
}

/* It stays until the cgroup is removed. */
static uint32_t attach_other(const struct cgfence_cgroup *cgroup, const char *name,
			     unsigned int flags)
{
	const struct bpf_insn allow_all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, name, "GPL", allow_all, 2, NULL);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	cr_assert_geq(program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE, flags),
		     0, "%s", strerror(errno));
	close(program);
	return info.id;
}

static void assert_other(const json_t *other, const struct cgfence_cgroup *cgroup, uint32_t id,
			 const char *name)
{
	cr_assert_eq(json_object_size(other), 6);
	cr_assert_str_eq(text_of(other, "cgroup"), cgfence_cgroup_path(cgroup));
	cr_assert_str_eq(text_of(other, "hook"), "device");
	cr_assert_eq(json_integer_value(json_object_get(other, "id")), id);
	cr_assert_str_eq(text_of(other, "name"), name);
	cr_assert_str_eq(text_of(other, "attach_flags"), "multi");
	cr_assert(json_is_null(json_object_get(other, "owner")));
}

Test(status, programs_of_others_that_have_a_say_are_shown)
{
	struct cgfence_cgroup *fence = harness_child_cgroup(harness_cgroup(), "fence");
	struct cgfence_cgroup *child = harness_child_cgroup(fence, "child");
	uint32_t above = attach_other(harness_cgroup(), "above", BPF_F_ALLOW_MULTI);
	uint32_t here = attach_other(fence, "here", BPF_F_ALLOW_MULTI);
	struct program_result result;
	json_t *status;
	json_t *others;

	attach_other(child, "below", 0);
	/* A fence above does not count as a program of others. */
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	harness_attach(fence, "{'devices': {'defaults': true}}");
	status = program_status(fence);
	others = json_object_get(status, "others");
	cr_assert_eq(json_array_size(others), 2);
	assert_other(json_array_get(others, 0), fence, here, "here");
	assert_other(json_array_get(others, 1), harness_cgroup(), above, "above");
	json_decref(status);
	result = program_run(NULL, WORDS("status", cgfence_cgroup_path(fence)));
	assert_done(result);
	assert_has(result.output, "\t1\there,above\t");
}

Test(status, only_programs_that_judge_what_the_fence_does_are_shown)
{
	json_t *status;

	attach_other(harness_cgroup(), "devices", BPF_F_ALLOW_MULTI);
	harness_attach(harness_cgroup(), "{'ports': [8080]}");
	status = program_status(harness_cgroup());
	cr_assert_eq(json_array_size(json_object_get(status, "others")), 0);
	json_decref(status);
}

Test(status, many_programs_of_others_are_cut_short_in_the_table)
{
	struct program_result result;
	json_t *status;
	char name[16];
	char row[64];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "others_%d", i / 2);
		attach_other(harness_cgroup(), name, BPF_F_ALLOW_MULTI);
	}
	snprintf(row, sizeof(row), ",#%u,longer_than_any,...\t",
		 attach_other(harness_cgroup(), "", BPF_F_ALLOW_MULTI));
	attach_other(harness_cgroup(), "longer_than_any", BPF_F_ALLOW_MULTI);
	attach_other(harness_cgroup(), "longer_than_one", BPF_F_ALLOW_MULTI);
	harness_attach(harness_cgroup(), "{'devices': {}}");
	result = program_run(NULL, WORDS("status"));
	assert_done(result);
	assert_has(result.output, "\tothers_0,others_1,others_2,");
	assert_has(result.output, row);
	status = program_status(harness_cgroup());
	cr_assert_eq(json_array_size(json_object_get(status, "others")), 23);
	json_decref(status);
}

/* A command that is killed may leave them before there is a fence, and no other may ever detach one. */
Test(status, maps_that_no_fence_has_any_more_go)
{
	static const char own[] = "/sys/fs/bpf/cgfence/kernel/own";
	const struct program_options options = { .by_words = true };
	char pins[64];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	if (access(own, F_OK) < 0)
		cr_skip_test("fences share no programs here");
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	assert_done(program_run(&options, WORDS("rm", "-r", pins)));
	assert_done(program_run(NULL, WORDS("status")));
	cr_expect_eq(access(own, F_OK), -1);
}
