// TABLE  what the ledger records in the audit log.

import { defineActions } from '#audit';

export const ledgerActions = defineActions({
  'ledger.account.open': ['books', 'an account was opened', '10.2.1.7'],
  'ledger.account.change': ['books', 'an account was changed, frozen or closed', '10.2.1.2'],
  'ledger.transfer.post': ['books', 'money was moved'],
  'ledger.transfer.reverse': ['books', 'a transfer was reversed'],
  'ledger.hold.place': ['books', 'money was held'],
  'ledger.hold.increase': ['books', 'a hold was increased or its deadline moved'],
  'ledger.hold.capture': ['books', 'a hold was captured'],
  'ledger.hold.void': ['books', 'a hold was given back'],
  'ledger.hold.expire': ['books', 'a hold ended at its deadline'],
  'ledger.period.close': ['books', 'a period was closed', '10.2.1.2'],
  'ledger.segment.open': ['books', 'a segment of the entries was opened', '10.2.1.7'],
});
