import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  firstStatusOf,
  isoStatusOf,
  movementOf,
  paymentKinds,
  paymentStatuses,
  paymentTable,
  type Movement,
  type PaymentStatus,
} from './payment.ts';

type States = Partial<Record<PaymentStatus | 'new', Partial<Record<PaymentStatus, unknown>>>>;

test('every state of a kind is reached from new, and every way ends', () => {
  for (const kind of paymentKinds) {
    const states: States = paymentTable[kind];
    const reached = new Set<string>(['new']);
    for (const from of reached) {
      for (const to of Object.keys(states[from as PaymentStatus] ?? {})) reached.add(to);
    }
    for (const from of Object.keys(states)) assert.ok(reached.has(from), `${kind} ${from}`);
    assert.ok([...reached].some((status) => states[status as PaymentStatus] === undefined));
    assert.notEqual(movementOf(kind, 'new', firstStatusOf[kind]), undefined, kind);
  }
});

/** What each book holds after a way through the states, in payments. */
function heldAfter(kind: (typeof paymentKinds)[number], way: readonly PaymentStatus[]) {
  const held = { account: 0, counter: 0, transit: 0, nostro: 0 };
  let from: PaymentStatus | 'new' = 'new';
  for (const to of way) {
    const movement: Movement | null | undefined = movementOf(kind, from, to);
    assert.notEqual(movement, undefined, `${kind} ${from} ${to}`);
    if (movement) {
      held[movement.debit] -= 1;
      held[movement.credit] += 1;
    }
    from = to;
  }
  return held;
}

/** All ways through the states that pass none twice. */
function* waysOf(
  kind: (typeof paymentKinds)[number],
  way: readonly PaymentStatus[] = [],
): Generator<readonly PaymentStatus[]> {
  const states: States = paymentTable[kind];
  if (way.length > 0) yield way;
  for (const to of Object.keys(states[way.at(-1) ?? 'new'] ?? {}) as PaymentStatus[]) {
    const isBack = way.includes(to);
    if (!isBack) yield* waysOf(kind, [...way, to]);
  }
}

test('money is in transit exactly while a credit is accepted, submitted or unknown', () => {
  const open = new Set<PaymentStatus>(['accepted', 'submitted', 'unknown']);
  for (const kind of paymentKinds) {
    for (const way of waysOf(kind)) {
      const last = way.at(-1) as PaymentStatus;
      const { transit } = heldAfter(kind, way);
      assert.equal(transit, kind === 'credit_out' && open.has(last) ? 1 : 0, way.join(' '));
    }
  }
});

test('a payment that came to nothing leaves every book as it was', () => {
  const undone = new Set<PaymentStatus>([
    'returned',
    'reversed',
    'rejected',
    'cancelled',
    'declined',
  ]);
  for (const kind of paymentKinds) {
    for (const way of waysOf(kind)) {
      const held = Object.values(heldAfter(kind, way));
      const isUndone = undone.has(way.at(-1) as PaymentStatus);
      if (isUndone)
        assert.ok(
          held.every((count) => count === 0),
          `${kind} ${way.join(' ')}`,
        );
    }
  }
});

test('what is rejected, cancelled or reversed stays so', () => {
  for (const kind of paymentKinds) {
    for (const from of ['rejected', 'cancelled', 'reversed', 'declined', 'returned'] as const) {
      for (const to of paymentStatuses) assert.equal(movementOf(kind, from, to), undefined);
    }
  }
});

test('every state has a status of ISO 20022', () => {
  for (const status of paymentStatuses) assert.match(isoStatusOf[status], /^[A-Z]{4}$/);
});
