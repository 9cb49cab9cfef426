// Owns a crowd that pays all the while: customers within the bank and to other banks, and other
// banks to customers. Each payment is asked for until it is answered; what was asked is kept here,
// to be held against what the bank has in its books.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountId } from '#kernel';
import { randomOf, type Random } from '../random.ts';
import { Client } from './ask.ts';
import type { EuroAccount } from './found.ts';

export interface Asked {
  readonly kind: 'book' | 'credit_out' | 'credit_in';
  readonly endToEndId: string;
  /** Ours: the payer, or of one that comes in the payee. */
  readonly account: AccountId;
  /** Ours too, within the bank. */
  readonly counter?: AccountId | undefined;
  readonly amount: bigint;
}

/** The bank's id for it is what the client was told. */
export interface Answered extends Asked {
  readonly id: string;
}

export interface CrowdOptions {
  readonly url: string;
  readonly railUrl: string;
  readonly token: string;
  readonly accounts: readonly EuroAccount[];
  readonly seed: number;
}

const CLIENTS = 6;
const PAUSE_MAX_MS = 60;
const DOUBT_MS = 500;
/** Of one client. */
const DOUBTS_MAX = 10;
const PAYERS_PAUSE_MS = 150;
const AMOUNT_MAX = 5_000;
const ELSEWHERE = { name: 'Ada Example', iban: 'DE89370400440532013000', bic: 'COBADEFFXXX' };

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #client: Client;
  readonly #work: Promise<unknown>;
  #isLeaving = false;
  #failure: Error | undefined;
  /** What clients asked the bank for and were answered. */
  readonly answered: Answered[] = [];
  /** What other banks paid. */
  readonly incoming: Asked[] = [];
  /** Answers that were asked for a second time. */
  replays = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#client = new Client(options);
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.#pay(number));
    this.#work = Promise.all([...clients, this.#payIn()]);
    this.#work.catch((cause: unknown) => {
      this.#failure = new Error('somebody of the crowd gave up', { cause });
    });
  }

  /** How many payments were answered; throws what made somebody give up. */
  get progress(): number {
    if (this.#failure !== undefined) throw this.#failure;
    return this.answered.length;
  }

  get repeats(): Readonly<Record<string, number>> {
    return this.#client.repeats;
  }

  /** Begins nothing any more, and resolves when all that was asked is answered. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.#work;
  }

  async #pay(number: number): Promise<void> {
    const random = randomOf(this.#options.seed + number);
    const underWay = new Set<Promise<void>>();
    for (let count = 0; !this.#isLeaving; count += 1) {
      const asked = this.#draw(random, `client-${number}-${count}`);
      const asking = this.#make(asked, random.chance(0.1)).then(() => {
        underWay.delete(asking);
      });
      underWay.add(asking);
      // What is in doubt is asked again while others go on.
      await Promise.race([asking, sleep(DOUBT_MS)]);
      if (underWay.size >= DOUBTS_MAX) await Promise.race(underWay);
      await sleep(random.below(PAUSE_MAX_MS));
    }
    await Promise.all(underWay);
  }

  async #make(asked: Asked, isAskedAgain: boolean): Promise<void> {
    const { account, counter, amount, endToEndId } = asked;
    const request = {
      method: 'POST',
      path: '/v1/payments',
      key: randomUUID(),
      body: {
        debtor_account_id: account,
        creditor: counter === undefined ? ELSEWHERE : { account_id: counter },
        amount: String(amount),
        currency: 'EUR',
        end_to_end_id: endToEndId,
      },
    } as const;
    const { id } = await this.#client.ask(request);
    this.answered.push({ ...asked, id: String(id) });
    if (!isAskedAgain) return;
    const again = await this.#client.ask(request);
    this.replays += 1;
    if (again['id'] !== id) throw new Error(`asked again, ${String(id)} is another payment`);
  }

  #draw(random: Random, endToEndId: string): Asked {
    const { accounts } = this.#options;
    const { id: account } = random.pick(accounts);
    const amount = BigInt(1 + random.below(AMOUNT_MAX));
    if (random.chance(0.5)) return { kind: 'credit_out', endToEndId, account, amount };
    const { id: counter } = random.pick(accounts.filter(({ id }) => id !== account));
    return { kind: 'book', endToEndId, account, counter, amount };
  }

  async #payIn(): Promise<void> {
    const { seed, accounts, railUrl } = this.#options;
    const random = randomOf(seed + CLIENTS);
    for (let count = 0; !this.#isLeaving; count += 1) {
      const { id: account, iban } = random.pick(accounts);
      const amount = BigInt(1 + random.below(AMOUNT_MAX));
      const endToEndId = `other-bank-${count}`;
      const body = { iban, amount: String(amount), currency: 'EUR', end_to_end_id: endToEndId };
      const response = await fetch(`${railUrl}/pay`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`the rail answered ${response.status}`);
      this.incoming.push({ kind: 'credit_in', endToEndId, account, amount });
      await sleep(random.below(PAYERS_PAUSE_MS));
    }
  }
}
