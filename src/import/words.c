// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/words.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "import/classes.h"
#include "import/draft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define ALL_LETTERS 7

/* As many as a policy is expected to have. */
#define WORDS_MAX 4096

void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		free(words->items[i].selector);
		free(words->items[i].place);
	}
	free(words->items);
	*words = (struct words){ .add_up = words->add_up };
}

static struct word *find(const struct words *words, const char *selector)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i].selector, selector) == 0)
			return &words->items[i];
	}
	return NULL;
}

static struct word *append(const struct importing *import, struct words *words,
			   const char *selector)
{
	struct word *items;
	char *copy;

	if (words->count == WORDS_MAX) {
		error_set_invalid(import->error, "%s: there are over %d devices",
				  import->sources[0].name, WORDS_MAX);
		return NULL;
	}
	items = array_with_room(words->items, words->count, &words->capacity, sizeof(*items));
	copy = strdup(selector);
	if (items)
		words->items = items;
	if (!items || !copy) {
		free(copy);
		error_out_of_memory(import->error);
		return NULL;
	}
	items[words->count] = (struct word){ .selector = copy, .optional = true };
	return &items[words->count++];
}

int words_add(const struct importing *import, struct words *words, const char *selector,
	      bool optional, uint8_t access, const char *place)
{
	struct word *word = find(words, selector);

	if (!word)
		word = append(import, words, selector);
	if (!word)
		return words->count == WORDS_MAX ? -EINVAL : -ENOMEM;
	word->letters |= access;
	for (unsigned int asked = 0; asked <= ALL_LETTERS; asked++) {
		if (!(asked & ~(words->add_up ? word->letters : access)))
			word->allowed |= (uint8_t)(1U << asked);
	}
	word->optional &= optional;
	free(word->place);
	word->place = strdup(place);
	return word->place ? 0 : error_out_of_memory(import->error);
}

int words_add_path(const struct importing *import, struct words *words, const char *path,
		   uint8_t access, const char *place)
{
	uint32_t major = 0;
	uint32_t minor = 0;
	enum import_node node;

	if (strpbrk(path, "*?[")) {
		importing_remark(
			import,
			"%s: '%s' would be a pattern in a policy, and is none here; it is left out",
			place, path);
		return 0;
	}
	node = import->host->look(path, &major, &minor);
	if (node == IMPORT_NODE_DIRECTORY || node == IMPORT_NODE_OTHER) {
		importing_remark(import, "%s: '%s' is no device on this host; it is left out",
				 place, path);
		return 0;
	}
	if (node == IMPORT_NODE_ABSENT)
		importing_remark(
			import,
			"%s: '%s' does not exist on this host; the entry is optional, and allows it once it is there",
			place, path);
	return words_add(import, words, path, node == IMPORT_NODE_ABSENT, access, place);
}

/* ---- words for the same device ---- */

/* The numbers that the entry of a word has in the policy on this host. */
struct numbers {
	enum {
		NUMBERS_NONE, /* it stands for nothing here, or for all devices of a type, which is an entry apart */
		NUMBERS_DEVICE,
		NUMBERS_MAJORS,
	} kind;
	char type;
	uint32_t major;
	uint32_t minor;
	struct import_majors majors;
};

static void find_node(const struct importing *import, const char *path, struct numbers *numbers)
{
	enum import_node node = import->host->look(path, &numbers->major, &numbers->minor);

	if (node != IMPORT_NODE_BLOCK && node != IMPORT_NODE_CHARACTER)
		return;
	numbers->kind = NUMBERS_DEVICE;
	numbers->type = node == IMPORT_NODE_BLOCK ? 'b' : 'c';
}

/* "c hidraw:*" or "c 245:*" */
static void find_majors(const struct importing *import, const char *selector,
			struct numbers *numbers)
{
	cleanup_free char *name = strndup(selector + 2, strlen(selector) - 4);
	uint32_t major = 0;
	int end = 0;

	numbers->type = *selector;
	if (!name || strcmp(name, "*") == 0)
		return;
	if (sscanf(name, "%4u%n", &major, &end) == 1 && !name[end]) {
		numbers->kind = NUMBERS_MAJORS;
		if (major <= CGFENCE_MAJOR_MAX)
			numbers->majors.words[major / 64] |= 1ULL << major % 64;
	} else if (import->host->find_majors(*selector, name, &numbers->majors)) {
		numbers->kind = NUMBERS_MAJORS;
	}
}

static void find_numbers(const struct importing *import, const char *selector,
			 struct numbers *numbers)
{
	size_t length = strlen(selector);

	if (*selector == '/')
		find_node(import, selector, numbers);
	else if (sscanf(selector, "%c %u:%u", &numbers->type, &numbers->major, &numbers->minor) ==
		 3)
		numbers->kind = NUMBERS_DEVICE;
	else if (length > 4 && strcmp(selector + length - 2, ":*") == 0)
		find_majors(import, selector, numbers);
}

static bool meet(const struct numbers *a, const struct numbers *b)
{
	if (a->kind != b->kind || a->type != b->type || a->kind == NUMBERS_NONE)
		return false;
	if (a->kind == NUMBERS_DEVICE)
		return a->major == b->major && a->minor == b->minor;
	for (size_t i = 0; i < sizeof(a->majors.words) / sizeof(a->majors.words[0]); i++) {
		if (a->majors.words[i] & b->majors.words[i])
			return true;
	}
	return false;
}

/* Only reading and writing can meet, and only where a word allows one of the two. */
static bool is_half(uint8_t letters)
{
	return letters & RW && (letters & RW) != RW;
}

/* Return: an array, for each word that allows half what it stands for; NULL without memory. */
static struct numbers *look_up(const struct importing *import, const struct words *words)
{
	struct numbers *numbers = calloc(words->count + 1, sizeof(*numbers));

	for (size_t i = 0; numbers && !words->add_up && i < words->count; i++) {
		if (is_half(classes_largest(words->items[i].allowed)))
			find_numbers(import, words->items[i].selector, &numbers[i]);
	}
	return numbers;
}

/* The letters that words for the same devices leave a word. */
static uint8_t choose_letters(const struct words *words, const struct numbers *numbers,
			      size_t index)
{
	uint8_t letters = classes_largest(words->items[index].allowed);

	for (size_t i = 0; i < index && is_half(letters); i++) {
		uint8_t others = classes_largest(words->items[i].allowed);

		if (is_half(others) && (others & RW) != (letters & RW) &&
		    meet(&numbers[i], &numbers[index]))
			letters &= (uint8_t)~RW;
	}
	return letters;
}

/* ---- entries ---- */

static int add_entry(struct importing *import, const struct word *word, uint8_t letters)
{
	cleanup_free char *text = NULL;
	int result;

	if (asprintf(&text, "%s%s %s%s%s", word->optional ? "-" : "", word->selector,
		     letters & BPF_DEVCG_ACC_READ ? "r" : "",
		     letters & BPF_DEVCG_ACC_WRITE ? "w" : "",
		     letters & BPF_DEVCG_ACC_MKNOD ? "m" : "") < 0) {
		text = NULL;
		return error_out_of_memory(import->error);
	}
	result = draft_add_entry(import, "allow", text);
	if (result != -EINVAL)
		return result;
	importing_remark(import, "%s: '%s' cannot be said in a policy; it is left out: %s",
			 word->place, word->selector, import->error ? import->error->text : "");
	if (import->error)
		*import->error = (struct cgfence_error){ 0 };
	return 0;
}

int words_finish(struct importing *import, const struct words *words)
{
	cleanup_free struct numbers *numbers = look_up(import, words);
	int result = numbers ? 0 : error_out_of_memory(import->error);

	for (size_t i = 0; i < words->count && result == 0; i++) {
		const struct word *word = &words->items[i];
		uint8_t letters = choose_letters(words, numbers, i);

		if (letters != word->letters)
			importing_remark(
				import,
				"%s: '%s' may be read, or written, but not opened for both; the policy allows less",
				word->place, word->selector);
		if (letters)
			result = add_entry(import, word, letters);
	}
	return result;
}
