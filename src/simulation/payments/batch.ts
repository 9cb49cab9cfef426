// Owns the file that another bank sends while all the rest goes on: credits to our accounts, of
// which a hundredth has no account. What each entry is to become is known before it is sent.

import { createHash, randomUUID } from 'node:crypto';
import type { AccountId } from '#kernel';
import { achOf } from '../../payments/files/testing/messages.ts';
import type { Client } from './ask.ts';
import type { DollarAccount } from './found.ts';

const NO_ACCOUNT = '999999999';
const ASTRAY_EVERY = 100;
const AMOUNT_ROUND = 1_000;
const PART_BYTES = 262_144;

export interface BatchEntry {
  /** Undefined of one that goes astray. */
  readonly account: AccountId | undefined;
  readonly number: string;
  readonly amount: bigint;
}

export interface Batch {
  readonly entries: readonly BatchEntry[];
  readonly bytes: Buffer;
}

export function batchOf(accounts: readonly DollarAccount[], size: number): Batch {
  const entries = Array.from({ length: size }, (_, index): BatchEntry => {
    const amount = BigInt((index % AMOUNT_ROUND) + 1);
    const account = accounts[index % accounts.length];
    if (account === undefined || index % ASTRAY_EVERY === ASTRAY_EVERY - 1) {
      return { account: undefined, number: NO_ACCOUNT, amount };
    }
    return { account: account.id, number: account.number, amount };
  });
  const lines = entries.map(({ number, amount }) => {
    return { direction: 'credit', account: number, amount } as const;
  });
  return { entries, bytes: achOf(lines) };
}

/** Agrees with the sender, and sends the file in parts, each until it has arrived. */
export async function sendBatch(client: Client, { bytes }: Batch): Promise<string> {
  const { id: agreementId } = await client.ask({
    method: 'POST',
    path: '/v1/file-agreements',
    key: randomUUID(),
    body: {
      sender: 'network',
      format: 'nacha',
      role: 'incoming',
      acceptance: 'whole',
      rail: 'ach',
      currency: 'USD',
      are_debits_allowed: false,
    },
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { id } = await client.ask({
    method: 'POST',
    path: '/v1/files',
    key: randomUUID(),
    body: { agreement_id: agreementId, name: 'payroll.ach', bytes: bytes.length, sha256 },
  });
  for (let offset = 0; offset < bytes.length; offset += PART_BYTES) {
    const content = bytes.subarray(offset, offset + PART_BYTES).toString('base64');
    const path = `/v1/files/${String(id)}/parts`;
    await client.ask({ method: 'PUT', path, body: { offset, content } });
  }
  return String(id);
}
