// How the edge makes payments: single ones of one tenant that arrive together share a transaction,
// and go through the poster that everything else of the process goes through. Rows, postings, audit
// records, events, errands and kept answers commit together, and no answer is given before.

import { bankAccounts } from '#accounts';
import { ClaimLost, gather, keepAnswers, type Claim, type Gathering, type Outcome } from '#gateway';
import { Fault, type AccountId, type Clock } from '#kernel';
import { withLedger, type Answer, type Poster } from '#ledger';
import type { Caller, Database, Transaction, TransactionContext } from '#platform';
import { keepPayments } from '../keep.ts';
import type { NewPayment } from '../payment.ts';
import { no, planPayments, type Planned } from '../plan.ts';
import { booksByKey, booksKey, railBooks, type RailBooks } from '../rails/books.ts';
import { screenPlanned, type PaymentScreener } from '../screening.ts';
import { instructionsOf, knownByExternalId, railsOf, type PaymentResult } from '../send.ts';
import { selectRailBooks } from '../store/books-store.ts';
import { selectByExternalIds } from '../store/payment-store.ts';
import { paymentsOf, type AskedPayment } from './asked.ts';

/** One request: a payment, or a list that is answered as one. */
export interface PaymentRequest {
  readonly asked: readonly AskedPayment[];
  readonly caller: Caller;
  readonly claim: Claim | undefined;
  present(results: readonly PaymentResult[]): Outcome;
}

export interface PaymentPoster {
  /** Answers when it is durable. */
  make(request: PaymentRequest): Promise<Outcome>;
}

export interface PaymentPosterOptions extends Gathering {
  readonly database: Database;
  readonly clock: Clock;
  readonly poster: Poster;
  readonly screener: PaymentScreener;
  /** Accounts remembered; `KNOWN_MAX` unless given. */
  readonly accountsKnownMax?: number | undefined;
}

/** Accounts and books that are there stay there: they are looked up once. */
const KNOWN_MAX = 200_000;

export function openPaymentPoster(options: PaymentPosterOptions): PaymentPoster {
  const desk = new GatheringDesk(options);
  const coalescer = gather<PaymentRequest, Outcome | Error>(options, 'payments', (requests) =>
    desk.makeAll(requests),
  );
  return {
    async make(request) {
      const isList = request.asked.length > 1;
      const [outcome] = isList ? await desk.makeAll([request]) : [await coalescer.submit(request)];
      if (outcome instanceof Error) throw outcome;
      return outcome as Outcome;
    },
  };
}

interface Posting {
  readonly planned: readonly Planned[];
  readonly callers: readonly Caller[];
  /** In the transaction of the postings. */
  keep(tx: Transaction, answers: readonly Answer[]): Promise<void>;
}

class GatheringDesk {
  readonly #options: PaymentPosterOptions;
  readonly #accounts = new Set<string>();
  readonly #books = new Map<string, RailBooks>();

  constructor(options: PaymentPosterOptions) {
    this.#options = options;
  }

  /** One outcome, or failure, for each. A transaction sees the rows of one tenant only. */
  async makeAll(requests: readonly PaymentRequest[]): Promise<(Outcome | Error)[]> {
    const outcomes = new Map<PaymentRequest, Outcome | Error>();
    for (const group of Map.groupBy(requests, ({ caller }) => caller.tenant).values()) {
      const made = await this.#makeGroup(group);
      for (const [index, request] of group.entries()) {
        outcomes.set(request, made[index] as Outcome | Error);
      }
    }
    return requests.map((request) => outcomes.get(request) as Outcome | Error);
  }

  async #makeGroup(group: readonly PaymentRequest[]): Promise<readonly (Outcome | Error)[]> {
    try {
      return await this.#makeTogether(group);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isOfAll = error instanceof Fault && !(error instanceof ClaimLost);
      if (isOfAll || group.length === 1) return group.map(() => error);
      // One of them cannot be answered (another has taken it over): the others must not suffer.
      const outcomes: (Outcome | Error)[] = [];
      for (const request of group) outcomes.push(...(await this.#makeGroup([request])));
      return outcomes;
    }
  }

  async #makeTogether(group: readonly PaymentRequest[]): Promise<Outcome[]> {
    const context = this.#contextOf((group[0] as PaymentRequest).caller);
    const callers = group.flatMap(({ asked, caller }) => asked.map(() => caller));
    const planned = await this.#plan(
      context,
      group.flatMap(({ asked }) => asked),
    );
    const { database, screener } = this.#options;
    const reader = database.within(context.tenant ?? 'main');
    const screened = await screenPlanned(planned, { screener, reader, context, callers });
    let outcomes: Outcome[] = [];
    const keep = async (tx: Transaction, answers: readonly Answer[]): Promise<void> => {
      const results = await keepPayments(tx, screened, answers, callers);
      let from = 0;
      const endings = group.map((request) => {
        const own = results.slice(from, from + request.asked.length);
        from += request.asked.length;
        return { claim: request.claim, outcome: request.present(own) };
      });
      outcomes = await keepAnswers(tx, endings);
    };
    try {
      await this.#post(context, { planned: screened.planned, callers, keep });
    } catch (error) {
      // Where it may have committed, the log of screening will tell.
      const isUnknown = error instanceof Fault && error.code === 'commit_unknown';
      if (!isUnknown) screened.giveBack();
      throw error;
    }
    return outcomes;
  }

  async #post(context: TransactionContext, posting: Posting): Promise<void> {
    const { database, poster } = this.#options;
    const { callers } = posting;
    const instructions = instructionsOf(posting.planned);
    if (instructions.length === 0) {
      await withLedger(database, context, (tx) => posting.keep(tx, []));
      return;
    }
    await poster.post(
      context,
      instructions.map(({ instruction }) => instruction),
      {
        isGathered: true,
        callers: instructions.map(({ index }) => callers[index] ?? context),
        onDecided: (tx, { answers }) => posting.keep(tx, answers),
      },
    );
  }

  #contextOf(caller: Caller): TransactionContext {
    const { clock } = this.#options;
    return { now: clock.now(), clockOffsetUs: clock.offsetUs, ...caller };
  }

  async #plan(context: TransactionContext, asked: readonly AskedPayment[]): Promise<Planned[]> {
    const { tenant = 'main' } = context;
    const reader = this.#options.database.within(tenant);
    const payments = await paymentsOf(reader, asked);
    const names = payments.flatMap(({ externalId }) => externalId ?? []);
    const known = knownByExternalId(await selectByExternalIds(reader, names));
    const books = await this.#booksFor(context, tenant, payments);
    const strangers = await this.#strangersOf(tenant, payments);
    const planned = planPayments(payments, { known, books });
    return planned.map((plan, index) => {
      const stranger = accountsOf(payments[index] as NewPayment).find((id) => strangers.has(id));
      if (plan.what !== 'new' || stranger === undefined) return plan;
      const refused = no('payment_account_unknown', `There is no bank account ${stranger}.`);
      return { what: 'refused', refused };
    });
  }

  /** The accounts of payments that are none of the bank's customers. */
  async #strangersOf(
    tenant: string,
    payments: readonly NewPayment[],
  ): Promise<ReadonlySet<AccountId>> {
    const asked = payments.flatMap(accountsOf);
    const strangers = new Set(asked.filter((id) => !this.#accounts.has(`${tenant} ${id}`)));
    if (strangers.size === 0) return strangers;
    const { database, accountsKnownMax = KNOWN_MAX } = this.#options;
    // Whoever waits meanwhile has found out already whom of its own it does not know.
    if (this.#accounts.size > accountsKnownMax) this.#accounts.clear();
    for (const account of await bankAccounts(database.within(tenant), [...strangers])) {
      if (account === undefined) continue;
      this.#accounts.add(`${tenant} ${account.id}`);
      strangers.delete(account.id);
    }
    return strangers;
  }

  async #booksFor(
    context: TransactionContext,
    tenant: string,
    payments: readonly NewPayment[],
  ): Promise<ReadonlyMap<string, RailBooks>> {
    const found = new Map<string, RailBooks>();
    for (const { rail, currency } of railsOf(payments)) {
      const key = booksKey(rail, currency);
      const name = `${tenant} ${key}`;
      const { database } = this.#options;
      const stored =
        this.#books.get(name) ??
        booksByKey(await selectRailBooks(database.within(tenant), [{ rail, currency }])).get(key) ??
        (await database.transaction(context, (tx) => railBooks(tx, rail, currency)));
      this.#books.set(name, stored);
      found.set(key, stored);
    }
    return found;
  }
}

function accountsOf({ accountId, counterAccountId }: NewPayment): readonly AccountId[] {
  return counterAccountId === undefined ? [accountId] : [accountId, counterAccountId];
}
