// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether there is a terminal at all. <term.h> has macros such as lines and columns, so this is a file of its own. */
#include "base/cleanup.h"
#include "base/error.h"
#include "report/printable.h"
#include "top/screen.h"

#include <curses.h>
#include <term.h>

int screen_check(struct cgfence_error *error)
{
	const char *type = getenv("TERM");
	cleanup_free char *shown = NULL;
	bool places_text = false;
	int why = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(
			error, ENOTTY,
			"top needs a terminal as its input and output; 'cgfence status' and 'cgfence metrics' print to anything");
	shown = printable_copy(type ? type : "");
	if (!type || !*type)
		return error_set(
			error, EINVAL,
			"TERM is not set; set it to the type of your terminal, such as xterm");
	if (setupterm(type, STDOUT_FILENO, &why) == OK) {
		places_text = cursor_address;
		del_curterm(cur_term);
	}
	if (!places_text)
		return error_set(
			error, EINVAL,
			"TERM is '%s', a terminal that is not known here or cannot place text; try TERM=xterm or TERM=vt100",
			shown ? shown : "");
	return 0;
}
