// The two initiations that customers send as files, each for all its versions.
import type { FileFormat } from '../../files/format.ts';
import { initiationFormat } from './initiation.ts';

/** Credit transfers, pain.001.001.03 to .11. */
export const pain001Format: FileFormat = initiationFormat({
  name: 'pain.001',
  transaction: 'CdtTrfTxInf',
  entry: 'credit',
  methods: ['TRF'],
});

/** Direct debits, pain.008.001.02 to .11. */
export const pain008Format: FileFormat = initiationFormat({
  name: 'pain.008',
  transaction: 'DrctDbtTxInf',
  entry: 'debit',
  methods: ['DD'],
});
