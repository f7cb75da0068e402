/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of <cgfence/abi.h> that is about the objects of the kernel that iterators write: sockets, their holders, links. */
#pragma once

#include <linux/types.h>

/* How a task holds a socket. */
enum cgfence_holding {
	CGFENCE_HOLDING_DESCRIPTOR, /* by a descriptor */
	/* By something that carries it. The iterators write the address of the carrier in place of the cookie. */
	CGFENCE_HOLDING_UNIX,  /* a unix socket: the descriptors on their way to it */
	CGFENCE_HOLDING_URING, /* an io_uring: its registered files and its requests */
	CGFENCE_HOLDING_TASK,  /* the task itself: its io_urings that have no descriptor */
	CGFENCE_HOLDING_SERVER, /* the same of a thread of the kernel that serves io_urings (IORING_SETUP_SQPOLL) */
	/* A thread in a fence that its leader is not in: what descriptors they share. The cookie is 0. */
	CGFENCE_HOLDING_APART,
	/* Too many descriptors for the iterator over tasks alone. The cookie is 0. */
	CGFENCE_HOLDING_TOO_MANY,
};

/* A task in a fence that holds a listening socket, as the iterators over tasks and descriptors write it. */
struct cgfence_holder {
	__u64 fence_id;	  /* the nearest fence root above the task's cgroup; 0 if unknown */
	__u64 cgroup_id;  /* of the task */
	__u64 cookie;	  /* of the socket; 0 if it has none yet */
	__u32 inode;	  /* of the socket, to be printed: it is 32 bits long and is used again */
	__u32 netns_inum; /* of the socket; 0 if unknown */
	__u32 pid;	  /* thread group id, in the initial pid namespace */
	__u32 thread;	  /* thread id, likewise */
	__u32 fd;
	__u32 holding; /* enum cgfence_holding */
	char comm[16]; /* of the thread */
};

/* A link to a cgroup that is not removed, as the iterator over links writes it. */
struct cgfence_link_seen {
	__u32 link_id;
	__u32 program_id;
	__u64 cgroup_id;
};

/* Kernel objects that carry files, by their address. */
enum cgfence_carrier {
	CGFENCE_CARRIER_UNIX, /* struct sock: its messages, or the connections that nobody has accepted */
	CGFENCE_CARRIER_BUNCH,	   /* struct scm_fp_list: the files of a message */
	CGFENCE_CARRIER_TASK,	   /* struct io_uring_task: the io_urings of a thread */
	CGFENCE_CARRIER_RING_TREE, /* struct xa_node: some of those */
	CGFENCE_CARRIER_FILES,	   /* struct io_ring_ctx: its registered files */
	CGFENCE_CARRIER_REQUESTS,  /* struct io_ring_ctx: the files of its waiting requests */
	CGFENCE_CARRIER_SHARERS, /* struct io_ring_ctx: those that share the thread that serves it, and that thread */
	CGFENCE_CARRIER_COUNT,
	CGFENCE_CARRIER_LISTENER = CGFENCE_CARRIER_COUNT, /* the listener itself, by its cookie */
	CGFENCE_CARRIER_SERVER, /* struct io_uring_task of a thread that serves io_urings */
};

/* Something that a carrier carries. */
struct cgfence_carried {
	__u64 object;	  /* address or cookie */
	__u32 kind;	  /* enum cgfence_carrier */
	__u32 inode;	  /* of a listener */
	__u32 netns_inum; /* of a listener */
	__u32 unused;
};

/* How far one look goes. */
#define CGFENCE_LOOK_STEPS 32

enum cgfence_look_result {
	CGFENCE_LOOK_MORE, /* the next look goes on from here */
	CGFENCE_LOOK_DONE,
	CGFENCE_LOOK_CHANGED, /* the carrier changed meanwhile: begin again */
	CGFENCE_LOOK_UNKNOWN, /* this kernel stores it in a way that the programs do not know */
};

/* A look into a carrier. All but the object begins with zeros. */
struct cgfence_look {
	__u64 object;	/* address of the carrier */
	__u64 position; /* in the carrier */
	__u64 item;	/* address of the next item there */
	__u32 result;	/* enum cgfence_look_result */
	__u32 count;	/* of the items found by this look */
	struct cgfence_carried found[CGFENCE_LOOK_STEPS];
};
