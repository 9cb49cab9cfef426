import assert from 'node:assert/strict';
import test from 'node:test';
import { limits } from '#config';
import { idOf, instantOf, newUuid, SECOND_US, type Instant } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { openFeatures } from '../features/engine.ts';
import type { LogEntry } from '../log/entry.ts';
import type { ScreeningBatchId } from './item.ts';
import { paymentFeatures } from './payment-features.ts';
import { openStates, type States } from './states.ts';

const start = instantOf(1_770_000_000_000_000) as Instant;
const startMs = 1_770_000_000_000;
const run = newUuid(startMs);
const other = newUuid(startMs);

let made = 0;

function batchOf(count: number) {
  const id: ScreeningBatchId = idOf('scb', newUuid(startMs));
  const events = Array.from({ length: count }, (): FraudEvent => {
    made += 1;
    const at = (start + made * SECOND_US) as Instant;
    const keys = { payer: 'acc_ada', payee: `acc_${made % 3}` };
    return { id: idOf('dec', newUuid(startMs)), at, amount: 100 * made, keys };
  });
  return { id, events, judgedAt: (start + made * SECOND_US) as Instant };
}

type Batch = ReturnType<typeof batchOf>;

/** As the desk does it. */
function judge(states: States, { id, events, judgedAt }: Batch, tenant = 'main'): void {
  for (const event of events) assert.ok(states.of(tenant).features.observe(event).ok);
  states.await(tenant, id, { judgedAt, events });
}

const entryOf = (position: bigint, { id, events }: Batch, by = run): LogEntry => {
  return { kind: 'batch', position, tenant: 'main', id, run: by, events };
};

const digestOf = (states: States): string => states.of('main').features.digest();

function foldOf(...entries: readonly LogEntry[]): string {
  const features = openFeatures(paymentFeatures);
  for (const entry of entries) {
    if (entry.kind === 'label') features.learn(entry.label);
    else if (entry.kind === 'annulment') features.annul(entry.laterThan);
    else for (const event of entry.events) features.observe(event);
  }
  return features.digest();
}

test('what was judged here and is then seen in the log is folded once', () => {
  const states = openStates({ run });
  const batch = batchOf(3);
  judge(states, batch);
  states.fold(entryOf(1n, batch));
  states.fold(entryOf(1n, batch));
  const { pending, foldedUpTo, features } = states.of('main');
  assert.equal(pending.size, 0);
  assert.equal(foldedUpTo, 1n);
  assert.equal(features.counts().events, 3);
  assert.equal(features.counts().refused, 0);
});

test('batches of this process and of another, and labels, come to what the log alone comes to', () => {
  const states = openStates({ run });
  const [own, theirs, late] = [batchOf(3), batchOf(2), batchOf(1)];
  judge(states, late);
  judge(states, own);
  const [event] = theirs.events;
  assert.ok(event !== undefined);
  const label = { event, knownAt: (start + 100 * SECOND_US) as Instant, isFraud: true };
  const entries: LogEntry[] = [
    entryOf(4n, theirs, other),
    entryOf(7n, own),
    { kind: 'label', position: 8n, tenant: 'main', id: idOf('lab', newUuid(startMs)), label },
    entryOf(9n, late),
  ];
  for (const entry of entries) states.fold(entry);
  assert.equal(digestOf(states), foldOf(...entries));
  assert.equal(states.of('main').foldedUpTo, 9n);
});

test('a batch that was rolled back is taken out as if it had never been judged', () => {
  const states = openStates({ run });
  const [kept, lost, next] = [batchOf(2), batchOf(2), batchOf(1)];
  for (const batch of [kept, lost, next]) judge(states, batch);
  states.fold(entryOf(1n, kept));
  const expired = states.expired(next.judgedAt);
  assert.deepEqual(expired, [{ tenant: 'main', batch: lost.id }]);
  assert.equal(states.forget('main', lost.id), true);
  assert.equal(states.forget('main', lost.id), false);
  assert.equal(digestOf(states), foldOf(entryOf(1n, kept), entryOf(2n, next)));
});

test('a batch that was given up and then committed after all is folded in again', () => {
  const states = openStates({ run });
  const [slow, next] = [batchOf(2), batchOf(1)];
  judge(states, slow);
  states.forget('main', slow.id);
  judge(states, next);
  states.fold(entryOf(1n, slow));
  states.fold(entryOf(2n, next));
  assert.equal(digestOf(states), foldOf(entryOf(1n, slow), entryOf(2n, next)));
});

test('tenants have nothing of each other', () => {
  const states = openStates({ run });
  const batch = batchOf(2);
  judge(states, batch, 'north');
  assert.equal(states.of('south').features.counts().events, 0);
  assert.equal(states.forget('south', batch.id), false);
  assert.deepEqual(states.tenants(), ['north', 'south']);
  assert.equal(states.counts().pending, 1);
});

test('a start with what was folded before goes on from its position', () => {
  const states = openStates({ run });
  const [before, after] = [batchOf(2), batchOf(1)];
  const features = openFeatures(paymentFeatures);
  for (const event of before.events) features.observe(event);
  states.start('main', features, 5n);
  states.fold(entryOf(5n, before, other));
  states.fold(entryOf(6n, after, other));
  assert.equal(states.of('main').features, features);
  assert.equal(features.counts().events, 3);
  assert.throws(() => states.start('main', openFeatures(paymentFeatures), 0n), /started before/);
});

test('batches that wait for a log that nobody follows are bounded, and held for kept', () => {
  const states = openStates({ run });
  const most = limits.fraudPendingBatchesMax.value;
  const first = batchOf(1);
  judge(states, first);
  const { events, judgedAt } = batchOf(1);
  for (let count = 0; count < most; count += 1) {
    states.await('main', idOf('scb', newUuid(startMs)), { judgedAt, events });
  }
  assert.equal(states.of('main').pending.size, most);
  assert.equal(states.forget('main', first.id), false);
  assert.equal(states.of('main').features.counts().events, 1);
});

test('an annulment takes out what the log has before it, and leaves what comes after', () => {
  const states = openStates({ run });
  const aheadOf = ({ id, events, judgedAt }: Batch): Batch => ({
    id,
    judgedAt,
    events: events.map((event) => ({ ...event, at: (event.at + 9 * 86_400_000_000) as Instant })),
  });
  const [sound, jumped, theirs, slow] = [batchOf(3), batchOf(2), batchOf(2), batchOf(1)];
  const ahead = [jumped, theirs, slow].map(aheadOf) as [Batch, Batch, Batch];
  judge(states, sound);
  judge(states, ahead[0]);
  judge(states, ahead[2]);
  const laterThan = sound.judgedAt;
  const annulment = { kind: 'annulment', position: 4n, tenant: 'main', laterThan } as const;
  const entries: LogEntry[] = [
    entryOf(1n, sound),
    entryOf(2n, ahead[0]),
    entryOf(3n, ahead[1], other),
    { ...annulment, id: idOf('anl', newUuid(startMs)) },
    entryOf(5n, ahead[2]),
  ];
  for (const entry of entries.slice(0, 4)) states.fold(entry);
  assert.equal(states.of('main').pending.size, 1);
  for (const entry of entries.slice(4)) states.fold(entry);
  assert.equal(digestOf(states), foldOf(...entries));
  assert.equal(digestOf(states), foldOf(entryOf(1n, sound), entryOf(2n, ahead[2])));
});
