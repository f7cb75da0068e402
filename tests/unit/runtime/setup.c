// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/setup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS (1000 * 1000 * 1000ULL)

/* A process and its parent, as on a host. Arguments are separated by spaces. */
struct scene {
	const char *what;
	bool expected;
	const char *comm;
	const char *program;
	const char *arguments;
	ino_t inode;
	const char *parent_comm;
	const char *parent_program;
	const char *parent_arguments;
	ino_t parent_inode;
};

static void fill(struct process *process, const char *comm, const char *program,
		 const char *arguments, ino_t inode)
{
	*process = (struct process){ .program_device = 7, .program_inode = inode };
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	snprintf(process->program, sizeof(process->program), "%s", program);
	snprintf(process->arguments, sizeof(process->arguments), "%s", arguments);
	process->arguments_length = *arguments ? strlen(arguments) + 1 : 0;
	for (char *at = process->arguments; (at = strchr(at, ' ')); at++)
		*at = '\0';
}

static const struct scene scenes[] = {
	/* Seen with runc 1.1.5, which gives the container a read-only mount of itself. */
	{ "runc create", true, "runc:[2:INIT]", "/", "runc init", 8, "runc", "/usr/sbin/runc",
	  "runc --root state create --bundle b box", 8 },
	{ "runc run", true, "runc:[1:CHILD]", "/", "runc init", 8, "runc", "/usr/sbin/runc",
	  "runc run box", 8 },
	{ "before it renames itself", true, "exe", "/", "runc init", 8, "runc", "/usr/sbin/runc",
	  "runc create box", 8 },
	{ "a copy in memory", true, "runc:[2:INIT]", "/memfd:runc_cloned:/proc/self/exe (deleted)",
	  "runc init", 9, "runc", "/usr/sbin/runc", "runc create box", 8 },
	{ "a copy that is named by its number", true, "6", "/runc (deleted)", "/usr/bin/runc init",
	  9, "runc", "/usr/bin/runc", "/usr/bin/runc create box", 8 },
	{ "runc restore", true, "runc:[2:INIT]", "/", "runc init", 8, "runc", "/usr/bin/runc",
	  "runc restore box", 8 },
	{ "renamed", true, "runc:[2:INIT]", "/", "oci init", 8, "oci", "/opt/oci", "oci create box",
	  8 },
	{ "with a version", true, "runc:[2:INIT]", "/", "runc-1.2 init", 8, "runc-1.2",
	  "/opt/runc-1.2", "runc-1.2 create box", 8 },
	{ "of Docker", true, "docker-runc", "/usr/bin/docker-runc", "docker-runc", 8, "docker-runc",
	  "/usr/bin/docker-runc", "docker-runc create box", 8 },
	{ "crun", true, "crun", "/usr/bin/crun", "crun create box", 8, "crun", "/usr/bin/crun",
	  "crun create box", 8 },
	{ "crun in memory", true, "4", "/memfd:crun_cloned (deleted)", "crun create box", 8, "4",
	  "/memfd:crun_cloned (deleted)", "crun create box", 8 },
	{ "youki", true, "youki:[1:INTER]", "/usr/bin/youki", "youki create box", 8, "youki",
	  "/usr/bin/youki", "youki create box", 8 },
	{ "replaced by a package", true, "crun", "/usr/bin/crun (deleted)", "crun create box", 8,
	  "crun", "/usr/bin/crun (deleted)", "crun create box", 8 },

	{ "created", false, "runc:[2:INIT]", "/", "runc init", 8, "containerd-shim",
	  "/usr/bin/containerd-shim-runc-v2", "containerd-shim-runc-v2 -namespace moby -id run",
	  5 },
	{ "a shim that is started", false, "containerd-shim", "/usr/bin/containerd-shim-runc-v2",
	  "containerd-shim-runc-v2 create", 5, "containerd-shim",
	  "/usr/bin/containerd-shim-runc-v2", "containerd-shim-runc-v2 create", 5 },
	{ "runs", false, "sleep", "/bin/sleep", "sleep 100", 3, "runc", "/usr/sbin/runc",
	  "runc run box", 8 },
	{ "a name of its own choice", false, "runc:[2:INIT]", "/memfd:runc_cloned (deleted)",
	  "runc init now", 3, "runc", "/usr/sbin/runc", "runc run box", 8 },
	{ "any other init", false, "init", "/bin/busybox", "/bin/busybox init", 3, "runc",
	  "/usr/sbin/runc", "runc run box", 8 },
	{ "exec", false, "runc:[2:INIT]", "/", "runc init", 8, "runc", "/usr/sbin/runc",
	  "runc --root state exec box sh", 8 },
	{ "exec of run", false, "runc:[2:INIT]", "/", "runc init", 8, "runc", "/usr/sbin/runc",
	  "runc exec box run", 8 },
	{ "no command", false, "crun", "/usr/bin/crun", "crun", 8, "crun", "/usr/bin/crun",
	  "crun --version", 8 },
	{ "of another program", false, "crunch", "/usr/bin/crunch", "crunch run box", 8, "crunch",
	  "/usr/bin/crunch", "crunch run box", 8 },
	{ "cgfence run", false, "cgfence", "/usr/bin/cgfence", "cgfence run", 8, "cgfence",
	  "/usr/bin/cgfence", "cgfence run", 8 },
	{ "nothing can be read", false, "runc", "", "", 0, "runc", "", "", 0 },
};

static bool judge(const struct scene *scene, bool is_root, uint64_t age_ns)
{
	struct process task;
	struct process parent;

	fill(&task, scene->comm, scene->program, scene->arguments, scene->inode);
	fill(&parent, scene->parent_comm, scene->parent_program, scene->parent_arguments,
	     scene->parent_inode);
	parent.is_root = is_root;
	parent.age_ns = age_ns;
	return setup_is_between(&task, &parent);
}

Test(setup, is_told_by_a_process_and_its_parent)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		cr_expect_eq(judge(&scenes[i], true, 0), scenes[i].expected, "%s", scenes[i].what);
}

Test(setup, is_of_root_and_not_for_ever)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		cr_expect_eq(judge(&scenes[i], true, 29 * SECOND_NS), scenes[i].expected);
		cr_expect_not(judge(&scenes[i], true, 30 * SECOND_NS));
		cr_expect_not(judge(&scenes[i], false, 0));
	}
}
