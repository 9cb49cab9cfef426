// TABLE  what reconciliation records in the audit log.

import { defineActions } from '#audit';

export const reconciliationActions = defineActions({
  'payments.nostro.put': ['books', 'a nostro account or its rules were set', '10.2.1.2'],
  'payments.statement.take': ['books', 'a statement of another bank was taken and matched'],
  'payments.break.change': ['books', 'a break was assigned, left waiting or resolved'],
});
