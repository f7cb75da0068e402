// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/unit_images.h"
#include "import/unit_file.h"

#include <string.h>

static bool is_path(const char *path)
{
	return *path == '/' && !unit_file_goes_up(path);
}

bool unit_images_read_root(struct unit_images *images, const char *value)
{
	if (*value && !is_path(value))
		return false;
	images->root = *value;
	return true;
}

/* "IMAGE:DIRECTORY", also with a '-' before it and with options behind it */
static bool is_mount(char *word)
{
	const char *image = strsep(&word, ":");
	const char *directory = word ? strsep(&word, ":") : NULL;

	return directory && is_path(image + (*image == '-')) && is_path(directory);
}

bool unit_images_read_mounts(struct unit_images *images, char *value)
{
	bool empty = !*value;
	bool any = false;
	char *word;

	while ((word = unit_file_word(&value)))
		any |= is_mount(word);
	if (!empty && !any)
		return false;
	images->mounted = !empty;
	return true;
}
