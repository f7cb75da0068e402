// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/harness.h"
#include "support/children.h"
#include "support/fences.h"
#include "support/stage.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHILDREN_MAX 64

static struct stage stage;
static struct cgfence_cgroup *children[CHILDREN_MAX];
static size_t child_count;
static pid_t test_pid;

void harness_skip(const char *reason)
{
	/* With CGFENCE_TEST_STRICT set, a test that did not run is a failure. */
	if (getenv("CGFENCE_TEST_STRICT"))
		cr_assert_fail("this test may not be skipped: %s", reason);
	/* Criterion leaves .fini out for a test that is skipped. */
	harness_end();
	cr_skip_test("%s", reason);
	abort();
}

void harness_begin(void)
{
	struct cgfence_error error = { 0 };

	if (geteuid() != 0)
		harness_skip("it needs root");
	libbpf_set_print(NULL);
	test_pid = getpid();
	/* The name is what tools/run-tests.sh looks for afterwards. */
	cr_assert_eq(stage_open(&stage, "cgfence-test", &error), 0, "%s", error.text);
}

void harness_end(void)
{
	struct cgfence_error error = { 0 };

	while (child_count) {
		struct cgfence_cgroup *child = children[--child_count];

		cr_expect_eq(cgfence_cgroup_remove(child, &error), 0, "%s", error.text);
		cgfence_cgroup_close(child);
	}
	if (stage.cgroup)
		cr_expect_eq(stage_close(&stage, &error), 0, "%s", error.text);
}

struct cgfence_cgroup *harness_cgroup(void)
{
	return stage.cgroup;
}

struct cgfence_cgroup *harness_child_cgroup(const struct cgfence_cgroup *parent, const char *name)
{
	struct cgfence_error error = { 0 };

	cr_assert_lt(child_count, CHILDREN_MAX);
	cr_assert_eq(cgfence_cgroup_create(parent, name, &children[child_count], &error), 0, "%s",
		     error.text);
	return children[child_count++];
}

const char *harness_directory(void)
{
	return stage.directory;
}

struct cgfence_policy *harness_policy(const char *json)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(fences_parse(json, &policy, &error), 0, "%s", error.text);
	return policy;
}

enum cgfence_attach_result harness_attach(const struct cgfence_cgroup *cgroup, const char *json)
{
	enum cgfence_attach_result result = CGFENCE_ATTACHED;
	struct cgfence_error error = { 0 };
	int code = fences_attach(cgroup, json, &result, &error);

	/* If a child of the test reports a failure by itself, Criterion waits for ever. */
	if (code && getpid() != test_pid) {
		fprintf(stderr, "%s\n", error.text);
		_exit(EXIT_FAILURE);
	}
	cr_assert_eq(code, 0, "%s", error.text);
	return result;
}

bool harness_misses(const struct cgfence_cgroup *cgroup, const char *name)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	const char *missing;
	bool found = false;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	for (size_t i = 0; (missing = cgfence_fence_missing_name(fence, i)) && !found; i++)
		found = strcmp(missing, name) == 0;
	cgfence_fence_close(fence);
	return found;
}

int harness_enter(const struct cgfence_cgroup *cgroup)
{
	return fences_enter(cgroup);
}

void *harness_share(size_t size)
{
	void *memory = children_share(size);

	cr_assert_neq(memory, NULL, "%s", strerror(errno));
	return memory;
}

pid_t harness_fork(void)
{
	return children_fork();
}

int harness_in_cgroup(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		      void *argument)
{
	int result = children_run_in(cgroup, function, argument);

	cr_assert_geq(result, 0, "%s", strerror(-result));
	return result;
}

/* "c 1:3" as mode and number. */
static mode_t parse_device(const char *device, dev_t *number)
{
	unsigned int major_number = 0;
	unsigned int minor_number = 0;
	char type = 0;

	cr_assert_eq(sscanf(device, "%c %u:%u", &type, &major_number, &minor_number), 3, "'%s'",
		     device);
	*number = makedev(major_number, minor_number);
	return type == 'c' ? S_IFCHR : S_IFBLK;
}

const char *harness_node(const char *device)
{
	static char path[128];
	dev_t number;
	mode_t type = parse_device(device, &number);

	snprintf(path, sizeof(path), "%s/%c-%u-%u", stage.directory, device[0], major(number),
		 minor(number));
	if (mknod(path, type | 0666, number) < 0)
		cr_assert_eq(errno, EEXIST, "mknod %s: %s", path, strerror(errno));
	return path;
}

struct node_call {
	const char *path;
	int argument;
	mode_t type;
	dev_t number;
};

static int call_open(void *argument)
{
	const struct node_call *call = argument;

	/* Does not wait for a device, and takes no terminal. */
	return open(call->path, call->argument | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) < 0 ? errno : 0;
}

static int call_access(void *argument)
{
	const struct node_call *call = argument;

	return access(call->path, call->argument) < 0 ? errno : 0;
}

static int call_mknod(void *argument)
{
	const struct node_call *call = argument;

	return mknod(call->path, call->type | 0600, call->number) < 0 ? errno : 0;
}

int harness_open(const struct cgfence_cgroup *cgroup, const char *device, int flags)
{
	struct node_call call = { .path = harness_node(device), .argument = flags };

	return harness_in_cgroup(cgroup, call_open, &call);
}

int harness_access(const struct cgfence_cgroup *cgroup, const char *device, int mode)
{
	struct node_call call = { .path = harness_node(device), .argument = mode };

	return harness_in_cgroup(cgroup, call_access, &call);
}

int harness_mknod(const struct cgfence_cgroup *cgroup, const char *device)
{
	struct node_call call = { 0 };
	char path[128];
	int result;

	snprintf(path, sizeof(path), "%s/made", stage.directory);
	call.path = path;
	call.type = parse_device(device, &call.number);
	result = harness_in_cgroup(cgroup, call_mknod, &call);
	unlink(path);
	return result;
}

unsigned int harness_hook_programs(const struct cgfence_cgroup *cgroup)
{
	int count = fences_count_programs(cgroup, BPF_CGROUP_DEVICE);

	cr_assert_geq(count, 0, "%s", strerror(-count));
	return (unsigned int)count;
}

static unsigned int slowness(void)
{
	const char *text = getenv("CGFENCE_TEST_SLOWNESS");
	unsigned long divisor = text ? strtoul(text, NULL, 10) : 1;

	return divisor > 1 ? (unsigned int)divisor : 1;
}

unsigned int harness_rounds(unsigned int rounds)
{
	return (rounds + slowness() - 1) / slowness();
}

bool harness_is_slow(void)
{
	return slowness() > 1;
}
