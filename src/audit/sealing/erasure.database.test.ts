import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { parseInstant } from '#kernel';
import { openSession, type Session } from '#platform';
import { TEST_SERVER_VARIABLE } from '../../platform/database/test-server.ts';
import { readArchivedLeaf, readArchivedRange } from '../archive/read.ts';
import { runArchive } from '../archive/run.ts';
import { verifyArchives } from '../archive/verify.ts';
import { openBundle } from '../export/export-bundle.ts';
import { latestCheckpoint, type Checkpoint } from '../proofs/checkpoint-store.ts';
import { consistencyReceiptOf, receiptOf, type Receipt } from '../proofs/receipt.ts';
import { receiptText, verifyReceipt } from '../proofs/receipt-text.ts';
import type { AuditRecord, AuditRecordId } from '../record.ts';
import { archivedLeaves } from '../search/read-leaves.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { leavesOf, type BundleRow } from '../store/bundle-store.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { Frontier } from '../tree/frontier.ts';
import { leafHash } from '../tree/hash.ts';
import { eraseSubject } from './erase.ts';
import { scrub } from './scrub.ts';
import type { Sealed, Sensitive } from './sealed.ts';
import { unseal } from './unseal.ts';

// The person who is erased, and what nobody may find of them afterwards.
const ERASED = 'cus_erased';
const fields = {
  name: 'Wilhelmina Featherstonehaugh',
  address: '17 Quince Terrace, Ravensbourne',
  account: '4711088200915',
};
const KEPT = 'cus_kept';
const keptFields = { name: 'Bartholomew Oyelaran', account: '9900112233445' };
const BYSTANDERS = 1_500;
const ORIGIN = 'florin.test/log';
const ZSTD = 1;

let log: TestLog;
let owner: Session;
/** Where the server keeps everything: data files, write-ahead log, its own log. */
let serverFolder: string;
/** The wrapped keys, as they lie on disk: of the person, and of one who stays. */
const wrapped = new Map<string, Buffer>();
let recordIds: AuditRecordId[];
let checkpointBefore: Checkpoint;
let leavesBefore: Buffer[];
let receiptBefore: Receipt;

const action = testActions['test.money.watch'];
const about = (target: string, ...sensitive: Sensitive[]): AuditRecord => ({
  action,
  target,
  sensitive,
});
const person = { subject: ERASED, fields };
const kept = { subject: KEPT, fields: keptFields };

before(async () => {
  // A server of its own, because its files are searched.
  delete process.env[TEST_SERVER_VARIABLE];
  log = await testLog('erasure');
  owner = await openSession(log.url);
  const [setting] = await owner.query<{ folder: string }>({
    text: `select current_setting('data_directory') as folder`,
  });
  serverFolder = path.dirname(setting?.folder ?? assert.fail());
  await recordLives();
  const rows = await owner.query<{ id: string; wrapped_key: Buffer }>({
    text: 'select id, wrapped_key from audit.subjects where id = any($1)',
    values: [[ERASED, KEPT]],
  });
  for (const { id, wrapped_key: key } of rows) wrapped.set(id, key);
  await log.objects.put('exports/before.bundle', Buffer.from(await exported()));
  checkpointBefore = (await latestCheckpoint(log.database)) ?? assert.fail();
  leavesBefore = await allLeaves(checkpointBefore.size);
  receiptBefore = await receipt();
  await owner.query({ text: 'analyze audit.subjects' });
  await owner.query({ text: 'checkpoint' });
});

after(async () => {
  await owner.close();
  await log.close();
});

// Half a year ago, in months that are archived and leave the database, and again today: in small
// bundles, which are stored as they are, and in a large one, which is compressed.
async function recordLives(): Promise<void> {
  const today = log.clock.now();
  log.clock.set(parseInstant('2026-03-10T12:00:00Z') ?? assert.fail());
  recordIds = await recordLife();
  await log.sequence();
  log.clock.set(today);
  const { removed } = await runArchive(log.database, log.objects, log.context());
  assert.deepEqual(removed, [202_603]);
  await recordLife();
  await log.sequence();
}

async function recordLife(): Promise<AuditRecordId[]> {
  const ids = await log.record([about('opened', person)]);
  await log.record([about('both', kept, person), about('kept', kept)]);
  const batch = Array.from({ length: 2 * BYSTANDERS }, (_, index) => {
    const bystander = { subject: `cus_${index % BYSTANDERS}`, fields: { name: `Name ${index}` } };
    return index % 100 === 7 ? about('many', bystander, person, kept) : about('many', bystander);
  });
  await log.record(batch);
  await log.record([about('moved', { subject: ERASED, fields: { address: fields.address } })]);
  return ids;
}

/** Every leaf, from the archive where it left the database. */
async function allLeaves(size: number): Promise<Buffer[]> {
  const rows = await owner.query<BundleRow>({
    text: `select b.* from audit.places p join audit.bundles b on b.id = p.bundle_id
      order by p.first_leaf`,
  });
  const atHand = rows.flatMap((row) => leavesOf(row));
  const count = size - atHand.length;
  const archived = await readArchivedRange(log.database, log.objects, { first: 0, count });
  return [...archived.map((leaf) => leaf ?? assert.fail()), ...atHand];
}

/** The export of the whole log, with its proofs. */
async function exported(): Promise<string> {
  const archive = archivedLeaves(log.database, log.objects);
  const bundle = await openBundle(log.database, {}, { archive });
  assert.ok(bundle.ok);
  let text = '';
  for await (const piece of bundle.value.text()) text += piece;
  return text;
}

/** The receipt of the person's first record, which is in the archive. */
async function receipt(): Promise<Receipt> {
  const readArchived = (leaf: number) => readArchivedLeaf(log.database, log.objects, leaf);
  const [id = assert.fail()] = recordIds;
  const found = await receiptOf(log.database, id, { readArchived });
  assert.ok(found.ok);
  return found.value;
}

const erase = () =>
  log.database.transaction(log.context(), (tx) =>
    eraseSubject(tx, { subject: ERASED, reason: 'request 2026-17' }),
  );

const sealedOf = (subject: string): Sealed[] =>
  leavesBefore
    .flatMap((leaf) => (JSON.parse(leaf.toString()) as { sealed?: Sealed[] }).sealed ?? [])
    .filter((sealed) => sealed.subject === subject);

/** In each life: one alone, one with another, thirty in the batch, one at the end. */
const TIMES_SEALED = 66;

test('before the erasure all is readable by those who may, and found by this search', async () => {
  const revealed = await unseal(log.database, log.keys, sealedOf(ERASED));
  assert.equal(revealed.length, TIMES_SEALED);
  assert.deepEqual(revealed[0], fields);
  const key = wrapped.get(ERASED) ?? assert.fail();
  const places = await placesWith([key]);
  assert.ok(
    places.some((place) => place.includes(`${path.sep}base${path.sep}`)),
    'data files',
  );
  assert.ok(
    places.some((place) => place.includes('pg_wal')),
    'write-ahead log',
  );
  assert.ok(places.includes('audit.subjects.wrapped_key'));
  const mentions = await placesWith([Buffer.from(ERASED)]);
  assert.ok(mentions.includes('audit.bundles.leaves'));
  assert.ok(mentions.includes('exports/before.bundle'));
  assert.ok(mentions.some((place) => place.startsWith('audit/archive/')));
});

test('after it nothing readable of the person is left, wherever one looks', async () => {
  // A transaction that began earlier and is still open keeps PostgreSQL from forgetting rows.
  const reader = await openSession(log.url);
  await reader.query({ text: 'begin isolation level repeatable read' });
  await reader.query({ text: 'select count(*) from audit.logs' });
  assert.deepEqual(await erase(), { ok: true, value: { isNew: true } });
  assert.deepEqual(await scrub(owner), { log: 'overwritten' });
  await log.sequence();
  await log.objects.put('exports/after.bundle', Buffer.from(await exported()));

  const texts = Object.values(fields).flatMap((text) => {
    const bytes = Buffer.from(text);
    return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('base64'))];
  });
  const key = wrapped.get(ERASED) ?? assert.fail();
  const keyTexts = [Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64'))];
  assert.deepEqual(await placesWith([...texts, key, ...keyTexts]), []);
  const controls = await placesWith([wrapped.get(KEPT) ?? assert.fail()]);
  assert.ok(controls.includes('audit.subjects.wrapped_key'));
  await reader.close();
});

test('what was sealed of the person is erased, and what was sealed of others is not', async () => {
  const erased = await unseal(log.database, log.keys, sealedOf(ERASED));
  assert.deepEqual(
    erased,
    Array.from({ length: TIMES_SEALED }, () => 'erased'),
  );
  for (const each of await unseal(log.database, log.keys, sealedOf(KEPT))) {
    assert.deepEqual(each, keptFields);
  }
});

test('every leaf is as it was, and is the one that the log proves', async () => {
  const { size, root } = (await latestCheckpoint(log.database)) ?? assert.fail();
  const leaves = await allLeaves(size);
  assert.ok(size > checkpointBefore.size);
  assert.deepEqual(leaves.slice(0, checkpointBefore.size), leavesBefore);
  const rows = await owner.query<{ hashes: Buffer }>({
    text: 'select hashes from audit.places order by first_leaf',
  });
  const hashes = leaves.map((leaf) => leafHash(leaf));
  assert.ok(Buffer.concat(hashes).equals(Buffer.concat(rows.map((row) => row.hashes))));
  const frontier = Frontier.of(0, []);
  for (const [index, hash] of hashes.entries()) {
    if (index === checkpointBefore.size) assert.deepEqual(frontier.root(), checkpointBefore.root);
    frontier.append(hash);
  }
  assert.deepEqual(frontier.root(), root);
});

test('receipts from before still hold, and new ones are given; the archive is sound', async () => {
  const latest = (await latestCheckpoint(log.database)) ?? assert.fail();
  const trusted = [{ name: ORIGIN, publicKey: await log.keys.publicKey(SIGNING_KEY) }];
  for (const each of [receiptBefore, await receipt()]) {
    const { leaf } = each;
    const verified = verifyReceipt({ leaf, proofText: receiptText(each), trusted });
    assert.ok(verified.ok, verified.ok ? '' : verified.why);
    assert.ok(leaf.includes(ERASED));
  }
  const sizes = { size1: checkpointBefore.size, size2: latest.size };
  assert.ok((await consistencyReceiptOf(log.database, sizes)).ok);
  for await (const finding of verifyArchives(log.database, log.objects, trusted)) {
    assert.fail(JSON.stringify(finding));
  }
});

/** Where any of these bytes are: columns of the schema, objects, and files of the server. */
async function placesWith(needles: readonly Buffer[]): Promise<string[]> {
  const hasAny = (bytes: Buffer): boolean => needles.some((needle) => bytes.includes(needle));
  const places: string[] = [];
  for await (const { place, bytes } of everything()) {
    if (!places.includes(place) && hasAny(bytes)) places.push(place);
  }
  return places;
}

async function* everything(): AsyncGenerator<{ place: string; bytes: Buffer }> {
  yield* storedInColumns();
  for await (const { key } of log.objects.list('')) {
    const content = (await log.objects.get(key)) ?? assert.fail();
    yield { place: key, bytes: key.endsWith('.zst') ? zstdDecompressSync(content) : content };
  }
  for (const folder of [serverFolder, log.folder]) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const place = path.join(entry.parentPath, entry.name);
      const bytes = await readIfThere(place);
      if (bytes !== undefined) yield { place, bytes };
    }
  }
}

/** The server runs, and may have removed a file since it was listed. */
async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* storedInColumns(): AsyncGenerator<{ place: string; bytes: Buffer }> {
  const columns = await owner.query<{ table: string; column: string }>({
    text: `select c.relname as table, a.attname as column from pg_catalog.pg_attribute a
      join pg_catalog.pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p')
        and not c.relispartition and a.attnum > 0 and not a.attisdropped`,
  });
  assert.ok(columns.length > 20);
  for (const { table, column } of columns) {
    const place = `audit.${table}.${column}`;
    const rows = await owner.query<{ value: Buffer | null; encoding: number }>({
      text: `select ${bytesOf(column)} as value,
          ${table === 'bundles' ? 'encoding' : '0'} as encoding
        from audit.${table} where "${column}" is not null`,
    });
    for (const { value, encoding } of rows) {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
      yield {
        place,
        bytes: column === 'leaves' && encoding === ZSTD ? zstdDecompressSync(bytes) : bytes,
      };
    }
  }
}

function bytesOf(column: string): string {
  return ['leaves', 'wrapped_key'].includes(column) ? `"${column}"` : `"${column}"::text`;
}
