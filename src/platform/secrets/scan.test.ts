import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { findSecrets } from './scan.ts';

// Written so that a scanner of this file finds nothing.
const planted: Readonly<Record<string, string>> = {
  'an access key of AWS': `aws_access_key_id = ${'AKIA'}${'QX7ZJ3ABCDEFGH2K'}`,
  'a secret key of AWS': `aws_secret_access_key=${'wJalrXUtnFEMI/K7MDENG'}/bPxRfiCYzzzzzzKEY1`,
  'a token of GitHub': `token: ${'ghp'}_${'a1B2'.repeat(9)}`,
  'an address with a password': `url=postgres${'://'}florin:correcthorse@db.bank.example/florin`,
  'a private key': generateKeyPairSync('rsa', { modulusLength: 2_048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
};

for (const [name, text] of Object.entries(planted)) {
  test(`${name} is found, with its line and without itself`, async () => {
    const found = await findSecrets(`first line\n${text}\n`, '/repository/settings.txt');
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.equal(found[0]?.line, 2);
    assert.ok(!JSON.stringify(found).includes(text.slice(-12)));
  });
}

test('what only speaks of secrets is left alone', async () => {
  const text =
    'Set FLORIN_DATABASE_URL to postgresql://USER@HOST/DATABASE; never write a key here.';
  assert.deepEqual(await findSecrets(text, '/repository/README.md'), []);
});
