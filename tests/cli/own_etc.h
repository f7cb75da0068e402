/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A /etc of the test's own, which shows the files of the host's and an empty /etc/cgfence. */
#pragma once

/** own_etc_begin() - put it there, for as long as the mount namespace of the test lives. */
void own_etc_begin(void);

/** own_etc_file() - write a file of root's below /etc/cgfence, such as "policies/web.json", with ' for ". */
void own_etc_file(const char *name, const char *text);
