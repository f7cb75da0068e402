// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/ordered.h"
#include "base/error.h"
#include "import/classes.h"
#include "import/draft.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE_SIZE 320

/* ---- reading ---- */

int ordered_parse_access(const char *letters, uint8_t *access)
{
	static const char known[] = "mrw"; /* the order of the BPF_DEVCG_ACC_* bits */
	uint8_t bits = 0;

	for (; *letters; letters++) {
		const char *letter = strchr(known, *letters);

		if (!letter)
			return -EINVAL;
		bits |= (uint8_t)(1U << (letter - known));
	}
	*access = bits;
	return 0;
}

/* A number too large for any device becomes one that no device has. */
static int parse_number(const char **text, bool *any, uint32_t *number)
{
	size_t digits = strspn(*text, "0123456789");
	uint64_t value = 0;

	*any = **text == '*';
	*number = 0;
	if (*any) {
		++*text;
		return 0;
	}
	if (digits == 0 || digits > 10)
		return -EINVAL;
	for (; digits; digits--)
		value = value * 10 + (uint64_t)(*(*text)++ - '0');
	*number = value < LIST_OTHER ? (uint32_t)value : LIST_OTHER - 1;
	return 0;
}

int ordered_parse_line(const char *text, struct list_rule *rule)
{
	struct list_rule parsed = *rule;

	parsed.type = *text;
	parsed.any_major = true;
	parsed.any_minor = true;
	parsed.major = 0;
	parsed.minor = 0;
	parsed.access = 0;
	memset(parsed.letters, 0, sizeof(parsed.letters));
	if (!*text || !strchr("abc", *text))
		return -EINVAL;
	text++;
	if (parsed.type != 'a' || *text) {
		if (!isspace((unsigned char)*text++) ||
		    parse_number(&text, &parsed.any_major, &parsed.major) || *text++ != ':' ||
		    parse_number(&text, &parsed.any_minor, &parsed.minor) ||
		    !isspace((unsigned char)*text++))
			return -EINVAL;
		/* Whatever follows the third letter is not looked at. */
		snprintf(parsed.letters, sizeof(parsed.letters), "%s", text);
		if (ordered_parse_access(parsed.letters, &parsed.access))
			return -EINVAL;
	}
	*rule = parsed;
	return 0;
}

int ordered_add_rule(const struct importing *import, struct list_rules *rules,
		     const struct list_rule *rule)
{
	if (rules->count == LIST_RULES_MAX)
		return error_set_invalid(import->error, "%s: there are over %d rules",
					 import->sources[0].name, LIST_RULES_MAX);
	return list_rules_add(rules, rule) ? error_out_of_memory(import->error) : 0;
}

/* ---- telling ---- */

static void format_number(bool any, uint32_t number, char *text, size_t size)
{
	if (any)
		snprintf(text, size, "*");
	else
		snprintf(text, size, "%u", number);
}

static void format_letters(uint8_t access, char text[4])
{
	snprintf(text, 4, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
		 access & BPF_DEVCG_ACC_WRITE ? "w" : "", access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* "FILE:3", "FILE: LIST[3]", or the file alone for a rule of the dialect's own. */
static void format_place(const struct importing *import, const struct list_rule *rule,
			 char text[PLACE_SIZE])
{
	const char *name = import->sources[0].name;

	if (!rule || rule->built_in)
		snprintf(text, PLACE_SIZE, "%s", name);
	else if (import->list)
		snprintf(text, PLACE_SIZE, "%s: %s[%zu]", name, import->list, rule->place);
	else
		snprintf(text, PLACE_SIZE, "%s:%zu", name, rule->place);
}

static void format_rule(const struct list_rule *rule, char *text, size_t size)
{
	char major[12];
	char minor[12];
	char letters[4];

	format_number(rule->any_major, rule->major, major, sizeof(major));
	format_number(rule->any_minor, rule->minor, minor, sizeof(minor));
	format_letters(rule->access, letters);
	if (rule->type == 'a' && rule->any_major && rule->any_minor && !rule->access)
		snprintf(text, size, "%s a", rule->allow ? "allow" : "deny");
	else
		snprintf(text, size, "%s %c %s:%s%s%s", rule->allow ? "allow" : "deny", rule->type,
			 major, minor, *letters ? " " : "", letters);
}

void ordered_remark(const struct importing *import, const struct list_rule *rule, const char *text)
{
	char place[PLACE_SIZE];
	char words[64];

	format_place(import, rule, place);
	format_rule(rule, words, sizeof(words));
	importing_remark(import, "%s: '%s' %s", place, words, text);
}

void ordered_remark_useless(const struct list_rule *rule, void *import)
{
	ordered_remark(
		import, rule,
		rule->allow
			? "allows nothing, since no earlier rule denies just that; it is left out"
			: "denies nothing, since no earlier rule allows just that; it is left out");
}

int ordered_refuse(const struct importing *import, const struct list_rule *rule, const char *text)
{
	char place[PLACE_SIZE];
	char words[64];

	format_place(import, rule, place);
	format_rule(rule, words, sizeof(words));
	return error_set_invalid(import->error, "%s: '%s' %s", place, words, text);
}

/* ---- finishing ---- */

static void tell(const struct tightened *tightened, void *context)
{
	const struct importing *import = context;
	char place[PLACE_SIZE];
	char major[12];
	char minor[12];
	char letters[4];

	format_place(import, tightened->rule, place);
	format_number(tightened->major == LIST_OTHER, tightened->major, major, sizeof(major));
	format_number(tightened->minor == LIST_OTHER, tightened->minor, minor, sizeof(minor));
	format_letters(tightened->access, letters);
	importing_remark(
		import, "%s: the policy allows less than %s of %c %s:%s: %s, since %s", place,
		import->dialect, tightened->type, major, minor, *letters ? letters : "nothing",
		tightened->by_wider
			? "what a wider entry denies cannot be allowed again"
			: "there it is not the letters alone that decide, but which are asked for at once");
}

/* What is written for numbers that no device has is about nothing. */
static bool has_number(const struct list_rule *rule)
{
	return (rule->any_major || rule->major <= CGFENCE_MAJOR_MAX) &&
	       (rule->any_minor || rule->minor <= CGFENCE_MINOR_MAX);
}

static int keep_numbers(const struct importing *import, const struct device_list *list,
			struct list_rules *kept)
{
	for (size_t i = 0; i < list->rules.count; i++) {
		const struct list_rule *rule = &list->rules.items[i];

		if (!has_number(rule))
			ordered_remark(import, rule,
				       "is about numbers that no device has; it is left out");
		else if (list_rules_add(kept, rule))
			return error_out_of_memory(import->error);
	}
	return 0;
}

int ordered_finish(struct importing *import, const struct device_list *list)
{
	cleanup_list_rules struct list_rules kept = { 0 };
	struct device_rules rules = { 0 };
	struct device_list known = *list;
	int result = keep_numbers(import, list, &kept);

	if (result)
		return result;
	known.rules = kept;
	result = classes_make_rules(&known, tell, import, &rules);
	if (result == -E2BIG)
		return error_set_invalid(
			import->error,
			"%s: there are too many rules with '*' for the major and for the minor",
			import->sources[0].name);
	if (result)
		return error_out_of_memory(import->error);
	result = draft_add_rules(import, &rules);
	device_rules_free(&rules);
	return result;
}
