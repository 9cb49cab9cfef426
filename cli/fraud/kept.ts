// Owns what --from-lake means: the decisions that the bank has kept in a range of days, in its own
// lake or in a copy of it, with the features as they were.

import { statSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '#config';
import { addDays, type Instant } from '#kernel';
import { lakeOf, paymentFeatures, type LakeObjects, type LakeReading } from '#fraud';
import { objectsFolderOf } from '../../src/keep-log.ts';
import { UsageError, type Environment } from '../usage.ts';
import { openLake, rangeOf, type Days } from './files.ts';
import { readLakeFolder } from './lake/folder.ts';

/** The options of whatever can read kept decisions. */
export const keptOptions = {
  'from-lake': { type: 'boolean', default: false },
  tenant: { type: 'string' },
} as const;

export interface KeptAsked extends Days {
  /** A folder with a copy; the installation's own lake unless given. */
  readonly folder: string | undefined;
  readonly tenant: string | undefined;
}

export interface Kept {
  readonly lake: LakeReading;
  readonly range: {
    readonly from: Instant;
    readonly until: Instant;
    readonly knownUntil: Instant;
  };
}

/** Whatever became known within a year counts. */
const KNOWN_DAYS = 366;

/** The features that kept decisions were made with, as models and rules name them. */
export const keptFeatures = {
  version: paymentFeatures.version,
  names: paymentFeatures.features.map(({ name }) => name),
};

export async function openKept(asked: KeptAsked, env: Environment): Promise<Kept> {
  const { from, until } = rangeOf(asked);
  const range = { from, until, knownUntil: addDays(until, KNOWN_DAYS) };
  if (asked.folder === undefined) return { lake: await ownLake(asked.tenant, env), range };
  if (asked.tenant !== undefined) {
    throw new UsageError('--tenant chooses a lake of the bank; a copy is of one tenant.');
  }
  requireCopy(asked.folder);
  return { lake: readLakeFolder(asked.folder), range };
}

/** The lake of a tenant of this installation. The bank may be running, and need not be. */
export async function ownLake(tenant: string | undefined, env: Environment): Promise<LakeObjects> {
  const objects = await openLake(objectsFolderOf(loadConfig(env)));
  return lakeOf(objects, tenantOf(tenant));
}

const FIRST_TENANT = 'main';

export function tenantOf(tenant = FIRST_TENANT): string {
  if (/^[a-z0-9][a-z0-9-]{0,39}$/.test(tenant)) return tenant;
  throw new UsageError(`--tenant is ${JSON.stringify(tenant)}, which is no name of a tenant.`);
}

function requireCopy(folder: string): void {
  const decisions = path.join(folder, 'decisions');
  if (statSync(decisions, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new UsageError(`${folder} is no copy of a lake: it has no folder decisions.`);
}
