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
  startedInMs: 1_249,
};

test('the banner says what runs where, how durable it is, and that nobody is asked who', () => {
  const banner = bannerOf(facts);
  for (const line of [
    'Florin 1.2.3 is up after 1.2 s (process 7, Node 24.0.0).',
    'http://127.0.0.1:8080  (No authentication yet: listening on loopback only.)',
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
