// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "entries.h"
#include "probe.h"
#include "report.h"
#include "support/fences.h"
#include "support/namespaces.h"
#include "support/whitelist_program.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Majors that nothing in the list below has, with as many minors each as a driver may well have. */
#define FILLER_MAJOR 200
#define FILLER_MINORS 64

static const struct entry defaults[ENTRIES_DEFAULT] = {
	{ 'c', -1, -1, "m" }, { 'b', -1, -1, "m" },    { 'c', 5, 1, "rwm" },
	{ 'c', 4, 0, "rwm" }, { 'c', 4, 1, "rwm" },    { 'c', 136, -1, "rwm" },
	{ 'c', 5, 2, "rwm" }, { 'c', 10, 200, "rwm" }, { 'c', 1, 3, "rwm" },
	{ 'c', 1, 5, "rwm" }, { 'c', 1, 7, "rwm" },    { 'c', 5, 0, "rwm" },
	{ 'c', 1, 9, "rwm" }, { 'c', 1, 8, "rwm" },
};

struct entry entries_get(size_t index)
{
	int filler = (int)index - ENTRIES_DEFAULT;

	if (index < ENTRIES_DEFAULT)
		return defaults[index];
	return (struct entry){ 'c', FILLER_MAJOR + filler / FILLER_MINORS, filler % FILLER_MINORS,
			       "rw" };
}

uint32_t entries_type(struct entry entry)
{
	return entry.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;
}

uint32_t entries_access(struct entry entry)
{
	return (strchr(entry.access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(entry.access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
	       (strchr(entry.access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

char *entries_policy(size_t count)
{
	char *policy = NULL;
	size_t length;
	FILE *file = open_memstream(&policy, &length);

	fprintf(file, "{'devices': {'defaults': true, 'allow': [");
	for (size_t i = ENTRIES_DEFAULT; i < count; i++) {
		struct entry entry = entries_get(i);

		fprintf(file, "%s'%c %d:%d %s'", i > ENTRIES_DEFAULT ? ", " : "", entry.type,
			entry.major, entry.minor, entry.access);
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
	for (size_t i = 0; i < count; i++) {
		struct entry entry = entries_get(i < ENTRIES_DEFAULT
							 ? ENTRIES_DEFAULT - 1 - i
							 : count - 1 - (i - ENTRIES_DEFAULT));

		entries[i] = (struct whitelist_entry){ entries_type(entry), entry.major,
						       entry.minor, entries_access(entry) };
	}
	program = whitelist_program(NULL, entries, count);
	free(entries);
	return program;
}

/* A container of runc, which is put together in the directory of the run. */

#define BUNDLE "bundle"

#define RUNC(...) children_run(WORDS("runc", "--root", "runc", __VA_ARGS__))

struct box {
	const char *parent; /* of its cgroup */
	size_t count;
};

static int write_bundle(const struct box *box)
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
		box->parent);
	for (size_t i = 0; i < box->count; i++) {
		struct entry entry = entries_get(i);

		fprintf(file,
			", {\"allow\": true, \"type\": \"%c\", \"major\": %d, \"minor\": %d,"
			" \"access\": \"%s\"}",
			entry.type, entry.major, entry.minor, entry.access);
	}
	fprintf(file, "]}}}");
	return fclose(file);
}

static int make_box(const struct box *box)
{
	return write_bundle(box) || RUNC("create", "--bundle", BUNDLE, "box");
}

static int delete_box(const struct box *box)
{
	(void)box;
	return RUNC("delete", "--force", "box");
}

/* In a child, with a mount namespace of its own. */
static bool in_child(int (*function)(const struct box *box), const struct box *box)
{
	pid_t child = children_fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
				      namespaces_move_cgroup2() || function(box)
			      ? EXIT_FAILURE
			      : EXIT_SUCCESS);
	return child > 0 && children_await(child) == 0;
}

int entries_runc(size_t count)
{
	struct cgfence_cgroup *parent = probe_cgroup(NULL, "runc");
	struct box box = { cgfence_cgroup_path(parent), count };
	struct cgfence_cgroup *cgroup = NULL;
	int program = -1;

	if (in_child(make_box, &box) &&
	    cgfence_cgroup_open(text("%s/box", box.parent), &cgroup, NULL) == 0)
		program = fences_program(cgroup, BPF_CGROUP_DEVICE);
	cgfence_cgroup_close(cgroup);
	in_child(delete_box, &box);
	fences_remove(parent);
	return program;
}
