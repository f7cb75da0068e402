// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "entries.h"
#include "probe.h"
#include "report.h"
#include "support/fences.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Majors that nothing in the list below has, with as many minors each as a driver may well have. */
#define FILLER_MAJOR 200
#define FILLER_MINORS 64

#define C BPF_DEVCG_DEV_CHAR
#define M BPF_DEVCG_ACC_MKNOD
#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RWM (RW | M)

static const struct whitelist_entry defaults[ENTRIES_DEFAULT] = {
	{ C, -1, -1, M }, { BPF_DEVCG_DEV_BLOCK, -1, -1, M },
	{ C, 5, 1, RWM }, { C, 4, 0, RWM },
	{ C, 4, 1, RWM }, { C, 136, -1, RWM },
	{ C, 5, 2, RWM }, { C, 10, 200, RWM },
	{ C, 1, 3, RWM }, { C, 1, 5, RWM },
	{ C, 1, 7, RWM }, { C, 5, 0, RWM },
	{ C, 1, 9, RWM }, { C, 1, 8, RWM },
};

struct whitelist_entry entries_get(size_t index)
{
	int filler = (int)index - ENTRIES_DEFAULT;

	if (index < ENTRIES_DEFAULT)
		return defaults[index];
	return (struct whitelist_entry){ C, FILLER_MAJOR + filler / FILLER_MINORS,
					 filler % FILLER_MINORS, RW };
}

static char letter_of(struct whitelist_entry entry)
{
	return entry.type == C ? 'c' : 'b';
}

static const char *letters_of(struct whitelist_entry entry)
{
	return entry.access == RWM ? "rwm" : entry.access == RW ? "rw" : "m";
}

char *entries_policy(size_t count)
{
	char *policy = NULL;
	size_t length;
	FILE *file = open_memstream(&policy, &length);

	fprintf(file, "{'devices': {'defaults': true, 'allow': [");
	for (size_t i = ENTRIES_DEFAULT; i < count; i++) {
		struct whitelist_entry entry = entries_get(i);

		fprintf(file, "%s'%c %d:%d %s'", i > ENTRIES_DEFAULT ? ", " : "", letter_of(entry),
			entry.major, entry.minor, letters_of(entry));
	}
	fprintf(file, "]}}");
	fclose(file);
	return policy;
}

/* crun compares one entry after the other, its defaults before what the container is given, the last first in both. */
int entries_crun(size_t count)
{
	struct whitelist_entry *entries = calloc(count, sizeof(*entries));
	int program;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		entries[i] = entries_get(i < ENTRIES_DEFAULT ? ENTRIES_DEFAULT - 1 - i
							     : count - 1 - (i - ENTRIES_DEFAULT));
	program = whitelist_program(NULL, entries, count);
	free(entries);
	return program;
}

/* A container of runc, which is put together in the directory of the run. */

#define BUNDLE "bundle"

static int write_bundle(const char *parent, size_t count)
{
	FILE *file;

	mkdir(BUNDLE, 0755);
	mkdir(BUNDLE "/rootfs", 0755);
	/* It must be there and executable, and is never executed. */
	close(open(BUNDLE "/rootfs/init", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	file = fopen(BUNDLE "/config.json", "we");
	if (!file)
		return -1;
	fprintf(file,
		"{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"rootfs\"},"
		" \"process\": {\"args\": [\"/init\"], \"cwd\": \"/\","
		" \"user\": {\"uid\": 0, \"gid\": 0}},"
		" \"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"}],"
		" \"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"pid\"}],"
		" \"cgroupsPath\": \"%s/box\","
		" \"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}",
		parent);
	for (size_t i = 0; i < count; i++) {
		struct whitelist_entry entry = entries_get(i);

		fprintf(file,
			", {\"allow\": true, \"type\": \"%c\", \"major\": %d, \"minor\": %d,"
			" \"access\": \"%s\"}",
			letter_of(entry), entry.major, entry.minor, letters_of(entry));
	}
	fprintf(file, "]}}}");
	return fclose(file);
}

/* In a child, with a mount namespace of its own. */
static bool runc(const char *const *words)
{
	pid_t child = children_fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
				      namespaces_move_cgroup2() || children_run(words)
			      ? EXIT_FAILURE
			      : EXIT_SUCCESS);
	return child > 0 && children_await(child) == 0;
}

int entries_runc(size_t count)
{
	struct cgfence_cgroup *parent = probe_cgroup(NULL, "runc");
	const char *path = cgfence_cgroup_path(parent);
	struct cgfence_cgroup *cgroup = NULL;
	int program = -1;

	if (write_bundle(path, count) == 0 &&
	    runc(WORDS("runc", "--root", "runc", "create", "--bundle", BUNDLE, "box")) &&
	    cgfence_cgroup_open(text("%s/box", path), &cgroup, NULL) == 0)
		program = fences_program(cgroup, BPF_CGROUP_DEVICE);
	cgfence_cgroup_close(cgroup);
	runc(WORDS("runc", "--root", "runc", "delete", "--force", "box"));
	fences_remove(parent);
	return program;
}
