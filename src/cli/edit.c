// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"
#include "cli/named.h"
#include "cli/operands.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/handles.h"
#include "report/output.h"

#include <string.h>

static int parse(char *const *words, enum cgfence_edit_action action, struct cgfence_edit **edit,
		 struct cgfence_error *error)
{
	bool ports = strcmp(words[0], "port") == 0;
	cleanup_free char *text = operands_join(words + (ports ? 2 : 1));

	if (!text)
		return error_out_of_memory(error);
	if (ports)
		return cgfence_edit_parse_ports(action, words[1], text, edit, error);
	if (strcmp(words[0], "device") == 0)
		return cgfence_edit_parse_device(action, text, edit, error);
	return operands_refuse_topic(words[0], error);
}

static int change(const struct named_fence *named, const struct cgfence_edit *edit, bool *changed,
		  struct cgfence_error *error)
{
	return cgfence_standing_is_id(named->id)
		       ? cgfence_standing_edit(named->id, edit, changed, error)
		       : cgfence_fence_edit(named->cgroup, edit, changed, error);
}

int edit_run(const struct arguments *arguments, enum cgfence_edit_action action, const char *done,
	     const char *idle)
{
	cleanup_named struct named_fence named = { 0 };
	cleanup_edit struct cgfence_edit *edit = NULL;
	struct cgfence_error error = { 0 };
	bool changed = false;

	if (parse(arguments->operands + 1, action, &edit, &error) ||
	    named_open(arguments->operands[0], false, &named, &error) ||
	    change(&named, edit, &changed, &error))
		return output_failure(&error);
	if (changed)
		output_say("%s %s in %s.", done, cgfence_edit_text(edit), named.name);
	else
		output_say("%s %s %s; nothing changed.", named.name, idle, cgfence_edit_text(edit));
	return STATUS_DONE;
}
