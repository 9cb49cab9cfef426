import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyWebhook, WebhookError } from './index.ts';

// The published vectors of Standard Webhooks and of its asymmetric scheme.
const symmetric = `whsec_${'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'}`;
const asymmetric = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const body = '{"test": 2432232314}';
const v1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const v1a =
  'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
const sentS = 1_614_265_330;

const headers = (signature: string, changes: Record<string, string> = {}) => ({
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': String(sentS),
  'webhook-signature': signature,
  ...changes,
});
const options = { keys: [symmetric, asymmetric], nowMs: sentS * 1_000 };

test('both schemes of Standard Webhooks verify their published vectors', async () => {
  for (const signature of [v1, v1a, `v2,AAAA v1,AAAA ${v1}`, `${v1a} ${v1}`]) {
    assert.deepEqual(await verifyWebhook(body, headers(signature), options), { test: 2432232314 });
  }
  const bytes = new TextEncoder().encode(body);
  assert.deepEqual(await verifyWebhook(bytes, new Headers(headers(v1)), options), {
    test: 2432232314,
  });
});

test('whatever was changed on the way is refused', async () => {
  const bad = [
    () => verifyWebhook(body.replace('4}', '5}'), headers(v1), options),
    () => verifyWebhook(body, headers(v1, { 'webhook-id': 'msg_other' }), options),
    () => verifyWebhook(body, headers(v1, { 'webhook-timestamp': String(sentS + 1) }), options),
    () => verifyWebhook(body, headers(v1.slice(0, -8)), options),
    () => verifyWebhook(body, headers(v1.replace('v1,', 'v2,')), options),
    () => verifyWebhook(body, headers(v1.replace('v1,', 'v1a,')), options),
    () => verifyWebhook(body, headers('v1,***'), options),
    () => verifyWebhook(body, headers(v1), { ...options, keys: [asymmetric] }),
    () => verifyWebhook(body, { ...headers(v1), 'webhook-id': undefined }, options),
    () => verifyWebhook(body, headers(v1, { 'webhook-timestamp': 'now' }), options),
  ];
  for (const attempt of bad) await assert.rejects(attempt(), WebhookError);
});

test('a message is good for five minutes either way', async () => {
  const at = (offsetS: number) =>
    verifyWebhook(body, headers(v1), { ...options, nowMs: (sentS + offsetS) * 1_000 });
  await at(300);
  await at(-300);
  await assert.rejects(at(301), WebhookError);
  await assert.rejects(at(-301), WebhookError);
});
