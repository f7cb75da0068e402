/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/** copy_program() - make @target an executable copy of what @source is open for; the test fails if that fails. */
void copy_program(int source, const char *target);
