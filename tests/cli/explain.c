// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(explain, .init = harness_begin, .fini = harness_end);

static struct program_result explain(const struct cgfence_cgroup *cgroup, const char *entry)
{
	return program_run(NULL, WORDS("explain", cgfence_cgroup_path(cgroup), "device", entry));
}

static struct program_result explain_input(const char *policy, const char *entry)
{
	const struct program_options options = { .input = policy };

	return program_run(&options, WORDS("explain", "-", "device", entry));
}

/* The row of one fence. */
static void assert_row(const struct program_result *result, const struct cgfence_cgroup *cgroup,
		       const char *verdict, const char *because)
{
	char row[512];

	snprintf(row, sizeof(row), "\n%s\t%s\t%s\n", cgfence_cgroup_path(cgroup), verdict, because);
	assert_has(result->output, row);
}

Test(explain, allowed_by_an_entry)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 10:* rw']}}");
	result = explain(harness_cgroup(), "c 10:229 r");
	assert_done(result);
	assert_has(result.output, "c 10:229 r: allowed\nWHERE\tVERDICT\tBECAUSE\n");
	assert_row(&result, harness_cgroup(), "allowed", "the allow entry 'c 10:* rw' covers it");
}

Test(explain, allowed_by_default)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	result = explain(harness_cgroup(), "c 1:3 rw");
	assert_done(result);
	assert_row(&result, harness_cgroup(), "allowed", "the default entry 'c 1:3 rwm' covers it");
}

Test(explain, refused_by_a_deny_entry)
{
	struct program_result result;

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['a *:* rwm'], 'deny': ['b 8:0 w']}}");
	result = explain(harness_cgroup(), "b 8:0 rw");
	assert_status(result, 3);
	cr_assert_str_eq(result.errors, "");
	assert_has(result.output, "b 8:0 rw: refused\n");
	assert_row(&result, harness_cgroup(), "refused",
		   "the deny entry 'b 8:0 w' takes a part of it");
}

Test(explain, refused_for_want_of_an_entry)
{
	struct program_result result = explain_input("{'devices': {}}", "c 1:3 r");

	assert_status(result, 3);
	assert_has(result.output, "\n-\trefused\tno allow entry matches the device\n");
}

Test(explain, refused_as_entries_do_not_add_up)
{
	struct program_result result =
		explain_input("{'devices': {'allow': ['c 1:3 r', 'c 1:* w']}}", "c 1:3 rw");

	assert_status(result, 3);
	assert_has(result.output,
		   "\trefused\tonly 'c 1:3 r', 'c 1:* w' match the device, and different entries "
		   "do not add up\n");
}

Test(explain, an_audit_refuses_nothing)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	result = explain(harness_cgroup(), "c 1:3 r");
	assert_done(result);
	assert_row(&result, harness_cgroup(), "audited", "no allow entry matches the device");
}

Test(explain, every_fence_above_has_a_row)
{
	struct cgfence_cgroup *middle = harness_child_cgroup(harness_cgroup(), "middle");
	struct cgfence_cgroup *leaf = harness_child_cgroup(middle, "leaf");
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	harness_attach(leaf, "{'devices': {'allow': ['c 1:* rw']}}");
	result = explain(leaf, "c 1:3 r");
	assert_done(result);
	assert_row(&result, leaf, "allowed", "the allow entry 'c 1:* rw' covers it");
	assert_row(&result, harness_cgroup(), "allowed", "the allow entry 'c 1:3 r' covers it");

	result = explain(leaf, "c 1:3 w");
	assert_status(result, 3);
	assert_row(&result, leaf, "allowed", "the allow entry 'c 1:* rw' covers it");
	assert_has(result.output, "\trefused\t");
	/* The one below has no say for the one above. */
	assert_done(explain(middle, "c 1:3 r"));
}

Test(explain, an_ancestor_of_a_cgroup_without_a_fence_decides)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_status(explain(child, "c 1:3 r"), 3);
}

Test(explain, no_fence_holds)
{
	struct program_result result = explain(harness_cgroup(), "c 1:3 r");

	assert_done(result);
	assert_has(result.output, "c 1:3 r: allowed, because no fence applies\n");
}

/* It stays until the cgroup is removed. */
static uint32_t attach_other(const struct cgfence_cgroup *cgroup, enum bpf_prog_type type,
			     enum bpf_attach_type attach_type)
{
	const struct bpf_insn allow_all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type);
	int program = bpf_prog_load(type, "not_ours", "GPL", allow_all, 2, &options);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	cr_assert_geq(program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), attach_type,
				     BPF_F_ALLOW_MULTI),
		     0);
	close(program);
	return info.id;
}

static void assert_other(const struct program_result *result, const struct cgfence_cgroup *cgroup,
			 uint32_t id, const char *hook)
{
	char because[128];

	snprintf(because, sizeof(because), "program %u 'not_ours' on the %s hook lets it pass", id,
		 hook);
	assert_row(result, cgroup, "allowed", because);
}

Test(explain, programs_of_others_are_named_here_and_above)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	uint32_t above =
		attach_other(harness_cgroup(), BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE);
	uint32_t here = attach_other(child, BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE);
	struct program_result result = explain(child, "c 1:3 r");

	assert_done(result);
	assert_has(result.output, "c 1:3 r: allowed, because no fence applies\n");
	harness_attach(child, "{'devices': {'allow': ['c 1:3 r']}}");
	result = explain(child, "c 1:3 r");
	assert_done(result);
	assert_has(result.output, "c 1:3 r: allowed\n");
	assert_other(&result, child, here, "device");
	assert_other(&result, harness_cgroup(), above, "device");
	assert_row(&result, child, "allowed", "the allow entry 'c 1:3 r' covers it");
	result = explain(child, "c 1:3 w");
	assert_status(result, 3);
	assert_has(result.output, "c 1:3 w: refused\n");
	/* The one below has no say for the one above. */
	assert_lacks(explain(harness_cgroup(), "c 1:3 r").output, "/child");
}

static void assert_asked(const char *port, bool bind4, bool bind6)
{
	struct program_result result = program_run(
		NULL, WORDS("explain", cgfence_cgroup_path(harness_cgroup()), "port", "tcp", port));

	assert_done(result);
	cr_expect_eq(strstr(result.output, "the bind4 hook") != NULL, bind4, "%s: %s", port,
		     result.output);
	cr_expect_eq(strstr(result.output, "the bind6 hook") != NULL, bind6, "%s: %s", port,
		     result.output);
	assert_lacks(result.output, "the device hook");
	assert_has(result.output, ": allowed\n");
	assert_has(result.output, "\tallowed\tprogram ");
	assert_has(result.output, "hook lets it pass\n");
}

/* return ctx->access_type >> 16 & BPF_DEVCG_ACC_WRITE ? 0 : 1, as the filter of a unit. */
static void attach_unit_filter(const struct cgfence_cgroup *cgroup)
{
	const struct bpf_insn refuse_writing[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_cgroup_dev_ctx, access_type) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_AND | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = BPF_DEVCG_ACC_WRITE << 16 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_2, .off = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "sd_devices", "GPL",
				    refuse_writing, 6, NULL);

	cr_assert_geq(program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE,
				     BPF_F_ALLOW_MULTI),
		     0);
	close(program);
}

Test(explain, the_filter_of_a_unit_is_asked_and_its_unit_named)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "web.service");
	struct cgfence_cgroup *child = harness_child_cgroup(unit, "worker");
	struct program_result result;

	attach_unit_filter(unit);
	harness_attach(child, "{'devices': {'allow': ['c 1:3 rw']}}");
	result = explain(child, "c 1:3 r");
	assert_done(result);
	assert_has(result.output, "on the device hook, of the unit web.service, lets it pass\n");
	result = explain(child, "c 1:3 w");
	assert_status(result, 3);
	assert_has(result.output, "c 1:3 w: refused\n");
	assert_has(result.output, "\trefused\tprogram ");
	assert_has(result.output, "on the device hook, of the unit web.service, refuses it\n");
	assert_row(&result, child, "allowed", "the allow entry 'c 1:3 rw' covers it");
}

Test(explain, programs_of_others_are_named_for_what_they_are_asked_about)
{
	attach_other(harness_cgroup(), BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE);
	attach_other(harness_cgroup(), BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND);
	attach_other(harness_cgroup(), BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND);
	harness_attach(harness_cgroup(), "{'ports': [8080]}");
	assert_asked("8080", true, true);
	assert_asked("ipv4:8080", true, true); /* as a mapped address */
	assert_asked("ipv6:8080", false, true);
	assert_lacks(explain(harness_cgroup(), "c 1:3 r").output, "the bind4 hook");
}

Test(explain, a_policy_file)
{
	const char *path = program_file("policy.json", "{'devices': {'allow': ['c 1:3 r']}}");
	struct program_result result =
		program_run(NULL, WORDS("explain", path, "device", "c 1:3 r"));
	char row[256];

	assert_done(result);
	snprintf(row, sizeof(row), "\n%s\tallowed\tthe allow entry 'c 1:3 r' covers it\n", path);
	assert_has(result.output, row);
	assert_status(program_run(NULL, WORDS("explain", path, "device", "c 1:3 w")), 3);
}

Test(explain, an_invalid_policy_file)
{
	const char *path = program_file("policy.json", "{'devices': {'allow': ['c']}}");

	assert_fails(program_run(NULL, WORDS("explain", path, "device", "c 1:3 r")), 2,
		     "policy.json:1:24: devices.allow[0]: ");
}

Test(explain, a_device_by_path)
{
	struct program_result result =
		explain_input("{'devices': {'defaults': true}}", "/dev/null rw");

	assert_done(result);
	assert_has(result.output, "c 1:3 rw: allowed\n");
}

Test(explain, an_entry_of_several_words)
{
	const struct program_options options = { .input = "{'devices': {'defaults': true}}" };
	struct program_result result =
		program_run(&options, WORDS("explain", "-", "device", "c", "1:3", "rw"));

	assert_done(result);
	assert_has(result.output, "c 1:3 rw: allowed\n");
}

Test(explain, wrong_requests)
{
	static const struct {
		const char *entry;
		const char *complaint;
	} faults[] = {
		{ "c 1:* r", "one device" },
		{ "a 1:3 r", "one device" },
		{ "c 1:3", "access" },
		{ "x 1:3 r", "the type must be" },
		{ "c 1:3 rx", "r, w and m" },
		{ "/dev/null", "access" },
		{ "/dev/none r", "no such device" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct program_result result = explain_input("{'devices': {}}", faults[i].entry);

		assert_fails(result, 2, faults[i].complaint);
		assert_has(result.errors, faults[i].entry);
	}
}

Test(explain, json_is_one_object)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;
	json_t *object;
	json_t *verdicts;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:* r']}}");
	harness_attach(child, "{'devices': {'allow': ['c 1:3 rw']}}");
	result = program_run(NULL, WORDS("explain", "-j", cgfence_cgroup_path(child), "device",
					 "c 1:3 w"));
	assert_status(result, 3);
	object = program_json(&result);
	expect_keys(object, "request allowed fenced verdicts");
	cr_expect_str_eq(text_of(object, "request"), "c 1:3 w");
	cr_expect(json_is_false(json_object_get(object, "allowed")));
	cr_expect(json_is_true(json_object_get(object, "fenced")));
	verdicts = json_object_get(object, "verdicts");
	cr_assert_eq(json_array_size(verdicts), 2);
	expect_keys(json_array_get(verdicts, 0), "where verdict reason");
	cr_expect_str_eq(text_of(json_array_get(verdicts, 0), "where"), cgfence_cgroup_path(child));
	cr_expect_str_eq(text_of(json_array_get(verdicts, 0), "verdict"), "allowed");
	cr_expect_str_eq(text_of(json_array_get(verdicts, 1), "verdict"), "refused");
	json_decref(object);
}

Test(explain, wrong_words_get_the_right_one)
{
	assert_fails(program_run(NULL, WORDS("explain", "/", "devise", "c 1:3 r")), 2,
		     "did you mean 'device'?\n");
	assert_fails(program_run(NULL, WORDS("explain", "/", "port", "tpc", "80")), 2,
		     "unknown protocol 'tpc'; did you mean 'tcp'?\n");
	assert_fails(program_run(NULL, WORDS("allow", "/none", "ports", "tcp", "80")), 2,
		     "did you mean 'port'?\n");
	assert_fails(program_run(NULL, WORDS("revoke", "/none", "port", "sctp", "80")), 2,
		     "unknown protocol 'sctp'; give tcp or udp.\n");
}

Test(explain, what_is_not_a_device)
{
	assert_fails(program_run(NULL, WORDS("explain", "/", "colour", "red")), 2, "'colour'");
}

Test(explain, no_such_cgroup)
{
	assert_fails(program_run(NULL, WORDS("explain", "cgfence-test-none", "device", "c 1:3 r")),
		     1, "cgfence-test-none");
}

Test(explain, a_cgroup_needs_a_capability)
{
	const struct program_options options = { .without_admin = true };

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_fails(program_run(&options, WORDS("explain", cgfence_cgroup_path(harness_cgroup()),
						 "device", "c 1:3 r")),
		     1, "CAP_SYS_ADMIN");
}

Test(explain, text_on_a_terminal_is_aligned)
{
	const struct program_options options = { .terminal = true };
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	result = program_run(&options, WORDS("explain", cgfence_cgroup_path(harness_cgroup()),
					     "device", "c 1:3 r"));
	assert_status(result, 0);
	assert_lacks(result.output, "\t");
	assert_has(result.output, "  allowed  the allow entry 'c 1:3 r' covers it\r\n");
}
