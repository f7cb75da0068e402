// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "image/name_glob.h"
#include "base/cleanup.h"

#include <cgfence/glob.h>
#include <fnmatch.h>
#include <locale.h>
#include <string.h>

#define STATES (CGFENCE_GLOB_WORDS * 64)

/* Longer ones match nothing. */
#define TOKENS_MAX (STATES - 1)

struct builder {
	struct cgfence_glob *glob;
	__u64 (*rows)[CGFENCE_GLOB_WORDS]; /* which tokens each byte matches */
	size_t tokens;
};

static void set_bit(__u64 words[CGFENCE_GLOB_WORDS], size_t bit)
{
	words[bit / 64] |= 1ULL << (bit % 64);
}

/* Return: the byte after the bracket that opens @pattern, or 0 if none closes it and it is a plain character. */
static size_t bracket_length(const char *pattern, size_t length)
{
	size_t i = 1;

	if (i < length && (pattern[i] == '!' || pattern[i] == '^'))
		i++;
	if (i < length && pattern[i] == ']')
		i++;
	while (i < length && pattern[i] != ']') {
		const char kind = i + 1 < length ? pattern[i + 1] : '\0';

		/* "[:alpha:]" and the like have a closing bracket of their own. */
		if (pattern[i] == '[' && kind && strchr(":.=", kind)) {
			const char end[] = { kind, ']' };
			const char *found = memmem(pattern + i + 2, length - i - 2, end, 2);

			if (found) {
				i = (size_t)(found - pattern) + 2;
				continue;
			}
		}
		i++;
	}
	return i < length ? i + 1 : 0;
}

/* Asks fnmatch(3) about each byte, so that brackets mean what they mean there. */
static void add_token(struct builder *builder, const char *token)
{
	for (int byte = 1; byte < 256 && builder->tokens < TOKENS_MAX; byte++) {
		const char name[] = { (char)byte, '\0' };

		if (byte != '/' && fnmatch(token, name, FNM_NOESCAPE) == 0)
			set_bit(builder->rows[byte], builder->tokens);
	}
	builder->tokens++;
}

static int add_tokens(struct builder *builder, const char *pattern, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t bytes = pattern[i] == '[' ? bracket_length(pattern + i, length - i) : 0;
		cleanup_free char *token = strndup(pattern + i, bytes ? bytes : 1);

		if (!token)
			return -ENOMEM;
		i += bytes ? bytes : 1;
		if (*token != '*')
			add_token(builder, token);
		else if (builder->tokens <= TOKENS_MAX)
			set_bit(builder->glob->stays, builder->tokens);
	}
	return 0;
}

/* Bytes that no token tells apart are of one class. */
static int classify(struct builder *builder)
{
	struct cgfence_glob *glob = builder->glob;
	int count = 0;

	for (int byte = 0; byte < 256; byte++) {
		int class = 0;

		while (class < count && memcmp(glob->accepts[class], builder->rows[byte],
					       sizeof(glob->accepts[0])) != 0)
			class ++;
		if (class == count)
			memcpy(glob->accepts[count++], builder->rows[byte],
			       sizeof(glob->accepts[0]));
		glob->classes[byte] = (__u8) class;
	}
	glob->class_count = (__u32)count;
	return count;
}

static int compile(const char *pattern, size_t length, struct cgfence_glob *glob)
{
	cleanup_free __u64(*rows)[CGFENCE_GLOB_WORDS] = calloc(256, sizeof(*rows));
	struct builder builder = { .glob = glob, .rows = rows };

	memset(glob, 0, sizeof(*glob));
	if (!rows || add_tokens(&builder, pattern, length))
		return -ENOMEM;
	if (builder.tokens <= TOKENS_MAX)
		set_bit(glob->last, builder.tokens);
	glob->dotted = length && pattern[0] == '.';
	return classify(&builder);
}

/* In the locale "C", where a character is a byte, whatever that of the application. */
int name_glob_compile(const char *pattern, size_t length, struct cgfence_glob *glob)
{
	locale_t bytes = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t before;
	int result;

	if (!bytes)
		return -ENOMEM;
	before = uselocale(bytes);
	result = compile(pattern, length, glob);
	uselocale(before);
	freelocale(bytes);
	return result;
}

bool name_glob_matches(const struct cgfence_glob *glob, const char *name)
{
	struct cgfence_glob_states states = cgfence_glob_begin();

	if (cgfence_glob_refuses_dot(glob, name[0]))
		return false;
	for (; *name; name++)
		cgfence_glob_step(glob, glob->accepts[glob->classes[(__u8)*name]], &states);
	return cgfence_glob_ends(glob, &states);
}
