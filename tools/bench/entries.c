// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "entries.h"
#include "probe.h"
#include "report.h"
#include "support/fences.h"
#include "support/namespaces.h"

#include <bpf/bpf.h>
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

struct entry entries_get(size_t index, const char *access)
{
	int filler = (int)index - ENTRIES_DEFAULT;

	if (index < ENTRIES_DEFAULT)
		return defaults[index];
	return (struct entry){ 'c', FILLER_MAJOR + filler / FILLER_MINORS, filler % FILLER_MINORS,
			       access };
}

uint32_t entries_access(const char *access)
{
	return (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
	       (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

char *entries_policy(size_t count, const char *access, const char *enforce)
{
	char *policy = NULL;
	size_t length;
	FILE *file = open_memstream(&policy, &length);

	fprintf(file, "{'enforce': %s, 'devices': {'defaults': true, 'allow': [", enforce);
	for (size_t i = ENTRIES_DEFAULT; i < count; i++) {
		struct entry entry = entries_get(i, access);

		fprintf(file, "%s'%c %d:%d %s'", i > ENTRIES_DEFAULT ? ", " : "", entry.type,
			entry.major, entry.minor, entry.access);
	}
	fprintf(file, "]}}");
	fclose(file);
	return policy;
}

/*
 * The program of crun (src/libcrun/ebpf.c, cgroup-resources.c there) judges by one entry after the other, its defaults
 * before what the container is given, the last first in both. crun itself insists on a limit that not every host has.
 */

#define CRUN_ENTRIES_MAX 256

struct program {
	struct bpf_insn instructions[6 + 8 * CRUN_ENTRIES_MAX + 2];
	size_t count;
};

static void add(struct program *program, struct bpf_insn instruction)
{
	program->instructions[program->count++] = instruction;
}

/* Skips @skipped instructions unless the register has the number. */
static void add_test(struct program *program, uint8_t of, int number, int16_t skipped)
{
	add(program, (struct bpf_insn){ BPF_JMP | BPF_JNE | BPF_K, of, 0, skipped, number });
}

static void add_return(struct program *program, int value)
{
	add(program, (struct bpf_insn){ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value });
	add(program, (struct bpf_insn){ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 });
}

/* The registers: 2 the type, 3 the access, 4 the major, 5 the minor. */
static void add_entry(struct program *program, struct entry entry)
{
	int access = (int)entries_access(entry.access);
	bool tests_access = access != 7;
	int16_t left = (int16_t)(2 + 3 * tests_access + (entry.major >= 0) + (entry.minor >= 0));

	add_test(program, BPF_REG_2, entry.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
		 left--);
	if (tests_access) {
		left = (int16_t)(left - 2);
		add(program, (struct bpf_insn){ BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0 });
		add(program, (struct bpf_insn){ BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, access });
		add(program, (struct bpf_insn){ BPF_JMP | BPF_JNE | BPF_X, 1, 3, left--, 0 });
	}
	if (entry.major >= 0)
		add_test(program, BPF_REG_4, entry.major, left--);
	if (entry.minor >= 0)
		add_test(program, BPF_REG_5, entry.minor, left--);
	add_return(program, 1);
}

int entries_crun(size_t count, const char *access)
{
	const uint8_t load = BPF_LDX | BPF_MEM | BPF_W;
	struct program program = {
		.instructions = { { load, 2, 1, 0, 0 },
				  { BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff },
				  { load, 3, 1, 0, 0 },
				  { BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16 },
				  { load, 4, 1, 4, 0 },
				  { load, 5, 1, 8, 0 } },
		.count = 6,
	};

	if (count > CRUN_ENTRIES_MAX)
		return -E2BIG;
	for (size_t i = ENTRIES_DEFAULT; i-- > 0;)
		add_entry(&program, entries_get(i, access));
	for (size_t i = count; i-- > ENTRIES_DEFAULT;)
		add_entry(&program, entries_get(i, access));
	add_return(&program, 0);
	return bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, NULL, "GPL", program.instructions,
			     program.count, NULL);
}

/* A container of runc, which is put together in the directory of the run. */

#define BUNDLE "bundle"

#define RUNC(...) children_run(WORDS("runc", "--root", "runc", __VA_ARGS__))

struct box {
	const char *parent; /* of its cgroup */
	size_t count;
	const char *access;
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
		struct entry entry = entries_get(i, box->access);

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

int entries_runc(size_t count, const char *access)
{
	struct cgfence_cgroup *parent = probe_cgroup(NULL, "runc");
	struct box box = { cgfence_cgroup_path(parent), count, access };
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
