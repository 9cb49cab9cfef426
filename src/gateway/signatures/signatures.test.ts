import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { isInnerList, readFieldDictionary } from '#platform';
import type { FieldInnerList } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import { isKeyOf, signBytes, verifyBytes } from './algorithms.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import { signatureBase } from './base.ts';
import { componentValue } from './components.ts';
import type { SignableMessage, SignableRequest } from './components.ts';
import { assertContentDigest, bytesOf, contentDigest } from './digest.ts';
import { signMessage } from './sign.ts';
import {
  ed25519Private,
  requestBody,
  requestDigest,
  responseBody,
  responseDigest,
  shared,
  testRequest,
  testResponse,
  vectors,
} from './vectors-testing.ts';
import { verifySignature } from './verify.ts';
import type { VerifiedSignature, VerifyOptions } from './verify.ts';

function inputOf(text: string): FieldInnerList {
  const input = readFieldDictionary(`sig=${text}`)?.get('sig');
  assert.ok(input !== undefined && isInnerList(input));
  return input;
}

for (const { section, algorithm, key, message, input, signature, base } of vectors) {
  test(`the base and the signature of RFC 9421 ${section} (${algorithm}) are right`, () => {
    const made = signatureBase(message, inputOf(input));
    assert.equal(made.toString(), [...base, `"@signature-params": ${input}`].join('\n'));
    const given = Buffer.from(signature, 'base64');
    assert.equal(verifyBytes({ algorithm, key }, made, given), true);
    const other = Buffer.from(made);
    other[5] = (other[5] ?? 0) ^ 1;
    assert.equal(verifyBytes({ algorithm, key }, other, given), false);
  });
}

test('what is signed alike each time is signed as RFC 9421 B.2.5 and B.2.6 say, byte for byte', async () => {
  for (const vector of vectors.filter(({ section }) => /B\.2\.[56]/.test(section))) {
    const key = vector.algorithm === 'ed25519' ? ed25519Private : vector.key;
    const [components] = inputOf(vector.input);
    const signed = await signMessage(vector.message, {
      label: 'sig',
      covered: components.map(([name]) => String(name)),
      keyId: /keyid="([^"]+)"/.exec(vector.input)?.[1] ?? '',
      createdS: 1_618_884_473,
      sign: (bytes) => signBytes(vector.algorithm, key, bytes),
    });
    assert.equal(signed['signature-input'], `sig=${vector.input}`);
    assert.equal(signed.signature, `sig=:${vector.signature}:`);
  }
});

test('every algorithm verifies what it signed, and is used with its own keys only', () => {
  const pairs: readonly [SignatureAlgorithm, KeyObject, KeyObject][] = [
    ['ed25519', ...pairOf(generateKeyPairSync('ed25519'))],
    ['ecdsa-p256-sha256', ...pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))],
    ['rsa-pss-sha512', ...pairOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }))],
    ['hmac-sha256', shared, shared],
  ];
  const bytes = Buffer.from('base');
  for (const [algorithm, privateKey, key] of pairs) {
    const signature = signBytes(algorithm, privateKey, bytes);
    assert.equal(verifyBytes({ algorithm, key }, bytes, signature), true, algorithm);
    for (const [other] of pairs.filter(([each]) => each !== algorithm)) {
      assert.equal(verifyBytes({ algorithm: other, key }, bytes, signature), false);
    }
  }
  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
  assert.equal(isKeyOf('rsa-pss-sha512', small), false);
  assert.equal(
    isKeyOf('ecdsa-p256-sha256', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
    false,
  );
  assert.equal(isKeyOf('hmac-sha256', createSecretKey(Buffer.alloc(16))), false);
});

function pairOf(pair: { privateKey: KeyObject; publicKey: KeyObject }): [KeyObject, KeyObject] {
  return [pair.privateKey, pair.publicKey];
}

function valueOf(message: SignableMessage | SignableRequest, text: string): string {
  const [component] = inputOf(`(${text})`)[0];
  assert.ok(component !== undefined);
  return componentValue(message, component);
}

test('derived components are those of RFC 9421 §2.2', () => {
  const request = {
    ...testRequest,
    authority: 'www.Example.com:8443',
    target: '/path?param=value',
  };
  assert.equal(valueOf(request, '"@method"'), 'POST');
  assert.equal(valueOf(request, '"@target-uri"'), 'https://www.example.com:8443/path?param=value');
  assert.equal(valueOf(request, '"@authority"'), 'www.example.com:8443');
  assert.equal(valueOf(request, '"@scheme"'), 'https');
  assert.equal(valueOf(request, '"@request-target"'), '/path?param=value');
  assert.equal(valueOf({ ...request, target: '/path?' }, '"@query"'), '?');
  assert.equal(valueOf({ ...request, target: '/path' }, '"@query"'), '?');
  assert.equal(valueOf({ ...request, target: '' }, '"@path"'), '/');
});

test('a parameter of the query is found by its encoded name, once and only once (§2.2.8)', () => {
  const target =
    '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace' +
    '&fa%C3%A7ade%22%3A%20=something';
  const request = { ...testRequest, target };
  const at = (name: string): string => valueOf(request, `"@query-param";name="${name}"`);
  assert.equal(at('var'), 'this%20is%20a%20big%0Amultiline%20value');
  assert.equal(at('bar'), 'with%20plus%20whitespace');
  assert.equal(at('fa%C3%A7ade%22%3A%20'), 'something');
  assert.throws(() => at('absent'));
  const twice = { ...testRequest, target: '/?a=1&a=2' };
  assert.throws(() => valueOf(twice, '"@query-param";name="a"'));
});

test('fields are joined, trimmed and unfolded (§2.1), or taken apart as their maker says', () => {
  const message = {
    headers: {
      'x-ows-header': '   Leading and trailing whitespace.   ',
      'x-obs-fold-header': 'Obsolete\n    line folding.',
      'cache-control': ['max-age=60', '   must-revalidate'],
      'x-empty-header': '',
      'example-dict': '  a=1, b=2;x=1;y=2, c=(a b c), d',
      'content-digest': ' sha-256=:AQID:  ,  sha-512=:AQID: ',
      'x-list': ['value, with, lots', 'of, commas'],
    },
  };
  assert.equal(valueOf(message, '"x-ows-header"'), 'Leading and trailing whitespace.');
  assert.equal(valueOf(message, '"x-obs-fold-header"'), 'Obsolete line folding.');
  assert.equal(valueOf(message, '"cache-control"'), 'max-age=60, must-revalidate');
  assert.equal(valueOf(message, '"x-empty-header"'), '');
  assert.equal(valueOf(message, '"example-dict";key="a"'), '1');
  assert.equal(valueOf(message, '"example-dict";key="d"'), '?1');
  assert.equal(valueOf(message, '"example-dict";key="b"'), '2;x=1;y=2');
  assert.equal(valueOf(message, '"example-dict";key="c"'), '(a b c)');
  assert.equal(valueOf(message, '"content-digest";sf'), 'sha-256=:AQID:, sha-512=:AQID:');
  assert.equal(valueOf(message, '"x-list";bs'), ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:');
});

test('what cannot be signed without doubt is not', () => {
  const message = { headers: { 'x-evil': 'a\r\n"@method": GET', 'x-odd': '"' } };
  for (const text of ['"x-evil"', '"absent"', '"x-odd";sf', '"X-Evil"', '"x-evil";tr', '"@new"']) {
    assert.throws(() => valueOf(message, text), { name: 'ComponentError' }, text);
  }
  assert.throws(() => valueOf(testRequest, '"@status"'));
  assert.throws(() => valueOf(testResponse, '"@method"'));
  assert.throws(() => signatureBase(testRequest, inputOf('("date" "date")')));
});

test('an answer can cover the request it is to (§2.4)', () => {
  const message = { ...testResponse, request: testRequest };
  assert.equal(valueOf(message, '"@method";req'), 'POST');
  assert.equal(valueOf(message, '"content-digest";req'), requestDigest);
  assert.throws(() => valueOf(testResponse, '"@method";req'));
});

function codeOf(act: () => void): string {
  try {
    act();
    return 'none';
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal, String(error));
    return error.code;
  }
}

test('a digest is that of its body, by algorithms that are not broken (RFC 9530)', () => {
  assertContentDigest(requestDigest, requestBody);
  assertContentDigest(responseDigest, responseBody);
  assertContentDigest(contentDigest('body'), 'body');
  // Appendix B.1 of RFC 9530.
  assertContentDigest('sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:', requestBody);
  const md5 = 'md5=:Sd/dVLAcvNLSq16eXua5uQ==:';
  const wrong = [
    requestDigest.replace('WZDP', 'WZDQ'),
    md5,
    'sha-256=1',
    'sha-256',
    '',
    '=',
    'sha-256=(:AQ==:)',
  ];
  for (const field of wrong) {
    assert.equal(
      codeOf(() => assertContentDigest(field, requestBody)),
      'digest_mismatch',
      field,
    );
  }
  const both = `${contentDigest(requestBody)}, sha-512=:AQID:`;
  assert.equal(
    codeOf(() => assertContentDigest(both, requestBody)),
    'digest_mismatch',
  );
  assert.equal(bytesOf('text'), undefined);
});

const NOW_S = 1_800_000_000;
const pair = generateKeyPairSync('ed25519');
const covered = ['@method', '@target-uri', 'content-digest', 'authorization'];

const plain: SignableRequest = {
  ...testRequest,
  headers: { ...testRequest.headers, authorization: 'Bearer token' },
};

async function signed(
  changes: {
    readonly covered?: readonly string[];
    readonly createdS?: number;
    readonly expiresS?: number;
    readonly nonce?: string;
    readonly keyId?: string;
    readonly request?: SignableRequest;
    readonly key?: KeyObject;
  } = {},
): Promise<SignableRequest> {
  const { request = plain, key = pair.privateKey, ...rest } = changes;
  const headers = await signMessage(request, {
    label: 'sig1',
    covered,
    keyId: 'partner-1',
    createdS: NOW_S,
    sign: (base) => signBytes('ed25519', key, base),
    ...rest,
  });
  return { ...request, headers: { ...request.headers, ...headers } };
}

function verify(
  request: SignableRequest,
  changes: Partial<VerifyOptions> = {},
): Promise<VerifiedSignature> {
  return verifySignature(request, {
    findKey: (keyId) =>
      Promise.resolve(
        keyId === 'partner-1'
          ? { algorithm: 'ed25519', key: pair.publicKey, owner: 'cli_1' }
          : undefined,
      ),
    owner: 'cli_1',
    nowS: NOW_S,
    ageMaxS: 300,
    hasBody: true,
    ...changes,
  });
}

async function refusal(request: SignableRequest, changes: Partial<VerifyOptions> = {}) {
  try {
    await verify(request, changes);
    return 'verified';
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal, String(error));
    return `${error.code}: ${error.message}`;
  }
}

test('a request that is signed as it must be is taken', async () => {
  const verified = await verify(await signed());
  assert.deepEqual(verified, { keyId: 'partner-1', createdS: NOW_S, tag: undefined });
});

test('a request without a signature is refused as such', async () => {
  assert.match(await refusal(plain), /^signature_missing/);
});

test('a request that was changed after it was signed is refused', async () => {
  const request = await signed();
  const changed: SignableRequest[] = [
    { ...request, method: 'PUT' },
    { ...request, target: '/foo?param=Value&Pet=cat' },
    { ...request, authority: 'evil.example' },
    { ...request, scheme: 'http' },
    { ...request, headers: { ...request.headers, authorization: 'Bearer other' } },
    { ...request, headers: { ...request.headers, 'content-digest': contentDigest('x') } },
  ];
  for (const each of changed) {
    assert.equal(await refusal(each), 'signature_invalid: The signature is not right.');
  }
});

test('a signature that leaves out what could be changed is refused', async () => {
  const without = (name: string) => signed({ covered: covered.filter((each) => each !== name) });
  for (const name of covered) {
    assert.match(await refusal(await without(name)), /must cover/, name);
  }
  const byParts = ['@method', '@authority', '@path', '@query', 'content-digest', 'authorization'];
  assert.equal(await refusal(await signed({ covered: byParts })), 'verified');
  const key = { ...plain, headers: { ...plain.headers, 'idempotency-key': '"k"' } };
  assert.match(await refusal(await signed({ request: key })), /must cover idempotency-key/);
});

test('a signature is taken for a short time only, with a little patience for clocks', async () => {
  const at = async (createdS: number, expiresS?: number): Promise<string> =>
    await refusal(await signed(expiresS === undefined ? { createdS } : { createdS, expiresS }));
  assert.equal(await at(NOW_S - 300), 'verified');
  assert.match(await at(NOW_S - 301), /older than 300 seconds/);
  assert.equal(await at(NOW_S + 10), 'verified');
  assert.match(await at(NOW_S + 11), /in the future/);
  assert.equal(await at(NOW_S - 10, NOW_S), 'verified');
  assert.match(await at(NOW_S - 10, NOW_S - 1), /is over/);
});

test("nobody's key signs the requests of another", async () => {
  assert.match(await refusal(await signed(), { owner: 'cli_2' }), /made with a key of this caller/);
  assert.match(await refusal(await signed({ keyId: 'unknown' })), /made with a key of this caller/);
  const { privateKey } = generateKeyPairSync('ed25519');
  assert.match(await refusal(await signed({ key: privateKey })), /not right/);
});

test('a signature with a nonce is used once', async () => {
  const used = new Set<string>();
  const claim = (hash: Buffer): Promise<boolean> => {
    const isNew = !used.has(hash.toString('hex'));
    used.add(hash.toString('hex'));
    return Promise.resolve(isNew);
  };
  const request = await signed({ nonce: 'n-1' });
  assert.equal(await refusal(request, { claim }), 'verified');
  assert.match(await refusal(request, { claim }), /used before/);
  assert.equal(await refusal(await signed({ nonce: 'n-2' }), { claim }), 'verified');
});

test('the signature of the caller is found among those of others, and the key says how', async () => {
  const own = await signed();
  const more = {
    'signature-input':
      `proxy=("@method");created=1;keyid="p", ` + String(own.headers['signature-input']),
    signature: `proxy=:AQID:, ${String(own.headers['signature'])}`,
  };
  assert.equal(await refusal({ ...own, headers: { ...own.headers, ...more } }), 'verified');
  const lying = String(own.headers['signature-input']).replace(
    ';keyid',
    ';alg="hmac-sha256";keyid',
  );
  const changed = { ...own, headers: { ...own.headers, 'signature-input': lying } };
  assert.match(await refusal(changed), /not that of the key/);
});

test('malformed signature fields are refused', async () => {
  const own = await signed();
  const malformed = [
    { 'signature-input': 'sig1' },
    { 'signature-input': '("@method")' },
    { signature: 'sig1="text"' },
    { signature: 'sig2=:AQID:' },
    { 'signature-input': Array.from({ length: 5 }, (_, at) => `s${at}=("@method")`).join(', ') },
  ];
  for (const change of malformed) {
    const request = { ...own, headers: { ...own.headers, ...change } };
    assert.match(await refusal(request), /^signature_invalid/, JSON.stringify(change));
  }
});
