import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bannerOf, type BannerFacts } from './banner.ts';

const facts: BannerFacts = {
  version: '1.2.3',
  nodeVersion: '24.0.0',
  processId: 7,
  url: 'http://127.0.0.1:8080',
  server: {
    version: '18.4',
    versionNumber: 180_004,
    fsync: 'on',
    synchronousCommit: 'on',
    fullPageWrites: 'on',
    dataChecksums: 'on',
    connectionsMax: 60,
    connections: 3,
    isStandby: false,
  },
  dataFolder: '/var/bank',
  isShared: false,
  databaseUrl: 'postgresql:///florin?user=florin',
  schemaVersion: 2,
  size: { accounts: 4_523, transfers: 51_395, isEstimated: false },
  isSampleLoaded: false,
  invitation: undefined,
  startedInMs: 1_249,
};

test('the banner says what runs where, how durable it is, and how to come in', () => {
  const banner = bannerOf(facts);
  for (const line of [
    'Florin 1.2.3 is up after 1.2 s (process 7, Node 24.0.0).',
    'HTTP        http://127.0.0.1:8080\n',
    'npm run -s florin -- token',
    'http://127.0.0.1:8080/docs to read and try',
    'PostgreSQL 18.4, embedded\n',
    '/var/bank  (kept between starts)',
    'psql "postgresql:///florin?user=florin"',
    'fsync on, synchronous_commit on, full_page_writes on, data_checksums on',
    '4,523 accounts, 51,395 transfers, schema version 2',
  ]) {
    assert.ok(banner.includes(line), `${line}\n${banner}`);
  }
  assert.ok(!banner.includes('Sample'));
  assert.ok(!banner.includes('Invitation'));
});

test('a bank without an administrator tells how to become the first', () => {
  const invitation = { page: 'http://localhost:8080/identity/pages/invitation', code: 'ABCD-EFGH' };
  const banner = bannerOf({ ...facts, invitation });
  assert.match(banner, /Invitation .*identity\/pages\/invitation with the code ABCD-EFGH\n/);
});

test('the banner of a new ledger names the sample and the way to real data', () => {
  const banner = bannerOf({ ...facts, isSampleLoaded: true });
  assert.match(banner, /Sample .*FLORIN_SAMPLE=off/);
  assert.match(banner, /import berka DIR/);
});

test('the banner of another database has no folder, and marks an estimate', () => {
  const size = { accounts: 1, transfers: 12_000_000, isEstimated: true };
  const banner = bannerOf({ ...facts, dataFolder: undefined, size });
  assert.match(banner, /Database +PostgreSQL 18\.4, from FLORIN_DATABASE_URL\n/);
  assert.match(banner, /about 12,000,000 transfers/);
  assert.ok(!banner.includes('kept between starts'));
});
