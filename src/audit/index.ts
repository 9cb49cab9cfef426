// The audit log's only door.

export { record, LEAF_BYTES_MAX, RECORD_VERSION } from './record.ts';
export type { AuditRecord, AuditRecordId, Outcome } from './record.ts';
export { defineActions } from './action.ts';
export type { Action, PciClause, RetentionClass } from './action.ts';
export { canonical } from './canonical.ts';
export type { Json, JsonObject } from './canonical.ts';
export type { Sealed, Sensitive } from './sealing/sealed.ts';
export { seal } from './sealing/seal.ts';
export { unseal } from './sealing/unseal.ts';
export type { Unsealed } from './sealing/unseal.ts';
export { eraseSubject } from './sealing/erase.ts';
export type { Erased, Erasure } from './sealing/erase.ts';
export { scrub } from './sealing/scrub.ts';
export type { Scrubbed } from './sealing/scrub.ts';
export { auditActions } from './actions.ts';
export { CHECKPOINT_POINTER, openSequencer, SIGNING_KEY } from './sequence.ts';
export type { Sequenced, Sequencer, SequencerOptions } from './sequence.ts';
export { auditRefusals } from './refusals.ts';
export type { AuditRefusal, AuditRefusalCode, RefusalKind } from './refusals.ts';
export {
  verifyConsistency,
  verifyInclusion,
  verifyRange,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './tree/proof.ts';
export type {
  Consistency,
  Inclusion,
  RangeInclusion,
  SubtreeConsistency,
  SubtreeInclusion,
} from './tree/proof.ts';
export { Frontier } from './tree/frontier.ts';
export type { OnSubtree } from './tree/frontier.ts';
export { checkpointText, parseCheckpoint } from './tree/checkpoint.ts';
export type { TreeHead } from './tree/checkpoint.ts';
export { openNote, parseVerifierKey, signNote, verifierKey } from './tree/note.ts';
export type { Cosignature, NoteKey, NoteSigner, OpenedNote } from './tree/note.ts';
export type { Judged, Rejected } from './tree/judged.ts';
export { formatTilePath, parseTilePath, TILE_WIDTH, tileWidth } from './tree/tiles.ts';
export type { TileName } from './tree/tiles.ts';
export { checkpointOf, latestCheckpoint } from './proofs/checkpoint-store.ts';
export type { Checkpoint } from './proofs/checkpoint-store.ts';
export {
  consistencyProof,
  inclusionProof,
  rangeProof,
  readEntryTile,
  readTile,
  rootAt,
} from './proofs/proofs.ts';
export type { ReadArchived } from './proofs/proofs.ts';
export { treeCacheOf } from './proofs/tree-cache.ts';
export { consistencyReceiptOf, receiptOf } from './proofs/receipt.ts';
export type { ConsistencyReceipt, Receipt, ReceiptOptions } from './proofs/receipt.ts';
export { receiptText, verifyReceipt } from './proofs/receipt-text.ts';
export type { ReceiptClaim, VerifiedReceipt } from './proofs/receipt-text.ts';
export { checkpointPage, publishedKeys } from './proofs/published-store.ts';
export type { PublishedKey } from './proofs/published-store.ts';
export { searchRecords } from './search/search.ts';
export type { FoundRecord, PageRequest, RecordPage } from './search/search.ts';
export { describeForLog } from './search/filter.ts';
export type { RecordFilter } from './search/filter.ts';
export { readRecord } from './search/read-record.ts';
export { archivedLeaves } from './search/read-leaves.ts';
export type { ArchivedLeaves } from './search/read-leaves.ts';
export type { Leaf } from './search/leaf.ts';
export { exportRecords } from './export/export-records.ts';
export { openBundle } from './export/export-bundle.ts';
export { selectVerifierKeys } from './export/key-store.ts';
export { alarmNames, alarms } from './watch/alarm.ts';
export { selectAlarmStates } from './watch/watch-store.ts';
export type { AlarmState } from './watch/watch-store.ts';
export { openWatch } from './watch/watch.ts';
export type { Watch, WatchOptions } from './watch/watch.ts';
export { indexTerms } from './search/index-terms.ts';
export { logFacts } from './anchors/anchor-store.ts';
export type { Anchor } from './anchors/anchor-store.ts';
export { listAnchors, verifyAnchors } from './anchors/verify.ts';
export type { AnchorFinding } from './anchors/verify.ts';
export { writeAnchors } from './anchors/write.ts';
export { archiveMonth } from './archive/archive-month.ts';
export { expireArchives } from './archive/expire.ts';
export { listHolds, placeHold, releaseHold, settleHolds } from './archive/hold.ts';
export type { HoldRequest, LegalHold } from './archive/hold.ts';
export { formatMonth, parseMonth, retentionClasses } from './archive/month.ts';
export { removeMonth } from './archive/remove-month.ts';
export { dueMonths, runArchive } from './archive/run.ts';
export type { ArchiveReport } from './archive/run.ts';
export { verifyLog } from './verify/verify.ts';
export type { LogProgress, LogVerification, VerifyLogOptions } from './verify/verify.ts';
export { rules as auditRules } from './verify/finding.ts';
export type { Finding as LogFinding, RuleOutcome as LogRuleOutcome } from './verify/finding.ts';
export { statementOfNew } from './reconcile/source.ts';
export type {
  ChangeRecord,
  Fact,
  ReconcileSource,
  RowBatch,
  Statement,
  Unfounded,
} from './reconcile/source.ts';
export { consistencyFile, receiptFile, receiptProofFile } from './export/receipt-file.ts';
export { verifyBundleFile } from './export/verify/file.ts';
export { collect } from './collect/collect.ts';
export { expireCollected } from './collect/expire.ts';
export type { Collected, CollectOptions, LogInput } from './collect/collect.ts';
export type { Counts as CollectedCounts } from './collect/batch.ts';
export type { LogFormat } from './collect/collect-store.ts';
export type { CollectWorld } from './collect/commit.ts';
export type { CollectionId } from './collect/event.ts';
export { innerFormats, logFormats } from './collect/formats.ts';
export { noLists, readAccounts, readBadList, readOwnRanges } from './collect/enrich/lists.ts';
export type { EnrichmentLists, ListFile } from './collect/enrich/lists.ts';
export { findCollected } from './collect/find/find-collected.ts';
export type {
  CollectedEvent,
  CollectedPage,
  CollectedPageRequest,
} from './collect/find/find-collected.ts';
export type { CollectedFilter } from './collect/find/filter.ts';
export { readCollectedInput, readCollectedRejects } from './collect/find/archived.ts';
export { readTrailKeys } from './collect/digests/public-keys.ts';
export type { TrailFiles } from './collect/digests/trail-files.ts';
export { verifyDigests } from './collect/digests/verify-digests.ts';
export type { DigestFinding, DigestReport } from './collect/digests/verify-digests.ts';
