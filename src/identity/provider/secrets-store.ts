// The SQL of the provider's own secret, from which it derives its keys: made once, by whichever
// process comes first, and only ever stored wrapped.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '#platform';

export async function selectSecret(
  queryable: Queryable,
  name: string,
): Promise<Buffer | undefined> {
  const [row] = await queryable.query<{ wrapped: Buffer }>({
    text: 'select s.wrapped from identity.provider_secrets s where s.name = $1',
    values: [name],
  });
  return row?.wrapped;
}

/** Does nothing where another process was first. */
export async function insertSecret(
  queryable: Queryable,
  secret: { readonly name: string; readonly wrapped: Buffer; readonly createdAt: Instant },
): Promise<void> {
  await queryable.query({
    text: `insert into identity.provider_secrets (name, wrapped, created_at)
      values ($1, $2, $3) on conflict do nothing`,
    values: [secret.name, secret.wrapped, formatInstant(secret.createdAt)],
  });
}
