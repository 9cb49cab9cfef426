// Owns the arithmetic a message states of itself: how many payments it holds and what they add up
// to, of the whole and of each payment information. A control sum adds amounts of any currencies.
import { DecimalSum } from '../amounts.ts';
import type { MessageFault } from '../read-message.ts';

/** What was counted, and what the message says of it. */
export class StatedTotals {
  readonly #sum = new DecimalSum();
  #count = 0;
  #statedCount: string | undefined;
  #statedSum: string | undefined;

  state(count: string | undefined, sum: string | undefined): void {
    this.#statedCount = count;
    this.#statedSum = sum;
  }

  stateCount(count: string): void {
    this.#statedCount = count;
  }

  stateSum(sum: string): void {
    this.#statedSum = sum;
  }

  /** One payment; false where its amount is no decimal. */
  count(amount: string | undefined): boolean {
    this.#count += 1;
    return amount === undefined ? false : this.#sum.add(amount);
  }

  get entries(): number {
    return this.#count;
  }

  get sum(): string {
    return this.#sum.toString();
  }

  /** What is stated wrongly, of a part of the message with that name. */
  faults(part: string, line: number): MessageFault[] {
    const faults: MessageFault[] = [];
    const count = this.#statedCount;
    if (
      count !== undefined &&
      BigInt(/^[0-9]+$/.test(count) ? count : -1) !== BigInt(this.#count)
    ) {
      const message = `${part} states ${count} payments, and has ${this.#count}.`;
      faults.push({ rule: 'iso_count_wrong', message, line, field: `${part}/NbOfTxs` });
    }
    const sum = this.#statedSum;
    if (sum !== undefined && !this.#sum.equals(sum)) {
      const message = `${part} states the control sum ${sum}, and has ${this.sum}.`;
      faults.push({ rule: 'iso_control_sum_wrong', message, line, field: `${part}/CtrlSum` });
    }
    return faults;
  }
}
