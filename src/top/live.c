// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/live.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "top/sampler.h"
#include "top/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#define NS_PER_MS 1000000ULL

/* Looking for listeners takes at most this part of the interval, or as long as two fences take. */
#define LOOKS_SHARE 20

/* Descriptors are in the order of enum source. */
enum source { KEYBOARD, SIGNALS, SOURCES };

struct live {
	struct sampler sampler;
	struct top_looks looks;
	struct top_view view;
	uint64_t interval_ns;
	struct cgfence_error trouble; /* its text is empty if there is none */
	size_t *order;
	size_t count; /* of the order */
	size_t page;  /* rows on the screen */
	size_t height;
	size_t width;
	bool draws_anew;
	bool ends;
	int signals;
};

/* ---- the screen ---- */

static size_t rows_on_screen(const struct live *live)
{
	size_t rest = live->count - live->view.first;

	return live->count ? (rest < live->page ? rest : live->page) : 0;
}

static void arrange(struct live *live)
{
	free(live->order);
	live->order = NULL;
	live->count = 0;
	if (order_make(&live->sampler.rows, live->view.sort, live->view.reversed, live->view.filter,
		       &live->order, &live->count))
		error_out_of_memory(&live->trouble);
	screen_size(&live->height, &live->width);
	live->page = page_divide(live->height, live->looks.listener_count).rows;
	view_bound(&live->view, live->count, live->page);
}

static void draw(struct live *live)
{
	struct top_scene scene;
	struct page page = { 0 };

	arrange(live);
	scene = (struct top_scene){
		.view = &live->view,
		.rows = &live->sampler.rows,
		.order = live->order,
		.count = live->count,
		.pattern = live->sampler.pattern,
		.fence = live->sampler.of_id,
		.looks = &live->looks,
		.interval_ns = live->interval_ns,
		.now_ns = boot_time_ns(),
		.trouble = *live->trouble.text ? live->trouble.text : NULL,
	};
	if (page_make(&scene, live->height, live->width, &page) == 0 &&
	    screen_draw(&page, live->draws_anew))
		live->draws_anew = false;
	page_release(&page);
}

/* What belongs to the rows on the screen, which may be others than before. */
static void read_what_is_shown(struct live *live)
{
	arrange(live);
	sampler_read_subjects(&live->sampler, live->order + live->view.first, rows_on_screen(live),
			      &live->looks);
}

/* ---- keys and signals ---- */

static void begin_again(struct live *live)
{
	looks_release(&live->looks);
	live->view.selected = 0;
	live->view.first = 0;
}

/* Return: does the next turn begin at once? */
static bool go_into(struct live *live)
{
	const struct top_row *row;

	if (live->sampler.of || live->view.selected >= live->count)
		return false;
	row = &live->sampler.rows.items[live->order[live->view.selected]];
	if (!row->is_standing || sampler_enter(&live->sampler, row->id, &live->trouble))
		return false;
	*live->trouble.text = '\0';
	*live->view.filter = '\0';
	begin_again(live);
	return true;
}

static bool go_back(struct live *live)
{
	if (!live->sampler.of)
		return false;
	sampler_release(&live->sampler);
	*live->view.filter = '\0';
	begin_again(live);
	return true;
}

static bool take_key(struct live *live, int key)
{
	enum top_action action = view_key(&live->view, key, live->page);

	view_bound(&live->view, live->count, live->page);
	switch (action) {
	case TOP_QUIT:
		live->ends = true;
		return false;
	case TOP_OPEN:
		return go_into(live);
	case TOP_LEAVE:
		return go_back(live);
	case TOP_REDRAW:
		live->draws_anew = true;
		return false;
	case TOP_SHOW:
	default:
		return false;
	}
}

/*
 * The handler of ncurses gives the terminal back, stops the process and takes the terminal again. In the midst of what ncurses
 * does it would wait for itself, so the signal is blocked but here.
 */
static void stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void take_signals(struct live *live)
{
	struct signalfd_siginfo info;

	while (read(live->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			continue;
		/* Whatever ran meanwhile may have written to the terminal. */
		if (info.ssi_signo == SIGCONT)
			live->draws_anew = true;
		else if (info.ssi_signo == SIGTSTP)
			stop();
		else
			live->ends = true;
	}
}

/* Return: did something come? */
static bool wait_for(struct live *live, int timeout_ms, struct pollfd sources[SOURCES])
{
	sources[KEYBOARD] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	sources[SIGNALS] = (struct pollfd){ live->signals, POLLIN, 0 };
	return poll(sources, SOURCES, timeout_ms) > 0;
}

/* Waits for keys and signals until a time, and does what they say. Return: does the next turn begin at once? */
static bool listen_until(struct live *live, uint64_t deadline_ns)
{
	bool at_once = false;

	while (!live->ends && !at_once) {
		uint64_t now = boot_time_ns();
		struct pollfd sources[SOURCES];
		int key;

		if (!wait_for(live,
			      now >= deadline_ns ? 0 : (int)((deadline_ns - now) / NS_PER_MS) + 1,
			      sources))
			return false;
		take_signals(live);
		/* The end of a terminal can be read, and then gives no key. */
		if (sources[KEYBOARD].revents & (POLLHUP | POLLERR | POLLNVAL))
			live->ends = true;
		while (!live->ends && !at_once && (key = screen_key()) != SCREEN_NO_KEY)
			at_once = take_key(live, key);
		if (live->ends || at_once)
			break;
		if (!live->view.paused)
			read_what_is_shown(live);
		draw(live);
	}
	return at_once;
}

/* ---- a turn ---- */

static void look_for_listeners(struct live *live)
{
	uint64_t end = boot_time_ns() + live->interval_ns / LOOKS_SHARE;
	size_t shown = rows_on_screen(live);

	/* One look is for all members. */
	if (live->sampler.of) {
		if (live->sampler.rows.count)
			sampler_look(&live->sampler, 0, &live->looks);
		return;
	}
	looks_keep_listeners(&live->looks, &live->sampler.rows);
	for (size_t i = 0; i < shown && (!i || boot_time_ns() < end); i++)
		sampler_look(&live->sampler, live->order[live->view.first + i], &live->looks);
	/* One at least, so that each fence has its turn. */
	for (size_t i = 0; i < live->sampler.rows.count && (!i || boot_time_ns() < end); i++)
		sampler_look_on(&live->sampler, &live->looks);
}

/* Return: does the next turn begin at once? */
static bool take_turn(struct live *live)
{
	bool has_more = true;

	/* It is filled in on the way to success, too. */
	if (sampler_begin(&live->sampler, &live->trouble) == 0) {
		*live->trouble.text = '\0';
	} else {
		/* The fence whose members these were is gone. */
		if (live->sampler.of)
			return go_back(live);
		draw(live);
		return false;
	}
	while (has_more && !live->ends) {
		has_more = sampler_step(&live->sampler);
		if (has_more && listen_until(live, 0))
			return true;
	}
	read_what_is_shown(live);
	look_for_listeners(live);
	draw(live);
	return false;
}

static void run(struct live *live)
{
	bool at_once = true;

	while (!live->ends) {
		uint64_t begin = boot_time_ns();
		bool reads = at_once || !live->view.paused;

		at_once = reads && take_turn(live);
		if (!at_once)
			at_once = listen_until(live, begin + live->interval_ns);
	}
}

/* ---- its begin and end ---- */

static int open_signals(struct cgfence_error *error)
{
	static const int kinds[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT, SIGTSTP };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sigaddset(&set, kinds[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(error, errno, "cannot wait for signals: %s", strerror(errno))
		      : fd;
}

int live_run(const struct live_options *options, struct cgfence_error *error)
{
	struct live live = {
		.view = { .sort = options->sort },
		.interval_ns = options->interval_ns,
		.draws_anew = true,
	};
	cleanup_close int signals = -1;
	int result;

	snprintf(live.view.filter, sizeof(live.view.filter), "%s", options->filter);
	sampler_init(&live.sampler);
	result = screen_check(error);
	/* That fences cannot be read at all has to stand on the terminal as it was. */
	if (result == 0)
		result = sampler_begin(&live.sampler, error);
	if (result == 0) {
		signals = open_signals(error);
		result = signals < 0 ? signals : screen_open(error);
	}
	if (result == 0) {
		live.signals = signals;
		run(&live);
		screen_close();
	}
	sampler_release(&live.sampler);
	looks_release(&live.looks);
	free(live.order);
	return result;
}
