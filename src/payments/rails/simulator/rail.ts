// A rail with all other banks behind it, in memory. What became of a payment it decides once, by
// its TxId, and never changes; how it tells of it is as bad as its misbehaviour says.

import { newUuid, type Instant, formatInstant, formatDate, msOf, type Clock } from '#kernel';
import type {
  CancellationRequest,
  CreditTransfer,
  MessageAmount,
  OriginalPayment,
  PaymentReturn,
  RailMessage,
  StatusReport,
  Transfer,
} from '../../iso20022/messages/message.ts';
import { readRailMessage } from '../../iso20022/messages/read.ts';
import { writeRailMessage } from '../../iso20022/messages/write.ts';
import type { Delivery } from '../port.ts';
import { happens, type Chance, type Misbehaviour } from './misbehaviour.ts';

/** What truly became of a payment. */
export interface Carried extends MessageAmount {
  readonly transactionId: string;
  /** sent: by the bank under test; received: by it, from another bank. */
  readonly direction: 'sent' | 'received';
  status: 'settled' | 'rejected' | 'returned' | 'pending';
  reason: string | undefined;
  readonly original: OriginalPayment;
}

interface Outgoing extends Delivery {
  readonly dueMs: number;
  leasedUntilMs: number;
}

export interface RailSimulatorOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly behaviour: Misbehaviour;
  /** BIC of the bank under test, and of all others. */
  readonly participant: string;
  readonly counterpart?: string | undefined;
}

const LEASE_MS = 5_000;
const OVERTAKEN_MS = 200;
const COUNTERPART = 'SIMUDEFFXXX';

export class RailSimulator {
  readonly #options: RailSimulatorOptions;
  readonly #counterpart: string;
  readonly #carried = new Map<string, Carried>();
  #outgoing: Outgoing[] = [];
  /** Messages that could not be read: there should be none. */
  unreadable = 0;

  constructor(options: RailSimulatorOptions) {
    this.#options = options;
    this.#counterpart = options.counterpart ?? COUNTERPART;
  }

  /** What became of every payment, in the order in which they came. */
  get carried(): readonly Carried[] {
    return [...this.#carried.values()];
  }

  take(text: string): void {
    const read = readRailMessage(text);
    if (!read.isRead) {
      this.unreadable += 1;
      return;
    }
    const { message } = read;
    switch (message.kind) {
      case 'credit_transfer':
        for (const transfer of message.transfers) this.#carry(message, transfer);
        break;
      case 'status_enquiry':
        for (const { original } of message.enquiries) this.#answerEnquiry(original);
        break;
      case 'cancellation_request':
        this.#answerRecall(message);
        break;
      case 'status_report':
        this.#hearStatus(message);
        break;
      case 'payment_return':
        this.#hearReturn(message);
        break;
      case 'cancellation_answer':
        break;
    }
  }

  /** What is due, leased: not acknowledged, it comes again. */
  give(countMax: number): Delivery[] {
    const nowMs = this.#nowMs();
    const due = this.#outgoing
      .filter((each) => each.dueMs <= nowMs && each.leasedUntilMs <= nowMs)
      .slice(0, countMax);
    for (const each of due) each.leasedUntilMs = nowMs + LEASE_MS;
    return due.map(({ id, text }) => ({ id, text }));
  }

  acknowledge(ids: readonly string[]): void {
    const done = new Set(ids);
    this.#outgoing = this.#outgoing.filter(({ id }) => !done.has(id));
  }

  /** Another bank pays an account of the bank under test. */
  pay(iban: string, money: MessageAmount, endToEndId: string): string {
    const transactionId = this.#newId();
    const transfer: Transfer = {
      ...money,
      endToEndId,
      transactionId,
      localInstrument: 'INST',
      acceptedAt: formatInstant(this.#now()),
      debtor: { name: 'Simulated Payer', iban: 'DE89370400440532013000', agent: this.#counterpart },
      creditor: { name: 'NOTPROVIDED', iban, agent: this.#options.participant },
    };
    const head = this.#head();
    const original = this.#originalOf({ messageId: head.messageId }, transfer);
    this.#carried.set(transactionId, {
      ...money,
      transactionId,
      direction: 'received',
      status: 'pending',
      reason: undefined,
      original,
    });
    const settledOn = formatDate(this.#now());
    const message: RailMessage = {
      kind: 'credit_transfer',
      ...head,
      settledOn,
      transfers: [transfer],
    };
    this.#say(message, 0);
    if (this.#happens('duplicate', transactionId)) this.#say(message, 1);
    return transactionId;
  }

  /** Another bank asks for a payment back that it made. */
  recall(transactionId: string, reason = 'DUPL'): void {
    const original = this.#carried.get(transactionId)?.original;
    if (original === undefined) return;
    const request = { cancellationId: this.#newId(), original, reasons: [{ code: reason }] };
    this.#say({ kind: 'cancellation_request', ...this.#head(), requests: [request] }, 0);
  }

  #carry(message: CreditTransfer, transfer: Transfer): void {
    const transactionId = transfer.transactionId ?? transfer.endToEndId;
    // Said again, it is not carried out again: the first answer stands.
    if (this.#carried.has(transactionId)) return;
    if (this.#happens('lost', transactionId)) return;
    const { amount, currency } = transfer;
    const isRejected = this.#happens('reject', transactionId);
    const carried: Carried = {
      transactionId,
      amount,
      currency,
      direction: 'sent',
      status: isRejected ? 'rejected' : 'settled',
      reason: isRejected ? 'AC04' : undefined,
      original: this.#originalOf(message, transfer),
    };
    this.#carried.set(transactionId, carried);
    this.#tell(carried);
  }

  #tell(carried: Carried): void {
    const { transactionId, original } = carried;
    const { answerMs, slowMs } = this.#options.behaviour;
    const isSlow = this.#happens('slow', transactionId);
    const isOvertaken = this.#happens('disordered', transactionId);
    const delayMs = isSlow ? slowMs : answerMs + (isOvertaken ? OVERTAKEN_MS : 0);
    if (!this.#happens('silent', transactionId)) {
      this.#say(this.#statusOf(carried), delayMs);
      if (this.#happens('duplicate', transactionId))
        this.#say(this.#statusOf(carried), delayMs + 1);
    }
    if (this.#happens('wrong', transactionId)) this.#sayWrong(original, carried);
    if (carried.status === 'settled' && this.#happens('returned', transactionId)) {
      carried.status = 'returned';
      // A return may overtake the answer.
      this.#say(this.#returnOf(carried, 'AC04'), isOvertaken ? 0 : delayMs + OVERTAKEN_MS);
    }
  }

  #sayWrong(original: OriginalPayment, { amount, currency }: Carried): void {
    const stranger = { ...original, transactionId: this.#newId() };
    this.#say(this.#report(stranger, 'ACSC'), 0);
    const other = { ...original, amount: { amount: amount + 1n, currency } };
    this.#say(this.#report(other, 'RJCT', 'AM09'), 0);
  }

  /** What never came is rejected from now on, should it come after all. */
  #answerEnquiry(original: OriginalPayment): void {
    const { transactionId = '', amount } = original;
    let carried = this.#carried.get(transactionId);
    if (carried === undefined) {
      if (amount === undefined) return;
      carried = {
        ...amount,
        transactionId,
        direction: 'sent',
        status: 'rejected',
        reason: 'AG09',
        original,
      };
      this.#carried.set(transactionId, carried);
    }
    this.#say(this.#statusOf(carried), this.#options.behaviour.answerMs);
  }

  #answerRecall({ requests }: CancellationRequest): void {
    for (const { original, cancellationId } of requests) {
      const carried = this.#carried.get(original.transactionId ?? '');
      if (carried?.status === 'settled' && this.#isGenerous(carried.transactionId)) {
        carried.status = 'returned';
        this.#say(this.#returnOf(carried, 'FOCR'), 0);
        continue;
      }
      const answer = { outcomeId: this.#newId(), cancellationId, original };
      const reasons = [{ code: carried === undefined ? 'NOOR' : 'CUST' }];
      this.#say(
        {
          kind: 'cancellation_answer',
          ...this.#head(),
          confirmation: 'RJCR',
          answers: [{ ...answer, reasons }],
        },
        0,
      );
    }
  }

  /** Half of those who are asked give back, by the last digit of the TxId. */
  #isGenerous(transactionId: string): boolean {
    return Number.parseInt(transactionId.slice(-1), 16) % 2 === 0;
  }

  #hearStatus({ payments }: StatusReport): void {
    for (const { original, status, reasons } of payments) {
      const carried = this.#carried.get(original.transactionId ?? '');
      if (carried?.direction !== 'received' || carried.status !== 'pending') continue;
      carried.status = status === 'RJCT' ? 'rejected' : 'settled';
      carried.reason = reasons[0]?.code;
    }
  }

  #hearReturn({ returns }: PaymentReturn): void {
    for (const { original } of returns) {
      const carried = this.#carried.get(original.transactionId ?? '');
      if (carried?.direction === 'received') carried.status = 'returned';
    }
  }

  #statusOf({ status, reason, original }: Carried): StatusReport {
    return status === 'rejected'
      ? this.#report(original, 'RJCT', reason)
      : this.#report(original, 'ACSC');
  }

  #report(original: OriginalPayment, status: string, reason?: string): StatusReport {
    const reasons = reason === undefined ? [] : [{ code: reason }];
    return { kind: 'status_report', ...this.#head(), payments: [{ original, status, reasons }] };
  }

  #returnOf({ amount, currency, original }: Carried, reason: string): PaymentReturn {
    const back = { returnId: this.#newId(), original, reasons: [{ code: reason }] };
    const settledOn = formatDate(this.#now());
    return {
      kind: 'payment_return',
      ...this.#head(),
      settledOn,
      returns: [{ ...back, amount, currency }],
    };
  }

  #originalOf({ messageId }: { readonly messageId: string }, transfer: Transfer): OriginalPayment {
    const { endToEndId, transactionId, amount, currency } = transfer;
    return {
      messageId,
      message: 'pacs.008.001.08',
      endToEndId,
      transactionId,
      amount: { amount, currency },
      settledOn: formatDate(this.#now()),
    };
  }

  #head() {
    const { participant } = this.#options;
    const createdAt = formatInstant(this.#now());
    return { messageId: this.#newId(), createdAt, from: this.#counterpart, to: participant };
  }

  #say(message: RailMessage, delayMs: number): void {
    const text = writeRailMessage(message);
    const dueMs = this.#nowMs() + delayMs;
    this.#outgoing.push({ id: this.#newId(), text, dueMs, leasedUntilMs: 0 });
  }

  #happens(chance: Chance, transactionId: string): boolean {
    const { behaviour, seed } = this.#options;
    return happens(behaviour, chance, { seed, transactionId });
  }

  #now(): Instant {
    return this.#options.clock.now();
  }

  #nowMs(): number {
    return msOf(this.#now());
  }

  #newId(): string {
    return newUuid(this.#nowMs()).replaceAll('-', '');
  }
}
