// Owns which folder holds the data when nobody named one: .florin in the checkout, and for root the
// same if the database's user can reach it, else one below /var/lib made from the checkout's path.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { canEnter, databaseUser } from './system-user.ts';

const ROOTS_FOLDER = '/var/lib/florin';
const ownCheckout = path.resolve(import.meta.dirname, '..', '..', '..', '..');

/** The absolute path of the data folder. */
export function dataFolderOf(given: string | undefined, checkout: string = ownCheckout): string {
  if (given !== undefined) return path.resolve(given);
  const inCheckout = path.join(checkout, '.florin');
  if (process.getuid?.() !== 0) return inCheckout;
  const user = databaseUser(path.join(inCheckout, 'postgresql'));
  const nearest = existsSync(inCheckout) ? inCheckout : checkout;
  if (canEnter(nearest, user)) return inCheckout;
  const hash = createHash('sha256').update(checkout).digest('hex').slice(0, 12);
  return path.join(ROOTS_FOLDER, hash);
}
