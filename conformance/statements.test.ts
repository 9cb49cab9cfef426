// Statements as camt.053.001.08 against the schema that ISO 20022 publishes, by another validator
// than ours: every period and kind of account gives a valid message that adds up.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { DAY_US, type AccountId, type Instant } from '#kernel';
import { camt053Of } from '../src/accounts/statements/camt053.ts';
import { statementFor } from '../src/accounts/statements/statement.ts';
import {
  openAccountsBank,
  product,
  start,
  type AccountsBank,
} from '../src/accounts/testing/bank.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const days = (count: number): Instant => (start + count * DAY_US) as Instant;

let bank: AccountsBank;
let validator: XsdValidator;
const accounts: AccountId[] = [];

/** What people write into payments. */
const descriptions = [
  undefined,
  'Rent March',
  'A & B < C > "D"',
  'x'.repeat(700),
  '🏦'.repeat(200),
  'bell \u0007 and \u0085 next line',
  '\u0001',
  '   ',
];

before(async () => {
  const file = path.join(shared, 'iso20022/xsd/camt.053.001.08.xsd');
  validator = XsdValidator.fromDoc(XmlDocument.fromBuffer(await readFile(file)));
  bank = await openAccountsBank('camt statements');
  await bank.addProducts(
    product({}, { overdraft_max: '1000000' }),
    product({ code: 'loan', kind: 'loan' } as never, { numbering: { scheme: 'none' } }),
    product({ code: 'dollars', currency: 'USD' } as never, {
      numbering: { scheme: 'us', routing_number: '021000021' },
    }),
  );
  for (const part of [{ overdraft: 900_000n }, { product: 'loan' }, { product: 'dollars' }]) {
    accounts.push((await bank.openOne(part)).id);
  }
  const [current, loan] = accounts as [AccountId, AccountId];
  for (const [index, description] of descriptions.entries()) {
    bank.clock.set(days(index));
    const legs = [
      { accountId: index % 2 === 0 ? current : loan, side: 'debit', amount: BigInt(index + 7) },
      { accountId: bank.cash, side: 'credit', amount: BigInt(index + 7) },
    ] as const;
    const externalId = index % 3 === 0 ? `${'e'.repeat(60)}${index}` : `id & ${index}`;
    const posted = await bank.post({ kind: 'transfer', legs, description, externalId });
    if (index === 3) await bank.post({ kind: 'reverse', transferId: posted.id });
  }
  await bank.pay(current, 250_000n);
});
after(async () => {
  validator.dispose();
  await bank.drop();
});

async function messageOf(id: AccountId, from: Instant, to: Instant): Promise<string> {
  const found = await statementFor(bank.database, id, { from, to }, bank.clock.now());
  assert.ok(found !== undefined);
  let text = '';
  for await (const piece of camt053Of(found)) text += piece;
  return text;
}

const NAMESPACE = { c: 'urn:iso:std:iso:20022:tech:xsd:camt.053.001.08' };

/** Haler or cents, below zero where it is a debit. */
function signed(document: XmlDocument, place: string): bigint[] {
  return document.find(`//${place}`, NAMESPACE).map((node) => {
    const text = (name: string): string => node.get(`./c:${name}`, NAMESPACE)?.content ?? '';
    const amount = BigInt(text('Amt').replace('.', ''));
    return text('CdtDbtInd') === 'CRDT' ? amount : -amount;
  });
}

test('every statement is valid by the published schema, and adds up', async () => {
  for (const id of [...accounts, bank.cash]) {
    for (const [first, last] of [
      [-40, -20],
      [0, 3],
      [2, 5],
      [-40, 40],
    ] as const) {
      const text = await messageOf(id, days(first), days(last));
      const document = XmlDocument.fromString(text);
      try {
        validator.validate(document);
        const [opening = 0n, closing = 0n] = signed(document, 'c:Bal');
        const entries = signed(document, 'c:Ntry');
        const sum = entries.reduce((total, amount) => total + amount, 0n);
        assert.equal(opening + sum, closing, text);
      } finally {
        document.dispose();
      }
    }
  }
});

test('the validator refuses a statement without its closing balance', async () => {
  const text = await messageOf(bank.cash, days(0), days(9));
  const broken = text.replaceAll(/<Bal>.*?<\/Bal>/g, '');
  const document = XmlDocument.fromString(broken);
  assert.throws(() => {
    validator.validate(document);
  }, /Bal/);
  document.dispose();
});
