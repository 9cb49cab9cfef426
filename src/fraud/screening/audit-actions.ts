// TABLE  what screening records in the audit log.

import { defineActions } from '#audit';

export const screeningActions = defineActions({
  'fraud.batch.decide': ['books', 'payments were screened for fraud together'],
  'fraud.history.annul': ['books', 'what was judged at a wrong time was taken out of the history'],
});
