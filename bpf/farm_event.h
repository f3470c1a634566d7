/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The ABI between BPF programs and the agent: fixed width, explicit padding. Sizes are asserted on the C++ side. */
#ifndef FARM_EVENT_H
#define FARM_EVENT_H
#endif
