// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a program that uses the library may expect: its threads and its use of libbpf are its own. */
#include "support/fences.h"
#include "support/harness.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

TestSuite(host_program, .init = harness_begin, .fini = harness_end);

static atomic_uint printed;

static int count(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	atomic_fetch_add(&printed, 1);
	return 0;
}

/* libbpf complains of it. */
static void open_garbage(void)
{
	static const char garbage[] = "this is no ELF file";

	cr_expect_null(bpf_object__open_mem(garbage, sizeof(garbage), NULL));
}

#define POLICY "{\"devices\": {\"allow\": [\"c 1:3 rw\"]}, \"ports\": {\"tcp\": [31000]}}"

Test(host_program, keeps_its_print_function)
{
	struct cgfence_error error = { 0 };

	libbpf_set_print(count);
	cr_assert_eq(fences_attach(harness_cgroup(), POLICY, NULL, &error), 0, "%s", error.text);
	cr_expect_eq(printed, 0, "%u messages of the library reached the program", printed);
	cr_expect_eq(libbpf_set_print(count), count);
	open_garbage();
	cr_expect_neq(printed, 0);
}

/* Of a section that libbpf does not know, whatever this library has loaded. */
Test(host_program, has_no_handlers_of_sections)
{
	struct cgfence_error error = { 0 };
	enum bpf_attach_type attach_type;
	enum bpf_prog_type type;

	cr_assert_eq(fences_attach(harness_cgroup(), POLICY, NULL, &error), 0, "%s", error.text);
	cr_expect_lt(libbpf_prog_type_by_name("cgfence/device", &type, &attach_type), 0);
}

#define THREADS 2
#define ROUNDS 4

struct job {
	pthread_t thread;
	struct cgfence_cgroup *cgroup;
	char ports[16];
	int result;
	struct cgfence_error error;
};

static int make_policy(const struct job *job, struct cgfence_policy **policy,
		       struct cgfence_error *error)
{
	int result = cgfence_policy_new("job", policy, error);

	if (result == 0)
		result = cgfence_policy_add_device(*policy, "/dev/null rw", error);
	if (result == 0)
		result = cgfence_policy_add_ports(*policy, "tcp", job->ports, error);
	return result;
}

/* The life of a job's fence. */
static int live(const struct job *job, struct cgfence_error *error)
{
	uint64_t id = cgfence_cgroup_id(job->cgroup);
	struct cgfence_denial_record *records = NULL;
	struct cgfence_policy *policy = NULL;
	struct cgfence_fence *fence = NULL;
	enum cgfence_attach_result attached = CGFENCE_UNCHANGED;
	bool detached = false;
	size_t count = 0;
	int result = make_policy(job, &policy, error);

	if (result == 0)
		result = cgfence_fence_attach(job->cgroup, policy, 0, &attached, error);
	if (result == 0)
		result = cgfence_fence_open(id, &fence, error);
	if (result == 0)
		result = cgfence_fence_read_denials(fence, &records, &count, error);
	if (result == 0)
		result = cgfence_fence_detach(id, &detached, error);
	free(records);
	cgfence_fence_close(fence);
	cgfence_policy_free(policy);
	return result ? result : attached == CGFENCE_ATTACHED && detached ? 0 : -EBADE;
}

static void *run(void *argument)
{
	struct job *job = argument;

	for (int i = 0; i < ROUNDS && job->result == 0; i++)
		job->result = live(job, &job->error);
	return NULL;
}

Test(host_program, fences_jobs_in_several_threads)
{
	struct job jobs[THREADS] = { 0 };
	unsigned int each;

	libbpf_set_print(count);
	open_garbage();
	each = printed;
	for (int i = 0; i < THREADS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "job%d", i);
		snprintf(jobs[i].ports, sizeof(jobs[i].ports), "%d", 31000 + i);
		jobs[i].cgroup = harness_child_cgroup(harness_cgroup(), name);
	}
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
	/* Messages of this thread are handed on all the while. */
	for (int i = 0; i < 1000; i++)
		open_garbage();
	for (int i = 0; i < THREADS; i++) {
		pthread_join(jobs[i].thread, NULL);
		cr_expect_eq(jobs[i].result, 0, "%s: %s", strerror(-jobs[i].result),
			     jobs[i].error.text);
	}
	cr_expect_eq(printed, 1001 * each);
	cr_expect_eq(libbpf_set_print(count), count);
}
