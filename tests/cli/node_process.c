// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In whose /dev allow --node makes a node, where a cgroup has several processes. */
#include "jail.h"
#include "program.h"
#include "support/fences.h"
#include "support/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(node_process, .init = harness_begin, .fini = harness_end);

#define POLICY "{'devices': {'allow': ['c 1:3 rw']}}"

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

static struct program_result allow(void)
{
	return program_run(NULL, WORDS("allow", "--node", path(), "device", "/dev/full r"));
}

Test(node_process, goes_to_the_oldest_process)
{
	struct stat status;
	char first[64];

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	snprintf(first, sizeof(first), "%s", jail_path("/dev/full"));
	/* Processes are told apart by the clock tick in which they started. */
	usleep(50000);
	jail_start(JAIL_USUAL);
	assert_done(allow());
	cr_expect_eq(lstat(jail_path("/dev/full"), &status), -1);
	cr_expect_eq(lstat(first, &status), 0);
}

static int process_of_jail(void)
{
	int pid = 0;

	cr_assert_eq(sscanf(jail_path("/"), "/proc/%d/", &pid), 1);
	return pid;
}

static void keep_state_of_crun(const char *container, int pid)
{
	char folder[64];
	char state[80];
	char text[512];

	snprintf(folder, sizeof(folder), "/run/crun/%s", container);
	cr_assert_eq(mkdir(folder, 0700), 0);
	snprintf(state, sizeof(state), "%s/status", folder);
	snprintf(text, sizeof(text), "{'cgroup-path': '%s', 'pid': %d}", path(), pid);
	cr_assert_eq(fences_write_json(state, text), 0);
}

/* Both runtimes can be told to put containers into one cgroup. That of a container that has ended may be kept. */
Test(node_process, of_several_containers_none_is_chosen)
{
	struct stat status;

	harness_attach(harness_cgroup(), POLICY);
	mkdir("/run/crun", 0700);
	cr_assert_eq(mount("tmpfs", "/run/crun", "tmpfs", 0, "mode=0700"), 0, "%s",
		     strerror(errno));
	jail_start(JAIL_USUAL);
	keep_state_of_crun("one", process_of_jail());
	keep_state_of_crun("ended", getpid());
	jail_start(JAIL_USUAL);
	keep_state_of_crun("two", process_of_jail());
	assert_fails(allow(), 1, "the container one of crun");
	assert_fails(allow(), 1, "the container two of crun");
	cr_expect_eq(lstat(jail_path("/dev/full"), &status), -1);
	cr_assert_eq(unlink("/run/crun/one/status"), 0);
	assert_done(allow());
	cr_expect_eq(lstat(jail_path("/dev/full"), &status), 0);
	umount2("/run/crun", MNT_DETACH);
}
