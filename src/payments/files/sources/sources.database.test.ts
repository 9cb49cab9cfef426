import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { limits } from '#config';
import { withLedger } from '#ledger';
import { openSession, type Session } from '#platform';
import { tampering } from '../../../audit/testing/tampering.ts';
import { selectOutgoingFiles } from '../../rails/ach-files/outgoing-file-store.ts';
import { markSent } from '../../rails/ach-files/send-file.ts';
import { writeAchFiles } from '../../rails/ach-files/write-files.ts';
import { sendPayments } from '../../send.ts';
import { endAgreement } from '../agree.ts';
import { abandonUploads, retryFile } from '../receive.ts';
import { csvOf, openFilesBank, ROUTING, type FilesBank } from '../testing/bank.ts';
import { fileSources } from './sources.ts';

let bank: FilesBank;

// Files in every state, and agreements of both.
before(async () => {
  bank = await openFilesBank('file sources');
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/files' });
  const forsaken = await bank.agree({ sender: 'forsaken', entryMax: 5n });
  await bank.announce(forsaken, csvOf([{ amount: 1n }]));
  bank.clock.advance((limits.fileUploadMaxMs.value + 1) * 1_000);
  await abandonUploads(bank.world, bank.context());
  await bank.database.transaction(bank.context(), (tx) => endAgreement(tx, forsaken.id));
  const agreement = await bank.agree({ sender: 'network' });
  const anna = await bank.openDollars();
  const to = anna.accountNumber;
  await bank.finish(await bank.upload(agreement, csvOf([{ amount: 1n, to }, { amount: 2n }])));
  await bank.finish(await bank.upload(agreement, csvOf([{ amount: 'x' }])));
  await bank.announce(agreement, csvOf([{ amount: 3n }]));
  const unread = await bank.agree({ sender: 'unread', format: 'unheard_of', mapping: undefined });
  const stuck = await bank.upload(unread, csvOf([{ amount: 1n }], 'u'));
  await sequencer.run(bank.context());
  for (let attempt = 0; attempt < limits.fileAttemptsMax.value; attempt += 1) {
    await bank.work();
    bank.clock.advance(600_000_000);
  }
  assert.equal((await bank.read(stuck.id)).state, 'failed');
  await bank.database.transaction(bank.context(), (tx) => retryFile(tx, stuck.id));
  await writeTwo();
  await sequencer.run(bank.context());
});

/** Files for a network, of which one was sent. */
async function writeTwo(): Promise<void> {
  const { id: accountId } = await bank.openDollars(100n);
  const origin = { routingNumber: ROUTING, name: 'Florin Bank' };
  const destination = { routingNumber: '021001208', name: 'Federal Reserve Bank' };
  const { objects, keys } = bank.world;
  const party = { account: '1', agent: '091000019' };
  const asked = { kind: 'credit_out', rail: 'ach', currency: 'USD', accountId, party } as const;
  for (const amount of [10n, 20n]) {
    await withLedger(bank.database, bank.context(), (tx) =>
      sendPayments(tx, [{ ...asked, amount }], { screener: undefined }),
    );
    const options = { identity: { origin, destination }, objects, keys };
    assert.equal(await writeAchFiles(bank.database, bank.context(), options), 1);
  }
  const page = { before: undefined, limit: 1, state: undefined };
  const [file] = await selectOutgoingFiles(bank.database, page);
  assert.ok(file !== undefined);
  await bank.database.transaction(bank.context(), (tx) => markSent(tx, file.id));
}

after(async () => {
  await bank.drop();
});

async function check(open: () => Promise<Session>): Promise<string> {
  const { findings } = await verifyLog({
    open,
    connections: 1,
    findingsPerRuleMax: 50,
    trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
    keys: bank.database.keys,
    sources: fileSources,
  });
  return findings
    .filter(({ place }) => /^(outgoing )?file/.test(place))
    .map((each) => `${each.rule}: ${each.place}: ${each.expected}; ${each.found}`)
    .join('\n');
}

test('every agreement, file, run of entries and written file has its record', async () => {
  assert.equal(await check(() => openSession(bank.url)), '');
});

const stories = [
  {
    what: 'an agreement with a higher limit',
    text: `update payments.file_agreements set entry_max = 6 where entry_max = 5`,
    finds: /file agreement fag_/,
  },
  {
    what: 'a file that was stopped by hand',
    text: `update payments.files set state = 'failed', reason = 'x' where state = 'completed'`,
    finds: /file fil_/,
  },
  {
    what: 'a run of entries that was taken away',
    text: 'delete from payments.file_chunks',
    finds: /file chunk fil_/,
  },
  {
    what: 'a file for a network that was never sent',
    text: `update payments.outgoing_files set state = 'sent', sent_at = written_at
      where state = 'written'`,
    finds: /outgoing file fil_/,
  },
  {
    what: 'a file for a network with another sum',
    text: 'update payments.outgoing_files set credits = credits + 1',
    finds: /outgoing file fil_/,
  },
];

for (const { what, text, finds } of stories) {
  test(`${what} shows`, async () => {
    const found = await tampering(bank.url, async (hand, inside) => {
      await hand.query({ text });
      return await check(inside);
    });
    assert.match(found, finds);
  });
}
