// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A check whose code is not in the cache costs by its length. The perfect hash keeps that the same however many entries
 * there are, and the verifier, which knows the header of the image, leaves out what a policy has no use for.
 */
#include "support/fences.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(code_size, .init = harness_begin, .fini = harness_end);

#define FUNCTIONS_MAX 8

/* All of a program stays well within a page. */
#define PROGRAM_MAX 2048

/* Reads the lengths of the functions of the device program of a cgroup, in bytes of machine code, the check first. */
static void read_lengths(const struct cgfence_cgroup *cgroup, __u32 lengths[FUNCTIONS_MAX])
{
	struct bpf_prog_info info = {
		.nr_jited_func_lens = FUNCTIONS_MAX,
		.jited_func_lens = (uintptr_t)lengths,
	};
	__u32 size = sizeof(info);
	int fd = fences_program(cgroup, BPF_CGROUP_DEVICE);

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	cr_assert_eq(strcmp(info.name, "cgfence_device"), 0, "%s", info.name);
	if (!info.jited_prog_len)
		harness_skip("programs are not compiled here (net.core.bpf_jit_enable)");
	cr_expect_leq(info.jited_prog_len, PROGRAM_MAX, "the program has %u bytes",
		      info.jited_prog_len);
}

/* Fails if the check of such a policy, with @entries entries more, is longer than @max bytes. */
static void expect_length(const char *defaults, const char *entry, size_t entries, __u32 max)
{
	__u32 lengths[FUNCTIONS_MAX] = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "{'devices': {'defaults': %s, 'allow': [%s", defaults, entry);
	for (size_t i = 0; i < entries; i++)
		fprintf(stream, ", 'c %zu:%zu rw'", 200 + i / 64, i % 64);
	fputs("]}}", stream);
	fclose(stream);
	harness_attach(harness_cgroup(), text);
	free(text);
	read_lengths(harness_cgroup(), lengths);
	cr_expect_gt(lengths[0], 0);
	cr_expect_leq(lengths[0], max, "%u bytes for defaults %s, %s and %zu more", lengths[0],
		      defaults, entry, entries);
}

/* Hardening hides constants by more code (Documentation/admin-guide/sysctl/net.rst). */
static bool is_hardened(void)
{
	FILE *file = fopen("/proc/sys/net/core/bpf_jit_harden", "re");
	int level = 0;

	if (file && fscanf(file, "%d", &level) != 1)
		level = 0;
	if (file)
		fclose(file);
	return level > 1;
}

Test(code_size, a_check_has_no_more_code_than_its_policy_needs)
{
#ifndef __x86_64__
	cr_skip_test("the lengths are those of x86-64");
#endif
	if (is_hardened())
		harness_skip("net.core.bpf_jit_harden makes programs longer");
	expect_length("false", "'c 10:229 rw'", 0, 520);
	expect_length("true", "'c 10:229 rw'", 0, 750);
	expect_length("true", "'c 10:229 rw'", 200 - 15, 750);
	expect_length("true", "'c 10:229 rw'", 4096 - 15, 750);
	expect_length("true", "'c *:229 rw'", 4096 - 15, 1010);
}
