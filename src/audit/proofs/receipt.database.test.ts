import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fault, idOf, newUuid, uuidOf } from '#kernel';
import { openSession } from '#platform';
import type { AuditRecordId } from '../record.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { leafHash } from '../tree/hash.ts';
import { verifyConsistency, verifyInclusion } from '../tree/proof.ts';
import { consistencyReceiptOf, receiptOf, type Receipt } from './receipt.ts';
import { receiptText, verifyReceipt } from './receipt-text.ts';

let log: TestLog;
let ids: AuditRecordId[];

before(async () => {
  log = await testLog('receipt');
  ids = [
    ...(await log.recordSome(40)),
    ...(await log.recordSome(600, { bundle: 300, prefix: 'many' })),
  ];
  await log.sequence();
  ids.push(...(await log.recordSome(3)));
  await log.sequence();
});

after(async () => {
  await log.close();
});

async function requireReceipt(id: AuditRecordId): Promise<Receipt> {
  const receipt = await receiptOf(log.database, id);
  assert.ok(receipt.ok, receipt.ok ? '' : receipt.refusal.message);
  return receipt.value;
}

async function refusalOf(id: AuditRecordId): Promise<string> {
  const receipt = await receiptOf(log.database, id);
  assert.ok(!receipt.ok, 'there is no receipt');
  assert.match(receipt.refusal.message, /\.$/);
  return receipt.refusal.code;
}

async function asOwner(statements: readonly string[]): Promise<void> {
  const owner = await openSession(log.url);
  try {
    await owner.query({ text: 'set session_replication_role = replica' });
    for (const text of statements) await owner.query({ text });
  } finally {
    await owner.close();
  }
}

test('every record has a receipt that anybody can check with the public key alone', async () => {
  const trusted = [{ name: 'florin.test/log', publicKey: await log.keys.publicKey('audit-log') }];
  const indexes = new Set<number>();
  for (const id of ids) {
    const receipt = await requireReceipt(id);
    assert.equal((JSON.parse(receipt.leaf) as { id: string }).id, id);
    assert.deepEqual(receipt.leafHash, leafHash(Buffer.from(receipt.leaf)));
    assert.equal(verifyInclusion(receipt), undefined);
    const proofText = receiptText(receipt);
    const verified = verifyReceipt({ leaf: receipt.leaf, proofText, trusted });
    assert.ok(verified.ok, verified.ok ? '' : verified.why);
    assert.equal(verified.value.origin, 'florin.test/log');
    assert.equal(verified.value.index, receipt.index);
    const changed = receipt.leaf.replace('"success"', '"refused"');
    assert.ok(!verifyReceipt({ leaf: changed, proofText, trusted }).ok);
    indexes.add(receipt.index);
  }
  assert.equal(indexes.size, ids.length);
});

test('a record that is not in the log has no receipt', async () => {
  const [first] = ids;
  assert.ok(first !== undefined);
  const head = first.slice(0, -5);
  const unknown = [
    idOf('aud', newUuid(1_700_000_000_000)),
    idOf('aud', '00000000-0000-0000-0000-000000000000'),
    idOf('aud', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
    `${head}00000`,
    `${head}00002`,
    `${head}fffff`,
  ] as AuditRecordId[];
  for (const id of unknown) assert.equal(await refusalOf(id), 'record_unknown', id);
});

test('a record without a place has no receipt yet, and has one once it has a place', async () => {
  const [id] = await log.recordSome(1);
  assert.ok(id !== undefined);
  assert.equal(await refusalOf(id), 'record_without_proof');
  await log.sequence();
  const { index, size } = await requireReceipt(id);
  assert.equal(index, size - 1);
});

test('a record that left the database is read from the archive, and without one it is gone', async () => {
  const [one] = await log.recordSome(1);
  assert.ok(one !== undefined);
  await log.sequence();
  const before = await requireReceipt(one);
  const bundle = `${uuidOf(one).slice(0, -5)}00000`;
  await asOwner([`delete from audit.bundles where id = '${bundle}'`]);
  assert.equal(await refusalOf(one), 'record_expired');
  const asked: number[] = [];
  const readArchived = async (index: number): Promise<Buffer> => {
    asked.push(index);
    return Buffer.from(before.leaf);
  };
  const archived = await receiptOf(log.database, one, { readArchived });
  assert.ok(archived.ok);
  assert.deepEqual(archived.value, before);
  assert.deepEqual(asked, [before.index]);
  const lost = await receiptOf(log.database, one, { readArchived: async () => undefined });
  assert.ok(!lost.ok && lost.refusal.code === 'record_expired');
});

test('two checkpoints of the log have a consistency proof', async () => {
  const rows = await log.database.query<{ size: bigint }>({
    text: 'select size from audit.checkpoints order by size',
  });
  const sizes = rows.map(({ size }) => Number(size));
  const [size1, size2] = [sizes[0] ?? 0, sizes.at(-1) ?? 0];
  assert.ok(size1 < size2);
  const receipt = await consistencyReceiptOf(log.database, { size1, size2 });
  assert.ok(receipt.ok, receipt.ok ? '' : receipt.refusal.message);
  const { older, newer, proof } = receipt.value;
  assert.deepEqual([older.size, newer.size], [size1, size2]);
  const [root1, root2] = [older.root, newer.root];
  assert.equal(verifyConsistency({ size1, size2, root1, root2, proof }), undefined);
  assert.ok(older.note.startsWith(`florin.test/log\n${size1}\n`));

  const same = await consistencyReceiptOf(log.database, { size1, size2: size1 });
  assert.ok(same.ok && same.value.proof.length === 0);
  const refused: [number, number, string, string][] = [
    [size2, size1, 'checkpoint_order', 'size1'],
    [0, size2, 'checkpoint_unknown', 'size1'],
    [size1, size2 + 1, 'checkpoint_unknown', 'size2'],
  ];
  for (const [from, to, code, param] of refused) {
    const answer = await consistencyReceiptOf(log.database, { size1: from, size2: to });
    assert.ok(!answer.ok);
    assert.deepEqual([answer.refusal.code, answer.refusal.param], [code, param]);
  }
});

test('a leaf or a hash that was changed gives a fault and no receipt', async () => {
  const isDamaged = (error: unknown): boolean =>
    error instanceof Fault && error.code === 'audit_tree_damaged' && !error.retryable;
  const [changed, swapped, shifted] = await log.recordSome(3);
  assert.ok(changed !== undefined && swapped !== undefined && shifted !== undefined);
  await log.sequence();
  const { leaf, index } = await requireReceipt(changed);
  const wrong = { readArchived: async () => Buffer.from(leaf) };
  const bundleOf = (id: AuditRecordId): string => `${uuidOf(id).slice(0, -5)}00000`;
  const touched = leaf.replace('plain', 'plaim');
  await asOwner([
    `update audit.bundles set leaves = convert_to('${touched}', 'UTF8'), encoding = 0
      where id = '${bundleOf(changed)}'`,
    `delete from audit.bundles where id = '${bundleOf(swapped)}'`,
    `update audit.places set hashes = sha256('x') where bundle_id = '${bundleOf(shifted)}'`,
  ]);
  await assert.rejects(receiptOf(log.database, changed), isDamaged);
  await assert.rejects(receiptOf(log.database, swapped, wrong), isDamaged);
  assert.ok(index > 0);
  await assert.rejects(receiptOf(log.database, changed), isDamaged);
});
