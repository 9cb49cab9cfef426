import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '#identity';
import type { Instant } from '#kernel';
import { NOW, principalOf } from '../access/access-testing.ts';
import { objectionTo, proposalStates, transitions } from './approval.ts';
import type { Verdict, Waiting } from './approval.ts';
import { principalIn, textOfPrincipal } from './maker.ts';

const waiting: Waiting = {
  state: 'proposed',
  expiresAt: (NOW + 1) as Instant,
  maker: 'usr_maker',
  customer: 'usr_maker',
  beneficiaries: ['usr_gains'],
};

const approver = (subject: string, changes: Partial<Principal> = {}): Principal =>
  principalOf(['approver'], { subject, ...changes });

const ask = (
  decider: Principal,
  verdict: Verdict = 'approved',
  changes: Partial<Waiting> = {},
): string => objectionTo({ ...waiting, ...changes }, verdict, decider, NOW) ?? 'yes';

test('nothing follows an end, and nothing is executed that was not approved', () => {
  const ends = proposalStates.filter((state) => transitions[state].length === 0);
  assert.deepEqual(ends, ['rejected', 'executed', 'expired', 'withdrawn']);
  const before = proposalStates.filter((state) => transitions[state].includes('executed'));
  assert.deepEqual(before, ['approved']);
});

test('a proposal is decided once, and not after its time', () => {
  for (const verdict of ['approved', 'rejected', 'withdrawn'] as const) {
    const decider = verdict === 'withdrawn' ? approver('usr_maker') : approver('usr_2');
    for (const state of proposalStates) {
      const expected = state === 'proposed' ? 'yes' : 'proposal_closed';
      assert.equal(ask(decider, verdict, { state }), expected, `${state} ${verdict}`);
    }
    assert.equal(ask(decider, verdict, { expiresAt: NOW }), 'proposal_closed');
  }
});

const cases: readonly [
  title: string,
  decider: Principal,
  changes: Partial<Waiting>,
  answer: string,
][] = [
  ['another person', approver('usr_2'), {}, 'yes'],
  ['the maker', approver('usr_maker'), {}, 'proposal_of_oneself'],
  [
    'the maker through another client',
    approver('usr_maker', { clientId: 'cli_other', session: 'grant-2' }),
    {},
    'proposal_of_oneself',
  ],
  [
    'the person for whom a client proposed',
    approver('usr_2'),
    { maker: 'cli_robot', customer: 'usr_2' },
    'proposal_of_oneself',
  ],
  [
    'a person who comes through the client that proposed',
    approver('usr_2', { clientId: 'cli_robot' }),
    { maker: 'cli_robot', customer: 'cli_robot' },
    'proposal_of_oneself',
  ],
  [
    'one who acts for the customer whose client proposed',
    approver('usr_2', { customer: 'cus_1' }),
    { maker: 'cli_robot', customer: 'cus_1' },
    'proposal_of_oneself',
  ],
  ['one whom it gives more rights', approver('usr_gains'), {}, 'proposal_for_oneself'],
  ['a machine', approver('cli_2', { kind: 'client' }), {}, 'proposal_needs_person'],
  [
    'whoever has the server',
    approver('local:root', { kind: 'local' }),
    {},
    'proposal_needs_person',
  ],
];

for (const [title, decider, changes, expected] of cases) {
  test(`the second person is another one: ${title}`, () => {
    assert.equal(ask(decider, 'approved', changes), expected);
    assert.equal(ask(decider, 'rejected', changes), expected);
  });
}

test('only the maker withdraws', () => {
  assert.equal(ask(approver('usr_maker'), 'withdrawn'), 'yes');
  assert.equal(ask(approver('usr_2'), 'withdrawn'), 'proposal_not_own');
});

test('a maker is kept whole', () => {
  const makers = [
    principalOf(['teller'], { scopes: new Set(['admin', 'payments.write']) }),
    principalOf(['customer', 'partner'], { clientId: undefined, session: undefined }),
  ];
  for (const maker of makers) {
    assert.deepEqual(principalIn(JSON.parse(textOfPrincipal(maker))), maker);
  }
});
