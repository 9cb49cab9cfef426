// Owns how a queue treats what fails: how many attempts it gives, how long it pauses before each,
// and from where on a person is told. Every queue has the general policy but for what an operator
// says of it.

import { assert, Fault } from '#kernel';
import type { QueuePolicy } from './port.ts';
import { requireQueueName } from './send.ts';

export const defaultQueuePolicy: QueuePolicy = {
  attemptsMax: 3,
  backoffBaseMs: 200,
  backoffMaxMs: 60_000,
  depthMax: 100_000,
  ageMaxMs: 60_000,
  deadMax: 0,
};

export type QueuePolicies = (queue: string) => QueuePolicy;

const ATTEMPTS_MAX = 1_000;
const DAY_MS = 86_400_000;

const names: Readonly<Record<string, keyof QueuePolicy>> = {
  attempts: 'attemptsMax',
  base: 'backoffBaseMs',
  pause: 'backoffMaxMs',
  depth: 'depthMax',
  age: 'ageMaxMs',
  dead: 'deadMax',
};

/**
 * Policies as an operator writes them: `payments-submit:attempts=5,base=500;files:age=600000`.
 * Throws Fault 'queue_policy_invalid' for what cannot be read.
 */
export function readQueuePolicies(
  text: string,
  general: QueuePolicy = defaultQueuePolicy,
): QueuePolicies {
  const own = new Map<string, QueuePolicy>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [queue = '', terms = ''] = part.split(':').map((each) => each.trim());
    requireReadable(part, /^[a-z][a-z0-9_-]{0,74}$/.test(queue) && !own.has(queue));
    own.set(queue, { ...general, ...readTerms(part, terms) });
  }
  return (queue) => {
    requireQueueName(queue);
    return own.get(queue) ?? general;
  };
}

function readTerms(part: string, terms: string): Partial<QueuePolicy> {
  const policy: { -readonly [Name in keyof QueuePolicy]?: number } = {};
  for (const term of terms.split(',')) {
    const [, word = '', digits = ''] = /^\s*([a-z]+)=(\d{1,9})\s*$/.exec(term) ?? [];
    const name = names[word];
    requireReadable(part, name !== undefined);
    if (name === undefined) continue;
    const value = Number(digits);
    requireReadable(part, name !== 'attemptsMax' || (value >= 1 && value <= ATTEMPTS_MAX));
    requireReadable(part, !name.endsWith('Ms') || value <= DAY_MS);
    policy[name] = value;
  }
  return policy;
}

function requireReadable(part: string, isReadable: boolean): void {
  if (isReadable) return;
  const message =
    `Cannot read what is said of a queue: "${part.trim()}". Write it as ` +
    `payments-submit:attempts=5,base=500 with ${Object.keys(names).join(', ')}.`;
  throw new Fault('queue_policy_invalid', { retryable: false, message });
}

/**
 * Exponential backoff with full jitter: anything up to a bound that doubles with each attempt, so
 * that what failed together does not come back together. `random` is at least 0 and below 1.
 */
export function backoffMs(policy: QueuePolicy, attempt: number, random: number): number {
  assert(attempt >= 1, 'a message that failed was attempted');
  const bound = policy.backoffBaseMs * 2 ** Math.min(attempt - 1, 40);
  return random * Math.min(policy.backoffMaxMs, bound);
}
