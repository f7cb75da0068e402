// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The node goes before the rule, both when it is made and when it is removed: then a command that is killed between
 * leaves nothing that could be used more than before, and the next one goes on from there.
 */
#include "runtime/node.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/edit.h"
#include "fence/host_node.h"
#include "fence/inhabitant.h"
#include "policy/edit_parse.h"

#include <cgfence/node.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Without a node of the host. */
#define MODE_ALONE 0600

struct cgfence_node {
	struct node node;
};

static inline void cleanup_free_node(struct cgfence_node **node)
{
	cgfence_node_free(*node);
}

#define cleanup_node __attribute__((cleanup(cleanup_free_node)))

void cgfence_node_free(struct cgfence_node *node)
{
	if (!node)
		return;
	free(node->node.path);
	free(node->node.source);
	free(node);
}

const char *cgfence_node_path(const struct cgfence_node *node)
{
	return node->node.path;
}

/* ---- which one ---- */

/* The path of the entry as it is written, to be given to free(); NULL if it has numbers. */
static char *entry_path(const char *entry)
{
	const char *blank = strrchr(entry, ' ');

	entry += *entry == '-';
	return *entry == '/' && blank ? strndup(entry, (size_t)(blank - entry)) : NULL;
}

static void find_source(struct node *node, const char *written)
{
	struct stat status = { 0 };

	if (written && stat(written, &status) == 0 && status.st_rdev == node->device &&
	    (status.st_mode & S_IFMT) == node->mode)
		node->source = strdup(written);
	else
		node->source = host_node_find(node->mode, node->device, &status);
	if (!node->source) {
		node->mode |= MODE_ALONE;
		return;
	}
	node->mode |= status.st_mode & 0777;
	node->user = status.st_uid;
	node->group = status.st_gid;
}

static int find_path(struct node *node, const char *written, const char *path,
		     struct cgfence_error *error)
{
	const char *chosen = path ? path : written ? written : node->source;

	if (!chosen)
		return error_set(
			error, ENOENT,
			"the host has no node of this device; say where it is to be with --node=PATH");
	node->path = strdup(chosen);
	if (!node->path)
		return error_out_of_memory(error);
	if (node_path_check(chosen, error)) {
		error_wrap(error, "'%s'", chosen);
		return -EINVAL;
	}
	return 0;
}

static int parse_device(const char *entry, struct node *node, struct cgfence_error *error)
{
	struct cgfence_device_request request;
	int result = cgfence_device_request_parse(entry + (*entry == '-'), &request, error);

	if (result)
		return result;
	node->mode = request.type == BPF_DEVCG_DEV_BLOCK ? S_IFBLK : S_IFCHR;
	node->device = makedev(request.major, request.minor);
	/* On some file systems that is not a device, but says that a lower file is deleted. */
	if (!node->device)
		return error_set_invalid(error, "'%s': there is no such device", entry);
	return 0;
}

int cgfence_node_parse(const char *entry, const char *path, struct cgfence_node **node,
		       struct cgfence_error *error)
{
	cleanup_node struct cgfence_node *made = calloc(1, sizeof(*made));
	cleanup_free char *written = entry_path(entry);
	int result;

	if (!made)
		return error_out_of_memory(error);
	result = parse_device(entry, &made->node, error);
	if (result)
		return result;
	find_source(&made->node, written);
	result = find_path(&made->node, written, path, error);
	if (result)
		return result;
	*node = cleanup_steal(made);
	return 0;
}

/* ---- with the rule ---- */

/* The node is part of an edit: it changes with the rule, and under the same lock. */
struct node_step {
	const struct node *node;
	const struct entrance *entrance;
	bool allows;
	struct node_change change;
};

static int change_node(void *context, struct cgfence_error *error)
{
	struct node_step *step = context;

	return step->allows ? node_make(step->node, step->entrance, &step->change, error)
			    : node_remove(step->node, step->entrance, 0, &step->change, error);
}

/* With the owner and the mode that it had. */
static int make_again(const struct node_step *step, struct cgfence_error *error)
{
	struct node_change back = { 0 };
	struct node node = *step->node;

	if (step->change.mode) {
		node.mode = step->change.mode;
		node.user = step->change.user;
		node.group = step->change.group;
	}
	return node_make(&node, step->entrance, &back, error);
}

/* The rule did not change, so the node is to be as before. */
static void undo(void *context, struct cgfence_error *error)
{
	const struct node_step *step = context;
	struct cgfence_error why = { 0 };
	struct node_change back = { 0 };
	int result = 0;

	if (step->change.effect == NODE_REMOVED)
		result = make_again(step, &why);
	else if (step->change.effect != NODE_UNCHANGED)
		result = node_remove(step->node, step->entrance, step->change.directories, &back,
				     &why);
	if (result)
		error_wrap(error, "%s, after which the node could not be put back", why.text);
}

static const enum cgfence_node_outcome outcomes[] = {
	[NODE_UNCHANGED] = CGFENCE_NODE_UNCHANGED,
	[NODE_MADE] = CGFENCE_NODE_MADE,
	[NODE_BOUND] = CGFENCE_NODE_BOUND,
	[NODE_REMOVED] = CGFENCE_NODE_REMOVED,
};

int cgfence_fence_edit_node(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *edit,
			    const struct cgfence_node *node, bool *changed,
			    enum cgfence_node_outcome *outcome, struct cgfence_error *error)
{
	cleanup_entrance struct entrance entrance = ENTRANCE_NONE;
	struct node_step made = { .node = &node->node,
				  .entrance = &entrance,
				  .allows = edit->action == CGFENCE_ALLOW };
	const struct fence_edit_step step = { change_node, undo, &made };
	int result = inhabitant_open(cgroup, &entrance, error);

	if (result == 0)
		result = fence_edit_with(cgroup, edit, &step, changed, error);
	if (result)
		return result;
	*outcome = outcomes[made.change.effect];
	return 0;
}
