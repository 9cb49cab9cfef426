// TABLE  what cases, alerts, snoozes, filed documents and labels record in the audit log. They are
// kept as long as what supports a report of suspicious activity must be.

import { defineActions } from '#audit';

export const fraudCaseActions = defineActions({
  'fraud.alert.raise': ['aml', 'an alert was raised, or kept aside because it is snoozed'],
  'fraud.case.change': ['aml', 'a case was opened, worked on, closed or reopened'],
  'fraud.snooze.put': ['aml', 'alerts of some kind were snoozed, or the snooze was ended'],
  'fraud.report.make': ['aml', 'a document about suspicious activity was made to be filed'],
  'fraud.label.make': ['aml', 'it became known whether something was fraud'],
});
