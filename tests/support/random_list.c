// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/random_list.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#define RWM (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static struct spoken_entry random_rule(uint64_t *state)
{
	struct spoken_entry rule = random_entry(state);

	if (rule.major != ANY_NUMBER)
		rule.major = 20 + rule.major % 2;
	if (rule.type == 'a' && random_below(state, 3))
		rule.type = 'c';
	rule.deny = random_below(state, 2);
	return rule;
}

struct random_list random_list(uint64_t *state)
{
	struct random_list list = { .count = 1 + random_below(state, RANDOM_LIST_MAX) };

	for (size_t i = 0; i < list.count; i++)
		list.items[i] = random_rule(state);
	list.items[0] =
		(struct spoken_entry){ 'a', ANY_NUMBER, ANY_NUMBER, RWM, random_below(state, 2) };
	return list;
}

static void format_letters(uint8_t access, char text[4])
{
	snprintf(text, 4, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
		 access & BPF_DEVCG_ACC_WRITE ? "w" : "", access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

static void format_number(int number, char text[12])
{
	if (number == ANY_NUMBER)
		snprintf(text, 12, "*");
	else
		snprintf(text, 12, "%d", number);
}

/* The rule for everything, which LXC tells from one with numbers and letters, comes first if there is one. */
void random_list_line(const struct random_list *list, size_t index, char *text, size_t size)
{
	const struct spoken_entry *rule = &list->items[index];
	char major[12];
	char minor[12];
	char letters[4];

	format_number(rule->major, major);
	format_number(rule->minor, minor);
	format_letters(rule->access, letters);
	snprintf(text, size, "%c %s:%s %s", rule->type, major, minor, letters);
	if (index == 0 && rule->type == 'a' && rule->major == ANY_NUMBER &&
	    rule->minor == ANY_NUMBER && rule->access == RWM)
		snprintf(text, size, "a");
}

static void write_object(FILE *stream, const struct spoken_entry *rule, bool first)
{
	char letters[4];

	format_letters(rule->access, letters);
	fprintf(stream,
		"%s{\"allow\": %s, \"type\": \"%c\", \"major\": %d, \"minor\": %d, \"access\": \"%s\"}",
		first ? "" : ", ", rule->deny ? "false" : "true", rule->type, rule->major,
		rule->minor, letters);
}

static void write_lines(FILE *stream, const struct random_list *list, const char *prefix)
{
	for (size_t i = 0; i < list->count; i++) {
		char line[64];

		random_list_line(list, i, line, sizeof(line));
		fprintf(stream, "%sdevices.%s = %s\n", prefix,
			list->items[i].deny ? "deny" : "allow", line);
	}
}

char *random_list_text(const struct random_list *list, const char *dialect)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (strcmp(dialect, "lxc") == 0 || strcmp(dialect, "cgroup1") == 0) {
		write_lines(stream, list, *dialect == 'l' ? "lxc.cgroup2." : "");
	} else {
		fputs("{\"linux\": {\"resources\": {\"devices\": [", stream);
		for (size_t i = 0; i < list->count; i++)
			write_object(stream, &list->items[i], i == 0);
		fputs("]}}}", stream);
	}
	fclose(stream);
	return text;
}
