// Owns whose rows a connection sees. PostgreSQL's row-level security asks the setting
// florin.tenant; a connection without it sees nothing, and one of ours always has it. What a
// connection sees now is remembered, so that a statement costs a second one only where the tenant
// changes.

import { assert } from '#kernel';
import type { Database, Queryable } from './port.ts';

/** Whose a row is where nothing says so; its staff keep what the whole installation shares. */
export const FIRST_TENANT = 'main';

/** The rows of a tenant, or of all where none is named. */
export function rowsFor(database: Database, tenant: string | undefined): Queryable {
  return tenant === undefined ? database : database.within(tenant);
}

/** What the bank's own jobs see. No tenant can be called so. */
export const EVERY_TENANT = '*';

const TENANT = /^[a-z0-9][a-z0-9-]{0,39}$/;

interface Connection {
  query(text: string): Promise<unknown>;
}

export class SeenTenants {
  readonly #seen = new WeakMap<Connection, string>();

  /**
   * Before a statement of its own: what it sees is the tenant's. Undefined where it does already;
   * otherwise the statement may be sent behind this, but its answer is good only once this is done.
   */
  see(connection: Connection, tenant: string): Promise<void> | undefined {
    if (this.#seenBy(connection) === tenant) return undefined;
    return this.#change(connection, tenant);
  }

  async #change(connection: Connection, tenant: string): Promise<void> {
    await connection.query(`set florin.tenant = '${tenant}'`);
    this.#seen.set(connection, tenant);
  }

  /** What follows "begin", for a transaction that sees the tenant's rows and no others. */
  localTo(connection: Connection, tenant: string): string {
    if (tenant !== EVERY_TENANT) requireTenant(tenant);
    return this.#seenBy(connection) === tenant ? '' : `; set local florin.tenant = '${tenant}'`;
  }

  #seenBy(connection: Connection): string {
    return this.#seen.get(connection) ?? EVERY_TENANT;
  }
}

/** It becomes part of a statement, so its form is checked here and nowhere else. */
export function requireTenant(tenant: string): void {
  assert(TENANT.test(tenant), 'a tenant is 1 to 40 small letters, digits and hyphens');
}
