// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The 14 entries of "defaults": true, each allowed and each refused where it ends. */
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(defaults, .init = harness_begin, .fini = harness_end);

#define DEFAULTS "{'devices': {'defaults': true}}"

/* All but the two *:* entries. A neighbour is a device next to one of them that no default entry covers. */
static const struct {
	const char *device;
	const char *refused_neighbour;
} default_devices[] = {
	{ "c 5:1", "b 5:1" },	    { "c 4:0", "b 4:0" },	{ "c 4:1", "c 4:2" },
	{ "c 136:0", "c 137:0" },   { "c 136:77", "b 136:77" }, { "c 5:2", "c 5:3" },
	{ "c 10:200", "c 10:201" }, { "c 1:3", "b 1:3" },	{ "c 1:5", "c 1:4" },
	{ "c 1:7", "c 1:6" },	    { "c 5:0", "c 6:0" },	{ "c 1:9", "c 1:10" },
	{ "c 1:8", "c 1:11" },	    { "c 1:8", "c 2:8" },
};

static const size_t default_device_count = sizeof(default_devices) / sizeof(default_devices[0]);

Test(defaults, each_default_device_may_be_read_and_written)
{
	harness_attach(harness_cgroup(), DEFAULTS);
	for (size_t i = 0; i < default_device_count; i++) {
		const char *device = default_devices[i].device;

		/* The device may have no driver, so only EPERM comes from the fence. */
		cr_expect_neq(harness_open(harness_cgroup(), device, O_RDWR), EPERM, "open %s",
			      device);
		cr_expect_eq(harness_access(harness_cgroup(), device, R_OK | W_OK), 0, "access %s",
			     device);
	}
}

Test(defaults, each_default_device_may_be_made)
{
	harness_attach(harness_cgroup(), DEFAULTS);
	for (size_t i = 0; i < default_device_count; i++)
		cr_expect_eq(harness_mknod(harness_cgroup(), default_devices[i].device), 0, "%s",
			     default_devices[i].device);
}

Test(defaults, neighbours_of_each_default_device_are_refused)
{
	harness_attach(harness_cgroup(), DEFAULTS);
	for (size_t i = 0; i < default_device_count; i++) {
		const char *device = default_devices[i].refused_neighbour;

		cr_expect_eq(harness_open(harness_cgroup(), device, O_RDONLY), EPERM, "open %s",
			     device);
		cr_expect_eq(harness_open(harness_cgroup(), device, O_WRONLY), EPERM, "open %s",
			     device);
		cr_expect_eq(harness_access(harness_cgroup(), device, R_OK), EPERM, "access %s",
			     device);
	}
}

Test(defaults, any_node_may_be_made_but_not_opened)
{
	harness_attach(harness_cgroup(), DEFAULTS);
	cr_expect_eq(harness_mknod(harness_cgroup(), "c 240:5"), 0);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 240:5"), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 240:5", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(harness_cgroup(), "b 240:5", O_RDONLY), EPERM);
}

Test(defaults, without_them_an_empty_section_allows_nothing)
{
	harness_attach(harness_cgroup(), "{'devices': {}}");
	for (size_t i = 0; i < default_device_count; i++) {
		const char *device = default_devices[i].device;

		cr_expect_eq(harness_open(harness_cgroup(), device, O_RDWR), EPERM, "open %s",
			     device);
		cr_expect_eq(harness_mknod(harness_cgroup(), device), EPERM, "mknod %s", device);
		cr_expect_eq(harness_access(harness_cgroup(), device, F_OK), EPERM, "access %s",
			     device);
	}
}

Test(defaults, fifos_files_and_sockets_are_no_devices)
{
	char path[128];

	harness_attach(harness_cgroup(), "{'devices': {}}");
	snprintf(path, sizeof(path), "%s/fifo", harness_directory());
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(access(path, R_OK | W_OK), 0);
}
