// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct cgfence_cgroup *probe_make_cgroup(struct bench *bench, const char *name)
{
	struct cgfence_cgroup *parent = NULL;
	struct cgfence_cgroup *made = NULL;
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_open(bench_cgroup(bench), &parent, &error) ||
	    cgfence_cgroup_create(parent, name, &made, &error))
		bench_fail(bench, "%s", error.text);
	cgfence_cgroup_close(parent);
	return made;
}

void probe_remove_cgroup(struct bench *bench, struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached;

	if (cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error) ||
	    cgfence_cgroup_remove(cgroup, &error))
		bench_fail(bench, "%s", error.text);
	cgfence_cgroup_close(cgroup);
}

struct probe_place probe_make_place(struct bench *bench, const char *name)
{
	struct probe_place place = { .cgroup = probe_make_cgroup(bench, name) };
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_create(place.cgroup, "inner", &place.inner, &error))
		bench_fail(bench, "%s", error.text);
	return place;
}

void probe_remove_place(struct bench *bench, const struct probe_place *place)
{
	probe_remove_cgroup(bench, place->inner);
	probe_remove_cgroup(bench, place->cgroup);
}

void probe_fence(struct bench *bench, const struct cgfence_cgroup *cgroup, const char *json)
{
	struct cgfence_policy *policy = NULL;
	enum cgfence_attach_result result;
	struct cgfence_error error = { 0 };
	char *text = strdup(json);

	if (!text)
		bench_fail(bench, "out of memory");
	for (char *quote = text; (quote = strchr(quote, '\'')); quote++)
		*quote = '"';
	if (cgfence_policy_parse(text, strlen(text), "policy", &policy, &error) ||
	    cgfence_fence_attach(cgroup, policy, 0, &result, &error))
		bench_fail(bench, "%s", error.text);
	cgfence_policy_free(policy);
	free(text);
}

int probe_program(const struct cgfence_cgroup *cgroup, int attach_type)
{
	uint32_t ids[64];
	uint32_t count = 64;

	if (bpf_prog_query(cgfence_cgroup_fd(cgroup), (enum bpf_attach_type)attach_type, 0, NULL,
			   ids, &count) < 0 ||
	    !count)
		return -1;
	return bpf_prog_get_fd_by_id(ids[0]);
}

void probe_attach(struct bench *bench, const struct cgfence_cgroup *cgroup, int program,
		  int attach_type)
{
	if (bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), (enum bpf_attach_type)attach_type,
			    BPF_F_ALLOW_MULTI) < 0)
		bench_fail(bench, "cannot attach a program: %s", strerror(errno));
}

void *probe_share(struct bench *bench, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		bench_fail(bench, "out of memory");
	return memory;
}

double probe_in_cgroup(struct bench *bench, const struct cgfence_cgroup *cgroup,
		       double (*function)(const void *argument), const void *argument)
{
	double *shared = probe_share(bench, sizeof(*shared));
	pid_t child = fork();
	int status = 0;
	double result;

	if (child < 0)
		bench_fail(bench, "cannot fork: %s", strerror(errno));
	if (child == 0) {
		int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(EXIT_FAILURE);
		*shared = function(argument);
		_exit(EXIT_SUCCESS);
	}
	if (waitpid(child, &status, 0) != child || status)
		bench_fail(bench, "a process of the benchmark failed in its cgroup");
	result = *shared;
	munmap(shared, sizeof(*shared));
	return result;
}

static void detach(struct bench *bench, const struct cgfence_cgroup *cgroup, int program,
		   enum bpf_attach_type attach_type)
{
	if (bpf_prog_detach2(program, cgfence_cgroup_fd(cgroup), attach_type))
		bench_fail(bench, "cannot detach a program: %s", strerror(errno));
}

double probe_beside(struct bench *bench, const struct probe_place *place, const int *companions,
		    const enum bpf_attach_type *attach_types, size_t count,
		    double (*function)(const void *argument), const void *argument)
{
	const struct cgfence_cgroup *const first_and_last[] = { place->inner, place->cgroup };
	double sum = 0;

	for (size_t order = 0; order < 2; order++) {
		const struct cgfence_cgroup *cgroup = first_and_last[order];

		for (size_t i = 0; i < count; i++)
			probe_attach(bench, cgroup, companions[i], attach_types[i]);
		sum += probe_in_cgroup(bench, place->inner, function, argument);
		for (size_t i = 0; i < count; i++)
			detach(bench, cgroup, companions[i], attach_types[i]);
	}
	return sum / 2;
}

int probe_enable_statistics(struct bench *bench)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (fd < 0)
		bench_fail(bench, "the kernel does not time programs: %s", strerror(errno));
	return fd;
}

struct probe_cost probe_cost(struct bench *bench, int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (program < 0)
		return (struct probe_cost){ 0 };
	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		bench_fail(bench, "cannot read what a program cost: %s", strerror(errno));
	return (struct probe_cost){ .runs = info.run_cnt, .ns = info.run_time_ns };
}

double probe_mean_ns(struct probe_cost before, struct probe_cost after)
{
	uint64_t runs = after.runs - before.runs;

	return runs ? (double)(after.ns - before.ns) / (double)runs : 0;
}

static double run_command(const char *const *words, int *status)
{
	posix_spawn_file_actions_t actions;
	uint64_t begin;
	uint64_t end;
	pid_t child;
	int result;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	begin = bench_now_ns();
	result = posix_spawnp(&child, words[0], &actions, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result || waitpid(child, status, 0) != child)
		return -1;
	end = bench_now_ns();
	return (double)(end - begin);
}

double probe_command(const char *const *words)
{
	int status = 0;
	double ns = run_command(words, &status);

	return status ? -1 : ns;
}

double probe_command_any(const char *const *words)
{
	int status = 0;
	double ns = run_command(words, &status);

	return WIFEXITED(status) ? ns : -1;
}

static double milliseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

double probe_processor_ms(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_CHILDREN, &usage);
	return milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
}
