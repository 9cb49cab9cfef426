import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, type Json } from './canonical.ts';

test('numbers are those of RFC 8785 Appendix B', () => {
  const samples: [string, string][] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ];
  for (const [bits, text] of samples) {
    assert.equal(canonical(Buffer.from(bits, 'hex').readDoubleBE(0)), text, bits);
  }
  for (const bits of ['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000']) {
    const number = Buffer.from(bits, 'hex').readDoubleBE(0);
    assert.throws(() => canonical(number), /no infinity and no NaN/, bits);
  }
});

test('the sample of RFC 8785 §3.2.2 has the bytes of §3.2.4', () => {
  const sample = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`) as Json;
  const bytes =
    '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a' +
    '5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d3237' +
    '5d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d';
  assert.equal(Buffer.from(canonical(sample)).toString('hex'), bytes);
});

test('members stand in the order of RFC 8785 §3.2.3, by UTF-16 code units', () => {
  const sample = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const values = Object.values(JSON.parse(canonical({ a: 1, ...sample })) as object);
  // Parsed again, JavaScript moves the member named like an index to the front.
  assert.deepEqual(values[0], 'One');
  assert.equal(
    canonical(sample),
    String.raw`{"\r":"Carriage Return","1":"One","` +
      '\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
      '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face",' +
      '"\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  );
});

test('members that are undefined are left out, at any depth', () => {
  assert.equal(
    canonical({ b: undefined, a: { d: undefined, c: [] }, e: {} }),
    '{"a":{"c":[]},"e":{}}',
  );
});

test('half a surrogate pair has no canonical form, as value or as name', () => {
  assert.throws(() => canonical('\ud800'), /half a surrogate pair/);
  assert.throws(() => canonical(['ok', { nested: 'x\udc00' }]), /half a surrogate pair/);
  assert.throws(() => canonical({ '\ud800': 1 }), /half a surrogate pair/);
});

const json = fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' }) as fc.Arbitrary<Json>;

test('the canonical text means the same value, and is its own canonical text', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonical(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonical(JSON.parse(text) as Json), text);
    }),
  );
});

test('the order in which members were set makes no difference', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), json), {
    selector: ([name]) => name,
    maxLength: 12,
  });
  fc.assert(
    fc.property(entries, fc.nat(), (pairs, turn) => {
      const at = pairs.length === 0 ? 0 : turn % pairs.length;
      const turned = [...pairs.slice(at), ...pairs.slice(0, at)].reverse();
      const text = canonical(Object.fromEntries(pairs));
      assert.equal(canonical(Object.fromEntries(turned)), text);
      const names = pairs.map(([name]) => name).toSorted((a, b) => (a < b ? -1 : 1));
      const members = names.map((name) => {
        return `${JSON.stringify(name)}:${canonical(Object.fromEntries(pairs)[name] ?? null)}`;
      });
      assert.equal(text, `{${members.join(',')}}`);
    }),
  );
});
