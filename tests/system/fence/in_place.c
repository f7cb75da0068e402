// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What an allowed request needs of the header of the policy is in the instructions. The map that has it is not read, and
 * says the same.
 */
#include "base/cleanup.h"
#include "image/image.h"
#include "kernel/hook.h"
#include "kernel/maps.h"
#include "kernel/programs.h"
#include "support/endpoint.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/random_policy.h"

#include <bpf/bpf.h>
#include <cgfence/verdict.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

TestSuite(in_place, .init = harness_begin, .fini = harness_end);

/* The image of the fence of the test. */
static struct cgfence_image *read_image(enum bpf_attach_type hook)
{
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(fences_read_image(harness_cgroup(), (int)hook, &image, &error), 0, "%s",
		     error.text);
	return image;
}

static int find_hook(enum bpf_attach_type type)
{
	int index = 0;

	while (hooks[index].attach_type != type)
		index++;
	return index;
}

/*
 * Attaches the program of @image, beside the fence, with a policy map whose header says nothing.
 * @rest: has the map what follows the header?
 * Return: the link, or -1 with errno.
 */
static int attach_without_header(const struct cgfence_image *image, enum bpf_attach_type type,
				 bool rest)
{
	cleanup_free struct cgfence_image *blank = calloc(1, image->size);
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	struct cgfence_error error = { 0 };
	int index = find_hook(type);
	int programs[HOOKS_MAX];
	int refused;
	int link;

	cr_assert_not_null(blank);
	if (rest)
		memcpy(blank + 1, image + 1, image->size - sizeof(*image));
	blank->size = image->size;
	blank->enforce = 1;
	/* What reads the task depends on the kernel. */
	blank->task = image->task;
	memset(programs, -1, sizeof(programs));
	cr_assert_eq(fence_maps_create_policy(blank, &maps.policy, &error), 0, "%s", error.text);
	cr_assert_eq(fence_maps_create_events(&maps.events, &error), 0, "%s", error.text);
	cr_assert_eq(programs_make_records(&maps, false, &error), 0, "%s", error.text);
	cr_assert_eq(programs_load(HOOK_BIT(index), image, &maps, programs, &refused, &error), 0,
		     "%s", error.text);
	link = bpf_link_create(programs[index], cgfence_cgroup_fd(harness_cgroup()), type, NULL);
	close(programs[index]);
	return link;
}

/* With the table gone, what is in it alone is refused. */
Test(in_place, what_every_container_opens_needs_no_map)
{
	static const char *const devices[] = { "c 1:3",	  "c 1:5", "c 1:7",   "c 1:8",
					       "c 1:9",	  "c 5:0", "c 5:1",   "c 5:2",
					       "c 4:0",	  "c 4:1", "c 136:0", "c 136:70000",
					       "c 10:200" };
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_close int link = -1;

	harness_attach(harness_cgroup(),
		       "{'devices': {'defaults': true, 'allow': ['c 10:229 rw']}}");
	image = read_image(BPF_CGROUP_DEVICE);
	cr_expect_eq(harness_access(harness_cgroup(), "c 10:229", R_OK | W_OK), 0);
	link = attach_without_header(image, BPF_CGROUP_DEVICE, false);
	cr_assert_geq(link, 0, "%s", strerror(errno));
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		cr_expect_eq(harness_access(harness_cgroup(), devices[i], F_OK), 0, "%s",
			     devices[i]);
		cr_expect_eq(harness_access(harness_cgroup(), devices[i], R_OK | W_OK), 0, "%s",
			     devices[i]);
		cr_expect_eq(harness_mknod(harness_cgroup(), devices[i]), 0, "%s", devices[i]);
	}
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 240:5"), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "c 10:229", R_OK | W_OK), EPERM,
		     "that is in the table alone");
}

Test(in_place, another_device_needs_only_the_table)
{
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_close int link = -1;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 10:229 rw', 'c 200:* r']}}");
	image = read_image(BPF_CGROUP_DEVICE);
	link = attach_without_header(image, BPF_CGROUP_DEVICE, true);
	cr_assert_geq(link, 0, "%s", strerror(errno));
	cr_expect_eq(harness_access(harness_cgroup(), "c 10:229", R_OK | W_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "c 200:7", R_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "c 200:7", W_OK), EPERM);
}

static int bind_one(void *endpoint)
{
	int fd = endpoint_open(endpoint);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

Test(in_place, a_port_needs_only_its_bitmap)
{
	char assigned[] = "tcp 0.0.0.0 28080";
	char other[] = "tcp 0.0.0.0 28081";
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_close int bind_link = -1;
	cleanup_close int bound_link = -1;

	harness_attach(harness_cgroup(), "{'ports': [28080]}");
	image = read_image(BPF_CGROUP_INET4_BIND);
	bind_link = attach_without_header(image, BPF_CGROUP_INET4_BIND, true);
	cr_assert_geq(bind_link, 0, "%s", strerror(errno));
	bound_link = attach_without_header(image, BPF_CGROUP_INET4_POST_BIND, true);
	cr_assert_geq(bound_link, 0, "%s", strerror(errno));
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), bind_one, assigned), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), bind_one, other), EPERM);
}

#define USE (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

#define DEVICES_MAX 256

/* Each for no access, for the three that access(2) asks for, and for mknod. */
static const uint32_t accesses[] = { 0, BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE, USE,
				     BPF_DEVCG_ACC_MKNOD };

#define ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

struct device {
	uint32_t type;
	uint32_t major;
	uint32_t minor;
};

struct question {
	int directory;
	size_t count;
	struct device devices[DEVICES_MAX];
	int codes[DEVICES_MAX][ACCESSES]; /* errno or 0 */
};

static void add_device(struct question *question, int major, int minor)
{
	for (uint32_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
		cr_assert_lt(question->count, DEVICES_MAX);
		question->devices[question->count++] =
			(struct device){ type, (uint32_t)major, (uint32_t)minor };
	}
}

static int make_node(const struct question *question, size_t index, const char *name)
{
	const struct device *device = &question->devices[index];
	mode_t type = device->type == BPF_DEVCG_DEV_CHAR ? S_IFCHR : S_IFBLK;

	return mknodat(question->directory, name, type | 0600,
		       makedev(device->major, device->minor)) < 0
		       ? errno
		       : 0;
}

static int ask_one(const struct question *question, size_t index, uint32_t access)
{
	int mode = (access & BPF_DEVCG_ACC_READ ? R_OK : 0) |
		   (access & BPF_DEVCG_ACC_WRITE ? W_OK : 0);
	char name[32];
	int code;

	if (access == BPF_DEVCG_ACC_MKNOD) {
		code = make_node(question, index, "made");
		if (code == 0)
			unlinkat(question->directory, "made", 0);
		return code;
	}
	snprintf(name, sizeof(name), "node-%zu", index);
	return faccessat(question->directory, name, mode, 0) < 0 ? errno : 0;
}

static int ask(void *argument)
{
	struct question *question = argument;

	for (size_t i = 0; i < question->count; i++) {
		for (size_t j = 0; j < ACCESSES; j++)
			question->codes[i][j] = ask_one(question, i, accesses[j]);
	}
	return 0;
}

static void expect_as_map(const struct question *question, const char *text)
{
	cleanup_free struct cgfence_image *image = read_image(BPF_CGROUP_DEVICE);

	for (size_t i = 0; i < question->count; i++) {
		const struct device *device = &question->devices[i];

		for (size_t j = 0; j < ACCESSES; j++) {
			bool allowed = cgfence_device_allowed(
				image, cgfence_device_request(accesses[j] << 16 | device->type,
							      device->major, device->minor));

			/* mknod(2) of a device that nobody has made a driver for works too. */
			cr_assert_eq(question->codes[i][j], allowed ? 0 : EPERM,
				     "type %u %u:%u, access %u: %s\n%s", device->type,
				     device->major, device->minor, accesses[j],
				     strerror(question->codes[i][j]), text);
		}
	}
}

static void make_nodes(struct question *question)
{
	for (int i = 0; i < RANDOM_HOT_MAJORS * RANDOM_HOT_MINORS; i++)
		add_device(question, random_hot_majors[i / RANDOM_HOT_MINORS],
			   random_hot_minors[i % RANDOM_HOT_MINORS]);
	/* The kernel does not ask about mknod of c 0:0. */
	for (int i = 1; i < (RANDOM_MAJORS + 1) * (RANDOM_MINORS + 1); i++)
		add_device(question, i / (RANDOM_MINORS + 1), i % (RANDOM_MINORS + 1));
	add_device(question, CGFENCE_PTS_MAJOR, CGFENCE_MINOR_MAX);
	question->directory = open(harness_directory(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(question->directory, 0);
	for (size_t i = 0; i < question->count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "node-%zu", i);
		cr_assert_eq(make_node(question, i, name), 0);
	}
}

Test(in_place, code_and_map_agree_on_random_policies)
{
	struct question *question = harness_share(sizeof(*question));
	uint64_t state = 23;

	make_nodes(question);
	for (unsigned int i = 0; i < harness_rounds(100); i++) {
		struct random_policy random = i % 3 ? random_policy_hot_devices(&state)
						    : random_policy_devices(&state);
		cleanup_free char *text = NULL;

		random.enforce = true;
		text = random_policy_text(&random, &state, false);
		harness_attach(harness_cgroup(), text);
		cr_assert_eq(harness_in_cgroup(harness_cgroup(), ask, question), 0);
		expect_as_map(question, text);
	}
	close(question->directory);
}
