import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { before, test } from 'node:test';
import { checkpointText } from '../tree/checkpoint.ts';
import { leafHash } from '../tree/hash.ts';
import { signNote } from '../tree/note.ts';
import { leavesOfSeed, oracleOf } from '../tree/oracle-testing.ts';
import { receiptText, verifyReceipt, type ReceiptClaim } from './receipt-text.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
const key = { name: 'florin.test/log', publicKey: der.subarray(-32) };
const leaves = leavesOfSeed(100);
const oracle = oracleOf(leaves);
const [index, size] = [37, 100];

let claim: ReceiptClaim;
let checkpoint: string;

async function noteOf(origin: string, name = origin): Promise<string> {
  const text = checkpointText({ origin, size, root: oracle.root(0, size) });
  return await signNote(text, { ...key, name, sign: async (m) => sign(null, m, privateKey) });
}

before(async () => {
  checkpoint = await noteOf(key.name);
  claim = { leaf: leaves[index] ?? '', proofText: textOf(checkpoint), trusted: [key] };
});

function textOf(note: string): string {
  const hash = leafHash(leaves[index] ?? Buffer.alloc(0));
  const root = oracle.root(0, size);
  const proof = oracle.path(index, size);
  return receiptText({ index, leafHash: hash, proof, size, root, checkpoint: note });
}

function whyNot(change: Partial<ReceiptClaim>): string {
  const verified = verifyReceipt({ ...claim, ...change });
  assert.ok(!verified.ok, 'the receipt does not hold');
  assert.match(verified.why, /^[A-Z].*\.$/);
  return verified.why;
}

test('a receipt is the text of the specification', () => {
  const lines = claim.proofText.split('\n');
  assert.equal(lines[0], 'c2sp.org/tlog-proof@v1');
  assert.equal(lines[1], 'index 37');
  assert.deepEqual(
    lines.slice(2, 9),
    oracle.path(index, size).map((hash) => hash.toString('base64')),
  );
  assert.equal(lines[9], '');
  assert.equal(lines.slice(10).join('\n'), checkpoint);
});

test('a receipt is verified with the record and the public key alone', () => {
  const verified = verifyReceipt(claim);
  assert.ok(verified.ok, verified.ok ? '' : verified.why);
  const root = oracle.root(0, size);
  assert.deepEqual(verified.value, { origin: key.name, index, size, root, cosignatures: [] });
});

test('extra data are passed over, whatever they say', () => {
  const proofText = claim.proofText.replace('index', 'extra aW5kZXggMQ==\nindex');
  assert.ok(verifyReceipt({ ...claim, proofText }).ok);
  assert.match(whyNot({ proofText: proofText.replace('==', '') }), /extra data/);
});

test('the proof of a single leaf has no hashes', async () => {
  const single = oracleOf([Buffer.from('only')]);
  const text = checkpointText({ origin: key.name, size: 1, root: single.root(0, 1) });
  const note = await signNote(text, { ...key, sign: async (m) => sign(null, m, privateKey) });
  const proofText = `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`;
  assert.ok(verifyReceipt({ ...claim, leaf: 'only', proofText }).ok);
});

test('a receipt does not hold for another record, key, log or place', async () => {
  assert.match(whyNot({ leaf: 'leaf 38' }), /lead to another root/);
  assert.match(whyNot({ leaf: `${String(claim.leaf)} ` }), /lead to another root/);
  const other = { name: key.name, publicKey: Buffer.alloc(32, 1) };
  assert.match(whyNot({ trusted: [other] }), /No trusted key/);
  assert.match(whyNot({ trusted: [] }), /No trusted key/);
  const elsewhere = await noteOf('florin.test/elsewhere', key.name);
  assert.match(whyNot({ proofText: textOf(elsewhere) }), /another log/);
  const moved = claim.proofText.replace('index 37', 'index 36');
  assert.match(whyNot({ proofText: moved }), /lead to another root/);
  const outside = claim.proofText.replace('index 37', 'index 100');
  assert.match(whyNot({ proofText: outside }), /has no leaf 100/);
});

test('a malformed receipt is rejected with the reason', async () => {
  const text = claim.proofText;
  const hash = oracle.path(index, size)[0]?.toString('base64') ?? '';
  const plain = await signNote('no checkpoint\n', {
    ...key,
    sign: async (m) => sign(null, m, privateKey),
  });
  const wrong: [string, RegExp][] = [
    ['', /no empty line/],
    [text.replace('@v1', '@v2'), /does not begin with/],
    [text.replace('c2sp', ' c2sp'), /does not begin with/],
    [text.replace('index 37\n', ''), /no index/],
    [text.replace('index 37', 'index 037'), /no index/],
    [text.replace('index 37', 'index -1'), /no index/],
    [text.replace('index 37', 'index'), /no index/],
    [text.replace('index 37', 'index 9007199254740993'), /no index/],
    [text.replace('index 37', 'index 37 '), /no index/],
    [text.replace(hash, hash.slice(0, -1)), /not a hash/],
    [text.replace(hash, ''), /line of the proof|two|malformed|checkpoint|no/],
    [text.replace(hash, 'AAAA'), /not a hash/],
    [text.replace(`${hash}\n`, ''), /too few hashes/],
    [text.replace(hash, `${hash}\n${hash}`), /too many hashes/],
    [text.replace(hash, `${hash}\n`.repeat(65).trimEnd()), /too many hashes/],
    [text.replaceAll('\n', '\r\n'), /no empty line/],
    [text.slice(0, -1), /does not end with a line feed/],
    [textOf(plain), /at least three lines/],
  ];
  for (const [proofText, reason] of wrong) {
    assert.match(whyNot({ proofText }), reason, JSON.stringify(proofText.slice(0, 80)));
  }
});
