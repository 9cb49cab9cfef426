import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openSession, systemClock } from '#platform';
import type { Session } from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import type { TestDatabase } from '../../platform/database/testing.ts';
import { expireIdempotencyKeys } from './expire.ts';

let stored: TestDatabase;
let owner: Session;

before(async () => {
  stored = await testDatabase('idempotency expiry');
  owner = await openSession(stored.url);
});
after(async () => {
  await owner.close();
  await stored.drop();
});

const context = { now: systemClock().now(), actor: 'florin', correlationId: 'expiry' };

async function keepExpired(): Promise<void> {
  await owner.query({
    text: `insert into gateway.idempotent_requests (key, fingerprint, owner, leased_until,
        expires_at)
      values ($1, $2, $3, now() - interval '2 days', now() - interval '1 second')`,
    values: [randomBytes(16), randomBytes(32), randomUUID()],
  });
}

test('no key is forgotten while an approved request waits, which may have run before a crash', async () => {
  const id = randomUUID();
  await owner.query({
    text: `insert into gateway.proposals (id, tenant, operation_id, permission, summary,
        beneficiaries, execution_key, request, request_hash, maker, customer, maker_principal,
        state, proposed_at, expires_at, decided_at, decided_by)
      values ($1, 'main', 'pay', 'pay', 'Pay.', '{}', 'approved:of-a-test-of-keys', '{}',
        sha256(''), 'usr_1', 'usr_1', '{}', 'approved', now(), now() + interval '1 day', now(),
        'usr_2')`,
    values: [id],
  });
  await keepExpired();
  assert.equal(await expireIdempotencyKeys(stored.database, context), 0);
  await owner.query({
    text: `update gateway.proposals
      set state = 'executed', executed_at = now(), answer_status = 200 where id = $1`,
    values: [id],
  });
  assert.equal(await expireIdempotencyKeys(stored.database, context), 1);
});
