// TABLE  what the log records about itself and about access to it.

import { defineActions } from './action.ts';

export const auditActions = defineActions({
  'audit.log.start': ['security', 'recording began', '10.2.1.6'],
  'audit.log.stop': ['security', 'recording ended', '10.2.1.6'],
  'audit.records.read': ['security', 'records were searched or read', '10.2.1.3'],
  'audit.records.exported': ['security', 'records were exported', '10.2.1.3'],
  'audit.receipt.read': ['security', 'the receipt of a record was read', '10.2.1.3'],
  'audit.log.verified': ['security', 'the whole log was read and verified', '10.2.1.3'],
  'audit.anchor.written': ['security', 'an anchor was stored'],
  'audit.month.archived': ['security', 'a month was stored as archive objects', '10.2.1.7'],
  'audit.month.removed': ['security', 'an archived month left the database', '10.2.1.7'],
  'audit.archive.expired': ['security', 'an archive at the end of its retention', '10.2.1.7'],
  'audit.legal_hold.placed': ['security', 'a legal hold was placed', '10.2.1.2'],
  'audit.legal_hold.released': ['security', 'a legal hold was released', '10.2.1.2'],
  'audit.subject.erased': ['books', 'the key and salt of a subject were destroyed', '10.2.1.2'],
  'audit.alarm.raised': ['security', 'a control of the log failed'],
  'audit.alarm.ended': ['security', 'a control of the log works again'],
  'audit.signing_key.added': ['books', 'a key began to sign checkpoints', '10.2.1.5'],
  'audit.clock.measured': ['security', 'the clock was compared with its reference'],
  'audit.change.refused': ['security', 'the database refused to change history', '10.2.1.4'],
  'audit.logs.collected': ['security', 'logs of another system were collected', '10.2.1.7'],
  'audit.logs.expired': ['security', 'collected logs at the end of their retention', '10.2.1.7'],
  'gateway.access.denied': ['security', 'a request that may not be made', '10.2.1.4'],
  'gateway.resource.read': ['security', 'data of a customer were read', '10.2.1.1'],
});
