import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { openSession, type Session } from '#platform';
import { tampering } from '../../audit/testing/tampering.ts';
import { EUR, openPayBank, party, type PayBank } from '../testing/bank.ts';
import { paymentSources } from './sources.ts';

let bank: PayBank;

before(async () => {
  bank = await openPayBank('payment_sources');
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/payments' });
  const accountId = await bank.customer(1_000n);
  const to = await bank.customer(0n);
  const asked = { accountId, amount: 10n, currency: EUR } as const;
  const external = { ...asked, kind: 'credit_out', rail: 'sct_inst', party } as const;
  await bank.pay({ ...asked, kind: 'book', counterAccountId: to });
  await bank.pay({ ...external, amount: 100_000_000_01n });
  await bank.pay({ ...asked, kind: 'credit_in', rail: 'sct_inst', party, rejection: 'AC06' });
  const { id: paymentId } = await bank.pay(external);
  await bank.change({ paymentId, to: 'submitted' });
  await sequencer.run(bank.context());
  bank.clock.advance(1_000_000);
  await bank.change({ paymentId, to: 'rejected', reason: 'AC04' });
  await bank.pay(external);
  await sequencer.run(bank.context());
});

after(async () => {
  await bank.drop();
});

async function check(open: () => Promise<Session>): Promise<string> {
  const { findings } = await verifyLog({
    open,
    connections: 1,
    findingsPerRuleMax: 50,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: paymentSources,
  });
  const isOurs = ({ place }: { readonly place: string }): boolean => /^(payment|rail)/.test(place);
  return findings
    .filter(isOurs)
    .map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`)
    .join('\n');
}

test('every payment and every change of its state has its record', async () => {
  assert.equal(await check(() => openSession(bank.url)), '');
});

const stories = [
  {
    what: 'a payment of another amount',
    text: `update payments.payments set amount = amount + 1 where kind = 'book'`,
    finds: /change_contradicts_record: payment pay_/,
  },
  {
    what: 'a payment that was settled by hand',
    text: `update payments.payments set status = 'settled'
      where status = 'rejected' and version > 1`,
    finds: /payment pay_\S+: rejected 3; settled 3/,
  },
  {
    what: 'a change that was taken away',
    text: 'delete from payments.changes where version = 3',
    finds: /payment change pay_\S+ record aud_/,
  },
  {
    what: 'books of a rail that were exchanged',
    text: `update payments.rail_books b set account_id = o.account_id from payments.rail_books o
      where b.book = 'transit' and o.book = 'claims'`,
    finds: /rail books rail:sct_inst:EUR/,
  },
];

for (const { what, text, finds } of stories) {
  test(`the reconciler names ${what}`, async () => {
    const found = await tampering(bank.url, async (hand, inside) => {
      await hand.query({ text });
      return await check(inside);
    });
    assert.match(found, finds);
  });
}
