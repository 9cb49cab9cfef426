// TABLE  what the bank's customers and accounts leave in the audit log.

import { defineActions } from '#audit';

export const accountsActions = defineActions({
  'accounts.customer.create': ['aml', 'a customer was taken on', '10.2.1.7'],
  'accounts.customer.change': ['aml', 'what is known of a customer was changed', '10.2.1.2'],
  'accounts.customer.verify': ['aml', 'the verification of a customer changed its state'],
  'accounts.customer.erase': ['aml', 'a customer was erased', '10.2.1.7'],
  'accounts.consent.give': ['aml', 'a customer consented to a purpose'],
  'accounts.consent.withdraw': ['aml', 'a customer withdrew a consent'],
  'accounts.product.add': ['books', 'a version of a product was added', '10.2.1.7'],
  'accounts.account.open': ['books', 'a bank account was opened', '10.2.1.7'],
  'accounts.account.change': ['books', 'a bank account changed its status or limits', '10.2.1.2'],
  'accounts.account.close': ['books', 'a bank account was closed'],
  'accounts.holder.add': ['books', 'a customer became a holder of an account', '10.2.1.5'],
  'accounts.holder.end': ['books', 'a customer ceased to hold an account', '10.2.1.5'],
  'accounts.interest.book': ['books', 'interest was booked'],
  'accounts.fee.charge': ['books', 'a fee was charged'],
});
