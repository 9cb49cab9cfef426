// Keeps what a customer has consented to: purpose, version of the text, given or withdrawn, when
// and by whom. The latest word counts; every earlier one stays.

import { accept, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { CustomerId } from './customer.ts';
import { lockCustomer, selectConsents } from './store/customer-store.ts';
import { noteChanges, noteRefusal } from './note-changes.ts';
import { consentOf, type Consent } from './read.ts';
import { no, type CustomerRefusal } from './refusals.ts';

export interface SayConsent {
  readonly id: CustomerId;
  /** Lower case, digits and underscores: "marketing_email". */
  readonly purpose: string;
  readonly isGiven: boolean;
  /** Of the text that was shown. */
  readonly textVersion: string;
}

/** The consent as it is now; saying again what was said last is no change. */
export async function sayConsent(
  tx: Transaction,
  asked: SayConsent,
): Promise<Result<Consent, CustomerRefusal>> {
  const { id, purpose, isGiven, textVersion } = asked;
  const action = isGiven ? 'accounts.consent.give' : 'accounts.consent.withdraw';
  const before = await lockCustomer(tx, id);
  const [last] = await selectConsents(tx, id, purpose);
  const consent = last && consentOf(last);
  const refused = refusalOf(asked, before, consent);
  if (refused !== undefined) {
    await noteRefusal(tx, action, { target: id, reason: refused.refusal.code });
    return refused;
  }
  const isSame = consent?.isGiven === isGiven && (!isGiven || consent.textVersion === textVersion);
  if (before === undefined || isSame) return accept(consent as Consent);
  const details = { purpose, text_version: textVersion };
  const type = isGiven ? 'customer.consent_given' : 'customer.consent_withdrawn';
  await noteChanges(tx, [{ before, action, details, event: { type, data: { purpose } } }]);
  return accept({ purpose, isGiven, textVersion, at: tx.now, by: tx.actor });
}

function refusalOf(
  { id, purpose, isGiven }: SayConsent,
  before: { readonly erasedAt: unknown } | undefined,
  consent: Consent | undefined,
) {
  if (before === undefined) return no('customer_unknown', `There is no customer ${id}.`);
  if (before.erasedAt !== undefined) return no('customer_erased', `Customer ${id} was erased.`);
  if (isGiven || consent !== undefined) return undefined;
  return no('consent_not_given', `Customer ${id} never consented to ${purpose}.`, 'purpose');
}
