// A bank with one account on a rail that is simulated on a real socket, for tests: everything that
// processes would do by themselves is done here step by step, and time is what the test says.

import assert from 'node:assert/strict';
import { MILLISECOND_US, type AccountId, type Currency } from '#kernel';
import { withLedger } from '#ledger';
import { openLogger, openQueues, openWorkers, type TransactionContext } from '#platform';
import { openAccountsBank, product, type AccountsBank } from '../../accounts/testing/bank.ts';
import { payment as transferOf } from '../../ledger/testing/bank.ts';
import { queueOf } from '../facts.ts';
import { changePayments, type PaymentChange } from '../change.ts';
import type { NewPayment, Payment } from '../payment.ts';
import { openHttpConnection } from '../rails/http-connection.ts';
import type { RailConnection } from '../rails/port.ts';
import { enquireOverdue } from '../rails/sct-inst/enquiries.ts';
import { openSctInst } from '../rails/sct-inst/open.ts';
import { tellRail } from '../rails/sct-inst/outgoing.ts';
import { takeAll } from '../rails/sct-inst/receiver.ts';
import { wellBehaved, type Misbehaviour } from '../rails/simulator/misbehaviour.ts';
import { startSimulator } from '../rails/simulator/server.ts';
import { railBooks } from '../rails/books.ts';
import type { PaymentScreener } from '../screening.ts';
import { sendPayments } from '../send.ts';
import { selectPayments } from '../store/payment-store.ts';
import { party } from './bank.ts';

export const OWN_BIC = 'FLORCZPPXXX';
const EUR = 'EUR' as Currency;
const VISIBILITY_MS = 5_000;

export type RailedBank = Awaited<ReturnType<typeof openRailedBank>>;

interface RailedOptions {
  readonly seed?: number;
  readonly behaviour?: Partial<Misbehaviour>;
  /** Judges what comes in; nobody does unless given. */
  readonly screenerOf?: (bank: AccountsBank) => PaymentScreener;
}

export async function openRailedBank(
  name: string,
  { seed = 1, behaviour = {}, screenerOf }: RailedOptions = {},
) {
  const bank = await openAccountsBank(name);
  const { clock } = bank;
  await bank.addProducts(product({ code: 'euro', currency: EUR }));
  const account = await bank.openOne({ product: 'euro' });
  const cash = await bank.open({ path: 'assets:cash', currency: EUR, normalSide: 'debit' });
  await bank.post(transferOf(cash, account.id, 1_000_000n));
  const simulator = await startSimulator({
    port: 0,
    clock,
    seed,
    behaviour: { ...wellBehaved, ...behaviour },
    participant: OWN_BIC,
  });
  const connection = openHttpConnection({
    name: 'sct_inst',
    url: simulator.url,
    participant: OWN_BIC,
  });
  const screener = screenerOf?.(bank);
  const world: World = { bank, connection, account: account.id, screener };
  const { lines, ...said } = talkingOf(world);

  async function close(): Promise<void> {
    connection.close();
    await simulator.close();
    await bank.checkBooks();
    await bank.drop();
  }

  const asked = { ...payingOf(world), ...questionsOf(world) };
  return {
    ...bank,
    ...asked,
    ...said,
    context: () => contextOf(world),
    account,
    rail: simulator.rail,
    lines,
    close,
  };
}

interface World {
  readonly bank: AccountsBank;
  readonly connection: RailConnection;
  readonly account: AccountId;
  readonly screener: PaymentScreener;
}

const contextOf = ({ bank }: World): TransactionContext => ({ ...bank.context(), tenant: 'main' });

function talkingOf({ bank, connection, screener }: World) {
  const { database, clock } = bank;
  const queues = openQueues({ database, clock });
  const lines: string[] = [];
  const logger = openLogger({ level: 'warn', write: (line) => lines.push(line) });
  const rail = { database, clock, connection, screener, own: OWN_BIC, logger, tenant: 'main' };
  const tell = tellRail(rail);

  /** Whether anything was told. */
  async function tellAll(): Promise<boolean> {
    const queue = queueOf.sct_inst;
    const received = await queues.receive(queue, { max: 200, visibilityMs: VISIBILITY_MS });
    if (received.length === 0) return false;
    assert.ok((await tell(received)).every((result) => result === undefined));
    await queues.complete(
      queue,
      received.map(({ receipt }) => receipt),
    );
    return true;
  }

  async function hearAll(): Promise<boolean> {
    const deliveries = await connection.collect({ countMax: 200, waitMs: 0 });
    await takeAll(rail, deliveries);
    return deliveries.length > 0;
  }

  /** Until neither side has anything more to say now. */
  async function talk(): Promise<void> {
    while ((await tellAll()) || (await hearAll()));
  }

  /** Lets time pass, in steps, with enquiries as they come due. */
  async function pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      clock.advance(stepMs * MILLISECOND_US);
      await enquireOverdue(database, bank.context());
      await talk();
    }
  }

  /** As in production: nobody steps. */
  function startProcesses(): { stop(): Promise<void> } {
    const sctInst = openSctInst(rail);
    const workers = openWorkers({ database, clock, queues, logger }, [sctInst.worker]);
    const receiver = sctInst.receive();
    return {
      async stop() {
        await workers.stop();
        await receiver.stop();
      },
    };
  }

  return { tellAll, hearAll, talk, pass, startProcesses, lines };
}

function payingOf(world: World) {
  const { database } = world.bank;

  async function pay(amount: bigint, part: Partial<NewPayment> = {}): Promise<Payment> {
    const asked: NewPayment = {
      kind: 'credit_out',
      rail: 'sct_inst',
      accountId: world.account,
      amount,
      currency: EUR,
      party,
      ...part,
    };
    const [result] = await withLedger(database, contextOf(world), (tx) =>
      sendPayments(tx, [asked], { screener: world.screener }),
    );
    assert.ok(result?.ok === true, result?.ok === false ? result.refusal.code : '');
    return result.value;
  }

  async function change(asked: PaymentChange): Promise<void> {
    const [result] = await withLedger(database, contextOf(world), (tx) =>
      changePayments(tx, [asked]),
    );
    assert.ok(result?.ok === true, result?.ok === false ? result.refusal.code : '');
  }

  return { pay, change };
}

function questionsOf(world: World) {
  const { bank } = world;
  const { database } = bank;

  async function statusOf(...payments: readonly Pick<Payment, 'id'>[]): Promise<string[]> {
    const ids = payments.map(({ id }) => id);
    const found = await selectPayments(database, ids);
    return ids.map((id) => {
      const payment = found.find((each) => each.id === id);
      return [payment?.status, payment?.reason].filter((part) => part !== undefined).join(' ');
    });
  }

  async function balance(id: AccountId): Promise<bigint> {
    const row = await bank.balance(id);
    return row.posted_credits - row.posted_debits;
  }

  /** The credits of a book of the rail less its debits. */
  async function book(which: 'transit' | 'nostro' | 'incoming' | 'claims'): Promise<bigint> {
    const books = await database.transaction(contextOf(world), (tx) =>
      railBooks(tx, 'sct_inst', EUR),
    );
    return await balance(books[which]);
  }

  async function outcomes(): Promise<Record<string, number>> {
    const rows = await database.query<{ outcome: string; count: bigint }>({
      text: 'select outcome, count(*) from payments.rail_messages group by 1',
    });
    return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, Number(count)]));
  }

  return { statusOf, balance, book, outcomes };
}
