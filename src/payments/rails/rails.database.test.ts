import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { changeAccount } from '#ledger';
import type { Currency } from '#kernel';
import type { AccountsBank } from '../../accounts/testing/bank.ts';
import { openRailedBank, type RailedBank } from '../testing/railed.ts';
import { openTestScreening, type TestScreening } from '../testing/screened.ts';
import { misbehaved } from './simulator/misbehaviour.ts';

const EUR = 'EUR' as Currency;
const MINUTE_MS = 60_000;

async function withBank(
  name: string,
  behaviour: Parameters<typeof openRailedBank>[1],
  work: (bank: RailedBank) => Promise<void>,
): Promise<void> {
  const bank = await openRailedBank(name, behaviour);
  try {
    await work(bank);
  } finally {
    await bank.close();
  }
}

test('a payment goes over the rail and is settled by its answer', async () => {
  await withBank('rail_settled', {}, async (bank) => {
    const payment = await bank.pay(100n);
    assert.deepEqual([payment.status, await bank.book('transit')], ['accepted', 100n]);
    await bank.talk();
    assert.deepEqual(await bank.statusOf(payment), ['settled']);
    assert.deepEqual([await bank.book('transit'), await bank.book('nostro')], [0n, 100n]);
    assert.equal(bank.rail.unreadable, 0);
  });
});

test('a rejected payment gives the money back with the reason of the other bank', async () => {
  await withBank('rail_rejected', { behaviour: { reject: 1 } }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    assert.deepEqual(await bank.statusOf(payment), ['rejected AC04']);
    assert.equal(await bank.balance(bank.account.id), 1_000_000n);
  });
});

test('a rail that is silent for ten seconds is asked, and its answer stands', async () => {
  await withBank('rail_silent', { behaviour: { silent: 1 } }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    await bank.pass(9_000);
    assert.deepEqual(await bank.statusOf(payment), ['submitted']);
    await bank.pass(2_000);
    assert.deepEqual(await bank.statusOf(payment), ['settled']);
  });
});

test('a payment that the rail never had is rejected by the answer to the enquiry', async () => {
  await withBank('rail_lost', { behaviour: { lost: 1 } }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    await bank.pass(11_000);
    assert.deepEqual(await bank.statusOf(payment), ['rejected AG09']);
    assert.equal(await bank.book('transit'), 0n);
  });
});

test('a late answer after the enquiry, and answers that come twice, change nothing twice', async () => {
  const behaviour = { slow: 1, duplicate: 1 };
  await withBank('rail_late', { behaviour }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    await bank.pass(15_000);
    assert.deepEqual(await bank.statusOf(payment), ['settled']);
    assert.equal(await bank.book('nostro'), 100n);
    const { noted = 0 } = await bank.outcomes();
    assert.ok(noted >= 2, 'the late answer and its double are noted');
  });
});

test('answers to payments nobody made and of other amounts move nothing', async () => {
  await withBank('rail_wrong', { behaviour: { wrong: 1 } }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    assert.deepEqual(await bank.statusOf(payment), ['settled']);
    const { unmatched, contradicted } = await bank.outcomes();
    assert.deepEqual([unmatched, contradicted], [1, 1]);
  });
});

test('a return that overtakes its answer settles the payment first', async () => {
  const behaviour = { returned: 1, disordered: 1, answerMs: 500 };
  await withBank('rail_overtaken', { behaviour }, async (bank) => {
    const payment = await bank.pay(100n);
    await bank.talk();
    assert.deepEqual(await bank.statusOf(payment), ['returned AC04']);
    await bank.pass(2_000);
    assert.deepEqual(await bank.statusOf(payment), ['returned AC04']);
    assert.deepEqual([await bank.book('transit'), await bank.book('nostro')], [0n, 0n]);
  });
});

test('a recall is answered by a return, or refused', async () => {
  await withBank('rail_recall', {}, async (bank) => {
    const payments = [];
    // The other bank gives back what has an even number.
    for (const transactionId of ['RECALL10', 'RECALL11']) {
      payments.push(await bank.pay(10n, { transactionId }));
    }
    await bank.talk();
    for (const { id: paymentId } of payments) {
      await bank.change({ paymentId, to: 'recall_requested', reason: 'DUPL', errand: 'recall' });
    }
    await bank.talk();
    assert.deepEqual(await bank.statusOf(...payments), ['returned FOCR', 'settled CUST']);
  });
});

test('what another bank pays is credited once, and the other bank is told', async () => {
  await withBank('rail_incoming', { behaviour: { duplicate: 1 } }, async (bank) => {
    const { iban = '' } = bank.account;
    bank.rail.pay(iban, { amount: 70n, currency: EUR }, 'salary-3');
    await bank.talk();
    assert.equal(await bank.balance(bank.account.id), 1_000_070n);
    assert.deepEqual(
      bank.rail.carried.map(({ status }) => status),
      ['settled'],
    );
  });
});

test('what cannot be credited is rejected with the reason', async () => {
  await withBank('rail_refusing', {}, async (bank) => {
    const { iban = '', id } = bank.account;
    bank.rail.pay('CZ6508000000192000145399', { amount: 70n, currency: EUR }, 'nobody');
    bank.rail.pay(iban, { amount: 70n, currency: 'CZK' as Currency }, 'crowns');
    await bank.talk();
    await bank.database.transaction(bank.context(), (tx) =>
      changeAccount(tx, { accountId: id, state: 'frozen' }),
    );
    bank.rail.pay(iban, { amount: 70n, currency: EUR }, 'frozen');
    await bank.talk();
    const told = bank.rail.carried.map(({ status, reason }) => `${status} ${reason}`);
    assert.deepEqual(told, ['rejected AC01', 'rejected AC09', 'rejected AC06']);
    assert.equal(await bank.balance(id), 1_000_000n);
  });
});

test('what comes in is judged and passes, and an alert can be made of it', async () => {
  let screening: TestScreening | undefined;
  const screenerOf = ({ database, clock }: AccountsBank) => {
    screening = openTestScreening(database, clock);
    return screening.screener;
  };
  await withBank('rail_screened', { screenerOf }, async (bank) => {
    const { iban = '', id } = bank.account;
    await screening?.list('block', id);
    const paid = { amount: 70n, currency: EUR };
    bank.rail.pay(iban, paid, 'to somebody listed');
    bank.rail.pay(iban, { ...paid, currency: 'CZK' as Currency }, 'that cannot be taken');
    await bank.talk();
    const told = bank.rail.carried.map(({ status, reason }) => `${status} ${reason ?? ''}`.trim());
    assert.deepEqual(told, ['settled', 'rejected AC09']);
    assert.equal(await bank.balance(id), 1_000_070n);
    const decisions = await screening?.decisions(id);
    assert.deepEqual(
      decisions?.map(([outcome, , paymentId]) => [outcome, paymentId !== undefined]),
      [
        ['decline', true],
        ['decline', false],
      ],
    );
  });
});

test('an incoming payment that is asked back waits for a person, and goes back once', async () => {
  await withBank('rail_asked_back', {}, async (bank) => {
    const { iban = '', id } = bank.account;
    const transactionId = bank.rail.pay(iban, { amount: 70n, currency: EUR }, 'by mistake');
    await bank.talk();
    bank.rail.recall(transactionId);
    await bank.talk();
    const [row] = await bank.database.query<{ id: string; status: string }>({
      text: `select id, status from payments.payments where kind = 'credit_in'`,
    });
    assert.equal(row?.status, 'recall_requested');
    const paymentId = `pay_${row.id}` as Parameters<typeof bank.change>[0]['paymentId'];
    await bank.change({ paymentId, to: 'returned', reason: 'FOCR', errand: 'return' });
    await bank.talk();
    assert.equal(await bank.balance(id), 1_000_000n);
    assert.deepEqual(
      bank.rail.carried.map(({ status }) => status),
      ['returned'],
    );
  });
});

test('whatever the rail does, the bank and the rail end up of one mind', async () => {
  const behaviour = { ...misbehaved, reject: 0.1, slow: 0.1, silent: 0.1, lost: 0.1 };
  await withBank('rail_misbehaved', { seed: 7, behaviour }, async (bank) => {
    const payments = [];
    for (let count = 1; count <= 60; count += 1) payments.push(await bank.pay(BigInt(count)));
    await bank.talk();
    await bank.pass(2 * MINUTE_MS, 3_000);
    const byTransaction = new Map(bank.rail.carried.map((each) => [each.transactionId, each]));
    const statuses = await bank.statusOf(...payments);
    let paid = 0n;
    for (const [index, payment] of payments.entries()) {
      const carried = byTransaction.get(payment.transactionId ?? '');
      assert.equal(statuses[index]?.split(' ')[0], carried?.status, payment.id);
      if (carried?.status === 'settled') paid += payment.amount;
    }
    assert.ok(new Set(statuses.map((status) => status.split(' ')[0])).size >= 2);
    assert.equal(await bank.balance(bank.account.id), 1_000_000n - paid);
    assert.deepEqual([await bank.book('transit'), await bank.book('nostro')], [0n, paid]);
    assert.equal(bank.rail.unreadable, 0);
  });
});

test('the processes of a bank pay by themselves, and stop when they are told', async () => {
  await withBank('rail_processes', {}, async (bank) => {
    const processes = bank.startProcesses();
    try {
      const payments = await Promise.all(
        Array.from({ length: 30 }, (_, index) => bank.pay(BigInt(index + 1))),
      );
      const isDone = async (): Promise<boolean> =>
        (await bank.statusOf(...payments)).every((status) => status === 'settled');
      const endMs = performance.now() + 30_000;
      while (!(await isDone()) && performance.now() < endMs) await pause(50);
      assert.ok(await isDone());
      assert.equal(await bank.book('transit'), 0n);
    } finally {
      await processes.stop();
    }
  });
});
