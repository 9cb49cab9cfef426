import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { noteKeyHash, openNote, parseVerifierKey, signNote, verifierKey } from './note.ts';
import type { NoteKey } from './note.ts';

// Keys of the tests, from seeds (RFC 8410 §7).
function keyOfSeed(byte: number): KeyObject {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const key = Buffer.concat([head, Buffer.alloc(32, byte)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function keyNamed(name: string, privateKey: KeyObject): NoteKey {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { name, publicKey: der.subarray(-32) };
}

const privateKey = keyOfSeed(1);
const log = keyNamed('florin.example/log', privateKey);
const signer = { ...log, sign: async (message: Buffer) => sign(null, message, privateKey) };
const text = 'florin.example/log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n';

function requireKey(vkey: string): NoteKey {
  const parsed = parseVerifierKey(vkey);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
  return parsed.value;
}

function whyNot(
  note: string,
  trusted: readonly NoteKey[] = [log],
  witnesses: NoteKey[] = [],
): string {
  const opened = openNote(note, trusted, witnesses);
  assert.ok(!opened.ok, 'the note is not opened');
  assert.match(opened.why, /^[A-Z].*\.$/);
  return opened.why;
}

test('the note of the specification is opened with its key', () => {
  const vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const key = requireKey(vkey);
  assert.equal(noteKeyHash(key.name, key.publicKey).toString('hex'), '530d903a');
  assert.equal(verifierKey(key.name, key.publicKey), vkey);
  const note =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ON' +
    'ncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
  const opened = openNote(note, [key]);
  assert.ok(opened.ok);
  assert.equal(opened.value.text, 'This is an example message.\n');
  assert.deepEqual(opened.value.signers, [key]);
});

test("the note of Go's note package is opened, and signed to the same bytes", async () => {
  const key = requireKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const message =
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n";
  const note =
    `${message}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg` +
    'KvqfqdngotpRZb6KE6RyyBwJnAM=\n';
  assert.ok(openNote(note, [key]).ok);
  const encoded = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64');
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const secret = createPrivateKey({
    key: Buffer.concat([head, encoded.subarray(1)]),
    format: 'der',
    type: 'pkcs8',
  });
  const signed = await signNote(message, { ...key, sign: async (m) => sign(null, m, secret) });
  assert.equal(signed, note);
});

test('a checkpoint in public use is opened, with the cosignature of its witness', () => {
  const key = requireKey(
    'arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472' +
      'xgFYh15f',
  );
  const encoded = 'BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
  const publicKey = Buffer.from(encoded, 'base64').subarray(1);
  const witness = { name: 'remora.n621.de', publicKey };
  assert.equal(noteKeyHash(witness.name, witness.publicKey, 4).toString('hex'), 'da77ade7');
  const body =
    'arche2025h1.staging.ct.transparency.dev\n1432088532\n' +
    'U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n';
  const lines = [
    'arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6h' +
      'oGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=',
    'arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhU' +
      'kzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=',
    'witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+' +
      '/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==',
    'remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIo' +
      'bWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==',
  ];
  const note = `${body}\n${lines.map((line) => `— ${line}\n`).join('')}`;
  const opened = openNote(note, [key], [witness]);
  assert.ok(opened.ok, opened.ok ? '' : opened.why);
  assert.equal(opened.value.text, body);
  assert.deepEqual(opened.value.cosignatures, [{ witness, seconds: 1_779_573_024n }]);
  const plain = openNote(note, [key]);
  assert.ok(plain.ok);
  assert.deepEqual(plain.value.cosignatures, []);
  assert.match(whyNot(note.replace('1432088532', '1432088533'), [key]), /is not one of the note/);
});

test('what is signed here is opened here', async () => {
  const note = await signNote(text, signer);
  const opened = openNote(note, [log]);
  assert.ok(opened.ok);
  assert.equal(opened.value.text, text);
  const reread = requireKey(verifierKey(log.name, log.publicKey));
  assert.deepEqual(reread, log);
});

test('only lines of text are signed', async () => {
  for (const wrong of ['no line feed', 'tab\there\n', 'half a pair \ud800\n', 'return\r\n']) {
    await assert.rejects(signNote(wrong, signer), /a note is lines of text/);
  }
  await assert.rejects(signNote(text, { ...signer, name: 'a b' }), /no space and no plus/);
});

test('a text with empty lines of its own ends at the last of them', async () => {
  const poem = 'Ognuno sta solo sul cuor della terra\n\ned è subito sera.\n';
  const note = await signNote(poem, signer);
  const opened = openNote(note, [log]);
  assert.ok(opened.ok);
  assert.equal(opened.value.text, poem);
});

test('signatures of unknown keys are passed over, alone they are not enough', async () => {
  const stranger = keyNamed('stranger.example', keyOfSeed(2));
  const other = await signNote(text, {
    ...stranger,
    sign: async (message) => sign(null, message, keyOfSeed(2)),
  });
  const line = other.slice(text.length + 1);
  const note = `${await signNote(text, signer)}${line}`;
  assert.ok(openNote(note, [log]).ok);
  const both = openNote(note, [log, stranger]);
  assert.ok(both.ok);
  assert.deepEqual(both.value.signers, [log, stranger]);
  assert.equal(whyNot(other), 'No trusted key signed the note.');
  // The same key under another name is another key, and so is another key under the same name.
  assert.equal(
    whyNot(note, [{ ...log, name: 'florin.example/other' }]),
    'No trusted key signed the note.',
  );
  assert.equal(whyNot(note, [{ ...stranger, name: log.name }]), 'No trusted key signed the note.');
});

test('a bad signature of a known key spoils the note, whatever else signed it', async () => {
  const good = await signNote(text, signer);
  const second = keyNamed('second.example', keyOfSeed(2));
  const forged = `— second.example ${Buffer.concat([
    noteKeyHash(second.name, second.publicKey),
    Buffer.alloc(64),
  ]).toString('base64')}\n`;
  assert.ok(openNote(`${good}${forged}`, [log]).ok);
  assert.match(whyNot(`${good}${forged}`, [log, second]), /The signature of second\.example/);
  assert.match(whyNot(good.replace('\n1\n', '\n2\n')), /The signature of florin\.example\/log/);
  const short = Buffer.concat([noteKeyHash(log.name, log.publicKey), Buffer.alloc(63)]);
  assert.match(whyNot(`${text}\n— ${log.name} ${short.toString('base64')}\n`), /The signature of/);
});

test('a witness is no substitute for a trusted key, and its bad cosignature spoils the note', async () => {
  const witness = keyNamed('witness.example/w1', keyOfSeed(3));
  const cosign = (seconds: bigint): string => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(seconds);
    const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
    const parts = [noteKeyHash(witness.name, witness.publicKey, 4), time];
    const signature = sign(null, message, keyOfSeed(3));
    return `— ${witness.name} ${Buffer.concat([...parts, signature]).toString('base64')}\n`;
  };
  const note = await signNote(text, signer);
  const opened = openNote(`${note}${cosign(1_679_315_147n)}`, [log], [witness]);
  assert.ok(opened.ok);
  assert.deepEqual(opened.value.cosignatures, [{ witness, seconds: 1_679_315_147n }]);
  const alone = `${text}\n${cosign(1n)}`;
  assert.equal(whyNot(alone, [log], [witness]), 'No trusted key signed the note.');
  assert.equal(whyNot(alone, [witness], [witness]), 'No trusted key signed the note.');
  assert.match(whyNot(`${note}${cosign(2n ** 63n)}`, [log], [witness]), /The signature of witness/);
  const bytes = Buffer.from(cosign(5n).split(' ')[2] ?? '', 'base64');
  bytes[11] = 6;
  const moved = `${note}— ${witness.name} ${bytes.toString('base64')}\n`;
  assert.match(whyNot(moved, [log], [witness]), /The signature of witness/);
  assert.ok(openNote(moved, [log]).ok, 'who does not know the witness passes it over');
});

test('a malformed note is not opened, and the reason is said', async () => {
  const good = await signNote(text, signer);
  const line = good.slice(text.length + 1, -1);
  const [, , encoded = ''] = line.split(' ');
  const wrong: [string, RegExp][] = [
    ['', /no empty line/],
    ['\n', /no empty line/],
    ['\n\n', /malformed/],
    [text, /no empty line/],
    [`${text}\n`, /malformed/],
    [`${text}${line}\n`, /no empty line/],
    [good.slice(0, -1), /does not end with a line feed/],
    [`${good}\n`, /malformed/],
    [`${good} `, /does not end with a line feed/],
    [good.replace('— ', '- '), /malformed/],
    [good.replace('— ', '—'), /malformed/],
    [good.replace('— ', '—\u00a0'), /malformed/],
    [good.replace('— ', '—  '), /malformed/],
    [good.replace(`log ${encoded}`, `log  ${encoded}`), /malformed/],
    [good.replace(encoded, ''), /malformed/],
    [good.replace(encoded, encoded.replace(/=$/, '')), /malformed/],
    [good.replace(encoded, `${encoded}=`), /malformed/],
    [good.replace(encoded, `${encoded} x`), /malformed/],
    [good.replace(encoded, 'AAAA'), /malformed/],
    [good.replace(encoded, 'AAAAAA=='), /malformed/],
    [
      good.replace(encoded, encoded.replaceAll('/', '_').replaceAll('+', '-').replace('=', '')),
      /malformed/,
    ],
    [good.replace('— florin', '— flo+rin'), /malformed/],
    [good.replace('— florin', '— flo\u2003rin'), /malformed/],
    [good.replace('\n1\n', '\n1\r\n'), /control characters/],
    [good.replace('\n1\n', '\n1\t\n'), /control characters/],
    [good.replace('\n1\n', '\n1\0\n'), /control characters/],
    [good.replace('\n1\n', '\n\ud800\n'), /not valid Unicode/],
    [`${text}\n${`${line}\n`.repeat(101)}`, /more than 100 signatures/],
  ];
  for (const [note, reason] of wrong) assert.match(whyNot(note), reason, JSON.stringify(note));
  assert.ok(openNote(`${text}\n${`${line}\n`.repeat(16)}`, [log]).ok, 'sixteen are accepted');
});

test('a verifier key is accepted in its one spelling', () => {
  const vkey = verifierKey(log.name, log.publicKey);
  const [name = '', keyHash = '', encoded = ''] = vkey.split('+');
  assert.ok(parseVerifierKey('TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6').ok);
  const wrong = [
    '',
    name,
    `${name}+${keyHash}`,
    `${name}+${keyHash}+`,
    `+${keyHash}+${encoded}`,
    `a b+${keyHash}+${encoded}`,
    `${name}+${keyHash.slice(1)}+${encoded}`,
    `${name}+${keyHash.toUpperCase()}x+${encoded}`,
    `${name}+00000000+${encoded}`,
    `${name}x+${keyHash}+${encoded}`,
    `${name}+${keyHash}+${encoded}=`,
    `${name}+${keyHash}+${encoded}\n`,
    `${name}+${keyHash}+AQIDBA==`,
    'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2',
  ];
  for (const each of wrong) {
    const parsed = parseVerifierKey(each);
    assert.ok(!parsed.ok, each);
    assert.match(parsed.why, /^(A|The) verifier key|^The hash in the verifier key/);
  }
});
