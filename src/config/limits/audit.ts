// Limits of the audit log.

import { limit, type LimitTable } from '../limit.ts';

export const auditLimits = {
  auditSequenceBundlesMax: limit(
    2_000,
    'bundles',
    'bundles of audit records that are given a place in one transaction',
  ),
  auditSequenceLeavesMax: limit(
    20_000,
    'records',
    'audit records after which such a transaction takes no further bundle',
  ),
  auditTilesKeptMax: limit(
    256,
    'tiles',
    "full tiles of the audit log's tree kept in memory for the next proof, 17 KiB each",
  ),
  auditEdgesKeptMax: limit(
    1_024,
    'hashes',
    "hashes of right edges of the audit log's tree kept in memory for the next proof",
  ),
  auditAnchorsPerRunMax: limit(
    1_000,
    'anchors',
    'anchors written at once, when some were due for long; the next run goes on',
  ),
  auditMonthsAtHand: limit(
    3,
    'months',
    'months of audit records in the database, the current one too (PCI DSS 10.5.1)',
  ),
  auditRetentionMonthsSecurity: limit(
    12,
    'months',
    'records of the class security are kept after their month ends (PCI DSS 10.5.1)',
  ),
  auditRetentionMonthsBooks: limit(
    84,
    'months',
    'records of the class books are kept after their month ends (17 CFR 210.2-06)',
  ),
  auditRetentionMonthsAml: limit(
    120,
    'months',
    'records of the class aml are kept after their month ends (Directive 2015/849)',
  ),
  auditArchiveObjectLeavesMax: limit(
    50_000,
    'records',
    'audit records in one object of the archive',
  ),
  auditArchiveObjectBytesMax: limit(
    16_777_216,
    'bytes',
    'records, before compression, after which an object of the archive takes no more',
  ),
  auditArchiveObjectsKeptMax: limit(
    4,
    'objects',
    'objects of the archive kept in memory, unpacked, for whoever reads next',
  ),
  auditLagMaxMs: limit(
    5_000,
    'ms',
    'how long an audit record may wait for its place before an alarm is raised',
  ),
  auditBacklogMax: limit(
    100_000,
    'bundles',
    'waiting bundles of audit records at which an alarm is raised, whatever their age',
  ),
  auditSilenceMaxMs: limit(
    15_000,
    'ms',
    'after which an alarm is raised when the sequencer has not run',
  ),
  auditAnchorLateMaxMs: limit(
    600_000,
    'ms',
    'how long after its hour an anchor may be missing before an alarm is raised',
  ),
  auditClockOffsetMaxMs: limit(
    500,
    'ms',
    'how far the clock may be from its reference before an alarm is raised',
  ),
  auditClockChangeMinMs: limit(
    50,
    'ms',
    'by which the offset of the clock must change to be recorded before the hour is over',
  ),
  auditDiskFreeBytesMin: limit(
    1_073_741_824,
    'bytes',
    'free space of the folders of data and objects below which an alarm is raised',
  ),
  auditSelfCheckLeaves: limit(
    64,
    'records',
    'records that one self-check reads again, spread over the whole log',
  ),
  auditIndexBlockLeavesMax: limit(
    65_536,
    'records',
    'audit records in one block of the search index; of the rest each search reads all',
  ),
  auditIndexBlockPlacesMax: limit(
    4_096,
    'bundles',
    'bundles of audit records in one block of the search index',
  ),
  auditIndexPatienceMs: limit(
    1_000,
    'ms',
    'records that wait this long for their place in the log go before the search index',
  ),
  auditIndexShare: limit(
    10,
    '%',
    "of one processor's time that making the search index may take from the server's callers",
  ),
  auditSearchLeavesMax: limit(
    200_000,
    'records',
    'audit records that one page of a search reads before it ends short, with more to come',
  ),
} as const satisfies LimitTable;
