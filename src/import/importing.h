/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An import under way: what is read, the policy that grows, and who is told of what it cannot say. */
#pragma once

#include <cgfence/abi.h>
#include <cgfence/import.h>
#include <jansson.h>
#include <stdint.h>

/* What a path is on the host that the import runs on. */
enum import_node {
	IMPORT_NODE_ABSENT,
	IMPORT_NODE_BLOCK,
	IMPORT_NODE_CHARACTER,
	IMPORT_NODE_DIRECTORY,
	IMPORT_NODE_OTHER,
};

/* A bit for each major. */
struct import_majors {
	uint64_t words[(CGFENCE_MAJOR_MAX + 1) / 64];
};

/* The host, which tests replace. */
struct import_host {
	/* Links are followed; the numbers are set for a device. */
	enum import_node (*look)(const char *path, uint32_t *major, uint32_t *minor);
	/* Is it a symbolic link? */
	bool (*is_link)(const char *path);
	/*
	 * Calls @visit for each device below a directory, links not followed, until it returns other than 0; -E2BIG if there is
	 * more to look through than a directory of devices has.
	 */
	int (*walk)(const char *directory, int (*visit)(const char *path, void *context),
		    void *context);
	/* The majors of a type, b or c, whose drivers have names of a pattern. Return: are there any? */
	bool (*find_majors)(char type, const char *pattern, struct import_majors *majors);
};

struct importing {
	const char *dialect;
	const char *part; /* NULL for none */
	const struct cgfence_import_source *sources;
	size_t source_count;
	const struct import_host *host;
	cgfence_import_remark *remark;
	void *context;
	struct cgfence_error *error;
	const char *list; /* what the places of rules are indices in; NULL if they are lines */
	json_t *policy;	  /* as it is written, grown by the functions of draft.h */
};

/** importing_remark() - say what the policy drops, tightens or cannot say; @format begins with the place. */
void importing_remark(const struct importing *import, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
