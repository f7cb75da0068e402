// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/named.h"
#include "cli/operands.h"
#include "cli/tell.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/node.h>
#include <string.h>

bool edit_node;
const char *edit_node_path;

/* One thing to change, and what came of it. */
struct change {
	struct cgfence_edit *edit;
	struct cgfence_node *node; /* NULL without --node */
	bool changed;
	enum cgfence_node_outcome outcome;
};

static void release(struct change *change)
{
	cgfence_edit_free(change->edit);
	cgfence_node_free(change->node);
}

#define cleanup_change __attribute__((cleanup(release)))

static int parse_device(const char *text, const struct edit_kind *kind, struct change *change,
			struct cgfence_error *error)
{
	int result = cgfence_edit_parse_device(kind->action, text, &change->edit, error);

	if (result || !edit_node)
		return result;
	result = cgfence_node_parse(text, edit_node_path, &change->node, error);
	if (result)
		error_wrap(error, "--node");
	return result;
}

static int parse(char *const *words, const struct edit_kind *kind, struct change *change,
		 struct cgfence_error *error)
{
	bool ports = strcmp(words[0], "port") == 0;
	cleanup_free char *text = operands_join(words + (ports ? 2 : 1));

	if (!text)
		return error_out_of_memory(error);
	if (ports && edit_node)
		return error_set_invalid(error, "--node is for a device; ports have none");
	if (ports)
		return cgfence_edit_parse_ports(kind->action, words[1], text, &change->edit, error);
	if (strcmp(words[0], "device") == 0)
		return parse_device(text, kind, change, error);
	return operands_refuse_topic(words[0], error);
}

static int make(const struct named_fence *named, struct change *change, struct cgfence_error *error)
{
	if (!cgfence_standing_is_id(named->id))
		return change->node
			       ? cgfence_fence_edit_node(named->cgroup, change->edit, change->node,
							 &change->changed, &change->outcome, error)
			       : cgfence_fence_edit(named->cgroup, change->edit, &change->changed,
						    error);
	if (change->node)
		return error_set_invalid(
			error,
			"--node is for the container of one cgroup; '%s' is a standing fence, whose members have each their own",
			named->name);
	return cgfence_standing_edit(named->id, change->edit, &change->changed, error);
}

static void say_node(const struct change *change)
{
	const char *path = change->node ? cgfence_node_path(change->node) : "";

	if (change->outcome == CGFENCE_NODE_MADE)
		output_say("Made the node %s in the container.", path);
	else if (change->outcome == CGFENCE_NODE_BOUND)
		output_say("Mounted the host's node on %s in the container.", path);
	else if (change->outcome == CGFENCE_NODE_REMOVED)
		output_say("Removed the node %s from the container.", path);
}

int edit_run(const struct arguments *arguments, const struct edit_kind *kind)
{
	cleanup_named struct named_fence named = { 0 };
	cleanup_change struct change change = { 0 };
	struct cgfence_error error = { 0 };

	if (parse(arguments->operands + 1, kind, &change, &error) ||
	    named_open(arguments->operands[0], false, &named, &error) ||
	    make(&named, &change, &error))
		return output_failure(&error);
	if (change.changed)
		output_say("%s %s in %s.", kind->done, cgfence_edit_text(change.edit), named.name);
	else
		output_say("%s %s %s; %s.", named.name, kind->idle, cgfence_edit_text(change.edit),
			   change.outcome == CGFENCE_NODE_UNCHANGED ? "nothing changed"
								    : "the rule did not change");
	say_node(&change);
	if (strcmp(arguments->operands[1], "device") == 0)
		tell_systemd(&named, change.edit);
	return STATUS_DONE;
}
