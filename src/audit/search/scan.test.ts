import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newUuid } from '#kernel';
import { canonical, type Json, type JsonObject } from '../canonical.ts';
import { termsOf } from './filter.ts';
import { searchableTexts, type Leaf } from './leaf.ts';
import { scanLeaf } from './scan.ts';
import { term, wordTerm } from './term.ts';
import { isIndexed, isPrefixedId, wordsOf } from './words.ts';

const uuid = '0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000';

function leafWith(members: JsonObject): Leaf {
  return {
    action: 'ledger.transfer.post',
    actor: { authentication: 'none', id: 'tester', roles: ['teller'] },
    at: '2026-11-21T20:00:00.000Z',
    id: `aud_${uuid}`,
    origin: { address: '10.1.2.3', request_id: 'req-9' },
    outcome: 'success',
    retention: 'books',
    target: `trf_${uuid}`,
    version: 1,
    ...members,
  };
}

function scanned(leaf: Leaf): Set<number> {
  const terms = new Set<number>();
  scanLeaf(Buffer.from(canonical(leaf as unknown as JsonObject)), (each) => terms.add(each));
  return terms;
}

/** The same by way of the parsed record. */
function expected(leaf: Leaf): Set<number> {
  const parts = leaf.action.split('.');
  const beginnings = parts
    .map((_, index) => `${parts.slice(0, index + 1).join('.')}.`)
    .slice(0, -1);
  const { address } = leaf.origin;
  return new Set([
    term('actor', leaf.actor.id),
    ...[leaf.action, ...beginnings].map((name) => term('action', name)),
    term('outcome', leaf.outcome),
    term('request', leaf.origin.request_id),
    term('id', leaf.target),
    ...(address === undefined ? [] : [term('address', address)]),
    ...(leaf.reason === undefined ? [] : [term('reason', leaf.reason)]),
    ...[...searchableTexts(leaf)].flatMap(wordsOf).filter(isIndexed).map(wordTerm),
  ]);
}

function sorted(terms: ReadonlySet<number>): number[] {
  return [...terms].toSorted((left, right) => left - right);
}

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.constantFrom(
    `acc_${uuid}`,
    `paid acc_${uuid} and cus_${uuid}ff.`,
    `9acc_${uuid}`,
    `ACC_${uuid} ${uuid}`,
    `averyveryverylongprefix_${uuid}`,
    `acc_${uuid.slice(0, -1)}`,
    'Ångström, naïve: "Straße"\n\tΟΔΟΣ ΟΔΟΣ, हिन्दी ﬁne',
    'a.b_c-d 12 1 x',
    'k'.repeat(65),
  ),
);

const values = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    texts,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('the terms found in the bytes of a leaf are those of its parsed record', () => {
  const members = fc.record(
    {
      after: fc.dictionary(texts, values),
      before: fc.dictionary(texts, values),
      reason: texts,
      target: texts,
      sealed: fc.constant([
        { ciphertext: 'QUJD+zzz/xx', commitment: 'zzzz', subject: `cus_${uuid}` },
      ]),
      actor: fc.record({ authentication: texts, id: texts, roles: fc.array(texts) }),
      origin: fc.record({ request_id: texts, user_agent: texts }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(members, (given) => {
      const leaf = leafWith(given);
      assert.deepEqual(sorted(scanned(leaf)), sorted(expected(leaf)));
    }),
    { numRuns: 500 },
  );
});

test('what is sealed, the id, the times and the class of a record are no terms', () => {
  const sealed = [{ ciphertext: 'QUJDabc', commitment: 'REVGdef', subject: `cus_${uuid}` }];
  const found = scanned(leafWith({ sealed, clock_offset_us: 4711 }));
  for (const word of ['qujdabc', 'revgdef', '4711', '2026', 'books', `aud_${uuid}`]) {
    assert.ok(!found.has(wordTerm(word)), word);
  }
  assert.ok(found.has(term('id', `cus_${uuid}`)), 'the subject is found');
});

test('a record that has what a filter asks for has all terms of the filter', () => {
  const leaf = leafWith({ reason: 'account_frozen', after: { memo: 'Café au lait' } });
  const terms = scanned(leaf);
  const filters = [
    { actor: 'tester' },
    { target: `trf_${uuid}` },
    { action: 'ledger.transfer.post' },
    { action: 'ledger.' },
    { action: 'ledger.transfer.' },
    { outcome: 'success' as const },
    { reason: 'account_frozen' },
    { request: 'req-9' },
    { address: '10.1.2.3' },
    { text: 'CAFÉ lait a' },
  ];
  for (const filter of filters) {
    assert.ok(termsOf(filter).length > 0);
    for (const each of termsOf(filter)) assert.ok(terms.has(each), JSON.stringify(filter));
  }
});

test('damaged bytes give some terms and no error', () => {
  const bytes = Buffer.from(canonical(leafWith({}) as unknown as JsonObject));
  for (let length = 0; length < bytes.length; length += 1) {
    scanLeaf(bytes.subarray(0, length), () => undefined);
  }
  scanLeaf(Buffer.from('"\\'), () => undefined);
  scanLeaf(Buffer.from('{"a":"\\ud800\\'), () => undefined);
  scanLeaf(Buffer.from('{"a":"\\x"}'), () => undefined);
});

test('an id is a prefix and a UUID in lower case', () => {
  assert.ok(isPrefixedId(`acc_${uuid}`));
  assert.ok(!isPrefixedId(uuid));
  assert.ok(!isPrefixedId(`Acc_${uuid}`));
  assert.deepEqual(wordsOf(`Paid: acc_${newUuid(1)}`).length, 2);
});
