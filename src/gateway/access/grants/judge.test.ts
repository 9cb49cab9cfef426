import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Currency, Instant } from '#kernel';
import { parseInstant } from '#kernel';
import type { ObjectUse } from '../access.ts';
import { NOW, principalOf } from '../access-testing.ts';
import { judge } from './judge.ts';
import type { Case, Judgement, Mandate } from './judge.ts';
import { isTimeZone, localTimeOf } from './local-time.ts';

const CZK = 'CZK' as Currency;
const EUR = 'EUR' as Currency;

const at = (text: string): Instant => parseInstant(text) as Instant;

const mandate = (changes: Partial<Mandate> = {}): Mandate => ({
  id: 'm1',
  acts: ['read', 'debit'],
  currency: undefined,
  transferMax: undefined,
  dayMax: undefined,
  timeZone: 'UTC',
  weekdays: [1, 2, 3, 4, 5, 6, 7],
  minuteFrom: 0,
  minuteTo: 1_440,
  used: {},
  ...changes,
});

const debit = (amount: bigint | undefined, changes: Partial<ObjectUse> = {}): ObjectUse => ({
  kind: 'account',
  id: 'acc_a',
  act: 'debit',
  amount,
  currency: CZK,
  ...changes,
});
const credit = (amount: bigint, changes: Partial<ObjectUse> = {}): ObjectUse =>
  debit(amount, { id: 'acc_b', act: 'credit', ...changes });

/** Mandates are of acc_a, and of nothing else, unless the test says which. */
function ask(
  uses: readonly ObjectUse[],
  mandates: readonly Mandate[],
  changes: Partial<Case> = {},
): Judgement {
  return judge({
    principal: principalOf(['customer']),
    isStaff: false,
    uses,
    mandates: uses.map(({ id }) => ({ own: id === 'acc_a' ? mandates : [], behind: [] })),
    now: NOW,
    stepUpUnitsMax: 500,
    ...changes,
  });
}

function told(judgement: Judgement): string {
  if (!judgement.isAllowed) return `${judgement.code}: ${judgement.rule}`;
  const drawn = judgement.reservations.map(
    ({ grantId, day, amount }) => `${grantId} ${day} ${amount}`,
  );
  return ['yes', ...drawn].join(', ');
}

const none = 'object_forbidden: grant: none';

test('without a mandate nothing is allowed, and the answer is the same whatever the object is', () => {
  const read = debit(undefined, { act: 'read' });
  assert.equal(told(ask([read], [])), none);
  assert.equal(told(ask([], [])), 'object_forbidden: no object');
  const other = ask([debit(1n, { id: 'acc_x' }), credit(1n)], [mandate()]);
  const absent = ask([debit(1n, { id: 'acc_y' }), credit(1n)], []);
  assert.deepEqual(other, absent);
  const wrongAct = ask([debit(undefined, { act: 'manage' })], [mandate()]);
  assert.ok(!wrongAct.isAllowed && !other.isAllowed);
  assert.equal(wrongAct.message, other.message);
});

test('staff act on every object without a mandate', () => {
  const uses = [debit(undefined, { act: 'manage', id: 'acc_x' })];
  assert.equal(told(ask(uses, [], { isStaff: true })), 'yes');
});

test('giving back takes nothing: it needs the mandate, and neither its amount nor a factor', () => {
  const back = debit(0n, { currency: undefined });
  const limited = mandate({ currency: CZK, transferMax: 9n, dayMax: 9n });
  const weak = { principal: principalOf(['customer'], { factors: 1 }) };
  assert.equal(told(ask([back], [limited], weak)), 'yes');
  assert.equal(told(ask([back], [mandate({ acts: ['read'] })])), 'object_forbidden: grant: act');
});

test('a request of twenty thousand uses is judged at once', { timeout: 10_000 }, () => {
  const uses = Array.from({ length: 10_000 }, (_, transfer) => [
    debit(1n, { transfer }),
    credit(1n, { transfer, id: `acc_${transfer}` }),
  ]).flat();
  const limited = mandate({ currency: CZK, transferMax: 1n, dayMax: 10_000n });
  assert.equal(told(ask(uses, [limited])), 'yes, m1 2026-11-23 10000');
});

const cases: readonly [
  title: string,
  uses: readonly ObjectUse[],
  mandates: readonly Mandate[],
  answer: string,
][] = [
  ['an act that is given', [debit(1n)], [mandate()], 'yes'],
  [
    'an act that is not',
    [debit(1n)],
    [mandate({ acts: ['read'] })],
    'object_forbidden: grant: act',
  ],
  ['whoever may pay from an account may pay to any', [debit(5n), credit(5n)], [mandate()], 'yes'],
  ['a credit that nothing of the caller pays for', [credit(5n)], [mandate()], none],
  [
    'a credit in another transfer of the request',
    [debit(5n, { transfer: 0 }), credit(5n, { transfer: 1 })],
    [mandate()],
    none,
  ],
  ['a credit in another currency', [debit(5n), credit(5n, { currency: EUR })], [mandate()], none],
  [
    'a debit of somebody else beside one that is allowed',
    [debit(5n), debit(5n, { id: 'acc_x' }), credit(10n)],
    [mandate()],
    none,
  ],
  [
    'up to the limit of a transfer',
    [debit(9n)],
    [mandate({ currency: CZK, transferMax: 9n })],
    'yes',
  ],
  [
    'above the limit of a transfer',
    [debit(10n)],
    [mandate({ currency: CZK, transferMax: 9n })],
    'object_forbidden: grant: transfer max',
  ],
  [
    'above the limit in two legs of one transfer',
    [debit(5n), debit(5n)],
    [mandate({ currency: CZK, transferMax: 9n })],
    'object_forbidden: grant: transfer max',
  ],
  [
    'each of two transfers within the limit',
    [debit(5n, { transfer: 0 }), debit(5n, { transfer: 1 })],
    [mandate({ currency: CZK, transferMax: 9n })],
    'yes',
  ],
  [
    'an amount that is not known, under a limit',
    [debit(undefined)],
    [mandate({ currency: CZK, transferMax: 9n })],
    'object_forbidden: grant: amount unknown',
  ],
  [
    'another currency than that of the limit',
    [debit(1n, { currency: EUR })],
    [mandate({ currency: CZK, transferMax: 9n })],
    'object_forbidden: grant: currency',
  ],
  [
    'what is left of the day',
    [debit(4n)],
    [mandate({ currency: CZK, dayMax: 10n, used: { '2026-11-23': 6n, '2026-11-22': 10n } })],
    'yes, m1 2026-11-23 4',
  ],
  [
    'more than is left of the day',
    [debit(5n)],
    [mandate({ currency: CZK, dayMax: 10n, used: { '2026-11-23': 6n } })],
    'object_forbidden: grant: day max',
  ],
  [
    'all transfers of a request together for the day',
    [debit(4n, { transfer: 0 }), debit(4n, { transfer: 1 }), debit(4n, { transfer: 2 })],
    [mandate({ currency: CZK, dayMax: 10n })],
    'object_forbidden: grant: day max',
  ],
  [
    'several transfers that fit into the day',
    [debit(4n, { transfer: 0 }), debit(4n, { transfer: 1 })],
    [mandate({ currency: CZK, dayMax: 10n })],
    'yes, m1 2026-11-23 8',
  ],
  [
    'a second mandate where the first does not allow it',
    [debit(5n)],
    [mandate({ currency: CZK, transferMax: 1n }), mandate({ id: 'm2' })],
    'yes',
  ],
  [
    'one without a limit for the day is used first',
    [debit(5n)],
    [mandate({ currency: CZK, dayMax: 10n }), mandate({ id: 'm2' })],
    'yes',
  ],
  [
    'reading is not measured by amounts',
    [debit(undefined, { act: 'read' })],
    [mandate({ currency: CZK, transferMax: 1n, dayMax: 1n })],
    'yes',
  ],
];

for (const [title, uses, mandates, answer] of cases) {
  test(`a mandate is held to the letter: ${title}`, () => {
    assert.equal(told(ask(uses, mandates)), answer);
  });
}

test('hours and days are those of the mandate: weekdays from nine to five in Prague', () => {
  const office = mandate({
    timeZone: 'Europe/Prague',
    weekdays: [1, 2, 3, 4, 5],
    minuteFrom: 9 * 60,
    minuteTo: 17 * 60,
  });
  const times: readonly [time: string, answer: string][] = [
    ['2026-11-23T07:59:59Z', 'object_forbidden: grant: hours'],
    ['2026-11-23T08:00:00Z', 'yes'],
    ['2026-11-23T15:59:59Z', 'yes'],
    ['2026-11-23T16:00:00Z', 'object_forbidden: grant: hours'],
    ['2026-11-22T10:00:00Z', 'object_forbidden: grant: hours'],
    // In summer Prague is two hours ahead.
    ['2026-07-06T06:59:59Z', 'object_forbidden: grant: hours'],
    ['2026-07-06T07:00:00Z', 'yes'],
  ];
  for (const [time, answer] of times) {
    assert.equal(told(ask([debit(1n)], [office], { now: at(time) })), answer, time);
  }
});

test('the day of an amount begins at midnight where the mandate is', () => {
  const given = mandate({ currency: CZK, dayMax: 10n, timeZone: 'Pacific/Auckland' });
  const now = at('2026-11-23T12:00:00Z');
  assert.equal(told(ask([debit(1n)], [given], { now })), 'yes, m1 2026-11-24 1');
});

test('a transfer may be read from either side of it, and changed by whoever has both', () => {
  const use = { kind: 'transfer', id: 'trf_1', act: 'read' } as const;
  const behind = (...sides: (readonly Mandate[])[]) => ({
    mandates: [{ own: [], behind: sides }],
  });
  const one = behind([mandate({ acts: ['read', 'manage'] })], []);
  const both = behind([mandate({ acts: ['manage'] })], [mandate({ acts: ['manage'] })]);
  assert.equal(told(ask([use], [], one)), 'yes');
  assert.equal(told(ask([use], [], behind([], []))), none);
  assert.equal(told(ask([{ ...use, act: 'manage' }], [], one)), none);
  assert.equal(told(ask([{ ...use, act: 'manage' }], [], both)), 'yes');
  assert.equal(told(ask([use], [], behind())), none);
});

test('a large payment needs a second factor, also when it is cut into pieces', () => {
  const weak = { principal: principalOf(['customer'], { factors: 1 }) };
  const step = 'second_factor_required: step up';
  assert.equal(told(ask([debit(50_000n)], [mandate()], weak)), 'yes');
  assert.equal(told(ask([debit(50_001n)], [mandate()], weak)), step);
  const pieces = [debit(30_000n, { transfer: 0 }), debit(30_000n, { transfer: 1 })];
  assert.equal(told(ask(pieces, [mandate()], weak)), step);
  assert.equal(told(ask([debit(undefined)], [mandate()], weak)), step);
  const yen = debit(501n, { currency: 'JPY' as Currency });
  assert.equal(told(ask([yen], [mandate()], weak)), step);
  assert.equal(told(ask([debit(50_001n)], [mandate()])), 'yes');
});

test('local time follows the zone, at the hour the clocks go back too', () => {
  const rows: readonly [
    time: string,
    zone: string,
    day: string,
    weekday: number,
    minute: number,
  ][] = [
    ['2026-11-23T00:00:00Z', 'UTC', '2026-11-23', 1, 0],
    ['2026-11-22T23:59:59Z', 'UTC', '2026-11-22', 7, 1_439],
    ['2026-10-25T00:30:00Z', 'Europe/Prague', '2026-10-25', 7, 150],
    ['2026-10-25T01:30:00Z', 'Europe/Prague', '2026-10-25', 7, 150],
    ['2026-03-29T00:59:00Z', 'Europe/Prague', '2026-03-29', 7, 119],
    ['2026-03-29T01:00:00Z', 'Europe/Prague', '2026-03-29', 7, 180],
    ['2026-01-01T04:00:00Z', 'America/New_York', '2025-12-31', 3, 1_380],
    ['2026-01-01T00:00:00Z', 'Asia/Kathmandu', '2026-01-01', 4, 345],
  ];
  for (const [time, zone, day, weekday, minute] of rows) {
    assert.deepEqual(localTimeOf(at(time), zone), { day, weekday, minute }, `${time} ${zone}`);
  }
  assert.equal(isTimeZone('Europe/Prague'), true);
  for (const text of ['', 'Mars/Base', '+01:00', 'Europe/Prague; drop']) {
    assert.equal(isTimeZone(text), false, text);
  }
});
