// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What attaching would refuse is told beforehand, by dry runs and by 'apply --strict'. */
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(foresee, .init = harness_begin, .fini = harness_end);

static struct cgfence_cgroup *other;

static struct program_result apply(const char *option, const char *other_option)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/policies", harness_directory());
	return program_run(NULL, WORDS("apply", path, option, other_option));
}

/* A policy for @cgroup, and one for another cgroup that can be fenced. */
static void write_policies(const char *cgroup, const char *rest)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s/policies", harness_directory());
	mkdir(text, 0700);
	snprintf(text, sizeof(text), "{'cgroup': '%s', %s}", cgroup, rest);
	program_file("policies/x.json", text);
	if (!other)
		other = harness_child_cgroup(harness_cgroup(), "other");
	snprintf(text, sizeof(text), "{'cgroup': '%s', 'devices': {}}", cgfence_cgroup_path(other));
	program_file("policies/y.json", text);
}

/* @rest: of the policy */
static void expect_refused(const char *cgroup, const char *rest, const char *reason)
{
	char text[256];
	struct program_result result;

	snprintf(text, sizeof(text), "{%s}", rest);
	assert_fails(program_run(&(struct program_options){ .input = text },
				 WORDS("attach", "--dry-run", cgroup, "-")),
		     1, reason);
	write_policies(cgroup, rest);
	result = apply("--dry-run", NULL);
	assert_status(result, 1);
	assert_has(result.errors, reason);
	assert_has(result.output, "attach ");
	assert_fails(apply("--dry-run", "--strict"), 1, reason);
	assert_fails(apply("--strict", NULL), 1, reason);
	cr_expect_eq(harness_hook_programs(other), 0);
	result = apply(NULL, NULL);
	assert_status(result, 1);
	assert_has(result.errors, reason);
	cr_expect_eq(harness_hook_programs(other), 1);
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(other))));
}

/* A program of theirs, without BPF_F_ALLOW_MULTI. */
static void attach_alone(const struct cgfence_cgroup *cgroup)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int foreign = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "theirs", "GPL", program, 2, NULL);

	cr_assert_geq(foreign, 0);
	cr_assert_eq(bpf_prog_attach(foreign, cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE, 0), 0);
	close(foreign);
}

Test(foresee, a_program_that_excludes_others)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *below = harness_child_cgroup(cgroup, "below");
	char pattern[512];

	snprintf(pattern, sizeof(pattern), "%s/b*", cgfence_cgroup_path(cgroup));
	attach_alone(cgroup);
	expect_refused(cgfence_cgroup_path(cgroup), "'devices': {}", "'theirs' is attached to");
	expect_refused(cgfence_cgroup_path(below), "'devices': {}", "'theirs' is attached to");
	expect_refused(pattern, "'devices': {}", "'theirs' is attached to");
}

/* That hook is another one. */
Test(foresee, what_can_be_fenced_is_not_refused)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");

	attach_alone(cgroup);
	write_policies(cgfence_cgroup_path(cgroup), "'ports': []");
	assert_done(program_run(&(struct program_options){ .input = "{'ports': []}" },
				WORDS("attach", "--dry-run", cgfence_cgroup_path(cgroup), "-")));
	assert_done(apply("--dry-run", "--strict"));
	assert_done(apply("--strict", NULL));
	assert_has(apply("--dry-run", "--strict").output, "keep ");
}

Test(foresee, a_fence_in_another_bpffs)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");

	harness_attach(cgroup, "{'devices': {}}");
	cr_assert_eq(mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"), 0);
	expect_refused(cgfence_cgroup_path(cgroup), "'devices': {}", "pinned in another bpffs");
	cr_assert_eq(umount2("/sys/fs/bpf", MNT_DETACH), 0);
}

Test(foresee, a_pattern_in_cgroup_v1)
{
	char root[128];
	char pattern[160];

	snprintf(root, sizeof(root), "%s/v1", harness_directory());
	cr_assert_eq(mkdir(root, 0700), 0);
	if (mount("none", root, "cgroup", 0, "none,name=cgfence-test"))
		harness_skip("this kernel has no cgroup v1");
	snprintf(pattern, sizeof(pattern), "%s/web-*", root);
	expect_refused(pattern, "'devices': {}", "; cgroup2 is mounted at /");
	umount2(root, MNT_DETACH);
}

Test(foresee, exceptions_of_a_plain_cgroup)
{
	const char *cgroup = cgfence_cgroup_path(harness_cgroup());
	const struct program_options options = { .input = "{'ports': [], 'except': ['a']}" };

	assert_fails(program_run(&options, WORDS("attach", "--dry-run", cgroup, "-")), 2,
		     "which are for a pattern");
}
