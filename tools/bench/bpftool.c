// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bpftool.h"
#include "probe.h"
#include "cgroup/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PINS "/sys/fs/bpf/bench"
#define WORDS_MAX 16

static const char *const objects[] = { "device", "ports", "listen" };

static const struct {
	const char *object;
	const char *program;
	const char *hook;
} hooks[] = {
	{ "device", "cgfence_device", "cgroup_device" },
	{ "ports", "cgfence_bind4", "cgroup_inet4_bind" },
	{ "ports", "cgfence_bind6", "cgroup_inet6_bind" },
	{ "ports", "cgfence_post_bind4", "cgroup_inet4_post_bind" },
	{ "ports", "cgfence_post_bind6", "cgroup_inet6_post_bind" },
	{ "ports", "cgfence_sock_create", "cgroup_inet_sock_create" },
	{ "listen", "cgfence_sockops", "cgroup_sock_ops" },
};

#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

/* The lines of a batch. */
struct lines {
	char text[1 + HOOKS + 3][2 * PATH_MAX];
	size_t count;
};

static void list_attach(const struct bench *bench, const char *directory, enum bpftool_set set,
			uint32_t policy_map, struct lines *lines)
{
	const char *program = bench_program(bench);
	const char *slash = strrchr(program, '/');
	int length = slash ? (int)(slash - program) : 0;

	lines->count = 0;
	for (size_t i = 0; i < (set == BPFTOOL_DEVICES ? 1 : 3); i++)
		snprintf(lines->text[lines->count++], sizeof(lines->text[0]),
			 "prog loadall %.*s/bench-bpf/%s.bpf.o " PINS
			 "/%s map name cgfence_policy id %u pinmaps " PINS "/%s-maps",
			 length, program, objects[i], objects[i], policy_map, objects[i]);
	for (size_t i = 0; i < (set == BPFTOOL_DEVICES ? 1 : HOOKS); i++)
		snprintf(lines->text[lines->count++], sizeof(lines->text[0]),
			 "cgroup attach %s %s pinned " PINS "/%s/%s multi", directory,
			 hooks[i].hook, hooks[i].object, hooks[i].program);
}

static void list_detach(const char *directory, enum bpftool_set set, struct lines *lines)
{
	lines->count = 0;
	for (size_t i = 0; i < (set == BPFTOOL_DEVICES ? 1 : HOOKS); i++)
		snprintf(lines->text[lines->count++], sizeof(lines->text[0]),
			 "cgroup detach %s %s pinned " PINS "/%s/%s", directory, hooks[i].hook,
			 hooks[i].object, hooks[i].program);
}

static double run_batch(const struct bench *bench, const struct lines *lines)
{
	char path[128];
	FILE *file;
	double ns;

	snprintf(path, sizeof(path), "%s/batch", bench_directory(bench));
	file = fopen(path, "we");
	if (!file)
		return -1;
	for (size_t i = 0; i < lines->count; i++)
		fprintf(file, "%s\n", lines->text[i]);
	fclose(file);
	/* It may fail in the end, for an error that it has overcome on the way, when all is done. */
	ns = probe_command_any((const char *const[]){ "bpftool", "batch", "file", path, NULL });
	return ns < 0 ? -1 : ns / 1e6;
}

static double run_each(const struct lines *lines)
{
	double sum = 0;

	for (size_t i = 0; i < lines->count; i++) {
		const char *words[WORDS_MAX] = { "bpftool" };
		char *line = strdup(lines->text[i]);
		char *save = NULL;
		size_t count = 1;
		double ns = -1;

		for (char *word = strtok_r(line, " ", &save); word && count < WORDS_MAX - 1;
		     word = strtok_r(NULL, " ", &save))
			words[count++] = word;
		if (line)
			ns = probe_command(words);
		free(line);
		if (ns < 0)
			return -1;
		sum += ns;
	}
	return sum / 1e6;
}

/* The last of them. */
static bool is_attached(const struct cgfence_cgroup *cgroup, enum bpftool_set set)
{
	int fd = probe_program(cgroup,
			       set == BPFTOOL_DEVICES ? BPF_CGROUP_DEVICE : BPF_CGROUP_SOCK_OPS);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void unpin(void)
{
	probe_command((const char *const[]){ "rm", "-r", PINS, NULL });
}

int bpftool_measure(struct bench *bench, const struct cgfence_cgroup *cgroup, enum bpftool_set set,
		    uint32_t policy_map, struct bpftool_times *times)
{
	struct lines *lines = calloc(2, sizeof(*lines));
	const char *directory = cgroup_directory(cgroup);
	bool attached;
	uint64_t begin;
	int result = -1;

	if (!lines)
		bench_fail(bench, "out of memory");
	list_attach(bench, directory, set, policy_map, &lines[0]);
	list_detach(directory, set, &lines[1]);
	mkdir(PINS, 0700);
	times->batch_processor_ms = -probe_processor_ms();
	times->batch_ms = run_batch(bench, &lines[0]);
	times->batch_processor_ms += probe_processor_ms();
	attached = is_attached(cgroup, set);
	times->detach_ms = run_batch(bench, &lines[1]);
	begin = bench_now_ns();
	unpin();
	times->detach_ms += (double)(bench_now_ns() - begin) / 1e6;
	mkdir(PINS, 0700);
	times->each_ms = run_each(&lines[0]);
	if (attached && times->batch_ms >= 0 && times->each_ms >= 0)
		result = run_batch(bench, &lines[1]) >= 0 ? 0 : -1;
	unpin();
	free(lines);
	return result;
}
