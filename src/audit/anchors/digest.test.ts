import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { test } from 'node:test';
import { parseInstant, type Instant } from '#kernel';
import { anchorKey, formatDigest, parseDigest, type AnchorDigest } from './digest.ts';
import {
  flawOfSignature,
  parseSignedLines,
  sha256Of,
  signatureLine,
  signingString,
} from './signed-lines.ts';

const digest: AnchorDigest = {
  number: 2,
  origin: 'florin.test/log',
  start: parseInstant('2026-11-21T12:00:00Z') as Instant,
  end: parseInstant('2026-11-21T13:00:00Z') as Instant,
  checkpoint: 'florin.test/log\n5\nroot\n\n— florin.test/log x\n',
  size: 5,
  root: Buffer.alloc(32, 1),
  manifests: [{ key: 'audit/archive/2026-08/manifest-5.jsonl', sha256: 'ab'.repeat(32) }],
  previous: { key: 'audit/anchors/1', sha256: 'cd'.repeat(32), signature: Buffer.alloc(64, 2) },
};

test('a digest is one line of canonical JSON that gives the same digest again', () => {
  const line = formatDigest(digest).toString();
  assert.match(line, /^\{"checkpoint":"florin.*"version":1\}\n$/);
  assert.deepEqual(parseDigest(line.slice(0, -1)), { ok: true, value: digest });
});

test('nothing that is not exactly a digest is read as one', () => {
  const line = formatDigest(digest).toString().slice(0, -1);
  for (const text of [
    '',
    '{}',
    '[]',
    'null',
    line.slice(0, -1),
    ` ${line}`,
    line.replace('"version":1', '"version":2'),
    line.replace('"number":2', '"number":"2"'),
    line.replace('"number":2', '"number":2,"more":1'),
    line.replace('"size":5', '"size":-5'),
    line.replace('T12:00', 'X12:00'),
    line.replace('"manifests":[', '"manifests":[1,'),
    line.replace('"sha256":"ab', '"sha256":"xy'),
    line.replace(/"previous":\{[^}]*\}/, '"previous":7'),
  ]) {
    assert.equal(parseDigest(text).ok, false, text);
  }
});

test('the key of an anchor sorts by its number and names the end of its hours', () => {
  assert.equal(anchorKey(digest), 'audit/anchors/000000000002-2026-11-21T13Z.jsonl');
});

test("the signing string is that of CloudTrail's digest files", () => {
  const sha256 = Buffer.alloc(32, 0xab);
  const facts = { end: '2026-11-21T13:00:00.000Z', key: 'k', sha256 };
  assert.equal(
    signingString({ ...facts, previousSignature: Buffer.of(1, 2) }).toString(),
    `2026-11-21T13:00:00.000Z\nk\n${'ab'.repeat(32)}\n0102`,
  );
  assert.ok(
    signingString({ ...facts, previousSignature: undefined })
      .toString()
      .endsWith('\nnull'),
  );
});

test('a signature holds for its lines, its key and its place, and for nothing else', () => {
  const seed = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 9),
  ]);
  const secret = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' }) as { x?: string };
  const publicKey = Buffer.from(x, 'base64url');
  const body = Buffer.from('{"a":1}\n{"b":2}\n');
  const facts = { end: 'e', key: 'k', sha256: sha256Of(body), previousSignature: undefined };
  const signature = sign(null, signingString(facts), secret);
  const content = Buffer.concat([body, signatureLine({ publicKey, signature })]);
  const parsed = parseSignedLines(content);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value.lines, ['{"a":1}', '{"b":2}']);
  const trusted = [{ name: 'log', publicKey }];
  const { value } = parsed;
  assert.equal(flawOfSignature(value, { ...facts, sha256: value.sha256 }, trusted), undefined);
  assert.match(flawOfSignature(value, { ...facts, key: 'other' }, trusted) ?? '', /not one of/);
  assert.match(flawOfSignature(value, { ...facts, end: 'later' }, trusted) ?? '', /not one of/);
  assert.match(flawOfSignature(value, facts, []) ?? '', /not a trusted key/);
  for (const broken of ['', '\n', 'x\n', '{"a":1}\n', content.toString().slice(0, -1)]) {
    assert.equal(parseSignedLines(Buffer.from(broken)).ok, false, JSON.stringify(broken));
  }
});
