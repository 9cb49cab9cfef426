// TABLE  what is recorded of files of payments in the audit log.

import { defineActions } from '#audit';

export const fileActions = defineActions({
  'payments.file_agreement.make': ['books', 'an agreement about files was made', '10.2.1.7'],
  'payments.file_agreement.end': ['books', 'an agreement about files was ended', '10.2.1.7'],
  'payments.file.announce': ['books', 'a file was announced, or found'],
  'payments.file.receive': ['books', 'a file had arrived whole'],
  'payments.file.judge': ['books', 'a file was accepted or refused'],
  'payments.file_chunk.post': ['books', 'a run of entries of a file was posted'],
  'payments.file.complete': ['books', 'all of a file was done'],
  'payments.file.fail': ['books', 'a file could not be worked on'],
  'payments.file.retry': ['books', 'a file that had failed was taken up again'],
  'payments.file.abandon': ['books', 'an upload was given up'],
  'payments.outgoing_file.write': ['books', 'a file of payments for a network was written'],
  'payments.outgoing_file.send': ['books', 'a file of payments was sent to a network'],
  'payments.outgoing_file.read': ['books', 'a file for a network was read', '10.2.1.1'],
  'payments.file_answer.read': ['books', 'the answer to a file was read', '10.2.1.1'],
});
