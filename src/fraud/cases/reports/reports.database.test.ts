import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { canonical, type JsonObject } from '#audit';
import { HOUR_US, type Id } from '#kernel';
import { closeCase } from '../close.ts';
import { openCasesBank, worked, type CasesBank } from '../testing/bank.ts';
import { assignCase, noteOnCase } from '../work.ts';
import type { Report, ReportedPayment } from './document.ts';
import { makeReport, type NewReport, type ReadPayments } from './make.ts';
import { findDocument, reportsOfCase } from './report-store.ts';
import { textOfDocument } from './text.ts';

let bank: CasesBank;
let asked: NewReport;
let paid: Id<'pay'>;
let customer: string;

/** As payments would be read; the one that was declined is the second. */
const readPayments: ReadPayments = async (_, ids) => {
  return ids.map((id): ReportedPayment => {
    const at = bank.clock.now();
    const made = { id, kind: 'credit_out', rail: 'sct_inst', amount: 12_345n, currency: 'CZK' };
    return { ...made, status: 'declined', reason: 'FRAD', acceptedAt: at, changedAt: at };
  });
};

before(async () => {
  bank = await openCasesBank('fraud reports');
  const account = await bank.openOne();
  customer = account.owners[0]?.customer ?? assert.fail();
  const accountId = account.id;
  paid = bank.paymentId();
  await bank.raise(
    { accountId, outcome: 'decline', paymentId: paid, counterparty: 'hmac_aa', amount: 12_345 },
    { accountId, outcome: 'review', counterparty: 'hmac_bb', amount: 5 },
  );
  bank.clock.advance(HOUR_US);
  await bank.raise({ accountId, outcome: 'approve' }, { accountId, counterparty: 'hmac_aa' });
  const { id } = await bank.caseOf(accountId);
  worked(await bank.within('ada', (tx) => assignCase(tx, id, 'ada')));
  worked(await bank.within('ada', (tx) => noteOnCase(tx, id, 'The customer\nwas called.')));
  const ending = { outcome: 'fraud', pattern: 'mule', text: 'confirmed' } as const;
  worked(await bank.within('ada', (tx) => closeCase(tx, id, ending)));
  asked = { caseId: id, narrative: 'Money came\nand went.', kinds: ['money mule'] };
});
after(() => bank.drop());

async function make(): Promise<Report> {
  const made = await bank.within('officer', (tx) => makeReport(tx, asked, readPayments));
  assert.ok(made.ok);
  return made.value;
}

async function documentOf({ id }: Pick<Report, 'id'>): Promise<Buffer> {
  return (await findDocument(bank.database, id))?.document ?? assert.fail();
}

test('a document holds all that a filing needs, in canonical bytes under its digest', async () => {
  const report = await make();
  const bytes = await documentOf(report);
  assert.deepEqual(createHash('sha256').update(bytes).digest(), report.sha256);
  const content = JSON.parse(bytes.toString()) as JsonObject & {
    readonly activity: JsonObject;
    readonly case: JsonObject;
    readonly decisions: readonly (JsonObject & { readonly labels: readonly JsonObject[] })[];
    readonly journal: readonly JsonObject[];
    readonly subjects: readonly JsonObject[];
  };
  assert.equal(canonical(content), bytes.toString());
  assert.equal(content['narrative'], asked.narrative);
  assert.deepEqual([content.case['outcome'], content.case['pattern']], ['fraud', 'mule']);
  const { attempted, stopped, decisions, kinds } = content.activity;
  assert.deepEqual(attempted, [{ amount: '246.95', count: 3, currency: 'CZK' }]);
  assert.deepEqual(stopped, [{ amount: '123.45', count: 1, currency: 'CZK' }]);
  assert.deepEqual([decisions, kinds], [3, ['money mule']]);
  assert.deepEqual(content.subjects[0]?.['customers'], [{ id: customer, role: 'owner' }]);
  assert.deepEqual(content['counterparties'], [
    { attempted: [{ amount: '246.90', count: 2, currency: 'CZK' }], decisions: 2, name: 'hmac_aa' },
    { attempted: [{ amount: '0.05', count: 1, currency: 'CZK' }], decisions: 1, name: 'hmac_bb' },
  ]);
  assert.deepEqual(
    content.decisions.map(({ outcome, labels }) => [outcome, labels[0]?.['is_fraud']]),
    [
      ['decline', true],
      ['review', true],
      ['review', true],
    ],
  );
  assert.deepEqual(
    content.journal.map(({ kind }) => kind),
    ['opened', 'alerts', 'assigned', 'noted', 'closed'],
  );
  const [payment] = content['payments'] as readonly JsonObject[];
  assert.deepEqual([payment?.['id'], payment?.['status']], [paid, 'declined']);
});

test('it names no person, no account number and no name of a payee', async () => {
  const bytes = await documentOf(await make());
  const { iban = assert.fail() } = await bank.openOne();
  assert.doesNotMatch(bytes.toString(), new RegExp(`Nov|${iban.slice(0, 2)}[0-9]{10}`));
});

test('a later document amends the one before, and both stay as they were', async () => {
  const before = (await reportsOfCase(bank.database, asked.caseId)).at(-1) ?? assert.fail();
  const bytes = await documentOf(before);
  const next = await make();
  assert.equal(next.version, before.version + 1);
  const { amends } = JSON.parse((await documentOf(next)).toString()) as JsonObject;
  assert.deepEqual(amends, { id: before.id, sha256: before.sha256.toString('hex') });
  assert.deepEqual(await documentOf(before), bytes);
});

test('the text has every line of what was written, and the digest', async () => {
  const report = await make();
  const text = textOfDocument(await documentOf(report));
  for (const part of [
    'SUSPICIOUS ACTIVITY\n',
    `sha256: ${report.sha256.toString('hex')}\n`,
    'NARRATIVE\nMoney came\nand went.\n',
    'kinds: money mule\n',
    '  text:\n    The customer\n    was called.\n',
    `payment id: ${paid}\n`,
  ]) {
    assert.ok(text.includes(part), `${part}\n\n${text}`);
  }
});

test('the application can change or remove no document, alert, entry of a journal or label', async () => {
  for (const table of ['case_reports', 'alerts', 'case_entries', 'labels']) {
    const change = { text: `update fraud.${table} set tenant = 'other'` };
    await assert.rejects(bank.database.query(change), /permission denied/, table);
    const removal = { text: `delete from fraud.${table}` };
    await assert.rejects(bank.database.query(removal), /permission denied/, table);
  }
});
