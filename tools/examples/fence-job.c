// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fences a job when it starts, with the ports and devices that it was assigned, and reports at its end what it was
 * refused. A scheduler does this in its own program, or in a prolog and an epilog.
 *
 *	fence-job pid:4711 31000-31005 '/dev/nvidia0 rw'
 *	fence-job --end pid:4711
 */
#include <cgfence/cgfence.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fence(const struct cgfence_cgroup *job, const char *ports, char **devices,
		 struct cgfence_error *error)
{
	struct cgfence_policy *policy = NULL;
	enum cgfence_attach_result attached;
	/* cgfence_policy_read_named() would begin with a policy of the administrator. */
	int result = cgfence_policy_new("job", &policy, error);

	if (result == 0)
		result = cgfence_policy_add_ports(policy, "tcp", ports, error);
	if (result == 0)
		result = cgfence_policy_add_default_devices(policy, "mesos", error);
	for (; *devices && result == 0; devices++)
		result = cgfence_policy_add_device(policy, *devices, error);
	if (result == 0)
		result = cgfence_fence_attach(job, policy, 0, &attached, error);
	cgfence_policy_free(policy);
	return result;
}

static int report(const struct cgfence_cgroup *job, struct cgfence_error *error)
{
	struct cgfence_denial_record *records = NULL;
	struct cgfence_fence *fence = NULL;
	size_t count = 0;
	int result = cgfence_fence_open(cgfence_cgroup_id(job), &fence, error);

	if (result == 0)
		result = cgfence_fence_read_denials(fence, &records, &count, error);
	for (size_t i = 0; i < count; i++) {
		char subject[64];

		/* A job chooses the name of its processes, so it is no text for a terminal as it is. */
		cgfence_denial_format(&records[i].subject, subject, sizeof(subject));
		printf("%s %s, %llu times, last to process %u\n",
		       cgfence_verdict_name((enum cgfence_verdict)records[i].subject.verdict),
		       subject, (unsigned long long)records[i].count, records[i].pid);
	}
	free(records);
	cgfence_fence_close(fence);
	return result;
}

static int end(const struct cgfence_cgroup *job, struct cgfence_error *error)
{
	int result = report(job, error);
	bool detached;

	return result ? result : cgfence_fence_detach(cgfence_cgroup_id(job), &detached, error);
}

int main(int argc, char **argv)
{
	struct cgfence_error error = { .text = "" };
	struct cgfence_cgroup *job = NULL;
	bool ends = argc == 3 && strcmp(argv[1], "--end") == 0;
	int result;

	if (argc < 3) {
		fprintf(stderr, "Usage: %s CGROUP PORTS [DEVICE]... | --end CGROUP\n", argv[0]);
		return 2;
	}
	result = cgfence_cgroup_open(argv[ends ? 2 : 1], &job, &error);
	if (result == 0)
		result = ends ? end(job, &error) : fence(job, argv[2], argv + 3, &error);
	if (result)
		fprintf(stderr, "%s: %s\n", argv[0], error.text);
	cgfence_cgroup_close(job);
	return result ? 1 : 0;
}
