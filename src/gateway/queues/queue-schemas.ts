// The shapes of queues and dead letters over HTTP, and how they are presented.

import { Type } from 'typebox';
import { limits } from '#config';
import { formatInstant } from '#kernel';
import type { DeadLetter, QueueState } from '#platform';
import * as schema from '../schema.ts';

const LETTERS_MAX = limits.queueLettersMax.value;

const queueName = Type.String({
  maxLength: 75,
  pattern: '^[a-z][a-z0-9_-]{0,74}$',
  description: 'a name of lower-case letters, digits, hyphens and underscores',
});
const count = Type.Integer({ minimum: 0 });
const messageId = schema.idText('msg');
const traceId = Type.String({ pattern: '^[0-9a-f]{32}$' });

export const queueParams = schema.object({ name: queueName });
export const letterParams = schema.object({ name: queueName, id: messageId });

export const queueShape = schema.object(
  {
    queue: queueName,
    depth: Type.Integer({
      minimum: 0,
      description: 'messages that are neither done nor dead; counting ends at 200,000 of a kind',
    }),
    in_flight: Type.Integer({ minimum: 0, description: 'of those, being worked on' }),
    oldest_age_ms: schema.orNull(
      Type.Integer({
        minimum: 0,
        description: 'how long the oldest that could be received has been waiting',
      }),
    ),
    dead_letters: count,
  },
  { title: 'Queue' },
);

const failureShape = schema.object({
  attempt: Type.Integer({ minimum: 1 }),
  at: schema.instantText(),
  code: Type.String(),
  message: Type.String(),
});

const letterMembers = {
  id: messageId,
  queue: queueName,
  group: schema.orNull(Type.String({ description: 'within which order matters' })),
  attempts: count,
  sent_at: schema.instantText(),
  died_at: schema.instantText(),
  trace_id: schema.orNull(traceId),
  code: Type.String({ description: 'of the last failure' }),
  reason: Type.String({ description: 'of the last failure, for people' }),
};

export const letterShape = schema.object(letterMembers, { title: 'DeadLetter' });

export const wholeLetterShape = schema.object(
  {
    ...letterMembers,
    failures: Type.Array(failureShape, { description: 'the last ones, the latest last' }),
    body: Type.Unknown({ description: 'the message, as it was sent' }),
  },
  { title: 'WholeDeadLetter' },
);

const letters = Type.Optional(
  Type.Array(messageId, {
    minItems: 1,
    maxItems: LETTERS_MAX,
    description: 'these letters',
  }),
);
const all = Type.Optional(
  Type.Literal(true, {
    description: `the oldest letters of the queue, ${LETTERS_MAX} at most: ask again for more`,
  }),
);

export const redriveShape = schema.object(
  {
    letters,
    all,
    per_second: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.queueRedriveRateMax.value,
        description: 'so many a second; all at once unless given',
      }),
    ),
  },
  { title: 'Redrive' },
);

export const discardShape = schema.object(
  {
    letters,
    all,
    reason: schema.text(500, {
      description: 'why, without what names a person: it is kept in clear',
    }),
  },
  { title: 'Discard' },
);

export const settledShape = schema.object(
  {
    letters: Type.Array(messageId, {
      maxItems: LETTERS_MAX,
      description: 'those that were there and that nobody else had settled',
    }),
    remaining: Type.Integer({ minimum: 0, description: 'dead letters that the queue still has' }),
  },
  { title: 'SettledLetters' },
);

export function presentQueue({ queue, depth, inFlight, ageMs, dead }: QueueState): object {
  const age = ageMs === undefined ? null : Math.max(0, Math.round(ageMs));
  return { queue, depth, in_flight: inFlight, oldest_age_ms: age, dead_letters: dead };
}

export function presentLetter(letter: DeadLetter): object {
  return {
    id: letter.id,
    queue: letter.queue,
    group: letter.group ?? null,
    attempts: letter.attempts,
    sent_at: formatInstant(letter.sentAt),
    died_at: formatInstant(letter.diedAt),
    trace_id: letter.traceId ?? null,
    code: letter.code,
    reason: letter.reason,
  };
}

export function presentWholeLetter(letter: DeadLetter): object {
  const body: unknown = JSON.parse(letter.body);
  return { ...presentLetter(letter), failures: letter.failures, body };
}
