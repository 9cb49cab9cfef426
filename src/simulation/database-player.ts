// Owns playing on a real ledger: every step goes through the ledger's own door into a real
// database.

import { assert, type AccountId, type Instant, type TransferId } from '#kernel';
import {
  account,
  balanceAt,
  changeAccount,
  closePeriod,
  expireHolds,
  hold,
  openAccounts,
  postBatch,
  type Instruction,
  type Posted,
  type PostMode,
  type Poster,
  type PostResult,
} from '#ledger';
import type { Database, TransactionContext } from '#platform';
import type { ChangeStep } from './history.ts';
import type { OracleAccount, OracleTerms } from './oracle/account.ts';
import type { OracleHold } from './oracle/world.ts';
import type { Past, PastPoint, Player } from './play.ts';

export class DatabasePlayer implements Player {
  readonly isMonotone: boolean;
  readonly isHurried: boolean;
  readonly #database: Database;
  readonly #poster: Poster | undefined;
  #now = 0 as Instant;

  /** With a poster, what is no dry run is posted through it. */
  constructor(
    database: Database,
    options: { readonly poster: Poster | undefined; readonly isHurried: boolean },
  ) {
    this.#database = database;
    this.#poster = options.poster;
    this.isHurried = options.isHurried;
    this.isMonotone = options.isHurried || options.poster !== undefined;
  }

  async open(accounts: readonly OracleTerms[], now: Instant): Promise<AccountId[]> {
    const asked = accounts.map(({ state, ...terms }, number) => {
      assert(state === 'open', 'a history begins with open accounts');
      return { ...terms, path: `simulation:account-${number}` };
    });
    const results = await this.#database.transaction(this.#context(now), (tx) =>
      openAccounts(tx, asked),
    );
    return results.map((result) => {
      assert(result.ok, 'the accounts of a history can be opened');
      return result.value.id;
    });
  }

  async post(
    instructions: readonly Instruction[],
    options: { readonly now: Instant; readonly mode: PostMode; readonly isDryRun: boolean },
  ): Promise<readonly PostResult<Posted>[]> {
    const { now, ...how } = options;
    const context = this.#context(now);
    if (this.#poster !== undefined && !how.isDryRun) {
      return (await this.#poster.post(context, instructions, { mode: how.mode })).answers;
    }
    return (await postBatch(this.#database, context, instructions, how)).answers;
  }

  async expire(now: Instant): Promise<void> {
    await expireHolds(this.#database, this.#context(now));
  }

  async change(id: AccountId, terms: ChangeStep['terms'], now: Instant): Promise<boolean> {
    const result = await this.#database.transaction(this.#context(now), (tx) =>
      changeAccount(tx, { accountId: id, ...terms }),
    );
    return result.ok;
  }

  async close(closedBefore: Instant, now: Instant): Promise<boolean> {
    const result = await this.#database.transaction(this.#context(now), (tx) =>
      closePeriod(tx, { closedBefore }),
    );
    return result.ok;
  }

  async account(id: AccountId): Promise<Omit<OracleAccount, 'recordedAt' | keyof OracleTerms>> {
    const found = await account(this.#database, id);
    assert(found !== undefined, 'an opened account is there');
    return { id, ...found.balances };
  }

  async hold(id: TransferId): Promise<Pick<OracleHold, 'state' | 'legs'>> {
    const found = await hold(this.#database, id, this.#now);
    assert(found !== undefined, 'an accepted hold is there');
    return found;
  }

  async past(id: AccountId, asOf: PastPoint): Promise<Past> {
    const found = await balanceAt(this.#database, id, asOf, this.#now);
    assert(found !== undefined, 'an opened account is there');
    const { balance, version } = found.balances;
    return { balance, version };
  }

  #context(now: Instant): TransactionContext {
    this.#now = now;
    return { now, actor: 'simulation', correlationId: 'simulation' };
  }
}
