// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "soak_worker.h"
#include "soak_clock.h"
#include "soak_supplier.h"
#include "base/boot_time.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS 6
#define PAUSE_US 20000

/* How long a datagram may take on a machine that is busy with other things. */
#define HEARING_MS 60000
#define HEARING_STEP_MS 100

/* Ports that are never assigned; of each worker, for UDP and for binding inside. */
#define EXCESS_PORT 6000

enum state {
	STATE_FREE,
	STATE_ALLOWED,
	STATE_SOMETIMES, /* according to the present policy */
	STATE_EXCESS,
};

struct slot {
	enum state state;
	bool datagrams;
	int fd;
	uint16_t port;
	int domain;
	uint64_t since;
	uint32_t generation; /* when it was last seen alive */
};

struct work {
	struct soak *soak;
	const struct soak_worker *worker;
	struct soak_fence *fence;
	struct soak_supplier supplier;
	struct slot slots[SLOTS];
};

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static bool bind_and_listen(int fd, const char *text)
{
	struct endpoint endpoint = endpoint_parse(text);

	return bind(fd, &endpoint.address.any, endpoint.length) == 0 &&
	       (endpoint.type == SOCK_DGRAM || listen(fd, 8) == 0);
}

/* Leaves the fence and comes back with a socket. Its other sockets come in anew. */
static int fetch(struct work *work, const char *endpoint)
{
	int fd;

	if (harness_enter(harness_cgroup()))
		return -1;
	fd = endpoint_open(endpoint);
	if (fd >= 0 && strncmp(endpoint, "tcp", 3) == 0)
		listen(fd, 8);
	if (harness_enter(work->worker->cgroup)) {
		close(fd);
		return -1;
	}
	for (size_t i = 0; i < SLOTS; i++)
		work->slots[i].since = soak_now(work->soak);
	if (*work->worker->excess_since)
		__atomic_store_n(work->worker->excess_since, soak_now(work->soak),
				 __ATOMIC_SEQ_CST);
	return fd;
}

/* Return: a bound, and for TCP listening, socket that came in this way, -1 if there is none. */
static int come_in(struct work *work, enum soak_way way, const char *endpoint)
{
	int fd = -1;

	switch (way) {
	case SOAK_BOUND_INSIDE:
	case SOAK_LISTEN_INSIDE:
		fd = endpoint_open(endpoint);
		if (fd < 0 || strncmp(endpoint, "tcp", 3) != 0 || listen(fd, 8) == 0)
			return fd < 0 ? -1 : fd;
		break;
	case SOAK_PASSED:
		return soak_supplier_order(&work->supplier, endpoint);
	case SOAK_PASSED_UNBOUND: {
		char unbound[64];
		char protocol[8] = "";
		char address[40] = "";

		sscanf(endpoint, "%7s %39s", protocol, address);
		snprintf(unbound, sizeof(unbound), "%s %s unbound", protocol, address);
		fd = soak_supplier_order(&work->supplier, unbound);
		if (fd >= 0 && bind_and_listen(fd, endpoint))
			return fd;
		break;
	}
	case SOAK_MOVED:
		return fetch(work, endpoint);
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool listens(int fd)
{
	int accepts = 0;
	socklen_t size = sizeof(accepts);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts;
}

/* Has the daemon made it deaf? Silencing locks a filter, and a destroyed socket whose port was not asked for loses it. */
static bool is_deaf(int fd)
{
	int locked = 0;
	socklen_t size = sizeof(locked);

	return !endpoint_port(fd) ||
	       (getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &locked, &size) == 0 && locked);
}

/*
 * Does a datagram arrive? On loopback it mostly is there before sendto() returns, but a busy kernel puts it off, so it is
 * waited for as long as there is no reason why it should not come.
 */
static bool hears(const struct slot *slot)
{
	struct endpoint target =
		endpoint_parse(slot->domain == AF_INET6 ? "udp ::1 1" : "udp 127.0.0.1 1");
	int fd = socket(slot->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd arrival = { .fd = slot->fd, .events = POLLIN };
	bool heard = false;
	char byte;

	target.address.ipv4.sin_port = htons(slot->port);
	for (int waited_ms = 0; waited_ms < HEARING_MS && !heard; waited_ms += HEARING_STEP_MS) {
		sendto(fd, "", 1, 0, &target.address.any, target.length);
		poll(&arrival, 1, HEARING_STEP_MS);
		heard = recv(slot->fd, &byte, 1, MSG_DONTWAIT) == 1;
		if (!heard && is_deaf(slot->fd))
			break;
	}
	while (recv(slot->fd, &byte, 1, MSG_DONTWAIT) == 1)
		;
	close(fd);
	return heard;
}

static void release(struct slot *slot)
{
	close(slot->fd);
	slot->state = STATE_FREE;
}

/* Is the port assigned, and has it been all the time since the slot was last seen alive? */
static bool is_steady(const struct work *work, const struct slot *slot, uint32_t generation)
{
	return generation == slot->generation && generation % 4 == 0 &&
	       generation == __atomic_load_n(&work->fence->generation, __ATOMIC_SEQ_CST);
}

static void note_excess(struct work *work, uint64_t since, uint64_t now)
{
	uint64_t life = now > since ? now - since : 0;

	if (work->fence->response != SOAK_CLOSES)
		return;
	soak_note_life(work->soak, life);
	if (life > work->soak->limit)
		count(&work->soak->late);
}

static void judge_alive(struct work *work, struct slot *slot, uint32_t generation, uint64_t now)
{
	uint64_t taken_away = __atomic_load_n(&work->fence->taken_away, __ATOMIC_SEQ_CST);

	if (slot->state == STATE_EXCESS)
		note_excess(work, slot->since, now);
	else if (slot->state == STATE_SOMETIMES && generation % 4 == 2 && taken_away &&
		 generation == __atomic_load_n(&work->fence->generation, __ATOMIC_SEQ_CST))
		note_excess(work, taken_away > slot->since ? taken_away : slot->since, now);
	slot->generation = generation;
}

static void judge_dead(struct work *work, struct slot *slot, uint32_t generation)
{
	bool is_excess = slot->state == STATE_EXCESS ||
			 (slot->state == STATE_SOMETIMES && !is_steady(work, slot, generation));

	if (!is_excess || work->fence->response == SOAK_LOGS)
		count(&work->soak->harmed);
	else
		count(&work->soak->taken);
	release(slot);
}

static void judge(struct work *work, struct slot *slot)
{
	uint32_t generation = __atomic_load_n(&work->fence->generation, __ATOMIC_SEQ_CST);
	/* A listener seen after this moment existed at it. */
	uint64_t now = soak_now(work->soak);

	if (slot->datagrams ? hears(slot) : listens(slot->fd))
		judge_alive(work, slot, generation, now);
	else
		judge_dead(work, slot, generation);
}

static void take(struct work *work, enum state state, enum soak_way way, const char *endpoint)
{
	struct slot slot = {
		.state = state,
		.datagrams = strncmp(endpoint, "udp", 3) == 0,
		.domain = strchr(endpoint, ':') ? AF_INET6 : AF_INET,
		.generation = __atomic_load_n(&work->fence->generation, __ATOMIC_SEQ_CST),
	};
	size_t i = 0;

	slot.fd = come_in(work, way, endpoint);
	if (slot.fd < 0)
		return;
	slot.port = endpoint_port(slot.fd);
	slot.since = soak_now(work->soak);
	while (work->slots[i].state != STATE_FREE)
		i++;
	work->slots[i] = slot;
	count(state == STATE_EXCESS ? &work->soak->excess[way] : &work->soak->allowed[way]);
	if (state == STATE_EXCESS)
		__atomic_store_n(work->worker->excess_since, slot.since, __ATOMIC_SEQ_CST);
}

static void format_endpoint(char text[64], const struct work *work, unsigned int base)
{
	static const char *const ends[] = { "tcp 127.0.0.1", "tcp ::1", "udp 127.0.0.1",
					    "udp ::1" };

	snprintf(text, 64, "%s %u", ends[random() % 4],
		 base + work->worker->index * SOAK_PORTS + (unsigned int)random() % SOAK_PORTS);
}

static void open_allowed(struct work *work)
{
	static const enum soak_way ways[] = { SOAK_BOUND_INSIDE, SOAK_PASSED, SOAK_PASSED_UNBOUND,
					      SOAK_MOVED };
	char endpoint[64];

	format_endpoint(endpoint, work, SOAK_ALWAYS);
	take(work, STATE_ALLOWED, ways[random() % (work->worker->moves ? 4 : 3)], endpoint);
}

static void open_sometimes(struct work *work)
{
	char endpoint[64];

	format_endpoint(endpoint, work, SOAK_SOMETIMES);
	take(work, STATE_SOMETIMES, SOAK_BOUND_INSIDE, endpoint);
}

static void open_excess(struct work *work)
{
	static const enum soak_way ways[] = { SOAK_LISTEN_INSIDE, SOAK_PASSED, SOAK_PASSED_UNBOUND,
					      SOAK_MOVED };
	enum soak_way way = ways[random() % (work->worker->moves ? 4 : 3)];
	char endpoint[64];

	format_endpoint(endpoint, work, EXCESS_PORT);
	if (way == SOAK_LISTEN_INSIDE)
		strcpy(endpoint, random() % 2 ? "tcp 127.0.0.1 0" : "tcp ::1 0");
	/* Kills by the guard say nothing about the reconciler. */
	if (way != SOAK_LISTEN_INSIDE || work->fence->response != SOAK_KILLS)
		take(work, STATE_EXCESS, way, endpoint);
}

/* The verdicts of the hooks must hold all the time. */
static void try_binds(struct work *work)
{
	char endpoint[64];
	int fd;

	format_endpoint(endpoint, work, EXCESS_PORT);
	fd = endpoint_open(endpoint);
	if (fd >= 0 && !work->fence->audits)
		count(&work->soak->let_through);
	if (fd >= 0)
		close(fd);
	format_endpoint(endpoint, work, SOAK_ALWAYS);
	fd = endpoint_open(endpoint);
	if (fd == -EPERM)
		count(&work->soak->refused);
	if (fd >= 0)
		close(fd);
}

static void step(struct work *work)
{
	size_t i = (size_t)random() % SLOTS;
	bool kills = work->fence->response == SOAK_KILLS;
	long choice = random() % 100;

	for (size_t slot = 0; slot < SLOTS; slot++) {
		if (work->slots[slot].state != STATE_FREE)
			judge(work, &work->slots[slot]);
	}
	if (work->slots[i].state != STATE_FREE) {
		/* A listener in excess is mostly left to the daemon. */
		if (choice < (work->slots[i].state != STATE_EXCESS ? 20 : kills ? 0 : 2))
			release(&work->slots[i]);
	} else if (choice < 40) {
		open_allowed(work);
	} else if (choice < 60 && !kills) {
		open_sometimes(work);
	} else if (choice < (!kills ? 80 : harness_is_slow() ? 50 : 42)) {
		open_excess(work);
	} else {
		try_binds(work);
	}
}

int soak_work(struct soak *soak, const struct soak_worker *worker)
{
	struct work work = {
		.soak = soak,
		.worker = worker,
		.fence = &soak->fences[worker->fence],
	};

	srandom((unsigned int)boot_time_ns() ^ (unsigned int)getpid());
	if (soak_supplier_start(&work.supplier))
		return 1;
	if (harness_enter(worker->cgroup))
		return 2;
	while (!__atomic_load_n(&soak->stop, __ATOMIC_SEQ_CST)) {
		step(&work);
		/* The daemon must be hurried, but still get the processor. */
		usleep((useconds_t)(random() % PAUSE_US) * (harness_is_slow() ? 20 : 1));
	}
	return soak_supplier_stop(&work.supplier) ? 3 : 0;
}
