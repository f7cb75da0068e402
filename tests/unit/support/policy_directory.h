/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A directory of files that goes with the test. */
#pragma once

/** policy_directory_make() - make it; a test calls this first and has one. Return: its path. */
const char *policy_directory_make(void);

/** policy_directory_path() - the path of a file in it, of the directory with a slash for ""; lives as long as the test. */
const char *policy_directory_path(const char *name);

/** policy_directory_write() - write a file, with " for ` in @text. Return: policy_directory_path(). */
const char *policy_directory_write(const char *name, const char *text);

/** policy_directory_remove() - remove it with its files. */
void policy_directory_remove(void);
