// Every way the verbs of queues say no. Codes are stable for ever; the reference page lists each of
// them.

import type { Refusal } from '#kernel';
import type { ProblemTable } from '../problems.ts';

export const queueRefusals = {
  dead_letter_unknown: { status: 404, title: 'No such dead letter', retryable: false },
} as const satisfies ProblemTable;

export interface QueueRefusal<Code extends keyof typeof queueRefusals> extends Refusal {
  readonly code: Code;
}
