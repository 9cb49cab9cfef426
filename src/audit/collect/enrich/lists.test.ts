import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, parseRange } from './address.ts';
import { readAccounts, readBadList, readOwnRanges } from './lists.ts';
import { Ranges } from './ranges.ts';

const address = (text: string): bigint => parseAddress(text) ?? -1n;

test('a bad list has addresses, CIDR and dashed ranges of both kinds, and comments', () => {
  const text = [
    '# a feed',
    '192.0.2.1',
    '198.51.100.0/24 ; SBL1',
    '',
    '2001:db8:bad::/48 # v6',
    '203.0.113.5-203.0.113.9',
  ].join('\r\n');
  const list = readBadList({ name: 'feed', text });
  assert.ok(list.ok);
  const { ranges } = list.value;
  for (const bad of ['192.0.2.1', '198.51.100.200', '2001:db8:bad:1::9', '203.0.113.7']) {
    assert.equal(ranges.find(address(bad)), true, bad);
  }
  for (const good of ['192.0.2.2', '198.51.101.1', '2001:db8:bae::', '203.0.113.10']) {
    assert.equal(ranges.find(address(good)), undefined, good);
  }
});

test('a line that cannot be read refuses its list, and is named', () => {
  const list = readBadList({ name: 'feed', text: '192.0.2.1\nbotnet.example\n' });
  assert.ok(!list.ok);
  assert.equal(list.refusal.message, 'Line 2 of feed is no address and no range.');
  assert.ok(!readOwnRanges({ name: 'own', text: 'Prague 10.0.0.0/8' }).ok);
  assert.ok(!readAccounts({ name: 'accounts', text: '123456789012' }).ok);
  assert.ok(!readAccounts({ name: 'accounts', text: '{"1": 2}' }).ok);
});

test('of nested own ranges the innermost names an address', () => {
  const own = readOwnRanges({
    name: 'own',
    text: '10.0.0.0/8 bank\n10.20.0.0/16 Prague office\n10.20.30.0/24\n',
  });
  assert.ok(own.ok);
  assert.equal(own.value.find(address('10.1.1.1')), 'bank');
  assert.equal(own.value.find(address('10.20.1.1')), 'Prague office');
  assert.equal(own.value.find(address('10.20.30.1')), '10.20.30.0/24');
  assert.equal(own.value.find(address('11.1.1.1')), undefined);
});

test('accounts are lines, a JSON object, or what the AWS command prints', () => {
  const files = [
    '# ours\n123456789012, production\n210987654321 "sand box"',
    '{"123456789012": "production", "210987654321": "sand box"}',
    JSON.stringify({
      Accounts: [
        { Id: '123456789012', Name: 'production' },
        { Id: '210987654321', Name: 'sand box' },
      ],
    }),
  ];
  for (const text of files) {
    const accounts = readAccounts({ name: 'accounts', text });
    assert.ok(accounts.ok, text);
    assert.deepEqual(
      [...accounts.value],
      [
        ['123456789012', 'production'],
        ['210987654321', 'sand box'],
      ],
    );
  }
});

test('a set of ranges finds exactly the addresses in its ranges, however they overlap', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 }))
    .map(([first, size]) => ({ first: BigInt(first), last: BigInt(first + size) }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (given) => {
      const ranges = new Ranges(given.map((one) => ({ ...one, value: true as const })));
      const inner = new Ranges(given.map((one) => ({ ...one, value: one.last - one.first })));
      for (let at = 0n; at < 350n; at += 1n) {
        const holding = given.filter(({ first, last }) => first <= at && at <= last);
        assert.equal(ranges.find(at) === true, holding.length > 0);
        assert.equal(inner.find(at) !== undefined, holding.length > 0);
      }
    }),
  );
  assert.equal(parseRange('10.0.0.0/8') !== undefined, true);
});

test('joining the ranges of a bad list changes nothing of what it finds', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const line = fc
    .tuple(octet, octet, fc.integer({ min: 16, max: 32 }))
    .map(([a, b, bits]) => `10.0.${a}.${b}/${bits}`);
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 40 }),
      fc.array(octet),
      (lines, tries) => {
        const list = readBadList({ name: 'feed', text: lines.join('\n') });
        assert.ok(list.ok);
        const ranges = lines.map((one) => parseRange(one));
        for (const [index, last] of tries.entries()) {
          const tried = address(`10.0.${index % 256}.${last}`);
          const isBad = ranges.some((one) => one && one.first <= tried && tried <= one.last);
          assert.equal(list.value.ranges.find(tried) === true, isBad);
        }
      },
    ),
  );
});
