/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdbool.h>

/** privilege_has_admin() - does this process have CAP_SYS_ADMIN (capabilities(7))? */
bool privilege_has_admin(void);

/** privilege_is_nested() - is the calling process in a user namespace, where no capability is good for fences? */
bool privilege_is_nested(void);
/** privilege_has() - the same for any. @capability: such as CAP_NET_ADMIN */
bool privilege_has(int capability);
