// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "image/standing_globs.h"
#include "image/image.h"
#include "image/name_glob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void standing_globs_free(struct standing_globs *globs)
{
	free(globs->items);
	*globs = (struct standing_globs){ 0 };
}

static int add(struct standing_globs *globs, const char *pattern, size_t length)
{
	struct cgfence_glob *larger =
		reallocarray(globs->items, globs->count + 1, sizeof(*globs->items));
	int class_count;

	if (!larger)
		return -ENOMEM;
	globs->items = larger;
	class_count = name_glob_compile(pattern, length, &larger[globs->count]);
	if (class_count < 0)
		return class_count;
	globs->count++;
	if ((unsigned int)class_count > globs->class_count)
		globs->class_count = (unsigned int)class_count;
	return 0;
}

/* Adds what the slashes between @from and @end part. */
static int add_all(struct standing_globs *globs, const char *from, const char *end)
{
	int result = 0;

	while (result == 0 && from < end) {
		const char *slash = memchr(from, '/', (size_t)(end - from));
		size_t length = (size_t)((slash ? slash : end) - from);

		result = add(globs, from, length);
		from += length + 1;
	}
	return result;
}

/* Where the last components of a path begin. */
static const char *find_tail(const char *path, const char *end, __u32 components)
{
	const char *from = end;

	while (components && from > path) {
		from--;
		while (from > path && from[-1] != '/')
			from--;
		components--;
	}
	return from;
}

int standing_globs_compile(const struct cgfence_image *image, struct standing_globs *globs)
{
	const struct cgfence_standing *standing = image_standing(image);
	const char *pattern = (const char *)image + standing->pattern_offset;
	const char *pattern_end = pattern + standing->pattern_length;
	const char *except = (const char *)image + standing->except_offset;
	const char *tail =
		find_tail(pattern, pattern_end, standing->member_level - standing->anchor_level);
	int result = add_all(globs, tail, pattern_end);

	globs->components = globs->count;
	return result ? result : add_all(globs, except, except + standing->except_length);
}
