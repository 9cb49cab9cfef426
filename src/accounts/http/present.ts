// From bank accounts and products to the JSON that clients read, and back.

import { formatDate, formatInstant, parseDate, parseInstant, type Instant } from '#kernel';
import type { BankAccount, NewBankAccount } from '../account.ts';
import type { AddHolder } from '../holders.ts';
import type { Position } from '../interest/accrue.ts';
import type { PastBooking } from '../interest/position-store.ts';
import { minorOf } from '../interest/rate.ts';
import type { Numbering } from '../numbers/own-number.ts';
import {
  readTerms,
  writeTerms,
  type NewProductVersion,
  type Product,
  type ProductTerms,
} from '../products/product.ts';
import type { HolderBody, OpenAccountBody, ProductBody } from './account-schemas.ts';

export function newAccountOf(body: OpenAccountBody): NewBankAccount {
  const { number } = body;
  return {
    product: body.product,
    owners: body.owners,
    externalId: body.external_id,
    overdraft: body.overdraft === undefined ? undefined : BigInt(body.overdraft),
    number:
      number === undefined || 'iban' in number
        ? number
        : { routingNumber: number.routing_number, accountNumber: number.account_number },
    ledgerAccount: body.ledger_account,
  };
}

export function newHolderOf(accountId: AddHolder['accountId'], body: HolderBody): AddHolder {
  const limitOf = (text: string | undefined): bigint | undefined =>
    text === undefined ? undefined : BigInt(text);
  return {
    accountId,
    customer: body.customer,
    role: body.role,
    acts: body.acts,
    transferMax: limitOf(body.transfer_max),
    dayMax: limitOf(body.day_max),
    validTo: body.valid_to === undefined ? undefined : parseInstant(body.valid_to),
  };
}

export function presentAccount(account: BankAccount): object {
  return {
    id: account.id,
    product: account.product,
    currency: account.currency,
    status: account.status,
    status_reason: account.statusReason ?? null,
    owners: account.owners.map(({ customer, role }) => ({ customer, role })),
    iban: account.iban ?? null,
    routing_number: account.routingNumber ?? null,
    account_number: account.accountNumber ?? null,
    external_id: account.externalId ?? null,
    overdraft: String(account.overdraft),
    opened_at: formatInstant(account.openedAt),
    changed_at: formatInstant(account.changedAt),
  };
}

export function presentInterest({ accrued, booked, ...position }: Position): object {
  return {
    accrued_through: formatDate(position.accruedThrough),
    credit: String(minorOf(accrued.credit) - booked.credit),
    debit: String(minorOf(accrued.debit) - booked.debit),
    due_through: formatDate(position.dueThrough),
  };
}

export function presentBooking(booking: PastBooking): object {
  return {
    transfer_id: booking.transferId,
    kind: booking.kind,
    fee: booking.fee ?? null,
    period_end: formatDate(booking.periodEnd),
    amount: String(booking.amount),
    booked_at: formatInstant(booking.bookedAt),
  };
}

export function presentProduct(product: Product): object {
  return {
    code: product.code,
    version: product.version,
    effective_from: formatDate(product.effectiveFrom),
    kind: product.kind,
    currency: product.currency,
    name: product.name,
    terms: writeTerms(product.terms),
    created_at: formatInstant(product.createdAt),
  };
}

/** The version a body asks for, with the bank's own numbers where it names none. */
export function newVersionOf(
  code: string,
  body: ProductBody,
  ownNumbering: Numbering,
): NewProductVersion {
  const { terms } = body;
  const plain = writeTerms({ ...noTerms, numbering: ownNumbering });
  const read = readTerms({ ...plain, ...terms });
  return {
    code,
    // The schema has seen to the form of dates, amounts and rates.
    effectiveFrom: parseDate(body.effective_from) as Instant,
    kind: body.kind,
    currency: body.currency,
    name: body.name,
    terms: read as ProductTerms,
  };
}

const noTerms: ProductTerms = {
  overdraftMax: 0n,
  balanceMax: undefined,
  numbering: { scheme: 'none' },
  interest: undefined,
  fees: [],
  dormancy: undefined,
};
