import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as example from './examples.ts';
import {
  alice,
  bob,
  capture,
  cash,
  credit,
  debit,
  exampleLedger,
  hold,
  later,
  noon,
  pay,
  reverse,
  transfer,
  voidOf,
} from './examples.ts';
import type { Instruction } from './instruction.ts';

const good = pay(cash, bob, 10n);
const bad = pay(cash, { id: example.accountId(99) }, 10n);
const linked = <Given extends Instruction>(instruction: Given): Given => {
  return { ...instruction, linked: true };
};

test('every instruction of a list is answered, in order', () => {
  const ledger = exampleLedger();
  assert.deepEqual(ledger.codes([good, bad, good]), ['ok', 'account_not_found', 'ok']);
  assert.deepEqual(ledger.decide([]).answers, []);
});

test('limits are evaluated in order: what comes in earlier can go out later', () => {
  const ledger = exampleLedger();
  const list = [pay(bob, cash, 5n), pay(cash, bob, 5n), pay(bob, cash, 5n), pay(bob, cash, 1n)];
  assert.deepEqual(ledger.codes(list), [
    'insufficient_available',
    'ok',
    'ok',
    'insufficient_available',
  ]);
});

test('versions of an account run on through the transfers of a list', () => {
  const { transfers, accounts } = exampleLedger().decide([good, bad, good, good]);
  const versions = transfers.flatMap(({ entries }) => entries.map(({ version }) => version));
  assert.deepEqual(versions, [1n, 1n, 2n, 2n, 3n, 3n]);
  assert.deepEqual(
    accounts.map(({ before, after }) => [before.version, after.version]),
    [
      [0n, 3n],
      [0n, 3n],
    ],
  );
});

test('the decision lists the accounts that change as they were when the list began', () => {
  const ledger = exampleLedger();
  const { accounts } = ledger.decide([pay(alice, bob, 10n), pay(bob, alice, 10n)]);
  assert.deepEqual(
    accounts.map(({ before }) => before),
    [alice, bob],
  );
  assert.deepEqual(accounts[0]?.after, ledger.account(alice));
});

test('the ids of the transfers are taken in order, and only by those accepted', () => {
  const { transfers } = exampleLedger().decide([bad, good, bad, good]);
  assert.deepEqual(
    transfers.map(({ id }) => id),
    [example.transferId(1), example.transferId(2)],
  );
});

test('in mode each a refusal hurts nobody else', () => {
  assert.deepEqual(exampleLedger().codes([bad, good]), ['account_not_found', 'ok']);
});

test('in mode stop nothing is attempted after the first refusal', () => {
  const ledger = exampleLedger();
  const codes = ledger.codes([good, bad, good, good], { mode: 'stop' });
  assert.deepEqual(codes, ['ok', 'account_not_found', 'not_attempted', 'not_attempted']);
  assert.equal(ledger.account(bob).postedCredits, 10n);
});

test('in mode stop a refused chain stops the list after it, and a replay does not', () => {
  const ledger = exampleLedger();
  const named = { ...good, externalId: 'once' };
  const codes = ledger.codes([named, named, linked(good), bad, good], { mode: 'stop' });
  const chain = ['linked_transfer_failed', 'account_not_found'];
  assert.deepEqual(codes, ['ok', 'replay', ...chain, 'not_attempted']);
});

test('in mode atomic one refusal refuses all, and the culprit keeps its own reason', () => {
  const ledger = exampleLedger();
  const codes = ledger.codes([good, bad, good], { mode: 'atomic' });
  const failed = 'linked_transfer_failed';
  assert.deepEqual(codes, [failed, 'account_not_found', failed]);
  assert.deepEqual(ledger.account(bob), bob);
  assert.deepEqual(ledger.codes([good, linked(good)], { mode: 'atomic' }), ['ok', 'ok']);
});

test('a refused list in mode atomic stores nothing and takes no external id', () => {
  const ledger = exampleLedger();
  const named = { ...good, externalId: 'once' };
  const held = ledger.post(hold(alice, bob, 10n));
  const list = [named, capture(held.id), bad];
  const decision = ledger.decide(list, { mode: 'atomic' });
  assert.deepEqual(decision.transfers, []);
  assert.deepEqual(decision.accounts, []);
  assert.deepEqual(decision.holdsChanged, []);
  assert.equal(ledger.books.holds.get(held.id)?.status, 'open');
  assert.deepEqual(ledger.codes([named, capture(held.id)]), ['ok', 'ok']);
});

test('a chain is all or nothing, and its neighbours go on', () => {
  const ledger = exampleLedger();
  const codes = ledger.codes([good, linked(good), linked(bad), good, good]);
  const failed = 'linked_transfer_failed';
  assert.deepEqual(codes, ['ok', failed, 'account_not_found', failed, 'ok']);
  assert.equal(ledger.account(bob).postedCredits, 20n);
  assert.equal(ledger.account(bob).version, 2n);
});

test('two chains side by side are two chains', () => {
  const ledger = exampleLedger();
  const codes = ledger.codes([linked(good), good, linked(good), bad]);
  assert.deepEqual(codes, ['ok', 'ok', 'linked_transfer_failed', 'account_not_found']);
});

test('a later part of a chain may spend what an earlier part brings', () => {
  const ledger = exampleLedger();
  assert.deepEqual(ledger.codes([linked(pay(cash, bob, 7n)), pay(bob, cash, 7n)]), ['ok', 'ok']);
});

test('a list that ends inside a chain refuses that chain and nothing else', () => {
  const ledger = exampleLedger();
  const codes = ledger.codes([good, linked(good), linked(good)]);
  assert.deepEqual(codes, ['ok', 'linked_transfer_failed', 'linked_chain_open']);
  assert.deepEqual(ledger.codes([linked(good)]), ['linked_chain_open']);
  assert.equal(ledger.account(bob).postedCredits, 10n);
});

test('the refusal of a chain’s other members says which one failed and why', () => {
  const { answers } = exampleLedger().decide([linked(good), bad]);
  assert.ok(answers[0]?.ok === false);
  assert.match(answers[0].refusal.message, /instruction 1 .*account_not_found/);
});

test('a refused chain gives back the external ids, holds and reversals it had taken', () => {
  const ledger = exampleLedger();
  const paid = ledger.post(pay(alice, bob, 10n));
  const held = ledger.post(hold(alice, bob, 10n));
  const before = structuredClone(ledger.books.accounts);
  const chain = [
    linked({ ...good, externalId: 'one' }),
    linked(reverse(paid.id)),
    linked(capture(held.id)),
    linked(hold(alice, bob, 5n)),
    bad,
  ];
  const holds = ledger.books.holds.size;
  const failed = ledger.codes(chain);
  assert.equal(failed.filter((code) => code === 'linked_transfer_failed').length, 4);
  assert.deepEqual(ledger.books.accounts, before);
  assert.equal(ledger.books.holds.size, holds);
  assert.equal(ledger.books.known.has('one'), false);
  assert.deepEqual(ledger.codes(chain.slice(0, -2).concat(good)), ['ok', 'ok', 'ok', 'ok']);
});

test('the same external id twice in a list is done once and replayed once', () => {
  const ledger = exampleLedger();
  const named = { ...good, externalId: 'once' };
  const decision = ledger.decide([named, named, { ...named, description: 'other' }]);
  assert.deepEqual(decision.answers.map(example.codeOf), [
    'ok',
    'replay',
    'exists_with_different_description',
  ]);
  const [first, second] = decision.answers;
  assert.ok(first?.ok === true && second?.ok === true);
  assert.deepEqual(second.value.transfer, first.value.transfer);
  assert.equal(decision.transfers.length, 1);
});

test('an external id given back by a refused chain is free for the rest of the list', () => {
  const ledger = exampleLedger();
  const named = { ...good, externalId: 'once' };
  const codes = ledger.codes([linked(named), bad, named, named]);
  const failed = ['linked_transfer_failed', 'account_not_found'];
  assert.deepEqual(codes, [...failed, 'ok', 'replay']);
});

test('a replay inside a chain counts as accepted', () => {
  const ledger = exampleLedger();
  const named = { ...good, externalId: 'once' };
  ledger.post(named);
  assert.deepEqual(ledger.codes([linked(named), good]), ['replay', 'ok']);
});

test('a refusal about a reused external id refuses its chain like any other', () => {
  const ledger = exampleLedger();
  ledger.post({ ...good, externalId: 'once' });
  const reused = { ...good, externalId: 'once', description: 'other' };
  const codes = ledger.codes([linked(good), reused]);
  assert.deepEqual(codes, ['linked_transfer_failed', 'exists_with_different_description']);
});

test('an instruction of a list may name a hold opened before it in the same list', () => {
  const ledger = exampleLedger();
  const list = [hold(alice, bob, 50n), capture(example.transferId(1), { amount: 20n })];
  const decision = ledger.decide([...list, voidOf(example.transferId(1))]);
  assert.deepEqual(decision.answers.map(example.codeOf), ['ok', 'ok', 'ok']);
  assert.deepEqual(
    decision.holdsOpened.map(({ status, legs }) => [status, legs[0]?.captured]),
    [['voided', 20n]],
  );
  assert.deepEqual(decision.holdsChanged, [], 'a hold opened here is stored once, as it ends');
});

test('an instruction keeps its description, metadata and exchange in the record', () => {
  const metadata = { invoice: '2026/17', příjemce: 'Šárka' };
  const posted = exampleLedger().post({ ...good, description: 'Rent ✓', metadata });
  assert.equal(posted.description, 'Rent ✓');
  assert.deepEqual(posted.metadata, metadata);
  assert.equal(posted.exchange, undefined);
  assert.equal(posted.contentHash, '', 'without an external id there is nothing to compare');
});

test('all transfers of a list are recorded at one time, that of the books', () => {
  const time = later(3);
  const { transfers } = exampleLedger().decide([good, good], { time });
  assert.deepEqual(
    transfers.map(({ recordedAt }) => recordedAt),
    [time, time],
  );
});

test('an account touched by many transfers of a list changes once', () => {
  const list = Array.from({ length: 50 }, () => good);
  const { accounts } = exampleLedger().decide(list);
  assert.equal(accounts.length, 2);
  assert.equal(accounts[0]?.after.version, 50n);
});

test('what a list moves sums to zero in every currency', () => {
  const ledger = exampleLedger();
  const exchange = { from: 'EUR', to: 'CZK', rate: '25' };
  const legs = [debit(cash, 100n), credit(bob, 100n)];
  const bought = [debit(example.euros, 4n), credit(example.euroDeposit, 4n)];
  const { transfers } = ledger.decide([
    transfer([...legs, ...bought], { exchange, effectiveAt: noon }),
    transfer([debit(bob, 70n, { upTo: true }), credit(alice, 30n), credit(cash, 'remaining')]),
    hold(alice, bob, 10n),
  ]);
  const totals = new Map<string, bigint>();
  for (const entry of transfers.flatMap(({ entries }) => entries)) {
    const { currency } = ledger.account({ id: entry.accountId });
    const amount = entry.posted + entry.pending;
    const signed = entry.side === 'debit' ? amount : -amount;
    totals.set(currency, (totals.get(currency) ?? 0n) + signed);
  }
  assert.deepEqual(
    [...totals],
    [
      ['CZK', 0n],
      ['EUR', 0n],
    ],
  );
  assert.equal(transfers.length, 3);
});
