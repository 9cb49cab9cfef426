// What the routes of files stand on, and what they share.

import type { EdgeRequest } from '#gateway';
import { assert } from '#kernel';
import type { Queryable } from '#platform';
import type { FilesWorld } from '../pipeline/world.ts';

export interface FilesEdge {
  readonly files: FilesWorld;
}

/** Names of permissions. */
export const permissions = {
  read: 'files.read',
  send: 'files.send',
  readAgreements: 'files.agreements.read',
  writeAgreements: 'files.agreements.write',
} as const;

/** The rows of the caller's tenant. */
export function rowsOf(
  { files }: FilesEdge,
  { principal }: Pick<EdgeRequest, 'principal'>,
): Queryable {
  assert(principal !== undefined, 'files are not for the public');
  return files.database.within(principal.tenant);
}

export const tags = ['files'];
