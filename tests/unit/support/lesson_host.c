// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/lesson_host.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
	struct device_number device;
	const char *name;
	bool has_node;
	const char *link;
} devices[] = {
	{ { false, 1, 3 }, "null", true, NULL },
	{ { false, 5, 2 }, "ptmx", true, NULL },
	{ { false, 10, 229 }, "fuse", true, NULL },
	{ { false, 10, 232 }, "kvm", false, NULL },
	{ { false, 188, 0 }, "ttyUSB0", true, "/dev/serial/by-id/usb-FTDI-0" },
	{ { false, 188, 1 }, "ttyUSB1", true, NULL },
	{ { false, 226, 0 }, "dri/card0", true, NULL },
	{ { false, 226, 128 }, "dri/renderD128", true, NULL },
	{ { false, 4, 1 }, "tty1", true, NULL },
	{ { false, 4, 2 }, "tty2", true, NULL },
	{ { true, 7, 0 }, "loop0", true, NULL },
	{ { true, 7, 1 }, "loop1", true, NULL },
	{ { true, 7, 2 }, "loop2", true, NULL },
	{ { true, 8, 0 }, "sda", true, "/dev/disk/by-id/ata-X" },
	{ { true, 8, 1 }, "sda1", true, "/dev/disk/by-id/ata-X *" },
};

#define DEVICE_COUNT (sizeof(devices) / sizeof(devices[0]))

static size_t find(const struct device_number *device)
{
	size_t at = 0;

	while (at < DEVICE_COUNT && (devices[at].device.block != device->block ||
				     devices[at].device.major != device->major ||
				     devices[at].device.minor != device->minor))
		at++;
	return at;
}

static bool name(const struct device_number *device, char text[DEVICE_PATH_SIZE])
{
	size_t at = find(device);

	if (at < DEVICE_COUNT)
		snprintf(text, DEVICE_PATH_SIZE, "%s", devices[at].name);
	return at < DEVICE_COUNT;
}

static bool is_at(const struct device_number *device, const char *path)
{
	size_t at = find(device);

	return at < DEVICE_COUNT && devices[at].has_node && strncmp(path, "/dev/", 5) == 0 &&
	       strcmp(path + 5, devices[at].name) == 0;
}

static bool find_link(const struct device_number *device, char path[DEVICE_PATH_SIZE])
{
	size_t at = find(device);

	if (at == DEVICE_COUNT || !devices[at].link)
		return false;
	snprintf(path, DEVICE_PATH_SIZE, "%s", devices[at].link);
	return true;
}

static void each(bool block, bool (*visit)(const struct device_number *device, void *context),
		 void *context)
{
	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		if (devices[i].device.block == block && !visit(&devices[i].device, context))
			return;
	}
}

static int read_drivers(struct drivers *drivers, struct cgfence_error *error)
{
	(void)error;
	return drivers_parse("Character devices:\n  1 mem\n  4 tty\n  4 ttyS\n  5 /dev/ptmx\n"
			     " 10 misc\n136 pts\n137 pts\n188 ttyUSB\n226 drm\n\nBlock devices:\n"
			     "  7 loop\n  8 sd\n",
			     drivers);
}

const struct device_host lesson_host = { name, is_at, find_link, each, read_drivers };

struct cgfence_lesson *lesson_host_lesson(void)
{
	struct cgfence_lesson *lesson = NULL;

	cr_assert_eq(cgfence_lesson_new(&lesson, NULL), 0);
	lesson->host = &lesson_host;
	lesson->ephemeral_low = 32768;
	lesson->ephemeral_high = 60999;
	return lesson;
}

static uint64_t now_ns;

static void add(struct cgfence_lesson *lesson, const char *comm,
		struct cgfence_denial_subject subject)
{
	struct cgfence_denial_record record = {
		.subject = subject, .pid = 7, .count = 3, .first_ns = 1, .last_ns = ++now_ns
	};

	memcpy(record.comm, comm, strlen(comm));
	cr_assert_eq(cgfence_lesson_add(lesson, &record, NULL), 0);
}

void lesson_host_use(struct cgfence_lesson *lesson, const char *comm, const char *device)
{
	struct cgfence_denial_subject subject = { .hook = CGFENCE_HOOK_DEVICE,
						  .verdict = CGFENCE_VERDICT_AUDITED };
	const char *letters = strchr(device + 2, ' ');

	cr_assert_eq(sscanf(device + 2, "%u:%u", &subject.major, &subject.minor), 2);
	subject.type = *device == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	subject.access = (uint8_t)((letters && strchr(letters, 'r') ? BPF_DEVCG_ACC_READ : 0) |
				   (letters && strchr(letters, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
				   (letters && strchr(letters, 'm') ? BPF_DEVCG_ACC_MKNOD : 0));
	add(lesson, comm, subject);
}

void lesson_host_port(struct cgfence_lesson *lesson, enum cgfence_hook hook, uint8_t ip_protocol,
		      enum cgfence_family family, uint16_t port)
{
	add(lesson, "server",
	    (struct cgfence_denial_subject){ .hook = (uint8_t)hook,
					     .verdict = CGFENCE_VERDICT_AUDITED,
					     .type = ip_protocol,
					     .access = (uint8_t)family,
					     .major = port });
}
