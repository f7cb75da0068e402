// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* jansson reads numbers that it would write otherwise, so the hook is put into the text. */
#include "wrapper/config.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_clamp.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define STAGE "createRuntime"

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

static int parse(const char *text, size_t length, const char *origin, json_t **config,
		 struct cgfence_error *error)
{
	cleanup_free char *copy = malloc(length + 1);
	json_error_t syntax;

	if (!copy)
		return error_out_of_memory(error);
	memcpy(copy, text, length + 1);
	json_clamp_integers(copy, length);
	*config = json_loadb(copy, length, JSON_REJECT_DUPLICATES, &syntax);
	if (!*config)
		return error_set_invalid(error, "%s:%d:%d: this is not JSON: %s", origin,
					 syntax.line, syntax.column > 0 ? syntax.column : 1,
					 syntax.text);
	return json_is_object(*config)
		       ? 0
		       : error_set_invalid(error, "%s: this must be an object", origin);
}

/* ---- is it wanted? ---- */

static bool has_annotation(const json_t *config)
{
	static const char prefix[] = "io.cgfence.";
	json_t *annotations = json_object_get(config, "annotations");
	json_t *value;
	const char *key;

	json_object_foreach (annotations, key, value) {
		if (strncmp(key, prefix, sizeof(prefix) - 1) == 0)
			return true;
	}
	return false;
}

static json_t *make_hook(const char *program, const char *policy)
{
	return policy ? json_pack("{s:s, s:[s, s, s]}", "path", program, "args", "cgfence",
				  "oci-hook", policy)
		      : json_pack("{s:s, s:[s, s]}", "path", program, "args", "cgfence",
				  "oci-hook");
}

static const json_t *get_list(const json_t *config)
{
	return json_object_get(json_object_get(config, "hooks"), STAGE);
}

static bool has_hook(const json_t *config, const json_t *hook)
{
	const json_t *list = get_list(config);
	const json_t *present;
	size_t index;

	json_array_foreach (list, index, present) {
		if (json_equal(present, hook))
			return true;
	}
	return false;
}

/* For runc, "Hooks" is "hooks", and the last of both counts. */
static int check_case(json_t *object, const char *key, const char *origin,
		      struct cgfence_error *error)
{
	const char *present;
	json_t *value;

	json_object_foreach (object, present, value) {
		if (strcasecmp(present, key) == 0 && strcmp(present, key) != 0)
			return error_set_invalid(error, "%s: '%s': this is to be written '%s'",
						 origin, present, key);
	}
	return 0;
}

static int check_cases(json_t *config, const char *origin, struct cgfence_error *error)
{
	int result = check_case(config, "annotations", origin, error);

	if (result == 0)
		result = check_case(config, "hooks", origin, error);
	if (result == 0)
		result = check_case(json_object_get(config, "hooks"), STAGE, origin, error);
	return result;
}

static int check_kinds(const json_t *config, const char *origin, struct cgfence_error *error)
{
	const json_t *hooks = json_object_get(config, "hooks");
	const json_t *list = get_list(config);

	if (hooks && !json_is_null(hooks) && !json_is_object(hooks))
		return error_set_invalid(error, "%s: hooks: this must be an object", origin);
	if (list && !json_is_null(list) && !json_is_array(list))
		return error_set_invalid(error, "%s: hooks." STAGE ": this must be a list", origin);
	return 0;
}

/* ---- the text, which is valid JSON from here on ---- */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Return: past the closing quote. */
static const char *skip_string(const char *at)
{
	for (at++; *at != '"'; at++)
		at += *at == '\\';
	return at + 1;
}

static const char *skip_value(const char *at)
{
	size_t depth = 0;

	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	} while (depth || !strchr(",]} \t\r\n", *at));
	return at;
}

/* Return: the value of a key, NULL if there is none. @object: its opening brace */
static const char *find_member(const char *object, const char *key)
{
	const char *at = skip_blanks(object + 1);

	while (*at == '"') {
		const char *name = at + 1;
		size_t length = (size_t)(skip_string(at) - 1 - name);

		at = skip_blanks(skip_blanks(name + length + 1) + 1);
		if (length == strlen(key) && memcmp(name, key, length) == 0)
			return at;
		at = skip_blanks(skip_value(at));
		if (*at == ',')
			at = skip_blanks(at + 1);
	}
	return NULL;
}

static bool is_empty(const char *container)
{
	return strchr("]}", *skip_blanks(container + 1));
}

/* What takes the place of a part of the text. */
struct splice {
	const char *from;
	const char *to;
	const char *before; /* the hook */
	const char *after;
};

/* The list is null, or not there, or has others. */
static struct splice find_place(const char *text)
{
	const char *root = skip_blanks(text);
	const char *hooks = find_member(root, "hooks");
	const char *list = hooks && *hooks == '{' ? find_member(hooks, STAGE) : NULL;

	if (list && *list == '[') {
		const char *end = skip_value(list) - 1;

		return (struct splice){ end, end, is_empty(list) ? "" : ",", "" };
	}
	if (list)
		return (struct splice){ list, skip_value(list), "[", "]" };
	if (hooks && *hooks == '{')
		return (struct splice){ hooks + 1, hooks + 1, "\"" STAGE "\":[",
					is_empty(hooks) ? "]" : "]," };
	if (hooks)
		return (struct splice){ hooks, skip_value(hooks), "{\"" STAGE "\":[", "]}" };
	return (struct splice){ root + 1, root + 1, "\"hooks\":{\"" STAGE "\":[",
				is_empty(root) ? "]}" : "]}," };
}

/* Whatever the text looks like, a parser must find the hook in it. */
static int splice(const char *text, const char *origin, const json_t *hook, char **made,
		  struct cgfence_error *error)
{
	cleanup_free char *dump = json_dumps(hook, JSON_COMPACT);
	struct splice place = find_place(text);
	cleanup_json json_t *config = NULL;
	cleanup_free char *new = NULL;
	int length;
	int result;

	if (!dump)
		return error_out_of_memory(error);
	length = asprintf(&new, "%.*s%s%s%s%s", (int)(place.from - text), text, place.before, dump,
			  place.after, place.to);
	if (length < 0) {
		new = NULL;
		return error_out_of_memory(error);
	}
	result = parse(new, (size_t)length, origin, &config, error);
	if (result == 0 && !has_hook(config, hook))
		result = error_set_invalid(error, "%s: no hook can be added", origin);
	if (result == 0)
		*made = cleanup_steal(new);
	return result;
}

int config_add_hook(const char *text, size_t length, const char *origin, const char *program,
		    const char *policy, bool *wanted, char **made, struct cgfence_error *error)
{
	cleanup_json json_t *config = NULL;
	cleanup_json json_t *hook = NULL;
	int result = parse(text, length, origin, &config, error);

	if (result == 0)
		result = check_cases(config, origin, error);
	if (result == 0)
		result = check_kinds(config, origin, error);
	if (result)
		return result;
	*wanted = policy || has_annotation(config);
	if (!*wanted) {
		*made = NULL;
		return 0;
	}
	hook = make_hook(program, policy);
	if (!hook)
		return error_set_invalid(error, "'%s' cannot be the name of a policy",
					 policy ? policy : "");
	if (has_hook(config, hook)) {
		*made = NULL;
		return 0;
	}
	return splice(text, origin, hook, made, error);
}
